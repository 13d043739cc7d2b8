//===- Suggestions.h - Nearest known names for error messages -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_SUPPORT_SUGGESTIONS_H
#define PHX_SUPPORT_SUGGESTIONS_H

#include <string>
#include <string_view>
#include <vector>

namespace phx {

/// Fewest insertions, deletions, substitutions and swaps of neighbours that
/// turn `a` into `b`.
unsigned editDistance(std::string_view a, std::string_view b);

/// The known names nearest to `name`, best first, at most `limit`; only names
/// near enough to be a slip of the fingers (distance at most a third of the
/// length, at least 2). Ties keep the order of `known`.
std::vector<std::string> nearestNames(std::string_view name,
                                      const std::vector<std::string> &known,
                                      size_t limit = 3);

/// "; did you mean 'x', 'y' or 'z'?" of all `names`; empty if there are none.
std::string phraseSuggestions(const std::vector<std::string> &names);

/// The same of the known names nearest to `name`.
std::string didYouMean(std::string_view name,
                       const std::vector<std::string> &known);

} // namespace phx

#endif // PHX_SUPPORT_SUGGESTIONS_H
