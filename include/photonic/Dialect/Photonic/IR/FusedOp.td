//===- FusedOp.td - What is computed on chip together -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PHOTONIC_IR_FUSEDOP
#define PHOTONIC_DIALECT_PHOTONIC_IR_FUSEDOP

include "photonic/Dialect/Photonic/IR/PhotonicOpBase.td"

def Photonic_FusedOp : Op<Photonic_Dialect, "fused", [
    NoRegionArguments, RecursiveMemoryEffects,
    RecursivelySpeculatable, RunsRegion, SingleBlock]> {
  let summary = "compute operations on a chunk while it is on chip";
  let description = [{
    With `photonic.memory` = `hierarchy` values are in off-chip memory. The
    operations in the region are computed chunk by chunk: what a chunk needs is
    loaded, the first operation computes it, the *followers* behind it change it in
    place, and only what the last one makes of it is stored. The values are those
    of the operations one after the other.

    `chunk` (`#photonic.chunk`) says how much is computed on at a time, `buffers`
    (`#photonic.buffers`) how many chunks are on chip at once.

    `photonic-fuse-followers` creates it, `photonic-choose-chunks` and
    `photonic-place-buffers` add the attributes, `photonic-emit-program` translates
    it as it stands, or says why the target cannot.

    Constraints:

    * (C1) the region computes something, and yields the results of its last
      operation;
    * (C2) only the next operation reads what one computes, and each follower has
      one result and no regions, and reads the first result of the operation in
      front of it;
    * (C3) it stands in the body of a function;
    * (C4) it has no further attributes of `nn` or `photonic`: phase, node and
      operator are those of the operations inside.

    Example:

    ```mlir
    %y = photonic.fused chunk = <units = 1024> buffers = <operands = 2, result = 2> {
      %0 = nn.add %a, %b : (tensor<8x512xf32>, tensor<8x512xf32>) -> tensor<8x512xf32>
      photonic.yield %0 : tensor<8x512xf32>
    } : tensor<8x512xf32>
    ```
  }];
  let arguments = (ins OptionalAttr<Photonic_ChunkAttr>:$chunk,
                       OptionalAttr<Photonic_BuffersAttr>:$buffers);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    (`chunk` `=` $chunk^)? (`buffers` `=` $buffers^)? $body attr-dict `:`
    type($results)
  }];
  let extraClassDeclaration = [{
    /// The operation that computes a chunk: a nest of tiles, or a digital one.
    ::mlir::Operation *getFirst() { return &getBody().front().front(); }
    /// The operation whose results leave the chip.
    ::mlir::Operation *getLast() {
      return getBody().front().getTerminator()->getPrevNode();
    }
    /// The operations behind the first, in order.
    ::llvm::SmallVector<::mlir::Operation *> getFollowers();
  }];
  let hasRegionVerifier = 1;
}

#endif // PHOTONIC_DIALECT_PHOTONIC_IR_FUSEDOP
