//===- BankInstructions.cpp - Weight banks in the dialect pisa ------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BankDialect.h"

#include "photonic/Dialect/PISA/IR/FieldSyntax.h"
#include "photonic/Dialect/PISA/IR/InstructionConversion.h"

#include "phx/isa/InstructionSet.h"

#include "mlir/IR/DialectImplementation.h"

using namespace mlir;
using namespace photonic::pisa;
using namespace photonic::pisa::conversion;

#define GET_OP_CLASSES
#include "BankInstructionOps.cpp.inc"

#define PISA_TO_INSTRUCTION
#include "BankConversions.inc"

void photonic::pisa::registerBankInstructions(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, PISADialect *dialect) {
    // An extension may be applied again.
    if (RegisteredOperationName::lookup(BankReadOp::getOperationName(),
                                        context))
      return;
    dialect->addInstructions<
#define PISA_OPERATIONS
#include "BankConversions.inc"
        >({
#define PISA_CREATORS
#include "BankConversions.inc"
    });
  });
}
