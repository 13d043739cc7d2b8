//===- Suggestions.cpp - Nearest known names for error messages -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/support/Suggestions.h"

#include <algorithm>

using namespace phx;

unsigned phx::editDistance(std::string_view a, std::string_view b) {
  std::vector<unsigned> beforeLast(b.size() + 1), last(b.size() + 1),
      row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    last[j] = static_cast<unsigned>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<unsigned>(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1,
                         last[j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], beforeLast[j - 2] + 1);
    }
    std::swap(beforeLast, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

std::vector<std::string>
phx::nearestNames(std::string_view name, const std::vector<std::string> &known,
                  size_t limit) {
  unsigned reach =
      std::max<unsigned>(2, static_cast<unsigned>(name.size() / 3));
  std::vector<std::pair<unsigned, size_t>> ranked; // distance, index
  for (size_t i = 0; i < known.size(); ++i) {
    const std::string &candidate = known[i];
    unsigned distance = editDistance(name, candidate);
    // Replacing most of a short word is no slip.
    if (distance <= reach && distance < std::max<size_t>(1, candidate.size()))
      ranked.push_back({distance, i});
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> names;
  for (size_t i = 0; i < ranked.size() && i < limit; ++i)
    names.push_back(known[ranked[i].second]);
  return names;
}

std::string phx::phraseSuggestions(const std::vector<std::string> &names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    text += i == 0 ? "; did you mean " : i + 1 < names.size() ? ", " : " or ";
    text += "'" + names[i] + "'";
  }
  return text.empty() ? text : text + "?";
}

std::string phx::didYouMean(std::string_view name,
                            const std::vector<std::string> &known) {
  return phraseSuggestions(nearestNames(name, known));
}
