//===- Chunking.cpp - Cutting a product into chunks that fit on chip -*- C++
//-*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Chunking.h"

#include "SpaceAllocator.h"
#include "photonic/Target/Machine/CostModel.h"

#include "llvm/Support/MathExtras.h"

#include <array>
#include <limits>

using namespace mlir;
using namespace photonic;
using llvm::divideCeil;

namespace {

/// Enumerates candidates and keeps the best that fits.
class ChunkSearch {
public:
  ChunkSearch(const phot::ProductShape &shape, phot::Stationary stationary,
              int64_t term, const ChunkExtras &extras,
              const phx::Target &target)
      : shape(shape), stationary(stationary), term(term), extras(extras),
        target(target), costs(target) {}

  std::variant<Chunking, ChunkingFailure> run();

  // For searchChunks.
  Chunking build(std::pair<int64_t, int64_t> channels,
                 std::pair<int64_t, int64_t> positions) const;
  std::optional<ChunkingFailure> checkFit(const Chunking &c) const;
  double estimate(const Chunking &c) const;

private:
  SmallVector<std::pair<int64_t, int64_t>> getChannelCandidates() const;
  SmallVector<std::pair<int64_t, int64_t>> getPositionCandidates() const;

  const phot::ProductShape &shape;
  phot::Stationary stationary;
  int64_t term;
  const ChunkExtras &extras;
  const phx::Target &target;
  CostModel costs;
};

} // namespace

SmallVector<int64_t> photonic::getPieces(int64_t extent, int64_t unit,
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

/// (groups, rows per group) of a chunk.
SmallVector<std::pair<int64_t, int64_t>>
ChunkSearch::getChannelCandidates() const {
  if (extras.whole)
    return {{shape.groups, shape.m}};
  SmallVector<std::pair<int64_t, int64_t>> candidates;
  if (shape.groups > 1) {
    for (int64_t groups : getPieces(shape.groups, 1, /*divides=*/true))
      candidates.push_back({groups, shape.m});
    return candidates;
  }
  int64_t rows = getArrays(target).rows;
  for (int64_t m : getPieces(shape.m, rows, /*divides=*/false))
    candidates.push_back({1, m});
  return candidates;
}

/// (images, output rows) of a chunk.
SmallVector<std::pair<int64_t, int64_t>>
ChunkSearch::getPositionCandidates() const {
  if (extras.whole)
    return {{shape.batch, shape.outHeight}};
  // Array rows of a stationary activation tile are clipped by what is left of
  // one extent only, so that such chunks must not leave a remainder.
  bool divides = stationary == phot::Stationary::Second;
  SmallVector<std::pair<int64_t, int64_t>> candidates;
  for (int64_t images : getPieces(shape.batch, 1, divides))
    candidates.push_back({images, shape.outHeight});
  // Windows of different rows add to the same rows of an input gradient.
  if (shape.kind != phot::ProductKind::Forward)
    return candidates;
  for (int64_t rows : getPieces(shape.outHeight, 1, divides))
    if (rows < shape.outHeight)
      candidates.push_back({1, rows});
  return candidates;
}

Chunking ChunkSearch::build(std::pair<int64_t, int64_t> channels,
                            std::pair<int64_t, int64_t> positions) const {
  Chunking c;
  c.block = ProductBlock::whole(shape);
  c.block.groups = channels.first;
  (shape.kind == phot::ProductKind::Forward ? c.block.outChannels
                                            : c.block.channels) =
      channels.second;
  std::tie(c.block.images, c.block.outRows) = positions;
  c.mChunks = shape.groups > 1 ? shape.groups / c.block.groups
                               : divideCeil(shape.m, c.block.getRows());
  c.imageChunks = divideCeil(shape.batch, c.block.images);
  c.rowChunks = divideCeil(shape.outHeight, c.block.outRows);
  if (c.rowChunks > 1) {
    c.block.inRows = (c.block.outRows - 1) * shape.strides[0] +
                     (shape.kernelHeight - 1) * shape.dilations[0] + 1;
    c.block.rowOffset = 0;
  }
  int64_t channelBytes =
      SpaceAllocator::align(4 * c.block.groups * c.block.getRows());
  c.weightBytes = SpaceAllocator::align(c.block.getLhsBytes()) +
                  extras.channelParameters * channelBytes +
                  extras.scalars * SpaceAllocator::alignment;
  c.inputBytes = SpaceAllocator::align(c.block.getRhsBytes());
  c.resultBytes = SpaceAllocator::align(c.block.getResultBytes());
  c.residualBytes = c.resultBytes * extras.residuals;
  return c;
}

std::optional<ChunkingFailure> photonic::findOverflow(const phx::Target &target,
                                                      const RoleBytes &bytes) {
  const std::pair<phx::MemoryRole, int64_t> needs[] = {
      {phx::MemoryRole::Stationary, bytes.stationary},
      {phx::MemoryRole::Streamed, bytes.streamed},
      {phx::MemoryRole::Result, bytes.result}};
  std::array<int64_t, phx::limits::memories> needed{};
  for (auto [role, amount] : needs) {
    uint32_t index = getMemory(target, role);
    needed[index] += amount;
    const phx::proto::Memory &memory =
        target.spec.memories(static_cast<int>(index));
    if (needed[index] > memory.capacity_bytes().value())
      return ChunkingFailure{memory.name(), needed[index],
                             memory.capacity_bytes().value()};
  }
  return std::nullopt;
}

std::optional<ChunkingFailure> ChunkSearch::checkFit(const Chunking &c) const {
  return findOverflow(target, {c.weightBytes * c.getWeightBuffers(),
                               c.inputBytes * c.getInputBuffers() +
                                   c.residualBytes * c.getResultBuffers(),
                               c.resultBytes * c.getResultBuffers()});
}

/// Nanoseconds.
double ChunkSearch::estimate(const Chunking &c) const {
  Arrays arrays = getArrays(target);
  double chunks = double(c.mChunks) * c.getNChunks();
  bool first = stationary == phot::Stationary::First;
  int64_t arrayTime = costs.getArrayTime(
      countBlockPasses(c.block, stationary, arrays.rows, arrays.columns, term),
      first ? c.block.getColumns() : c.block.getRows());
  double inputLoads = c.loopsN() ? chunks : 1;
  double bytes = double(c.weightBytes) * c.mChunks +
                 double(c.inputBytes) * inputLoads +
                 double(c.resultBytes + c.residualBytes) * chunks;
  return costs.getChunkedTime(
      chunks, arrayTime,
      costs.getTransferTime(bytes, inputLoads + chunks + c.mChunks));
}

std::variant<Chunking, ChunkingFailure> ChunkSearch::run() {
  return searchChunks<Chunking>(*this, getChannelCandidates(),
                                getPositionCandidates());
}

std::variant<Chunking, ChunkingFailure>
photonic::chooseChunking(const phot::ProductShape &shape,
                         phot::Stationary stationary, int64_t term,
                         const ChunkExtras &extras, const phx::Target &target) {
  return ChunkSearch(shape, stationary, term, extras, target).run();
}
