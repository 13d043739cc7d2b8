//===- StoredOperands.cpp - Operands that are blocks in memory ------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// CoreConvert writes them, tiles and streams read them. What is written are the
// exponents and mantissas of convert(), so that a product has the same bits
// whether its operands come through memory or not.
//
//===----------------------------------------------------------------------===//

#include "machines/rns/CoreUnit.h"

#include "phx/isa/Blocks.h"
#include "phx/isa/Bounds.h"

#include <algorithm>
#include <utility>

using namespace phx;
using namespace phx::exec;
using namespace phx::rns;

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

/// The blocks of up to 64 rows in one column of the map; null where there is
/// none.
static void findBlocks(const OperandSource &source, const IndexRuns &rows,
                       int64_t column, const uint8_t **blocks) {
  std::fill_n(blocks, laneCount, nullptr);
  const UnrolledDigits &reach = source.reach;
  auto c = size_t(column - reach.begin);
  if (!reach.active[c])
    return;
  for (const IndexRun &run : rows.runs) {
    ClippedRun part =
        rows.clip(*source.map, run, reach.coordinates[c], reach.bytes[c]);
    for (int i = part.begin; i < part.end; ++i)
      blocks[run.first + i] =
          source.view.at(part.bytes + (i - part.begin) * rows.stepBytes);
  }
}

std::optional<BadOperand> rns::readBlocks(const OperandSource &source,
                                          const TileColumns &columns,
                                          const OperandPlan &plan, int64_t row,
                                          int lanes, OperandBlock &block,
                                          ConversionScratch &scratch) {
  const Bfp &format = *source.blocks;
  block.lanes = lanes;
  // Whoever made the blocks has counted them.
  block.inside = block.zeroMantissas = 0;
  resize(block, plan, columns);
  scratch.rows.set(*source.map, source.map->rows, row, lanes);
  int64_t found = -1; // a block has parts in several of the groups
  const uint8_t *blocks[laneCount];
  for (size_t g = 0; g < columns.groups.size(); ++g) {
    const TileGroup &part = columns.groups[g];
    int64_t position = columns.begin + part.begin;
    int64_t number = position / plan.group;
    bool isNew = std::exchange(found, number) != number;
    if (isNew)
      findBlocks(source, scratch.rows, number, blocks);
    uint32_t largest[laneCount];
    for (int l = 0; l < laneCount; ++l) {
      largest[l] = blocks[l] ? uint32_t(blocks[l][0]) << 23 : 0;
      if (!blocks[l] || !isNew)
        continue;
      if (std::optional<BrokenRule> fault = findBlockFault(format, blocks[l]))
        return BadOperand{l, position, 0, std::move(fault)};
    }
    setScales(plan, largest, g, block);
    int16_t mantissas[laneCount];
    for (int64_t c = part.begin; c < part.end; ++c) {
      int64_t element = (columns.begin + c) % plan.group;
      for (int l = 0; l < laneCount; ++l)
        mantissas[l] =
            blocks[l] ? int16_t(getMantissa(format, blocks[l], element)) : 0;
      setResidues(plan, columns, c, mantissas, block);
    }
  }
  return std::nullopt;
}

Result<OperandSource>
CoreUnit::prepareStored(const char *name, const AccessMap &map,
                        const Address &address, const TileColumns &columns,
                        int64_t rowBegin, int64_t rows, uint32_t conversion) {
  OperandSource source;
  source.map = &map;
  source.blocks = findBlockFormat(context.program, conversion);
  if (!source.blocks)
    return context.fail("conversion " + std::to_string(conversion) +
                        " has no blocks, which a stored operand is made of");
  int64_t group = source.blocks->group;
  int64_t begin = columns.begin / group;
  int64_t end = (columns.begin + columns.count - 1) / group + 1;
  source.reach.unroll(map, map.cols, begin, end - begin);
  Result<SourceView> view = context.source(
      name, address,
      context.getMapBounds(map, address, rowBegin, rowBegin + rows, begin, end,
                           getBlockBytes(*source.blocks)));
  if (!view)
    return view.error();
  source.view = *view;
  return source;
}

Error CoreUnit::describeBlock(const AccessMap &map, const Address &address,
                              int64_t row, int64_t block, uint32_t conversion,
                              const BrokenRule &fault) const {
  int64_t offset = getElementOffset(map, row, block).value_or(0);
  return context.fail(
      context.locate(address.memory, context.value(address.offset) + offset) +
      " is no block of conversion " + std::to_string(conversion) + " (" +
      spell(context.program.conversions[conversion]) + "), " + fault.parameter +
      ": expected " + fault.expected + ", found " + fault.found +
      "; it was written by something else than core_convert with this "
      "conversion, or not at all");
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

/// So many elements of a row are converted at a time, or one group.
static constexpr int64_t positionsAtOnce = 1024;

/// What the rows of one CoreConvert share.
struct CoreUnit::Conversion {
  const AccessMap *srcMap = nullptr, *dstMap = nullptr;
  Bfp format;
  OperandPlan plan;
  RoundingNumbers numbers;
  OperandSource source; ///< of the columns at hand
  TileColumns columns;
  TargetView target;
  int64_t rowStart = 0, rows = 0, begin = 0, end = 0;
  bool isInOrder = false; ///< rows may share bytes: one after the other
  std::mutex mutex;
  // Under the mutex.
  Failure failure;
  uint64_t inside = 0, zeroMantissas = 0;
};

/// The mantissas as they are, in the place of their residues.
static OperandPlan makeMantissaPlan(const Bfp &format) {
  OperandPlan plan;
  plan.rounding = format.rounding;
  plan.mantissaBits = int(format.mantissa);
  plan.group = format.group;
  plan.maxMantissa = limits::getMaxMantissa(format.mantissa);
  plan.planes = {Residues{{}, plan.maxMantissa, /*identity=*/true}};
  return plan;
}

/// Adds what the digits of one side of a map move by, where they differ within
/// [begin, end).
static void addWeights(const AccessMap &map,
                       const std::vector<MapDigit> &digits, int64_t begin,
                       int64_t end,
                       std::vector<std::pair<Int, int64_t>> &weights) {
  int64_t place = 1;
  for (const MapDigit &digit : digits) {
    if (begin / place != (end - 1) / place && digit.radix > 1)
      weights.emplace_back(Int(digit.step) * map.axes[digit.axis].stride,
                           digit.radix);
    place *= digit.radix;
  }
}

/// Whether no two blocks of `bytes` in these rows and columns of `map` share a
/// byte. False also where it takes more to see: where two digits move by less
/// than the ones below them together.
static bool isDisjoint(const AccessMap &map, int64_t rowBegin, int64_t rowEnd,
                       int64_t begin, int64_t end, int64_t bytes) {
  std::vector<std::pair<Int, int64_t>> weights; // and how many values
  addWeights(map, map.rows, rowBegin, rowEnd, weights);
  addWeights(map, map.cols, begin, end, weights);
  for (auto &[weight, radix] : weights)
    weight = std::max(weight, -weight);
  std::sort(weights.begin(), weights.end());
  Int reach = bytes;
  for (auto [weight, radix] : weights) {
    if (weight < reach)
      return false;
    reach += weight * (radix - 1);
  }
  return true;
}

Status CoreUnit::prepareConversion(const CoreConvert &instruction,
                                   Conversion &job) {
  const Program &program = context.program;
  const Bfp *format = findBlockFormat(program, instruction.conversion);
  if (!format)
    return context.fail("conversion " + std::to_string(instruction.conversion) +
                        " has no blocks to convert to");
  job.srcMap = &program.maps[instruction.srcMap];
  job.dstMap = &program.maps[instruction.dstMap];
  job.format = *format;
  job.plan = makeMantissaPlan(*format);
  job.numbers = getNumbers(instruction.product, unsigned(instruction.operand),
                           context.value(instruction.group));
  job.rowStart = context.value(instruction.rowStart);
  job.rows = context.value(instruction.rows);
  job.begin = context.value(instruction.kStart);
  job.end = job.begin + context.value(instruction.cols);
  Result<TargetView> target = context.target(
      "dst", instruction.dst,
      context.getMapBounds(*job.dstMap, instruction.dst, job.rowStart,
                           job.rowStart + job.rows, job.begin / format->group,
                           (job.end - 1) / format->group + 1,
                           getBlockBytes(*format)));
  if (!target)
    return target.error();
  job.target = *target;
  job.isInOrder =
      !isDisjoint(*job.dstMap, job.rowStart, job.rowStart + job.rows,
                  job.begin / format->group, (job.end - 1) / format->group + 1,
                  getBlockBytes(*format));
  return Status::success();
}

/// Packs what convert() made of rows [row, row + lanes).
void CoreUnit::writeBlocks(const Conversion &job, int64_t row,
                           const OperandBlock &block) {
  const TileColumns &columns = job.columns;
  for (size_t g = 0; g < columns.groups.size(); ++g) {
    const TileGroup &part = columns.groups[g];
    int64_t column = (columns.begin + part.begin) / job.format.group;
    for (int l = 0; l < block.lanes; ++l) {
      auto offset = getElementOffset(*job.dstMap, row + l, column);
      if (!offset)
        continue;
      size_t at = g * laneCount + size_t(l);
      int exponent = block.zero[at] ? 0 : block.exponents[at] + blockBias;
      packBlock(job.format, exponent,
                block.planes.data() + part.begin * laneCount + l,
                part.end - part.begin, laneCount, job.target.at(*offset));
    }
  }
}

/// Rows of the columns at hand, 64 of them.
void CoreUnit::convertRows(Conversion &job, int64_t index, unsigned worker) {
  Scratch &scratch = scratches[worker];
  int64_t row = job.rowStart + index * laneCount;
  int lanes = int(std::min<int64_t>(laneCount, job.rowStart + job.rows - row));
  std::optional<BadOperand> bad =
      convert(job.source, job.columns, job.plan, /*bypass=*/false, row, lanes,
              scratch.block, scratch.conversion);
  if (!bad)
    writeBlocks(job, row, scratch.block);
  std::lock_guard<std::mutex> lock(job.mutex);
  job.inside += scratch.block.inside;
  job.zeroMantissas += scratch.block.zeroMantissas;
  if (bad && index < job.failure.block)
    job.failure = {index, false, row + bad->lane, bad->column, bad->value};
}

/// All rows of the columns at hand. Where their blocks meet, the last one is
/// what stays, whatever the number of threads.
Status CoreUnit::convertRows(Conversion &job) {
  int64_t blocks = (job.rows + laneCount - 1) / laneCount;
  int64_t cost = laneCount * job.columns.count * 4;
  if (!job.isInOrder)
    return context.forEach(blocks, cost, [&](size_t b, unsigned worker) {
      convertRows(job, int64_t(b), worker);
    });
  return context.forEach(1, blocks * cost, [&](size_t, unsigned worker) {
    for (int64_t b = 0; b < blocks && !context.isStopped(worker); ++b)
      convertRows(job, b, worker);
  });
}

Status CoreUnit::execute(const CoreConvert &instruction, LoadedTile &,
                         LayerStatistics *statistics) {
  Conversion job;
  if (Status status = prepareConversion(instruction, job); !status)
    return status;
  int64_t group = job.format.group;
  int64_t step = std::max<int64_t>(positionsAtOnce / group, 1) * group;
  for (int64_t k = job.begin; k < job.end; k += step) {
    job.columns.set(k, std::min(step, job.end - k), job.end, group, group);
    Result<OperandSource> source = prepare("src", *job.srcMap, instruction.src,
                                           job.columns, job.rowStart, job.rows);
    if (!source)
      return source.error();
    job.source = std::move(*source);
    job.source.numbers = job.numbers;
    if (Status status = convertRows(job); !status)
      return status;
    if (const Failure &failure = job.failure; failure.block != INT64_MAX)
      return describeOperand(*job.srcMap, instruction.src, failure.row,
                             failure.column, failure.value);
  }
  if (statistics) {
    statistics->mantissas += job.inside;
    statistics->zeroMantissas += job.zeroMantissas;
  }
  return Status::success();
}
