//===- TextTable.cpp - Aligned tables for terminals ------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TextTable.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace phx::report;

/// At least 3 significant digits of a value below 1000.
static std::string formatDigits(double value, int digits) {
  char buffer[64];
  std::snprintf(buffer, sizeof(buffer), "%.*e", digits - 1, value);
  int exponent = std::atoi(std::strchr(buffer, 'e') + 1);
  std::snprintf(buffer, sizeof(buffer), "%.*f",
                std::max(0, digits - 1 - exponent), value);
  return buffer;
}

/// The power of 1000 that leaves 1 to 999 after rounding to `digits`.
static int getThousands(double value, int low, int high, int digits) {
  if (value == 0)
    return 0;
  char buffer[64];
  std::snprintf(buffer, sizeof(buffer), "%.*e", digits - 1, value);
  int exponent = std::atoi(std::strchr(buffer, 'e') + 1);
  int power = (exponent - (exponent < 0 ? 2 : 0)) / 3; // rounds down
  return std::clamp(power, low, high);
}

std::string phx::report::formatSi(double value, const std::string &unit,
                                  int digits) {
  static const char *const prefixes[] = {"f", "p", "n", "u", "m", "",
                                         "k", "M", "G", "T", "P"};
  if (value == 0 || !std::isfinite(value))
    return (value == 0 ? "0 " : "? ") + unit;
  int power = getThousands(value, -5, 5, digits);
  return formatDigits(value / std::pow(1000.0, power), digits) + " " +
         prefixes[power + 5] + unit;
}

std::string phx::report::formatCount(double value, int digits) {
  static const char *const prefixes[] = {"", " k", " M", " G", " T", " P"};
  int power = getThousands(value, 0, 5, digits);
  if (power == 0 && value == std::floor(value))
    return std::to_string(static_cast<int64_t>(value));
  return formatDigits(value / std::pow(1000.0, power), digits) +
         prefixes[power];
}

std::string phx::report::formatPercent(double share) {
  char buffer[64];
  std::snprintf(buffer, sizeof(buffer), "%.1f %%", 100 * share);
  return buffer;
}

std::string phx::report::formatBytes(int64_t bytes) {
  static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < 1024)
    return std::to_string(bytes) + " B";
  double value = static_cast<double>(bytes);
  int power = 0;
  while (value >= 1024 && power < 5) {
    value /= 1024;
    ++power;
  }
  char buffer[64];
  std::snprintf(buffer, sizeof(buffer), "%.2f %s", value, units[power]);
  return buffer;
}

static bool isContinuation(char byte) { return (byte & 0xc0) == 0x80; }

size_t phx::report::displayWidth(const std::string &text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(),
                    [](char byte) { return !isContinuation(byte); }));
}

std::string phx::report::keepEnd(const std::string &text, size_t width) {
  size_t length = displayWidth(text);
  if (length <= width)
    return text;
  if (width <= 2)
    return std::string(width, '.');
  size_t at = 0;
  for (size_t drop = length - (width - 2); drop > 0; --drop) {
    ++at;
    while (at < text.size() && isContinuation(text[at]))
      ++at;
  }
  return ".." + text.substr(at);
}

std::string phx::report::keepBegin(const std::string &text, size_t width) {
  if (displayWidth(text) <= width)
    return text;
  size_t at = 0;
  for (size_t keep = width > 2 ? width - 2 : 0; keep > 0; --keep) {
    ++at;
    while (at < text.size() && isContinuation(text[at]))
      ++at;
  }
  return text.substr(0, at) + std::string(std::min<size_t>(width, 2), '.');
}

void TextTable::addColumn(const std::string &heading, bool left) {
  headings.push_back(heading);
  leftAligned.push_back(left);
}

void TextTable::addGroup(const std::string &heading, size_t columns) {
  groups.push_back({heading, headings.size(), headings.size() + columns});
}

/// Makes room for the headings of groups; returns by how much.
size_t TextTable::widenGroups(std::vector<size_t> &widths) const {
  size_t total = 0;
  for (const Group &group : groups) {
    size_t width = 2 * (group.end - group.begin - 1);
    for (size_t i = group.begin; i < group.end; ++i)
      width += widths[i];
    size_t needed = displayWidth(group.heading);
    if (needed <= width)
      continue;
    widths[group.begin] += needed - width;
    total += needed - width;
  }
  return total;
}

/// The line above the headings, each group centred over its columns.
std::string TextTable::formatGroups(const std::vector<size_t> &widths) const {
  std::string line(2, ' ');
  size_t column = 0;
  for (const Group &group : groups) {
    for (; column < group.begin; ++column)
      line += std::string(widths[column] + 2, ' ');
    size_t width = 0;
    for (; column < group.end; ++column)
      width += widths[column] + (column > group.begin ? 2 : 0);
    std::string name = keepBegin(group.heading, width);
    size_t left = (width - displayWidth(name)) / 2;
    line += std::string(left, ' ') + name +
            std::string(width - displayWidth(name) - left + 2, ' ');
  }
  return line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
}

void TextTable::addRow(std::vector<std::string> cells) {
  cells.resize(headings.size());
  rows.push_back(std::move(cells));
}

std::string TextTable::format(unsigned columns, const std::string &heading,
                              const std::string &plain) const {
  std::vector<size_t> widths;
  size_t total = 2; // indentation
  for (size_t i = 0; i < headings.size(); ++i) {
    size_t width = displayWidth(headings[i]);
    for (const auto &row : rows)
      width = std::max(width, displayWidth(row[i]));
    widths.push_back(width);
    total += width + (i ? 2 : 0);
  }
  total += widenGroups(widths);
  // Names give way to numbers, down to a readable rest.
  if (total > columns) {
    size_t smallest = std::min<size_t>(widths[0], 6);
    widths[0] = std::max(smallest, widths[0] > total - columns
                                       ? widths[0] - (total - columns)
                                       : 0);
  }
  auto formatRow = [&](const std::vector<std::string> &cells) {
    std::string line = " ";
    for (size_t i = 0; i < cells.size(); ++i) {
      std::string cell = i ? cells[i] : keepEnd(cells[i], widths[i]);
      std::string pad(widths[i] - std::min(widths[i], displayWidth(cell)), ' ');
      line += (i ? "  " : " ") + (leftAligned[i] ? cell + pad : pad + cell);
    }
    return line.substr(0, line.find_last_not_of(' ') + 1);
  };
  std::string text = heading + (groups.empty() ? "" : formatGroups(widths)) +
                     formatRow(headings) + plain + "\n";
  for (const auto &row : rows)
    text += formatRow(row) + "\n";
  return text;
}

std::string phx::report::wrap(const std::string &text, size_t width,
                              const std::string &indent) {
  std::string result, line;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find(' ', at), text.size());
    std::string word = text.substr(at, end - at);
    if (!line.empty() && displayWidth(line) + 1 + displayWidth(word) > width) {
      result += line + "\n";
      line = indent + word;
    } else {
      line += (line.empty() ? "" : " ") + word;
    }
    at = end + 1;
  }
  return result + line + "\n";
}
