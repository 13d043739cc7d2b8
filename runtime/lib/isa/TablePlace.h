//===- TablePlace.h - Where in a program's tables a fault is ----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_ISA_TABLEPLACE_H
#define PHX_LIB_ISA_TABLEPLACE_H

#include "phx/support/Result.h"

#include <optional>
#include <string>

namespace phx::detail {

/// A field of a table's entry, or of the program: "map 3 row digits".
struct Place {
  std::string text;
  std::optional<ProgramEntry> entry;

  Place(const char *text) : text(text) {}
  Place(std::string text, std::optional<ProgramEntry> entry = std::nullopt)
      : text(std::move(text)), entry(entry) {}
  /// "KIND NUMBER ", for the name of a field behind it.
  static Place at(const char *kind, size_t number) {
    return Place(std::string(kind) + " " + std::to_string(number) + " ",
                 ProgramEntry{kind, number});
  }
  /// "KIND NUMBER 'NAME' ".
  static Place at(const char *kind, size_t number, const std::string &name) {
    return at(kind, number) + ("'" + name + "' ");
  }
  Place operator+(const std::string &more) const {
    return Place(text + more, entry);
  }
};

inline Error failTable(const Place &where, const std::string &expected,
                       const std::string &found) {
  return Error{where.text + ": expected " + expected + ", found " + found,
               where.entry};
}

inline Error failTable(const Place &where, const std::string &expected,
                       int64_t found) {
  return failTable(where, expected, std::to_string(found));
}

} // namespace phx::detail

#endif // PHX_LIB_ISA_TABLEPLACE_H
