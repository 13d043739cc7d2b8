//===- ExposeParameters.cpp - What a network learned becomes arguments ---===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/Transforms/Passes.h"

#include "photonic/Dialect/NN/IR/Step.h"

#include "mlir/IR/Remarks.h"
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

/// The constant that `value` shows, also behind changes of layout.
static ConstantOp findConstant(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (auto constant = dyn_cast<ConstantOp>(op))
      return constant;
    if (!isa<ReshapeOp, TransposeOp>(op))
      break;
    value = op->getOperand(0);
  }
  return {};
}

/// The same if it has a name, by which training knows it.
static ConstantOp findParameter(Value value) {
  ConstantOp constant = findConstant(value);
  return constant && constant.getName() ? constant : ConstantOp();
}

namespace {
struct ExposeParameters : nn::impl::ExposeParametersBase<ExposeParameters> {
  using Base::Base;

  void runOnOperation() override {
    if (failed(checkPattern()))
      return signalPassFailure();
    collect();
    if (failed(checkNames()) || failed(checkFrozen()))
      return signalPassFailure();
    for (auto &[constant, learned] : found)
      expose(constant, learned);
    for (auto &[constant, result] : updates)
      addUpdate(getOperation(), *constant.getName(), result);
    remarkOnOthers();
  }

private:
  /// How training changes a parameter.
  struct Learned {
    bool byGradient = false; ///< else a statistic
  };

  LogicalResult checkPattern() {
    std::string wrong;
    if (freeze.empty() || llvm::Regex(freeze).isValid(wrong))
      return success();
    return getOperation().emitError("freeze: '")
           << freeze << "' is no regular expression: " << wrong;
  }

  bool isFrozen(StringRef name) const {
    return !freeze.empty() && llvm::Regex(freeze).match(name);
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
          found.try_emplace(constant);
          if (result && trainable)
            updates.emplace_back(constant, result);
        }
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
    }
    for (auto &[constant, result] : updates)
      if (!updated.insert(*constant.getName()).second)
        return result.getDefiningOp()->emitOpError("shares the statistics '")
               << *constant.getName()
               << "' with another normalisation, so that both would replace "
                  "them; give each its own";
    return success();
  }

  /// A pattern that freezes nothing is a slip of the pen.
  LogicalResult checkFrozen() {
    if (freeze.empty())
      return success();
    StringRef closest;
    for (auto &[constant, learned] : found) {
      StringRef name = *constant.getName();
      if (isFrozen(name))
        return success();
      if (closest.empty() ||
          name.edit_distance(freeze) < closest.edit_distance(freeze))
        closest = name;
    }
    InFlightDiagnostic diag = getOperation().emitError("freeze: no parameter "
                                                       "matches '")
                              << freeze << "'";
    if (!closest.empty())
      diag << "; the closest of " << found.size() << " is '" << closest << "'";
    return diag;
  }

  void expose(ConstantOp constant, const Learned &learned) {
    func::FuncOp func = getOperation();
    StringRef name = *constant.getName();
    BlockArgument argument = addPersistent(
        func, name, parameterRole, constant.getValue(), constant.getLoc());
    if (trainable && learned.byGradient && !isFrozen(name))
      func.setArgAttr(argument.getArgNumber(), trainableAttrName,
                      UnitAttr::get(&getContext()));
    constant.replaceAllUsesWith(argument);
  }

  /// Named constants that no operation learns stay what they are; that may
  /// surprise, so it is said.
  void remarkOnOthers() {
    std::string names;
    getOperation().walk([&](ConstantOp constant) {
      if (!constant.getName())
        return;
      if (constant.use_empty())
        return constant.erase();
      names += (names.empty() ? "'" : ", '") + constant.getName()->str() + "'";
    });
    if (!names.empty())
      remark::missed(getOperation().getLoc(),
                     remark::RemarkOpts::name("NotAParameter")
                         .category("Parameters")
                         .function(getOperation().getName()))
          << remark::add("constants that no operation learns: {0}", names);
  }

  llvm::MapVector<ConstantOp, Learned> found;
  SmallVector<std::pair<ConstantOp, Value>> updates;
};
} // namespace
