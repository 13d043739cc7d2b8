//===- IdealScheduler.cpp - Scheduling with every region on chip -*- C++
//-*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Parameters and states live in the memory of stationary operands, everything
// else in that of streamed ones, both as large as they need to be; nothing is
// transferred.
//
//===----------------------------------------------------------------------===//

#include "FusedProduct.h"
#include "OperandConversion.h"
#include "Scheduler.h"

#include "photonic/Target/Machine/Machine.h"

#include "llvm/Support/MathExtras.h"

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
  SpaceAllocator &getHome(Storage::Kind kind, uint32_t &memory) override;

private:
  LogicalResult scheduleProduct(Operation *nest, unsigned step);
  LogicalResult scheduleConversion(phot::ConvertOp op, unsigned step);
  void emitFill(const Storage &storage, int64_t elements, float value);
  void scheduleCopies(Operation *op, const CopyPlan &plan, unsigned step);
  Storage placeResult(Operation *op, const ComputePlan &plan, unsigned step);
  void scheduleCompute(Operation *op, const ComputePlan &plan, unsigned step);

  std::vector<SpaceAllocator> homes; ///< by memory
};

} // namespace

SpaceAllocator &IdealScheduler::getHome(Storage::Kind kind, uint32_t &memory) {
  bool isParameter =
      kind == Storage::Kind::Parameter || kind == Storage::Kind::Persistent;
  memory = getMemory(target, isParameter ? phx::MemoryRole::Stationary
                                         : phx::MemoryRole::Streamed);
  // Both may be one memory.
  if (homes.size() <= memory)
    homes.resize(memory + 1);
  return homes[memory];
}

void IdealScheduler::emitHomeCopy(const Storage &to, const Storage &from,
                                  int64_t bytes) {
  // Pieces of memory are whole words, however long their contents are.
  e.emit(phx::EngineKind::Vec,
         makeMap({phx::VecFn::Copy}, {count(llvm::divideCeil(bytes, 4))},
                 to.getAddress(), {4}, from.getAddress(), {4}));
}

void IdealScheduler::emitFill(const Storage &storage, int64_t elements,
                              float value) {
  e.emit(phx::EngineKind::Vec,
         makeMap({phx::VecFn::Fill, value}, {count(elements)},
                 storage.getAddress(), {4}, {}, {}));
}

LogicalResult IdealScheduler::scheduleProduct(Operation *nest, unsigned step) {
  phot::ArrayProductOp op = getArrayProduct(nest);
  e.setLayer(op, op.getOperatorName());
  FailureOr<WholeNest> whole = WholeNest::get(op, target);
  if (failed(whole))
    return failure();
  FailureOr<uint32_t> number = createProduct(op, whole->block);
  if (failed(number))
    return failure();
  NestOptions &options = whole->options;
  options.product = *number;
  options.lhs = getStorage(op.getLhs()).getAddress();
  options.rhs = getStorage(op.getRhs()).getAddress();
  Storage result = createResult(nest->getResult(0), step);
  options.result = result.getAddress();
  if (startsFromZeros(whole->nest))
    emitFill(result, getBytes(nest->getResult(0)) / 4, 0.0f);
  emitNest(e, whole->block, options);
  return success();
}

/// The first product that reads what is converted, and as which operand: the
/// order of uses says nothing, and is another one when IR is read again.
static OpOperand &findReader(phot::ConvertOp op) {
  auto isBefore = [&](OpOperand &a, OpOperand &b) {
    Operation *first = op->getBlock()->findAncestorOpInBlock(*a.getOwner());
    Operation *second = op->getBlock()->findAncestorOpInBlock(*b.getOwner());
    return first == second ? a.getOperandNumber() < b.getOperandNumber()
                           : first->isBeforeInBlock(second);
  };
  OpOperand *found = nullptr;
  for (OpOperand &use : op->getUses())
    if (!found || isBefore(use, *found))
      found = &use;
  return *found;
}

/// A conversion is the operand of a product; any of those that read it will do,
/// since they convert alike.
LogicalResult IdealScheduler::scheduleConversion(phot::ConvertOp op,
                                                 unsigned step) {
  FailureOr<ConversionMaps> maps = ConversionMaps::get(op);
  if (failed(maps))
    return failure();
  OpOperand &use = findReader(op);
  auto product = cast<phot::ArrayProductOp>(use.getOwner());
  FailureOr<NestBlock> whole = NestBlock::getWhole(product);
  if (failed(whole))
    return failure();
  e.setLayer(product, product.getOperatorName());
  FailureOr<uint32_t> number = createProduct(product, *whole);
  if (failed(number))
    return failure();
  e.setLayer(op, op.getOperatorName());
  phx::Address source = getStorage(op.getInput()).getAddress();
  phx::Address blocks = createResult(op.getResult(), step).getAddress();
  emitConversion(e, op, *maps, {*number, use.getOperandNumber()}, source,
                 blocks);
  return success();
}

void IdealScheduler::scheduleCopies(Operation *op, const CopyPlan &plan,
                                    unsigned step) {
  Storage storage = createResult(op->getResult(0), step);
  phx::Address result = storage.getAddress();
  if (plan.fill)
    emitFill(storage, getBytes(op->getResult(0)) / 4, *plan.fill);
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

/// The first result in memory of an operand that dies, if the plan can work in
/// place and the result does not replace an argument.
Storage IdealScheduler::placeResult(Operation *op, const ComputePlan &plan,
                                    unsigned step) {
  Value result = op->getResult(0);
  SmallVector<Value> inPlace;
  for (unsigned i : plan.inPlaceOperands)
    inPlace.push_back(op->getOperand(i));
  if (!liveness.getReplacedArgument(result))
    for (Value operand : inPlace)
      if (getStorage(operand).kind == Storage::Kind::Workspace &&
          liveness.diesAt(operand, step))
        return reuseStorage(result, operand);
  return createResult(result, step, inPlace);
}

void IdealScheduler::scheduleCompute(Operation *op, const ComputePlan &plan,
                                     unsigned step) {
  ComputePlan::Places places;
  for (size_t i = 0; i < plan.operandUnitBytes.size(); ++i)
    places.operands.push_back(getStorage(op->getOperand(i)).getAddress());
  for (const PlanConstant &c : plan.constants)
    places.constants.push_back(createConstant(c).getAddress());
  places.results.push_back(placeResult(op, plan, step).getAddress());
  // The layer's value is the first result.
  std::optional<uint32_t> output = e.program.layers[e.getLayer()].output;
  for (Value result : op->getResults().drop_front())
    places.results.push_back(createResult(result, step).getAddress());
  e.program.layers[e.getLayer()].output = output;

  SmallVector<Storage> temporaries;
  for (int64_t bytes : plan.tempUnitBytes) {
    temporaries.push_back(allocateTemporary(bytes * plan.units));
    places.temps.push_back(temporaries.back().getAddress());
  }
  places.units = count(plan.units);
  if (!plan.operandUnitBytes.empty())
    places.outerBytes = plan.units * plan.operandUnitBytes.front();
  plan.emit(e, places);
  for (const Storage &temporary : temporaries)
    release(temporary);
}

LogicalResult IdealScheduler::schedule(Operation *op, unsigned step) {
  if (getArrayProduct(op)) {
    if (failed(scheduleProduct(op, step)))
      return failure();
  } else if (auto convert = dyn_cast<phot::ConvertOp>(op)) {
    if (failed(scheduleConversion(convert, step)))
      return failure();
  } else {
    FailureOr<DigitalPlan> plan = planDigital(op);
    if (failed(plan))
      return failure();
    e.setLayer(op, getONNXOperator(op));
    if (auto *copies = std::get_if<CopyPlan>(&*plan))
      scheduleCopies(op, *copies, step);
    else
      scheduleCompute(op, std::get<ComputePlan>(*plan), step);
  }
  releaseDead(op, step);
  return success();
}

std::unique_ptr<Scheduler>
photonic::createIdealScheduler(func::FuncOp func, const phx::Target &target,
                               ProgramEmitter &emitter) {
  return std::make_unique<IdealScheduler>(func, target, emitter);
}
