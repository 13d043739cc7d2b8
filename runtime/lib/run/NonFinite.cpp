//===- NonFinite.cpp - Values that are no numbers ---------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NonFinite.h"

#include <cmath>
#include <cstring>

using namespace phx;

float phx::getFloat(const HostArray &array, int64_t index) {
  float value;
  std::memcpy(&value, array.bytes.data() + index * 4, 4);
  return value;
}

std::string phx::describePlace(const std::vector<int64_t> &shape,
                               int64_t index) {
  std::string text;
  for (size_t d = shape.size(); d-- > 0;) {
    text = std::to_string(index % shape[d]) + (text.empty() ? "" : ", ") + text;
    index /= shape[d];
  }
  return "[" + text + "]";
}

/// Whether any of 256 words has all bits of the exponent set; the compiler
/// turns this into wide instructions.
static bool hasNonFinite(const uint8_t *bytes, size_t words) {
  uint32_t any = 0;
  for (size_t i = 0; i < words; ++i) {
    uint32_t bits;
    std::memcpy(&bits, bytes + 4 * i, 4);
    any |= (bits & 0x7f800000u) == 0x7f800000u;
  }
  return any != 0;
}

std::optional<std::string> phx::findNonFinite(const HostArray &array) {
  if (array.type != ElementType::F32)
    return std::nullopt;
  size_t count = array.bytes.size() / 4;
  for (size_t begin = 0; begin < count; begin += 256) {
    size_t words = std::min<size_t>(256, count - begin);
    if (!hasNonFinite(array.bytes.data() + 4 * begin, words))
      continue;
    for (size_t i = begin; i < begin + words; ++i) {
      float value = getFloat(array, int64_t(i));
      if (!std::isfinite(value))
        return (array.shape.empty()
                    ? "it"
                    : "element " + describePlace(array.shape, int64_t(i))) +
               " is " +
               (std::isnan(value) ? "nan"
                : value > 0       ? "inf"
                                  : "-inf");
    }
  }
  return std::nullopt;
}

std::optional<std::string> phx::describeNaN(const HostArray &array) {
  // Most arrays are finite, and that is found out fast.
  if (!findNonFinite(array))
    return std::nullopt;
  int64_t count = 0, first = 0;
  for (int64_t i = 0; i < array.getNumElements(); ++i)
    if (std::isnan(getFloat(array, i)) && count++ == 0)
      first = i;
  if (count == 0)
    return std::nullopt;
  return "holds " + std::to_string(count) + " NaN, the first in element " +
         describePlace(array.shape, first);
}
