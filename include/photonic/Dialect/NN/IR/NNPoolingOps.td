//===- NNPoolingOps.td - Pooling ------------------------- -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_NN_IR_NNPOOLINGOPS
#define PHOTONIC_DIALECT_NN_IR_NNPOOLINGOPS

include "photonic/Dialect/NN/IR/NNBase.td"

class NN_PoolOp<string mnemonic, string meaning>
    : NN_InferOp<mnemonic, [NN_Differentiable, NN_Batched]> {
  let description = meaning # [{
    The result extent is `floor((H + top + bottom - dilation * (KH - 1) - 1) /
    stride) + 1`; with `ceil_mode` the division rounds up, and a last window
    that would start at or behind `H + top` is dropped.

    Constraints:

    * (C1) `input` has rank 4;
    * (C2) kernel, strides and dilations are at least 1, pads at least 0;
    * (C3) the dilated kernel fits into the padded image; with `ceil_mode`, less
      than a stride of it may stick out;
    * (C4) every window holds at least one element of the image (with
      `count_include_pad`: of the image or its padding);
    * (C5) the result has the shape above.

    Example:

    ```mlir
    %y = nn.}] # mnemonic # [{ %x kernel = [3, 3] strides = [2, 2]
        pads = [1, 1, 1, 1] : tensor<1x4x8x8xf32> -> tensor<1x4x4x4xf32>
    ```
  }];
  let results = (outs NN_Tensor:$output);
  let hasFolder = 1;
}

def NN_MaxPoolOp : NN_PoolOp<"max_pool", [{
    The first maximum in row-major order of the window wins, but NaN wins
    against everything. Positions outside the image do not take part.

    Gradient: `nn.max_pool_grad`. The operation itself is replaced by
    `nn.max_pool_positions`, whose positions are stashed; a window of more than
    256 elements has no gradient.

}]> {
  let summary = "take the maximum of each window";
  let arguments = (ins NN_Tensor:$input, NN_Kernel:$kernel,
                       NN_Pair<"{1, 1}">:$strides, NN_Pads:$pads,
                       NN_Pair<"{1, 1}">:$dilations,
                       DefaultValuedAttr<BoolAttr, "false">:$ceil_mode);
  let assemblyFormat = [{
    $input `kernel` `=` $kernel (`strides` `=` $strides^)?
    (`pads` `=` $pads^)? (`dilations` `=` $dilations^)?
    (`ceil_mode` `=` $ceil_mode^)? attr-dict
    `:` type($input) `->` type($output)
  }];
}

def NN_AvgPoolOp : NN_PoolOp<"avg_pool", [{
    The sum uses 16 lanes; the number of an element is its row-major position in
    the window, positions outside the image contribute nothing. The sum is
    divided by the number of positions inside the image, with
    `count_include_pad` by the number of positions inside the image or its
    padding.

    Gradient: `nn.avg_pool_grad`. Stashes nothing.

}]> {
  let summary = "take the mean of each window";
  let arguments = (ins NN_Tensor:$input, NN_Kernel:$kernel,
                       NN_Pair<"{1, 1}">:$strides, NN_Pads:$pads,
                       NN_Pair<"{1, 1}">:$dilations,
                       DefaultValuedAttr<BoolAttr, "false">:$ceil_mode,
                       DefaultValuedAttr<BoolAttr, "false">:$count_include_pad);
  let assemblyFormat = [{
    $input `kernel` `=` $kernel (`strides` `=` $strides^)?
    (`pads` `=` $pads^)? (`dilations` `=` $dilations^)?
    (`ceil_mode` `=` $ceil_mode^)?
    (`count_include_pad` `=` $count_include_pad^)? attr-dict
    `:` type($input) `->` type($output)
  }];
  let hasCanonicalizer = 1;
}

#endif // PHOTONIC_DIALECT_NN_IR_NNPOOLINGOPS
