//===- NNOps.td - Operations of nn ----------------------- -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// nn.constant, and the other groups of operations by inclusion.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_NN_IR_NNOPS
#define PHOTONIC_DIALECT_NN_IR_NNOPS

include "photonic/Dialect/NN/IR/NNBase.td"
include "photonic/Dialect/NN/IR/NNElementwiseOps.td"
include "photonic/Dialect/NN/IR/NNContractionOps.td"
include "photonic/Dialect/NN/IR/NNPoolingOps.td"
include "photonic/Dialect/NN/IR/NNLayoutOps.td"
include "photonic/Dialect/NN/IR/NNReductionOps.td"
include "photonic/Dialect/NN/IR/NNGradientOps.td"
include "photonic/Dialect/NN/IR/NNTrainingOps.td"
include "photonic/Dialect/NN/IR/NNRandomOps.td"

def NN_ConstantOp : NN_InferOp<"constant", [ConstantLike]> {
  let summary = "hold a tensor known at compile time";
  let description = [{
    `name` is the name of the ONNX initialiser from which the value comes; state
    files address the parameter by it. Equal dense values may be merged, and
    then one name survives; the importer therefore creates `dense_resource`
    values, which are never equal to each other.

    Constraints:

    * (C1) the type of `value` is a tensor of f32 with static, positive extents
      and is the type of the result;
    * (C2) `value` is `dense` or `dense_resource`;
    * (C3) a `dense_resource` that is present holds exactly the bytes of its
      type.

    Example:

    ```mlir
    %bias = nn.constant "fc.bias" dense<[0.5, -1.0]> : tensor<2xf32>
    ```
  }];
  let arguments = (ins ElementsAttr:$value, OptionalAttr<StrAttr>:$name);
  let results = (outs NN_Tensor:$output);
  let builders = [OpBuilder<(ins "::mlir::ElementsAttr":$value), [{
    build($_builder, $_state, value, ::mlir::StringAttr());
  }]>];
  let assemblyFormat = "($name^)? $value attr-dict";
  let hasFolder = 1;
  let hasVerifier = 1;
}

#endif // PHOTONIC_DIALECT_NN_IR_NNOPS
