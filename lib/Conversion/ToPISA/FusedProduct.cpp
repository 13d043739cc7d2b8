//===- FusedProduct.cpp - Chunked products with elementwise operations -*- C++
//-*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HierarchyRemarks.h"
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
class FusedProductEmitter {
public:
  FusedProductEmitter(HierarchyScheduler &scheduler, const FusedProduct &group,
                      const phot::TileNest &nest, const Chunking &chunking,
                      const NestOptions &tiles, unsigned step);
  LogicalResult run();

private:
  void allocate();
  void loadWeights(const ChunkIndex &m, std::optional<phx::Guard> guard);
  void loadInput(const ChunkIndex &m, const ChunkIndex &n,
                 std::optional<phx::Guard> guard);
  void loadResiduals(const ChunkIndex &m, const ChunkIndex &n,
                     std::optional<phx::Guard> guard);
  LogicalResult compute(const ChunkIndex &m, const ChunkIndex &n);
  void applyFollower(const Follower &follower, unsigned number,
                     const ChunkIndex &m, const ChunkIndex &n);
  void store(const ChunkIndex &m, const ChunkIndex &n);
  LogicalResult runPositions(const ChunkIndex &m);
  LogicalResult runChannels();

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
  phx::Affine getVectorsLeft(const ChunkIndex &n) const;
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
  /// The index that alternates double buffers: that of the innermost loop.
  const ChunkIndex &turn(const ChunkIndex &m, const ChunkIndex &n) const {
    return c.loopsN() || !c.loopsM() ? n : m;
  }
  void setRootLayer() { s.e.setLayer(op, op.getOperatorName()); }
  Value getOther(const Follower &follower) const {
    return follower.op->getOperand(follower.otherIndex);
  }

  HierarchyScheduler &s;
  const FusedProduct &group;
  const phot::TileNest &nest;
  phot::ArrayProductOp op;
  const Chunking &c;
  const ProductBlock &block;
  const NestOptions &tiles; ///< but for what differs from chunk to chunk
  phx::Address weightHome, inputHome, resultHome;
  ChunkBuffer weights, input, result;
  SmallVector<ChunkBuffer> others; ///< by follower
};

} // namespace photonic

FusedProductEmitter::FusedProductEmitter(HierarchyScheduler &scheduler,
                                         const FusedProduct &group,
                                         const phot::TileNest &nest,
                                         const Chunking &chunking,
                                         const NestOptions &tiles,
                                         unsigned step)
    : s(scheduler), group(group), nest(nest), op(nest.tile), c(chunking),
      block(chunking.block), tiles(tiles) {
  weightHome = s.getStorage(op.getLhs()).getAddress();
  inputHome = s.getStorage(op.getRhs()).getAddress();
  // Layers are numbered in the order of the network; the last one's value
  // leaves the chip.
  for (const Follower &follower : group.followers)
    s.e.setLayer(follower.op, getONNXOperator(follower.op));
  SmallVector<Value> inPlace;
  for (const Follower &follower : group.followers)
    if (follower.other == Follower::Other::Residual)
      inPlace.push_back(getOther(follower));
  resultHome =
      s.createResult(group.getLast()->getResult(0), step, inPlace).getAddress();
  setRootLayer();
  allocate();
}

void FusedProductEmitter::allocate() {
  ScratchpadFrame frame(s.e);
  weights = frame.allocate(phx::MemoryRole::Stationary, block.getLhsBytes(),
                           c.getWeightBuffers());
  input = frame.allocate(phx::MemoryRole::Streamed, block.getRhsBytes(),
                         c.getInputBuffers());
  result = frame.allocate(phx::MemoryRole::Result, block.getResultBytes(),
                          c.getResultBuffers());
  for (const Follower &follower : group.followers) {
    ChunkBuffer buffer;
    if (follower.other == Follower::Other::Channel)
      buffer = frame.allocate(phx::MemoryRole::Stationary,
                              4 * block.groups * block.getRows(),
                              c.getWeightBuffers());
    else if (follower.other == Follower::Other::Scalar)
      buffer =
          frame.allocate(phx::MemoryRole::Stationary, 4, c.getWeightBuffers());
    else if (follower.other == Follower::Other::Residual)
      buffer = frame.allocate(phx::MemoryRole::Streamed, block.getResultBytes(),
                              c.getResultBuffers());
    others.push_back(buffer);
  }
}

//===----------------------------------------------------------------------===//
// Extents of a chunk
//===----------------------------------------------------------------------===//

PlaneView FusedProductEmitter::getImages() const {
  const phot::ProductShape &shape = block.shape;
  return {block.groups * block.channels, block.inRows, shape.width,
          shape.groups * shape.channels, shape.height};
}

PlaneView FusedProductEmitter::getOutputs() const {
  const phot::ProductShape &shape = block.shape;
  return {block.groups * block.outChannels, block.outRows, shape.outWidth,
          shape.groups * shape.outChannels, shape.outHeight};
}

phx::Count FusedProductEmitter::countImages(const ChunkIndex &n) const {
  return n.clip(block.images, block.shape.batch, c.rowChunks);
}

phx::Count FusedProductEmitter::countChannels(const ChunkIndex &m) const {
  if (block.shape.groups > 1)
    return count(block.groups * block.getRows());
  return m.clip(block.getRows(), block.shape.m);
}

/// Output positions in front of the end of the image, or of the batch.
phx::Affine FusedProductEmitter::getVectorsLeft(const ChunkIndex &n) const {
  const phot::ProductShape &shape = block.shape;
  int64_t width = shape.outWidth;
  if (c.rowChunks > 1) {
    if (shape.outHeight % block.outRows == 0)
      return constant(block.getOutputs());
    return n.addTo(constant(shape.outHeight * width), -block.outRows * width, 1,
                   c.rowChunks);
  }
  if (shape.batch % block.images == 0)
    return constant(block.getOutputs());
  int64_t plane = shape.outHeight * width;
  return n.addTo(constant(shape.batch * plane), -block.images * plane);
}

/// The number of a chunk's first output position in the whole product.
phx::Affine FusedProductEmitter::getFirstVector(const ChunkIndex &n) const {
  int64_t width = block.shape.outWidth;
  phx::Affine first = n.addTo(
      constant(0), block.images * block.shape.outHeight * width, c.rowChunks);
  if (c.rowChunks == 1)
    return first;
  return n.addTo(std::move(first), block.outRows * width, 1, c.rowChunks);
}

phx::Shape4 FusedProductEmitter::getResultShape(const ChunkIndex &m,
                                                const ChunkIndex &n) const {
  phx::Count pixels = count(getResult().getPixels() / 4);
  if (c.rowChunks > 1)
    pixels =
        scaleCount(n.clip(block.outRows, block.shape.outHeight, 1, c.rowChunks),
                   block.shape.outWidth);
  return {countImages(n), countChannels(m), count(1), pixels};
}

//===----------------------------------------------------------------------===//
// Transfers
//===----------------------------------------------------------------------===//

/// Weights of rows or groups are consecutive, those of input channels are not.
phx::DmaCopy FusedProductEmitter::makeWeightCopy(const ChunkIndex &m) const {
  const phot::ProductShape &shape = block.shape;
  int64_t rows = block.groups * block.getRows();
  int64_t perRow = block.getLhsBytes() / 4 / rows;
  if (isForward() || shape.groups > 1 || !c.loopsM())
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

void FusedProductEmitter::loadWeights(const ChunkIndex &m,
                                      std::optional<phx::Guard> guard) {
  setRootLayer();
  s.e.emit(phx::EngineKind::Dma, makeWeightCopy(m), guard);
  int64_t rows = block.groups * block.getRows();
  for (auto [follower, buffer] : llvm::zip(group.followers, others)) {
    bool perChannel = follower.other == Follower::Other::Channel;
    if (!perChannel && follower.other != Follower::Other::Scalar)
      continue;
    s.e.setLayer(follower.op, getONNXOperator(follower.op));
    phx::Address home = s.getStorage(getOther(follower)).getAddress();
    s.e.emit(phx::EngineKind::Dma,
             makeLinearCopy(buffer.at(m),
                            perChannel ? m.addTo(home, 4 * rows) : home,
                            perChannel ? countChannels(m) : count(1)),
             guard);
  }
}

void FusedProductEmitter::loadInput(const ChunkIndex &m, const ChunkIndex &n,
                                    std::optional<phx::Guard> guard) {
  setRootLayer();
  const phot::ProductShape &shape = block.shape;
  PlaneView v = getStreamed();
  phx::DmaCopy copy;
  copy.dst = input.at(n);
  copy.dstStride = {v.channels * v.getPixels(), v.getPixels(), 4 * v.width, 4};
  copy.src = n.addTo(inputHome, block.images * v.allChannels * v.getPlane(),
                     c.rowChunks);
  if (block.groups < shape.groups)
    copy.src = m.addTo(copy.src, v.channels * v.getPlane());
  copy.srcStride = {v.allChannels * v.getPlane(), v.getPlane(), 4 * v.width, 4};
  copy.shape = {countImages(n), count(v.channels), count(v.rows),
                count(v.width)};
  if (c.rowChunks > 1)
    // The chunk starts where the first window does, maybe in the padding.
    copy.zeroFill =
        phx::ZeroFill{2,
                      n.addTo(constant(-shape.pads[0]),
                              block.outRows * shape.strides[0], 1, c.rowChunks),
                      shape.height};
  s.e.emit(phx::EngineKind::Dma, copy, guard);
}

phx::DmaCopy FusedProductEmitter::makeResultCopy(phx::Address home,
                                                 const phx::Address &buffer,
                                                 const ChunkIndex &m,
                                                 const ChunkIndex &n,
                                                 bool toHome) const {
  PlaneView v = getResult();
  home = n.addTo(std::move(home), block.images * v.allChannels * v.getPlane(),
                 c.rowChunks);
  home = m.addTo(std::move(home), v.channels * v.getPlane());
  if (c.rowChunks > 1)
    home = n.addTo(std::move(home), v.getPixels(), 1, c.rowChunks);
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

void FusedProductEmitter::loadResiduals(const ChunkIndex &m,
                                        const ChunkIndex &n,
                                        std::optional<phx::Guard> guard) {
  for (auto [follower, buffer] : llvm::zip(group.followers, others)) {
    if (follower.other != Follower::Other::Residual)
      continue;
    s.e.setLayer(follower.op, getONNXOperator(follower.op));
    phx::Address home = s.getStorage(getOther(follower)).getAddress();
    s.e.emit(phx::EngineKind::Dma,
             makeResultCopy(home, buffer.at(turn(m, n)), m, n,
                            /*toHome=*/false),
             guard);
  }
}

void FusedProductEmitter::store(const ChunkIndex &m, const ChunkIndex &n) {
  Operation *last = group.getLast();
  if (last != group.nest)
    s.e.setLayer(last, getONNXOperator(last));
  s.e.emit(phx::EngineKind::Dma,
           makeResultCopy(resultHome, result.at(turn(m, n)), m, n,
                          /*toHome=*/true));
}

//===----------------------------------------------------------------------===//
// Computation
//===----------------------------------------------------------------------===//

void FusedProductEmitter::applyFollower(const Follower &follower,
                                        unsigned number, const ChunkIndex &m,
                                        const ChunkIndex &n) {
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

LogicalResult FusedProductEmitter::compute(const ChunkIndex &m,
                                           const ChunkIndex &n) {
  setRootLayer();
  NestOptions options = tiles;
  options.lhs = weights.at(m);
  options.rhs = input.at(n);
  options.result = result.at(turn(m, n));
  bool cutsRows =
      block.shape.groups == 1 && block.shape.m % block.getRows() != 0;
  options.rowsRemaining =
      cutsRows ? m.addTo(constant(block.shape.m), -block.getRows())
               : constant(block.getRows());
  options.columnsRemaining = getVectorsLeft(n);
  (block.shape.groups > 1 ? options.groupStart : options.rowStart) = m.addTo(
      constant(0), block.shape.groups > 1 ? block.groups : block.getRows());
  options.columnStart = getFirstVector(n);
  if (Scheduler::startsFromZeros(nest))
    s.e.emit(phx::EngineKind::Vec, makeMap({phx::VecFn::Fill, 0.0f},
                                           {count(block.getResultBytes() / 4)},
                                           options.result, {4}, {}, {}));
  if (failed(emitNest(s.e, block.getNestBlock(), options, op)))
    return failure();
  for (auto [number, follower] : llvm::enumerate(group.followers))
    applyFollower(follower, number, m, n);
  return success();
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// All output positions of one chunk of channels; weights are on chip.
LogicalResult FusedProductEmitter::runPositions(const ChunkIndex &m) {
  ChunkIndex first = ChunkIndex::get(0);
  loadInput(m, first, std::nullopt);
  loadResiduals(m, first, std::nullopt);
  uint8_t loop = s.e.beginLoop(c.getNChunks());
  ChunkIndex next = ChunkIndex::counter(loop, 1);
  phx::Guard guard{loop, 1, 1, c.getNChunks()};
  loadInput(m, next, guard);
  loadResiduals(m, next, guard);
  ChunkIndex current = ChunkIndex::counter(loop);
  LogicalResult done = compute(m, current);
  store(m, current);
  s.e.endLoop();
  return done;
}

/// All chunks of channels; activations are on chip, unless the positions are
/// cut as well.
LogicalResult FusedProductEmitter::runChannels() {
  ChunkIndex first = ChunkIndex::get(0);
  if (c.loopsN()) {
    ChunkIndex m = ChunkIndex::counter(s.e.beginLoop(c.mChunks));
    loadWeights(m, std::nullopt);
    LogicalResult done = runPositions(m);
    s.e.endLoop();
    return done;
  }
  bool groupedInput = block.groups < block.shape.groups;
  if (!groupedInput)
    loadInput(first, first, std::nullopt);
  loadWeights(first, std::nullopt);
  loadResiduals(first, first, std::nullopt);
  uint8_t loop = s.e.beginLoop(c.mChunks);
  ChunkIndex next = ChunkIndex::counter(loop, 1);
  ChunkIndex current = ChunkIndex::counter(loop);
  phx::Guard guard{loop, 1, 1, c.mChunks};
  // Each chunk of groups has input channels of its own.
  if (groupedInput)
    loadInput(current, first, std::nullopt);
  loadWeights(next, guard);
  loadResiduals(next, first, guard);
  LogicalResult done = compute(current, first);
  store(current, first);
  s.e.endLoop();
  return done;
}

LogicalResult FusedProductEmitter::run() {
  ChunkIndex first = ChunkIndex::get(0);
  if (c.loopsM())
    return runChannels();
  loadWeights(first, std::nullopt);
  if (c.loopsN())
    return runPositions(first);
  loadInput(first, first, std::nullopt);
  loadResiduals(first, first, std::nullopt);
  LogicalResult done = compute(first, first);
  store(first, first);
  return done;
}

//===----------------------------------------------------------------------===//
// Entry
//===----------------------------------------------------------------------===//

LogicalResult
HierarchyScheduler::reportWorkingSet(phot::ArrayProductOp op,
                                     const ChunkingFailure &failure) {
  std::string phase = nn::stringifyPhase(nn::getPhase(op)).str();
  std::replace(phase.begin(), phase.end(), '_', ' ');
  InFlightDiagnostic diag = op.emitError("its ")
                            << phase << " product needs a working set of "
                            << failure.needed << " bytes in scratchpad '"
                            << failure.memory << "' ";
  diag << (op.getKey() ? "because random rounding keeps it in one piece"
                       : "for its smallest tile")
       << ", target '" << target.spec.name() << "' has " << failure.available
       << " (" << failure.memory
       << ".capacity_bytes); use a smaller batch, a larger scratchpad or "
          "--memory=ideal";
  if (op.getKey())
    diag << ", or a format that rounds by trunc or nearest";
  return diag;
}

/// What the chunks of a product hold beside its operands and result.
static ChunkExtras countExtras(const FusedProduct &group,
                               phot::ArrayProductOp op) {
  ChunkExtras extras;
  extras.whole = op.getKey() != Value();
  for (const Follower &follower : group.followers) {
    extras.channelParameters += follower.other == Follower::Other::Channel;
    extras.scalars += follower.other == Follower::Other::Scalar;
    extras.residuals += follower.other == Follower::Other::Residual;
  }
  return extras;
}

LogicalResult HierarchyScheduler::scheduleProduct(const FusedProduct &group,
                                                  unsigned step) {
  phot::ArrayProductOp op = getArrayProduct(group.nest);
  FailureOr<phot::TileNest> nest = phot::TileNest::get(op);
  if (failed(nest))
    return failure();
  std::optional<phot::ProductShape> shape = phot::ProductShape::match(op);
  if (!shape)
    return op.emitError("has views that are not those of a layer: chunks for "
                        "on-chip memory are pieces of its images and channels; "
                        "use --memory=ideal");
  if (shape->kind == phot::ProductKind::WeightGradient)
    return scheduleWeightGradient(group, *shape, *nest, step);
  auto chosen =
      chooseChunking(*shape, op.getStationary(),
                     phot::getTermLength(op.getLhsFormat(), op.getRhsFormat()),
                     countExtras(group, op), target);
  if (auto *failure = std::get_if<ChunkingFailure>(&chosen))
    return reportWorkingSet(op, *failure);
  const Chunking &chunking = std::get<Chunking>(chosen);
  const ProductBlock &block = chunking.block;
  reportChunks(op, chunking.choice,
               {{chunking.mChunks, shape->groups > 1 ? "groups" : "rows",
                 shape->groups > 1 ? block.groups : block.getRows()},
                {chunking.imageChunks, "images", block.images},
                {chunking.rowChunks, "output lines", block.outRows}});
  e.setLayer(op, op.getOperatorName());
  FailureOr<NestOptions> tiles =
      NestOptions::get(*nest, chunking.block.getNestBlock(), e);
  FailureOr<uint32_t> product =
      createProduct(op, ProductBlock::whole(*shape).getNestBlock());
  if (failed(tiles) || failed(product))
    return failure();
  tiles->product = *product;
  return FusedProductEmitter(*this, group, *nest, chunking, *tiles, step).run();
}
