//===- ExecutionTest.cpp - What crossbars compute ---------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Network.h"

#include <functional>

using namespace phx;
using namespace phx::testing;

static std::vector<int32_t> toIntegers(const HostArray &array) {
  std::vector<int32_t> values(array.bytes.size() / 4);
  std::memcpy(values.data(), array.bytes.data(), array.bytes.size());
  return values;
}

TEST(CrossbarExecution, EqualsAPlainComputation) {
  for (const char *kind : {"reference", "fast"})
    for (unsigned count : {1u, 3u}) {
      SCOPED_TRACE(kind);
      Network network(5);
      Program program = makeOrderedProgram(network);
      auto executor = createExecutor(kind, program);
      ASSERT_TRUE(executor.ok()) << executor.error().message;
      // Each run finds the weights that the one before it left.
      for (int step = 0; step < 3; ++step) {
        auto outputs = (*executor)->run(network.makeInputs(), threads(count));
        ASSERT_TRUE(outputs.ok()) << outputs.error().message;
        EXPECT_EQ(firstDifference(toVector(outputs->at("y a")),
                                  network.multiply(network.first, 8)),
                  -1);
        EXPECT_EQ(firstDifference(toVector(outputs->at("y b")),
                                  network.multiply(network.second, 16)),
                  -1);
        network.first.weights = network.update(network.first.weights);
        auto state = (*executor)->getState("w a");
        ASSERT_TRUE(state.ok()) << state.error().message;
        EXPECT_EQ(toIntegers(*state), network.first.weights);
      }
    }
}

TEST(CrossbarExecution, ReadoutsRoundAndSaturate) {
  // Otherwise the comparison above says little about converters.
  Network network(5);
  int64_t saturated = 0, all = 5 * 6 * 3;
  network.multiply(network.first, 8, &saturated);
  EXPECT_GT(saturated, 0);
  EXPECT_LT(saturated, all / 2);
  // Widths of arrays cut sums into readouts.
  EXPECT_NE(network.multiply(network.first, 8),
            network.multiply(network.first, 16));
}

/// The message of a run after `change` to the instructions that are a T.
template <typename T>
static std::string getError(const Network &network,
                            std::function<void(T &)> change) {
  Program program = makeOrderedProgram(network);
  for (Instruction &instruction : program.code)
    if (T *body = getIf<T>(instruction.body))
      change(*body);
  auto outputs = runProgram(program, network.makeInputs(), threads(1));
  return outputs.ok() ? "accepted" : outputs.error().message;
}

TEST(CrossbarExecution, NumbersOutsideOfTheExtentAreNamed) {
  Network network(2);
  network.first.list[3] = 30;
  std::string message = getError<CrossbarDot>(network, [](CrossbarDot &) {});
  EXPECT_NE(message.find("(crossbar.dot), layer 'a' (Gemm, forward): tensor "
                         "'list a' element [3] names element 30 of 30"),
            std::string::npos)
      << message;
}

TEST(CrossbarExecution, CellsBeyondTheLimitMayBeRefused) {
  std::string message =
      getError<CrossbarUpdate>(Network(2), [](CrossbarUpdate &update) {
        update.overflow = Overflow::Refuse;
      });
  EXPECT_NE(message.find("layer 'a' (Gemm, update): tensor 'w a' element ["),
            std::string::npos)
      << message;
  EXPECT_NE(message.find("the limit is 8"), std::string::npos) << message;
}

TEST(CrossbarExecution, ARefusedRunLeavesTheBank) {
  Network network(2);
  Program program = makeOrderedProgram(network);
  for (Instruction &instruction : program.code)
    if (auto *update = getIf<CrossbarUpdate>(instruction.body))
      update->overflow = Overflow::Refuse;
  auto executor = createExecutor("reference", program);
  ASSERT_TRUE(executor.ok());
  ASSERT_FALSE((*executor)->run(network.makeInputs(), threads(1)).ok());
  EXPECT_EQ(toIntegers(*(*executor)->getState("w a")), network.first.weights);
}
