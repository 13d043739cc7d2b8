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
  /// "counter", "component", "area part", "instruction", "instruction field",
  /// "operation", "operation parameter"
  std::string kind;
  std::string name; ///< "adc_conversions", "core_stream.start"
  std::string unit; ///< of the value that goes by this name; may be empty
  std::string definition;
  /// How a counter becomes energy, who executes an instruction, what words a
  /// field takes; or empty.
  std::string note;
};

/// Every counter, component and part of areas, in the order of reports.
std::vector<GlossaryEntry> listCharges();
/// Every instruction, then every field of each, in the order of opcodes.
std::vector<GlossaryEntry> listInstructions();
/// Every operation of conversions, passes and combines, then every parameter of
/// each.
std::vector<GlossaryEntry> listOperations();
/// Every declared name: whatever declares names adds them here, and the tools
/// explain them.
std::vector<GlossaryEntry> listGlossary();

/// All entries as text, wrapped to `columns`.
std::string formatGlossary(const std::vector<GlossaryEntry> &entries,
                           unsigned columns);

} // namespace phx

#endif // PHX_REPORT_GLOSSARY_H
