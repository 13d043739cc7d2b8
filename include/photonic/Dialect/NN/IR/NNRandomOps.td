//===- NNRandomOps.td - Random numbers and dropout ------- -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_NN_IR_NNRANDOMOPS
#define PHOTONIC_DIALECT_NN_IR_NNRANDOMOPS

include "photonic/Dialect/NN/IR/NNBase.td"

def NN_UniformOp : NN_Op<"uniform"> {
  let summary = "make random numbers in [0, 1)";
  let description = [{
    Element e (row-major) is word `e mod 4` of Philox4x32-10 (Salmon et al.,
    "Parallel random numbers: as easy as 1, 2, 3", SC 2011) with key words
    (seed, trial) and counter words (e / 4 modulo 2^32, e / 4 divided by 2^32,
    stream, step), and the value is `(word >> 8) * 2^-24`.

    `key` is [seed, trial, step], whole numbers in [0, 2^24): the state
    `photonic.rng` of a training step. The numbers depend on nothing else; the
    same stream gives the same numbers at every use within a step.

    Constraints: (C1) `key` has shape [3]; (C2) stream lies in [0, 2^32).

    Example:

    ```mlir
    %u = nn.uniform %key stream = 7 : tensor<3xf32> -> tensor<8x84xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$key, I64Attr:$stream);
  let results = (outs NN_Tensor:$output);
  let assemblyFormat = [{
    $key `stream` `=` $stream attr-dict `:` type($key) `->` type($output)
  }];
  let hasVerifier = 1;
}

def NN_DropOp : NN_InferOp<"drop", [NN_PartlyDifferentiable, NN_Batched]> {
  let summary = "keep and scale where a random number is large enough";
  let description = [{
    `random >= ratio ? x * f : x - x`, where `f` is `1 / (1 - ratio)` computed in
    binary64 and rounded to binary32: what is dropped is +0, and NaN where x is
    NaN or infinite. Shapes broadcast as in `nn.add`. Gradient:
    the same operation on dy; none for the random numbers, which are stashed.

    Constraints: (C1) shapes broadcast, and the result has the larger extents;
    (C2) ratio lies in [0, 1).

    Example:

    ```mlir
    %y = nn.drop %u, %x ratio = 0.5
        : (tensor<8x84xf32>, tensor<8x84xf32>) -> tensor<8x84xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$random, NN_Tensor:$input, F32Attr:$ratio);
  let results = (outs NN_Tensor:$output);
  let assemblyFormat = [{
    $random `,` $input `ratio` `=` $ratio attr-dict
    `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    /// What a kept element is multiplied by.
    float getFactor();
  }];
}

def NN_DropoutOp : NN_InferOp<"dropout", [NN_PartlyDifferentiable,
    NN_Composite, NN_Batched]> {
  let summary = "drop elements at random";
  let description = [{
    `drop(uniform(key, 2^31 + stream), x)`. Streams from 2^31 on are those of
    dropouts, so that none of them meets a stream of stochastic rounding; each
    dropout of a network has a stream of its own.

    The gradient is the same operation with the same stream on the gradient of
    the result: the random numbers are made again, nothing is stashed.

    Constraints: (C1) `key` has shape [3]; (C2) ratio lies in [0, 1); (C3)
    stream lies in [0, 2^31); (C4) the result has the type of `input`.

    Example:

    ```mlir
    %y = nn.dropout %x, %key ratio = 0.5 stream = 0
        : (tensor<8x84xf32>, tensor<3xf32>) -> tensor<8x84xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$input, NN_Tensor:$key, F32Attr:$ratio,
                       I64Attr:$stream);
  let results = (outs NN_Tensor:$output);
  let assemblyFormat = [{
    $input `,` $key `ratio` `=` $ratio `stream` `=` $stream attr-dict
    `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    /// Streams of nn.uniform from here on belong to dropouts.
    static constexpr int64_t firstStream = int64_t(1) << 31;
  }];
}

#endif // PHOTONIC_DIALECT_NN_IR_NNRANDOMOPS
