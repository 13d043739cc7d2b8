//===- LoopTree.h - A program and its loops ---------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What checks of programs stand on, those of machine classes included.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_LOOPTREE_H
#define PHX_ISA_LOOPTREE_H

#include "phx/isa/Bounds.h"
#include "phx/isa/Limits.h"
#include "phx/isa/Program.h"
#include "phx/support/Result.h"

#include <string>
#include <vector>

namespace phx {

struct LoopNode {
  size_t begin = 0, end = 0; ///< instructions: `Loop` and its `End`
  int64_t count = 1;
  int parent = -1;
};

/// A program and its loop tree.
struct LoopTree {
  const Program &program;
  std::vector<LoopNode> loops; ///< in stream order
  /// Innermost loop around each instruction, -1 at top level. `Loop` and `End`
  /// belong to the body around them.
  std::vector<int> enclosing;

  /// Number of loops around an instruction.
  unsigned getDepth(size_t instruction) const;
  /// Their full counter ranges, outermost first, [0, 0] beyond; and the lanes.
  Box getBox(size_t instruction) const;
};

/// "instruction 7 (vec.map, layer 'relu1')", or with what executes it
/// "instruction 7 (vec.map on vec, layer 'relu1')".
std::string describeInstruction(const Program &program, size_t index,
                                bool withEngine);
/// "instruction 7 (vec.map, layer 'relu1'): FIELD: MESSAGE".
Error failAt(const Program &program, size_t instruction,
             const std::string &field, const std::string &message);
/// The same with "expected EXPECTED, found FOUND".
Error failAt(const Program &program, size_t instruction,
             const std::string &field, const std::string &expected,
             const std::string &found);
Error failAt(const Program &program, size_t instruction,
             const std::string &field, const std::string &expected,
             int64_t found);

std::string toText(Int value);

/// Counter ranges at which the guard of `instruction` holds; nothing if it
/// never does.
std::optional<Box> getExecutedBox(const LoopTree &tree, size_t instruction);

} // namespace phx

#endif // PHX_ISA_LOOPTREE_H
