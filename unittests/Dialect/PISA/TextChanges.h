//===- TextChanges.h - Each word of an instruction, changed ----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_DIALECT_PISA_TEXTCHANGES_H
#define PHOTONIC_UNITTESTS_DIALECT_PISA_TEXTCHANGES_H

#include "phx/isa/Program.h"

#include <string>
#include <vector>

namespace photonic::pisa {

/// A line of assembly that differs in one number or word, or that lacks an
/// operand or has one more.
struct TextChange {
  size_t column = 0; ///< of what is changed
  /// "layer 0", the word before and what is changed; "without layer 0"; "with
  /// layer 1".
  std::string what;
  std::string line;
  std::string field; ///< whose word is changed, if that shows in the word
};

/// Changes of every number (by 1 either way, and by 4) and of every word that
/// could be another in the assembly `line` of an instruction of `program`:
/// words of its enumerations, names of memories, engines and loops. What is
/// optional is left out, or added.
std::vector<TextChange>
listTextChanges(const std::string &line, const phx::Program &program,
                const phx::InstructionDescription &description);

} // namespace photonic::pisa

#endif // PHOTONIC_UNITTESTS_DIALECT_PISA_TEXTCHANGES_H
