//===- PISAEnum.td - Words of the assembly -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PISA_IR_PISAENUM
#define PHOTONIC_DIALECT_PISA_IR_PISAENUM

include "mlir/IR/EnumAttr.td"

/// Of the dialect, or of the instructions of a machine class.
class PISA_Enum<string name, string summary, list<I32EnumCase> cases>
    : I32Enum<name, summary, cases> {
  let cppNamespace = "::photonic::pisa";
}

#endif // PHOTONIC_DIALECT_PISA_IR_PISAENUM
