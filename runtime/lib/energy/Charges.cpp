//===- Charges.cpp - What one instruction charges --------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/energy/Energy.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

using namespace phx;

/// Free of charge in silence would be the worst answer. Sessions look before
/// they begin (checkMachine), so that this is the fault of a program that links
/// the library.
[[noreturn]] static void failUnregistered(const Instruction &instruction) {
  std::fprintf(stderr,
               "%s is an instruction of machine class '%s', whose charges are "
               "not registered in this program; call phx::registerAllMachines, "
               "or the class's own registration, before targets are loaded\n",
               getMnemonic(instruction.body),
               instruction.getDescription().machineClass.c_str());
  std::abort();
}

//===----------------------------------------------------------------------===//
// What charges may know
//===----------------------------------------------------------------------===//

[[noreturn]] static void failUndeclared(const Instruction &instruction,
                                        const char *field,
                                        const char *remedy) {
  std::fprintf(stderr,
               "the charges of %s depend on its field '%s', which its "
               "description does not declare: they would be multiplied by "
               "iterations in which they are others; %s\n",
               getMnemonic(instruction.body), field, remedy);
  std::abort();
}

/// The field that `value` is; null if it is none.
static const FieldDescription *findField(const Instruction &instruction,
                                         const void *value) {
  for (const FieldDescription &field : instruction.getDescription().fields)
    if (field.in(instruction.body.data()) == value)
      return &field;
  return nullptr;
}

uint64_t ArrayExecution::get(const Count &count) const {
  bool isOwn = false;
  visitCounts(instruction.body, [&](const FieldDescription &, const Count &n) {
    isOwn |= &n == &count;
  });
  if (!isOwn)
    failUndeclared(instruction, "?", "ask for a count of the instruction");
  return static_cast<uint64_t>(evaluate(count, counters));
}

int64_t ArrayExecution::get(const Affine &value) const {
  const FieldDescription *field = findField(instruction, &value);
  const auto &charged = instruction.getDescription().charged;
  if (std::find(charged.begin(), charged.end(), field) == charged.end())
    failUndeclared(instruction, field ? field->name : "?",
                   "list the field in chargedBy");
  return evaluate(value, counters);
}

bool ArrayExecution::startsAccumulation() const {
  for (const FieldDescription &field : instruction.getDescription().fields)
    if (field.role == FieldRole::AccumulationStart)
      return evaluate(field.as<Affine>(instruction.body.data()), counters) == 0;
  failUndeclared(instruction, "?",
                 "describe a field as FieldRole::AccumulationStart");
}

//===----------------------------------------------------------------------===//
// Charges
//===----------------------------------------------------------------------===//

namespace {
/// Adds up the charges of one execution.
struct Charger {
  const Program &program;
  const Instruction &instruction;
  const Target &target;
  const Counters &loops;
  Counters64 charges{};

  void add(Counter counter, uint64_t amount) {
    charges[counter.index] += amount;
  }
  void addBytes(uint32_t memory, uint64_t read, uint64_t written) {
    chargeBytes(program, memory, read, written, charges);
  }
  uint64_t count(const Count &count) const {
    return static_cast<uint64_t>(evaluate(count, loops));
  }
  uint64_t elements(const Shape4 &shape) const {
    return count(shape[0]) * count(shape[1]) * count(shape[2]) *
           count(shape[3]);
  }
  /// The class of the array knows.
  void chargeArray() {
    size_t group = instruction.engine.group;
    const MachineModel *model = findMachineModel(target, group);
    if (!model)
      failUnregistered(instruction);
    model->charge({program, instruction, loops, target}, charges);
  }

  void charge();
  void operator()(const DmaCopy &copy);
  /// The vector unit.
  void chargeVec() {
    VecWork work = getVecWork(instruction, loops);
    add(counters::vectorOps,
        static_cast<uint64_t>(work.elements) * work.opsPerElement +
            static_cast<uint64_t>(work.rows));
    for (unsigned i = 0; i < work.numMemories; ++i) {
      const MemoryTraffic &traffic = work.traffic[i];
      addBytes(traffic.memory, static_cast<uint64_t>(traffic.read),
               static_cast<uint64_t>(traffic.written));
    }
  }
};
} // namespace

void Charger::operator()(const DmaCopy &copy) {
  uint64_t written = elements(copy.shape), read = written;
  if (copy.zeroFill) {
    int64_t extent = evaluate(copy.shape[copy.zeroFill->dim], loops);
    int64_t start = evaluate(copy.zeroFill->start, loops);
    int64_t begin = std::max<int64_t>(start, 0);
    int64_t end = std::min(start + extent, copy.zeroFill->extent);
    uint64_t inside = end > begin ? static_cast<uint64_t>(end - begin) : 0;
    read = written / static_cast<uint64_t>(extent) * inside;
  }
  auto width = static_cast<uint64_t>(copy.width);
  addBytes(copy.dst.memory, 0, width * written);
  addBytes(copy.src.memory, width * read, 0);
}

void Charger::charge() {
  switch (instruction.getDescription().place) {
  case EnginePlace::None:
  case EnginePlace::Any:
    return;
  case EnginePlace::Dma:
    return (*this)(getAs<DmaCopy>(instruction.body));
  case EnginePlace::Vec:
    return chargeVec();
  case EnginePlace::Array:
    return chargeArray();
  }
}

void phx::chargeBytes(const Program &program, uint32_t memory, uint64_t read,
                      uint64_t written, Counters64 &charges) {
  Counter sum = isOffChip(program, memory) ? counters::dramBytes
                                           : counters::scratchpadBytes;
  charges[sum.index] += read + written;
  charges[getReadCounter(memory).index] += read;
  charges[getWriteCounter(memory).index] += written;
}

Counters64 phx::getCharges(const Program &program,
                           const Instruction &instruction,
                           const Counters &counters, const Target &target) {
  uint32_t lanes = instruction.arrays.lanes;
  if (lanes == 1)
    return getLaneCharges(program, instruction, counters, target);
  Counters64 total{};
  Counters at = counters;
  // Lanes that do not differ charge alike.
  uint32_t distinct = variesByLane(instruction) ? lanes : 1;
  for (uint32_t lane = 0; lane < distinct; ++lane) {
    at[laneLoop] = lane;
    Counters64 charges = getLaneCharges(program, instruction, at, target);
    for (size_t i = 0; i < charges.size(); ++i)
      total[i] += charges[i] * (lanes / distinct);
  }
  return total;
}

Counters64 phx::getLaneCharges(const Program &program,
                               const Instruction &instruction,
                               const Counters &counters,
                               const Target &target) {
  Charger charger{program, instruction, target, counters, {}};
  if (isExecuted(instruction, counters))
    charger.charge();
  return charger.charges;
}
