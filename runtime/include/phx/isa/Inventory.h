//===- Inventory.h - What a program consists of -----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Instructions and transferred bytes of each layer, counted without a target
// and without going through iterations.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_INVENTORY_H
#define PHX_ISA_INVENTORY_H

#include "phx/isa/Program.h"
#include "phx/support/Result.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace phx {

/// Instructions of one kind on one engine, all arrays of a group together.
struct InstructionCount {
  uint64_t instructions = 0; ///< in the stream
  /// In a run: with the iterations of loops in which guards hold and no count
  /// is zero, in lockstep once for each array. Saturates.
  uint64_t executions = 0;
};

/// What one layer, or what belongs to none, consists of.
struct LayerInventory {
  /// By mnemonic ("dma_copy") and engine ("dma", "vec", the name of a group).
  /// Loops, their ends and the halt are not counted.
  std::map<std::pair<std::string, std::string>, InstructionCount> instructions;
  /// Bytes that transfers write in a run, by the memory that they come from and
  /// the one that they go to. Saturates.
  std::map<std::pair<uint32_t, uint32_t>, uint64_t> transferred;
};

struct Inventory {
  std::vector<LayerInventory> layers; ///< those of the program
  LayerInventory rest;                ///< what carries no layer
  /// Counts depend on registers: executions and bytes are those of the largest
  /// values that registers can hold.
  bool isBound = false;
};

/// Counts what `program`, which is structurally valid, consists of. Errors: an
/// instruction whose counts take too many steps to add up, by name.
Result<Inventory> takeInventory(const Program &program);

} // namespace phx

#endif // PHX_ISA_INVENTORY_H
