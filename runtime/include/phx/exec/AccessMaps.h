//===- AccessMaps.h - Walking access maps without divisions --- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An access map turns (row, column) into an element. Here its digits are
// unrolled: columns into a table, rows into an odometer that steps.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_EXEC_ACCESSMAPS_H
#define PHX_EXEC_ACCESSMAPS_H

#include "phx/isa/Program.h"

#include <array>
#include <optional>
#include <vector>

namespace phx::exec {

using Coordinates = std::array<int64_t, 4>;

/// Product of the radices: rows or columns at or beyond read as +0.
int64_t getTotal(const std::vector<MapDigit> &digits);

/// Steps through consecutive indices of a list of digits.
class Odometer {
public:
  explicit Odometer(const std::vector<MapDigit> &digits)
      : digits(digits), values(digits.size()), total(getTotal(digits)) {}

  void seek(int64_t index);
  void next();
  /// True while the index is below the product of the radices.
  bool inside() const { return index < total; }
  /// Sum of digit * step by axis.
  const Coordinates &coordinates() const { return at; }

private:
  const std::vector<MapDigit> &digits;
  std::vector<int64_t> values;
  int64_t index = 0, total;
  Coordinates at{};
};

/// Bytes [low, high) relative to the instruction's address.
struct ByteRange {
  int64_t low = 0, high = 0;
};

/// A range that holds every element of rows [rowBegin, rowEnd) and columns
/// [colBegin, colEnd) that is inside the extents; none if there is no such.
std::optional<ByteRange> getBounds(const AccessMap &map, int64_t rowBegin,
                                   int64_t rowEnd, int64_t colBegin,
                                   int64_t colEnd, int64_t width = 4);

/// Byte offset of one element, if it is inside the extents.
std::optional<int64_t> getElementOffset(const AccessMap &map, int64_t row,
                                        int64_t col);

/// One index direction of a map, unrolled for [begin, begin + count).
struct UnrolledDigits {
  int64_t begin = 0;
  std::vector<Coordinates> coordinates;
  std::vector<int64_t> bytes;  ///< offset of the coordinates alone
  std::vector<uint8_t> active; ///< index below the product of radices
  bool allActive = true;
  Coordinates low{}, high{}; ///< of the active ones, inclusive

  void unroll(const AccessMap &map, const std::vector<MapDigit> &digits,
              int64_t first, int64_t count);
  size_t size() const { return bytes.size(); }
};

/// Consecutive indices that differ in the first digit alone.
struct IndexRun {
  int first = 0, count = 0; ///< relative to the first index of all
  Coordinates at{};         ///< of the first, with the axes' offsets
  int64_t bytes = 0;        ///< of these coordinates
};

/// Part of a run, [begin, end) relative to its first index, and its bytes.
struct ClippedRun {
  int begin = 0, end = 0;
  int64_t bytes = 0; ///< of index `begin`, with what was added
};

/// Indices [begin, begin + count) of a list of digits as runs. Indices beyond
/// the product of the radices belong to none.
struct IndexRuns {
  std::vector<IndexRun> runs;
  size_t axis = 0;       ///< that indices of a run move along
  int64_t step = 0;      ///< by so much
  int64_t stepBytes = 0; ///< which is so many bytes

  void set(const AccessMap &map, const std::vector<MapDigit> &digits,
           int64_t begin, int64_t count);
  /// The indices of `run` inside the extents when `more`, which stands for
  /// `moreBytes`, is added to their coordinates.
  ClippedRun clip(const AccessMap &map, const IndexRun &run,
                  const Coordinates &more, int64_t moreBytes) const;
  /// True if all of `run` is inside whatever is added of `others`.
  bool isInside(const AccessMap &map, const IndexRun &run,
                const UnrolledDigits &others) const;
};

/// Where a row stands relative to the extents, seen with all columns.
enum class Placement { Inside, Mixed };

/// Coordinates of `row` plus the axes' offsets, and their byte offset.
struct RowOrigin {
  Coordinates coordinates{};
  int64_t bytes = 0;
  Placement placement = Placement::Mixed;
};
RowOrigin getOrigin(const AccessMap &map, const Coordinates &row,
                    const UnrolledDigits &columns);

/// True if the element at `origin` and column `c` is inside the extents.
inline bool isInside(const AccessMap &map, const RowOrigin &origin,
                     const Coordinates &column) {
  for (size_t a = 0; a < map.axes.size(); ++a) {
    int64_t x = origin.coordinates[a] + column[a];
    if (x < 0 || x >= map.axes[a].extent)
      return false;
  }
  return true;
}

} // namespace phx::exec

#endif // PHX_EXEC_ACCESSMAPS_H
