//===- ExposeParameters.cpp - What a network learned becomes arguments ---===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/Transforms/Passes.h"

#include "Influence.h"

#include "photonic/Dialect/NN/IR/Step.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Regex.h"

namespace photonic::nn {
#define GEN_PASS_DEF_EXPOSEPARAMETERS
#include "photonic/Dialect/NN/Transforms/NNPasses.h.inc"
} // namespace photonic::nn

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

/// True for `value * factor` with a factor of one element that is no parameter.
static bool isScaled(Operation *op) {
  auto product = dyn_cast<MulOp>(op);
  auto factor =
      product ? product.getRhs().getDefiningOp<ConstantOp>() : ConstantOp();
  return factor && !factor.getName() && factor.getType().getNumElements() == 1;
}

/// What `value` is behind changes of layout and such factors.
static Value lookThrough(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<ReshapeOp, TransposeOp>(op) && !isScaled(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

static ConstantOp findConstant(Value value) {
  return lookThrough(value).getDefiningOp<ConstantOp>();
}

/// The name by which training knows the constant; empty if it has none.
static StringRef getTrainingName(ConstantOp constant) {
  if (std::optional<StringRef> name = constant.getName())
    return *name;
  auto literal = constant->getAttrOfType<StringAttr>(literalAttrName);
  return literal ? literal.getValue() : StringRef();
}

/// The operand of a sum that is added to a product as a bias is: one number per
/// column or channel. Exporters write linear layers on tensors of rank 3 so.
static ConstantOp findBias(AddOp add) {
  for (unsigned i : {0, 1}) {
    Value product = lookThrough(add->getOperand(1 - i));
    ConstantOp constant = findConstant(add->getOperand(i));
    if (!constant || !product.getDefiningOp<LearningOpInterface>())
      continue;
    ArrayRef<int64_t> shape = constant.getType().getShape();
    int64_t axes = llvm::count_if(shape, [](int64_t n) { return n > 1; });
    // A number that the graph writes down is a number.
    if (axes <= 1 && (constant.getName() || axes == 1))
      return constant;
  }
  return {};
}

namespace {
struct ExposeParameters : nn::impl::ExposeParametersBase<ExposeParameters> {
  using Base::Base;

  void runOnOperation() override {
    if (getOperation().isExternal())
      return;
    if (failed(verifyOneBlock(getOperation())) ||
        failed(checkPattern("freeze", freeze)) ||
        failed(checkPattern("learn", learn)))
      return signalPassFailure();
    findRoles();
    collect();
    if (failed(checkNames()) || failed(checkMatch("freeze", freeze)) ||
        failed(checkMatch("learn", learn)))
      return signalPassFailure();
    if (trainable) {
      reportUnreached();
      reportUnstated();
    }
    for (auto &[constant, learned] : found)
      expose(constant, learned);
    for (auto &[constant, result] : updates)
      addUpdate(getOperation(), getTrainingName(constant), result);
    cleanUp();
  }

private:
  /// How training changes a constant.
  struct Learned {
    bool byGradient = false;  ///< by an optimiser
    bool isStatistic = false; ///< by averaging
  };
  /// What the operations that learn read it as.
  struct Role {
    bool isParameter = false, isStatistic = false;
  };

  LogicalResult checkPattern(StringRef option, StringRef pattern) {
    std::string wrong;
    if (pattern.empty() || llvm::Regex(pattern).isValid(wrong))
      return success();
    return getOperation().emitError()
           << option << ": '" << pattern
           << "' is no regular expression: " << wrong;
  }

  static bool matches(StringRef pattern, StringRef name) {
    return !pattern.empty() && llvm::Regex(pattern).match(name);
  }

  void findRoles() {
    getOperation().walk([&](LearningOpInterface op) {
      for (OpOperand *operand : op.getParameters()) {
        ConstantOp constant = findConstant(operand->get());
        if (!constant)
          continue;
        roles[constant].isParameter = true;
        if (trainable && getTrainingName(constant).empty())
          op->emitWarning("operand ")
              << operand->getOperandNumber() << " of '" << op->getName()
              << "' is a constant without a name and is not trained";
      }
      for (auto [operand, result] : op.getStatistics())
        if (ConstantOp constant = findConstant(operand->get());
            constant && !getTrainingName(constant).empty()) {
          roles[constant].isStatistic = true;
          if (result && trainable)
            chainUpdate(constant, *operand, result);
        }
    });
    getOperation().walk([&](AddOp add) {
      if (ConstantOp bias = findBias(add))
        roles[bias].isParameter = true;
    });
  }

  /// A layer that is used several times averages several times: each use
  /// begins with what the one before has made of the statistic.
  void chainUpdate(ConstantOp constant, OpOperand &operand, Value result) {
    Value &newest = updates[constant];
    if (newest && operand.get() != constant.getResult())
      disputed.emplace_back(constant, result.getDefiningOp());
    else if (newest)
      operand.set(newest);
    newest = result;
  }

  /// True if training determines the constant: the model says so, or else it
  /// has a name. A statistic does not follow a gradient.
  bool isLearned(ConstantOp constant) {
    if (matches(learn, getTrainingName(constant)))
      return true;
    if (auto stated = constant->getAttrOfType<BoolAttr>(learnedAttrName))
      return stated.getValue();
    Role role = roles.lookup(constant);
    return role.isParameter || (constant.getName() && !role.isStatistic);
  }

  /// Constants in the order of their first use.
  void collect() {
    Block &body = getOperation().getBody().front();
    Operation *end = body.getTerminator();
    influence.emplace(body, SmallVector<Value>(end->getOperands()));
    getOperation().walk([&](Operation *op) {
      for (Value operand : op->getOperands())
        if (auto constant = operand.getDefiningOp<ConstantOp>();
            constant && !getTrainingName(constant).empty() &&
            !found.contains(constant))
          classify(constant);
    });
    getOperation().walk([&](ConstantOp constant) {
      if (constant.use_empty() && constant.getName() && isLearned(constant))
        unreached.insert(constant);
    });
  }

  void classify(ConstantOp constant) {
    Role role = roles.lookup(constant);
    bool learned = isLearned(constant);
    if (learned && !influence->hasDerivative(constant))
      unreached.insert(constant);
    else if (learned)
      found[constant].byGradient = true;
    // What a module keeps of its layers is a parameter all the same.
    if (role.isStatistic || (role.isParameter && !unreached.contains(constant)))
      found[constant].isStatistic = role.isStatistic;
  }

  LogicalResult checkNames() {
    llvm::StringSet<> names;
    for (auto &[constant, learned] : found) {
      StringRef name = getTrainingName(constant);
      if (!names.insert(name).second || findArgument(getOperation(), name))
        return constant.emitError("parameter '")
               << name << "' has the name of another parameter or input; "
               << "give every initializer a name of its own";
      if (learned.byGradient && learned.isStatistic)
        return constant.emitError("'")
               << name << "' is a running statistic and a learned parameter "
               << "at once; give each an initializer of its own";
    }
    for (auto [constant, op] : disputed)
      return op->emitOpError("shares the statistics '")
             << getTrainingName(constant)
             << "' with another normalisation in another layout; give each "
                "its own";
    return success();
  }

  /// A pattern that matches nothing is a slip of the pen. To freeze what is not
  /// trained anyway is none: it answers the warning.
  LogicalResult checkMatch(StringRef option, StringRef pattern) {
    if (pattern.empty())
      return success();
    bool any = false;
    getOperation().walk([&](ConstantOp constant) {
      any |= matches(pattern, getTrainingName(constant));
    });
    if (any)
      return success();
    StringRef closest;
    for (auto &[constant, learned] : found) {
      StringRef name = getTrainingName(constant);
      if (closest.empty() ||
          name.edit_distance(pattern) < closest.edit_distance(pattern))
        closest = name;
    }
    InFlightDiagnostic diag = getOperation().emitError()
                              << option << ": no parameter matches '" << pattern
                              << "'";
    if (!closest.empty())
      diag << "; the closest of " << found.size() << " is '" << closest << "'";
    return diag;
  }

  /// What has no derivative cannot be learned.
  void reportUnreached() {
    for (ConstantOp constant : unreached) {
      StringRef name = getTrainingName(constant);
      if (matches(freeze, name))
        continue;
      OpOperand *obstacle = influence->findObstacle(constant);
      InFlightDiagnostic diag = getOperation().emitWarning("parameter '")
                                << name << "' is not trained: ";
      if (!obstacle) {
        diag << "no output depends on it";
        continue;
      }
      diag << "it is only compared, a condition, a label or a weight of "
              "classes, with respect to which nothing has a derivative";
      Influence::attachNote(*diag.getUnderlyingDiagnostic(), *obstacle);
    }
  }

  /// A model that does not say what is learned may mean some of its named
  /// constants to stay.
  void reportUnstated() {
    std::string names;
    for (auto &[constant, learned] : found) {
      StringRef name = getTrainingName(constant);
      if (learned.byGradient && !constant->hasAttr(learnedAttrName) &&
          !roles.lookup(constant).isParameter && !matches(learn, name) &&
          !matches(freeze, name))
        names += (names.empty() ? "'" : ", '") + name.str() + "'";
    }
    if (!names.empty())
      getOperation().emitWarning("trained, though no weight, bias or scale of "
                                 "a layer, because the model does not say what "
                                 "is learned: ")
          << names << "; keep those that are not with freeze, or match those "
          << "that are with learn to train them without this warning";
  }

  void expose(ConstantOp constant, const Learned &learned) {
    func::FuncOp func = getOperation();
    StringRef name = getTrainingName(constant);
    BlockArgument argument = addPersistent(
        func, name, parameterRole, constant.getValue(), constant.getLoc());
    if (trainable && learned.byGradient && !matches(freeze, name))
      func.setArgAttr(argument.getArgNumber(), trainableAttrName,
                      UnitAttr::get(&getContext()));
    constant.replaceAllUsesWith(argument);
  }

  /// What stays is a constant like any other.
  void cleanUp() {
    getOperation().walk([&](ConstantOp constant) {
      if (constant.use_empty() && constant.getName())
        return constant.erase();
      constant->removeAttr(learnedAttrName);
      constant->removeAttr(literalAttrName);
    });
  }

  llvm::DenseMap<Operation *, Role> roles;
  std::optional<Influence> influence;
  llvm::MapVector<ConstantOp, Learned> found;
  llvm::SetVector<ConstantOp> unreached;
  /// Of statistics: what they are at the end of a step.
  llvm::MapVector<ConstantOp, Value> updates;
  /// Operations that would replace a statistic another one replaces.
  SmallVector<std::pair<ConstantOp, Operation *>> disputed;
};
} // namespace
