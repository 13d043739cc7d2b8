//===- BankDialect.h - Weight banks in the compiler -------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_WEIGHTBANK_BANKDIALECT_H
#define PHOTONIC_UNITTESTS_WEIGHTBANK_BANKDIALECT_H

#include "photonic/Dialect/PISA/IR/PISA.h"
#include "photonic/Dialect/Photonic/IR/Photonic.h"

#include "BankDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "BankAttrs.h.inc"

#define GET_OP_CLASSES
#include "BankOps.h.inc"

#define GET_OP_CLASSES
#include "BankInstructionOps.h.inc"

namespace photonic::bank {
/// Makes the class known to the compiler. Idempotent.
void registerLowering();
} // namespace photonic::bank

namespace photonic::pisa {
/// Adds the instructions of the class to the dialect `pisa`.
void registerBankInstructions(mlir::DialectRegistry &registry);
} // namespace photonic::pisa

#endif // PHOTONIC_UNITTESTS_WEIGHTBANK_BANKDIALECT_H
