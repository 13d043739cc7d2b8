//===- Glossary.h - What names mean -----------------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_REPORT_GLOSSARY_H
#define PHX_REPORT_GLOSSARY_H

#include <string>
#include <vector>

namespace phx {

/// What one name in a report or a program means.
struct GlossaryEntry {
  std::string kind; ///< "counter", "component"
  std::string name; ///< "adc_conversions"
  std::string unit; ///< of the value that goes by this name
  std::string definition;
  /// How it becomes energy: "pJ of one: GROUP.adc_pj; part of adc"; or empty.
  std::string price;
};

/// Every declared name: whatever declares names adds them here, and the tools
/// explain them. In the order of reports, counters first.
std::vector<GlossaryEntry> listGlossary();

/// All entries as text, wrapped to `columns`.
std::string formatGlossary(const std::vector<GlossaryEntry> &entries,
                           unsigned columns);

} // namespace phx

#endif // PHX_REPORT_GLOSSARY_H
