//===- PhotonicAttrs.td - Dialect and attributes -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PHOTONIC_IR_PHOTONICATTRS
#define PHOTONIC_DIALECT_PHOTONIC_IR_PHOTONICATTRS

include "photonic/Dialect/Photonic/IR/PhotonicInterfaces.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/OpBase.td"

def Photonic_Dialect : Dialect {
  let name = "photonic";
  let summary = "How numbers meet light";
  let description = [{
    Target-aware operations on tensors. A convolution or a fully connected layer
    becomes one `photonic.product`, which five stages make concrete:

    | stage | what is added |
    | --- | --- |
    | `lower` | `photonic.product`: which elements are contracted, in three views |
    | `format` | number formats, and regions: what one pass computes, and how it meets the accumulator |
    | `split` | the pass as the target's arrays compute it; in residues: one `photonic.modular_dot` per modulus, one `photonic.reverse_convert`; the choice of the stationary operand |
    | `tile` | `photonic.array_product` in a loop nest: one tile of the stationary operand and one group each |
    | `schedule` | the order of operations; on a machine with off-chip memory `photonic.fused`: what is computed while it is on chip, in which chunks and buffers |

    A product converts its operands as it reads them, or reads what `photonic.convert`
    has converted, which may stand anywhere in front of it from `format` on.

    A convolution that is trained is three products. They differ only in the views
    of their tensors; everything else, from formats to tiles, is the same.

    What stands in the IR behind `format` is what the machine does: `emit`
    takes addresses from the views, tables of the program from formats and
    regions, the order of tiles from the loops, and the arrays from `arrays`.

    At every stage the same arithmetic contract holds: operands are converted in
    groups of g consecutive elements along the contraction axis (the last group
    padded with zeros), a group product is exact, and each is added to the
    accumulator with a single rounding, groups ascending, from +0. From `format`
    on every stage computes the same bits.

    The dialect says nothing about addresses and time; `pisa` does.
  }];
  let cppNamespace = "::photonic::phot";
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let extraClassDeclaration = [{
    /// The attribute of a module that holds its target.
    static constexpr ::llvm::StringLiteral targetAttrName = "photonic.target";

    /// The attribute of a function that says where its values are kept.
    static constexpr ::llvm::StringLiteral memoryAttrName = "photonic.memory";

    /// The target that `target` describes, or what is wrong with it. Made once
    /// per attribute, whoever asks; safe to call from several threads.
    const ::phx::Result<::phx::Target> &getMachine(TargetAttr target);

    /// Adds operations of regions of products. For dialect extensions: what the
    /// arrays of a class of machines compute. An extension may be applied again.
    template <typename Op> void addRegionOperation() {
      if (!::mlir::RegisteredOperationName::lookup(Op::getOperationName(),
                                                   getContext()))
        addOperations<Op>();
    }

  private:
    std::shared_ptr<TargetCache> targets;

  public:
  }];
}

class Photonic_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<Photonic_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

//===----------------------------------------------------------------------===//
// Enumerations
//===----------------------------------------------------------------------===//

def Photonic_Rounding : I32Enum<"Rounding", "rounding of a conversion", [
    I32EnumCase<"Trunc", 0, "trunc">, I32EnumCase<"Nearest", 1, "nearest">,
    I32EnumCase<"Stochastic", 2, "stochastic">]> {
  let cppNamespace = "::photonic::phot";
}

def Photonic_Stationary : I32Enum<"Stationary", "which operand stays", [
    I32EnumCase<"First", 0, "first">, I32EnumCase<"Second", 1, "second">]> {
  let cppNamespace = "::photonic::phot";
}

def Photonic_StationaryAttr
    : EnumAttr<Photonic_Dialect, Photonic_Stationary, "stationary"> {
  let summary = "which operand of a product stays in the array";
  let description = [{
    The operand that is programmed into an array; vectors of the other one stream
    past it. The result does not depend on it. Written by
    `photonic-select-dataflow`.
  }];
  let assemblyFormat = "$value";
}

def Photonic_MemoryModel : I32Enum<"MemoryModel", "where values are kept", [
    I32EnumCase<"Ideal", 0, "ideal">, I32EnumCase<"Hierarchy", 1, "hierarchy">]> {
  let cppNamespace = "::photonic::phot";
}

def Photonic_MemoryModelAttr
    : EnumAttr<Photonic_Dialect, Photonic_MemoryModel, "memory"> {
  let summary = "where the values of a function are kept";
  let description = [{
    A function has it as `photonic.memory` from stage `schedule` on. `ideal`: all
    values are on chip, in memories as large as they need to be. `hierarchy`: they
    are in off-chip memory, and what is computed on is loaded, in chunks.
    `photonic-set-memory` writes it.

    ```mlir
    #photonic.memory<hierarchy>
    ```
  }];
  let assemblyFormat = "`<` $value `>`";
}

//===----------------------------------------------------------------------===//
// Target
//===----------------------------------------------------------------------===//

def Photonic_TargetAttr : Photonic_Attr<"Target", "target", [
    DeclareAttrInterfaceMethods<OpAsmAttrInterface, ["getAlias"]>]> {
  let summary = "the machine that a module is compiled for";
  let description = [{
    A module has it as `photonic.target`; `photonic-set-target` and
    photonic-compile write it, once, and passes ask for it with `getTarget`. It
    holds what a target description says, without descriptions and sources.
    Fields have the names that `photonic targets show` lists, a dictionary for
    each dot: of what is `structural`, in `structure`, and of what is `priced`,
    in `costs`. Programs depend on the structure; costs are for models of cost.

    `structure` also has what fields hang on: `extensions`, `groups` and
    `memories`, the names of the target's in its order, which programs number
    them in, and in each group `machine`, its class. What there is none of is
    left out.

    A real number is an f64, an integer an i64; lists are arrays of integers or
    strings.

    Constraints, checked where a module has it, as target files are checked:

    1. Every field is one of the target's, in the dictionary of its kind, with a
       value of its type.
    2. Every field of a part that is there is there.
    3. Values lie in the limits of their fields, and keep the rules between them.

    ```mlir
    #photonic.target<"mirage",
      structure = {act = {capacity_bytes = 8388608 : i64, kind = "on_chip",
                          roles = ["streamed"], types = ["f32"]},
                   core = {columns = 16 : i64, count = 8 : i64, machine = "rns",
                           moduli = [31, 32, 33], rows = 32 : i64},
                   extensions = ["rns"], groups = ["core"],
                   memories = ["act"]},
      costs = {dma = {bytes_per_ns = 2.000000e+02 : f64, latency_ns = 0.000000e+00 : f64}}>
    ```
  }];
  let parameters = (ins StringRefParameter<"of the target">:$name,
                        "::mlir::DictionaryAttr":$structure,
                        "::mlir::DictionaryAttr":$costs);
  let assemblyFormat = [{
    `<` $name `,` `structure` `=` $structure `,` `costs` `=` $costs `>`
  }];
}

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

def Photonic_ViewAttr : Photonic_Attr<"View", "view"> {
  let summary = "which element of a tensor is where in a product";
  let description = [{
    How a tensor is seen as matrices (group, position, row, column). Each of the
    four indices is cut into digits, the fastest first; `R x dD by S` is a digit
    of R values that moves the coordinate along dimension D by S each (`by 1` is
    not written). The coordinate along a dimension is its offset plus what all
    digits on it add. An element outside of the tensor reads as +0 and is not
    written.

    An index has as many values as the product of the radices of its digits, 1
    without digits. Of an operand rows are those of the product, columns
    contraction positions; of the result rows are those of the first operand,
    columns those of the second.

    Constraints:

    1. radices are at least 2, steps are not 0, dimensions lie in [0, 8);
    2. a digit that goes on where the one before it ends, on the same dimension,
       is one digit with it;
    3. offsets, if any, are one per dimension, and not all 0.

    A 3 x 3 convolution of images [1, 4, 6, 6], padded by 1, reads columns
    (kh, kw, ci), ci the fastest, of rows (oh, ow):

    ```mlir
    #photonic.view<rows = [6 x d3, 6 x d2], columns = [4 x d1, 3 x d3, 3 x d2],
                   offsets = [0, 0, -1, -1]>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"ViewDigit">:$groups,
                        ArrayRefParameter<"ViewDigit">:$positions,
                        ArrayRefParameter<"ViewDigit">:$rows,
                        ArrayRefParameter<"ViewDigit">:$columns,
                        ArrayRefParameter<"int64_t">:$offsets);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t getNumGroups() const { return countValues(getGroups()); }
    int64_t getNumPositions() const { return countValues(getPositions()); }
    int64_t getNumRows() const { return countValues(getRows()); }
    int64_t getNumColumns() const { return countValues(getColumns()); }
    /// Of a dimension; 0 where none are given.
    int64_t getOffset(unsigned dim) const {
      return getOffsets().empty() ? 0 : getOffsets()[dim];
    }
    /// One more than the highest dimension that has a digit or an offset.
    unsigned getNumDims() const;
    /// Reports through `emitError` if dimensions are not those of a tensor of
    /// `rank`, which `name` names.
    ::llvm::LogicalResult
    checkRank(int64_t rank, ::llvm::StringRef name,
              ::llvm::function_ref<::mlir::InFlightDiagnostic()> emitError) const;
  }];
}

def Photonic_ArraysAttr : Photonic_Attr<"Arrays", "arrays"> {
  let summary = "which array computes which tile of a nest";
  let description = [{
    The iterations of the loops `over` (0 is the outermost of the nest) are
    numbered, the last one the fastest; iteration i runs on array i modulo their
    number of the group of arrays called `group`. The passes of a tile whose group
    is longer than the array count as one more loop, faster than all, if `over`
    has the innermost one.

    Constraints:

    1. `over` has at least one element; they ascend by 1.

    ```mlir
    #photonic.arrays<"core", over = [0, 1, 2]>
    ```
  }];
  let parameters = (ins StringRefParameter<>:$group,
                        ArrayRefParameter<"int64_t">:$over);
  let assemblyFormat = "`<` $group `,` `over` `=` `[` $over `]` `>`";
  let genVerifyDecl = 1;
}

//===----------------------------------------------------------------------===//
// Chunks
//===----------------------------------------------------------------------===//

def Photonic_ChunkAttr : Photonic_Attr<"Chunk", "chunk"> {
  let summary = "the part of an operation that is on chip at a time";
  let description = [{
    Extents of one chunk along what the operation is cut along; the last chunk may
    be smaller. What is left out is not cut, and `<>` is the operation in one
    piece.

    A product is cut along `groups` of a convolution (of one group: `rows`, output
    channels or, of the gradient of an input, input channels), `images` and
    `lines`, rows of pixels of the output. Chunks of groups or rows are the outer
    loop: their weights stay on chip, while images and lines pass by. Weight
    gradients have their images in the inner loop as well, to which they add up.

    `units` are the independent, equally large pieces that another operation
    consists of, such as elements of an addition or rows of a softmax.

    Constraints:

    1. every number is at least 1;
    2. `units` stands alone;
    3. of `groups` and `rows` there is one.

    ```mlir
    #photonic.chunk<rows = 64, images = 1, lines = 7>
    ```
  }];
  let parameters = (ins
      OptionalParameter<"std::optional<int64_t>">:$groups,
      OptionalParameter<"std::optional<int64_t>">:$rows,
      OptionalParameter<"std::optional<int64_t>">:$images,
      OptionalParameter<"std::optional<int64_t>">:$lines,
      OptionalParameter<"std::optional<int64_t>">:$units);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Whether the operation stays in one piece.
    bool isWhole() const {
      return !getGroups() && !getRows() && !getImages() && !getLines() &&
             !getUnits();
    }
  }];
}

def Photonic_BuffersAttr : Photonic_Attr<"Buffers", "buffers"> {
  let summary = "how many chunks of each kind are on chip at once";
  let description = [{
    Buffers in on-chip memory, used in turn: with b of them chunk i + b - 1 is
    loaded while chunk i is computed on, so that with 1 nothing overlaps. Of a
    product: of the `first` operand (the first one of a forward product, and what
    followers read per channel), of the `second` one, and of the `result`, which
    followers' operands of its shape have as many of. Of another operation: of
    all `operands` that are cut, and of its `result`.

    Constraints:

    1. every number is at least 1;
    2. there are `first` and `second`, or `operands`.

    ```mlir
    #photonic.buffers<first = 1, second = 2, result = 2>
    ```
  }];
  let parameters = (ins
      OptionalParameter<"std::optional<int64_t>">:$first,
      OptionalParameter<"std::optional<int64_t>">:$second,
      OptionalParameter<"std::optional<int64_t>">:$operands,
      "int64_t":$result);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

//===----------------------------------------------------------------------===//
// Number formats
//===----------------------------------------------------------------------===//

def Photonic_BfpAttr : Photonic_Attr<"Bfp", "bfp", [
    DeclareAttrInterfaceMethods<Photonic_NumberFormatAttrInterface,
      ["needsUniforms", "getBlockBytes", "packGroup", "restoreGroup"]>]> {
  let summary = "block floating point";
  let description = [{
    `group` consecutive elements share the largest exponent E among them (as
    binary32 has it, unbiased). An element becomes the integer
    m = sign * round(|x| * 2^(mantissa - 1 - E)), |m| <= 2^mantissa - 1, and
    stands for m * 2^(E - (mantissa - 1)). `trunc` rounds toward zero; `nearest`
    rounds half to even and saturates at 2^mantissa - 1 (the exponent stays);
    `stochastic` adds a uniform number of [0, 1), a multiple of 2^-24, before it
    truncates, and saturates likewise. Subnormal elements are zero; a group of
    zeros has m = 0 throughout. Infinity and NaN are refused.

    Constraints:

    1. `mantissa` (without the sign) lies in [1, 15].
    2. `group` lies in [1, 4096].

    ```mlir
    #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
    ```
  }];
  let parameters = (ins "int64_t":$mantissa, "int64_t":$group,
                        EnumParameter<Photonic_Rounding>:$rounding);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Photonic_Fp32Attr : Photonic_Attr<"Fp32", "fp32", [
    DeclareAttrInterfaceMethods<Photonic_NumberFormatAttrInterface>]> {
  let summary = "arithmetic bypass, binary32";
  let description = [{
    Operands are not converted. The products of a group are rounded and summed
    in binary32, ascending from +0, and the sum is added to the accumulator: the
    length of a group defines the order of summation. For debugging: timing is
    that of the format it stands in for.

    Constraints:

    1. `group` lies in [1, 4096].

    ```mlir
    #photonic.fp32<group = 16>
    ```
  }];
  let parameters = (ins "int64_t":$group);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

#endif // PHOTONIC_DIALECT_PHOTONIC_IR_PHOTONICATTRS
