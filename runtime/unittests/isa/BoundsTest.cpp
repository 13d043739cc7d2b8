//===- BoundsTest.cpp - Tests of ranges over loop iterations -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/Bounds.h"
#include "../support/RandomProgram.h"

#include <gtest/gtest.h>

using namespace phx;
using phx::testing::Random;

namespace {

/// Byte offset of the element at (row, column), nothing outside the extents.
std::optional<int64_t> locate(const AccessMap &map, int64_t row, int64_t col) {
  int64_t coordinates[4];
  for (size_t a = 0; a < map.axes.size(); ++a)
    coordinates[a] = map.axes[a].offset;
  for (auto [digits, index] : {std::pair(&map.rows, row), {&map.cols, col}}) {
    for (const MapDigit &digit : *digits) {
      coordinates[digit.axis] += index % digit.radix * digit.step;
      index /= digit.radix;
    }
    if (index > 0)
      return std::nullopt;
  }
  int64_t offset = 0;
  for (size_t a = 0; a < map.axes.size(); ++a) {
    if (coordinates[a] < 0 || coordinates[a] >= map.axes[a].extent)
      return std::nullopt;
    offset += coordinates[a] * map.axes[a].stride;
  }
  return offset;
}

} // namespace

TEST(Bounds, MapRangeIsExact) {
  Random random(5);
  for (int trial = 0; trial < 3000; ++trial) {
    AccessMap map;
    for (int64_t a = random.between(1, 4); a > 0; --a)
      map.axes.push_back({random.between(0, 9), 4 * random.between(0, 50),
                          random.between(-4, 4), 0, 0});
    auto digits = [&](std::vector<MapDigit> &list) {
      for (int64_t d = random.between(0, 3); d > 0; --d)
        list.push_back({random.between(1, 5),
                        static_cast<uint8_t>(
                            random.between(0, int64_t(map.axes.size()) - 1)),
                        random.between(-2, 3)});
    };
    digits(map.rows);
    digits(map.cols);
    int64_t r0 = random.between(0, 30), r1 = random.between(r0, r0 + 40);
    int64_t c0 = random.between(0, 30), c1 = random.between(c0, c0 + 40);
    std::optional<Range> expected;
    for (int64_t r = r0; r <= r1; ++r)
      for (int64_t c = c0; c <= c1; ++c)
        if (auto offset = locate(map, r, c)) {
          if (!expected)
            expected = Range{*offset, *offset};
          expected->lo = std::min<Int>(expected->lo, *offset);
          expected->hi = std::max<Int>(expected->hi, *offset);
        }
    int64_t steps = 0;
    std::optional<Range> found = getMapRange(map, {r0, r1}, {c0, c1}, steps);
    ASSERT_EQ(found.has_value(), expected.has_value()) << trial;
    if (found) {
      EXPECT_TRUE(found->lo == expected->lo) << trial;
      EXPECT_TRUE(found->hi == expected->hi) << trial;
    }
  }
}

TEST(Bounds, FormsContainTheirValuesAndMergeDigits) {
  Random random(6);
  for (int trial = 0; trial < 2000; ++trial) {
    Affine a{random.between(-9, 9), {}};
    for (int64_t t = random.between(0, 4); t > 0; --t)
      a.terms.push_back({static_cast<uint8_t>(random.between(0, 1)),
                         random.between(1, 3), random.between(0, 3),
                         random.between(1, 4), random.between(0, 4),
                         random.between(-9, 9)});
    Box box{};
    box[0] = {random.between(0, 3), random.between(3, 9)};
    box[1] = {0, random.between(0, 5)};
    Form form(a);
    Range range = form.over(box);
    form.add(a, -1); // cancels
    Range zero = form.over(box);
    EXPECT_TRUE(zero.lo == 0 && zero.hi == 0);
    for (int64_t i = box[0].first; i <= box[0].second; ++i)
      for (int64_t j = box[1].first; j <= box[1].second; ++j) {
        int64_t value = evaluate(a, {i, j});
        EXPECT_TRUE(range.lo <= value && value <= range.hi);
        Box point{};
        point[0] = {i, i};
        point[1] = {j, j};
        Range exact = Form(a).over(point);
        EXPECT_TRUE(exact.lo == value && exact.hi == value);
      }
  }
}
