//===- ProductOracle.cpp - Products of layers, element by element --------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProductOracle.h"

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
// Products
//===----------------------------------------------------------------------===//

namespace {
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
            acc = addRun(format, format, run, acc);
          *out++ = acc;
        }
  return result;
}
