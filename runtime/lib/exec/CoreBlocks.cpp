//===- CoreBlocks.cpp - Photonic tensor cores: blocks of vectors ----------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CoreUnit.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

using namespace phx;
using namespace phx::exec;

/// Lanes of a kernel call, for a block of `lanes` vectors.
static int roundUp(int lanes) { return (lanes + 15) / 16 * 16; }

void CoreUnit::setOutputLanes(const Job &job, int64_t first, int lanes,
                              OutputLanes &out) {
  Odometer odometer(job.outMap->cols);
  odometer.seek(first);
  out.allInside = out.contiguous = true;
  for (int l = 0; l < lanes; ++l, odometer.next()) {
    out.origins[l] =
        getOrigin(*job.outMap, odometer.coordinates(), job.outRows);
    if (!odometer.inside()) {
      // No element of this vector is ever inside.
      out.origins[l].coordinates.fill(INT64_MIN / 2);
      out.origins[l].placement = Placement::Mixed;
    }
    out.allInside &= out.origins[l].placement == Placement::Inside;
    out.contiguous &= out.origins[l].bytes == out.origins[0].bytes + 4 * l;
  }
  out.contiguous &= out.allInside;
}

static bool isWritten(const AccessMap &map, const UnrolledDigits &rows,
                      int64_t row, const RowOrigin &lane) {
  return lane.placement == Placement::Inside ||
         (rows.active[row] && isInside(map, lane, rows.coordinates[row]));
}

void CoreUnit::loadRow(const Job &job, int64_t row, Scratch &scratch,
                       float *acc) {
  if (!job.continues) {
    std::fill_n(acc, laneCount, 0.0f);
    return;
  }
  const OutputLanes &out = scratch.out;
  int64_t shift = job.outRows.bytes[row];
  int lanes = scratch.block.lanes;
  if (out.contiguous) {
    std::memcpy(acc, job.out.at(out.origins[0].bytes + shift),
                size_t(lanes) * 4);
  } else {
    for (int l = 0; l < lanes; ++l) {
      acc[l] = 0;
      if (out.allInside ||
          isWritten(*job.outMap, job.outRows, row, out.origins[l]))
        std::memcpy(&acc[l], job.out.at(out.origins[l].bytes + shift), 4);
    }
  }
  std::fill(acc + lanes, acc + laneCount, 0.0f);
}

void CoreUnit::storeRow(Job &job, int64_t block, int64_t row, Scratch &scratch,
                        const float *acc) {
  const OutputLanes &out = scratch.out;
  int64_t shift = job.outRows.bytes[row];
  int lanes = scratch.block.lanes;
  uint32_t largest = 0;
  for (int l = 0; l < lanes; ++l)
    largest = std::max(largest, std::bit_cast<uint32_t>(acc[l]) & exponentMask);
  bool overflow = largest == exponentMask && !job.plan->bypass;
  if (out.contiguous && !overflow) {
    std::memcpy(job.out.at(out.origins[0].bytes + shift), acc,
                size_t(lanes) * 4);
    return;
  }
  for (int l = 0; l < lanes; ++l) {
    if (!out.allInside &&
        !isWritten(*job.outMap, job.outRows, row, out.origins[l]))
      continue;
    std::memcpy(job.out.at(out.origins[l].bytes + shift), &acc[l], 4);
    if (!overflow || std::isfinite(acc[l]))
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
  const RowOrigin &origin = scratch.out.origins[lane];
  if (!isWritten(*job.outMap, job.outRows, row, origin))
    return nullptr;
  return job.partial + (origin.bytes + job.outRows.bytes[row]) / 4;
}

void CoreUnit::addBypass(Job &job, const TileGroup &part, int64_t row, int rows,
                         Scratch &scratch) {
  const OperandBlock &x = scratch.block;
  const OperandBlock &w = job.tile->blocks[size_t(row / laneCount)];
  const TileColumns &columns = job.tile->columns;
  int64_t column = part.begin + columns.begin - columns.reachBegin;
  float sums[rowStep][laneCount] = {};
  if (!part.first)
    for (int r = 0; r < rows; ++r)
      for (int l = 0; l < x.lanes; ++l)
        if (int64_t *partial = partialOf(job, row + r, l, scratch))
          sums[r][l] = std::bit_cast<float>(uint32_t(*partial));
  dotFloat(x.values.data() + column * laneCount,
           w.values.data() + column * laneCount + row % laneCount,
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
  const FormatPlan &plan = *job.plan;
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
  const FormatPlan &plan = *job.plan;
  const TileGroup &part = job.tile->columns.groups[group];
  const OperandBlock &x = scratch.block;
  const OperandBlock &w = job.tile->blocks[size_t(row / laneCount)];
  size_t at = group * laneCount;
  size_t lane = size_t(row % laneCount);
  int down = 2 * (plan.mantissaBits - 1);
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

void CoreUnit::processBlock(Job &job, int64_t index, Scratch &scratch) {
  int64_t offset = index * laneCount;
  int lanes = int(std::min<int64_t>(laneCount, job.length - offset));
  int64_t first = job.vecStart + offset;
  std::optional<NonFinite> bad = convert(job.in, job.tile->columns, *job.plan,
                                         first, lanes, scratch.block);
  if (bad) {
    std::lock_guard<std::mutex> lock(job.mutex);
    if (index < job.failure.block)
      job.failure = {index, false, first + bad->lane, bad->column, bad->value};
    return;
  }
  job.inside += scratch.block.inside;
  job.zeroMantissas += scratch.block.zeroMantissas;
  setOutputLanes(job, first, lanes, scratch.out);
  for (int64_t row = 0; row < job.tile->rows; row += rowStep) {
    int rows = int(std::min<int64_t>(rowStep, job.tile->rows - row));
    for (int r = 0; r < rows; ++r)
      loadRow(job, row + r, scratch, scratch.acc[r]);
    for (size_t g = 0; g < job.tile->columns.groups.size(); ++g)
      addGroup(job, g, row, rows, scratch);
    for (int r = 0; r < rows; ++r)
      storeRow(job, index, row + r, scratch, scratch.acc[r]);
  }
}
