//===- Tensor.cpp - Values of the reference interpreter -------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Interpreter/Tensor.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include <algorithm>

using namespace mlir;
using namespace photonic;
using namespace photonic::interp;

int64_t interp::getNumElements(ArrayRef<int64_t> shape) {
  int64_t product = 1;
  for (int64_t extent : shape)
    product *= extent;
  return product;
}

SmallVector<int64_t> interp::getStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t d = shape.size(); d-- > 1;)
    strides[d - 1] = strides[d] * shape[d];
  return strides;
}

void interp::copyStrided(ArrayRef<int64_t> shape, float *dst,
                         ArrayRef<int64_t> dstStrides, const float *src,
                         ArrayRef<int64_t> srcStrides) {
  if (shape.empty()) {
    *dst = *src;
    return;
  }
  if (shape.size() == 1 && dstStrides[0] == 1 && srcStrides[0] == 1) {
    std::copy_n(src, shape[0], dst);
    return;
  }
  for (int64_t i = 0; i < shape[0]; ++i)
    copyStrided(shape.drop_front(), dst + i * dstStrides[0],
                dstStrides.drop_front(), src + i * srcStrides[0],
                srcStrides.drop_front());
}

static std::shared_ptr<float> allocate(int64_t numElements) {
  return {new float[std::max<int64_t>(numElements, 1)],
          std::default_delete<float[]>()};
}

Tensor Tensor::uninitialized(ArrayRef<int64_t> shape) {
  Tensor tensor = view(shape, {});
  tensor.storage = allocate(tensor.numElements);
  tensor.owned = true;
  return tensor;
}

Tensor Tensor::view(ArrayRef<int64_t> shape, ArrayRef<float> values) {
  Tensor tensor(nullptr);
  tensor.shape.assign(shape.begin(), shape.end());
  tensor.numElements = interp::getNumElements(shape);
  // Never written through: getMutableData copies what is not owned.
  tensor.storage = {const_cast<float *>(values.data()), [](float *) {}};
  tensor.owned = false;
  return tensor;
}

Tensor Tensor::zeros(ArrayRef<int64_t> shape) {
  Tensor tensor = uninitialized(shape);
  std::fill_n(tensor.storage.get(), tensor.numElements, 0.0f);
  return tensor;
}

Tensor::Tensor(ArrayRef<int64_t> shape, ArrayRef<float> values)
    : Tensor(uninitialized(shape)) {
  std::copy_n(values.data(), numElements, storage.get());
}

FailureOr<Tensor> Tensor::get(ElementsAttr attribute) {
  auto type = dyn_cast<RankedTensorType>(attribute.getType());
  if (!type || !type.hasStaticShape() || !type.getElementType().isF32())
    return failure();
  if (auto dense = dyn_cast<DenseElementsAttr>(attribute)) {
    if (!dense.isSplat()) {
      ArrayRef<char> raw = dense.getRawData();
      return view(type.getShape(), {reinterpret_cast<const float *>(raw.data()),
                                    raw.size() / sizeof(float)});
    }
    Tensor tensor = uninitialized(type.getShape());
    std::fill_n(tensor.storage.get(), tensor.numElements,
                dense.getSplatValue<float>());
    return tensor;
  }
  auto resource = dyn_cast<DenseResourceElementsAttr>(attribute);
  AsmResourceBlob *blob =
      resource ? resource.getRawHandle().getBlob() : nullptr;
  if (!blob || blob->getData().size() != type.getNumElements() * sizeof(float))
    return failure();
  return view(type.getShape(), blob->getDataAs<float>());
}

MutableArrayRef<float> Tensor::getMutableData() {
  if (!isUnique()) {
    std::shared_ptr<float> own = allocate(numElements);
    std::copy_n(storage.get(), numElements, own.get());
    storage = std::move(own);
    owned = true;
  }
  return {storage.get(), static_cast<size_t>(numElements)};
}

Tensor Tensor::reshaped(ArrayRef<int64_t> newShape) const {
  Tensor tensor = *this;
  tensor.shape.assign(newShape.begin(), newShape.end());
  return tensor;
}

std::string Tensor::getTypeString() const {
  std::string text;
  for (int64_t extent : shape)
    text += std::to_string(extent) + "x";
  return text + "f32";
}
