//===- Windows.h - Walks over windows of images --------------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the references of convolutions, pools and their gradients share.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_DIALECT_NN_IR_WINDOWS_H
#define PHOTONIC_LIB_DIALECT_NN_IR_WINDOWS_H

#include "photonic/Dialect/NN/IR/NN.h"
#include <array>
#include <utility>
#include <vector>

namespace photonic::nn {

/// Columns that are multiplied together: their sums stay in registers.
inline constexpr int64_t blockSize = 32;
using Lanes = std::array<float, blockSize>;

/// Sizes of a convolution and the walk over its positions.
struct Convolution {
  /// For a convolution and for its gradients: types of images, filters and
  /// results of the convolution.
  template <typename Op>
  Convolution(Op op, mlir::RankedTensorType images,
              mlir::RankedTensorType weights, mlir::RankedTensorType outputs)
      : groups(op.getGroups()), channels(weights.getDimSize(1)),
        filters(weights.getDimSize(0) / groups), height(images.getDimSize(2)),
        width(images.getDimSize(3)), outHeight(outputs.getDimSize(2)),
        outWidth(outputs.getDimSize(3)) {
    llvm::ArrayRef<int64_t> kernel = weights.getShape().drop_front(2);
    vertical =
        getWindow(0, kernel, op.getStrides(), op.getPads(), op.getDilations());
    horizontal =
        getWindow(1, kernel, op.getStrides(), op.getPads(), op.getDilations());
  }
  static Convolution get(Conv2dOp op) {
    return {op, op.getInput().getType(), op.getWeight().getType(),
            op.getType()};
  }

  int64_t getTaps() const { return vertical.kernel * horizontal.kernel; }
  int64_t getDepth() const { return getTaps() * channels; }
  int64_t getImageSize() const { return channels * height * width; }
  int64_t getOutputSize() const { return outHeight * outWidth; }
  bool isInside(int64_t h, int64_t w) const {
    return h >= 0 && h < height && w >= 0 && w < width;
  }

  /// Filters with (kh, kw, ci) contiguous, ci innermost.
  std::vector<float> arrange(const interp::Tensor &w) const;
  /// columns[(kh, kw, ci)][j] for output positions first + j of an image whose
  /// channels of one group start at `image`. Padding is zero.
  void collect(const float *image, int64_t first, int64_t count,
               std::vector<Lanes> &columns) const;

  /// Channels and filters are those of one group.
  int64_t groups, channels, filters, height, width, outHeight, outWidth;
  Window vertical, horizontal;
};

/// The windows of a pool on one image.
struct Pool {
  /// For a pool and for its gradient: type of the images.
  template <typename Op>
  Pool(Op op, mlir::RankedTensorType images)
      : vertical(getPoolWindow(op, 0)), horizontal(getPoolWindow(op, 1)),
        height(images.getDimSize(2)), width(images.getDimSize(3)) {}

  /// Calls fn(position in the window, row, column) for each tap, row major.
  template <typename Fn> void forEachTap(int64_t oh, int64_t ow, Fn fn) const {
    for (int64_t kh = 0; kh < vertical.kernel; ++kh)
      for (int64_t kw = 0; kw < horizontal.kernel; ++kw)
        fn(kh * horizontal.kernel + kw, vertical.getPosition(oh, kh),
           horizontal.getPosition(ow, kw));
  }
  /// Row and column of the tap at `position`, row major; (-1, -1), outside of
  /// every image, if the window has none there.
  std::pair<int64_t, int64_t> findTap(int64_t oh, int64_t ow,
                                      float position) const {
    // Also of what is no number.
    if (!(position >= 0 &&
          position < float(vertical.kernel * horizontal.kernel)))
      return {-1, -1};
    auto index = static_cast<int64_t>(position);
    return {vertical.getPosition(oh, index / horizontal.kernel),
            horizontal.getPosition(ow, index % horizontal.kernel)};
  }
  bool isInside(int64_t h, int64_t w) const {
    return h >= 0 && h < height && w >= 0 && w < width;
  }
  bool isInsideOrPadding(int64_t h, int64_t w) const {
    return h >= -vertical.padLow && h < height + vertical.padHigh &&
           w >= -horizontal.padLow && w < width + horizontal.padHigh;
  }
  /// Number of positions that an average divides by.
  int64_t countPositions(int64_t oh, int64_t ow, bool countPadding) const {
    int64_t count = 0;
    forEachTap(oh, ow, [&](int64_t, int64_t h, int64_t w) {
      count += countPadding ? isInsideOrPadding(h, w) : isInside(h, w);
    });
    return count;
  }

  Window vertical, horizontal;
  int64_t height, width;
};

} // namespace photonic::nn

#endif // PHOTONIC_LIB_DIALECT_NN_IR_WINDOWS_H
