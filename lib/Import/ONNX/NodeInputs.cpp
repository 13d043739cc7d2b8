//===- NodeInputs.cpp - What a node reads ---------------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"
#include "phx/isa/Limits.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

Value NodeImporter::getTensor(const Entry &entry) {
  if (entry.isValueOf(ValueKind::Float))
    return entry.value;
  if (!entry)
    return {};
  if (entry.value || !entry.constant->isFloat())
    return failNull("expected a tensor of FLOAT, got the " + entry.describe());
  Value value = context.materialize(*entry.constant);
  if (!value)
    context.setFailed();
  return value;
}

Value NodeImporter::getTensor(unsigned i) {
  if (!hasInput(i))
    return failNull("input " + Twine(i) + " is left out");
  // Materialising does not add names, so the entry stays where it is.
  return getTensor(getEntry(i));
}

Value NodeImporter::getBooleans(unsigned i) {
  Entry &entry = getEntry(i);
  if (entry.isValueOf(ValueKind::Boolean))
    return entry.value;
  if (!entry.isInteger() ||
      entry.constant->elementType != ::onnx::TensorProto::BOOL)
    return failNull("expected booleans, got the " + entry.describe() + " '" +
                    node.getInput(i) + "'");
  return emitConstant(entry.constant->shape,
                      entry.constant->getFloats().floats.vec());
}

/// The constant behind changes of layout; null if it is something else.
static nn::ConstantOp findLayoutConstant(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<nn::ReshapeOp, nn::TransposeOp, nn::SliceOp, nn::BroadcastToOp>(
            op))
      break;
    value = op->getOperand(0);
  }
  return value.getDefiningOp<nn::ConstantOp>();
}

Value NodeImporter::getFiniteTensor(unsigned i) {
  Value value = getTensor(i);
  if (value && failed(context.checkFinite(findLayoutConstant(value))))
    return {};
  return value;
}

/// The argument of the function behind changes of shape; null if it is none.
static BlockArgument findArgument(Value value) {
  while (auto reshape = value.getDefiningOp<nn::ReshapeOp>())
    value = reshape.getInput();
  return dyn_cast<BlockArgument>(value);
}

Value NodeImporter::getLabels(unsigned i, int64_t classes,
                              std::optional<int64_t> ignoreIndex) {
  Entry &entry = getEntry(i);
  if (classes > phx::limits::wholeNumber)
    return failNull("expected at most 2^24 classes, got " + Twine(classes));
  if (entry.isInteger()) {
    for (int64_t label : entry.constant->getIntegers())
      if ((label < 0 || label >= classes) && label != ignoreIndex)
        return failNull("expected labels in [0, " + Twine(classes) + "), got " +
                        Twine(label) + " in '" + node.getInput(i) + "'");
    return emitConstant(entry.constant->shape,
                        entry.constant->getFloats().floats.vec());
  }
  if (!entry.isValueOf(ValueKind::Labels))
    return failNull("expected class labels of INT64 or INT32, got the " +
                    entry.describe() + " '" + node.getInput(i) + "'");
  BlockArgument argument = findArgument(entry.value);
  if (!argument ||
      failed(getFunction().markLabels(argument, classes, ignoreIndex)))
    return failNull("the labels '" + node.getInput(i) + "' are numbers of " +
                    Twine(classes) +
                    " classes here, but were used with other classes or "
                    "another ignore_index before; expected one meaning: use "
                    "two inputs");
  return entry.value;
}

FailureOr<Shape> NodeImporter::getIntegers(unsigned i, StringRef role) {
  if (!hasInput(i))
    return fail("input " + Twine(i) + " (" + role + ") is left out");
  Entry &entry = getEntry(i);
  if (!entry.isInteger())
    return unsupported("its " + role + " '" + node.getInput(i) +
                       "' is computed when the network runs; expected "
                       "integers known when it is imported");
  if (entry.constant->shape.size() > 1)
    return fail("expected a list of integers as " + role + ", got the " +
                entry.describe());
  return Shape(ArrayRef<int64_t>(entry.constant->getIntegers()));
}

FailureOr<int64_t> NodeImporter::getInteger(unsigned i, StringRef role) {
  FailureOr<Shape> values = getIntegers(i, role);
  if (failed(values))
    return failure();
  if (values->size() != 1)
    return fail("expected one integer as " + role + ", got " +
                Twine(values->size()));
  return values->front();
}

std::optional<float> NodeImporter::getConstantFloat(unsigned i) {
  if (!hasInput(i))
    return std::nullopt;
  Entry &entry = getEntry(i);
  if (!entry.isFoldable() || !entry.constant->isFloat() ||
      entry.constant->getNumElements() != 1)
    return std::nullopt;
  return entry.constant->getFloat();
}

FailureOr<std::shared_ptr<Constant>>
NodeImporter::getSettingConstant(unsigned i, StringRef role) {
  if (!hasInput(i))
    return fail("input " + Twine(i) + " (" + role + ") is left out");
  Entry &entry = getEntry(i);
  std::string what = ("its " + role + " '" + node.getInput(i) + "'").str();
  if (entry.value)
    return unsupported(what + " is computed when the network runs; expected a "
                              "scalar known when it is imported");
  if (entry.constant->getNumElements() != 1)
    return fail("expected one number as " + role + ", got the " +
                entry.describe());
  if (entry.constant->isLearnable && getModel().isLearned(entry.constant->name))
    return unsupported(what + " is learned, but the operator has no derivative "
                              "with respect to it; expected a constant");
  return entry.constant;
}

FailureOr<float> NodeImporter::getSetting(unsigned i, StringRef role) {
  FailureOr<std::shared_ptr<Constant>> constant = getSettingConstant(i, role);
  if (failed(constant))
    return failure();
  if (!(*constant)->isFloat())
    return fail("expected a float as " + role + ", got the " +
                (*constant)->describe());
  return (*constant)->getFloat();
}

FailureOr<int64_t> NodeImporter::normalizeAxis(int64_t axis, int64_t rank,
                                               bool allowEnd) {
  int64_t limit = rank + (allowEnd ? 1 : 0);
  if (axis >= -rank && axis < limit)
    return axis < 0 ? axis + rank : axis;
  return fail("expected an axis in [" + Twine(-rank) + ", " + Twine(limit) +
              ") for a tensor of rank " + Twine(rank) + ", got " + Twine(axis));
}

FailureOr<std::optional<Shape>> NodeImporter::getAxes(unsigned i,
                                                      int64_t rank) {
  std::optional<Shape> axes = node.getInts("axes");
  if (hasInput(i)) {
    FailureOr<Shape> values = getIntegers(i, "axes");
    if (failed(values))
      return failure();
    axes = *values;
  }
  if (!axes)
    return axes;
  for (int64_t &axis : *axes) {
    FailureOr<int64_t> normal = normalizeAxis(axis, rank);
    if (failed(normal))
      return failure();
    axis = *normal;
  }
  llvm::sort(*axes);
  if (std::adjacent_find(axes->begin(), axes->end()) != axes->end())
    return fail("expected distinct axes, got " + spellShape(*axes));
  return axes;
}
