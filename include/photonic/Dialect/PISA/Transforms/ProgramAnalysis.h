//===- ProgramAnalysis.h - Plain form of a program, made once --*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PISA_TRANSFORMS_PROGRAMANALYSIS_H
#define PHOTONIC_DIALECT_PISA_TRANSFORMS_PROGRAMANALYSIS_H

#include "photonic/Dialect/PISA/IR/PISA.h"

#include "mlir/IR/BuiltinOps.h"

#include <memory>

namespace photonic::pisa {

/// The only program of a module, and what it is for the runtime
/// (exportProgram). Passes that read it preserve it. A pass that changes the
/// operations either changes the plain form alike and preserves it, or leaves
/// it alone and does not.
class ProgramAnalysis {
public:
  /// Diagnoses a module without exactly one program, and what its plain form
  /// cannot hold.
  explicit ProgramAnalysis(mlir::ModuleOp module);

  /// False after a diagnostic; the others then return null.
  explicit operator bool() const { return program != nullptr; }
  ProgramOp getOp() const { return op; }
  /// Refers to initial contents in the IR, which must outlive it.
  std::shared_ptr<phx::Program> getProgram() const { return program; }

private:
  ProgramOp op;
  std::shared_ptr<phx::Program> program;
};

} // namespace photonic::pisa

#endif // PHOTONIC_DIALECT_PISA_TRANSFORMS_PROGRAMANALYSIS_H
