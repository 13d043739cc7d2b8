//===- Survivor.h - What verification passes say ----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One wording for operations that a stage should have replaced.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PHOTONIC_TRANSFORMS_SURVIVOR_H
#define PHOTONIC_DIALECT_PHOTONIC_TRANSFORMS_SURVIVOR_H

#include "photonic/Dialect/Photonic/IR/ProductInfo.h"

namespace photonic::phot {

/// Starts a diagnostic "stage `STAGE`: 'OP' of node 'NODE' ", for the caller to
/// complete.
inline mlir::InFlightDiagnostic emitSurvivor(mlir::Operation *op,
                                             llvm::StringRef stage) {
  mlir::InFlightDiagnostic diag = mlir::emitError(op->getLoc());
  diag << "stage " << stage << ": '" << op->getName() << "'";
  if (llvm::StringRef node = getNodeName(op->getLoc()); !node.empty())
    diag << " of node '" << node << "'";
  diag << " ";
  return diag;
}

} // namespace photonic::phot

#endif // PHOTONIC_DIALECT_PHOTONIC_TRANSFORMS_SURVIVOR_H
