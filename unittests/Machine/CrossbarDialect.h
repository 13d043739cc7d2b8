//===- CrossbarDialect.h - Crossbars in the pisa dialect -*- C++ -*- -===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_MACHINE_CROSSBARDIALECT_H
#define PHOTONIC_UNITTESTS_MACHINE_CROSSBARDIALECT_H

#include "photonic/Dialect/PISA/IR/PISA.h"

#include "CrossbarEnums.h.inc"

#define GET_OP_CLASSES
#include "CrossbarOps.h.inc"

namespace photonic::pisa {
/// Adds the operations of crossbars to the dialect, when it is loaded.
void registerCrossbarOperations(mlir::DialectRegistry &registry);
} // namespace photonic::pisa

#endif // PHOTONIC_UNITTESTS_MACHINE_CROSSBARDIALECT_H
