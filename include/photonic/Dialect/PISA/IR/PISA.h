//===- PISA.h - The pisa dialect -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PISA_IR_PISA_H
#define PHOTONIC_DIALECT_PISA_IR_PISA_H

#include "phx/isa/Program.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "llvm/ADT/DenseMap.h"

namespace photonic::pisa {
/// What the operation of an instruction is made of.
struct InstructionParts;
/// How the operation of one kind of instruction is created.
struct InstructionCreator {
  const char *mnemonic;
  void (*create)(mlir::OpBuilder &builder, const InstructionParts &parts);
};
} // namespace photonic::pisa

#include "photonic/Dialect/PISA/IR/PISADialect.h.inc"
#include "photonic/Dialect/PISA/IR/PISAEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "photonic/Dialect/PISA/IR/PISAAttrs.h.inc"

#define GET_TYPEDEF_CLASSES
#include "photonic/Dialect/PISA/IR/PISATypes.h.inc"

namespace photonic::pisa {
/// The plain form has room for all fields, and no other instruction has the
/// same: fields are within the limits of their description, shapes and strides
/// have four dimensions, names are those of entries, and operands are there
/// exactly where the instruction touches them. What makes a program well
/// formed, the validator says (phx/isa/Validator.h).
mlir::LogicalResult verifyInstruction(mlir::Operation *op);
/// Verifies the fields in an attribute of `op`: who makes them in C++ is told
/// by assertions alone.
mlir::LogicalResult verifyFieldAttr(mlir::Operation *op, mlir::Attribute field);
} // namespace photonic::pisa

#include "photonic/Dialect/PISA/IR/PISAOpInterfaces.h.inc"

#define GET_OP_CLASSES
#include "photonic/Dialect/PISA/IR/PISAOps.h.inc"

namespace photonic::pisa {
struct InstructionParts {
  mlir::Location loc;
  const phx::Program &program;
  const phx::Body &body;
  mlir::StringAttr unit; ///< of the engine: dma, vec or the name of a group
  AffineAttr engine;       ///< number; constant of dma and vec
  mlir::IntegerAttr lanes; ///< null: one
  mlir::IntegerAttr layer; ///< null: none
  GuardAttr guard;         ///< null: none
};

/// Creates the operation of an instruction of `program` that is no loop, end or
/// halt. Failure after a diagnostic: there is none, and a machine class that
/// the dialect does not list adds its own (PISADialect::addInstructions); or
/// there is no such group of arrays.
mlir::LogicalResult createInstruction(mlir::OpBuilder &builder,
                                      mlir::Location loc,
                                      const phx::Program &program,
                                      const phx::Instruction &instruction);

/// An address of `program` by the name of its memory.
AddressAttr getAddress(mlir::MLIRContext *context, const phx::Program &program,
                       const phx::Address &address);
/// The plain form of an address in the program around `op`. Its memory has been
/// verified to exist.
phx::Address getAddress(mlir::Operation *op, AddressAttr address);
} // namespace photonic::pisa

#endif // PHOTONIC_DIALECT_PISA_IR_PISA_H
