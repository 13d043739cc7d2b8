//===- VecUnit.cpp - Data movement and reductions -------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VecUnit.h"
#include "Strided.h"

#include "phx/support/Math.h"

#include <algorithm>

using namespace phx;
using namespace phx::exec;

//===----------------------------------------------------------------------===//
// DmaCopy
//===----------------------------------------------------------------------===//

namespace {
/// Which indices of one dimension have a source: index in [begin, end) reads
/// position index + start, the others +0.
struct FillWindow {
  size_t dim = 4; ///< 4: none
  int64_t start = 0, begin = 0, end = 0;
  bool covers(size_t d, int64_t index) const {
    return d != dim || (index >= begin && index < end);
  }
};
} // namespace

static FillWindow getWindow(const Context &context, const DmaCopy &copy,
                            const Extents &extents) {
  FillWindow window;
  if (!copy.zeroFill)
    return window;
  window.dim = copy.zeroFill->dim;
  window.start = context.value(copy.zeroFill->start);
  window.begin = std::max<int64_t>(-window.start, 0);
  window.end =
      std::min(copy.zeroFill->extent - window.start, extents.size[window.dim]);
  return window;
}

/// Source bytes, relative to the address; none if everything is filled.
static std::optional<ByteRange> getSourceBounds(const DmaCopy &copy,
                                                Extents extents,
                                                const FillWindow &window) {
  if (window.dim == 4)
    return getBounds(extents, copy.srcStride, 4, copy.width);
  if (window.begin >= window.end)
    return std::nullopt;
  int64_t stride = copy.srcStride[window.dim];
  int64_t shift = (window.start + window.begin) * stride;
  extents.size[window.dim] = window.end - window.begin;
  ByteRange range = getBounds(extents, copy.srcStride, 4, copy.width);
  return ByteRange{range.low + shift, range.high + shift};
}

/// The width is a constant, so that elements are single loads and stores.
template <size_t width>
static void copyElements(uint8_t *dst, int64_t dstStride, const uint8_t *src,
                         int64_t srcStride, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    std::memcpy(dst + i * dstStride, src + i * srcStride, width);
}

static void copyRow(uint8_t *dst, int64_t dstStride, const uint8_t *src,
                    int64_t srcStride, int64_t count, int64_t width) {
  if (count <= 0)
    return;
  if (dstStride == width && srcStride == width) {
    std::memcpy(dst, src, size_t(count * width));
    return;
  }
  switch (width) {
  case 1:
    return copyElements<1>(dst, dstStride, src, srcStride, count);
  case 2:
    return copyElements<2>(dst, dstStride, src, srcStride, count);
  case 4:
    return copyElements<4>(dst, dstStride, src, srcStride, count);
  default:
    return copyElements<8>(dst, dstStride, src, srcStride, count);
  }
}

static void zeroRow(uint8_t *dst, int64_t stride, int64_t begin, int64_t end,
                    int64_t width) {
  for (int64_t i = begin; i < end; ++i)
    std::memset(dst + i * stride, 0, size_t(width));
}

template <>
Status exec::execute(Context &context, const DmaCopy &copy) {
  Extents extents = getExtents(context, copy.shape);
  FillWindow window = getWindow(context, copy, extents);
  Result<TargetView> dst =
      context.target("dst", copy.dst,
                     getBounds(extents, copy.dstStride, 4, copy.width));
  if (!dst)
    return dst.error();
  Result<SourceView> src =
      context.source("src", copy.src, getSourceBounds(copy, extents, window));
  if (!src)
    return src.error();
  int64_t length = extents.rowLength();
  int64_t shift =
      window.dim == 4 ? 0 : window.start * copy.srcStride[window.dim];
  return context.forEach(extents.rows(), length, [&](size_t r,
                                                     unsigned worker) {
    auto index = extents.indexOf(int64_t(r));
    uint8_t *to = dst->at(getRowOffset(index, copy.dstStride));
    bool covered = src->lowest != nullptr;
    for (size_t d = 0; d < 3; ++d)
      covered &= window.covers(d, index[d]);
    // What lies in [begin, end) of the row is copied, the rest is zero.
    int64_t begin = 0, end = covered ? length : 0;
    if (covered && window.dim == 3) {
      begin = std::min(window.begin, length);
      end = std::max(window.end, begin);
    }
    int64_t rowStart =
        covered ? getRowOffset(index, copy.srcStride) + shift : 0;
    forEachStretch(context, worker, length, [&](int64_t low, int64_t high) {
      int64_t first = std::clamp(begin, low, high);
      int64_t last = std::clamp(end, first, high);
      zeroRow(to, copy.dstStride[3], low, first, copy.width);
      zeroRow(to, copy.dstStride[3], last, high, copy.width);
      if (first < last)
        copyRow(to + first * copy.dstStride[3], copy.dstStride[3],
                src->at(rowStart + first * copy.srcStride[3]),
                copy.srcStride[3], last - first, copy.width);
    });
  });
}

//===----------------------------------------------------------------------===//
// VecReduce
//===----------------------------------------------------------------------===//

namespace {
/// The reduced dimensions, seen from the first element of a row: the innermost
/// one is a run, the others number the runs.
struct ReducedRuns {
  std::array<int64_t, 3> size{1, 1, 1};
  std::array<int64_t, 3> stride{};

  ReducedRuns(const VecReduce &reduce, const Extents &extents) {
    for (size_t d = 0; d < size_t(reduce.dims); ++d) {
      size[2 - d] = extents.size[3 - d];
      stride[2 - d] = reduce.aStride[3 - d];
    }
  }
  int64_t elements() const { return size[0] * size[1] * size[2]; }
  /// Visits the elements row-major with their numbers, until the run is to
  /// stop.
  template <typename Visitor>
  void forEach(Context &context, unsigned worker, const uint8_t *from,
               Visitor visit) const {
    int64_t number = 0, sinceLook = 0;
    for (int64_t i = 0; i < size[0]; ++i)
      for (int64_t j = 0; j < size[1]; ++j) {
        const uint8_t *run = from + i * stride[0] + j * stride[1];
        for (int64_t begin = 0; begin < size[2]; begin += stopGrain) {
          int64_t end = std::min(size[2], begin + stopGrain);
          for (int64_t k = begin; k < end; ++k)
            visit(number++, loadFloat(run + k * stride[2]));
          sinceLook += end - begin;
          if (sinceLook < stopGrain)
            continue;
          sinceLook = 0;
          if (context.isStopped(worker))
            return;
        }
      }
  }
};
} // namespace

template <>
Status exec::execute(Context &context, const VecReduce &reduce) {
  Extents extents = getExtents(context, reduce.shape);
  Result<SourceView> a =
      context.source("a", reduce.a, getBounds(extents, reduce.aStride));
  if (!a)
    return a.error();
  ReducedRuns runs(reduce, extents);
  for (size_t d = 4 - size_t(reduce.dims); d < 4; ++d)
    extents.size[d] = 1;
  Result<TargetView> dst =
      context.target("dst", reduce.dst, getBounds(extents, reduce.dstStride));
  if (!dst)
    return dst.error();
  bool sum = reduce.fn == ReduceFn::Sum;
  return context.forEach(
      extents.rows(), runs.elements() * 4, [&](size_t r, unsigned worker) {
        auto index = extents.indexOf(int64_t(r));
        const uint8_t *from = a->at(getRowOffset(index, reduce.aStride));
        LaneSum lanes;
        float best = loadFloat(from);
        // Apart, so that an element waits for one comparison alone.
        bool anyNaN = false;
        if (sum)
          runs.forEach(context, worker, from,
                       [&](int64_t i, float x) { lanes.add(i, x); });
        else
          runs.forEach(context, worker, from, [&](int64_t, float x) {
            best = x > best ? x : best;
            anyNaN |= x != x;
          });
        if (anyNaN)
          best = math::quietNaN();
        storeResult(dst->at(getRowOffset(index, reduce.dstStride)),
                    sum ? lanes.get() : best);
      });
}
