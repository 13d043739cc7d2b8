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

#include "HierarchyRemarks.h"
#include "HierarchyScheduler.h"

#include "photonic/Target/Machine/CostModel.h"

#include "llvm/Support/MathExtras.h"

#include <limits>
#include <numeric>

using namespace mlir;
using namespace photonic;
using llvm::divideCeil;

namespace {

/// How a weight gradient is cut.
struct WeightChunking {
  ProductBlock block;      ///< of one chunk of channels and of images
  int64_t mChunks = 1;     ///< the last one may be smaller
  int64_t imageChunks = 1; ///< full ones
  int64_t tailImages = 0;  ///< images behind them
  int64_t lhsBytes = 0, rhsBytes = 0, resultBytes = 0; ///< one buffer
  ChunkChoice choice;

  bool cutsImages() const { return imageChunks + (tailImages > 0) > 1; }
  int64_t getOperandBuffers() const { return cutsImages() ? 2 : 1; }
  int64_t getResultBuffers() const { return mChunks > 1 ? 2 : 1; }
};

/// Enumerates candidates and keeps the fastest that fits.
class WeightChunkSearch {
public:
  WeightChunkSearch(phot::ArrayProductOp op, const phot::ProductShape &shape,
                    const ChunkExtras &extras, const phx::Target &target)
      : op(op), shape(shape), extras(extras), target(target), costs(target) {}

  std::variant<WeightChunking, ChunkingFailure> run();

  // For searchChunks.
  WeightChunking build(std::pair<int64_t, int64_t> channels,
                       int64_t images) const;
  std::optional<ChunkingFailure> checkFit(const WeightChunking &c) const;
  double estimate(const WeightChunking &c);

private:
  SmallVector<std::pair<int64_t, int64_t>> getChannelCandidates();
  SmallVector<int64_t> getImageCandidates();

  phot::ArrayProductOp op;
  const phot::ProductShape &shape;
  const ChunkExtras &extras;
  const phx::Target &target;
  CostModel costs;
};

} // namespace

/// (groups, output channels per group) of a chunk.
SmallVector<std::pair<int64_t, int64_t>>
WeightChunkSearch::getChannelCandidates() {
  if (extras.whole)
    return {{shape.groups, shape.m}};
  SmallVector<std::pair<int64_t, int64_t>> candidates;
  if (shape.groups > 1) {
    for (int64_t groups : getPieces(shape.groups, 1, /*divides=*/true))
      candidates.push_back({groups, shape.m});
    return candidates;
  }
  for (int64_t m : getPieces(shape.m, op.getRows(), /*divides=*/false))
    candidates.push_back({1, m});
  return candidates;
}

/// All images, or pieces whose output elements are whole groups of the format.
SmallVector<int64_t> WeightChunkSearch::getImageCandidates() {
  if (extras.whole)
    return {shape.batch};
  // The longer one is a multiple of the other.
  int64_t group = std::max(op.getLhsFormat().getGroupLength(),
                           op.getRhsFormat().getGroupLength());
  int64_t unit = group / std::gcd(group, shape.getOutputPlane());
  SmallVector<int64_t> candidates{shape.batch};
  for (int64_t images : getPieces(shape.batch, unit, /*divides=*/false))
    if (images < shape.batch && images % unit == 0)
      candidates.push_back(images);
  return candidates;
}

WeightChunking WeightChunkSearch::build(std::pair<int64_t, int64_t> channels,
                                        int64_t images) const {
  WeightChunking c;
  c.block = ProductBlock::whole(shape);
  std::tie(c.block.groups, c.block.outChannels) = channels;
  c.block.images = images;
  c.mChunks = shape.groups > 1 ? shape.groups / c.block.groups
                               : divideCeil(shape.m, c.block.outChannels);
  c.imageChunks = shape.batch / images;
  c.tailImages = shape.batch % images;
  c.lhsBytes = SpaceAllocator::align(c.block.getLhsBytes());
  c.rhsBytes = SpaceAllocator::align(c.block.getRhsBytes());
  c.resultBytes = SpaceAllocator::align(c.block.getResultBytes());
  return c;
}

std::optional<ChunkingFailure>
WeightChunkSearch::checkFit(const WeightChunking &c) const {
  return findOverflow(target, {c.lhsBytes * c.getOperandBuffers() +
                                   extras.scalars * SpaceAllocator::alignment,
                               c.rhsBytes * c.getOperandBuffers() +
                                   c.resultBytes * extras.residuals,
                               c.resultBytes * c.getResultBuffers()});
}

/// Nanoseconds.
double WeightChunkSearch::estimate(const WeightChunking &c) {
  double chunks =
      double(c.mChunks) * double(c.imageChunks + (c.tailImages > 0));
  bool first = op.getStationary() == phot::Stationary::First;
  int64_t arrayTime = costs.getArrayTime(
      countBlockPasses(
          c.block, op.getStationary(), op.getRows(), op.getColumns(),
          phot::getTermLength(op.getLhsFormat(), op.getRhsFormat())),
      first ? c.block.getColumns() : c.block.getRows());
  double bytes = double(c.lhsBytes + c.rhsBytes) * chunks +
                 double(c.resultBytes) * (1 + extras.residuals) * c.mChunks;
  return costs.getChunkedTime(
      chunks, arrayTime, costs.getTransferTime(bytes, 2 * chunks + c.mChunks));
}

std::variant<WeightChunking, ChunkingFailure> WeightChunkSearch::run() {
  return searchChunks<WeightChunking>(*this, getChannelCandidates(),
                                      getImageCandidates());
}

//===----------------------------------------------------------------------===//
// Emission
//===----------------------------------------------------------------------===//

namespace photonic {

/// Emits one weight gradient and the operations that are fused with it.
class WeightGradientEmitter {
public:
  WeightGradientEmitter(HierarchyScheduler &scheduler,
                        const FusedProduct &group, const phot::TileNest &nest,
                        const WeightChunking &chunking,
                        const NestOptions &tiles, unsigned step);
  LogicalResult run();

private:
  void allocate();
  LogicalResult runChannels(const ChunkIndex &m);
  void loadOthers(const ChunkIndex &m);
  void load(const ChunkIndex &m, const ChunkIndex &n, int64_t images,
            std::optional<phx::Guard> guard);
  LogicalResult compute(const ChunkIndex &m, const ChunkIndex &n,
                        int64_t images);
  void finish(const ChunkIndex &m);
  void setRootLayer() { s.e.setLayer(op, op.getOperatorName()); }
  /// Output channels of a chunk, over its groups.
  phx::Count countChannels(const ChunkIndex &m) const;
  /// Elements of the result of a chunk.
  phx::Count countElements(const ChunkIndex &m) const {
    return scaleCount(countChannels(m), c.block.getPatch());
  }
  phx::Address getOtherHome(const Follower &follower) const {
    return s.getStorage(follower.op->getOperand(follower.otherIndex))
        .getAddress();
  }

  HierarchyScheduler &s;
  const FusedProduct &group;
  const phot::TileNest &nest;
  phot::ArrayProductOp op;
  const WeightChunking &c;
  const NestOptions &tiles; ///< but for what differs from chunk to chunk
  phx::Address lhsHome, rhsHome, resultHome;
  ChunkBuffer lhs, rhs, result;
  SmallVector<ChunkBuffer> others; ///< by follower
};

} // namespace photonic

WeightGradientEmitter::WeightGradientEmitter(HierarchyScheduler &scheduler,
                                             const FusedProduct &group,
                                             const phot::TileNest &nest,
                                             const WeightChunking &chunking,
                                             const NestOptions &tiles,
                                             unsigned step)
    : s(scheduler), group(group), nest(nest), op(nest.tile), c(chunking),
      tiles(tiles) {
  lhsHome = s.getStorage(op.getLhs()).getAddress();
  rhsHome = s.getStorage(op.getRhs()).getAddress();
  SmallVector<Value> inPlace;
  for (const Follower &follower : group.followers) {
    s.e.setLayer(follower.op, getONNXOperator(follower.op));
    if (follower.other == Follower::Other::Residual)
      inPlace.push_back(follower.op->getOperand(follower.otherIndex));
  }
  resultHome =
      s.createResult(group.getLast()->getResult(0), step, inPlace).getAddress();
  setRootLayer();
  allocate();
}

void WeightGradientEmitter::allocate() {
  ScratchpadFrame frame(s.e);
  lhs = frame.allocate(phx::MemoryRole::Stationary, c.block.getLhsBytes(),
                       c.getOperandBuffers());
  rhs = frame.allocate(phx::MemoryRole::Streamed, c.block.getRhsBytes(),
                       c.getOperandBuffers());
  result = frame.allocate(phx::MemoryRole::Result, c.block.getResultBytes(),
                          c.getResultBuffers());
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
    phx::Address home = getOtherHome(follower);
    bool whole = follower.other == Follower::Other::Scalar;
    s.e.emit(
        phx::EngineKind::Dma,
        makeLinearCopy(buffer.at(m),
                       whole ? home : m.addTo(home, c.block.getResultBytes()),
                       whole ? count(1) : countElements(m)));
  }
}

void WeightGradientEmitter::load(const ChunkIndex &m, const ChunkIndex &n,
                                 int64_t images,
                                 std::optional<phx::Guard> guard) {
  setRootLayer();
  const phot::ProductShape &shape = c.block.shape;
  auto copyPlanes = [&](const ChunkBuffer &buffer, phx::Address home,
                        int64_t plane, int64_t all, int64_t channels,
                        const phx::Count &copied, bool cut) {
    home = n.addTo(std::move(home), 4 * c.block.images * all * plane);
    if (cut)
      home = m.addTo(std::move(home), 4 * channels * plane);
    phx::DmaCopy copy;
    copy.dst = buffer.at(n);
    copy.src = home;
    copy.dstStride = {0, 4 * channels * plane, 4 * plane, 4};
    copy.srcStride = {0, 4 * all * plane, 4 * plane, 4};
    copy.shape = {count(1), count(images), copied, count(plane)};
    s.e.emit(phx::EngineKind::Dma, copy, guard);
  };
  copyPlanes(lhs, lhsHome, shape.getOutputPlane(),
             shape.groups * shape.outChannels,
             c.block.groups * c.block.outChannels, countChannels(m), true);
  int64_t channels = c.block.groups * shape.channels;
  copyPlanes(rhs, rhsHome, shape.height * shape.width,
             shape.groups * shape.channels, channels, count(channels),
             c.block.groups < shape.groups);
}

LogicalResult WeightGradientEmitter::compute(const ChunkIndex &m,
                                             const ChunkIndex &n,
                                             int64_t images) {
  setRootLayer();
  ProductBlock block = c.block;
  block.images = images;
  NestBlock part = block.getNestBlock();
  // The last chunk of images may have fewer loops of its own.
  FailureOr<NestOptions> own = NestOptions::get(nest, part, s.e);
  if (failed(own))
    return failure();
  NestOptions options = tiles;
  options.order = own->order;
  // Every chunk of images adds to what the one before left.
  options.continues |= c.cutsImages();
  options.lhs = lhs.at(n);
  options.rhs = rhs.at(n);
  options.result = result.at(m);
  bool cutsRows =
      block.shape.groups == 1 && block.shape.m % block.outChannels != 0;
  options.rowsRemaining =
      cutsRows ? m.addTo(constant(block.shape.m), -block.outChannels)
               : constant(block.outChannels);
  options.columnsRemaining = constant(block.getColumns());
  bool cutsGroups = block.shape.groups > 1;
  (cutsGroups ? options.groupStart : options.rowStart) =
      m.addTo(constant(0), cutsGroups ? block.groups : block.outChannels);
  options.contractionStart =
      n.addTo(constant(0), c.block.images * block.shape.getOutputPlane());
  return emitNest(s.e, part, options, op);
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

/// All images for one chunk of output channels.
LogicalResult WeightGradientEmitter::runChannels(const ChunkIndex &m) {
  loadOthers(m);
  setRootLayer();
  if (c.cutsImages() || Scheduler::startsFromZeros(nest))
    s.e.emit(phx::EngineKind::Vec,
             makeMap({phx::VecFn::Fill, 0.0f},
                     {count(c.block.getResultBytes() / 4)}, result.at(m), {4},
                     {}, {}));
  ChunkIndex first = ChunkIndex::get(0);
  load(m, first, c.block.images, std::nullopt);
  LogicalResult done = success();
  if (c.imageChunks > 1) {
    uint8_t loop = s.e.beginLoop(c.imageChunks);
    load(m, ChunkIndex::counter(loop, 1), c.block.images,
         phx::Guard{loop, 1, 1, c.imageChunks});
    done = compute(m, ChunkIndex::counter(loop), c.block.images);
    s.e.endLoop();
  } else {
    done = compute(m, first, c.block.images);
  }
  if (c.tailImages && succeeded(done)) {
    ChunkIndex last = ChunkIndex::get(c.imageChunks);
    load(m, last, c.tailImages, std::nullopt);
    done = compute(m, last, c.tailImages);
  }
  finish(m);
  return done;
}

LogicalResult WeightGradientEmitter::run() {
  if (c.mChunks == 1)
    return runChannels(ChunkIndex::get(0));
  uint8_t loop = s.e.beginLoop(c.mChunks);
  LogicalResult done = runChannels(ChunkIndex::counter(loop));
  s.e.endLoop();
  return done;
}

LogicalResult HierarchyScheduler::scheduleWeightGradient(
    const FusedProduct &group, const phot::ProductShape &shape,
    const phot::TileNest &nest, unsigned step) {
  phot::ArrayProductOp op = nest.tile;
  ChunkExtras extras;
  extras.whole = op.getKey() != Value();
  for (const Follower &follower : group.followers) {
    extras.scalars += follower.other == Follower::Other::Scalar;
    extras.residuals += follower.other == Follower::Other::Residual;
  }
  auto chosen = WeightChunkSearch(op, shape, extras, target).run();
  if (auto *failure = std::get_if<ChunkingFailure>(&chosen))
    return reportWorkingSet(op, *failure);
  const WeightChunking &chunking = std::get<WeightChunking>(chosen);
  reportChunks(
      op, chunking.choice,
      {{chunking.mChunks, shape.groups > 1 ? "groups" : "output channels",
        shape.groups > 1 ? chunking.block.groups : chunking.block.outChannels},
       {chunking.imageChunks + (chunking.tailImages > 0), "images",
        chunking.block.images}});
  e.setLayer(op, op.getOperatorName());
  FailureOr<NestOptions> tiles =
      NestOptions::get(nest, chunking.block.getNestBlock(), e);
  FailureOr<uint32_t> product =
      createProduct(op, ProductBlock::whole(shape).getNestBlock());
  if (failed(tiles) || failed(product))
    return failure();
  tiles->product = *product;
  return WeightGradientEmitter(*this, group, nest, chunking, *tiles, step)
      .run();
}
