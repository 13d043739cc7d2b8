//===- WeightGradient.cpp - Weight gradients in pieces -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A weight gradient contracts over all elements of its operands, which are the
// largest tensors of a layer. Its result stays on chip while images pass by: an
// outer loop over output channels (or groups), whose gradient accumulates in
// the scratchpad, and an inner loop over images. Pieces of the contraction end
// where groups of the format do, so that cutting changes no bit.
//
//===----------------------------------------------------------------------===//

#include "HierarchyScheduler.h"

using namespace mlir;
using namespace photonic;

namespace photonic {

/// Emits one weight gradient and the operations that are fused with it.
class WeightGradientEmitter {
public:
  WeightGradientEmitter(HierarchyScheduler &scheduler, const ProductPlan &plan,
                        unsigned step);
  void run();

private:
  void allocate();
  void runChannels(const ChunkIndex &m);
  void runImages(const ChunkIndex &m);
  void loadOthers(const ChunkIndex &m);
  void loadFirst(const ChunkIndex &m, const ChunkIndex &n, int64_t images,
                 std::optional<phx::Guard> guard);
  void loadSecond(const ChunkIndex &m, const ChunkIndex &n, int64_t images,
                  std::optional<phx::Guard> guard);
  struct Planes;
  void load(Planes planes, const ChunkIndex &m, const ChunkIndex &n,
            int64_t images, const phx::Count &channels,
            std::optional<phx::Guard> guard);
  void compute(const ChunkIndex &m, const ChunkIndex &n, int64_t images);
  void finish(const ChunkIndex &m);
  void setRootLayer() { s.e.setLayer(op, op.getOperatorName()); }
  /// Output channels of a chunk, over its groups.
  phx::Count countChannels(const ChunkIndex &m) const;
  /// Elements of the result of a chunk.
  phx::Count countElements(const ChunkIndex &m) const {
    return scaleCount(countChannels(m), c.block.getPatch());
  }
  HierarchyScheduler &s;
  const FusedProduct &group;
  phot::ArrayProductOp op;
  const ProductChunks &c;
  const ProductBuffers &buffers;
  const NestOptions &tiles; ///< but for what differs from chunk to chunk
  phx::Address lhsHome, rhsHome, resultHome;
  ChunkBuffer lhs, rhs, result;
  SmallVector<ChunkBuffer> others; ///< by follower
};

} // namespace photonic

WeightGradientEmitter::WeightGradientEmitter(HierarchyScheduler &scheduler,
                                             const ProductPlan &plan,
                                             unsigned step)
    : s(scheduler), group(plan.product), op(group.nest.tile), c(plan.chunks),
      buffers(plan.buffers), tiles(plan.tiles) {
  lhsHome = s.getStorage(op.getLhs()).getAddress();
  rhsHome = s.getStorage(op.getRhs()).getAddress();
  for (const Follower &follower : group.followers)
    s.e.setLayer(follower.op, getONNXOperator(follower.op));
  resultHome =
      s.createResults(group.op, step, group.getInPlaceOperands()).front();
  setRootLayer();
  allocate();
}

void WeightGradientEmitter::allocate() {
  ScratchpadFrame frame(s.e);
  lhs = frame.allocate(phx::MemoryRole::Stationary, c.block.getLhsBytes(),
                       buffers.first);
  rhs = frame.allocate(phx::MemoryRole::Streamed, c.block.getRhsBytes(),
                       buffers.second);
  result = frame.allocate(phx::MemoryRole::Result, c.block.getResultBytes(),
                          buffers.result);
  for (const Follower &follower : group.followers) {
    ChunkBuffer buffer;
    if (follower.other == Follower::Other::Scalar)
      buffer = frame.allocate(phx::MemoryRole::Stationary, 4, 1);
    else if (follower.other == Follower::Other::Residual)
      buffer = frame.allocate(phx::MemoryRole::Streamed,
                              c.block.getResultBytes(), 1);
    others.push_back(buffer);
  }
}

phx::Count WeightGradientEmitter::countChannels(const ChunkIndex &m) const {
  if (c.block.shape.groups > 1)
    return count(c.block.groups * c.block.outChannels);
  return m.clip(c.block.outChannels, c.block.shape.m);
}

void WeightGradientEmitter::loadOthers(const ChunkIndex &m) {
  for (auto [follower, buffer] : llvm::zip(group.followers, others)) {
    if (follower.other == Follower::Other::None)
      continue;
    s.e.setLayer(follower.op, getONNXOperator(follower.op));
    phx::Address home = s.getStorage(follower.getOther()).getAddress();
    bool whole = follower.other == Follower::Other::Scalar;
    s.e.emit(
        phx::EngineKind::Dma,
        makeLinearCopy(buffer.at(m),
                       whole ? home : m.addTo(home, c.block.getResultBytes()),
                       whole ? count(1) : countElements(m)));
  }
}

/// Where planes of channels of an operand are, off chip and in a chunk.
struct WeightGradientEmitter::Planes {
  const ChunkBuffer &buffer;
  phx::Address home;
  int64_t elements;         ///< of a plane
  int64_t channels, loaded; ///< of the tensor, and of a chunk
  bool isCut;               ///< along channels
};

void WeightGradientEmitter::load(Planes planes, const ChunkIndex &m,
                                 const ChunkIndex &n, int64_t images,
                                 const phx::Count &channels,
                                 std::optional<phx::Guard> guard) {
  setRootLayer();
  int64_t bytes = 4 * planes.elements;
  planes.home =
      n.addTo(std::move(planes.home), c.block.images * planes.channels * bytes);
  if (planes.isCut)
    planes.home = m.addTo(std::move(planes.home), planes.loaded * bytes);
  phx::DmaCopy copy;
  copy.dst = planes.buffer.at(n);
  copy.src = planes.home;
  copy.dstStride = {0, planes.loaded * bytes, bytes, 4};
  copy.srcStride = {0, planes.channels * bytes, bytes, 4};
  copy.shape = {count(1), count(images), channels, count(planes.elements)};
  s.e.emit(phx::EngineKind::Dma, copy, guard);
}

void WeightGradientEmitter::loadFirst(const ChunkIndex &m, const ChunkIndex &n,
                                      int64_t images,
                                      std::optional<phx::Guard> guard) {
  const phot::ProductShape &shape = c.block.shape;
  load({lhs, lhsHome, shape.getOutputPlane(), shape.groups * shape.outChannels,
        c.block.groups * c.block.outChannels, true},
       m, n, images, countChannels(m), guard);
}

void WeightGradientEmitter::loadSecond(const ChunkIndex &m, const ChunkIndex &n,
                                       int64_t images,
                                       std::optional<phx::Guard> guard) {
  const phot::ProductShape &shape = c.block.shape;
  int64_t channels = c.block.groups * shape.channels;
  load({rhs, rhsHome, shape.height * shape.width, shape.groups * shape.channels,
        channels, c.cutsGroups()},
       m, n, images, count(channels), guard);
}

void WeightGradientEmitter::compute(const ChunkIndex &m, const ChunkIndex &n,
                                    int64_t images) {
  setRootLayer();
  ProductBlock block = c.block;
  block.images = images;
  NestBlock part = block.getNestBlock();
  NestOptions options = tiles;
  // The last chunk of images may have fewer loops of its own.
  options.order = NestOrder::get(group.nest, part);
  // Every chunk of images adds to what the one before left.
  options.continues |= c.loopsColumns();
  options.lhs = lhs.at(n);
  options.rhs = rhs.at(n);
  options.result = result.at(m);
  options.rowsRemaining = c.getRowsLeft(m);
  options.columnsRemaining = c.getColumnsLeft(n);
  bool cutsGroups = block.shape.groups > 1;
  (cutsGroups ? options.groupStart : options.rowStart) =
      m.addTo(constant(0), cutsGroups ? block.groups : block.outChannels);
  options.contractionStart =
      n.addTo(constant(0), c.block.images * block.shape.getOutputPlane());
  emitNest(s.e, part, options);
}

/// What is fused with the product, and the transfer of the result.
void WeightGradientEmitter::finish(const ChunkIndex &m) {
  phx::Address chunk = result.at(m);
  for (auto [follower, buffer] : llvm::zip(group.followers, others)) {
    s.e.setLayer(follower.op, getONNXOperator(follower.op));
    // Without another operand both, if there are two, are the chunk.
    bool isChunk = follower.other == Follower::Other::None;
    phx::Address other = isChunk ? chunk : buffer.at(m);
    int64_t stride = follower.other == Follower::Other::Scalar ? 0 : 4;
    bool binary = follower.op->getNumOperands() == 2;
    bool swapped = follower.chunkIsSecond();
    SmallVector<int64_t> strides{4}, otherStrides{stride};
    s.e.emit(phx::EngineKind::Vec,
             makeMap(*getElementwise(follower.op), {countElements(m)}, chunk,
                     strides, swapped ? other : chunk,
                     swapped ? otherStrides : strides,
                     !binary   ? phx::Address()
                     : swapped ? chunk
                               : other,
                     !binary   ? ArrayRef<int64_t>()
                     : swapped ? ArrayRef<int64_t>(strides)
                               : ArrayRef<int64_t>(otherStrides)));
  }
  s.e.emit(phx::EngineKind::Dma,
           makeLinearCopy(m.addTo(resultHome, c.block.getResultBytes()), chunk,
                          countElements(m)));
}

/// All images of one chunk of output channels, which add to its result.
void WeightGradientEmitter::runImages(const ChunkIndex &m) {
  int64_t full = c.getFullImageChunks(), tail = c.getTailImages();
  auto first = [&](const ChunkIndex &n, std::optional<phx::Guard> guard) {
    loadFirst(m, n, c.block.images, guard);
  };
  auto second = [&](const ChunkIndex &n, std::optional<phx::Guard> guard) {
    loadSecond(m, n, c.block.images, guard);
  };
  if (full > 1) {
    Prefetch firsts(std::min(buffers.first, full), full);
    Prefetch seconds(std::min(buffers.second, full), full);
    firsts.begin(first);
    seconds.begin(second);
    uint8_t loop = s.e.beginLoop(full);
    firsts.next(loop, first);
    seconds.next(loop, second);
    compute(m, ChunkIndex::counter(loop), c.block.images);
    s.e.endLoop();
  } else {
    ChunkIndex only = ChunkIndex::get(0);
    first(only, std::nullopt);
    second(only, std::nullopt);
    compute(m, only, c.block.images);
  }
  if (tail) {
    ChunkIndex last = ChunkIndex::get(full);
    loadFirst(m, last, tail, std::nullopt);
    loadSecond(m, last, tail, std::nullopt);
    compute(m, last, tail);
  }
}

void WeightGradientEmitter::runChannels(const ChunkIndex &m) {
  loadOthers(m);
  setRootLayer();
  if (c.loopsColumns() || Scheduler::startsFromZeros(group.nest))
    s.e.emit(phx::EngineKind::Vec,
             makeMap({phx::VecFn::Fill, 0.0f},
                     {count(c.block.getResultBytes() / 4)}, result.at(m), {4},
                     {}, {}));
  runImages(m);
  finish(m);
}

void WeightGradientEmitter::run() {
  if (!c.loopsRows())
    return runChannels(ChunkIndex::get(0));
  uint8_t loop = s.e.beginLoop(c.rowChunks);
  runChannels(ChunkIndex::counter(loop));
  s.e.endLoop();
}

void HierarchyScheduler::emitWeightGradient(const ProductPlan &plan,
                                            unsigned step) {
  WeightGradientEmitter(*this, plan, step).run();
}
