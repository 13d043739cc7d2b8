//===- PISATypes.td - Elements of pisa regions -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PISA_IR_PISATYPES
#define PHOTONIC_DIALECT_PISA_IR_PISATYPES

include "photonic/Dialect/PISA/IR/PISAAttrs.td"

def PISA_Block : TypeDef<PISA_Dialect, "Block"> {
  let mnemonic = "block";
  let summary = "a group of converted elements";
  let description = [{
    The type of elements of a region that holds a stored operand: one block of
    the conversion whose number it has, a shared exponent and the mantissas of
    one group (docs/isa.md, section 4.2). The extents of the region count
    blocks.

    ```mlir
    !pisa.block<0>
    ```
  }];
  let parameters = (ins "int64_t":$conversion);
  let assemblyFormat = "`<` $conversion `>`";
  let genVerifyDecl = 1;
}

#endif // PHOTONIC_DIALECT_PISA_IR_PISATYPES
