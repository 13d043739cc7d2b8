//===- ProductTest.cpp - A product whose result stays -----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../report/ReportSchema.h"
#include "../support/ExpectError.h"
#include "../support/TestMemories.h"
#include "../timing/TestTiming.h"
#include "OuterProduct.h"
#include "phx/isa/Origin.h"
#include "phx/isa/ProgramFile.h"
#include "phx/isa/Validator.h"
#include "phx/report/Glossary.h"
#include "phx/report/Report.h"

#include <functional>
#include <nlohmann/json.hpp>

using namespace phx;
using namespace phx::testing;

/// The one instruction of the product.
static constexpr size_t outerIndex = 2;

static std::vector<int64_t> toIntegers(const HostArray &array) {
  std::vector<int64_t> values(array.bytes.size() / 8);
  std::memcpy(values.data(), array.bytes.data(), array.bytes.size());
  return values;
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

TEST(CrossbarProduct, EqualsAPlainLoop) {
  OuterProduct product;
  int64_t saturated = 0;
  std::vector<int64_t> expected = product.multiply(&saturated);
  // Otherwise this says little about converters.
  EXPECT_GT(saturated, 0);
  EXPECT_LT(saturated, int64_t(expected.size()));
  for (const char *kind : {"reference", "fast"})
    for (unsigned count : {1u, 3u}) {
      SCOPED_TRACE(kind);
      Program program = product.makeProgram();
      auto executor = createExecutor(kind, program);
      ASSERT_TRUE(executor.ok()) << executor.error().message;
      auto outputs = (*executor)->run(product.makeInputs(), threads(count));
      ASSERT_TRUE(outputs.ok()) << outputs.error().message;
      EXPECT_EQ(toIntegers(outputs->at("y")), expected);
    }
}

TEST(CrossbarProduct, NumbersBeyondTheConversionAreNamed) {
  OuterProduct product;
  product.b[5] = 32; // of 6 bits
  Program program = product.makeProgram();
  auto outputs = runProgram(program, product.makeInputs(), threads(1));
  ASSERT_FALSE(outputs.ok());
  EXPECT_NE(outputs.error().message.find("tensor 'b' element [0, 0, 5] is 32, "
                                         "which 6 bits cannot hold"),
            std::string::npos)
      << outputs.error().message;
}

TEST(CrossbarProduct, OriginsAreThoseOfTheWholeProduct) {
  Program program = OuterProduct().makeProgram();
  Origins origins(program);
  // Chunk 1, group 1, stretch 2, lane 1: rows count from the chunk on.
  Counters counters{1, 6};
  counters[laneLoop] = 1;
  EXPECT_EQ(origins.get(outerIndex, counters), (Origin{1, 16, 24, 16}));
  // Without nests an instruction says all of it.
  program.products[0].nests.clear();
  EXPECT_EQ(Origins(program).get(outerIndex, counters),
            (Origin{1, 0, 24, 16}));
}

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

/// The message after `change` to the legal program.
static std::string
getError(std::function<void(Program &, CrossbarOuter &)> change) {
  Program program = OuterProduct().makeProgram();
  change(program, getAs<CrossbarOuter>(program.code[outerIndex].body));
  Status status = validate(program);
  return status.ok() ? "accepted" : status.error().message;
}

static void expectContains(const std::string &text, const std::string &part) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

TEST(CrossbarProduct, NestsAreProvedByTheClass) {
  EXPECT_EQ(getError([](Program &, CrossbarOuter &) {}), "accepted");
  expectContains(
      getError([](Program &, CrossbarOuter &outer) { outer.length.cap = 11; }),
      "product 0: expected 22496 multiply-accumulates, found");
  // The last row of the second chunk twice, and another one not at all.
  expectContains(getError([](Program &p, CrossbarOuter &) {
                   p.products[0].nests[0].rows.size.cap = 15;
                 }),
                 "product 0: expected groups [0, 2), rows [0, 21), columns "
                 "[0, 19), contraction positions [0, 37) to be computed once "
                 "each");
  expectContains(getError([](Program &p, CrossbarOuter &) {
                   p.products[0].n = 20;
                   p.products[0].nests[0].columns.size.cap = 20;
                 }),
                 "multiply-accumulates, found");
}

TEST(CrossbarProduct, OperandsHaveTheRolesOfTheProduct) {
  expectContains(getError([](Program &p, CrossbarOuter &) {
                   p.products[0].stationary = Stationary::First;
                 }),
                 "(crossbar.outer, layer 'outer'): product: expected a product "
                 "with 'stationary result' (the instruction has 2 operands "
                 "that are streamed), found 'stationary first'");
  expectContains(getError([](Program &, CrossbarOuter &outer) {
                   std::swap(outer.firstConversion, outer.secondConversion);
                 }),
                 "first conversion: expected 0 (that of its product's first "
                 "operand), found 1");
  expectContains(getError([](Program &, CrossbarOuter &outer) {
                   outer.secondConversion = 0;
                 }),
                 "second conversion: expected 1 (that of its product's second "
                 "operand), found 0");
  expectContains(getError([](Program &p, CrossbarOuter &) {
                   p.combines[0].push_back(ChannelScale{});
                 }),
                 "combine: expected [crossbar.add_i64], found");
  expectContains(getError([](Program &, CrossbarOuter &outer) {
                   ++outer.group.base;
                 }),
                 "group: expected a group below 2, at least 0, found 2");
  expectContains(getError([](Program &, CrossbarOuter &outer) {
                   outer.vectors.cap = 17;
                 }),
                 "vectors: expected at most 16 (arrays of group 'wide')");
}

TEST(CrossbarProduct, AFieldOfTheFileSaysWhatStays) {
  std::string path = ::testing::TempDir() + "outer.phx";
  Program program = OuterProduct().makeProgram();
  ASSERT_TRUE(writeProgram(program, path).ok());
  auto read = readProgram(path);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->products, program.products);
  EXPECT_EQ(read->code, program.code);
}

//===----------------------------------------------------------------------===//
// Cost
//===----------------------------------------------------------------------===//

TEST(CrossbarProduct, TakesAFillAndItsPositionsAndRows) {
  TimingResult result =
      runBoth(OuterProduct().makeProgram(), makeCrossbarTarget());
  Femtoseconds expected = 0;
  for (int64_t rows : {16, 5})
    for (int64_t length : {12, 12, 12, 1})
      expected += OuterProduct::groups * (3 * ns + (length + rows) * ns / 2);
  ASSERT_EQ(result.engines.size(), 7u);
  EXPECT_EQ(result.engines[5].engine, wide0);
  EXPECT_EQ(result.engines[5].busy, expected);
  EXPECT_EQ(result.engines[6].busy, expected);
  EXPECT_EQ(result.latency, expected);
}

TEST(CrossbarProduct, ChargesReadoutsOfEveryStretch) {
  using P = OuterProduct;
  Program program = P().makeProgram();
  Target target = makeCrossbarTarget();
  Counters64 charges = (*countCharges(program, target))[outerIndex], steps{};
  for (int64_t chunk = 0; chunk < 2; ++chunk)
    for (int64_t i = 0; i < 8; ++i)
      accumulate(steps, getCharges(program, program.code[outerIndex],
                                   Counters{chunk, i}, target));
  EXPECT_EQ(charges, steps);
  uint64_t results = P::groups * P::m * P::n;
  EXPECT_EQ(get(charges, crossbar::getReadouts()), 4 * results);
  EXPECT_EQ(get(charges, counters::macs), results * P::k);
  EXPECT_EQ(get(charges, getWriteCounter(mem::grad)), 4 * 8 * results);
  // The first stretch starts from 0.
  EXPECT_EQ(get(charges, getReadCounter(mem::grad)), 3 * 8 * results);
  // Rows pass once per block of columns, columns once per chunk of rows.
  EXPECT_EQ(get(charges, getReadCounter(mem::act)),
            uint64_t(2 * 4 * P::groups * P::m * P::k));
  EXPECT_EQ(get(charges, getReadCounter(mem::wgt)),
            uint64_t(2 * 4 * P::groups * P::n * P::k));
}

TEST(CrossbarProduct, IsReportedByWhatStays) {
  Program program = OuterProduct().makeProgram();
  Target target = makeCrossbarTarget();
  auto timing = simulate(program, target);
  ASSERT_TRUE(timing.ok()) << timing.error().message;
  ReportInputs inputs{program, target, *timing,
                      *countCharges(program, target), nullptr, {}, {}};
  nlohmann::json report = nlohmann::json::parse(makeJsonReport(inputs));
  test::expectValid(report);
  EXPECT_EQ(report["layers"][0]["stationary"], "result");
  uint64_t results = OuterProduct::groups * OuterProduct::m * OuterProduct::n;
  EXPECT_EQ(report["layers"][0]["macs"], results * OuterProduct::k);
  EXPECT_EQ(report["counters"]["crossbar_readouts"], 4 * results);
  EXPECT_EQ(report["energy_pj"]["by_component"]["readout"]["dynamic"],
            0.75 * double(4 * results));
  expectContains(makeTextReport(inputs, 100, false), "result");
  std::string glossary = formatGlossary(listGlossary(), 80);
  expectContains(glossary, "crossbar_outer.first [bytes]\n      address, read, "
                           "streamed: int32 rows of the first operand");
  expectContains(glossary, "crossbar_outer.vec [vectors]\n      affine, at least 0, "
                           "vector of the origin:");
}
