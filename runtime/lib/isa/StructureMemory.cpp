//===- StructureMemory.cpp - Structural validation of memory accesses -*- C++
//-*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Structure.h"

#include <algorithm>

using namespace phx;

//===----------------------------------------------------------------------===//
// Accesses as ranges
//===----------------------------------------------------------------------===//

namespace {

/// Number of repetitions along one dimension or of rows of a map, and how far
/// they reach from `start`. The two upper ends (cap, remaining) are kept apart:
/// their minimum is exact, and `start + remaining` usually cancels to a
/// constant.
class Extent {
public:
  Extent(const Affine *start, const Count &count) : count(count) {
    if (start)
      first.add(*start, 1);
    if (count.remaining) {
      left.add(*count.remaining, 1);
      clippedEnd = first;
      clippedEnd.add(*count.remaining, 1);
    }
  }
  /// At least one repetition may happen in `box`.
  bool isPossible(const Box &box) const {
    return count.cap > 0 && (!count.remaining || left.over(box).hi > 0);
  }
  /// First and last index; only if possible.
  Range over(const Box &box) const {
    Range range = first.over(box);
    range.hi += count.cap - 1;
    if (count.remaining)
      range.hi = std::min(range.hi, clippedEnd.over(box).hi - 1);
    return range;
  }

private:
  const Count &count;
  Form first, left, clippedEnd;
};

/// One operand of a strided instruction.
class StridedAccess {
public:
  StridedAccess(const Address &address, const Stride4 &strides,
                const Shape4 &shape, unsigned dims, const ZeroFill *fill);
  /// First bytes of the lowest and highest element; nothing if none.
  std::optional<Range> over(const Box &box) const;

private:
  const ZeroFill *fill;
  Form address;
  std::vector<Extent> counts;   ///< all of the shape, for emptiness
  std::vector<Form> ends;       ///< upper bounds; the lowest holds
  std::optional<Extent> filled; ///< positions of the zero-filled dimension
  Int fillStride = 0;
};

} // namespace

StridedAccess::StridedAccess(const Address &a, const Stride4 &strides,
                             const Shape4 &shape, unsigned dims,
                             const ZeroFill *fill)
    : fill(fill), address(a.offset), ends{Form(a.offset)} {
  for (unsigned d = 0; d < 4; ++d) {
    counts.emplace_back(nullptr, shape[d]);
    if (d >= dims || strides[d] == 0)
      continue;
    if (fill && fill->dim == d) {
      filled.emplace(&fill->start, shape[d]);
      fillStride = strides[d];
      continue;
    }
    // Each count gives two upper ends; all combinations are bounds.
    std::vector<Form> clipped;
    for (Form &end : ends) {
      if (shape[d].remaining) {
        clipped.push_back(end);
        clipped.back().add(*shape[d].remaining, strides[d]);
        clipped.back().base -= strides[d];
      }
      end.base += Int(shape[d].cap - 1) * strides[d];
    }
    ends.insert(ends.end(), clipped.begin(), clipped.end());
  }
}

std::optional<Range> StridedAccess::over(const Box &box) const {
  for (const Extent &count : counts)
    if (!count.isPossible(box))
      return std::nullopt;
  Range range{address.over(box).lo, ends[0].over(box).hi};
  for (const Form &end : ends)
    range.hi = std::min(range.hi, end.over(box).hi);
  if (filled) {
    Range positions = filled->over(box);
    positions.lo = std::max<Int>(positions.lo, 0);
    positions.hi = std::min<Int>(positions.hi, fill->extent - 1);
    if (positions.lo > positions.hi)
      return std::nullopt;
    range.lo += positions.lo * fillStride;
    range.hi += positions.hi * fillStride;
  } else if (fill && fill->extent == 0) {
    return std::nullopt;
  }
  return range;
}

//===----------------------------------------------------------------------===//
// Checks of one operand
//===----------------------------------------------------------------------===//

namespace {

/// Checks the operands of one instruction. The first failure sticks.
struct MemoryChecker {
  const LoopTree &tree;
  size_t index;
  Box box;
  int64_t &stepsLeft; ///< of the whole program
  Status status;

  const Program &program() const { return tree.program; }
  void fail(const std::string &field, const std::string &expected,
            const std::string &found) {
    if (status)
      status = failAt(program(), index, field, expected, found);
  }
  void failExhausted(const std::string &field, const std::string &expected) {
    fail(field,
         expected + ", proved for all instructions in at most 2^24 steps",
         "fields that depend on loops in too entangled a way; use fewer "
         "digits, or loops whose counts divide evenly");
  }
  void checkSpace(const std::string &field, const Address &address);
  void checkAlignment(const std::string &field, const Affine &offset);
  void checkAlignment(const std::string &field, const Stride4 &strides);
  void search(const std::string &field, const Address &address,
              const std::array<bool, 8> &coupled,
              const std::function<std::optional<Range>(const Box &)> &range,
              int64_t width = 4);
  void checkRun(const std::string &field, const Address &address,
                const Count &count);
  void checkMask(const std::string &field, const Address &address,
                 const Count &count);
  void checkBytes(const std::string &field, const Address &address,
                  const Affine &rowStart, const Count &rows);
  void checkStrided(const std::string &field, const Address &address,
                    const Stride4 &strides, const Shape4 &shape, unsigned dims,
                    const ZeroFill *fill = nullptr);
  struct Side {
    const Affine *start;
    const Count &count;
  };
  void checkMapped(const std::string &field, const Address &address,
                   const AccessMap &map, Side rows, Side cols,
                   const std::vector<const Count *> &others);
  /// `value` is in [0, most] wherever all `counts` are positive.
  void checkWithin(const std::string &field, const Affine &value, Int most,
                   const std::string &expected,
                   const std::vector<const Count *> &counts);
  void checkStart(const std::string &field, const Affine &start,
                  const std::vector<const Count *> &counts);
  void checkBlock(const std::string &field, const std::string &expected,
                  int64_t size, const Affine &start, const Count &count,
                  const std::vector<const Count *> &others);

  void operator()(const DmaCopy &i);
  void operator()(const VecMap &i);
  void operator()(const VecReduce &i);
  void operator()(const VecPool &i) {
    checkWindows(i.inMap, i.in, i.outMap, i.out, i.rowStart, i.rows, i.window);
  }
  void operator()(const VecPoolPositions &i);
  void operator()(const VecUnpool &i);
  void operator()(const VecPack &i);
  void operator()(const VecGateMask &i);
  void operator()(const VecRandom &i);
  void checkWindows(uint32_t inMap, const Address &in, uint32_t outMap,
                    const Address &out, const Affine &rowStart,
                    const Count &rows, int64_t window);
  void operator()(const CoreProgram &i);
  void operator()(const CoreStream &i);
  template <typename T> void operator()(const T &) {}
};

} // namespace

static std::string describe(const Box &box) {
  std::string text;
  for (unsigned loop = 0; loop < maxLoopDepth; ++loop)
    text += (loop ? ", " : "") + std::to_string(box[loop].first);
  return text;
}

void MemoryChecker::checkSpace(const std::string &field,
                               const Address &address) {
  if (address.space != Space::Dram)
    return;
  if (program().memoryModel == MemoryModel::Ideal)
    return fail(field, "a scratchpad (the ideal memory model has no dram)",
                "dram");
  if (program().code[index].engine.kind != EngineKind::Dma)
    fail(field, "a scratchpad (only dma reaches dram)", "dram");
}

void MemoryChecker::checkAlignment(const std::string &field,
                                   const Affine &offset) {
  bool aligned = offset.base % 4 == 0;
  for (const DigitTerm &digit : offset.terms)
    aligned &= digit.weight % 4 == 0;
  if (!aligned)
    fail(field, "an address whose base and weights are multiples of 4",
         "others");
}

void MemoryChecker::checkAlignment(const std::string &field,
                                   const Stride4 &strides) {
  for (int64_t stride : strides)
    if (stride % 4)
      fail(field + " stride", "a multiple of 4", std::to_string(stride));
}

void MemoryChecker::search(
    const std::string &field, const Address &address,
    const std::array<bool, 8> &coupled,
    const std::function<std::optional<Range>(const Box &)> &range,
    int64_t width) {
  if (!status)
    return;
  int64_t size = program().spaceBytes[static_cast<size_t>(address.space)];
  auto isInside = [&](const Box &part) {
    std::optional<Range> bytes = range(part);
    return !bytes || (bytes->lo >= 0 && bytes->hi + width <= size);
  };
  std::optional<Box> bad = findViolation(box, coupled, isInside, stepsLeft);
  if (!bad)
    return;
  std::string limits = "bytes inside [0, " + std::to_string(size) + ") of " +
                       getName(address.space);
  if (stepsLeft < 0)
    return failExhausted(field, limits);
  Range bytes = *range(*bad);
  fail(field, limits,
       "[" + toText(bytes.lo) + ", " + toText(bytes.hi + width) +
           ") at loop counters (" + describe(*bad) + ")");
}

static std::vector<const Affine *>
getRemaining(const std::vector<const Count *> &counts) {
  std::vector<const Affine *> affines;
  for (const Count *count : counts)
    if (count->remaining)
      affines.push_back(&*count->remaining);
  return affines;
}

void MemoryChecker::checkStrided(const std::string &field,
                                 const Address &address, const Stride4 &strides,
                                 const Shape4 &shape, unsigned dims,
                                 const ZeroFill *fill) {
  checkSpace(field, address);
  checkAlignment(field, address.offset);
  checkAlignment(field, strides);
  std::vector<const Affine *> coupled =
      getRemaining({&shape[0], &shape[1], &shape[2], &shape[3]});
  if (fill)
    coupled.push_back(&fill->start);
  StridedAccess access(address, strides, shape, dims, fill);
  search(field, address, getCoupledLoops({&address.offset}, coupled, box),
         [&](const Box &part) { return access.over(part); });
}

/// Consecutive words, `count` of them.
void MemoryChecker::checkRun(const std::string &field, const Address &address,
                             const Count &count) {
  Count one{1, std::nullopt};
  checkStrided(field, address, {0, 0, 0, 4}, {one, one, one, count}, 4);
}

/// The words of a mask of `count` elements.
void MemoryChecker::checkMask(const std::string &field, const Address &address,
                              const Count &count) {
  checkSpace(field, address);
  checkAlignment(field, address.offset);
  Extent elements(nullptr, count);
  Form base(address.offset);
  search(field, address,
         getCoupledLoops({&address.offset}, getRemaining({&count}), box),
         [&](const Box &part) -> std::optional<Range> {
           if (!elements.isPossible(part))
             return std::nullopt;
           Int lastWord = elements.over(part).hi / 32;
           return base.over(part) + Range{0, 4 * lastWord};
         });
}

/// A byte per row.
void MemoryChecker::checkBytes(const std::string &field, const Address &address,
                               const Affine &rowStart, const Count &rows) {
  checkSpace(field, address);
  Affine first = address.offset;
  first.base += rowStart.base;
  first.terms.insert(first.terms.end(), rowStart.terms.begin(),
                     rowStart.terms.end());
  Extent bytes(&first, rows);
  std::vector<const Affine *> coupled = getRemaining({&rows});
  coupled.push_back(&rowStart);
  search(
      field, address, getCoupledLoops({&address.offset}, coupled, box),
      [&](const Box &part) {
        return bytes.isPossible(part) ? std::optional(bytes.over(part))
                                      : std::nullopt;
      },
      1);
}

void MemoryChecker::checkMapped(const std::string &field,
                                const Address &address, const AccessMap &map,
                                Side rows, Side cols,
                                const std::vector<const Count *> &others) {
  checkSpace(field, address);
  checkAlignment(field, address.offset);
  std::vector<const Count *> counts = others;
  counts.push_back(&rows.count);
  counts.push_back(&cols.count);
  std::vector<const Affine *> coupled = getRemaining(counts);
  for (const Side &side : {rows, cols})
    if (side.start)
      coupled.push_back(side.start);
  std::vector<Extent> alive;
  for (const Count *count : others)
    alive.emplace_back(nullptr, *count);
  Extent rowExtent(rows.start, rows.count), colExtent(cols.start, cols.count);
  Form base(address.offset);
  search(field, address, getCoupledLoops({&address.offset}, coupled, box),
         [&](const Box &part) -> std::optional<Range> {
           for (const Extent &extent : alive)
             if (!extent.isPossible(part))
               return std::nullopt;
           if (!rowExtent.isPossible(part) || !colExtent.isPossible(part))
             return std::nullopt;
           Range r = rowExtent.over(part), c = colExtent.over(part);
           // Starts are proved not to be negative; a box may still say so.
           r.lo = std::max<Int>(r.lo, 0);
           c.lo = std::max<Int>(c.lo, 0);
           int64_t steps = 0;
           std::optional<Range> bytes = getMapRange(map, r, c, steps);
           stepsLeft -= steps;
           return bytes ? std::optional(*bytes + base.over(part)) : bytes;
         });
}

void MemoryChecker::checkWithin(const std::string &field, const Affine &value,
                                Int most, const std::string &expected,
                                const std::vector<const Count *> &counts) {
  if (!status)
    return;
  std::vector<Extent> alive;
  for (const Count *count : counts)
    alive.emplace_back(nullptr, *count);
  Form form(value);
  auto isProved = [&](const Box &part) {
    for (const Extent &extent : alive)
      if (!extent.isPossible(part))
        return true;
    Range range = form.over(part);
    return range.lo >= 0 && range.hi <= most;
  };
  std::optional<Box> bad =
      findViolation(box, getCoupledLoops({&value}, getRemaining(counts), box),
                    isProved, stepsLeft);
  if (!bad)
    return;
  if (stepsLeft < 0)
    return failExhausted(field, expected);
  Range range = form.over(*bad);
  fail(field, expected,
       toText(range.lo < 0 ? range.lo : range.hi) + " at loop counters (" +
           describe(*bad) + ")");
}

void MemoryChecker::checkStart(const std::string &field, const Affine &start,
                               const std::vector<const Count *> &counts) {
  checkWithin(field, start, maxIndex, "at least 0", counts);
}

/// Indices start, start + 1, ... belong to one block of `size`.
void MemoryChecker::checkBlock(const std::string &field,
                               const std::string &expected, int64_t size,
                               const Affine &start, const Count &count,
                               const std::vector<const Count *> &others) {
  if (!status || count.cap == 0)
    return;
  bool isAligned = size % count.cap == 0 && start.base % count.cap == 0;
  for (const DigitTerm &digit : start.terms)
    isAligned &= digit.weight % count.cap == 0;
  if (isAligned)
    return;
  Extent indices(&start, count);
  std::vector<Extent> alive;
  std::vector<const Count *> counts = others;
  counts.push_back(&count);
  for (const Count *other : counts)
    alive.emplace_back(nullptr, *other);
  auto isProved = [&](const Box &part) {
    for (const Extent &extent : alive)
      if (!extent.isPossible(part))
        return true;
    Range range = indices.over(part);
    return range.lo >= 0 && range.lo / size == range.hi / size;
  };
  std::vector<const Affine *> coupled = getRemaining(counts);
  coupled.push_back(&start);
  if (std::optional<Box> bad = findViolation(
          box, getCoupledLoops({}, coupled, box), isProved, stepsLeft)) {
    if (stepsLeft < 0)
      return failExhausted(field, expected + " of " + std::to_string(size));
    Range range = indices.over(*bad);
    fail(field, expected + " of " + std::to_string(size),
         toText(range.lo) + " to " + toText(range.hi) + " at loop counters (" +
             describe(*bad) + ")");
  }
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

void MemoryChecker::operator()(const DmaCopy &i) {
  checkStrided("dst", i.dst, i.dstStride, i.shape, 4);
  checkStrided("src", i.src, i.srcStride, i.shape, 4,
               i.zeroFill ? &*i.zeroFill : nullptr);
}

void MemoryChecker::operator()(const VecMap &i) {
  unsigned sources = getSourceCount(i.fn);
  checkStrided("dst", i.dst, i.dstStride, i.shape, 4);
  if (sources > 0)
    checkStrided("a", i.a, i.aStride, i.shape, 4);
  if (sources > 1)
    checkStrided("b", i.b, i.bStride, i.shape, 4);
}

void MemoryChecker::operator()(const VecReduce &i) {
  checkStrided("dst", i.dst, i.dstStride, i.shape, 4 - unsigned(i.dims));
  checkStrided("a", i.a, i.aStride, i.shape, 4);
}

void MemoryChecker::checkWindows(uint32_t inMap, const Address &in,
                                 uint32_t outMap, const Address &out,
                                 const Affine &rowStart, const Count &rows,
                                 int64_t window) {
  checkStart("row start", rowStart, {&rows});
  Count columns{window, std::nullopt}, one{1, std::nullopt};
  AccessMap outRows = program().maps[outMap];
  outRows.cols.clear(); // uses rows only
  checkMapped("in", in, program().maps[inMap], {&rowStart, rows},
              {nullptr, columns}, {});
  checkMapped("out", out, outRows, {&rowStart, rows}, {nullptr, one}, {});
}

void MemoryChecker::operator()(const VecPoolPositions &i) {
  checkWindows(i.inMap, i.in, i.outMap, i.out, i.rowStart, i.rows, i.window);
  checkBytes("positions", i.positions, i.rowStart, i.rows);
}

void MemoryChecker::operator()(const VecUnpool &i) {
  checkWindows(i.inMap, i.in, i.outMap, i.out, i.rowStart, i.rows, i.window);
  if (i.fn == PoolFn::Max)
    checkBytes("positions", i.positions, i.rowStart, i.rows);
}

void MemoryChecker::operator()(const VecPack &i) {
  checkMask("dst", i.dst, i.count);
  checkRun("a", i.a, i.count);
}

void MemoryChecker::operator()(const VecGateMask &i) {
  checkRun("dst", i.dst, i.count);
  checkRun("a", i.a, i.count);
  checkMask("mask", i.mask, i.count);
}

void MemoryChecker::operator()(const VecRandom &i) {
  checkStart("first", i.first, {&i.count});
  checkRun("dst", i.dst, i.count);
  Count three{3, std::nullopt};
  Shape4 shape{Count{1, std::nullopt}, Count{1, std::nullopt}, i.count, three};
  checkStrided("key", i.key, {0, 0, 0, 4}, shape, 4);
}

void MemoryChecker::operator()(const CoreProgram &i) {
  checkStart("row start", i.rowStart, {&i.rows, &i.cols});
  checkStart("k start", i.kStart, {&i.rows, &i.cols});
  int64_t groups = program().products[i.product].groups;
  checkWithin("group", i.group, groups - 1,
              "a group below " + std::to_string(groups) + ", at least 0",
              {&i.rows, &i.cols});
  checkBlock("cols", "contraction positions of one group",
             program().formats[i.format].group, i.kStart, i.cols, {&i.rows});
  checkMapped("src", i.src, program().maps[i.map], {&i.rowStart, i.rows},
              {&i.kStart, i.cols}, {});
}

void MemoryChecker::operator()(const CoreStream &i) {
  const Product &product = program().products[i.product];
  if (product.positions > 1) {
    bool first = product.dataflow == Dataflow::Df1;
    checkBlock(first ? "rows" : "length", "rows of one kernel position",
               product.m, first ? i.rowStart : i.vecStart,
               first ? i.rows : i.length,
               {first ? &i.length : &i.rows, &i.cols});
  }
  checkStart("vec start", i.vecStart, {&i.rows, &i.cols, &i.length});
  checkMapped("in", i.in, program().maps[i.inMap], {&i.vecStart, i.length},
              {&i.kStart, i.cols}, {&i.rows});
  checkMapped("out", i.out, program().maps[i.outMap], {&i.rowStart, i.rows},
              {&i.vecStart, i.length}, {&i.cols});
}

Status phx::checkMemory(const LoopTree &tree) {
  const Program &program = tree.program;
  // Thousands of times what programs of networks take.
  int64_t stepsLeft = int64_t(1) << 24;
  for (size_t i = 0; i < program.code.size(); ++i) {
    std::optional<Box> box = getExecutedBox(tree, i);
    if (!box)
      continue;
    MemoryChecker checker{tree, i, *box, stepsLeft, {}};
    std::visit(checker, program.code[i].body);
    if (!checker.status)
      return checker.status;
  }
  return Status::success();
}
