//===- AttachOptimizer.cpp - Gradients change parameters -----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/Transforms/Passes.h"

#include "OptimizerSpec.h"

#include "photonic/Dialect/NN/IR/Step.h"

#include "llvm/ADT/BitVector.h"

namespace photonic::nn {
#define GEN_PASS_DEF_ATTACHOPTIMIZER
#include "photonic/Dialect/NN/Transforms/NNPasses.h.inc"
} // namespace photonic::nn

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

static RankedTensorType getScalarType(MLIRContext *context) {
  return RankedTensorType::get({1}, Float32Type::get(context));
}

namespace {

/// Builds updates. Scalars have shape [1] and broadcast.
class Updater {
public:
  Updater(func::FuncOp func, const OptimizerSpec &spec)
      : func(func), spec(spec), b(func.getContext()),
        loc(NameLoc::get(b.getStringAttr("optimizer"))) {}

  /// What all parameters share, at the beginning of the function.
  void prepare();
  /// Replaces the parameter by what `gradient` makes of it.
  void update(BlockArgument parameter, Value newGradient);

private:
  template <typename Op, typename... Args> Value create(Args &&...args) {
    auto op = Op::create(b, loc, std::forward<Args>(args)...);
    setPhase(op, Phase::Update);
    return op->getResult(0);
  }
  Value scalar(double value) {
    return ConstantOp::create(
        b, loc,
        cast<ElementsAttr>(DenseElementsAttr::get(getScalarType(b.getContext()),
                                                  static_cast<float>(value))));
  }
  Value times(Value value, double factor) {
    return create<MulOp>(value, scalar(factor));
  }
  /// A state scalar with the given initial value.
  Value addScalarState(StringRef state, double init, StringRef knob = {}) {
    return addPersistent(func, state, stateRole,
                         DenseElementsAttr::get(getScalarType(b.getContext()),
                                                static_cast<float>(init)),
                         loc, knob);
  }
  /// State of the shape of `parameter`, initially 0.
  Value addBuffer(BlockArgument parameter, StringRef suffix) {
    auto type = cast<RankedTensorType>(parameter.getType());
    return addPersistent(func, name + suffix.str(), stateRole,
                         DenseElementsAttr::get(type, 0.0f),
                         parameter.getLoc());
  }
  Value addCorrection(StringRef state, double beta);
  /// `from + weight * (to - from)`, from the nearer end, as PyTorch's lerp.
  Value interpolate(Value from, Value to, double weight);
  void setInsertionPoint(BlockArgument parameter, Value gradient);
  /// Makes `value` replace what belongs to the parameter. Scalars of shape [1]
  /// give a parameter of rank 0 a dimension, which it loses here.
  void replace(StringRef suffix, Value value) {
    auto type = cast<RankedTensorType>(gradient.getType());
    if (type.getRank() == 0)
      value = create<ReshapeOp>(type, value);
    addUpdate(func, name + suffix.str(), value);
  }
  Value stepSGD(BlockArgument parameter, Value gradient);
  Value stepAdam(BlockArgument parameter, Value gradient);

  func::FuncOp func;
  const OptimizerSpec &spec;
  OpBuilder b;
  Location loc;
  std::string name; ///< of the parameter being updated
  Value gradient;   ///< its own, as it came
  Value learningRate, gradientFactor;
  /// Adam: learning rate over the first bias correction, root of the second;
  /// AdamW: what the parameter is multiplied by.
  Value stepSize, rootCorrection, decayFactor;
};

} // namespace

/// 1 - beta^t after t steps, without the cancellation of that formula.
Value Updater::addCorrection(StringRef state, double beta) {
  Value old = addScalarState(state, 0);
  Value next =
      create<AddOp>(old, times(create<SubOp>(scalar(1), old), 1 - beta));
  addUpdate(func, state, next);
  return next;
}

void Updater::prepare() {
  b.setInsertionPointToStart(&func.getBody().front());
  learningRate =
      addScalarState(learningRateName, spec.learningRate, learningRateKnob);
  if (spec.kind == OptimizerSpec::Kind::SGD) {
    if (spec.momentum == 0 || spec.dampening == 0)
      return;
    gradientFactor = addScalarState(gradientFactorName, 1);
    addUpdate(func, gradientFactorName, scalar(1 - spec.dampening));
    return;
  }
  Value first = addCorrection(correction1Name, spec.beta1);
  Value second = addCorrection(correction2Name, spec.beta2);
  stepSize = create<DivOp>(learningRate, first);
  rootCorrection = create<SqrtOp>(second);
  if (spec.kind == OptimizerSpec::Kind::AdamW && spec.weightDecay != 0)
    decayFactor =
        create<SubOp>(scalar(1), times(learningRate, spec.weightDecay));
}

Value Updater::interpolate(Value from, Value to, double weight) {
  Value distance = create<SubOp>(to, from);
  if (weight < 0.5)
    return create<AddOp>(from, times(distance, weight));
  return create<SubOp>(to, times(distance, 1 - weight));
}

/// Behind the gradient and the last use of the old value.
void Updater::setInsertionPoint(BlockArgument parameter, Value gradient) {
  Block &body = func.getBody().front();
  Operation *last = gradient.getDefiningOp();
  for (Operation *user : parameter.getUsers())
    if (user != body.getTerminator() && (!last || last->isBeforeInBlock(user)))
      last = user;
  if (last)
    b.setInsertionPointAfter(last);
  else
    b.setInsertionPointToStart(&body);
}

Value Updater::stepSGD(BlockArgument parameter, Value gradient) {
  if (spec.weightDecay != 0)
    gradient = create<AddOp>(gradient, times(parameter, spec.weightDecay));
  if (spec.momentum != 0) {
    Value buffer = addBuffer(parameter, momentumSuffix);
    Value added =
        gradientFactor ? create<MulOp>(gradient, gradientFactor) : gradient;
    buffer = create<AddOp>(times(buffer, spec.momentum), added);
    replace(momentumSuffix, buffer);
    gradient = spec.nesterov
                   ? create<AddOp>(gradient, times(buffer, spec.momentum))
                   : buffer;
  }
  return create<SubOp>(parameter, create<MulOp>(gradient, learningRate));
}

Value Updater::stepAdam(BlockArgument parameter, Value gradient) {
  Value value = parameter;
  if (decayFactor)
    value = create<MulOp>(value, decayFactor);
  else if (spec.weightDecay != 0)
    gradient = create<AddOp>(gradient, times(parameter, spec.weightDecay));
  Value mean = addBuffer(parameter, meanSuffix);
  Value square = addBuffer(parameter, squareSuffix);
  mean = interpolate(mean, gradient, 1 - spec.beta1);
  square =
      create<AddOp>(times(square, spec.beta2),
                    create<MulOp>(times(gradient, 1 - spec.beta2), gradient));
  replace(meanSuffix, mean);
  replace(squareSuffix, square);
  Value root = create<DivOp>(create<SqrtOp>(square), rootCorrection);
  Value denominator = create<AddOp>(root, scalar(spec.epsilon));
  Value step = create<DivOp>(create<MulOp>(mean, stepSize), denominator);
  return create<SubOp>(value, step);
}

void Updater::update(BlockArgument parameter, Value newGradient) {
  gradient = newGradient;
  name = getArgumentName(func, parameter.getArgNumber()).str();
  // Of the layer, so that reports group updates with it.
  loc = gradient.getLoc();
  setInsertionPoint(parameter, gradient);
  Value next = spec.kind == OptimizerSpec::Kind::SGD
                   ? stepSGD(parameter, gradient)
                   : stepAdam(parameter, gradient);
  replace("", next);
}

namespace {
struct AttachOptimizer : nn::impl::AttachOptimizerBase<AttachOptimizer> {
  using Base::Base;

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (func.isExternal())
      return;
    if (failed(verifyOneBlock(func)))
      return signalPassFailure();
    FailureOr<OptimizerSpec> spec =
        OptimizerSpec::parse(optimizer, [&] { return func.emitError(); });
    if (failed(spec))
      return signalPassFailure();
    SmallVector<std::pair<BlockArgument, Value>> gradients = findGradients();
    if (gradients.empty()) {
      func.emitError("expected results with '")
          << gradientOfAttrName << "', found none; generate the backward pass "
          << "first (nn-generate-backward)";
      return signalPassFailure();
    }
    if (failed(checkStates(*spec, gradients)))
      return signalPassFailure();
    Updater updater(func, *spec);
    updater.prepare();
    for (auto [parameter, gradient] : gradients)
      updater.update(parameter, gradient);
    dropUnnamed();
  }

private:
  SmallVector<std::pair<BlockArgument, Value>> findGradients() {
    func::FuncOp func = getOperation();
    Operation *terminator = func.getBody().front().getTerminator();
    SmallVector<std::pair<BlockArgument, Value>> gradients;
    for (unsigned i = 0; i < func.getNumResults(); ++i)
      if (auto name =
              func.getResultAttrOfType<StringAttr>(i, gradientOfAttrName))
        gradients.emplace_back(findArgument(func, name),
                               terminator->getOperand(i));
    return gradients;
  }

  /// The names of all states are free.
  LogicalResult
  checkStates(const OptimizerSpec &spec,
              ArrayRef<std::pair<BlockArgument, Value>> gradients) {
    func::FuncOp func = getOperation();
    auto check = [&](const Twine &state) -> LogicalResult {
      std::string name = state.str();
      if (!findArgument(func, name))
        return success();
      return func.emitError("has an input or parameter called '")
             << name << "' already, which is the name of a state of the "
             << "optimizer; rename it, or run nn-attach-optimizer once";
    };
    for (StringRef state : spec.getSharedStates())
      if (failed(check(state)))
        return failure();
    for (auto [parameter, gradient] : gradients)
      for (StringRef suffix : spec.getStateSuffixes())
        if (failed(check(nn::getArgumentName(func, parameter.getArgNumber()) +
                         suffix)))
          return failure();
    return success();
  }

  /// Gradients that nobody asked for are no results.
  void dropUnnamed() {
    func::FuncOp func = getOperation();
    llvm::BitVector dropped(func.getNumResults());
    for (unsigned i = 0; i < func.getNumResults(); ++i)
      if (func.getResultAttr(i, gradientOfAttrName) &&
          !func.getResultAttr(i, nameAttrName))
        dropped.set(i);
    func.getBody().front().getTerminator()->eraseOperands(dropped);
    LogicalResult erased = func.eraseResults(dropped);
    assert(succeeded(erased) && "a function type can be rebuilt");
    (void)erased;
  }
};
} // namespace
