//===- ProductInfo.cpp - Extents and addressing of products --------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/IR/ProductInfo.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace photonic::phot;

//===----------------------------------------------------------------------===//
// ProductShape
//===----------------------------------------------------------------------===//

/// Constraints C2 to C4 of a product with a window; operands have rank 4.
static LogicalResult checkWindow(RankedTensorType lhs, RankedTensorType rhs,
                                 WindowAttr window,
                                 function_ref<InFlightDiagnostic()> emitError) {
  int64_t groups = window.getGroups();
  if (rhs.getDimSize(1) != groups * lhs.getDimSize(1)) // C2
    return emitError() << "channels of rhs " << rhs << " must be " << groups
                       << " groups times dimension 1 of lhs " << lhs;
  if (lhs.getDimSize(0) % groups != 0) // C3
    return emitError() << "dimension 0 of lhs " << lhs
                       << " must be a multiple of " << groups << " groups";
  for (unsigned dim : {0, 1}) {
    int64_t kernel = window.getKernel()[dim];
    if (kernel != lhs.getDimSize(dim + 2)) // C3
      return emitError() << "kernel extent " << kernel
                         << " of the window differs from dimension " << dim + 2
                         << " of lhs " << lhs;
    if (window.getOutputExtent(dim, rhs.getDimSize(dim + 2)) < 1) // C4
      return emitError() << "dilated kernel of lhs " << lhs
                         << " does not fit into dimension " << dim + 2
                         << " of rhs " << rhs << " with padding "
                         << window.getPads()[dim] << " and "
                         << window.getPads()[dim + 2];
  }
  return success();
}

FailureOr<ProductShape>
ProductShape::get(RankedTensorType lhs, RankedTensorType rhs, WindowAttr window,
                  function_ref<InFlightDiagnostic()> emitError) {
  int64_t rank = window ? 4 : 2;
  if (lhs.getRank() != rank || rhs.getRank() != rank) // C1
    return emitError() << "operands of a product "
                       << (window ? "with" : "without")
                       << " window must have rank " << rank << ", got lhs "
                       << lhs << " and rhs " << rhs;
  ProductShape s;
  s.batch = rhs.getDimSize(0);
  if (!window) {
    if (lhs.getDimSize(1) != rhs.getDimSize(1)) // C2
      return emitError() << "contracted extents differ: lhs " << lhs
                         << " and rhs " << rhs;
    s.m = lhs.getDimSize(0);
    s.k = s.channels = lhs.getDimSize(1);
    s.n = s.batch;
    return s;
  }
  if (failed(checkWindow(lhs, rhs, window, emitError)))
    return failure();
  s.hasWindow = true;
  s.groups = window.getGroups();
  s.m = lhs.getDimSize(0) / s.groups;
  s.channels = lhs.getDimSize(1);
  s.height = rhs.getDimSize(2);
  s.width = rhs.getDimSize(3);
  s.kernelHeight = lhs.getDimSize(2);
  s.kernelWidth = lhs.getDimSize(3);
  s.outHeight = window.getOutputExtent(0, s.height);
  s.outWidth = window.getOutputExtent(1, s.width);
  s.k = s.kernelHeight * s.kernelWidth * s.channels;
  s.n = s.batch * s.outHeight * s.outWidth;
  llvm::copy(window.getStrides(), s.strides.begin());
  llvm::copy(window.getDilations(), s.dilations.begin());
  llvm::copy(window.getPads(), s.pads.begin());
  return s;
}

template <typename OpTy> static ProductShape getVerified(OpTy op) {
  return *ProductShape::get(op.getLhs().getType(), op.getRhs().getType(),
                            op.getWindowAttr(),
                            [&] { return op.emitOpError(); });
}

ProductShape ProductShape::get(ProductOp op) { return getVerified(op); }
ProductShape ProductShape::get(ArrayProductOp op) { return getVerified(op); }

SmallVector<int64_t> ProductShape::getResultShape() const {
  if (!hasWindow)
    return {batch, m};
  return {batch, groups * m, outHeight, outWidth};
}

int64_t ProductShape::getLhsOffset(int64_t group, int64_t row,
                                   int64_t position) const {
  // (kh, kw, ci), ci innermost, in a tensor [M, ci, kh, kw].
  int64_t area = kernelHeight * kernelWidth;
  return (group * m + row) * k + (position % channels) * area +
         position / channels;
}

int64_t ProductShape::getRhsOffset(int64_t group, int64_t column,
                                   int64_t position) const {
  int64_t channel = group * channels + position % channels;
  int64_t kernel = position / channels;
  int64_t ow = column % outWidth;
  int64_t oh = column / outWidth % outHeight;
  int64_t image = column / outWidth / outHeight;
  int64_t y = oh * strides[0] - pads[0] + kernel / kernelWidth * dilations[0];
  int64_t x = ow * strides[1] - pads[1] + kernel % kernelWidth * dilations[1];
  if (y < 0 || y >= height || x < 0 || x >= width)
    return -1;
  return ((image * groups * channels + channel) * height + y) * width + x;
}

//===----------------------------------------------------------------------===//
// Tiles, ranges, names
//===----------------------------------------------------------------------===//

TileCount photonic::phot::countTiles(const ProductShape &shape,
                                     Dataflow dataflow, int64_t rows,
                                     int64_t columns) {
  bool weights = dataflow == Dataflow::DF1;
  int64_t stationary = weights ? shape.m : shape.n;
  return {shape.groups * llvm::divideCeilSigned(stationary, rows) *
              llvm::divideCeilSigned(shape.k, columns),
          weights ? shape.n : shape.m};
}

int64_t photonic::phot::getSumBound(NumberFormatAttrInterface lhs,
                                    NumberFormatAttrInterface rhs) {
  return lhs.getGroupLength() * lhs.getMaxMagnitude() * rhs.getMaxMagnitude();
}

int64_t photonic::phot::getSignedRange(ArrayRef<int64_t> moduli) {
  int64_t product = 1;
  for (int64_t modulus : moduli)
    product *= modulus;
  return (product - 1) / 2;
}

SmallVector<int64_t> photonic::phot::getModuli(Region &body) {
  for (auto convert : body.getOps<ReverseConvertOp>())
    return llvm::to_vector(convert.getModuli());
  return {};
}

StringRef photonic::phot::getNodeName(Location loc) {
  StringRef name;
  loc->walk([&](Location nested) {
    auto named = dyn_cast<NameLoc>(nested);
    if (!named)
      return WalkResult::advance();
    name = named.getName();
    return WalkResult::interrupt();
  });
  return name;
}
