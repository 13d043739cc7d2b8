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

namespace {
/// A tensor of a layer and what it is called in messages.
struct Named {
  RankedTensorType type;
  StringRef name;
};

/// Weights, images and outputs of a layer, whichever operand they are.
struct LayerTensors {
  Named weight, image, output; ///< `output.type` may be null

  LayerTensors(ProductKind kind, RankedTensorType lhs, RankedTensorType rhs,
               RankedTensorType result) {
    Named left{lhs, "lhs"}, right{rhs, "rhs"}, product{result, "result"};
    weight = kind == ProductKind::WeightGradient ? product : left;
    image = kind == ProductKind::InputGradient ? product : right;
    output = kind == ProductKind::Forward         ? product
             : kind == ProductKind::InputGradient ? right
                                                  : left;
  }
};

Diagnostic &operator<<(Diagnostic &diag, const Named &tensor) {
  return diag << tensor.name << " " << tensor.type;
}
} // namespace

/// Constraints C2 to C4 of a product with a window, but for the outputs;
/// operands have rank 4.
static LogicalResult checkWindow(const LayerTensors &t, WindowAttr window,
                                 function_ref<InFlightDiagnostic()> emitError) {
  int64_t groups = window.getGroups();
  RankedTensorType weight = t.weight.type, image = t.image.type;
  if (image.getDimSize(1) != groups * weight.getDimSize(1)) // C2
    return emitError() << "channels of " << t.image << " must be " << groups
                       << " groups times dimension 1 of " << t.weight;
  if (weight.getDimSize(0) % groups != 0) // C3
    return emitError() << "dimension 0 of " << t.weight
                       << " must be a multiple of " << groups << " groups";
  for (unsigned dim : {0, 1}) {
    int64_t kernel = window.getKernel()[dim];
    if (kernel != weight.getDimSize(dim + 2)) // C3
      return emitError() << "kernel extent " << kernel
                         << " of the window differs from dimension " << dim + 2
                         << " of " << t.weight;
    if (window.getOutputExtent(dim, image.getDimSize(dim + 2)) < 1) // C4
      return emitError() << "dilated kernel of " << t.weight
                         << " does not fit into dimension " << dim + 2 << " of "
                         << t.image << " with padding " << window.getPads()[dim]
                         << " and " << window.getPads()[dim + 2];
  }
  return success();
}

/// Extents of the layer's tensors, from weights and images.
static ProductShape getLayerExtents(const LayerTensors &t, WindowAttr window) {
  ProductShape s;
  s.batch = t.image.type.getDimSize(0);
  s.outChannels = t.weight.type.getDimSize(0);
  s.channels = t.weight.type.getDimSize(1);
  if (!window)
    return s;
  s.hasWindow = true;
  s.groups = window.getGroups();
  s.outChannels /= s.groups;
  s.height = t.image.type.getDimSize(2);
  s.width = t.image.type.getDimSize(3);
  s.kernelHeight = t.weight.type.getDimSize(2);
  s.kernelWidth = t.weight.type.getDimSize(3);
  s.outHeight = window.getOutputExtent(0, s.height);
  s.outWidth = window.getOutputExtent(1, s.width);
  llvm::copy(window.getStrides(), s.strides.begin());
  llvm::copy(window.getDilations(), s.dilations.begin());
  llvm::copy(window.getPads(), s.pads.begin());
  return s;
}

/// Sets m, n, k and the positions from the extents of the layer.
static void setProductExtents(ProductShape &s) {
  int64_t outputs = s.batch * s.getOutputPlane();
  int64_t patch = s.getKernelArea() * s.channels;
  switch (s.kind) {
  case ProductKind::Forward:
    s.m = s.outChannels, s.n = outputs, s.k = patch;
    return;
  case ProductKind::InputGradient:
    s.m = s.channels, s.n = outputs, s.k = s.outChannels;
    s.positions = s.getKernelArea();
    return;
  case ProductKind::WeightGradient:
    s.m = s.outChannels, s.n = patch, s.k = outputs;
    return;
  }
}

FailureOr<ProductShape>
ProductShape::get(ProductKind kind, RankedTensorType lhs, RankedTensorType rhs,
                  RankedTensorType result, WindowAttr window,
                  function_ref<InFlightDiagnostic()> emitError) {
  LayerTensors tensors(kind, lhs, rhs, result);
  int64_t rank = window ? 4 : 2;
  for (const Named &tensor : {tensors.weight, tensors.image, tensors.output})
    if (tensor.type && tensor.type.getRank() != rank) // C1
      return emitError() << "operands and result of a product "
                         << (window ? "with" : "without")
                         << " window must have rank " << rank << ", got "
                         << tensor;
  if (window) {
    if (failed(checkWindow(tensors, window, emitError)))
      return failure();
  } else if (tensors.weight.type.getDimSize(1) !=
             tensors.image.type.getDimSize(1)) { // C2
    return emitError() << "contracted extents differ: " << tensors.weight
                       << " and " << tensors.image;
  }
  ProductShape shape = getLayerExtents(tensors, window);
  shape.kind = kind;
  setProductExtents(shape);
  SmallVector<int64_t> output = shape.getOutputShape();
  if (tensors.output.type && tensors.output.type.getShape() != ArrayRef(output))
    return emitError() << tensors.output.name << " must be " // C4
                       << tensors.output.type.clone(output) << ", got "
                       << tensors.output.type;
  return shape;
}

template <typename OpTy> static ProductShape getVerified(OpTy op) {
  return *ProductShape::get(op.getKind(), op.getLhs().getType(),
                            op.getRhs().getType(), op.getResult().getType(),
                            op.getWindowAttr(),
                            [&] { return op.emitOpError(); });
}

ProductShape ProductShape::get(ProductOp op) { return getVerified(op); }
ProductShape ProductShape::get(ArrayProductOp op) { return getVerified(op); }

SmallVector<int64_t> ProductShape::getWeightShape() const {
  SmallVector<int64_t> shape{groups * outChannels, channels};
  if (hasWindow)
    shape.append({kernelHeight, kernelWidth});
  return shape;
}

SmallVector<int64_t> ProductShape::getImageShape() const {
  SmallVector<int64_t> shape{batch, groups * channels};
  if (hasWindow)
    shape.append({height, width});
  return shape;
}

SmallVector<int64_t> ProductShape::getOutputShape() const {
  SmallVector<int64_t> shape{batch, groups * outChannels};
  if (hasWindow)
    shape.append({outHeight, outWidth});
  return shape;
}

SmallVector<int64_t> ProductShape::getResultShape() const {
  return kind == ProductKind::Forward         ? getOutputShape()
         : kind == ProductKind::InputGradient ? getImageShape()
                                              : getWeightShape();
}

/// True if the windows of a 1 x 1 kernel meet every element of an extent.
static bool coversAll(int64_t extent, int64_t stride, int64_t padLow) {
  return stride == 1 || (extent == 1 && padLow % stride == 0);
}

bool ProductShape::accumulates() const {
  return kind == ProductKind::InputGradient &&
         (positions > 1 || !coversAll(height, strides[0], pads[0]) ||
          !coversAll(width, strides[1], pads[1]));
}

//===----------------------------------------------------------------------===//
// Addressing
//===----------------------------------------------------------------------===//

int64_t ProductShape::getImageOffset(int64_t group, int64_t column,
                                     int64_t position) const {
  int64_t ow = column % outWidth;
  int64_t oh = column / outWidth % outHeight;
  int64_t image = column / getOutputPlane();
  int64_t y = oh * strides[0] - pads[0] + position / kernelWidth * dilations[0];
  int64_t x = ow * strides[1] - pads[1] + position % kernelWidth * dilations[1];
  if (y < 0 || y >= height || x < 0 || x >= width)
    return -1;
  return ((image * groups + group) * channels * height + y) * width + x;
}

int64_t ProductShape::getOutputOffset(int64_t group, int64_t column) const {
  int64_t plane = getOutputPlane();
  return (column / plane * groups + group) * outChannels * plane +
         column % plane;
}

int64_t ProductShape::getLhsOffset(int64_t group, int64_t row,
                                   int64_t k) const {
  int64_t area = getKernelArea();
  switch (kind) {
  case ProductKind::Forward: // (kh, kw, ci) in a tensor [co, ci, kh, kw]
    return ((group * outChannels + row) * channels + k % channels) * area +
           k / channels;
  case ProductKind::InputGradient: // row = (kh, kw, ci)
    return ((group * outChannels + k) * channels + row % channels) * area +
           row / channels;
  case ProductKind::WeightGradient:
    return getOutputOffset(group, k) + row * getOutputPlane();
  }
  llvm_unreachable("covered switch");
}

int64_t ProductShape::getRhsOffset(int64_t group, int64_t column,
                                   int64_t k) const {
  if (kind == ProductKind::InputGradient)
    return getOutputOffset(group, column) + k * getOutputPlane();
  // One of both counts output elements, the other (kh, kw, ci).
  bool forward = kind == ProductKind::Forward;
  int64_t element = forward ? column : k, patch = forward ? k : column;
  int64_t offset = getImageOffset(group, element, patch / channels);
  return offset < 0 ? -1 : offset + patch % channels * height * width;
}

int64_t ProductShape::getResultOffset(int64_t group, int64_t position,
                                      int64_t column) const {
  switch (kind) {
  case ProductKind::Forward:
    return getOutputOffset(group, column);
  case ProductKind::InputGradient:
    return getImageOffset(group, column, position);
  case ProductKind::WeightGradient: // column = (kh, kw, ci)
    return (group * outChannels * channels + column % channels) *
               getKernelArea() +
           column / channels;
  }
  llvm_unreachable("covered switch");
}

int64_t ProductShape::getResultRowStride() const {
  return kind == ProductKind::Forward         ? getOutputPlane()
         : kind == ProductKind::InputGradient ? height * width
                                              : channels * getKernelArea();
}

//===----------------------------------------------------------------------===//
// Tiles, ranges, names
//===----------------------------------------------------------------------===//

int64_t photonic::phot::countPasses(int64_t k, int64_t group, int64_t columns) {
  return k / group * llvm::divideCeilSigned(group, columns) +
         llvm::divideCeilSigned(k % group, columns);
}

TileCount photonic::phot::countTiles(const ProductShape &shape,
                                     Dataflow dataflow, int64_t rows,
                                     int64_t columns, int64_t group) {
  bool df1 = dataflow == Dataflow::DF1;
  int64_t stationary = df1 ? shape.m : shape.n;
  return {shape.groups * shape.positions *
              llvm::divideCeilSigned(stationary, rows) *
              countPasses(shape.k, group, columns),
          df1 ? shape.n : shape.m};
}

int64_t photonic::phot::getSumBound(NumberFormatAttrInterface lhs,
                                    NumberFormatAttrInterface rhs,
                                    int64_t length) {
  return length * lhs.getMaxMagnitude() * rhs.getMaxMagnitude();
}

Type photonic::phot::getSumType(NumberFormatAttrInterface lhs,
                                NumberFormatAttrInterface rhs) {
  MLIRContext *context = lhs.getContext();
  if (!lhs.isInteger())
    return Float32Type::get(context);
  int64_t bound = getSumBound(lhs, rhs, lhs.getGroupLength());
  bool isNarrow = bound <= std::numeric_limits<int32_t>::max();
  return IntegerType::get(context, isNarrow ? 32 : 64);
}

int64_t photonic::phot::getPassLength(Region &body) {
  if (body.empty() || body.front().getNumArguments() == 0)
    return 0;
  return cast<VectorType>(body.front().getArgument(0).getType()).getDimSize(0);
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

bool photonic::phot::isLayer(Operation *op) {
  return isa<nn::Conv2dOp, nn::Conv2dInputGradOp, nn::Conv2dWeightGradOp,
             nn::LinearOp, nn::LinearInputGradOp, nn::LinearWeightGradOp>(op);
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
