//===- CoreUnit.cpp - Photonic tensor cores: instructions -----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/CoreUnit.h"

#include "machines/rns/Products.h"
#include "phx/isa/Blocks.h"

#include <algorithm>
#include <cmath>
#include <tuple>

using namespace phx;
using namespace phx::exec;
using namespace phx::rns;

CoreUnit::CoreUnit(Context &context, const UnitOptions &options)
    : context(context), bypassed(options.bypassFormats),
      origins(context.program), scratches(context.pool.size()) {}

Result<std::unique_ptr<MachineUnit>>
CoreUnit::create(Context &context, const UnitOptions &options) {
  if (options.bypassFormats)
    for (const Instruction &instruction : context.program.code)
      if (touchesBlocks(instruction.body))
        return Error{"the program keeps operands converted in memory, where "
                     "there are no binary32 numbers to multiply; run it "
                     "without --fp32, or compile the model so that operands "
                     "are converted at the arrays"};
  std::unique_ptr<CoreUnit> unit(new CoreUnit(context, options));
  if (Status status = unit->makePlans(options); !status)
    return status.error();
  return std::unique_ptr<MachineUnit>(std::move(unit));
}

/// The products that instructions of the class compute, each with the columns
/// of the arrays that do; of several groups the most, which have the longest
/// passes. What only converts an operand needs its format and no more.
static std::map<uint32_t, int64_t> listProducts(const Program &program) {
  std::map<uint32_t, int64_t> products;
  for (const Instruction &instruction : program.code)
    if (auto product = rns::findComputed(instruction.body)) {
      int64_t &columns = products.try_emplace(*product, 1).first->second;
      if (const ArrayGroup *group = findGroup(program, instruction))
        columns = std::max<int64_t>(columns, group->columns);
    }
  return products;
}

Status CoreUnit::makePlans(const UnitOptions &options) {
  const Program &program = context.program;
  planOf.resize(program.products.size());
  using Entries = std::tuple<uint32_t, uint32_t, uint32_t, uint32_t, int64_t>;
  std::map<Entries, uint32_t> known;
  for (auto [p, columns] : listProducts(program)) {
    const Product &product = program.products[p];
    auto [place, isNew] = known.try_emplace(
        Entries(product.conversions[0], product.conversions[1], product.pass,
                product.combine, columns),
        uint32_t(plans.size()));
    planOf[p] = place->second;
    if (!isNew)
      continue;
    auto computation = rns::getComputation(program, product);
    if (const auto *broken = std::get_if<BrokenRule>(&computation))
      return Error{"product " + std::to_string(p) + " " + broken->parameter +
                   ": expected " + broken->expected + ", found " +
                   broken->found};
    plans.push_back(ProductPlan::create(std::get<rns::Computation>(computation),
                                        options.bypassFormats,
                                        options.plainIntegers, columns));
  }
  return Status::success();
}

Status CoreUnit::execute(const Instruction &instruction,
                         LayerStatistics *statistics) {
  const EngineId &engine = context.engine;
  LoadedTile &tile = tiles[{engine.group, engine.index}];
  Status status = Status::success();
  RnsInstructions::forEach([&]<typename T>() {
    if (const T *body = getIf<T>(instruction.body))
      status = execute(*body, tile, statistics);
  });
  return status;
}

Result<OperandSource> CoreUnit::prepare(const char *name, const AccessMap &map,
                                        const Address &address,
                                        const TileColumns &columns,
                                        int64_t rowBegin, int64_t rows) {
  OperandSource source;
  source.map = &map;
  source.reach.unroll(map, map.cols, columns.reachBegin, columns.reachCount);
  Result<SourceView> view = context.source(
      name, address,
      context.getMapBounds(map, address, rowBegin, rowBegin + rows,
                           columns.reachBegin,
                           columns.reachBegin + columns.reachCount));
  if (!view)
    return view.error();
  source.view = *view;
  return source;
}

bool CoreUnit::isRandom(const Product &product, unsigned operand) const {
  const Bfp *format =
      findBlockFormat(context.program, product.conversions[operand]);
  return !bypassed && format && format->rounding == Rounding::Stochastic;
}

RoundingNumbers CoreUnit::getNumbers(uint32_t index, unsigned operand,
                                     int64_t group) const {
  const Product &product = context.program.products[index];
  if (!isRandom(product, operand))
    return {};
  int64_t rows = operand == 0 ? product.m * product.positions : product.n;
  RoundingNumbers numbers;
  numbers.sequence = getSequence(context.key, {2 * product.stream + operand});
  numbers.rowLength = product.k;
  numbers.first = uint64_t(group) * uint64_t(rows) * uint64_t(product.k);
  return numbers;
}

RoundingNumbers CoreUnit::getNumbers(uint32_t index, OperandRole role,
                                     int64_t row, int64_t k) const {
  const Product &product = context.program.products[index];
  const unsigned operand = rns::getOperand(product, role);
  if (!isRandom(product, operand))
    return {};
  // Numbers follow from the element of the product, not from how it is cut.
  Origin origin = origins.get(context.pc, context.counters);
  RoundingNumbers numbers = getNumbers(index, operand, origin.group);
  int64_t wholeRow =
      role == OperandRole::Stationary ? origin.row : origin.vector;
  numbers.first +=
      uint64_t((wholeRow - row) * product.k + (origin.contraction - k));
  return numbers;
}

Error CoreUnit::describeOperand(const AccessMap &map, const Address &address,
                                int64_t row, int64_t column,
                                float value) const {
  int64_t offset = getElementOffset(map, row, column).value_or(0);
  return context.fail(context.locate(address.memory,
                                     context.value(address.offset) + offset,
                                     /*isOperand=*/true) +
                      " is " + exec::toText(value) +
                      ": block floating point has no infinities and no NaNs");
}

Status CoreUnit::execute(const CoreProgram &load, LoadedTile &tile,
                         LayerStatistics *statistics) {
  const AccessMap &map = context.program.maps[load.map];
  const ProductPlan &plan = getPlan(load.product);
  const unsigned operand = rns::getOperand(
      context.program.products[load.product], OperandRole::Stationary);
  tile.loaded = false;
  tile.plan = &plan;
  tile.rowStart = context.value(load.rowStart);
  tile.rows = context.value(load.rows);
  int64_t kStart = context.value(load.kStart);
  // Where the contraction ends says the product: maps may go on behind it, and
  // the last block of a stored operand, one column of its map, is filled up.
  tile.total = context.program.products[load.product].k -
               origins.get(context.pc, context.counters).contraction + kStart;
  tile.columns.set(kStart, context.value(load.cols), tile.total, plan.group,
                   plan.getShared(operand));
  Result<OperandSource> source =
      load.stored ? prepareStored("src", map, load.src, tile.columns,
                                  tile.rowStart, tile.rows, load.conversion)
                  : prepare("src", map, load.src, tile.columns, tile.rowStart,
                            tile.rows);
  if (!source)
    return source.error();
  source->numbers = getNumbers(load.product, OperandRole::Stationary,
                               tile.rowStart, tile.columns.begin);
  if (Status status = convertTile(load, *source, operand, tile, statistics);
      !status)
    return status;
  tile.loaded = true;
  return Status::success();
}

Status CoreUnit::convertTile(const CoreProgram &load,
                             const OperandSource &source, unsigned operand,
                             LoadedTile &tile, LayerStatistics *statistics) {
  const ProductPlan &plan = *tile.plan;
  tile.blocks.resize(size_t((tile.rows + laneCount - 1) / laneCount));
  for (size_t b = 0; b < tile.blocks.size(); ++b) {
    if (b != 0 && context.isStopped(0))
      return Error{"interrupted"};
    OperandBlock &block = tile.blocks[b];
    int64_t row = tile.rowStart + int64_t(b) * laneCount;
    int lanes =
        int(std::min<int64_t>(laneCount, tile.rowStart + tile.rows - row));
    std::optional<BadOperand> bad =
        convert(source, tile.columns, plan.operands[operand], plan.bypass, row,
                lanes, block, scratches[0].conversion);
    if (bad && bad->fault)
      return describeBlock(*source.map, load.src, row + bad->lane,
                           bad->column / source.blocks->group, load.conversion,
                           *bad->fault);
    if (bad)
      return describeOperand(*source.map, load.src, row + bad->lane,
                             bad->column, bad->value);
    if (statistics && !plan.bypass) {
      statistics->mantissas += block.inside;
      statistics->zeroMantissas += block.zeroMantissas;
    }
  }
  return Status::success();
}

/// The output operand and, if groups span instructions, its partial sums.
Status CoreUnit::prepareOutput(Job &job, const CoreStream &stream) {
  const LoadedTile &tile = *job.tile;
  const AccessMap &map = context.program.maps[stream.outMap];
  job.outMap = &map;
  job.outRows.unroll(map, map.rows, tile.rowStart, tile.rows);
  Result<TargetView> out = context.target(
      "out", stream.out,
      context.getMapBounds(map, stream.out, tile.rowStart,
                           tile.rowStart + tile.rows, job.vecStart,
                           job.vecStart + job.length));
  if (!out)
    return out.error();
  job.out = *out;
  if (!tile.columns.partial)
    return Status::success();
  uint8_t *sums = context.memory.partialSums(stream.out.memory);
  if (!sums)
    return context.fail(
        "cannot allocate " +
        std::to_string(2 * context.memory.size(stream.out.memory)) +
        " bytes for partial sums of groups longer than the array; compile the "
        "program for a smaller batch, or use a machine with more memory");
  job.partial =
      reinterpret_cast<int64_t *>(sums) + context.value(stream.out.offset) / 4;
  return Status::success();
}

bool CoreUnit::isExpected(const LoadedTile &tile,
                          const CoreStream &stream) const {
  return tile.loaded && tile.plan == &getPlan(stream.product) &&
         tile.rowStart == context.value(stream.rowStart) &&
         tile.rows == context.value(stream.rows) &&
         tile.columns.begin == context.value(stream.kStart) &&
         tile.columns.count == context.value(stream.cols);
}

Status CoreUnit::prepareJob(const CoreStream &stream, const LoadedTile &tile,
                            Job &job) {
  const ProductPlan &plan = *tile.plan;
  int64_t kStart = tile.columns.begin;
  job.plan = &plan;
  job.tile = &tile;
  job.operand = rns::getOperand(context.program.products[stream.product],
                                OperandRole::Streamed);
  streamed.set(kStart, tile.columns.count, tile.total, plan.group,
               plan.getShared(job.operand));
  job.columns = &streamed;
  job.vecStart = context.value(stream.vecStart);
  job.length = context.value(stream.length);
  const AccessMap &inMap = context.program.maps[stream.inMap];
  Result<OperandSource> in =
      stream.stored
          ? prepareStored("in", inMap, stream.in, streamed, job.vecStart,
                          job.length, stream.conversion)
          : prepare("in", inMap, stream.in, streamed, job.vecStart, job.length);
  if (!in)
    return in.error();
  job.in = std::move(*in);
  job.continues = context.value(stream.start) != 0;
  job.in.numbers =
      getNumbers(stream.product, OperandRole::Streamed, job.vecStart, kStart);
  return prepareOutput(job, stream);
}

Status CoreUnit::execute(const CoreStream &stream, LoadedTile &tile,
                         LayerStatistics *statistics) {
  if (!isExpected(tile, stream))
    return context.fail(
        "the tile in this array is not the one that this stream expects");
  Job job;
  if (Status status = prepareJob(stream, tile, job); !status)
    return status;
  int64_t blocks = (job.length + laneCount - 1) / laneCount;
  int64_t lanes = std::min<int64_t>(job.length, laneCount);
  int64_t planes = int64_t(job.plan->planes.size()) + 1;
  int64_t cost = lanes * (tile.rows * (planes * tile.columns.count / 8 + 4) +
                          streamed.reachCount * 4);
  Status status = context.forEach(blocks, cost, [&](size_t b, unsigned worker) {
    processBlock(job, int64_t(b), worker);
  });
  if (!status)
    return status;
  if (statistics && !job.plan->bypass) {
    statistics->mantissas += job.inside;
    statistics->zeroMantissas += job.zeroMantissas;
  }
  return job.failure.block == INT64_MAX ? Status::success()
                                        : Status(describeFailure(stream, job));
}

Error CoreUnit::describeFailure(const CoreStream &stream, const Job &job) {
  const AccessMap &inMap = *job.in.map;
  const Failure &failure = job.failure;
  if (failure.fault)
    return describeBlock(inMap, stream.in, failure.row,
                         failure.column / job.in.blocks->group,
                         stream.conversion, *failure.fault);
  if (!failure.overflow)
    return describeOperand(inMap, stream.in, failure.row, failure.column,
                           failure.value);
  int64_t offset =
      getElementOffset(*job.outMap, failure.row, failure.column).value_or(0);
  return context.fail(
      "the sum for " +
      context.locate(stream.out.memory,
                     context.value(stream.out.offset) + offset) +
      " left the range of binary32 at contraction position " +
      std::to_string(job.columns->begin));
}
