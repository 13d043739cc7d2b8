//===- Conversion.cpp - From binary32 operands to residues ----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Conversion.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

using namespace phx;
using namespace phx::exec;
using namespace phx::rns;

void TileColumns::set(int64_t kStart, int64_t cols, int64_t total,
                      int64_t group, int64_t whole) {
  begin = kStart;
  count = cols;
  groups.clear();
  partial = false;
  int64_t end = kStart + cols;
  int64_t limit = std::max(total, end);
  reachBegin = whole ? kStart / whole * whole : kStart;
  for (int64_t k = kStart; k < end;) {
    int64_t groupBegin = k / group * group;
    int64_t groupEnd = std::min(groupBegin + group, limit);
    int64_t stop = std::min(groupEnd, end);
    TileGroup part;
    part.begin = part.wholeBegin = k - kStart;
    part.end = part.wholeEnd = stop - kStart;
    if (whole) {
      int64_t wholeBegin = k / whole * whole;
      part.wholeBegin = wholeBegin - reachBegin;
      part.wholeEnd = std::min(wholeBegin + whole, limit) - reachBegin;
    }
    part.first = k == groupBegin;
    part.last = stop == groupEnd;
    partial |= !part.first || !part.last;
    groups.push_back(part);
    k = stop;
  }
  reachCount = groups.empty() ? 0 : groups.back().wholeEnd;
}

static uint32_t load(const uint8_t *from) {
  uint32_t word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

/// The elements of `part`, which begins at lane `first`.
static void copyRun(const uint8_t *from, int64_t stepBytes, int count,
                    uint32_t *out) {
  if (stepBytes == 4) {
    std::memcpy(out, from, size_t(count) * 4);
    return;
  }
  for (int i = 0; i < count; ++i)
    out[i] = load(from + i * stepBytes);
}

/// One run of lanes that stands partly outside the extents. Returns the number
/// of elements of the tile inside.
static uint64_t gatherMixed(const OperandSource &source,
                            const TileColumns &columns, const IndexRuns &rows,
                            const IndexRun &run, uint32_t *out) {
  const UnrolledDigits &reach = source.reach;
  int64_t first = columns.begin - columns.reachBegin;
  int64_t last = first + columns.count;
  uint64_t inside = 0;
  for (int64_t c = 0; c < int64_t(reach.size()); ++c, out += laneCount) {
    ClippedRun part;
    if (reach.active[c])
      part = rows.clip(*source.map, run, reach.coordinates[c], reach.bytes[c]);
    std::fill(out, out + part.begin, 0);
    if (part.begin < part.end)
      copyRun(source.view.at(part.bytes), rows.stepBytes, part.end - part.begin,
              out + part.begin);
    std::fill(out + part.end, out + run.count, 0);
    if (c >= first && c < last)
      inside += uint64_t(part.end - part.begin);
  }
  return inside;
}

/// Values of the reach by column and lane; zeros where there is nothing.
/// Returns the number of elements of the tile inside the extents.
static uint64_t gather(const OperandSource &source, const TileColumns &columns,
                       int64_t row, int lanes, IndexRuns &rows,
                       std::vector<uint32_t> &values) {
  const UnrolledDigits &reach = source.reach;
  size_t count = reach.size();
  values.resize(count * laneCount);
  rows.set(*source.map, source.map->rows, row, lanes);
  int covered =
      rows.runs.empty() ? 0 : rows.runs.back().first + rows.runs.back().count;
  for (size_t c = 0; c < count && covered < laneCount; ++c)
    std::fill_n(values.data() + c * laneCount + covered, laneCount - covered,
                0);
  uint64_t inside = 0;
  for (const IndexRun &run : rows.runs) {
    uint32_t *out = values.data() + run.first;
    if (!rows.isInside(*source.map, run, reach)) {
      inside += gatherMixed(source, columns, rows, run, out);
      continue;
    }
    const uint8_t *from = source.view.at(run.bytes);
    for (size_t c = 0; c < count; ++c, out += laneCount)
      copyRun(from + reach.bytes[c], rows.stepBytes, run.count, out);
    inside += uint64_t(columns.count) * uint64_t(run.count);
  }
  return inside;
}

static BadOperand findNonFinite(const TileColumns &columns,
                                const TileGroup &group, int lanes,
                                const std::vector<uint32_t> &values) {
  for (int l = 0; l < lanes; ++l)
    for (int64_t c = group.wholeBegin; c < group.wholeEnd; ++c) {
      uint32_t bits = values[size_t(c) * laneCount + size_t(l)];
      if ((bits & exponentMask) == exponentMask)
        return {l, columns.reachBegin + c, std::bit_cast<float>(bits)};
    }
  return {};
}

void rns::setScales(const OperandPlan &plan, const uint32_t *largest, size_t g,
                     OperandBlock &block) {
  int16_t *exponents = &block.exponents[g * laneCount];
  uint8_t *zero = &block.zero[g * laneCount];
  float *scales = &block.scales[g * laneCount];
  ExponentRange range{INT16_MAX, INT16_MIN};
  for (int l = 0; l < laneCount; ++l) {
    zero[l] = largest[l] == 0;
    int exponent = zero[l] ? 0 : int(largest[l] >> 23) - 127;
    exponents[l] = int16_t(exponent);
    int down = zero[l] ? 0 : exponent - (plan.mantissaBits - 1);
    scales[l] = std::bit_cast<float>(down < -126 ? uint32_t(1) << (down + 149)
                                                 : uint32_t(down + 127) << 23);
    range.low = zero[l] ? range.low : std::min(range.low, exponent);
    range.high = zero[l] ? range.high : std::max(range.high, exponent);
  }
  block.ranges[g] = range;
}

/// Shared exponents of one group, and what turns its values into mantissas.
/// True if a value is infinite or NaN.
static bool setExponents(const TileGroup &part, const OperandPlan &plan,
                         const std::vector<uint32_t> &values, size_t g,
                         OperandBlock &block, float *first, float *second) {
  uint32_t largest[laneCount];
  groupExponents(values.data() + part.wholeBegin * laneCount,
                 part.wholeEnd - part.wholeBegin, largest);
  bool bad = false;
  for (int l = 0; l < laneCount; ++l) {
    bad |= largest[l] == exponentMask;
    // m = x * 2^(b_m - 1 - E), in two steps that are in range for every E;
    // what underflows in the first is far below one unit of the mantissa.
    int exponent = int(largest[l] >> 23) - 127;
    int up = largest[l] == 0 ? 0 : plan.mantissaBits - 1 - exponent;
    first[l] = std::bit_cast<float>(uint32_t((up >> 1) + 127) << 23);
    second[l] = std::bit_cast<float>(uint32_t(up - (up >> 1) + 127) << 23);
  }
  if (!bad)
    setScales(plan, largest, g, block);
  return bad;
}

/// The random words of the tile's columns.
static void setRandomWords(const OperandSource &source,
                           const TileColumns &columns, int64_t row,
                           std::vector<uint32_t> &words) {
  words.resize(size_t(columns.count) * laneCount);
  const RoundingNumbers &numbers = source.numbers;
  uint64_t elements[laneCount];
  for (int l = 0; l < laneCount; ++l)
    elements[l] = numbers.at(row + l, columns.begin);
  randomWords(numbers.sequence, elements, columns.count, words.data());
}

void rns::setResidues(const OperandPlan &plan, const TileColumns &columns,
                       int64_t c, const int16_t *mantissas,
                       OperandBlock &block) {
  for (size_t p = 0; p < plan.planes.size(); ++p) {
    const Residues &plane = plan.planes[p];
    int16_t *out =
        block.planes.data() + (int64_t(p) * columns.count + c) * laneCount;
    if (plane.identity) {
      std::memcpy(out, mantissas, laneCount * sizeof *mantissas);
      continue;
    }
    const int16_t *residues = plane.values.data() + plan.maxMantissa;
    for (int l = 0; l < laneCount; ++l)
      out[l] = residues[mantissas[l]];
  }
}

void rns::resize(OperandBlock &block, const OperandPlan &plan,
                  const TileColumns &columns) {
  size_t groups = columns.groups.size();
  block.exponents.resize(groups * laneCount);
  block.zero.resize(groups * laneCount);
  block.scales.resize(groups * laneCount);
  block.ranges.resize(groups);
  block.planes.resize(plan.planes.size() * size_t(columns.count) * laneCount);
}

/// Mantissas and residues of the tile's columns in one group.
static void setPlanes(const TileColumns &columns, const TileGroup &part,
                      const OperandPlan &plan, const float *first,
                      const float *second, const ConversionScratch &scratch,
                      OperandBlock &block) {
  int64_t shift = columns.begin - columns.reachBegin;
  int16_t mantissas[laneCount];
  for (int64_t c = part.begin; c < part.end; ++c) {
    const uint32_t *words = plan.rounding == Rounding::Stochastic
                                ? scratch.randomWords.data() + c * laneCount
                                : nullptr;
    block.zeroMantissas +=
        toMantissas(scratch.values.data() + (c + shift) * laneCount, first,
                    second, words, plan, mantissas);
    setResidues(plan, columns, c, mantissas, block);
  }
}

std::optional<BadOperand> rns::convert(const OperandSource &source,
                                        const TileColumns &columns,
                                        const OperandPlan &plan, bool bypass,
                                        int64_t row, int lanes,
                                        OperandBlock &block,
                                        ConversionScratch &scratch) {
  if (source.blocks)
    return readBlocks(source, columns, plan, row, lanes, block, scratch);
  block.lanes = lanes;
  block.zeroMantissas = 0;
  block.inside = gather(source, columns, row, lanes, scratch.rows,
                        bypass ? block.values : scratch.values);
  if (bypass)
    return std::nullopt;
  resize(block, plan, columns);
  if (plan.rounding == Rounding::Stochastic)
    setRandomWords(source, columns, row, scratch.randomWords);
  float first[laneCount], second[laneCount];
  for (size_t g = 0; g < columns.groups.size(); ++g) {
    const TileGroup &part = columns.groups[g];
    if (setExponents(part, plan, scratch.values, g, block, first, second))
      return findNonFinite(columns, part, lanes, scratch.values);
    setPlanes(columns, part, plan, first, second, scratch, block);
  }
  return std::nullopt;
}
