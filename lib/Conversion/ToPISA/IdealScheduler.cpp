//===- IdealScheduler.cpp - Scheduling with every region on chip -*- C++
//-*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Parameters live in the weight scratchpad, everything else in the activation
// scratchpad, both as large as they need to be; nothing is transferred.
//
//===----------------------------------------------------------------------===//

#include "Scheduler.h"

using namespace mlir;
using namespace photonic;

namespace {

class IdealScheduler final : public Scheduler {
public:
  using Scheduler::Scheduler;

protected:
  LogicalResult schedule(Operation *op, unsigned step) override;
  void emitHomeCopy(const Storage &to, const Storage &from,
                    int64_t bytes) override;
  SpaceAllocator &getHome(Storage::Kind kind, phx::Space &space) override;

private:
  void scheduleProduct(Operation *nest);
  void scheduleCopies(Operation *op, const CopyPlan &plan);
  void scheduleCompute(Operation *op, const ComputePlan &plan, unsigned step);

  SpaceAllocator parameters, values;
};

} // namespace

SpaceAllocator &IdealScheduler::getHome(Storage::Kind kind, phx::Space &space) {
  bool isParameter = kind == Storage::Kind::Parameter;
  space = isParameter ? phx::Space::Weight : phx::Space::Activation;
  return isParameter ? parameters : values;
}

void IdealScheduler::emitHomeCopy(const Storage &to, const Storage &from,
                                  int64_t bytes) {
  e.emit(phx::EngineKind::Vec,
         makeMap({phx::VecFn::Copy}, {count(bytes / 4)}, to.getAddress(), {4},
                 from.getAddress(), {4}));
}

void IdealScheduler::scheduleProduct(Operation *nest) {
  phot::ArrayProductOp op = getArrayProduct(nest);
  phot::ProductShape shape = phot::ProductShape::get(op);
  e.setLayer(op, shape.hasWindow ? "Conv" : "Gemm");
  ProductBlock block = ProductBlock::whole(shape);
  NestOptions options;
  options.dataflow = op.getDataflow();
  options.rows = op.getRows();
  options.cols = op.getColumns();
  options.cores = target.spec.core().count().value();
  options.format = e.getFormat(getNumberFormat(op));
  options.product = createProduct(op, shape, options.format);
  options.weights = getStorage(op.getLhs()).getAddress();
  options.input = getStorage(op.getRhs()).getAddress();
  options.result = createResult(nest->getResult(0)).getAddress();
  options.mRemaining = constant(block.m);
  options.nRemaining = constant(block.getVectors());
  auto [begin, end] = emitNest(e, block, options);
  phx::Product &product = e.program.products[options.product];
  product.loopBegin = begin;
  product.loopEnd = end;
}

void IdealScheduler::scheduleCopies(Operation *op, const CopyPlan &plan) {
  phx::Address result = createResult(op->getResult(0)).getAddress();
  if (plan.fill)
    e.emit(phx::EngineKind::Vec,
           makeMap({phx::VecFn::Fill, *plan.fill},
                   {count(getBytes(op->getResult(0)) / 4)}, result, {4}, {},
                   {}));
  for (const CopyPlan::Copy &copy : plan.copies) {
    SmallVector<phx::Count> counts;
    for (int64_t size : copy.shape)
      counts.push_back(count(size));
    phx::Address source = getStorage(op->getOperand(copy.operand)).getAddress();
    emitCopy(e, copy, result, source,
             [&](const phx::Address &dst, const phx::Address &src) {
               e.emit(phx::EngineKind::Vec,
                      makeMap({phx::VecFn::Copy}, counts, dst, copy.dstStrides,
                              src, copy.srcStrides));
             });
  }
}

void IdealScheduler::scheduleCompute(Operation *op, const ComputePlan &plan,
                                     unsigned step) {
  ComputePlan::Places places;
  for (size_t i = 0; i < plan.operandUnitBytes.size(); ++i)
    places.operands.push_back(getStorage(op->getOperand(i)).getAddress());
  for (const PlanConstant &c : plan.constants)
    places.constants.push_back(createConstant(c).getAddress());

  std::optional<Storage> result;
  for (unsigned i : plan.inPlaceOperands) {
    Value operand = op->getOperand(i);
    if (getStorage(operand).kind != Storage::Kind::Workspace ||
        !diesAt(operand, step))
      continue;
    result = reuseStorage(op->getResult(0), operand);
    break;
  }
  if (!result)
    result = createResult(op->getResult(0));
  places.result = result->getAddress();

  SmallVector<Storage> temporaries;
  for (int64_t bytes : plan.tempUnitBytes) {
    temporaries.push_back(allocateTemporary(bytes * plan.units));
    places.temps.push_back(temporaries.back().getAddress());
  }
  places.units = count(plan.units);
  plan.emit(e, places);
  for (const Storage &temporary : temporaries)
    release(temporary);
}

LogicalResult IdealScheduler::schedule(Operation *op, unsigned step) {
  if (getArrayProduct(op)) {
    scheduleProduct(op);
  } else {
    FailureOr<DigitalPlan> plan = planDigital(op);
    if (failed(plan))
      return failure();
    e.setLayer(op, getONNXOperator(op));
    if (auto *copies = std::get_if<CopyPlan>(&*plan))
      scheduleCopies(op, *copies);
    else
      scheduleCompute(op, std::get<ComputePlan>(*plan), step);
  }
  releaseOperands(op, step);
  return success();
}

std::unique_ptr<Scheduler>
photonic::createIdealScheduler(func::FuncOp func, const phx::Target &target,
                               ProgramEmitter &emitter) {
  return std::make_unique<IdealScheduler>(func, target, emitter);
}
