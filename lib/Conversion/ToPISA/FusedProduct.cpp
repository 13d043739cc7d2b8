//===- FusedProduct.cpp - Chunked products with elementwise operations -*- C++
//-*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HierarchyScheduler.h"

using namespace mlir;
using namespace photonic;

namespace photonic {

/// Emits one fused product: loads, the nest, followers, stores.
class FusedProductEmitter {
public:
  FusedProductEmitter(HierarchyScheduler &scheduler, const FusedProduct &group,
                      phot::ArrayProductOp op, const Chunking &chunking);
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

  /// A copy between a chunk of a result-shaped tensor off chip and a buffer.
  phx::DmaCopy makeResultCopy(phx::Address home, const phx::Address &buffer,
                              const ChunkIndex &m, const ChunkIndex &n,
                              bool toHome) const;
  /// Images, channels, one, pixels of the chunk.
  phx::Shape4 getResultShape(const ChunkIndex &m, const ChunkIndex &n) const;
  phx::Count getImages(const ChunkIndex &n) const;
  phx::Count getChannels(const ChunkIndex &m) const;
  phx::Affine getVectorsLeft(const ChunkIndex &n) const;
  /// The index that alternates double buffers: that of the innermost loop.
  const ChunkIndex &turn(const ChunkIndex &m, const ChunkIndex &n) const {
    return c.loopsN() || !c.loopsM() ? n : m;
  }
  void setRootLayer() {
    s.e.setLayer(op, c.block.shape.hasWindow ? "Conv" : "Gemm");
  }
  Value getOther(const Follower &follower) const {
    return follower.op->getOperand(follower.otherIndex);
  }

  HierarchyScheduler &s;
  const FusedProduct &group;
  phot::ArrayProductOp op;
  const Chunking &c;
  const ProductBlock &block;
  uint32_t format, product;
  phx::Address weightHome, inputHome, resultHome;
  ChunkBuffer weights, input, result;
  SmallVector<ChunkBuffer> others; ///< by follower
};

} // namespace photonic

FusedProductEmitter::FusedProductEmitter(HierarchyScheduler &scheduler,
                                         const FusedProduct &group,
                                         phot::ArrayProductOp op,
                                         const Chunking &chunking)
    : s(scheduler), group(group), op(op), c(chunking), block(chunking.block) {
  setRootLayer();
  format = s.e.getFormat(s.getNumberFormat(op));
  product = s.createProduct(op, block.shape, format);
  weightHome = s.getStorage(op.getLhs()).getAddress();
  inputHome = s.getStorage(op.getRhs()).getAddress();
  // Layers are numbered in the order of the network; the last one's value
  // leaves the chip.
  for (const Follower &follower : group.followers)
    s.e.setLayer(follower.op, getONNXOperator(follower.op));
  resultHome = s.createResult(group.getLast()->getResult(0)).getAddress();
  setRootLayer();
  allocate();
}

void FusedProductEmitter::allocate() {
  ScratchpadFrame frame(s.e);
  weights = frame.allocate(phx::Space::Weight, block.getWeightBytes(),
                           c.getWeightBuffers());
  input = frame.allocate(phx::Space::Activation, block.getInputBytes(),
                         c.getInputBuffers());
  result = frame.allocate(phx::Space::Gradient, block.getResultBytes(),
                          c.getResultBuffers());
  for (const Follower &follower : group.followers) {
    ChunkBuffer buffer;
    if (follower.other == Follower::Other::Channel)
      buffer = frame.allocate(phx::Space::Weight, 4 * block.groups * block.m,
                              c.getWeightBuffers());
    else if (follower.other == Follower::Other::Scalar)
      buffer = frame.allocate(phx::Space::Weight, 4, c.getWeightBuffers());
    else if (follower.other == Follower::Other::Residual)
      buffer = frame.allocate(phx::Space::Activation, block.getResultBytes(),
                              c.getResultBuffers());
    others.push_back(buffer);
  }
}

//===----------------------------------------------------------------------===//
// Extents of a chunk
//===----------------------------------------------------------------------===//

phx::Count FusedProductEmitter::getImages(const ChunkIndex &n) const {
  return n.clip(block.images, block.shape.batch, c.rowChunks);
}

phx::Count FusedProductEmitter::getChannels(const ChunkIndex &m) const {
  if (block.shape.groups > 1)
    return count(block.groups * block.m);
  return m.clip(block.m, block.shape.m);
}

/// Output positions in front of the end of the image, or of the batch.
phx::Affine FusedProductEmitter::getVectorsLeft(const ChunkIndex &n) const {
  const phot::ProductShape &shape = block.shape;
  int64_t width = shape.outWidth;
  if (c.rowChunks > 1) {
    if (shape.outHeight % block.outRows == 0)
      return constant(block.getVectors());
    return n.addTo(constant(shape.outHeight * width), -block.outRows * width, 1,
                   c.rowChunks);
  }
  if (shape.batch % block.images == 0)
    return constant(block.getVectors());
  int64_t plane = shape.outHeight * width;
  return n.addTo(constant(shape.batch * plane), -block.images * plane);
}

phx::Shape4 FusedProductEmitter::getResultShape(const ChunkIndex &m,
                                                const ChunkIndex &n) const {
  phx::Count pixels = count(block.getPixels());
  if (c.rowChunks > 1)
    pixels =
        scaleCount(n.clip(block.outRows, block.shape.outHeight, 1, c.rowChunks),
                   block.shape.outWidth);
  return {getImages(n), getChannels(m), count(1), pixels};
}

//===----------------------------------------------------------------------===//
// Transfers
//===----------------------------------------------------------------------===//

void FusedProductEmitter::loadWeights(const ChunkIndex &m,
                                      std::optional<phx::Guard> guard) {
  setRootLayer();
  int64_t rows = block.groups * block.m;
  s.e.emit(phx::EngineKind::Dma,
           makeLinearCopy(weights.at(m),
                          m.addTo(weightHome, 4 * rows * block.shape.k),
                          scaleCount(getChannels(m), block.shape.k)),
           guard);
  for (auto [follower, buffer] : llvm::zip(group.followers, others)) {
    bool perChannel = follower.other == Follower::Other::Channel;
    if (!perChannel && follower.other != Follower::Other::Scalar)
      continue;
    s.e.setLayer(follower.op, getONNXOperator(follower.op));
    phx::Address home = s.getStorage(getOther(follower)).getAddress();
    s.e.emit(phx::EngineKind::Dma,
             makeLinearCopy(buffer.at(m),
                            perChannel ? m.addTo(home, 4 * rows) : home,
                            perChannel ? getChannels(m) : count(1)),
             guard);
  }
}

void FusedProductEmitter::loadInput(const ChunkIndex &m, const ChunkIndex &n,
                                    std::optional<phx::Guard> guard) {
  setRootLayer();
  const phot::ProductShape &shape = block.shape;
  int64_t channels = block.groups * shape.channels;
  int64_t plane = 4 * shape.height * shape.width;
  int64_t blockPlane = 4 * block.inRows * shape.width;
  phx::DmaCopy copy;
  copy.dst = input.at(n);
  copy.dstStride = {channels * blockPlane, blockPlane, 4 * shape.width, 4};
  copy.src =
      n.addTo(inputHome, block.images * shape.groups * shape.channels * plane,
              c.rowChunks);
  if (block.groups < shape.groups)
    copy.src = m.addTo(copy.src, channels * plane);
  copy.srcStride = {shape.groups * shape.channels * plane, plane,
                    4 * shape.width, 4};
  copy.shape = {getImages(n), count(channels), count(block.inRows),
                count(shape.width)};
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
  const phot::ProductShape &shape = block.shape;
  int64_t plane = 4 * shape.outHeight * shape.outWidth;
  int64_t allChannels = shape.groups * shape.m;
  int64_t channels = block.groups * block.m;
  int64_t pixels = 4 * block.getPixels();
  home =
      n.addTo(std::move(home), block.images * allChannels * plane, c.rowChunks);
  home = m.addTo(std::move(home), channels * plane);
  if (c.rowChunks > 1)
    home = n.addTo(std::move(home), 4 * block.outRows * shape.outWidth, 1,
                   c.rowChunks);
  phx::Stride4 homeStride{allChannels * plane, plane, 0, 4};
  phx::Stride4 bufferStride{channels * pixels, pixels, 0, 4};
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
  int64_t pixels = 4 * block.getPixels();
  SmallVector<int64_t> chunkStrides{block.groups * block.m * pixels, pixels, 0,
                                    4};
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

void FusedProductEmitter::compute(const ChunkIndex &m, const ChunkIndex &n) {
  setRootLayer();
  NestOptions options;
  options.dataflow = op.getDataflow();
  options.rows = op.getRows();
  options.cols = op.getColumns();
  options.cores = s.target.spec.core().count().value();
  options.format = format;
  options.product = product;
  options.weights = weights.at(m);
  options.input = input.at(n);
  options.result = result.at(turn(m, n));
  bool cutsChannels = block.shape.groups == 1 && block.shape.m % block.m != 0;
  options.mRemaining = cutsChannels ? m.addTo(constant(block.shape.m), -block.m)
                                    : constant(block.m);
  options.nRemaining = getVectorsLeft(n);
  auto [begin, end] = emitNest(s.e, block, options);
  if (!c.loopsM() && !c.loopsN()) { // the nest is the whole product
    s.e.program.products[product].loopBegin = begin;
    s.e.program.products[product].loopEnd = end;
  }
  for (auto [number, follower] : llvm::enumerate(group.followers))
    applyFollower(follower, number, m, n);
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// All output positions of one chunk of channels; weights are on chip.
void FusedProductEmitter::runPositions(const ChunkIndex &m) {
  ChunkIndex first = ChunkIndex::get(0);
  loadInput(m, first, std::nullopt);
  loadResiduals(m, first, std::nullopt);
  uint8_t loop = s.e.beginLoop(c.getNChunks());
  ChunkIndex next = ChunkIndex::counter(loop, 1);
  phx::Guard guard{loop, 1, 1, c.getNChunks()};
  loadInput(m, next, guard);
  loadResiduals(m, next, guard);
  ChunkIndex current = ChunkIndex::counter(loop);
  compute(m, current);
  store(m, current);
  s.e.endLoop();
}

/// All chunks of channels; activations are on chip, unless the positions are
/// cut as well.
void FusedProductEmitter::runChannels() {
  ChunkIndex first = ChunkIndex::get(0);
  if (c.loopsN()) {
    ChunkIndex m = ChunkIndex::counter(s.e.beginLoop(c.mChunks));
    loadWeights(m, std::nullopt);
    runPositions(m);
    s.e.endLoop();
    return;
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
  compute(current, first);
  store(current, first);
  s.e.endLoop();
}

void FusedProductEmitter::run() {
  ChunkIndex first = ChunkIndex::get(0);
  if (c.loopsM())
    return runChannels();
  loadWeights(first, std::nullopt);
  if (c.loopsN())
    return runPositions(first);
  loadInput(first, first, std::nullopt);
  loadResiduals(first, first, std::nullopt);
  compute(first, first);
  store(first, first);
}

//===----------------------------------------------------------------------===//
// Entry
//===----------------------------------------------------------------------===//

LogicalResult HierarchyScheduler::scheduleProduct(const FusedProduct &group) {
  phot::ArrayProductOp op = getArrayProduct(group.nest);
  phot::ProductShape shape = phot::ProductShape::get(op);
  ChunkExtras extras;
  for (const Follower &follower : group.followers) {
    extras.channelParameters += follower.other == Follower::Other::Channel;
    extras.scalars += follower.other == Follower::Other::Scalar;
    extras.residuals += follower.other == Follower::Other::Residual;
  }
  auto chosen = chooseChunking(shape, op.getDataflow(), extras, target);
  if (auto *failure = std::get_if<ChunkingFailure>(&chosen))
    return op.emitError("needs a working set of ")
           << failure->needed << " bytes in scratchpad '" << failure->scratchpad
           << "' for its smallest tile, target '" << target.spec.name()
           << "' has " << failure->available << " (" << failure->field
           << "); use a larger scratchpad or --memory=ideal";
  FusedProductEmitter(*this, group, op, std::get<Chunking>(chosen)).run();
  return success();
}
