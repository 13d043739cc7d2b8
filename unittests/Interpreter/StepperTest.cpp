//===- StepperTest.cpp - What persists from step to step ------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Interpreter/Stepper.h"
#include "TestUtils.h"
#include "photonic/Interpreter/StepDialectInterface.h"

using namespace mlir;
using namespace photonic;
using interp::Stepper;
using interp::Tensor;

/// %w starts at 2 and doubles %x into it; %c stays.
static const char *const counting = R"(
  func.func @main(
      %w: tensor<1xf32> {nn.name = "w", nn.role = "parameter", nn.init = dense<2.0> : tensor<1xf32>},
      %x: tensor<1xf32> {nn.name = "x"},
      %c: tensor<1xf32> {nn.name = "c", nn.role = "state", nn.init = dense<10.0> : tensor<1xf32>})
      -> (tensor<1xf32> {nn.name = "y"}, tensor<1xf32> {nn.updates = "w"},
          tensor<1xf32> {nn.gradient_of = "w"}) {
    %s = nn.add %w, %x : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
    %y = nn.mul %s, %c : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
    return %y, %s, %x : tensor<1xf32>, tensor<1xf32>, tensor<1xf32>
  })";

static Stepper makeStepper(Program &program) {
  auto stepper =
      Stepper::create(program.module->lookupSymbol<func::FuncOp>("main"));
  EXPECT_TRUE(succeeded(stepper)) << program.messages;
  return std::move(*stepper);
}

TEST(Stepper, KeepsWhatPersists) {
  Program program(counting);
  Stepper stepper = makeStepper(program);
  EXPECT_EQ(stepper.getNames(), ArrayRef<std::string>({"w", "c"}));
  expectBits(*stepper.getState("w"), {2});
  EXPECT_EQ(stepper.getResult("y"), nullptr);
  ASSERT_TRUE(succeeded(stepper.run({Tensor({1}, {3.0f})})));
  expectBits(*stepper.getResult("y"), {50});
  expectBits(*stepper.getResult("w"), {5});
  expectBits(*stepper.getResult("w.grad"), {3});
  EXPECT_EQ(stepper.getResult("z"), nullptr);
  ASSERT_TRUE(succeeded(stepper.run({Tensor({1}, {4.0f})})));
  expectBits(*stepper.getResult("y"), {90});
  expectBits(*stepper.getState("w"), {9});
  expectBits(*stepper.getState("c"), {10});
}

TEST(Stepper, StateIsReplaced) {
  Program program(counting);
  Stepper stepper = makeStepper(program);
  EXPECT_TRUE(succeeded(stepper.setState("c", Tensor({1}, {1.0f}))));
  EXPECT_TRUE(failed(stepper.setState("x", Tensor({1}, {1.0f}))));
  EXPECT_TRUE(failed(stepper.setState("c", Tensor({2}, {1.0f, 2.0f}))));
  ASSERT_TRUE(succeeded(stepper.run({Tensor({1}, {3.0f})})));
  expectBits(*stepper.getResult("y"), {5});
}

TEST(Stepper, AFailedStepChangesNothing) {
  Program program(counting);
  Stepper stepper = makeStepper(program);
  EXPECT_TRUE(failed(stepper.run({})));
  EXPECT_NE(program.messages.find("'main' has 1 inputs, got 0"),
            std::string::npos)
      << program.messages;
  EXPECT_TRUE(failed(stepper.run({Tensor({2}, {3.0f, 3.0f})})));
  expectBits(*stepper.getState("w"), {2});
}

TEST(Stepper, ObserverSeesTheStep) {
  Program program(counting);
  Stepper stepper = makeStepper(program);
  unsigned seen = 0;
  auto observer = [&](Operation *, ArrayRef<interp::Value>) { ++seen; };
  ASSERT_TRUE(succeeded(stepper.run({Tensor({1}, {3.0f})}, observer)));
  EXPECT_EQ(seen, 2u);
}

TEST(Stepper, RunMainStartsFromTheInitialValues) {
  Program program(counting);
  auto once = program.run({Tensor({1}, {3.0f})});
  ASSERT_EQ(once.size(), 3u) << program.messages;
  expectBits(once[0], {50});
  auto all = program.run(
      {Tensor({1}, {1.0f}), Tensor({1}, {3.0f}), Tensor({1}, {1.0f})});
  ASSERT_EQ(all.size(), 3u) << program.messages;
  expectBits(all[0], {4});
}

TEST(Stepper, AnAbsentInitialValueIsNamed) {
  Program program(R"(
    func.func @main(%w: tensor<2xf32> {nn.name = "fc.w", nn.role = "state", nn.init = dense_resource<gone> : tensor<2xf32>}) {
      return
    })");
  auto stepper =
      Stepper::create(program.module->lookupSymbol<func::FuncOp>("main"));
  EXPECT_TRUE(failed(stepper));
  EXPECT_NE(program.messages.find("'fc.w' has no initial value"),
            std::string::npos)
      << program.messages;
}

namespace {
/// A dialect that calls persistent arguments otherwise than nn does.
struct MemoryDialect : Dialect {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(MemoryDialect)
  static constexpr StringLiteral getDialectNamespace() { return "memory"; }
  explicit MemoryDialect(MLIRContext *context)
      : Dialect(getDialectNamespace(), context, TypeID::get<MemoryDialect>()) {
    addInterfaces<StepInterface>();
  }

  struct StepInterface final : interp::StepDialectInterface {
    using StepDialectInterface::StepDialectInterface;
    bool persists(FunctionOpInterface function, unsigned i) const override {
      return bool(getInitialValue(function, i));
    }
    StringRef getName(FunctionOpInterface, unsigned) const override {
      return "total";
    }
    ElementsAttr getInitialValue(FunctionOpInterface function,
                                 unsigned i) const override {
      return function.getArgAttrOfType<ElementsAttr>(i, "memory.start");
    }
    StringRef getInitialValueName() const override { return "memory.start"; }
    std::optional<unsigned> findUpdate(FunctionOpInterface,
                                       StringRef) const override {
      return 0;
    }
    std::optional<unsigned> findResult(FunctionOpInterface,
                                       StringRef) const override {
      return std::nullopt;
    }
  };
};
} // namespace

TEST(Stepper, AnyDialectMaySayWhatPersists) {
  Program program(R"(func.func @main(%x: tensor<1xf32>, %t: tensor<1xf32>)
        -> tensor<1xf32> {
      %s = nn.add %t, %x : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
      return %s : tensor<1xf32>
    })");
  program.context.loadDialect<MemoryDialect>();
  auto function = program.module->lookupSymbol<func::FuncOp>("main");
  auto type = RankedTensorType::get({1}, Float32Type::get(&program.context));
  function.setArgAttr(1, "memory.start", DenseElementsAttr::get(type, 2.0f));
  Stepper stepper = makeStepper(program);
  ASSERT_TRUE(succeeded(stepper.run({Tensor({1}, {3.0f})})));
  ASSERT_TRUE(succeeded(stepper.run({Tensor({1}, {4.0f})})));
  expectBits(*stepper.getState("total"), {9});
}

TEST(Stepper, WithoutADialectNothingPersists) {
  Program program(R"(func.func @main(%x: tensor<1xf32>) -> tensor<1xf32> {
      return %x : tensor<1xf32>
    })");
  Stepper stepper = makeStepper(program);
  EXPECT_TRUE(stepper.getNames().empty());
  ASSERT_TRUE(succeeded(stepper.run({Tensor({1}, {3.0f})})));
  expectBits(stepper.getResults()[0], {3});
  EXPECT_EQ(stepper.getResult("y"), nullptr);
}
