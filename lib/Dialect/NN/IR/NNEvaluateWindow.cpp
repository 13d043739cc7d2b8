//===- NNEvaluateWindow.cpp - Reference of products and pools -------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Windows.h"
#include "photonic/Interpreter/Arithmetic.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;
using interp::Tensor;
using Operands = MutableArrayRef<interp::Value>;
using Results = SmallVectorImpl<interp::Value>;

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// sums[j] = sum over k of row[k] * columns[k][j], k ascending.
static Lanes multiply(ArrayRef<float> row, ArrayRef<Lanes> columns) {
  Lanes sums{};
  for (size_t k = 0; k < row.size(); ++k)
    for (int64_t j = 0; j < blockSize; ++j)
      sums[j] += row[k] * columns[k][j];
  return sums;
}

LogicalResult LinearOp::evaluate(Operands operands, Results &results) {
  const Tensor &x = operands[0].getTensor(), &w = operands[1].getTensor();
  const Tensor *bias = operands.size() > 2 ? &operands[2].getTensor() : nullptr;
  int64_t n = x.getDim(0), depth = x.getDim(1), m = w.getDim(0);
  Tensor y = Tensor::uninitialized({n, m});
  float *out = y.getMutableData().data();
  std::vector<Lanes> columns(depth);
  // Output features are the columns: there are many even where n is 1.
  for (int64_t first = 0; first < m; first += blockSize) {
    int64_t count = std::min(blockSize, m - first);
    for (int64_t j = 0; j < count; ++j)
      for (int64_t k = 0; k < depth; ++k)
        columns[k][j] = w[(first + j) * depth + k];
    for (int64_t i = 0; i < n; ++i) {
      Lanes sums = multiply(x.getData().slice(i * depth, depth), columns);
      for (int64_t j = 0; j < count; ++j)
        out[i * m + first + j] = bias ? sums[j] + (*bias)[first + j] : sums[j];
    }
  }
  results.push_back(std::move(y));
  return success();
}

std::vector<float> Convolution::arrange(const Tensor &w) const {
  std::vector<float> rows;
  rows.reserve(w.getNumElements());
  int64_t taps = vertical.kernel * horizontal.kernel;
  for (int64_t m = 0; m < filters * groups; ++m)
    for (int64_t tap = 0; tap < taps; ++tap)
      for (int64_t ci = 0; ci < channels; ++ci)
        rows.push_back(w[(m * channels + ci) * taps + tap]);
  return rows;
}

void Convolution::collect(const float *image, int64_t first, int64_t count,
                          std::vector<Lanes> &columns) const {
  int64_t k = 0;
  for (int64_t kh = 0; kh < vertical.kernel; ++kh)
    for (int64_t kw = 0; kw < horizontal.kernel; ++kw, k += channels)
      for (int64_t j = 0; j < count; ++j) {
        int64_t h = vertical.getPosition((first + j) / outWidth, kh);
        int64_t v = horizontal.getPosition((first + j) % outWidth, kw);
        bool inside = h >= 0 && h < height && v >= 0 && v < width;
        const float *source = inside ? image + h * width + v : nullptr;
        for (int64_t ci = 0; ci < channels; ++ci)
          columns[k + ci][j] = inside ? source[ci * height * width] : 0.0f;
      }
}

LogicalResult Conv2dOp::evaluate(Operands operands, Results &results) {
  const Tensor &x = operands[0].getTensor();
  const Tensor *bias = operands.size() > 2 ? &operands[2].getTensor() : nullptr;
  Convolution conv = Convolution::get(*this);
  std::vector<float> rows = conv.arrange(operands[1].getTensor());
  Tensor y = Tensor::uninitialized(getType().getShape());
  float *out = y.getMutableData().data();
  int64_t depth = conv.getDepth(), positions = conv.outHeight * conv.outWidth;
  int64_t imageSize = conv.channels * conv.height * conv.width;
  std::vector<Lanes> columns(depth);
  for (int64_t ng = 0; ng < x.getDim(0) * conv.groups; ++ng)
    for (int64_t first = 0; first < positions; first += blockSize) {
      int64_t count = std::min(blockSize, positions - first);
      conv.collect(x.data() + ng * imageSize, first, count, columns);
      for (int64_t i = 0; i < conv.filters; ++i) {
        int64_t m = ng % conv.groups * conv.filters + i;
        Lanes sums = multiply(ArrayRef(rows).slice(m * depth, depth), columns);
        float *target = out + (ng * conv.filters + i) * positions + first;
        for (int64_t j = 0; j < count; ++j)
          target[j] = bias ? sums[j] + (*bias)[m] : sums[j];
      }
    }
  results.push_back(std::move(y));
  return success();
}

//===----------------------------------------------------------------------===//
// Pools
//===----------------------------------------------------------------------===//

/// Calls poolWindow(image, oh, ow) for each window and stores what it returns.
template <typename Op, typename Fn>
static LogicalResult mapWindows(Op op, Operands operands, Results &results,
                                Fn poolWindow) {
  const Tensor &x = operands[0].getTensor();
  Tensor y = Tensor::uninitialized(op.getOutput().getType().getShape());
  float *out = y.getMutableData().data();
  int64_t imageSize = x.getDim(2) * x.getDim(3);
  for (int64_t nc = 0; nc < x.getDim(0) * x.getDim(1); ++nc)
    for (int64_t oh = 0; oh < y.getDim(2); ++oh)
      for (int64_t ow = 0; ow < y.getDim(3); ++ow)
        *out++ = poolWindow(x.data() + nc * imageSize, oh, ow);
  results.push_back(std::move(y));
  return success();
}

namespace {
/// The first maximum of a window, or its first NaN, and the position.
struct Maximum {
  float value = 0;
  int64_t position = -1;
};
} // namespace

static Maximum findMaximum(const Pool &pool, const float *image, int64_t oh,
                           int64_t ow) {
  Maximum best;
  pool.forEachTap(oh, ow, [&](int64_t position, int64_t h, int64_t w) {
    if (!pool.isInside(h, w))
      return;
    float x = image[h * pool.width + w];
    if (best.position < 0 || phx::replacesMaximum(x, best.value))
      best = {x, position};
  });
  return best;
}

LogicalResult MaxPoolOp::evaluate(Operands operands, Results &results) {
  Pool pool(*this, getInput().getType());
  return mapWindows(*this, operands, results,
                    [&](const float *image, int64_t oh, int64_t ow) {
                      return findMaximum(pool, image, oh, ow).value;
                    });
}

LogicalResult AvgPoolOp::evaluate(Operands operands, Results &results) {
  Pool pool(*this, getInput().getType());
  bool countPadding = getCountIncludePad();
  auto average = [&](const float *image, int64_t oh, int64_t ow) {
    interp::LaneSum sum;
    pool.forEachTap(oh, ow, [&](int64_t position, int64_t h, int64_t w) {
      if (pool.isInside(h, w))
        sum.add(position, image[h * pool.width + w]);
    });
    return sum.get() / float(pool.countPositions(oh, ow, countPadding));
  };
  return mapWindows(*this, operands, results, average);
}

LogicalResult MaxPoolPositionsOp::evaluate(Operands operands,
                                           Results &results) {
  Pool pool(*this, getInput().getType());
  Tensor positions = Tensor::uninitialized(getPositions().getType().getShape());
  float *position = positions.getMutableData().data();
  auto findBoth = [&](const float *image, int64_t oh, int64_t ow) {
    Maximum best = findMaximum(pool, image, oh, ow);
    *position++ = float(best.position);
    return best.value;
  };
  LogicalResult done = mapWindows(*this, operands, results, findBoth);
  results.push_back(std::move(positions));
  return done;
}
