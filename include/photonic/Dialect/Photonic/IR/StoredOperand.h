//===- StoredOperand.h - Operands that are kept converted -------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A tensor of `!photonic.stored` elements lies in memory as blocks. A product
// can read it where each of its groups of contraction positions is one of them.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PHOTONIC_IR_STOREDOPERAND_H
#define PHOTONIC_DIALECT_PHOTONIC_IR_STOREDOPERAND_H

#include "photonic/Dialect/Photonic/IR/Photonic.h"

#include <string>
#include <variant>

namespace photonic::phot {

/// What the elements of `type` are stored as; null if they are f32.
StoredType getStored(mlir::Type type);

/// Blocks of a stored tensor: the extents of the dimensions that groups do not
/// run through, in their order, and blocks along those that they do.
llvm::SmallVector<int64_t> getBlockShape(mlir::RankedTensorType type);

/// Bytes of a stored tensor.
int64_t getBlockTensorBytes(mlir::RankedTensorType type);

/// Calls `visit` for each block in the order of memory, with the numbers of its
/// elements in the tensor, row by row; fewer than a group at the end of a row.
/// Stops at the first failure.
llvm::LogicalResult forEachBlock(
    mlir::RankedTensorType type,
    llvm::function_ref<llvm::LogicalResult(llvm::ArrayRef<int64_t> elements)>
        visit);

/// A view of elements as one of the blocks that they are in.
struct BlockView {
  ViewAttr view; ///< columns are blocks; dimensions those of the block shape
  llvm::SmallVector<int64_t> shape; ///< of blocks
};

/// The blocks that the groups of contraction positions of a stored operand are;
/// a message if they are none.
std::variant<BlockView, std::string> getBlockView(ViewAttr view,
                                                  mlir::RankedTensorType type);

/// Elements and blocks of a conversion: rows are those of `photonic.convert`,
/// columns all elements of a row, or all blocks.
struct ConversionViews {
  ViewAttr elements, blocks;
  int64_t rows = 1, columns = 1; ///< columns: elements of a row
};
ConversionViews getConversionViews(mlir::RankedTensorType type);

/// As what an operand of f32 may be stored, so that products with this view
/// read the same bits; null if the groups of `format` are no blocks whatever
/// they run through.
StoredType findStorage(ViewAttr view, mlir::RankedTensorType type,
                       NumberFormatAttrInterface format);

} // namespace photonic::phot

#endif // PHOTONIC_DIALECT_PHOTONIC_IR_STOREDOPERAND_H
