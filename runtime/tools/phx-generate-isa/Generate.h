//===- Generate.h - Texts made from instruction descriptions ----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_GENERATE_ISA_GENERATE_H
#define PHX_GENERATE_ISA_GENERATE_H

#include "phx/isa/InstructionSet.h"

#include <ostream>
#include <string>

namespace phx::generate {

/// "vec_gate_mask" as "VecGateMask".
inline std::string toCamelCase(const std::string &name) {
  std::string result;
  bool capital = true;
  for (char c : name) {
    if (c != '_')
      result += capital ? static_cast<char>(std::toupper(c)) : c;
    capital = c == '_';
  }
  return result;
}

/// Instructions that are operations of one shape: all but halt, loop and end.
inline bool isPlainOperation(const InstructionDescription &d) {
  return d.place != EnginePlace::None;
}
/// Written with the engine that executes it.
inline bool namesEngine(const InstructionDescription &d) {
  return d.place == EnginePlace::Any || d.place == EnginePlace::Array;
}

/// Definitions of enumerations and operations, for mlir-tblgen.
void writeOperations(std::ostream &os);
/// Conversion of each operation to its instruction and back, in C++.
void writeConversions(std::ostream &os);
/// The operands of each instruction as a table of docs/isa.md.
void writeTable(const InstructionDescription &d, std::ostream &os);

} // namespace phx::generate

#endif // PHX_GENERATE_ISA_GENERATE_H
