//===- ArrayCheck.cpp - Products are what the arrays compute --------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ArrayCheck.h"
#include "Liveness.h"

#include "photonic/Dialect/NN/IR/Step.h"
#include "photonic/Dialect/Photonic/IR/ProductInfo.h"
#include "photonic/Dialect/Photonic/IR/StoredOperand.h"
#include "photonic/Interpreter/Tensor.h"
#include "photonic/Target/Machine/Machine.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

using namespace mlir;
using namespace photonic;

/// The arrays that `op` names; none, after a diagnostic, if the target has none
/// of that name, or none that the compiler can use.
static std::optional<Arrays> findNamed(Operation *op, StringRef name,
                                       const phx::Target &target) {
  if (std::optional<Arrays> arrays = findArrays(target, name))
    return arrays;
  std::vector<phx::ArrayGroup> groups = phx::getArrayGroups(target);
  for (const phx::ArrayGroup &group : groups)
    if (group.name == name) {
      op->emitError(
          "expected arrays of a class that the compiler has a lowering "
          "for, found '")
          << name << "' of class '" << group.machineClass << "'; deal it to '"
          << getArrays(target).getSpec().name() << "'";
      return std::nullopt;
    }
  InFlightDiagnostic diag = op->emitError("expected arrays that target '")
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

/// Arrays convert operands into blocks, and read them.
static LogicalResult checkStorage(Operation *op, const Arrays &arrays) {
  auto isStored = [](Type type) {
    return isa<RankedTensorType>(type) && phot::getStored(type);
  };
  if (arrays.lowering->storesOperands() ||
      !(llvm::any_of(op->getOperandTypes(), isStored) ||
        llvm::any_of(op->getResultTypes(), isStored)))
    return success();
  return op->emitError("expected arrays that keep operands in a number format, "
                       "found '")
         << arrays.getSpec().name() << "' of target '"
         << arrays.target.spec.name()
         << "'; leave the operand f32 (--operand-storage=fp32)";
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
                                     const phx::Target &target) {
  if (failed(checkHome(op, target)))
    return failure();
  if (!op.isAtCompileTime()) {
    std::optional<Arrays> arrays = findNamed(op, *op.getArrays(), target);
    return success(arrays && succeeded(checkStorage(op, *arrays)));
  }
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

/// All that rounds at random has the key of the program.
static LogicalResult checkRandomKey(phot::ArrayProductOp op,
                                    func::FuncOp function) {
  if (!op.getKey() ||
      getRoot(op.getKey()) == nn::findKnob(function, nn::randomKeyKnob))
    return success();
  return op.emitError("rounds at random with a key that is not the argument of "
                      "the function with '")
         << nn::knobAttrName << "' = \"" << nn::randomKeyKnob
         << "\"; a program has one key";
}

LogicalResult photonic::checkArrays(func::FuncOp function,
                                    const phx::Target &target) {
  bool ok = true;
  function.walk([&](phot::ArrayProductOp op) {
    std::optional<Arrays> arrays =
        findNamed(op, op.getArrays().getGroup(), target);
    ok &= arrays && succeeded(checkGeometry(op, *arrays)) &&
          succeeded(checkStorage(op, *arrays)) &&
          succeeded(checkClass(op, *arrays)) &&
          succeeded(checkRandomKey(op, function)) &&
          succeeded(arrays->lowering->checkTile(op, *arrays));
  });
  function.walk([&](phot::ConvertOp op) {
    ok &= succeeded(checkConversion(op, target));
  });
  return success(ok);
}
