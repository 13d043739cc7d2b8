//===- PHX.h - Between the pisa dialect and .phx files -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_TARGET_PHX_PHX_H
#define PHOTONIC_TARGET_PHX_PHX_H

#include "photonic/Dialect/PISA/IR/PISA.h"

#include "phx/support/Result.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace photonic {

/// The plain form of `program`. Initial contents are referred to, not copied
/// (except splats, which are expanded), so the IR must outlive the result.
/// Diagnoses fields and attributes that the plain form cannot hold. Regions
/// whose initial contents are one resource share a data section.
mlir::FailureOr<phx::Program> exportProgram(pisa::ProgramOp program);

/// Gives the initial contents of data section `index` as an attribute of
/// `type`.
using InitProvider = llvm::function_ref<mlir::ElementsAttr(
    uint32_t index, mlir::RankedTensorType type)>;

/// Creates the operations for `program` at the builder's insertion point.
/// Instructions get the ONNX node name of their layer as location. Null after a
/// diagnostic: the dialect has no operation for an instruction, or a region
/// names a conversion that its type has no place for, or lacks one. The
/// structure is taken to be valid.
pisa::ProgramOp importProgram(const phx::Program &program,
                              mlir::OpBuilder &builder, InitProvider init);

/// Creates the operation of an instruction of `program` that is no loop, end or
/// halt, with the ONNX node name of its layer as location. Failure after a
/// diagnostic: the dialect has no operation for it.
mlir::LogicalResult importInstruction(const phx::Program &program,
                                      const phx::Instruction &instruction,
                                      mlir::OpBuilder &builder);

/// Reads a .phx file into a module; data stays in the mapped file. Null after
/// a diagnostic: the file, or the structure of its program, is not valid.
/// Programs with races are read, so that they can be looked at.
mlir::OwningOpRef<mlir::ModuleOp> disassemble(llvm::StringRef path,
                                              mlir::MLIRContext *context);

/// The only program of `module`, which has nothing else; null after a
/// diagnostic.
pisa::ProgramOp getOnlyProgram(mlir::ModuleOp module);

/// Reports what is wrong with the plain form of `program`, at the operation of
/// the instruction, or of the entry of a table, that the error is about; else
/// at the program.
mlir::InFlightDiagnostic emitProgramError(pisa::ProgramOp program,
                                          const phx::Error &error);

/// Registers --assemble (pisa to .phx) and --disassemble (.phx to pisa).
void registerPHXTranslations();

/// That a program is made for the target of the module around it, if that
/// carries one; fails after a diagnostic.
llvm::LogicalResult checkTarget(pisa::ProgramOp program);

} // namespace photonic

#endif // PHOTONIC_TARGET_PHX_PHX_H
