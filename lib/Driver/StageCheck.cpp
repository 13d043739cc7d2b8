//===- StageCheck.cpp - Running the stages against each other -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Driver/StageCheck.h"

#include "Difference.h"
#include "StageInputs.h"
#include "photonic/Dialect/NN/IR/Step.h"
#include "photonic/Dialect/Photonic/IR/ProductInfo.h"
#include "photonic/Dialect/Photonic/Transforms/Passes.h"
#include "photonic/Interpreter/Interpreter.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace photonic;

StageCheck::StageCheck() = default;
StageCheck::StageCheck(StageCheck &&) = default;
StageCheck &StageCheck::operator=(StageCheck &&) = default;
StageCheck::~StageCheck() = default;

FailureOr<StageCheck> StageCheck::create(const CompileRequest &request,
                                         ModuleOp module) {
  auto func = module.lookupSymbol<func::FuncOp>("main");
  if (!func) {
    module.emitError("expected a function @main to check; a program cannot be "
                     "checked against earlier stages");
    return failure();
  }
  FailureOr<const phx::Target *> machine = getTarget(module);
  if (failed(machine))
    return failure();
  StageCheck check;
  check.context = module.getContext();
  check.runTool = request.runTool;
  check.machine = *machine;
  check.format = getFormatName(request.stages.format, **machine);
  check.referenceStage =
      request.from == Stage::Import
          ? "the model as read"
          : getStageName(static_cast<Stage>(static_cast<int>(request.from) - 1))
                .str();
  check.inputs = std::make_unique<StageInputs>(request.checkInput);
  if (failed(check.inputs->bind(func)))
    return failure();
  return std::move(check);
}

//===----------------------------------------------------------------------===//
// Execution
//===----------------------------------------------------------------------===//

/// Names in `loc` behind the first.
static SmallVector<StringRef> getMergedNames(Location loc) {
  SmallVector<StringRef> names;
  loc->walk([&](Location nested) {
    if (auto named = dyn_cast<NameLoc>(nested))
      names.push_back(named.getName());
    return WalkResult::advance();
  });
  if (!names.empty())
    names.erase(names.begin());
  return names;
}

/// The phase of an operation; that of a loop nest is that of what is inside.
static nn::Phase getPhase(Operation *op) {
  nn::Phase phase = nn::Phase::Forward;
  op->walk([&](Operation *nested) {
    if (nested->hasAttr(nn::phaseAttrName))
      phase = nn::getPhase(nested);
  });
  return phase;
}

/// Counts steps for random numbers, or is the constant that this adds; a format
/// that rounds at random brings both.
static bool countsSteps(Operation *op) {
  if (isa<phot::FusedOp>(op->getParentOp()))
    op = op->getParentOp();
  auto function = dyn_cast<FunctionOpInterface>(op->getParentOp());
  BlockArgument key =
      function ? nn::findKnob(function, nn::randomKeyKnob) : BlockArgument();
  if (!key)
    return false;
  std::optional<unsigned> update =
      nn::findResult(function, nn::updatesAttrName,
                     nn::getArgumentName(function, key.getArgNumber()));
  if (!update)
    return false;
  Operation *terminator = op->getBlock()->getTerminator();
  Operation *count = terminator->getOperand(*update).getDefiningOp();
  auto isCount = [&](Operation *other) { return other == count; };
  return isCount(op) || (!op->use_empty() && all_of(op->getUsers(), isCount));
}

void StageCheck::record(Operation *op, ArrayRef<interp::Value> values,
                        StageValues &stage) {
  // Loops stand for the nest inside them, and what is fused for itself.
  bool atTop = isa<func::FuncOp, phot::FusedOp>(op->getParentOp()) &&
               !isa<phot::FusedOp>(op);
  bool areTensors = llvm::all_of(
      values, [](const interp::Value &value) { return value.isTensor(); });
  if (!atTop || values.empty() || !areTensors || countsSteps(op))
    return;
  SmallVector<interp::Tensor> &tensors = results.emplace_back();
  for (const interp::Value &value : values)
    tensors.push_back(value.getTensor());
  bool computes = !op->hasTrait<OpTrait::ConstantLike>() &&
                  !isa<nn::ReshapeOp>(op) && op->getNumOperands() > 0;
  StringRef node = phot::getNodeName(op->getLoc());
  if (!computes || node.empty())
    return;
  // What an operation is about is its first result.
  stage.nodes[{node, unsigned(getPhase(op))}].push_back(tensors.front());
  mergedNames[node] = getMergedNames(op->getLoc());
}

/// Values outlive the function whose names they have.
StringRef StageCheck::internName(const std::string &name) const {
  return StringAttr::get(context, name).getValue();
}

LogicalResult StageCheck::execute(ModuleOp module, StageValues &values) {
  results.clear();
  auto func = module.lookupSymbol<func::FuncOp>("main");
  if (!func)
    return module.emitError("expected a function @main");
  auto arguments = inputs->bind(func);
  if (failed(arguments))
    return failure();
  auto computed = interp::runMain(
      module, *arguments, [&](Operation *op, ArrayRef<interp::Value> values_) {
        record(op, values_, values);
      });
  if (failed(computed))
    return failure();
  for (auto [i, value] : llvm::enumerate(*computed))
    if (auto name =
            func.getResultAttrOfType<StringAttr>(i, nn::updatesAttrName))
      values.updates[name.getValue()] = value.getTensor();
    else
      values.outputs[internName(nn::getOutputName(func, i))] =
          value.getTensor();
  return success();
}

LogicalResult StageCheck::checkFormats(ModuleOp module) {
  auto wanted = phot::parseNumberFormat(context, format,
                                        [&] { return module.emitError(); });
  if (failed(wanted))
    return failure();
  WalkResult result = module.walk([&](phot::ProductOp op) {
    for (auto found : {op.getLhsFormatAttr(), op.getRhsFormatAttr()})
      if (found != *wanted) {
        emitNodeError(context, phot::getNodeName(op.getLoc()))
            << "stage 'format' gives it the number format " << found
            << ", asked for is " << *wanted;
        return WalkResult::interrupt();
      }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

LogicalResult
StageCheck::checkConversion(Operation &op,
                            llvm::DenseMap<Value, interp::Value> &values,
                            ArrayRef<interp::Tensor> expected) {
  for (auto [result, tensor] : llvm::zip_equal(op.getResults(), expected))
    values[result] = tensor;
  auto evaluable = dyn_cast<interp::EvaluableOpInterface>(op);
  if (!evaluable)
    return success();
  SmallVector<interp::Value> operands, actual;
  for (Value operand : op.getOperands())
    operands.push_back(values.lookup(operand));
  if (failed(evaluable.evaluate(operands, actual)))
    return failure();
  // A wrong constant shows at the node that uses it.
  if (op.hasTrait<OpTrait::ConstantLike>()) {
    values[op.getResult(0)] = actual.front();
    return success();
  }
  for (auto [tensor, value] : llvm::zip_equal(expected, actual)) {
    Difference d = compareValues(tensor.getData(), value.getTensor().getData());
    if (!d.differing || (isa<phot::ProductOp>(op) && d.getRatio() > 0))
      continue;
    return op.emitError("stage 'format' computes something else than ")
           << describeReference()
           << ": on the same operands the signal-to-noise "
           << "ratio is " << llvm::formatv("{0:f1}", d.getRatio()).str()
           << " dB";
  }
  return success();
}

/// True if the values can be the results of the operation.
static bool fits(Operation &op, ArrayRef<interp::Tensor> values) {
  return op.getNumResults() == values.size() &&
         llvm::all_of(llvm::zip_equal(op.getResultTypes(), values),
                      [](auto pair) {
                        auto [type, value] = pair;
                        return cast<RankedTensorType>(type).getShape() ==
                               value.getShape();
                      });
}

LogicalResult StageCheck::checkConversions(ModuleOp module) {
  llvm::DenseMap<Value, interp::Value> values;
  auto func = module.lookupSymbol<func::FuncOp>("main");
  auto arguments = inputs->bind(func);
  if (failed(arguments))
    return failure();
  for (auto [argument, value] :
       llvm::zip_equal(func.getArguments(), *arguments))
    values[argument] = value;
  size_t step = 0;
  for (Operation &op : func.getBody().front().without_terminator()) {
    if (countsSteps(&op))
      continue;
    if (step >= results.size() || !fits(op, results[step]))
      return op.emitError("stage 'format' changes the operations of ")
             << describeReference();
    if (failed(checkConversion(op, values, results[step++])))
      return failure();
  }
  return success();
}

LogicalResult StageCheck::runInput(ModuleOp module) {
  return execute(module, reference);
}

LogicalResult StageCheck::run(Stage stage, ModuleOp module,
                              llvm::raw_ostream &os) {
  if (stage == Stage::Format &&
      (failed(checkFormats(module)) || failed(checkConversions(module))))
    return failure();
  StageValues values;
  if (failed(execute(module, values)))
    return failure();
  // Behind `format`, where numbers are converted, nothing may change.
  bool exact = stage > Stage::Format;
  return compare(getStageName(stage), std::move(values), exact, os);
}
