//===- GraphOutputs.cpp - What a graph returns ----------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphImporter.h"
#include "photonic/Dialect/NN/IR/Step.h"
#include "phx/isa/Limits.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

void GraphImporter::checkDeclaredOutput(const ::onnx::ValueInfoProto &output,
                                        Value value) {
  if (!output.type().has_tensor_type() ||
      !output.type().tensor_type().has_shape())
    return;
  Shape declared;
  for (const auto &dim : output.type().tensor_type().shape().dim())
    declared.push_back(dim.dim_value() > 0 ? dim.dim_value()
                                           : ShapedType::kDynamic);
  auto type = cast<RankedTensorType>(value.getType());
  if (failed(verifyCompatibleShape(declared, type.getShape())))
    emitWarning(model.getLoc())
        << "output '" << output.name() << "' is declared with shape "
        << spellShape(declared) << ", but the graph computes " << type;
}

/// Programs return binary32. Other elements are returned as that if it holds
/// them.
static std::shared_ptr<Constant> convertOutput(const Constant &constant) {
  for (int64_t element : constant.getIntegers())
    if (std::abs(element) > phx::limits::wholeNumber)
      return nullptr;
  std::shared_ptr<Constant> result =
      Constant::get<float>(constant.shape, constant.getFloats().floats);
  result->name = constant.name;
  return result;
}

Value GraphImporter::getOutput(const ::onnx::ValueInfoProto &output) {
  Entry &entry = context.lookup(graph.resolve(output.name()));
  if (entry.poisoned) {
    if (!context.hasFailed())
      emitError(model.getLoc()) << "nothing defines the output '"
                                << output.name() << "'; export the model again";
    return {};
  }
  std::shared_ptr<Constant> converted;
  if (entry.isInteger())
    converted = convertOutput(*entry.constant);
  if (entry.isValueOf(ValueKind::Positions) ||
      (entry.isInteger() && !converted)) {
    emitError(model.getLoc())
        << "output '" << output.name() << "' is the " << entry.describe()
        << "; expected tensors of FLOAT: remove this output from the model";
    return {};
  }
  if (converted || (entry.value && entry.kind != ValueKind::Float))
    emitWarning(model.getLoc())
        << "output '" << output.name() << "' is the " << entry.describe()
        << "; programs return it as tensor of FLOAT";
  if (entry.value)
    return entry.value;
  return context.materialize(converted ? *converted : *entry.constant);
}

void GraphImporter::importOutputs() {
  unsigned index = 0;
  llvm::StringSet<> seen;
  for (const auto &output : model.getGraph().output()) {
    if (function.isLeftOut(output.name()))
      continue;
    if (!seen.insert(output.name()).second) {
      emitWarning(model.getLoc())
          << "output '" << output.name()
          << "' is listed twice; the program returns it once";
      continue;
    }
    Value value = getOutput(output);
    if (!value) {
      context.setFailed();
      continue;
    }
    checkDeclaredOutput(output, value);
    addOutput(index++, output, value);
  }
}

std::optional<int64_t>
GraphImporter::findDeclaredBatchAxis(const ::onnx::ValueInfoProto &output,
                                     Value value) const {
  const auto &declared = output.type().tensor_type().shape();
  ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
  if (declared.dim_size() != int(shape.size()))
    return std::nullopt;
  for (auto [axis, dim] : llvm::enumerate(declared.dim()))
    if (batchSymbols.contains(dim.dim_param()) && shape[axis] == batch)
      return int64_t(axis);
  return std::nullopt;
}

void GraphImporter::addOutput(unsigned index,
                              const ::onnx::ValueInfoProto &output,
                              Value value) {
  OpBuilder &builder = function.getBuilder();
  NamedAttrList attrs;
  attrs.set(nn::nameAttrName, builder.getStringAttr(output.name()));
  if (std::optional<int64_t> axis = findDeclaredBatchAxis(output, value))
    attrs.set(nn::batchAxisAttrName, builder.getI64IntegerAttr(*axis));
  auto type = cast<RankedTensorType>(value.getType());
  // A backward pass begins with the gradient of the loss, a constant.
  bool isLoss = context.holdsBackward()
                    ? graph.findInitializer(output.name() + "_grad") != nullptr
                    : function.isLoss(value);
  if (isLoss && type.getNumElements() == 1)
    attrs.set(nn::lossAttrName, builder.getUnitAttr());
  nn::addResult(function.getOp(), value, attrs, index);
}
