//===- GraphInputs.cpp - Types of the inputs of a graph -------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphInputs.h"
#include "InputShapes.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

namespace {
/// From the inputs of the model to arguments of the function.
class InputBinder {
public:
  InputBinder(Model &model, const FlatGraph &flat, const ImportOptions &options,
              MLIRContext &context)
      : model(model), flat(flat), options(options), context(context) {}

  FailureOr<GraphInputs> run();

private:
  InFlightDiagnostic error() { return emitError(model.getLoc()); }
  LogicalResult collect();
  LogicalResult checkType(const ::onnx::ValueInfoProto &input, ValueKind &kind);
  /// One note for each dimension without an extent, with the option to give.
  LogicalResult reportOpen(const BatchChoice &batch);
  FailureOr<GraphInput> makeInput(const InputShape &input,
                                  const BatchChoice &batch);

  Model &model;
  const FlatGraph &flat;
  const ImportOptions &options;
  MLIRContext &context;
  std::vector<InputShape> inputs;
};
} // namespace

LogicalResult InputBinder::checkType(const ::onnx::ValueInfoProto &input,
                                     ValueKind &kind) {
  if (!input.type().has_tensor_type())
    return error() << "input '" << input.name()
                   << "' is not a tensor; expected tensors of FLOAT";
  const auto &type = input.type().tensor_type();
  kind = ValueKind::Float;
  if (type.elem_type() == ::onnx::TensorProto::FLOAT)
    return success();
  IntegerUse use = findIntegerUse(model, flat, input);
  if (use.kind == ValueKind::Float)
    return error() << "input '" << input.name() << "' has elements of type "
                   << getElementTypeName(type.elem_type())
                   << ", expected FLOAT"
                   << (use.culprit.empty() ? "" : ", because " + use.culprit)
                   << "; export the model in FP32, or make the input a "
                      "constant (labels of losses may be INT64 or INT32)";
  kind = use.kind;
  return success();
}

/// Inputs that no output needs are read as far as options may name their
/// dimensions.
LogicalResult InputBinder::collect() {
  const ::onnx::GraphProto &graph = model.getGraph();
  llvm::StringSet<> state;
  // What ONNX Runtime collects gradients in, and the flag that resets it.
  for (const auto &node : graph.node())
    if (node.op_type() == "InPlaceAccumulatorV2")
      state.insert(node.input().begin(), node.input().end());
  bool ok = true;
  for (const auto &info : graph.input()) {
    if (flat.findInitializer(info.name()))
      continue;
    InputShape input = readInputShape(info);
    input.isRead = flat.isUsed(info.name());
    ValueKind kind = ValueKind::Float;
    if (input.isRead)
      ok &= succeeded(checkType(info, kind));
    input.hasShape |= !input.isRead || !info.type().has_tensor_type();
    input.isData = input.isRead && !state.contains(info.name()) &&
                   (kind == ValueKind::Float || kind == ValueKind::Boolean);
    input.isLabels = kind == ValueKind::Labels;
    input.kind = kind;
    inputs.push_back(std::move(input));
  }
  return success(ok);
}

LogicalResult InputBinder::reportOpen(const BatchChoice &batch) {
  std::vector<std::string> notes;
  for (const InputShape &input : inputs)
    for (auto [axis, dim] : llvm::enumerate(input.dims))
      if (!dim.extent && input.isRead)
        notes.push_back(describeOpenDim(input, axis, batch, options.spelling));
  if (notes.empty())
    return success();
  InFlightDiagnostic diagnostic =
      error() << "expected inputs of static shape, found " << notes.size()
              << " dynamic "
              << (notes.size() == 1 ? "dimension" : "dimensions");
  for (const std::string &text : notes)
    diagnostic.attachNote(model.getLoc()) << text;
  return failure();
}

FailureOr<GraphInput> InputBinder::makeInput(const InputShape &input,
                                             const BatchChoice &batch) {
  Shape extents;
  SmallVector<int64_t> batchAxes;
  for (auto [axis, dim] : llvm::enumerate(input.dims)) {
    extents.push_back(*dim.extent);
    if (dim.isBatch)
      batchAxes.push_back(int64_t(axis));
  }
  if (!countElements(extents))
    return error() << "input '" << input.name << "' has the impossible shape "
                   << spellShape(extents);
  GraphInput result{input.name,
                    RankedTensorType::get(extents, Float32Type::get(&context)),
                    input.kind};
  if (batchAxes.size() == 1)
    result.batchAxis = batchAxes.front();
  else if (batchAxes.size() > 1)
    emitWarning(model.getLoc())
        << "input '" << input.name << "' has the batch in dimensions "
        << batchAxes[0] << " and " << batchAxes[1]
        << ", so that it cannot be split into samples: give exactly one batch "
           "of " << batch.size << " in every run";
  return result;
}

FailureOr<GraphInputs> InputBinder::run() {
  LogicalResult collected = collect();
  BatchChoice batch;
  if (failed(bindInputShapes(model, options, inputs)) || failed(collected) ||
      failed(chooseBatch(model, options, inputs, batch)) ||
      failed(reportOpen(batch)))
    return failure();
  GraphInputs result;
  bool ok = true;
  for (const InputShape &input : inputs) {
    if (!input.isRead)
      continue;
    FailureOr<GraphInput> made = makeInput(input, batch);
    ok &= succeeded(made);
    if (failed(made))
      continue;
    if (made->batchAxis)
      result.batch = batch.size;
    result.list.push_back(*made);
  }
  if (!ok)
    return failure();
  result.batchSymbols = std::move(batch.symbols);
  return result;
}

FailureOr<GraphInputs> importer::bindGraphInputs(Model &model,
                                                 const FlatGraph &graph,
                                                 const ImportOptions &options,
                                                 MLIRContext &context) {
  return InputBinder(model, graph, options, context).run();
}
