//===- Teams.h - Engines that tokens treat as one ---------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A signal or wait stands at one place in the stream; which arrays an
// instruction runs on may change with every iteration. Tokens are therefore
// placed between teams: all blocks that instructions lead from one to another.
// What is signalled for a team is signalled when all of it has got there, and
// what a team awaits holds all of it.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_ISA_TEAMS_H
#define PHX_LIB_ISA_TEAMS_H

#include "phx/isa/EngineBlocks.h"

#include <vector>

namespace phx::detail {

class Teams {
public:
  Teams(const Program &program, const EngineBlocks &blocks)
      : program(program), blocks(blocks), teamOf(program.code.size()) {
    // A block that some instruction shares with the one before it.
    std::vector<bool> isGlued(blocks.size());
    for (size_t i = 0; i < program.code.size(); ++i)
      for (uint32_t b = blocks.getReach(i).begin + 1;
           b < blocks.getReach(i).end; ++b)
        isGlued[b] = true;
    std::vector<uint32_t> teamOfBlock(blocks.size());
    for (uint32_t b = 0; b < blocks.size(); ++b) {
      if (!isGlued[b])
        spans.push_back({b, b});
      ++spans.back().end;
      teamOfBlock[b] = size() - 1;
    }
    for (size_t i = 0; i < program.code.size(); ++i)
      if (blocks.getReach(i).begin < blocks.size())
        teamOf[i] = teamOfBlock[blocks.getReach(i).begin];
  }

  uint32_t size() const { return static_cast<uint32_t>(spans.size()); }
  uint32_t of(size_t instruction) const { return teamOf[instruction]; }
  /// Several blocks, which nothing orders among themselves but tokens and
  /// instructions that bring them together.
  bool isLoose(uint32_t team) const { return !spans[team].isSingle(); }

  /// What executes a signal or wait of the whole team.
  void assign(uint32_t team, Instruction &instruction) const {
    uint32_t first = blocks.getFirst(spans[team].begin);
    uint32_t last = spans[team].end - 1;
    instruction.engine = getEngine(program, first);
    instruction.arrays = {
        {}, blocks.getFirst(last) + blocks.getCount(last) - first};
  }

private:
  const Program &program;
  const EngineBlocks &blocks;
  std::vector<BlockSpan> spans;  ///< by team
  std::vector<uint32_t> teamOf; ///< by instruction
};

} // namespace phx::detail

#endif // PHX_LIB_ISA_TEAMS_H
