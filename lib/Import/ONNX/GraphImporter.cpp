//===- GraphImporter.cpp - Imports a graph node by node -------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphImporter.h"
#include "NodeImporter.h"
#include "OperatorTable.h"
#include "photonic/Dialect/NN/IR/NN.h"
#include "photonic/Dialect/NN/IR/Step.h"

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
    : model(model), options(options), mode(options.mode), builder(&context) {
  const ::onnx::GraphProto &graph = model.getGraph();
  for (const auto &initializer : graph.initializer())
    initializers[initializer.name()] = &initializer;
  nodes.reserve(graph.node_size());
  for (int i = 0; i < graph.node_size(); ++i)
    nodes.emplace_back(graph.node(i), i);
  for (Node &node : nodes) {
    std::string name = node.getName().str();
    for (unsigned copy = 2; !nodeNames.insert(name).second; ++copy)
      name = node.getName().str() + "#" + std::to_string(copy);
    node.rename(std::move(name));
  }
  refused.resize(nodes.size());
}

Location GraphImporter::getNameLoc(StringRef name) {
  return NameLoc::get(builder.getStringAttr(name));
}

Entry &GraphImporter::lookup(StringRef name) {
  auto [it, isNew] = entries.try_emplace(name);
  if (!isNew)
    return it->second;
  auto initializer = initializers.find(name);
  if (initializer != initializers.end()) {
    it->second.constant =
        decodeTensor(model, *initializer->second, model.getLoc(),
                     ("initialiser '" + name + "'").str());
    if (Constant *constant = it->second.constant.get()) {
      constant->isParameter = true;
      constant->isLearnable = hasLearnable() && constant->isFloat() &&
                              model.getLearning(name) != Learning::Literal;
    } else {
      setFailed();
    }
  }
  it->second.poisoned = !it->second.constant;
  return it->second;
}

void GraphImporter::poison(const Node &node) {
  for (unsigned i = 0; i < node.getNumOutputs(); ++i)
    entries[node.getOutput(i)].poisoned = true;
}

void GraphImporter::reportUnsupported(const Node &node, std::string reason) {
  unsupported.push_back({&node, std::move(reason)});
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
// Nodes
//===----------------------------------------------------------------------===//

const OperatorForm *GraphImporter::findForm(const Node &node) const {
  return findOperator(node.getDomain(), node.getOpType(),
                      model.getOpset(node.getDomain()));
}

llvm::StringSet<> GraphImporter::findComputed() const {
  llvm::StringSet<> computed;
  for (const auto &input : model.getGraph().input())
    if (!initializers.contains(input.name()))
      computed.insert(input.name());
  for (const Node &node : nodes) {
    // Shapes are known while importing.
    bool depends = llvm::any_of(
        node.getProto().input(), [&](const std::string &input) {
          return node.getOpType() != "Shape" && node.getOpType() != "Size" &&
                 computed.contains(input);
        });
    for (unsigned i = 0; depends && i < node.getNumOutputs(); ++i)
      if (node.hasOutput(i))
        computed.insert(node.getOutput(i));
  }
  return computed;
}

void GraphImporter::checkPad(const Node &node,
                             function_ref<void(std::string)> report) {
  StringRef mode = node.getString("mode", "constant");
  if (mode == "constant")
    return;
  std::optional<Shape> pads = node.getInts("pads");
  bool extends =
      pads && llvm::any_of(*pads, [](int64_t pad) { return pad != 0; });
  if (initializers.contains(node.getInput(1)))
    if (const auto &constant = lookup(node.getInput(1)).constant)
      extends = constant->hasNonZero();
  if (extends)
    report(refusePadMode(mode));
}

void GraphImporter::checkNodes() {
  for (const Node &node : nodes)
    for (unsigned i = 0; i < node.getNumInputs(); ++i)
      used.insert(node.getInput(i));
  for (const auto &output : model.getGraph().output())
    used.insert(output.name());
  used.erase("");
  llvm::StringSet<> computed = findComputed();
  for (const Node &node : nodes) {
    auto report = [&](std::string reason) {
      refused[node.getIndex()] = true;
      reportUnsupported(node, std::move(reason));
    };
    const OperatorForm *form = findForm(node);
    auto isComputed = [&](const std::string &input) {
      return computed.contains(input);
    };
    if (form)
      checkForm(node, *form, used, mode, report);
    if (form && node.getOpType() == "Pad")
      checkPad(node, report);
    if (form && (form->handler ||
                 !llvm::any_of(node.getProto().input(), isComputed)))
      continue;
    std::string reason = "the operator is not supported";
    if (form)
      reason = onlyOnConstants;
    else if (!isKnownDomain(node.getDomain()))
      reason = "the domain is not supported";
    else if (int since =
                 getKnownOpsets(node.getDomain(), node.getOpType()).first)
      reason += " before opset " + std::to_string(since);
    for (const auto &attr : node.getProto().attribute())
      reason += (&attr == &node.getProto().attribute(0) ? "; its attributes: "
                                                        : ", ") +
                spellAttr(attr);
    report(std::move(reason));
  }
}

void GraphImporter::importNodes() {
  for (const Node &node : nodes) {
    if (refused[node.getIndex()]) {
      poison(node);
      continue;
    }
    NodeImporter(*this, node).run(*findForm(node));
  }
}

void GraphImporter::emitUnsupported() {
  if (unsupported.empty())
    return;
  setFailed();
  llvm::SmallSetVector<const Node *, 8> culprits;
  for (const Unsupported &item : unsupported)
    culprits.insert(item.node);
  InFlightDiagnostic diagnostic = emitError(model.getLoc());
  diagnostic << culprits.size() << " of " << nodes.size()
             << " nodes cannot be imported; change the network or simplify the "
                "model until none of these is left";
  for (const Unsupported &item : unsupported) {
    const Node &node = *item.node;
    int64_t opset = model.getOpset(node.getDomain());
    Diagnostic &note = diagnostic.attachNote(model.getLoc());
    note << "node '" << node.getName() << "': operator " << node.getOpType()
         << ", domain " << spellDomain(node.getDomain()) << ", opset ";
    if (opset)
      note << opset;
    else
      note << "not imported";
    note << ": " << item.reason;
  }
}

//===----------------------------------------------------------------------===//
// Function
//===----------------------------------------------------------------------===//

void GraphImporter::createFunction(ArrayRef<GraphInput> inputs,
                                   bool batchBound) {
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
  if (batchBound)
    (*module)->setAttr(nn::batchAttrName,
                       builder.getI64IntegerAttr(options.batch));
  SmallVector<Type> types;
  for (const GraphInput &input : inputs)
    types.push_back(input.type);
  builder.setInsertionPointToEnd(module->getBody());
  function = func::FuncOp::create(builder, model.getLoc(), "main",
                                  builder.getFunctionType(types, {}));
  Block *body = builder.createBlock(&function.getBody());
  for (auto [i, input] : llvm::enumerate(inputs)) {
    define(input.name,
           Entry(body->addArgument(input.type, getNameLoc(input.name)),
                 input.kind));
    function.setArgAttr(i, nn::nameAttrName, builder.getStringAttr(input.name));
  }
  builder.setInsertionPointToEnd(body);
  builder.setInsertionPoint(func::ReturnOp::create(builder, model.getLoc()));
}

std::optional<Shape> GraphImporter::findDeclaredShape(StringRef name) const {
  for (const auto &info : model.getGraph().value_info()) {
    if (ref(info.name()) != name || !info.type().tensor_type().has_shape())
      continue;
    Shape shape;
    for (const auto &dim : info.type().tensor_type().shape().dim())
      shape.push_back(dim.dim_value() > 0 ? dim.dim_value() : -1);
    return shape;
  }
  return std::nullopt;
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

void GraphImporter::importOutputs() {
  unsigned index = 0;
  for (const auto &output : model.getGraph().output()) {
    if (leftOut.contains(output.name()))
      continue;
    Entry &entry = lookup(output.name());
    if (entry.poisoned)
      return;
    if (entry.isInteger() || entry.isValueOf(ValueKind::Positions)) {
      emitError(model.getLoc())
          << "output '" << output.name() << "' is the " << entry.describe()
          << "; expected tensors of FLOAT: remove this output from the model";
      return setFailed();
    }
    Value value = entry.value ? entry.value : materialize(*entry.constant);
    if (!value)
      return setFailed();
    checkDeclaredOutput(output, value);
    addOutput(index++, output.name(), value);
  }
}

void GraphImporter::addOutput(unsigned index, StringRef name, Value value) {
  NamedAttrList attrs;
  attrs.set(nn::nameAttrName, builder.getStringAttr(name));
  auto type = cast<RankedTensorType>(value.getType());
  if (mode == ImportMode::Training && losses.contains(value) &&
      type.getNumElements() == 1) {
    // The loss of a graph with a backward pass has been differentiated.
    if (!hasBackward)
      attrs.set(nn::lossAttrName, builder.getUnitAttr());
    // One number per step, not a scalar: the numbers of several steps form a
    // vector.
    if (type.getRank() != 1) {
      auto vector = nn::ReshapeOp::create(
          builder, value.getLoc(),
          RankedTensorType::get({1}, builder.getF32Type()), value);
      nn::setPhase(vector, nn::Phase::Loss);
      value = vector;
    }
  }
  nn::addResult(function, value, attrs, index);
}

OwningOpRef<ModuleOp> GraphImporter::run() {
  if (failed(compileFreeze()) || failed(checkGraph(model)) ||
      failed(checkBackward()))
    return {};
  bool batchBound = false;
  auto inputs =
      bindGraphInputs(model, options, *builder.getContext(), batchBound);
  checkNodes();
  if (failed(inputs)) {
    emitUnsupported();
    return {};
  }
  createFunction(*inputs, batchBound);
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
  if (anyFailed || failed(verify(*module)))
    return {};
  return std::move(module);
}
