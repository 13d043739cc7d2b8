//===- Generate.h - Texts made from instruction descriptions ----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_GENERATE_ISA_GENERATE_H
#define PHX_GENERATE_ISA_GENERATE_H

#include "phx/isa/InstructionSet.h"
#include "phx/support/Suggestions.h"

#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

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

/// Instructions for which something is generated: all that are registered, or
/// those of one machine class.
struct Selection {
  std::optional<std::string> machineClass;
  bool contains(const InstructionDescription &d) const {
    return !machineClass || d.machineClass == *machineClass;
  }
};

/// Enumerations that fields of instructions have, by name.
using EnumMap = std::map<std::string, const EnumDescription *>;
/// Those of all instructions that are registered. Definitions and tables go by
/// names, so that two enumerations of one name are an error, which says whose
/// they are.
Result<EnumMap> listEnums();

/// Definitions of enumerations, for mlir-tblgen; listEnums() has succeeded.
void writeEnums(std::ostream &os, const Selection &selection);
/// Definitions of operations, for mlir-tblgen, whose enumerations stand before.
void writeOperations(std::ostream &os, const Selection &selection);
/// Conversion of each operation to its instruction and back, in C++.
void writeConversions(std::ostream &os, const Selection &selection);
/// The operands of each instruction as a table of docs/isa.md.
void writeTable(const InstructionDescription &d, std::ostream &os);
/// The words of an enumeration with their numbers, likewise.
void writeFunctions(const EnumDescription &words, std::ostream &os);
/// Operations of conversions, passes and combines with their parameters,
/// likewise.
void writeOperationTable(std::ostream &os);
/// Opcodes, and operands in the order of their words, likewise.
void writeEncoding(std::ostream &os);

/// A page whose tables are those of the descriptions.
struct Specification {
  std::string text;
  std::vector<std::string> stale; ///< "page:line: the table '...'"
};
/// Writes the tables of `text`, the specification of the instruction set, anew;
/// `page` is its name in messages. Fails, and says all that is wrong, if there
/// are markers that nothing fills, or tables or sections are missing.
Result<Specification> updateSpecification(const std::string &page,
                                          const std::string &text);

/// What the tool does with the instructions that are registered; its exit code.
int run(int argc, char **argv);

} // namespace phx::generate

#endif // PHX_GENERATE_ISA_GENERATE_H
