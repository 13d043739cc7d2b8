//===- ReductionPlan.cpp - Plans of reductions and softmax -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PlanKinds.h"

#include "photonic/Dialect/NN/IR/NN.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace photonic;

static ArrayRef<int64_t> getShape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

/// A tensor seen as [outer, axis, inner].
namespace {
struct AxisView {
  int64_t outer = 1, axis = 1, inner = 1;

  AxisView(ArrayRef<int64_t> shape, int64_t begin, int64_t end)
      : outer(getNumElements(shape.take_front(begin))),
        axis(getNumElements(shape.slice(begin, end - begin))),
        inner(getNumElements(shape.drop_front(end))) {}

  int64_t getUnitBytes() const { return 4 * axis * inner; }
  /// Strides of the view in the order (outer, inner, axis).
  SmallVector<int64_t> getElementStrides() const {
    return {getUnitBytes(), 4, 4 * inner};
  }
  /// Strides of one value per (outer, inner) in the same order.
  SmallVector<int64_t> getReducedStrides() const { return {4 * inner, 4, 0}; }
};
} // namespace

/// A vec_reduce of the view `v` in `source` into one value per (outer, inner).
static phx::VecReduce makeReduce(phx::ReduceFn fn, const AxisView &v,
                                 const phx::Count &units,
                                 const phx::Address &result,
                                 const phx::Address &source) {
  phx::VecReduce reduce;
  reduce.fn = fn;
  reduce.dst = result;
  reduce.a = source;
  reduce.dstStride = {0, 4 * v.inner, 4, 0};
  reduce.aStride = {0, v.getUnitBytes(), 4, 4 * v.inner};
  reduce.shape = {count(1), units, count(v.inner), count(v.axis)};
  return reduce;
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

/// Divides every reduced value by the number of reduced elements.
static void emitMeanDivision(ProgramEmitter &e, const phx::Count &values,
                             const phx::Address &result,
                             const phx::Address &divisor, int64_t elements) {
  e.emit(phx::EngineKind::Vec,
         makeMap({phx::VecFn::Fill, static_cast<float>(elements)}, {count(1)},
                 divisor, {4}, {}, {}));
  e.emit(phx::EngineKind::Vec, makeMap({phx::VecFn::Div}, {values}, result, {4},
                                       result, {4}, divisor, {0}));
}

namespace {
/// A tensor seen as dimensions that stay and dimensions that are reduced, both
/// in order and merged where they are adjacent.
struct ReductionView {
  SmallVector<int64_t> keptShape, keptStrides, resultStrides;
  SmallVector<int64_t> reducedShape, reducedStrides;
  /// Parts of the operand: elements in front of the first dimension that stays.
  /// If there are several, they are the first of the reduced dimensions.
  int64_t outer = 1;

  ReductionView(ArrayRef<int64_t> shape, ArrayRef<int64_t> axes);

  int64_t getReduced() const { return getNumElements(reducedShape); }
  int64_t getKept() const { return getNumElements(keptShape); }
};
} // namespace

ReductionView::ReductionView(ArrayRef<int64_t> shape, ArrayRef<int64_t> axes) {
  SmallVector<int64_t> strides = getByteStrides(shape);
  SmallVector<int64_t> kept, keptStride, reduced, reducedStride;
  for (auto [d, extent] : llvm::enumerate(shape)) {
    bool isReduced = llvm::is_contained(axes, static_cast<int64_t>(d));
    (isReduced ? reduced : kept).push_back(extent);
    (isReduced ? reducedStride : keptStride).push_back(strides[d]);
  }
  // The result is dense, whatever lies between its elements in the operand.
  CollapsedShape k = collapse(kept, {keptStride, getByteStrides(kept)});
  keptShape = k.shape;
  keptStrides = k.strides[0];
  resultStrides = k.strides[1];
  CollapsedShape r = collapse(reduced, {reducedStride});
  reducedShape = r.shape;
  reducedStrides = r.strides[0];
  if (getKept() > 1)
    outer =
        4 * getNumElements(shape) / (keptShape.front() * keptStrides.front());
}

/// Emits the reduction of `units` along the first dimension that stays. What an
/// instruction has no dimension for becomes loops around it.
static void emitReduction(ProgramEmitter &e, phx::ReduceFn fn,
                          const ReductionView &v, phx::Address result,
                          phx::Address source, const phx::Count &units) {
  size_t reduced = v.reducedShape.size(), kept = v.keptShape.size();
  // The first dimension is clipped by a count, so it stays in the instruction.
  size_t looped = kept + reduced > 4 ? kept + reduced - 4 : 0;
  for (size_t d = 1; d <= looped; ++d) {
    uint8_t loop = e.beginLoop(v.keptShape[d]);
    result.offset = plusTerm(std::move(result.offset),
                             {loop, 1, 0, 1, 0, v.resultStrides[d]});
    source.offset = plusTerm(std::move(source.offset),
                             {loop, 1, 0, 1, 0, v.keptStrides[d]});
  }
  phx::VecReduce reduce;
  reduce.fn = fn;
  reduce.dst = result;
  reduce.a = source;
  reduce.dims = static_cast<int64_t>(reduced);
  reduce.shape.fill(count(1));
  size_t at = 4 - reduced;
  for (size_t d = kept; d-- > 0;) {
    if (d >= 1 && d <= looped)
      continue;
    --at;
    reduce.shape[at] = d == 0 ? units : count(v.keptShape[d]);
    reduce.dstStride[at] = v.resultStrides[d];
    reduce.aStride[at] = v.keptStrides[d];
  }
  for (size_t d = 0; d < reduced; ++d) {
    reduce.shape[4 - reduced + d] = count(v.reducedShape[d]);
    reduce.aStride[4 - reduced + d] = v.reducedStrides[d];
  }
  e.emit(phx::EngineKind::Vec, reduce);
  for (size_t d = 1; d <= looped; ++d)
    e.endLoop();
}

FailureOr<DigitalPlan> photonic::planReduction(Operation *op) {
  ArrayRef<int64_t> axes;
  phx::ReduceFn fn = phx::ReduceFn::Sum;
  bool mean = false;
  llvm::TypeSwitch<Operation *>(op)
      .Case([&](nn::ReduceMeanOp r) { axes = r.getAxes(), mean = true; })
      .Case([&](nn::ReduceSumOp r) { axes = r.getAxes(); })
      .Case([&](nn::ReduceMaxOp r) {
        axes = r.getAxes(), fn = phx::ReduceFn::Max;
      });
  ArrayRef<int64_t> shape = getShape(op->getOperand(0));
  ReductionView view(shape, axes);
  if (view.reducedShape.size() > 3)
    return op->emitOpError("reduces axes [")
           << axes << "], which are " << view.reducedShape.size()
           << " dimensions after merging adjacent ones; the vector unit "
              "reduces "
              "3: transpose the operand first";
  ComputePlan plan;
  plan.units = view.keptShape.front();
  plan.outer = view.outer;
  // One value of all elements needs them at once.
  bool single = view.getKept() == 1;
  plan.operandUnitBytes = {single ? 0 : view.keptStrides.front()};
  plan.resultUnitBytes = {single ? 4 : view.resultStrides.front()};
  if (mean)
    plan.tempUnitBytes = {4};
  plan.emit = [view, fn, mean](ProgramEmitter &e,
                               const ComputePlan::Places &p) {
    ReductionView placed = view;
    if (view.outer > 1)
      placed.reducedStrides.front() = p.outerBytes;
    emitReduction(e, fn, placed, p.results[0], p.operands[0], p.units);
    if (mean)
      emitMeanDivision(
          e, scaleCount(p.units, view.getKept() / view.keptShape.front()),
          p.results[0], p.temps[0], view.getReduced());
  };
  return DigitalPlan(std::move(plan));
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

FailureOr<DigitalPlan> photonic::planSoftmax(Operation *op) {
  bool logarithm = isa<nn::LogSoftmaxOp>(op);
  int64_t axis = logarithm ? cast<nn::LogSoftmaxOp>(op).getAxis()
                           : cast<nn::SoftmaxOp>(op).getAxis();
  AxisView view(getShape(op->getOperand(0)), axis, axis + 1);
  ComputePlan plan;
  plan.units = view.outer;
  plan.operandUnitBytes = {view.getUnitBytes()};
  plan.resultUnitBytes = {view.getUnitBytes()};
  plan.tempUnitBytes = {4 * view.inner};
  if (logarithm)
    plan.tempUnitBytes.push_back(view.getUnitBytes());
  plan.inPlaceOperands = {0};
  plan.emit = [view, logarithm](ProgramEmitter &e,
                                const ComputePlan::Places &p) {
    using phx::VecFn;
    SmallVector<phx::Count> shape{p.units, count(view.inner), count(view.axis)};
    SmallVector<int64_t> full = view.getElementStrides();
    SmallVector<int64_t> reduced = view.getReducedStrides();
    const phx::Address &value = p.temps[0];
    auto map = [&](VecFn fn, const phx::Address &dst, const phx::Address &a,
                   bool withReduced) {
      e.emit(phx::EngineKind::Vec,
             makeMap({fn}, shape, dst, full, a, full,
                     withReduced ? value : phx::Address(),
                     withReduced ? ArrayRef<int64_t>(reduced)
                                 : ArrayRef<int64_t>()));
    };
    auto reduce = [&](phx::ReduceFn fn, const phx::Address &source) {
      e.emit(phx::EngineKind::Vec,
             makeReduce(fn, view, p.units, value, source));
    };
    reduce(phx::ReduceFn::Max, p.operands[0]);
    map(VecFn::Sub, p.results[0], p.operands[0], true);
    const phx::Address &exponentials = logarithm ? p.temps[1] : p.results[0];
    map(VecFn::Exp, exponentials, p.results[0], false);
    reduce(phx::ReduceFn::Sum, exponentials);
    if (!logarithm) {
      map(VecFn::Div, p.results[0], p.results[0], true);
      return;
    }
    e.emit(phx::EngineKind::Vec,
           makeMap({VecFn::Log}, {scaleCount(p.units, view.inner)}, value, {4},
                   value, {4}));
    map(VecFn::Sub, p.results[0], p.results[0], true);
  };
  return DigitalPlan(std::move(plan));
}
