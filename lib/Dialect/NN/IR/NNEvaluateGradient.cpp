//===- NNEvaluateGradient.cpp - Reference of gradients --------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Gradients of products and pools. The order of additions is stated in
// NNGradientOps.td.
//
//===----------------------------------------------------------------------===//

#include "Windows.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;
using interp::Tensor;
using Operands = MutableArrayRef<interp::Value>;
using Results = SmallVectorImpl<interp::Value>;

/// target[i] += factor * source[i].
static void addScaled(MutableArrayRef<float> target, float factor,
                      const float *source) {
  for (size_t i = 0; i < target.size(); ++i)
    target[i] += factor * source[i];
}

//===----------------------------------------------------------------------===//
// Linear layers
//===----------------------------------------------------------------------===//

LogicalResult LinearInputGradOp::evaluate(Operands operands, Results &results) {
  const Tensor &dy = operands[0].getTensor(), &w = operands[1].getTensor();
  int64_t rows = dy.getDim(0), m = dy.getDim(1), depth = w.getDim(1);
  Tensor dx = Tensor::zeros({rows, depth});
  MutableArrayRef<float> out = dx.getMutableData();
  for (int64_t b = 0; b < rows; ++b)
    for (int64_t i = 0; i < m; ++i)
      addScaled(out.slice(b * depth, depth), dy[b * m + i],
                w.data() + i * depth);
  results.push_back(std::move(dx));
  return success();
}

LogicalResult LinearWeightGradOp::evaluate(Operands operands,
                                           Results &results) {
  const Tensor &dy = operands[0].getTensor(), &x = operands[1].getTensor();
  int64_t rows = dy.getDim(0), m = dy.getDim(1), depth = x.getDim(1);
  Tensor dw = Tensor::zeros({m, depth});
  MutableArrayRef<float> out = dw.getMutableData();
  for (int64_t b = 0; b < rows; ++b)
    for (int64_t i = 0; i < m; ++i)
      addScaled(out.slice(i * depth, depth), dy[b * m + i],
                x.data() + b * depth);
  results.push_back(std::move(dw));
  return success();
}

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

/// Adds what one kernel position of one filter channel contributes to one
/// channel of an image: dx[h, w] += factor * dy[oh, ow].
static void addShifted(const Convolution &conv, int64_t kh, int64_t kw,
                       float factor, const float *dy, float *dx) {
  for (int64_t oh = 0; oh < conv.outHeight; ++oh) {
    int64_t h = conv.vertical.getPosition(oh, kh);
    for (int64_t ow = 0; ow < conv.outWidth; ++ow) {
      int64_t w = conv.horizontal.getPosition(ow, kw);
      if (conv.isInside(h, w))
        dx[h * conv.width + w] += factor * dy[oh * conv.outWidth + ow];
    }
  }
}

LogicalResult Conv2dInputGradOp::evaluate(Operands operands, Results &results) {
  const Tensor &dy = operands[0].getTensor(), &w = operands[1].getTensor();
  Convolution conv(*this, getType(), getWeight().getType(),
                   getGrad().getType());
  Tensor dx = Tensor::zeros(getType().getShape());
  float *out = dx.getMutableData().data();
  int64_t taps = conv.getTaps(), kernelWidth = conv.horizontal.kernel;
  int64_t plane = conv.height * conv.width;
  for (int64_t ng = 0; ng < dx.getDim(0) * conv.groups; ++ng)
    for (int64_t tap = taps - 1; tap >= 0; --tap)
      for (int64_t co = 0; co < conv.filters; ++co) {
        int64_t filter = ng % conv.groups * conv.filters + co;
        const float *grad =
            dy.data() + (ng * conv.filters + co) * conv.getOutputSize();
        for (int64_t ci = 0; ci < conv.channels; ++ci)
          addShifted(conv, tap / kernelWidth, tap % kernelWidth,
                     w[(filter * conv.channels + ci) * taps + tap], grad,
                     out + ng * conv.getImageSize() + ci * plane);
      }
  results.push_back(std::move(dx));
  return success();
}

/// The patch that output position `position` sees of one group of an image,
/// (ci, kh, kw) row major. Padding is zero.
static void collectPatch(const Convolution &conv, const float *image,
                         int64_t position, MutableArrayRef<float> patch) {
  float *element = patch.data();
  int64_t oh = position / conv.outWidth, ow = position % conv.outWidth;
  for (int64_t ci = 0; ci < conv.channels; ++ci)
    for (int64_t kh = 0; kh < conv.vertical.kernel; ++kh)
      for (int64_t kw = 0; kw < conv.horizontal.kernel; ++kw) {
        int64_t h = conv.vertical.getPosition(oh, kh);
        int64_t w = conv.horizontal.getPosition(ow, kw);
        *element++ = conv.isInside(h, w)
                         ? image[(ci * conv.height + h) * conv.width + w]
                         : 0.0f;
      }
}

LogicalResult Conv2dWeightGradOp::evaluate(Operands operands,
                                           Results &results) {
  const Tensor &dy = operands[0].getTensor(), &x = operands[1].getTensor();
  Convolution conv(*this, getInput().getType(), getType(), getGrad().getType());
  Tensor dw = Tensor::zeros(getType().getShape());
  MutableArrayRef<float> out = dw.getMutableData();
  int64_t depth = conv.getDepth(), positions = conv.getOutputSize();
  std::vector<float> patch(depth);
  for (int64_t ng = 0; ng < x.getDim(0) * conv.groups; ++ng)
    for (int64_t position = 0; position < positions; ++position) {
      collectPatch(conv, x.data() + ng * conv.getImageSize(), position, patch);
      for (int64_t co = 0; co < conv.filters; ++co) {
        int64_t filter = ng % conv.groups * conv.filters + co;
        addScaled(out.slice(filter * depth, depth),
                  dy[(ng * conv.filters + co) * positions + position],
                  patch.data());
      }
    }
  results.push_back(std::move(dw));
  return success();
}

//===----------------------------------------------------------------------===//
// Pools
//===----------------------------------------------------------------------===//

/// Calls addWindow(number of the output element, image of the gradient, oh, ow)
/// for each output element, row major.
template <typename Op, typename Fn>
static void scatterWindows(Op op, Tensor &dx, Fn addWindow) {
  float *out = dx.getMutableData().data();
  RankedTensorType outputs = op.getGrad().getType();
  int64_t number = 0, imageSize = dx.getDim(2) * dx.getDim(3);
  for (int64_t nc = 0; nc < dx.getDim(0) * dx.getDim(1); ++nc)
    for (int64_t oh = 0; oh < outputs.getDimSize(2); ++oh)
      for (int64_t ow = 0; ow < outputs.getDimSize(3); ++ow)
        addWindow(number++, out + nc * imageSize, oh, ow);
}

LogicalResult MaxPoolGradOp::evaluate(Operands operands, Results &results) {
  const Tensor &dy = operands[0].getTensor();
  const Tensor &positions = operands[1].getTensor();
  Pool pool(*this, getType());
  Tensor dx = Tensor::zeros(getType().getShape());
  int64_t outside = -1;
  scatterWindows(*this, dx,
                 [&](int64_t i, float *image, int64_t oh, int64_t ow) {
                   auto [h, w] = pool.findTap(oh, ow, positions[i]);
                   if (pool.isInside(h, w))
                     image[h * pool.width + w] += dy[i];
                   else if (outside < 0)
                     outside = i;
                 });
  if (outside >= 0)
    return emitOpError() << "position " << positions[outside] << " of window "
                         << outside
                         << " names no element of the window inside of the "
                            "image "
                         << getType()
                         << "; positions are what nn.max_pool_positions with "
                            "the same attributes gives";
  results.push_back(std::move(dx));
  return success();
}

LogicalResult AvgPoolGradOp::evaluate(Operands operands, Results &results) {
  const Tensor &dy = operands[0].getTensor();
  Pool pool(*this, getType());
  Tensor dx = Tensor::zeros(getType().getShape());
  bool countPadding = getCountIncludePad();
  scatterWindows(
      *this, dx, [&](int64_t i, float *image, int64_t oh, int64_t ow) {
        float share = dy[i] / float(pool.countPositions(oh, ow, countPadding));
        pool.forEachTap(oh, ow, [&](int64_t, int64_t h, int64_t w) {
          if (pool.isInside(h, w))
            image[h * pool.width + w] += share;
        });
      });
  results.push_back(std::move(dx));
  return success();
}
