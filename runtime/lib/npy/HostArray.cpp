//===- HostArray.cpp - Dense arrays on the host -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/HostArray.h"

#include <cstring>

using namespace phx;

const char *phx::getTypeName(ElementType type) {
  switch (type) {
  case ElementType::F32:
    return "float32";
  case ElementType::I32:
    return "int32";
  case ElementType::I64:
    return "int64";
  case ElementType::U8:
    return "uint8";
  case ElementType::Bool:
    return "bool";
  case ElementType::BF16:
    return "bfloat16";
  case ElementType::I8:
    return "int8";
  case ElementType::I16:
    return "int16";
  case ElementType::Block:
    return "block";
  }
  return "unknown";
}

std::string phx::describe(ElementType type, const std::vector<int64_t> &shape) {
  std::string text = std::string(getTypeName(type)) + "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

ElementType phx::getHostType(ElementType type) {
  return type == ElementType::BF16 ? ElementType::F32 : type;
}

HostArray phx::toHost(ElementType type, std::vector<int64_t> shape,
                      const uint8_t *bytes) {
  HostArray value{getHostType(type), std::move(shape), {}};
  int64_t count = value.getNumElements();
  size_t size = size_t(count * byteWidth(value.type));
  if (type != ElementType::BF16) {
    if (size)
      value.bytes.assign(bytes, bytes + size);
    return value;
  }
  value.bytes.resize(size);
  for (int64_t i = 0; i < count; ++i) {
    uint16_t half;
    std::memcpy(&half, bytes + 2 * i, 2);
    uint32_t word = uint32_t(half) << 16;
    std::memcpy(value.bytes.data() + 4 * i, &word, 4);
  }
  return value;
}

/// Of binary32 bits: the nearest bfloat16, ties to even.
static uint16_t roundToBFloat16(uint32_t word) {
  // A NaN whose payload is in the lower half would become an infinity.
  if ((word & 0x7fffffff) > 0x7f800000)
    return uint16_t(word >> 16 | 0x40);
  return uint16_t((word + 0x7fff + (word >> 16 & 1)) >> 16);
}

std::vector<uint8_t> phx::toMemory(ElementType type, const HostArray &value) {
  if (type != ElementType::BF16)
    return value.bytes;
  std::vector<uint8_t> bytes(value.bytes.size() / 2);
  for (size_t i = 0; i < bytes.size(); i += 2) {
    uint32_t word;
    std::memcpy(&word, value.bytes.data() + 2 * i, 4);
    uint16_t half = roundToBFloat16(word);
    std::memcpy(bytes.data() + i, &half, 2);
  }
  return bytes;
}
