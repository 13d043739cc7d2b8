//===- StageTest.cpp - Every stage computes the same bits -----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random products of every kind are taken through lower, format, split and tile
// and executed at every stage. `lower` has to equal nn, and everything from
// `format` on has to equal an oracle that follows the arithmetic contract
// element by element with integers of 1024 bits.
//
//===----------------------------------------------------------------------===//

#include "LoadMachines.h"
#include "ProductOracle.h"

#include "photonic/Dialect/Photonic/IR/ProductInfo.h"
#include "photonic/Dialect/Photonic/Transforms/Passes.h"
#include "photonic/Interpreter/Interpreter.h"
#include "photonic/Target/Machine/Machine.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/Support/FormatVariadic.h"

#include "gtest/gtest.h"

#include <bit>
#include <cfloat>
#include <cmath>
#include <random>

using namespace mlir;
using namespace photonic;
using namespace photonic::phot;
using interp::Tensor;
using oracle::Format;
using oracle::Kind;
using oracle::Layer;

namespace {

//===----------------------------------------------------------------------===//
// Random products
//===----------------------------------------------------------------------===//

std::string getType(ArrayRef<int64_t> shape) {
  std::string text = "tensor<";
  for (int64_t extent : shape)
    text += std::to_string(extent) + "x";
  return text + "f32>";
}

/// A product of a layer, alone in a function. Arguments: the operands in the
/// order of `nn`, the bias, and the random key if there is one.
struct Product {
  Layer layer;
  Kind kind = Kind::Forward;
  bool bias = false;

  std::vector<int64_t> getLhsShape() const {
    return kind == Kind::WeightGradient ? layer.getOutputShape()
                                        : layer.getWeightShape();
  }
  std::vector<int64_t> getRhsShape() const {
    return kind == Kind::InputGradient ? layer.getOutputShape()
                                       : layer.getImageShape();
  }
  std::vector<int64_t> getResultShape() const {
    return kind == Kind::Forward         ? layer.getOutputShape()
           : kind == Kind::InputGradient ? layer.getImageShape()
                                         : layer.getWeightShape();
  }
  std::vector<int64_t> getBiasShape() const {
    return {layer.groups * layer.outChannels};
  }

  std::string getWindow() const {
    return llvm::formatv(
               " strides = [{0}, {1}] pads = [{2}, {3}, {4}, {5}] dilations = "
               "[{6}, {7}] groups = {8}",
               layer.strides[0], layer.strides[1], layer.pads[0], layer.pads[1],
               layer.pads[2], layer.pads[3], layer.dilations[0],
               layer.dilations[1], layer.groups)
        .str();
  }

  std::string getSource(bool key) const {
    std::string lhs = getType(getLhsShape()), rhs = getType(getRhsShape());
    std::string result = getType(getResultShape());
    std::string arguments = "%r: " + rhs + ", %l: " + lhs;
    // The gradient of the output comes first, otherwise the input.
    bool swapped = kind == Kind::WeightGradient;
    std::string operands = swapped ? "%l, %r" : "%r, %l";
    std::string types = swapped ? lhs + ", " + rhs : rhs + ", " + lhs;
    if (bias) {
      arguments += ", %b: " + getType(getBiasShape());
      operands += ", %b";
      types += ", " + getType(getBiasShape());
    }
    if (key)
      arguments += ", %k: tensor<3xf32> {nn.name = \"photonic.rng\", nn.role = "
                   "\"state\", nn.knob = \"random_key\", nn.init = "
                   "dense<0.0> : tensor<3xf32>}";
    static const char *const suffixes[] = {"", "_input_grad", "_weight_grad"};
    std::string op = std::string("nn.") +
                     (layer.isLinear ? "linear" : "conv2d") +
                     suffixes[unsigned(kind)] + " " + operands +
                     (layer.isLinear ? "" : getWindow());
    return "func.func @main(" + arguments + ") -> " + result +
           " {\n  %y = " + op + " : (" + types + ") -> " + result +
           " loc(\"node\")\n  return %y : " + result + "\n}\n";
  }
};

class Generator {
public:
  explicit Generator(unsigned seed) : engine(seed) {}

  int64_t pick(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(engine);
  }

  Product makeLinear(Kind kind) {
    Product p;
    p.kind = kind;
    p.layer.isLinear = true;
    p.layer.channels = pick(1, kind == Kind::Forward ? 70 : 20);
    p.layer.batch = pick(1, kind == Kind::WeightGradient ? 70 : 5);
    p.layer.outChannels = pick(1, 40);
    p.bias = kind == Kind::Forward && pick(0, 1);
    return p;
  }

  Product makeConvolution(Kind kind) {
    Product p;
    p.kind = kind;
    Layer &l = p.layer;
    l.groups = pick(1, 3);
    l.channels = pick(1, 6);
    l.outChannels = pick(1, kind == Kind::InputGradient ? 40 : 7);
    l.kernelHeight = pick(1, 3);
    l.kernelWidth = pick(1, 3);
    l.strides[0] = pick(1, 2);
    l.strides[1] = pick(1, 3);
    l.dilations[0] = pick(1, 2);
    l.dilations[1] = pick(1, 2);
    for (int64_t &pad : l.pads)
      pad = pick(0, 2);
    l.batch = pick(1, 3);
    auto draw = [&](int d, int64_t kernel) {
      int64_t reach = l.dilations[d] * (kernel - 1) + 1;
      return std::max<int64_t>(1, reach - l.pads[d]) + pick(0, 4);
    };
    l.height = draw(0, l.kernelHeight);
    l.width = draw(1, l.kernelWidth);
    p.bias = kind == Kind::Forward && pick(0, 1);
    return p;
  }

  Product make(int trial) {
    auto kind = Kind(trial / 3 % 3);
    return trial % 3 ? makeConvolution(kind) : makeLinear(kind);
  }

  /// Kinds of values: moderate, the full exponent range (no sum overflows), and
  /// sparse with subnormals and negative zeros.
  Tensor makeValues(ArrayRef<int64_t> shape, int kind) {
    Tensor tensor = Tensor::zeros(shape);
    for (float &value : tensor.getMutableData()) {
      float sign = pick(0, 1) ? 1.0f : -1.0f;
      float mantissa = 1.0f + float(pick(0, (1 << 23) - 1)) / float(1 << 23);
      int exponent = int(kind == 1 ? pick(-126, 55) : pick(-4, 4));
      value = sign * std::ldexp(mantissa, exponent);
      if (kind == 2)
        switch (pick(0, 5)) {
        case 0:
          value = sign * std::ldexp(mantissa, -130);
          break;
        case 1:
        case 2:
        case 3:
          value = sign * 0.0f;
          break;
        case 4:
          value = sign * std::ldexp(mantissa, int(pick(-64, -60)));
          break;
        default:
          break;
        }
    }
    return tensor;
  }

  /// One tensor per argument of the product's function.
  std::vector<Tensor> makeInputs(const Product &product, int kind, bool key) {
    std::vector<Tensor> inputs{makeValues(product.getRhsShape(), kind),
                               makeValues(product.getLhsShape(), kind)};
    if (product.bias)
      inputs.push_back(makeValues(product.getBiasShape(), 0));
    if (key)
      inputs.push_back(Tensor({3}, {float(pick(0, 1 << 20)),
                                    float(pick(0, 100)), float(pick(0, 100))}));
    return inputs;
  }

private:
  std::mt19937 engine;
};

//===----------------------------------------------------------------------===//
// Fixture
//===----------------------------------------------------------------------===//

class StageTest : public ::testing::Test {
protected:
  StageTest() {
    static bool registered =
        (registerPhotonicPasses(), rns::registerRNSPasses(), true);
    (void)registered;
    loadMachines(context);
    context.loadDialect<func::FuncDialect, nn::NNDialect, PhotonicDialect>();
  }

  OwningOpRef<ModuleOp> parse(StringRef source) {
    auto module = parseSourceString<ModuleOp>(source, ParserConfig(&context));
    if (module)
      setArrays(*module, {});
    return module;
  }

  /// Lets `module` carry the target mirage with `changes`, and converters and a
  /// format that suit all moduli.
  void setArrays(ModuleOp module, std::vector<std::string> changes) {
    changes.insert(changes.end(), {"core.dac_bits=16", "core.adc_bits=16",
                                   "format.mantissa_bits=1", "format.group=1"});
    phx::Result<phx::Target> target = loadMachine(defaultTarget, changes);
    ASSERT_TRUE(target.ok()) << target.error().message;
    setTarget(module, *target);
  }

  void run(ModuleOp module, StringRef passes) {
    PassManager pm(&context);
    ASSERT_TRUE(
        succeeded(parsePassPipeline(("func.func(" + passes + ")").str(), pm)));
    ASSERT_TRUE(succeeded(pm.run(module)));
  }

  Tensor evaluate(ModuleOp module, const std::vector<Tensor> &inputs) {
    SmallVector<interp::Value> values(inputs.begin(), inputs.end());
    auto results = interp::runMain(module, values);
    EXPECT_TRUE(succeeded(results));
    return succeeded(results) ? results->front().getTensor() : Tensor();
  }

  /// Number of elements whose bits differ.
  static int64_t countDifferences(const Tensor &a, const Tensor &b) {
    EXPECT_EQ(a.getShape(), b.getShape());
    int64_t count = 0;
    for (auto [x, y] : llvm::zip_equal(a.getData(), b.getData()))
      count += std::bit_cast<uint32_t>(x) != std::bit_cast<uint32_t>(y);
    return count;
  }

  /// `inputs` as Generator::makeInputs gives them.
  static Tensor computeOracle(const Product &product, Format format,
                              const std::vector<Tensor> &inputs) {
    if (format.rounding == oracle::Rounding::Stochastic) {
      format.seed = uint32_t(inputs.back()[0]);
      format.trial = uint32_t(inputs.back()[1]);
      format.step = uint32_t(inputs.back()[2]);
    }
    Tensor result = oracle::multiply(product.layer, product.kind, format,
                                     inputs[1], inputs[0]);
    if (product.bias) {
      int64_t plane =
          product.layer.getOutHeight() * product.layer.getOutWidth();
      for (auto [index, element] : llvm::enumerate(result.getMutableData()))
        element += inputs[2][index / plane % inputs[2].getNumElements()];
    }
    return result;
  }

  MLIRContext context;
};

//===----------------------------------------------------------------------===//
// Stages against nn, the oracle and each other
//===----------------------------------------------------------------------===//

struct Numbers {
  const char *format, *moduli;
  int bits;
  int64_t length;
  oracle::Rounding rounding = oracle::Rounding::Trunc;
  int64_t columns = 16;

  bool isRandom() const { return rounding == oracle::Rounding::Stochastic; }
};

TEST_F(StageTest, EveryStageHasTheBitsOfTheContract) {
  using oracle::Rounding;
  const Numbers numbers[] = {
      {"bfp:4:16", "31,32,33", 4, 16},
      {"bfp:5:16:nearest", "31,32,33", 5, 16, Rounding::Nearest},
      {"bfp:9:4", "1021,1024,1023", 9, 4},
      {"bfp:14:2:nearest", "32765,32768", 14, 2, Rounding::Nearest},
      {"bfp:15:16", "65536,65535,65533", 15, 16},
      {"bfp:1:7", "3,5", 1, 7},
      {"bfp:4:1", "463", 4, 1},
      {"bfp:4:16:stochastic", "31,32,33", 4, 16, Rounding::Stochastic},
      {"bfp:2:5:stochastic", "31,32,33", 2, 5, Rounding::Stochastic},
      // Longer than the array: 32 in 2 passes, 17 in 3, 20 in 3 uneven ones,
      // and moduli that hold the sum of a pass, but not that of a group.
      {"bfp:4:32", "85,86", 4, 32},
      {"bfp:4:17:nearest", "53,60", 4, 17, Rounding::Nearest, 7},
      {"bfp:3:20:stochastic", "29,31", 3, 20, Rounding::Stochastic, 9},
  };
  Generator random(7);
  for (int trial = 0; trial < 540; ++trial) {
    SCOPED_TRACE(trial);
    const Numbers &n = numbers[trial % std::size(numbers)];
    Product product = random.make(trial);
    std::vector<Tensor> inputs =
        random.makeInputs(product, int(random.pick(0, 2)), n.isRandom());
    OwningOpRef<ModuleOp> module = parse(product.getSource(n.isRandom()));
    ASSERT_TRUE(module);
    Tensor digital = evaluate(*module, inputs);
    EXPECT_EQ(countDifferences(computeOracle(product, {}, inputs), digital), 0);
    run(*module, "photonic-lower-products,photonic-verify-lower");
    EXPECT_EQ(countDifferences(evaluate(*module, inputs), digital), 0);

    run(*module, llvm::formatv("photonic-assign-formats{{format={0}},photonic-"
                               "verify-format",
                               n.format)
                     .str());
    Format format{n.bits, n.length, n.rounding};
    Tensor expected = computeOracle(product, format, inputs);
    EXPECT_EQ(countDifferences(evaluate(*module, inputs), expected), 0);

    std::string moduli = std::string("core.moduli=") + n.moduli,
                columns = "core.columns=" + std::to_string(n.columns);
    setArrays(*module, {moduli, columns});
    run(*module, "photonic-split-rns,photonic-verify-split");
    EXPECT_EQ(countDifferences(evaluate(*module, inputs), expected), 0);

    for (const char *dataflow : {"df1", "df2"}) {
      OwningOpRef<ModuleOp> tiled = module->clone();
      setArrays(*tiled, {moduli, columns,
                         "core.rows=" + std::to_string(random.pick(1, 33))});
      run(*tiled, llvm::formatv("photonic-select-dataflow{{mode={0}},photonic-"
                                "tile-array,photonic-verify-tile",
                                dataflow)
                      .str());
      EXPECT_EQ(countDifferences(evaluate(*tiled, inputs), expected), 0)
          << dataflow;
    }
    ASSERT_FALSE(HasFailure()) << product.getSource(n.isRandom());
  }
}

/// The bypass: products rounded, summed in groups, groups ascending; a group
/// longer than the array is one sum.
TEST_F(StageTest, BypassSumsInGroups) {
  Generator random(11);
  for (int trial = 0; trial < 90; ++trial) {
    SCOPED_TRACE(trial);
    Product product = random.make(trial);
    int64_t group = trial % 2 ? 16 : 40;
    std::vector<Tensor> inputs = random.makeInputs(product, 0, false);
    OwningOpRef<ModuleOp> module = parse(product.getSource(false));
    run(*module, llvm::formatv("photonic-lower-products,photonic-assign-"
                               "formats{{format=fp32:{0}}",
                               group)
                     .str());
    Tensor expected = computeOracle(product, {0, group}, inputs);
    EXPECT_EQ(countDifferences(evaluate(*module, inputs), expected), 0);
    setArrays(*module, {"core.rows=4"});
    run(*module, "photonic-split-rns,photonic-select-dataflow,"
                 "photonic-tile-array,photonic-verify-tile");
    EXPECT_EQ(countDifferences(evaluate(*module, inputs), expected), 0);
  }
}

//===----------------------------------------------------------------------===//
// Single roundings and what stops a run
//===----------------------------------------------------------------------===//

constexpr const char *oneRow = R"(
func.func @main(%x: tensor<1x{0}xf32>, %w: tensor<1x{0}xf32>) -> tensor<1x1xf32> {{
  %y = nn.linear %x, %w : (tensor<1x{0}xf32>, tensor<1x{0}xf32>) -> tensor<1x1xf32> loc("fc")
  return %y : tensor<1x1xf32>
}
)";

class DotTest : public StageTest {
protected:
  /// One dot product with groups of one element, so that every element is a
  /// term of its own.
  std::optional<float> dot(const std::vector<float> &w,
                           const std::vector<float> &x, const char *format) {
    int64_t k = int64_t(w.size());
    OwningOpRef<ModuleOp> module = parse(llvm::formatv(oneRow, k).str());
    run(*module, llvm::formatv("photonic-lower-products,photonic-assign-formats"
                               "{{format={0}}",
                               format)
                     .str());
    ScopedDiagnosticHandler handler(
        &context, [&](Diagnostic &diag) { message = diag.str(); });
    SmallVector<interp::Value> inputs{Tensor({1, k}, x), Tensor({1, k}, w)};
    auto results = interp::runMain(*module, inputs);
    if (failed(results))
      return std::nullopt;
    return results->front().getTensor()[0];
  }

  std::string message;
};

TEST_F(DotTest, RoundsOnce) {
  float big = std::ldexp(1.0f, 24), one = 1.0f;
  float below = std::nextafter(1.0f, 0.0f);
  // A tie goes to even; a term far below the accumulator changes nothing.
  EXPECT_EQ(dot({big, 1.0f}, {1.0f, 1.0f}, "bfp:4:1"), big);
  EXPECT_EQ(dot({big, 1.5f}, {1.0f, 1.0f}, "bfp:4:1"), big + 2);
  EXPECT_EQ(dot({std::ldexp(1.0f, 60), std::ldexp(-1.0f, -60)}, {1.0f, 1.0f},
                "bfp:4:1"),
            std::ldexp(1.0f, 60));
  // Below 1 the half ulp is 2^-25: the tie, and more than it by 2^-38, which
  // only the product of both mantissas shows.
  float term = std::ldexp(1.0f, -25), more = 1.0f + std::ldexp(1.0f, -14);
  EXPECT_EQ(dot({one, -term}, {1.0f, 1.0f}, "bfp:15:1"), one);
  EXPECT_EQ(dot({one, -term}, {1.0f, more}, "bfp:15:1"), below);
  EXPECT_EQ(dot({one, -term * more}, {1.0f, more}, "bfp:15:1"), below);
}

TEST_F(DotTest, FlushesToPlusZero) {
  float small = std::ldexp(-1.0f, -70), other = std::ldexp(1.0f, -70);
  auto zero = dot({small}, {other}, "bfp:4:1");
  ASSERT_TRUE(zero);
  EXPECT_EQ(*zero, 0.0f);
  EXPECT_FALSE(std::signbit(*zero));
  // So that a term of zero changes nothing.
  auto behind = dot({small, 0.0f}, {other, 1.0f}, "bfp:4:1");
  ASSERT_TRUE(behind);
  EXPECT_FALSE(std::signbit(*behind));
  EXPECT_EQ(dot({std::ldexp(1.0f, -63)}, {std::ldexp(1.0f, -63)}, "bfp:4:1"),
            FLT_MIN);
  EXPECT_EQ(dot({std::ldexp(1.875f, -64)}, {std::ldexp(1.0f, -63)}, "bfp:4:1"),
            0.0f);
}

/// All 16 mantissas are 15 or -15, and P is 7201 or 7202: sums of +-3600 are
/// the last that the moduli represent.
TEST_F(DotTest, ReachesTheEndsOfTheRange) {
  for (const char *moduli : {"19,379", "2,13,277"})
    for (float sign : {1.0f, -1.0f}) {
      OwningOpRef<ModuleOp> module = parse(llvm::formatv(oneRow, 16).str());
      setArrays(*module, {std::string("core.moduli=") + moduli});
      run(*module, "photonic-lower-products,photonic-assign-formats{format="
                   "bfp:4:16},photonic-split-rns");
      std::vector<Tensor> inputs{
          Tensor({1, 16}, std::vector<float>(16, sign * 1.875f)),
          Tensor({1, 16}, std::vector<float>(16, 1.875f))};
      EXPECT_EQ(evaluate(*module, inputs)[0], sign * 56.25f) << moduli;
    }
}

TEST_F(DotTest, StopsAtInfinityAndNaN) {
  EXPECT_FALSE(dot({1, 2, INFINITY}, {1, 1, 1}, "bfp:4:16"));
  EXPECT_NE(message.find("of node 'fc': lhs[0, 2] is inf, which bfp:4:16:trunc "
                         "cannot represent"),
            std::string::npos)
      << message;
  EXPECT_FALSE(dot({1, 2, 3}, {1, NAN, 1}, "bfp:4:16"));
  EXPECT_NE(message.find("rhs[0, 1] is NaN"), std::string::npos) << message;
  EXPECT_FALSE(dot({-3e38f, -3e38f}, {1, 1}, "bfp:4:1"));
  EXPECT_NE(message.find("accumulator[0, 0] is -inf: the sum left the range of "
                         "binary32"),
            std::string::npos)
      << message;
  // The bypass computes on.
  auto infinite = dot({3e38f, 3e38f}, {1, 1}, "fp32:1");
  ASSERT_TRUE(infinite);
  EXPECT_TRUE(std::isinf(*infinite));
}

/// The kernel is as large as its steps: each element of the gradient is of one
/// position, and is met once.
TEST_F(StageTest, PositionsThatDoNotMeet) {
  Generator random(13);
  Product product;
  product.kind = Kind::InputGradient;
  Layer &l = product.layer;
  l.batch = 2, l.groups = 2, l.channels = 3, l.outChannels = 20;
  l.height = 4, l.width = 6;
  l.kernelHeight = l.strides[0] = 2;
  l.kernelWidth = l.strides[1] = 3;
  std::vector<Tensor> inputs = random.makeInputs(product, 0, false);
  Tensor expected = computeOracle(product, {4, 16}, inputs);
  for (const char *dataflow : {"df1", "df2"}) {
    OwningOpRef<ModuleOp> module = parse(product.getSource(false));
    ASSERT_TRUE(module);
    setArrays(*module, {"core.rows=5"});
    run(*module,
        llvm::formatv("photonic-lower-products,photonic-assign-formats{{format="
                      "bfp:4:16},photonic-split-rns,photonic-select-dataflow{{"
                      "mode={0}},photonic-tile-array,photonic-verify-tile",
                      dataflow)
            .str());
    EXPECT_EQ(countDifferences(evaluate(*module, inputs), expected), 0)
        << dataflow;
  }
}

TEST_F(StageTest, TileOutsideOfTheProductIsRefused) {
  const char *source = R"(
#fp32 = #photonic.fp32<group = 16>
func.func @main(%w: tensor<4x8xf32>, %x: tensor<1x8xf32>, %e: tensor<1x4xf32>) -> tensor<1x4xf32> {{
  %y = photonic.array_product
      ins(%w by <rows = [4 x d0], columns = [8 x d1]>, %x by <columns = [8 x d1]>
          : tensor<4x8xf32>, tensor<1x8xf32>)
      outs(%e by <rows = [4 x d1]> : tensor<1x4xf32>)
      tile [{0}] sizes = [4, 1, 16] operator = "Gemm"
      formats = [#fp32, #fp32] stationary = first arrays = <"core", over = [0]>
  pass {{
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  } combine {{
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  }
  return %y : tensor<1x4xf32>
}
)";
  context.loadDialect<arith::ArithDialect>();
  std::string message;
  ScopedDiagnosticHandler handler(
      &context, [&](Diagnostic &diag) { message = diag.str(); });
  auto fails = [&](StringRef tile) {
    // Coordinates are constants in front of the tile.
    SmallVector<StringRef> numbers;
    tile.split(numbers, ", ");
    std::string text = llvm::formatv(source, "%i0, %i1, %i2, %i3, %i4").str();
    std::string constants;
    for (auto [i, number] : llvm::enumerate(numbers))
      constants +=
          llvm::formatv("  %i{0} = arith.constant {1} : index\n", i, number)
              .str();
    text.insert(text.find("  %y ="), constants);
    OwningOpRef<ModuleOp> module = parse(text);
    EXPECT_TRUE(module) << message;
    if (!module)
      return false;
    message.clear();
    SmallVector<interp::Value> inputs{
        Tensor::zeros({4, 8}), Tensor::zeros({1, 8}), Tensor::zeros({1, 4})};
    return failed(interp::runMain(*module, inputs));
  };
  EXPECT_FALSE(fails("0, 0, 0, 0, 0")) << message;
  EXPECT_FALSE(fails("0, 0, 3, 0, 0")) << message;
  for (const char *tile :
       {"1, 0, 0, 0, 0", "0, 1, 0, 0, 0", "0, 0, 4, 0, 0", "0, 0, 0, 1, 0",
        "0, 0, 0, 0, 16", "0, 0, 0, 0, 8", "0, 0, -1, 0, 0"}) {
    EXPECT_TRUE(fails(tile)) << tile;
    EXPECT_NE(message.find("tile [" + std::string(tile) +
                           "] is outside of [1, 1, 4, 1, 8] or not at the "
                           "start of a term"),
              std::string::npos)
        << message;
  }
}

} // namespace
