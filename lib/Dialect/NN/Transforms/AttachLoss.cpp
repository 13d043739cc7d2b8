//===- AttachLoss.cpp - An output is compared with labels ----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/Transforms/Passes.h"

#include "photonic/Dialect/NN/IR/Step.h"

namespace photonic::nn {
#define GEN_PASS_DEF_ATTACHLOSS
#include "photonic/Dialect/NN/Transforms/NNPasses.h.inc"
} // namespace photonic::nn

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

/// Name of the result that holds the loss.
static constexpr StringLiteral lossName = "loss";

namespace {
struct AttachLoss : nn::impl::AttachLossBase<AttachLoss> {
  using Base::Base;

  void runOnOperation() override {
    if (getOperation().isExternal())
      return;
    if (failed(verifyOneBlock(getOperation())))
      return signalPassFailure();
    FailureOr<unsigned> output = findOutput();
    if (failed(output) || failed(attach(*output)))
      signalPassFailure();
  }

private:
  /// Results that the network gives, not those that training adds.
  SmallVector<unsigned> getOutputs() {
    func::FuncOp func = getOperation();
    SmallVector<unsigned> outputs;
    for (unsigned i = 0; i < func.getNumResults(); ++i)
      if (!func.getResultAttr(i, updatesAttrName) &&
          !func.getResultAttr(i, gradientOfAttrName))
        outputs.push_back(i);
    return outputs;
  }

  FailureOr<unsigned> findOutput() {
    func::FuncOp func = getOperation();
    SmallVector<unsigned> outputs = getOutputs();
    auto list = [&](InFlightDiagnostic &diag) {
      llvm::interleaveComma(outputs, diag, [&](unsigned i) {
        diag << "'" << getResultName(func, i) << "' of type "
             << func.getResultTypes()[i];
      });
    };
    if (lossOutput.empty() && outputs.size() == 1)
      return outputs.front();
    if (!lossOutput.empty())
      for (unsigned i : outputs)
        if (getResultName(func, i) == lossOutput)
          return i;
    InFlightDiagnostic diag = func.emitError();
    if (lossOutput.empty())
      diag << "expected one output to compute the loss of, found "
           << outputs.size() << ": ";
    else
      diag << "expected an output '" << lossOutput << "', found ";
    list(diag);
    diag << "; name one of them with loss-output";
    return failure();
  }

  LogicalResult attach(unsigned output) {
    if (loss == "output")
      return markOutput(output);
    if (loss != "cross_entropy" && loss != "mse")
      return getOperation().emitError("unknown loss '")
             << loss.getValue() << "', expected cross_entropy, mse or output";
    if (findArgument(getOperation(), labelsName))
      return getOperation().emitError("has an input or parameter called '")
             << labelsName << "' already, which is the name of the loss's "
             << "input; rename it, or if the network computes its loss itself, "
                "name that output with loss-output and give no loss";
    if (findResult(getOperation(), nameAttrName, lossName))
      return getOperation().emitError("has an output called '")
             << lossName << "' already; if it is the loss, name it with "
             << "loss-output and give no loss, otherwise rename it";
    return loss == "mse" ? attachMSE(output) : attachCrossEntropy(output);
  }

  Value getOutput(unsigned index) {
    return getOperation().getBody().front().getTerminator()->getOperand(index);
  }
  /// Null if the output is no tensor.
  RankedTensorType getType(unsigned output) {
    return dyn_cast<RankedTensorType>(getOutput(output).getType());
  }

  /// The network computes its loss itself.
  LogicalResult markOutput(unsigned output) {
    RankedTensorType type = getType(output);
    if (!type || type.getNumElements() != 1)
      return emitMisfit(output, "one element");
    getOperation().setResultAttr(output, lossAttrName,
                                 UnitAttr::get(&getContext()));
    return success();
  }

  LogicalResult emitMisfit(unsigned output, StringRef expected) {
    return getOperation().emitError("loss ")
           << loss.getValue() << " expects an output of " << expected
           << ", found '" << getResultName(getOperation(), output)
           << "' of type " << getOutput(output).getType()
           << "; choose another loss, or another output with loss-output";
  }

  /// Adds the input `labels` behind the inputs of the network.
  BlockArgument addLabels(RankedTensorType type,
                          ArrayRef<NamedAttribute> attributes, Location loc) {
    func::FuncOp func = getOperation();
    unsigned index = 0;
    for (unsigned i = 0; i < func.getNumArguments(); ++i)
      if (!hasRole(func, i))
        index = i + 1;
    SmallVector<NamedAttribute> all(attributes);
    Builder builder(&getContext());
    all.push_back(
        builder.getNamedAttr(nameAttrName, builder.getStringAttr(labelsName)));
    LogicalResult inserted =
        func.insertArgument(index, type, builder.getDictionaryAttr(all), loc);
    assert(succeeded(inserted) && "a function type can be rebuilt");
    (void)inserted;
    return func.getArgument(index);
  }

  /// Dimension of the labels along which the samples lie, if those of the
  /// output lie along one that the labels have too.
  void addBatchAxis(unsigned output, std::optional<int64_t> classAxis,
                    SmallVectorImpl<NamedAttribute> &attributes) {
    auto axis = getOperation().getResultAttrOfType<IntegerAttr>(
        output, batchAxisAttrName);
    if (!axis || axis.getInt() == classAxis)
      return;
    int64_t number = axis.getInt() - (classAxis && axis.getInt() > *classAxis);
    Builder builder(&getContext());
    attributes.push_back(builder.getNamedAttr(
        batchAxisAttrName, builder.getI64IntegerAttr(number)));
  }

  void addLoss(OpBuilder &at, Operation *op) {
    setPhase(op, Phase::Loss);
    Builder builder(&getContext());
    auto scalar = ReshapeOp::create(
        at, op->getLoc(), RankedTensorType::get({}, builder.getF32Type()),
        op->getResult(0));
    setPhase(scalar, Phase::Loss);
    addResult(
        getOperation(), scalar,
        {builder.getNamedAttr(nameAttrName, builder.getStringAttr(lossName)),
         builder.getNamedAttr(lossAttrName, builder.getUnitAttr())},
        0);
  }

  LogicalResult attachCrossEntropy(unsigned output) {
    Value scores = getOutput(output);
    RankedTensorType type = getType(output);
    if (!type || type.getRank() < 2)
      return emitMisfit(output, "shape [batch, classes, ...]");
    if (Operation *op = scores.getDefiningOp(); op && isa<SoftmaxOp>(op))
      op->emitWarning("the loss cross_entropy contains a softmax, and the "
                      "network ends in one; a network that gives scores "
                      "learns faster");
    Builder builder(&getContext());
    SmallVector<int64_t> shape(type.getShape());
    shape.erase(shape.begin() + 1);
    Location loc = NameLoc::get(builder.getStringAttr(lossName));
    SmallVector<NamedAttribute> attributes = {
        builder.getNamedAttr(classesAttrName,
                             builder.getI64IntegerAttr(type.getDimSize(1))),
        builder.getNamedAttr(ignoreIndexAttrName,
                             builder.getI64IntegerAttr(ignoreIndex))};
    addBatchAxis(output, 1, attributes);
    BlockArgument labels =
        addLabels(RankedTensorType::get(shape, type.getElementType()),
                  attributes, loc);
    OpBuilder at(getOperation().getBody().front().getTerminator());
    addLoss(at, SoftmaxCrossEntropyOp::create(
                    at, loc, scores, labels, Value(), Reduction::Mean,
                    builder.getI64IntegerAttr(ignoreIndex)));
    return success();
  }

  LogicalResult attachMSE(unsigned output) {
    Value value = getOutput(output);
    RankedTensorType type = getType(output);
    if (!type)
      return emitMisfit(output, "a tensor");
    Location loc = NameLoc::get(StringAttr::get(&getContext(), lossName));
    SmallVector<NamedAttribute> attributes;
    addBatchAxis(output, std::nullopt, attributes);
    BlockArgument target = addLabels(type, attributes, loc);
    OpBuilder at(getOperation().getBody().front().getTerminator());
    addLoss(at, MSELossOp::create(at, loc, value, target, Reduction::Mean));
    return success();
  }
};
} // namespace
