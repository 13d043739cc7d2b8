//===- OperandConversion.h - Operands that are converted once ---*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_CONVERSION_TOPISA_OPERANDCONVERSION_H
#define PHOTONIC_LIB_CONVERSION_TOPISA_OPERANDCONVERSION_H

#include "ProgramEmitter.h"

#include "photonic/Dialect/Photonic/IR/Photonic.h"

namespace photonic {

/// Where the elements of a conversion are, and their blocks.
struct ConversionMaps {
  phx::AccessMap source;         ///< (row, element of the row)
  phx::AccessMap blocks;         ///< (row, block of the row)
  int64_t rows = 1, columns = 1; ///< columns: elements of a row

  /// Fails, after a diagnostic, where an access map cannot say it.
  static mlir::FailureOr<ConversionMaps> get(phot::ConvertOp op);
};

/// Whose operand a conversion makes.
struct ConvertedOperand {
  uint32_t product = 0; ///< of the program
  int64_t operand = 0;  ///< 0 the first, 1 the second
};

/// Emits the conversion, its rows dealt to the arrays.
void emitConversion(ProgramEmitter &emitter, phot::ConvertOp op,
                    const ConversionMaps &maps, ConvertedOperand operand,
                    const phx::Address &source, const phx::Address &blocks);

/// The blocks of a constant, whose values the format represents, as initial
/// contents of a region; `conversion` is the format's number.
mlir::ElementsAttr packBlocks(phot::ConvertOp op, mlir::ElementsAttr values,
                              uint32_t conversion);

} // namespace photonic

#endif // PHOTONIC_LIB_CONVERSION_TOPISA_OPERANDCONVERSION_H
