//===- FieldSyntax.h - Textual form of instruction fields -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Attributes print these forms inside `#pisa.name<...>`, operations print them
// bare, through directives that the generated definitions of instructions call.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PISA_IR_FIELDSYNTAX_H
#define PHOTONIC_DIALECT_PISA_IR_FIELDSYNTAX_H

#include "photonic/Dialect/PISA/IR/PISA.h"

#include <optional>

namespace photonic::pisa {

mlir::ParseResult parseField(mlir::AsmParser &parser, AffineAttr &affine);
mlir::ParseResult parseField(mlir::AsmParser &parser, CountAttr &count);
mlir::ParseResult parseField(mlir::AsmParser &parser, AddressAttr &address);
mlir::ParseResult parseField(mlir::AsmParser &parser, GuardAttr &guard);
mlir::ParseResult parseField(mlir::AsmParser &parser, ZeroFillAttr &zeroFill);

/// `rN`, a count register.
mlir::ParseResult parseField(mlir::AsmParser &parser,
                             mlir::IntegerAttr &registerIndex);
void printField(mlir::AsmPrinter &printer, mlir::IntegerAttr registerIndex);

/// `base + weight * lN(...) + ...`, where brackets stand around it.
mlir::ParseResult parseSum(mlir::AsmParser &parser, AffineAttr &affine);
void printSum(mlir::AsmPrinter &printer, AffineAttr affine);

void printField(mlir::AsmPrinter &printer, AffineAttr affine);
void printField(mlir::AsmPrinter &printer, CountAttr count);
void printField(mlir::AsmPrinter &printer, AddressAttr address);
void printField(mlir::AsmPrinter &printer, GuardAttr guard);
void printField(mlir::AsmPrinter &printer, ZeroFillAttr zeroFill);

/// An operation; `table`, where it is known, serves messages.
mlir::ParseResult parseOperation(mlir::AsmParser &parser,
                                 std::optional<phx::OperationTable> table,
                                 OperationAttr &operation);
void printOperation(mlir::AsmPrinter &printer, OperationAttr operation);

//===----------------------------------------------------------------------===//
// Directives of assembly formats
//===----------------------------------------------------------------------===//

#define PISA_FIELD_DIRECTIVE(Name, AttrT)                                      \
  inline mlir::ParseResult parse##Name(mlir::OpAsmParser &parser,              \
                                       AttrT &attr) {                          \
    return parseField(parser, attr);                                           \
  }                                                                            \
  inline void print##Name(mlir::OpAsmPrinter &printer, mlir::Operation *,      \
                          AttrT attr) {                                        \
    printField(printer, attr);                                                 \
  }
PISA_FIELD_DIRECTIVE(AffineField, AffineAttr)
PISA_FIELD_DIRECTIVE(CountField, CountAttr)
PISA_FIELD_DIRECTIVE(AddressField, AddressAttr)
PISA_FIELD_DIRECTIVE(GuardField, GuardAttr)
PISA_FIELD_DIRECTIVE(ZeroFillField, ZeroFillAttr)
PISA_FIELD_DIRECTIVE(RegisterName, mlir::IntegerAttr)
#undef PISA_FIELD_DIRECTIVE

/// `[count, count, ...]`.
mlir::ParseResult parseCounts(mlir::OpAsmParser &parser,
                              mlir::ArrayAttr &counts);
void printCounts(mlir::OpAsmPrinter &printer, mlir::Operation *,
                 mlir::ArrayAttr counts);

/// `core[3]`, `core[0 + 1 * l0(1, 0, 1, 8)]`, `core[0 lanes 50]`.
mlir::ParseResult parseEngine(mlir::OpAsmParser &parser,
                              mlir::StringAttr &unit, AffineAttr &index,
                              mlir::IntegerAttr &lanes);
void printEngine(mlir::OpAsmPrinter &printer, mlir::Operation *,
                 mlir::StringAttr unit, AffineAttr index,
                 mlir::IntegerAttr lanes);

} // namespace photonic::pisa

#endif // PHOTONIC_DIALECT_PISA_IR_FIELDSYNTAX_H
