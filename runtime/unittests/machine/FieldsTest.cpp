//===- FieldsTest.cpp - Every field of an instruction counts ----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../timing/TestTiming.h"
#include "Network.h"
#include "phx/isa/Validator.h"

#include <functional>
#include <set>

using namespace phx;
using namespace phx::testing;

namespace {

/// Changes a field to another value that its kind can hold.
struct Change {
  void operator()(const FieldDescription &, int64_t &f) { f += 4; }
  void operator()(const FieldDescription &, uint32_t &f) { f = f == 0; }
  void operator()(const FieldDescription &, uint8_t &f) { f ^= 1; }
  void operator()(const FieldDescription &, Affine &f) { ++f.base; }
  void operator()(const FieldDescription &, Count &f) { --f.cap; }
  void operator()(const FieldDescription &, Address &f) {
    f.offset.base += 64;
  }
  template <typename T> void operator()(const FieldDescription &field, T &) {
    ADD_FAILURE() << field.name << ": no change for its kind";
  }
};

/// All that a user sees of a program.
struct Answers {
  std::string error;
  std::map<std::string, std::vector<uint8_t>> values;
  Femtoseconds latency = 0;
  std::vector<Femtoseconds> busy;
  std::vector<Counters64> charges;
  friend bool operator==(const Answers &, const Answers &) = default;
};

Answers ask(const Program &program, const Network &network,
            const Target &target) {
  Answers answers;
  if (Status status = validate(program); !status) {
    answers.error = status.error().message;
    return answers;
  }
  auto executor = createExecutor("reference", program);
  auto outputs = (*executor)->run(network.makeInputs(), threads(1));
  if (!outputs) {
    answers.error = outputs.error().message;
    return answers;
  }
  for (const auto &[name, value] : *outputs)
    answers.values[name] = value.bytes;
  answers.values["w a"] = (*executor)->getState("w a")->bytes;
  TimingResult timing = runBoth(program, target);
  answers.latency = timing.latency;
  for (const EngineTiming &engine : timing.engines)
    answers.busy.push_back(engine.busy);
  answers.charges = countCharges(program, target);
  return answers;
}

} // namespace

namespace {
/// Changes a parameter to another value that its kind can hold.
struct ParameterChange {
  void operator()(const ParameterDescription &, int64_t &p) { --p; }
  template <typename T>
  void operator()(const ParameterDescription &parameter, T &) {
    ADD_FAILURE() << parameter.name << ": no change for its kind";
  }
};
} // namespace

TEST(CrossbarFields, AChangeOfAnyParameterIsRefusedOrSeen) {
  Network network(3);
  Target target = makeCrossbarTarget();
  Program program = makeOrderedProgram(network);
  Answers before = ask(program, network, target);
  ASSERT_EQ(before.error, "");
  size_t parameters = 0;
  for (size_t pass = 0; pass < program.passes.size(); ++pass)
    for (size_t o = 0; o < program.passes[pass].size(); ++o)
      for (const ParameterDescription &parameter :
           program.passes[pass][o].getDescription()->parameters) {
        Program changed = program;
        visitParameter(parameter, changed.passes[pass][o].data(),
                       ParameterChange());
        EXPECT_FALSE(ask(changed, network, target) == before)
            << "pass " << pass << " " << parameter.name;
        ++parameters;
      }
  EXPECT_EQ(parameters, 4u);
}

TEST(CrossbarFields, AChangeOfAnyIsRefusedOrSeen) {
  Network network(3);
  Target target = makeCrossbarTarget();
  Program program = makeOrderedProgram(network);
  Answers before = ask(program, network, target);
  ASSERT_EQ(before.error, "");
  std::set<Opcode> seen;
  for (size_t i = 0; i < program.code.size(); ++i) {
    const InstructionDescription &description =
        program.code[i].getDescription();
    if (description.machineClass.empty() ||
        !seen.insert(description.opcode).second)
      continue;
    for (const FieldDescription &field : description.fields) {
      Program changed = program;
      visitField(field, changed.code[i].body.data(), Change());
      EXPECT_FALSE(ask(changed, network, target) == before)
          << description.name << " " << field.name;
    }
  }
  EXPECT_EQ(seen.size(), 3u);
}
