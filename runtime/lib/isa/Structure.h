//===- Structure.h - Parts of the structural validator -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_ISA_STRUCTURE_H
#define PHX_LIB_ISA_STRUCTURE_H

#include "Bounds.h"
#include "phx/isa/Limits.h"
#include "phx/isa/Program.h"
#include "phx/support/Result.h"

#include <string>
#include <vector>

namespace phx {

inline constexpr unsigned maxLoopDepth = limits::loopDepth;
/// No extent, stride or capacity is larger.
inline constexpr int64_t maxMagnitude = int64_t(1) << 50;
/// No linear index and no affine field is larger.
inline constexpr int64_t maxIndex = int64_t(1) << 62;

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
  /// Their full counter ranges, outermost first; [0, 0] beyond.
  Box getBox(size_t instruction) const;
};

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

/// "dma", "vec", "core[3]".
std::string getName(EngineId engine);
const char *getName(Space space);
std::string toText(Int value);

/// Maps, formats, products' shapes, regions, layers, data sections.
Status checkTables(const Program &program);
/// Loops match, nest at most 8 deep; Halt last.
Result<LoopTree> buildLoopTree(const Program &program);
/// Engines, table indices, and values of fields of every instruction.
Status checkFields(const LoopTree &tree);
/// Signals and waits.
Status checkTokens(const LoopTree &tree);
/// Every CoreStream finds in its core what it expects.
Status checkStationary(const LoopTree &tree);
/// Product metadata that claims an intact loop nest.
Status checkProducts(const LoopTree &tree);
/// Spaces, alignment, and bounds of every access.
Status checkMemory(const LoopTree &tree);

/// Counter ranges at which the guard of `instruction` holds; nothing if it
/// never does.
std::optional<Box> getExecutedBox(const LoopTree &tree, size_t instruction);

} // namespace phx

#endif // PHX_LIB_ISA_STRUCTURE_H
