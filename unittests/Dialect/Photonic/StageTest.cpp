//===- StageTest.cpp - Every stage computes the same bits -----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random products are taken through lower, format, split and tile and executed
// at every stage. `lower` has to equal nn, and everything from `format` on has
// to equal an oracle that follows the arithmetic contract element by element
// with integers of 1024 bits.
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/IR/ProductInfo.h"
#include "photonic/Dialect/Photonic/Transforms/Passes.h"
#include "photonic/Interpreter/Interpreter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/ADT/APInt.h"
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

namespace {

//===----------------------------------------------------------------------===//
// Oracle
//===----------------------------------------------------------------------===//

/// Numbers are integers times 2^-fraction: enough for the smallest product of
/// two scales and the largest binary32 at once.
constexpr int fraction = 400;
constexpr unsigned width = 1024;

llvm::APInt scaled(int64_t integer, int exponent) {
  return llvm::APInt(width, uint64_t(integer), /*isSigned=*/true)
      .shl(unsigned(exponent + fraction));
}

llvm::APInt scaled(float value) {
  int exponent;
  double mantissa = std::frexp(double(value), &exponent);
  return scaled(int64_t(std::ldexp(mantissa, 24)), exponent - 24);
}

/// Nearest binary32, ties to even, and magnitudes below 2^-126 to zero.
float roundAndFlush(const llvm::APInt &value, bool negativeZero) {
  llvm::APInt magnitude = value.abs();
  if (magnitude.isZero())
    return negativeZero ? -0.0f : 0.0f;
  int drop = std::max(int(magnitude.getActiveBits()) - 24, fraction - 149);
  llvm::APInt kept = magnitude.lshr(unsigned(drop));
  llvm::APInt rest = magnitude - kept.shl(unsigned(drop));
  llvm::APInt half = llvm::APInt(width, 1).shl(unsigned(drop - 1));
  if (rest.ugt(half) || (rest == half && kept[0]))
    ++kept;
  float result =
      float(std::ldexp(double(kept.getZExtValue()), drop - fraction));
  if (result < FLT_MIN)
    result = 0;
  return value.isNegative() ? -result : result;
}

struct Group {
  std::vector<int64_t> mantissas;
  int scale = 0;
};

/// The contract's conversion, with comparisons instead of bit fields.
Group convert(const std::vector<float> &values, int bits, bool nearest) {
  float largest = 0;
  for (float value : values)
    largest = std::max(largest, std::fabs(value));
  Group group{std::vector<int64_t>(values.size(), 0), 0};
  if (largest < FLT_MIN)
    return group;
  group.scale = std::ilogb(largest) - (bits - 1);
  for (auto [m, x] : llvm::zip(group.mantissas, values)) {
    if (std::fabs(x) < FLT_MIN)
      continue;
    double magnitude = std::ldexp(std::fabs(double(x)), -group.scale);
    double whole = std::floor(magnitude), rest = magnitude - whole;
    if (nearest && (rest > 0.5 || (rest == 0.5 && std::fmod(whole, 2) == 1)))
      whole += 1;
    whole = std::min(whole, double((1 << bits) - 1));
    m = int64_t(x < 0 ? -whole : whole);
  }
  return group;
}

//===----------------------------------------------------------------------===//
// Random products
//===----------------------------------------------------------------------===//

struct Product {
  SmallVector<int64_t> lhs, rhs, result;
  std::optional<std::array<int64_t, 9>> window; ///< strides, pads, dilations, G
  bool bias = false;
  int64_t m = 0;

  std::string getSource() const {
    auto type = [](ArrayRef<int64_t> shape) {
      std::string text = "tensor<";
      for (int64_t extent : shape)
        text += std::to_string(extent) + "x";
      return text + "f32>";
    };
    std::string biasType = type({m});
    std::string arguments = "%x: " + type(rhs) + ", %w: " + type(lhs);
    std::string operands = "%x, %w", types = type(rhs) + ", " + type(lhs);
    if (bias) {
      arguments += ", %b: " + biasType;
      operands += ", %b";
      types += ", " + biasType;
    }
    std::string op = "nn.linear " + operands;
    if (window) {
      const auto &v = *window;
      op = llvm::formatv("nn.conv2d {0} strides = [{1}, {2}] pads = [{3}, {4}, "
                         "{5}, {6}] dilations = [{7}, {7}] groups = {8}",
                         operands, v[0], v[1], v[2], v[3], v[4], v[5], v[6],
                         v[8])
               .str();
    }
    return "func.func @main(" + arguments + ") -> " + type(result) +
           " {\n  %y = " + op + " : (" + types + ") -> " + type(result) +
           " loc(\"node\")\n  return %y : " + type(result) + "\n}\n";
  }
};

class Generator {
public:
  explicit Generator(unsigned seed) : engine(seed) {}

  int64_t pick(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(engine);
  }

  Product makeLinear() {
    Product p;
    int64_t k = pick(1, 70), n = pick(1, 5);
    p.m = pick(1, 40);
    p.lhs = {p.m, k};
    p.rhs = {n, k};
    p.result = {n, p.m};
    p.bias = pick(0, 1);
    return p;
  }

  Product makeConvolution() {
    Product p;
    int64_t groups = pick(1, 3), channels = pick(1, 6), m = pick(1, 7);
    int64_t kernel[] = {pick(1, 3), pick(1, 3)};
    int64_t strides[] = {pick(1, 2), pick(1, 3)}, dilation = pick(1, 2);
    int64_t pads[] = {pick(0, 2), pick(0, 2), pick(0, 2), pick(0, 2)};
    int64_t batch = pick(1, 3);
    p.m = groups * m;
    p.lhs = {p.m, channels, kernel[0], kernel[1]};
    p.rhs = {batch, groups * channels};
    p.result = {batch, p.m};
    for (int d : {0, 1}) {
      int64_t reach = dilation * (kernel[d] - 1) + 1;
      int64_t extent = std::max<int64_t>(1, reach - pads[d]) + pick(0, 4);
      p.rhs.push_back(extent);
      p.result.push_back((extent + pads[d] + pads[d + 2] - reach) / strides[d] +
                         1);
    }
    p.window = {strides[0], strides[1], pads[0],  pads[1], pads[2],
                pads[3],    dilation,   dilation, groups};
    p.bias = pick(0, 1);
    return p;
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

private:
  std::mt19937 engine;
};

//===----------------------------------------------------------------------===//
// Fixture
//===----------------------------------------------------------------------===//

class StageTest : public ::testing::Test {
protected:
  StageTest() {
    static bool registered = (registerPhotonicPasses(), true);
    (void)registered;
    context.loadDialect<func::FuncDialect, nn::NNDialect, PhotonicDialect>();
  }

  OwningOpRef<ModuleOp> parse(StringRef source) {
    return parseSourceString<ModuleOp>(source, ParserConfig(&context));
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

  static Tensor computeOracle(ProductOp op, const std::vector<Tensor> &inputs,
                              int bits, int64_t length, bool nearest) {
    ProductShape s = ProductShape::get(op);
    Tensor result = Tensor::zeros(s.getResultShape());
    MutableArrayRef<float> out = result.getMutableData();
    for (int64_t g = 0; g < s.groups; ++g)
      for (int64_t row = 0; row < s.m; ++row)
        for (int64_t column = 0; column < s.n; ++column) {
          float acc = 0;
          for (int64_t k = 0; k < s.k; k += length) {
            std::vector<float> a, b;
            for (int64_t j = k; j < std::min(k + length, s.k); ++j) {
              int64_t offset = s.getRhsOffset(g, column, j);
              a.push_back(inputs[1][s.getLhsOffset(g, row, j)]);
              b.push_back(offset < 0 ? 0.0f : inputs[0][offset]);
            }
            Group x = convert(a, bits, nearest), y = convert(b, bits, nearest);
            int64_t sum = 0;
            for (auto [p, q] : llvm::zip_equal(x.mantissas, y.mantissas))
              sum += p * q;
            llvm::APInt exact = scaled(acc) + scaled(sum, x.scale + y.scale);
            acc = roundAndFlush(exact, false);
          }
          int64_t offset = s.getResultOffset(g, row, column);
          out[offset] = acc;
          if (inputs.size() == 3)
            out[offset] += inputs[2][g * s.m + row];
        }
    return result;
  }

  MLIRContext context;
};

ProductOp getProduct(ModuleOp module) {
  ProductOp found;
  module.walk([&](ProductOp op) { found = op; });
  return found;
}

//===----------------------------------------------------------------------===//
// Stages against nn, the oracle and each other
//===----------------------------------------------------------------------===//

struct Numbers {
  const char *format, *moduli;
  int bits;
  int64_t length;
  bool nearest;
};

TEST_F(StageTest, EveryStageHasTheBitsOfTheContract) {
  const Numbers numbers[] = {
      {"bfp:4:16", "31,32,33", 4, 16, false},
      {"bfp:5:16:nearest", "31,32,33", 5, 16, true},
      {"bfp:9:4", "1021,1024,1023", 9, 4, false},
      {"bfp:14:2:nearest", "32765,32768", 14, 2, true},
      {"bfp:1:7", "3,5", 1, 7, false},
      {"bfp:4:1", "463", 4, 1, false},
  };
  Generator random(7);
  for (int trial = 0; trial < 240; ++trial) {
    SCOPED_TRACE(trial);
    const Numbers &n = numbers[trial % std::size(numbers)];
    Product product =
        trial % 3 ? random.makeConvolution() : random.makeLinear();
    int kind = int(random.pick(0, 2));
    std::vector<Tensor> inputs{random.makeValues(product.rhs, kind),
                               random.makeValues(product.lhs, kind)};
    if (product.bias)
      inputs.push_back(random.makeValues({product.m}, 0));

    OwningOpRef<ModuleOp> module = parse(product.getSource());
    ASSERT_TRUE(module);
    Tensor digital = evaluate(*module, inputs);
    run(*module, "photonic-lower-products,photonic-verify-lower");
    EXPECT_EQ(countDifferences(evaluate(*module, inputs), digital), 0);

    run(*module, llvm::formatv("photonic-assign-formats{{format={0}},photonic-"
                               "verify-format",
                               n.format)
                     .str());
    Tensor expected =
        computeOracle(getProduct(*module), inputs, n.bits, n.length, n.nearest);
    EXPECT_EQ(countDifferences(evaluate(*module, inputs), expected), 0);

    run(*module, llvm::formatv("photonic-split-rns{{moduli={0}},photonic-"
                               "verify-split",
                               n.moduli)
                     .str());
    EXPECT_EQ(countDifferences(evaluate(*module, inputs), expected), 0);

    for (const char *dataflow : {"df1", "df2"}) {
      OwningOpRef<ModuleOp> tiled = module->clone();
      run(*tiled, llvm::formatv("photonic-select-dataflow{{mode={0}},photonic-"
                                "tile-array{{rows={1}},photonic-verify-tile",
                                dataflow, random.pick(1, 33))
                      .str());
      EXPECT_EQ(countDifferences(evaluate(*tiled, inputs), expected), 0)
          << dataflow;
    }
  }
}

/// The bypass: products rounded, summed in groups, groups ascending.
TEST_F(StageTest, BypassSumsInGroups) {
  Generator random(11);
  for (int trial = 0; trial < 40; ++trial) {
    SCOPED_TRACE(trial);
    Product product =
        trial % 2 ? random.makeConvolution() : random.makeLinear();
    std::vector<Tensor> inputs{random.makeValues(product.rhs, 0),
                               random.makeValues(product.lhs, 0)};
    if (product.bias)
      inputs.push_back(random.makeValues({product.m}, 0));
    OwningOpRef<ModuleOp> module = parse(product.getSource());
    run(*module,
        "photonic-lower-products,photonic-assign-formats{format=fp32:16}");
    ProductShape s = ProductShape::get(getProduct(*module));
    Tensor expected = Tensor::zeros(s.getResultShape());
    for (int64_t g = 0; g < s.groups; ++g)
      for (int64_t row = 0; row < s.m; ++row)
        for (int64_t column = 0; column < s.n; ++column) {
          float acc = 0, sum = 0;
          for (int64_t k = 0; k < s.k; ++k) {
            int64_t offset = s.getRhsOffset(g, column, k);
            float x = offset < 0 ? 0.0f : inputs[0][offset];
            sum += inputs[1][s.getLhsOffset(g, row, k)] * x;
            if (k % 16 == 15 || k == s.k - 1) {
              acc += sum;
              sum = 0;
            }
          }
          expected.getMutableData()[s.getResultOffset(g, row, column)] =
              product.bias ? acc + inputs[2][g * s.m + row] : acc;
        }
    EXPECT_EQ(countDifferences(evaluate(*module, inputs), expected), 0);
    run(*module, "photonic-split-rns,photonic-select-dataflow,"
                 "photonic-tile-array{rows=4},photonic-verify-tile");
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

TEST_F(DotTest, FlushesAndKeepsTheSign) {
  auto zero = dot({std::ldexp(-1.0f, -70)}, {std::ldexp(1.0f, -70)}, "bfp:4:1");
  ASSERT_TRUE(zero);
  EXPECT_EQ(*zero, 0.0f);
  EXPECT_TRUE(std::signbit(*zero));
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
      run(*module, llvm::formatv("photonic-lower-products,photonic-assign-"
                                 "formats,photonic-split-rns{{moduli={0}}",
                                 moduli)
                       .str());
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

TEST_F(StageTest, PassOutsideOfTheProductIsRefused) {
  const char *source = R"(
#fp32 = #photonic.fp32<group = 16>
func.func @main(%w: tensor<4x8xf32>, %x: tensor<1x8xf32>, %e: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %y = photonic.array_product ins(%w, %x : tensor<4x8xf32>, tensor<1x8xf32>)
      outs(%e : tensor<1x4xf32>) tile [%c0, %c4, %c0] sizes = [4, 16]
      formats = [#fp32, #fp32] dataflow = df1 each {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  }
  return %y : tensor<1x4xf32>
}
)";
  context.loadDialect<arith::ArithDialect>();
  OwningOpRef<ModuleOp> module = parse(source);
  ASSERT_TRUE(module);
  std::string message;
  ScopedDiagnosticHandler handler(
      &context, [&](Diagnostic &diag) { message = diag.str(); });
  SmallVector<interp::Value> inputs{
      Tensor::zeros({4, 8}), Tensor::zeros({1, 8}), Tensor::zeros({1, 4})};
  EXPECT_TRUE(failed(interp::runMain(*module, inputs)));
  EXPECT_NE(message.find("tile [0, 4, 0] is outside of [1, 4, 8]"),
            std::string::npos)
      << message;
}

} // namespace
