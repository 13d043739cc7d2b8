//===- ElementTypes.cpp - Element types of constants ----------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ElementTypes.h"

#include "llvm/ADT/bit.h"
#include <cmath>

using namespace photonic;
using namespace photonic::importer;
using ::onnx::TensorProto;

static constexpr uint32_t infinityBits = 0x7f800000;

Half::Half(float value) {
  uint32_t word = llvm::bit_cast<uint32_t>(value);
  uint32_t magnitude = word & 0x7fffffff;
  uint32_t sign = word >> 16 & 0x8000;
  uint32_t rounded;
  if (magnitude > infinityBits)
    rounded = 0x7e00;
  else if (magnitude >= 0x477ff000) // 65520, the first that rounds to infinity
    rounded = 0x7c00;
  else if (magnitude < 0x38800000) // 2^-14, the smallest normal number
    rounded = uint32_t(
        std::nearbyint(llvm::bit_cast<float>(magnitude) * float(1 << 24)));
  else
    rounded = (magnitude - (112u << 23) + 0xfff + (magnitude >> 13 & 1)) >> 13;
  bits = uint16_t(sign | rounded);
}

Half::operator float() const {
  uint32_t sign = uint32_t(bits & 0x8000) << 16;
  uint32_t exponent = (bits >> 10) & 31, mantissa = bits & 1023;
  if (exponent == 0) {
    float magnitude = std::ldexp(float(mantissa), -24);
    return sign ? -magnitude : magnitude;
  }
  uint32_t biased = exponent == 31 ? 255 : exponent + 112;
  return llvm::bit_cast<float>(sign | biased << 23 | mantissa << 13);
}

BFloat16::BFloat16(float value) {
  uint32_t word = llvm::bit_cast<uint32_t>(value);
  bool isNaN = (word & 0x7fffffff) > infinityBits;
  // Rounding up the mantissa of a NaN could give an infinity.
  bits = isNaN ? uint16_t(word >> 16 | 0x40)
               : uint16_t((word + 0x7fff + (word >> 16 & 1)) >> 16);
}

BFloat16::operator float() const {
  return llvm::bit_cast<float>(uint32_t(bits) << 16);
}

unsigned importer::getElementWidth(int32_t type) {
  switch (type) {
  case TensorProto::BOOL:
  case TensorProto::INT8:
  case TensorProto::UINT8:
    return 1;
  case TensorProto::INT16:
  case TensorProto::UINT16:
  case TensorProto::FLOAT16:
  case TensorProto::BFLOAT16:
    return 2;
  case TensorProto::FLOAT:
  case TensorProto::INT32:
  case TensorProto::UINT32:
    return 4;
  case TensorProto::DOUBLE:
  case TensorProto::INT64:
  case TensorProto::UINT64:
    return 8;
  default:
    return 0;
  }
}

bool importer::isFloatType(int32_t type) {
  return type == TensorProto::FLOAT || type == TensorProto::FLOAT16 ||
         type == TensorProto::BFLOAT16 || type == TensorProto::DOUBLE;
}
