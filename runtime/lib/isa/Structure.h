//===- Structure.h - Parts of the structural validator -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_ISA_STRUCTURE_H
#define PHX_LIB_ISA_STRUCTURE_H

#include "phx/isa/LoopTree.h"

namespace phx {

/// Regions with their initial contents.
Status checkRegions(const Program &program);
/// Groups, memories, registers, maps, operations, products' shapes, regions,
/// layers.
Status checkTables(const Program &program);
/// Loops match, nest at most 8 deep; Halt last.
Result<LoopTree> buildLoopTree(const Program &program);
/// Engines, table indices, and values of fields of every instruction.
Status checkFields(const LoopTree &tree);
/// Signals and waits.
Status checkTokens(const LoopTree &tree);
/// Every instruction that uses an array's state finds there what it expects.
Status checkStationary(const LoopTree &tree);
/// That the fields that `user` has in common with the instruction that
/// programmed its arrays have one value in both, whatever registers hold.
Status checkSharedRegisters(const LoopTree &tree, size_t user,
                            size_t programmed);
/// A range of a product's nest, whose loop is `instruction`.
Status checkNestRange(const LoopTree &tree, size_t instruction,
                      const char *name, const NestRange &range);
/// Loops whose iterations a register bounds; arrays whose state depends on
/// registers.
Status checkRegisters(const LoopTree &tree);
/// The nests of products are loops with all instructions of their product, and
/// together compute each of its terms once.
Status checkNests(const LoopTree &tree);
/// What machine classes check of the programs that use them.
Status checkClasses(const LoopTree &tree);
/// Spaces, alignment, and bounds of every access.
Status checkMemory(const LoopTree &tree);

} // namespace phx

#endif // PHX_LIB_ISA_STRUCTURE_H
