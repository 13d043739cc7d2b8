//===- VecMap.cpp - Elementwise functions of the vector unit --------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Strided.h"
#include "VecUnit.h"

#include "phx/support/Math.h"

#include <cmath>

using namespace phx;
using namespace phx::exec;

namespace {
/// One row of an elementwise operation.
struct Row {
  uint8_t *dst;
  const uint8_t *a, *b;
  int64_t dstStride, aStride, bStride;
  int64_t length;
};
} // namespace

template <typename Fn> static void applyUnary(const Row &row, Fn fn) {
  if (row.dstStride == 4 && row.aStride == 4) {
    for (int64_t i = 0; i < row.length; ++i)
      storeFloat(row.dst + 4 * i, fn(loadFloat(row.a + 4 * i)));
    return;
  }
  for (int64_t i = 0; i < row.length; ++i)
    storeFloat(row.dst + i * row.dstStride,
               fn(loadFloat(row.a + i * row.aStride)));
}

template <typename Fn> static void applyBinary(const Row &row, Fn fn) {
  if (row.dstStride == 4 && row.aStride == 4 && row.bStride == 4) {
    for (int64_t i = 0; i < row.length; ++i)
      storeFloat(row.dst + 4 * i,
                 fn(loadFloat(row.a + 4 * i), loadFloat(row.b + 4 * i)));
    return;
  }
  if (row.dstStride == 4 && row.aStride == 4 && row.bStride == 0) {
    float b = loadFloat(row.b);
    for (int64_t i = 0; i < row.length; ++i)
      storeFloat(row.dst + 4 * i, fn(loadFloat(row.a + 4 * i), b));
    return;
  }
  for (int64_t i = 0; i < row.length; ++i)
    storeFloat(row.dst + i * row.dstStride,
               fn(loadFloat(row.a + i * row.aStride),
                  loadFloat(row.b + i * row.bStride)));
}

// What computes a NaN makes it canonical here; exp, log, tanh, sigmoid, maxima
// and minima give no other. Lambdas: a function as an argument is called by its
// address.
static void applyBinary(VecFn fn, const Row &row, float s0, float s1) {
  switch (fn) {
  case VecFn::Add:
    return applyBinary(row,
                       [](float a, float b) { return canonicalF32(a + b); });
  case VecFn::Sub:
    return applyBinary(row,
                       [](float a, float b) { return canonicalF32(a - b); });
  case VecFn::Mul:
    return applyBinary(row,
                       [](float a, float b) { return canonicalF32(a * b); });
  case VecFn::Div:
    return applyBinary(row,
                       [](float a, float b) { return canonicalF32(a / b); });
  case VecFn::Max:
    return applyBinary(row, [](float a, float b) { return maximumF32(a, b); });
  case VecFn::Min:
    return applyBinary(row, [](float a, float b) { return minimumF32(a, b); });
  case VecFn::Equal:
    return applyBinary(row,
                       [](float a, float b) { return a == b ? 1.0f : 0.0f; });
  case VecFn::Gate:
    if (s0 == 0)
      return applyBinary(row, [](float a, float b) {
        return canonicalF32(gateF32(a, b, 0));
      });
    return applyBinary(row, [=](float a, float b) {
      return canonicalF32(gateF32(a, b, s0));
    });
  case VecFn::GateRange:
    return applyBinary(row, [=](float a, float b) {
      return canonicalF32(gateRangeF32(a, b, s0, s1));
    });
  default: // Drop
    return applyBinary(row, [=](float a, float b) {
      return canonicalF32(dropF32(a, b, s0, s1));
    });
  }
}

static void applyUnary(VecFn fn, const Row &row, float s0, float s1) {
  switch (fn) {
  case VecFn::Relu:
    return applyUnary(row, [](float a) { return canonicalF32(reluF32(a)); });
  case VecFn::LeakyRelu:
    return applyUnary(
        row, [=](float a) { return canonicalF32(a < 0.0f ? s0 * a : a); });
  case VecFn::Clip:
    return applyUnary(row, [=](float a) { return clipF32(a, s0, s1); });
  case VecFn::Neg:
    return applyUnary(row, [](float a) { return canonicalF32(-a); });
  case VecFn::Abs:
    return applyUnary(row, [](float a) { return canonicalF32(std::fabs(a)); });
  case VecFn::Sqrt:
    return applyUnary(row, [](float a) { return canonicalF32(std::sqrt(a)); });
  case VecFn::Exp:
    return applyUnary(row, expF32);
  case VecFn::Log:
    return applyUnary(row, logF32);
  case VecFn::Tanh:
    return applyUnary(row, tanhF32);
  case VecFn::Sigmoid:
    return applyUnary(row, sigmoidF32);
  case VecFn::Scale:
    return applyUnary(row, [=](float a) { return canonicalF32(a * s0); });
  case VecFn::Offset:
    return applyUnary(row, [=](float a) { return canonicalF32(a + s0); });
  default: // Copy
    return applyUnary(row, [](float a) { return a; });
  }
}

/// Elements [begin, end) of a row.
static Row cut(Row row, int64_t begin, int64_t end) {
  auto move = [&](auto *&pointer, int64_t stride) {
    if (pointer)
      pointer += begin * stride;
  };
  move(row.dst, row.dstStride);
  move(row.a, row.aStride);
  move(row.b, row.bStride);
  row.length = end - begin;
  return row;
}

static void apply(const VecMap &map, const Row &row, unsigned sources) {
  if (sources > 1)
    return applyBinary(map.fn, row, map.s0, map.s1);
  if (sources == 1)
    return applyUnary(map.fn, row, map.s0, map.s1);
  for (int64_t i = 0; i < row.length; ++i)
    storeFloat(row.dst + i * row.dstStride, map.s0);
}

template <>
Status exec::execute(Context &context, const VecMap &map) {
  Extents extents = getExtents(context, map.shape);
  unsigned sources = getSourceCount(map.fn);
  bool binary = sources > 1, fill = sources == 0;
  Result<TargetView> dst =
      context.target("dst", map.dst, getBounds(extents, map.dstStride));
  if (!dst)
    return dst.error();
  Result<SourceView> a = SourceView{}, b = SourceView{};
  if (!fill)
    a = context.source("a", map.a, getBounds(extents, map.aStride));
  if (!a)
    return a.error();
  if (binary)
    b = context.source("b", map.b, getBounds(extents, map.bStride));
  if (!b)
    return b.error();
  return context.forEach(extents.rows(), extents.rowLength() * 2,
                         [&](size_t r, unsigned worker) {
                           auto index = extents.indexOf(int64_t(r));
                           Row row{dst->at(getRowOffset(index, map.dstStride)),
                                   nullptr,
                                   nullptr,
                                   map.dstStride[3],
                                   map.aStride[3],
                                   map.bStride[3],
                                   extents.rowLength()};
                           if (!fill)
                             row.a = a->at(getRowOffset(index, map.aStride));
                           if (binary)
                             row.b = b->at(getRowOffset(index, map.bStride));
                           forEachStretch(context, worker, row.length,
                                          [&](int64_t begin, int64_t end) {
                                            apply(map, cut(row, begin, end),
                                                  sources);
                                          });
                         });
}
