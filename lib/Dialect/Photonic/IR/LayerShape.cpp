//===- LayerShape.cpp - Convolutions and their views ---------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/IR/LayerShape.h"

#include "photonic/Dialect/Photonic/IR/ProductInfo.h"

using namespace mlir;
using namespace photonic::phot;

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

namespace {
using Digits = ViewParts::Digits;

/// Digits without those of one value.
Digits makeDigits(std::initializer_list<ViewDigit> digits) {
  Digits list;
  for (const ViewDigit &digit : digits)
    if (digit.radix > 1)
      list.push_back(digit);
  return list;
}
} // namespace

/// The index spaces that the tensors of a layer share.
static Digits getPatchDigits(const LayerShape &s, bool isImage) {
  if (isImage)
    return makeDigits({{s.channels, 1, 1},
                       {s.kernelWidth, 3, s.dilations[1]},
                       {s.kernelHeight, 2, s.dilations[0]}});
  return makeDigits(
      {{s.channels, 1, 1}, {s.kernelWidth, 3, 1}, {s.kernelHeight, 2, 1}});
}

static Digits getPixelDigits(const LayerShape &s, bool isImage) {
  return makeDigits({{s.outWidth, 3, isImage ? s.strides[1] : 1},
                     {s.outHeight, 2, isImage ? s.strides[0] : 1},
                     {s.batch, 0, 1}});
}

bool ViewParts::operator==(ViewAttr view) const {
  return view.getGroups() == ArrayRef(groups) &&
         view.getPositions() == ArrayRef(positions) &&
         view.getRows() == ArrayRef(rows) &&
         view.getColumns() == ArrayRef(columns) &&
         view.getOffsets() == ArrayRef(offsets);
}

ViewAttr ViewParts::get(MLIRContext *context,
                        function_ref<InFlightDiagnostic()> emitError) const {
  return ViewAttr::getChecked(emitError, context, ArrayRef(groups),
                              ArrayRef(positions), ArrayRef(rows),
                              ArrayRef(columns), ArrayRef(offsets));
}

ViewParts LayerShape::getWeightView(ProductKind kind) const {
  Digits group = makeDigits({{groups, 0, outChannels}});
  Digits out = makeDigits({{outChannels, 0, 1}});
  Digits in = makeDigits({{channels, 1, 1}});
  Digits patch = getPatchDigits(*this, /*isImage=*/false);
  Digits kernel = makeDigits({{kernelWidth, 3, 1}, {kernelHeight, 2, 1}});
  if (kind == ProductKind::InputGradient)
    return {group, kernel, in, out, {}};
  return {group, {}, out, patch, {}};
}

ViewParts LayerShape::getImageView(ProductKind kind) const {
  Digits group = makeDigits({{groups, 1, channels}});
  Digits patch = getPatchDigits(*this, /*isImage=*/true);
  Digits pixels = getPixelDigits(*this, /*isImage=*/true);
  SmallVector<int64_t, 4> offsets;
  if (pads[0] != 0 || pads[1] != 0)
    offsets = {0, 0, -pads[0], -pads[1]};
  switch (kind) {
  case ProductKind::Forward:
    return {group, {}, pixels, patch, offsets};
  case ProductKind::InputGradient:
    return {group,
            makeDigits({{kernelWidth, 3, dilations[1]},
                        {kernelHeight, 2, dilations[0]}}),
            makeDigits({{channels, 1, 1}}), pixels, offsets};
  case ProductKind::WeightGradient:
    return {group, {}, patch, pixels, offsets};
  }
  llvm_unreachable("covered switch");
}

ViewParts LayerShape::getOutputView(ProductKind kind) const {
  Digits group = makeDigits({{groups, 1, outChannels}});
  Digits out = makeDigits({{outChannels, 1, 1}});
  Digits pixels = getPixelDigits(*this, /*isImage=*/false);
  if (kind == ProductKind::InputGradient)
    return {group, {}, pixels, out, {}};
  return {group, {}, out, pixels, {}};
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

ProductShape::ProductShape(const LayerShape &layer, ProductKind kind)
    : LayerShape(layer), kind(kind) {
  int64_t outputs = batch * getOutputPlane();
  int64_t patch = getKernelArea() * channels;
  switch (kind) {
  case ProductKind::Forward:
    m = outChannels, n = outputs, k = patch;
    return;
  case ProductKind::InputGradient:
    m = channels, n = outputs, k = outChannels, positions = getKernelArea();
    return;
  case ProductKind::WeightGradient:
    m = outChannels, n = patch, k = outputs;
    return;
  }
}

//===----------------------------------------------------------------------===//
// Layers of products
//===----------------------------------------------------------------------===//

namespace {
/// Tensors of a layer, whichever operand they are.
struct LayerTensors {
  ArrayRef<int64_t> weight, image, output;
  ViewAttr imageView;
};
} // namespace

static LayerTensors getTensors(ArrayProductOp op, ProductKind kind) {
  ArrayRef<int64_t> lhs = op.getLhs().getType().getShape();
  ArrayRef<int64_t> rhs = op.getRhs().getType().getShape();
  ArrayRef<int64_t> result = op.getInit().getType().getShape();
  switch (kind) {
  case ProductKind::Forward:
    return {lhs, rhs, result, op.getRhsView()};
  case ProductKind::InputGradient:
    return {lhs, result, rhs, op.getResultView()};
  case ProductKind::WeightGradient:
    return {result, rhs, lhs, op.getRhsView()};
  }
  llvm_unreachable("covered switch");
}

/// The step of the digit of `radix` on `dim` in `digits`; 1 if it has none.
static int64_t getStep(ArrayRef<ViewDigit> digits, int64_t dim) {
  for (const ViewDigit &digit : digits)
    if (digit.dim == dim)
      return digit.step;
  return 1;
}

/// What the layer would be, if the product is one of `kind`.
static std::optional<LayerShape> guessLayer(const LayerTensors &t,
                                            ProductKind kind) {
  size_t rank = t.image.size();
  if ((rank != 4 && rank != 2) || t.weight.size() != rank ||
      t.output.size() != rank || t.image[1] % t.weight[1] != 0)
    return std::nullopt;
  LayerShape layer;
  layer.isFlat = rank == 2;
  layer.channels = t.weight[1];
  layer.groups = t.image[1] / layer.channels;
  if (t.weight[0] % layer.groups != 0)
    return std::nullopt;
  layer.outChannels = t.weight[0] / layer.groups;
  layer.batch = t.image[0];
  // Views that reach a part of a larger result are not a layer's.
  if (t.output[0] != layer.batch || t.output[1] != t.weight[0])
    return std::nullopt;
  if (layer.isFlat)
    return layer;
  layer.height = t.image[2], layer.width = t.image[3];
  layer.kernelHeight = t.weight[2], layer.kernelWidth = t.weight[3];
  layer.outHeight = t.output[2], layer.outWidth = t.output[3];
  bool isGradient = kind == ProductKind::InputGradient;
  ArrayRef<ViewDigit> kernel = isGradient ? t.imageView.getPositions()
                               : kind == ProductKind::Forward
                                   ? t.imageView.getColumns()
                                   : t.imageView.getRows();
  ArrayRef<ViewDigit> pixels = kind == ProductKind::Forward
                                   ? t.imageView.getRows()
                                   : t.imageView.getColumns();
  for (unsigned dim : {0, 1}) {
    layer.strides[dim] = getStep(pixels, dim + 2);
    layer.dilations[dim] = getStep(kernel, dim + 2);
    layer.pads[dim] = -t.imageView.getOffset(dim + 2);
    // Windows that run backwards are none.
    if (layer.strides[dim] < 1 || layer.dilations[dim] < 1)
      return std::nullopt;
  }
  return layer;
}

std::optional<ProductShape> ProductShape::match(ArrayProductOp op) {
  for (ProductKind kind : {ProductKind::Forward, ProductKind::InputGradient,
                           ProductKind::WeightGradient}) {
    std::optional<LayerShape> layer = guessLayer(getTensors(op, kind), kind);
    if (!layer)
      continue;
    ViewParts weight = layer->getWeightView(kind);
    ViewParts image = layer->getImageView(kind);
    ViewParts output = layer->getOutputView(kind);
    bool isOutput = kind == ProductKind::WeightGradient;
    bool same = (isOutput ? output : weight) == op.getLhsView() &&
                (kind == ProductKind::InputGradient ? output : image) ==
                    op.getRhsView() &&
                (kind == ProductKind::Forward ? output
                 : isOutput                   ? weight
                                              : image) == op.getResultView();
    if (same)
      return ProductShape(*layer, kind);
  }
  return std::nullopt;
}
