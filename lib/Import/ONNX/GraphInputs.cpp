//===- GraphInputs.cpp - Types of the inputs of a graph -------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphImporter.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;
using ::onnx::TensorShapeProto;

namespace {
/// Binds symbolic extents.
class InputBinder {
public:
  InputBinder(Model &model, const FlatGraph &flat, const ImportOptions &options,
              MLIRContext &context)
      : model(model), flat(flat), options(options), context(context) {}

  FailureOr<SmallVector<GraphInput>> run();
  bool batchBound = false;

private:
  InFlightDiagnostic error() { return emitError(model.getLoc()); }
  LogicalResult checkType(const ::onnx::ValueInfoProto &input, ValueKind &kind);
  /// Notes which symbols stand for the batch.
  LogicalResult checkDims(const llvm::StringSet<> &symbols);
  void findBatchSymbols(const ::onnx::ValueInfoProto &input);
  LogicalResult checkFixedBatch(const ::onnx::ValueInfoProto &input);
  /// The extent of dimension `axis`, or nothing if it is left open.
  std::optional<int64_t> bind(const TensorShapeProto::Dimension &dim, int axis);
  static bool isFixed(const TensorShapeProto::Dimension &dim) {
    return dim.dim_value() > 0;
  }

  Model &model;
  const FlatGraph &flat;
  const ImportOptions &options;
  MLIRContext &context;
  llvm::StringSet<> batchSymbols;
  bool hasSymbolicBatch = false;
  std::vector<std::string> open;
};
} // namespace

LogicalResult InputBinder::checkType(const ::onnx::ValueInfoProto &input,
                                     ValueKind &kind) {
  if (!input.type().has_tensor_type())
    return error() << "input '" << input.name()
                   << "' is not a tensor; expected tensors of FLOAT";
  const auto &type = input.type().tensor_type();
  kind = ValueKind::Float;
  if (type.elem_type() != ::onnx::TensorProto::FLOAT) {
    IntegerUse use = findIntegerUse(model, flat, input);
    if (use.kind == ValueKind::Float)
      return error() << "input '" << input.name() << "' has elements of type "
                     << getElementTypeName(type.elem_type())
                     << ", expected FLOAT"
                     << (use.culprit.empty() ? "" : ", because " + use.culprit)
                     << "; export the model in FP32, or make the input a "
                        "constant (labels of losses may be INT64 or INT32)";
    kind = use.kind;
  }
  if (!type.has_shape())
    return error() << "input '" << input.name()
                   << "' has no shape; expected its number of dimensions at "
                      "least: export the model with shapes";
  return success();
}

void InputBinder::findBatchSymbols(const ::onnx::ValueInfoProto &input) {
  const TensorShapeProto &shape = input.type().tensor_type().shape();
  if (shape.dim_size() == 0 || isFixed(shape.dim(0)))
    return;
  hasSymbolicBatch = true;
  if (!shape.dim(0).dim_param().empty())
    batchSymbols.insert(shape.dim(0).dim_param());
}

LogicalResult
InputBinder::checkFixedBatch(const ::onnx::ValueInfoProto &input) {
  // Next to an input with a symbolic batch, a fixed first dimension is
  // something else.
  const TensorShapeProto &shape = input.type().tensor_type().shape();
  if (options.batch == 0 || hasSymbolicBatch || shape.dim_size() == 0 ||
      shape.dim(0).dim_value() == options.batch)
    return success();
  return error() << "batch " << options.batch << " was asked for, but input '"
                 << input.name() << "' has the fixed first dimension "
                 << shape.dim(0).dim_value()
                 << "; leave the batch out, or export the model with a dynamic "
                    "first dimension";
}

std::optional<int64_t> InputBinder::bind(const TensorShapeProto::Dimension &dim,
                                         int axis) {
  if (isFixed(dim))
    return dim.dim_value();
  for (const auto &[symbol, extent] : options.dims)
    if (!dim.dim_param().empty() && symbol == dim.dim_param())
      return extent;
  bool isBatch = axis == 0 || batchSymbols.contains(dim.dim_param());
  if (!isBatch || options.batch == 0)
    return std::nullopt;
  batchBound = true;
  return options.batch;
}

/// Every bound dimension exists in the model, and none is bound twice.
LogicalResult InputBinder::checkDims(const llvm::StringSet<> &symbols) {
  std::vector<std::string> known;
  for (const auto &symbol : symbols)
    known.push_back("'" + symbol.first().str() + "'");
  llvm::sort(known);
  bool ok = true;
  llvm::StringSet<> bound;
  for (const auto &[symbol, extent] : options.dims) {
    if (!symbols.contains(symbol)) {
      error() << "has no symbolic dimension '" << symbol << "'; it has "
              << (known.empty() ? std::string("none")
                                : llvm::join(known, ", "));
      ok = false;
    } else if (!bound.insert(symbol).second) {
      error() << "dimension '" << symbol << "' is bound twice";
      ok = false;
    }
  }
  return success(ok);
}

FailureOr<SmallVector<GraphInput>> InputBinder::run() {
  const ::onnx::GraphProto &graph = model.getGraph();
  SmallVector<const ::onnx::ValueInfoProto *> infos;
  for (const auto &input : graph.input())
    if (!flat.findInitializer(input.name()) && flat.isUsed(input.name()))
      infos.push_back(&input);
  bool ok = true;
  SmallVector<ValueKind> kinds(infos.size());
  for (auto [input, kind] : llvm::zip_equal(infos, kinds))
    ok &= succeeded(checkType(*input, kind));
  if (options.batch < 0) {
    error() << "expected a positive batch, got " << options.batch;
    ok = false;
  }
  llvm::StringSet<> symbols;
  for (const auto &input : graph.input())
    for (const auto &dim : input.type().tensor_type().shape().dim())
      if (!isFixed(dim) && !dim.dim_param().empty())
        symbols.insert(dim.dim_param());
  ok &= succeeded(checkDims(symbols));
  for (const auto &[symbol, extent] : options.dims)
    if (extent <= 0) {
      error() << "expected a positive extent for dimension '" << symbol
              << "', got " << extent;
      ok = false;
    }
  if (!ok)
    return failure();
  for (const auto *input : infos)
    findBatchSymbols(*input);
  SmallVector<GraphInput> inputs;
  for (auto [input, kind] : llvm::zip_equal(infos, kinds)) {
    ok &= succeeded(checkFixedBatch(*input));
    Shape extents;
    const TensorShapeProto &shape = input->type().tensor_type().shape();
    for (int axis = 0; axis < shape.dim_size(); ++axis) {
      const auto &dim = shape.dim(axis);
      std::optional<int64_t> extent = bind(dim, axis);
      std::string symbol = dim.has_dim_value() ? std::to_string(dim.dim_value())
                           : dim.dim_param().empty() ? "?"
                                                     : dim.dim_param();
      bool isBatch = axis == 0 || batchSymbols.contains(symbol);
      if (!extent)
        open.push_back("dimension " + std::to_string(axis) + " of input '" +
                       input->name() + "' is '" + symbol + "': " +
                       (isBatch ? "bind it with --batch N"
                        : dim.dim_param().empty()
                            ? "export the model with a positive extent"
                            : "bind it with --dim " + symbol + "=N"));
      extents.push_back(extent.value_or(1));
    }
    if (!countElements(extents)) {
      error() << "input '" << input->name() << "' has the impossible shape "
              << spellShape(extents);
      ok = false;
      continue;
    }
    inputs.push_back(
        {input->name(),
         RankedTensorType::get(extents, Float32Type::get(&context)), kind});
  }
  if (!open.empty()) {
    InFlightDiagnostic diagnostic =
        error() << "expected inputs of static shape, found " << open.size()
                << " dynamic "
                << (open.size() == 1 ? "dimension" : "dimensions");
    for (const std::string &text : open)
      diagnostic.attachNote(model.getLoc()) << text;
    return failure();
  }
  if (!ok)
    return failure();
  return inputs;
}

FailureOr<SmallVector<GraphInput>>
importer::bindGraphInputs(Model &model, const FlatGraph &graph,
                          const ImportOptions &options, MLIRContext &context,
                          bool &batchBound) {
  InputBinder binder(model, graph, options, context);
  auto inputs = binder.run();
  batchBound = binder.batchBound;
  return inputs;
}
