//===- PowerMerge.cpp - Largest sum of powers, one segment at a time ------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PowerMerge.h"

#include <algorithm>

using namespace phx;
using namespace phx::detail;

void PowerMerge::advance(Femtoseconds limit) {
  while (now < limit) {
    double sum = 0;
    Femtoseconds next = limit;
    for (std::deque<Segment> &queue : queues) {
      while (!queue.empty() && queue.front().end <= now)
        queue.pop_front();
      if (queue.empty())
        continue;
      const Segment &segment = queue.front();
      if (segment.begin <= now) {
        sum += segment.watts;
        next = std::min(next, segment.end);
      } else {
        next = std::min(next, segment.begin);
      }
    }
    peak = std::max(peak, sum);
    now = next;
  }
}
