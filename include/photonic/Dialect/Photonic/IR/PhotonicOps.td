//===- PhotonicOps.td - Operations of the photonic dialect -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PHOTONIC_IR_PHOTONICOPS
#define PHOTONIC_DIALECT_PHOTONIC_IR_PHOTONICOPS

include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/TilingInterface.td"
include "photonic/Dialect/Photonic/IR/PhotonicAttrs.td"
include "photonic/Interpreter/EvaluableOpInterface.td"

class Photonic_Op<string mnemonic, list<Trait> traits = []>
    : Op<Photonic_Dialect, mnemonic, traits # [Pure]>;

def Photonic_PositiveExtents : CPred<
    "::llvm::all_of(::llvm::cast<::mlir::ShapedType>($_self).getShape(), "
    "[](int64_t extent) { return extent > 0; })">;
def Photonic_Tensor : RankedTensorOf<[F32],
    [HasStaticShapePred, Photonic_PositiveExtents],
    "tensor of 32-bit floats with static, positive extents">;

/// What counter-based random numbers are keyed by: [seed, trial, step].
def Photonic_Key : RankedTensorOf<[F32],
    [CPred<"::llvm::ArrayRef<int64_t>{3} == "
           "::llvm::cast<::mlir::ShapedType>($_self).getShape()">],
    "tensor with 3 elements">;

/// Converted elements of one pass.
def Photonic_Group : FixedVectorOfRankAndType<[1], [I8, I16, F32]>;
def Photonic_IntegerSum : AnyTypeOf<[I32, I64]>;
def Photonic_Sum : AnyTypeOf<[I32, I64, F32]>;

/// How a pass is read out; exact unless stated otherwise.
def Photonic_Readout : Attr<Photonic_ReadoutAttrInterface.predicate, "readout"> {
  let storageType = "::photonic::phot::ReadoutAttrInterface";
  let returnType = storageType;
  let convertFromStorage = "$_self";
  let constBuilderCall =
      "::photonic::phot::ExactReadoutAttr::get($_builder.getContext())";
}

def Photonic_Kind
    : DefaultValuedAttr<Photonic_ProductKindAttr,
                        "::photonic::phot::ProductKind::Forward">;

/// Number of a random stream; the numbers 2 * stream + operand stay below those
/// of `nn.dropout`.
def Photonic_Stream
    : ConfinedAttr<I64Attr, [IntNonNegative, IntMaxValue<0x3fffffff>]>;

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

def Photonic_ProductOp : Photonic_Op<"product", [
    IsolatedFromAbove, SingleBlock, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<EvaluableOpInterface>,
    DeclareOpInterfaceMethods<TilingInterface, [
      "getLoopIteratorTypes", "getIterationDomain"]>,
    PartialReductionOpInterface]> {
  let summary = "multiply two tensors of a layer on an analog array";
  let description = [{
    One of the three products of a convolution (`window` present) or of a fully
    connected layer (`window` absent), seen as G products (M x K)(K x N). With
    weights W [G * co, ci, KH, KW], inputs X [B, G * ci, H, W] and outputs Y
    [B, G * co, OH, OW] of a convolution of G groups, and gradients of the same
    shapes:

    | kind | `lhs` | `rhs` | result | rows M | columns N | contraction K |
    | --- | --- | --- | --- | --- | --- | --- |
    | `forward` | W | X | Y | co | (b, oh, ow) | (kh, kw, ci) |
    | `input_gradient` | W | dY | dX | ci | (b, oh, ow) | co |
    | `weight_gradient` | dY | X | dW | co | (kh, kw, ci) | (b, oh, ow) |

    The last of several names is the fastest. A fully connected layer, W [M, K],
    X [B, K], Y [B, M], is a convolution of 1 x 1 images with a 1 x 1 kernel.
    Positions in the padding read as zero.

    The gradient with respect to the input is one product per kernel position:
    the element of dY at (b, oh, ow) contributes through position (kh, kw) to
    dX(b, ci, oh * stride - pad + kh * dilation, ow * stride - pad +
    kw * dilation), if that is inside. Each element of dX has one accumulator
    that starts from +0 and meets the positions in descending order of
    kh * KW + kw, and within a position the groups of co ascending. Neither is
    there a matrix of patches nor is anything scattered afterwards. The rows of
    `lhs` are numbered (kh, kw, ci) over all positions.

    Both operands are converted along the contraction axis in groups of g
    elements by `lhs_format` and `rhs_format`. `body` says what happens to the
    two vectors of one pass through the array and yields the sum of their
    products. It takes all g elements, or fewer integers: then a group takes
    several passes, ascending, the last one padded with zeros, and their sums
    are added exactly. The sum of a group, times 2 to the sum of both scales, is
    added to the accumulator with a single rounding, groups ascending, starting
    from +0. The bias is added last. A product without formats computes in
    binary32: every product is rounded and added to the accumulator, in the
    same order.

    A format that rounds at random draws one uniform number per element of each
    operand, the same wherever and how often the element is converted:
    Philox4x32-10 with key words seed and trial of `key`, counter words low and
    high half of e / 4, 2 * `stream` + o, step of `key`; word e mod 4 of the
    result, without its low 8 bits, times 2^-24. o is 0 for `lhs` and 1 for
    `rhs`; e = (group * rows + row) * K + k, with the number of rows of that
    operand in one group.

    `photonic-lower-products` creates it, `photonic-assign-formats` adds formats,
    region, key and stream, `photonic-split-rns` rewrites the region, and
    `photonic-select-dataflow` chooses the operand that stays in the array.
    `photonic-tile-array` replaces it by a loop nest.

    The iteration domain for tiling is (group of the convolution, output block,
    k): the second dimension runs over M under `df1` and over N under `df2`. For
    `input_gradient` it is (group, output block, position, k) under `df1` and
    (group, position, output block, k) under `df2`, positions counted from the
    last. The whole accumulator is carried through the nest, hence tiling by
    `PartialReductionOpInterface`; merging adds the bias.

    Constraints:

    * (C1) operands and result have rank 4 with `window`, rank 2 without;
    * (C2) the shapes of W, X and Y agree: `X.shape[1] = groups * W.shape[1]`
      (`groups` is 1 without `window`);
    * (C3) `groups` divides `W.shape[0]`, `kernel` equals the last two extents of
      W;
    * (C4) the dilated kernel fits into the padded image; Y is what comes out;
    * (C5) `bias`, if present, has one element per output channel, and `kind` is
      `forward`;
    * (C6) both formats are present, or neither; the region is empty exactly
      when they are absent;
    * (C7) both formats have the same group length, and both integers or both
      reals;
    * (C8) a sum of reals is f32; one of integers is i32 if that holds
      g * max|a| * max|b|, else i64;
    * (C9) the region takes one vector of converted elements per operand, of the
      same length, g or for integers less; consists of `dot`, `modular_dot` and
      `reverse_convert`, and yields one sum;
    * (C10) the signed range of each `reverse_convert` covers the sum of a pass;
    * (C11) `key` and `stream` are present exactly if a format needs random
      numbers.

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
    // As `lower` leaves them.
    %dx = photonic.product %w, %dy kind = input_gradient
        window = <kernel = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1],
                  dilations = [1, 1], groups = 1>
        : (tensor<8x4x3x3xf32>, tensor<1x8x6x6xf32>) -> tensor<1x4x6x6xf32>
    %dw = photonic.product %dy, %x kind = weight_gradient
        window = <kernel = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1],
                  dilations = [1, 1], groups = 1>
        : (tensor<1x8x6x6xf32>, tensor<1x4x6x6xf32>) -> tensor<8x4x3x3xf32>
    ```
  }];
  let arguments = (ins Photonic_Tensor:$lhs, Photonic_Tensor:$rhs,
      Optional<Photonic_Tensor>:$bias, Optional<Photonic_Key>:$key,
      Photonic_Kind:$kind,
      OptionalAttr<Photonic_WindowAttr>:$window,
      OptionalAttr<Photonic_Stream>:$stream,
      OptionalAttr<Photonic_NumberFormatAttrInterface>:$lhs_format,
      OptionalAttr<Photonic_NumberFormatAttrInterface>:$rhs_format,
      OptionalAttr<Photonic_DataflowAttr>:$dataflow,
      DefaultValuedAttr<Photonic_Readout, "exact">:$readout);
  let results = (outs Photonic_Tensor:$result);
  let regions = (region MaxSizedRegion<1>:$body);
  let assemblyFormat = [{
    $lhs `,` $rhs (`,` $bias^)? (`kind` `=` `` $kind^)?
    (`key` `=` $key^ `stream` `=` $stream)? (`window` `=` $window^)?
    (`formats` `=` `[` $lhs_format^ `,` $rhs_format `]`)?
    (`dataflow` `=` `` $dataflow^)? (`readout` `(` $readout^ `)`)?
    attr-dict `:` functional-type(operands, results) (`each` $body^)?
  }];
  let builders = [
    // Without formats and region, as `lower` creates it.
    OpBuilder<(ins "::mlir::Type":$result,
                   "::photonic::phot::ProductKind":$kind, "::mlir::Value":$lhs,
                   "::mlir::Value":$rhs, "::mlir::Value":$bias,
                   "::photonic::phot::WindowAttr":$window)>,
    // The forward product, whose result type follows from the operands.
    OpBuilder<(ins "::mlir::Value":$lhs, "::mlir::Value":$rhs,
                   "::mlir::Value":$bias, "::photonic::phot::WindowAttr":$window)>];
  // PartialReductionOpInterface names types that only resolve inside of the
  // namespace mlir, so that its methods have to be declared by hand.
  let extraClassDeclaration = [{
    /// Elements that the region takes per operand; 0 without region.
    int64_t getPassLength();

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

def Photonic_ZerosOp : Photonic_Op<"zeros", [
    DeclareOpInterfaceMethods<EvaluableOpInterface>]> {
  let summary = "an accumulator of zeros";
  let description = [{
    A tensor whose elements are +0: what the nest of a product starts from if its
    passes do not write every element first. `photonic-tile-array` creates it;
    the `schedule` stage fills the memory of the nest's result.

    Example:

    ```mlir
    %acc = photonic.zeros : tensor<1x4x6x6xf32>
    ```
  }];
  let results = (outs Photonic_Tensor:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def Photonic_ArrayProductOp : Photonic_Op<"array_product", [
    IsolatedFromAbove, SingleBlock, AttrSizedOperandSegments,
    AllTypesMatch<["init", "result"]>,
    DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<EvaluableOpInterface>]> {
  let summary = "one group of one tile of a product";
  let description = [{
    Programs one tile of the stationary operand into an array, streams all
    vectors of the other operand past it and accumulates into the whole
    accumulator `init`, whose other elements pass unchanged. Operands, kind,
    window, formats, key, stream and region are those of the `photonic.product`
    the tile belongs to.

    `tile` is (group of the convolution, first output row, first contraction
    position) and, for `input_gradient`, the turn t of the kernel position:
    positions come in descending order, turn t is position KH * KW - 1 - t.
    Under `df1` output rows number the M rows and vectors the N columns of the
    product; under `df2` the other way round. Rows and contraction positions at
    or beyond their extents are idle.

    `sizes` is the number of array rows and of array columns used. The tile
    covers one group of the formats: one pass, or several of `sizes[1]` columns,
    if the group is longer; their integer sums are added exactly before the
    single addition to the accumulator.

    A tile that starts at contraction position 0 starts from +0, so that the
    contents of `init` there do not matter; the others continue. Where the
    passes do not write every element of the result first (an `input_gradient`
    with more than one kernel position, or with a stride that leaves elements
    out), all of them continue, and the nest starts from `photonic.zeros`.

    `photonic-tile-array` creates it, in a nest of `scf.for` loops (group, output
    block, contraction block; for `input_gradient` also position) that also exist
    when they have a single iteration. The bias of the product is an `nn.add`
    behind the nest. The `schedule` stage consumes it.

    Constraints:

    * (C1) to (C4) and (C6) to (C11) of `photonic.product`, formats present;
    * (C12) `sizes` has two elements, at least 1; the second is the length of the
      region's vectors if they hold integers, and at most the group length;
    * (C13) the turn is present exactly if `kind` is `input_gradient`.

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
      Optional<Index>:$turn, Optional<Photonic_Key>:$key,
      ConfinedAttr<DenseI64ArrayAttr, [DenseArrayCount<2>]>:$sizes,
      Photonic_Kind:$kind,
      OptionalAttr<Photonic_WindowAttr>:$window,
      OptionalAttr<Photonic_Stream>:$stream,
      Photonic_NumberFormatAttrInterface:$lhs_format,
      Photonic_NumberFormatAttrInterface:$rhs_format,
      Photonic_DataflowAttr:$dataflow,
      DefaultValuedAttr<Photonic_Readout, "exact">:$readout);
  let results = (outs Photonic_Tensor:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `ins` `(` $lhs `,` $rhs `:` type($lhs) `,` type($rhs) `)`
    `outs` `(` $init `:` type($init) `)`
    `tile` ` ` `[` $group `,` $row_start `,` $k_start (`,` $turn^)? `]`
    `sizes` `=` $sizes (`kind` `=` `` $kind^)?
    (`key` `=` $key^ `:` type($key) `stream` `=` $stream)?
    (`window` `=` $window^)?
    `formats` `=` `[` $lhs_format `,` $rhs_format `]`
    `dataflow` `=` `` $dataflow (`readout` `(` $readout^ `)`)? attr-dict
    `each` $body
  }];
  let extraClassDeclaration = [{
    /// Array rows that the tile may use.
    int64_t getRows() { return getSizes()[0]; }
    /// Contraction positions that one pass covers.
    int64_t getColumns() { return getSizes()[1]; }
    /// Contraction positions that the tile covers: one group.
    int64_t getGroupLength();
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return getInitMutable();
    }
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

//===----------------------------------------------------------------------===//
// What happens in one pass
//===----------------------------------------------------------------------===//

class Photonic_GroupOp<string mnemonic, list<Trait> traits = []>
    : Photonic_Op<mnemonic,
        traits # [ParentOneOf<["ProductOp", "ArrayProductOp"]>]>;

def Photonic_DotOp : Photonic_GroupOp<"dot"> {
  let summary = "multiply two vectors";
  let description = [{
    The sum of the products of the elements of two vectors: exact for integers;
    for f32 the products are rounded and summed in binary32, ascending from +0.
    `photonic-assign-formats` creates it; behind `split` none on integers is
    left.

    Constraints:

    * (C1) both vectors have the same length, both hold integers or both f32;
    * (C2) the result is i32 or i64 for integers, f32 for f32;
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
  let summary = "multiply two vectors modulo one modulus";
  let description = [{
    Both vectors are converted to residues in [0, modulus); the result is the
    residue in [0, modulus) of the sum of their products. `photonic-split-rns`
    creates one per modulus.

    Constraints:

    * (C1) both vectors have the same length and hold integers;
    * (C2) the modulus lies in [2, 65536];
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
    * (C2) each modulus lies in [2, 65536], their product is at most 2^62;
    * (C3) the moduli are pairwise coprime;
    * (C4) a residue that a `modular_dot` computes has that one's modulus.

    Example:

    ```mlir
    %d = photonic.reverse_convert %r0, %r1, %r2 moduli = [31, 32, 33] : i32
    ```
  }];
  let arguments = (ins Variadic<I32>:$residues, DenseI64ArrayAttr:$moduli);
  let results = (outs Photonic_IntegerSum:$result);
  let assemblyFormat = [{
    $residues `moduli` `=` $moduli attr-dict `:` type($result)
  }];
  let hasVerifier = 1;
}

def Photonic_YieldOp : Photonic_GroupOp<"yield", [Terminator]> {
  let summary = "give back the sum of one pass";
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
