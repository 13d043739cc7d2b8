//===- VecPool.cpp - Windows that access maps describe --------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Strided.h"
#include "VecUnit.h"

#include <algorithm>
#include <atomic>

using namespace phx;
using namespace phx::exec;

namespace {

/// The windows of one instruction.
struct Windows {
  PoolFn fn;
  const AccessMap *in, *out;
  UnrolledDigits window; ///< column digits of `in`
  int64_t first = 0, rows = 0;

  Windows(const Context &context, PoolFn fn, uint32_t inMap, uint32_t outMap,
          const Affine &rowStart, const Count &count, int64_t positions)
      : fn(fn), in(&context.program.maps[inMap]),
        out(&context.program.maps[outMap]), first(context.value(rowStart)),
        rows(context.value(count)) {
    window.unroll(*in, in->cols, 0, positions);
  }
  std::optional<ByteRange> inBounds(int64_t begin, int64_t end) const {
    return getBounds(*in, begin, end, 0, int64_t(window.size()));
  }
  /// What all of them take of a memory.
  std::optional<ByteRange> inBounds(const Context &context,
                                    const Address &address) const {
    return context.getMapBounds(*in, address, first, first + rows, 0,
                                int64_t(window.size()));
  }
  std::optional<ByteRange> outBounds(const Context &context,
                                     const Address &address) const {
    return context.getMapBounds(*out, address, first, first + rows, 0, 1);
  }

  /// Calls `visit(row, origin, empty, target)` for `count` rows from `row`:
  /// where the window begins, whether all of it lies beyond the rows of the in
  /// map, and the offset of the row's output element, if there is one.
  template <typename Visitor>
  void forEachRow(int64_t row, int64_t count, Visitor visit) const {
    Odometer inside(in->rows), outside(out->rows);
    inside.seek(row);
    outside.seek(row);
    UnrolledDigits point;
    point.unroll(*out, {}, 0, 1);
    for (int64_t i = 0; i < count; ++i, inside.next(), outside.next()) {
      RowOrigin target = getOrigin(*out, outside.coordinates(), point);
      bool exists = outside.inside() && target.placement == Placement::Inside;
      visit(row + i, getOrigin(*in, inside.coordinates(), window),
            !inside.inside(),
            exists ? std::optional(target.bytes) : std::nullopt);
    }
  }

  /// Calls `visit(position, offset)` for each position inside the extents,
  /// ascending. Returns how many positions count for the average.
  template <typename Visitor>
  int64_t forEachPosition(const RowOrigin &origin, Visitor visit) const {
    int64_t counted = 0;
    for (size_t p = 0; p < window.size(); ++p) {
      if (!window.active[p])
        continue;
      const Coordinates &column = window.coordinates[p];
      bool hit = origin.placement == Placement::Inside ||
                 isInside(*in, origin, column);
      counted +=
          hit || (fn == PoolFn::AverageAll && isInMargins(origin, column));
      if (hit)
        visit(int64_t(p), origin.bytes + window.bytes[p]);
    }
    return counted;
  }

private:
  /// True if the position counts for AverageAll: inside extents or margins.
  bool isInMargins(const RowOrigin &origin, const Coordinates &column) const {
    for (size_t a = 0; a < in->axes.size(); ++a) {
      const MapAxis &axis = in->axes[a];
      int64_t x = origin.coordinates[a] + column[a];
      if (x < -axis.marginLow || x >= axis.extent + axis.marginHigh)
        return false;
    }
    return true;
  }
};

/// What a window gives.
struct Pooled {
  float value = 0;
  int64_t position = 0; ///< of the first maximum, or of the first NaN
  bool empty = false;   ///< nothing can be said about it
};

} // namespace

static constexpr const char *emptyWindow =
    "a window has no element inside the extents";

static Pooled poolWindow(const Windows &windows, const SourceView &from,
                         const RowOrigin &origin) {
  Pooled result;
  if (windows.fn == PoolFn::Max) {
    bool any = false;
    windows.forEachPosition(origin, [&](int64_t p, int64_t offset) {
      float x = loadFloat(from.at(offset));
      if (any && !replacesMaximum(x, result.value))
        return;
      result.value = x;
      result.position = p;
      any = true;
    });
    result.empty = !any;
    return result;
  }
  LaneSum sum;
  int64_t counted =
      windows.forEachPosition(origin, [&](int64_t p, int64_t offset) {
        sum.add(p, loadFloat(from.at(offset)));
      });
  result.empty = counted == 0;
  if (!result.empty)
    result.value = sum.get() / float(counted);
  return result;
}

/// VecPool, and VecPoolPositions with `positions`.
static Status pool(Context &context, const Windows &windows, const Address &in,
                   const Address &out, const Address *positions) {
  int64_t first = windows.first, rows = windows.rows;
  Result<SourceView> from =
      context.source("in", in, windows.inBounds(context, in));
  if (!from)
    return from.error();
  Result<TargetView> to =
      context.target("out", out, windows.outBounds(context, out));
  if (!to)
    return to.error();
  Result<TargetView> bytes = TargetView{};
  if (positions)
    bytes =
        context.target("positions", *positions, ByteRange{first, first + rows});
  if (!bytes)
    return bytes.error();
  std::atomic<bool> empty{false};
  int64_t positionsOfRow = std::max<int64_t>(windows.window.size(), 1);
  int64_t grain = std::clamp<int64_t>(stopGrain / positionsOfRow, 1, 256);
  Status status = context.forEach(
      (rows + grain - 1) / grain, grain * positionsOfRow * 4,
      [&](size_t g, unsigned) {
        int64_t begin = int64_t(g) * grain;
        windows.forEachRow(first + begin, std::min(grain, rows - begin),
                           [&](int64_t row, const RowOrigin &origin,
                               bool beyond, std::optional<int64_t> target) {
                             Pooled pooled;
                             if (target) {
                               if (!beyond)
                                 pooled = poolWindow(windows, *from, origin);
                               if (beyond || pooled.empty)
                                 empty = true;
                               storeResult(to->at(*target), pooled.value);
                             }
                             if (positions)
                               *bytes->at(row) = uint8_t(pooled.position);
                           });
      });
  if (status.ok() && empty)
    return context.fail(emptyWindow);
  return status;
}

template <>
Status exec::execute(Context &context, const VecPool &i) {
  Windows windows(context, i.fn, i.inMap, i.outMap, i.rowStart, i.rows,
                  i.window);
  return pool(context, windows, i.in, i.out, nullptr);
}

template <>
Status exec::execute(Context &context, const VecPoolPositions &i) {
  Windows windows(context, PoolFn::Max, i.inMap, i.outMap, i.rowStart, i.rows,
                  i.window);
  return pool(context, windows, i.in, i.out, &i.positions);
}

//===----------------------------------------------------------------------===//
// VecUnpool
//===----------------------------------------------------------------------===//

namespace {
/// The first row in order that names no element of its window.
struct BadRow {
  std::atomic<int64_t> row{INT64_MAX};
  void note(int64_t bad) {
    int64_t known = row.load();
    while (bad < known && !row.compare_exchange_weak(known, bad))
      ;
  }
};
} // namespace

/// Cuts the rows so that no two pieces add to the same byte range: every
/// element is then summed by one thread, in order. Rows of one piece follow
/// each other.
static std::vector<int64_t> cutRows(const Windows &windows) {
  // More pieces are no faster, and take long to find.
  constexpr int64_t maxPieces = 1 << 16;
  int64_t first = windows.first, end = first + windows.rows;
  int64_t unit = 1;
  for (const MapDigit &digit : windows.in->rows) {
    unit *= digit.radix;
    if (windows.rows / unit >= maxPieces)
      continue;
    std::vector<int64_t> cuts{first};
    int64_t reached = INT64_MIN;
    bool disjoint = true;
    for (int64_t row = first; row < end && disjoint;) {
      int64_t next = std::min((row / unit + 1) * unit, end);
      if (auto bytes = windows.inBounds(row, next)) {
        disjoint = bytes->low >= reached;
        reached = bytes->high;
      }
      cuts.push_back(row = next);
    }
    if (disjoint)
      return cuts;
  }
  return {first, end};
}

static void unpoolRows(Context &context, unsigned worker,
                       const Windows &windows, int64_t begin, int64_t end,
                       const TargetView &in, const SourceView &out,
                       const SourceView &positions, BadRow &bad) {
  auto add = [&](int64_t offset, float x) {
    uint8_t *at = in.at(offset);
    storeResult(at, loadFloat(at) + x);
  };
  auto addRow = [&](int64_t row, const RowOrigin &origin, bool beyond,
                    std::optional<int64_t> source) {
    if (!source)
      return;
    if (beyond)
      return bad.note(row);
    float x = loadFloat(out.at(*source));
    if (windows.fn == PoolFn::Max) {
      size_t p = *positions.at(row);
      if (p >= windows.window.size() || !windows.window.active[p] ||
          !isInside(*windows.in, origin, windows.window.coordinates[p]))
        return bad.note(row);
      return add(origin.bytes + windows.window.bytes[p], x);
    }
    int64_t counted = windows.forEachPosition(origin, [](int64_t, int64_t) {});
    if (counted == 0)
      return bad.note(row);
    float share = x / float(counted);
    windows.forEachPosition(
        origin, [&](int64_t, int64_t offset) { add(offset, share); });
  };
  int64_t positionsOfRow = std::max<int64_t>(windows.window.size(), 1);
  int64_t rows = std::max<int64_t>(stopGrain / positionsOfRow, 1);
  for (int64_t row = begin; row < end; row += rows) {
    if (row != begin && context.isStopped(worker))
      return;
    windows.forEachRow(row, std::min(rows, end - row), addRow);
  }
}

template <>
Status exec::execute(Context &context, const VecUnpool &i) {
  Windows windows(context, i.fn, i.inMap, i.outMap, i.rowStart, i.rows,
                  i.window);
  int64_t first = windows.first, end = first + windows.rows;
  Result<TargetView> in =
      context.target("in", i.in, windows.inBounds(context, i.in));
  if (!in)
    return in.error();
  Result<SourceView> out =
      context.source("out", i.out, windows.outBounds(context, i.out));
  if (!out)
    return out.error();
  Result<SourceView> positions = SourceView{};
  if (i.fn == PoolFn::Max)
    positions = context.source("positions", i.positions, ByteRange{first, end});
  if (!positions)
    return positions.error();
  std::vector<int64_t> cuts = cutRows(windows);
  int64_t pieces = int64_t(cuts.size()) - 1;
  BadRow bad;
  Status status = context.forEach(
      pieces, windows.rows / pieces * int64_t(windows.window.size()) * 4,
      [&](size_t p, unsigned worker) {
        unpoolRows(context, worker, windows, cuts[p], cuts[p + 1], *in, *out,
                   *positions, bad);
      });
  if (!status || bad.row == INT64_MAX)
    return status;
  if (i.fn != PoolFn::Max)
    return context.fail(emptyWindow);
  return context.fail("row " + std::to_string(bad.row) + " has position " +
                      std::to_string(*positions->at(bad.row)) +
                      ", which names no element of its window; positions are "
                      "what vec.pool_positions wrote for the same maps");
}
