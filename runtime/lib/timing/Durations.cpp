//===- Durations.cpp - Prices of instructions in femtoseconds ---*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Durations.h"

#include "machines/rns/Target.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace phx;
using namespace phx::detail;

namespace {
constexpr Femtoseconds longest = std::numeric_limits<Femtoseconds>::max();
constexpr int64_t elementBytes = 4;
} // namespace

static Femtoseconds toFemtoseconds(double ns) { return std::llround(ns * 1e6); }

/// One period of a clock.
static Femtoseconds toPeriod(double ghz) { return std::llround(1e6 / ghz); }

static int64_t saturate(__int128 value) {
  return value > longest ? longest : static_cast<int64_t>(value);
}
static int64_t multiply(int64_t a, int64_t b) {
  return saturate(static_cast<__int128>(a) * b);
}
static int64_t add(int64_t a, int64_t b) {
  return saturate(static_cast<__int128>(a) + b);
}

/// Time for `bytes` through a port, rounded up.
static Femtoseconds getTransfer(int64_t bytes, double bytesPerNs) {
  double time = std::ceil(static_cast<double>(bytes) * 1e6 / bytesPerNs);
  return time < 0x1p63 ? static_cast<Femtoseconds>(time) : longest;
}

Durations::Durations(const Target &target)
    : cycle(target.spec.has_vector_unit()
                ? toPeriod(target.spec.vector_unit().clock_ghz().value())
                : 0),
      lanes(target.spec.vector_unit().lanes().value()),
      portBytesPerNs(target.spec.vector_unit().port_bytes_per_ns().value()),
      dmaLatency(toFemtoseconds(target.spec.dma().latency_ns().value())),
      dmaBytesPerNs(target.spec.dma().bytes_per_ns().value()) {
  if (auto arrays = rns::findArrays(target)) {
    program = toFemtoseconds(arrays->machine->program_ns().value());
    vector = toPeriod(arrays->machine->clock_ghz().value());
    fill = toFemtoseconds(arrays->machine->fill_ns().value());
  }
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
  if (copy.src.space == Space::Dram)
    elements = getElementsRead(copy, counters);
  if (copy.dst.space == Space::Dram || copy.src.space != Space::Dram)
    elements = add(elements, getElements(copy.shape, counters));
  return add(dmaLatency,
             getTransfer(multiply(elements, elementBytes), dmaBytesPerNs));
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
  for (int64_t bytes : work.bytes)
    moved = add(moved, bytes);
  return std::max(multiply(cycles, cycle), getTransfer(moved, portBytesPerNs));
}

Femtoseconds Durations::get(const Instruction &instruction,
                            const Counters &counters) const {
  if (!isExecuted(instruction, counters))
    return skipped;
  switch (getOpcode(instruction.body)) {
  case Opcode::Halt:
  case Opcode::Loop:
  case Opcode::End:
  case Opcode::Signal:
  case Opcode::Wait:
    return 0;
  case Opcode::DmaCopy:
    return getCopy(std::get<DmaCopy>(instruction.body), counters);
  case Opcode::VecMap:
  case Opcode::VecReduce:
  case Opcode::VecPool:
  case Opcode::VecPoolPositions:
  case Opcode::VecUnpool:
  case Opcode::VecPack:
  case Opcode::VecGateMask:
  case Opcode::VecRandom:
    return getVec(instruction, counters);
  case Opcode::CoreProgram:
    return program;
  case Opcode::CoreStream: {
    const CoreStream &stream = std::get<CoreStream>(instruction.body);
    return add(multiply(evaluate(stream.length, counters), vector), fill);
  }
  }
  return 0;
}

Femtoseconds phx::getDuration(const Program &, const Instruction &instruction,
                              const Counters &counters, const Target &target) {
  return std::max<Femtoseconds>(Durations(target).get(instruction, counters),
                                0);
}
