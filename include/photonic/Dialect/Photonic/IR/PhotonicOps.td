//===- PhotonicOps.td - Operations of the photonic dialect -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PHOTONIC_IR_PHOTONICOPS
#define PHOTONIC_DIALECT_PHOTONIC_IR_PHOTONICOPS

include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/TilingInterface.td"
include "photonic/Dialect/NN/IR/NNInterfaces.td"
include "photonic/Dialect/Photonic/IR/PhotonicAttrs.td"

class Photonic_Op<string mnemonic, list<Trait> traits = []>
    : Op<Photonic_Dialect, mnemonic, traits # [Pure]>;

def Photonic_PositiveExtents : CPred<
    "::llvm::all_of(::llvm::cast<::mlir::ShapedType>($_self).getShape(), "
    "[](int64_t extent) { return extent > 0; })">;
def Photonic_Tensor : RankedTensorOf<[F32],
    [HasStaticShapePred, Photonic_PositiveExtents],
    "tensor of 32-bit floats with static, positive extents">;

/// Converted elements of one group.
def Photonic_Group : FixedVectorOfRankAndType<[1], [I8, I16, F32]>;
def Photonic_Sum : AnyTypeOf<[I32, F32]>;

/// How a pass is read out; exact unless stated otherwise.
def Photonic_Readout : Attr<Photonic_ReadoutAttrInterface.predicate, "readout"> {
  let storageType = "::photonic::phot::ReadoutAttrInterface";
  let returnType = storageType;
  let convertFromStorage = "$_self";
  let constBuilderCall =
      "::photonic::phot::ExactReadoutAttr::get($_builder.getContext())";
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

def Photonic_ProductOp : Photonic_Op<"product", [
    IsolatedFromAbove, SingleBlock, InferTypeOpAdaptor,
    DeclareOpInterfaceMethods<EvaluableOpInterface>,
    DeclareOpInterfaceMethods<TilingInterface, [
      "getLoopIteratorTypes", "getIterationDomain"]>,
    PartialReductionOpInterface]> {
  let summary = "multiply weights with activations on an analog array";
  let description = [{
    The product of a convolution (`window` present) or of a fully connected
    layer (`window` absent). `lhs` holds weights, [M, C/G, KH, KW] or [M, K];
    `rhs` activations, [B, C, H, W] or [B, K]; the optional `bias` [M]. The
    result is [B, M, OH, OW] or [B, M].

    The contraction axis is k, or (kh, kw, ci) with ci innermost over the
    channels of one group of the convolution; positions in the padding read as
    zero. Both operands are converted along it in groups of g elements by
    `lhs_format` and `rhs_format`; `body` says what happens to the two vectors
    of one group and yields the sum of their products; the sum, times 2 to the
    sum of both scales, is added to the accumulator with a single rounding,
    groups ascending, starting from +0. The bias is added last. A product
    without formats computes in binary32 with k ascending.

    `photonic-lower-products` creates it, `photonic-assign-formats` adds formats
    and region, `photonic-split-rns` rewrites the region, and
    `photonic-select-dataflow` chooses the operand that stays in the array.
    `photonic-tile-array` replaces it by a loop nest.

    The iteration domain for tiling is (group of the convolution, output block,
    k): the second dimension runs over M under `df1` and over N = B * OH * OW
    under `df2`. The whole accumulator is carried through the nest, hence
    tiling by `PartialReductionOpInterface`; merging adds the bias.

    Constraints:

    * (C1) `lhs` and `rhs` have rank 4 with `window`, rank 2 without;
    * (C2) the contracted extents agree: `rhs.shape[1] = groups * lhs.shape[1]`
      (`groups` is 1 without `window`);
    * (C3) `groups` divides M, `kernel` equals the last two extents of `lhs`;
    * (C4) the dilated kernel fits into the padded image;
    * (C5) `bias`, if present, has shape [M];
    * (C6) both formats are present, or neither; the region is empty exactly
      when they are absent;
    * (C7) both formats have the same group length and type of sum;
    * (C8) a sum of integers, at most g * max|a| * max|b|, fits into i32;
    * (C9) the region takes one vector of g converted elements per operand,
      consists of `dot`, `modular_dot` and `reverse_convert`, and yields one sum;
    * (C10) the signed range of each `reverse_convert` covers the sum.

    Example:

    ```mlir
    %y = photonic.product %w, %x
        window = <kernel = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1],
                  dilations = [1, 1], groups = 1>
        formats = [#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>,
                   #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>]
        dataflow = df1
        : (tensor<8x4x3x3xf32>, tensor<1x4x6x6xf32>) -> tensor<1x8x6x6xf32> each {
    ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
      %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
      photonic.yield %d : i32
    }
    ```
  }];
  let arguments = (ins Photonic_Tensor:$lhs, Photonic_Tensor:$rhs,
      Optional<Photonic_Tensor>:$bias,
      OptionalAttr<Photonic_WindowAttr>:$window,
      OptionalAttr<Photonic_NumberFormatAttrInterface>:$lhs_format,
      OptionalAttr<Photonic_NumberFormatAttrInterface>:$rhs_format,
      OptionalAttr<Photonic_DataflowAttr>:$dataflow,
      DefaultValuedAttr<Photonic_Readout, "exact">:$readout);
  let results = (outs Photonic_Tensor:$result);
  let regions = (region MaxSizedRegion<1>:$body);
  let assemblyFormat = [{
    $lhs `,` $rhs (`,` $bias^)? (`window` `=` $window^)?
    (`formats` `=` `[` $lhs_format^ `,` $rhs_format `]`)?
    (`dataflow` `=` `` $dataflow^)? (`readout` `(` $readout^ `)`)?
    attr-dict `:` functional-type(operands, results) (`each` $body^)?
  }];
  let builders = [
    // Without formats and region, as `lower` creates it.
    OpBuilder<(ins "::mlir::Value":$lhs, "::mlir::Value":$rhs,
                   "::mlir::Value":$bias, "::photonic::phot::WindowAttr":$window)>];
  // PartialReductionOpInterface names types that only resolve inside of the
  // namespace mlir, so that its methods have to be declared by hand.
  let extraClassDeclaration = [{
    ::mlir::FailureOr<::mlir::SmallVector<::mlir::Value>>
    generateInitialTensorForPartialReduction(
        ::mlir::OpBuilder &b, ::mlir::Location loc,
        ::mlir::ArrayRef<::mlir::OpFoldResult> tileSizes,
        const ::llvm::SetVector<unsigned> &reductionDims);
    ::mlir::FailureOr<::mlir::TilingResult> tileToPartialReduction(
        ::mlir::OpBuilder &b, ::mlir::Location loc,
        ::mlir::ReductionTilingStrategy strategy, ::mlir::ValueRange init,
        ::mlir::ArrayRef<::mlir::OpFoldResult> offsets,
        ::mlir::ArrayRef<::mlir::OpFoldResult> sizes,
        const ::llvm::SetVector<unsigned> &reductionDims,
        ::mlir::ArrayRef<::mlir::OpFoldResult> splitReductionIvs);
    ::mlir::FailureOr<::mlir::MergeResult> mergeReductions(
        ::mlir::OpBuilder &b, ::mlir::Location loc,
        ::mlir::ValueRange partialReduce,
        const ::llvm::SetVector<unsigned> &reductionDims);
    ::llvm::LogicalResult getPartialResultTilePosition(
        ::mlir::OpBuilder &b, unsigned resultNumber,
        ::mlir::ReductionTilingStrategy strategy,
        ::mlir::ArrayRef<::mlir::OpFoldResult> offsets,
        ::mlir::ArrayRef<::mlir::OpFoldResult> sizes,
        const ::llvm::SetVector<unsigned> &reductionDims,
        ::mlir::ArrayRef<::mlir::OpFoldResult> splitReductionIvs,
        ::mlir::SmallVector<::mlir::OpFoldResult> &resultOffsets,
        ::mlir::SmallVector<::mlir::OpFoldResult> &resultSizes);
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

def Photonic_ArrayProductOp : Photonic_Op<"array_product", [
    IsolatedFromAbove, SingleBlock, AllTypesMatch<["init", "result"]>,
    DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<EvaluableOpInterface>]> {
  let summary = "one pass of a product through one array";
  let description = [{
    Programs one tile of the stationary operand into an array, streams all
    vectors of the other operand past it and accumulates into the whole
    accumulator `init`, whose other elements pass unchanged. Operands,
    window, formats and region are those of the `photonic.product` the pass
    belongs to.

    `tile` is (group of the convolution, first output row, first contraction
    position), `sizes` the number of array rows and columns used. Under `df1`
    rows number output channels within the group and vectors number output
    positions n = (b * OH + oh) * OW + ow; under `df2` the other way round. Rows
    and contraction positions at or beyond their extents are idle. A pass that
    starts at contraction position 0 starts from +0, so that the contents of
    `init` there do not matter; the others continue.

    `photonic-tile-array` creates it, in a nest of three `scf.for` loops (group,
    output block, contraction block) that also exist when they have a single
    iteration. The bias of the product is an `nn.add` behind the nest. The
    `schedule` stage consumes it.

    Constraints:

    * (C1) to (C4) and (C6) to (C10) of `photonic.product`, formats present;
    * (C11) `init` and the result have the type of the product's result;
    * (C12) `sizes` has two elements, at least 1; the second is the group
      length of the formats (a group is one pass).

    Example:

    ```mlir
    %acc1 = photonic.array_product ins(%w, %x : tensor<10x84xf32>, tensor<8x84xf32>)
        outs(%acc0 : tensor<8x10xf32>) tile [%g, %m, %k] sizes = [32, 16]
        formats = [#photonic.fp32<group = 16>, #photonic.fp32<group = 16>]
        dataflow = df1 each {
    ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
      %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
      photonic.yield %d : f32
    }
    ```
  }];
  let arguments = (ins Photonic_Tensor:$lhs, Photonic_Tensor:$rhs,
      Photonic_Tensor:$init, Index:$group, Index:$row_start, Index:$k_start,
      ConfinedAttr<DenseI64ArrayAttr, [DenseArrayCount<2>]>:$sizes,
      OptionalAttr<Photonic_WindowAttr>:$window,
      Photonic_NumberFormatAttrInterface:$lhs_format,
      Photonic_NumberFormatAttrInterface:$rhs_format,
      Photonic_DataflowAttr:$dataflow,
      DefaultValuedAttr<Photonic_Readout, "exact">:$readout);
  let results = (outs Photonic_Tensor:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `ins` `(` $lhs `,` $rhs `:` type($lhs) `,` type($rhs) `)`
    `outs` `(` $init `:` type($init) `)`
    `tile` ` ` `[` $group `,` $row_start `,` $k_start `]` `sizes` `=` $sizes
    (`window` `=` $window^)?
    `formats` `=` `[` $lhs_format `,` $rhs_format `]`
    `dataflow` `=` `` $dataflow (`readout` `(` $readout^ `)`)? attr-dict
    `each` $body
  }];
  let extraClassDeclaration = [{
    /// Array rows that the pass may use.
    int64_t getRows() { return getSizes()[0]; }
    /// Contraction positions that the pass covers.
    int64_t getColumns() { return getSizes()[1]; }
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return getInitMutable();
    }
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

//===----------------------------------------------------------------------===//
// What happens to one group
//===----------------------------------------------------------------------===//

class Photonic_GroupOp<string mnemonic, list<Trait> traits = []>
    : Photonic_Op<mnemonic,
        traits # [ParentOneOf<["ProductOp", "ArrayProductOp"]>]>;

def Photonic_DotOp : Photonic_GroupOp<"dot"> {
  let summary = "multiply two groups";
  let description = [{
    The sum of the products of the elements of two groups: exact for integers;
    for f32 the products are rounded and summed in binary32, ascending from +0.
    `photonic-assign-formats` creates it; behind `split` none on integers is
    left.

    Constraints:

    * (C1) both vectors have the same length, both hold integers or both f32;
    * (C2) the result is i32 for integers, f32 for f32;
    * (C3) the operands are the two arguments of the region, in order.

    Example:

    ```mlir
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    ```
  }];
  let arguments = (ins Photonic_Group:$lhs, Photonic_Group:$rhs);
  let results = (outs Photonic_Sum:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Photonic_ModularDotOp : Photonic_GroupOp<"modular_dot"> {
  let summary = "multiply two groups modulo one modulus";
  let description = [{
    Both groups are converted to residues in [0, modulus); the result is the
    residue in [0, modulus) of the sum of their products. `photonic-split-rns`
    creates one per modulus.

    Constraints:

    * (C1) both vectors have the same length and hold integers;
    * (C2) the modulus lies in [2, 32768];
    * (C3) the operands are the two arguments of the region, in order.

    Example:

    ```mlir
    %r = photonic.modular_dot %a, %b modulus = 31 : vector<16xi8>, vector<16xi8> -> i32
    ```
  }];
  let arguments = (ins Photonic_Group:$lhs, Photonic_Group:$rhs,
                       I64Attr:$modulus);
  let results = (outs I32:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs `modulus` `=` $modulus attr-dict
    `:` type($lhs) `,` type($rhs) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Photonic_ReverseConvertOp : Photonic_GroupOp<"reverse_convert"> {
  let summary = "reconstruct an integer from its residues";
  let description = [{
    The integer in [-floor((P - 1) / 2), P - 1 - floor((P - 1) / 2)], P being the
    product of the moduli, that has the given residues (Chinese remainder
    theorem). Moduli may be even.

    Constraints:

    * (C1) there are at least one residue and as many moduli as residues;
    * (C2) each modulus lies in [2, 32768], their product is at most 2^40;
    * (C3) the moduli are pairwise coprime;
    * (C4) a residue that a `modular_dot` computes has that one's modulus.

    Example:

    ```mlir
    %d = photonic.reverse_convert %r0, %r1, %r2 moduli = [31, 32, 33] : i32
    ```
  }];
  let arguments = (ins Variadic<I32>:$residues, DenseI64ArrayAttr:$moduli);
  let results = (outs I32:$result);
  let assemblyFormat = [{
    $residues `moduli` `=` $moduli attr-dict `:` type($result)
  }];
  let hasVerifier = 1;
}

def Photonic_YieldOp : Photonic_GroupOp<"yield", [Terminator]> {
  let summary = "give back the sum of one group";
  let description = [{
    Ends the region of a product.

    Constraints:

    * (C1) the operand has the type of sum of the product's formats.

    Example:

    ```mlir
    photonic.yield %d : i32
    ```
  }];
  let arguments = (ins Photonic_Sum:$sum);
  let assemblyFormat = "$sum attr-dict `:` type($sum)";
}

#endif // PHOTONIC_DIALECT_PHOTONIC_IR_PHOTONICOPS
