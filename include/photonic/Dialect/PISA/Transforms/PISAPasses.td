//===- PISAPasses.td - Passes that make and finish programs -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PISA_TRANSFORMS_PISAPASSES
#define PHOTONIC_DIALECT_PISA_TRANSFORMS_PISAPASSES

include "mlir/Pass/PassBase.td"

//===----------------------------------------------------------------------===//
// Stage `schedule`
//===----------------------------------------------------------------------===//

def FuseFollowers : Pass<"photonic-fuse-followers", "::mlir::func::FuncOp"> {
  let summary = "decide what is computed together while it is on chip";
  let description = [{
    Puts every nest of tiles, with the elementwise operations that follow it, and
    every other operation that computes, into a `photonic.fused`. A follower is the
    only reader of the value in front of it; its other operand has the shape of the
    result, one value per channel, or one value. The group stands where its last
    operation does.

    What is in a `photonic.fused` already stays as it is. Operations that move
    elements within off-chip memory stay outside.

    * Precondition: the `tile` stage, `photonic.memory` = `hierarchy`.
    * Postcondition: everything that computes is in a `photonic.fused`.

    Remarks `Fuse` tell what follows a product, and what keeps the next operation
    out.

    ```mlir
    %y = nn.add %a, %b : (tensor<8x512xf32>, tensor<8x512xf32>) -> tensor<8x512xf32>
    // becomes
    %y = photonic.fused {
      %0 = nn.add %a, %b : (tensor<8x512xf32>, tensor<8x512xf32>) -> tensor<8x512xf32>
      photonic.yield %0 : tensor<8x512xf32>
    } : tensor<8x512xf32>
    ```
  }];
  let options = [
    Option<"maxFollowers", "max-followers", "unsigned", "100",
           "followers of a product at most; 0 fuses nothing">,
  ];
  let dependentDialects = ["::photonic::phot::PhotonicDialect"];
}

def OrderUpdates : Pass<"photonic-order-updates", "::mlir::func::FuncOp"> {
  let summary = "update parameters as soon as their old values have been read";
  let description = [{
    Moves the operations of phase `update`, and those that they are fused with, to
    where what they read is there and everything else has read the arguments that
    they replace: gradients need their memory for a shorter time, and new values
    can be written in place. What an update computes from old values alone goes
    right in front of its first reader.

    Programs execute operations in the order in which they stand.

    * Precondition: the `tile` stage.
    * Postcondition: the same operations, in an order in which each is computed in
      front of its readers.

    ```mlir
    %d = nn.mul %x, %g : (tensor<8x512xf32>, tensor<8x512xf32>) -> tensor<8x512xf32>
    %e = nn.mul %d, %g : (tensor<8x512xf32>, tensor<8x512xf32>) -> tensor<8x512xf32>
    %n = nn.sub %w, %d {nn.phase = "update"} : (tensor<8x512xf32>, tensor<8x512xf32>) -> tensor<8x512xf32>
    // becomes
    %d = nn.mul %x, %g : (tensor<8x512xf32>, tensor<8x512xf32>) -> tensor<8x512xf32>
    %n = nn.sub %w, %d {nn.phase = "update"} : (tensor<8x512xf32>, tensor<8x512xf32>) -> tensor<8x512xf32>
    %e = nn.mul %d, %g : (tensor<8x512xf32>, tensor<8x512xf32>) -> tensor<8x512xf32>
    ```
  }];
}

def ChooseChunks : Pass<"photonic-choose-chunks", "::mlir::func::FuncOp"> {
  let summary = "decide how much of an operation is on chip at a time";
  let description = [{
    Gives every `photonic.fused` that has none its `chunk`. A product gets the one
    with the least estimated time among those that fit into the on-chip memories
    of the target with the usual buffers, another operation the largest that fits.
    The estimate is that of CostModel.h: transfers overlap with array passes.

    Neither a chunk nor the number of buffers changes a bit of a result. Refused,
    with both numbers: a working set larger than a memory.

    * Precondition: what `photonic-fuse-followers` leaves, and a target.
    * Postcondition: every `photonic.fused` has a `chunk`.

    Remarks `Chunks` tell into how many chunks an operation is cut, and whether it
    had to be.

    ```mlir
    %y = photonic.fused {
      %0 = nn.add %a, %b : (tensor<8x512xf32>, tensor<8x512xf32>) -> tensor<8x512xf32>
      photonic.yield %0 : tensor<8x512xf32>
    } : tensor<8x512xf32>
    // becomes
    %y = photonic.fused chunk = <units = 1024> {
      %0 = nn.add %a, %b : (tensor<8x512xf32>, tensor<8x512xf32>) -> tensor<8x512xf32>
      photonic.yield %0 : tensor<8x512xf32>
    } : tensor<8x512xf32>
    ```
  }];
}

def PlaceBuffers : Pass<"photonic-place-buffers", "::mlir::func::FuncOp"> {
  let summary = "decide how many chunks are on chip at once";
  let description = [{
    Gives every `photonic.fused` that has none its `buffers`: two of what its
    innermost loop of chunks loads or stores, so that the next chunk is loaded while
    this one is computed; one of what stays.

    * Precondition: what `photonic-choose-chunks` leaves.
    * Postcondition: every `photonic.fused` has `buffers`.

    Remarks `Buffers` tell how many there are of what, and the bytes of all.

    ```mlir
    %y = photonic.fused chunk = <units = 1024> {
      %0 = nn.add %a, %b : (tensor<8x512xf32>, tensor<8x512xf32>) -> tensor<8x512xf32>
      photonic.yield %0 : tensor<8x512xf32>
    } : tensor<8x512xf32>
    // becomes
    %y = photonic.fused chunk = <units = 1024> buffers = <operands = 2, result = 2> {
      %0 = nn.add %a, %b : (tensor<8x512xf32>, tensor<8x512xf32>) -> tensor<8x512xf32>
      photonic.yield %0 : tensor<8x512xf32>
    } : tensor<8x512xf32>
    ```
  }];
}

def VerifySchedule : Pass<"photonic-verify-schedule", "::mlir::func::FuncOp"> {
  let summary = "check that a program can be made of a function";
  let description = [{
    Read-only. Fails on what `photonic-verify-tile` fails on, and on a function that

    * does not say where its values are kept;
    * has products that the arrays of the target do not compute as they stand;
    * keeps all values on chip, and has a `photonic.fused`;
    * keeps them in off-chip memory, and computes outside of a `photonic.fused`, or
      in chunks or buffers that cannot be, or that do not fit on chip.
  }];
}

//===----------------------------------------------------------------------===//
// Stage `emit`
//===----------------------------------------------------------------------===//

def EmitProgram : Pass<"photonic-emit-program", "::mlir::ModuleOp"> {
  let summary = "turn a scheduled function into a program";
  let description = [{
    Gives every tensor a home, every product a loop nest of array passes and
    every digital operation its vector instructions, and replaces `func.func
    @main` by a `pisa.program` without tokens. Operations come in the order in
    which they stand. A module that holds a program already is left alone.

    * Precondition: the `schedule` stage (`photonic-verify-schedule` succeeds), and
      the module carries its target (`photonic-set-target`), which the program's
      header names.
    * Postcondition: one `pisa.program`; addresses are assigned; instructions of
      different engines are not ordered yet (`photonic-insert-tokens` does that).

    With memory model `ideal` every region is on chip and nothing is transferred.
    With `hierarchy` regions live in off-chip memory; each `photonic.fused` works on
    its chunks, which are loaded into its buffers. Refused, with both numbers: more
    off-chip memory than the target has.
  }];
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
