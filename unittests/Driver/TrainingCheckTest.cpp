//===- TrainingCheckTest.cpp - Miscompiled training steps are located -----===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StageCheckTestUtils.h"
#include "photonic/Dialect/NN/IR/NN.h"
#include "photonic/Dialect/PISA/IR/PISA.h"
#include "photonic/Dialect/Photonic/IR/Photonic.h"

#include "phx/npy/Npy.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::test;

namespace {

constexpr const char *network = R"(
func.func @main(%x: tensor<4x3x6x6xf32> {nn.name = "x"})
    -> (tensor<4x5xf32> {nn.name = "y"}) {
  %w1 = nn.constant "conv.weight" dense<[WEIGHTS1]> : tensor<216xf32>
  %k1 = nn.reshape %w1 : tensor<216xf32> -> tensor<8x3x3x3xf32>
  %s = nn.constant "bn.weight" dense<[1.0, 0.5, 1.0, 0.5, 1.0, 0.5, 1.0, 0.5]> : tensor<8xf32>
  %t = nn.constant "bn.bias" dense<[0.0, 0.5, 0.0, 0.5, 0.0, 0.5, 0.0, 0.5]> : tensor<8xf32>
  %m = nn.constant "bn.mean" dense<0.0> : tensor<8xf32>
  %v = nn.constant "bn.var" dense<1.0> : tensor<8xf32>
  %w2 = nn.constant "fc.weight" dense<[WEIGHTS2]> : tensor<160xf32>
  %k2 = nn.reshape %w2 : tensor<160xf32> -> tensor<5x32xf32>
  %b2 = nn.constant "fc.bias" dense<[0.5, -0.25, 0.125, 1.0, -1.0]> : tensor<5xf32>
  %c = nn.conv2d %x, %k1 pads = [1, 1, 1, 1]
      : (tensor<4x3x6x6xf32>, tensor<8x3x3x3xf32>) -> tensor<4x8x6x6xf32> loc("conv")
  %n, %m1, %v1, %bm, %is = nn.batch_norm_train %c, %s, %t, %m, %v
      epsilon = 1.0e-05 momentum = 0.9
      : (tensor<4x8x6x6xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>)
      -> (tensor<4x8x6x6xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) loc("bn")
  %r = nn.relu %n : tensor<4x8x6x6xf32> loc("act")
  %p = nn.max_pool %r kernel = [3, 3] strides = [3, 3]
      : tensor<4x8x6x6xf32> -> tensor<4x8x2x2xf32> loc("pool")
  %f = nn.reshape %p : tensor<4x8x2x2xf32> -> tensor<4x32xf32> loc("flatten")
  %y = nn.linear %f, %k2, %b2
      : (tensor<4x32xf32>, tensor<5x32xf32>, tensor<5xf32>) -> tensor<4x5xf32> loc("fc")
  return %y : tensor<4x5xf32>
}
)";

/// Class numbers.
phx::HostArray makeLabels(std::vector<int64_t> labels) {
  phx::HostArray array;
  array.type = phx::ElementType::I64;
  array.shape = {int64_t(labels.size())};
  array.bytes.resize(8 * labels.size());
  std::memcpy(array.bytes.data(), labels.data(), array.bytes.size());
  return array;
}

class TrainingCheckTest : public CheckTest {
protected:
  void SetUp() override {
    CheckTest::SetUp();
    uint64_t state = 11;
    std::string text = network;
    insertValues(text, "WEIGHTS1", 216, state);
    insertValues(text, "WEIGHTS2", 160, state);
    write("net.mlir", text);
    writeInputs({1, 4, -100, 0});
    request.input = path("net.mlir");
    request.checkInput = path("x.npz");
    TrainingOptions &training = request.stages.training;
    training.train = true;
    training.loss = "cross_entropy";
    training.optimizer = "sgd:lr=0.1,momentum=0.9,weight_decay=0.01";
  }

  void writeInputs(std::vector<int64_t> labels) {
    uint64_t state = 3;
    ASSERT_TRUE(phx::writeNpz({{"x", makeArray({4, 3, 6, 6}, state)},
                               {"labels", makeLabels(std::move(labels))}},
                              path("x.npz")));
  }
};

/// The only operation of a type that works for `node` in a phase.
template <typename OpT>
OpT find(ModuleOp module, StringRef node, nn::Phase phase) {
  OpT found;
  module.walk([&](OpT op) {
    auto name = dyn_cast<NameLoc>(op->getLoc());
    if (name && name.getName() == node && nn::getPhase(op) == phase)
      found = op;
  });
  EXPECT_TRUE(found) << node.str();
  return found;
}

/// Doubles a value for those who use it.
void doubleResult(Operation *op) {
  ASSERT_TRUE(op);
  OpBuilder builder(op->getContext());
  builder.setInsertionPointAfter(op);
  Value value = op->getResult(0);
  auto twice =
      nn::AddOp::create(builder, op->getLoc(), value.getType(), value, value);
  twice->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  value.replaceAllUsesExcept(twice, twice);
}

/// Windows begin one row earlier.
void shiftWindow(phot::ProductOp product) {
  ASSERT_TRUE(product);
  std::string text;
  llvm::raw_string_ostream os(text);
  Attribute(product.getRhsViewAttr()).print(os);
  size_t offsets = text.find("-1, -1]");
  ASSERT_NE(offsets, std::string::npos) << text;
  text.replace(offsets, 7, "-2, -1]");
  product.setRhsViewAttr(
      cast<phot::ViewAttr>(parseAttribute(text, product.getContext())));
}

} // namespace

TEST_F(TrainingCheckTest, AcceptsACorrectStep) {
  EXPECT_EQ(check(Stage::Emit, [](ModuleOp) {}), "");
  request.stages.training.optimizer = "adam:lr=0.01";
  request.stages.training.emitGradients = true;
  request.stages.format = "fp32";
  EXPECT_EQ(check(Stage::Emit, [](ModuleOp) {}), "");
  request.stages.format = "bfp:4:16:stochastic";
  EXPECT_EQ(check(Stage::Emit, [](ModuleOp) {}), "");
}

TEST_F(TrainingCheckTest, AcceptsAnEvaluation) {
  request.stages.training = {};
  request.stages.training.mutableParameters = true;
  EXPECT_EQ(check(Stage::Emit, [](ModuleOp) {}), "");
}

TEST_F(TrainingCheckTest, LocatesAMiscompileOfTheForwardPass) {
  std::string messages = check(Stage::Autodiff, [](ModuleOp module) {
    doubleResult(find<nn::ReluOp>(module, "act", nn::Phase::Forward));
  });
  expectLocated(messages, "pool", "stage 'autodiff' computes something else");
}

TEST_F(TrainingCheckTest, LocatesAMiscompileOfAnInputGradient) {
  std::string messages = check(Stage::Lower, [](ModuleOp module) {
    doubleResult(
        find<nn::MaxPoolGradOp>(module, "pool", nn::Phase::InputGradient));
  });
  expectLocated(messages, "pool",
                "stage 'lower' computes something else than stage 'autodiff' "
                "in the input gradient");
}

TEST_F(TrainingCheckTest, LocatesAMiscompileOfAWeightGradient) {
  std::string messages = check(Stage::Split, [](ModuleOp module) {
    shiftWindow(
        find<phot::ProductOp>(module, "conv", nn::Phase::WeightGradient));
  });
  expectLocated(messages, "conv",
                "stage 'split' disagrees with stage 'format' in the weight "
                "gradient in");
}

TEST_F(TrainingCheckTest, LocatesAStateThatIsNotUpdated) {
  std::string messages = check(Stage::Lower, [](ModuleOp module) {
    auto function = module.lookupSymbol<func::FuncOp>("main");
    for (unsigned i = 0; i < function.getNumResults(); ++i)
      if (auto name =
              function.getResultAttrOfType<StringAttr>(i, nn::updatesAttrName))
        if (name.getValue() == "bn.mean") {
          llvm::BitVector gone(function.getNumResults());
          gone.set(i);
          ASSERT_TRUE(succeeded(function.eraseResults(gone)));
          function.getBody().front().getTerminator()->eraseOperand(i);
          return;
        }
    FAIL() << "nothing updates bn.mean";
  });
  EXPECT_NE(messages.find("stage 'lower' does not update 'bn.mean' as stage "
                          "'autodiff' does"),
            std::string::npos)
      << messages;
}

TEST_F(TrainingCheckTest, LocatesAMiscompileOfAnUpdateInTheProgram) {
  std::string messages = check(Stage::Emit, [](ModuleOp module) {
    // The last instruction that works on the bias writes something else.
    pisa::VecMapOp last;
    module.walk([&](pisa::VecMapOp op) {
      if (op.getFn() == pisa::VecFn::Sub)
        last = op;
    });
    ASSERT_TRUE(last);
    last.setFn(pisa::VecFn::Add);
  });
  EXPECT_NE(messages.find("' after the step in "), std::string::npos)
      << messages;
  EXPECT_NE(messages.find("stage 'emit' disagrees with stage 'format' about '"),
            std::string::npos)
      << messages;
}

TEST_F(TrainingCheckTest, RefusesLabelsThatAreNone) {
  writeInputs({1, 5, 0, 0});
  std::string messages;
  messages = check(Stage::Autodiff, [](ModuleOp) {});
  EXPECT_NE(messages.find("labels 'labels' have to be class numbers in [0, 5), "
                          "element 1 is 5"),
            std::string::npos)
      << messages;
  uint64_t state = 1;
  ASSERT_TRUE(phx::writeNpz({{"x", makeArray({4, 3, 6, 6}, state)},
                             {"labels", makeArray({4}, state)}},
                            path("x.npz")));
  messages = check(Stage::Autodiff, [](ModuleOp) {});
  EXPECT_NE(messages.find("input 'labels' has to be int64[4], the check's file "
                          "holds float32[4]"),
            std::string::npos)
      << messages;
}
