//===- GenerateBackward.cpp - Reverse-mode differentiation ---------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/Transforms/Passes.h"

#include "Influence.h"
#include "Recompute.h"
#include "Recorder.h"

#include "photonic/Dialect/NN/IR/Step.h"

#include "llvm/ADT/DenseSet.h"

namespace photonic::nn {
#define GEN_PASS_DEF_GENERATEBACKWARD
#include "photonic/Dialect/NN/Transforms/NNPasses.h.inc"
} // namespace photonic::nn

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

namespace {

/// Differentiates one function. Values are classified by what they are made
/// of: `varies` from a variable of the differentiation, `fromParameters` from
/// parameters and constants alone.
class Differentiator {
public:
  Differentiator(func::FuncOp func, bool inputGradients)
      : func(func), body(func.getBody().front()), builder(func.getContext()),
        influence(body, getLosses()) {
    builder.setInsertionPoint(body.getTerminator());
    builder.setListener(&recorder);
    findVariables(inputGradients);
    classify();
  }

  ArrayRef<BlockArgument> getVariables() const { return variables; }
  /// Gradient of an argument; null if the loss does not depend on it.
  Value getGradient(BlockArgument argument) const {
    return gradients.lookup(argument);
  }
  /// What the losses depended on before anything was added.
  const Influence &getInfluence() const { return influence; }

  LogicalResult run();

private:
  SmallVector<Value> getLosses();
  void findVariables(bool inputGradients);
  void classify();
  void seed(Value loss);
  LogicalResult differentiate(Operation &op);
  LogicalResult build(Operation &op, ArrayRef<Value> results,
                      SmallVectorImpl<Value> &operands);
  void accumulate(Value value, Value gradient, Location loc);
  void setPhases(Operation &op, ArrayRef<Value> operandGradients);
  void markSlice(Value gradient, llvm::DenseSet<Operation *> &slice) const;

  func::FuncOp func;
  Block &body;
  OpBuilder builder;
  Recorder recorder;
  Influence influence;
  SmallVector<BlockArgument> variables;
  llvm::DenseSet<Value> varies, fromParameters;
  llvm::DenseMap<Value, Value> gradients;
};

} // namespace

SmallVector<Value> Differentiator::getLosses() {
  SmallVector<Value> losses;
  for (unsigned i = 0; i < func.getNumResults(); ++i)
    if (func.getResultAttr(i, lossAttrName))
      losses.push_back(body.getTerminator()->getOperand(i));
  return losses;
}

void Differentiator::findVariables(bool inputGradients) {
  for (BlockArgument argument : func.getArguments()) {
    unsigned i = argument.getArgNumber();
    bool isLabels = func.getArgAttr(i, classesAttrName) ||
                    getArgumentName(func, i) == labelsName;
    if (func.getArgAttr(i, trainableAttrName) ||
        (inputGradients && !hasRole(func, i) && !isLabels))
      variables.push_back(argument);
    if (hasRole(func, i))
      fromParameters.insert(argument);
  }
  varies.insert_range(variables);
}

void Differentiator::classify() {
  for (Operation &op : body.without_terminator()) {
    auto in = [](const llvm::DenseSet<Value> &set) {
      return [&set](Value value) { return set.contains(value); };
    };
    if (llvm::any_of(op.getOpOperands(), [&](OpOperand &operand) {
          return varies.contains(operand.get()) && hasDerivative(operand);
        }))
      varies.insert_range(op.getResults());
    // Constants have no operands.
    if (llvm::all_of(op.getOperands(), in(fromParameters)))
      fromParameters.insert_range(op.getResults());
  }
}

/// The gradient of a loss with respect to itself.
void Differentiator::seed(Value loss) {
  recorder.built.clear();
  auto one =
      DenseElementsAttr::get(cast<RankedTensorType>(loss.getType()), 1.0f);
  Value gradient =
      ConstantOp::create(builder, loss.getLoc(), cast<ElementsAttr>(one));
  accumulate(loss, gradient, loss.getLoc());
}

/// Gradients of a value that is used several times add up, the last use first.
void Differentiator::accumulate(Value value, Value gradient, Location loc) {
  Value &sum = gradients[value];
  if (!sum) {
    sum = gradient;
    return;
  }
  sum = AddOp::create(builder, loc, sum, gradient);
  setPhase(sum.getDefiningOp(), fromParameters.contains(value)
                                    ? Phase::WeightGradient
                                    : Phase::InputGradient);
}

/// What `gradient` is computed from, among the operations just built.
void Differentiator::markSlice(Value gradient,
                               llvm::DenseSet<Operation *> &slice) const {
  SmallVector<Value> open{gradient};
  while (!open.empty()) {
    Operation *op = open.pop_back_val().getDefiningOp();
    if (op && llvm::is_contained(recorder.built, op) && slice.insert(op).second)
      llvm::append_range(open, op->getOperands());
  }
}

void Differentiator::setPhases(Operation &op,
                               ArrayRef<Value> operandGradients) {
  llvm::DenseSet<Operation *> slice;
  for (auto [operand, gradient] :
       llvm::zip_equal(op.getOperands(), operandGradients))
    if (gradient && !fromParameters.contains(operand))
      markSlice(gradient, slice);
  StringRef composite = getCompositeOperator(&op);
  for (Operation *built : recorder.built) {
    // What a rule needs of the forward pass stands before the operation, and
    // constants belong to nobody.
    if (built->isBeforeInBlock(&op) || isa<ConstantOp>(built))
      continue;
    setPhase(built, slice.contains(built) ? Phase::InputGradient
                                          : Phase::WeightGradient);
    if (!composite.empty() && getCompositeOperator(built).empty())
      built->setDiscardableAttr(operatorAttrName,
                                builder.getStringAttr(composite));
  }
}

LogicalResult Differentiator::build(Operation &op, ArrayRef<Value> results,
                                    SmallVectorImpl<Value> &operands) {
  auto differentiable = dyn_cast<DifferentiableOpInterface>(op);
  if (!differentiable)
    return op.emitError("'")
           << op.getName() << "' has no gradient, but stands between a "
           << "trainable parameter and the loss; freeze the parameters in "
              "front of it, or choose a loss that does not depend on it";
  SmallVector<bool> wanted;
  for (Value operand : op.getOperands())
    wanted.push_back(varies.contains(operand));
  recorder.built.clear();
  return differentiable.buildGradient(builder, results, wanted, operands);
}

LogicalResult Differentiator::differentiate(Operation &op) {
  SmallVector<Value> results, operands;
  for (Value result : op.getResults())
    results.push_back(gradients.lookup(result));
  if (llvm::none_of(results, [](Value value) { return bool(value); }) ||
      llvm::none_of(op.getOperands(),
                    [&](Value value) { return varies.contains(value); }))
    return success();
  SmallVector<Value> inputs(op.getOperands());
  if (failed(build(op, results, operands)))
    return failure();
  assert(operands.size() == inputs.size() && "one gradient per operand");
  setPhases(op, operands);
  for (auto [input, gradient] : llvm::zip_equal(inputs, operands))
    if (gradient && varies.contains(input))
      accumulate(input, gradient, op.getLoc());
  // A rule may have replaced the operation by one that keeps more.
  if (op.use_empty())
    op.erase();
  return success();
}

LogicalResult Differentiator::run() {
  SmallVector<Value> losses = getLosses();
  for (Value loss : losses)
    seed(loss);
  if (losses.empty())
    return func.emitError("expected a result marked '")
           << lossAttrName
           << "' to differentiate, found none; attach a loss first "
              "(nn-attach-loss)";
  SmallVector<Operation *> forward;
  for (Operation &op : body.without_terminator())
    forward.push_back(&op);
  for (Operation *op : llvm::reverse(forward))
    if (failed(differentiate(*op)))
      return failure();
  return success();
}

namespace {
struct GenerateBackward : nn::impl::GenerateBackwardBase<GenerateBackward> {
  using Base::Base;

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (func.isExternal())
      return;
    if (failed(verifyOneBlock(func)))
      return signalPassFailure();
    Differentiator differentiator(func, inputGradients);
    if (failed(checkVariables(differentiator.getVariables())) ||
        failed(differentiator.run()))
      return signalPassFailure();
    bool any = false;
    for (BlockArgument argument : differentiator.getVariables()) {
      Value gradient = differentiator.getGradient(argument);
      any |= bool(gradient);
      if (!gradient)
        reportIndependent(argument, differentiator.getInfluence());
      else if (failed(addGradient(argument, gradient)))
        return signalPassFailure();
    }
    if (!any) {
      func.emitError("the loss depends on no trainable parameter; choose an "
                     "output that does, or freeze less");
      return signalPassFailure();
    }
    SmallVector<std::string> layers(recompute.begin(), recompute.end());
    if (!layers.empty() && failed(recomputeLayers(func, layers)))
      signalPassFailure();
  }

private:
  LogicalResult checkVariables(ArrayRef<BlockArgument> variables) {
    func::FuncOp func = getOperation();
    if (!variables.empty())
      return success();
    bool anyParameter = false;
    for (unsigned i = 0; i < func.getNumArguments(); ++i)
      anyParameter |= hasRole(func, i);
    if (anyParameter)
      return func.emitError("expected a trainable parameter, found none: all "
                            "are frozen; freeze fewer");
    return func.emitError("expected an argument marked '")
           << trainableAttrName << "', found none; the network has no weights, "
           << "or nn-expose-parameters did not run";
  }

  void reportIndependent(BlockArgument argument, const Influence &influence) {
    func::FuncOp func = getOperation();
    OpOperand *obstacle = influence.findObstacle(argument);
    InFlightDiagnostic diag =
        func.emitWarning(obstacle ? "the loss has no derivative with respect to '"
                                  : "the loss does not depend on '")
        << nn::getArgumentName(func, argument.getArgNumber())
        << "', which is not trained";
    if (obstacle)
      Influence::attachNote(*diag.getUnderlyingDiagnostic(), *obstacle);
  }

  LogicalResult addGradient(BlockArgument argument, Value gradient) {
    func::FuncOp func = getOperation();
    StringRef name = nn::getArgumentName(func, argument.getArgNumber());
    Builder builder(&getContext());
    bool isParameter = hasRole(func, argument.getArgNumber());
    SmallVector<NamedAttribute> attributes;
    if (isParameter)
      attributes.push_back(builder.getNamedAttr(gradientOfAttrName,
                                                builder.getStringAttr(name)));
    std::string output = (name + ".grad").str();
    if (emitGradients || !isParameter) {
      if (name.empty())
        return func.emitError("argument ")
               << argument.getArgNumber() << " has no name for its gradient; "
               << "give it '" << nameAttrName << "'";
      if (findResult(func, nameAttrName, output))
        return func.emitError("has an output called '")
               << output << "' already, which is the name of a gradient; "
               << "rename it";
      attributes.push_back(
          builder.getNamedAttr(nameAttrName, builder.getStringAttr(output)));
    }
    addResult(func, gradient, attributes);
    return success();
  }
};
} // namespace
