//===- NNLayoutOps.td - Operations that move elements ---- -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_NN_IR_NNLAYOUTOPS
#define PHOTONIC_DIALECT_NN_IR_NNLAYOUTOPS

include "photonic/Dialect/NN/IR/NNBase.td"

def NN_PadOp : NN_InferOp<"pad", [NN_Differentiable, MovesElements,
    NN_Batched]> {
  let summary = "surround a tensor with a value";
  let description = [{
    Adds `low[d]` elements before and `high[d]` behind dimension d.

    Canonicalisation merges padding with zeros into convolutions and average
    pools that follow. It is never merged into a maximum pool, whose own padding
    does not take part.

    Gradient: `nn.slice`.

    Constraints:

    * (C1) low and high have one number per dimension, at least 0;
    * (C2) `output.shape[d] = low[d] + input.shape[d] + high[d]`;
    * (C3) value is not NaN.

    Example:

    ```mlir
    %y = nn.pad %x low = [0, 0, 1, 1] high = [0, 0, 2, 2] value = 0.0
        : tensor<1x2x4x4xf32> -> tensor<1x2x7x7xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$input, DenseI64ArrayAttr:$low,
                       DenseI64ArrayAttr:$high, F32Attr:$value);
  let results = (outs NN_Tensor:$output);
  let assemblyFormat = [{
    $input `low` `=` $low `high` `=` $high `value` `=` $value attr-dict
    `:` type($input) `->` type($output)
  }];
  let hasFolder = 1;
}

def NN_ReshapeOp : NN_Op<"reshape", [NN_Differentiable, MovesElements,
    NN_Batched]> {
  let summary = "give the elements another shape";
  let description = [{
    The elements keep their row-major order. The target is the result type.

    Gradient: a reshape back.

    Constraints: (C1) operand and result have the same number of elements.

    Example:

    ```mlir
    %y = nn.reshape %x : tensor<1x16x5x5xf32> -> tensor<1x400xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$input);
  let results = (outs NN_Tensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($output)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def NN_TransposeOp : NN_InferOp<"transpose", [NN_Differentiable,
                                                  MovesElements,
    NN_Batched]> {
  let summary = "permute dimensions";
  let description = [{
    `output.shape[d] = input.shape[perm[d]]`.

    Gradient: a transposition back.

    Constraints: (C1) perm is a permutation of the dimensions of the operand;
    (C2) the result has the shape above.

    Example:

    ```mlir
    %y = nn.transpose %x perm = [0, 2, 1]
        : tensor<2x3x4xf32> -> tensor<2x4x3xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$input, DenseI64ArrayAttr:$perm);
  let results = (outs NN_Tensor:$output);
  let assemblyFormat = [{
    $input `perm` `=` $perm attr-dict `:` type($input) `->` type($output)
  }];
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def NN_ConcatOp : NN_InferOp<"concat", [NN_Differentiable, MovesElements,
    NN_Batched]> {
  let summary = "put tensors one behind the other";
  let description = [{
    Gradients: the parts of dy, by `nn.slice`.

    Constraints:

    * (C1) there is at least one operand;
    * (C2) all operands have the same rank, and axis lies in [0, rank);
    * (C3) extents agree in all dimensions but axis;
    * (C4) the extent of the result along axis is the sum of those of the
      operands.

    Example:

    ```mlir
    %y = nn.concat %a, %b axis = 1
        : (tensor<1x2x4x4xf32>, tensor<1x3x4x4xf32>) -> tensor<1x5x4x4xf32>
    ```
  }];
  let arguments = (ins Variadic<NN_Tensor>:$inputs, I64Attr:$axis);
  let results = (outs NN_Tensor:$output);
  let assemblyFormat = [{
    $inputs `axis` `=` $axis attr-dict `:` functional-type(operands, results)
  }];
  let hasFolder = 1;
}

def NN_SliceOp : NN_InferOp<"slice", [NN_Differentiable, MovesElements,
    NN_Batched]> {
  let summary = "take a regular part of a tensor";
  let description = [{
    `output[i] = input[offsets + i * strides]`, elementwise per dimension.

    Gradient: `nn.embed`.

    Constraints:

    * (C1) offsets, sizes and strides have one number per dimension;
    * (C2) offsets are at least 0, sizes at least 1, strides not 0;
    * (C3) the first and the last element lie inside the operand;
    * (C4) the result has shape sizes.

    Example:

    ```mlir
    %y = nn.slice %x offsets = [0, 2] sizes = [1, 3] strides = [1, 2]
        : tensor<1x8xf32> -> tensor<1x3xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$input, DenseI64ArrayAttr:$offsets,
                       DenseI64ArrayAttr:$sizes, DenseI64ArrayAttr:$strides);
  let results = (outs NN_Tensor:$output);
  let assemblyFormat = [{
    $input `offsets` `=` $offsets `sizes` `=` $sizes `strides` `=` $strides
    attr-dict `:` type($input) `->` type($output)
  }];
  let hasFolder = 1;
}

#endif // PHOTONIC_DIALECT_NN_IR_NNLAYOUTOPS
