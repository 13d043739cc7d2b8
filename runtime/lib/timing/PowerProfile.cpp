//===- PowerProfile.cpp - Largest sum of powers over repeating stretches --===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PowerProfile.h"

#include <algorithm>

using namespace phx;
using namespace phx::detail;

namespace {
/// Instants that one flush looks at one by one before it begins to bound.
constexpr int64_t instantsPerFlush = 200000;
} // namespace

void PowerProfile::add(unsigned engine, Femtoseconds begin, Femtoseconds end,
                       double watts) {
  if (end > begin)
    streams[engine].push_back({begin, end, watts});
}

size_t PowerProfile::totalSize() const {
  size_t size = 0;
  for (const std::vector<Item> &stream : streams)
    size += stream.size();
  return size;
}

/// True if `b` is `a`, later by `period`, all the way down.
bool PowerProfile::isShifted(const Item &a, Femtoseconds shiftA, const Item &b,
                             Femtoseconds shiftB, Femtoseconds period) const {
  Femtoseconds distance = shiftB - shiftA;
  if (b.begin - a.begin + distance != period ||
      b.end - a.end + distance != period || a.watts != b.watts ||
      a.isBound != b.isBound || (a.run < 0) != (b.run < 0))
    return false;
  if (a.run < 0)
    return true;
  const Run &first = runs[a.run], &second = runs[b.run];
  if (first.period != second.period || first.count != second.count ||
      first.items.size() != second.items.size())
    return false;
  for (size_t i = 0; i < first.items.size(); ++i)
    if (!isShifted(first.items[i], shiftA + a.shift, second.items[i],
                   shiftB + b.shift, period))
      return false;
  return true;
}

void PowerProfile::addRepetitions(unsigned engine, size_t one, size_t two,
                                  int64_t count, Femtoseconds period,
                                  Femtoseconds now) {
  std::vector<Item> &stream = streams[engine];
  size_t size = stream.size() - two;
  if (size == 0)
    return;
  bool uniform = two - one == size;
  Item item{0, 0, 0};
  for (size_t i = 0; i < size; ++i) {
    const Item &entry = stream[two + i];
    uniform = uniform && isShifted(stream[one + i], 0, entry, 0, period);
    item.watts = std::max(item.watts, entry.watts);
    item.isBound |= entry.isBound;
  }
  if (!uniform) {
    // The engine's own rhythm changes from block to block.
    stream.push_back({now, now + count * period, item.watts, -1, 0, true});
    return;
  }
  Run run{{stream.begin() + static_cast<ptrdiff_t>(two), stream.end()},
          period,
          count};
  for (Item &entry : run.items) {
    entry.begin += period;
    entry.end += period;
    entry.shift += period;
  }
  item.begin = run.items.front().begin;
  item.end = stream.back().end + count * period;
  item.run = static_cast<int64_t>(runs.size());
  runs.push_back(std::move(run));
  stream.push_back(item);
}

/// `now` lies in [item.begin, item.end) + shift.
void PowerProfile::descend(View &view, const Item &item, Femtoseconds now,
                           Femtoseconds shift) const {
  if (item.run < 0) {
    view.watts = item.watts;
    view.isBound = item.isBound;
    view.until = item.end + shift;
    return;
  }
  const Run &run = runs[item.run];
  view.levels.push_back({run.period, item.end + shift});
  int64_t repetition =
      std::min((now - shift - item.begin) / run.period, run.count - 1);
  Femtoseconds inside = shift + item.shift + repetition * run.period;
  auto entry = std::upper_bound(
      run.items.begin(), run.items.end(), now - inside,
      [](Femtoseconds time, const Item &i) { return time < i.end; });
  if (entry == run.items.end())
    view.until = run.items.front().begin + inside + run.period;
  else if (entry->begin + inside > now)
    view.until = entry->begin + inside;
  else
    descend(view, *entry, now, inside);
}

void PowerProfile::look(unsigned engine, Femtoseconds now) {
  const std::vector<Item> &stream = streams[engine];
  size_t &index = next[engine];
  while (index < stream.size() && stream[index].end <= now)
    ++index;
  View &view = views[engine];
  view.levels.clear();
  view.watts = 0;
  view.isBound = false;
  if (index == stream.size())
    view.until = never;
  else if (stream[index].begin > now)
    view.until = stream[index].begin;
  else
    descend(view, stream[index], now, 0);
}

void PowerProfile::account() {
  double sum = 0;
  bool isBound = false;
  for (const View &view : views) {
    sum += view.watts;
    isBound |= view.isBound;
  }
  double &largest = isBound ? bound : exact;
  largest = std::max(largest, sum);
}

/// Takes the largest power of each entry for all of it; returns the time until
/// which that holds.
Femtoseconds PowerProfile::accountCoarsely(Femtoseconds now, Femtoseconds end) {
  double sum = 0;
  bool isBound = false;
  for (unsigned e = 0; e < streams.size(); ++e) {
    if (next[e] == streams[e].size())
      continue;
    const Item &item = streams[e][next[e]];
    if (item.begin > now) {
      end = std::min(end, item.begin);
      continue;
    }
    sum += item.watts;
    isBound |= item.isBound || item.run >= 0;
    end = std::min(end, item.end);
  }
  double &largest = isBound ? bound : exact;
  largest = std::max(largest, sum);
  return end;
}

/// A period, smaller than `periodsBelow`, with which everything repeats from
/// `now` on, and until when; period 0 if none is worth it.
PowerProfile::Level
PowerProfile::choosePeriod(Femtoseconds now, Femtoseconds end,
                           Femtoseconds periodsBelow) const {
  for (const View &candidate : views) {
    for (const Level &level : candidate.levels) {
      if (level.period >= periodsBelow)
        continue;
      Femtoseconds until = end;
      for (const View &view : views) {
        auto same = std::find_if(
            view.levels.begin(), view.levels.end(),
            [&](const Level &l) { return l.period == level.period; });
        until =
            std::min(until, same == view.levels.end() ? view.until : same->end);
      }
      if ((until - now) / 3 >= level.period)
        return {level.period, until};
    }
  }
  return {0, 0};
}

void PowerProfile::sweep(Femtoseconds now, Femtoseconds end,
                         Femtoseconds periodsBelow) {
  while (now < end) {
    for (unsigned e = 0; e < views.size(); ++e)
      if (views[e].until <= now)
        look(e, now);
    if (budget-- <= 0) {
      now = accountCoarsely(now, end);
      continue;
    }
    account();
    Level level = choosePeriod(now, end, periodsBelow);
    if (level.period > 0) {
      sweep(now, now + level.period, level.period);
      now += (level.end - now) / level.period * level.period;
      for (View &view : views)
        view.until = -1;
      continue;
    }
    Femtoseconds change = end;
    for (const View &view : views)
      change = std::min(change, view.until);
    now = change;
  }
}

void PowerProfile::flush(Femtoseconds limit) {
  budget = instantsPerFlush + 8 * static_cast<int64_t>(totalSize());
  for (View &view : views)
    view.until = -1; // entries may have come since
  sweep(swept, limit, never);
  swept = std::max(swept, limit);
  for (unsigned e = 0; e < streams.size(); ++e) {
    streams[e].erase(streams[e].begin(),
                     streams[e].begin() + static_cast<ptrdiff_t>(next[e]));
    next[e] = 0;
  }
}
