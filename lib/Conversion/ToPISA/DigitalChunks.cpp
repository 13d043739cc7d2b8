//===- DigitalChunks.cpp - A digital operation in pieces ------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DigitalChunks.h"
#include "SpaceAllocator.h"

#include "photonic/Target/Machine/Machine.h"

#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace mlir;
using namespace photonic;

//===----------------------------------------------------------------------===//
// Bytes
//===----------------------------------------------------------------------===//

namespace {
/// Bytes of a compute plan: per unit, of operands and constants that are there
/// whole, and what the alignment of buffers may take.
struct PlanBytes {
  int64_t operandsPerUnit = 0, resultsPerUnit = 0, whole = 0, slack = 0;

  PlanBytes(Operation *op, const ComputePlan &plan);
};

/// Bytes of on-chip memory that a plan may use.
struct Room {
  const phx::proto::Memory &streamed, &result;
  bool isShared; ///< by both

  explicit Room(const phx::Target &target)
      : streamed(get(target, phx::MemoryRole::Streamed)),
        result(get(target, phx::MemoryRole::Result)),
        isShared(&streamed == &result) {}

  static const phx::proto::Memory &get(const phx::Target &target,
                                       phx::MemoryRole role) {
    return target.spec.memories(static_cast<int>(getMemory(target, role)));
  }

  /// Whether `units` fit, with as many buffers of each.
  bool holds(const PlanBytes &bytes, int64_t units, int64_t operands,
             int64_t results) const {
    int64_t own = units * bytes.resultsPerUnit * results;
    int64_t read =
        units * bytes.operandsPerUnit * operands + (isShared ? own : 0);
    return read <=
               streamed.capacity_bytes().value() - bytes.whole - bytes.slack &&
           own <= result.capacity_bytes().value() - bytes.slack;
  }
};
} // namespace

PlanBytes::PlanBytes(Operation *op, const ComputePlan &plan) {
  for (auto [index, unit] : llvm::enumerate(plan.operandUnitBytes)) {
    operandsPerUnit += unit * (index == 0 ? plan.outer : 1);
    if (unit == 0)
      whole += SpaceAllocator::align(getStorageBytes(
          cast<RankedTensorType>(op->getOperand(index).getType())));
  }
  for (const PlanConstant &c : plan.constants)
    whole += SpaceAllocator::align(4 * c.values.size());
  for (int64_t unit : plan.resultUnitBytes)
    resultsPerUnit += unit;
  for (int64_t unit : plan.tempUnitBytes)
    resultsPerUnit += unit;
  // Each buffer may lose up to one alignment unit.
  slack = 2 * SpaceAllocator::alignment *
          (plan.operandUnitBytes.size() + plan.tempUnitBytes.size() +
           plan.resultUnitBytes.size());
}

/// Units that together are whole words of every operand and result.
static int64_t getWordUnits(const ComputePlan &plan) {
  int64_t units = 1;
  for (ArrayRef<int64_t> list : {ArrayRef<int64_t>(plan.operandUnitBytes),
                                 ArrayRef<int64_t>(plan.resultUnitBytes)})
    for (int64_t bytes : list)
      units = std::max(units, 4 / std::gcd<int64_t>(bytes ? bytes : 4, 4));
  return units;
}

static LogicalResult reportWorkingSet(Operation *op, const PlanBytes &bytes,
                                      const Room &room, StringRef what,
                                      int64_t units, int64_t operands,
                                      int64_t results,
                                      const phx::Target &target) {
  return op->emitError("needs a working set of ")
         << bytes.whole + units * bytes.operandsPerUnit * operands
         << " bytes of operands and " << units * bytes.resultsPerUnit * results
         << " bytes of results for " << what << "; target '"
         << target.spec.name() << "' has "
         << room.streamed.capacity_bytes().value() << " ("
         << room.streamed.name() << ".capacity_bytes) and "
         << room.result.capacity_bytes().value() << " (" << room.result.name()
         << ".capacity_bytes); use a smaller batch, larger "
            "scratchpads or --memory=ideal";
}

//===----------------------------------------------------------------------===//
// Choice
//===----------------------------------------------------------------------===//

int64_t DigitalChunks::getChunks() const {
  return llvm::divideCeil(plan.units, units);
}

void DigitalChunks::setUsualBuffers() {
  operands = result = getChunks() > 1 ? 2 : 1;
}

LogicalResult DigitalChunks::choose(const phx::Target &target) {
  Operation *computed = getOperation();
  PlanBytes bytes(computed, plan);
  Room room(target);
  if (room.holds(bytes, plan.units, 1, 1))
    return success();
  // The most that fit twice.
  int64_t step = getWordUnits(plan), most = plan.units;
  int64_t fitting = 0;
  while (fitting < most) {
    int64_t middle = fitting + llvm::divideCeil(most - fitting, 2);
    if (room.holds(bytes, middle, 2, 2))
      fitting = middle;
    else
      most = middle - 1;
  }
  if (fitting < step)
    return reportWorkingSet(computed, bytes, room, "its smallest piece, twice",
                            1, 1, 1, target);
  // Equal chunks, rather than a small last one; whole words of each operand.
  int64_t chunks = llvm::divideCeil(plan.units, fitting);
  int64_t even =
      llvm::divideCeil(llvm::divideCeil(plan.units, chunks), step) * step;
  units = std::min(even, fitting / step * step);
  return success();
}

//===----------------------------------------------------------------------===//
// From the attributes
//===----------------------------------------------------------------------===//

FailureOr<DigitalChunks> DigitalChunks::getWhole(phot::FusedOp op) {
  Operation *computed = op.getFirst();
  if (op.getLast() != computed)
    return op.getLast()->emitError(
        "follows what is no product; expected an operation of its own: take it "
        "out of the photonic.fused");
  FailureOr<DigitalPlan> plan = planDigital(computed);
  if (failed(plan))
    return failure();
  auto *compute = std::get_if<ComputePlan>(&*plan);
  if (!compute)
    return computed->emitError("only moves elements in off-chip memory, in no "
                               "chunks; take it out of the photonic.fused");
  DigitalChunks chunks;
  chunks.op = op;
  chunks.plan = std::move(*compute);
  chunks.units = chunks.plan.units;
  return chunks;
}

FailureOr<DigitalChunks> DigitalChunks::getCut(phot::FusedOp op) {
  FailureOr<DigitalChunks> chunks = getWhole(op);
  if (failed(chunks))
    return failure();
  phot::ChunkAttr chunk = op.getChunkAttr();
  if (!chunk || (!chunk.isWhole() && !chunk.getUnits()))
    return op.emitError("has no 'chunk' of an operation that is no product "
                        "(<units = 1>, or <> for one in one piece); "
                        "photonic-choose-chunks writes it");
  int64_t all = chunks->plan.units;
  if (chunk.getUnits()) {
    chunks->units = *chunk.getUnits();
    int64_t step = getWordUnits(chunks->plan);
    if (chunks->units >= all)
      return op.emitError("has chunks of ")
             << chunks->units << " units, and all are " << all
             << "; expected fewer, or 'units' left out";
    if (chunks->units % step != 0)
      return op.emitError("has chunks of ")
             << chunks->units << " units, which are no whole words of memory; "
             << "expected a multiple of " << step;
  }
  chunks->setUsualBuffers();
  return chunks;
}

FailureOr<DigitalChunks> DigitalChunks::get(phot::FusedOp op,
                                            const phx::Target &target) {
  FailureOr<DigitalChunks> chunks = getCut(op);
  if (failed(chunks))
    return failure();
  phot::BuffersAttr given = op.getBuffersAttr();
  if (!given || !given.getOperands())
    return op.emitError("has no 'buffers' of an operation that is no product "
                        "(<operands = 1, result = 1>); photonic-place-buffers "
                        "writes them");
  chunks->operands = *given.getOperands();
  chunks->result = given.getResult();
  int64_t most = std::max(chunks->operands, chunks->result);
  if (most > chunks->getChunks())
    return op.emitError("has ")
           << most << " buffers, and " << chunks->getChunks()
           << (chunks->getChunks() == 1 ? " chunk" : " chunks")
           << "; expected at most that many";
  Operation *computed = chunks->getOperation();
  PlanBytes bytes(computed, chunks->plan);
  Room room(target);
  if (!room.holds(bytes, chunks->units, chunks->operands, chunks->result)) {
    std::string what = "chunks of " + std::to_string(chunks->units) + " units";
    return reportWorkingSet(computed, bytes, room, what, chunks->units,
                            chunks->operands, chunks->result, target);
  }
  return chunks;
}
