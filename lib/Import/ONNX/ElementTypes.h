//===- ElementTypes.h - Element types of constants ------------ -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The element types of ONNX with which the importer computes, as C++ types.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_IMPORT_ONNX_ELEMENTTYPES_H
#define PHOTONIC_LIB_IMPORT_ONNX_ELEMENTTYPES_H

#include "llvm/Support/ErrorHandling.h"
#include <cstdint>
#include <limits>
#include <onnx/onnx_pb.h>
#include <type_traits>

namespace photonic::importer {

/// IEEE binary16. Conversion from float rounds to nearest, ties to even.
struct Half {
  Half() = default;
  explicit Half(float value);
  explicit operator float() const;
  uint16_t bits = 0;
};

/// The upper half of binary32. Conversion from float rounds to nearest, ties to
/// even.
struct BFloat16 {
  BFloat16() = default;
  explicit BFloat16(float value);
  explicit operator float() const;
  uint16_t bits = 0;
};

template <typename T>
inline constexpr bool isNarrowFloat =
    std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>;
template <typename T>
inline constexpr bool isFloatElement =
    std::is_floating_point_v<T> || isNarrowFloat<T>;

/// The type in which one operation on T is computed, before the result is
/// rounded to T.
template <typename T>
using ComputeType = std::conditional_t<isNarrowFloat<T>, float, T>;

/// `value` converted as C++ does it, floats of 16 bits through binary32.
template <typename To, typename From> To convertElement(From value) {
  if constexpr (isNarrowFloat<From>)
    return convertElement<To>(float(value));
  else if constexpr (isNarrowFloat<To>)
    return To(float(value));
  else
    return static_cast<To>(value);
}

/// The elements of TensorProto::BOOL are C++'s bool: bytes 0 and 1.
template <typename T> constexpr int32_t getElementType() {
  using P = ::onnx::TensorProto;
  if constexpr (std::is_same_v<T, bool>)
    return P::BOOL;
  else if constexpr (std::is_same_v<T, Half>)
    return P::FLOAT16;
  else if constexpr (std::is_same_v<T, BFloat16>)
    return P::BFLOAT16;
  else if constexpr (std::is_same_v<T, float>)
    return P::FLOAT;
  else if constexpr (std::is_same_v<T, double>)
    return P::DOUBLE;
  else if constexpr (sizeof(T) == 1)
    return std::is_signed_v<T> ? P::INT8 : P::UINT8;
  else if constexpr (sizeof(T) == 2)
    return std::is_signed_v<T> ? P::INT16 : P::UINT16;
  else if constexpr (sizeof(T) == 4)
    return std::is_signed_v<T> ? P::INT32 : P::UINT32;
  else
    return std::is_signed_v<T> ? P::INT64 : P::UINT64;
}

/// Calls `fn` with a value of the C++ type of an element type, which must be
/// one that constants may have.
template <typename Fn> decltype(auto) visitElementType(int32_t type, Fn fn) {
  using P = ::onnx::TensorProto;
  switch (type) {
  case P::BOOL:
    return fn(bool());
  case P::INT8:
    return fn(int8_t());
  case P::UINT8:
    return fn(uint8_t());
  case P::INT16:
    return fn(int16_t());
  case P::UINT16:
    return fn(uint16_t());
  case P::INT32:
    return fn(int32_t());
  case P::UINT32:
    return fn(uint32_t());
  case P::INT64:
    return fn(int64_t());
  case P::UINT64:
    return fn(uint64_t());
  case P::FLOAT16:
    return fn(Half());
  case P::BFLOAT16:
    return fn(BFloat16());
  case P::FLOAT:
    return fn(float());
  case P::DOUBLE:
    return fn(double());
  default:
    llvm_unreachable("constants have one of these types");
  }
}

/// Bytes of an element; 0 for types that constants cannot have.
unsigned getElementWidth(int32_t type);

bool isFloatType(int32_t type);

} // namespace photonic::importer

#endif // PHOTONIC_LIB_IMPORT_ONNX_ELEMENTTYPES_H
