//===- HierarchyScheduler.cpp - Scheduling with scratchpads in front of DRAM -*-
// C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HierarchyScheduler.h"
#include "HierarchyRemarks.h"

#include "photonic/Dialect/NN/IR/NN.h"

#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace mlir;
using namespace photonic;

ChunkBuffer ScratchpadFrame::allocate(phx::MemoryRole role, int64_t bytes,
                                      int64_t buffers) {
  uint32_t memory = getMemory(e.machine, role);
  int64_t &end = used[memory];
  ChunkBuffer buffer{memory, end, SpaceAllocator::align(bytes), buffers};
  end += buffer.bytes * buffers;
  int64_t &total = e.program.memories[memory].bytes;
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
/// `hasChannels`: dimension 1 of the product is that of its channels.
static std::optional<Follower> asFollower(Operation *op, Value chunk,
                                          bool hasChannels) {
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
    if (!other || (other == Follower::Other::Channel && !hasChannels))
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
    std::optional<phot::ProductShape> shape =
        phot::ProductShape::match(Scheduler::getArrayProduct(&op));
    bool hasChannels =
        shape && shape->kind != phot::ProductKind::WeightGradient;
    while (chunk.hasOneUse()) {
      Operation *user = *chunk.getUsers().begin();
      std::optional<Follower> follower = asFollower(user, chunk, hasChannels);
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
  groupByLast.clear();
  emissionStep.clear();
  emitters.clear();
  DenseMap<Operation *, unsigned> steps;
  for (Operation &op : func.getBody().front())
    if (isStep(&op))
      steps.try_emplace(&op, steps.size());
  for (FusedProduct &group : findFusedProducts(func)) {
    unsigned last = steps.lookup(group.getLast());
    emissionStep[group.nest] = last;
    emitters[group.nest] = group.getLast();
    for (const Follower &follower : group.followers) {
      emissionStep[follower.op] = last;
      emitters[follower.op] = group.getLast();
    }
    groupByLast[group.getLast()] = std::move(group);
  }
}

Operation *HierarchyScheduler::getEmitter(Operation *op) const {
  auto it = emitters.find(op);
  return it == emitters.end() ? op : it->second;
}

unsigned HierarchyScheduler::getEmissionStep(Operation *op,
                                             unsigned step) const {
  auto it = emissionStep.find(op);
  return it == emissionStep.end() ? step : it->second;
}

//===----------------------------------------------------------------------===//
// Homes
//===----------------------------------------------------------------------===//

SpaceAllocator &HierarchyScheduler::getHome(Storage::Kind, uint32_t &memory) {
  memory = getOffChipMemory(target);
  return offchip;
}

void HierarchyScheduler::emitHomeCopy(const Storage &to, const Storage &from,
                                      int64_t bytes) {
  e.emit(phx::EngineKind::Dma,
         makeLinearCopy(to.getAddress(), from.getAddress(),
                        count(llvm::divideCeil(bytes, 4))));
}

//===----------------------------------------------------------------------===//
// Operations that move elements
//===----------------------------------------------------------------------===//

/// Fills a scratchpad piece once and copies it over the whole result.
void HierarchyScheduler::emitFill(const Storage &result, int64_t elements,
                                  float value) {
  constexpr int64_t pieceElements = 16384;
  uint32_t memory = getMemory(e.machine, phx::MemoryRole::Result);
  int64_t room = e.program.memories[memory].capacity /
                 SpaceAllocator::alignment * SpaceAllocator::alignment;
  int64_t piece = std::min({elements, pieceElements, room / 4});
  ScratchpadFrame frame(e);
  phx::Address source = frame.allocate(phx::MemoryRole::Result, 4 * piece, 1)
                            .at(ChunkIndex::get(0));
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

void HierarchyScheduler::scheduleCopies(Operation *op, const CopyPlan &plan,
                                        unsigned step) {
  Storage result = createResult(op->getResult(0), step);
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
    bytes.activationPerUnit += unit * (index == 0 ? plan.outer : 1);
    if (unit == 0)
      bytes.whole += SpaceAllocator::align(getStorageBytes(
          cast<RankedTensorType>(op->getOperand(index).getType())));
  }
  for (const PlanConstant &c : plan.constants)
    bytes.whole += SpaceAllocator::align(4 * c.values.size());
  for (int64_t unit : plan.resultUnitBytes)
    bytes.gradientPerUnit += unit;
  for (int64_t unit : plan.tempUnitBytes)
    bytes.gradientPerUnit += unit;
  return bytes;
}

/// Pieces that together are whole words of every operand and result.
static int64_t getWordUnits(const ComputePlan &plan) {
  int64_t units = 1;
  for (ArrayRef<int64_t> list : {ArrayRef<int64_t>(plan.operandUnitBytes),
                                 ArrayRef<int64_t>(plan.resultUnitBytes)})
    for (int64_t bytes : list)
      units = std::max(units, 4 / std::gcd<int64_t>(bytes ? bytes : 4, 4));
  return units;
}

/// Units per chunk; all of them if they fit into single buffers. 0: none fits.
static int64_t chooseUnits(const ComputePlan &plan, const ComputeBytes &bytes,
                           int64_t activation, int64_t gradient) {
  // Each buffer may lose up to one alignment unit.
  int64_t slack = 2 * SpaceAllocator::alignment *
                  (plan.operandUnitBytes.size() + plan.tempUnitBytes.size() +
                   plan.resultUnitBytes.size());
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
  // Equal chunks, rather than a small last one; whole words of each operand.
  int64_t chunks = llvm::divideCeil(plan.units, units);
  int64_t step = getWordUnits(plan);
  int64_t even =
      llvm::divideCeil(llvm::divideCeil(plan.units, chunks), step) * step;
  return std::min(even, units / step * step);
}

namespace {
/// The buffers of a compute plan and the instructions that fill and empty them.
class ComputeEmitter {
public:
  ComputeEmitter(ProgramEmitter &e, const ComputePlan &plan, int64_t units)
      : e(e), plan(plan), units(units),
        chunks(llvm::divideCeil(plan.units, units)), frame(e) {
    int64_t buffers = chunks > 1 ? 2 : 1;
    for (int64_t bytes : plan.resultUnitBytes)
      results.push_back(
          frame.allocate(phx::MemoryRole::Result, units * bytes, buffers));
    for (int64_t bytes : plan.tempUnitBytes)
      temps.push_back(
          frame.allocate(phx::MemoryRole::Result, units * bytes, buffers));
  }

  /// Adds an operand that is loaded in pieces, or at once if `unitBytes` is 0.
  void addOperand(const phx::Address &home, int64_t unitBytes, int64_t bytes) {
    int64_t buffers = unitBytes && chunks > 1 ? 2 : 1;
    int64_t outer = operands.empty() ? plan.outer : 1;
    operands.push_back(
        {home, unitBytes, outer,
         frame.allocate(phx::MemoryRole::Streamed,
                        unitBytes ? units * unitBytes * outer : bytes,
                        buffers)});
    if (unitBytes == 0)
      e.emit(phx::EngineKind::Dma,
             makeLinearCopy(operands.back().buffer.at(ChunkIndex::get(0)), home,
                            count(llvm::divideCeil(bytes, 4))));
  }

  void run(ArrayRef<phx::Address> resultHomes);

private:
  void load(const ChunkIndex &index, std::optional<phx::Guard> guard);
  void compute(const ChunkIndex &index);
  void store(ArrayRef<phx::Address> resultHomes, const ChunkIndex &index);
  /// Words of the pieces of chunk `index`, each of `unitBytes`.
  phx::Count getWords(const ChunkIndex &index, int64_t unitBytes) const;

  struct Operand {
    phx::Address home;
    int64_t unitBytes, outer;
    ChunkBuffer buffer;
  };

  ProgramEmitter &e;
  const ComputePlan &plan;
  int64_t units, chunks;
  ScratchpadFrame frame;
  SmallVector<ChunkBuffer> results, temps;
  SmallVector<Operand> operands;
};
} // namespace

phx::Count ComputeEmitter::getWords(const ChunkIndex &index,
                                    int64_t unitBytes) const {
  phx::Count pieces = index.clip(units, plan.units);
  if (unitBytes % 4 == 0)
    return scaleCount(pieces, unitBytes / 4);
  // Bytes, rounded up: only the last chunk is no whole number of words, and
  // memory is allocated in larger pieces.
  int64_t chunk = llvm::divideCeil(units * unitBytes, 4);
  if (!pieces.remaining)
    return count(llvm::divideCeil(pieces.cap * unitBytes, 4));
  return {chunk,
          index.addTo(constant(llvm::divideCeil(plan.units * unitBytes, 4)),
                      -chunk)};
}

void ComputeEmitter::load(const ChunkIndex &index,
                          std::optional<phx::Guard> guard) {
  for (const Operand &operand : operands) {
    if (!operand.unitBytes)
      continue;
    phx::DmaCopy copy =
        makeLinearCopy(operand.buffer.at(index),
                       index.addTo(operand.home, units * operand.unitBytes),
                       getWords(index, operand.unitBytes));
    copy.shape[2] = count(operand.outer);
    if (operand.outer > 1) {
      copy.dstStride[2] = units * operand.unitBytes;
      copy.srcStride[2] = plan.units * operand.unitBytes;
    }
    e.emit(phx::EngineKind::Dma, copy, guard);
  }
}

void ComputeEmitter::compute(const ChunkIndex &index) {
  ComputePlan::Places places;
  for (const Operand &operand : operands)
    (places.operands.size() < plan.operandUnitBytes.size() ? places.operands
                                                           : places.constants)
        .push_back(operand.buffer.at(index));
  for (const ChunkBuffer &temp : temps)
    places.temps.push_back(temp.at(index));
  for (const ChunkBuffer &result : results)
    places.results.push_back(result.at(index));
  places.units = index.clip(units, plan.units);
  places.firstUnit = index.addTo(constant(0), units);
  if (!operands.empty())
    places.outerBytes = units * operands.front().unitBytes;
  plan.emit(e, places);
}

void ComputeEmitter::store(ArrayRef<phx::Address> resultHomes,
                           const ChunkIndex &index) {
  for (auto [buffer, home, unitBytes] :
       llvm::zip_equal(results, resultHomes, plan.resultUnitBytes))
    e.emit(phx::EngineKind::Dma,
           makeLinearCopy(index.addTo(home, units * unitBytes),
                          buffer.at(index), getWords(index, unitBytes)));
}

void ComputeEmitter::run(ArrayRef<phx::Address> resultHomes) {
  ChunkIndex first = ChunkIndex::get(0);
  load(first, std::nullopt);
  if (chunks == 1) {
    compute(first);
    store(resultHomes, first);
    return;
  }
  uint8_t loop = e.beginLoop(chunks);
  load(ChunkIndex::counter(loop, 1), phx::Guard{loop, 1, 1, chunks});
  compute(ChunkIndex::counter(loop));
  store(resultHomes, ChunkIndex::counter(loop));
  e.endLoop();
}

LogicalResult HierarchyScheduler::scheduleCompute(Operation *op,
                                                  const ComputePlan &plan,
                                                  unsigned step) {
  ComputeBytes bytes = countBytes(op, plan);
  const phx::ProgramMemory &streamed =
      e.program.memories[getMemory(target, phx::MemoryRole::Streamed)];
  const phx::ProgramMemory &result =
      e.program.memories[getMemory(target, phx::MemoryRole::Result)];
  int64_t operandBytes = bytes.activationPerUnit;
  // In one memory they share its bytes.
  if (&streamed == &result)
    bytes.activationPerUnit += bytes.gradientPerUnit;
  int64_t units = chooseUnits(plan, bytes, streamed.capacity, result.capacity);
  if (units == 0)
    return op->emitError("needs a working set of ")
           << bytes.whole + operandBytes << " bytes of operands and "
           << bytes.gradientPerUnit
           << " bytes of results for its smallest piece, twice; target '"
           << target.spec.name() << "' has " << streamed.capacity << " ("
           << streamed.name << ".capacity_bytes) and " << result.capacity
           << " (" << result.name
           << ".capacity_bytes); use a smaller batch, larger "
              "scratchpads or --memory=ideal";
  ComputeEmitter emitter(e, plan, units);
  for (auto [index, unit] : llvm::enumerate(plan.operandUnitBytes))
    emitter.addOperand(getStorage(op->getOperand(index)).getAddress(), unit,
                       getBytes(op->getOperand(index)));
  for (const PlanConstant &c : plan.constants)
    emitter.addOperand(createConstant(c).getAddress(), 0, 4 * c.values.size());
  SmallVector<Value> inPlace;
  for (unsigned i : plan.inPlaceOperands)
    inPlace.push_back(op->getOperand(i));
  SmallVector<phx::Address> homes{
      createResult(op->getResult(0), step, inPlace).getAddress()};
  // The layer's value is the first result.
  std::optional<uint32_t> output = e.program.layers[e.getLayer()].output;
  for (Value result : op->getResults().drop_front())
    homes.push_back(createResult(result, step).getAddress());
  e.program.layers[e.getLayer()].output = output;
  emitter.run(homes);
  return success();
}

//===----------------------------------------------------------------------===//
// The walk
//===----------------------------------------------------------------------===//

LogicalResult HierarchyScheduler::schedule(Operation *op, unsigned step) {
  if (auto it = groupByLast.find(op); it != groupByLast.end()) {
    reportFusion(it->second);
    if (failed(scheduleProduct(it->second, step)))
      return failure();
    releaseDead(it->second.nest, step);
    for (const Follower &follower : it->second.followers)
      releaseDead(follower.op, step);
    return success();
  }
  if (emissionStep.contains(op))
    return success(); // emitted with the last operation of its group
  FailureOr<DigitalPlan> plan = planDigital(op);
  if (failed(plan))
    return failure();
  e.setLayer(op, getONNXOperator(op));
  if (auto *copies = std::get_if<CopyPlan>(&*plan))
    scheduleCopies(op, *copies, step);
  else if (failed(scheduleCompute(op, std::get<ComputePlan>(*plan), step)))
    return failure();
  releaseDead(op, step);
  return success();
}

std::unique_ptr<Scheduler>
photonic::createHierarchyScheduler(func::FuncOp func, const phx::Target &target,
                                   ProgramEmitter &emitter) {
  return std::make_unique<HierarchyScheduler>(func, target, emitter);
}
