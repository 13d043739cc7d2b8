//===- Operands.cpp - Operands of instructions as index boxes -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Operands.h"

#include "SaturatingMath.h"

#include <algorithm>
#include <cstdlib>

using namespace phx;
using namespace phx::detail;

void Operand::addDim(int64_t count, int64_t stride) {
  if (count == 1 || stride == 0)
    return;
  if (numDims < maxDims) {
    dims[numDims++] = {count, stride};
    return;
  }
  // Too many dimensions: the last one becomes a run of bytes that covers both.
  exact = false;
  Progression &last = dims[maxDims - 1];
  for (Progression p : {last, Progression{count, stride}})
    if (p.stride < 0)
      base = addSaturated(base, multiplySaturated(p.stride, p.count - 1));
  auto reach = [](int64_t trips, int64_t step) {
    return multiplySaturated(std::abs(step), trips - 1);
  };
  int64_t span =
      addSaturated(reach(last.count, last.stride), reach(count, stride));
  last = {span + 1, 1};
}

namespace phx::detail {
bool operator==(const Operand &a, const Operand &b) {
  return a.slot == b.slot && a.width == b.width && a.base == b.base &&
         a.map == b.map && a.rowBegin == b.rowBegin && a.rowEnd == b.rowEnd &&
         a.colBegin == b.colBegin && a.colEnd == b.colEnd &&
         a.space == b.space && a.product == b.product &&
         a.numDims == b.numDims &&
         std::equal(a.dims.begin(), a.dims.begin() + a.numDims, b.dims.begin());
}
} // namespace phx::detail

namespace {

/// Smallest and largest value; `varies` if more than one may occur.
struct Range {
  int64_t low = 0, high = 0;
  bool varies = false;
};

bool isFixed(const DigitTerm &t, const CounterBox &box) {
  return box.low[t.loop] == box.high[t.loop] || t.weight == 0;
}

/// Digits that `t` takes, a contiguous range that contains them all.
Range digitRange(const DigitTerm &t, const CounterBox &box) {
  int64_t low = (box.low[t.loop] * t.scale + t.offset) / t.divisor;
  int64_t high = (box.high[t.loop] * t.scale + t.offset) / t.divisor;
  if (t.modulus == 0)
    return {low, high, low != high};
  if (low / t.modulus == high / t.modulus)
    return {low % t.modulus, high % t.modulus, low != high};
  return {0, t.modulus - 1, t.modulus != 1};
}

Range rangeOf(const Affine &a, const CounterBox &box) {
  Range range{a.base, a.base, false};
  for (const DigitTerm &t : a.terms) {
    if (isFixed(t, box)) {
      int64_t value = evaluate(t, box.low);
      range.low += value;
      range.high += value;
      continue;
    }
    Range digit = digitRange(t, box);
    range.low += std::min(digit.low * t.weight, digit.high * t.weight);
    range.high += std::max(digit.low * t.weight, digit.high * t.weight);
    range.varies |= digit.varies;
  }
  return range;
}

Range rangeOf(const Count &n, const CounterBox &box) {
  if (!n.remaining)
    return {n.cap, n.cap, false};
  Range range = rangeOf(*n.remaining, box);
  range.low = std::clamp<int64_t>(range.low, 0, n.cap);
  range.high = std::clamp<int64_t>(range.high, 0, n.cap);
  range.varies = range.low != range.high;
  return range;
}

/// Builds the operands of one instruction.
class Collector {
public:
  Collector(const CounterBox &box, std::vector<Operand> &operands)
      : box(box), operands(operands) {}

  void visit(const DmaCopy &i) {
    std::array<int64_t, 4> shape;
    if (!countShape(i.shape, shape))
      return;
    addBox(0, i.dst, i.dstStride, shape, true);
    Operand &src = start(1, i.src, false);
    for (unsigned d = 0; d < 4; ++d)
      if (!i.zeroFill || i.zeroFill->dim != d)
        src.addDim(shape[d], i.srcStride[d]);
    if (i.zeroFill && !addFilledDim(src, *i.zeroFill, shape[i.zeroFill->dim],
                                    i.srcStride[i.zeroFill->dim]))
      operands.pop_back();
  }

  void visit(const VecMap &i) {
    std::array<int64_t, 4> shape;
    if (!countShape(i.shape, shape))
      return;
    addBox(0, i.dst, i.dstStride, shape, true);
    if (getSourceCount(i.fn) > 0)
      addBox(1, i.a, i.aStride, shape, false);
    if (getSourceCount(i.fn) > 1)
      addBox(2, i.b, i.bStride, shape, false);
  }

  void visit(const VecReduce &i) {
    std::array<int64_t, 4> shape;
    if (!countShape(i.shape, shape))
      return;
    Stride4 dstStride = i.dstStride;
    std::fill(dstStride.end() - std::clamp<int64_t>(i.dims, 1, 3),
              dstStride.end(), 0);
    addBox(0, i.dst, dstStride, shape, true);
    addBox(1, i.a, i.aStride, shape, false);
  }

  void visit(const VecPool &i) {
    int64_t rows;
    if (!count(i.rows, rows) || i.window <= 0)
      return;
    Range row = begin(i.rowStart, rows);
    addMapped(0, i.out, i.outMap, row, {0, 1}, true);
    addMapped(1, i.in, i.inMap, row, {0, i.window}, false);
  }

  void visit(const VecPoolPositions &i) {
    int64_t rows;
    if (!count(i.rows, rows) || i.window <= 0)
      return;
    Range row = begin(i.rowStart, rows);
    addMapped(0, i.out, i.outMap, row, {0, 1}, true);
    addMapped(1, i.in, i.inMap, row, {0, i.window}, false);
    addBytes(2, i.positions, row, true);
  }

  // Which elements a maximum reaches is known at run time: all are touched.
  void visit(const VecUnpool &i) {
    int64_t rows;
    if (!count(i.rows, rows) || i.window <= 0)
      return;
    Range row = begin(i.rowStart, rows);
    addMapped(0, i.in, i.inMap, row, {0, i.window}, true);
    addMapped(1, i.out, i.outMap, row, {0, 1}, false);
    if (i.fn == PoolFn::Max)
      addBytes(2, i.positions, row, false);
  }

  void visit(const VecPack &i) {
    int64_t elements;
    if (!count(i.count, elements))
      return;
    addRun(0, i.dst, getMaskWords(elements), true);
    addRun(1, i.a, elements, false);
  }

  void visit(const VecGateMask &i) {
    int64_t elements;
    if (!count(i.count, elements))
      return;
    addRun(0, i.dst, elements, true);
    addRun(1, i.a, elements, false);
    addRun(2, i.mask, getMaskWords(elements), false);
  }

  void visit(const VecRandom &i) {
    int64_t elements;
    if (!count(i.count, elements))
      return;
    addRun(0, i.dst, elements, true);
    addRun(1, i.key, 3, false);
  }

  void visit(const CoreProgram &i) {
    int64_t rows, cols;
    if (!count(i.rows, rows) || !count(i.cols, cols))
      return;
    addMapped(1, i.src, i.map, begin(i.rowStart, rows), begin(i.kStart, cols),
              false);
  }

  void visit(const CoreStream &i) {
    int64_t rows, cols, length;
    if (!count(i.rows, rows) || !count(i.cols, cols) ||
        !count(i.length, length))
      return;
    Range vectors = begin(i.vecStart, length);
    addMapped(0, i.out, i.outMap, begin(i.rowStart, rows), vectors, true);
    operands.back().product = i.product;
    addMapped(1, i.in, i.inMap, vectors, begin(i.kStart, cols), false);
  }

  template <typename Other> void visit(const Other &) {}

  /// Whether starts and counts are the same over the whole box.
  bool isRigid() const { return rigid; }

private:
  /// The largest value of `n`; false if it is zero throughout.
  bool count(const Count &n, int64_t &value) {
    Range range = rangeOf(n, box);
    value = range.high;
    rigid &= !range.varies;
    return value > 0;
  }

  bool countShape(const Shape4 &shape, std::array<int64_t, 4> &values) {
    for (unsigned d = 0; d < 4; ++d)
      if (!count(shape[d], values[d]))
        return false;
    return true;
  }

  /// [low, high) of positions that begin at `start`, `length` of them.
  Range begin(const Affine &start, int64_t length) {
    Range range = rangeOf(start, box);
    rigid &= !range.varies;
    return {range.low, range.high + length, false};
  }

  Operand &start(uint8_t slot, const Address &address, bool write) {
    Operand &operand = operands.emplace_back();
    operand.slot = slot;
    operand.space = address.space;
    operand.write = write;
    operand.base = address.offset.base;
    unsigned seen = 0;
    for (const DigitTerm &t : address.offset.terms) {
      if (isFixed(t, box)) {
        operand.base += evaluate(t, box.low);
        continue;
      }
      addDigits(operand, t);
      // Two digits of one loop do not take all combinations.
      operand.exact &= !(seen >> t.loop & 1);
      seen |= 1u << t.loop;
    }
    return operand;
  }

  /// The addresses that a digit reaches, as one more dimension.
  void addDigits(Operand &operand, const DigitTerm &t) {
    if (t.modulus == 0 && t.scale % t.divisor == 0) {
      operand.base += evaluate(t, box.low);
      operand.addDim(box.high[t.loop] - box.low[t.loop] + 1,
                     t.scale / t.divisor * t.weight);
      return;
    }
    Range digit = digitRange(t, box);
    operand.base += digit.low * t.weight;
    operand.addDim(digit.high - digit.low + 1, t.weight);
    int64_t low = (box.low[t.loop] * t.scale + t.offset) / t.divisor;
    int64_t high = (box.high[t.loop] * t.scale + t.offset) / t.divisor;
    bool wraps = t.modulus != 0 && low / t.modulus != high / t.modulus;
    operand.exact &=
        t.scale <= t.divisor && (!wraps || high - low + 1 >= t.modulus);
  }

  void addBox(uint8_t slot, const Address &address, const Stride4 &strides,
              const std::array<int64_t, 4> &shape, bool write) {
    Operand &operand = start(slot, address, write);
    for (unsigned d = 0; d < 4; ++d)
      operand.addDim(shape[d], strides[d]);
  }

  /// Consecutive words.
  void addRun(uint8_t slot, const Address &address, int64_t words, bool write) {
    start(slot, address, write).addDim(words, 4);
  }

  /// The byte of each row.
  void addBytes(uint8_t slot, const Address &address, Range rows, bool write) {
    Operand &operand = start(slot, address, write);
    operand.width = 1;
    operand.base = addSaturated(operand.base, rows.low);
    operand.addDim(rows.high - rows.low, 1);
  }

  /// False if every position lies outside the extent.
  bool addFilledDim(Operand &src, const ZeroFill &fill, int64_t size,
                    int64_t stride) {
    Range positions = begin(fill.start, size);
    int64_t low = std::max<int64_t>(positions.low, 0);
    int64_t high = std::min(positions.high, fill.extent);
    if (low >= high)
      return false;
    src.base = addSaturated(src.base, multiplySaturated(low, stride));
    src.addDim(high - low, stride);
    return true;
  }

  void addMapped(uint8_t slot, const Address &address, uint32_t map, Range rows,
                 Range cols, bool write) {
    Operand &operand = start(slot, address, write);
    operand.map = map;
    operand.rowBegin = rows.low;
    operand.rowEnd = rows.high;
    operand.colBegin = cols.low;
    operand.colEnd = cols.high;
  }

  const CounterBox &box;
  std::vector<Operand> &operands;
  bool rigid = true;
};

} // namespace

void detail::collectOperands(const Instruction &instruction,
                             const CounterBox &box,
                             std::vector<Operand> &operands) {
  CounterBox guarded = box;
  if (const auto &g = instruction.guard) {
    int64_t room = g->extent - g->offset;
    int64_t limit = room <= 0 ? -1 : (room - 1) / g->scale;
    guarded.high[g->loop] = std::min(guarded.high[g->loop], limit);
    if (guarded.high[g->loop] < guarded.low[g->loop])
      return;
  }
  size_t first = operands.size();
  Collector collector(guarded, operands);
  std::visit([&](const auto &body) { collector.visit(body); },
             instruction.body);
  for (size_t i = first; i < operands.size(); ++i)
    operands[i].exact &= collector.isRigid();
}

int64_t detail::smallest(const Affine &a, const CounterBox &box) {
  return rangeOf(a, box).low;
}

//===----------------------------------------------------------------------===//
// Loops used
//===----------------------------------------------------------------------===//

namespace {
struct LoopUse {
  unsigned mask = 0;
  void add(const Affine &a) {
    for (const DigitTerm &t : a.terms)
      mask |= 1u << t.loop;
  }
  void add(const Address &a) { add(a.offset); }
  void add(const Count &n) {
    if (n.remaining)
      add(*n.remaining);
  }
  void add(const Shape4 &shape) {
    for (const Count &n : shape)
      add(n);
  }
  template <typename... Fields> void addAll(const Fields &...fields) {
    (add(fields), ...);
  }

  void visit(const DmaCopy &i) {
    addAll(i.dst, i.src, i.shape);
    if (i.zeroFill)
      add(i.zeroFill->start);
  }
  void visit(const VecMap &i) { addAll(i.dst, i.a, i.b, i.shape); }
  void visit(const VecReduce &i) { addAll(i.dst, i.a, i.shape); }
  void visit(const VecPool &i) { addAll(i.in, i.out, i.rowStart, i.rows); }
  void visit(const VecPoolPositions &i) {
    addAll(i.in, i.out, i.positions, i.rowStart, i.rows);
  }
  void visit(const VecUnpool &i) {
    addAll(i.in, i.out, i.positions, i.rowStart, i.rows);
  }
  void visit(const VecPack &i) { addAll(i.dst, i.a, i.count); }
  void visit(const VecGateMask &i) { addAll(i.dst, i.a, i.mask, i.count); }
  void visit(const VecRandom &i) { addAll(i.dst, i.key, i.count); }
  void visit(const CoreProgram &i) {
    addAll(i.src, i.rowStart, i.kStart, i.rows, i.cols);
  }
  void visit(const CoreStream &i) {
    addAll(i.in, i.out, i.rowStart, i.kStart, i.vecStart);
    addAll(i.rows, i.cols, i.length);
  }
  template <typename Other> void visit(const Other &) {}
};
} // namespace

unsigned detail::usedLoops(const Instruction &instruction) {
  LoopUse use;
  if (instruction.guard)
    use.mask |= 1u << instruction.guard->loop;
  std::visit([&](const auto &body) { use.visit(body); }, instruction.body);
  return use.mask;
}
