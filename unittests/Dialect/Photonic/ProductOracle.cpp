//===- ProductOracle.cpp - The arithmetic contract, element by element ----===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProductOracle.h"

#include "llvm/ADT/APInt.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

using namespace photonic;
using namespace photonic::oracle;
using interp::Tensor;

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

int64_t Layer::getOutHeight() const {
  int64_t reach = dilations[0] * (kernelHeight - 1) + 1;
  return (height + pads[0] + pads[2] - reach) / strides[0] + 1;
}

int64_t Layer::getOutWidth() const {
  int64_t reach = dilations[1] * (kernelWidth - 1) + 1;
  return (width + pads[1] + pads[3] - reach) / strides[1] + 1;
}

static std::vector<int64_t> makeShape(const Layer &layer, int64_t a, int64_t b,
                                      int64_t c, int64_t d) {
  if (layer.isLinear)
    return {a, b};
  return {a, b, c, d};
}

std::vector<int64_t> Layer::getWeightShape() const {
  return makeShape(*this, groups * outChannels, channels, kernelHeight,
                   kernelWidth);
}

std::vector<int64_t> Layer::getImageShape() const {
  return makeShape(*this, batch, groups * channels, height, width);
}

std::vector<int64_t> Layer::getOutputShape() const {
  return makeShape(*this, batch, groups * outChannels, getOutHeight(),
                   getOutWidth());
}

//===----------------------------------------------------------------------===//
// Random numbers
//===----------------------------------------------------------------------===//

/// Philox4x32-10 by the description in the paper: S-P network of multiplication
/// and key schedule, on a counter (c0, c1, c2, c3).
static float drawUniform(const Format &f, int operand, uint64_t element) {
  uint64_t block = element / 4;
  uint32_t c[4] = {uint32_t(block & 0xffffffff), uint32_t(block >> 32),
                   f.stream * 2 + uint32_t(operand), f.step};
  for (uint32_t round = 0; round < 10; ++round) {
    uint32_t k0 = f.seed + round * 2654435769u;  // golden ratio
    uint32_t k1 = f.trial + round * 3144134277u; // sqrt(3) - 1
    uint64_t p0 = uint64_t(3528531795u) * c[0];
    uint64_t p1 = uint64_t(3449720151u) * c[2];
    uint32_t next[4] = {uint32_t(p1 >> 32) ^ c[1] ^ k0, uint32_t(p1),
                        uint32_t(p0 >> 32) ^ c[3] ^ k1, uint32_t(p0)};
    std::copy(next, next + 4, c);
  }
  return float(c[element % 4] / 256) / 16777216.0f;
}

//===----------------------------------------------------------------------===//
// Exact arithmetic
//===----------------------------------------------------------------------===//

/// Numbers are integers times 2^-fraction: enough for the smallest product of
/// two scales and the largest binary32 at once.
static constexpr int fraction = 400;
static constexpr unsigned width = 1024;

static llvm::APInt scaled(int64_t integer, int exponent) {
  return llvm::APInt(width, uint64_t(integer), /*isSigned=*/true)
      .shl(unsigned(exponent + fraction));
}

static llvm::APInt scaled(float value) {
  int exponent;
  double mantissa = std::frexp(double(value), &exponent);
  return scaled(int64_t(std::ldexp(mantissa, 24)), exponent - 24);
}

/// Nearest binary32, ties to even, and magnitudes below 2^-126 to +0.
static float roundAndFlush(const llvm::APInt &value) {
  llvm::APInt magnitude = value.abs();
  if (magnitude.isZero())
    return 0.0f;
  int drop = std::max(int(magnitude.getActiveBits()) - 24, fraction - 149);
  llvm::APInt kept = magnitude.lshr(unsigned(drop));
  llvm::APInt rest = magnitude - kept.shl(unsigned(drop));
  llvm::APInt half = llvm::APInt(width, 1).shl(unsigned(drop - 1));
  if (rest.ugt(half) || (rest == half && kept[0]))
    ++kept;
  float result =
      float(std::ldexp(double(kept.getZExtValue()), drop - fraction));
  if (result < FLT_MIN)
    return 0.0f;
  return value.isNegative() ? -result : result;
}

namespace {
/// An element of an operand on its way into a conversion.
struct Input {
  float value = 0;
  uint64_t number = 0; ///< of its random number
};
struct Group {
  std::vector<int64_t> mantissas;
  int scale = 0;
};
} // namespace

static double roundWhole(const Format &f, double magnitude, int operand,
                         uint64_t number) {
  double whole = std::floor(magnitude), rest = magnitude - whole;
  switch (f.rounding) {
  case Rounding::Trunc:
    return whole;
  case Rounding::Nearest:
    return rest > 0.5 || (rest == 0.5 && std::fmod(whole, 2) == 1) ? whole + 1
                                                                   : whole;
  case Rounding::Stochastic:
    // rest + u >= 1, without rounding: both sides of rest >= 1 - u are exact.
    return rest >= 1.0 - double(drawUniform(f, operand, number)) ? whole + 1
                                                                 : whole;
  }
  llvm_unreachable("covered switch");
}

/// The contract's conversion.
static Group convert(const Format &f, const std::vector<Input> &inputs,
                     int operand) {
  float largest = 0;
  for (const Input &input : inputs)
    largest = std::max(largest, std::fabs(input.value));
  Group group{std::vector<int64_t>(inputs.size(), 0), 0};
  if (largest < FLT_MIN)
    return group;
  group.scale = std::ilogb(largest) - (f.bits - 1);
  for (size_t i = 0; i < inputs.size(); ++i) {
    float x = inputs[i].value;
    if (std::fabs(x) < FLT_MIN)
      continue;
    double whole = roundWhole(f, std::ldexp(std::fabs(double(x)), -group.scale),
                              operand, inputs[i].number);
    whole = std::min(whole, double((1 << f.bits) - 1));
    group.mantissas[i] = int64_t(x < 0 ? -whole : whole);
  }
  return group;
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

namespace {
/// Contributions along one contraction, in order.
struct Run {
  std::vector<Input> lhs, rhs;
};

/// Finds the contributions to one element of the result.
class Collector {
public:
  Collector(const Layer &l, Kind kind, const Tensor &lhs, const Tensor &rhs)
      : l(l), kind(kind), lhs(lhs), rhs(rhs), oh(l.getOutHeight()),
        ow(l.getOutWidth()) {}

  /// [a, b, c, d]: coordinates in the result.
  std::vector<Run> collect(int64_t a, int64_t b, int64_t c, int64_t d) const {
    if (kind == Kind::Forward)
      return {collectForward(a, b, c, d)};
    if (kind == Kind::WeightGradient)
      return {collectWeight(a, b, c, d)};
    return collectInput(a, b, c, d);
  }

private:
  int64_t weightAt(int64_t m, int64_t c, int64_t y, int64_t x) const {
    return ((m * l.channels + c) * l.kernelHeight + y) * l.kernelWidth + x;
  }
  int64_t outputAt(int64_t n, int64_t m, int64_t y, int64_t x) const {
    return ((n * l.groups * l.outChannels + m) * oh + y) * ow + x;
  }
  float getImage(int64_t n, int64_t c, int64_t y, int64_t x) const {
    if (y < 0 || y >= l.height || x < 0 || x >= l.width)
      return 0;
    return rhs[((n * l.groups * l.channels + c) * l.height + y) * l.width + x];
  }
  int64_t getY(int64_t out, int64_t tap) const {
    return out * l.strides[0] - l.pads[0] + tap * l.dilations[0];
  }
  int64_t getX(int64_t out, int64_t tap) const {
    return out * l.strides[1] - l.pads[1] + tap * l.dilations[1];
  }

  Run collectForward(int64_t n, int64_t m, int64_t y, int64_t x) const {
    Run run;
    int64_t group = m / l.outChannels, k = 0;
    int64_t length = l.kernelHeight * l.kernelWidth * l.channels;
    int64_t column = (group * l.batch + n) * oh * ow + y * ow + x;
    for (int64_t ky = 0; ky < l.kernelHeight; ++ky)
      for (int64_t kx = 0; kx < l.kernelWidth; ++kx)
        for (int64_t c = 0; c < l.channels; ++c, ++k) {
          run.lhs.push_back(
              {lhs[weightAt(m, c, ky, kx)], uint64_t(m * length + k)});
          run.rhs.push_back(
              {getImage(n, group * l.channels + c, getY(y, ky), getX(x, kx)),
               uint64_t(column * length + k)});
        }
    return run;
  }

  Run collectWeight(int64_t m, int64_t c, int64_t ky, int64_t kx) const {
    Run run;
    int64_t group = m / l.outChannels, k = 0;
    int64_t length = l.batch * oh * ow;
    int64_t columns = l.kernelHeight * l.kernelWidth * l.channels;
    int64_t column =
        group * columns + (ky * l.kernelWidth + kx) * l.channels + c;
    for (int64_t n = 0; n < l.batch; ++n)
      for (int64_t y = 0; y < oh; ++y)
        for (int64_t x = 0; x < ow; ++x, ++k) {
          run.lhs.push_back(
              {lhs[outputAt(n, m, y, x)], uint64_t(m * length + k)});
          run.rhs.push_back(
              {getImage(n, group * l.channels + c, getY(y, ky), getX(x, kx)),
               uint64_t(column * length + k)});
        }
    return run;
  }

  std::vector<Run> collectInput(int64_t n, int64_t channel, int64_t y,
                                int64_t x) const {
    std::vector<Run> runs;
    int64_t group = channel / l.channels, c = channel % l.channels;
    for (int64_t ky = l.kernelHeight; ky-- > 0;)
      for (int64_t kx = l.kernelWidth; kx-- > 0;) {
        int64_t up = y + l.pads[0] - ky * l.dilations[0];
        int64_t left = x + l.pads[1] - kx * l.dilations[1];
        if (up < 0 || left < 0 || up % l.strides[0] || left % l.strides[1] ||
            up / l.strides[0] >= oh || left / l.strides[1] >= ow)
          continue;
        runs.push_back(collectPosition(n, group, c, up / l.strides[0],
                                       left / l.strides[1], ky, kx));
      }
    return runs;
  }

  Run collectPosition(int64_t n, int64_t group, int64_t c, int64_t y, int64_t x,
                      int64_t ky, int64_t kx) const {
    Run run;
    int64_t area = l.kernelHeight * l.kernelWidth;
    int64_t row = (group * area + ky * l.kernelWidth + kx) * l.channels + c;
    int64_t column = (group * l.batch + n) * oh * ow + y * ow + x;
    for (int64_t k = 0; k < l.outChannels; ++k) {
      int64_t m = group * l.outChannels + k;
      run.lhs.push_back(
          {lhs[weightAt(m, c, ky, kx)], uint64_t(row * l.outChannels + k)});
      run.rhs.push_back(
          {rhs[outputAt(n, m, y, x)], uint64_t(column * l.outChannels + k)});
    }
    return run;
  }

  const Layer &l;
  Kind kind;
  const Tensor &lhs, &rhs;
  int64_t oh, ow;
};
} // namespace

/// Elements [begin, end) of `inputs`.
static std::vector<Input> slice(const std::vector<Input> &inputs, size_t begin,
                                size_t end) {
  return {inputs.begin() + begin, inputs.begin() + end};
}

static float addRun(const Format &f, const Run &run, float acc) {
  size_t length = run.lhs.size();
  if (f.group == 0) {
    for (size_t k = 0; k < length; ++k)
      acc += run.lhs[k].value * run.rhs[k].value;
    return acc;
  }
  for (size_t begin = 0; begin < length; begin += size_t(f.group)) {
    size_t end = std::min(begin + size_t(f.group), length);
    if (f.bits == 0) {
      float sum = 0;
      for (size_t k = begin; k < end; ++k)
        sum += run.lhs[k].value * run.rhs[k].value;
      acc += sum;
      continue;
    }
    Group a = convert(f, slice(run.lhs, begin, end), 0);
    Group b = convert(f, slice(run.rhs, begin, end), 1);
    int64_t sum = 0;
    for (size_t k = 0; k < a.mantissas.size(); ++k)
      sum += a.mantissas[k] * b.mantissas[k];
    acc = roundAndFlush(scaled(acc) + scaled(sum, a.scale + b.scale));
  }
  return acc;
}

Tensor oracle::multiply(const Layer &layer, Kind kind, const Format &format,
                        const Tensor &lhs, const Tensor &rhs) {
  std::vector<int64_t> shape = kind == Kind::Forward ? layer.getOutputShape()
                               : kind == Kind::InputGradient
                                   ? layer.getImageShape()
                                   : layer.getWeightShape();
  Tensor result = Tensor::zeros(shape);
  shape.resize(4, 1);
  Collector collector(layer, kind, lhs, rhs);
  float *out = result.getMutableData().data();
  for (int64_t a = 0; a < shape[0]; ++a)
    for (int64_t b = 0; b < shape[1]; ++b)
      for (int64_t c = 0; c < shape[2]; ++c)
        for (int64_t d = 0; d < shape[3]; ++d) {
          float acc = 0;
          for (const Run &run : collector.collect(a, b, c, d))
            acc = addRun(format, run, acc);
          *out++ = acc;
        }
  return result;
}
