//===- HierarchyScheduler.cpp - Scratchpads in front of DRAM --------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HierarchyScheduler.h"

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
/// The buffers of a compute plan and the instructions that fill and empty them.
class ComputeEmitter {
public:
  ComputeEmitter(ProgramEmitter &e, const DigitalChunks &cut)
      : e(e), plan(cut.plan), units(cut.units), chunks(cut.getChunks()),
        operandBuffers(cut.operands), frame(e) {
    for (int64_t bytes : plan.resultUnitBytes)
      results.push_back(
          frame.allocate(phx::MemoryRole::Result, units * bytes, cut.result));
    for (int64_t bytes : plan.tempUnitBytes)
      temps.push_back(
          frame.allocate(phx::MemoryRole::Result, units * bytes, cut.result));
  }

  /// Adds an operand that is loaded in pieces, or at once if `unitBytes` is 0.
  void addOperand(const phx::Address &home, int64_t unitBytes, int64_t bytes) {
    int64_t buffers = unitBytes ? operandBuffers : 1;
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
  int64_t units, chunks, operandBuffers;
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
  if (chunks == 1) {
    ChunkIndex only = ChunkIndex::get(0);
    load(only, std::nullopt);
    compute(only);
    store(resultHomes, only);
    return;
  }
  Prefetch prefetch(operandBuffers, chunks);
  auto loadOne = [&](const ChunkIndex &index, std::optional<phx::Guard> guard) {
    load(index, guard);
  };
  prefetch.begin(loadOne);
  uint8_t loop = e.beginLoop(chunks);
  prefetch.next(loop, loadOne);
  compute(ChunkIndex::counter(loop));
  store(resultHomes, ChunkIndex::counter(loop));
  e.endLoop();
}

SmallVector<phx::Address>
HierarchyScheduler::createResults(phot::FusedOp op, unsigned step,
                                  ArrayRef<Value> inPlace) {
  SmallVector<phx::Address> homes{
      createResult(op->getResult(0), step, inPlace).getAddress()};
  std::optional<uint32_t> output = e.program.layers[e.getLayer()].output;
  for (Value result : op->getResults().drop_front())
    homes.push_back(createResult(result, step).getAddress());
  e.program.layers[e.getLayer()].output = output;
  return homes;
}

LogicalResult HierarchyScheduler::scheduleCompute(phot::FusedOp fused,
                                                  unsigned step) {
  FailureOr<DigitalChunks> cut = DigitalChunks::get(fused, target);
  if (failed(cut))
    return failure();
  Operation *op = cut->getOperation();
  e.setLayer(op, getONNXOperator(op));
  ComputeEmitter emitter(e, *cut);
  for (auto [index, unit] : llvm::enumerate(cut->plan.operandUnitBytes))
    emitter.addOperand(getStorage(op->getOperand(index)).getAddress(), unit,
                       getBytes(op->getOperand(index)));
  for (const PlanConstant &c : cut->plan.constants)
    emitter.addOperand(createConstant(c).getAddress(), 0, 4 * c.values.size());
  SmallVector<Value> inPlace;
  for (unsigned i : cut->plan.inPlaceOperands)
    inPlace.push_back(op->getOperand(i));
  emitter.run(createResults(fused, step, inPlace));
  return success();
}

//===----------------------------------------------------------------------===//
// The walk
//===----------------------------------------------------------------------===//

LogicalResult HierarchyScheduler::schedule(Operation *op, unsigned step) {
  if (auto fused = dyn_cast<phot::FusedOp>(op)) {
    if (failed(getArrayProduct(fused) ? scheduleProduct(fused, step)
                                      : scheduleCompute(fused, step)))
      return failure();
  } else {
    FailureOr<DigitalPlan> plan = planDigital(op);
    if (failed(plan))
      return failure();
    e.setLayer(op, getONNXOperator(op));
    scheduleCopies(op, std::get<CopyPlan>(*plan), step);
  }
  releaseDead(op, step);
  return success();
}

std::unique_ptr<Scheduler>
photonic::createHierarchyScheduler(func::FuncOp func, const phx::Target &target,
                                   ProgramEmitter &emitter) {
  return std::make_unique<HierarchyScheduler>(func, target, emitter);
}
