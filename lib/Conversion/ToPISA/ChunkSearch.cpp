//===- ChunkSearch.cpp - Which chunks of a product are the fastest --------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ChunkSearch.h"

#include "photonic/Target/Machine/CostModel.h"

#include "llvm/Support/MathExtras.h"

#include <utility>

using namespace mlir;
using namespace photonic;
using llvm::divideCeil;

namespace {

/// Enumerates candidates and keeps the fastest that fits.
class ChunkSearch {
public:
  ChunkSearch(const FusedProduct &product, const phx::Target &target)
      : op(product.nest.tile), nest(product.nest),
        given(phot::FusedOp(product.op).getBuffersAttr()), shape(product.shape),
        followers(product.countFollowers()), target(target), costs(target),
        whole(ProductChunks::getWhole(shape)) {}

  std::variant<ChunkChoice, ChunkingFailure> run();

private:
  SmallVector<ChunkCut> getRowCandidates();
  SmallVector<ChunkCut> getColumnCandidates();
  SmallVector<ChunkCut> getForwardCandidates();
  SmallVector<ChunkCut> getGradientCandidates();
  ProductBuffers getBuffers(const ProductChunks &chunks) const;
  bool usesBuffers(const ProductChunks &chunks) const;
  std::optional<ChunkingFailure> checkFit(const ProductChunks &chunks) const;
  double estimate(const ProductChunks &chunks);

  phot::ArrayProductOp op;
  const phot::TileNest &nest;
  phot::BuffersAttr given; ///< null: the usual ones
  const phot::ProductShape &shape;
  FollowerCounts followers;
  const phx::Target &target;
  CostModel costs;
  ChunkCut whole;
};

} // namespace

/// `extent`, then ever smaller pieces of it, down to `unit`; multiples of
/// `unit`. With `divides`, only pieces that leave no remainder.
static SmallVector<int64_t> getPieces(int64_t extent, int64_t unit,
                                      bool divides) {
  SmallVector<int64_t> pieces{extent};
  for (int64_t parts = 2; pieces.back() > unit; ++parts) {
    int64_t piece = divideCeil(divideCeil(extent, parts), unit) * unit;
    // Few candidates suffice where the parts are small.
    if (parts > 16)
      parts += parts / 4;
    if (piece < pieces.back() && (!divides || extent % piece == 0))
      pieces.push_back(piece);
    if (piece == unit)
      break;
  }
  return pieces;
}

//===----------------------------------------------------------------------===//
// Candidates
//===----------------------------------------------------------------------===//

/// Groups and rows of a chunk.
SmallVector<ChunkCut> ChunkSearch::getRowCandidates() {
  if (getWholeReason(op))
    return {whole};
  SmallVector<ChunkCut> candidates;
  auto add = [&](int64_t groups, int64_t rows) {
    candidates.push_back(whole);
    candidates.back().groups = groups;
    candidates.back().rows = rows;
  };
  if (shape.groups > 1) {
    for (int64_t groups : getPieces(shape.groups, 1, /*divides=*/true))
      add(groups, shape.m);
    return candidates;
  }
  for (int64_t rows : getPieces(shape.m, op.getRows(), /*divides=*/false))
    add(1, rows);
  return candidates;
}

/// Images and lines of a chunk.
SmallVector<ChunkCut> ChunkSearch::getColumnCandidates() {
  if (getWholeReason(op))
    return {whole};
  return shape.kind == phot::ProductKind::WeightGradient
             ? getGradientCandidates()
             : getForwardCandidates();
}

SmallVector<ChunkCut> ChunkSearch::getForwardCandidates() {
  // Array rows of a stationary activation tile are clipped by what is left of
  // one extent only, so that such chunks must not leave a remainder.
  bool divides = op.getStationary() == phot::Stationary::Second;
  SmallVector<ChunkCut> candidates;
  auto add = [&](int64_t images, int64_t lines) {
    candidates.push_back(whole);
    candidates.back().images = images;
    candidates.back().lines = lines;
  };
  for (int64_t images : getPieces(shape.batch, 1, divides))
    add(images, shape.outHeight);
  // Windows of different lines add to the same lines of an input gradient.
  if (shape.kind != phot::ProductKind::Forward)
    return candidates;
  for (int64_t lines : getPieces(shape.outHeight, 1, divides))
    if (lines < shape.outHeight)
      add(1, lines);
  return candidates;
}

/// All images, or pieces whose output elements are whole groups of the format.
SmallVector<ChunkCut> ChunkSearch::getGradientCandidates() {
  int64_t unit = getImageUnit(op, shape);
  SmallVector<ChunkCut> candidates{whole};
  for (int64_t images : getPieces(shape.batch, unit, /*divides=*/false))
    if (images < shape.batch && images % unit == 0) {
      candidates.push_back(whole);
      candidates.back().images = images;
    }
  return candidates;
}

//===----------------------------------------------------------------------===//
// Judgement
//===----------------------------------------------------------------------===//

/// The buffers that the product has already, or the usual ones.
ProductBuffers ChunkSearch::getBuffers(const ProductChunks &chunks) const {
  phot::BuffersAttr buffers = given;
  if (!buffers || !buffers.getFirst())
    return chunks.getUsualBuffers();
  return {*buffers.getFirst(), *buffers.getSecond(), buffers.getResult()};
}

/// Whether there are chunks for all buffers.
bool ChunkSearch::usesBuffers(const ProductChunks &chunks) const {
  ProductBuffers buffers = getBuffers(chunks), most = chunks.getMostBuffers();
  return buffers.first <= most.first && buffers.second <= most.second &&
         buffers.result <= most.result;
}

std::optional<ChunkingFailure>
ChunkSearch::checkFit(const ProductChunks &chunks) const {
  return findOverflow(target, chunks.countBytes(getBuffers(chunks)));
}

/// Nanoseconds.
double ChunkSearch::estimate(const ProductChunks &c) {
  bool first = op.getStationary() == phot::Stationary::First;
  int64_t arrayTime = costs.getArrayTime(
      countBlockPasses(
          c.block, op.getStationary(), op.getRows(), op.getColumns(),
          phot::getTermLength(op.getLhsFormat(), op.getRhsFormat())),
      first ? c.block.getColumns() : c.block.getRows());
  double chunks = double(c.rowChunks) * double(c.getColumnChunks());
  double rows = double(c.rowChunks), bytes, transfers;
  if (c.isWeightGradient()) {
    bytes = double(c.firstBytes + c.secondBytes) * chunks +
            double(c.resultBytes + c.residualBytes) * rows;
    transfers = 2 * chunks + rows;
  } else {
    double inputLoads = c.loopsColumns() ? chunks : 1;
    bytes = double(c.firstBytes) * rows + double(c.secondBytes) * inputLoads +
            double(c.resultBytes + c.residualBytes) * chunks;
    transfers = inputLoads + chunks + rows;
  }
  return costs.getChunkedTime(chunks, arrayTime,
                              costs.getTransferTime(bytes, transfers));
}

std::variant<ChunkChoice, ChunkingFailure> ChunkSearch::run() {
  std::optional<ChunkChoice> best;
  std::optional<ChunkingFailure> overflow, smallest;
  std::string problem; // of the nest, in chunks that would fit
  bool isWhole = true; // the first candidate
  for (const ChunkCut &rows : getRowCandidates())
    for (const ChunkCut &columns : getColumnCandidates()) {
      auto chunks = ProductChunks::make(
          shape, followers,
          {rows.groups, rows.rows, columns.images, columns.lines});
      std::optional<ChunkingFailure> failure = checkFit(chunks);
      if (std::exchange(isWhole, false))
        overflow = failure;
      if (!usesBuffers(chunks))
        continue;
      if (failure && (!smallest || failure->needed < smallest->needed))
        smallest = failure;
      if (failure)
        continue;
      double time = estimate(chunks);
      if (best && time >= best->estimate)
        continue;
      if (auto found = chunks.findProblem(nest, target))
        problem = *found;
      else
        best = {chunks, std::nullopt, time};
    }
  if (best) {
    best->overflow = overflow;
    return *best;
  }
  if (smallest && problem.empty())
    return *smallest;
  if (problem.empty())
    problem = "has more buffers than it could have chunks; expected fewer, or "
              "'buffers' left out";
  return ChunkingFailure{{}, 0, 0, problem};
}

std::variant<ChunkChoice, ChunkingFailure>
photonic::chooseChunks(const FusedProduct &product, const phx::Target &target) {
  return ChunkSearch(product, target).run();
}
