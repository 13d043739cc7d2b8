//===- Instructions.td - Instructions of weight banks -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

include "photonic/Dialect/PISA/IR/PISAOps.td"
include "BankInstructions.td"
