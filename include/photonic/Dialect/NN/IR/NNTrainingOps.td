//===- NNTrainingOps.td - Normalisation and losses ------- -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Composite operations. Each states the sequence of primitive operations that
// it stands for; `nn-decompose` writes the sequence out, and the evaluators
// compute the same bits.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_NN_IR_NNTRAININGOPS
#define PHOTONIC_DIALECT_NN_IR_NNTRAININGOPS

include "photonic/Dialect/NN/IR/NNBase.td"

def NN_BatchNormTrainOp : NN_InferOp<"batch_norm_train", [
    NN_PartlyDifferentiable, NN_Composite, NN_Batched,
    DeclareOpInterfaceMethods<LearningOpInterface, ["getStatistics"]>]> {
  let summary = "normalise channels by the statistics of the batch";
  let description = [{
    The training form. With n elements per channel, and vectors of one number
    per channel broadcast along the other dimensions:

    ```
    batch_mean = reduce_mean(input)            over all dimensions but 1
    centred    = input - batch_mean
    batch_var  = reduce_mean(centred * centred)
    inv_std    = 1 / sqrt(batch_var + epsilon)
    output     = centred * (scale * inv_std) + bias
    new_mean   = momentum * mean + batch_mean * fl(1 - momentum)
    new_var    = momentum * var + batch_var * f
    ```

    Each operation rounds to binary32. `f` is `fl(1 - momentum)`, with
    `unbiased_running` it is `fl((1 - momentum) * n / (n - 1))`, computed in
    binary64 and rounded once: ONNX keeps the biased variance, PyTorch the
    unbiased one. `momentum` is ONNX's, the weight of the old value.

    Gradients, with sums over all dimensions but 1 and `centred` computed again:

    ```
    dbias  = sum(dy)
    moment = sum(dy * centred)
    dscale = moment * inv_std
    dx     = (dy - dbias / n - centred * (inv_std * inv_std * moment / n))
             * (scale * inv_std)
    ```

    Stashes the input, batch_mean and inv_std. There is no gradient through the
    other four results, nor with respect to mean and var.

    Constraints:

    * (C1) `input` has rank 2 or more, channels are dimension 1;
    * (C2) scale, bias, mean and var have shape [C];
    * (C3) epsilon is finite and not negative;
    * (C4) momentum lies in [0, 1];
    * (C5) a channel has at least 2 elements;
    * (C6) the first result has the type of `input`, the others have shape [C].

    Example:

    ```mlir
    %y, %mean1, %var1, %bm, %is = nn.batch_norm_train %x, %scale, %bias, %mean,
        %var epsilon = 1.0e-05 momentum = 0.9 unbiased_running
        : (tensor<8x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
           tensor<2xf32>) -> (tensor<8x2x4x4xf32>, tensor<2xf32>,
           tensor<2xf32>, tensor<2xf32>, tensor<2xf32>)
    ```
  }];
  let arguments = (ins NN_Tensor:$input, NN_Tensor:$scale, NN_Tensor:$bias,
                       NN_Tensor:$mean, NN_Tensor:$var, F32Attr:$epsilon,
                       F32Attr:$momentum, UnitAttr:$unbiased_running);
  let results = (outs NN_Tensor:$output, NN_Tensor:$new_mean,
                      NN_Tensor:$new_var, NN_Tensor:$batch_mean,
                      NN_Tensor:$inv_std);
  let assemblyFormat = [{
    $input `,` $scale `,` $bias `,` $mean `,` $var `epsilon` `=` $epsilon
    `momentum` `=` $momentum (`unbiased_running` $unbiased_running^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    /// Number of elements per channel.
    int64_t getCount();
    /// Factor of the batch's variance in the new one.
    float getVarianceFactor();
  }];
}

class NN_ClassLossOp<string mnemonic>
    : NN_InferOp<mnemonic, [NN_PartlyDifferentiable, NN_Composite,
                           NN_Batched]> {
  let arguments = (ins NN_Tensor:$input, NN_Tensor:$labels,
                       Optional<NN_Tensor>:$weights, NN_ReductionAttr:$reduction,
                       OptionalAttr<I64Attr>:$ignore_index);
  let assemblyFormat = [{
    $input `,` $labels (`,` $weights^)? `reduction` `=` $reduction
    (`ignore_index` `=` $ignore_index^)? attr-dict
    `:` functional-type(operands, results)
  }];
}

def NN_NLLLossOp : NN_ClassLossOp<"nll_loss"> {
  let summary = "pick the negated log-probability of the right class";
  let description = [{
    `input` [B, C, d...] holds logarithms of probabilities, `labels` [B, d...]
    class numbers, `weights` [C] one factor per class. An element whose label is
    `ignore_index` counts neither in the sum nor in the number of elements.

    ```
    hot    = equal(labels as [B, 1, d...], classes)   [B, C, d...]
    picked = reduce_sum(gate(hot, input))             over dimension 1
    share  = reduce_sum(hot * weights)                over dimension 1
    losses = -(picked * share)
    sum    = reduce_sum(losses)
    mean   = sum / reduce_sum(share)
    ```

    `classes` is the constant 0, 1, ..., C - 1, in which -1 stands for an
    ignored class. Without weights `losses` is `-picked`, and `share` is
    `reduce_sum(hot)`; with neither weights nor `ignore_index` the mean divides
    by the number of elements. Sums over everything are over the elements in
    row-major order, and have shape [1].

    Gradient: `gate(hot, g)` with `g = -(dloss * share)`, divided by what the
    mean divides by. Labels and weights have none. Stashes labels and weights.

    Constraints:

    * (C1) `input` has rank 2 or more;
    * (C2) `labels` has the shape of `input` without dimension 1;
    * (C3) `weights`, if present, has shape [C];
    * (C4) the result has the shape of `labels` if reduction is none, else [1].

    Example:

    ```mlir
    %loss = nn.nll_loss %lp, %labels reduction = mean ignore_index = -100
        : (tensor<8x10xf32>, tensor<8xf32>) -> tensor<1xf32>
    ```
  }];
  let results = (outs NN_Tensor:$loss);
}

def NN_SoftmaxCrossEntropyOp : NN_ClassLossOp<"softmax_cross_entropy"> {
  let summary = "compare scores with the right class";
  let description = [{
    `log_prob = log_softmax(input)` along dimension 1, and `loss =
    nll_loss(log_prob, labels, weights)` with the same attributes.

    Gradient: those of the two, through both results. Stashes log_prob and the
    labels.

    Constraints:

    * (C1) `input` has rank 2 or more;
    * (C2) `labels` has the shape of `input` without dimension 1;
    * (C3) `weights`, if present, has shape [C];
    * (C4) the loss has the shape of `labels` if reduction is none, else [1];
      the log-probabilities have the type of `input`.

    Example:

    ```mlir
    %loss, %lp = nn.softmax_cross_entropy %logits, %labels, %weights
        reduction = mean
        : (tensor<8x10xf32>, tensor<8xf32>, tensor<10xf32>)
        -> (tensor<1xf32>, tensor<8x10xf32>)
    ```
  }];
  let results = (outs NN_Tensor:$loss, NN_Tensor:$log_prob);
}

def NN_MSELossOp : NN_InferOp<"mse_loss", [NN_Differentiable, NN_Composite,
    NN_Batched]> {
  let summary = "square the distance to a target";
  let description = [{
    `d = input - target`, `losses = d * d`; `sum` is `reduce_sum` over all
    elements in row-major order and has shape [1], `mean` is `reduce_mean`
    alike.

    Gradients: `d * (dloss * f)` with f = 2, for the mean 2 divided by the
    number of elements, and its negation for the target. Stashes both operands.

    Constraints: (C1) `target` has the shape of `input`; (C2) the result has the
    shape of `input` if reduction is none, else [1].

    Example:

    ```mlir
    %loss = nn.mse_loss %x, %target reduction = mean
        : (tensor<8x10xf32>, tensor<8x10xf32>) -> tensor<1xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$input, NN_Tensor:$target,
                       NN_ReductionAttr:$reduction);
  let results = (outs NN_Tensor:$loss);
  let assemblyFormat = [{
    $input `,` $target `reduction` `=` $reduction attr-dict
    `:` functional-type(operands, results)
  }];
}

#endif // PHOTONIC_DIALECT_NN_IR_NNTRAININGOPS
