//===- NNStep.cpp - Arguments and results of a step -----------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/IR/Step.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

StringRef nn::getArgumentName(FunctionOpInterface function, unsigned i) {
  auto name = function.getArgAttrOfType<StringAttr>(i, nameAttrName);
  return name ? name.getValue() : StringRef();
}

StringRef nn::getResultName(FunctionOpInterface function, unsigned i) {
  auto name = function.getResultAttrOfType<StringAttr>(i, nameAttrName);
  return name ? name.getValue() : StringRef();
}

std::string nn::getInputName(FunctionOpInterface function, unsigned argument) {
  StringRef name = getArgumentName(function, argument);
  return name.empty() ? "input" + std::to_string(argument) : name.str();
}

std::string nn::getOutputName(FunctionOpInterface function, unsigned result) {
  StringRef name = getResultName(function, result);
  return name.empty() ? "output" + std::to_string(result) : name.str();
}

bool nn::hasRole(FunctionOpInterface function, unsigned argument) {
  return bool(function.getArgAttr(argument, roleAttrName));
}

BlockArgument nn::findArgument(FunctionOpInterface function, StringRef name) {
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (auto own = function.getArgAttrOfType<StringAttr>(i, nameAttrName))
      if (own.getValue() == name)
        return function.getArgument(i);
  return {};
}

std::optional<unsigned> nn::findResult(FunctionOpInterface function,
                                       StringRef attribute, StringRef name) {
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    if (auto own = function.getResultAttrOfType<StringAttr>(i, attribute))
      if (own.getValue() == name)
        return i;
  return std::nullopt;
}

LogicalResult nn::verifyOneBlock(FunctionOpInterface function) {
  if (function.getFunctionBody().hasOneBlock())
    return success();
  return function.emitError("expected a function of one block, found ")
         << function.getFunctionBody().getBlocks().size();
}

BlockArgument nn::addPersistent(FunctionOpInterface function, StringRef name,
                                StringRef role, ElementsAttr init,
                                Location loc, StringRef knob) {
  assert(!findArgument(function, name) && "names are unique");
  Builder builder(function.getContext());
  NamedAttrList list;
  list.set(nameAttrName, builder.getStringAttr(name));
  list.set(roleAttrName, builder.getStringAttr(role));
  list.set(initAttrName, init);
  if (!knob.empty())
    list.set(knobAttrName, builder.getStringAttr(knob));
  DictionaryAttr attributes = list.getDictionary(function.getContext());
  unsigned index = function.getNumArguments();
  // Only a function type that cannot be rebuilt fails, and ours can.
  LogicalResult inserted =
      function.insertArgument(index, init.getType(), attributes, loc);
  assert(succeeded(inserted));
  (void)inserted;
  return function.getArgument(index);
}

void nn::addResult(FunctionOpInterface function, Value value,
                   ArrayRef<NamedAttribute> attributes,
                   std::optional<unsigned> index) {
  unsigned at = index.value_or(function.getNumResults());
  LogicalResult inserted = function.insertResult(
      at, value.getType(),
      DictionaryAttr::get(function.getContext(), attributes));
  assert(succeeded(inserted));
  (void)inserted;
  Block &body = function.getFunctionBody().front();
  body.getTerminator()->insertOperands(at, value);
}

void nn::addUpdate(FunctionOpInterface function, StringRef name, Value value) {
  Builder builder(function.getContext());
  addResult(function, value,
            builder.getNamedAttr(updatesAttrName, builder.getStringAttr(name)));
}

BlockArgument nn::findKnob(FunctionOpInterface function, StringRef knob) {
  for (BlockArgument argument : function.getArguments())
    if (auto own = function.getArgAttrOfType<StringAttr>(
            argument.getArgNumber(), knobAttrName);
        own && own.getValue() == knob)
      return argument;
  return {};
}

BlockArgument nn::getRandomKey(FunctionOpInterface function) {
  if (BlockArgument key = findKnob(function, randomKeyKnob))
    return key;
  if (BlockArgument other = findArgument(function, randomKeyName)) {
    function.emitError(hasRole(function, other.getArgNumber())
                           ? "a parameter or state is called '"
                           : "an input is called '")
        << randomKeyName << "', which is the name of the state that random "
        << "numbers are made of; rename it";
    return {};
  }
  Location loc = NameLoc::get(
      StringAttr::get(function.getContext(), StringRef(randomKeyName)));
  OpBuilder builder(function.getFunctionBody().front().getTerminator());
  auto type = RankedTensorType::get({3}, builder.getF32Type());
  BlockArgument key = addPersistent(function, randomKeyName, stateRole,
                                    DenseElementsAttr::get(type, 0.0f), loc,
                                    randomKeyKnob);
  float oneStep[] = {0, 0, 1};
  Value one = ConstantOp::create(
      builder, loc, DenseElementsAttr::get(type, ArrayRef<float>(oneStep)));
  auto next = AddOp::create(builder, loc, type, key, one);
  setPhase(next, Phase::Update);
  addUpdate(function, randomKeyName, next);
  return key;
}
