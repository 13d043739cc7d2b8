//===- HierarchyScheduler.cpp - Scheduling with scratchpads in front of DRAM -*-
// C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HierarchyScheduler.h"

#include "photonic/Dialect/NN/IR/NN.h"

using namespace mlir;
using namespace photonic;

ChunkBuffer ScratchpadFrame::allocate(phx::Space space, int64_t bytes,
                                      int64_t buffers) {
  int64_t &end = used[static_cast<unsigned>(space)];
  ChunkBuffer buffer{space, end, SpaceAllocator::align(bytes), buffers};
  end += buffer.bytes * buffers;
  int64_t &total = e.program.spaceBytes[static_cast<unsigned>(space)];
  total = std::max(total, end);
  return buffer;
}

phx::DmaCopy photonic::makeLinearCopy(const phx::Address &dst,
                                      const phx::Address &src,
                                      const phx::Count &elements) {
  phx::DmaCopy copy;
  copy.dst = dst;
  copy.src = src;
  copy.dstStride = copy.srcStride = {0, 0, 0, 4};
  copy.shape = {count(1), count(1), count(1), elements};
  return copy;
}

//===----------------------------------------------------------------------===//
// Fusion
//===----------------------------------------------------------------------===//

/// What the operand `type` of a follower is to a product result of shape
/// `shape` ([B, M, OH, OW] or [B, M]); nullopt if it fits none of the cases.
static std::optional<Follower::Other> classify(ArrayRef<int64_t> operand,
                                               ArrayRef<int64_t> shape) {
  if (operand == shape)
    return Follower::Other::Residual;
  if (getNumElements(operand) == 1)
    return Follower::Other::Scalar;
  // One value per channel: every other dimension is missing or 1.
  size_t behind = shape.size() - 2; // dimensions behind the channels
  if (operand.size() < behind + 1 || getNumElements(operand) != shape[1] ||
      operand[operand.size() - 1 - behind] != shape[1])
    return std::nullopt;
  return Follower::Other::Channel;
}

/// `op` as a follower of the product value `chunk`, if it can be one.
static std::optional<Follower> asFollower(Operation *op, Value chunk) {
  if (!isStep(op) || !getElementwise(op) ||
      op->getResult(0).getType() != chunk.getType())
    return std::nullopt;
  Follower follower;
  follower.op = op;
  for (auto [index, operand] : llvm::enumerate(op->getOperands())) {
    if (operand == chunk)
      continue;
    auto shape = cast<RankedTensorType>(operand.getType()).getShape();
    auto other =
        classify(shape, cast<RankedTensorType>(chunk.getType()).getShape());
    if (!other)
      return std::nullopt;
    follower.other = *other;
    follower.otherIndex = index;
  }
  return follower;
}

SmallVector<FusedProduct> photonic::findFusedProducts(func::FuncOp func) {
  SmallVector<FusedProduct> groups;
  DenseSet<Operation *> taken;
  for (Operation &op : func.getBody().front()) {
    if (!isStep(&op) || op.getNumRegions() == 0)
      continue;
    FusedProduct group{&op, {}};
    Value chunk = op.getResult(0);
    while (chunk.hasOneUse()) {
      Operation *user = *chunk.getUsers().begin();
      std::optional<Follower> follower = asFollower(user, chunk);
      if (!follower || !taken.insert(user).second)
        break;
      group.followers.push_back(*follower);
      chunk = user->getResult(0);
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

void HierarchyScheduler::prepare() {
  DenseMap<Operation *, unsigned> steps;
  for (Operation &op : func.getBody().front())
    if (isStep(&op))
      steps.try_emplace(&op, steps.size());
  for (FusedProduct &group : findFusedProducts(func)) {
    unsigned last = steps.lookup(group.getLast());
    emissionStep[group.nest] = last;
    for (const Follower &follower : group.followers)
      emissionStep[follower.op] = last;
    groupByLast[group.getLast()] = std::move(group);
  }
}

unsigned HierarchyScheduler::getEmissionStep(Operation *op,
                                             unsigned step) const {
  auto it = emissionStep.find(op);
  return it == emissionStep.end() ? step : it->second;
}

//===----------------------------------------------------------------------===//
// Homes
//===----------------------------------------------------------------------===//

SpaceAllocator &HierarchyScheduler::getHome(Storage::Kind, phx::Space &space) {
  space = phx::Space::Dram;
  return offchip;
}

void HierarchyScheduler::emitHomeCopy(const Storage &to, const Storage &from,
                                      int64_t bytes) {
  e.emit(phx::EngineKind::Dma,
         makeLinearCopy(to.getAddress(), from.getAddress(), count(bytes / 4)));
}

//===----------------------------------------------------------------------===//
// Operations that move elements
//===----------------------------------------------------------------------===//

/// Fills a scratchpad piece once and copies it over the whole result.
void HierarchyScheduler::emitFill(const Storage &result, int64_t elements,
                                  float value) {
  constexpr int64_t pieceElements = 16384;
  int64_t piece = std::min(elements, pieceElements);
  ScratchpadFrame frame(e);
  phx::Address source =
      frame.allocate(phx::Space::Gradient, 4 * piece, 1).at(ChunkIndex::get(0));
  e.emit(phx::EngineKind::Vec, makeMap({phx::VecFn::Fill, value},
                                       {count(piece)}, source, {4}, {}, {}));
  phx::DmaCopy copy = makeLinearCopy(result.getAddress(), source, count(piece));
  copy.shape[2] = count(elements / piece);
  copy.dstStride[2] = 4 * piece;
  e.emit(phx::EngineKind::Dma, copy);
  if (int64_t rest = elements % piece)
    e.emit(phx::EngineKind::Dma,
           makeLinearCopy(moveBy(result.getAddress(), 4 * (elements - rest)),
                          source, count(rest)));
}

/// The last dimensions of `values` in an array of 4, `fill` in front.
template <typename T, typename U>
static void assignBack(std::array<T, 4> &array, ArrayRef<U> values,
                       llvm::function_ref<T(U)> convert) {
  for (size_t i = 0; i < values.size(); ++i)
    array[4 - values.size() + i] = convert(values[i]);
}

void HierarchyScheduler::scheduleCopies(Operation *op, const CopyPlan &plan) {
  Storage result = createResult(op->getResult(0));
  if (plan.fill)
    emitFill(result, getBytes(op->getResult(0)) / 4, *plan.fill);
  for (const CopyPlan::Copy &copy : plan.copies) {
    phx::DmaCopy dma;
    dma.shape.fill(count(1));
    assignBack<phx::Count, int64_t>(dma.shape, copy.shape,
                                    [](int64_t size) { return count(size); });
    auto keep = [](int64_t stride) { return stride; };
    assignBack<int64_t, int64_t>(dma.dstStride, copy.dstStrides, keep);
    assignBack<int64_t, int64_t>(dma.srcStride, copy.srcStrides, keep);
    emitCopy(e, copy, result.getAddress(),
             getStorage(op->getOperand(copy.operand)).getAddress(),
             [&](const phx::Address &dst, const phx::Address &src) {
               dma.dst = dst;
               dma.src = src;
               e.emit(phx::EngineKind::Dma, dma);
             });
  }
}

//===----------------------------------------------------------------------===//
// Operations that compute
//===----------------------------------------------------------------------===//

namespace {
/// Bytes of a compute plan: per unit, and whole operands and constants.
struct ComputeBytes {
  int64_t activationPerUnit = 0, gradientPerUnit = 0, whole = 0;
};
} // namespace

static ComputeBytes countBytes(Operation *op, const ComputePlan &plan) {
  ComputeBytes bytes;
  for (auto [index, unit] : llvm::enumerate(plan.operandUnitBytes)) {
    bytes.activationPerUnit += unit;
    if (unit == 0)
      bytes.whole += SpaceAllocator::align(
          4 * cast<RankedTensorType>(op->getOperand(index).getType())
                  .getNumElements());
  }
  for (const PlanConstant &c : plan.constants)
    bytes.whole += SpaceAllocator::align(4 * c.values.size());
  bytes.gradientPerUnit = plan.resultUnitBytes;
  for (int64_t unit : plan.tempUnitBytes)
    bytes.gradientPerUnit += unit;
  return bytes;
}

/// Units per chunk; all of them if they fit into single buffers. 0: none fits.
static int64_t chooseUnits(const ComputePlan &plan, const ComputeBytes &bytes,
                           int64_t activation, int64_t gradient) {
  // Each buffer may lose up to one alignment unit.
  int64_t slack =
      2 * SpaceAllocator::alignment *
      (plan.operandUnitBytes.size() + plan.tempUnitBytes.size() + 1);
  activation -= bytes.whole + slack;
  gradient -= slack;
  if (plan.units * bytes.activationPerUnit <= activation &&
      plan.units * bytes.gradientPerUnit <= gradient)
    return plan.units;
  int64_t units = gradient / 2 / bytes.gradientPerUnit;
  if (bytes.activationPerUnit)
    units = std::min(units, activation / 2 / bytes.activationPerUnit);
  if (activation < 0 || units <= 0)
    return 0;
  // Equal chunks, rather than a small last one.
  int64_t chunks = llvm::divideCeil(plan.units, units);
  return llvm::divideCeil(plan.units, chunks);
}

namespace {
/// The buffers of a compute plan and the instructions that fill and empty them.
class ComputeEmitter {
public:
  ComputeEmitter(ProgramEmitter &e, const ComputePlan &plan, int64_t units)
      : e(e), plan(plan), units(units),
        chunks(llvm::divideCeil(plan.units, units)), frame(e) {
    int64_t buffers = chunks > 1 ? 2 : 1;
    result = frame.allocate(phx::Space::Gradient, units * plan.resultUnitBytes,
                            buffers);
    for (int64_t bytes : plan.tempUnitBytes)
      temps.push_back(
          frame.allocate(phx::Space::Gradient, units * bytes, buffers));
  }

  /// Adds an operand that is loaded in pieces, or at once if `unitBytes` is 0.
  void addOperand(const phx::Address &home, int64_t unitBytes, int64_t bytes) {
    int64_t buffers = unitBytes && chunks > 1 ? 2 : 1;
    operands.push_back(
        {home, unitBytes,
         frame.allocate(phx::Space::Activation,
                        unitBytes ? units * unitBytes : bytes, buffers)});
    if (unitBytes == 0)
      e.emit(phx::EngineKind::Dma,
             makeLinearCopy(operands.back().buffer.at(ChunkIndex::get(0)), home,
                            count(bytes / 4)));
  }

  void run(const phx::Address &resultHome);

private:
  void load(const ChunkIndex &index, std::optional<phx::Guard> guard);
  void compute(const ChunkIndex &index);

  struct Operand {
    phx::Address home;
    int64_t unitBytes;
    ChunkBuffer buffer;
  };

  ProgramEmitter &e;
  const ComputePlan &plan;
  int64_t units, chunks;
  ScratchpadFrame frame;
  ChunkBuffer result;
  SmallVector<ChunkBuffer> temps;
  SmallVector<Operand> operands;
};
} // namespace

void ComputeEmitter::load(const ChunkIndex &index,
                          std::optional<phx::Guard> guard) {
  for (const Operand &operand : operands)
    if (operand.unitBytes)
      e.emit(
          phx::EngineKind::Dma,
          makeLinearCopy(
              operand.buffer.at(index),
              index.addTo(operand.home, units * operand.unitBytes),
              scaleCount(index.clip(units, plan.units), operand.unitBytes / 4)),
          guard);
}

void ComputeEmitter::compute(const ChunkIndex &index) {
  ComputePlan::Places places;
  for (const Operand &operand : operands)
    (places.operands.size() < plan.operandUnitBytes.size() ? places.operands
                                                           : places.constants)
        .push_back(operand.buffer.at(index));
  for (const ChunkBuffer &temp : temps)
    places.temps.push_back(temp.at(index));
  places.result = result.at(index);
  places.units = index.clip(units, plan.units);
  plan.emit(e, places);
}

void ComputeEmitter::run(const phx::Address &resultHome) {
  auto store = [&](const ChunkIndex &index) {
    e.emit(phx::EngineKind::Dma,
           makeLinearCopy(index.addTo(resultHome, units * plan.resultUnitBytes),
                          result.at(index),
                          scaleCount(index.clip(units, plan.units),
                                     plan.resultUnitBytes / 4)));
  };
  ChunkIndex first = ChunkIndex::get(0);
  load(first, std::nullopt);
  if (chunks == 1) {
    compute(first);
    store(first);
    return;
  }
  uint8_t loop = e.beginLoop(chunks);
  load(ChunkIndex::counter(loop, 1), phx::Guard{loop, 1, 1, chunks});
  compute(ChunkIndex::counter(loop));
  store(ChunkIndex::counter(loop));
  e.endLoop();
}

LogicalResult HierarchyScheduler::scheduleCompute(Operation *op,
                                                  const ComputePlan &plan) {
  ComputeBytes bytes = countBytes(op, plan);
  const auto &pads = target.spec.scratchpads();
  int64_t units = chooseUnits(plan, bytes, pads.activation_bytes().value(),
                              pads.gradient_bytes().value());
  if (units == 0)
    return op->emitError("needs a working set of ")
           << bytes.whole + bytes.activationPerUnit << " bytes of operands and "
           << bytes.gradientPerUnit
           << " bytes of results for its smallest piece, twice; target '"
           << target.spec.name() << "' has " << pads.activation_bytes().value()
           << " (scratchpads.activation_bytes) and "
           << pads.gradient_bytes().value()
           << " (scratchpads.gradient_bytes); use larger scratchpads or "
              "--memory=ideal";
  ComputeEmitter emitter(e, plan, units);
  for (auto [index, unit] : llvm::enumerate(plan.operandUnitBytes))
    emitter.addOperand(getStorage(op->getOperand(index)).getAddress(), unit,
                       getBytes(op->getOperand(index)));
  for (const PlanConstant &c : plan.constants)
    emitter.addOperand(createConstant(c).getAddress(), 0, 4 * c.values.size());
  emitter.run(createResult(op->getResult(0)).getAddress());
  return success();
}

//===----------------------------------------------------------------------===//
// The walk
//===----------------------------------------------------------------------===//

LogicalResult HierarchyScheduler::schedule(Operation *op, unsigned step) {
  if (auto it = groupByLast.find(op); it != groupByLast.end()) {
    if (failed(scheduleProduct(it->second)))
      return failure();
    releaseOperands(it->second.nest, step);
    for (const Follower &follower : it->second.followers)
      releaseOperands(follower.op, step);
    return success();
  }
  if (emissionStep.contains(op))
    return success(); // emitted with the last operation of its group
  FailureOr<DigitalPlan> plan = planDigital(op);
  if (failed(plan))
    return failure();
  e.setLayer(op, getONNXOperator(op));
  if (auto *copies = std::get_if<CopyPlan>(&*plan))
    scheduleCopies(op, *copies);
  else if (failed(scheduleCompute(op, std::get<ComputePlan>(*plan))))
    return failure();
  releaseOperands(op, step);
  return success();
}

std::unique_ptr<Scheduler>
photonic::createHierarchyScheduler(func::FuncOp func, const phx::Target &target,
                                   ProgramEmitter &emitter) {
  return std::make_unique<HierarchyScheduler>(func, target, emitter);
}
