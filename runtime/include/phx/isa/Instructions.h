//===- Instructions.h - The base instruction set ----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What every machine has: control, tokens, data movement and the vector unit.
// One struct per instruction, field for field as docs/isa.md specifies them;
// lib/isa/Base*.cpp describes each.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_INSTRUCTIONS_H
#define PHX_ISA_INSTRUCTIONS_H

#include "phx/isa/Instruction.h"
#include "phx/isa/Limits.h"

namespace phx {

//===----------------------------------------------------------------------===//
// Control and tokens
//===----------------------------------------------------------------------===//

/// Ends the program. The last instruction, exactly once.
struct Halt {
  static constexpr Opcode opcode{0};
  friend bool operator==(const Halt &, const Halt &) = default;
};

/// Repeats the instructions up to the matching `End` `count` times (>= 1).
/// Nesting depth is at most 8. Each token that a body signals it also awaits,
/// equally often, so that one iteration leaves every token as it found it.
/// With `below`, data movement and arithmetic of the body are executed in the
/// iterations whose counter is below that count register; signals and waits are
/// executed in all of them.
struct Loop {
  static constexpr Opcode opcode{1};
  int64_t count = 1;
  /// Index into Program::registers. Nothing in the body writes it.
  std::optional<uint32_t> below = std::nullopt;
  friend bool operator==(const Loop &, const Loop &) = default;
};

struct End {
  static constexpr Opcode opcode{2};
  friend bool operator==(const End &, const End &) = default;
};

/// Adds one to a token when all earlier instructions of the engine have
/// completed. A token has one signalling and one awaiting engine.
struct Signal {
  static constexpr Opcode opcode{3};
  uint32_t token = 0;
  friend bool operator==(const Signal &, const Signal &) = default;
};

/// Holds the engine until the token is positive, then takes one. The k-th wait
/// on a token is satisfied by its k-th signal, which must precede it in the
/// instruction stream.
struct Wait {
  static constexpr Opcode opcode{4};
  uint32_t token = 0;
  /// The pass that placed it knows another chain of tokens that orders the
  /// same accesses.
  bool redundant = false;
  friend bool operator==(const Wait &, const Wait &) = default;
};

//===----------------------------------------------------------------------===//
// Data movement and vector arithmetic
//===----------------------------------------------------------------------===//

/// Copies elements of `width` bytes (1, 2, 4 or 8): dst[i] = src[i] for i in
/// shape. With `zeroFill` the source address of an element adds (index + start)
/// * stride in that dimension instead of index * stride.
struct DmaCopy {
  static constexpr Opcode opcode{8};
  Address dst, src;
  Stride4 dstStride{}, srcStride{};
  Shape4 shape;
  std::optional<ZeroFill> zeroFill = std::nullopt;
  int64_t width = 4;
  friend bool operator==(const DmaCopy &, const DmaCopy &) = default;
};

/// Elementwise functions of the vector unit. `s0`, `s1`: binary32 immediates.
enum class VecFn : uint8_t {
  Copy = 0,       ///< a
  Add = 1,        ///< a + b
  Sub = 2,        ///< a - b
  Mul = 3,        ///< a * b
  Div = 4,        ///< a / b
  Max = 5,        ///< a > b ? a : b; NaN if either is
  Min = 6,        ///< a < b ? a : b; NaN if either is
  Relu = 7,       ///< a <= 0 ? +0 : a
  LeakyRelu = 8,  ///< a < 0 ? s0 * a : a
  Clip = 9,       ///< min(max(a, s0), s1)
  Neg = 10,       ///< -a
  Abs = 11,       ///< |a|
  Sqrt = 12,      ///< correctly rounded
  Exp = 13,       ///< own sequence, docs/isa.md
  Log = 14,       ///< own sequence
  Tanh = 15,      ///< own sequence
  Sigmoid = 16,   ///< own sequence
  Fill = 17,      ///< s0, no source
  Scale = 18,     ///< a * s0
  Equal = 19,     ///< a == b ? 1 : +0
  Gate = 20,      ///< phx::gateF32: b where a is positive, or NaN if s0 is 0
  GateRange = 21, ///< s0 < a && a < s1 ? b : +0
  Drop = 22,      ///< a >= s0 ? b * s1 : b - b
  Offset = 23,    ///< a + s0
};
inline constexpr VecFn lastVecFn = VecFn::Offset;

/// dst[i] = fn(a[i], b[i]) for i in shape, binary32. dst may be exactly a
/// source (in place); otherwise operands do not overlap dst.
struct VecMap {
  static constexpr Opcode opcode{16};
  VecFn fn = VecFn::Copy;
  Address dst, a, b; ///< `b` unused by functions of one operand
  Stride4 dstStride{}, aStride{}, bStride{};
  Shape4 shape;
  float s0 = 0, s1 = 0;
  friend bool operator==(const VecMap &, const VecMap &) = default;
};

enum class ReduceFn : uint8_t { Sum = 0, Max = 1 };

/// dst = reduction of a over its `dims` innermost dimensions, whose elements
/// are numbered row-major. Sums use 16 lanes (element l in lane l mod 16, from
/// +0, ascending), then lane[x] += lane[x + step] for step = 8, 4, 2, 1.
struct VecReduce {
  static constexpr Opcode opcode{17};
  ReduceFn fn = ReduceFn::Sum;
  Address dst, a;
  Stride4 dstStride{}, aStride{}; ///< dstStride is 0 in what is reduced
  Shape4 shape;
  int64_t dims = 1; ///< 1 to 3
  friend bool operator==(const VecReduce &, const VecReduce &) = default;
};

enum class PoolFn : uint8_t {
  Max = 0,          ///< first NaN, else first maximum; no window is empty
  AverageValid = 1, ///< sum / number of positions inside the extents
  AverageAll = 2,   ///< sum / number of positions inside extents and margins
};

/// dst row r = pool over window positions p of in(r, p), r in
/// [rowStart, rowStart + rows), p in [0, window). The sum is ordered as in
/// VecReduce with p the element number; positions outside contribute nothing.
struct VecPool {
  static constexpr Opcode opcode{18};
  PoolFn fn = PoolFn::Max;
  uint32_t inMap = 0, outMap = 0; ///< access maps; out uses its rows only
  Address in, out;
  Affine rowStart;
  Count rows;
  int64_t window = 1;
  friend bool operator==(const VecPool &, const VecPool &) = default;
};

/// VecPool with Max that also writes, for each row r, the number of the first
/// NaN's position, else of the first maximum's, as the byte at positions + r (0
/// where out(r) is outside).
struct VecPoolPositions {
  static constexpr Opcode opcode{19};
  uint32_t inMap = 0, outMap = 0;
  Address in, out;
  Address positions; ///< any byte; row 0 of the map
  Affine rowStart;
  Count rows;
  int64_t window = 1; ///< at most limits::windowPositions
  friend bool operator==(const VecPoolPositions &,
                         const VecPoolPositions &) = default;
};

/// The adjoint of a pool, rows ascending, positions ascending, one binary32
/// addition each. Max: in(r, positions[r]) += out(r). Averages: in(r, p) +=
/// out(r) / count(r) for every position p inside the extents.
struct VecUnpool {
  static constexpr Opcode opcode{20};
  PoolFn fn = PoolFn::Max;
  uint32_t inMap = 0, outMap = 0;
  Address in;        ///< read and written
  Address out;       ///< read
  Address positions; ///< read, as VecPoolPositions wrote them; Max alone
  Affine rowStart;
  Count rows;
  int64_t window = 1;
  friend bool operator==(const VecUnpool &, const VecUnpool &) = default;
};

/// One bit per element: bit e mod 32 of word e / 32 of dst is !(a[e] <= 0); the
/// rest of the last word is 0. Both are contiguous.
struct VecPack {
  static constexpr Opcode opcode{21};
  Address dst, a;
  Count count; ///< elements
  friend bool operator==(const VecPack &, const VecPack &) = default;
};

/// dst[e] = bit e of `mask` ? a[e] : +0. All are contiguous; dst may be a.
struct VecGateMask {
  static constexpr Opcode opcode{22};
  Address dst, a;
  Address mask; ///< words of 32 bits, as VecPack writes them
  Count count;  ///< elements
  friend bool operator==(const VecGateMask &, const VecGateMask &) = default;
};

/// dst[i] = uniform number in [0, 1) of element first + i. `key`: three
/// binary32 numbers [seed, trial, step]. See phx/support/Philox.h.
struct VecRandom {
  static constexpr Opcode opcode{23};
  Address dst, key;
  Affine first;
  Count count;
  uint32_t stream = 0;
  friend bool operator==(const VecRandom &, const VecRandom &) = default;
};

/// Copies one int32 into a count register. A value that the register cannot
/// hold stops the run.
struct VecReadCount {
  static constexpr Opcode opcode{24};
  uint32_t into = 0; ///< count register
  Address src;       ///< one int32
  friend bool operator==(const VecReadCount &, const VecReadCount &) = default;
};

/// Words of a mask for so many elements.
inline constexpr int64_t getMaskWords(int64_t elements) {
  return elements / 32 + (elements % 32 != 0);
}

//===----------------------------------------------------------------------===//
// All of them
//===----------------------------------------------------------------------===//

using ControlInstructions = InstructionList<Halt, Loop, End, Signal, Wait>;
using VecInstructions =
    InstructionList<VecMap, VecReduce, VecPool, VecPoolPositions, VecUnpool,
                    VecPack, VecGateMask, VecRandom, VecReadCount>;

/// Copies, vector arithmetic and what a machine class adds may be guarded;
/// control and tokens are unconditional.
inline bool isControl(const Body &body) {
  return body.getDescription().place == EnginePlace::None ||
         body.getDescription().place == EnginePlace::Any;
}

//===----------------------------------------------------------------------===//
// Work of the vector unit
//===----------------------------------------------------------------------===//

/// Binary32 operations that one element costs, at least 1: copies and fills
/// still take a pass through the lanes.
unsigned getOpsPerElement(VecFn fn);
/// Sources that a function reads: 0, 1 (a) or 2 (a and b).
unsigned getSourceCount(VecFn fn);

/// Bytes that an instruction moves to and from one memory.
struct MemoryTraffic {
  uint32_t memory = 0;
  int64_t read = 0, written = 0;
};

/// What passes the lanes: `elements` with `opsPerElement` operations on each,
/// then `rows` with one more (the divisions of averages). Products of counts
/// saturate.
struct VecWork {
  int64_t elements = 0;
  unsigned opsPerElement = 1;
  int64_t rows = 0;
  /// One entry for each memory that is touched.
  std::array<MemoryTraffic, maxAccesses> traffic{};
  unsigned numMemories = 0;
};
/// Of one dynamic execution; no elements if it is skipped or no instruction of
/// the vector unit.
VecWork getVecWork(const Instruction &instruction, const Counters &counters);

} // namespace phx

#endif // PHX_ISA_INSTRUCTIONS_H
