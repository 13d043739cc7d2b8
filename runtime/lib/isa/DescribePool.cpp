//===- DescribePool.cpp - Pooling and its adjoint --------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/DescribeInstruction.h"
#include "phx/isa/FieldReport.h"
#include "phx/isa/Instructions.h"
#include "phx/isa/Limits.h"

using namespace phx;

template <> const EnumDescription &phx::describeEnum<PoolFn>() {
  static const EnumDescription description{
      "PoolFn",
      "pooling function",
      {{"max", "the first NaN if there is one, else the first maximum"},
       {"average_valid", "divided by the positions inside the extents"},
       {"average_all", "divided by the positions inside extents and margins"}}};
  return description;
}

namespace {
/// What the three instructions have in common.
template <typename T> struct Windows {
  static MapSide<T> rows() { return {&T::rowStart, &T::rows}; }
  static MapSide<T> window() { return {&T::window}; }
  static void describeMaps(DescribeInstruction<T> &d) {
    d.field(&T::inMap, "in map", "of the windowed tensor")
        .of(TableKind::Maps)
        .field(&T::outMap, "out map", "of the pooled tensor; its rows alone")
        .of(TableKind::Maps)
        .field(&T::in, "in", "windowed tensor")
        .field(&T::out, "out", "pooled tensor");
  }
  static void describeRows(DescribeInstruction<T> &d, int64_t mostPositions) {
    d.field(&T::rowStart, "row start", "first row")
        .unit("rows")
        .named("row")
        .as(FieldRole::Start)
        .field(&T::rows, "rows", "number of rows")
        .unit("rows")
        .field(&T::window, "window", "positions per window")
        .unit("positions")
        .within(1, mostPositions)
        .timedBy(&T::rows);
  }
};
} // namespace

template <> const InstructionDescription &phx::describeInstruction<VecPool>() {
  using W = Windows<VecPool>;
  static const InstructionDescription description = [] {
    DescribeInstruction<VecPool> d("vec_pool", EnginePlace::Vec);
    d.summary("Pool windows that an access map describes")
        .field(&VecPool::fn, "function", "the pooling")
        .named("fn");
    W::describeMaps(d);
    W::describeRows(d, limits::magnitude);
    return d.writes(&VecPool::out, mappedRows(&VecPool::outMap, W::rows()))
        .reads(&VecPool::in, mapped(&VecPool::inMap, W::rows(), W::window()))
        .assembly("$fn $out `map` $out_map `from` $in `map` $in_map "
                  "`row` $row `rows` $rows `window` $window")
        .example("pisa.vec_pool max act[4096] map 1 from act[0] map 0 row 0 "
                 "rows 144 window 4")
        .build();
  }();
  return description;
}

template <> const InstructionDescription &phx::describeInstruction<VecPoolPositions>() {
  using T = VecPoolPositions;
  using W = Windows<T>;
  static const InstructionDescription description = [] {
    DescribeInstruction<T> d("vec_pool_positions", EnginePlace::Vec);
    d.summary("Maxima of windows, and where they were found");
    W::describeMaps(d);
    d.field(&T::positions, "positions", "a byte per row: that of row 0");
    W::describeRows(d, limits::windowPositions);
    return d.writes(&T::out, mappedRows(&T::outMap, W::rows()))
        .reads(&T::in, mapped(&T::inMap, W::rows(), W::window()))
        .writes(&T::positions, rowBytes(W::rows()))
        .assembly("$out `map` $out_map `positions` $positions `from` $in "
                  "`map` $in_map `row` $row `rows` $rows `window` $window")
        .example("pisa.vec_pool_positions act[4096] map 1 positions act[8192] "
                 "from act[0] map 0\n    row 0 rows 144 window 4")
        .build();
  }();
  return description;
}

static bool readsPositions(const void *body) {
  return static_cast<const VecUnpool *>(body)->fn == PoolFn::Max;
}

static void checkUnpool(const VecUnpool &unpool, FieldReport &report) {
  if (unpool.fn == PoolFn::Max && unpool.window > limits::windowPositions)
    report.fail("window", "1 to " + std::to_string(limits::windowPositions),
                std::to_string(unpool.window));
}

template <> const InstructionDescription &phx::describeInstruction<VecUnpool>() {
  using T = VecUnpool;
  using W = Windows<T>;
  static const InstructionDescription description = [] {
    DescribeInstruction<T> d("vec_unpool", EnginePlace::Vec);
    d.summary("Add the gradients of pooled windows to their elements")
        .semantics("`max` has positions, averages have none.")
        .field(&T::fn, "function", "whose adjoint it is")
        .named("fn");
    W::describeMaps(d);
    d.field(&T::positions, "positions", "as vec_pool_positions wrote them")
        .optional();
    W::describeRows(d, limits::magnitude);
    // Which elements a maximum reaches is known at run time: all are touched.
    return d.writes(&T::in, mapped(&T::inMap, W::rows(), W::window()))
        .reads(&T::out, mappedRows(&T::outMap, W::rows()))
        .reads(&T::positions, rowBytes(W::rows()), readsPositions)
        .checks(checkBody<T, checkUnpool>)
        .assembly("$fn $in `map` $in_map `from` $out `map` $out_map "
                  "(`positions` $positions^)? `row` $row `rows` $rows "
                  "`window` $window")
        .example("pisa.vec_unpool max grad[0] map 0 from grad[4096] map 1 "
                 "positions act[8192]\n    row 0 rows 144 window 4")
        .example("pisa.vec_unpool average_valid grad[0] map 0 from grad[4096] "
                 "map 1\n    row 0 rows 144 window 4")
        .build();
  }();
  return description;
}
