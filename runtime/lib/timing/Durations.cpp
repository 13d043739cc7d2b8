//===- Durations.cpp - Prices of instructions in femtoseconds ---*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Durations.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>

using namespace phx;
using namespace phx::detail;

namespace {
constexpr Femtoseconds longest = std::numeric_limits<Femtoseconds>::max();
} // namespace

static int64_t multiply(int64_t a, int64_t b) {
  return multiplySaturating(a, b);
}
static int64_t add(int64_t a, int64_t b) { return addSaturating(a, b); }

static std::map<std::string, ClassDurationsFactory> &getFactories() {
  static std::map<std::string, ClassDurationsFactory> factories;
  return factories;
}

void phx::registerDurations(const std::string &machineClass,
                            ClassDurationsFactory factory) {
  auto [known, added] = getFactories().emplace(machineClass, factory);
  if (added || known->second == factory)
    return;
  // Programs of one class would be timed as those of the other.
  std::fprintf(stderr,
               "the machine class '%s' has two kinds of durations; give each "
               "class a name of its own\n",
               machineClass.c_str());
  std::abort();
}

/// Time for `bytes` through a port, rounded up.
static Femtoseconds getTransfer(int64_t bytes, double bytesPerNs) {
  double time = std::ceil(static_cast<double>(bytes) * 1e6 / bytesPerNs);
  return time < 0x1p63 ? static_cast<Femtoseconds>(time) : longest;
}

Durations::Durations(const Program &program, const Target &target)
    : program(program),
      cycle(target.spec.has_vector_unit()
                ? toPeriod(target.spec.vector_unit().clock_ghz().value())
                : 0),
      lanes(target.spec.vector_unit().lanes().value()),
      portBytesPerNs(target.spec.vector_unit().port_bytes_per_ns().value()),
      dmaLatency(toFemtoseconds(target.spec.dma().latency_ns().value())),
      dmaBytesPerNs(target.spec.dma().bytes_per_ns().value()) {
  for (const auto &[name, factory] : getFactories())
    classes[name] = factory(target);
}

static int64_t getElements(const Shape4 &shape, const Counters &counters) {
  int64_t elements = 1;
  for (const Count &count : shape)
    elements = multiply(elements, evaluate(count, counters));
  return elements;
}

/// Elements of a copy that are read from its source, not filled with zeros.
static int64_t getElementsRead(const DmaCopy &copy, const Counters &counters) {
  int64_t elements = getElements(copy.shape, counters);
  if (!copy.zeroFill)
    return elements;
  int64_t extent = evaluate(copy.shape[copy.zeroFill->dim], counters);
  int64_t begin = evaluate(copy.zeroFill->start, counters);
  int64_t inside = std::min(begin + extent, copy.zeroFill->extent) -
                   std::max<int64_t>(begin, 0);
  return elements / extent * std::max<int64_t>(inside, 0);
}

Femtoseconds Durations::getCopy(const DmaCopy &copy,
                                const Counters &counters) const {
  // The off-chip port is what limits; between scratchpads the same engine moves
  // the same bytes per time.
  int64_t elements = 0;
  if (isOffChip(program, copy.src.memory))
    elements = getElementsRead(copy, counters);
  if (isOffChip(program, copy.dst.memory) ||
      !isOffChip(program, copy.src.memory))
    elements = add(elements, getElements(copy.shape, counters));
  return add(dmaLatency,
             getTransfer(multiply(elements, copy.width), dmaBytesPerNs));
}

Femtoseconds Durations::getVec(const Instruction &instruction,
                               const Counters &counters) const {
  VecWork work = getVecWork(instruction, counters);
  auto passes = [&](int64_t elements) {
    return elements / lanes + (elements % lanes != 0);
  };
  int64_t cycles = add(multiply(passes(work.elements), work.opsPerElement),
                       passes(work.rows));
  int64_t moved = 0;
  for (unsigned i = 0; i < work.numMemories; ++i)
    moved = add(moved, add(work.traffic[i].read, work.traffic[i].written));
  return std::max(multiply(cycles, cycle), getTransfer(moved, portBytesPerNs));
}

Femtoseconds Durations::getLongest(const Instruction &instruction,
                                   Counters counters) const {
  Femtoseconds longest = skipped;
  int64_t lanes = variesByLane(instruction) ? instruction.arrays.lanes : 1;
  for (int64_t lane = 0; lane < lanes; ++lane) {
    counters[laneLoop] = lane;
    longest = std::max(longest, getLane(instruction, counters));
  }
  return longest;
}

Femtoseconds Durations::getLane(const Instruction &instruction,
                                const Counters &counters) const {
  if (!isExecuted(instruction, counters))
    return skipped;
  const InstructionDescription &description = instruction.getDescription();
  switch (description.place) {
  case EnginePlace::None:
  case EnginePlace::Any:
    return 0;
  case EnginePlace::Dma:
    return getCopy(getAs<DmaCopy>(instruction.body), counters);
  case EnginePlace::Vec:
    return getVec(instruction, counters);
  case EnginePlace::Array:
    return classes.at(description.machineClass)
        ->get(program, instruction, counters);
  }
  return 0;
}

InstructionDurations::InstructionDurations(const Program &program,
                                           const Target &target)
    : durations(std::make_shared<const Durations>(program, target)) {}

Femtoseconds InstructionDurations::get(const Instruction &instruction,
                                       const Counters &counters) const {
  return std::max<Femtoseconds>(durations->get(instruction, counters), 0);
}

Femtoseconds phx::getDuration(const Program &program,
                              const Instruction &instruction,
                              const Counters &counters, const Target &target) {
  return InstructionDurations(program, target).get(instruction, counters);
}
