//===- BankDialect.td - What weight banks compute -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The dialect of the class: the number format of its operands, and what its
// arrays compute in a pass.
//
//===----------------------------------------------------------------------===//

include "photonic/Dialect/Photonic/IR/PhotonicOpBase.td"

def Bank_Dialect : Dialect {
  let name = "weightbank";
  let cppNamespace = "::photonic::bank";
  let useDefaultAttributePrinterParser = 1;
}

def Bank_FixedAttr : AttrDef<Bank_Dialect, "Fixed", [
    DeclareAttrInterfaceMethods<Photonic_NumberFormatAttrInterface>]> {
  let mnemonic = "fixed";
  let summary = "signed fixed point";
  let description = [{
    m = round(x * 2^fraction), half to even, saturated to |m| <= 2^(bits - 1) - 1;
    it stands for m * 2^-fraction. Infinity and NaN are refused.

    Constraints: (C1) `bits`, with the sign, lies in [2, 8], `fraction` in [0, 15],
    `group` in [1, 4096].
  }];
  let parameters = (ins "int64_t":$bits, "int64_t":$fraction,
                        "int64_t":$group);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

class Bank_Op<string mnemonic, list<Trait> traits = []>
    : Op<Bank_Dialect, mnemonic, traits # [Pure,
        ParentOneOf<["::photonic::phot::ProductOp",
                     "::photonic::phot::ArrayProductOp"]>,
        DeclareOpInterfaceMethods<Photonic_PassOpInterface>]>;

def Bank_DotOp : Bank_Op<"dot", [
    DeclareOpInterfaceMethods<Photonic_RegionOpInterface, ["isPartial"]>]> {
  let summary = "sum of the products of rings and a vector, exact";
  let arguments = (ins Photonic_Group:$lhs, Photonic_Group:$rhs);
  let results = (outs Photonic_IntegerSum:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Bank_AdcOp : Bank_Op<"adc", [
    AllTypesMatch<["sum", "result"]>,
    DeclareOpInterfaceMethods<Photonic_RegionOpInterface>]> {
  let summary = "readout of a sum with finite resolution";
  let description = [{
    The multiple of `full_scale` / 2^(`bits` - 1) that is next to the sum (half to
    even), from -`full_scale` to one step below `full_scale`.

    Constraints: (C1) `bits` lies in [1, 16]; (C2) `full_scale` is a multiple of
    2^(`bits` - 1) in [1, 2^18].
  }];
  let arguments = (ins Photonic_IntegerSum:$sum, I64Attr:$bits,
                       I64Attr:$full_scale);
  let results = (outs Photonic_IntegerSum:$result);
  let assemblyFormat = [{
    $sum `bits` `=` $bits `full_scale` `=` $full_scale attr-dict
    `:` type($result)
  }];
  let hasVerifier = 1;
}
