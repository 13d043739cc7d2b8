//===- NNReductionOps.td - Reductions and softmax -------- -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_NN_IR_NNREDUCTIONOPS
#define PHOTONIC_DIALECT_NN_IR_NNREDUCTIONOPS

include "photonic/Dialect/NN/IR/NNBase.td"

class NN_SoftmaxLikeOp<string mnemonic>
    : NN_Op<mnemonic, [SameOperandsAndResultType, NN_Differentiable, NN_Batched]> {
  let arguments = (ins NN_Tensor:$input, I64Attr:$axis);
  let results = (outs NN_Tensor:$output);
  let assemblyFormat = "$input `axis` `=` $axis attr-dict `:` type($input)";
  let hasVerifier = 1;
}

def NN_SoftmaxOp : NN_SoftmaxLikeOp<"softmax"> {
  let summary = "normalise exponentials along an axis";
  let description = [{
    `m` = first maximum along the axis, `e = exp(x - m)`, `s` = sum of e with 16
    lanes, result `e / s`.

    Gradient: with `g = dy * y`, `g - y * sum(g)` along the axis. Stashes the
    result.

    Constraints: (C1) axis lies in [0, rank); (C2) the result has the type of
    the operand.

    Example:

    ```mlir
    %y = nn.softmax %x axis = 1 : tensor<8x10xf32>
    ```
  }];
}

def NN_LogSoftmaxOp : NN_SoftmaxLikeOp<"log_softmax"> {
  let summary = "take logarithms of normalised exponentials along an axis";
  let description = [{
    With m and s as in `nn.softmax`: `(x - m) - log(s)`.

    Gradient: `dy - exp(y) * sum(dy)` along the axis. Stashes the result.

    Constraints: (C1) axis lies in [0, rank); (C2) the result has the type of
    the operand.

    Example:

    ```mlir
    %y = nn.log_softmax %x axis = 1 : tensor<8x10xf32>
    ```
  }];
}

class NN_ReduceOp<string mnemonic, string what, string meaning>
    : NN_InferOp<mnemonic, [NN_Differentiable, NN_Batched]> {
  let summary = what;
  let description = meaning # [{
    The number of an element is its row-major position within the reduced
    dimensions.

    Constraints:

    * (C1) axes are strictly ascending, at least one, and lie in [0, rank);
    * (C2) a reduced dimension has extent 1 in the result if keepdims is set,
      and is missing otherwise.

    Example:

    ```mlir
    %y = nn.}] # mnemonic # [{ %x axes = [2, 3] keepdims = true
        : tensor<1x8x7x7xf32> -> tensor<1x8x1x1xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$input, DenseI64ArrayAttr:$axes,
                       BoolAttr:$keepdims);
  let results = (outs NN_Tensor:$output);
  let assemblyFormat = [{
    $input `axes` `=` $axes `keepdims` `=` $keepdims attr-dict
    `:` type($input) `->` type($output)
  }];
}

def NN_ReduceMeanOp : NN_ReduceOp<"reduce_mean", "take means along axes", [{
    The sum uses 16 lanes and is divided by the number of elements.

    Gradient: dy divided by that number, repeated. Stashes nothing.

}]>;
def NN_ReduceSumOp : NN_ReduceOp<"reduce_sum", "add along axes", [{
    The sum uses 16 lanes.

    Gradient: dy, repeated. Stashes nothing.

}]>;
def NN_ReduceMaxOp : NN_ReduceOp<"reduce_max", "take maxima along axes", [{
    The first maximum wins, but NaN wins against everything.

    Gradient: with `hot = equal(x, y)`, `hot * (dy / sum(hot))`: elements that
    are equally large share it, and it is NaN for all if the maximum is.
    Stashes operand and result.

}]>;

#endif // PHOTONIC_DIALECT_NN_IR_NNREDUCTIONOPS
