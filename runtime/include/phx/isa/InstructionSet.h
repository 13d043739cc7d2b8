//===- InstructionSet.h - Which instructions there are ----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_INSTRUCTIONSET_H
#define PHX_ISA_INSTRUCTIONSET_H

#include "phx/isa/Instruction.h"
#include "phx/support/Result.h"

#include <string>
#include <vector>

namespace phx {

struct LoopTree;

/// The base instructions, and those that machine classes have registered. Each
/// program that reads or writes instructions registers, before anything else,
/// the classes that it is to know (registerAllMachines of machines/All.h).
class InstructionSet {
public:
  static InstructionSet &get();

  /// Adds an instruction; the description outlives the process's use of it.
  /// Adding it again changes nothing. Two instructions of one opcode or
  /// mnemonic, or one outside the opcodes of its machine class (the base set
  /// has those below 256, each class a block of 256), are a fault of the
  /// program that registers them: it ends with a message.
  void add(const InstructionDescription &description);
  template <typename... T> void add(InstructionList<T...>) {
    (add(describeInstruction<T>()), ...);
  }

  /// Null if there is none.
  const InstructionDescription *find(Opcode opcode) const;
  const InstructionDescription *find(const std::string &mnemonic) const;
  /// By opcode, ascending.
  const std::vector<const InstructionDescription *> &list() const {
    return all;
  }

  /// A rule about whole programs; passes where the program has nothing of the
  /// class. Adding it again changes nothing.
  using Check = Status (*)(const LoopTree &tree);
  void addCheck(Check check);
  const std::vector<Check> &listChecks() const { return checks; }

private:
  InstructionSet();
  std::vector<const InstructionDescription *> all;
  std::vector<Check> checks;
};

/// What a field of `d` holds: "address, read", "optional: count", as the tables
/// of docs/isa.md say it.
std::string getKindText(const InstructionDescription &d,
                        const FieldDescription &field);

} // namespace phx

#endif // PHX_ISA_INSTRUCTIONSET_H
