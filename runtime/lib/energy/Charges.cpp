//===- Charges.cpp - What one instruction charges --------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/energy/Energy.h"

#include "machines/rns/Target.h"

#include <algorithm>

using namespace phx;

const char *phx::getCounterName(Counter counter) {
  static const char *const names[numCounters] = {
      "dac_conversions",      "adc_conversions",
      "tia_symbols",          "modulated_elements",
      "bfp_conversions",      "nearest_roundings",
      "stochastic_roundings", "forward_conversions",
      "reverse_conversions",  "accumulations",
      "vector_ops",           "scratchpad_bytes",
      "dram_bytes",           "macs"};
  return names[static_cast<unsigned>(counter)];
}

namespace {
/// Adds up the charges of one execution.
struct Charger {
  const Program &program;
  const Instruction &instruction;
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
  /// One adder per element, unless the format truncates.
  void addRoundings(uint32_t format, uint64_t elements) {
    Rounding rounding = program.formats[format].rounding;
    if (rounding == Rounding::Nearest)
      add(Counter::NearestRoundings, elements);
    if (rounding == Rounding::Stochastic)
      add(Counter::StochasticRoundings, elements);
  }
  uint64_t moduli() const {
    return static_cast<uint64_t>(rns::findArrays(target)->getModuli().size());
  }

  void operator()(const Halt &) {}
  void operator()(const Loop &) {}
  void operator()(const End &) {}
  void operator()(const Signal &) {}
  void operator()(const Wait &) {}
  void operator()(const DmaCopy &copy);
  void operator()(const CoreProgram &tile);
  void operator()(const CoreStream &stream);
  /// The vector unit.
  template <typename Vec> void operator()(const Vec &) {
    VecWork work = getVecWork(instruction, counters);
    add(Counter::VectorOps,
        static_cast<uint64_t>(work.elements) * work.opsPerElement +
            static_cast<uint64_t>(work.rows));
    for (unsigned s = 0; s < numSpaces; ++s)
      addBytes(static_cast<Space>(s), static_cast<uint64_t>(work.bytes[s]));
  }
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

void Charger::operator()(const CoreProgram &tile) {
  uint64_t rows = count(tile.rows), cols = count(tile.cols);
  // Idle rows and columns are written with zeros.
  add(Counter::DacConversions, arrayRows() * arrayCols() * moduli());
  add(Counter::BfpConversions, rows);
  addRoundings(tile.format, rows * cols);
  add(Counter::ForwardConversions, rows);
  addBytes(tile.src.space, 4 * rows * cols);
}

void Charger::operator()(const CoreStream &stream) {
  uint64_t rows = count(stream.rows), cols = count(stream.cols);
  uint64_t vectors = count(stream.length);
  auto detections =
      static_cast<uint64_t>(rns::findArrays(target)->machine->detections_per_row().value());
  // No lane gating: idle rows are detected and converted like busy ones.
  uint64_t symbols = arrayRows() * moduli() * detections;
  add(Counter::BfpConversions, vectors);
  addRoundings(stream.format, vectors * cols);
  add(Counter::ForwardConversions, vectors);
  add(Counter::ModulatedElements, vectors * arrayCols());
  add(Counter::TiaSymbols, vectors * symbols);
  add(Counter::AdcConversions, vectors * symbols);
  add(Counter::ReverseConversions, vectors * arrayRows());
  add(Counter::Accumulations, vectors * rows);
  addBytes(stream.in.space, 4 * vectors * cols);
  // The first group starts from zero and reads no partial sums, unless what is
  // in memory counts as one.
  bool starts = evaluate(stream.kStart, counters) == 0 &&
                !program.products[stream.product].accumulate;
  uint64_t passes = starts ? 1 : 2;
  addBytes(stream.out.space, 4 * vectors * rows * passes);
  add(Counter::Macs, vectors * rows * cols);
}

Counters64 phx::getCharges(const Program &program,
                           const Instruction &instruction,
                           const Counters &counters, const Target &target) {
  Charger charger{program, instruction, target, counters, {}};
  if (isExecuted(instruction, counters))
    std::visit(charger, instruction.body);
  return charger.charges;
}
