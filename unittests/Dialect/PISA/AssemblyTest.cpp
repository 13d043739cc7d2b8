//===- AssemblyTest.cpp - Each word of the assembly counts -----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every number and every word of an operand in the assembly of every
// instruction of the base set and of `rns` is changed, one at a time, in a
// program in which all of them matter: those of the runtime's test of encoded
// fields. What is read back is another instruction, whatever the change; and of
// the changes of one word, one is refused, as text or as a program, or makes a
// run differ. A field that no change of the text reaches fails the test.
//
//===----------------------------------------------------------------------===//

#include "TextChanges.h"

#include "photonic/Target/PHX/PHX.h"

#include "machines/All.h"
#include "phx/isa/InstructionSet.h"
#include "phx/isa/Validator.h"
#include "unittests/fields/Observation.h"
#include "unittests/fields/Subjects.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

#include <cstdio>
#include <set>

using namespace mlir;
using namespace photonic;
using namespace photonic::pisa;
using phx::test::Observation;
using phx::test::Subject;

namespace {

/// What means the same whatever is written.
struct SameMeaning {
  const char *mnemonic;
  const char *what; ///< TextChange::what
  const char *reason;
};
constexpr const char *names = "names the node in messages; loops and tokens "
                              "charge nothing that would be its account's";
constexpr SameMeaning sameMeanings[] = {
    {"loop", "with layer 1", names},
    {"signal", "without layer 0", names},
    {"wait", "without layer 0", names},
    {"wait", "with redundant",
     "a note of token placement for readers; both programs order the same "
     "accesses"},
};

/// The assembly of one program, line by line: one instruction each, where the
/// brace that closes a loop is its end.
class Assembly {
public:
  /// Without contents of regions, which are `program`'s.
  Assembly(const phx::Program &program, MLIRContext &context)
      : program(program), context(context) {
    phx::Program bare = program;
    bare.data.clear();
    for (phx::Region &region : bare.regions)
      region.data.reset();
    OwningOpRef<ModuleOp> module =
        ModuleOp::create(UnknownLoc::get(&context));
    OpBuilder builder(module->getBodyRegion());
    EXPECT_TRUE(importProgram(
        bare, builder, [](uint32_t, RankedTensorType) { return nullptr; }));
    std::string text;
    llvm::raw_string_ostream(text) << *module;
    SmallVector<StringRef> split;
    StringRef(text).split(split, '\n');
    for (StringRef line : split)
      lines.push_back(line.str());
    while (StringRef(lines[first++]).trim() != "pisa.code {")
      ;
  }

  const std::string &getLine(size_t instruction) const {
    return lines[first + instruction];
  }

  /// The program that the text says with another line; nothing, and why in
  /// `said`, if it is refused.
  std::optional<phx::Program> readWith(size_t instruction,
                                       const std::string &line,
                                       std::string &said) {
    std::vector<std::string> changed = lines;
    changed[first + instruction] = line;
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      said += diagnostic.str() + "\n";
      return success();
    });
    auto module =
        parseSourceString<ModuleOp>(llvm::join(changed, "\n"), &context);
    if (!module)
      return std::nullopt;
    FailureOr<phx::Program> read = exportProgram(getOnlyProgram(*module));
    if (failed(read))
      return std::nullopt;
    read->data = program.data;
    for (auto [to, from] : llvm::zip(read->regions, program.regions))
      to.data = from.data;
    return std::move(*read);
  }

private:
  const phx::Program &program;
  MLIRContext &context;
  std::vector<std::string> lines;
  size_t first = 0; ///< line of instruction 0
};

/// Changes the line of one instruction.
class Trial {
public:
  Trial(const Subject &subject, const phx::Target &target,
        MLIRContext &context)
      : subject(subject), target(target),
        assembly(subject.program, context) {}

  void run() {
    std::string said;
    const std::string &line = assembly.getLine(subject.index);
    auto same = assembly.readWith(subject.index, line, said);
    ASSERT_TRUE(same) << said;
    ASSERT_TRUE(same->code == subject.program.code) << line;
    expected = phx::test::observe(subject.program, target);
    ASSERT_EQ(expected.failure, "");
    for (const TextChange &change :
         listTextChanges(line, subject.program,
                         original().getDescription()))
      tryChange(change);
    expectAllReached();
  }

  size_t refused = 0, different = 0, same = 0;
  /// What makes no difference, however it is changed.
  std::set<std::string> listIdle() const {
    std::set<std::string> idle;
    for (const auto &[place, counts] : outcomes)
      if (!counts)
        idle.insert(place.second);
    return idle;
  }

private:
  const phx::Instruction &original() const {
    return subject.program.code[subject.index];
  }

  void tryChange(const TextChange &change) {
    SCOPED_TRACE(change.line);
    bool &counts = outcomes[{change.column, change.what}];
    std::string said;
    auto read = assembly.readWith(subject.index, change.line, said);
    if (!read) {
      // Not by accident: somebody can tell what is wrong.
      EXPECT_FALSE(said.empty());
      ++refused;
      counts = true;
      // Words that go with operands are refused as text, all of them.
      reached.insert(change.field);
      return;
    }
    ASSERT_EQ(read->code.size(), subject.program.code.size());
    const phx::Instruction &found = read->code[subject.index];
    EXPECT_FALSE(found == original()) << "the change is lost";
    noteReached(found);
    bool isRefused = !phx::validate(*read);
    bool isSame = !isRefused && phx::test::observe(*read, target) == expected;
    ++(isRefused ? refused : isSame ? same : different);
    counts |= !isSame;
  }

  /// Which fields differ in an instruction that has been read.
  void noteReached(const phx::Instruction &found) {
    const phx::Instruction &own = original();
    if (!(found.engine == own.engine))
      reached.insert("engine");
    if (!(found.arrays == own.arrays))
      reached.insert("arrays");
    if (found.layer != own.layer)
      reached.insert("layer");
    if (!(found.guard == own.guard))
      reached.insert("guard");
    if (&found.getDescription() != &own.getDescription())
      return;
    for (const phx::FieldDescription &field : own.getDescription().fields)
      if (!isSameField(field, found.body, own.body))
        reached.insert(field.attribute);
  }
  static bool isSameField(const phx::FieldDescription &field,
                          const phx::Body &a, const phx::Body &b) {
    bool isSame = false;
    phx::visitField(field, a.data(), [&](auto &, const auto &value) {
      using T = std::decay_t<decltype(value)>;
      isSame = value == field.as<T>(b.data());
    });
    return isSame;
  }

  void expectAllReached() {
    const phx::InstructionDescription &d = original().getDescription();
    std::set<std::string> wanted = {"layer"};
    if (!phx::isControl(original().body))
      wanted.insert("guard");
    if (d.place == phx::EnginePlace::Array)
      wanted.insert({"engine", "arrays"});
    if (d.place == phx::EnginePlace::Any)
      wanted.insert("engine");
    for (const phx::FieldDescription &field : d.fields)
      wanted.insert(field.attribute);
    for (const std::string &field : wanted)
      EXPECT_TRUE(reached.count(field))
          << d.mnemonic << ": no change of its assembly changes " << field;
  }

  const Subject &subject;
  const phx::Target &target;
  Assembly assembly;
  Observation expected;
  std::set<std::string> reached;
  /// By column and TextChange::what: whether a change of it counts.
  std::map<std::pair<size_t, std::string>, bool> outcomes;
};

} // namespace

TEST(AssemblyFields, EachCounts) {
  phx::registerAllMachines();
  MLIRContext context;
  context.loadDialect<PISADialect>();
  context.printOpOnDiagnostic(false);
  phx::Target target = *phx::loadTarget("mirage");
  std::map<std::string, Subject> subjects = phx::test::makeSubjects();
  std::set<std::pair<std::string, std::string>> idle, allowed;
  for (const auto *description : phx::InstructionSet::get().list()) {
    // Neither has a word of its own that could be another.
    if (description->mnemonic == StringRef("halt") ||
        description->mnemonic == StringRef("end") ||
        !phx::test::needsSubject(*description))
      continue;
    SCOPED_TRACE(description->mnemonic);
    auto subject = subjects.find(description->mnemonic);
    if (subject == subjects.end()) {
      ADD_FAILURE() << "no program for it in makeSubjects()";
      continue;
    }
    Trial trial(subject->second, target, context);
    trial.run();
    std::printf("%s: %zu changes refused, %zu make a difference, %zu none\n",
                description->mnemonic, trial.refused, trial.different,
                trial.same);
    for (const std::string &what : trial.listIdle())
      idle.insert({description->mnemonic, what});
  }
  for (const SameMeaning &entry : sameMeanings)
    allowed.insert({entry.mnemonic, entry.what});
  for (const auto &[mnemonic, what] : idle)
    if (!allowed.count({mnemonic, what}))
      ADD_FAILURE() << mnemonic << ": '" << what
                    << "' may be changed, and nothing differs";
  for (const auto &[mnemonic, what] : allowed)
    if (!idle.count({mnemonic, what}))
      ADD_FAILURE() << mnemonic << ": '" << what
                    << "' makes a difference now: remove it from sameMeanings";
}
