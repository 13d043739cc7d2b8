//===- PISAPasses.td - Passes that make and finish programs -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PISA_TRANSFORMS_PISAPASSES
#define PHOTONIC_DIALECT_PISA_TRANSFORMS_PISAPASSES

include "mlir/Pass/PassBase.td"

def Schedule : Pass<"photonic-schedule", "::mlir::ModuleOp"> {
  let summary = "turn tiled tensors into a program";
  let description = [{
    Gives every tensor a home, every product a loop nest of array passes and
    every digital operation its vector instructions, and replaces `func.func
    @main` by a `pisa.program` without tokens.

    * Precondition: the `tile` stage (`photonic-verify-tile` succeeds), and the
      module carries its target (`photonic-set-target`), which the program's header
      names.
    * Postcondition: one `pisa.program`; addresses are assigned; instructions of
      different engines are not ordered yet (`photonic-insert-tokens` does that).

    With `memory=ideal` every region is on chip and nothing is transferred. With
    `memory=hierarchy` regions live in off-chip memory; each operation works on
    chunks that fit into the scratchpads, loaded into double buffers while the
    previous chunk is computed. Elementwise operations that follow a product are
    applied to its chunks on chip. Refused, with both numbers: a working set
    larger than a scratchpad, and more off-chip memory than the target has.

    Neither the memory model nor the size of a chunk changes a bit of a result.
  }];
  let options = [
    Option<"memory", "memory", "std::string", "\"ideal\"",
           "memory model: ideal or hierarchy">,
  ];
  let dependentDialects = ["::photonic::pisa::PISADialect"];
}

def InsertTokens : Pass<"photonic-insert-tokens", "::mlir::ModuleOp"> {
  let summary = "order accesses of different engines by tokens";
  let description = [{
    Places signals and waits so that every read-after-write, write-after-read
    and write-after-write between engines is ordered, and none more than needed;
    a wait that another chain of tokens covers and that a loop keeps from being
    removed is marked `redundant`.

    * Precondition: a `pisa.program` that is well formed but for its tokens,
      which are placed anew. Another one is refused, as by
      `photonic-verify-program`.
    * Postcondition: `photonic-verify-program` succeeds.

    ```mlir
    pisa.vec_map ...            // writes act[0]
    pisa.signal vec[0] 0
    pisa.wait core[0] 0
    pisa.loop 4 {               // core[0] reads act[0]
    ```
  }];
  let dependentDialects = ["::photonic::pisa::PISADialect"];
}

def VerifyProgram : Pass<"photonic-verify-program", "::mlir::ModuleOp"> {
  let summary = "prove that a program is well formed and free of races";
  let description = [{
    Read-only. Runs the validator that the runtime applies to program files, and
    reports what it finds at the instruction or the entry of a table that it is
    about. A module that carries a target (`photonic.target`) has to hold a
    program for that one.
  }];
}

#endif // PHOTONIC_DIALECT_PISA_TRANSFORMS_PISAPASSES
