//===- FieldSyntax.h - Textual form of instruction fields -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Attributes print these forms inside `#pisa.name<...>`, operations print them
// bare.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_DIALECT_PISA_IR_FIELDSYNTAX_H
#define PHOTONIC_LIB_DIALECT_PISA_IR_FIELDSYNTAX_H

#include "photonic/Dialect/PISA/IR/PISA.h"

namespace photonic::pisa {

mlir::ParseResult parseField(mlir::AsmParser &parser, AffineAttr &affine);
mlir::ParseResult parseField(mlir::AsmParser &parser, CountAttr &count);
mlir::ParseResult parseField(mlir::AsmParser &parser, AddressAttr &address);
mlir::ParseResult parseField(mlir::AsmParser &parser, GuardAttr &guard);
mlir::ParseResult parseField(mlir::AsmParser &parser, ZeroFillAttr &zeroFill);

void printField(mlir::AsmPrinter &printer, AffineAttr affine);
void printField(mlir::AsmPrinter &printer, CountAttr count);
void printField(mlir::AsmPrinter &printer, AddressAttr address);
void printField(mlir::AsmPrinter &printer, GuardAttr guard);
void printField(mlir::AsmPrinter &printer, ZeroFillAttr zeroFill);

} // namespace photonic::pisa

#endif // PHOTONIC_LIB_DIALECT_PISA_IR_FIELDSYNTAX_H
