//===- Model.cpp - Time, charges, power and area of crossbars ---*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Crossbar.h"

#include "phx/target/MachineClass.h"

using namespace phx;
using namespace phx::crossbar;

Arrays crossbar::getArrays(const Target &target, size_t group) {
  const proto::Group &spec = target.spec.groups(static_cast<int>(group));
  return {double(spec.count().value()), double(spec.rows().value()),
          double(spec.columns().value()), target.findMachine<Machine>(group)};
}

//===----------------------------------------------------------------------===//
// Time
//===----------------------------------------------------------------------===//

namespace {
class CrossbarDurations final : public ClassDurations {
public:
  explicit CrossbarDurations(const Target &target)
      : groups(target.machines.size()) {
    for (size_t g = 0; g < groups.size(); ++g)
      if (const auto *machine = target.findMachine<Machine>(g))
        groups[g] = {toPeriod(machine->clock_ghz().value()),
                     toFemtoseconds(machine->fill_ns().value()),
                     toFemtoseconds(machine->program_row_ns().value()),
                     toFemtoseconds(machine->update_ns().value())};
  }

  Femtoseconds get(const Program &, const Instruction &instruction,
                   const Counters &counters) const override {
    const Prices &prices = groups[instruction.engine.group];
    if (const auto *load = getIf<CrossbarLoad>(instruction.body))
      return multiplySaturating(evaluate(load->rows, counters),
                                prices.programRow);
    if (const auto *dot = getIf<CrossbarDot>(instruction.body))
      return addSaturating(
          prices.fill,
          multiplySaturating(evaluate(dot->rows, counters), prices.row));
    if (const auto *outer = getIf<CrossbarOuter>(instruction.body))
      // One position, then one row of readouts, per cycle.
      return addSaturating(
          prices.fill,
          multiplySaturating(evaluate(outer->length, counters) +
                                 evaluate(outer->rows, counters),
                             prices.row));
    if (const auto *compact = getIf<CrossbarCompact>(instruction.body))
      return addSaturating(
          prices.fill,
          multiplySaturating(evaluate(compact->count, counters), prices.row));
    const auto &update = getAs<CrossbarUpdate>(instruction.body);
    return multiplySaturating(evaluate(update.count, counters), prices.update);
  }

private:
  struct Prices {
    Femtoseconds row = 0, fill = 0, programRow = 0, update = 0;
  };
  std::vector<Prices> groups;
};
} // namespace

std::unique_ptr<ClassDurations> crossbar::makeDurations(const Target &target) {
  return std::make_unique<CrossbarDurations>(target);
}

//===----------------------------------------------------------------------===//
// Charges
//===----------------------------------------------------------------------===//

Component crossbar::getReadoutComponent() {
  static const Component component =
      declareComponent({"readout", "converters that read rows of crossbars"});
  return component;
}

Component crossbar::getCellsComponent() {
  static const Component component = declareComponent(
      {"cells", "cells that are written, and their bias (static)"});
  return component;
}

template <const proto::Real &(Machine::*field)() const>
static double getPrice(const Target &target, const PriceContext &context) {
  const auto *machine = target.findMachine<Machine>(context.group);
  return machine ? (machine->*field)().value() : 0;
}

Counter crossbar::getReadouts() {
  static const Counter counter = declareCounter(
      {"crossbar_readouts", "readout", "rows of a tile that a vector reads",
       getReadoutComponent(), "GROUP.readout_pj",
       getPrice<&Machine::readout_pj>});
  return counter;
}

Counter crossbar::getCellWrites() {
  static const Counter counter = declareCounter(
      {"crossbar_cell_writes", "cell", "cells programmed or updated",
       getCellsComponent(), "GROUP.cell_write_pj",
       getPrice<&Machine::cell_write_pj>});
  return counter;
}

void crossbar::charge(const ArrayExecution &execution, Counters64 &charges) {
  auto add = [&](Counter counter, uint64_t amount) {
    charges[counter.index] += amount;
  };
  auto addBytes = [&](const Address &address, uint64_t read,
                      uint64_t written = 0) {
    chargeBytes(execution.program, address.memory, read, written, charges);
  };
  auto count = [&](const Count &n) {
    return execution.get(n);
  };
  const Body &body = execution.instruction.body;
  if (const auto *load = getIf<CrossbarLoad>(body)) {
    uint64_t cells = count(load->rows) * count(load->cols);
    add(getCellWrites(), cells);
    addBytes(load->src, 4 * cells);
  } else if (const auto *dot = getIf<CrossbarDot>(body)) {
    uint64_t rows = count(dot->rows), cols = count(dot->cols);
    bool starts = execution.startsAccumulation();
    add(getReadouts(), rows);
    add(counters::macs, rows * cols);
    addBytes(dot->list, 4 * cols);
    addBytes(dot->in, 4 * cols);
    addBytes(dot->scale, 4 * rows);
    addBytes(dot->acc, starts ? 0 : 8 * rows, 8 * rows);
    addBytes(dot->out, 0, 4 * rows);
  } else if (const auto *outer = getIf<CrossbarOuter>(body)) {
    uint64_t rows = count(outer->rows), vectors = count(outer->vectors);
    uint64_t length = count(outer->length);
    bool starts = execution.startsAccumulation();
    add(getReadouts(), rows * vectors);
    add(counters::macs, rows * vectors * length);
    addBytes(outer->first, 4 * rows * length);
    addBytes(outer->second, 4 * vectors * length);
    addBytes(outer->out, starts ? 0 : 8 * rows * vectors, 8 * rows * vectors);
  } else if (const auto *compact = getIf<CrossbarCompact>(body)) {
    // What is left out takes its slot.
    uint64_t elements = count(compact->count);
    addBytes(compact->in, 4 * elements);
    addBytes(compact->values, 0, 4 * elements);
    addBytes(compact->list, 0, 4 * elements);
  } else {
    const auto &update = getAs<CrossbarUpdate>(body);
    uint64_t cells = count(update.count);
    add(getCellWrites(), cells);
    addBytes(update.delta, 4 * cells);
    addBytes(update.cells, 4 * cells, 4 * cells);
  }
}

//===----------------------------------------------------------------------===//
// The class
//===----------------------------------------------------------------------===//

static void addStaticPower(const Target &target, size_t group,
                           Energies &watts) {
  Arrays arrays = getArrays(target, group);
  watts[getCellsComponent().index] +=
      arrays.count * arrays.rows * arrays.machine->bias_mw().value() * 1e-3;
}

static AreaPart getCellsPart() {
  static const AreaPart part = declareAreaPart(
      {"crossbar_cells", "cells of all crossbars",
       AreaPartDeclaration::Kind::Arrays, /*photonic=*/true});
  return part;
}

static void addArea(const Target &target, size_t group, int64_t,
                    std::vector<AreaItem> &items) {
  Arrays arrays = getArrays(target, group);
  items.push_back({getCellsPart(),
                   arrays.count * arrays.rows * arrays.columns *
                       arrays.machine->area().cell_mm2().value()});
}

/// All cells at once, where they keep the results.
static double getPeakMacs(const Target &target, size_t group) {
  Arrays arrays = getArrays(target, group);
  return arrays.count * arrays.rows * arrays.columns *
         arrays.machine->clock_ghz().value();
}

static void checkMachine(GroupChecker &checker) {
  const auto &machine = checker.getMachine<Machine>();
  if (machine.adc_bits().value() > 8 && machine.readout_pj().value() == 0)
    checker.report(checker.getName("readout_pj"),
                   checker.getName("readout_pj") +
                       " is 0, but readouts of more than 8 bits are not free");
}

/// Readouts need converters of their resolution.
static Status checkProgram(const Program &program, const Target &target,
                           size_t group) {
  int64_t bits = getArrays(target, group).machine->adc_bits().value();
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Instruction &instruction = program.code[i];
    const auto *dot = getIf<CrossbarDot>(instruction.body);
    const auto *outer = getIf<CrossbarOuter>(instruction.body);
    if ((!dot && !outer) || instruction.engine.group != group)
      continue;
    const Adc *adc =
        findIn<Adc>(program.passes[dot ? dot->pass : outer->pass]);
    if (adc && adc->bits > bits)
      return Error{"instruction " + std::to_string(i) + " (" +
                   getMnemonic(instruction.body) + ") reads " +
                   std::to_string(adc->bits) + " bits, target '" +
                   target.spec.name() + "' has " + std::to_string(bits) + " (" +
                   target.spec.groups(static_cast<int>(group)).name() +
                   ".adc_bits)"};
  }
  return Status::success();
}

void crossbar::registerClass() {
  registerMachineClass({"crossbar", Machine::descriptor(), checkMachine});
  registerInstructions();
  exec::registerMachineUnit("crossbar", makeUnit);
  registerDurations("crossbar", makeDurations);
  getReadouts();
  getCellsPart();
  getCellWrites();
  MachineModel model;
  model.machine = Machine::descriptor();
  model.charge = charge;
  model.addStaticPower = addStaticPower;
  model.addArea = addArea;
  model.getPeakMacs = getPeakMacs;
  model.included = "the bias of all crossbars over the whole run";
  model.checkProgram = checkProgram;
  registerMachineModel(model);
}

/// Before main, so that no test needs a fixture for it.
[[maybe_unused]] static const bool registered = [] {
  crossbar::registerClass();
  return true;
}();
