//===- Arrays.cpp - NumPy arrays and the runtime's --------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Arrays.h"

#include <optional>

using namespace photonic::python;
using phx::ElementType;

static nb::dlpack::dtype toDtype(ElementType type) {
  switch (type) {
  case ElementType::F32:
    return nb::dtype<float>();
  case ElementType::I32:
    return nb::dtype<int32_t>();
  case ElementType::I64:
    return nb::dtype<int64_t>();
  case ElementType::U8:
    return nb::dtype<uint8_t>();
  case ElementType::I8:
    return nb::dtype<int8_t>();
  case ElementType::I16:
    return nb::dtype<int16_t>();
  case ElementType::Bool:
    return nb::dtype<bool>();
  case ElementType::BF16:
    break; // hosts see binary32
  }
  return nb::dtype<float>();
}

static std::optional<ElementType> toElementType(nb::dlpack::dtype dtype) {
  for (ElementType type :
       {ElementType::F32, ElementType::I8, ElementType::I16, ElementType::I32,
        ElementType::I64, ElementType::U8, ElementType::Bool})
    if (dtype == toDtype(type))
      return type;
  return std::nullopt;
}

phx::ArrayView photonic::python::toView(const InputArray &array,
                                        const std::string &name) {
  std::optional<ElementType> type = toElementType(array.dtype());
  if (!type)
    raise("InputError",
          "'" + name +
              "' has an element type that programs do "
              "not have; expected float32, int8, int16, int32, int64, uint8 or "
              "bool: convert it with .astype(...)");
  std::vector<int64_t> shape;
  for (size_t i = 0; i < array.ndim(); ++i)
    shape.push_back(int64_t(array.shape(i)));
  return {*type, std::move(shape), static_cast<const uint8_t *>(array.data())};
}

OutputArray photonic::python::toNumpy(phx::HostArray array) {
  auto *owned = new phx::HostArray(std::move(array));
  nb::capsule owner(owned, [](void *pointer) noexcept {
    delete static_cast<phx::HostArray *>(pointer);
  });
  std::vector<size_t> shape(owned->shape.begin(), owned->shape.end());
  return OutputArray(owned->bytes.data(), shape.size(), shape.data(), owner,
                     nullptr, toDtype(owned->type));
}
