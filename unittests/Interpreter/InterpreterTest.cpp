//===- InterpreterTest.cpp - Control flow, life of values, errors ---------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestUtils.h"

using namespace mlir;
using namespace photonic;
using interp::Tensor;
using IValue = photonic::interp::Value;

TEST(Interpreter, RunsStraightLineCode) {
  Program program(R"(
    func.func @main(%x: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
      %a = nn.relu %x : tensor<3xf32>
      %b = nn.add %x, %a : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
      return %b, %a : tensor<3xf32>, tensor<3xf32>
    })");
  auto results = program.run({Tensor({3}, {-1, 0.5, 2})});
  ASSERT_EQ(results.size(), 2u) << program.messages;
  expectBits(results[0], {-1, 1, 4});
  expectBits(results[1], {0, 0.5, 2});
}

TEST(Interpreter, LeavesInputsUntouched) {
  Program program(R"(
    func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
      %a = nn.neg %x : tensor<2xf32>
      return %a : tensor<2xf32>
    })");
  Tensor input({2}, {1, 2});
  auto results = program.run({input});
  expectBits(results[0], {-1, -2});
  EXPECT_EQ(input[0], 1);
}

TEST(Interpreter, UpdatesChainsInPlace) {
  Program program(R"(
    func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
      %a = nn.neg %x : tensor<2xf32>
      %b = nn.abs %a : tensor<2xf32>
      %c = nn.reshape %b : tensor<2xf32> -> tensor<1x2xf32>
      %d = nn.neg %c : tensor<1x2xf32>
      %e = nn.reshape %d : tensor<1x2xf32> -> tensor<2xf32>
      return %e : tensor<2xf32>
    })");
  std::vector<const float *> addresses;
  auto results = program.run(
      {Tensor({2}, {1, -2})}, [&](Operation *, ArrayRef<IValue> values) {
        addresses.push_back(values[0].getTensor().data());
      });
  expectBits(results[0], {-1, -2});
  ASSERT_EQ(addresses.size(), 5u);
  for (const float *address : addresses)
    EXPECT_EQ(address, addresses.front());
}

TEST(Interpreter, CopiesWhatIsStillNeeded) {
  Program program(R"(
    func.func @main(%x: tensor<1xf32>) -> tensor<1xf32> {
      %a = nn.neg %x : tensor<1xf32>
      %b = nn.neg %a : tensor<1xf32>
      %c = nn.add %b, %a : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
      %d = nn.add %c, %c : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
      %e = nn.sub %d, %b : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
      return %e : tensor<1xf32>
    })");
  expectBits(program.run({Tensor({1}, {3})})[0], {-3});
}

TEST(Interpreter, CarriesAccumulatorsThroughNestedLoopsInPlace) {
  Program program(R"(
    func.func @main(%x: tensor<4xf32>, %step: tensor<4xf32>) -> tensor<4xf32> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c3 = arith.constant 3 : index
      %c10 = arith.constant 10 : index
      %zero = nn.sub %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      %sum = scf.for %i = %c0 to %c10 step %c3 iter_args(%a = %zero) -> tensor<4xf32> {
        %inner = scf.for %j = %c0 to %i step %c1 iter_args(%b = %a) -> tensor<4xf32> {
          %next = nn.add %b, %step : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
          scf.yield %next : tensor<4xf32>
        }
        scf.yield %inner : tensor<4xf32>
      }
      return %sum : tensor<4xf32>
    })");
  std::vector<const float *> addresses;
  auto results =
      program.run({Tensor::zeros({4}), Tensor({4}, {1, 2, 3, 4})},
                  [&](Operation *op, ArrayRef<IValue> values) {
                    if (isa<nn::AddOp>(op))
                      addresses.push_back(values[0].getTensor().data());
                  });
  ASSERT_EQ(results.size(), 1u) << program.messages;
  // i = 0, 3, 6, 9: 18 additions.
  expectBits(results[0], {18, 36, 54, 72});
  ASSERT_EQ(addresses.size(), 18u);
  for (const float *address : addresses)
    EXPECT_EQ(address, addresses.front());
}

TEST(Interpreter, LoopWithoutIterationsYieldsItsInitialValues) {
  Program program(R"(
    func.func @main(%x: tensor<1xf32>) -> tensor<1xf32> {
      %c5 = arith.constant 5 : index
      %c1 = arith.constant 1 : index
      %r = scf.for %i = %c5 to %c5 step %c1 iter_args(%a = %x) -> tensor<1xf32> {
        %n = nn.neg %a : tensor<1xf32>
        scf.yield %n : tensor<1xf32>
      }
      return %r : tensor<1xf32>
    })");
  expectBits(program.run({Tensor({1}, {3})})[0], {3});
}

TEST(Interpreter, SwapsCarriedValues) {
  Program program(R"(
    func.func @main(%x: tensor<1xf32>, %y: tensor<1xf32>) -> (tensor<1xf32>, tensor<1xf32>) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c3 = arith.constant 3 : index
      %r:2 = scf.for %i = %c0 to %c3 step %c1 iter_args(%a = %x, %b = %y) -> (tensor<1xf32>, tensor<1xf32>) {
        scf.yield %b, %a : tensor<1xf32>, tensor<1xf32>
      }
      return %r#0, %r#1 : tensor<1xf32>, tensor<1xf32>
    })");
  auto results = program.run({Tensor({1}, {1}), Tensor({1}, {2})});
  expectBits(results[0], {2});
  expectBits(results[1], {1});
}

TEST(Interpreter, RejectsAStepThatIsNotPositive) {
  Program program(R"(
    func.func @main(%x: tensor<1xf32>) -> tensor<1xf32> {
      %c0 = arith.constant 0 : index
      %c3 = arith.constant 3 : index
      %zero = arith.muli %c0, %c3 : index
      scf.for %i = %c0 to %c3 step %zero {
      }
      return %x : tensor<1xf32>
    })");
  EXPECT_TRUE(program.run({Tensor::zeros({1})}).empty());
  EXPECT_NE(program.messages.find("expected a positive step, got 0"),
            std::string::npos)
      << program.messages;
}

TEST(Interpreter, TilesWithSlicesAndIndexArithmetic) {
  Program program(R"(
    #tail = affine_map<(d0) -> (2, -d0 + 5)>
    func.func @main(%x: tensor<5x2xf32>) -> tensor<2x5xf32> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %c5 = arith.constant 5 : index
      %init = tensor.empty() : tensor<2x5xf32>
      %out = scf.for %i = %c0 to %c5 step %c2 iter_args(%acc = %init) -> tensor<2x5xf32> {
        %n = affine.min #tail(%i)
        %last = arith.addi %i, %n : index
        %done = scf.for %j = %i to %last step %c1 iter_args(%a = %acc) -> tensor<2x5xf32> {
          %row = tensor.extract_slice %x[%j, 0] [1, 2] [1, 1] : tensor<5x2xf32> to tensor<2xf32>
          %neg = nn.neg %row : tensor<2xf32>
          %b = tensor.insert_slice %neg into %a[0, %j] [2, 1] [1, 1] : tensor<2xf32> into tensor<2x5xf32>
          scf.yield %b : tensor<2x5xf32>
        }
        scf.yield %done : tensor<2x5xf32>
      }
      return %out : tensor<2x5xf32>
    })");
  auto results = program.run({Tensor({5, 2}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})});
  ASSERT_EQ(results.size(), 1u) << program.messages;
  expectBits(results[0], {-0.0f, -2, -4, -6, -8, -1, -3, -5, -7, -9});
}

TEST(Interpreter, ReportsSlicesThatLeaveTheTensor) {
  Program program(R"(
    func.func @main(%x: tensor<4xf32>) -> tensor<2xf32> {
      %c3 = arith.constant 3 : index
      %r = tensor.extract_slice %x[%c3] [2] [1] : tensor<4xf32> to tensor<2xf32>
      return %r : tensor<2xf32>
    })");
  EXPECT_TRUE(program.run({Tensor::zeros({4})}).empty());
  EXPECT_NE(program.messages.find(
                "elements 3 to 4 of dimension 0 leave tensor<4xf32>"),
            std::string::npos)
      << program.messages;
}

TEST(Interpreter, ObservesResultsInOrder) {
  Program program(R"(
    func.func @main(%x: tensor<1xf32>) -> tensor<1xf32> {
      %a = nn.neg %x : tensor<1xf32>
      %b = nn.exp %a : tensor<1xf32>
      return %b : tensor<1xf32>
    })");
  std::vector<std::string> names;
  program.run({Tensor::zeros({1})},
              [&](Operation *op, ArrayRef<IValue> values) {
                EXPECT_EQ(values.size(), 1u);
                names.push_back(op->getName().getStringRef().str());
              });
  EXPECT_EQ(names, (std::vector<std::string>{"nn.neg", "nn.exp"}));
}

TEST(Interpreter, ReportsWrongInputs) {
  Program program(R"(
    func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
      return %x : tensor<2xf32>
    })");
  EXPECT_TRUE(program.run({}).empty());
  EXPECT_NE(program.messages.find("'main' has 1 inputs, got 0"),
            std::string::npos)
      << program.messages;
  EXPECT_TRUE(program.run({Tensor::zeros({3})}).empty());
  EXPECT_NE(program.messages.find("input 0 of 'main' has type "
                                  "'tensor<2xf32>', got tensor<3xf32>"),
            std::string::npos)
      << program.messages;
}

TEST(Interpreter, NamesOperationsThatItDoesNotKnow) {
  Program program(R"(
    func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
      %y = arith.addf %x, %x : tensor<2xf32>
      return %y : tensor<2xf32>
    })");
  EXPECT_TRUE(program.run({Tensor::zeros({2})}).empty());
  EXPECT_NE(program.messages.find("'arith.addf' cannot be interpreted"),
            std::string::npos)
      << program.messages;
}

TEST(Interpreter, ReportsAbsentResources) {
  Program program(R"(
    func.func @main() -> tensor<2xf32> {
      %w = nn.constant "w" dense_resource<elided> : tensor<2xf32>
      return %w : tensor<2xf32>
    })");
  EXPECT_TRUE(program.run({}).empty());
  EXPECT_NE(program.messages.find("resource behind 'tensor<2xf32>' is absent"),
            std::string::npos)
      << program.messages;
}

TEST(Interpreter, RunsAgain) {
  Program program(R"(
    func.func @main(%x: tensor<1xf32>) -> tensor<1xf32> {
      %w = nn.constant dense<2.0> : tensor<1xf32>
      %y = nn.mul %w, %x : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
      return %y : tensor<1xf32>
    })");
  interp::Interpreter interpreter(
      program.module->lookupSymbol<func::FuncOp>("main"));
  for (float x : {1.0f, 3.0f}) {
    auto results = interpreter.run({Tensor({1}, {x})});
    ASSERT_TRUE(succeeded(results));
    expectBits((*results)[0], {2 * x});
  }
}
