//===- NNPasses.td - Passes of nn ------------------------ -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_NN_TRANSFORMS_NNPASSES
#define PHOTONIC_DIALECT_NN_TRANSFORMS_NNPASSES

include "mlir/Pass/PassBase.td"

def FoldBatchNorm : Pass<"nn-fold-batch-norm", "::mlir::func::FuncOp"> {
  let summary = "fold normalisations into the products in front of them";
  let description = [{
    Precondition: none. `nn.batch_norm` whose input is the result of
    `nn.conv2d` or `nn.linear` with no other user disappears, where scale, bias,
    mean and variance, and weight and bias of the product, are constant. With
    `s = scale / sqrt(var + epsilon)` the product has the weight `float(w * s)`
    and the bias `float((b - mean) * s + bias)`, computed in binary64 and
    rounded once. The constants keep their names if nobody else reads them; the
    product has the locations of both, its own first.

    This changes bits, so it is part of the contract and a pass of its own: a
    machine that normalises in another place leaves it out
    (`--no-fold-batch-norm`). What stays is computed element by element.

    The canonicalisation patterns of nn are applied together with the fold,
    because a weight may be constant, and a product the input, only behind them.

    A remark (category Fold) says of each normalisation what it was folded into,
    or why it stays.

    ```mlir
    func.func @main(%x: tensor<3x2xf32>) -> tensor<3x1xf32> {
      %w = nn.constant "fc.weight" dense<[[3.0, 1.0]]> : tensor<1x2xf32>
      %scale = nn.constant "bn.weight" dense<4.0> : tensor<1xf32>
      %bias = nn.constant "bn.bias" dense<10.0> : tensor<1xf32>
      %mean = nn.constant "bn.mean" dense<1.0> : tensor<1xf32>
      %var = nn.constant "bn.var" dense<4.0> : tensor<1xf32>
      %0 = nn.linear %x, %w
          : (tensor<3x2xf32>, tensor<1x2xf32>) -> tensor<3x1xf32>
      %1 = nn.batch_norm %0, %scale, %bias, %mean, %var epsilon = 0.0
          : (tensor<3x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>,
             tensor<1xf32>) -> tensor<3x1xf32>
      return %1 : tensor<3x1xf32>
    }
    // becomes
    func.func @main(%x: tensor<3x2xf32>) -> tensor<3x1xf32> {
      %b = nn.constant "bn.bias" dense<8.0> : tensor<1xf32>
      %w = nn.constant "fc.weight" dense<[[6.0, 2.0]]> : tensor<1x2xf32>
      %0 = nn.linear %x, %w, %b
          : (tensor<3x2xf32>, tensor<1x2xf32>, tensor<1xf32>) -> tensor<3x1xf32>
      return %0 : tensor<3x1xf32>
    }
    ```
  }];
  let dependentDialects = ["::photonic::nn::NNDialect"];
  let options = [
    Option<"reportMissed", "report-missed", "bool", "true",
           "a remark for each normalisation that stays; false where the pass "
           "runs again (default true)">
  ];
}

def ExposeParameters : Pass<"nn-expose-parameters", "::mlir::func::FuncOp"> {
  let summary = "turn what a network learned into arguments";
  let description = [{
    Precondition: none. Every named constant becomes an argument with `nn.role` =
    "parameter" and the constant's value as `nn.init`, in the order of first
    use. It is marked `nn.trainable` unless its name matches `freeze`. The pass
    has to run before anything is derived from parameters, such as a
    normalisation folded into a convolution.

    Exceptions:

    * Running statistics (`LearningOpInterface`) are not trainable. Where the
      operation computes new ones, a result with `nn.updates` is added; of
      several operations with the same statistic each begins with what the one
      before has made of it.
    * Where the model states what is learned, a constant with `nn.learned` =
      false stays a constant, or, as the weight, bias or scale of an operation
      (`LearningOpInterface`, also behind `nn.reshape`, `nn.transpose` and a
      factor of one unnamed element), becomes an argument that is not trainable.
    * A constant on which no result depends by operations with derivatives is
      not learned. A warning says where the derivative is lost.
    * A constant that has no name but `nn.literal` is learned if it is such a
      weight, bias or scale, or one number per column or channel that is added
      to a product.

    A constant whose name matches `learn` is learned in any case. Without
    `nn.learned` a warning lists constants that are learned although they are no
    weight, bias or scale, unless `learn` or `freeze` matches them. A weight
    without a name stays with a warning.

    Errors: a regular expression that is none or that matches no constant; two
    parameters of one name; a parameter that is a statistic as well.

    ```mlir
    func.func @main(%x: tensor<8x2xf32>) -> tensor<8x3xf32> {
      %w = nn.constant "fc.weight" dense<0.5> : tensor<3x2xf32>
      %y = nn.linear %x, %w
          : (tensor<8x2xf32>, tensor<3x2xf32>) -> tensor<8x3xf32>
      return %y : tensor<8x3xf32>
    }
    // becomes
    func.func @main(%x: tensor<8x2xf32>,
                    %w: tensor<3x2xf32> {nn.name = "fc.weight",
                      nn.role = "parameter", nn.trainable,
                      nn.init = dense<0.5> : tensor<3x2xf32>})
        -> tensor<8x3xf32> {
      %y = nn.linear %x, %w
          : (tensor<8x2xf32>, tensor<3x2xf32>) -> tensor<8x3xf32>
      return %y : tensor<8x3xf32>
    }
    ```
  }];
  let options = [
    Option<"freeze", "freeze", "std::string", "",
           "regular expression; parameters in whose name it occurs are not "
           "trainable (default: none)">,
    Option<"learn", "learn", "std::string", "",
           "regular expression; constants in whose name it occurs are learned, "
           "whatever the model or what reads them says (default: none)">,
    Option<"trainable", "trainable", "bool", "true",
           "mark parameters as trainable; false for programs that only "
           "evaluate (default true)">
  ];
}

def InferBatchAxes : Pass<"nn-infer-batch-axes", "::mlir::func::FuncOp"> {
  let summary = "find the dimension of each output that holds the samples";
  let description = [{
    Precondition: inputs that hold the samples of a batch say along which
    dimension, `nn.batch_axis`. Every operation says what becomes of it
    (`BatchAxisOpInterface`); outputs whose samples lie along one dimension get
    the attribute, others lose it, and so do gradients and what replaces
    parameters and state. Without `nn.batch` on the module nothing changes.

    What an output says before is what the model declares. It decides where a
    batch of 1 leaves several dimensions open. Where it contradicts the graph a
    warning says so, and the graph is right.

    The importer does the same. The runtime splits inputs and joins outputs along
    these dimensions.

    ```mlir
    module attributes {nn.batch = 8 : i64} {
      func.func @main(%x: tensor<8x3xf32> {nn.batch_axis = 0 : i64})
          -> tensor<3x8xf32> {
        %y = nn.transpose %x perm = [1, 0] : tensor<8x3xf32> -> tensor<3x8xf32>
        return %y : tensor<3x8xf32>
      }
    }
    // becomes
    module attributes {nn.batch = 8 : i64} {
      func.func @main(%x: tensor<8x3xf32> {nn.batch_axis = 0 : i64})
          -> (tensor<3x8xf32> {nn.batch_axis = 1 : i64}) {
        %y = nn.transpose %x perm = [1, 0] : tensor<8x3xf32> -> tensor<3x8xf32>
        return %y : tensor<3x8xf32>
      }
    }
    ```
  }];
}

def AttachLoss : Pass<"nn-attach-loss", "::mlir::func::FuncOp"> {
  let summary = "compare an output with labels";
  let description = [{
    Precondition: the function has no input called `labels`. Adds that input and
    a first result `loss` of shape [], marked `nn.loss`, the mean over the batch.
    The labels' samples lie where those of the output do (`nn.batch_axis`).

    * `cross_entropy`: the output [B, C, d...] holds scores, the labels [B,
      d...] class numbers in [0, C) or `ignore-index`.
    * `mse`: the labels have the output's shape.
    * `output`: the output, which has one element, is the loss; no input is
      added.

    The output is `loss-output`, by default the only one. New operations have
    the name `loss` and `nn.phase` = "loss".

    Errors: an output that does not exist, several outputs without a choice, an
    output of a shape that the loss does not accept. A softmax in front of
    `cross_entropy`, which contains one, is a warning.
  }];
  let dependentDialects = ["::photonic::nn::NNDialect"];
  let options = [
    Option<"loss", "loss", "std::string", "\"cross_entropy\"",
           "cross_entropy, mse or output (default cross_entropy)">,
    Option<"lossOutput", "loss-output", "std::string", "",
           "name of the output (default: the only one)">,
    Option<"ignoreIndex", "ignore-index", "int64_t", "-100",
           "class number of elements that do not count (default -100)">
  ];
}

def GenerateBackward : Pass<"nn-generate-backward", "::mlir::func::FuncOp"> {
  let summary = "compute gradients of the loss";
  let description = [{
    Precondition: at least one result is marked `nn.loss`. Appends, in reverse
    order of the program, operations that compute the gradient of the sum of the
    losses with respect to every argument marked `nn.trainable`, and one result
    per argument with `nn.gradient_of`. With `input-gradients` there is one more
    result NAME.grad for every input that holds no labels. A value used several times adds up its
    gradients, the last use first. Nothing is computed that no trainable
    argument needs.

    New operations have the location of the operation they differentiate and
    `nn.phase`: "weight_gradient" if they serve only the gradient of an operand
    made of parameters, such as a weight; "input_gradient" if they serve the
    gradient of one that depends on an input.

    Forward values that the backward pass reads stay alive until then. For the
    layers in `recompute` (names of nodes) forward operations are repeated in
    the backward pass instead; a remark says what that saves and costs.

    Errors: no loss, no trainable argument, an operation between a trainable
    argument and the loss without `DifferentiableOpInterface`, a layer to
    recompute that does not exist. A trainable argument that the loss does not
    depend on, or with respect to which it has no derivative, gets no gradient
    and a warning.
  }];
  let dependentDialects = ["::photonic::nn::NNDialect"];
  let options = [
    Option<"emitGradients", "emit-gradients", "bool", "false",
           "call results NAME.grad, so that they stay outputs of the program "
           "(default false)">,
    Option<"inputGradients", "input-gradients", "bool", "false",
           "gradients with respect to inputs as well, except labels (default "
           "false)">,
    ListOption<"recompute", "recompute", "std::string",
               "names of layers to compute again in the backward pass">
  ];
}

def AttachOptimizer : Pass<"nn-attach-optimizer", "::mlir::func::FuncOp"> {
  let summary = "update parameters by their gradients";
  let description = [{
    Precondition: results with `nn.gradient_of`. Each gets a result with
    `nn.updates`, and results without `nn.name` disappear. Formulas and the
    order of operations are those of PyTorch's `torch.optim`, with default
    values of its version 2:

    * `sgd:lr=0.001,momentum=0,dampening=0,weight_decay=0,nesterov=false`
    * `adam:lr=0.001,beta1=0.9,beta2=0.999,eps=1e-8,weight_decay=0`
    * `adamw:...`, the same with weight_decay=0.01, decoupled from the gradient.

    The learning rate is the state `optimizer.lr`. Per parameter there is the
    state NAME.momentum, or NAME.exp_avg and NAME.exp_avg_sq. Two scalars per
    step replace the powers of Adam's bias corrections: `optimizer.correction1`
    and `optimizer.correction2` go from c to `c + (1 - beta) * (1 - c)`, which
    is `1 - beta^t` after t steps; in binary32 it ends within 2^-25 / (1 - beta)
    of 1, which is 3e-5 for 0.999. With a dampening `optimizer.gradient_factor`
    is 1 in the first step and `1 - dampening` afterwards, because PyTorch's
    buffer starts as the gradient itself.

    An update stands directly behind the last use of the old value, so that
    gradients do not all stay alive.

    Errors: an unknown optimiser or key, a value out of range, no gradients.
  }];
  let dependentDialects = ["::photonic::nn::NNDialect"];
  let options = [
    Option<"optimizer", "optimizer", "std::string", "\"sgd\"",
           "sgd, adam or adamw, with key=value separated by commas behind a "
           "colon (default sgd)">
  ];
}

def CompressStash : Pass<"nn-compress-stash", "::mlir::func::FuncOp"> {
  let summary = "keep less between forward and backward pass";
  let description = [{
    A forward value that the backward pass reads only as condition of `nn.gate`
    with slope 0 is replaced there by a mask, one bit per element instead of a
    word (`nn.pack_signs`, `nn.gate_mask`).

    A remark per layer (category Stash) says how many bytes it keeps for the
    backward pass, before and after, and one for all layers the sum.
  }];
}

def Decompose : Pass<"nn-decompose", "::mlir::func::FuncOp"> {
  let summary = "write composite operations as primitive ones";
  let description = [{
    Replaces `nn.batch_norm_train`, `nn.softmax_cross_entropy`, `nn.nll_loss`,
    `nn.mse_loss`, `nn.dropout` and `nn.pow` by the sequences that define them;
    no bit changes. `nn.batch_norm` with a scale, bias, mean or variance that is not
    constant becomes

    ```
    factor = scale * (1 / sqrt(var + epsilon))
    output = input * factor + (bias - mean * factor)
    ```

    in binary32, where the operation itself computes factor and shift in
    binary64. Postcondition: none of these operations is left.
  }];
}

#endif // PHOTONIC_DIALECT_NN_TRANSFORMS_NNPASSES
