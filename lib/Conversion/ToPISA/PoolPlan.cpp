//===- PoolPlan.cpp - Plans of pools and their gradients -*- C++ -*-===//
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

namespace {
/// A pool over planes [H, W]: rows of the maps are output elements (fastest:
/// column, row, plane), columns of `image` are window positions.
struct PoolView {
  phx::AccessMap image, output;
  int64_t planes, inputs, outputs; ///< planes, and elements per plane
  int64_t window = 1;              ///< positions per window

  /// `in` is the shape of what is pooled, `out` of what comes out.
  template <typename PoolOp>
  PoolView(PoolOp pool, ArrayRef<int64_t> in, ArrayRef<int64_t> out)
      : planes(in[0] * in[1]), inputs(in[2] * in[3]), outputs(out[2] * out[3]) {
    nn::Window h = nn::getPoolWindow(pool, 0), w = nn::getPoolWindow(pool, 1);
    image.rows = {{out[3], 0, w.stride}, {out[2], 1, h.stride}, {planes, 2, 1}};
    image.cols = {{w.kernel, 0, w.dilation}, {h.kernel, 1, h.dilation}};
    image.axes = {{in[3], 4, -w.padLow, w.padLow, w.padHigh},
                  {in[2], 4 * in[3], -h.padLow, h.padLow, h.padHigh},
                  {planes, 4 * inputs, 0, 0, 0}};
    output.rows = {{planes * outputs, 0, 1}};
    output.axes = {{planes * outputs, 4, 0, 0, 0}};
    window = h.kernel * w.kernel;
  }
};
} // namespace

static phx::PoolFn getAverage(bool countIncludePad) {
  return countIncludePad ? phx::PoolFn::AverageAll : phx::PoolFn::AverageValid;
}

//===----------------------------------------------------------------------===//
// Pools
//===----------------------------------------------------------------------===//

static ComputePlan planPool(PoolView view, phx::PoolFn fn) {
  ComputePlan plan;
  plan.units = view.planes;
  plan.operandUnitBytes = {4 * view.inputs};
  plan.resultUnitBytes = {4 * view.outputs};
  plan.emit = [view, fn](ProgramEmitter &e, const ComputePlan::Places &p) {
    phx::VecPool pool;
    pool.fn = fn;
    pool.inMap = e.getMap(view.image);
    pool.outMap = e.getMap(view.output);
    pool.in = p.operands[0];
    pool.out = p.results[0];
    pool.rows = scaleCount(p.units, view.outputs);
    pool.window = view.window;
    e.emit(phx::EngineKind::Vec, pool);
  };
  return plan;
}

static ComputePlan planPoolPositions(PoolView view) {
  ComputePlan plan;
  plan.units = view.planes;
  plan.operandUnitBytes = {4 * view.inputs};
  plan.resultUnitBytes = {4 * view.outputs, view.outputs};
  plan.emit = [view](ProgramEmitter &e, const ComputePlan::Places &p) {
    phx::VecPoolPositions pool;
    pool.inMap = e.getMap(view.image);
    pool.outMap = e.getMap(view.output);
    pool.in = p.operands[0];
    pool.out = p.results[0];
    pool.positions = p.results[1];
    pool.rows = scaleCount(p.units, view.outputs);
    pool.window = view.window;
    e.emit(phx::EngineKind::Vec, pool);
  };
  return plan;
}

FailureOr<DigitalPlan> photonic::planPool(Operation *op) {
  ArrayRef<int64_t> in = getShape(op->getOperand(0));
  ArrayRef<int64_t> out = getShape(op->getResult(0));
  return DigitalPlan(
      llvm::TypeSwitch<Operation *, ComputePlan>(op)
          .Case([&](nn::MaxPoolOp pool) {
            return ::planPool(PoolView(pool, in, out), phx::PoolFn::Max);
          })
          .Case([&](nn::AvgPoolOp pool) {
            return ::planPool(PoolView(pool, in, out),
                              getAverage(pool.getCountIncludePad()));
          })
          .Case([&](nn::MaxPoolPositionsOp pool) {
            return planPoolPositions(PoolView(pool, in, out));
          }));
}

//===----------------------------------------------------------------------===//
// Gradients
//===----------------------------------------------------------------------===//

/// Zeros, then one addition per output element and position that it reaches.
static ComputePlan planUnpool(PoolView view, phx::PoolFn fn) {
  ComputePlan plan;
  plan.units = view.planes;
  plan.operandUnitBytes = {4 * view.outputs};
  if (fn == phx::PoolFn::Max)
    plan.operandUnitBytes.push_back(view.outputs);
  plan.resultUnitBytes = {4 * view.inputs};
  plan.emit = [view, fn](ProgramEmitter &e, const ComputePlan::Places &p) {
    e.emit(phx::EngineKind::Vec,
           makeMap({phx::VecFn::Fill, 0.0f}, {scaleCount(p.units, view.inputs)},
                   p.results[0], {4}, {}, {}));
    phx::VecUnpool pool;
    pool.fn = fn;
    pool.inMap = e.getMap(view.image);
    pool.outMap = e.getMap(view.output);
    pool.in = p.results[0];
    pool.out = p.operands[0];
    if (fn == phx::PoolFn::Max)
      pool.positions = p.operands[1];
    pool.rows = scaleCount(p.units, view.outputs);
    pool.window = view.window;
    e.emit(phx::EngineKind::Vec, pool);
  };
  return plan;
}

FailureOr<DigitalPlan> photonic::planUnpool(Operation *op) {
  ArrayRef<int64_t> out = getShape(op->getOperand(0));
  ArrayRef<int64_t> in = getShape(op->getResult(0));
  return DigitalPlan(
      llvm::TypeSwitch<Operation *, ComputePlan>(op)
          .Case([&](nn::MaxPoolGradOp pool) {
            return ::planUnpool(PoolView(pool, in, out), phx::PoolFn::Max);
          })
          .Case([&](nn::AvgPoolGradOp pool) {
            return ::planUnpool(PoolView(pool, in, out),
                                getAverage(pool.getCountIncludePad()));
          }));
}
