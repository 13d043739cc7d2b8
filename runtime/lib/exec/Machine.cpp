//===- Machine.cpp - One functional machine -------------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine.h"
#include "VecUnit.h"

#include <cstring>

using namespace phx;
using namespace phx::exec;

int64_t exec::getByteSize(const Region &region) {
  int64_t bytes = byteWidth(region.type);
  for (int64_t extent : region.shape)
    bytes *= extent;
  return bytes;
}

Status Machine::execute(size_t pc, const Counters &counters,
                        LayerStatistics *statistics) {
  const Instruction &instruction = context.program.code[pc];
  context.pc = pc;
  context.instruction = &instruction;
  context.counters = counters;
  if (!isExecuted(instruction, counters))
    return Status::success();
  if (auto *load = std::get_if<CoreProgram>(&instruction.body))
    return cores.program(instruction.engine.index, *load, statistics);
  if (auto *stream = std::get_if<CoreStream>(&instruction.body))
    return cores.stream(instruction.engine.index, *stream, statistics);
  if (auto *copy = std::get_if<DmaCopy>(&instruction.body))
    return exec::execute(context, *copy);
  if (auto *map = std::get_if<VecMap>(&instruction.body))
    return exec::execute(context, *map);
  if (auto *reduce = std::get_if<VecReduce>(&instruction.body))
    return exec::execute(context, *reduce);
  if (auto *pool = std::get_if<VecPool>(&instruction.body))
    return exec::execute(context, *pool);
  return Status::success();
}

void Machine::setRegion(const Region &region, const HostArray &value) {
  if (value.bytes.empty())
    return;
  uint8_t *to = memory->write(region.space, region.address,
                              region.address + int64_t(value.bytes.size()));
  std::memcpy(to, value.bytes.data(), value.bytes.size());
}

HostArray Machine::getRegion(const Region &region) const {
  HostArray value{region.type, region.shape, {}};
  int64_t bytes = getByteSize(region);
  if (bytes == 0)
    return value;
  const uint8_t *from =
      memory->read(region.space, region.address, region.address + bytes);
  value.bytes.assign(from, from + bytes);
  return value;
}
