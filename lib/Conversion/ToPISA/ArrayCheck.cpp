//===- ArrayCheck.cpp - Products are what the arrays compute --------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ArrayCheck.h"

#include "photonic/Dialect/Photonic/IR/ProductInfo.h"
#include "photonic/Target/Machine/Machine.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace photonic;

/// The arrays that `op` names; none, after a diagnostic, if the target has none
/// of that name, or none that the compiler can use.
static std::optional<Arrays> findNamed(phot::ArrayProductOp op,
                                       const phx::Target &target) {
  StringRef name = op.getArrays().getGroup();
  if (std::optional<Arrays> arrays = findArrays(target, name))
    return arrays;
  std::vector<phx::ArrayGroup> groups = phx::getArrayGroups(target);
  for (const phx::ArrayGroup &group : groups)
    if (group.name == name) {
      op.emitError(
          "expected arrays of a class that the compiler has a lowering "
          "for, found '")
          << name << "' of class '" << group.machineClass << "'; deal it to '"
          << getArrays(target).getSpec().name() << "'";
      return std::nullopt;
    }
  InFlightDiagnostic diag = op.emitError("expected arrays that target '")
                            << target.spec.name() << "' has, found '" << name
                            << "'; it has ";
  llvm::interleaveComma(groups, diag, [&](const phx::ArrayGroup &group) {
    diag << "'" << group.name << "'";
  });
  return std::nullopt;
}

static LogicalResult checkGeometry(phot::ArrayProductOp op,
                                   const Arrays &arrays) {
  bool fits = op.getRows() <= arrays.rows &&
              (op.getColumns() <= arrays.columns ||
               !op.getLhsFormat().isInteger()); // the bypass is cut to passes
  if (fits)
    return success();
  return op.emitError("expected a tile of at most ")
         << arrays.rows << " rows and " << arrays.columns
         << " columns, which the arrays '" << arrays.getSpec().name()
         << "' of target '" << arrays.target.spec.name() << "' have, found "
         << op.getRows() << " and " << op.getColumns()
         << "; run photonic-tile-array for this target";
}

/// No conversion, and nothing in the regions, is of another class than the
/// arrays are.
static LogicalResult checkClass(phot::ArrayProductOp op, const Arrays &arrays) {
  FailureOr<phx::OperationList> pass = phot::encodeRegion(op.getPass()),
                                combine = phot::encodeRegion(op.getCombine());
  if (failed(pass) || failed(combine))
    return failure();
  phx::OperationList all{op.getLhsFormat().encode(),
                         op.getRhsFormat().encode()};
  all.insert(all.end(), pass->begin(), pass->end());
  all.insert(all.end(), combine->begin(), combine->end());
  const std::string own =
      phx::getArrayGroups(arrays.target)[arrays.group].machineClass;
  for (const phx::TableOperation &operation : all)
    if (const std::string &wanted = operation.getDescription()->machineClass;
        !wanted.empty() && wanted != own)
      return op.emitError("expected what arrays of class '")
             << own << "' compute ('" << arrays.getSpec().name()
             << "' of target '" << arrays.target.spec.name() << "'), found "
             << phx::toAssembly(operation) << " of class '" << wanted
             << "'; run the stages from format on for this target";
  return success();
}

LogicalResult photonic::checkArrays(func::FuncOp function,
                                    const phx::Target &target) {
  bool ok = true;
  function.walk([&](phot::ArrayProductOp op) {
    std::optional<Arrays> arrays = findNamed(op, target);
    ok &= arrays && succeeded(checkGeometry(op, *arrays)) &&
          succeeded(checkClass(op, *arrays)) &&
          succeeded(arrays->lowering->checkTile(op, *arrays));
  });
  return success(ok);
}
