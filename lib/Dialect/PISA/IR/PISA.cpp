//===- PISA.cpp - Registration of the pisa dialect -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/PISA/IR/PISA.h"

#include "machines/AllTargets.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace photonic::pisa;

#include "photonic/Dialect/PISA/IR/PISADialect.cpp.inc"
#include "photonic/Dialect/PISA/IR/PISAEnums.cpp.inc"
#include "photonic/Dialect/PISA/IR/PISAOpInterfaces.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "photonic/Dialect/PISA/IR/PISAAttrs.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "photonic/Dialect/PISA/IR/PISATypes.cpp.inc"

LogicalResult BlockType::verify(function_ref<InFlightDiagnostic()> emitError,
                                int64_t conversion) {
  if (conversion >= 0 && conversion < int64_t(phx::noLayer))
    return success();
  return emitError() << "expected a conversion in [0, " << phx::noLayer - 1
                     << "], found " << conversion;
}

void PISADialect::initialize() {
  phx::registerAllMachineTargets();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "photonic/Dialect/PISA/IR/PISAAttrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "photonic/Dialect/PISA/IR/PISATypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "photonic/Dialect/PISA/IR/PISAOps.cpp.inc"
      >();
  registerInstructions();
}
