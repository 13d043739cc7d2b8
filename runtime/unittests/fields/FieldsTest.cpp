//===- FieldsTest.cpp - Each field of each instruction counts ---*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every part of every registered instruction is changed, one at a time, in a
// program in which all of them matter. The change is in the encoded form; and
// either the validator refuses it, or the run differs: in what is in memory
// afterwards, in time, in charges, or in the layer that gets them.
//
//===----------------------------------------------------------------------===//

#include "../../lib/isa/Encoding.h"
#include "Changes.h"
#include "Observation.h"
#include "Subjects.h"
#include "phx/isa/InstructionSet.h"
#include "phx/isa/Validator.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <set>

using namespace phx;
using namespace phx::test;

namespace {

/// A change after which the program means the same.
struct SameMeaning {
  const char *mnemonic;
  const char *part;
  const char *reason;
};
constexpr const char *names = "names the node in messages; tokens take no time "
                              "and charge nothing that would be its account's";
constexpr SameMeaning sameMeanings[] = {
    {"signal", "layer = 1", names},
    {"signal", "layer left out", names},
    {"wait", "layer = 1", names},
    {"wait", "layer left out", names},
    {"wait", "redundant = 1",
     "a note of token placement for readers; both programs order the same "
     "accesses"},
    {"vec_unpool", "window + 1",
     "of a maximum it bounds the positions; those that occur stay legal"},
    {"core_stream", "start digit 0 weight + 1",
     "only whether the value is zero counts, which a positive weight leaves to "
     "the digit"},
};

using PartOf = std::pair<std::string, std::string>;

/// Changes all parts of one instruction.
class Trial {
public:
  Trial(const InstructionDescription &description, const Subject &subject,
        const Target &target)
      : mnemonic(description.mnemonic), subject(subject), target(target) {}

  void run() {
    const Program &program = subject.program;
    const Instruction &original = program.code[subject.index];
    ASSERT_EQ(original.getDescription().mnemonic, mnemonic);
    Status status = validate(program);
    ASSERT_TRUE(status.ok()) << mnemonic << ": " << status.error().message;
    for (const std::string &part : listMissingParts(original))
      ADD_FAILURE() << mnemonic << ": its program in Subjects.cpp has to have "
                    << part;
    expected = observe(program, target);
    ASSERT_EQ(expected.failure, "") << mnemonic;
    for (const Change &change : listChanges(program, subject.index))
      tryChange(change, original);
  }

  size_t refused = 0, different = 0;
  std::set<PartOf> same;

private:
  void tryChange(const Change &change, const Instruction &original) {
    SCOPED_TRACE(mnemonic + ": " + change.part);
    std::vector<uint64_t> words, originalWords;
    encodeInstruction(change.instruction, words);
    encodeInstruction(original, originalWords);
    EXPECT_NE(words, originalWords) << "the change is not encoded";
    Program program = subject.program;
    program.code[subject.index] = change.instruction;
    if (!validate(program)) {
      ++refused;
      return;
    }
    auto decoded = decodeInstruction(words);
    ASSERT_TRUE(decoded.ok()) << decoded.error().message;
    EXPECT_EQ(*decoded, change.instruction);
    if (observe(program, target) == expected)
      same.insert({mnemonic, change.part});
    else
      ++different;
  }

  std::string mnemonic;
  const Subject &subject;
  const Target &target;
  Observation expected;
};

} // namespace

TEST(Fields, EachCounts) {
  Target target = *loadTarget("mirage");
  std::map<std::string, Subject> subjects = makeSubjects();
  std::set<PartOf> same;
  for (const auto *description : InstructionSet::get().list()) {
    auto subject = subjects.find(description->mnemonic);
    if (subject == subjects.end()) {
      ADD_FAILURE() << description->mnemonic
                    << ": add a program in which all of its fields matter to "
                       "makeSubjects() in Subjects.cpp";
      continue;
    }
    Trial trial(*description, subject->second, target);
    trial.run();
    std::printf("%s: %zu changes refused, %zu make a difference, %zu none\n",
                description->mnemonic, trial.refused, trial.different,
                trial.same.size());
    same.merge(trial.same);
  }
  std::set<PartOf> allowed;
  for (const SameMeaning &entry : sameMeanings)
    allowed.insert({entry.mnemonic, entry.part});
  for (const auto &[mnemonic, part] : same)
    if (!allowed.count({mnemonic, part}))
      ADD_FAILURE() << mnemonic << ": " << part
                    << " is accepted and changes nothing";
  for (const auto &[mnemonic, part] : allowed)
    if (!same.count({mnemonic, part}))
      ADD_FAILURE() << mnemonic << ": " << part
                    << " makes a difference now: remove it from sameMeanings";
}
