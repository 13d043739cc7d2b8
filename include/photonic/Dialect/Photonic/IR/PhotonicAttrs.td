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
    becomes one `photonic.product`, which four stages make concrete:

    | stage | what is added |
    | --- | --- |
    | `lower` | `photonic.product`, operands FP32, no format, empty region |
    | `format` | number formats and a region: what happens to one group |
    | `split` | the group product in residues, pass by pass: one `photonic.modular_dot` per modulus, one `photonic.reverse_convert`; the choice of the stationary operand |
    | `tile` | `photonic.array_product` in a loop nest: one tile of the stationary operand and one group each |

    A convolution that is trained is three products: `forward`, `input_gradient`
    and `weight_gradient`. They differ only in which tensors are contracted and
    along which axis; everything else, from formats to tiles, is the same.

    At every stage the same arithmetic contract holds: operands are converted in
    groups of g consecutive elements along the contraction axis (the last group
    padded with zeros), a group product is exact, and each is added to the
    accumulator with a single rounding, groups ascending, from +0. From `format`
    on every stage computes the same bits.

    The dialect says nothing about addresses, time or memories; `pisa` does.
  }];
  let cppNamespace = "::photonic::phot";
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let extraClassDeclaration = [{
    /// The attribute of a module that holds its target.
    static constexpr ::llvm::StringLiteral targetAttrName = "photonic.target";

    /// The target that `target` describes, or what is wrong with it. Made once
    /// per attribute, whoever asks; safe to call from several threads.
    const ::phx::Result<::phx::Target> &getMachine(TargetAttr target);

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

def Photonic_ProductKind
    : I32Enum<"ProductKind", "which product of a layer", [
        I32EnumCase<"Forward", 0, "forward">,
        I32EnumCase<"InputGradient", 1, "input_gradient">,
        I32EnumCase<"WeightGradient", 2, "weight_gradient">]> {
  let cppNamespace = "::photonic::phot";
}

def Photonic_ProductKindAttr
    : EnumAttr<Photonic_Dialect, Photonic_ProductKind, "kind"> {
  let summary = "which product of a layer";
  let description = [{
    With weights W, input X and output Y of a layer, and the gradients dX, dW,
    dY of a loss with respect to them:

    | kind | `lhs` | `rhs` | result |
    | --- | --- | --- | --- |
    | `forward` | W | X | Y |
    | `input_gradient` | W | dY | dX |
    | `weight_gradient` | dY | X | dW |
  }];
  let assemblyFormat = "$value";
}

def Photonic_Dataflow : I32Enum<"Dataflow", "which operand is stationary", [
    I32EnumCase<"DF1", 1, "df1">, I32EnumCase<"DF2", 2, "df2">]> {
  let cppNamespace = "::photonic::phot";
}

def Photonic_DataflowAttr
    : EnumAttr<Photonic_Dialect, Photonic_Dataflow, "dataflow"> {
  let summary = "which operand of a product stays in the array";
  let description = [{
    `df1`: the left operand is programmed, the right one streams past it. `df2`:
    the right operand is programmed, the left one streams. The result does not
    depend on it. Written by `photonic-select-dataflow`.
  }];
  let assemblyFormat = "$value";
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
// Window
//===----------------------------------------------------------------------===//

def Photonic_WindowAttr : Photonic_Attr<"Window", "window"> {
  let summary = "geometry of a convolution";
  let description = [{
    How a convolution addresses its activations. Patches are addressing: the
    matrix of patches never exists. `pads` are top, left, bottom, right.

    Constraints:

    1. `kernel`, `strides`, `dilations` have two elements, each at least 1.
    2. `pads` has four elements, each at least 0.
    3. `groups` is at least 1.

    ```mlir
    #photonic.window<kernel = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1],
                     dilations = [1, 1], groups = 1>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$kernel,
                        ArrayRefParameter<"int64_t">:$strides,
                        ArrayRefParameter<"int64_t">:$pads,
                        ArrayRefParameter<"int64_t">:$dilations,
                        "int64_t":$groups);
  let assemblyFormat = [{
    `<` `kernel` `=` `[` $kernel `]` `,` `strides` `=` `[` $strides `]` `,`
    `pads` `=` `[` $pads `]` `,` `dilations` `=` `[` $dilations `]` `,`
    `groups` `=` $groups `>`
  }];
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Positions of the window along `dim` (0 = height, 1 = width) of an input
    /// of `extent` elements; at most 0 if the window does not fit.
    int64_t getOutputExtent(unsigned dim, int64_t extent) const;
  }];
}

//===----------------------------------------------------------------------===//
// Number formats
//===----------------------------------------------------------------------===//

def Photonic_BfpAttr : Photonic_Attr<"Bfp", "bfp", [
    DeclareAttrInterfaceMethods<Photonic_NumberFormatAttrInterface,
                                ["needsUniforms"]>]> {
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

//===----------------------------------------------------------------------===//
// Readout
//===----------------------------------------------------------------------===//

def Photonic_ExactReadoutAttr : Photonic_Attr<"ExactReadout", "exact", [
    DeclareAttrInterfaceMethods<Photonic_ReadoutAttrInterface>]> {
  let summary = "sums are read out without error";
  let description = [{
    Every residue is decided correctly, so that the sum of a pass is the exact
    integer.

    ```mlir
    #photonic.exact
    ```
  }];
}

#endif // PHOTONIC_DIALECT_PHOTONIC_IR_PHOTONICATTRS
