//===- Charges.cpp - What one instruction charges --------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/energy/Energy.h"

#include <algorithm>

using namespace phx;

const char *phx::getCounterName(Counter counter) {
  static const char *const names[numCounters] = {
      "dac_conversions",     "adc_conversions", "tia_symbols",
      "modulated_elements",  "bfp_conversions", "forward_conversions",
      "reverse_conversions", "accumulations",   "vector_ops",
      "scratchpad_bytes",    "dram_bytes",      "macs"};
  return names[static_cast<unsigned>(counter)];
}

namespace {
/// Adds up the charges of one execution.
struct Charger {
  const Program &program;
  const Target &target;
  const Counters &counters;
  Counters64 charges{};

  void add(Counter counter, uint64_t amount) {
    charges[static_cast<unsigned>(counter)] += amount;
  }
  void addBytes(Space space, uint64_t bytes) {
    add(space == Space::Dram ? Counter::DramBytes : Counter::ScratchpadBytes,
        bytes);
  }
  uint64_t count(const Count &count) const {
    return static_cast<uint64_t>(evaluate(count, counters));
  }
  uint64_t elements(const Shape4 &shape) const {
    return count(shape[0]) * count(shape[1]) * count(shape[2]) *
           count(shape[3]);
  }
  /// The whole array takes part in every vector and in every programming.
  uint64_t arrayRows() const { return program.arrayRows; }
  uint64_t arrayCols() const { return program.arrayCols; }
  uint64_t moduli() const {
    return static_cast<uint64_t>(target.spec.core().moduli().values_size());
  }

  void operator()(const Halt &) {}
  void operator()(const Loop &) {}
  void operator()(const End &) {}
  void operator()(const Signal &) {}
  void operator()(const Wait &) {}
  void operator()(const DmaCopy &copy);
  void operator()(const VecMap &map);
  void operator()(const VecReduce &reduce);
  void operator()(const VecPool &pool);
  void operator()(const CoreProgram &tile);
  void operator()(const CoreStream &stream);
};
} // namespace

void Charger::operator()(const DmaCopy &copy) {
  uint64_t written = elements(copy.shape), read = written;
  if (copy.zeroFill) {
    int64_t extent = evaluate(copy.shape[copy.zeroFill->dim], counters);
    int64_t start = evaluate(copy.zeroFill->start, counters);
    int64_t begin = std::max<int64_t>(start, 0);
    int64_t end = std::min(start + extent, copy.zeroFill->extent);
    uint64_t inside = end > begin ? static_cast<uint64_t>(end - begin) : 0;
    read = written / static_cast<uint64_t>(extent) * inside;
  }
  addBytes(copy.dst.space, 4 * written);
  addBytes(copy.src.space, 4 * read);
}

/// Sources that a function reads.
static unsigned getOperandCount(VecFn fn) {
  switch (fn) {
  case VecFn::Fill:
    return 0;
  case VecFn::Add:
  case VecFn::Sub:
  case VecFn::Mul:
  case VecFn::Div:
  case VecFn::Max:
  case VecFn::Min:
    return 2;
  default:
    return 1;
  }
}

void Charger::operator()(const VecMap &map) {
  uint64_t size = elements(map.shape);
  add(Counter::VectorOps, size * getOpsPerElement(map.fn));
  // A repeated operand (stride 0) is read once per element.
  addBytes(map.dst.space, 4 * size);
  unsigned operands = getOperandCount(map.fn);
  if (operands > 0)
    addBytes(map.a.space, 4 * size);
  if (operands > 1)
    addBytes(map.b.space, 4 * size);
}

void Charger::operator()(const VecReduce &reduce) {
  uint64_t size = elements(reduce.shape);
  add(Counter::VectorOps, size);
  addBytes(reduce.a.space, 4 * size);
  addBytes(reduce.dst.space, 4 * (size / count(reduce.shape[3])));
}

void Charger::operator()(const VecPool &pool) {
  uint64_t rows = count(pool.rows);
  uint64_t window = static_cast<uint64_t>(pool.window);
  // Positions outside the extents keep their slot: the lanes run in lockstep.
  uint64_t perRow = window + (pool.fn == PoolFn::Max ? 0 : 1);
  add(Counter::VectorOps, rows * perRow);
  addBytes(pool.in.space, 4 * rows * window);
  addBytes(pool.out.space, 4 * rows);
}

void Charger::operator()(const CoreProgram &tile) {
  uint64_t rows = count(tile.rows), cols = count(tile.cols);
  // Idle rows and columns are written with zeros.
  add(Counter::DacConversions, arrayRows() * arrayCols() * moduli());
  add(Counter::BfpConversions, rows);
  add(Counter::ForwardConversions, rows);
  addBytes(tile.src.space, 4 * rows * cols);
}

void Charger::operator()(const CoreStream &stream) {
  uint64_t rows = count(stream.rows), cols = count(stream.cols);
  uint64_t vectors = count(stream.length);
  auto detections =
      static_cast<uint64_t>(target.spec.core().detections_per_row().value());
  // No lane gating: idle rows are detected and converted like busy ones.
  uint64_t symbols = arrayRows() * moduli() * detections;
  add(Counter::BfpConversions, vectors);
  add(Counter::ForwardConversions, vectors);
  add(Counter::ModulatedElements, vectors * arrayCols());
  add(Counter::TiaSymbols, vectors * symbols);
  add(Counter::AdcConversions, vectors * symbols);
  add(Counter::ReverseConversions, vectors * arrayRows());
  add(Counter::Accumulations, vectors * rows);
  addBytes(stream.in.space, 4 * vectors * cols);
  // The first group starts from zero and reads no partial sums.
  uint64_t passes = evaluate(stream.kStart, counters) == 0 ? 1 : 2;
  addBytes(stream.out.space, 4 * vectors * rows * passes);
  add(Counter::Macs, vectors * rows * cols);
}

Counters64 phx::getCharges(const Program &program,
                           const Instruction &instruction,
                           const Counters &counters, const Target &target) {
  Charger charger{program, target, counters, {}};
  if (isExecuted(instruction, counters))
    std::visit(charger, instruction.body);
  return charger.charges;
}
