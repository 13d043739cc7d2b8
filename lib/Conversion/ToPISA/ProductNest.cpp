//===- ProductNest.cpp - The loop nest of an analog product -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProductNest.h"
#include "NestCounters.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace photonic;
using llvm::divideCeil;
using phot::TileDim;

//===----------------------------------------------------------------------===//
// From the IR
//===----------------------------------------------------------------------===//

// The operands of a product are numbered alike on both sides.
static_assert(static_cast<uint32_t>(phot::Stationary::First) ==
                      static_cast<uint32_t>(phx::Stationary::First) &&
                  static_cast<uint32_t>(phot::Stationary::Second) ==
                      static_cast<uint32_t>(phx::Stationary::Second) &&
                  phot::getMaxEnumValForStationary() == 1,
              "an operand that stays has the same number");

phx::Stationary photonic::getStationary(phot::Stationary stationary) {
  return static_cast<phx::Stationary>(stationary);
}

std::optional<std::string> NestOrder::findProblem(const phot::TileNest &nest,
                                                  const NestBlock &block) {
  for (unsigned dim = 0; dim < phot::numTileDims; ++dim)
    if (llvm::count_if(nest.getLoops(TileDim(dim)),
                       [&](unsigned loop) { return nest.trips[loop] > 1; }) >
            1 &&
        block.getExtent(TileDim(dim)) != nest.getExtent(TileDim(dim)))
      return "counts " + phot::getName(TileDim(dim)).str() +
             " in several loops, but is cut into chunks for on-chip memory; "
             "use one loop, or leave it in one piece (chunk = <>)";
  return std::nullopt;
}

NestOrder NestOrder::get(const phot::TileNest &nest, const NestBlock &block) {
  NestOrder order;
  ArrayRef<int64_t> over =
      phot::ArrayProductOp(nest.tile).getArrays().getOver();
  SmallVector<int> kept(nest.loops.size(), -1); // loops of the IR, in `order`
  for (unsigned loop = 0; loop < nest.loops.size(); ++loop)
    for (unsigned d = 0; d < phot::numTileDims; ++d) {
      auto dim = TileDim(d);
      int64_t weight = nest.get(dim).weights[loop];
      if (weight == 0)
        continue;
      int64_t extent = block.getExtent(dim), trips = nest.trips[loop];
      if (extent != nest.getExtent(dim))
        trips = static_cast<int64_t>(divideCeil(extent, nest.getSize(dim)));
      order.bases[d] += weight < 0 ? -weight * (trips - 1) : 0;
      if (trips == 1)
        continue;
      kept[loop] = static_cast<int>(order.loops.size());
      order.loops.push_back({dim, trips, weight});
    }
  // Loops that run once are not there; the others of `over` are neighbours.
  order.dealtBegin = order.dealtEnd = static_cast<unsigned>(order.loops.size());
  for (int64_t loop : llvm::reverse(over))
    if (kept[loop] >= 0) {
      if (order.dealtBegin == order.dealtEnd)
        order.dealtEnd = static_cast<unsigned>(kept[loop]) + 1;
      order.dealtBegin = static_cast<unsigned>(kept[loop]);
    }
  return order;
}

NestOptions NestOptions::get(const phot::TileNest &nest, const NestBlock &block,
                             const phx::Target &target) {
  phot::ArrayProductOp op = nest.tile;
  NestOptions options;
  options.order = NestOrder::get(nest, block);
  options.stationary = op.getStationary();
  for (unsigned dim = 0; dim < phot::numTileDims; ++dim)
    options.sizes[dim] = nest.getSize(TileDim(dim));
  options.columns = op.getColumns();
  // checkArrays has found them.
  Arrays arrays = *findArrays(target, op.getArrays().getGroup());
  options.group = static_cast<uint16_t>(arrays.group);
  options.arrays = arrays.count;
  options.lowering = arrays.lowering;
  // The bypass takes the time of the format that it stands in for: its sum of a
  // term is no matter of passes.
  if (!op.getLhsFormat().isInteger())
    options.columns = std::min(options.columns, arrays.columns);
  options.continues = !nest.start;
  options.rowsRemaining = constant(block.m);
  options.columnsRemaining = constant(block.n);
  return options;
}

//===----------------------------------------------------------------------===//
// Emission
//===----------------------------------------------------------------------===//

namespace {
/// Emits the instructions of all arrays for one round.
class NestEmitter : NestCounters {
public:
  NestEmitter(ProgramEmitter &e, const NestBlock &block,
              const NestOptions &options);
  void run();

private:
  void record(size_t begin, size_t end);
  void emitLoops(size_t counter);
  void emitTile(int64_t array);
  ArrayTile makeTile(int64_t array) const;
  /// weight * the iteration of `counter` in the tile that `array` computes.
  phx::DigitTerm digit(const Counter &counter, int64_t array,
                       int64_t weight) const;
  phx::Affine getCoordinate(TileDim dim, int64_t array) const;
  phx::Affine getPosition(int64_t array) const;
  phx::Affine getStart(int64_t array) const;
  /// What is left of the block at `coordinate`, of at most a tile.
  phx::Count getSize(TileDim dim, int64_t extent, const phx::Affine &remaining,
                     int64_t array) const;
  phx::Count getColumns(int64_t array) const;
  phx::Address place(phx::Address address, const OperandMap &map,
                     int64_t array) const;

  ProgramEmitter &e;
  uint8_t rounds = 0;     ///< the loop that deals them
  bool isDealing = false; ///< it is open
  uint32_t stationaryMap, streamedMap, resultMap;
};
} // namespace

NestEmitter::NestEmitter(ProgramEmitter &e, const NestBlock &block,
                         const NestOptions &options)
    : NestCounters(block, options), e(e) {
  uint32_t lhs = e.getMap(block.lhs.map), rhs = e.getMap(block.rhs.map);
  stationaryMap = first ? lhs : rhs;
  streamedMap = first ? rhs : lhs;
  resultMap = e.getMap(first ? block.result.map : swapped(block.result.map));
}

phx::DigitTerm NestEmitter::digit(const Counter &counter, int64_t array,
                                  int64_t weight) const {
  if (!counter.isDealt)
    return {counter.loop, 1, 0, 1, 0, weight};
  // The outermost number does not wrap.
  return {rounds,
          o.arrays,
          array,
          counter.step,
          counter.isOutermost ? 0 : counter.trips,
          weight};
}

phx::Affine NestEmitter::getCoordinate(TileDim dim, int64_t array) const {
  phx::Affine value = constant(o.order.bases[static_cast<unsigned>(dim)]);
  for (const Counter &counter : counters)
    if (counter.dim == dim)
      value = plusTerm(std::move(value), digit(counter, array, counter.weight));
  return value;
}

/// Rows of the numbering that lie in front of the tile's position.
phx::Affine NestEmitter::getPosition(int64_t array) const {
  return scaleAffine(getCoordinate(TileDim::Position, array),
                     block.rowsPerPosition);
}

/// 0 where an element meets its first pass.
phx::Affine NestEmitter::getStart(int64_t array) const {
  if (o.continues)
    return constant(1);
  phx::Affine start = constant(0);
  for (const Counter &counter : counters)
    if (counter.dim == TileDim::K || counter.dim == TileDim::Position)
      start = plusTerm(std::move(start),
                       digit(counter, array, std::abs(counter.weight)));
  return start;
}

phx::Address NestEmitter::place(phx::Address address, const OperandMap &map,
                                int64_t array) const {
  address.offset = addAffine(
      std::move(address.offset),
      scaleAffine(getCoordinate(TileDim::Group, array), map.groupBytes));
  return address;
}

/// `cap` per step of `start`, clipped to `remaining` unless it always fits.
static phx::Count clip(int64_t cap, const phx::Affine &remaining,
                       const phx::Affine &start) {
  if (remaining.terms.empty() && remaining.base % cap == 0)
    return count(cap);
  return {cap, addAffine(remaining, scaleAffine(start, -1))};
}

phx::Count NestEmitter::getSize(TileDim dim, int64_t extent,
                                const phx::Affine &remaining,
                                int64_t array) const {
  int64_t size = o.sizes[static_cast<unsigned>(dim)];
  // Where the last chunk is smaller, what is left is that of all chunks.
  if (!remaining.terms.empty() && !hasLoop(dim))
    size = std::min(size, extent);
  bool isRow = dim == (first ? TileDim::M : TileDim::N);
  if (isRow || hasLoop(dim))
    return clip(size, remaining, getCoordinate(dim, array));
  return remaining.terms.empty() ? count(extent)
                                 : phx::Count{extent, remaining};
}

phx::Count NestEmitter::getColumns(int64_t array) const {
  phx::Affine start = getCoordinate(TileDim::K, array);
  if (!passes.isUneven() || passes.perTerm == 1) {
    int64_t end = passes.columns; // of what the loops count
    for (const Counter &counter : counters)
      end *= counter.dim == TileDim::K ? counter.trips : 1;
    if (end <= block.k)
      return count(passes.columns);
    return {passes.columns,
            addAffine(constant(block.k), scaleAffine(start, -1))};
  }
  // What is left of the term; of the last one, what is left of K.
  phx::Affine left = constant(passes.term);
  int64_t terms = 1;
  for (const Counter &counter : counters) {
    if (counter.dim != TileDim::K)
      continue;
    if (counter.isPass) {
      left = plusTerm(std::move(left), digit(counter, array, -passes.columns));
      continue;
    }
    terms = counter.trips;
    // The last term is where (number + step) / (step * terms) is one ahead of
    // number / (step * terms).
    int64_t missing = terms * passes.term - block.k;
    phx::DigitTerm now = digit(counter, array, missing);
    now.divisor = (counter.isDealt ? counter.step : 1) * terms;
    now.modulus = 0;
    phx::DigitTerm ahead = now;
    ahead.weight = -missing;
    ahead.offset += counter.isDealt ? counter.step : 1;
    left = plusTerm(plusTerm(std::move(left), ahead), now);
  }
  if (terms == 1)
    left.base = std::min(passes.term, block.k);
  return {passes.columns, left};
}

ArrayTile NestEmitter::makeTile(int64_t array) const {
  TileDim rowDim = first ? TileDim::M : TileDim::N;
  TileDim vectorDim = first ? TileDim::N : TileDim::M;
  auto getRows = [&](TileDim dim) {
    return dim == TileDim::M ? getSize(dim, block.m, o.rowsRemaining, array)
                             : getSize(dim, block.n, o.columnsRemaining, array);
  };
  // Rows of the first operand are numbered through all positions.
  auto getStartOf = [&](TileDim dim) {
    phx::Affine start = getCoordinate(dim, array);
    return dim == TileDim::M ? addAffine(start, getPosition(array)) : start;
  };
  phx::Address lhs = place(o.lhs, block.lhs, array),
               rhs = place(o.rhs, block.rhs, array);
  ArrayTile tile;
  tile.product = o.product;
  tile.stationary = first ? 0 : 1;
  tile.streamed = first ? 1 : 0;
  tile.stationaryStored = (first ? block.lhs : block.rhs).isStored;
  tile.streamedStored = (first ? block.rhs : block.lhs).isStored;
  tile.stationaryMap = stationaryMap;
  tile.streamedMap = streamedMap;
  tile.resultMap = resultMap;
  tile.stationarySource = first ? lhs : rhs;
  tile.streamedSource = first ? rhs : lhs;
  tile.result = place(o.result, block.result, array);
  tile.row = getStartOf(rowDim);
  tile.k = getCoordinate(TileDim::K, array);
  tile.vector = getStartOf(vectorDim);
  tile.group = addAffine(o.groupStart, getCoordinate(TileDim::Group, array));
  tile.start = getStart(array);
  tile.rows = getRows(rowDim);
  tile.columns = getColumns(array);
  tile.vectors = getRows(vectorDim);
  return tile;
}

void NestEmitter::emitTile(int64_t array) {
  phx::Guard guard{rounds, o.arrays, array, tiles};
  o.lowering->emitTile(makeTile(array), e.program, [&](phx::Body body) {
    e.emit(phx::EngineKind::Core, std::move(body), guard,
           static_cast<unsigned>(array), o.group);
  });
}

/// The loops from `counter` on: where the dealt ones begin, the one that deals
/// them in their place; inside of all, the tiles.
void NestEmitter::emitLoops(size_t counter) {
  if (counter == dealtBegin && !isDealing) {
    rounds = e.beginLoop(static_cast<int64_t>(divideCeil(tiles, o.arrays)));
    isDealing = true;
    emitLoops(dealtEnd);
  } else if (counter < counters.size()) {
    counters[counter].loop = e.beginLoop(counters[counter].trips);
    emitLoops(counter + 1);
  } else {
    for (int64_t array = 0; array < std::min(o.arrays, tiles); ++array)
      emitTile(array);
    return;
  }
  e.endLoop();
}

/// What the nest computes of its product.
void NestEmitter::record(size_t begin, size_t end) {
  auto left = [](int64_t extent, const phx::Affine &remaining) {
    return remaining.terms.empty() ? count(std::min(extent, remaining.base))
                                   : phx::Count{extent, remaining};
  };
  phx::ProductNest nest;
  nest.loopBegin = begin;
  nest.loopEnd = end;
  nest.groups = {o.groupStart, count(block.groups)};
  nest.rows = {o.rowStart, left(block.m, o.rowsRemaining)};
  nest.columns = {o.columnStart, left(block.n, o.columnsRemaining)};
  nest.contraction = {o.contractionStart, count(block.k)};
  e.program.products[o.product].nests.push_back(std::move(nest));
}

void NestEmitter::run() {
  size_t begin = e.getPosition();
  emitLoops(0);
  record(begin, e.getPosition() - 1);
}

void photonic::emitNest(ProgramEmitter &emitter, const NestBlock &block,
                        const NestOptions &options) {
  NestEmitter(emitter, block, options).run();
}

FailureOr<WholeNest> WholeNest::get(phot::ArrayProductOp op,
                                    const phx::Target &target) {
  FailureOr<phot::TileNest> nest = phot::TileNest::get(op);
  FailureOr<NestBlock> block = NestBlock::getWhole(op);
  if (failed(nest) || failed(block))
    return failure();
  WholeNest whole{std::move(*nest), std::move(*block), {}};
  whole.options = NestOptions::get(whole.nest, whole.block, target);
  if (auto problem = NestCounters(whole.block, whole.options)
                         .findProblem(op.getResultView(), /*depth=*/0))
    return op.emitError(*problem);
  return whole;
}
