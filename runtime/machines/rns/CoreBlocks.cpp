//===- CoreBlocks.cpp - Photonic tensor cores: blocks of vectors ----------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/CoreUnit.h"

#include "phx/support/Selection.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

using namespace phx;
using namespace phx::exec;
using namespace phx::rns;

/// Lanes of a kernel call, for a block of `lanes` vectors.
static int roundUp(int lanes) { return (lanes + 15) / 16 * 16; }

void CoreUnit::loadRow(const Job &job, int64_t row, Scratch &scratch,
                       float *acc) {
  if (!job.continues) {
    std::fill_n(acc, laneCount, 0.0f);
    return;
  }
  scratch.out.load(job.out, size_t(row), acc);
  if (!job.plan->bypass)
    std::transform(acc, acc + laneCount, acc, flush);
}

void CoreUnit::storeRow(Job &job, int64_t block, int64_t row, Scratch &scratch,
                        float *acc) {
  // The other formats stop where a sum is no number.
  if (job.plan->bypass)
    for (int l = 0; l < scratch.block.lanes; ++l)
      acc[l] = canonicalF32(acc[l]);
  scratch.out.store(job.out, size_t(row), acc);
  uint32_t largest = 0;
  for (int l = 0; l < scratch.block.lanes; ++l)
    largest = std::max(largest, std::bit_cast<uint32_t>(acc[l]) & exponentMask);
  if (largest != exponentMask || job.plan->bypass)
    return;
  for (int l = 0; l < scratch.block.lanes; ++l) {
    if (std::isfinite(acc[l]) || !scratch.out.offsetOf(size_t(row), l))
      continue;
    std::lock_guard<std::mutex> lock(job.mutex);
    if (block < job.failure.block)
      job.failure = {block, true, job.tile->rowStart + row,
                     job.vecStart + block * laneCount + l, acc[l]};
    return;
  }
}

int64_t *CoreUnit::partialOf(const Job &job, int64_t row, int lane,
                             const Scratch &scratch) const {
  std::optional<int64_t> offset = scratch.out.offsetOf(size_t(row), lane);
  return offset ? job.partial + *offset / 4 : nullptr;
}

void CoreUnit::addBypass(Job &job, const TileGroup &part, int64_t row, int rows,
                         Scratch &scratch) {
  const OperandBlock &x = scratch.block;
  const OperandBlock &w = job.tile->blocks[size_t(row / laneCount)];
  const TileColumns &columns = job.tile->columns;
  auto start = [&](const OperandBlock &block, const TileColumns &own) {
    return block.values.data() +
           (part.begin + own.begin - own.reachBegin) * laneCount;
  };
  float sums[rowStep][laneCount] = {};
  if (!part.first)
    for (int r = 0; r < rows; ++r)
      for (int l = 0; l < x.lanes; ++l)
        if (int64_t *partial = partialOf(job, row + r, l, scratch))
          sums[r][l] = std::bit_cast<float>(uint32_t(*partial));
  dotFloat(start(x, *job.columns), start(w, columns) + row % laneCount,
           part.end - part.begin, roundUp(x.lanes), sums[0]);
  for (int r = 0; r < rows; ++r)
    for (int l = 0; l < x.lanes; ++l) {
      if (part.last)
        scratch.acc[r][l] += sums[r][l];
      else if (int64_t *partial = partialOf(job, row + r, l, scratch))
        *partial = std::bit_cast<uint32_t>(sums[r][l]);
    }
}

void CoreUnit::addGroup(Job &job, size_t group, int64_t row, int rows,
                        Scratch &scratch) {
  const ProductPlan &plan = *job.plan;
  const TileColumns &columns = job.tile->columns;
  const TileGroup &part = columns.groups[group];
  if (plan.bypass)
    return addBypass(job, part, row, rows, scratch);
  const OperandBlock &x = scratch.block;
  const OperandBlock &w = job.tile->blocks[size_t(row / laneCount)];
  int64_t count = part.end - part.begin;
  int lanes = roundUp(x.lanes);
  // Lane 0 of the first column of the group, in a plane.
  auto start = [&](const OperandBlock &block, size_t plane) {
    return block.planes.data() +
           (int64_t(plane) * columns.count + part.begin) * laneCount;
  };
  if (plan.width != SumWidth::Bits64) {
    scratch.sums32.resize(plan.planes.size() * rowStep * laneCount);
    int32_t *sums = scratch.sums32.data();
    auto *dot = plan.width == SumWidth::Bits16 ? dot16 : dot32;
    for (size_t p = 0; p < plan.planes.size(); ++p)
      dot(start(x, p), start(w, p) + row % laneCount, count, lanes,
          sums + p * rowStep * laneCount);
    if (plan.moduliProduct)
      reconstruct32(plan, sums, lanes);
    for (int r = 0; r < rows; ++r)
      addTerms(job, group, row + r, sums + r * laneCount, nullptr,
               scratch.acc[r], scratch);
    return;
  }
  scratch.sums64.resize(plan.planes.size() * laneCount);
  int64_t *sums = scratch.sums64.data();
  for (int r = 0; r < rows; ++r) {
    for (size_t p = 0; p < plan.planes.size(); ++p)
      dot64(start(x, p), start(w, p) + row % laneCount + r, count, x.lanes,
            sums + p * laneCount);
    if (plan.moduliProduct)
      reconstruct64(plan, sums, x.lanes);
    addTerms(job, group, row + r, nullptr, sums, scratch.acc[r], scratch);
  }
}

/// Adds the integers of one group to the accumulators of one stationary row.
void CoreUnit::addTerms(Job &job, size_t group, int64_t row,
                        const int32_t *narrow, const int64_t *wide, float *acc,
                        Scratch &scratch) {
  const ProductPlan &plan = *job.plan;
  const TileGroup &part = job.tile->columns.groups[group];
  const OperandBlock &x = scratch.block;
  const OperandBlock &w = job.tile->blocks[size_t(row / laneCount)];
  size_t at = group * laneCount;
  size_t lane = size_t(row % laneCount);
  int down =
      plan.operands[0].mantissaBits - 1 + plan.operands[1].mantissaBits - 1;
  int exponent = w.exponents[at + lane] - down;
  bool zero = w.zero[at + lane];
  ExponentRange range = x.ranges[group];
  // Inside this window a term is exact in binary32, so one addition rounds
  // once; a zero term is exact anywhere.
  bool safe = zero || range.low > range.high ||
              (range.low + exponent >= -126 &&
               range.high + exponent + plan.sumBits <= 127);
  if (narrow && plan.fitsFloat && part.first && part.last && safe) {
    accumulate(acc, narrow, x.scales.data() + at, w.scales[at + lane],
               roundUp(x.lanes));
    return;
  }
  for (int l = 0; l < x.lanes; ++l) {
    int64_t term = narrow ? narrow[l] : wide[l];
    if (!part.first || !part.last) {
      int64_t *partial = partialOf(job, row, l, scratch);
      if (!partial)
        continue;
      term += part.first ? 0 : *partial;
      *partial = term;
      if (!part.last)
        continue;
    }
    acc[l] = addExact(acc[l], term, exponent + x.exponents[at + size_t(l)]);
  }
}

void CoreUnit::processBlock(Job &job, int64_t index, unsigned worker) {
  Scratch &scratch = scratches[worker];
  int64_t offset = index * laneCount;
  int lanes = int(std::min<int64_t>(laneCount, job.length - offset));
  int64_t first = job.vecStart + offset;
  std::optional<BadOperand> bad =
      convert(job.in, *job.columns, job.plan->operands[job.operand],
              job.plan->bypass, first, lanes, scratch.block,
              scratch.conversion);
  if (bad) {
    std::lock_guard<std::mutex> lock(job.mutex);
    if (index < job.failure.block)
      job.failure = {index,       false,      first + bad->lane,
                     bad->column, bad->value, std::move(bad->fault)};
    return;
  }
  job.inside += scratch.block.inside;
  job.zeroMantissas += scratch.block.zeroMantissas;
  scratch.out.set(*job.outMap, job.outMap->cols, first, lanes, job.outRows);
  for (int64_t row = 0; row < job.tile->rows; row += rowStep) {
    // The whole tile against one block may be long.
    if (row != 0 && row % 64 == 0 && context.isStopped(worker))
      return;
    int rows = int(std::min<int64_t>(rowStep, job.tile->rows - row));
    for (int r = 0; r < rows; ++r)
      loadRow(job, row + r, scratch, scratch.acc[r]);
    for (size_t g = 0; g < job.tile->columns.groups.size(); ++g)
      addGroup(job, g, row, rows, scratch);
    for (int r = 0; r < rows; ++r)
      storeRow(job, index, row + r, scratch, scratch.acc[r]);
  }
}
