//===- Machine.cpp - One functional machine -------------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine.h"
#include "VecUnit.h"

#include "phx/isa/Validator.h"

#include <cstring>

using namespace phx;
using namespace phx::exec;

Result<std::unique_ptr<Machine>>
Machine::create(const Program &program, std::unique_ptr<Memory> memory,
                ThreadPool &pool, Poller &poller, const UnitOptions &options) {
  // Units rely on the entries that their instructions name.
  if (Status status = checkOperations(program); !status)
    return status.error();
  std::unique_ptr<Machine> machine(
      new Machine(program, std::move(memory), pool, poller));
  for (const Instruction &instruction : program.code) {
    const std::string &name = instruction.getDescription().machineClass;
    if (name.empty() || machine->units.count(name))
      continue;
    auto unit = makeMachineUnit(name, machine->context, options);
    if (!unit)
      return unit.error();
    machine->units[name] = std::move(*unit);
  }
  return machine;
}

/// Calls the semantics of the struct that `body` holds, if it is one of these.
template <typename... T>
static Status dispatch(InstructionList<T...>, Context &context,
                       const Body &body) {
  Status status = Status::success();
  ((holds<T>(body) ? void(status = exec::execute(context, getAs<T>(body)))
                   : void()),
   ...);
  return status;
}

namespace {

/// How often a register has been written since this was made.
class WriteCounter {
public:
  WriteCounter(const CountTrace &trace, uint32_t registerIndex)
      : runs(trace.getRuns(registerIndex)),
        begin(runs.empty() ? 0 : runs.size() - 1),
        times(runs.empty() ? 0 : runs.back().times) {}

  uint64_t get() const {
    uint64_t sum = 0;
    for (size_t r = begin; r < runs.size(); ++r)
      sum += runs[r].times;
    return sum - times;
  }

private:
  const std::vector<CountTrace::Run> &runs;
  size_t begin;   ///< the run that the next write may make longer
  uint64_t times; ///< what it had
};

} // namespace

Status Machine::execute(size_t pc, const Counters &counters,
                        LayerStatistics *statistics) {
  if (!trips.areInside(counters))
    return Status::success();
  const Instruction &instruction = code.get(pc, context.registers);
  context.pc = pc;
  context.instruction = &instruction;
  context.counters = counters;
  context.engine = instruction.engine;
  if (instruction.arrays.isPlain())
    return executeLane(instruction, statistics);
  for (uint32_t lane = 0; lane < instruction.arrays.lanes; ++lane) {
    if (lane && context.poller.poll())
      return Error{"interrupted"};
    context.counters[laneLoop] = lane;
    context.engine.index = static_cast<uint32_t>(
        getFirstArray(instruction, counters) + lane);
    if (Status status = executeLane(instruction, statistics); !status)
      return status;
  }
  return Status::success();
}

Status Machine::executeLane(const Instruction &instruction,
                            LayerStatistics *statistics) {
  if (!isExecuted(instruction, context.counters))
    return Status::success();
  if (!writesRegisters[context.pc])
    return compute(instruction, statistics);
  // Timing plays writes back one by one: each execution makes one of each.
  std::vector<uint32_t> named = getWrittenRegisters(instruction);
  for (uint32_t index : named)
    if (index >= context.registers.size())
      return context.fail("writes " + describeRegister(context.program, index) +
                          ", which the program does not have");
  if (context.counts.getNumRegisters() == 0) // not recorded
    return compute(instruction, statistics);
  std::vector<WriteCounter> writes;
  for (uint32_t index : named)
    writes.emplace_back(context.counts, index);
  if (Status status = compute(instruction, statistics); !status)
    return status;
  for (size_t i = 0; i < named.size(); ++i)
    if (writes[i].get() != 1)
      return context.fail(
          "wrote " + describeRegister(context.program, named[i]) + " " +
          std::to_string(writes[i].get()) +
          " times, expected once: what computes this instruction is at fault, "
          "not the program");
  return Status::success();
}

Status Machine::compute(const Instruction &instruction,
                        LayerStatistics *statistics) {
  const InstructionDescription &description = instruction.getDescription();
  if (!description.machineClass.empty())
    return units[description.machineClass]->execute(instruction, statistics);
  if (description.place == EnginePlace::Dma)
    return dispatch(InstructionList<DmaCopy>(), context, instruction.body);
  return dispatch(VecInstructions(), context, instruction.body);
}

void Machine::setRegion(const Region &region, const HostArray &value) {
  int64_t size = getByteSize(region);
  if (size == 0)
    return;
  uint8_t *to =
      memory->write(region.memory, region.address, region.address + size);
  if (value.type == region.type)
    std::memcpy(to, value.bytes.data(), size_t(size));
  else
    std::memcpy(to, toMemory(region.type, value).data(), size_t(size));
}

HostArray Machine::getRegion(const Region &region) const {
  int64_t bytes = getByteSize(region);
  if (bytes == 0)
    return {getHostType(region.type), region.shape, {}};
  return toHost(
      region.type, region.shape,
      memory->read(region.memory, region.address, region.address + bytes));
}
