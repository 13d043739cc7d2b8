//===- EntryFunction.cpp - The function that a graph becomes --------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EntryFunction.h"
#include "photonic/Dialect/NN/IR/Step.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

Location EntryFunction::getNameLoc(StringRef name) {
  return NameLoc::get(builder.getStringAttr(name));
}

void EntryFunction::create(Location loc, ArrayRef<GraphInput> inputs) {
  module = ModuleOp::create(loc);
  SmallVector<Type> types;
  for (const GraphInput &input : inputs)
    types.push_back(input.type);
  builder.setInsertionPointToEnd(module->getBody());
  function = func::FuncOp::create(builder, loc, "main",
                                  builder.getFunctionType(types, {}));
  Block *body = builder.createBlock(&function.getBody());
  for (auto [i, input] : llvm::enumerate(inputs)) {
    body->addArgument(input.type, getNameLoc(input.name));
    function.setArgAttr(i, nn::nameAttrName, builder.getStringAttr(input.name));
    if (input.batchAxis)
      function.setArgAttr(i, nn::batchAxisAttrName,
                          builder.getI64IntegerAttr(*input.batchAxis));
  }
  builder.setInsertionPointToEnd(body);
  builder.setInsertionPoint(func::ReturnOp::create(builder, loc));
}

Value EntryFunction::getRandomKey() { return nn::getRandomKey(function); }

bool EntryFunction::isPersistent(BlockArgument argument) {
  return nn::hasRole(function, argument.getArgNumber());
}

LogicalResult EntryFunction::addUpdate(BlockArgument argument, Value value) {
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

LogicalResult EntryFunction::markLabels(BlockArgument argument, int64_t classes,
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

BlockArgument EntryFunction::addParameter(StringRef name, ElementsAttr init,
                                          bool trainable) {
  BlockArgument argument = nn::addPersistent(function, name, nn::parameterRole,
                                             init, getNameLoc(name));
  if (trainable)
    function.setArgAttr(argument.getArgNumber(), nn::trainableAttrName,
                        builder.getUnitAttr());
  return argument;
}
