//===- Stepper.cpp - Runs a function whose arguments persist --------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Interpreter/Stepper.h"
#include "photonic/Interpreter/StepDialectInterface.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::interp;
using IValue = photonic::interp::Value;

//===----------------------------------------------------------------------===//
// What dialects say
//===----------------------------------------------------------------------===//

/// The interface of the dialect that owns an attribute called `name`, such as
/// `nn` of `nn.role`. A file may name a dialect of which it has no operation,
/// and which is not loaded then.
static const StepDialectInterface *findOwner(StringAttr name) {
  auto [space, rest] = name.getValue().split('.');
  if (rest.empty())
    return nullptr;
  Dialect *dialect = name.getContext()->getOrLoadDialect(space);
  return dialect ? dialect->getRegisteredInterface<StepDialectInterface>()
                 : nullptr;
}

const StepDialectInterface *
interp::findStepInterface(FunctionOpInterface function) {
  for (ArrayAttr all : {function.getArgAttrsAttr(), function.getResAttrsAttr()})
    for (Attribute attributes : all ? all.getValue() : ArrayRef<Attribute>())
      for (NamedAttribute attribute : cast<DictionaryAttr>(attributes))
        if (const StepDialectInterface *owner = findOwner(attribute.getName()))
          return owner;
  return nullptr;
}

/// Positions of the arguments that persist.
static SmallVector<unsigned> findPersistent(func::FuncOp function) {
  SmallVector<unsigned> persistent;
  const StepDialectInterface *step = findStepInterface(function);
  for (unsigned i = 0; step && i < function.getNumArguments(); ++i)
    if (step->persists(function, i))
      persistent.push_back(i);
  return persistent;
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<IValue>> interp::getInitialValues(func::FuncOp function) {
  SmallVector<IValue> values;
  const StepDialectInterface *step = findStepInterface(function);
  for (unsigned i : findPersistent(function)) {
    ElementsAttr init = step->getInitialValue(function, i);
    FailureOr<Tensor> tensor = failure();
    if (init)
      tensor = Tensor::get(init);
    if (failed(tensor))
      return function.emitError()
             << "'" << step->getName(function, i)
             << "' has no initial value: the resource behind '"
             << step->getInitialValueName() << "' is absent";
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
  SmallVector<unsigned> persists = findPersistent(function);
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    ArrayRef<IValue> &from =
        llvm::is_contained(persists, i) ? persistent : inputs;
    values.push_back(from.front());
    from = from.drop_front();
  }
  return values;
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

FailureOr<Stepper> Stepper::create(func::FuncOp function) {
  Stepper stepper(function);
  FailureOr<SmallVector<IValue>> initial = getInitialValues(function);
  if (failed(initial))
    return failure();
  stepper.state = std::move(*initial);
  stepper.step = findStepInterface(function);
  for (unsigned i : findPersistent(function))
    stepper.names.push_back(stepper.step->getName(function, i).str());
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
    if (auto update = step->findUpdate(function, name))
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
  if (results.empty() || !step)
    return nullptr;
  std::optional<unsigned> index = step->findResult(function, name);
  return index ? &results[*index].getTensor() : nullptr;
}
