//===- StageCheckTest.cpp - Seeded miscompiles are located ----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/IR/NN.h"
#include "photonic/Dialect/PISA/IR/PISA.h"
#include "photonic/Dialect/Photonic/IR/Photonic.h"
#include "photonic/Driver/Driver.h"
#include "photonic/Target/PHX/PHX.h"

#include "phx/npy/Npy.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/Builders.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>
#include <gtest/gtest.h>

using namespace mlir;
using namespace photonic;

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

/// Reproducible values in [-1, 1].
float getValue(uint64_t &state) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return static_cast<float>(int64_t(state >> 40) - (1 << 23)) / (1 << 23);
}

class StageCheckTest : public ::testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(
        llvm::sys::fs::createUniqueDirectory("stage-check", directory));
    uint64_t state = 7;
    std::string text = network;
    for (auto [key, count] : {std::pair{"WEIGHTS1", 72}, {"WEIGHTS2", 160}}) {
      std::string values;
      for (int i = 0; i < count; ++i)
        values += (i ? ", " : "") + std::to_string(getValue(state));
      text.replace(text.find(key), std::strlen(key), values);
    }
    write("net.mlir", text);
    phx::HostArray input;
    input.shape = {2, 3, 6, 6};
    input.bytes.resize(4 * 216);
    for (size_t i = 0; i < 216; ++i) {
      float value = getValue(state);
      std::memcpy(&input.bytes[4 * i], &value, 4);
    }
    ASSERT_TRUE(phx::writeNpy(input, path("x.npy")));
    request.input = path("net.mlir");
    request.checkInput = path("x.npy");
    request.runTool = PHOTONIC_RUN;
  }
  void TearDown() override { llvm::sys::fs::remove_directories(directory); }

  std::string path(StringRef name) {
    SmallString<128> result(directory);
    llvm::sys::path::append(result, name);
    return result.str().str();
  }
  void write(StringRef name, StringRef text) {
    std::error_code error;
    llvm::raw_fd_ostream os(path(name), error);
    ASSERT_FALSE(error);
    os << text;
  }

  /// Compiles with the check and `change` after `stage`; returns what was said,
  /// empty if nothing is wrong.
  std::string check(Stage stage, std::function<void(ModuleOp)> change) {
    DialectRegistry registry;
    registerCompilerDialects(registry);
    MLIRContext context(registry, MLIRContext::Threading::DISABLED);
    std::string messages;
    llvm::raw_string_ostream os(messages);
    DiagnosticPrinter printer(context, "test", os);
    bool changed = false;
    request.afterStage = [&](Stage now, ModuleOp module) {
      if (now != stage)
        return;
      changed = true;
      change(module);
    };
    std::string tables;
    llvm::raw_string_ostream tableStream(tables);
    bool failed = mlir::failed(compile(request, context, tableStream));
    EXPECT_TRUE(changed);
    EXPECT_EQ(failed, !messages.empty()) << messages;
    return messages;
  }

  static void expectLocated(const std::string &messages, StringRef node,
                            StringRef text) {
    EXPECT_NE(messages.find("error: node '" + node.str() + "': "),
              std::string::npos)
        << messages;
    EXPECT_NE(messages.find(text), std::string::npos) << messages;
  }

  SmallString<128> directory;
  CompileRequest request;
};

/// The only operation of a type that satisfies `filter`.
template <typename OpT> OpT find(ModuleOp module, StringRef node) {
  OpT found;
  module.walk([&](OpT op) {
    auto name = dyn_cast<NameLoc>(op->getLoc());
    if (name && name.getName() == node)
      found = op;
  });
  EXPECT_TRUE(found) << node.str();
  return found;
}

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

/// The first instruction of a kind that works for `node`.
template <typename OpT> OpT findFirst(ModuleOp module, StringRef node) {
  OpT found;
  module.walk([&](OpT op) {
    auto name = dyn_cast<NameLoc>(op->getLoc());
    if (!found && name && name.getName() == node)
      found = op;
  });
  EXPECT_TRUE(found) << node.str();
  return found;
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

TEST_F(StageCheckTest, LocatesAMiscompileInImport) {
  std::string messages = check(Stage::Import, [](ModuleOp module) {
    find<nn::SliceOp>(module, "crop").setOffsets({0, 2, 0, 0});
  });
  expectLocated(messages, "crop", "stage 'import' computes something else");
}

TEST_F(StageCheckTest, LocatesAMiscompileInLower) {
  std::string messages = check(Stage::Lower, [](ModuleOp module) {
    // Another window of the same shape.
    auto product = find<phot::ProductOp>(module, "conv");
    std::string text;
    llvm::raw_string_ostream os(text);
    Attribute(product.getWindowAttr()).print(os);
    text.replace(text.find("pads = [1, 1, 1, 1]"), 19, "pads = [2, 1, 0, 1]");
    auto window =
        cast<phot::WindowAttr>(parseAttribute(text, module.getContext()));
    product.setWindowAttr(window);
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
    auto product = find<phot::ProductOp>(module, "fc");
    auto constant = product->getOperand(2).getDefiningOp<nn::ConstantOp>();
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

TEST_F(StageCheckTest, LocatesAMiscompileInSchedule) {
  std::string messages = check(Stage::Schedule, [](ModuleOp module) {
    // The convolution reads its weights one element too far.
    module.walk([&](pisa::CoreProgramOp op) {
      auto name = dyn_cast<NameLoc>(op->getLoc());
      if (!name || name.getName() != "conv")
        return;
      phx::Address address = op.getSrc().getValue();
      address.offset.base += 4;
      op.setSrcAttr(pisa::AddressAttr::get(module.getContext(), address));
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
  std::string messages = check(Stage::Schedule, [](ModuleOp module) {
    findFirst<pisa::VecMapOp>(module, "act").setFn(pisa::VecFn::Abs);
  });
  expectLocated(messages, "act", "disagrees with stage 'tile'");
}
