//===- StageCheckTest.cpp - Seeded miscompiles are located ----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StageCheckTestUtils.h"
#include "photonic/Dialect/NN/IR/NN.h"
#include "photonic/Dialect/PISA/IR/PISA.h"
#include "photonic/Dialect/Photonic/IR/Photonic.h"
#include "photonic/Target/PHX/PHX.h"

#include "phx/npy/Npy.h"

#include "../../lib/Driver/Difference.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/Builders.h"

#include <bit>
#include <limits>

using namespace mlir;
using namespace photonic;
using namespace photonic::test;

namespace {

constexpr const char *network = R"(
func.func @main(%x: tensor<2x3x6x6xf32> {nn.name = "x"})
    -> (tensor<2x5xf32> {nn.name = "y"}) {
  %w1 = nn.constant "w1" dense<[WEIGHTS1]> : tensor<72xf32>
  %k1 = nn.reshape %w1 : tensor<72xf32> -> tensor<8x1x3x3xf32>
  %w2 = nn.constant "w2" dense<[WEIGHTS2]> : tensor<160xf32>
  %k2 = nn.reshape %w2 : tensor<160xf32> -> tensor<5x32xf32>
  %b2 = nn.constant "b2" dense<[0.5, -0.25, 0.125, 1.0, -1.0]> : tensor<5xf32>
  %s = nn.slice %x offsets = [0, 1, 0, 0] sizes = [2, 1, 6, 6] strides = [1, 1, 1, 1]
      : tensor<2x3x6x6xf32> -> tensor<2x1x6x6xf32> loc("crop")
  %c = nn.conv2d %s, %k1 pads = [1, 1, 1, 1]
      : (tensor<2x1x6x6xf32>, tensor<8x1x3x3xf32>) -> tensor<2x8x6x6xf32> loc("conv")
  %r = nn.relu %c : tensor<2x8x6x6xf32> loc("act")
  %p = nn.max_pool %r kernel = [3, 3] strides = [3, 3]
      : tensor<2x8x6x6xf32> -> tensor<2x8x2x2xf32> loc("pool")
  %f = nn.reshape %p : tensor<2x8x2x2xf32> -> tensor<2x32xf32> loc("flatten")
  %y = nn.linear %f, %k2, %b2
      : (tensor<2x32xf32>, tensor<5x32xf32>, tensor<5xf32>) -> tensor<2x5xf32> loc("fc")
  return %y : tensor<2x5xf32>
}
)";

class StageCheckTest : public CheckTest {
protected:
  void SetUp() override {
    CheckTest::SetUp();
    uint64_t state = 7;
    std::string text = network;
    insertValues(text, "WEIGHTS1", 72, state);
    insertValues(text, "WEIGHTS2", 160, state);
    write("net.mlir", text);
    ASSERT_TRUE(phx::writeNpy(makeArray({2, 3, 6, 6}, state), path("x.npy")));
    request.input = path("net.mlir");
    request.checkInput = path("x.npy");
  }
};

/// Replaces the constant operand of a product by its negative.
void negate(Operation *op, unsigned operand) {
  auto constant = op->getOperand(operand).getDefiningOp<nn::ConstantOp>();
  ASSERT_TRUE(constant);
  auto dense = cast<DenseElementsAttr>(constant.getValue());
  SmallVector<float> values(dense.getValues<float>());
  for (float &value : values)
    value = -value;
  constant.setValueAttr(DenseElementsAttr::get(
      cast<RankedTensorType>(dense.getType()), ArrayRef<float>(values)));
}

} // namespace

TEST_F(StageCheckTest, AcceptsACorrectCompilation) {
  for (StringRef memory : {"ideal", "hierarchy"}) {
    request.stages.memory = memory.str();
    EXPECT_EQ(check(Stage::Emit, [](ModuleOp) {}), "");
  }
  request.stages.format = "fp32";
  EXPECT_EQ(check(Stage::Emit, [](ModuleOp) {}), "");
}

TEST(Difference, NaNEqualsNaNAndNothingElse) {
  float inf = std::numeric_limits<float>::infinity();
  float nan = std::bit_cast<float>(0x7fc00000u);
  float other = std::bit_cast<float>(0xffc12345u);
  Difference same =
      compareValues({nan, inf, -inf, 1, 2}, {other, inf, -inf, 1, 2});
  EXPECT_EQ(same.differing, 0u);
  EXPECT_EQ(same.signal, 5);
  // Rounding beside a NaN is still measured.
  Difference rounding = compareValues({nan, 1}, {other, 1.25f});
  EXPECT_EQ(rounding.differing, 1u);
  EXPECT_EQ(rounding.largest, 0.25);
  EXPECT_NEAR(rounding.getRatio(), 12.04, 0.01);
  const std::pair<float, float> others[] = {
      {nan, 1.0f}, {1.0f, nan}, {inf, nan}, {inf, -inf}, {1.0f, inf}};
  for (auto [a, b] : others) {
    Difference d = compareValues({a, 2}, {b, 2});
    EXPECT_EQ(d.differing, 1u);
    EXPECT_EQ(d.largest, inf);
    EXPECT_EQ(d.getRatio(), -inf);
  }
}

TEST_F(StageCheckTest, LocatesAMiscompileInImport) {
  std::string messages = check(Stage::Import, [](ModuleOp module) {
    find<nn::SliceOp>(module, "crop").setOffsets({0, 2, 0, 0});
  });
  expectLocated(messages, "crop", "stage 'import' computes something else");
}

TEST_F(StageCheckTest, LocatesAMiscompileInLower) {
  std::string messages = check(Stage::Lower, [](ModuleOp module) {
    // Windows begin one row earlier.
    auto product = find<phot::ProductOp>(module, "conv");
    std::string text;
    llvm::raw_string_ostream os(text);
    Attribute(product.getRhsViewAttr()).print(os);
    text.replace(text.find("-1, -1]"), 7, "-2, -1]");
    product.setRhsViewAttr(
        cast<phot::ViewAttr>(parseAttribute(text, module.getContext())));
  });
  expectLocated(messages, "conv", "stage 'lower' computes something else");
}

TEST_F(StageCheckTest, LocatesAWrongFormat) {
  std::string messages = check(Stage::Format, [](ModuleOp module) {
    auto product = find<phot::ProductOp>(module, "fc");
    product.setRhsFormatAttr(cast<phot::NumberFormatAttrInterface>(
        phot::BfpAttr::get(module.getContext(), 3, 16, phot::Rounding::Trunc)));
  });
  expectLocated(messages, "fc", "stage 'format' gives it the number format");
}

TEST_F(StageCheckTest, LocatesAMiscompileInFormat) {
  std::string messages = check(Stage::Format, [](ModuleOp module) {
    negate(find<phot::ProductOp>(module, "conv"), 0);
  });
  expectLocated(messages, "conv", "stage 'format' computes something else");
}

TEST_F(StageCheckTest, LocatesAMiscompileInSplit) {
  std::string messages = check(Stage::Split, [](ModuleOp module) {
    // One element, by a little.
    auto sum = find<nn::AddOp>(module, "fc");
    auto constant = sum.getRhs().getDefiningOp<nn::ConstantOp>();
    SmallVector<float> values(
        cast<DenseElementsAttr>(constant.getValue()).getValues<float>());
    values[3] += 1e-5f;
    constant.setValueAttr(DenseElementsAttr::get(
        cast<RankedTensorType>(constant.getType()), ArrayRef<float>(values)));
  });
  expectLocated(messages, "fc",
                "stage 'split' disagrees with stage 'format' in");
}

TEST_F(StageCheckTest, LocatesAMiscompileInTile) {
  std::string messages = check(Stage::Tile, [](ModuleOp module) {
    auto pool = find<nn::MaxPoolOp>(module, "pool");
    pool.setKernel({2, 3});
  });
  expectLocated(messages, "pool", "stage 'tile' disagrees with");
}

TEST_F(StageCheckTest, AcceptsAnOperationThatMoved) {
  // The maximum of rectified elements is the rectified maximum: `act` and
  // `pool` compute something else, the network does not.
  std::string messages = check(Stage::Tile, [](ModuleOp module) {
    auto relu = find<nn::ReluOp>(module, "act");
    auto pool = find<nn::MaxPoolOp>(module, "pool");
    pool.getInputMutable().assign(relu.getInput());
    OpBuilder builder(pool->getContext());
    builder.setInsertionPointAfter(pool);
    auto moved =
        nn::ReluOp::create(builder, relu.getLoc(), pool.getType(), pool);
    pool.getResult().replaceAllUsesExcept(moved, moved);
    relu.erase();
  });
  EXPECT_EQ(messages, "");
}

TEST_F(StageCheckTest, LocatesAMiscompileInSchedule) {
  request.stages.memory = "hierarchy";
  std::string messages = check(Stage::Schedule, [](ModuleOp module) {
    auto relu = findFirst<nn::ReluOp>(module, "act");
    EXPECT_TRUE(isa<phot::FusedOp>(relu->getParentOp()));
    OpBuilder builder(relu);
    relu.replaceAllUsesWith(nn::TanhOp::create(builder, relu.getLoc(),
                                               relu.getType(), relu.getInput())
                                .getResult());
    relu.erase();
  });
  expectLocated(messages, "act", "stage 'schedule' disagrees with stage");
}

TEST_F(StageCheckTest, LocatesAMiscompileInTheProgram) {
  std::string messages = check(Stage::Emit, [](ModuleOp module) {
    // The convolution reads its weights one element too far.
    module.walk([&](pisa::CoreProgramOp op) {
      auto name = dyn_cast<NameLoc>(op->getLoc());
      if (!name || name.getName() != "conv")
        return;
      phx::Address address = pisa::getAddress(op, op.getSrc());
      address.offset.base += 4;
      op.setSrcAttr(pisa::AddressAttr::get(
          module.getContext(), op.getSrc().getMemory(),
          pisa::AffineAttr::get(module.getContext(), address.offset)));
    });
  });
  expectLocated(messages, "conv", "stage 'emit' disagrees with");
}

TEST_F(StageCheckTest, LocatesAMiscompileInEmit) {
  std::string messages = check(Stage::Emit, [](ModuleOp module) {
    findFirst<pisa::VecMapOp>(module, "act").setFn(pisa::VecFn::Abs);
  });
  expectLocated(messages, "act", "stage 'emit' disagrees with");
}

TEST_F(StageCheckTest, LocatesAMiscompileUnderHierarchy) {
  request.stages.memory = "hierarchy";
  std::string messages = check(Stage::Emit, [](ModuleOp module) {
    findFirst<pisa::VecPoolOp>(module, "pool")
        .setFn(pisa::PoolFn::AverageValid);
  });
  expectLocated(messages, "pool", "stage 'emit' disagrees with");
}

TEST_F(StageCheckTest, ReportsARaceOfTheProgram) {
  std::string messages = check(Stage::Emit, [](ModuleOp module) {
    module.walk([](pisa::WaitOp op) { op.erase(); });
    module.walk([](pisa::SignalOp op) { op.erase(); });
  });
  EXPECT_NE(messages.find("photonic-run failed"), std::string::npos)
      << messages;
}

TEST_F(StageCheckTest, WritesNothingIfTheCheckFails) {
  request.output = path("out.phx");
  std::string messages = check(Stage::Emit, [](ModuleOp module) {
    findFirst<pisa::VecMapOp>(module, "act").setFn(pisa::VecFn::Abs);
  });
  EXPECT_NE(messages, "");
  EXPECT_FALSE(llvm::sys::fs::exists(path("out.phx")));
}

TEST_F(StageCheckTest, ContinuesBehindAStage) {
  // The first stage that runs is compared with what was read.
  request.to = Stage::Tile;
  request.printIR = true;
  request.output = path("tile.mlir");
  EXPECT_EQ(check(Stage::Tile, [](ModuleOp) {}), "");
  request.input = path("tile.mlir");
  request.from = Stage::Schedule;
  request.to = Stage::Emit;
  request.printIR = false;
  request.output = path("out.phx");
  EXPECT_EQ(check(Stage::Schedule, [](ModuleOp) {}), "");
  EXPECT_TRUE(llvm::sys::fs::exists(path("out.phx")));
  std::string messages = check(Stage::Emit, [](ModuleOp module) {
    findFirst<pisa::VecMapOp>(module, "act").setFn(pisa::VecFn::Abs);
  });
  expectLocated(messages, "act", "disagrees with stage 'tile'");
}
