//===- Blocks.cpp - Converted operands in memory ----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/Blocks.h"

#include <algorithm>

using namespace phx;

/// Of one mantissa in memory.
static int getStoredBits(const Bfp &format) {
  return int(format.mantissa) + 1;
}

int64_t phx::getBlockBytes(const Bfp &format) {
  return 1 + (format.group * getStoredBits(format) + 7) / 8;
}

const Bfp *phx::findBlockFormat(const Program &program, uint32_t conversion) {
  return conversion < program.conversions.size()
             ? getIf<Bfp>(program.conversions[conversion])
             : nullptr;
}

int64_t phx::getElementBytes(const Program &program, const Region &region) {
  if (region.type != ElementType::Block)
    return byteWidth(region.type);
  const Bfp *format = region.conversion
                          ? findBlockFormat(program, *region.conversion)
                          : nullptr;
  return format ? getBlockBytes(*format) : 0;
}

bool phx::touchesBlocks(const Body &body) {
  const auto &accesses = body.getDescription().accesses;
  return std::any_of(accesses.begin(), accesses.end(),
                     [&](const AccessDescription &access) {
                       return usesBlocks(access, body.data());
                     });
}

/// Where the part of the contraction begins that the nest around code[index]
/// computes; null if there is none, or if it is the first.
static const Affine *findPartStart(const Product &product, size_t index) {
  for (const ProductNest &nest : product.nests)
    if (nest.loopBegin < index && index < nest.loopEnd) {
      const Affine &start = nest.contraction.start;
      return start == Affine() ? nullptr : &start;
    }
  return nullptr;
}

ElementLayout phx::getLayout(const Program &program, size_t index,
                             const AccessDescription &access) {
  const void *body = program.code[index].body.data();
  if (usesBlocks(access, body))
    if (const Bfp *format =
            findBlockFormat(program, access.blocks->as<uint32_t>(body)))
      return {getBlockBytes(*format), 1, format->group};
  ElementLayout layout;
  layout.bytes = layout.alignment = access.widthField
                                        ? access.widthField->as<int64_t>(body)
                                        : access.width;
  if (usesBlocks(access, body) || !access.converted)
    return layout;
  const Bfp *format =
      findBlockFormat(program, access.converted->as<uint32_t>(body));
  if (!format)
    return layout;
  layout.shared = format->group;
  auto product = access.product->as<uint32_t>(body);
  if (product < program.products.size()) {
    layout.axisEnd = program.products[product].k;
    layout.before = findPartStart(program.products[product], index);
  }
  return layout;
}

//===----------------------------------------------------------------------===//
// Bits
//===----------------------------------------------------------------------===//

/// Bits [first, first + count), at most 16 of them, lowest first.
static uint32_t getBits(const uint8_t *bytes, int64_t first, int count) {
  uint32_t word = 0;
  int shift = 0;
  for (int64_t byte = first / 8; byte * 8 < first + count; ++byte, shift += 8)
    word |= uint32_t(bytes[byte]) << shift;
  return word >> first % 8 & ((uint32_t(1) << count) - 1);
}

/// Sets bits that are zero.
static void setBits(uint8_t *bytes, int64_t first, int count, uint32_t value) {
  uint32_t word = (value & ((uint32_t(1) << count) - 1)) << first % 8;
  for (int64_t byte = first / 8; byte * 8 < first + count; ++byte, word >>= 8)
    bytes[byte] |= uint8_t(word);
}

void phx::packBlock(const Bfp &format, int exponent, const int16_t *mantissas,
                    int64_t count, int64_t stride, uint8_t *block) {
  std::fill_n(block, getBlockBytes(format), 0);
  block[0] = uint8_t(exponent);
  int bits = getStoredBits(format);
  for (int64_t j = 0; j < count; ++j)
    setBits(block + 1, j * bits, bits, uint32_t(mantissas[j * stride]));
}

int phx::getMantissa(const Bfp &format, const uint8_t *block, int64_t element) {
  int bits = getStoredBits(format);
  auto value = int(getBits(block + 1, element * bits, bits));
  return value >> (bits - 1) ? value - (1 << bits) : value;
}

std::optional<BrokenRule> phx::findBlockFault(const Bfp &format,
                                              const uint8_t *block) {
  int exponent = block[0];
  if (exponent > largestBlockExponent)
    return BrokenRule{"exponent", "0 to 254 (biased by 127)",
                      std::to_string(exponent)};
  int lowest = -(1 << format.mantissa);
  for (int64_t j = 0; j < format.group; ++j) {
    int mantissa = getMantissa(format, block, j);
    if (mantissa != lowest && (exponent != 0 || mantissa == 0))
      continue;
    return BrokenRule{"mantissa " + std::to_string(j),
                      mantissa == lowest
                          ? "at least " + std::to_string(lowest + 1)
                          : "0 (the exponent says that all are)",
                      std::to_string(mantissa)};
  }
  int64_t used = format.group * getStoredBits(format);
  if (int unused = int(used % 8))
    if (uint32_t rest = getBits(block + 1, used, 8 - unused))
      return BrokenRule{"bits behind the last mantissa", "zeros",
                        std::to_string(rest)};
  return std::nullopt;
}
