//===- ArrayCheck.cpp - Products are what the arrays compute --------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ArrayCheck.h"

#include "photonic/Dialect/Photonic/IR/Photonic.h"
#include "photonic/Target/Machine/Machine.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace photonic;

static LogicalResult checkTile(phot::ArrayProductOp op, const Arrays &arrays,
                               StringRef target) {
  if (op.getRows() <= arrays.rows && op.getColumns() <= arrays.columns)
    return success();
  return op.emitError("expected a tile of at most ")
         << arrays.rows << " rows and " << arrays.columns
         << " columns, which the arrays of target '" << target
         << "' have, found " << op.getRows() << " and " << op.getColumns()
         << "; run photonic-tile-array for this target";
}

static LogicalResult checkModuli(phot::ReverseConvertOp op,
                                 const Arrays &arrays, StringRef target) {
  ArrayRef<int64_t> moduli(arrays.getModuli().data(),
                           arrays.getModuli().size());
  if (op.getModuli() == moduli)
    return success();
  InFlightDiagnostic diagnostic = op.emitError("expected moduli [");
  llvm::interleaveComma(moduli, diagnostic);
  diagnostic << "], which the arrays of target '" << target
             << "' have, found [";
  llvm::interleaveComma(op.getModuli(), diagnostic);
  return diagnostic << "]; run photonic-split-rns for this target";
}

LogicalResult photonic::checkArrays(func::FuncOp function,
                                    const phx::Target &target) {
  Arrays arrays = getArrays(target);
  StringRef name = target.spec.name();
  bool ok = true;
  function.walk([&](phot::ArrayProductOp op) {
    ok &= succeeded(checkTile(op, arrays, name));
    for (auto convert : op.getBody().getOps<phot::ReverseConvertOp>())
      ok &= succeeded(checkModuli(convert, arrays, name));
  });
  return success(ok);
}
