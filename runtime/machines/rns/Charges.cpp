//===- Charges.cpp - What residue arrays charge -----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Energy.h"
#include "machines/rns/Instructions.h"
#include "machines/rns/Operations.h"

#include "phx/isa/Blocks.h"

using namespace phx;
using namespace phx::rns;

namespace {
/// Adds up the charges of one execution.
struct Charger {
  const ArrayExecution &execution;
  const Program &program;
  const ArrayGroup &group;
  const Arrays arrays;
  const ArrayCounters &to;
  Counters64 &charges;

  void add(Counter counter, uint64_t amount) {
    charges[counter.index] += amount;
  }
  void addBytes(uint32_t memory, uint64_t read, uint64_t written) {
    chargeBytes(program, memory, read, written, charges);
  }
  uint64_t count(const Count &count) const {
    return execution.get(count);
  }
  /// The whole array takes part in every vector and in every programming.
  uint64_t arrayRows() const { return group.rows; }
  uint64_t arrayCols() const { return group.columns; }
  uint64_t moduli() const {
    return static_cast<uint64_t>(arrays.getModuli().size());
  }
  /// One adder per element, unless the format truncates.
  void addRoundings(uint32_t conversion, uint64_t elements) {
    const Bfp *bfp = getIf<Bfp>(program.conversions[conversion]);
    if (bfp && bfp->rounding == Rounding::Nearest)
      add(to.nearestRoundings, elements);
    if (bfp && bfp->rounding == Rounding::Stochastic)
      add(to.stochasticRoundings, elements);
  }

  /// Rows of `cols` elements that are read by an array: converted, or blocks
  /// of it. The columns of a pass are those of one block.
  void addOperand(uint32_t memory, uint32_t conversion, bool stored,
                  uint64_t rows, uint64_t cols) {
    const Bfp *format =
        stored ? findBlockFormat(program, conversion) : nullptr;
    if (format)
      return addBytes(
          memory, static_cast<uint64_t>(getBlockBytes(*format)) * rows, 0);
    add(to.bfpConversions, rows);
    addRoundings(conversion, rows * cols);
    addBytes(memory, 4 * rows * cols, 0);
  }

  void add(const CoreProgram &tile);
  void add(const CoreStream &stream);
  void add(const CoreConvert &conversion);
};
} // namespace

void Charger::add(const CoreProgram &tile) {
  uint64_t rows = count(tile.rows), cols = count(tile.cols);
  // Idle rows and columns are written with zeros.
  add(to.dacConversions, arrayRows() * arrayCols() * moduli());
  addOperand(tile.src.memory, tile.conversion, tile.stored, rows, cols);
  add(to.forwardConversions, rows);
}

void Charger::add(const CoreStream &stream) {
  uint64_t rows = count(stream.rows), cols = count(stream.cols);
  uint64_t vectors = count(stream.length);
  auto detections =
      static_cast<uint64_t>(arrays.machine->detections_per_row().value());
  // No lane gating: idle rows are detected and converted like busy ones.
  uint64_t symbols = arrayRows() * moduli() * detections;
  addOperand(stream.in.memory, stream.conversion, stream.stored, vectors, cols);
  add(to.forwardConversions, vectors);
  add(to.modulatedElements, vectors * arrayCols());
  add(to.tiaSymbols, vectors * symbols);
  add(to.adcConversions, vectors * symbols);
  add(to.reverseConversions, vectors * arrayRows());
  add(to.accumulations, vectors * rows);
  // The first group starts from zero and reads no partial sums, unless what is
  // in memory counts as one.
  bool starts = execution.startsAccumulation();
  uint64_t bytes = 4 * vectors * rows;
  addBytes(stream.out.memory, starts ? 0 : bytes, bytes);
  add(counters::macs, vectors * rows * cols);
}

void Charger::add(const CoreConvert &conversion) {
  const Bfp *format = findBlockFormat(program, conversion.conversion);
  if (!format)
    return;
  uint64_t rows = count(conversion.rows), cols = count(conversion.cols);
  auto groupLength = static_cast<uint64_t>(format->group);
  uint64_t blocks = (cols + groupLength - 1) / groupLength;
  auto blockBytes = static_cast<uint64_t>(getBlockBytes(*format));
  add(to.bfpConversions,
      rows * static_cast<uint64_t>(countGroupPasses(
                 static_cast<int64_t>(cols), format->group, group.columns)));
  addRoundings(conversion.conversion, rows * cols);
  addBytes(conversion.src.memory, 4 * rows * cols, 0);
  addBytes(conversion.dst.memory, 0, blockBytes * rows * blocks);
}

void rns::charge(const ArrayExecution &execution, Counters64 &charges) {
  Charger charger{execution, execution.program,
                  *findGroup(execution.program, execution.instruction),
                  getArrays(execution.target, execution.group),
                  getArrayCounters(), charges};
  const Body &body = execution.instruction.body;
  RnsInstructions::forEach([&]<typename T>() {
    if (const T *instruction = getIf<T>(body))
      charger.add(*instruction);
  });
}
