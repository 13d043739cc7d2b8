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

/// What only the interpreter of the stream executes.
template <typename Body>
static constexpr bool isControl =
    std::is_same_v<Body, Halt> || std::is_same_v<Body, Loop> ||
    std::is_same_v<Body, End> || std::is_same_v<Body, Signal> ||
    std::is_same_v<Body, Wait>;

Status Machine::execute(size_t pc, const Counters &counters,
                        LayerStatistics *statistics) {
  const Instruction &instruction = context.program.code[pc];
  context.pc = pc;
  context.instruction = &instruction;
  context.counters = counters;
  if (!isExecuted(instruction, counters))
    return Status::success();
  unsigned engine = instruction.engine.index;
  auto visit = [&](const auto &body) -> Status {
    using Body = std::decay_t<decltype(body)>;
    if constexpr (std::is_same_v<Body, CoreProgram>)
      return cores.program(engine, body, statistics);
    else if constexpr (std::is_same_v<Body, CoreStream>)
      return cores.stream(engine, body, statistics);
    else if constexpr (isControl<Body>)
      return Status::success();
    else
      return exec::execute(context, body);
  };
  return std::visit(visit, instruction.body);
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
