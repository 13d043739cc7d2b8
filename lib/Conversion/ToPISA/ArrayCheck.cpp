//===- ArrayCheck.cpp - Products are what the arrays compute --------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ArrayCheck.h"

#include "photonic/Dialect/Photonic/IR/ProductInfo.h"
#include "photonic/Interpreter/Tensor.h"
#include "photonic/Target/Machine/Machine.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

using namespace mlir;
using namespace photonic;

/// The group of arrays that `op` names; null, after a diagnostic, if the target
/// has none of that name.
static const phx::ArrayGroup *findGroup(Operation *op, StringRef name,
                                        ArrayRef<phx::ArrayGroup> groups,
                                        StringRef target) {
  for (const phx::ArrayGroup &group : groups)
    if (group.name == name)
      return &group;
  InFlightDiagnostic diag = op->emitError("expected arrays that target '")
                            << target << "' has, found '" << name
                            << "'; it has ";
  llvm::interleaveComma(groups, diag, [&](const phx::ArrayGroup &group) {
    diag << "'" << group.name << "'";
  });
  return nullptr;
}

static LogicalResult checkTile(phot::ArrayProductOp op,
                               const phx::ArrayGroup &group, StringRef target) {
  bool fits = op.getRows() <= group.rows &&
              (op.getColumns() <= group.columns ||
               !op.getLhsFormat().isInteger()); // the bypass is cut to passes
  if (!fits)
    return op.emitError("expected a tile of at most ")
           << group.rows << " rows and " << group.columns
           << " columns, which the arrays '" << group.name << "' of target '"
           << target << "' have, found " << op.getRows() << " and "
           << op.getColumns() << "; run photonic-tile-array for this target";
  // Programs are checked for how often they program arrays: a multiple of what
  // full tiles need.
  int64_t term =
      phot::getTermLength(op.getLhsFormatAttr(), op.getRhsFormatAttr());
  auto count = [&](int64_t rows, int64_t columns) {
    return phot::countTiles(phot::ProductExtents::get(op), op.getStationary(),
                            rows, std::min(columns, term), term)
        .tiles;
  };
  int64_t expected = count(group.rows, group.columns),
          found = count(op.getRows(),
                        std::min<int64_t>(op.getColumns(), group.columns));
  if (found % expected == 0)
    return success();
  return op.emitError("expected a multiple of the ")
         << expected << " tiles that arrays of " << group.rows << " rows and "
         << group.columns << " columns need for this product, found " << found
         << " of " << op.getRows() << " rows and " << op.getColumns()
         << " columns; run photonic-split-rns and photonic-tile-array for this "
            "target";
}

/// The arrays compute what the region `pass` says.
static LogicalResult checkPass(phot::ArrayProductOp op, size_t group,
                               const phx::Target &target) {
  FailureOr<phx::OperationList> pass = phot::encodeRegion(op.getPass());
  if (failed(pass))
    return failure();
  if (phx::Status status = checkArrayPass(target, group, *pass); !status)
    return op.emitError(status.error().message);
  return success();
}

/// A memory of the target holds the blocks.
static LogicalResult checkHome(phot::ConvertOp op, const phx::Target &target) {
  uint32_t number =
      getMemory(target, op.isAtCompileTime() ? phx::MemoryRole::Stationary
                                             : phx::MemoryRole::Streamed);
  phx::ProgramMemory memory = phx::getMemories(target)[number];
  if (llvm::is_contained(memory.types, phx::ElementType::Block))
    return success();
  return op.emitError("expected a memory that holds blocks, found '")
         << memory.name << "' of target '" << target.spec.name()
         << "'; add block to " << memory.name
         << ".types, or leave the operand f32 (--operand-storage=fp32)";
}

/// The compiler or arrays that exist make blocks of what has some.
static LogicalResult checkConversion(phot::ConvertOp op,
                                     ArrayRef<phx::ArrayGroup> groups,
                                     const phx::Target &target) {
  if (failed(checkHome(op, target)))
    return failure();
  if (!op.isAtCompileTime())
    return success(findGroup(op, *op.getArrays(), groups, target.spec.name()));
  phot::NumberFormatAttrInterface format = op.getStored().getFormat();
  auto values =
      interp::Tensor::get(cast<ElementsAttr>(op.getConstant().getValue()));
  if (failed(values))
    return op.emitError("expected a constant with f32 values to convert");
  for (float value : values->getData())
    if (!format.acceptsValue(value))
      return op.emitError("converts a constant that holds ")
             << (std::isnan(value) ? "NaN"
                 : value < 0       ? "-inf"
                                   : "inf")
             << ", which " << format.getFormatName() << " cannot represent";
  return success();
}

LogicalResult photonic::checkArrays(func::FuncOp function,
                                    const phx::Target &target) {
  std::vector<phx::ArrayGroup> groups = phx::getArrayGroups(target);
  StringRef name = target.spec.name();
  bool ok = true;
  function.walk([&](phot::ArrayProductOp op) {
    const phx::ArrayGroup *group =
        findGroup(op, op.getArrays().getGroup(), groups, name);
    ok &= group && succeeded(checkTile(op, *group, name)) &&
          succeeded(checkPass(op, group - groups.data(), target));
  });
  function.walk([&](phot::ConvertOp op) {
    ok &= succeeded(checkConversion(op, groups, target));
  });
  return success(ok);
}
