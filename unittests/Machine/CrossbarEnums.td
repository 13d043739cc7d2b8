//===- CrossbarEnums.td - Words of crossbars -*- tablegen -*- -===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

include "photonic/Dialect/PISA/IR/PISAEnum.td"
include "CrossbarInstructionEnums.td"
