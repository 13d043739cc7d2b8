//===- Stepper.cpp - Runs a function whose arguments persist --------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Interpreter/Stepper.h"
#include "photonic/Dialect/NN/IR/Step.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::interp;
using IValue = photonic::interp::Value;

static bool persists(func::FuncOp function, unsigned argument) {
  return nn::hasRole(function, argument);
}

FailureOr<SmallVector<IValue>> interp::getInitialValues(func::FuncOp function) {
  SmallVector<IValue> values;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    if (!persists(function, i))
      continue;
    auto init = function.getArgAttrOfType<ElementsAttr>(i, nn::initAttrName);
    FailureOr<Tensor> tensor = failure();
    if (init)
      tensor = Tensor::get(init);
    if (failed(tensor))
      return function.emitError()
             << "'" << nn::getArgumentName(function, i)
             << "' has no initial value: the resource behind '"
             << nn::initAttrName << "' is absent";
    values.push_back(std::move(*tensor));
  }
  return values;
}

FailureOr<SmallVector<IValue>>
interp::completeInputs(func::FuncOp function, ArrayRef<IValue> inputs,
                       ArrayRef<IValue> persistent) {
  if (inputs.size() + persistent.size() != function.getNumArguments())
    return function.emitError()
           << "'" << function.getName() << "' has "
           << function.getNumArguments() - persistent.size() << " inputs, got "
           << inputs.size();
  SmallVector<IValue> values;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    ArrayRef<IValue> &from = persists(function, i) ? persistent : inputs;
    values.push_back(from.front());
    from = from.drop_front();
  }
  return values;
}

FailureOr<Stepper> Stepper::create(func::FuncOp function) {
  Stepper stepper(function);
  FailureOr<SmallVector<IValue>> initial = getInitialValues(function);
  if (failed(initial))
    return failure();
  stepper.state = std::move(*initial);
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (persists(function, i))
      stepper.names.push_back(nn::getArgumentName(function, i).str());
  return stepper;
}

LogicalResult Stepper::run(ArrayRef<IValue> inputs,
                           Interpreter::Observer observer) {
  FailureOr<SmallVector<IValue>> arguments =
      completeInputs(function, inputs, state);
  if (failed(arguments))
    return failure();
  Interpreter interpreter(function);
  interpreter.setObserver(std::move(observer));
  FailureOr<SmallVector<IValue>> computed = interpreter.run(*arguments);
  if (failed(computed))
    return failure();
  results = std::move(*computed);
  for (auto [name, value] : llvm::zip_equal(names, state))
    if (auto update = nn::findResult(function, nn::updatesAttrName, name))
      value = results[*update];
  return success();
}

const Tensor *Stepper::getState(StringRef name) const {
  auto found = llvm::find(names, name);
  return found == names.end() ? nullptr
                              : &state[found - names.begin()].getTensor();
}

LogicalResult Stepper::setState(StringRef name, const Tensor &value) {
  auto found = llvm::find(names, name);
  if (found == names.end())
    return failure();
  IValue &current = state[found - names.begin()];
  if (current.getTensor().getShape() != value.getShape())
    return failure();
  current = value;
  return success();
}

const Tensor *Stepper::getResult(StringRef name) const {
  if (results.empty())
    return nullptr;
  std::optional<unsigned> index =
      nn::findResult(function, nn::nameAttrName, name);
  if (!index)
    index = nn::findResult(function, nn::updatesAttrName, name);
  if (StringRef parameter = name; !index && parameter.consume_back(".grad"))
    index = nn::findResult(function, nn::gradientOfAttrName, parameter);
  return index ? &results[*index].getTensor() : nullptr;
}
