//===- NNBase.td - Dialect and base classes of nn -------- -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_NN_IR_NNBASE
#define PHOTONIC_DIALECT_NN_IR_NNBASE

include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "photonic/Dialect/NN/IR/NNInterfaces.td"

def NN_Dialect : Dialect {
  let name = "nn";
  let summary = "What a neural network computes";
  let description = [{
    FP32 tensors of static shape, images in NCHW, value semantics. The meaning
    of an operation is that of the ONNX operator of the same name with the
    history of opsets normalised away: one form per operation, no implicit
    padding, no optional output. The ONNX importer creates nn; the lowering
    to `photonic` replaces contractions; digital operations stay until `pisa`.

    Conventions:

    * The location of an operation carries the name of its ONNX node as a
      `NameLoc`; an operation that stands for several nodes has a `FusedLoc`
      whose first name is that of the node that gives it its shape.
    * The entry function is `func.func @main`. Its arguments and results carry
      `nn.name`, the name of the ONNX input or output.
    * The module carries `nn.model`, the name of the network, and `nn.batch`,
      the batch size to which a symbolic batch dimension was bound.
    * Sums of digital operations use 16 lanes (element i in lane i mod 16, from
      +0) and then `lane[x] += lane[x + step]` for step = 8, 4, 2, 1.
  }];
  let cppNamespace = "::photonic::nn";
  let hasConstantMaterializer = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
}

/// No extent is zero: an empty tensor has no maximum and no mean.
def NN_PositiveExtents : CPred<
    "::llvm::all_of(::llvm::cast<::mlir::ShapedType>($_self).getShape(), "
    "[](int64_t extent) { return extent > 0; })">;

def NN_Tensor : RankedTensorOf<[F32], [HasStaticShapePred, NN_PositiveExtents],
    "tensor with static, positive extents">;

/// Two numbers, height then width.
class NN_Pair<string value> : DefaultValuedAttr<
    ConfinedAttr<DenseI64ArrayAttr, [DenseArrayCount<2>]>, value>;
def NN_Kernel : ConfinedAttr<DenseI64ArrayAttr, [DenseArrayCount<2>]>;
/// Top, left, bottom, right.
def NN_Pads : DefaultValuedAttr<
    ConfinedAttr<DenseI64ArrayAttr, [DenseArrayCount<4>]>, "{0, 0, 0, 0}">;

class NN_Op<string mnemonic, list<Trait> traits = []>
    : Op<NN_Dialect, mnemonic,
         traits # [Pure, DeclareOpInterfaceMethods<EvaluableOpInterface>]>;

/// The result type follows from operands and attributes by
/// `inferReturnTypes`, written by hand.
class NN_InferOp<string mnemonic, list<Trait> traits = []>
    : NN_Op<mnemonic, traits # [InferTypeOpAdaptor]>;

#endif // PHOTONIC_DIALECT_NN_IR_NNBASE
