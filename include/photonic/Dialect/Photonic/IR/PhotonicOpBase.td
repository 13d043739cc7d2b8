//===- PhotonicOpBase.td - What operations are made of -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Types and bases of operations, also for those that machine classes add.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PHOTONIC_IR_PHOTONICOPBASE
#define PHOTONIC_DIALECT_PHOTONIC_IR_PHOTONICOPBASE

include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "photonic/Dialect/Photonic/IR/PhotonicTypes.td"
include "photonic/Interpreter/EvaluableOpInterface.td"

class Photonic_Op<string mnemonic, list<Trait> traits = []>
    : Op<Photonic_Dialect, mnemonic, traits # [Pure]>;

def Photonic_PositiveExtents : CPred<
    "::llvm::all_of(::llvm::cast<::mlir::ShapedType>($_self).getShape(), "
    "[](int64_t extent) { return extent > 0; })">;
def Photonic_Tensor : RankedTensorOf<[F32],
    [HasStaticShapePred, Photonic_PositiveExtents],
    "tensor of 32-bit floats with static, positive extents">;

/// A tensor that is converted, and one of which products read either.
def Photonic_StoredTensor : RankedTensorOf<[Photonic_Stored],
    [HasStaticShapePred, Photonic_PositiveExtents],
    "tensor of stored elements with static, positive extents">;
def Photonic_Operand : RankedTensorOf<[F32, Photonic_Stored],
    [HasStaticShapePred, Photonic_PositiveExtents],
    "tensor of 32-bit floats or stored elements with static, positive extents">;

/// What counter-based random numbers are keyed by: [seed, trial, step].
def Photonic_Key : RankedTensorOf<[F32],
    [CPred<"::llvm::ArrayRef<int64_t>{3} == "
           "::llvm::cast<::mlir::ShapedType>($_self).getShape()">],
    "tensor with 3 elements">;

/// Converted elements of one pass.
def Photonic_Group : FixedVectorOfRankAndType<[1], [I8, I16, F32]>;
def Photonic_IntegerSum : AnyTypeOf<[I32, I64]>;
def Photonic_Sum : AnyTypeOf<[I32, I64, F32]>;

/// Number of a random stream; the numbers 2 * stream + operand stay below those
/// of `nn.dropout`.
def Photonic_Stream
    : ConfinedAttr<I64Attr, [IntNonNegative, IntMaxValue<0x3fffffff>]>;

/// An operation in a region of a product.
class Photonic_RegionOp<string mnemonic, list<Trait> traits = []>
    : Photonic_Op<mnemonic,
        traits # [ParentOneOf<["::photonic::phot::ProductOp",
                               "::photonic::phot::ArrayProductOp"]>]>;

#endif // PHOTONIC_DIALECT_PHOTONIC_IR_PHOTONICOPBASE
