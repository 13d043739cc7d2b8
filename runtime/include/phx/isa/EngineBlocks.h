//===- EngineBlocks.h - Engines that a program tells apart ------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A machine may have thousands of arrays, a program mostly moves them together.
// Neighbours that every instruction executes on together, or not at all, are
// one block: in lockstep they are as one engine. What analyses and simulations
// keep for each engine they keep for each block, so that their cost follows
// from the instructions and not from the number of arrays.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_ENGINEBLOCKS_H
#define PHX_ISA_ENGINEBLOCKS_H

#include "phx/isa/Program.h"

#include <string>
#include <vector>

namespace phx {

/// Blocks [begin, end).
struct BlockSpan {
  uint32_t begin = 0, end = 0;
  bool isSingle() const { return end - begin == 1; }
  bool meets(BlockSpan other) const {
    return begin < other.end && other.begin < end;
  }
  friend bool operator==(BlockSpan, BlockSpan) = default;
};

/// Numbered in the order of their engines; `dma` is block 0, `vec` block 1.
class EngineBlocks {
public:
  explicit EngineBlocks(const Program &program);

  uint32_t size() const { return static_cast<uint32_t>(starts.size()) - 1; }
  /// Which blocks execute instruction `index` at `counters`, at least one.
  /// Arrays that the program does not have are left out.
  BlockSpan get(size_t index, const Counters &counters) const {
    return moving[index] ? locate(index, counters) : reaches[index];
  }
  /// All that execute it at any iteration.
  BlockSpan getReach(size_t index) const { return reaches[index]; }
  /// Whether the blocks of an instruction depend on loop counters.
  bool isMoving(size_t index) const { return moving[index]; }
  /// Whether it brings several blocks together at some iteration.
  bool joinsBlocks(size_t index) const { return joining[index]; }

  /// The first engine of a block, by its number in the program.
  uint32_t getFirst(uint32_t block) const { return starts[block]; }
  /// Engines of a block.
  uint32_t getCount(uint32_t block) const {
    return starts[block + 1] - starts[block];
  }

private:
  /// Numbers of arrays in a group at which an instruction may begin.
  struct Firsts {
    int64_t low = 0, high = 0; ///< inclusive
    int64_t step = 1;          ///< low, low + step, ...
  };
  void addCuts(const Instruction &instruction, const Firsts &firsts);
  /// Sorts the cuts and leaves each of them once.
  void mergeCuts();
  BlockSpan locate(size_t index, const Counters &counters) const;
  BlockSpan find(const Instruction &instruction, int64_t begin,
                 int64_t end) const;

  const Program *program;
  std::vector<uint32_t> bases;  ///< first engine number, by group; then the end
  std::vector<uint32_t> starts; ///< first engine number, by block; then the end
  size_t numMerged = 0; ///< starts that are known to differ
  std::vector<BlockSpan> reaches; ///< by instruction
  std::vector<bool> moving, joining; ///< by instruction
};

/// "dma", "core[3]", "core[0 .. 50)".
std::string getBlockName(const Program &program, uint32_t firstEngine,
                         uint32_t count);

} // namespace phx

#endif // PHX_ISA_ENGINEBLOCKS_H
