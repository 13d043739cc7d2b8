//===- ConstantView.cpp - Elements of constants in another order ----------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Constant.h"

#include <cstring>

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

Shape importer::getRowMajorStrides(ArrayRef<int64_t> shape) {
  Shape strides(shape.size());
  int64_t stride = 1;
  for (size_t d = shape.size(); d-- > 0; stride *= shape[d])
    strides[d] = stride;
  return strides;
}

namespace {
/// Copies elements of `width` bytes that lie in strides.
template <unsigned width> class ViewReader {
public:
  ViewReader(const char *source, char *target, ArrayRef<int64_t> sizes,
             ArrayRef<int64_t> strides)
      : source(source), target(target), sizes(sizes), strides(strides) {}

  void read(int64_t offset, size_t d = 0) {
    if (d == sizes.size()) {
      std::memcpy(target, source + offset * width, width);
      target += width;
      return;
    }
    bool isRow = d + 1 == sizes.size() && strides[d] == 1;
    if (isRow) {
      std::memcpy(target, source + offset * width, sizes[d] * width);
      target += sizes[d] * width;
      return;
    }
    for (int64_t i = 0; i < sizes[d]; ++i)
      read(offset + i * strides[d], d + 1);
  }

private:
  const char *source;
  char *target;
  ArrayRef<int64_t> sizes, strides;
};
} // namespace

std::shared_ptr<Constant> importer::readView(const Constant &constant,
                                             int64_t offset,
                                             ArrayRef<int64_t> sizes,
                                             ArrayRef<int64_t> strides) {
  auto result = Constant::allocate(constant.elementType, sizes);
  if (result->storage.bytes.empty())
    return result;
  visitElementType(constant.elementType, [&](auto tag) {
    using T = decltype(tag);
    char *target = reinterpret_cast<char *>(result->getMutable<T>().data());
    ViewReader<sizeof(T)>(constant.storage.bytes.data(), target, sizes, strides)
        .read(offset);
  });
  return result;
}

std::optional<Shape> importer::broadcastShapes(ArrayRef<int64_t> a,
                                               ArrayRef<int64_t> b) {
  if (a.size() < b.size())
    std::swap(a, b);
  Shape shape(a);
  size_t missing = a.size() - b.size();
  for (size_t d = 0; d < b.size(); ++d) {
    int64_t &extent = shape[missing + d];
    if (extent != b[d] && extent != 1 && b[d] != 1)
      return std::nullopt;
    extent = extent == 1 ? b[d] : extent;
  }
  return shape;
}

std::shared_ptr<Constant>
importer::broadcastTo(std::shared_ptr<Constant> constant,
                      ArrayRef<int64_t> shape) {
  if (ArrayRef<int64_t>(constant->shape) == shape)
    return constant;
  Shape own = getRowMajorStrides(constant->shape), strides(shape.size());
  size_t missing = shape.size() - own.size();
  for (size_t d = 0; d < own.size(); ++d)
    strides[missing + d] = constant->shape[d] == 1 ? 0 : own[d];
  return readView(*constant, 0, shape, strides);
}

std::shared_ptr<Constant>
importer::concatenate(ArrayRef<std::shared_ptr<Constant>> parts, int64_t axis) {
  Shape shape(parts.front()->shape);
  shape[axis] = 0;
  for (const auto &part : parts)
    shape[axis] += part->shape[axis];
  int32_t type = parts.front()->elementType;
  auto result = Constant::allocate(type, shape);
  int64_t rows = *countElements(ArrayRef<int64_t>(shape).take_front(axis));
  visitElementType(type, [&](auto tag) {
    using T = decltype(tag);
    T *target = result->getMutable<T>().data();
    for (int64_t row = 0; row < rows; ++row)
      for (const auto &part : parts) {
        ArrayRef<T> elements = part->getElements<T>();
        size_t size = elements.size() / rows;
        target = std::copy_n(elements.data() + row * size, size, target);
      }
  });
  return result;
}
