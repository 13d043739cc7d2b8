//===- CoreUnit.cpp - Photonic tensor cores: instructions -----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/CoreUnit.h"

#include "phx/isa/Validator.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

using namespace phx;
using namespace phx::exec;

CoreUnit::CoreUnit(Context &context)
    : context(context), scratches(context.pool.size()) {}

Result<std::unique_ptr<MachineUnit>>
CoreUnit::create(Context &context, const UnitOptions &options) {
  std::unique_ptr<CoreUnit> unit(new CoreUnit(context));
  if (Status status = unit->makePlans(options); !status)
    return status.error();
  return std::unique_ptr<MachineUnit>(std::move(unit));
}

/// The products that instructions of the class name.
static std::set<uint32_t> listProducts(const Program &program) {
  std::set<uint32_t> products;
  for (const Instruction &instruction : program.code)
    RnsInstructions::forEach([&]<typename T>() {
      if (const T *body = getIf<T>(instruction.body))
        products.insert(body->product);
    });
  return products;
}

Status CoreUnit::makePlans(const UnitOptions &options) {
  const Program &program = context.program;
  if (Status status = checkOperations(program); !status)
    return status;
  // The widest arrays have the longest passes.
  int64_t columns = 1;
  for (const ArrayGroup &group : program.groups)
    if (group.machineClass == "rns")
      columns = std::max<int64_t>(columns, group.columns);
  planOf.resize(program.products.size());
  using Entries = std::tuple<uint32_t, uint32_t, uint32_t, uint32_t>;
  std::map<Entries, uint32_t> known;
  for (uint32_t p : listProducts(program)) {
    const Product &product = program.products[p];
    auto [place, isNew] =
        known.try_emplace(Entries(product.conversions[0],
                                  product.conversions[1], product.pass,
                                  product.combine),
                          uint32_t(plans.size()));
    planOf[p] = place->second;
    if (!isNew)
      continue;
    auto computation = rns::getComputation(program, product);
    if (const auto *broken = std::get_if<BrokenRule>(&computation))
      return Error{"product " + std::to_string(p) + " " + broken->parameter +
                   ": expected " + broken->expected + ", found " +
                   broken->found};
    plans.push_back(ProductPlan::create(
        std::get<rns::Computation>(computation), options.bypassFormats,
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
      getBounds(map, rowBegin, rowBegin + rows, columns.reachBegin,
                columns.reachBegin + columns.reachCount));
  if (!view)
    return view.error();
  source.view = *view;
  return source;
}

RoundingNumbers CoreUnit::getNumbers(uint32_t index, unsigned operand,
                                     int64_t group) const {
  const Product &product = context.program.products[index];
  int64_t rows = operand == 0 ? product.m * product.positions : product.n;
  RoundingNumbers numbers;
  numbers.sequence = getSequence(context.key, {2 * product.stream + operand});
  numbers.rowLength = product.k;
  numbers.first = uint64_t(group) * uint64_t(rows) * uint64_t(product.k);
  return numbers;
}

Error CoreUnit::describeOperand(const AccessMap &map, const Address &address,
                                int64_t row, int64_t column,
                                float value) const {
  int64_t offset = getElementOffset(map, row, column).value_or(0);
  return context.fail(
      context.locate(address.memory, context.value(address.offset) + offset) +
      " is " + toText(value) +
      ": block floating point has no infinities and no NaNs");
}

Status CoreUnit::execute(const CoreProgram &load, LoadedTile &tile,
                         LayerStatistics *statistics) {
  const AccessMap &map = context.program.maps[load.map];
  const ProductPlan &plan = getPlan(load.product);
  bool first = context.program.products[load.product].dataflow == Dataflow::Df1;
  const unsigned operand = first ? 0 : 1;
  tile.loaded = false;
  tile.plan = &plan;
  tile.rowStart = context.value(load.rowStart);
  tile.rows = context.value(load.rows);
  tile.total = getTotal(map.cols);
  tile.columns.set(context.value(load.kStart), context.value(load.cols),
                   tile.total, plan.group, plan.operands[operand].group);
  Result<OperandSource> source =
      prepare("src", map, load.src, tile.columns, tile.rowStart, tile.rows);
  if (!source)
    return source.error();
  tile.group = context.value(load.group);
  source->numbers = getNumbers(load.product, operand, tile.group);
  tile.blocks.resize(size_t((tile.rows + laneCount - 1) / laneCount));
  for (size_t b = 0; b < tile.blocks.size(); ++b) {
    if (b != 0 && context.isStopped(0))
      return Error{"interrupted"};
    OperandBlock &block = tile.blocks[b];
    int64_t row = tile.rowStart + int64_t(b) * laneCount;
    int lanes =
        int(std::min<int64_t>(laneCount, tile.rowStart + tile.rows - row));
    if (std::optional<NonFinite> bad =
            convert(*source, tile.columns, plan.operands[operand], plan.bypass,
                    row, lanes, block, scratches[0].conversion))
      return describeOperand(map, load.src, row + bad->lane, bad->column,
                             bad->value);
    if (statistics && !plan.bypass) {
      statistics->mantissas += block.inside;
      statistics->zeroMantissas += block.zeroMantissas;
    }
  }
  tile.loaded = true;
  return Status::success();
}

/// The output operand and, if groups span instructions, its partial sums.
Status CoreUnit::prepareOutput(Job &job, const CoreStream &stream) {
  const LoadedTile &tile = *job.tile;
  const AccessMap &map = context.program.maps[stream.outMap];
  job.outMap = &map;
  job.outRows.unroll(map, map.rows, tile.rowStart, tile.rows);
  Result<TargetView> out =
      context.target("out", stream.out,
                     getBounds(map, tile.rowStart, tile.rowStart + tile.rows,
                               job.vecStart, job.vecStart + job.length));
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

Status CoreUnit::execute(const CoreStream &stream, LoadedTile &tile,
                        LayerStatistics *statistics) {
  int64_t kStart = context.value(stream.kStart);
  const ProductPlan &plan = getPlan(stream.product);
  if (!tile.loaded || tile.plan != &plan ||
      tile.rowStart != context.value(stream.rowStart) ||
      tile.rows != context.value(stream.rows) || tile.columns.begin != kStart ||
      tile.columns.count != context.value(stream.cols))
    return context.fail("the tile in this array" 
                        " is not the one that this stream expects");
  Job job;
  job.plan = &plan;
  job.tile = &tile;
  const Product &product = context.program.products[stream.product];
  job.operand = product.dataflow == Dataflow::Df1 ? 1 : 0;
  streamed.set(kStart, tile.columns.count, tile.total, plan.group,
               plan.operands[job.operand].group);
  job.columns = &streamed;
  job.vecStart = context.value(stream.vecStart);
  job.length = context.value(stream.length);
  const AccessMap &inMap = context.program.maps[stream.inMap];
  Result<OperandSource> in =
      prepare("in", inMap, stream.in, streamed, job.vecStart, job.length);
  if (!in)
    return in.error();
  job.in = std::move(*in);
  job.continues = context.value(stream.start) != 0;
  job.in.numbers = getNumbers(stream.product, job.operand, tile.group);
  if (Status status = prepareOutput(job, stream); !status)
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
  const Failure &failure = job.failure;
  if (failure.block == INT64_MAX)
    return Status::success();
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
      std::to_string(kStart));
}
