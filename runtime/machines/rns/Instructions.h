//===- Instructions.h - Instructions of residue cores -----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Extension `rns`: arrays of modular multipliers, all moduli in lockstep.
// Opcodes 256 to 511.
//
//===----------------------------------------------------------------------===//

#ifndef MACHINES_RNS_INSTRUCTIONS_H
#define MACHINES_RNS_INSTRUCTIONS_H

#include "phx/isa/Instruction.h"

namespace phx {

/// Loads rows [rowStart, +rows) and contraction positions [kStart, +cols) of
/// the stationary operand into the array: element (i, j) = map(rowStart + i,
/// kStart + j). Each row is converted to the operand's number format and, for
/// the pass, to residues; what is outside the map's extents is zero. The rest of the array is zero.
struct CoreProgram {
  static constexpr Opcode opcode{256};
  uint32_t conversion = 0; ///< of the stationary operand
  uint32_t pass = 0;
  uint32_t map = 0;
  Address src;
  Affine rowStart, kStart;
  Count rows, cols;
  uint32_t product = 0; ///< index into Program::products
  Affine group = {};    ///< of the product's groups, the tile's
  /// The operand is blocks of the conversion, which CoreConvert made: `map` has
  /// a column for each, and nothing is converted.
  bool stored = false;
  friend bool operator==(const CoreProgram &, const CoreProgram &) = default;
};

/// Streams vectors v in [vecStart, +length) past the array: x(j) =
/// inMap(v, kStart + j), converted; for each array row i: out(rowStart + i, v)
/// is combined with what the pass computes, as the arithmetic contract says. Where `start`
/// is 0 the accumulators start from +0, elsewhere they continue from memory.
/// `rows`, `cols`, `rowStart`, `kStart`, `group` equal those of the latest
/// CoreProgram of this array.
struct CoreStream {
  static constexpr Opcode opcode{257};
  uint32_t conversion = 0; ///< of the streamed operand
  uint32_t pass = 0, combine = 0;
  uint32_t inMap = 0;  ///< row = vector number, column = contraction position
  uint32_t outMap = 0; ///< row = stationary row, column = vector number
  Address in, out;
  Affine rowStart, kStart, vecStart;
  Count rows, cols, length;
  uint32_t product = 0;
  Affine start = {}; ///< >= 0
  Affine group = {}; ///< of the product's groups, the tile's
  bool stored = false; ///< the streamed operand is, as in CoreProgram
  friend bool operator==(const CoreStream &, const CoreStream &) = default;
};

/// Converts rows [rowStart, +rows) and contraction positions [kStart, +cols) of
/// an operand of `product` once, into memory: block (i, b) goes to
/// dstMap(rowStart + i, b), b counted from contraction position 0. The array's
/// converters work as they do in front of it; what is in the array stays.
struct CoreConvert {
  static constexpr Opcode opcode{258};
  uint32_t conversion = 0; ///< of the operand
  uint32_t srcMap = 0;     ///< of the operand's elements
  uint32_t dstMap = 0;     ///< column = block
  Address src, dst;
  Affine rowStart, kStart;
  Count rows, cols;
  uint32_t product = 0; ///< whose operand it is; numbers its random numbers
  int64_t operand = 0;  ///< of the product: 0 the first, 1 the second
  Affine group = {};    ///< of the product's groups; for stochastic rounding
  friend bool operator==(const CoreConvert &, const CoreConvert &) = default;
};

using RnsInstructions = InstructionList<CoreProgram, CoreStream, CoreConvert>;

namespace rns {
/// Makes the instruction set know them. Idempotent.
void registerInstructions();
} // namespace rns

} // namespace phx

#endif // MACHINES_RNS_INSTRUCTIONS_H
