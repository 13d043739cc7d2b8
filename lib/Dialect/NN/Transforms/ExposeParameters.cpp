//===- ExposeParameters.cpp - What a network learned becomes arguments ---===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/Transforms/Passes.h"

#include "photonic/Dialect/NN/IR/Step.h"

#include "llvm/ADT/MapVector.h"
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

/// The same if it has a name, by which training knows it.
static ConstantOp findParameter(Value value) {
  ConstantOp constant = findConstant(value);
  return constant && constant.getName() ? constant : ConstantOp();
}

/// The operand of a sum that is added to a product as a bias is: one number per
/// column or channel. Exporters write linear layers on tensors of rank 3 so.
static ConstantOp findBias(AddOp add) {
  for (unsigned i : {0, 1}) {
    Value product = lookThrough(add->getOperand(1 - i));
    ConstantOp constant = findParameter(add->getOperand(i));
    if (constant && product.getDefiningOp<LearningOpInterface>() &&
        llvm::count_if(constant.getType().getShape(),
                       [](int64_t extent) { return extent > 1; }) <= 1)
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
    collect();
    if (failed(checkNames()) || failed(checkMatch("freeze", freeze)) ||
        failed(checkMatch("learn", learn)))
      return signalPassFailure();
    for (auto &[constant, learned] : found)
      expose(constant, learned);
    for (auto &[constant, result] : updates)
      addUpdate(getOperation(), *constant.getName(), result);
    reportOthers();
  }

private:
  /// How training changes a parameter.
  struct Learned {
    bool byGradient = false;  ///< by an optimiser
    bool isStatistic = false; ///< by averaging
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

  /// Parameters in the order of their first use.
  void collect() {
    getOperation().walk([&](LearningOpInterface op) {
      for (OpOperand *operand : op.getParameters())
        if (ConstantOp constant = findParameter(operand->get()))
          found[constant].byGradient = true;
        else if (trainable && findConstant(operand->get()))
          op->emitWarning("operand ")
              << operand->getOperandNumber() << " of '" << op->getName()
              << "' is a constant without a name and is not trained";
      for (auto [operand, result] : op.getStatistics())
        if (ConstantOp constant = findParameter(operand->get())) {
          found[constant].isStatistic = true;
          if (result && trainable)
            updates.emplace_back(constant, result);
        }
    });
    getOperation().walk([&](Operation *op) {
      auto add = dyn_cast<AddOp>(op);
      if (ConstantOp bias = add ? findBias(add) : ConstantOp())
        found[bias].byGradient = true;
      auto constant = dyn_cast<ConstantOp>(op);
      if (constant && constant.getName() &&
          (constant->hasAttr(learnedAttrName) ||
           matches(learn, *constant.getName())))
        found[constant].byGradient = true;
    });
  }

  LogicalResult checkNames() {
    llvm::StringSet<> names, updated;
    for (auto &[constant, learned] : found) {
      StringRef name = *constant.getName();
      if (!names.insert(name).second || findArgument(getOperation(), name))
        return constant.emitError("parameter '")
               << name << "' has the name of another parameter or input; "
               << "give every initializer a name of its own";
      if (learned.byGradient && learned.isStatistic)
        return constant.emitError("'")
               << name << "' is a running statistic and a learned parameter "
               << "at once; give each an initializer of its own";
    }
    for (auto &[constant, result] : updates)
      if (!updated.insert(*constant.getName()).second)
        return result.getDefiningOp()->emitOpError("shares the statistics '")
               << *constant.getName()
               << "' with another normalisation, so that both would replace "
                  "them; give each its own";
    return success();
  }

  /// A pattern that matches nothing is a slip of the pen. To freeze what is not
  /// trained anyway is none: it answers the warning.
  LogicalResult checkMatch(StringRef option, StringRef pattern) {
    if (pattern.empty())
      return success();
    bool any = false;
    getOperation().walk([&](ConstantOp constant) {
      any |= constant.getName() && matches(pattern, *constant.getName());
    });
    if (any)
      return success();
    StringRef closest;
    for (auto &[constant, learned] : found) {
      StringRef name = *constant.getName();
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

  void expose(ConstantOp constant, const Learned &learned) {
    func::FuncOp func = getOperation();
    StringRef name = *constant.getName();
    BlockArgument argument = addPersistent(
        func, name, parameterRole, constant.getValue(), constant.getLoc());
    if (trainable && learned.byGradient && !matches(freeze, name))
      func.setArgAttr(argument.getArgNumber(), trainableAttrName,
                      UnitAttr::get(&getContext()));
    constant.replaceAllUsesWith(argument);
  }

  /// Named constants that no operation learns stay what they are; that may
  /// surprise, so it is said.
  void reportOthers() {
    std::string names;
    getOperation().walk([&](ConstantOp constant) {
      if (!constant.getName())
        return;
      if (constant.use_empty())
        return constant.erase();
      if (!matches(freeze, *constant.getName()))
        names +=
            (names.empty() ? "'" : ", '") + constant.getName()->str() + "'";
    });
    if (!names.empty() && trainable)
      getOperation().emitWarning("not trained, because no weight, bias or "
                                 "scale of a layer: ")
          << names << "; to train them, match them with learn, or with freeze "
          << "to keep them without this warning";
  }

  llvm::MapVector<ConstantOp, Learned> found;
  SmallVector<std::pair<ConstantOp, Value>> updates;
};
} // namespace
