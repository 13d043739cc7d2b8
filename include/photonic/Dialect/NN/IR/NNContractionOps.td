//===- NNContractionOps.td - Products and their folding -- -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_NN_IR_NNCONTRACTIONOPS
#define PHOTONIC_DIALECT_NN_IR_NNCONTRACTIONOPS

include "photonic/Dialect/NN/IR/NNBase.td"

def NN_Conv2dOp : NN_InferOp<"conv2d", [NN_Differentiable, NN_Batched,
    DeclareOpInterfaceMethods<LearningOpInterface>]> {
  let summary = "convolve images with filters";
  let description = [{
    `input` is [N, C, H, W], `weight` [M, C/groups, KH, KW], `bias` [M], the
    result [N, M, OH, OW] with
    `OH = floor((H + top + bottom - dilation * (KH - 1) - 1) / stride) + 1`.
    `pads` is [top, left, bottom, right]; padding reads as zero. Output channel
    m sees the input channels of group `m / (M / groups)`.

    The reference accumulates in FP32 over (kh, kw, ci), ci innermost, and adds
    the bias last.

    Gradients: `nn.conv2d_input_grad`, `nn.conv2d_weight_grad`, and for the bias
    the sum of dy over dimensions 0, 2 and 3. Stashes the input for the
    weights, reads the weights for the input.

    Constraints:

    * (C1) `input` and `weight` have rank 4;
    * (C2) strides, dilations and groups are at least 1, pads at least 0;
    * (C3) `C = groups * weight.shape[1]`;
    * (C4) groups divides M;
    * (C5) `bias`, if present, has shape [M];
    * (C6) the dilated kernel fits into the padded image;
    * (C7) the result has the shape above.

    Example:

    ```mlir
    %y = nn.conv2d %x, %w, %b strides = [2, 2] pads = [3, 3, 3, 3]
        : (tensor<1x3x224x224xf32>, tensor<64x3x7x7xf32>, tensor<64xf32>)
        -> tensor<1x64x112x112xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$input, NN_Tensor:$weight,
                       Optional<NN_Tensor>:$bias,
                       NN_Pair<"{1, 1}">:$strides, NN_Pads:$pads,
                       NN_Pair<"{1, 1}">:$dilations,
                       DefaultValuedAttr<I64Attr, "1">:$groups);
  let results = (outs NN_Tensor:$output);
  let assemblyFormat = [{
    $input `,` $weight (`,` $bias^)? (`strides` `=` $strides^)?
    (`pads` `=` $pads^)? (`dilations` `=` $dilations^)?
    (`groups` `=` $groups^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasCanonicalizer = 1;
}

def NN_LinearOp : NN_InferOp<"linear", [NN_Differentiable, NN_Batched,
    DeclareOpInterfaceMethods<LearningOpInterface>]> {
  let summary = "multiply rows by a weight matrix";
  let description = [{
    `output[n, m] = sum over k of input[n, k] * weight[m, k], plus bias[m]`,
    accumulated in FP32 with k ascending.

    Gradients: `nn.linear_input_grad`, `nn.linear_weight_grad`, and for the bias
    the sum of dy over dimension 0. Stashes the input for the weights, reads the
    weights for the input.

    Constraints:

    * (C1) `input` and `weight` have rank 2;
    * (C2) `input.shape[1] = weight.shape[1]`;
    * (C3) `bias`, if present, has shape [M].

    Example:

    ```mlir
    %y = nn.linear %x, %w, %b
        : (tensor<8x84xf32>, tensor<10x84xf32>, tensor<10xf32>) -> tensor<8x10xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$input, NN_Tensor:$weight,
                       Optional<NN_Tensor>:$bias);
  let results = (outs NN_Tensor:$output);
  let assemblyFormat = [{
    $input `,` $weight (`,` $bias^)? attr-dict
    `:` functional-type(operands, results)
  }];
}

def NN_BatchNormOp : NN_InferOp<"batch_norm", [NN_Differentiable, NN_Batched,
    DeclareOpInterfaceMethods<CompositeOpInterface, ["isComposite"]>,
    DeclareOpInterfaceMethods<LearningOpInterface, ["getStatistics"]>]> {
  let summary = "normalise channels by stored statistics";
  let description = [{
    The inference form. With `s = scale / sqrt(var + epsilon)` computed in
    binary64, `scale' = float(s)` and `shift' = float(bias - mean * s)`, each
    element x of channel c becomes `fl(fl(x * scale'[c]) + shift'[c])`.

    `nn-fold-batch-norm` folds it into a convolution or linear operation with
    constant parameters that has no other use: `w' = float(w * s)` and
    `b' = float((b - mean) * s + bias)`, in binary64, rounded once.

    Where a parameter is not constant, `nn-decompose` computes factor and shift
    in binary32 instead:

    ```
    factor = scale * (1 / sqrt(var + epsilon))
    output = input * factor + (bias - mean * factor)
    ```

    Gradients, with `inv_std = 1 / sqrt(var + epsilon)`, `factor = scale *
    inv_std` and sums over all dimensions but 1: `dy * factor` for the input,
    `sum(dy * (x - mean)) * inv_std` for the scale, `sum(dy)` for the bias,
    `-(sum(dy) * factor)` for the mean, and for the variance `sum(dy * (x -
    mean)) * factor * inv_std * inv_std / -2`. Stashes the input, unless only
    its gradient or that of the bias is wanted.

    Constraints:

    * (C1) `input` has rank 2 or more, channels are dimension 1;
    * (C2) scale, bias, mean and var have shape [C];
    * (C3) epsilon is finite and not negative.

    Example:

    ```mlir
    %y = nn.batch_norm %x, %scale, %bias, %mean, %var epsilon = 1.0e-05
        : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
           tensor<2xf32>) -> tensor<1x2x4x4xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$input, NN_Tensor:$scale, NN_Tensor:$bias,
                       NN_Tensor:$mean, NN_Tensor:$var, F32Attr:$epsilon);
  let results = (outs NN_Tensor:$output);
  let assemblyFormat = [{
    $input `,` $scale `,` $bias `,` $mean `,` $var `epsilon` `=` $epsilon
    attr-dict `:` functional-type(operands, results)
  }];
}

#endif // PHOTONIC_DIALECT_NN_IR_NNCONTRACTIONOPS
