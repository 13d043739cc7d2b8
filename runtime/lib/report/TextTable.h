//===- TextTable.h - Aligned tables for terminals --------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_REPORT_TEXTTABLE_H
#define PHX_LIB_REPORT_TEXTTABLE_H

#include <cstdint>
#include <string>
#include <vector>

namespace phx::report {

/// `value` times `unit` with an SI prefix and `digits` significant digits (at
/// least 3): formatSi(1.5e-9, "J") is "1.500 nJ"; zero is "0 J".
std::string formatSi(double value, const std::string &unit, int digits = 4);
/// Like formatSi with prefixes for large numbers only: "20.48 M".
std::string formatCount(double value, int digits = 4);
/// "12.3 %"
std::string formatPercent(double share);
/// "8.00 MiB"
std::string formatBytes(int64_t bytes);

/// Characters of UTF-8 `text` (code points).
size_t displayWidth(const std::string &text);
/// At most `width` characters, the end kept behind "..".
std::string keepEnd(const std::string &text, size_t width);
/// The same with the beginning kept.
std::string keepBegin(const std::string &text, size_t width);

/// `text` in lines of at most `width` characters, continued with `indent`.
std::string wrap(const std::string &text, size_t width,
                 const std::string &indent);

/// Rows of cells under a heading, aligned.
class TextTable {
public:
  /// `left`: whether the column is aligned left.
  void addColumn(const std::string &heading, bool left = false);
  /// A heading over the next `columns` columns.
  void addGroup(const std::string &heading, size_t columns);
  void addRow(std::vector<std::string> cells);
  /// The first column shrinks until lines fit `columns`. `heading` and `plain`
  /// are put around the heading line (colours).
  std::string format(unsigned columns, const std::string &heading,
                     const std::string &plain) const;

private:
  struct Group {
    std::string heading;
    size_t begin = 0, end = 0; ///< columns
  };
  size_t widenGroups(std::vector<size_t> &widths) const;
  std::string formatGroups(const std::vector<size_t> &widths) const;

  std::vector<Group> groups;
  std::vector<std::string> headings;
  std::vector<bool> leftAligned;
  std::vector<std::vector<std::string>> rows;
};

} // namespace phx::report

#endif // PHX_LIB_REPORT_TEXTTABLE_H
