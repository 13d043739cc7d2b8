//===- FieldsTest.cpp - Every field of an instruction counts ----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../timing/TestTiming.h"
#include "OuterProduct.h"
#include "Sparse.h"
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

Answers ask(const Program &program, const Arrays &inputs,
            const Target &target) {
  Answers answers;
  if (Status status = validate(program); !status) {
    answers.error = status.error().message;
    return answers;
  }
  auto executor = createExecutor("reference", program);
  auto outputs = (*executor)->run(inputs, threads(1));
  if (!outputs) {
    answers.error = outputs.error().message;
    return answers;
  }
  for (const auto &[name, value] : *outputs)
    answers.values[name] = value.bytes;
  for (const std::string &name : (*executor)->getStateNames())
    answers.values[name] = (*executor)->getState(name)->bytes;
  TimingOptions options;
  options.counts.trace = (*executor)->getCounts();
  TimingResult timing = runBoth(program, target, options);
  answers.latency = timing.latency;
  for (const EngineTiming &engine : timing.engines)
    answers.busy.push_back(engine.busy);
  answers.charges = *countCharges(program, target, options.counts);
  return answers;
}

/// Changes a parameter to another value that its kind can hold; by so much that
/// results of few vectors differ.
struct ParameterChange {
  void operator()(const ParameterDescription &, int64_t &p) { p /= 2; }
  template <typename T>
  void operator()(const ParameterDescription &parameter, T &) {
    ADD_FAILURE() << parameter.name << ": no change for its kind";
  }
};

/// A program and what it is given.
struct Case {
  Program program;
  Arrays inputs;
};
std::vector<Case> makeCases() {
  Network network(3);
  OuterProduct product;
  SparseNetwork sparse(3);
  return {{makeOrderedProgram(network), network.makeInputs()},
          {product.makeProgram(), product.makeInputs()},
          {sparse.makeOrderedProgram(), sparse.makeInputs()}};
}

} // namespace

TEST(CrossbarFields, AChangeOfAnyParameterIsRefusedOrSeen) {
  Target target = makeCrossbarTarget();
  size_t parameters = 0;
  for (const auto &[program, inputs] : makeCases()) {
    Answers before = ask(program, inputs, target);
    ASSERT_EQ(before.error, "");
    auto tryAll = [&](auto get) {
      const TableOperation &operation = get(program);
      for (const ParameterDescription &parameter :
           operation.getDescription()->parameters) {
        Program changed = program;
        visitParameter(parameter,
                       const_cast<TableOperation &>(get(changed)).data(),
                       ParameterChange());
        EXPECT_FALSE(ask(changed, inputs, target) == before)
            << toAssembly(operation) << " " << parameter.name;
        ++parameters;
      }
    };
    for (size_t c = 0; c < program.conversions.size(); ++c)
      tryAll([=](const Program &p) -> const TableOperation & {
        return p.conversions[c];
      });
    for (size_t pass = 0; pass < program.passes.size(); ++pass)
      for (size_t o = 0; o < program.passes[pass].size(); ++o)
        tryAll([=](const Program &p) -> const TableOperation & {
          return p.passes[pass][o];
        });
  }
  EXPECT_EQ(parameters, 10u);
}

TEST(CrossbarFields, AChangeOfAnyIsRefusedOrSeen) {
  Target target = makeCrossbarTarget();
  std::set<Opcode> seen;
  for (const auto &[program, inputs] : makeCases()) {
    Answers before = ask(program, inputs, target);
    ASSERT_EQ(before.error, "");
    for (size_t i = 0; i < program.code.size(); ++i) {
      const InstructionDescription &description =
          program.code[i].getDescription();
      if (description.machineClass.empty() ||
          !seen.insert(description.opcode).second)
        continue;
      for (const FieldDescription &field : description.fields) {
        Program changed = program;
        visitField(field, changed.code[i].body.data(), Change());
        EXPECT_FALSE(ask(changed, inputs, target) == before)
            << description.name << " " << field.name;
      }
    }
  }
  EXPECT_EQ(seen.size(), 5u);
}
