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
/// Bytes of on-chip memory that a plan takes for its operands and constants,
/// and for its results and working memory.
struct PlanBytes {
  int64_t operands = 0, results = 0;

  /// Of the chunks and buffers that there are; where buffers begin only if
  /// `exact`, for they are aligned.
  explicit PlanBytes(const DigitalChunks &chunks, bool exact = true);
};

/// Bytes of on-chip memory that a plan may use.
struct Room {
  const phx::Target &target;
  const phx::proto::Memory &streamed, &result;

  explicit Room(const phx::Target &target)
      : target(target), streamed(get(phx::MemoryRole::Streamed)),
        result(get(phx::MemoryRole::Result)) {}

  const phx::proto::Memory &get(phx::MemoryRole role) const {
    return target.spec.memories(static_cast<int>(getMemory(target, role)));
  }

  /// Whether they fit, with `slack` bytes left in each memory.
  bool holds(const PlanBytes &bytes, int64_t slack = 0) const {
    // In one memory they share its bytes.
    int64_t shared = &streamed == &result ? bytes.results : 0;
    return bytes.operands + shared <=
               streamed.capacity_bytes().value() - slack &&
           bytes.results <= result.capacity_bytes().value() - slack;
  }
};
} // namespace

PlanBytes::PlanBytes(const DigitalChunks &chunks, bool exact) {
  const ComputePlan &plan = chunks.plan;
  Operation *op = chunks.getOperation();
  auto align = SpaceAllocator::align;
  auto alignBuffer = [&](int64_t bytes) {
    return exact ? align(bytes) : bytes;
  };
  for (auto [index, unit] : llvm::enumerate(plan.operandUnitBytes)) {
    int64_t outer = index == 0 ? plan.outer : 1;
    operands +=
        unit ? alignBuffer(chunks.units * unit * outer) * chunks.operands
             : align(getStorageBytes(
                   cast<RankedTensorType>(op->getOperand(index).getType())));
  }
  for (const PlanConstant &c : plan.constants)
    operands += align(4 * c.values.size());
  for (ArrayRef<int64_t> list : {ArrayRef<int64_t>(plan.resultUnitBytes),
                                 ArrayRef<int64_t>(plan.tempUnitBytes)})
    for (int64_t unit : list)
      results += alignBuffer(chunks.units * unit) * chunks.result;
}

/// Whether some operand comes in pieces.
static bool cutsOperands(const ComputePlan &plan) {
  return llvm::any_of(plan.operandUnitBytes,
                      [](int64_t bytes) { return bytes != 0; });
}

/// What the choice leaves free: each buffer may lose up to one alignment unit,
/// whatever the number of units.
static int64_t getSlack(const ComputePlan &plan) {
  return 2 * SpaceAllocator::alignment *
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

static LogicalResult reportWorkingSet(const DigitalChunks &chunks,
                                      const Room &room, StringRef what) {
  PlanBytes bytes(chunks);
  return chunks.getOperation()->emitError("needs a working set of ")
         << bytes.operands << " bytes of operands and " << bytes.results
         << " bytes of results for " << what << "; target '"
         << room.target.spec.name() << "' has "
         << room.streamed.capacity_bytes().value() << " ("
         << room.streamed.name() << ".capacity_bytes) and "
         << room.result.capacity_bytes().value() << " (" << room.result.name()
         << ".capacity_bytes)"
         << (&room.streamed == &room.result ? ", one memory" : "")
         << "; use a smaller batch, larger scratchpads or --memory=ideal";
}

//===----------------------------------------------------------------------===//
// Choice
//===----------------------------------------------------------------------===//

int64_t DigitalChunks::getChunks() const {
  return llvm::divideCeil(plan.units, units);
}

void DigitalChunks::setUsualBuffers() {
  result = getChunks() > 1 ? 2 : 1;
  operands = cutsOperands(plan) ? result : 1;
}

/// In `count` units, and buffers as they are given, or twice.
static DigitalChunks inUnits(DigitalChunks chunks, int64_t count) {
  chunks.units = count;
  phot::BuffersAttr given = chunks.op.getBuffersAttr();
  chunks.operands = chunks.result = 2;
  if (given) {
    chunks.operands = given.getOperands().value_or(2);
    chunks.result = given.getResult();
  }
  return chunks;
}

LogicalResult DigitalChunks::choose(const phx::Target &target) {
  Room room(target);
  operands = result = 1;
  phot::BuffersAttr given = op.getBuffersAttr();
  bool needsChunks =
      given && std::max(given.getOperands().value_or(1), given.getResult()) > 1;
  int64_t slack = getSlack(plan);
  auto fits = [&](const DigitalChunks &chunks) {
    return room.holds(PlanBytes(chunks, /*exact=*/false), slack);
  };
  if (!needsChunks && fits(*this))
    return success();
  // The most that fit.
  int64_t step = getWordUnits(plan), most = plan.units, fitting = 0;
  while (fitting < most) {
    int64_t middle = fitting + llvm::divideCeil(most - fitting, 2);
    if (fits(inUnits(*this, middle)))
      fitting = middle;
    else
      most = middle - 1;
  }
  if (plan.units <= step)
    return reportWorkingSet(*this, room, "its only piece");
  if (fitting < step)
    return reportWorkingSet(inUnits(*this, step), room,
                            "its smallest chunks, with the buffers of each");
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
  auto check = [&](StringRef name, int64_t number,
                   int64_t most) -> LogicalResult {
    if (number <= most)
      return success();
    return op.emitError("has ")
           << number << " buffers for '" << name << "', of which only " << most
           << (most == 1 ? " chunk passes" : " chunks pass")
           << " by; expected at most that many";
  };
  int64_t all = chunks->getChunks();
  if (failed(check("operands", chunks->operands,
                   cutsOperands(chunks->plan) ? all : 1)) ||
      failed(check("result", chunks->result, all)))
    return failure();
  Room room(target);
  if (!room.holds(PlanBytes(*chunks)))
    return reportWorkingSet(*chunks, room,
                            "its chunks and buffers as they stand");
  return chunks;
}
