//===- ProgramTree.h - Loop structure of a program -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_ISA_PROGRAMTREE_H
#define PHX_LIB_ISA_PROGRAMTREE_H

#include "UnitFootprints.h"
#include "phx/isa/EngineBlocks.h"
#include "phx/isa/Registers.h"
#include "phx/support/Result.h"

#include <string>

namespace phx::detail {

/// The instructions of a program as a tree: the root is the program, inner
/// nodes are loops, leaves are all other instructions. Checks just what keeps
/// later analyses inside their tables; validateStructure checks the rest.
class ProgramTree {
public:
  struct Node {
    size_t begin = 0, end = 0; ///< code[begin, end), with Loop and End
    uint32_t parent = 0;
    uint32_t depth = 0;     ///< number of loops around the node
    int64_t count = 0;      ///< trips; 0 for a leaf, 1 for the root
    /// Its iterations have to be looked at one by one: inside is a Signal, a
    /// Wait, or an instruction that brings blocks of engines together or whose
    /// blocks change with an iteration.
    bool isStepped = false;
    std::vector<uint32_t> children;
    bool isLoop() const { return count > 0; }
  };
  static constexpr uint32_t root = 0;

  /// Of a program with its largest counts (Registers.h).
  /// Errors: unbalanced loops, more than 8 levels or 2^62 iterations, an
  /// engine, access map, register or loop that does not exist, a field or
  /// access map that leaves the bounds within which 64 bits suffice.
  static Result<ProgramTree> build(const Program &program);

  const Node &operator[](uint32_t node) const { return nodes[node]; }
  size_t size() const { return nodes.size(); }
  /// The node that begins at an instruction (not for `End`).
  uint32_t nodeAt(size_t instruction) const { return nodeOf[instruction]; }

  const EngineBlocks &engines() const { return *blocks; }
  /// What an instruction has to do with registers.
  const RegisterUse &registers(size_t instruction) const {
    return uses[instruction];
  }
  /// Whether an instruction is executed together by several blocks, or perhaps
  /// not at all: that it brings them together cannot be relied on.
  bool isConditionalJoin(size_t instruction, BlockSpan engines) const {
    return uses[instruction].isConditional() && !engines.isSingle();
  }

private:
  std::vector<Node> nodes;
  std::vector<uint32_t> nodeOf;
  std::optional<EngineBlocks> blocks;
  std::vector<RegisterUse> uses; ///< by instruction
};

/// The registers of a program are a memory behind its own, one byte each.
inline uint32_t getRegisterMemory(const Program &program) {
  return static_cast<uint32_t>(program.memories.size());
}
/// Appends the registers that an instruction reads and writes, as accesses of
/// that memory.
void appendRegisters(const Program &program, const RegisterUse &use,
                     unsigned slots, UnitAccessList &list);

/// Whether the engines that an instruction names are there: where it is not
/// executed, an affine index may lead out of the group, and then nobody reads
/// the registers.
bool namesEngines(const Program &program, const Instruction &instruction,
                  const Counters &counters);

/// For each instruction the slots of operands that may conflict with another
/// engine at all, as a bit mask.
std::vector<SlotMask> findSharedSlots(const Program &program,
                                     const ProgramTree &tree,
                                     UnitFootprints &footprints);

/// An analysis has taken too many steps at an instruction: names it, the loop
/// around it that has the most trips, and what to do.
Error makeTooMuchWorkError(const Program &program, const ProgramTree &tree,
                           size_t index);

/// "instruction 7 (core.stream on core[3], layer 'conv1'): TEXT"
Error failInstruction(const Program &program, size_t index,
                      const std::string &text);

} // namespace phx::detail

#endif // PHX_LIB_ISA_PROGRAMTREE_H
