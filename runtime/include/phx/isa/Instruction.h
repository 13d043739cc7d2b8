//===- Instruction.h - The pisa instruction set as data ---------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One struct per instruction, field for field as docs/isa.md specifies them.
// The encoder, the validator, the executors and the timing engine all read
// these; nothing here depends on LLVM or on Protocol Buffers.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_INSTRUCTION_H
#define PHX_ISA_INSTRUCTION_H

#include <array>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace phx {

//===----------------------------------------------------------------------===//
// Engines, memories
//===----------------------------------------------------------------------===//

/// What executes an instruction. Each engine has one in-order queue.
enum class EngineKind : uint8_t {
  Dma = 0,  ///< moves data between memories
  Vec = 1,  ///< digital vector unit, IEEE binary32
  Core = 2, ///< photonic tensor core: one array with all its moduli
};

/// One engine: kind and number (`core[3]`); `dma` and `vec` are number 0.
struct EngineId {
  EngineKind kind = EngineKind::Dma;
  uint8_t index = 0;
  friend bool operator==(const EngineId &, const EngineId &) = default;
};

/// Where an address points. Every space is byte addressed from 0.
enum class Space : uint8_t {
  Dram = 0,       ///< off-chip memory
  Activation = 1, ///< scratchpad of streamed operands
  Weight = 2,     ///< scratchpad of stationary operands and parameters
  Gradient = 3,   ///< scratchpad of results and partial sums
};
inline constexpr unsigned numSpaces = 4;

//===----------------------------------------------------------------------===//
// Fields that depend on loop counters
//===----------------------------------------------------------------------===//

/// weight * digit, where digit = ((counter * scale + offset) / divisor) mod
/// modulus is one digit of a mixed-radix number (an odometer). `modulus` 0
/// means that the digit does not wrap. Division truncates; the linear index
/// counter * scale + offset is never negative in a valid program.
struct DigitTerm {
  uint8_t loop = 0;    ///< enclosing loop, 0 = outermost
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

/// clamp(remaining, 0, cap): how many of at most `cap` elements are left. An
/// instruction with a count of zero is skipped: it takes no time and charges
/// nothing.
struct Count {
  int64_t cap = 0;
  /// Absent: the count is `cap`.
  std::optional<Affine> remaining;
  friend bool operator==(const Count &, const Count &) = default;
};

/// The instruction is skipped unless counter * scale + offset < extent.
struct Guard {
  uint8_t loop = 0;
  int64_t scale = 1;
  int64_t offset = 0;
  int64_t extent = 0;
  friend bool operator==(const Guard &, const Guard &) = default;
};

/// An address in a space, in bytes.
struct Address {
  Space space = Space::Dram;
  Affine offset;
  friend bool operator==(const Address &, const Address &) = default;
};

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

enum class Opcode : uint8_t {
  Halt = 0,
  Loop = 1,
  End = 2,
  Signal = 3,
  Wait = 4,
  DmaCopy = 8,
  VecMap = 16,
  VecReduce = 17,
  VecPool = 18,
  VecPoolPositions = 19,
  VecUnpool = 20,
  VecPack = 21,
  VecGateMask = 22,
  VecRandom = 23,
  CoreProgram = 32,
  CoreStream = 33,
};

/// Ends the program. The last instruction, exactly once.
struct Halt {
  friend bool operator==(const Halt &, const Halt &) = default;
};

/// Repeats the instructions up to the matching `End` `count` times (>= 1).
/// Nesting depth is at most 8. Each token that a body signals it also awaits,
/// equally often, so that one iteration leaves every token as it found it.
struct Loop {
  int64_t count = 1;
  friend bool operator==(const Loop &, const Loop &) = default;
};

struct End {
  friend bool operator==(const End &, const End &) = default;
};

/// Adds one to a token when all earlier instructions of the engine have
/// completed. A token has one signalling and one awaiting engine.
struct Signal {
  uint32_t token = 0;
  friend bool operator==(const Signal &, const Signal &) = default;
};

/// Holds the engine until the token is positive, then takes one. The k-th wait
/// on a token is satisfied by its k-th signal, which must precede it in the
/// instruction stream.
struct Wait {
  uint32_t token = 0;
  /// The pass that placed it knows another chain of tokens that orders the
  /// same accesses.
  bool redundant = false;
  friend bool operator==(const Wait &, const Wait &) = default;
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

/// Copies 4-byte elements: dst[i] = src[i] for i in shape. With `zeroFill` the
/// source address of an element adds (index + start) * stride in that
/// dimension instead of index * stride.
struct DmaCopy {
  Address dst, src;
  Stride4 dstStride{}, srcStride{};
  Shape4 shape;
  std::optional<ZeroFill> zeroFill;
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
  PoolFn fn = PoolFn::Max;
  uint32_t inMap = 0, outMap = 0; ///< access maps; out uses its rows only
  Address in, out;
  Affine rowStart;
  Count rows;
  int64_t window = 1;
  friend bool operator==(const VecPool &, const VecPool &) = default;
};

/// Windows may have so many positions that a byte can number them.
inline constexpr int64_t maxPositions = 256;

/// VecPool with Max that also writes, for each row r, the number of the first
/// NaN's position, else of the first maximum's, as the byte at positions + r (0
/// where out(r) is outside).
struct VecPoolPositions {
  uint32_t inMap = 0, outMap = 0;
  Address in, out;
  Address positions; ///< any byte; row 0 of the map
  Affine rowStart;
  Count rows;
  int64_t window = 1; ///< at most maxPositions
  friend bool operator==(const VecPoolPositions &,
                         const VecPoolPositions &) = default;
};

/// The adjoint of a pool, rows ascending, positions ascending, one binary32
/// addition each. Max: in(r, positions[r]) += out(r). Averages: in(r, p) +=
/// out(r) / count(r) for every position p inside the extents.
struct VecUnpool {
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
  Address dst, a;
  Count count; ///< elements
  friend bool operator==(const VecPack &, const VecPack &) = default;
};

/// dst[e] = bit e of `mask` ? a[e] : +0. All are contiguous; dst may be a.
struct VecGateMask {
  Address dst, a;
  Address mask; ///< words of 32 bits, as VecPack writes them
  Count count;  ///< elements
  friend bool operator==(const VecGateMask &, const VecGateMask &) = default;
};

/// dst[i] = uniform number in [0, 1) of element first + i. `key`: three
/// binary32 numbers [seed, trial, step]. See phx/support/Philox.h.
struct VecRandom {
  Address dst, key;
  Affine first;
  Count count;
  uint32_t stream = 0;
  friend bool operator==(const VecRandom &, const VecRandom &) = default;
};

/// Words of a mask for so many elements.
inline constexpr int64_t getMaskWords(int64_t elements) {
  return elements / 32 + (elements % 32 != 0);
}

/// Loads rows [rowStart, +rows) and contraction positions [kStart, +cols) of
/// the stationary operand into the array: element (i, j) = map(rowStart + i,
/// kStart + j). Each row is converted in the program's number format; what is
/// outside the map's extents is zero. The rest of the array is zero.
struct CoreProgram {
  uint32_t format = 0; ///< index into Program::formats
  uint32_t map = 0;
  Address src;
  Affine rowStart, kStart;
  Count rows, cols;
  uint32_t product = 0; ///< index into Program::products
  Affine group = {};    ///< of the product's groups; for stochastic rounding
  friend bool operator==(const CoreProgram &, const CoreProgram &) = default;
};

/// Streams vectors v in [vecStart, +length) past the array: x(j) =
/// inMap(v, kStart + j), converted; for each array row i: out(rowStart + i, v)
/// accumulates the group product as the arithmetic contract says. kStart 0
/// starts the accumulator from +0, unless the product accumulates; otherwise it
/// continues. `rows`, `cols`,
/// `rowStart`, `kStart` equal those of the latest CoreProgram of this core.
struct CoreStream {
  uint32_t format = 0;
  uint32_t inMap = 0;  ///< row = vector number, column = contraction position
  uint32_t outMap = 0; ///< row = stationary row, column = vector number
  Address in, out;
  Affine rowStart, kStart, vecStart;
  Count rows, cols, length;
  uint32_t product = 0;
  friend bool operator==(const CoreStream &, const CoreStream &) = default;
};

using Body =
    std::variant<Halt, Loop, End, Signal, Wait, DmaCopy, VecMap, VecReduce,
                 VecPool, VecPoolPositions, VecUnpool, VecPack, VecGateMask,
                 VecRandom, CoreProgram, CoreStream>;

/// No layer: loops, tokens between layers, halt.
inline constexpr uint32_t noLayer = 0xffffffffu;

struct Instruction {
  EngineId engine;          ///< meaningless for Halt, Loop, End
  uint32_t layer = noLayer; ///< index into Program::layers
  std::optional<Guard> guard;
  Body body;
  friend bool operator==(const Instruction &, const Instruction &) = default;
};

/// The opcode that belongs to the alternative held in `body`.
Opcode getOpcode(const Body &body);

//===----------------------------------------------------------------------===//
// Evaluation of fields
//===----------------------------------------------------------------------===//

/// Counters of the enclosing loops, outermost first.
using Counters = std::array<int64_t, 8>;

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
  return !g || c[g->loop] * g->scale + g->offset < g->extent;
}
/// True if the guard holds and no count is zero.
bool isExecuted(const Instruction &instruction, const Counters &counters);

//===----------------------------------------------------------------------===//
// Work of the vector unit
//===----------------------------------------------------------------------===//

/// Binary32 operations that one element costs, at least 1: copies and fills
/// still take a pass through the lanes.
unsigned getOpsPerElement(VecFn fn);
/// Sources that a function reads: 0, 1 (a) or 2 (a and b).
unsigned getSourceCount(VecFn fn);

/// What passes the lanes: `elements` with `opsPerElement` operations on each,
/// then `rows` with one more (the divisions of averages). Products of counts
/// saturate.
struct VecWork {
  int64_t elements = 0;
  unsigned opsPerElement = 1;
  int64_t rows = 0;
  /// Read and written, by space.
  std::array<int64_t, numSpaces> bytes{};
};
/// Of one dynamic execution; no elements if it is skipped or no instruction of
/// the vector unit.
VecWork getVecWork(const Instruction &instruction, const Counters &counters);

/// How messages and listings name an instruction: "core.stream".
const char *getMnemonic(const Body &body);

} // namespace phx

#endif // PHX_ISA_INSTRUCTION_H
