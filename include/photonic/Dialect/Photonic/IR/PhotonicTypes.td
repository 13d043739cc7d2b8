//===- PhotonicTypes.td - Elements of tensors -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PHOTONIC_IR_PHOTONICTYPES
#define PHOTONIC_DIALECT_PHOTONIC_IR_PHOTONICTYPES

include "photonic/Dialect/Photonic/IR/PhotonicAttrs.td"

def Photonic_Stored : TypeDef<Photonic_Dialect, "Stored"> {
  let mnemonic = "stored";
  let summary = "an element that is kept converted";
  let description = [{
    The type of elements of a tensor that memory holds in a number format instead
    of f32: groups of consecutive elements as one *block* each, for `bfp` a shared
    exponent and the mantissas. `along` are the dimensions that groups run
    through, the first one the fastest, as if they were one; a group that goes
    beyond their end is padded with zeros. Blocks lie in the order of the other
    dimensions, those of one (all indices of the others) next to each other.

    The extents of the tensor count elements, so that views address a stored
    tensor as they address the one that it was converted from.

    Constraints:

    1. groups of the format have blocks: that is `bfp`, rounded the same way by
       every reader (`trunc` or `nearest`);
    2. `along` has at least one dimension, each in [0, 8) and once.

    ```mlir
    !photonic.stored<#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>, along = [1]>
    ```
  }];
  let parameters = (ins "::photonic::phot::NumberFormatAttrInterface":$format,
                        ArrayRefParameter<"int64_t">:$along);
  let assemblyFormat = "`<` $format `,` `along` `=` `[` $along `]` `>`";
  let genVerifyDecl = 1;
}

#endif // PHOTONIC_DIALECT_PHOTONIC_IR_PHOTONICTYPES
