//===- Model.cpp - Time, charges, power and area of weight banks *- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WeightBank.h"

#include "phx/target/MachineClass.h"

using namespace phx;
using namespace phx::weightbank;

//===----------------------------------------------------------------------===//
// Time
//===----------------------------------------------------------------------===//

namespace {
class BankDurations final : public ClassDurations {
public:
  explicit BankDurations(const Target &target)
      : groups(target.machines.size()) {
    for (size_t g = 0; g < groups.size(); ++g)
      if (const auto *machine = target.findMachine<Machine>(g))
        groups[g] = {toFemtoseconds(machine->set_row_ns().value()),
                     toFemtoseconds(machine->settle_ns().value()),
                     toPeriod(machine->clock_ghz().value())};
  }

  Femtoseconds get(const Program &, const Instruction &instruction,
                   const Counters &counters) const override {
    const Prices &prices = groups[instruction.engine.group];
    if (const auto *set = getIf<BankSet>(instruction.body))
      return multiplySaturating(evaluate(set->rows, counters), prices.setRow);
    const auto &read = getAs<BankRead>(instruction.body);
    return addSaturating(
        prices.settle,
        multiplySaturating(evaluate(read.length, counters), prices.vector));
  }

private:
  struct Prices {
    Femtoseconds setRow = 0, settle = 0, vector = 0;
  };
  std::vector<Prices> groups;
};
} // namespace

static std::unique_ptr<ClassDurations> makeDurations(const Target &target) {
  return std::make_unique<BankDurations>(target);
}

//===----------------------------------------------------------------------===//
// Charges
//===----------------------------------------------------------------------===//

template <const proto::Real &(Machine::*field)() const>
static double getPrice(const Target &target, const PriceContext &context) {
  const auto *machine = target.findMachine<Machine>(context.group);
  return machine ? (machine->*field)().value() : 0;
}

static Component getRingsComponent() {
  static const Component component = declareComponent(
      {"rings", "rings that are set, and held at their weights (static)"});
  return component;
}

static Component getReadoutComponent() {
  static const Component component =
      declareComponent({"bank_readout", "converters behind weight banks"});
  return component;
}

Counter weightbank::getRingsSet() {
  static const Counter counter = declareCounter(
      {"weightbank_rings_set", "ring", "rings set to a weight",
       getRingsComponent(), "GROUP.ring_pj", getPrice<&Machine::ring_pj>});
  return counter;
}

Counter weightbank::getReadouts() {
  static const Counter counter = declareCounter(
      {"weightbank_readouts", "readout",
       "sums read out: one per row and vector", getReadoutComponent(),
       "GROUP.readout_pj", getPrice<&Machine::readout_pj>});
  return counter;
}

static void charge(const ArrayExecution &execution, Counters64 &charges) {
  auto addBytes = [&](const Address &address, uint64_t read, uint64_t written) {
    chargeBytes(execution.program, address.memory, read, written, charges);
  };
  const Body &body = execution.instruction.body;
  if (const auto *set = getIf<BankSet>(body)) {
    uint64_t rings = execution.get(set->rows) * execution.get(set->cols);
    charges[getRingsSet().index] += rings;
    return addBytes(set->src, 4 * rings, 0);
  }
  const auto &read = getAs<BankRead>(body);
  uint64_t rows = execution.get(read.rows), cols = execution.get(read.cols);
  uint64_t vectors = execution.get(read.length), sums = rows * vectors;
  charges[getReadouts().index] += sums;
  charges[counters::macs.index] += sums * cols;
  addBytes(read.in, 4 * vectors * cols, 0);
  addBytes(read.out, execution.startsAccumulation() ? 0 : 4 * sums, 4 * sums);
}

//===----------------------------------------------------------------------===//
// The class
//===----------------------------------------------------------------------===//

/// Rows of all arrays of a group.
static double countRows(const Target &target, size_t group) {
  const proto::Group &spec = target.spec.groups(static_cast<int>(group));
  return double(spec.count().value()) * double(spec.rows().value());
}

static double countRings(const Target &target, size_t group) {
  const proto::Group &spec = target.spec.groups(static_cast<int>(group));
  return countRows(target, group) * double(spec.columns().value());
}

static const Machine &getMachine(const Target &target, size_t group) {
  return *target.findMachine<Machine>(group);
}

static void addStaticPower(const Target &target, size_t group,
                           Energies &watts) {
  watts[getRingsComponent().index] +=
      countRows(target, group) * getMachine(target, group).tuning_mw().value() *
      1e-3;
}

static AreaPart getRingsPart() {
  static const AreaPart part =
      declareAreaPart({"weightbank_rings", "rings of all weight banks",
                       AreaPartDeclaration::Kind::Arrays, /*photonic=*/true});
  return part;
}

static void addArea(const Target &target, size_t group, int64_t,
                    std::vector<AreaItem> &items) {
  items.push_back(
      {getRingsPart(), countRings(target, group) *
                           getMachine(target, group).ring_mm2().value()});
}

static double getPeakMacs(const Target &target, size_t group) {
  return countRings(target, group) *
         getMachine(target, group).clock_ghz().value();
}

static void checkMachine(GroupChecker &checker) {
  const auto &machine = checker.getMachine<Machine>();
  int64_t codes = int64_t(1) << (machine.adc_bits().value() - 1);
  if (machine.full_scale().value() % codes != 0)
    checker.report(checker.getName("full_scale"),
                   checker.getName("full_scale") + " is " +
                       std::to_string(machine.full_scale().value()) +
                       ", expected a multiple of " + std::to_string(codes) +
                       " (2^(adc_bits - 1)), so that steps are whole numbers");
}

void weightbank::registerClass() {
  static const bool once = [] {
    registerMachineClass({"weightbank", Machine::descriptor(), checkMachine});
    registerInstructions();
    exec::registerMachineUnit("weightbank", makeUnit);
    registerDurations("weightbank", makeDurations);
    getRingsSet();
    getReadouts();
    getRingsPart();
    MachineModel model;
    model.machine = Machine::descriptor();
    model.charge = charge;
    model.addStaticPower = addStaticPower;
    model.addArea = addArea;
    model.getPeakMacs = getPeakMacs;
    model.included = "holding the rings of all weight banks over the whole run";
    registerMachineModel(model);
    return true;
  }();
  (void)once;
}
