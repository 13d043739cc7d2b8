//===- Fields.h - What the fields of instructions hold ----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The kinds of values that instructions are made of, and what they are at given
// loop counters. docs/isa.md, section 3, defines each.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_FIELDS_H
#define PHX_ISA_FIELDS_H

#include "phx/isa/Limits.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace phx {

//===----------------------------------------------------------------------===//
// Engines
//===----------------------------------------------------------------------===//

/// What executes an instruction. Each engine has one in-order queue.
enum class EngineKind : uint8_t {
  Dma = 0,  ///< moves data between memories
  Vec = 1,  ///< digital vector unit, IEEE binary32
  Core = 2, ///< an array of one of the program's groups
};

/// Names of the engines that a machine has one of, by kind; arrays have that of
/// their group, which is another.
inline constexpr std::array<const char *, 2> engineWords{"dma", "vec"};
/// "dma", "vec". Not of arrays.
constexpr const char *getEngineWord(EngineKind kind) {
  return engineWords[static_cast<size_t>(kind)];
}
/// The kind of the engine of that name; nothing if it is to be a group's.
constexpr std::optional<EngineKind> findEngineKind(std::string_view name) {
  for (size_t kind = 0; kind < engineWords.size(); ++kind)
    if (name == engineWords[kind])
      return static_cast<EngineKind>(kind);
  return std::nullopt;
}

/// One engine: `dma` and `vec` are number 0, arrays are numbered in their group
/// (`core[3]`).
struct EngineId {
  EngineKind kind = EngineKind::Dma;
  uint32_t index = 0;
  uint16_t group = 0; ///< of arrays: index into Program::groups
  friend bool operator==(const EngineId &, const EngineId &) = default;
};

//===----------------------------------------------------------------------===//
// Fields that depend on loop counters
//===----------------------------------------------------------------------===//

inline constexpr unsigned maxLoopDepth = limits::loopDepth;
/// What a digit names in place of a loop to mean the lane: the number of an
/// array within the range that executes the instruction.
inline constexpr unsigned laneLoop = maxLoopDepth;
inline constexpr unsigned numCounters = maxLoopDepth + 1;
/// Counters of the enclosing loops, outermost first; then the lane.
using Counters = std::array<int64_t, numCounters>;

/// weight * digit, where digit = ((counter * scale + offset) / divisor) mod
/// modulus is one digit of a mixed-radix number (an odometer). `modulus` 0
/// means that the digit does not wrap. Division truncates; the linear index
/// counter * scale + offset is never negative in a valid program.
struct DigitTerm {
  uint8_t loop = 0;    ///< enclosing loop, 0 = outermost; or laneLoop
  int64_t scale = 1;   ///< >= 1
  int64_t offset = 0;  ///< >= 0
  int64_t divisor = 1; ///< >= 1
  int64_t modulus = 0; ///< 0, or >= 1
  int64_t weight = 1;
  friend bool operator==(const DigitTerm &, const DigitTerm &) = default;
};

/// base + sum of terms.
struct Affine {
  int64_t base = 0;
  std::vector<DigitTerm> terms;
  friend bool operator==(const Affine &, const Affine &) = default;
};

/// clamp(remaining + register, 0, cap): how many of at most `cap` elements are
/// left. An instruction with a count of zero is skipped: it takes no time and
/// charges nothing.
struct Count {
  int64_t cap = 0;
  /// Absent: the count is `cap`, or min(register, cap).
  std::optional<Affine> remaining = std::nullopt;
  /// The count register whose value is added: index into Program::registers.
  std::optional<uint32_t> registerIndex = std::nullopt;
  friend bool operator==(const Count &, const Count &) = default;
};

/// The instruction is skipped unless low <= counter * scale + offset < extent,
/// or < min(extent, register).
struct Guard {
  uint8_t loop = 0;
  int64_t scale = 1;
  int64_t offset = 0;
  int64_t extent = 0;
  int64_t low = 0; ///< >= 0
  /// A count register that bounds the extent: index into Program::registers.
  std::optional<uint32_t> registerIndex = std::nullopt;
  friend bool operator==(const Guard &, const Guard &) = default;
};

/// Which arrays of a group execute an instruction, counted from the one that
/// its engine names: [first, first + lanes) with first = index of the engine +
/// sum of `digits`. They execute it in lockstep: it starts when all of them are
/// free and takes all of them until the last is done. Lane j is array
/// first + j.
struct ArrayRange {
  std::vector<DigitTerm> digits; ///< of loops
  uint32_t lanes = 1;
  /// The engine alone.
  bool isPlain() const { return lanes == 1 && digits.empty(); }
  friend bool operator==(const ArrayRange &, const ArrayRange &) = default;
};

/// An address in a memory, in bytes.
struct Address {
  uint32_t memory = 0; ///< index into Program::memories
  Affine offset;
  friend bool operator==(const Address &, const Address &) = default;
};

/// Elements of up to 4 dimensions, outermost first.
using Shape4 = std::array<Count, 4>;
/// Byte strides, outermost first; 0 repeats (sources only).
using Stride4 = std::array<int64_t, 4>;

/// Source positions along one dimension that lie outside [0, extent) read as
/// +0 and move no byte from the source memory. Position = index + start.
struct ZeroFill {
  uint8_t dim = 0;
  Affine start;
  int64_t extent = 0;
  friend bool operator==(const ZeroFill &, const ZeroFill &) = default;
};

//===----------------------------------------------------------------------===//
// Values at given counters
//===----------------------------------------------------------------------===//

// Of counts and guards that depend on registers, `resolve` puts the registers'
// values in first (Registers.h): evaluation does not look at registers.

inline int64_t evaluate(const DigitTerm &t, const Counters &c) {
  int64_t q = (c[t.loop] * t.scale + t.offset) / t.divisor;
  return (t.modulus ? q % t.modulus : q) * t.weight;
}
inline int64_t evaluate(const Affine &a, const Counters &c) {
  int64_t value = a.base;
  for (const DigitTerm &t : a.terms)
    value += evaluate(t, c);
  return value;
}
inline int64_t evaluate(const Count &n, const Counters &c) {
  if (!n.remaining)
    return n.cap;
  int64_t left = evaluate(*n.remaining, c);
  return left < 0 ? 0 : left > n.cap ? n.cap : left;
}
inline bool evaluate(const std::optional<Guard> &g, const Counters &c) {
  if (!g)
    return true;
  int64_t index = c[g->loop] * g->scale + g->offset;
  return g->low <= index && index < g->extent;
}

/// The counters of loop g.loop at which `g` holds, within [0, last]: an
/// interval, since the index grows with the counter. Nothing if it never does.
struct CounterRange {
  int64_t first = 0, last = 0;
};
std::optional<CounterRange> getCountersInside(const Guard &g, int64_t last);

/// As in assembly, for messages: "[4 + 8 * l0(1, 0, 3, 0)]", and
/// "16 of [61 + -16 * l0] + r2".
std::string toAssembly(const Affine &affine);
std::string toAssembly(const Count &count);

} // namespace phx

#endif // PHX_ISA_FIELDS_H
