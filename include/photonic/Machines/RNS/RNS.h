//===- RNS.h - Residue arrays in the compiler -------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The compiler's part of the machine class `rns`: what its arrays compute, how
// a product is split into residues, and how a tile becomes instructions.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_MACHINES_RNS_RNS_H
#define PHOTONIC_MACHINES_RNS_RNS_H

#include "photonic/Dialect/Photonic/IR/Photonic.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

#define GET_OP_CLASSES
#include "photonic/Machines/RNS/RNSOps.h.inc"

namespace photonic::rns {

/// floor((product of moduli - 1) / 2).
int64_t getSignedRange(llvm::ArrayRef<int64_t> moduli);

/// Lets the dialect `photonic` have the operations of the class.
void registerDialects(mlir::DialectRegistry &registry);
/// Makes the class known to the compiler. Idempotent.
void registerLowering();

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "photonic/Machines/RNS/RNSPasses.h.inc"

} // namespace photonic::rns

#endif // PHOTONIC_MACHINES_RNS_RNS_H
