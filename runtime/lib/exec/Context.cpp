//===- Context.cpp - What the units of the executor share -----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/exec/Context.h"

#include "phx/isa/Blocks.h"
#include "phx/isa/Bounds.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

using namespace phx;
using namespace phx::exec;

bool Poller::poll() {
  if (!question || stop)
    return stop;
  Clock::time_point now = Clock::now();
  if (now - last < interval)
    return false;
  last = now;
  return stop = question();
}

std::string exec::toText(float value) {
  if (std::isnan(value))
    return "nan";
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", double(value));
  return text;
}

Error Context::fail(const std::string &what) const {
  std::string text = "instruction " + std::to_string(pc);
  if (instruction) {
    text += std::string(" (") + getMnemonic(instruction->body) + ")";
    if (instruction->layer < program.layers.size())
      text += ", " + describeLayer(program, instruction->layer);
  }
  return Error{text + ": " + what};
}

std::string exec::describeLayer(const Program &program, uint32_t index) {
  if (index >= program.layers.size())
    return "";
  const Layer &layer = program.layers[index];
  bool hasPhases = std::any_of(
      program.layers.begin(), program.layers.end(),
      [](const Layer &other) { return other.phase != Phase::Forward; });
  std::string phase = hasPhases ? getPhaseName(layer.phase) : "";
  std::replace(phase.begin(), phase.end(), '_', ' ');
  return "layer '" + layer.name + "' (" + layer.op +
         (phase.empty() ? "" : ", " + phase) + ")";
}

std::string exec::describeElement(const Region &region, int64_t number) {
  std::string text;
  for (size_t d = region.shape.size(); d-- > 0;) {
    int64_t extent = std::max<int64_t>(region.shape[d], 1);
    int64_t digit = d == 0 ? number : number % extent;
    text = std::to_string(digit) + (text.empty() ? "" : ", ") + text;
    number /= extent;
  }
  return "tensor '" + region.name + "' element [" + text + "]";
}

/// Regions may share addresses. What the latest of the first `layers` layers
/// has produced is the likeliest, then contents that came from outside.
static const Region *findRegion(const Program &program, uint32_t bank,
                                int64_t address, size_t layers) {
  const Region *found = nullptr;
  auto holds = [&](const Region &region) {
    return region.memory == bank && region.address <= address &&
           address < region.address + region.bytes;
  };
  for (size_t l = layers; l-- > 0;) {
    std::optional<uint32_t> output = program.layers[l].output;
    if (output && holds(program.regions[*output]))
      return &program.regions[*output];
  }
  for (const Region &region : program.regions)
    if (holds(region) && (!found || found->role == Role::Workspace))
      found = &region;
  return found;
}

std::string Context::locate(uint32_t bank, int64_t address,
                            bool isOperand) const {
  size_t layers = 0; // that come before, and the instruction's own
  if (instruction && instruction->layer < program.layers.size())
    layers = size_t(instruction->layer) + (isOperand ? 0 : 1);
  const Region *region = findRegion(program, bank, address, layers);
  if (!region)
    return getMemoryName(program, bank) + " address " + std::to_string(address);
  int64_t bytes = std::max<int64_t>(getElementBytes(program, *region), 1);
  return describeElement(*region, (address - region->address) / bytes);
}

Status
Context::writeRegister(uint32_t index, int64_t value,
                       const std::function<std::string()> &describeSource) {
  std::vector<uint32_t> named;
  if (instruction)
    named = getWrittenRegisters(*instruction);
  if (std::find(named.begin(), named.end(), index) == named.end())
    return fail("writes " + describeRegister(program, index) +
                ", which is none that the instruction names as written: what "
                "computes this instruction is at fault, not the program");
  const CountRegister &target = program.registers[index];
  if (value < 0 || value > target.most)
    return fail(describeSource() + " is " + std::to_string(value) + ", but " +
                describeRegister(program, index) + " holds 0 to " +
                std::to_string(target.most) +
                "; look at what computes the count, or let the register hold "
                "more (pisa.register)");
  registers[index] = value;
  if (index < counts.getNumRegisters() && !counts.record(index, value))
    return fail("changes " + describeRegister(program, index) +
                " more often than the counts of one run are kept for, which "
                "time and charges need: " +
                std::to_string(CountTrace::maxRuns) +
                " changes of registers altogether; write registers less "
                "often, or give the loop around it fewer iterations");
  return Status::success();
}

Status Context::check(const char *name, const Address &address, int64_t base,
                      const ByteRange &range) const {
  int64_t size = memory.size(address.memory);
  if (base + range.low >= 0 && base + range.high <= size)
    return Status::success();
  return fail(std::string("operand ") + name + " touches bytes [" +
              std::to_string(base + range.low) + ", " +
              std::to_string(base + range.high) + ") of memory '" +
              getMemoryName(program, address.memory) + "', which has " +
              std::to_string(size) + " bytes");
}

std::optional<ByteRange> Context::getMapBounds(const AccessMap &map,
                                               const Address &address,
                                               int64_t rowBegin, int64_t rowEnd,
                                               int64_t colBegin, int64_t colEnd,
                                               int64_t width) const {
  std::optional<ByteRange> range =
      getBounds(map, rowBegin, rowEnd, colBegin, colEnd, width);
  int64_t base = value(address.offset);
  if (!range || (base + range->low >= 0 &&
                 base + range->high <= memory.size(address.memory)))
    return range;
  int64_t steps = 0;
  std::optional<Range> exact =
      getMapRange(map, {rowBegin, rowEnd - 1}, {colBegin, colEnd - 1}, steps);
  if (!exact)
    return std::nullopt;
  return ByteRange{int64_t(exact->lo), int64_t(exact->hi) + width};
}

Result<SourceView> Context::source(const char *name, const Address &address,
                                   std::optional<ByteRange> range) {
  if (!range)
    return SourceView{};
  int64_t base = value(address.offset);
  if (Status status = check(name, address, base, *range); !status)
    return status.error();
  return SourceView{
      memory.read(address.memory, base + range->low, base + range->high),
      range->low};
}

Result<TargetView> Context::target(const char *name, const Address &address,
                                   std::optional<ByteRange> range) {
  if (!range)
    return TargetView{};
  int64_t base = value(address.offset);
  if (Status status = check(name, address, base, *range); !status)
    return status.error();
  return TargetView{
      memory.write(address.memory, base + range->low, base + range->high),
      range->low};
}

std::string Context::describeLoad() const {
  int64_t bytes = 0;
  for (const ProgramMemory &entry : program.memories)
    bytes += entry.bytes;
  return " (the memories of the program have " + std::to_string(bytes) +
         " bytes, and " + std::to_string(pool.size()) + " threads are at work)";
}

Status Context::forEach(int64_t count, int64_t cost,
                        const ThreadPool::Task &task) {
  // Between two questions to the poller about 10 ms of work, and for each
  // thread enough at a time to be worth waking it.
  cost = std::max<int64_t>(cost, 1);
  int64_t stride = std::max<int64_t>((int64_t(1) << 24) / cost, 1);
  int64_t grain = std::max<int64_t>((1 << 15) / cost, 1);
  for (int64_t begin = 0; begin < count; begin += stride) {
    if (isStopped(0))
      return Error{"interrupted"};
    int64_t end = std::min(count, begin + stride);
    int64_t pieces = (end - begin + grain - 1) / grain;
    auto doPiece = [&](size_t piece, unsigned worker) {
      int64_t first = begin + int64_t(piece) * grain;
      int64_t last = std::min(end, first + grain);
      for (int64_t i = first; i < last; ++i)
        task(size_t(i), worker);
    };
    if (Status status =
            pool.run(size_t(pieces), doPiece, [this] { isStopped(0); });
        !status)
      return fail(status.error().message + describeLoad());
  }
  if (stopped)
    return Error{"interrupted"};
  return Status::success();
}
