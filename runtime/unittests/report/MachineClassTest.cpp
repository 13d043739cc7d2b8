//===- MachineClassTest.cpp - Reports on arrays of another class *- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A class that only this file knows charges a counter, has a component and an
// area of its own, and appears in reports.
//
//===----------------------------------------------------------------------===//

#include "ReportSchema.h"
#include "machines/rns/Instructions.h"
#include "phx/isa/BaseOperations.h"
#include "phx/isa/DescribeInstruction.h"
#include "phx/target/MachineClass.h"
#include "phx/energy/Energy.h"
#include "phx/report/Glossary.h"
#include "phx/report/Report.h"
#include "test_machine.pb.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

using namespace phx;
using Json = nlohmann::json;
using Lattice = proto::test::Machine;

namespace {
/// Flips rows `level` times: more than counts decides what is charged.
struct Pulse {
  static constexpr Opcode opcode{60000};
  Affine level; ///< declared: charges depend on it
  Affine place; ///< not declared
  Count rows;
  friend bool operator==(const Pulse &, const Pulse &) = default;
};
/// What its charges ask for that it does not declare.
enum class Asks { Nothing, Place, Count, Start };
Asks asks = Asks::Nothing;
} // namespace

template <> const InstructionDescription &phx::describeInstruction<Pulse>() {
  static const InstructionDescription description =
      DescribeInstruction<Pulse>("test_pulse", EnginePlace::Array)
          .ofClass("test")
          .field(&Pulse::level, "level", "how often")
          .unit("flips")
          .field(&Pulse::place, "place", "where")
          .unit("rows")
          .field(&Pulse::rows, "rows", "how many")
          .unit("rows")
          .chargedBy(&Pulse::level)
          .build();
  return description;
}

static const Lattice &getLattice(const Target &target, size_t group) {
  return *target.findMachine<Lattice>(group);
}
static double getRows(const Target &target, size_t group) {
  return static_cast<double>(
      target.spec.groups(static_cast<int>(group)).rows().value());
}

static Component getLamp() {
  static const Component lamp =
      declareComponent({"lamp", "lamps of lattices, and their flips"});
  return lamp;
}

static AreaPart getLattices() {
  static const AreaPart lattices =
      declareAreaPart({"lattice", "rows of lattices",
                       AreaPartDeclaration::Kind::Arrays, /*photonic=*/true});
  return lattices;
}

static double priceFlip(const Target &target, const PriceContext &context) {
  return target.findMachine<Lattice>(context.group)
             ? getLattice(target, context.group).optics().loss_db().value()
             : 0;
}

static Counter getFlips() {
  static const Counter flips =
      declareCounter({"flips", "flip", "rows that a vector flips", getLamp(),
                      "GROUP.optics.loss_db", priceFlip});
  return flips;
}

[[maybe_unused]] static const bool registered = [] {
  registerMachineClass({"test", Lattice::descriptor(), nullptr});
  MachineModel model;
  model.machine = Lattice::descriptor();
  model.charge = [](const ArrayExecution &execution, Counters64 &charges) {
    if (const auto *pulse = getIf<Pulse>(execution.instruction.body)) {
      if (asks == Asks::Place)
        (void)execution.get(pulse->place);
      if (asks == Asks::Count)
        (void)execution.get(Count{1});
      if (asks == Asks::Start)
        (void)execution.startsAccumulation();
      charges[getFlips().index] +=
          uint64_t(execution.get(pulse->level)) * execution.get(pulse->rows);
      return;
    }
    charges[getFlips().index] +=
        static_cast<uint64_t>(getRows(execution.target, execution.group));
  };
  model.addStaticPower = [](const Target &target, size_t group,
                            Energies &watts) {
    watts[getLamp().index] += getRows(target, group);
  };
  model.addArea = [](const Target &target, size_t group, int64_t,
                     std::vector<AreaItem> &items) {
    items.push_back({getLattices(), getRows(target, group)});
  };
  model.getPaperFigures = [](const Target &target, size_t group,
                             const Energies &dynamic, double latencyNs) {
    return PaperFigures{get(dynamic, getLamp()) +
                            getRows(target, group) * latencyNs,
                        0};
  };
  model.paperDefinition = "flips, and rows for the time of products";
  model.included = "lamps that shine all the time";
  getFlips();
  getLattices();
  registerMachineModel(model);
  return true;
}();

/// Two groups, of 8 and 64 rows; no memories, no vector unit.
static Target makeTarget() {
  std::string text = "name: \"two\" extensions: \"test\"\n";
  for (const char *group :
       {"name: \"wide\" rows { value: 8", "name: \"tall\" rows { value: 64"})
    text += std::string("groups { ") + group +
            " source: \"s\" } count { value: 3 source: \"s\" }"
            " columns { value: 5 source: \"s\" }"
            " machine { [type.googleapis.com/phx.proto.test.Machine] {"
            " levels { values: [2, 4] source: \"s\" }"
            " clock_ghz { value: 2 source: \"s\" }"
            " optics { loss_db { value: 0.5 source: \"s\" } } } } }\n";
  auto target = parseTarget(text, "two.textproto");
  EXPECT_TRUE(target.ok()) << (target.ok() ? "" : target.error().message);
  return *target;
}

/// One layer that streams three times, in 100 ns.
struct LatticeRun {
  LatticeRun() : target(makeTarget()) {
    program.name = "flip";
    program.layers.push_back({"fc", "Gemm", {}});
    program.conversions = {Bfp{}};
    program.products.resize(1);
    Instruction stream;
    stream.engine = {EngineKind::Core, 0};
    stream.layer = 0;
    CoreStream vector;
    vector.rows.cap = vector.cols.cap = vector.length.cap = 1;
    stream.body = vector;
    program.code = {stream, stream, stream};
    timing.latency = 100'000'000;
    timing.layers.resize(1);
    timing.layers[0].coreEnd = 50'000'000;
    timing.peakDynamicW = 1;
  }
  ReportInputs inputs() const {
    return {program, target, timing, *countCharges(program, target),
            nullptr, {},     {}};
  }

  Target target;
  Program program;
  TimingResult timing;
};

TEST(MachineClass, ItsCountersAndComponentsAreReported) {
  LatticeRun run;
  Json report = Json::parse(makeJsonReport(run.inputs()));
  test::expectValid(report);
  EXPECT_EQ(report["counters"]["flips"], 3 * 8);
  EXPECT_EQ(report["counters"]["adc_conversions"], 0);
  const Json &lamp = report["energy_pj"]["by_component"]["lamp"];
  EXPECT_EQ(lamp["dynamic"], 12);
  EXPECT_EQ(lamp["static"], 72 * 100e3); // both groups
  EXPECT_EQ(report["energy_pj"]["total"], 12 + 72 * 100e3);
  EXPECT_EQ(report["layers"][0]["energy_pj"]["by_component"]["lamp"], 12);
  // Areas of equal names add up; what the machine lacks has none.
  EXPECT_EQ(report["area_mm2"]["by_component"], Json({{"lattice", 72.0}}));
  EXPECT_EQ(report["area_mm2"]["photonic"], 72);
  // Only one group has flips; both count, each with its own rows.
  EXPECT_EQ(report["paper_convention"]["latency_ns"], 50);
  EXPECT_EQ(report["paper_convention"]["energy_pj"], 12 + (8 + 64) * 50);
  // What the class states is not said to be missing.
  EXPECT_EQ(report["excludes"].dump().find("wide"), std::string::npos);
  EXPECT_EQ(report["utilization"], 0);
  // Once, though there are two groups.
  auto includes = report["includes"].get<std::vector<std::string>>();
  EXPECT_EQ(std::count(includes.begin(), includes.end(),
                       "lamps that shine all the time"),
            1);
}

TEST(MachineClass, TheTextReportKnowsThem) {
  LatticeRun run;
  std::string text = makeTextReport(run.inputs(), 100, false);
  EXPECT_NE(text.find("lamp"), std::string::npos) << text;
  EXPECT_NE(text.find("paper convention"), std::string::npos) << text;
}

TEST(MachineClass, TheGlossaryExplainsThem) {
  std::string text = formatGlossary(listGlossary(), 80);
  EXPECT_NE(text.find("  flips [flip]\n      rows that a vector flips. The "
                      "target prices one in"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("  lamp [pJ]\n"), std::string::npos) << text;
}

/// A loop of 2 around one of 100,000 around a pulse.
static Program makePulses(Affine level) {
  Program program;
  Instruction pulse;
  pulse.engine = {EngineKind::Core, 0};
  Pulse body;
  body.level = std::move(level);
  body.place.terms = {{1, 1, 0, 1, 0, 1}};
  body.rows = {3, Affine{99'999, {{1, 1, 0, 1, 0, -1}}}};
  pulse.body = body;
  Instruction outer, inner, end;
  outer.body = Loop{2};
  inner.body = Loop{100'000};
  end.body = End{};
  program.code = {outer, inner, pulse, end, end, Instruction()};
  return program;
}

TEST(MachineClass, ChargesFollowTheFieldsThatAreDeclared) {
  Target target = makeTarget();
  const Affine levels[] = {
      {5, {}},                                           // one for all
      {1, {{1, 1, 0, 1, 7, 2}, {0, 1, 0, 1, 0, 100}}},   // comes back
      {0, {{1, 3, 1, 4, 0, 1}}},                         // rises
      {200'000, {{1, 1, 0, 1, 0, -1}, {1, 1, 0, 1, 3, 1}}}};
  for (const Affine &level : levels) {
    Program program = makePulses(level);
    uint64_t expected = 0;
    Counters counters{};
    for (counters[0] = 0; counters[0] < 2; ++counters[0])
      for (counters[1] = 0; counters[1] < 100'000; ++counters[1])
        expected += uint64_t(evaluate(level, counters)) *
                    uint64_t(std::min<int64_t>(3, 99'999 - counters[1]));
    EXPECT_EQ(get((*countCharges(program, target))[2], getFlips()), expected)
        << "level with base " << level.base;
  }
}

TEST(MachineClassDeathTest, ChargesSeeNoFieldThatIsNotDeclared) {
  Target target = makeTarget();
  Program program = makePulses({5, {}});
  asks = Asks::Place;
  EXPECT_DEATH((void)countCharges(program, target),
               "the charges of test.pulse depend on its field 'place', which "
               "its description does not declare: .* list the field in "
               "chargedBy");
  asks = Asks::Count;
  EXPECT_DEATH((void)countCharges(program, target),
               "the charges of test.pulse depend on its field '.', .* ask for "
               "a count of the instruction");
  asks = Asks::Start;
  EXPECT_DEATH((void)countCharges(program, target),
               "the charges of test.pulse depend on its field '.', .* describe "
               "a field as FieldRole::AccumulationStart");
  asks = Asks::Nothing;
}
