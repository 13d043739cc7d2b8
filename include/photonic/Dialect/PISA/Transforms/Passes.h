//===- Passes.h - Passes that make and finish programs -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PISA_TRANSFORMS_PASSES_H
#define PHOTONIC_DIALECT_PISA_TRANSFORMS_PASSES_H

#include "photonic/Dialect/PISA/IR/PISA.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace photonic::pisa {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "photonic/Dialect/PISA/Transforms/PISAPasses.h.inc"

} // namespace photonic::pisa

#endif // PHOTONIC_DIALECT_PISA_TRANSFORMS_PASSES_H
