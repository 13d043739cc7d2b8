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

#include <functional>
#include <memory>

namespace photonic::pisa {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "photonic/Dialect/PISA/Transforms/PISAPasses.h.inc"

/// Is given the plain form of a finished program; the IR has to outlive it.
using ProgramReceiver =
    std::function<void(std::shared_ptr<const phx::Program>)>;

/// A pass that hands over the plain form that the passes before it have made
/// or checked, instead of making it again.
std::unique_ptr<mlir::Pass> createTakeProgram(ProgramReceiver receiver);

} // namespace photonic::pisa

#endif // PHOTONIC_DIALECT_PISA_TRANSFORMS_PASSES_H
