//===- Blocks.h - Converted operands in memory ------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One block is one group of a `bfp` conversion: a byte with the exponent that
// its elements share, E + 127, or 0 if all of them are zero; then the group's
// mantissas in order, two's complement numbers of one bit more than the
// conversion says, packed without gaps from the lowest bit of the first byte
// on. What is left of the last byte is zero. A group of 16 elements with 4 bits
// takes 11 bytes instead of 64.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_BLOCKS_H
#define PHX_ISA_BLOCKS_H

#include "phx/isa/BaseOperations.h"
#include "phx/isa/Program.h"

#include <optional>

namespace phx {

/// Bytes of one block: at most 8194.
int64_t getBlockBytes(const Bfp &format);

/// The format of a conversion's blocks; null if there is no such conversion or
/// it has none.
const Bfp *findBlockFormat(const Program &program, uint32_t conversion);

/// Bytes of one element of `region`, of a block all of them. 0 if the region's
/// conversion has no blocks.
int64_t getElementBytes(const Program &program, const Region &region);

/// Whether an instruction reads or writes blocks.
bool touchesBlocks(const Body &body);

/// What a block holds besides its mantissas.
inline constexpr int blockBias = 127;         ///< of exponents
inline constexpr int largestBlockExponent = 254; ///< biased; that of 2^127

/// Writes a block. `exponent` is biased, 0 for zeros; mantissa j is at
/// mantissas[j * stride], `count` of them, at most a group; the others are 0.
void packBlock(const Bfp &format, int exponent, const int16_t *mantissas,
               int64_t count, int64_t stride, uint8_t *block);

/// Mantissa `element` of a block.
int getMantissa(const Bfp &format, const uint8_t *block, int64_t element);

/// Why no conversion could have left these bytes; `parameter` is the part of
/// the block. Nothing if one could: every exponent from 1 to 254 goes with
/// every mantissa from -(2^b - 1) to 2^b - 1.
std::optional<BrokenRule> findBlockFault(const Bfp &format,
                                         const uint8_t *block);

} // namespace phx

#endif // PHX_ISA_BLOCKS_H
