//===- Operands.cpp - Operands of instructions as index boxes -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Operands.h"

#include "SaturatingMath.h"
#include "phx/isa/Instructions.h"

#include <algorithm>
#include <cstdlib>
#include <tuple>

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
         a.memory == b.memory && a.product == b.product &&
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
  Collector(const Program &program, size_t index, const CounterBox &box,
            std::vector<Operand> &operands)
      : program(program), index(index), box(box), operands(operands) {}

  void collect() {
    const Body &body = program.code[index].body;
    // A count that is zero throughout skips the instruction.
    bool possible = true;
    visitCounts(body, [&](const FieldDescription &, const Count &n) {
      int64_t most;
      possible = count(n, most) && possible;
    });
    if (!possible)
      return;
    const auto &accesses = body.getDescription().accesses;
    for (size_t slot = 0; slot < accesses.size(); ++slot)
      if (isTouched(accesses[slot], body.data()))
        add(static_cast<uint8_t>(slot), accesses[slot], body.data());
  }

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

  static bool isTouched(const AccessDescription &access, const void *body) {
    return !access.isUsed || access.isUsed(body);
  }

  void add(uint8_t slot, const AccessDescription &access, const void *body) {
    ElementLayout layout = getLayout(program, index, access);
    int64_t width = layout.bytes;
    Operand &operand = start(slot, access.address->as<Address>(body), width);
    operand.write = access.mode != AccessMode::Read;
    if (access.mode == AccessMode::Accumulate)
      operand.product = access.product->as<uint32_t>(body);
    bool touched = true;
    switch (access.pattern) {
    case AccessPattern::Strided:
      touched = addStrided(operand, access, body);
      break;
    case AccessPattern::Mapped:
      touched = addMapped(operand, access, layout, body);
      break;
    case AccessPattern::Elements:
      operand.addDim(mostElements(access, body), width);
      break;
    case AccessPattern::MaskWords:
      operand.addDim(getMaskWords(mostElements(access, body)), 4);
      break;
    case AccessPattern::RowBytes: {
      Range rows = indices(access.rows, body);
      operand.base = addSaturated(operand.base, rows.low);
      operand.addDim(rows.high - rows.low, width);
      break;
    }
    case AccessPattern::Listed:
      // Which of them the list names is known at run time.
      operand.addDim(access.extent->as<int64_t>(body) / width, width);
      operand.exact = false;
      break;
    }
    if (!touched)
      operands.pop_back();
  }

  int64_t mostElements(const AccessDescription &access, const void *body) {
    if (!access.count)
      return access.fixedCount;
    return rangeOf(access.count->as<Count>(body), box).high;
  }

  /// [low, high) of the rows or columns that `fields` names.
  Range indices(const IndexFields &fields, const void *body) {
    int64_t length = 1;
    if (fields.count)
      length = fields.count->kind == FieldKind::Number
                   ? fields.count->as<int64_t>(body)
                   : rangeOf(fields.count->as<Count>(body), box).high;
    if (!fields.start)
      return {0, length, false};
    return begin(fields.start->as<Affine>(body), length);
  }

  /// [low, high) of positions that begin at `start`, `length` of them.
  Range begin(const Affine &start, int64_t length) {
    Range range = rangeOf(start, box);
    rigid &= !range.varies;
    return {range.low, range.high + length, false};
  }

  Operand &start(uint8_t slot, const Address &address, int64_t width) {
    Operand &operand = operands.emplace_back();
    operand.slot = slot;
    operand.memory = address.memory;
    operand.width = width;
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

  /// False if nothing is touched.
  bool addStrided(Operand &operand, const AccessDescription &access,
                  const void *body) {
    const Stride4 &strides = access.strides->as<Stride4>(body);
    const Shape4 &shape = access.shape->as<Shape4>(body);
    const ZeroFill *fill = nullptr;
    if (access.zeroFill)
      if (const auto &f = access.zeroFill->as<std::optional<ZeroFill>>(body))
        fill = &*f;
    unsigned dims = 4;
    if (access.reducedDims)
      dims -= static_cast<unsigned>(std::clamp<int64_t>(
          access.reducedDims->as<int64_t>(body), 0, 4));
    int64_t filled = 0;
    for (unsigned d = 0; d < 4; ++d) {
      int64_t count = rangeOf(shape[d], box).high;
      if (fill && fill->dim == d)
        filled = count;
      else if (d < dims)
        operand.addDim(count, strides[d]);
    }
    return !fill || addFilledDim(operand, *fill, filled, strides[fill->dim]);
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

  /// False if nothing is touched.
  bool addMapped(Operand &operand, const AccessDescription &access,
                 const ElementLayout &layout, const void *body) {
    operand.map = access.map->as<uint32_t>(body);
    Range rows = indices(access.rows, body), cols = indices(access.cols, body);
    if (access.rowsOnly)
      cols = {0, 1, false};
    if (rows.low >= rows.high || cols.low >= cols.high)
      return false;
    operand.rowBegin = rows.low;
    operand.rowEnd = rows.high;
    std::tie(operand.colBegin, operand.colEnd) = widen(cols, layout);
    return true;
  }

  /// [first, second) of the columns that contraction positions touch.
  std::pair<int64_t, int64_t> widen(const Range &cols,
                                    const ElementLayout &layout) {
    Range before;
    if (layout.before)
      before = rangeOf(*layout.before, box);
    auto get = [&](int64_t numBefore) {
      return layout.getColumns(cols.low, cols.high - 1,
                               std::max<int64_t>(numBefore, 0));
    };
    auto [first, last] = get(before.low);
    rigid &= !before.varies || get(before.high).second == last;
    return {first, last + 1};
  }

  const Program &program;
  size_t index;
  const CounterBox &box;
  std::vector<Operand> &operands;
  bool rigid = true;
};

} // namespace

void detail::collectOperands(const Program &program, size_t index,
                             const CounterBox &box,
                             std::vector<Operand> &operands) {
  CounterBox guarded = box;
  if (const auto &g = program.code[index].guard) {
    int64_t &low = guarded.low[g->loop], &high = guarded.high[g->loop];
    std::optional<CounterRange> inside = getCountersInside(*g, high);
    if (!inside || inside->last < low)
      return;
    low = std::max(low, inside->first);
    high = inside->last;
    if (high < low)
      return;
  }
  size_t first = operands.size();
  Collector collector(program, index, guarded, operands);
  collector.collect();
  for (size_t i = first; i < operands.size(); ++i)
    operands[i].exact &= collector.isRigid();
}

int64_t detail::smallest(const Affine &a, const CounterBox &box) {
  return rangeOf(a, box).low;
}

int64_t detail::largest(const Affine &a, const CounterBox &box) {
  return rangeOf(a, box).high;
}

//===----------------------------------------------------------------------===//
// Loops used
//===----------------------------------------------------------------------===//

unsigned detail::usedLoops(const Program &program, size_t index) {
  const Instruction &instruction = program.code[index];
  unsigned mask = instruction.guard ? 1u << instruction.guard->loop : 0;
  visitAffines(instruction.body,
               [&](const FieldDescription &field, const Affine &affine) {
                 if (!movesBytes(field))
                   return;
                 for (const DigitTerm &term : affine.terms)
                   mask |= 1u << term.loop;
               });
  for (const AccessDescription &access : instruction.getDescription().accesses)
    if (const Affine *before = getLayout(program, index, access).before)
      for (const DigitTerm &term : before->terms)
        mask |= 1u << term.loop;
  return mask;
}
