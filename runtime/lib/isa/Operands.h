//===- Operands.h - Operands of instructions as index boxes -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An operand at fixed loop counters is a box of indices: up to four strided
// dimensions, or a range of rows and columns of an access map. Over a box of
// counters it is covered by a slightly larger one, found without stepping
// through the counters: loop digits become further strided dimensions, and
// starts and counts become the hull of the values they take.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_ISA_OPERANDS_H
#define PHX_LIB_ISA_OPERANDS_H

#include "phx/isa/Program.h"

#include <array>
#include <vector>

namespace phx::detail {

/// Offsets 0, stride, ..., (count - 1) * stride.
struct Progression {
  int64_t count = 1, stride = 0;
  friend bool operator==(const Progression &, const Progression &) = default;
};

/// All counters c with low[i] <= c[i] <= high[i].
struct CounterBox {
  Counters low{}, high{};
  static CounterBox point(const Counters &c) { return {c, c}; }
  /// With all lanes of `instruction`.
  CounterBox overLanes(const Instruction &instruction) const {
    CounterBox box = *this;
    box.low[laneLoop] = 0;
    box.high[laneLoop] = int64_t(instruction.arrays.lanes) - 1;
    return box;
  }
};

/// Calls `visit(counters)` for all counters of `box` that differ in `loops`,
/// until it answers no; false if it did.
template <typename Visitor>
bool forEachCounters(const CounterBox &box, unsigned loops, Visitor visit) {
  Counters counters = box.low;
  while (true) {
    if (!visit(counters))
      return false;
    int level = static_cast<int>(counters.size()) - 1;
    while (level >= 0 &&
           (!(loops >> level & 1) || counters[level] == box.high[level])) {
      counters[level] = box.low[level];
      --level;
    }
    if (level < 0)
      return true;
    ++counters[level];
  }
}

/// No map: the operand is described by its dimensions alone.
inline constexpr uint32_t noMap = 0xffffffffu;
inline constexpr unsigned maxDims = 16;
/// Operands of one instruction are numbered by slot: their place among the
/// accesses of its description; behind them the count registers that it reads,
/// and those that it writes.
inline constexpr unsigned readRegistersSlot = maxAccesses;
inline constexpr unsigned writtenRegistersSlot = maxAccesses + 1;
inline constexpr unsigned numSlots = maxAccesses + 2;
/// One bit for each slot.
using SlotMask = uint16_t;
static_assert(numSlots <= 16);

/// Elements of `width` bytes at base + rows x columns of the map + dimensions.
struct Operand {
  uint8_t slot = 0;
  uint32_t memory = 0;
  bool write = false;
  std::optional<uint32_t> product; ///< see Access::accumulatesInto
  /// False if the elements may be more than the instruction touches.
  bool exact = true;
  int64_t width = 4;
  int64_t base = 0;
  uint32_t map = noMap;
  int64_t rowBegin = 0, rowEnd = 0, colBegin = 0, colEnd = 0;
  unsigned numDims = 0;
  std::array<Progression, maxDims> dims;

  void addDim(int64_t count, int64_t stride);
  friend bool operator==(const Operand &a, const Operand &b);
};

/// Appends the operands of code[index] over `box`; none if it is skipped
/// everywhere or touches no memory.
void collectOperands(const Program &program, size_t index,
                     const CounterBox &box, std::vector<Operand> &operands);

/// A lower and an upper bound of `a` over `box`.
int64_t smallest(const Affine &a, const CounterBox &box);
int64_t largest(const Affine &a, const CounterBox &box);

/// Bit i is set if what code[index] touches depends on loop i.
unsigned usedLoops(const Program &program, size_t index);

} // namespace phx::detail

#endif // PHX_LIB_ISA_OPERANDS_H
