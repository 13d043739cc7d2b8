//===- VecUnit.cpp - Data movement, reductions, pooling -------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VecUnit.h"
#include "Strided.h"

#include <algorithm>
#include <atomic>

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
    return getBounds(extents, copy.srcStride);
  if (window.begin >= window.end)
    return std::nullopt;
  int64_t stride = copy.srcStride[window.dim];
  int64_t shift = (window.start + window.begin) * stride;
  extents.size[window.dim] = window.end - window.begin;
  ByteRange range = getBounds(extents, copy.srcStride);
  return ByteRange{range.low + shift, range.high + shift};
}

static void copyRow(uint8_t *dst, int64_t dstStride, const uint8_t *src,
                    int64_t srcStride, int64_t count) {
  if (count <= 0)
    return;
  if (dstStride == 4 && srcStride == 4) {
    std::memcpy(dst, src, size_t(count) * 4);
    return;
  }
  for (int64_t i = 0; i < count; ++i)
    std::memcpy(dst + i * dstStride, src + i * srcStride, 4);
}

static void zeroRow(uint8_t *dst, int64_t stride, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; ++i)
    std::memset(dst + i * stride, 0, 4);
}

Status exec::execute(Context &context, const DmaCopy &copy) {
  Extents extents = getExtents(context, copy.shape);
  FillWindow window = getWindow(context, copy, extents);
  Result<TargetView> dst =
      context.target("dst", copy.dst, getBounds(extents, copy.dstStride));
  if (!dst)
    return dst.error();
  Result<SourceView> src =
      context.source("src", copy.src, getSourceBounds(copy, extents, window));
  if (!src)
    return src.error();
  int64_t length = extents.rowLength();
  int64_t shift =
      window.dim == 4 ? 0 : window.start * copy.srcStride[window.dim];
  return context.forEach(extents.rows(), length, [&](size_t r, unsigned) {
    auto index = extents.indexOf(int64_t(r));
    uint8_t *to = dst->at(getRowOffset(index, copy.dstStride));
    bool covered = src->lowest != nullptr;
    for (size_t d = 0; d < 3; ++d)
      covered &= window.covers(d, index[d]);
    if (!covered)
      return zeroRow(to, copy.dstStride[3], 0, length);
    int64_t begin = window.dim == 3 ? std::min(window.begin, length) : 0;
    int64_t end = window.dim == 3 ? std::max(window.end, begin) : length;
    zeroRow(to, copy.dstStride[3], 0, begin);
    zeroRow(to, copy.dstStride[3], end, length);
    const uint8_t *from = src->at(getRowOffset(index, copy.srcStride) + shift +
                                  begin * copy.srcStride[3]);
    copyRow(to + begin * copy.dstStride[3], copy.dstStride[3], from,
            copy.srcStride[3], end - begin);
  });
}

//===----------------------------------------------------------------------===//
// VecReduce
//===----------------------------------------------------------------------===//

Status exec::execute(Context &context, const VecReduce &reduce) {
  Extents extents = getExtents(context, reduce.shape);
  Result<TargetView> dst = context.target(
      "dst", reduce.dst, getBounds(extents, reduce.dstStride, 3));
  if (!dst)
    return dst.error();
  Result<SourceView> a =
      context.source("a", reduce.a, getBounds(extents, reduce.aStride));
  if (!a)
    return a.error();
  int64_t length = extents.rowLength(), stride = reduce.aStride[3];
  bool sum = reduce.fn == ReduceFn::Sum;
  return context.forEach(extents.rows(), length * 4, [&](size_t r, unsigned) {
    auto index = extents.indexOf(int64_t(r));
    const uint8_t *from = a->at(getRowOffset(index, reduce.aStride));
    float result = 0;
    if (sum) {
      LaneSum lanes;
      for (int64_t i = 0; i < length; ++i)
        lanes.add(i, loadFloat(from + i * stride));
      result = lanes.get();
    } else {
      result = loadFloat(from);
      for (int64_t i = 1; i < length; ++i) {
        float x = loadFloat(from + i * stride);
        result = x > result ? x : result;
      }
    }
    storeFloat(dst->at(getRowOffset(index, reduce.dstStride)), result);
  });
}

//===----------------------------------------------------------------------===//
// VecPool
//===----------------------------------------------------------------------===//

namespace {
struct PoolJob {
  PoolFn fn;
  const AccessMap *in, *out;
  SourceView from;
  TargetView to;
  UnrolledDigits window;
  std::atomic<bool> empty{false}; ///< some window had no element
};
} // namespace

/// True if the position counts for AverageAll: inside the extents or margins.
static bool isInMargins(const AccessMap &map, const RowOrigin &origin,
                        const Coordinates &column) {
  for (size_t a = 0; a < map.axes.size(); ++a) {
    const MapAxis &axis = map.axes[a];
    int64_t x = origin.coordinates[a] + column[a];
    if (x < -axis.marginLow || x >= axis.extent + axis.marginHigh)
      return false;
  }
  return true;
}

/// The result of one window; `empty` if nothing can be said about it.
static float poolWindow(const PoolJob &job, const RowOrigin &origin,
                        bool &empty) {
  LaneSum sum;
  float best = 0;
  int64_t inside = 0, counted = 0;
  bool average = job.fn != PoolFn::Max;
  for (size_t p = 0; p < job.window.size(); ++p) {
    const Coordinates &column = job.window.coordinates[p];
    if (!job.window.active[p])
      continue;
    bool hit = origin.placement == Placement::Inside ||
               isInside(*job.in, origin, column);
    counted += job.fn == PoolFn::AverageAll
                   ? hit || isInMargins(*job.in, origin, column)
                   : hit;
    if (!hit)
      continue;
    float x = loadFloat(job.from.at(origin.bytes + job.window.bytes[p]));
    if (average)
      sum.add(int64_t(p), x);
    else
      best = inside == 0 || x > best ? x : best;
    ++inside;
  }
  empty = average ? counted == 0 : inside == 0;
  return average ? sum.get() / float(counted) : best;
}

static void poolRows(PoolJob &job, int64_t row, int64_t count) {
  Odometer in(job.in->rows), out(job.out->rows);
  in.seek(row);
  out.seek(row);
  UnrolledDigits point;
  point.unroll(*job.out, {}, 0, 1);
  for (int64_t i = 0; i < count; ++i, in.next(), out.next()) {
    RowOrigin target = getOrigin(*job.out, out.coordinates(), point);
    if (!out.inside() || target.placement != Placement::Inside)
      continue;
    RowOrigin origin = getOrigin(*job.in, in.coordinates(), job.window);
    bool empty = !in.inside();
    float result = empty ? 0 : poolWindow(job, origin, empty);
    if (empty)
      job.empty = true;
    storeFloat(job.to.at(target.bytes), result);
  }
}

Status exec::execute(Context &context, const VecPool &pool) {
  PoolJob job;
  job.fn = pool.fn;
  job.in = &context.program.maps[pool.inMap];
  job.out = &context.program.maps[pool.outMap];
  int64_t first = context.value(pool.rowStart), rows = context.value(pool.rows);
  job.window.unroll(*job.in, job.in->cols, 0, pool.window);
  Result<SourceView> from = context.source(
      "in", pool.in, getBounds(*job.in, first, first + rows, 0, pool.window));
  if (!from)
    return from.error();
  Result<TargetView> to = context.target(
      "out", pool.out, getBounds(*job.out, first, first + rows, 0, 1));
  if (!to)
    return to.error();
  job.from = *from;
  job.to = *to;
  constexpr int64_t grain = 256;
  Status status =
      context.forEach((rows + grain - 1) / grain, grain * pool.window * 4,
                      [&](size_t g, unsigned) {
                        int64_t row = int64_t(g) * grain;
                        poolRows(job, first + row, std::min(grain, rows - row));
                      });
  if (status.ok() && job.empty)
    return context.fail("a window has no element inside the extents");
  return status;
}
