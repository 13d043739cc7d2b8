//===- BatchAxes.cpp - Where the samples of a batch are -------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/IR/BatchAxes.h"

#include "mlir/IR/BuiltinOps.h"
#include "photonic/Dialect/NN/IR/Step.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

static RankedTensorType getTensor(Value value) {
  return cast<RankedTensorType>(value.getType());
}

//===----------------------------------------------------------------------===//
// Values that are the same for all samples
//===----------------------------------------------------------------------===//

/// True if the elements of `tensor` repeat `batch` times along `axis`.
static bool repeats(const interp::Tensor &tensor, RankedTensorType type,
                    int64_t axis, int64_t batch) {
  int64_t outer = 1, row = 1;
  for (int64_t d = 0; d < type.getRank(); ++d)
    (d < axis ? outer : row) *= type.getDimSize(d);
  ArrayRef<float> data = tensor.getData();
  for (int64_t o = 0; o < outer; ++o) {
    ArrayRef<float> samples = data.slice(o * row, row);
    int64_t each = row / batch;
    for (int64_t s = 1; s < batch; ++s)
      if (samples.slice(s * each, each) != samples.take_front(each))
        return false;
  }
  return true;
}

/// True if every sample along dimension `axis` finds the same elements in
/// `value`, which depends on none.
static bool isSameForAll(Value value, int64_t axis, int64_t batch) {
  if (batch == 1)
    return true;
  RankedTensorType type = getTensor(value);
  if (auto broadcast = value.getDefiningOp<BroadcastToOp>()) {
    RankedTensorType from = getTensor(broadcast.getInput());
    int64_t before = axis - (type.getRank() - from.getRank());
    if (before < 0 || from.getDimSize(before) != type.getDimSize(axis))
      return true;
    return isSameForAll(broadcast.getInput(), before, batch);
  }
  if (!value.getDefiningOp<ConstantOp>())
    return false;
  FailureOr<interp::Tensor> tensor = getConstantTensor(value);
  return succeeded(tensor) && repeats(*tensor, type, axis, batch);
}

//===----------------------------------------------------------------------===//
// The analysis
//===----------------------------------------------------------------------===//

BatchAxes::BatchAxes(FunctionOpInterface function, int64_t batch)
    : batch(batch) {
  Block &body = function.getFunctionBody().front();
  for (BlockArgument argument : body.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type) { // no dimensions that could be known
      dimensions[argument] = std::nullopt;
      continue;
    }
    llvm::SmallBitVector axes(type.getRank());
    if (auto axis = function.getArgAttrOfType<IntegerAttr>(
            argument.getArgNumber(), batchAxisAttrName))
      axes.set(axis.getInt());
    dimensions[argument] = axes;
  }
  for (Operation &op : body.without_terminator())
    visit(op);
}

void BatchAxes::visit(Operation &op) {
  auto isUnknown = [&](Value v) { return !dimensions.lookup(v); };
  auto isFixed = [&](Value v) { return dimensions.lookup(v)->none(); };
  bool known = llvm::none_of(op.getOperands(), isUnknown);
  bool fixed = known && llvm::all_of(op.getOperands(), isFixed);
  auto batched = dyn_cast<BatchAxisOpInterface>(op);
  for (OpResult result : op.getResults()) {
    auto type = dyn_cast<RankedTensorType>(result.getType());
    if (fixed && type)
      dimensions[result] = llvm::SmallBitVector(type.getRank());
    else if (known && type && batched)
      dimensions[result] = map(batched, result.getResultNumber());
    else
      dimensions[result] = std::nullopt;
  }
}

BatchAxes::Dimensions BatchAxes::map(BatchAxisOpInterface op,
                                     unsigned result) const {
  RankedTensorType type = getTensor(op->getResult(result));
  llvm::SmallBitVector axes(type.getRank(), true);
  auto forImages = [&](unsigned operand, int64_t axis, auto action) {
    for (int64_t image : op.mapBatchAxis(operand, axis, result, batch))
      if (type.getDimSize(image) % batch == 0)
        action(image);
  };
  for (OpOperand &operand : op->getOpOperands()) {
    llvm::SmallBitVector from = *dimensions.lookup(operand.get());
    if (from.none())
      continue;
    llvm::SmallBitVector images(type.getRank());
    for (unsigned axis : from.set_bits())
      forImages(operand.getOperandNumber(), axis,
                [&](int64_t image) { images.set(image); });
    axes &= images;
  }
  for (OpOperand &operand : op->getOpOperands()) {
    if (dimensions.lookup(operand.get())->any())
      continue;
    for (int64_t d = 0; d < getTensor(operand.get()).getRank(); ++d)
      forImages(operand.getOperandNumber(), d, [&](int64_t image) {
        if (axes.test(image) && !isSameForAll(operand.get(), d, batch))
          axes.reset(image);
      });
  }
  return axes.any() ? Dimensions(axes) : std::nullopt;
}

std::optional<int64_t>
BatchAxes::getAxis(Value value, std::optional<int64_t> declared) const {
  Dimensions axes = dimensions.lookup(value);
  if (!axes)
    return std::nullopt;
  SmallVector<int64_t> fitting;
  for (unsigned axis : axes->set_bits())
    if (getTensor(value).getDimSize(axis) == batch)
      fitting.push_back(axis);
  if (fitting.size() == 1)
    return fitting.front();
  if (declared && llvm::is_contained(fitting, *declared))
    return declared;
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

static void warn(FunctionOpInterface function, unsigned result,
                 int64_t declared, std::optional<int64_t> axis) {
  InFlightDiagnostic diag = function.emitWarning("output '");
  diag << getResultName(function, result)
       << "' is declared with its samples along dimension " << declared
       << ", but the graph ";
  if (axis)
    diag << "computes them along dimension " << *axis << ", which is used";
  else
    diag << "mixes samples in it, or computes it in a way that does not tell "
            "where they are; it gets no batch dimension, so that inputs have "
            "to hold exactly one batch";
}

void nn::inferBatchAxes(FunctionOpInterface function) {
  auto module = function->getParentOfType<ModuleOp>();
  auto batch = module ? module->getAttrOfType<IntegerAttr>(batchAttrName)
                      : IntegerAttr();
  if (!batch)
    return;
  BatchAxes axes(function, batch.getInt());
  Operation *terminator = function.getFunctionBody().front().getTerminator();
  Builder builder(function.getContext());
  StringAttr name = builder.getStringAttr(batchAxisAttrName);
  for (unsigned i = 0; i < function.getNumResults(); ++i) {
    std::optional<int64_t> declared, axis;
    if (auto attr = function.getResultAttrOfType<IntegerAttr>(i, name))
      declared = attr.getInt();
    bool isOutput = !function.getResultAttr(i, updatesAttrName) &&
                    !function.getResultAttr(i, gradientOfAttrName);
    if (isOutput)
      axis = axes.getAxis(terminator->getOperand(i), declared);
    if (declared && declared != axis)
      warn(function, i, *declared, axis);
    if (axis)
      function.setResultAttr(i, name, builder.getI64IntegerAttr(*axis));
    else
      function.removeResultAttr(i, name);
  }
}
