//===- NNAttributes.cpp - Attributes of modules, functions, operations ----===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the dialect's discardable attributes may be. NNBase.td says what they
// mean.
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/IR/Marks.h"
#include "photonic/Dialect/NN/IR/Step.h"

#include "mlir/IR/BuiltinOps.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

Phase nn::getPhase(Operation *op) {
  auto name = op->getAttrOfType<StringAttr>(phaseAttrName);
  return name ? symbolizePhase(name.getValue()).value_or(Phase::Forward)
              : Phase::Forward;
}

void nn::setPhase(Operation *op, Phase phase) {
  op->setDiscardableAttr(
      phaseAttrName, StringAttr::get(op->getContext(), stringifyPhase(phase)));
}

void nn::setMarks(Operation *op, DictionaryAttr marks) {
  NamedAttrList kept;
  for (NamedAttribute mark : marks)
    if (!llvm::is_contained(op->getName().getAttributeNames(), mark.getName()))
      kept.append(mark);
  op->setDiscardableAttrs(kept.getDictionary(op->getContext()));
}

/// `expected 'nn.x' of argument 3 to be WHAT, got VALUE`.
static InFlightDiagnostic emitExpected(Operation *op, NamedAttribute attribute,
                                       const Twine &place, const Twine &what) {
  return op->emitOpError() << "expected '" << attribute.getName().getValue()
                           << "'" << place << " to be " << what << ", got "
                           << attribute.getValue();
}

/// A name with a slip of the pen would have no effect and no message.
static LogicalResult verifyKnown(Operation *op, NamedAttribute attribute,
                                 ArrayRef<StringRef> known,
                                 const Twine &place) {
  if (llvm::is_contained(known, attribute.getName().getValue()))
    return success();
  InFlightDiagnostic diag = op->emitOpError() << "unknown attribute '"
                                              << attribute.getName().getValue()
                                              << "'" << place << "; expected ";
  llvm::interleaveComma(known, diag);
  return diag;
}

//===----------------------------------------------------------------------===//
// Modules and operations
//===----------------------------------------------------------------------===//

LogicalResult NNDialect::verifyOperationAttribute(Operation *op,
                                                  NamedAttribute attribute) {
  StringRef name = attribute.getName();
  Attribute value = attribute.getValue();
  if ((name == modelAttrName || name == modeAttrName ||
       name == freezeAttrName || name == trainedFormatAttrName) &&
      !isa<StringAttr>(value))
    return emitExpected(op, attribute, "", "a string");
  if (name == operatorAttrName && !isa<StringAttr>(value))
    return emitExpected(op, attribute, "", "a string");
  if (name == learnedAttrName &&
      (!isa<BoolAttr>(value) || !isa<ConstantOp>(op)))
    return emitExpected(op, attribute, "", "true or false, on a constant");
  if (name == literalAttrName &&
      (!isa<StringAttr>(value) || !isa<ConstantOp>(op)))
    return emitExpected(op, attribute, "", "a string, on a constant");
  if (name == batchAttrName) {
    auto batch = dyn_cast<IntegerAttr>(value);
    if (!batch || batch.getInt() < 1)
      return emitExpected(op, attribute, "", "a positive integer");
  }
  if (name == ignoredInputsAttrName) {
    auto inputs = dyn_cast<ArrayAttr>(value);
    if (!inputs || !llvm::all_of(inputs, llvm::IsaPred<StringAttr>))
      return emitExpected(op, attribute, "", "a list of strings");
  }
  if (name == phaseAttrName) {
    auto phase = dyn_cast<StringAttr>(value);
    if (!phase || !symbolizePhase(phase.getValue()))
      return emitExpected(op, attribute, "",
                          "'forward', 'loss', 'input_gradient', "
                          "'weight_gradient' or 'update'");
  }
  if (name == nameAttrName)
    return op->emitOpError() << "'" << name
                             << "' belongs on an argument or a result of a "
                                "function, not on an operation";
  const StringRef known[] = {modelAttrName,         batchAttrName,
                             modeAttrName,          freezeAttrName,
                             learnedAttrName,       literalAttrName,
                             operatorAttrName,      phaseAttrName,
                             trainedFormatAttrName, ignoredInputsAttrName};
  return verifyKnown(op, attribute, known, "");
}

//===----------------------------------------------------------------------===//
// Arguments and results
//===----------------------------------------------------------------------===//

/// The dimension along which the samples lie exists and has their number.
static LogicalResult verifyBatchAxis(FunctionOpInterface function, Type type,
                                     NamedAttribute attribute,
                                     const Twine &place) {
  auto axis = dyn_cast<IntegerAttr>(attribute.getValue());
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!axis || !axis.getType().isInteger(64) || !tensor || axis.getInt() < 0 ||
      axis.getInt() >= tensor.getRank())
    return emitExpected(function, attribute, place,
                        "an i64, the number of a dimension")
           << "; the type is " << type;
  auto module = function->getParentOfType<ModuleOp>();
  auto batch = module ? module->getAttrOfType<IntegerAttr>(batchAttrName)
                      : IntegerAttr();
  if (!batch)
    return function.emitOpError()
           << "expected '" << batchAttrName << "' on the module, because of '"
           << batchAxisAttrName << "'" << place;
  if (tensor.getDimSize(axis.getInt()) != batch.getInt())
    return function.emitOpError()
           << "expected extent " << batch.getInt() << ", the module's '"
           << batchAttrName << "', in dimension " << axis.getInt() << place
           << ", got " << type;
  return success();
}

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

namespace {
/// The rules about one attribute of one argument.
class ArgumentRules {
public:
  ArgumentRules(FunctionOpInterface function, unsigned argument,
                NamedAttribute attribute)
      : function(function), argument(argument), attribute(attribute),
        place((" of argument " + Twine(argument)).str()) {}

  LogicalResult verifyName();
  LogicalResult verifyRole();
  LogicalResult verifyInit();
  LogicalResult verifyKnob();
  LogicalResult verifyTrainable();
  LogicalResult verifyClasses();
  LogicalResult verifyIgnoreIndex();
  LogicalResult verifyBatchAxis();

private:
  InFlightDiagnostic emitExpected(const Twine &what) {
    return ::emitExpected(function, attribute, place, what);
  }
  /// Fails unless the argument has the attribute `other` as well.
  LogicalResult verifyBeside(StringRef other) {
    if (function.getArgAttr(argument, other))
      return success();
    return function.emitOpError()
           << "expected '" << other << "' beside '"
           << attribute.getName().getValue() << "'" << place;
  }

  FunctionOpInterface function;
  unsigned argument;
  NamedAttribute attribute;
  std::string place;
};
} // namespace

LogicalResult ArgumentRules::verifyName() {
  auto name = dyn_cast<StringAttr>(attribute.getValue());
  if (!name || name.empty())
    return emitExpected("a name");
  if (function.isExternal())
    return success();
  BlockArgument first = findArgument(function, name.getValue());
  if (first.getArgNumber() < argument)
    return function.emitOpError()
           << "arguments " << first.getArgNumber() << " and " << argument
           << " are both called " << name;
  return success();
}

LogicalResult ArgumentRules::verifyRole() {
  auto role = dyn_cast<StringAttr>(attribute.getValue());
  if (!role ||
      (role.getValue() != parameterRole && role.getValue() != stateRole))
    return emitExpected("'parameter' or 'state'");
  return failure(failed(verifyBeside(nameAttrName)) ||
                 failed(verifyBeside(initAttrName)));
}

LogicalResult ArgumentRules::verifyInit() {
  auto init = dyn_cast<ElementsAttr>(attribute.getValue());
  Type type = function.getArgumentTypes()[argument];
  if (!init || init.getType() != type)
    return emitExpected("elements of the argument's type")
           << "; the type is " << type;
  return verifyBeside(roleAttrName);
}

LogicalResult ArgumentRules::verifyKnob() {
  auto knob = dyn_cast<StringAttr>(attribute.getValue());
  if (!knob ||
      (knob.getValue() != learningRateKnob && knob.getValue() != randomKeyKnob))
    return emitExpected("'learning_rate' or 'random_key'");
  auto role = function.getArgAttrOfType<StringAttr>(argument, roleAttrName);
  if (!role || role.getValue() != stateRole)
    return function.emitOpError()
           << "'" << attribute.getName().getValue() << "'" << place
           << " belongs on an argument with '" << roleAttrName
           << "' = \"state\"";
  auto type = dyn_cast<RankedTensorType>(function.getArgumentTypes()[argument]);
  int64_t numbers = knob.getValue() == randomKeyKnob ? 3 : 1;
  if (!type || !type.hasStaticShape() || type.getNumElements() != numbers)
    return function.emitOpError()
           << "a " << knob << " has " << numbers << " elements, argument "
           << argument << " has type " << function.getArgumentTypes()[argument];
  for (unsigned other = 0; other < argument; ++other)
    if (function.getArgAttr(other, knobAttrName) == knob)
      return function.emitOpError() << "arguments " << other << " and "
                                    << argument << " are both the " << knob;
  return success();
}

LogicalResult ArgumentRules::verifyTrainable() {
  if (!isa<UnitAttr>(attribute.getValue()))
    return emitExpected("a unit attribute");
  auto role = function.getArgAttrOfType<StringAttr>(argument, roleAttrName);
  if (role && role.getValue() == parameterRole)
    return success();
  return function.emitOpError() << "'" << attribute.getName().getValue() << "'"
                                << place << " belongs on an argument with '"
                                << roleAttrName << "' = \"parameter\"";
}

LogicalResult ArgumentRules::verifyClasses() {
  auto classes = dyn_cast<IntegerAttr>(attribute.getValue());
  if (!classes || classes.getInt() < 1)
    return emitExpected("a positive integer");
  return success();
}

LogicalResult ArgumentRules::verifyIgnoreIndex() {
  if (!isa<IntegerAttr>(attribute.getValue()))
    return emitExpected("an integer");
  return verifyBeside(classesAttrName);
}

LogicalResult ArgumentRules::verifyBatchAxis() {
  if (hasRole(function, argument))
    return function.emitOpError()
           << "'" << attribute.getName().getValue() << "'" << place
           << " belongs on an input, not on what persists from run to run";
  return ::verifyBatchAxis(function, function.getArgumentTypes()[argument],
                           attribute, place);
}

/// That the body of `function`, if it has one, has the arguments of its type.
/// Where it does not, MLIR refuses it after it has asked about attributes.
static bool hasArguments(FunctionOpInterface function) {
  return function.isExternal() ||
         function.getFunctionBody().getNumArguments() ==
             function.getNumArguments();
}

LogicalResult NNDialect::verifyRegionArgAttribute(Operation *op, unsigned,
                                                  unsigned argument,
                                                  NamedAttribute attribute) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!function || !hasArguments(function))
    return success();
  using Rule = LogicalResult (ArgumentRules::*)();
  const std::pair<StringRef, Rule> rules[] = {
      {nameAttrName, &ArgumentRules::verifyName},
      {roleAttrName, &ArgumentRules::verifyRole},
      {initAttrName, &ArgumentRules::verifyInit},
      {knobAttrName, &ArgumentRules::verifyKnob},
      {trainableAttrName, &ArgumentRules::verifyTrainable},
      {classesAttrName, &ArgumentRules::verifyClasses},
      {ignoreIndexAttrName, &ArgumentRules::verifyIgnoreIndex},
      {batchAxisAttrName, &ArgumentRules::verifyBatchAxis}};
  for (auto [name, rule] : rules)
    if (attribute.getName() == name) {
      ArgumentRules argumentRules(function, argument, attribute);
      return (argumentRules.*rule)();
    }
  SmallVector<StringRef> known;
  for (const auto &entry : rules)
    known.push_back(entry.first);
  return verifyKnown(op, attribute, known, " of argument " + Twine(argument));
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

/// A result that names an argument: it exists and has the same type, and no
/// other result does the same.
static LogicalResult verifyReference(FunctionOpInterface function,
                                     unsigned result,
                                     NamedAttribute attribute) {
  std::string place = (" of result " + Twine(result)).str();
  auto target = dyn_cast<StringAttr>(attribute.getValue());
  if (!target)
    return emitExpected(function, attribute, place, "a string");
  if (function.isExternal())
    return success();
  BlockArgument argument = findArgument(function, target.getValue());
  if (!argument)
    return emitExpected(function, attribute, place, "the name of an argument");
  Type type = function.getResultTypes()[result];
  if (argument.getType() != type)
    return function.emitOpError()
           << "result " << result << " of type " << type << " cannot be '"
           << attribute.getName().getValue() << "' argument " << target
           << " of type " << argument.getType();
  if (attribute.getName() == updatesAttrName &&
      !hasRole(function, argument.getArgNumber()))
    return function.emitOpError()
           << "result " << result << " updates the input " << target
           << "; only arguments with '" << roleAttrName << "' persist";
  std::optional<unsigned> first =
      findResult(function, attribute.getName(), target.getValue());
  if (first && *first < result)
    return function.emitOpError()
           << "results " << *first << " and " << result << " both have '"
           << attribute.getName().getValue() << "' = " << target;
  return success();
}

/// A name that no result in front of it has.
static LogicalResult verifyResultName(FunctionOpInterface function,
                                      unsigned result,
                                      NamedAttribute attribute) {
  auto name = dyn_cast<StringAttr>(attribute.getValue());
  if (!name || name.empty())
    return emitExpected(function, attribute, " of result " + Twine(result),
                        "a name");
  std::optional<unsigned> first =
      findResult(function, nameAttrName, name.getValue());
  if (first && *first < result)
    return function.emitOpError() << "results " << *first << " and " << result
                                  << " are both called " << name;
  return success();
}

LogicalResult NNDialect::verifyRegionResultAttribute(Operation *op, unsigned,
                                                     unsigned result,
                                                     NamedAttribute attribute) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!function || !hasArguments(function))
    return success();
  StringRef name = attribute.getName();
  if (name == nameAttrName)
    return verifyResultName(function, result, attribute);
  if (name == updatesAttrName || name == gradientOfAttrName)
    return verifyReference(function, result, attribute);
  if (name == lossAttrName) {
    if (!isa<UnitAttr>(attribute.getValue()))
      return emitExpected(function, attribute, " of result " + Twine(result),
                          "a unit attribute");
    auto type = dyn_cast<RankedTensorType>(function.getResultTypes()[result]);
    if (!type || !type.hasStaticShape() || type.getNumElements() != 1)
      return function.emitOpError()
             << "a loss has one element, result " << result << " has type "
             << function.getResultTypes()[result];
    return success();
  }
  if (name == batchAxisAttrName)
    return verifyBatchAxis(function, function.getResultTypes()[result],
                           attribute, " of result " + Twine(result));
  const StringRef known[] = {nameAttrName, lossAttrName, gradientOfAttrName,
                             updatesAttrName, batchAxisAttrName};
  return verifyKnown(op, attribute, known, " of result " + Twine(result));
}
