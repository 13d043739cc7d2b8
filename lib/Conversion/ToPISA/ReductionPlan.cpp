//===- ReductionPlan.cpp - Plans of reductions, softmax and pooling -*- C++
//-*-===//
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
  if (axes.back() - axes.front() + 1 != static_cast<int64_t>(axes.size()))
    return op->emitOpError("reduces axes [")
           << axes << "] that are not adjacent, which the vector unit cannot; "
           << "transpose the operand first";
  AxisView view(getShape(op->getOperand(0)), axes.front(), axes.back() + 1);
  ComputePlan plan;
  plan.units = view.outer;
  plan.operandUnitBytes = {view.getUnitBytes()};
  plan.resultUnitBytes = 4 * view.inner;
  if (mean)
    plan.tempUnitBytes = {4};
  plan.emit = [view, fn, mean](ProgramEmitter &e,
                               const ComputePlan::Places &p) {
    e.emit(phx::EngineKind::Vec,
           makeReduce(fn, view, p.units, p.result, p.operands[0]));
    if (mean)
      emitMeanDivision(e, scaleCount(p.units, view.inner), p.result, p.temps[0],
                       view.axis);
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
  plan.resultUnitBytes = view.getUnitBytes();
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
    map(VecFn::Sub, p.result, p.operands[0], true);
    const phx::Address &exponentials = logarithm ? p.temps[1] : p.result;
    map(VecFn::Exp, exponentials, p.result, false);
    reduce(phx::ReduceFn::Sum, exponentials);
    if (!logarithm) {
      map(VecFn::Div, p.result, p.result, true);
      return;
    }
    e.emit(phx::EngineKind::Vec,
           makeMap({VecFn::Log}, {scaleCount(p.units, view.inner)}, value, {4},
                   value, {4}));
    map(VecFn::Sub, p.result, p.result, true);
  };
  return DigitalPlan(std::move(plan));
}

//===----------------------------------------------------------------------===//
// Pooling
//===----------------------------------------------------------------------===//

/// Maps of a pool over planes: rows are output elements (fastest: column, row,
/// plane), columns are window positions.
template <typename PoolOp>
static std::pair<phx::AccessMap, phx::AccessMap> makePoolMaps(PoolOp pool) {
  ArrayRef<int64_t> in = getShape(pool.getInput());
  ArrayRef<int64_t> out = getShape(pool.getOutput());
  nn::Window h = nn::getPoolWindow(pool, 0), w = nn::getPoolWindow(pool, 1);
  int64_t planes = in[0] * in[1];
  phx::AccessMap source;
  source.rows = {{out[3], 0, w.stride}, {out[2], 1, h.stride}, {planes, 2, 1}};
  source.cols = {{w.kernel, 0, w.dilation}, {h.kernel, 1, h.dilation}};
  source.axes = {{in[3], 4, -w.padLow, w.padLow, w.padHigh},
                 {in[2], 4 * in[3], -h.padLow, h.padLow, h.padHigh},
                 {planes, 4 * in[2] * in[3], 0, 0, 0}};
  int64_t elements = planes * out[2] * out[3];
  phx::AccessMap result;
  result.rows = {{elements, 0, 1}};
  result.axes = {{elements, 4, 0, 0, 0}};
  return {source, result};
}

FailureOr<DigitalPlan> photonic::planPool(Operation *op) {
  phx::PoolFn fn = phx::PoolFn::Max;
  std::pair<phx::AccessMap, phx::AccessMap> maps;
  if (auto average = dyn_cast<nn::AvgPoolOp>(op)) {
    fn = average.getCountIncludePad() ? phx::PoolFn::AverageAll
                                      : phx::PoolFn::AverageValid;
    maps = makePoolMaps(average);
  } else {
    maps = makePoolMaps(cast<nn::MaxPoolOp>(op));
  }
  ArrayRef<int64_t> in = getShape(op->getOperand(0));
  ArrayRef<int64_t> out = getShape(op->getResult(0));
  ComputePlan plan;
  plan.units = in[0] * in[1];
  plan.operandUnitBytes = {4 * in[2] * in[3]};
  int64_t outputs = out[2] * out[3];
  plan.resultUnitBytes = 4 * outputs;
  int64_t window = 1;
  for (const phx::MapDigit &digit : maps.first.cols)
    window *= digit.radix;
  plan.emit = [maps, fn, outputs, window](ProgramEmitter &e,
                                          const ComputePlan::Places &p) {
    phx::VecPool pool;
    pool.fn = fn;
    pool.inMap = e.getMap(maps.first);
    pool.outMap = e.getMap(maps.second);
    pool.in = p.operands[0];
    pool.out = p.result;
    pool.rows = scaleCount(p.units, outputs);
    pool.window = window;
    e.emit(phx::EngineKind::Vec, pool);
  };
  return DigitalPlan(std::move(plan));
}
