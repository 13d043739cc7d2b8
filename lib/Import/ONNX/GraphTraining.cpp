//===- GraphTraining.cpp - Training steps as graphs and from graphs -------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphImporter.h"
#include "photonic/Dialect/NN/IR/NN.h"
#include "photonic/Dialect/NN/IR/Step.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

//===----------------------------------------------------------------------===//
// Options and attributes
//===----------------------------------------------------------------------===//

LogicalResult GraphImporter::compileFreeze() {
  if (options.freeze.empty())
    return success();
  std::string problem;
  freeze.emplace(options.freeze);
  if (freeze->isValid(problem))
    return success();
  return emitError(model.getLoc())
         << "expected a regular expression of what to freeze, found '"
         << options.freeze << "': " << problem;
}

bool GraphImporter::isFrozen(StringRef name) const {
  return freeze && freeze->match(name);
}

Value GraphImporter::getRandomKey() {
  BlockArgument key = nn::getRandomKey(function);
  if (!key)
    setFailed();
  return key;
}

bool GraphImporter::isPersistent(BlockArgument argument) {
  return nn::hasRole(function, argument.getArgNumber());
}

LogicalResult GraphImporter::addUpdate(BlockArgument argument, Value value) {
  unsigned index = argument.getArgNumber();
  StringRef name = nn::getArgumentName(function, index);
  if (nn::findResult(function, nn::updatesAttrName, name))
    return failure();
  if (!nn::hasRole(function, index)) {
    auto type = cast<RankedTensorType>(argument.getType());
    function.setArgAttr(index, nn::roleAttrName,
                        builder.getStringAttr(nn::stateRole));
    function.setArgAttr(index, nn::initAttrName,
                        DenseElementsAttr::get(type, 0.0f));
    function.removeArgAttr(index, builder.getStringAttr(nn::batchAxisAttrName));
  }
  nn::addUpdate(function, name, value);
  return success();
}

LogicalResult GraphImporter::markLabels(BlockArgument argument, int64_t classes,
                                        std::optional<int64_t> ignoreIndex) {
  unsigned index = argument.getArgNumber();
  auto known =
      function.getArgAttrOfType<IntegerAttr>(index, nn::classesAttrName);
  auto ignored =
      function.getArgAttrOfType<IntegerAttr>(index, nn::ignoreIndexAttrName);
  if (known && (known.getInt() != classes || bool(ignored) != !!ignoreIndex ||
                (ignored && ignored.getInt() != *ignoreIndex)))
    return failure();
  function.setArgAttr(index, nn::classesAttrName,
                      builder.getI64IntegerAttr(classes));
  if (ignoreIndex)
    function.setArgAttr(index, nn::ignoreIndexAttrName,
                        builder.getI64IntegerAttr(*ignoreIndex));
  return success();
}

//===----------------------------------------------------------------------===//
// What is learned
//===----------------------------------------------------------------------===//

void GraphImporter::markLearning(Operation *op, const Constant &constant) {
  if (!constant.isParameter && !constant.isLiteral)
    return;
  Learning learning = model.getLearning(constant.name);
  if (learning != Learning::Unstated)
    op->setAttr(nn::learnedAttrName,
                builder.getBoolAttr(learning == Learning::Learned));
  if (constant.isLiteral)
    op->setAttr(nn::literalAttrName, builder.getStringAttr(constant.name));
}

bool GraphImporter::isOwnParameter(const Node &node, const Constant &source) {
  StringRef name = node.getOutput(0);
  if (model.getLearning(name) != Learning::Unstated)
    return model.isLearned(name);
  bool isOutput = llvm::any_of(model.getGraph().output(), [&](auto &output) {
    return ref(output.name()) == name;
  });
  if (!model.isFromPyTorch() || isOutput)
    return false;
  std::string pair = "'" + name.str() + "' (of '" + source.name + "')";
  if (isModuleName(name))
    separated.push_back(pair);
  else if (name.starts_with("onnx::"))
    united.push_back(pair);
  return isModuleName(name);
}

void GraphImporter::warnAboutCopies() {
  if (!separated.empty())
    emitWarning(model.getLoc())
        << "PyTorch wrote these parameters as copies, as it writes equal ones "
           "and shared ones alike; each is trained on its own: "
        << llvm::join(separated, ", ")
        << "; if the module shares them, export it with photonic.from_torch, "
           "which says so";
  if (!united.empty())
    emitWarning(model.getLoc())
        << "PyTorch wrote these tensors as copies, as it writes equal ones and "
           "shared ones alike; each is trained as one parameter with its "
           "original: "
        << llvm::join(united, ", ")
        << "; if the module has several, export it with photonic.from_torch, "
           "which says so";
}

void GraphImporter::warnAboutUnread() {
  std::string dead, settings;
  for (const auto &initializer : model.getGraph().initializer()) {
    StringRef name = ref(initializer.name());
    auto entry = entries.find(name);
    bool isRead = entry != entries.end();
    Learning learning = model.getLearning(name);
    if (!isFloatType(initializer.data_type()) || isFrozen(name) ||
        (isRead && (!entry->second.constant || entry->second.constant->value)))
      continue;
    std::string &names = isRead ? settings : dead;
    if (learning == Learning::Learned ||
        (learning == Learning::Unstated && !isRead))
      names += (names.empty() ? "'" : ", '") + name.str() + "'";
  }
  if (!dead.empty())
    emitWarning(model.getLoc())
        << "not trained, because no output depends on them: " << dead;
  if (!settings.empty())
    emitWarning(model.getLoc())
        << "not trained, because they only set up operators, which have no "
           "derivative with respect to them: "
        << settings;
}

//===----------------------------------------------------------------------===//
// Graphs with a backward pass
//===----------------------------------------------------------------------===//

/// True for operators that only occur where a backward pass is in the graph.
static bool isBackward(const Node &node) {
  StringRef op = node.getOpType();
  return op == "InPlaceAccumulatorV2" || op == "MaxPoolGrad" ||
         op == "AveragePoolGrad" ||
         (node.getDomain() == microsoftDomain &&
          (op.ends_with("Grad") || op.ends_with("Grad_13")));
}

LogicalResult GraphImporter::checkBackward() {
  auto first = llvm::find_if(graph.getNodes(), isBackward);
  if (first == graph.getNodes().end())
    return success();
  hasBackward = true;
  mode = ImportMode::Training;
  if (options.mode == ImportMode::Inference)
    return success();
  InFlightDiagnostic diagnostic = emitError(model.getLoc());
  diagnostic << "the graph holds its own backward pass, such as node '"
             << first->getName() << "' (" << first->getOpType() << "); ";
  if (options.mode == ImportMode::Training)
    return diagnostic << "compile it without "
                      << spell(options.spelling, "train")
                      << ", or a model with the forward pass alone";
  return diagnostic << "for evaluation compile a model with the forward pass "
                       "alone";
}

StringRef GraphImporter::getAccumulated(StringRef buffer) {
  return buffer.consume_back("_grad.accumulation.buffer") ? buffer
                                                          : StringRef();
}

void GraphImporter::createParameter(StringRef name, bool trainable) {
  if (!graph.findInitializer(name))
    return;
  Entry &entry = lookup(name);
  if (!entry.constant || !entry.constant->isFloat())
    return;
  OwnedFloats elements = entry.constant->getFloats();
  if (failed(checkParameter(*entry.constant, elements.floats))) {
    entry.poisoned = true;
    return setFailed();
  }
  BlockArgument argument = nn::addPersistent(
      function, name, nn::parameterRole,
      makeElements(*entry.constant, elements), getNameLoc(name));
  if (trainable)
    function.setArgAttr(argument.getArgNumber(), nn::trainableAttrName,
                        builder.getUnitAttr());
  entry = Entry(argument);
}

void GraphImporter::createParameters() {
  for (const Node &node : graph.getNodes()) {
    if (!graph.isLive(node))
      continue;
    if (node.getOpType() == "InPlaceAccumulatorV2")
      createParameter(getAccumulated(node.getInput(0)), /*trainable=*/true);
    if (node.getOpType() != "BatchNormInternal")
      continue;
    for (unsigned i : {3, 4})
      createParameter(node.getInput(i), /*trainable=*/false);
  }
}
