//===- History.cpp - What the iterations of a loop did ----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "History.h"

#include <algorithm>

using namespace phx;
using namespace phx::detail;

void History::restart(int64_t newLongest) {
  longest = newLongest;
  count = 0;
  size_t size = static_cast<size_t>(capacity());
  if (marks.size() < size) {
    marks.resize(size);
    hashes.resize(size);
  }
  matches.assign(static_cast<size_t>(longest) + 1, 0);
}

Mark &History::append() {
  ++count;
  return marks[static_cast<size_t>((count - 1) % capacity())];
}

static uint64_t mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
  return hash ^ (hash >> 29);
}

void History::finish(const Log &log) {
  if (count < 2)
    return;
  const Mark &before = at(1), &after = at(0);
  uint64_t hash = 1;
  for (size_t i = before.keys; i < after.keys; ++i)
    hash = mix(hash, log.keys[i]);
  for (size_t i = before.differences; i < after.differences; ++i)
    hash = mix(hash, log.differences[i] > 0);
  size_t size = static_cast<size_t>(capacity());
  size_t latest = static_cast<size_t>((count - 1) % capacity());
  hashes[latest] = hash;
  // Iteration 1 is the first with a hash.
  int64_t reach = std::min(longest, count - 2);
  for (int64_t period = 1; period <= reach; ++period) {
    size_t earlier = latest >= static_cast<size_t>(period)
                         ? latest - static_cast<size_t>(period)
                         : latest + size - static_cast<size_t>(period);
    int64_t &match = matches[static_cast<size_t>(period)];
    match = hashes[earlier] == hash ? match + 1 : 0;
  }
}

int64_t History::getPeriodAbove(int64_t period) const {
  int64_t reach = std::min(longest, (count - 1) / 2);
  while (++period <= reach)
    if (matches[static_cast<size_t>(period)] >= period)
      return period;
  return 0;
}

int64_t phx::detail::limitBySlack(const Log &log, const Mark &begin,
                                  const Mark &middle, const Mark &end,
                                  int64_t blocks) {
  const std::vector<Femtoseconds> &all = log.differences;
  size_t size = end.differences - middle.differences;
  if (middle.differences - begin.differences != size)
    return 0;
  for (size_t i = 0; i < size && blocks > 0; ++i) {
    Femtoseconds first = all[begin.differences + i];
    Femtoseconds second = all[middle.differences + i];
    // A tie is both a win and a loss: its value is the same either way.
    if ((first > 0 && second < 0) || (first < 0 && second > 0))
      return 0;
    bool tokenWins = second > 0 || (second == 0 && first > 0);
    Femtoseconds slack = tokenWins ? second : -second;
    Femtoseconds closing = tokenWins ? first - second : second - first;
    if (closing > 0)
      blocks = std::min(blocks, slack / closing);
  }
  return blocks;
}

bool phx::detail::haveEqualKeys(const Log &log, const Mark &begin,
                                const Mark &middle, const Mark &end) {
  auto keys = log.keys.begin();
  auto at = [&](size_t i) { return keys + static_cast<ptrdiff_t>(i); };
  return std::equal(at(begin.keys), at(middle.keys), at(middle.keys),
                    at(end.keys));
}
