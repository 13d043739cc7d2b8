//===- GraphImporter.cpp - Imports a graph node by node -------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphImporter.h"
#include "NodeImporter.h"
#include "OperatorTable.h"
#include "photonic/Dialect/NN/IR/BatchAxes.h"
#include "photonic/Dialect/NN/IR/NN.h"
#include "photonic/Dialect/NN/IR/Step.h"
#include "phx/isa/Limits.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

//===----------------------------------------------------------------------===//
// Entry
//===----------------------------------------------------------------------===//

ArrayRef<int64_t> Entry::getShape() const {
  if (value)
    return cast<RankedTensorType>(value.getType()).getShape();
  return constant->shape;
}

static StringRef spellKind(ValueKind kind) {
  switch (kind) {
  case ValueKind::Float:
    return "";
  case ValueKind::Boolean:
    return "booleans of ";
  case ValueKind::Labels:
    return "class labels of ";
  case ValueKind::Counter:
    return "a counter of ";
  case ValueKind::Positions:
    return "positions in windows of ";
  }
  llvm_unreachable("all kinds are handled");
}

std::string Entry::describe() const {
  if (unknown)
    return "not known, because what computes it cannot be imported";
  if (!value)
    return constant ? constant->describe() : "nothing";
  std::string text;
  llvm::raw_string_ostream(text) << spellKind(kind) << value.getType();
  return text;
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

GraphImporter::GraphImporter(Model &model, const ImportOptions &options,
                             MLIRContext &context)
    : model(model), options(options), mode(options.mode), builder(&context),
      graph(model) {}

Location GraphImporter::getNameLoc(StringRef name) {
  return NameLoc::get(builder.getStringAttr(name));
}

Entry &GraphImporter::lookup(StringRef name) {
  auto [it, isNew] = entries.try_emplace(name);
  Entry &entry = it->second;
  if (!isNew)
    return entry;
  if (const Initializer *initializer = graph.findInitializer(name)) {
    std::string what = ("initialiser '" + name + "'").str();
    entry.constant =
        initializer->dense
            ? decodeTensor(model, *initializer->dense, model.getLoc(), what)
            : decodeSparseTensor(model, *initializer->sparse, model.getLoc(),
                                 what);
    if (entry.constant) {
      entry.constant->name = name.str();
      entry.constant->isParameter = true;
      entry.constant->isLearnable = hasLearnable() && entry.constant->isFloat() &&
                                    model.getLearning(name) != Learning::Literal;
    } else {
      setFailed();
    }
  }
  if (!entry)
    makeUnknown(entry, /*atRunTime=*/!graph.findInitializer(name));
  return entry;
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

/// Position of element `index` in a tensor, as `[0, 2, 1]`.
static std::string spellPosition(ArrayRef<int64_t> shape, int64_t index) {
  Shape position(shape.size());
  for (size_t d = shape.size(); d-- > 0; index /= shape[d])
    position[d] = index % shape[d];
  return spellShape(position);
}

ElementsAttr GraphImporter::makeElements(const Constant &constant,
                                         const OwnedFloats &elements) {
  auto type = RankedTensorType::get(constant.shape, builder.getF32Type());
  ArrayRef<float> floats = elements.floats;
  if (!constant.isParameter && floats.size() <= 16)
    return DenseElementsAttr::get(type, floats);
  // The blob shares the elements with the model or the external file.
  AsmResourceBlob blob(
      ArrayRef<char>(reinterpret_cast<const char *>(floats.data()),
                     floats.size() * sizeof(float)),
      alignof(float), [owner = elements.owner](void *, size_t, size_t) {},
      /*dataIsMutable=*/false);
  return DenseResourceElementsAttr::get(
      type, constant.name.empty() ? "constant" : constant.name,
      std::move(blob));
}

/// `initialiser 'w'`
static std::string spellConstant(const Constant &constant) {
  return (constant.isParameter ? "initialiser '" : "constant '") +
         constant.name + "'";
}

/// `initialiser 'w' holds NaN at index [1, 0] (element 2); expected …`
static std::string spellBadElement(const Constant &constant, float element,
                                   int64_t index) {
  return spellConstant(constant) + " holds " +
         (std::isnan(element) ? "NaN" : "an infinity") + " at index " +
         spellPosition(constant.shape, index) + " (element " +
         std::to_string(index) +
         "); expected finite weights: check the training";
}

LogicalResult GraphImporter::checkElements(const Constant &constant,
                                           ArrayRef<float> floats) {
  if (floats.empty())
    return emitError(model.getLoc())
           << spellConstant(constant) << " of shape "
           << spellShape(constant.shape)
           << " has no elements; expected positive extents";
  const float *bad =
      llvm::find_if(floats, [](float element) { return std::isnan(element); });
  if (bad == floats.end())
    return success();
  return emitError(model.getLoc())
         << spellBadElement(constant, *bad, bad - floats.begin());
}

LogicalResult GraphImporter::checkParameter(const Constant &constant,
                                            ArrayRef<float> floats) {
  if (failed(checkElements(constant, floats)))
    return failure();
  int64_t bad = findNonFinite(floats);
  if (bad < 0)
    return success();
  return emitError(model.getLoc())
         << spellBadElement(constant, floats[bad], bad);
}

LogicalResult GraphImporter::checkFinite(nn::ConstantOp constant) {
  auto found =
      constant ? infinite.find(constant.getOperation()) : infinite.end();
  if (found == infinite.end())
    return success();
  setFailed();
  return emitError(model.getLoc()) << found->second;
}

Value GraphImporter::materialize(Constant &constant) {
  if (constant.value)
    return constant.value;
  OwnedFloats elements = constant.getFloats();
  int64_t bad = findNonFinite(elements.floats);
  if ((bad >= 0 || elements.floats.empty()) &&
      failed(checkElements(constant, elements.floats)))
    return {};
  Location loc = getNameLoc(constant.name.empty() ? "constant" : constant.name);
  StringAttr name = constant.isParameter ? builder.getStringAttr(constant.name)
                                         : StringAttr();
  auto op = nn::ConstantOp::create(builder, loc,
                                   makeElements(constant, elements), name);
  if (hasLearnable())
    markLearning(op, constant);
  constant.value = op;
  if (bad >= 0)
    infinite[op] = spellBadElement(constant, elements.floats[bad], bad);
  return constant.value;
}

//===----------------------------------------------------------------------===//
// Function
//===----------------------------------------------------------------------===//

void GraphImporter::createFunction(const GraphInputs &inputs) {
  module = ModuleOp::create(model.getLoc());
  (*module)->setAttr(
      nn::modelAttrName,
      builder.getStringAttr(llvm::sys::path::stem(model.getPath())));
  (*module)->setAttr(nn::modeAttrName,
                     builder.getStringAttr(getImportModeName(mode)));
  if (StringRef format = model.getTrainedFormat(); !format.empty())
    (*module)->setAttr(nn::trainedFormatAttrName,
                       builder.getStringAttr(format));
  if (!options.freeze.empty())
    (*module)->setAttr(nn::freezeAttrName,
                       builder.getStringAttr(options.freeze));
  batch = inputs.batch;
  for (const auto &symbol : inputs.batchSymbols)
    batchSymbols.insert(symbol.first());
  if (batch)
    (*module)->setAttr(nn::batchAttrName, builder.getI64IntegerAttr(batch));
  SmallVector<StringRef> ignored = findIgnoredInputs();
  if (!ignored.empty())
    (*module)->setAttr(nn::ignoredInputsAttrName,
                       builder.getStrArrayAttr(ignored));
  SmallVector<Type> types;
  for (const GraphInput &input : inputs.list)
    types.push_back(input.type);
  builder.setInsertionPointToEnd(module->getBody());
  function = func::FuncOp::create(builder, model.getLoc(), "main",
                                  builder.getFunctionType(types, {}));
  Block *body = builder.createBlock(&function.getBody());
  for (auto [i, input] : llvm::enumerate(inputs.list)) {
    define(input.name,
           Entry(body->addArgument(input.type, getNameLoc(input.name)),
                 input.kind));
    function.setArgAttr(i, nn::nameAttrName, builder.getStringAttr(input.name));
    if (input.batchAxis)
      function.setArgAttr(i, nn::batchAxisAttrName,
                          builder.getI64IntegerAttr(*input.batchAxis));
  }
  builder.setInsertionPointToEnd(body);
  builder.setInsertionPoint(func::ReturnOp::create(builder, model.getLoc()));
}

SmallVector<StringRef> GraphImporter::findIgnoredInputs() const {
  SmallVector<StringRef> ignored;
  for (const auto &input : model.getGraph().input())
    if (!graph.findInitializer(input.name()) && !graph.isUsed(input.name()))
      ignored.push_back(input.name());
  return ignored;
}

void GraphImporter::warnAboutInputs() {
  for (StringRef name : findIgnoredInputs())
    emitWarning(model.getLoc())
        << "no output needs input '" << name
        << "'; the program ignores what is fed to it";
}

void GraphImporter::noteInputs(ArrayRef<GraphInput> inputs) {
  llvm::StringSet<> ambiguous;
  llvm::StringMap<RankedTensorType> types;
  for (const GraphInput &input : inputs)
    types[input.name] = input.type;
  for (const auto &input : model.getGraph().input()) {
    auto it = types.find(input.name());
    if (it == types.end())
      continue;
    const auto &dims = input.type().tensor_type().shape().dim();
    // An input without a shape got it from an option.
    if (dims.size() != it->second.getRank())
      continue;
    for (auto [dim, extent] : llvm::zip_equal(dims, it->second.getShape())) {
      if (dim.dim_param().empty())
        continue;
      // A name of two extents says nothing about other tensors.
      auto [known, isNew] = symbols.try_emplace(dim.dim_param(), extent);
      if (!isNew && known->second != extent)
        ambiguous.insert(dim.dim_param());
    }
  }
  for (const auto &name : ambiguous)
    symbols.erase(name.first());
}

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
  Entry &entry = lookup(graph.resolve(output.name()));
  if (entry.poisoned) {
    if (!anyFailed)
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
  return materialize(converted ? *converted : *entry.constant);
}

void GraphImporter::importOutputs() {
  unsigned index = 0;
  llvm::StringSet<> seen;
  for (const auto &output : model.getGraph().output()) {
    if (leftOut.contains(output.name()))
      continue;
    if (!seen.insert(output.name()).second) {
      emitWarning(model.getLoc())
          << "output '" << output.name()
          << "' is listed twice; the program returns it once";
      continue;
    }
    Value value = getOutput(output);
    if (!value) {
      setFailed();
      continue;
    }
    checkDeclaredOutput(output, value);
    addOutput(index++, output, value);
  }
}

std::optional<int64_t> GraphImporter::findDeclaredBatchAxis(
    const ::onnx::ValueInfoProto &output, Value value) const {
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
  NamedAttrList attrs;
  attrs.set(nn::nameAttrName, builder.getStringAttr(output.name()));
  if (std::optional<int64_t> axis = findDeclaredBatchAxis(output, value))
    attrs.set(nn::batchAxisAttrName, builder.getI64IntegerAttr(*axis));
  auto type = cast<RankedTensorType>(value.getType());
  // A backward pass begins with the gradient of the loss, a constant.
  bool isLoss = hasBackward
                    ? graph.findInitializer(output.name() + "_grad") != nullptr
                    : losses.contains(value);
  if (isLoss && type.getNumElements() == 1)
    attrs.set(nn::lossAttrName, builder.getUnitAttr());
  nn::addResult(function, value, attrs, index);
}

OwningOpRef<ModuleOp> GraphImporter::run() {
  if (failed(compileFreeze()))
    return {};
  bool namesHold = succeeded(checkGraph(model));
  if (namesHold && failed(checkBackward()))
    return {};
  checkNodes();
  if (!namesHold) {
    emitUnsupported();
    return {};
  }
  auto inputs = bindGraphInputs(model, graph, options, *builder.getContext());
  if (failed(inputs)) {
    // Nodes are judged as far as that goes without the inputs.
    setFailed();
    inputs.emplace();
  } else {
    warnAboutInputs();
  }
  createFunction(*inputs);
  noteInputs(inputs->list);
  if (hasBackward)
    createParameters();
  importNodes();
  emitUnsupported();
  if (mode == ImportMode::Training && !hasBackward && !anyFailed) {
    warnAboutCopies();
    warnAboutUnread();
  }
  if (!anyFailed && !options.optimizerModel.empty() &&
      failed(importOptimizer()))
    return {};
  importOutputs();
  if (anyFailed)
    return {};
  nn::inferBatchAxes(function);
  if (failed(verify(*module)))
    return {};
  return std::move(module);
}
