//===- FieldsTest.cpp - Each field of each instruction counts ---*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every part of every instruction of the base set and of `rns` is changed, one
// at a time, in a program in which all of them matter. The change is in the
// encoded form; and either the validator refuses it, or the run differs: in what
// is in memory afterwards, in time, in charges, or in the layer that gets them.
//
//===----------------------------------------------------------------------===//

#include "Observation.h"
#include "Subjects.h"
#include "Trial.h"
#include "machines/rns/Instructions.h"
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

} // namespace

TEST(Fields, EachCounts) {
  Target target = *loadTarget("mirage");
  std::map<std::string, Subject> subjects = makeSubjects();
  std::set<PartOf> same;
  for (const auto *description : InstructionSet::get().list()) {
    if (!needsSubject(*description))
      continue;
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

//===----------------------------------------------------------------------===//
// Parameters of conversions, passes and combines
//===----------------------------------------------------------------------===//

namespace {

/// Other values of a parameter, each applied to an operation of its own.
struct OtherValues {
  const TableOperation &operation;
  std::vector<TableOperation> others = {};

  template <typename T>
  void add(const ParameterDescription &parameter, T value) {
    TableOperation &other = others.emplace_back(operation);
    parameter.as<T>(other.data()) = value;
  }
  void operator()(const ParameterDescription &parameter, int64_t value) {
    for (int64_t other : {value + 1, value * 2, value - 1})
      add(parameter, other);
  }
  void operator()(const ParameterDescription &parameter, uint8_t word) {
    for (uint8_t w = 0; w < parameter.words->entries.size(); ++w)
      if (w != word)
        add(parameter, w);
  }
  void operator()(const ParameterDescription &parameter,
                  const std::vector<int64_t> &values) {
    std::vector<int64_t> fewer = values, next = values;
    fewer.pop_back();
    next.back() += 2;
    add(parameter, fewer);
    add(parameter, next);
  }
  void operator()(const ParameterDescription &parameter, double value) {
    add(parameter, value * 2);
  }
};

} // namespace

TEST(Fields, EachParameterOfATableCounts) {
  Target target = *loadTarget("mirage");
  const Subject subject = makeSubjects().at("core_stream");
  const Observation expected = observe(subject.program, target);
  ASSERT_EQ(expected.failure, "");
  std::set<std::string> same, tried;
  auto tryAll = [&](auto getOperation) {
    const TableOperation original = getOperation(subject.program);
    const OperationDescription &d = *original.getDescription();
    for (const ParameterDescription &parameter : d.parameters) {
      tried.insert(d.name + "." + parameter.name);
      OtherValues values{original};
      visitParameter(parameter, original.data(), values);
      for (const TableOperation &other : values.others) {
        SCOPED_TRACE(toAssembly(other));
        Program program = subject.program;
        const_cast<TableOperation &>(getOperation(program)) = other;
        if (validate(program) && observe(program, target) == expected)
          same.insert(toAssembly(other));
      }
    }
  };
  const Product &product =
      subject.program.products[getAs<CoreStream>(
                                   subject.program.code[subject.index].body)
                                   .product];
  for (uint32_t c : product.conversions)
    tryAll([=](const Program &p) -> const TableOperation & {
      return p.conversions[c];
    });
  for (size_t o : {0, 1})
    tryAll([&, o](const Program &p) -> const TableOperation & {
      return p.passes[product.pass][o];
    });
  // An exact product is the same in any residues that hold it. A machine
  // refuses others than its own (MachineCheck).
  EXPECT_EQ(same,
            std::set<std::string>{"rns.modular_dot moduli [31, 32, 35]"});
  EXPECT_EQ(tried,
            (std::set<std::string>{"bfp.group", "bfp.mantissa", "bfp.rounding",
                                   "rns.modular_dot.moduli"}));
}
