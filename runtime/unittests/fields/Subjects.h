//===- Subjects.h - A program around each instruction -----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_FIELDS_SUBJECTS_H
#define PHX_UNITTESTS_FIELDS_SUBJECTS_H

#include "phx/isa/Description.h"
#include "phx/isa/Program.h"

#include <map>
#include <string>

namespace phx::test {

/// A valid program in which all parts of one instruction count. Its memories
/// are mutable regions full of numbers, so that nothing it writes is lost.
struct Subject {
  Program program;
  size_t index = 0; ///< of the instruction
};

/// Whether an instruction needs a subject: those of the base set and of `rns`
/// do, other classes have such trials among their own tests.
inline bool needsSubject(const InstructionDescription &description) {
  return description.machineClass.empty() || description.machineClass == "rns";
}

/// By mnemonic. Each instruction that needs a subject has one.
std::map<std::string, Subject> makeSubjects();

} // namespace phx::test

#endif // PHX_UNITTESTS_FIELDS_SUBJECTS_H
