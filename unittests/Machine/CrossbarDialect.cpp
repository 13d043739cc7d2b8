//===- CrossbarDialect.cpp - Crossbars in the pisa dialect -*- C++ -*- -===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CrossbarDialect.h"

#include "photonic/Dialect/PISA/IR/FieldSyntax.h"
#include "photonic/Dialect/PISA/IR/InstructionConversion.h"

#include "phx/isa/InstructionSet.h"

#include "mlir/IR/DialectImplementation.h"

using namespace mlir;
using namespace photonic::pisa;
using namespace photonic::pisa::conversion;

#include "CrossbarEnums.cpp.inc"

#define GET_OP_CLASSES
#include "CrossbarOps.cpp.inc"

#define PISA_TO_INSTRUCTION
#include "CrossbarConversions.inc"

void photonic::pisa::registerCrossbarOperations(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *, PISADialect *dialect) {
    dialect->addInstructions<
#define PISA_OPERATIONS
#include "CrossbarConversions.inc"
        >({
#define PISA_CREATORS
#include "CrossbarConversions.inc"
    });
  });
}
