//===- PhotonicOps.td - Operations of the photonic dialect -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PHOTONIC_IR_PHOTONICOPS
#define PHOTONIC_DIALECT_PHOTONIC_IR_PHOTONICOPS

include "photonic/Dialect/Photonic/IR/PhotonicOpBase.td"

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

def Photonic_ProductOp : Photonic_Op<"product", [
    IsolatedFromAbove, SingleBlock, AllTypesMatch<["init", "result"]>,
    DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<EvaluableOpInterface>]> {
  let summary = "multiply two tensors of a layer on an analog array";
  let description = [{
    G * P products (M x K)(K x N)^T whose results are added to `init`. Three
    views (`#photonic.view`) say which elements of the tensors they are: `lhs`
    is seen as [group, position, M rows, K columns], `rhs` as [group, position,
    N rows, K columns], the result as [group, position, M rows, N columns]. An
    index that a view of an operand lacks is the same element for all of its
    values.

    Each element of the result has one accumulator, which starts from the element
    of `init` and meets the positions in descending order, and within a position
    the groups of contraction positions ascending. Neither is there a matrix of
    patches nor is anything scattered afterwards.

    Both operands are converted along the contraction, in groups of g elements
    (the last one padded with zeros), by `lhs_format` and `rhs_format`; g may
    differ, the longer one is then a multiple of the shorter. An operand of
    `!photonic.stored` elements has been converted (`photonic.convert`) and is
    taken as it is. A *term* is what the
    shorter groups multiply to. The region `pass` says what happens to the two
    vectors of one pass through the array and yields the sum of their products. It
    takes all elements of a term, or fewer integers: then a term takes several
    passes, ascending, the last one padded with zeros, and their sums are added
    exactly. The region `combine` says how the sum of a term meets the
    accumulator. A product without formats computes in binary32: every product is
    rounded and added to the accumulator, in the same order.

    A format that rounds at random draws one uniform number per element of each
    operand, the same wherever and how often the element is converted:
    Philox4x32-10 with key words seed and trial of `key`, counter words low and
    high half of e / 4, 2 * `stream` + o, step of `key`; word e mod 4 of the
    result, without its low 8 bits, times 2^-24. o is 0 for `lhs` and 1 for
    `rhs`; e is the number of the element in the view, (group, position, row,
    column), the last one the fastest.

    `operator` is the ONNX operator that reports call the product by; nothing else
    depends on it.

    `photonic-lower-products` creates it, `photonic-assign-formats` adds formats,
    regions, key and stream, `photonic-split-products` rewrites the region `pass`, and
    `photonic-select-dataflow` chooses the operand that stays in the array.
    `photonic-tile-array` replaces it by a loop nest.

    Constraints:

    * (C1) dimensions of views are those of their tensors;
    * (C2) the extents of the three views agree: groups, M, N and K exactly;
      of positions, which add to the result one by one, each view has as many as the
      others, or 1;
    * (C3) within one position no two (group, row, column) of the result are the
      same element: on each dimension a digit steps beyond what those of smaller
      steps reach;
    * (C4) both formats are present, or neither; the regions are empty exactly
      when they are absent;
    * (C5) both formats have integers, or both reals in groups of the same length;
      of integers one group length is a multiple of the other;
    * (C6) `pass` takes one vector of converted elements per operand, as long as a
      term, or for integers shorter; consists of operations that act on one pass
      and are all used, and yields what the last one computes, which is
      the sum and no residue of it: f32 of reals; of integers i32 if that holds the
      largest sum of a term, else i64;
    * (C7) `combine` takes that sum and the accumulator, f32; consists of
      operations that add a term, and yields the accumulator;
    * (C8) what `pass` computes represents the sum of every pass;
    * (C9) `key` and `stream` are present exactly if a format needs random
      numbers;
    * (C10) an operand whose elements are `!photonic.stored` is stored in the format
      that the product converts it to, and groups of contraction positions are its
      blocks.

    Example:

    ```mlir
    %z = photonic.zeros : tensor<1x8x6x6xf32>
    %y = photonic.product
        ins(%w by <rows = [8 x d0], columns = [4 x d1, 3 x d3, 3 x d2]>,
            %x by <rows = [6 x d3, 6 x d2],
                   columns = [4 x d1, 3 x d3, 3 x d2],
                   offsets = [0, 0, -1, -1]>
            : tensor<8x4x3x3xf32>, tensor<1x4x6x6xf32>)
        outs(%z by <rows = [8 x d1], columns = [6 x d3, 6 x d2]>
            : tensor<1x8x6x6xf32>)
        operator = "Conv"
        formats = [#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>,
                   #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>]
        stationary = first
    pass {
    ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
      %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
      photonic.yield %d : i32
    } combine {
    ^bb0(%sum: i32, %acc: f32):
      %r = photonic.scaled_add %acc, %sum : i32
      photonic.yield %r : f32
    }
    // The gradient with respect to the input, as `lower` leaves it: a product of
    // 8 channels for each of 9 positions.
    %zx = photonic.zeros : tensor<1x4x6x6xf32>
    %dx = photonic.product
        ins(%w by <positions = [3 x d3, 3 x d2], rows = [4 x d1],
                   columns = [8 x d0]>,
            %dy by <rows = [6 x d3, 6 x d2], columns = [8 x d1]>
            : tensor<8x4x3x3xf32>, tensor<1x8x6x6xf32>)
        outs(%zx by <positions = [3 x d3, 3 x d2], rows = [4 x d1],
                     columns = [6 x d3, 6 x d2], offsets = [0, 0, -1, -1]>
            : tensor<1x4x6x6xf32>)
        operator = "Conv"
    ```
  }];
  let arguments = (ins Photonic_Operand:$lhs, Photonic_Operand:$rhs,
      Photonic_Tensor:$init, Optional<Photonic_Key>:$key,
      Photonic_ViewAttr:$lhs_view, Photonic_ViewAttr:$rhs_view,
      Photonic_ViewAttr:$result_view, StrAttr:$operator_name,
      OptionalAttr<Photonic_Stream>:$stream,
      OptionalAttr<Photonic_NumberFormatAttrInterface>:$lhs_format,
      OptionalAttr<Photonic_NumberFormatAttrInterface>:$rhs_format,
      OptionalAttr<Photonic_StationaryAttr>:$stationary);
  let results = (outs Photonic_Tensor:$result);
  let regions = (region MaxSizedRegion<1>:$pass, MaxSizedRegion<1>:$combine);
  let assemblyFormat = [{
    `ins` `(` $lhs `by` $lhs_view `,` $rhs `by` $rhs_view `:` type($lhs) `,`
    type($rhs) `)` `outs` `(` $init `by` $result_view `:` type($init) `)`
    `operator` `=` $operator_name (`key` `=` $key^ `:` type($key) `stream` `=` $stream)?
    (`formats` `=` `[` $lhs_format^ `,` $rhs_format `]`)?
    (`stationary` `=` `` $stationary^)? attr-dict
    (`pass` $pass^ `combine` $combine)?
  }];
  let builders = [
    // Without formats and regions, as `lower` creates it.
    OpBuilder<(ins "::mlir::Value":$lhs, "::photonic::phot::ViewAttr":$lhsView,
                   "::mlir::Value":$rhs, "::photonic::phot::ViewAttr":$rhsView,
                   "::mlir::Value":$init,
                   "::photonic::phot::ViewAttr":$resultView,
                   "::llvm::StringRef":$operatorName)>];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return getInitMutable();
    }
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

def Photonic_ConvertOp : Photonic_Op<"convert", [
    DeclareOpInterfaceMethods<EvaluableOpInterface>]> {
  let summary = "convert a tensor once, for all products that read it";
  let description = [{
    Converts every element of a tensor to the number format of the result's
    elements, in groups along the dimensions that their type names. Products that
    read the result (as `lhs` or `rhs`) do not convert that operand any more: the
    same bits as if they did, but other time, energy and bytes. All elements are
    converted, also those that no product reads; infinity and NaN are refused.

    Where a conversion happens follows from the IR: at the port of the array, each
    time it reads, for an operand of f32; once into memory by this operation, with
    `rows` and `arrays`; at compile time by this operation without them, for a
    constant.

    Rows are the indices of the dimensions that groups do not run through, the
    last one the fastest. Blocks of `rows` rows are dealt to the arrays of the
    group `arrays` in turn; they take the converters of the array, what is
    programmed into it stays.

    `operator` is the ONNX operator that reports call the conversion by.

    `photonic-store-operands` creates it, `photonic-tile-array` deals it to arrays.

    Constraints:

    * (C1) input and result have the same shape;
    * (C2) groups run through dimensions of the tensor;
    * (C3) `rows` and `arrays` are present, or neither; `rows` is at least 1.

    Example:

    ```mlir
    %b = photonic.convert %image rows = 32 arrays = "core" operator = "Conv"
        : tensor<1x64x6x6xf32>
        -> tensor<1x64x6x6x!photonic.stored<#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>, along = [1]>>
    ```
  }];
  let arguments = (ins Photonic_Tensor:$input,
      OptionalAttr<ConfinedAttr<I64Attr, [IntPositive]>>:$rows,
      OptionalAttr<StrAttr>:$arrays, StrAttr:$operator_name);
  let results = (outs Photonic_StoredTensor:$result);
  let assemblyFormat = [{
    $input (`rows` `=` $rows^)? (`arrays` `=` $arrays^)? `operator` `=`
    $operator_name attr-dict `:` type($input) `->` type($result)
  }];
  let extraClassDeclaration = [{
    StoredType getStored() {
      return ::llvm::cast<StoredType>(getResult().getType().getElementType());
    }
    /// The constant that is converted, through reshapes; null if it is none.
    ::photonic::nn::ConstantOp getConstant();
    /// Whether the compiler converts, and no array.
    bool isAtCompileTime() { return !getRows(); }
  }];
  let hasVerifier = 1;
}

def Photonic_ZerosOp : Photonic_Op<"zeros", [
    DeclareOpInterfaceMethods<EvaluableOpInterface>]> {
  let summary = "an accumulator of zeros";
  let description = [{
    A tensor whose elements are +0: what the accumulators of a product start
    from. `photonic-lower-products` creates it. Behind `tile` it is left where
    the passes of a nest do not write every element first; `emit` fills the
    memory of the nest's result.

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
  let summary = "one term of one tile of a product";
  let description = [{
    Programs one tile of the stationary operand into an array, streams vectors of
    the other operand past it and accumulates into the whole accumulator `init`,
    whose other elements pass unchanged. Operands, views, formats, key, stream and
    regions are those of the `photonic.product` the tile belongs to.

    `tile` is where the tile begins: group, position, row of the first operand (m),
    row of the second operand (n) and contraction position (k). `sizes` is how many
    rows of the first operand, rows of the second operand and contraction positions
    it has; what lies at or beyond the extents of the product is idle. Under
    `stationary = first` rows of the first operand are rows of the array and those
    of the second are vectors, under `second` the other way round. The contraction
    positions are one term: one pass, or several as long as the vectors of the
    region `pass`, whose integer sums are added exactly before the single addition
    to the accumulator.

    Where `start` is given and 0, accumulators start from +0, so that the contents
    of `init` do not matter for the elements that the tile addresses; otherwise
    they continue.

    `photonic-tile-array` creates it, in a nest of `scf.for` loops. Which loops
    there are, in what order, and which array computes which iteration (`arrays`)
    is free, as long as every element meets its terms in the order of the product;
    `emit` translates the nest as it stands. Loops count from a constant in
    constant steps; operands of `tile` and `start` are sums of multiples of their
    counters and constants.

    Constraints:

    * (C1) to (C10) of `photonic.product`, formats present;
    * (C11) `sizes` has three elements, at least 1; the third is the length of a
      term.

    Example:

    ```mlir
    %acc1 = photonic.array_product
        ins(%w by <rows = [10 x d0], columns = [84 x d1]>,
            %x by <rows = [8 x d0], columns = [84 x d1]>
            : tensor<10x84xf32>, tensor<8x84xf32>)
        outs(%acc0 by <rows = [10 x d1], columns = [8 x d0]> : tensor<8x10xf32>)
        tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k
        operator = "Gemm"
        formats = [#photonic.fp32<group = 16>, #photonic.fp32<group = 16>]
        stationary = first arrays = <"core", over = [0, 1]>
    pass {
    ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
      %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
      photonic.yield %d : f32
    } combine {
    ^bb0(%sum: f32, %acc: f32):
      %r = photonic.float_add %acc, %sum
      photonic.yield %r : f32
    }
    ```
  }];
  let arguments = (ins Photonic_Operand:$lhs, Photonic_Operand:$rhs,
      Photonic_Tensor:$init, Index:$group, Index:$position, Index:$m, Index:$n,
      Index:$k, Optional<Index>:$start, Optional<Photonic_Key>:$key,
      Photonic_ViewAttr:$lhs_view, Photonic_ViewAttr:$rhs_view,
      Photonic_ViewAttr:$result_view,
      ConfinedAttr<DenseI64ArrayAttr, [DenseArrayCount<3>]>:$sizes,
      StrAttr:$operator_name, OptionalAttr<Photonic_Stream>:$stream,
      Photonic_NumberFormatAttrInterface:$lhs_format,
      Photonic_NumberFormatAttrInterface:$rhs_format,
      Photonic_StationaryAttr:$stationary, Photonic_ArraysAttr:$arrays);
  let results = (outs Photonic_Tensor:$result);
  let regions = (region SizedRegion<1>:$pass, SizedRegion<1>:$combine);
  let assemblyFormat = [{
    `ins` `(` $lhs `by` $lhs_view `,` $rhs `by` $rhs_view `:` type($lhs) `,`
    type($rhs) `)` `outs` `(` $init `by` $result_view `:` type($init) `)`
    `tile` ` ` `[` $group `,` $position `,` $m `,` $n `,` $k `]`
    `sizes` `=` $sizes (`start` $start^)? `operator` `=` $operator_name
    (`key` `=` $key^ `:` type($key) `stream` `=` $stream)?
    `formats` `=` `[` $lhs_format `,` $rhs_format `]`
    `stationary` `=` `` $stationary `arrays` `=` $arrays attr-dict
    `pass` $pass `combine` $combine
  }];
  let extraClassDeclaration = [{
    /// Rows of the operand that stays: rows of the array that the tile uses.
    int64_t getRows() {
      return getSizes()[getStationary() == Stationary::First ? 0 : 1];
    }
    /// Contraction positions that one pass covers: columns of the array.
    int64_t getColumns();
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

def Photonic_DotOp : Photonic_RegionOp<"dot", [
    DeclareOpInterfaceMethods<Photonic_RegionOpInterface>,
    DeclareOpInterfaceMethods<Photonic_PassOpInterface>]> {
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

def Photonic_ScaledAddOp : Photonic_RegionOp<"scaled_add", [
    DeclareOpInterfaceMethods<Photonic_RegionOpInterface>,
    DeclareOpInterfaceMethods<Photonic_CombineOpInterface, ["refusesInfinity"]>]> {
  let summary = "add the integer of a term to the accumulator, rounded once";
  let description = [{
    flush(RNE(acc + sum * 2^s)), s being the sum of the scales of both operands'
    groups: one rounding to nearest even; magnitudes below 2^-126 become +0, and
    infinity stops the run. `photonic-assign-formats` creates it for integers.

    Constraints:

    * (C1) the operands are the accumulator and the sum, as arguments of the
      region `combine`.

    Example:

    ```mlir
    %r = photonic.scaled_add %acc, %sum : i32
    ```
  }];
  let arguments = (ins F32:$acc, Photonic_IntegerSum:$sum);
  let results = (outs F32:$result);
  let assemblyFormat = "$acc `,` $sum attr-dict `:` type($sum)";
  let hasVerifier = 1;
}

def Photonic_FloatAddOp : Photonic_RegionOp<"float_add", [
    DeclareOpInterfaceMethods<Photonic_RegionOpInterface>,
    DeclareOpInterfaceMethods<Photonic_CombineOpInterface>]> {
  let summary = "add the sum of a term to the accumulator in binary32";
  let description = [{
    RNE(acc + sum). `photonic-assign-formats` creates it for reals.

    Constraints:

    * (C1) the operands are the accumulator and the sum, as arguments of the
      region `combine`.

    Example:

    ```mlir
    %r = photonic.float_add %acc, %sum
    ```
  }];
  let arguments = (ins F32:$acc, F32:$sum);
  let results = (outs F32:$result);
  let assemblyFormat = "$acc `,` $sum attr-dict";
  let hasVerifier = 1;
}

def Photonic_YieldOp : Photonic_Op<"yield", [Terminator,
    ParentOneOf<["ProductOp", "ArrayProductOp", "FusedOp"]>]> {
  let summary = "give back what a region computes";
  let description = [{
    Ends a region: `pass` of a product with the sum of one pass, `combine` with
    the accumulator, the one of `photonic.fused` with the results of its last
    operation.

    Example:

    ```mlir
    photonic.yield %d : i32
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "$values attr-dict `:` type($values)";
}

include "photonic/Dialect/Photonic/IR/FusedOp.td"

#endif // PHOTONIC_DIALECT_PHOTONIC_IR_PHOTONICOPS
