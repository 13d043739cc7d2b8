//===- OuterProduct.cpp - A product whose result stays ----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OuterProduct.h"

#include "../support/TestMemories.h"

#include <algorithm>
#include <cmath>

using namespace phx;
using namespace phx::testing;

static std::vector<int32_t> makeNumbers(uint64_t seed, int64_t count,
                                        int32_t limit) {
  std::vector<int32_t> values;
  uint64_t state = 2 * seed + 1;
  for (int64_t i = 0; i < count; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    values.push_back(int32_t((state >> 33) % uint64_t(2 * limit + 1)) - limit);
  }
  return values;
}

OuterProduct::OuterProduct(uint64_t seed)
    : a(makeNumbers(seed, groups * m * k, 15)),
      b(makeNumbers(seed + 100, groups * n * k, 31)) {}

Arrays OuterProduct::makeInputs() const {
  return {{"a", toArray(a, {groups, m, k})}, {"b", toArray(b, {groups, k, n})}};
}

std::vector<int64_t> OuterProduct::multiply(int64_t *saturated) const {
  std::vector<int64_t> y;
  double half = std::ldexp(1.0, int(bits) - 1);
  for (int64_t g = 0; g < groups; ++g)
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) {
        int64_t total = 0;
        for (int64_t begin = 0; begin < k; begin += stretch) {
          double sum = 0;
          for (int64_t p = begin; p < std::min(begin + stretch, k); ++p)
            sum += double(a[size_t((g * m + i) * k + p)]) *
                   b[size_t((g * k + p) * n + j)];
          double code = std::nearbyint(sum * half / double(fullScale));
          if (saturated)
            *saturated += code < -half || code > half - 1;
          total += int64_t(std::fmin(std::fmax(code, -half), half - 1));
        }
        y.push_back(total);
      }
  return y;
}

/// A row major matrix of elements of `bytes`.
static AccessMap makeMatrix(int64_t rows, int64_t columns, int64_t bytes) {
  AccessMap map;
  map.rows = {{rows, 0, 1}};
  map.cols = {{columns, 1, 1}};
  map.axes = {{rows, columns * bytes, 0, 0, 0}, {columns, bytes, 0, 0, 0}};
  return map;
}

namespace {

using P = OuterProduct;
constexpr int64_t stretches = (P::k + P::stretch - 1) / P::stretch;

// Chunks of rows; in the nest groups, then stretches, and blocks of columns at
// the same time.
DigitTerm chunk(int64_t weight) { return {0, 1, 0, 1, 0, weight}; }
DigitTerm group(int64_t weight) { return {1, 1, 0, stretches, 0, weight}; }
DigitTerm position(int64_t weight) { return {1, 1, 0, 1, stretches, weight}; }
DigitTerm column(int64_t weight) { return {laneLoop, 1, 0, 1, 0, weight}; }

struct Operands {
  explicit Operands(ProgramBuilder &b)
      : first(b.addRegion("a", Role::Input, {P::groups, P::m, P::k}, mem::act,
                          ElementType::I32)),
        second(b.addRegion("b", Role::Input, {P::groups, P::k, P::n}, mem::wgt,
                           ElementType::I32)),
        result(b.addRegion("y", Role::Output, {P::groups, P::m, P::n},
                           mem::grad, ElementType::I64)) {}

  uint32_t first, second, result;
};

CrossbarOuter makeOuter(ProgramBuilder &builder, const Operands &operands) {
  constexpr int64_t m = P::m, n = P::n, k = P::k, side = P::side;
  auto move = [&](uint32_t region, std::vector<DigitTerm> digits) {
    Address address = builder.at(region);
    address.offset.terms = std::move(digits);
    return address;
  };
  CrossbarOuter outer;
  outer.firstConversion = 0;
  outer.secondConversion = 1;
  outer.firstMap = builder.addMap(makeMatrix(m, k, 4));
  AccessMap transposed = makeMatrix(n, k, 4);
  transposed.axes[0].stride = 4;
  transposed.axes[1].stride = 4 * n;
  outer.secondMap = builder.addMap(transposed);
  outer.outMap = builder.addMap(makeMatrix(m, n, 8));
  outer.first = move(operands.first, {group(4 * m * k), chunk(4 * side * k)});
  outer.second = move(operands.second, {group(4 * n * k)});
  outer.out = move(operands.result, {group(8 * m * n), chunk(8 * side * n)});
  outer.vecStart.terms = {column(side)};
  outer.kStart.terms = {position(P::stretch)};
  outer.rows = {side, Affine{m, {chunk(-side)}}};
  outer.vectors = {side, Affine{n, {column(-side)}}};
  outer.length = {P::stretch, Affine{k, {position(-P::stretch)}}};
  outer.start = outer.kStart;
  outer.group.terms = {group(1)};
  return outer;
}

} // namespace

Program OuterProduct::makeProgram() const {
  constexpr int64_t chunks = (m + side - 1) / side;
  constexpr int64_t blocks = (n + side - 1) / side;
  ProgramBuilder builder;
  Program &program = builder.program;
  program.name = "outer";
  program.groups = {{"narrow", "crossbar", 3, 4, 8},
                    {"wide", "crossbar", 2, side, side}};
  program.memories = makeCrossbarMemories();
  Operands operands(builder);
  program.conversions = {Integer{5}, Integer{6}};
  program.passes = {{CellDot{}, Adc{bits, fullScale}}};
  program.combines = {{WideAdd{}}};
  builder.setLayer(builder.addLayer("outer", "MatMul", operands.result));
  CrossbarOuter outer = makeOuter(builder, operands);

  Product product{0, m, n, k, groups, Stationary::Result, {0, 1}, 0, 0};
  builder.loop(chunks);
  uint64_t begin = builder.loop(groups * stretches);
  builder.add(wide0, outer).arrays.lanes = blocks;
  product.nests = {makeWholeNest(product, begin, builder.end())};
  product.nests[0].rows = {{0, {chunk(side)}}, outer.rows};
  builder.end();
  program.products = {product};
  return builder.finish();
}
