//===- LayoutPlan.cpp - Plans of operations that move elements -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PlanKinds.h"

#include "photonic/Dialect/NN/IR/NN.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace photonic;

static ArrayRef<int64_t> getShape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

/// Turns dimensions of `copy` that one instruction cannot express into loops:
/// those that are walked backwards, and the outermost beyond the fourth.
static void makeLoops(CopyPlan::Copy &copy) {
  for (size_t d = 0; d < copy.shape.size();) {
    if (copy.srcStrides[d] >= 0 && copy.shape.size() <= 4) {
      ++d;
      continue;
    }
    // Prefer the loops that are needed anyway.
    auto backwards = llvm::find_if(copy.srcStrides,
                                   [](int64_t stride) { return stride < 0; });
    size_t taken = backwards == copy.srcStrides.end()
                       ? 0
                       : backwards - copy.srcStrides.begin();
    copy.loops.push_back(
        {copy.shape[taken], copy.srcStrides[taken], copy.dstStrides[taken]});
    copy.shape.erase(copy.shape.begin() + taken);
    copy.srcStrides.erase(copy.srcStrides.begin() + taken);
    copy.dstStrides.erase(copy.dstStrides.begin() + taken);
    d = 0;
  }
  if (copy.shape.empty()) { // a single element per iteration
    copy.shape = {1};
    copy.srcStrides = copy.dstStrides = {0};
  }
}

void photonic::emitCopy(
    ProgramEmitter &e, const CopyPlan::Copy &copy, phx::Address dst,
    phx::Address src,
    llvm::function_ref<void(const phx::Address &, const phx::Address &)> emit) {
  dst.offset.base += copy.dstOffset;
  src.offset.base += copy.srcOffset;
  for (const CopyPlan::Loop &loop : copy.loops) {
    uint8_t counter = e.beginLoop(loop.count);
    dst.offset =
        plusTerm(std::move(dst.offset), {counter, 1, 0, 1, 0, loop.dstStep});
    src.offset =
        plusTerm(std::move(src.offset), {counter, 1, 0, 1, 0, loop.srcStep});
  }
  emit(dst, src);
  for (size_t i = 0; i < copy.loops.size(); ++i)
    e.endLoop();
}

/// Adds a copy of `shape` elements; fails if it needs more dimensions than
/// instruction and loops have.
static LogicalResult addCopy(Operation *op, CopyPlan &plan, unsigned operand,
                             ArrayRef<int64_t> shape, int64_t srcOffset,
                             ArrayRef<int64_t> srcStrides, int64_t dstOffset,
                             ArrayRef<int64_t> dstStrides) {
  CollapsedShape c = collapse(shape, {SmallVector<int64_t>(srcStrides),
                                      SmallVector<int64_t>(dstStrides)});
  CopyPlan::Copy copy{operand,      srcOffset,    dstOffset, c.shape,
                      c.strides[0], c.strides[1], {}};
  makeLoops(copy);
  if (copy.loops.size() > maxLoops)
    return op->emitOpError("moves elements along ")
           << c.shape.size() << " independent dimensions, at most "
           << maxLoops + 4 << " are supported; reshape the operand";
  plan.copies.push_back(std::move(copy));
  return success();
}

static LogicalResult planTranspose(nn::TransposeOp op, CopyPlan &plan) {
  SmallVector<int64_t> own = getByteStrides(getShape(op.getInput()));
  SmallVector<int64_t> strides;
  for (int64_t from : op.getPerm())
    strides.push_back(own[from]);
  ArrayRef<int64_t> shape = getShape(op.getOutput());
  return addCopy(op, plan, 0, shape, 0, strides, 0, getByteStrides(shape));
}

static LogicalResult planConcat(nn::ConcatOp op, CopyPlan &plan) {
  SmallVector<int64_t> result = getByteStrides(getShape(op.getOutput()));
  int64_t position = 0;
  for (auto [index, input] : llvm::enumerate(op.getInputs())) {
    ArrayRef<int64_t> shape = getShape(input);
    if (failed(addCopy(op, plan, index, shape, 0, getByteStrides(shape),
                       position * result[op.getAxis()], result)))
      return failure();
    position += shape[op.getAxis()];
  }
  return success();
}

static LogicalResult planSlice(nn::SliceOp op, CopyPlan &plan) {
  SmallVector<int64_t> strides = getByteStrides(getShape(op.getInput()));
  int64_t offset = 0;
  for (auto [d, stride] : llvm::enumerate(strides)) {
    offset += op.getOffsets()[d] * stride;
    stride *= op.getStrides()[d];
  }
  ArrayRef<int64_t> shape = getShape(op.getOutput());
  return addCopy(op, plan, 0, shape, offset, strides, 0, getByteStrides(shape));
}

static LogicalResult planPad(nn::PadOp op, CopyPlan &plan) {
  plan.fill = op.getValue().convertToFloat();
  SmallVector<int64_t> result = getByteStrides(getShape(op.getOutput()));
  int64_t offset = 0;
  for (auto [d, low] : llvm::enumerate(op.getLow()))
    offset += low * result[d];
  ArrayRef<int64_t> shape = getShape(op.getInput());
  return addCopy(op, plan, 0, shape, 0, getByteStrides(shape), offset, result);
}

static LogicalResult planEmbed(nn::EmbedOp op, CopyPlan &plan) {
  plan.fill = 0.0f;
  ArrayRef<int64_t> shape = getShape(op.getInput());
  SmallVector<int64_t> from = getByteStrides(shape);
  SmallVector<int64_t> to = getByteStrides(getShape(op.getOutput()));
  int64_t source = 0, target = 0;
  for (size_t d = 0; d < shape.size(); ++d) {
    target += op.getOffsets()[d] * to[d];
    to[d] *= op.getStrides()[d];
    if (to[d] >= 0)
      continue;
    // Only sources are walked backwards: start both at the other end.
    target += (shape[d] - 1) * to[d];
    source += (shape[d] - 1) * from[d];
    to[d] = -to[d];
    from[d] = -from[d];
  }
  return addCopy(op, plan, 0, shape, source, from, target, to);
}

static LogicalResult planBroadcast(nn::BroadcastToOp op, CopyPlan &plan) {
  ArrayRef<int64_t> from = getShape(op.getInput());
  ArrayRef<int64_t> to = getShape(op.getOutput());
  return addCopy(op, plan, 0, to, 0, getBroadcastStrides(from, to), 0,
                 getByteStrides(to));
}

FailureOr<DigitalPlan> photonic::planLayout(Operation *op) {
  CopyPlan plan;
  LogicalResult planned =
      llvm::TypeSwitch<Operation *, LogicalResult>(op)
          .Case([&](nn::TransposeOp t) { return planTranspose(t, plan); })
          .Case([&](nn::ConcatOp c) { return planConcat(c, plan); })
          .Case([&](nn::SliceOp s) { return planSlice(s, plan); })
          .Case([&](nn::PadOp p) { return planPad(p, plan); })
          .Case([&](nn::EmbedOp e) { return planEmbed(e, plan); })
          .Case([&](nn::BroadcastToOp b) { return planBroadcast(b, plan); });
  if (failed(planned))
    return failure();
  return DigitalPlan(std::move(plan));
}

//===----------------------------------------------------------------------===//
// Entry
//===----------------------------------------------------------------------===//

FailureOr<DigitalPlan> photonic::planDigital(Operation *op) {
  if (std::optional<Elementwise> function = getElementwise(op))
    return planElementwise(op, *function);
  if (isa<nn::BatchNormOp>(op))
    return planBatchNorm(op);
  if (isa<nn::MaxPoolOp, nn::AvgPoolOp, nn::MaxPoolPositionsOp>(op))
    return planPool(op);
  if (isa<nn::MaxPoolGradOp, nn::AvgPoolGradOp>(op))
    return planUnpool(op);
  if (isa<nn::PackSignsOp, nn::GateMaskOp>(op))
    return planMask(op);
  if (isa<nn::UniformOp>(op))
    return planRandom(op);
  if (isa<nn::ReduceMeanOp, nn::ReduceSumOp, nn::ReduceMaxOp>(op))
    return planReduction(op);
  if (isa<nn::SoftmaxOp, nn::LogSoftmaxOp>(op))
    return planSoftmax(op);
  if (isa<nn::TransposeOp, nn::ConcatOp, nn::SliceOp, nn::PadOp, nn::EmbedOp,
          nn::BroadcastToOp>(op))
    return planLayout(op);
  return op->emitOpError("has no form in the instruction set");
}

StringRef photonic::getONNXOperator(Operation *op) {
  if (auto whole = op->getAttrOfType<StringAttr>(nn::operatorAttrName))
    return whole.getValue();
  return llvm::StringSwitch<StringRef>(op->getName().stripDialect())
      .Case("conv2d", "Conv")
      .Case("linear", "Gemm")
      .Case("relu", "Relu")
      .Case("leaky_relu", "LeakyRelu")
      .Case("clip", "Clip")
      .Case("sigmoid", "Sigmoid")
      .Case("tanh", "Tanh")
      .Case("exp", "Exp")
      .Case("log", "Log")
      .Case("sqrt", "Sqrt")
      .Case("neg", "Neg")
      .Case("abs", "Abs")
      .Case("add", "Add")
      .Case("sub", "Sub")
      .Case("mul", "Mul")
      .Case("div", "Div")
      .Case("max", "Max")
      .Case("min", "Min")
      .Case("batch_norm", "BatchNormalization")
      .Case("max_pool", "MaxPool")
      .Case("max_pool_positions", "MaxPool")
      .Case("equal", "Equal")
      .Case("broadcast_to", "Expand")
      .Case("avg_pool", "AveragePool")
      .Case("pad", "Pad")
      .Case("transpose", "Transpose")
      .Case("concat", "Concat")
      .Case("slice", "Slice")
      .Case("softmax", "Softmax")
      .Case("log_softmax", "LogSoftmax")
      .Case("reduce_mean", "ReduceMean")
      .Case("reduce_sum", "ReduceSum")
      .Case("reduce_max", "ReduceMax")
      .Default(op->getName().getStringRef());
}
