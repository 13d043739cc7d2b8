//===- AccessHistory.h - Who touched which byte last -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Keeps, for every byte, the accesses that a later one may still have to be
// ordered after. An access is forgotten once later accesses that are ordered
// after it conflict with everything it conflicts with itself: whatever is
// ordered after those is ordered after it. A plain write thus clears what came
// before it.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_ISA_ACCESSHISTORY_H
#define PHX_LIB_ISA_ACCESSHISTORY_H

#include "UnitFootprints.h"
#include "phx/isa/EngineBlocks.h"

#include <algorithm>
#include <map>
#include <utility>

namespace phx::detail {

/// One remembered access. `stamp` means what the user of the history says.
struct AccessEntry {
  uint64_t stamp = 0;
  BlockSpan engines; ///< or what else the user tells apart
  uint32_t unit = 0; ///< instruction index
  uint32_t product = 0;
  AccessKind kind = AccessKind::Read;
  uint8_t slot = 0; ///< operand
  bool exact = true;
  /// Of several blocks at a time, or of none: no order of what these do with
  /// others follows from it.
  bool isConditionalJoin = false;

  /// Whether two accesses of one byte must be ordered. Contributions to one
  /// product need not be.
  bool conflictsWith(const AccessEntry &other) const {
    if (kind == AccessKind::Read && other.kind == AccessKind::Read)
      return false;
    return kind != AccessKind::Accumulate ||
           other.kind != AccessKind::Accumulate || product != other.product;
  }

  /// Whether both do the same to a byte, and so never conflict.
  bool isLike(const AccessEntry &other) const {
    return kind == other.kind &&
           (kind == AccessKind::Read ||
            (kind == AccessKind::Accumulate && product == other.product));
  }

  /// Notes that `later` is ordered after this access. Returns true if this
  /// access need not be remembered any longer.
  bool coverBy(const AccessEntry &later) {
    coveredWrites = true;
    if (later.kind != AccessKind::Read)
      coveredReads = true;
    if (later.kind != AccessKind::Accumulate ||
        (sums == Sums::Others && exception != later.product))
      sums = Sums::All;
    else if (sums == Sums::None) {
      sums = Sums::Others;
      exception = later.product;
    }
    switch (kind) {
    case AccessKind::Read:
      return sums == Sums::All;
    case AccessKind::Write:
      return coveredReads && sums == Sums::All;
    case AccessKind::Accumulate:
      break;
    }
    return coveredReads && (sums == Sums::All || exception == product);
  }

  /// What later accesses have covered, as a number.
  uint64_t coverage() const {
    return coveredWrites | coveredReads << 1 | uint64_t(sums) << 2 |
           uint64_t(exception) << 4;
  }

private:
  // What accesses ordered after this one conflict with: writes, reads, and
  // accumulation into all products, or all but one.
  enum class Sums : uint8_t { None, Others, All };
  bool coveredWrites = false, coveredReads = false;
  Sums sums = Sums::None;
  uint32_t exception = 0;
};

/// The remembered accesses of one memory.
class AccessHistory {
public:
  /// Records `entry` for `bytes`. For every remembered access x of these bytes,
  /// `visit(x, conflicting, byte)` answers whether x is ordered before `entry`,
  /// or `stop`. Returns false if stopped.
  enum class Answer : uint8_t { Unordered, Ordered, Stop };
  template <typename Visitor>
  bool record(const IntervalSet &bytes, const AccessEntry &entry,
              Visitor visit) {
    for (const Interval &range : bytes)
      if (!recordRange(range, entry, visit))
        return false;
    return true;
  }

  /// Stretches of bytes of equal history.
  size_t size() const { return segments.size(); }

  /// Entries passed over since this was last asked. Each takes a fraction of
  /// what a visited one does.
  int64_t takePassed() { return std::exchange(passed, 0); }

  /// Calls `visit(begin, end)` for each stretch of equal history, and
  /// `visitEntry(entry)` for what is remembered of it.
  template <typename Visitor, typename EntryVisitor>
  void forEach(Visitor visit, EntryVisitor visitEntry) {
    for (auto &[begin, segment] : segments) {
      visit(begin, segment.end);
      for (AccessEntry &entry : segment.entries)
        visitEntry(entry);
    }
  }

private:
  struct Segment {
    int64_t end = 0;
    std::vector<AccessEntry> entries;
  };
  using Segments = std::map<int64_t, Segment>;

  void cut(int64_t position) {
    auto it = segments.lower_bound(position);
    if (it == segments.begin())
      return;
    --it;
    if (it->second.end <= position)
      return;
    segments.emplace_hint(std::next(it), position,
                          Segment{it->second.end, it->second.entries});
    it->second.end = position;
  }

  template <typename Visitor>
  bool recordRange(Interval range, const AccessEntry &entry, Visitor &visit) {
    cut(range.begin);
    cut(range.end);
    bool clears = entry.kind == AccessKind::Write && !entry.isConditionalJoin;
    auto first = segments.lower_bound(range.begin);
    auto it = first;
    for (int64_t at = range.begin; at < range.end;) {
      if (it == segments.end() || it->first > at) {
        int64_t end =
            it == segments.end() ? range.end : std::min(range.end, it->first);
        if (!clears) {
          auto made = segments.emplace_hint(it, at, Segment{end, {entry}});
          it = std::next(made);
        }
        at = end;
        continue;
      }
      if (!update(it->second.entries, entry, at, clears, visit))
        return false;
      at = it->second.end;
      ++it;
    }
    if (!clears)
      return true;
    first = segments.lower_bound(range.begin);
    if (first == it || first->first != range.begin) {
      segments.erase(first, it);
      segments.emplace(range.begin, Segment{range.end, {entry}});
      return true;
    }
    segments.erase(std::next(first), it);
    first->second.end = range.end;
    first->second.entries.assign(1, entry);
    return true;
  }

  template <typename Visitor>
  bool update(std::vector<AccessEntry> &entries, const AccessEntry &entry,
              int64_t byte, bool clears, Visitor &visit) {
    // Where thousands of arrays read one byte, none has to be compared with all
    // others: they may as well be forgotten with a later access.
    bool isCrowded = entries.size() >= crowd;
    size_t kept = 0;
    for (AccessEntry &old : entries) {
      if (isCrowded && old.engines != entry.engines && old.isLike(entry)) {
        if (&entries[kept] != &old)
          entries[kept] = old;
        ++kept;
        ++passed;
        continue;
      }
      Answer answer = visit(old, old.conflictsWith(entry), byte);
      if (answer == Answer::Stop)
        return false;
      if (clears || (answer == Answer::Ordered &&
                     mayCover(old, entry) && old.coverBy(entry)))
        continue;
      entries[kept++] = old;
    }
    entries.resize(kept);
    entries.push_back(entry);
    return true;
  }

  /// Whether what comes behind `entry` comes behind `old`, too.
  static bool mayCover(const AccessEntry &old, const AccessEntry &entry) {
    return !entry.isConditionalJoin ||
           (old.engines == entry.engines && old.isLike(entry));
  }

  /// More entries than engines that programs name one by one.
  static constexpr size_t crowd = 64;

  Segments segments; ///< by first byte, disjoint
  int64_t passed = 0;
};

} // namespace phx::detail

#endif // PHX_LIB_ISA_ACCESSHISTORY_H
