//===- Interpreter.cpp - Executes functions on values ---------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Interpreter/Interpreter.h"
#include "Slices.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "photonic/Interpreter/EvaluableOpInterface.h"
#include "photonic/Interpreter/Stepper.h"
#include "phx/support/Selection.h"

#include <cmath>

using namespace mlir;
using namespace photonic;
using namespace photonic::interp;
using IValue = photonic::interp::Value;

//===----------------------------------------------------------------------===//
// Life of values
//===----------------------------------------------------------------------===//

Interpreter::Interpreter(func::FuncOp function) : function(function) {
  for (Block &block : function.getBody())
    findLastUses(block);
}

void Interpreter::findLastUse(mlir::Value value, Block &block) {
  Operation *last = value.getDefiningOp();
  for (Operation *user : value.getUsers()) {
    Operation *here = block.findAncestorOpInBlock(*user);
    if (!last || last->isBeforeInBlock(here))
      last = here;
  }
  if (!last)
    return;
  dead[last].push_back(value);
  // A value that its last user needs twice, or inside its regions, is copied.
  OpOperand *lastUse = nullptr;
  for (OpOperand &use : value.getUses()) {
    if (block.findAncestorOpInBlock(*use.getOwner()) != last)
      continue;
    if (lastUse || use.getOwner() != last)
      return;
    lastUse = &use;
  }
  if (lastUse)
    lastUses.insert(lastUse);
}

void Interpreter::findLastUses(Block &block) {
  for (BlockArgument argument : block.getArguments())
    findLastUse(argument, block);
  for (Operation &op : block) {
    for (OpResult result : op.getResults())
      findLastUse(result, block);
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        findLastUses(inner);
  }
}

Interpreter::Values Interpreter::takeOperands(Operation &op) {
  Values values;
  for (OpOperand &operand : op.getOpOperands()) {
    IValue &value = environment.find(operand.get())->second;
    if (lastUses.contains(&operand))
      values.push_back(std::move(value));
    else
      values.push_back(value);
  }
  return values;
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

static bool hasType(const IValue &value, Type type) {
  auto tensorType = dyn_cast<RankedTensorType>(type);
  if (!tensorType)
    return value.isIndex() && type.isIntOrIndex();
  return value.isTensor() &&
         succeeded(verifyCompatibleShape(tensorType.getShape(),
                                         value.getTensor().getShape()));
}

static std::string getTypeString(const IValue &value) {
  return value.isTensor() ? "tensor<" + value.getTensor().getTypeString() + ">"
                          : "a scalar";
}

/// The value of an attribute that a folder returned.
static std::optional<IValue> getValue(OpFoldResult folded) {
  auto attribute = dyn_cast<Attribute>(folded);
  if (auto integer = dyn_cast_or_null<IntegerAttr>(attribute))
    return IValue(integer.getValue().getSExtValue());
  if (auto elements = dyn_cast_or_null<ElementsAttr>(attribute))
    if (FailureOr<Tensor> tensor = Tensor::get(elements); succeeded(tensor))
      return IValue(std::move(*tensor));
  return std::nullopt;
}

static Attribute getAttribute(int64_t value, Type type) {
  unsigned width = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
  return IntegerAttr::get(type, APInt(width, value, /*isSigned=*/true,
                                      /*implicitTrunc=*/true));
}

/// Computes an operation on scalars by its folder. Works on a copy, because a
/// folder may also change the operation.
static LogicalResult runByFolding(Operation &op, ArrayRef<IValue> operands,
                                  SmallVectorImpl<IValue> &results) {
  if (op.getNumRegions() || !llvm::all_of(operands, [](const IValue &value) {
        return value.isIndex();
      }))
    return failure();
  SmallVector<Attribute> constants;
  for (auto [value, type] : llvm::zip_equal(operands, op.getOperandTypes()))
    constants.push_back(getAttribute(value.getIndex(), type));
  SmallVector<OpFoldResult> folded;
  Operation *copy = op.clone();
  bool done = succeeded(copy->fold(constants, folded)) &&
              folded.size() == op.getNumResults();
  for (OpFoldResult result : folded) {
    std::optional<IValue> value;
    if (auto same = dyn_cast<mlir::Value>(result)) {
      // The folder answered with one of the operands.
      auto operand = llvm::find(copy->getOperands(), same);
      value = operands[operand - copy->getOperands().begin()];
    } else {
      value = getValue(result);
    }
    done = done && value;
    if (done)
      results.push_back(std::move(*value));
  }
  copy->destroy();
  return success(done);
}

LogicalResult Interpreter::runLoop(Operation &op, Values &operands,
                                   Values &results) {
  auto loop = cast<scf::ForOp>(op);
  int64_t lower = operands[0].getIndex(), upper = operands[1].getIndex();
  int64_t step = operands[2].getIndex();
  if (step < 1)
    return loop.emitOpError() << "expected a positive step, got " << step;
  Values carried(std::make_move_iterator(operands.begin() + 3),
                 std::make_move_iterator(operands.end()));
  operands.clear();
  for (int64_t i = lower; i < upper; i += step) {
    environment[loop.getInductionVar()] = IValue(i);
    for (auto [argument, value] :
         llvm::zip_equal(loop.getRegionIterArgs(), carried))
      environment[argument] = std::move(value);
    if (failed(runBlock(*loop.getBody(), carried)))
      return failure();
  }
  results = std::move(carried);
  return success();
}

/// Every NaN that was computed becomes the canonical one: which of two operands
/// it came from shall not matter. What is moved stays as it is.
static void canonicalizeResults(Operation &op,
                                MutableArrayRef<IValue> results) {
  if (!op.hasTrait<DigitalArithmetic>() || op.hasTrait<MovesElements>() ||
      op.hasTrait<OpTrait::ConstantLike>())
    return;
  for (IValue &value : results)
    if (llvm::any_of(value.getTensor().getData(),
                     [](float x) { return std::isnan(x); }))
      for (float &x : value.getTensor().getMutableData())
        x = phx::canonicalF32(x);
}

LogicalResult Interpreter::compute(Operation &op, Values &operands,
                                   Values &results) {
  if (auto evaluable = dyn_cast<EvaluableOpInterface>(op))
    return evaluable.evaluate(operands, results);
  if (isa<scf::ForOp>(op))
    return runLoop(op, operands, results);
  if (op.hasTrait<RunsRegion>())
    return runBlock(op.getRegion(0).front(), results);
  if (isSlice(op))
    return runSlice(op, operands, results);
  if (succeeded(runByFolding(op, operands, results)))
    return success();
  return op.emitError() << "'" << op.getName() << "' cannot be interpreted";
}

LogicalResult Interpreter::runOp(Operation &op) {
  Values operands = takeOperands(op), results;
  if (failed(compute(op, operands, results)))
    return failure();
  if (results.size() != op.getNumResults())
    return op.emitError() << "evaluation gave " << results.size()
                          << " results instead of " << op.getNumResults();
  for (auto [result, value] : llvm::zip_equal(op.getResults(), results))
    if (!hasType(value, result.getType()))
      return op.emitError() << "evaluation gave " << getTypeString(value)
                            << " for a result of type " << result.getType();
  canonicalizeResults(op, results);
  if (observer && !results.empty())
    observer(&op, results);
  for (auto [result, value] : llvm::zip_equal(op.getResults(), results))
    environment[result] = std::move(value);
  if (auto ending = dead.find(&op); ending != dead.end())
    for (mlir::Value value : ending->second)
      environment.erase(value);
  return success();
}

LogicalResult Interpreter::runBlock(Block &block, Values &yielded) {
  for (Operation &op : block.without_terminator())
    if (failed(runOp(op)))
      return failure();
  Operation &terminator = block.back();
  if (!isa<func::ReturnOp, scf::YieldOp>(terminator) &&
      !block.getParentOp()->hasTrait<RunsRegion>())
    return terminator.emitError()
           << "'" << terminator.getName() << "' cannot be interpreted";
  yielded = takeOperands(terminator);
  return success();
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

LogicalResult Interpreter::checkInputs(ArrayRef<IValue> inputs) {
  if (function.isExternal() || !function.getBody().hasOneBlock())
    return function.emitError() << "'" << function.getName()
                                << "' cannot be interpreted: expected a body "
                                   "of one block";
  if (inputs.size() != function.getNumArguments())
    return function.emitError()
           << "'" << function.getName() << "' has "
           << function.getNumArguments() << " inputs, got " << inputs.size();
  for (auto [i, value] : llvm::enumerate(inputs))
    if (!hasType(value, function.getArgumentTypes()[i]))
      return function.emitError()
             << "input " << i << " of '" << function.getName() << "' has type "
             << function.getArgumentTypes()[i] << ", got "
             << getTypeString(value);
  return success();
}

FailureOr<SmallVector<IValue>> Interpreter::run(ArrayRef<IValue> inputs) {
  if (failed(checkInputs(inputs)))
    return failure();
  environment.clear();
  for (auto [argument, value] :
       llvm::zip_equal(function.getArguments(), inputs))
    environment[argument] = value;
  Values results;
  LogicalResult done = runBlock(function.getBody().front(), results);
  environment.clear();
  if (failed(done))
    return failure();
  return results;
}

FailureOr<SmallVector<IValue>> interp::runMain(ModuleOp module,
                                               ArrayRef<IValue> inputs,
                                               Interpreter::Observer observer) {
  auto function = module.lookupSymbol<func::FuncOp>("main");
  if (!function)
    return module.emitError() << "expected a function called 'main'";
  SmallVector<IValue> arguments(inputs);
  if (inputs.size() != function.getNumArguments()) {
    FailureOr<SmallVector<IValue>> initial = getInitialValues(function);
    if (failed(initial))
      return failure();
    auto completed = completeInputs(function, inputs, *initial);
    if (failed(completed))
      return failure();
    arguments = std::move(*completed);
  }
  Interpreter interpreter(function);
  interpreter.setObserver(std::move(observer));
  return interpreter.run(arguments);
}
