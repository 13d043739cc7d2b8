//===- ProductEmitter.cpp - Products and what follows them, in chunks -----===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HierarchyScheduler.h"

#include "photonic/Target/Machine/Machine.h"

using namespace mlir;
using namespace photonic;

namespace photonic {

/// A tensor [image, channel, row, column] and the block of it that is on chip.
struct PlaneView {
  int64_t channels, rows, width; ///< of the block, over its groups
  int64_t allChannels, allRows;  ///< of the tensor
  int64_t getPixels() const { return 4 * rows * width; } ///< bytes of the block
  int64_t getPlane() const { return 4 * allRows * width; }
};

/// Emits one fused product, forward or input gradient: loads, the nest,
/// followers, stores.
class ProductEmitter {
public:
  ProductEmitter(HierarchyScheduler &scheduler, const ProductPlan &plan,
                 unsigned step);
  void run();

private:
  void allocate();
  void loadWeights(const ChunkIndex &m, std::optional<phx::Guard> guard);
  void loadInput(const ChunkIndex &m, const ChunkIndex &n,
                 std::optional<phx::Guard> guard);
  void loadResiduals(const ChunkIndex &m, const ChunkIndex &n,
                     std::optional<phx::Guard> guard);
  void compute(const ChunkIndex &m, const ChunkIndex &n);
  void applyFollower(const Follower &follower, unsigned number,
                     const ChunkIndex &m, const ChunkIndex &n);
  void store(const ChunkIndex &m, const ChunkIndex &n);
  void runPositions(const ChunkIndex &m);
  void runChannels();

  phx::DmaCopy makeWeightCopy(const ChunkIndex &m) const;
  /// A copy between a chunk of a result-shaped tensor off chip and a buffer.
  phx::DmaCopy makeResultCopy(phx::Address home, const phx::Address &buffer,
                              const ChunkIndex &m, const ChunkIndex &n,
                              bool toHome) const;
  /// Images, channels, one, pixels of the chunk.
  phx::Shape4 getResultShape(const ChunkIndex &m, const ChunkIndex &n) const;
  /// Images, and channels of the result, of a chunk.
  phx::Count countImages(const ChunkIndex &n) const;
  phx::Count countChannels(const ChunkIndex &m) const;
  phx::Affine getFirstVector(const ChunkIndex &n) const;
  bool isForward() const {
    return block.shape.kind == phot::ProductKind::Forward;
  }
  PlaneView getImages() const;
  PlaneView getOutputs() const;
  PlaneView getStreamed() const {
    return isForward() ? getImages() : getOutputs();
  }
  PlaneView getResult() const {
    return isForward() ? getOutputs() : getImages();
  }
  /// The index by which buffers are used in turn: that of the innermost loop.
  const ChunkIndex &turn(const ChunkIndex &m, const ChunkIndex &n) const {
    return c.loopsColumns() || !c.loopsRows() ? n : m;
  }
  void setRootLayer() { s.e.setLayer(op, op.getOperatorName()); }
  /// Loads input channels of a chunk of groups, which no other one has.
  bool loadsInputPerRows() const { return c.cutsGroups() && !c.loopsColumns(); }

  HierarchyScheduler &s;
  const FusedProduct &group;
  phot::ArrayProductOp op;
  const ProductChunks &c;
  const ProductBuffers &buffers;
  const ProductBlock &block;
  const NestOptions &tiles; ///< but for what differs from chunk to chunk
  phx::Address weightHome, inputHome, resultHome;
  ChunkBuffer weights, input, result;
  SmallVector<ChunkBuffer> others; ///< by follower
};

} // namespace photonic

ProductEmitter::ProductEmitter(HierarchyScheduler &scheduler,
                               const ProductPlan &plan, unsigned step)
    : s(scheduler), group(plan.product), op(group.nest.tile), c(plan.chunks),
      buffers(plan.buffers), block(c.block), tiles(plan.tiles) {
  weightHome = s.getStorage(op.getLhs()).getAddress();
  inputHome = s.getStorage(op.getRhs()).getAddress();
  // Layers are numbered in the order of the network; the last one's value
  // leaves the chip.
  for (const Follower &follower : group.followers)
    s.e.setLayer(follower.op, getONNXOperator(follower.op));
  resultHome =
      s.createResults(group.op, step, group.getInPlaceOperands()).front();
  setRootLayer();
  allocate();
}

void ProductEmitter::allocate() {
  ScratchpadFrame frame(s.e);
  weights = frame.allocate(phx::MemoryRole::Stationary, block.getLhsBytes(),
                           buffers.first);
  input = frame.allocate(phx::MemoryRole::Streamed, block.getRhsBytes(),
                         buffers.second);
  result = frame.allocate(phx::MemoryRole::Result, block.getResultBytes(),
                          buffers.result);
  for (const Follower &follower : group.followers) {
    ChunkBuffer buffer;
    if (follower.other == Follower::Other::Channel)
      buffer =
          frame.allocate(phx::MemoryRole::Stationary,
                         4 * block.groups * block.getRows(), buffers.first);
    else if (follower.other == Follower::Other::Scalar)
      buffer = frame.allocate(phx::MemoryRole::Stationary, 4, buffers.first);
    else if (follower.other == Follower::Other::Residual)
      buffer = frame.allocate(phx::MemoryRole::Streamed, block.getResultBytes(),
                              buffers.result);
    others.push_back(buffer);
  }
}

//===----------------------------------------------------------------------===//
// Extents of a chunk
//===----------------------------------------------------------------------===//

PlaneView ProductEmitter::getImages() const {
  const phot::ProductShape &shape = block.shape;
  return {block.groups * block.channels, block.inRows, shape.width,
          shape.groups * shape.channels, shape.height};
}

PlaneView ProductEmitter::getOutputs() const {
  const phot::ProductShape &shape = block.shape;
  return {block.groups * block.outChannels, block.outRows, shape.outWidth,
          shape.groups * shape.outChannels, shape.outHeight};
}

phx::Count ProductEmitter::countImages(const ChunkIndex &n) const {
  return n.clip(block.images, block.shape.batch, c.lineChunks);
}

phx::Count ProductEmitter::countChannels(const ChunkIndex &m) const {
  if (block.shape.groups > 1)
    return count(block.groups * block.getRows());
  return m.clip(block.getRows(), block.shape.m);
}

/// The number of a chunk's first output position in the whole product.
phx::Affine ProductEmitter::getFirstVector(const ChunkIndex &n) const {
  int64_t width = block.shape.outWidth;
  phx::Affine first = n.addTo(
      constant(0), block.images * block.shape.outHeight * width, c.lineChunks);
  if (c.lineChunks == 1)
    return first;
  return n.addTo(std::move(first), block.outRows * width, 1, c.lineChunks);
}

phx::Shape4 ProductEmitter::getResultShape(const ChunkIndex &m,
                                           const ChunkIndex &n) const {
  phx::Count pixels = count(getResult().getPixels() / 4);
  if (c.lineChunks > 1)
    pixels = scaleCount(
        n.clip(block.outRows, block.shape.outHeight, 1, c.lineChunks),
        block.shape.outWidth);
  return {countImages(n), countChannels(m), count(1), pixels};
}

//===----------------------------------------------------------------------===//
// Transfers
//===----------------------------------------------------------------------===//

/// Weights of rows or groups are consecutive, those of input channels are not.
phx::DmaCopy ProductEmitter::makeWeightCopy(const ChunkIndex &m) const {
  const phot::ProductShape &shape = block.shape;
  int64_t rows = block.groups * block.getRows();
  int64_t perRow = block.getLhsBytes() / 4 / rows;
  if (isForward() || shape.groups > 1 || !c.loopsRows())
    return makeLinearCopy(weights.at(m),
                          m.addTo(weightHome, block.getLhsBytes()),
                          scaleCount(countChannels(m), perRow));
  int64_t area = shape.getKernelArea();
  phx::DmaCopy copy;
  copy.dst = weights.at(m);
  copy.src = m.addTo(weightHome, 4 * rows * area);
  copy.dstStride = {0, 4 * rows * area, 4 * area, 4};
  copy.srcStride = {0, 4 * shape.channels * area, 4 * area, 4};
  copy.shape = {count(1), count(shape.outChannels), countChannels(m),
                count(area)};
  return copy;
}

void ProductEmitter::loadWeights(const ChunkIndex &m,
                                 std::optional<phx::Guard> guard) {
  setRootLayer();
  s.e.emit(phx::EngineKind::Dma, makeWeightCopy(m), guard);
  int64_t rows = block.groups * block.getRows();
  for (auto [follower, buffer] : llvm::zip(group.followers, others)) {
    bool perChannel = follower.other == Follower::Other::Channel;
    if (!perChannel && follower.other != Follower::Other::Scalar)
      continue;
    s.e.setLayer(follower.op, getONNXOperator(follower.op));
    phx::Address home = s.getStorage(follower.getOther()).getAddress();
    s.e.emit(phx::EngineKind::Dma,
             makeLinearCopy(buffer.at(m),
                            perChannel ? m.addTo(home, 4 * rows) : home,
                            perChannel ? countChannels(m) : count(1)),
             guard);
  }
}

void ProductEmitter::loadInput(const ChunkIndex &m, const ChunkIndex &n,
                               std::optional<phx::Guard> guard) {
  setRootLayer();
  const phot::ProductShape &shape = block.shape;
  PlaneView v = getStreamed();
  phx::DmaCopy copy;
  copy.dst = input.at(loadsInputPerRows() ? m : n);
  copy.dstStride = {v.channels * v.getPixels(), v.getPixels(), 4 * v.width, 4};
  copy.src = n.addTo(inputHome, block.images * v.allChannels * v.getPlane(),
                     c.lineChunks);
  if (block.groups < shape.groups)
    copy.src = m.addTo(copy.src, v.channels * v.getPlane());
  copy.srcStride = {v.allChannels * v.getPlane(), v.getPlane(), 4 * v.width, 4};
  copy.shape = {countImages(n), count(v.channels), count(v.rows),
                count(v.width)};
  if (c.lineChunks > 1)
    // The chunk starts where the first window does, maybe in the padding.
    copy.zeroFill = phx::ZeroFill{2,
                                  n.addTo(constant(-shape.pads[0]),
                                          block.outRows * shape.strides[0], 1,
                                          c.lineChunks),
                                  shape.height};
  s.e.emit(phx::EngineKind::Dma, copy, guard);
}

phx::DmaCopy ProductEmitter::makeResultCopy(phx::Address home,
                                            const phx::Address &buffer,
                                            const ChunkIndex &m,
                                            const ChunkIndex &n,
                                            bool toHome) const {
  PlaneView v = getResult();
  home = n.addTo(std::move(home), block.images * v.allChannels * v.getPlane(),
                 c.lineChunks);
  home = m.addTo(std::move(home), v.channels * v.getPlane());
  if (c.lineChunks > 1)
    home = n.addTo(std::move(home), v.getPixels(), 1, c.lineChunks);
  phx::Stride4 homeStride{v.allChannels * v.getPlane(), v.getPlane(), 0, 4};
  phx::Stride4 bufferStride{v.channels * v.getPixels(), v.getPixels(), 0, 4};
  phx::DmaCopy copy;
  copy.dst = toHome ? home : buffer;
  copy.src = toHome ? buffer : home;
  copy.dstStride = toHome ? homeStride : bufferStride;
  copy.srcStride = toHome ? bufferStride : homeStride;
  copy.shape = getResultShape(m, n);
  return copy;
}

void ProductEmitter::loadResiduals(const ChunkIndex &m, const ChunkIndex &n,
                                   std::optional<phx::Guard> guard) {
  for (auto [follower, buffer] : llvm::zip(group.followers, others)) {
    if (follower.other != Follower::Other::Residual)
      continue;
    s.e.setLayer(follower.op, getONNXOperator(follower.op));
    phx::Address home = s.getStorage(follower.getOther()).getAddress();
    s.e.emit(phx::EngineKind::Dma,
             makeResultCopy(home, buffer.at(turn(m, n)), m, n,
                            /*toHome=*/false),
             guard);
  }
}

void ProductEmitter::store(const ChunkIndex &m, const ChunkIndex &n) {
  if (!group.followers.empty()) {
    Operation *last = group.followers.back().op;
    s.e.setLayer(last, getONNXOperator(last));
  }
  s.e.emit(phx::EngineKind::Dma,
           makeResultCopy(resultHome, result.at(turn(m, n)), m, n,
                          /*toHome=*/true));
}

//===----------------------------------------------------------------------===//
// Computation
//===----------------------------------------------------------------------===//

void ProductEmitter::applyFollower(const Follower &follower, unsigned number,
                                   const ChunkIndex &m, const ChunkIndex &n) {
  s.e.setLayer(follower.op, getONNXOperator(follower.op));
  PlaneView v = getResult();
  SmallVector<int64_t> chunkStrides{v.channels * v.getPixels(), v.getPixels(),
                                    0, 4};
  SmallVector<int64_t> otherStrides;
  phx::Address chunk = result.at(turn(m, n)), other;
  switch (follower.other) {
  case Follower::Other::None:
    break;
  case Follower::Other::Channel:
    otherStrides = {0, 4, 0, 0};
    other = others[number].at(m);
    break;
  case Follower::Other::Scalar:
    otherStrides = {0, 0, 0, 0};
    other = others[number].at(m);
    break;
  case Follower::Other::Residual:
    otherStrides = chunkStrides;
    other = others[number].at(turn(m, n));
    break;
  }
  bool swapped = follower.chunkIsSecond();
  phx::VecMap map = makeMap(
      *getElementwise(follower.op), getResultShape(m, n), chunk, chunkStrides,
      swapped ? other : chunk, swapped ? otherStrides : chunkStrides,
      swapped ? chunk : other, swapped ? chunkStrides : otherStrides);
  // x op x: both operands are the chunk.
  if (follower.other == Follower::Other::None &&
      follower.op->getNumOperands() == 2) {
    map.b = map.a;
    map.bStride = map.aStride;
  }
  s.e.emit(phx::EngineKind::Vec, map);
}

void ProductEmitter::compute(const ChunkIndex &m, const ChunkIndex &n) {
  setRootLayer();
  NestOptions options = tiles;
  options.lhs = weights.at(m);
  options.rhs = input.at(loadsInputPerRows() ? m : n);
  options.result = result.at(turn(m, n));
  options.rowsRemaining = c.getRowsLeft(m);
  options.columnsRemaining = c.getColumnsLeft(n);
  (block.shape.groups > 1 ? options.groupStart : options.rowStart) = m.addTo(
      constant(0), block.shape.groups > 1 ? block.groups : block.getRows());
  options.columnStart = getFirstVector(n);
  if (Scheduler::startsFromZeros(group.nest))
    s.e.emit(phx::EngineKind::Vec, makeMap({phx::VecFn::Fill, 0.0f},
                                           {count(block.getResultBytes() / 4)},
                                           options.result, {4}, {}, {}));
  emitNest(s.e, block.getNestBlock(), options);
  for (auto [number, follower] : llvm::enumerate(group.followers))
    applyFollower(follower, number, m, n);
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// All output positions of one chunk of channels; weights are on chip.
void ProductEmitter::runPositions(const ChunkIndex &m) {
  Prefetch inputs(buffers.second, c.getColumnChunks());
  Prefetch residuals(buffers.result, c.getColumnChunks());
  auto loadOneInput = [&](const ChunkIndex &n,
                          std::optional<phx::Guard> guard) {
    loadInput(m, n, guard);
  };
  auto loadResidual = [&](const ChunkIndex &n,
                          std::optional<phx::Guard> guard) {
    loadResiduals(m, n, guard);
  };
  inputs.begin(loadOneInput);
  residuals.begin(loadResidual);
  uint8_t loop = s.e.beginLoop(c.getColumnChunks());
  inputs.next(loop, loadOneInput);
  residuals.next(loop, loadResidual);
  ChunkIndex current = ChunkIndex::counter(loop);
  compute(m, current);
  store(m, current);
  s.e.endLoop();
}

/// All chunks of channels; activations are on chip, unless the positions are
/// cut as well.
void ProductEmitter::runChannels() {
  ChunkIndex all = ChunkIndex::get(0);
  Prefetch inputs(buffers.second, c.rowChunks);
  Prefetch weights(buffers.first, c.rowChunks);
  Prefetch residuals(buffers.result, c.rowChunks);
  auto loadGroups = [&](const ChunkIndex &m, std::optional<phx::Guard> guard) {
    loadInput(m, all, guard);
  };
  auto loadOneWeight = [&](const ChunkIndex &m,
                           std::optional<phx::Guard> guard) {
    loadWeights(m, guard);
  };
  auto loadResidual = [&](const ChunkIndex &m,
                          std::optional<phx::Guard> guard) {
    loadResiduals(m, all, guard);
  };
  if (loadsInputPerRows())
    inputs.begin(loadGroups);
  else if (!c.loopsColumns())
    loadInput(all, all, std::nullopt);
  weights.begin(loadOneWeight);
  if (!c.loopsColumns())
    residuals.begin(loadResidual);
  uint8_t loop = s.e.beginLoop(c.rowChunks);
  ChunkIndex current = ChunkIndex::counter(loop);
  if (loadsInputPerRows())
    inputs.next(loop, loadGroups);
  weights.next(loop, loadOneWeight);
  if (c.loopsColumns()) {
    runPositions(current);
  } else {
    residuals.next(loop, loadResidual);
    compute(current, all);
    store(current, all);
  }
  s.e.endLoop();
}

void ProductEmitter::run() {
  ChunkIndex only = ChunkIndex::get(0);
  if (c.loopsRows())
    return runChannels();
  loadWeights(only, std::nullopt);
  if (c.loopsColumns())
    return runPositions(only);
  loadInput(only, only, std::nullopt);
  loadResiduals(only, only, std::nullopt);
  compute(only, only);
  store(only, only);
}

//===----------------------------------------------------------------------===//
// Entry
//===----------------------------------------------------------------------===//

FailureOr<ProductPlan> ProductPlan::get(phot::FusedOp op,
                                        const phx::Target &target) {
  FailureOr<FusedProduct> product = FusedProduct::get(op);
  if (failed(product))
    return failure();
  FailureOr<ProductChunks> chunks = ProductChunks::get(*product);
  if (failed(chunks))
    return failure();
  FailureOr<ProductBuffers> buffers = chunks->getBuffers(op);
  if (failed(buffers))
    return failure();
  if (std::optional<ChunkingFailure> failure =
          findOverflow(target, chunks->countBytes(*buffers)))
    return reportWorkingSet(product->getProduct(), *failure, target,
                            "its chunks and buffers as they stand");
  if (auto problem = chunks->findProblem(product->nest, target))
    return product->getProduct().emitError(*problem);
  NestOptions tiles =
      NestOptions::get(product->nest, chunks->block.getNestBlock(), target);
  return ProductPlan{std::move(*product), std::move(*chunks), *buffers,
                     std::move(tiles)};
}

LogicalResult HierarchyScheduler::scheduleProduct(phot::FusedOp fused,
                                                  unsigned step) {
  FailureOr<ProductPlan> plan = ProductPlan::get(fused, target);
  if (failed(plan))
    return failure();
  phot::ArrayProductOp op = plan->product.getProduct();
  e.setLayer(op, op.getOperatorName());
  FailureOr<uint32_t> product = createProduct(
      op, ProductBlock::whole(plan->product.shape).getNestBlock());
  if (failed(product))
    return failure();
  plan->tiles.product = *product;
  if (plan->chunks.isWeightGradient())
    emitWeightGradient(*plan, step);
  else
    ProductEmitter(*this, *plan, step).run();
  return success();
}
