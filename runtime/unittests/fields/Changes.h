//===- Changes.h - Each part of an instruction, changed ---------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_FIELDS_CHANGES_H
#define PHX_UNITTESTS_FIELDS_CHANGES_H

#include "phx/isa/Program.h"

#include <string>
#include <vector>

namespace phx::test {

/// An instruction that differs in one part of one field.
struct Change {
  std::string part; ///< "src offset digit 0 scale + 1"
  Instruction instruction;
};

/// A change of every part of every field of `program.code[index]`, its engine,
/// layer and guard included: numbers and bases by one step, enumerations and
/// spaces to every other word, indices to every other entry of their table and
/// to one that is not there, what is optional left out.
std::vector<Change> listChanges(const Program &program, size_t index);

/// Parts that `instruction` does not have, so that none of their changes was
/// tried: digits of affine expressions, clipped counts, zero filling, a guard.
std::vector<std::string> listMissingParts(const Instruction &instruction);

} // namespace phx::test

#endif // PHX_UNITTESTS_FIELDS_CHANGES_H
