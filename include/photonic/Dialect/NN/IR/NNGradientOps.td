//===- NNGradientOps.td - What backward passes are made of - -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Products, masks, pools and layout operations that occur only in backward
// passes. They are not differentiable themselves, except where they also occur
// in forward graphs that were generated elsewhere.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_NN_IR_NNGRADIENTOPS
#define PHOTONIC_DIALECT_NN_IR_NNGRADIENTOPS

include "photonic/Dialect/NN/IR/NNElementwiseOps.td"

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

class NN_Conv2dGradOp<string mnemonic, string other>
    : NN_Op<mnemonic, [NN_Batched]> {
  let results = (outs NN_Tensor:$output);
  let assemblyFormat = "$grad `,` $" # other # [{
    (`strides` `=` $strides^)? (`pads` `=` $pads^)?
    (`dilations` `=` $dilations^)? (`groups` `=` $groups^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def NN_Conv2dInputGradOp : NN_Conv2dGradOp<"conv2d_input_grad", "weight"> {
  let summary = "gradient of a convolution with respect to its input";
  let description = [{
    `grad` [N, M, OH, OW] is the gradient of the result of
    `nn.conv2d %x, %weight` with the same attributes; the result has the shape
    of `%x`, [N, C, H, W]:

    `dx[n, ci, h, w] = sum over kh, kw, co of grad[n, co, oh, ow] *
    weight[co, ci, kh, kw]` where `h = oh * stride - top + kh * dilation`, `w`
    alike, and co runs over the filters of the group of ci. Positions outside of
    the image get nothing.

    The reference accumulates in FP32 from +0, (kh, kw) descending in row-major
    order, co ascending inside.

    Constraints:

    * (C1) a convolution of the result's type with `weight` and these
      attributes is legal;
    * (C2) its result has the type of `grad`.

    Example:

    ```mlir
    %dx = nn.conv2d_input_grad %dy, %w strides = [2, 2] pads = [1, 1, 1, 1]
        : (tensor<8x6x7x7xf32>, tensor<6x4x3x3xf32>) -> tensor<8x4x14x14xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$grad, NN_Tensor:$weight,
                       NN_Pair<"{1, 1}">:$strides, NN_Pads:$pads,
                       NN_Pair<"{1, 1}">:$dilations,
                       DefaultValuedAttr<I64Attr, "1">:$groups);
}

def NN_Conv2dWeightGradOp : NN_Conv2dGradOp<"conv2d_weight_grad", "input"> {
  let summary = "gradient of a convolution with respect to its weights";
  let description = [{
    `grad` [N, M, OH, OW] is the gradient of the result of
    `nn.conv2d %input, %w` with the same attributes; the result has the shape of
    `%w`, [M, C/groups, KH, KW]:

    `dw[co, ci, kh, kw] = sum over n, oh, ow of grad[n, co, oh, ow] *
    input[n, c, oh * stride - top + kh * dilation, ...]` where c is channel ci
    of the group of co. Padding reads as zero.

    The reference accumulates in FP32 from +0 over (n, oh, ow), ow innermost.

    Constraints:

    * (C1) a convolution of `input` with weights of the result's type and these
      attributes is legal;
    * (C2) its result has the type of `grad`.

    Example:

    ```mlir
    %dw = nn.conv2d_weight_grad %dy, %x strides = [2, 2] pads = [1, 1, 1, 1]
        : (tensor<8x6x7x7xf32>, tensor<8x4x14x14xf32>) -> tensor<6x4x3x3xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$grad, NN_Tensor:$input,
                       NN_Pair<"{1, 1}">:$strides, NN_Pads:$pads,
                       NN_Pair<"{1, 1}">:$dilations,
                       DefaultValuedAttr<I64Attr, "1">:$groups);
}

def NN_LinearInputGradOp : NN_InferOp<"linear_input_grad", [NN_Batched]> {
  let summary = "gradient of a linear layer with respect to its input";
  let description = [{
    `dx[b, k] = sum over m of grad[b, m] * weight[m, k]`, accumulated in FP32
    with m ascending.

    Constraints:

    * (C1) `grad` and `weight` have rank 2;
    * (C2) `grad.shape[1] = weight.shape[0]`.

    Example:

    ```mlir
    %dx = nn.linear_input_grad %dy, %w
        : (tensor<8x10xf32>, tensor<10x84xf32>) -> tensor<8x84xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$grad, NN_Tensor:$weight);
  let results = (outs NN_Tensor:$output);
  let assemblyFormat = [{
    $grad `,` $weight attr-dict `:` functional-type(operands, results)
  }];
}

def NN_LinearWeightGradOp : NN_InferOp<"linear_weight_grad", [NN_Batched]> {
  let summary = "gradient of a linear layer with respect to its weights";
  let description = [{
    `dw[m, k] = sum over b of grad[b, m] * input[b, k]`, accumulated in FP32
    with b ascending.

    Constraints:

    * (C1) `grad` and `input` have rank 2;
    * (C2) `grad.shape[0] = input.shape[0]`.

    Example:

    ```mlir
    %dw = nn.linear_weight_grad %dy, %x
        : (tensor<8x10xf32>, tensor<8x84xf32>) -> tensor<10x84xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$grad, NN_Tensor:$input);
  let results = (outs NN_Tensor:$output);
  let assemblyFormat = [{
    $grad `,` $input attr-dict `:` functional-type(operands, results)
  }];
}

//===----------------------------------------------------------------------===//
// Selection
//===----------------------------------------------------------------------===//

def NN_EqualOp : NN_BinaryOp<"equal", "compare tensors for equality",
    "`a == b ? 1 : 0`; NaN equals nothing, -0 equals +0.",
    "Gradient: none; the derivative is zero wherever there is one.",
    [NN_PartlyDifferentiable]>;

def NN_GateOp : NN_InferOp<"gate", [NN_PartlyDifferentiable,
    BatchAxisOpInterface]> {
  let summary = "pass where a condition is positive";
  let description = [{
    With slope 0, `cond <= 0 ? +0 : x`, so that x passes where `cond` is NaN;
    otherwise `cond > 0 ? x : slope * x`. Shapes broadcast as in `nn.add`.

    Created as gradient of `nn.relu`, `nn.leaky_relu`, `nn.abs` and of losses.
    Gradient: the same gate on dy; none for the condition. Stashes the
    condition.

    Constraints: (C1) shapes broadcast, and the result has the larger extents;
    (C2) slope is finite.

    Example:

    ```mlir
    %dx = nn.gate %y, %dy slope = 1.000000e-01
        : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$cond, NN_Tensor:$input,
                       DefaultValuedAttr<F32Attr, "0.0f">:$slope);
  let results = (outs NN_Tensor:$output);
  let assemblyFormat = [{
    $cond `,` $input (`slope` `=` $slope^)? attr-dict
    `:` functional-type(operands, results)
  }];
}

def NN_GateRangeOp : NN_InferOp<"gate_range", [NN_PartlyDifferentiable,
    BatchAxisOpInterface]> {
  let summary = "pass where a condition lies inside an interval";
  let description = [{
    `min < cond && cond < max ? x : +0`, also +0 where `cond` is NaN. Shapes
    broadcast as in `nn.add`. Created as gradient of `nn.clip`, `nn.max` and
    `nn.min`. Gradient: the same gate on dy; none for the condition. Stashes the
    condition.

    Constraints: (C1) shapes broadcast, and the result has the larger extents;
    (C2) neither bound is NaN and min is at most max.

    Example:

    ```mlir
    %dx = nn.gate_range %y, %dy min = 0.0 max = 6.0
        : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$cond, NN_Tensor:$input, F32Attr:$min,
                       F32Attr:$max);
  let results = (outs NN_Tensor:$output);
  let assemblyFormat = [{
    $cond `,` $input `min` `=` $min `max` `=` $max attr-dict
    `:` functional-type(operands, results)
  }];
}

def NN_PackSignsOp : NN_InferOp<"pack_signs", [BatchAxisOpInterface]> {
  let summary = "keep one bit per element: does a gate let pass";
  let description = [{
    `y <= 0 ? 0 : 1`, 1 for NaN. In memory a mask takes one bit per element, in
    words of 32.
    `nn-compress-stash` creates it where the forward value is kept for the
    backward pass only to ask for its sign.

    Constraints: (C1) the result has the shape of the operand.

    Example:

    ```mlir
    %m = nn.pack_signs %y : tensor<2x3xf32> -> tensor<2x3xi1>
    ```
  }];
  let arguments = (ins NN_Tensor:$input);
  let results = (outs NN_Mask:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($output)";
}

def NN_GateMaskOp : NN_InferOp<"gate_mask", [NN_PartlyDifferentiable,
    BatchAxisOpInterface]> {
  let summary = "pass where a bit is set";
  let description = [{
    `mask ? x : +0`. Gradient: the same mask on dy. Stashes the mask.

    Constraints: (C1) mask, operand and result have the same shape.

    Example:

    ```mlir
    %dx = nn.gate_mask %m, %dy
        : (tensor<2x3xi1>, tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins NN_Mask:$mask, NN_Tensor:$input);
  let results = (outs NN_Tensor:$output);
  let assemblyFormat = [{
    $mask `,` $input attr-dict `:` functional-type(operands, results)
  }];
}

//===----------------------------------------------------------------------===//
// Pools
//===----------------------------------------------------------------------===//

def NN_MaxPoolPositionsOp : NN_InferOp<"max_pool_positions", [NN_Differentiable,
    NN_Batched]> {
  let summary = "take the maximum of each window and note where it was";
  let description = [{
    The first result is that of `nn.max_pool`. The second holds the position of
    the maximum in its window, `kh * KW + kw`, of the first maximum in row-major
    order or, if the window holds NaN, of the first NaN.
    `nn-generate-backward` lets it replace an `nn.max_pool` whose gradient is
    wanted: one byte per window is stashed instead of input and output.
    Gradient: `nn.max_pool_grad`.

    Constraints: those of `nn.max_pool`, and (C6) the window holds at most 256
    elements; (C7) positions have the shape of the output.

    Example:

    ```mlir
    %y, %p = nn.max_pool_positions %x kernel = [3, 3] strides = [2, 2]
        pads = [1, 1, 1, 1]
        : tensor<1x4x8x8xf32> -> tensor<1x4x4x4xf32>, tensor<1x4x4x4xui8>
    ```
  }];
  let arguments = (ins NN_Tensor:$input, NN_Kernel:$kernel,
                       NN_Pair<"{1, 1}">:$strides, NN_Pads:$pads,
                       NN_Pair<"{1, 1}">:$dilations,
                       DefaultValuedAttr<BoolAttr, "false">:$ceil_mode);
  let results = (outs NN_Tensor:$output, NN_Positions:$positions);
  let assemblyFormat = [{
    $input `kernel` `=` $kernel (`strides` `=` $strides^)?
    (`pads` `=` $pads^)? (`dilations` `=` $dilations^)?
    (`ceil_mode` `=` $ceil_mode^)? attr-dict
    `:` type($input) `->` type($output) `,` type($positions)
  }];
}

def NN_MaxPoolGradOp : NN_Op<"max_pool_grad", [NN_Batched]> {
  let summary = "gradient of a maximum pool";
  let description = [{
    Adds each element of `grad` to the input element of its window that
    `positions` names. The result has the shape of the pool's input.

    Elements of `grad` in row-major order, one FP32 addition each, from +0.

    Constraints:

    * (C1) an `nn.max_pool_positions` of the result's type with these attributes
      is legal;
    * (C2) its results have the types of `grad` and `positions`.

    Example:

    ```mlir
    %dx = nn.max_pool_grad %dy, %p kernel = [3, 3] strides = [2, 2]
        pads = [1, 1, 1, 1]
        : (tensor<1x4x4x4xf32>, tensor<1x4x4x4xui8>) -> tensor<1x4x8x8xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$grad, NN_Positions:$positions,
                       NN_Kernel:$kernel, NN_Pair<"{1, 1}">:$strides,
                       NN_Pads:$pads, NN_Pair<"{1, 1}">:$dilations,
                       DefaultValuedAttr<BoolAttr, "false">:$ceil_mode);
  let results = (outs NN_Tensor:$output);
  let assemblyFormat = [{
    $grad `,` $positions `kernel` `=` $kernel (`strides` `=` $strides^)?
    (`pads` `=` $pads^)? (`dilations` `=` $dilations^)?
    (`ceil_mode` `=` $ceil_mode^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def NN_AvgPoolGradOp : NN_Op<"avg_pool_grad", [NN_Batched]> {
  let summary = "gradient of an average pool";
  let description = [{
    Divides each element of `grad` by the number of positions that `nn.avg_pool`
    divides by and adds the quotient to every input element of its window. The
    result has the shape of the pool's input.

    Elements of `grad` in row-major order, positions of the window in row-major
    order inside, one FP32 addition each, from +0.

    Constraints:

    * (C1) an `nn.avg_pool` of the result's type with these attributes is legal;
    * (C2) its result has the type of `grad`.

    Example:

    ```mlir
    %dx = nn.avg_pool_grad %dy kernel = [2, 2] strides = [2, 2]
        : tensor<1x4x4x4xf32> -> tensor<1x4x8x8xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$grad, NN_Kernel:$kernel,
                       NN_Pair<"{1, 1}">:$strides, NN_Pads:$pads,
                       NN_Pair<"{1, 1}">:$dilations,
                       DefaultValuedAttr<BoolAttr, "false">:$ceil_mode,
                       DefaultValuedAttr<BoolAttr, "false">:$count_include_pad);
  let results = (outs NN_Tensor:$output);
  let assemblyFormat = [{
    $grad `kernel` `=` $kernel (`strides` `=` $strides^)?
    (`pads` `=` $pads^)? (`dilations` `=` $dilations^)?
    (`ceil_mode` `=` $ceil_mode^)?
    (`count_include_pad` `=` $count_include_pad^)? attr-dict
    `:` type($grad) `->` type($output)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

def NN_BroadcastToOp : NN_Op<"broadcast_to", [NN_Differentiable,
    MovesElements, BatchAxisOpInterface]> {
  let summary = "repeat elements to a larger shape";
  let description = [{
    As in NumPy: shapes are aligned at the last dimension; a dimension that is
    missing or has extent 1 repeats. The target is the result type.

    Gradient: `reduce_sum` over what repeats.

    Constraints: (C1) each extent of the operand is 1 or that of the result, and
    the result has at least the operand's rank.

    Example:

    ```mlir
    %y = nn.broadcast_to %x : tensor<3x1x1xf32> -> tensor<2x3x4x4xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$input);
  let results = (outs NN_Tensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($output)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def NN_EmbedOp : NN_Op<"embed", [NN_Differentiable, MovesElements,
    NN_Batched]> {
  let summary = "put a tensor into a larger one of zeros";
  let description = [{
    `output[offsets + i * strides] = input[i]`, everything else is +0: the
    adjoint of `nn.slice` with the same offsets and strides and the operand's
    shape as sizes. Gradient: that slice.

    Constraints:

    * (C1) offsets and strides have one number per dimension, and operand and
      result have the same rank;
    * (C2) offsets are at least 0, strides not 0;
    * (C3) the first and the last element lie inside the result.

    Example:

    ```mlir
    %y = nn.embed %x offsets = [0, 2] strides = [1, 2]
        : tensor<1x3xf32> -> tensor<1x8xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$input, DenseI64ArrayAttr:$offsets,
                       DenseI64ArrayAttr:$strides);
  let results = (outs NN_Tensor:$output);
  let assemblyFormat = [{
    $input `offsets` `=` $offsets `strides` `=` $strides attr-dict
    `:` type($input) `->` type($output)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

#endif // PHOTONIC_DIALECT_NN_IR_NNGRADIENTOPS
