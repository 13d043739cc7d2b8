//===- NestTest.cpp - Programs of nests against the contract --------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Nests of tiles that are drawn at random, of products that are drawn at
// random, are scheduled for small machines as they stand in the IR and
// executed: the program has to have the bits of the arithmetic contract, which
// is written down a second time. Loops come in any order, in pieces, backwards;
// any of them are dealt to the arrays; operands have formats of their own.
//
//===----------------------------------------------------------------------===//

#include "Differential.h"
#include "ProductText.h"

#include "photonic/Dialect/Photonic/Transforms/TileNest.h"

#include "mlir/Parser/Parser.h"

#include <cstdlib>
#include <gtest/gtest.h>
#include <iostream>

using namespace mlir;
using namespace photonic;
using interp::Tensor;
using oracle::Nest;
using oracle::PassText;
using oracle::Random;
using oracle::ViewProduct;

namespace {

/// What the programs contained, so that the test knows that it tests something.
struct NestCoverage {
  unsigned programs = 0, ideal = 0, hierarchy = 0;
  unsigned splitContractions = 0, severalPasses = 0, unevenPasses = 0,
           positions = 0, groups = 0, mixed = 0, random = 0, undealt = 0,
           streamLoops = 0, descending = 0;
  /// Nests that may be right, and views, that a program cannot say.
  unsigned views = 0, deep = 0, uneven = 0, mixedDeal = 0, cautious = 0,
           cut = 0, small = 0;

  void add(const ViewProduct &product, const PassText &pass, const Nest &nest);
};

void NestCoverage::add(const ViewProduct &product, const PassText &pass,
                       const Nest &nest) {
  ++programs;
  auto extents = product.getExtents();
  unsigned contractions = 0;
  bool streams = false, descends = false;
  for (const oracle::NestLoop &loop : nest.loops) {
    if (loop.trips == 1)
      continue;
    contractions += loop.dim == oracle::K;
    streams |= loop.dim == (nest.secondStays ? oracle::M : oracle::N);
    descends |= loop.weight < 0 && loop.dim != oracle::Position;
  }
  int64_t term = product.getTerm();
  bool isCut = pass.length < std::min(term, extents[oracle::K]);
  splitContractions += contractions > 1;
  severalPasses += isCut;
  unevenPasses += isCut && term % pass.length != 0;
  positions += extents[oracle::Position] > 1;
  groups += extents[oracle::Group] > 1;
  mixed += product.lhsFormat.group != product.rhsFormat.group ||
           product.lhsFormat.bits != product.rhsFormat.bits;
  random += product.isRandom();
  undealt += nest.overEnd - nest.overBegin < int64_t(nest.loops.size());
  streamLoops += streams;
  descending += descends;
}

/// A product, a nest of it and a machine.
class NestCase {
public:
  NestCase(uint64_t seed, bool isLayer) : random(seed), isLayer(isLayer) {
    product = isLayer             ? random.makeLayerProduct()
              : random.chance(80) ? random.makeProgramProduct()
                                  : random.makeProduct();
    random.drawFormats(product, random.chance(12) ? 0 : 5, 10);
    int64_t term = product.getTerm();
    pass = makeDot(product);
    if (product.lhsFormat.isInteger()) {
      if (random.chance(50))
        pass.length = random.pick(1, term);
      pass.moduli = chooseModuli(product, pass.length);
    }
    rows = random.pick(1, 9);
    // Programs use the rows of an array that there are.
    nest = oracle::NestGenerator(random, product, rows, /*isFull=*/true)
               .makeRight();
    lhs = random.makeTensor(product.lhsShape, false);
    rhs = random.makeTensor(product.rhsShape, false);
    drawMachine();
  }

  /// Compiles and executes it under both memory models; false to stop.
  bool run(NestCoverage &coverage);

private:
  void drawMachine();
  bool runProgram(Session &session, ModuleOp module, NestCoverage &coverage);
  bool isRefusal(StringRef message, NestCoverage &coverage) const;

  Random random;
  bool isLayer;
  ViewProduct product;
  PassText pass;
  int64_t rows;
  Nest nest;
  Tensor lhs, rhs;
  std::vector<std::string> machine;
  StageOptions options;
};
} // namespace

void NestCase::drawMachine() {
  options.machine.target = PHOTONIC_TARGETS "/mirage.textproto";
  auto set = [&](const std::string &field, const std::string &value) {
    machine.push_back("core." + field + "=" + value);
  };
  set("count", std::to_string(random.pick(1, 5)));
  set("rows", std::to_string(rows));
  // Programs use the columns of an array that there are, unless a term is
  // shorter. The bypass is cut to them.
  int64_t columns = pass.length;
  if (!product.lhsFormat.isInteger())
    columns = random.pick(1, pass.length);
  if (columns == product.getTerm() && random.chance(30))
    columns += 3;
  set("columns", std::to_string(columns));
  if (!pass.moduli.empty()) {
    std::string moduli;
    for (int64_t modulus : pass.moduli)
      moduli += (moduli.empty() ? "" : ",") + std::to_string(modulus);
    set("moduli", moduli);
  }
  set("dac_bits", "16");
  set("adc_bits", "16");
  // Products have formats of their own.
  machine.push_back("format.mantissa_bits=1");
  machine.push_back("format.group=1");
}

/// Whether `message` says that a program, or on-chip memory, cannot have such a
/// nest, which is no mistake.
bool NestCase::isRefusal(StringRef message, NestCoverage &coverage) const {
  auto has = [&](StringRef text, unsigned &count) {
    bool found = message.contains(text);
    count += found;
    return found;
  };
  bool isIdeal = options.memory == "ideal";
  if (has("nested loops, programs have at most", coverage.deep) ||
      has("take passes that are not equally long", coverage.uneven) ||
      has("deals loops to arrays that order the terms", coverage.mixedDeal))
    return true;
  if (!isLayer &&
      (has("access map of a program cannot say that", coverage.views) ||
       has("instructions number those of the first operand", coverage.views)))
    return true;
  return !isIdeal &&
         (has("needs a working set", coverage.small) ||
          has("in several loops, but is cut into chunks", coverage.cut) ||
          has("that chunks for on-chip memory cut", coverage.cut) ||
          (!isLayer &&
           has("views that are not those of a layer", coverage.views)));
}

bool NestCase::runProgram(Session &session, ModuleOp module,
                          NestCoverage &coverage) {
  OwningOpRef<ModuleOp> program = module.clone();
  session.messages.clear();
  if (!session.runStages(*program, options, Stage::Schedule, Stage::Emit)) {
    EXPECT_TRUE(isRefusal(session.messages, coverage)) << session.messages;
    return !::testing::Test::HasFailure();
  }
  (options.memory == "ideal" ? coverage.ideal : coverage.hierarchy) += 1;
  coverage.add(product, pass, nest);
  SmallVector<Tensor> inputs{lhs, rhs};
  const oracle::Format &f = product.lhsFormat;
  if (product.isRandom())
    inputs.push_back(
        Tensor({3}, {float(f.seed), float(f.trial), float(f.step)}));
  Tensor expected =
      multiply(product, lhs, rhs, Tensor::zeros(product.resultShape));
  auto func = module.lookupSymbol<func::FuncOp>("main");
  expectEqualBits(expected, session.execute(*program, func, inputs));
  return !::testing::Test::HasFailure();
}

bool NestCase::run(NestCoverage &coverage) {
  Session session;
  std::string text = printNest(product, pass, nest);
  SCOPED_TRACE(text);
  auto module =
      parseSourceString<ModuleOp>(text, ParserConfig(&session.context));
  EXPECT_TRUE(module) << session.messages;
  if (!module)
    return false;
  phot::ArrayProductOp tile;
  module->walk([&](phot::ArrayProductOp op) { tile = op; });
  FailureOr<phot::TileNest> tiles = phot::TileNest::get(tile);
  EXPECT_TRUE(succeeded(tiles)) << session.messages;
  if (failed(tiles))
    return false;
  // Some nests are right by chance.
  if (failed(tiles->verify())) {
    ++coverage.cautious;
    return true;
  }
  int64_t bytes = 1 << 14;
  for (int trial = 0; trial < (isLayer ? 4 : 1); ++trial) {
    options.memory = trial == 0 ? "ideal" : "hierarchy";
    options.machine.overrides = machine;
    if (trial > 1) {
      for (const char *pad : {"act", "wgt", "grad"})
        options.machine.overrides.push_back(
            std::string(pad) + ".capacity_bytes=" +
            std::to_string(std::max<int64_t>(640, bytes / random.pick(1, 4))));
      bytes = bytes * random.pick(10, 40) / 100;
    }
    std::string trace = "memory " + options.memory;
    for (const std::string &change : options.machine.overrides)
      trace += ", " + change;
    SCOPED_TRACE(trace);
    if (!runProgram(session, *module, coverage))
      return false;
  }
  return true;
}

/// Cases in a test; PHOTONIC_RANDOM_NESTS asks for more than the suite has time
/// for.
static uint64_t getCases(uint64_t usual) {
  if (const char *wanted = std::getenv("PHOTONIC_RANDOM_NESTS"))
    return std::strtoull(wanted, nullptr, 10);
  return usual;
}

static void runCases(uint64_t cases, bool isLayer, NestCoverage &coverage) {
  for (uint64_t seed = 1; seed <= cases; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    if (!NestCase(seed, isLayer).run(coverage))
      return;
  }
  std::cout << coverage.programs << " programs: " << coverage.ideal
            << " ideal, " << coverage.hierarchy << " hierarchy; "
            << coverage.splitContractions << " with a contraction in pieces, "
            << coverage.severalPasses << " with several passes of a term, "
            << coverage.unevenPasses << " uneven; " << coverage.streamLoops
            << " with loops of vectors, " << coverage.descending
            << " with loops that descend, " << coverage.undealt
            << " with loops that are not dealt, " << coverage.positions
            << " with positions, " << coverage.groups << " with groups, "
            << coverage.mixed << " with two formats, " << coverage.random
            << " that round at random. Refused: " << coverage.views
            << " views, " << coverage.deep << " deep nests, " << coverage.uneven
            << " pieces of uneven passes, " << coverage.mixedDeal << " deals, "
            << coverage.cautious << " orders, " << coverage.cut << " cuts, "
            << coverage.small << " scratchpads\n";
}

/// Every difficult case comes in one of `least` programs.
static void expectCovered(const NestCoverage &coverage, unsigned least) {
  for (auto [name, count] : {std::pair("pieces", coverage.splitContractions),
                             {"passes", coverage.severalPasses},
                             {"uneven passes", coverage.unevenPasses},
                             {"vectors", coverage.streamLoops},
                             {"descending", coverage.descending},
                             {"not dealt", coverage.undealt},
                             {"positions", coverage.positions},
                             {"groups", coverage.groups},
                             {"two formats", coverage.mixed},
                             {"random", coverage.random}})
    EXPECT_GE(count, coverage.programs / least) << name;
}

TEST(Nests, ProgramsOfLayersHaveTheBitsOfTheContract) {
  uint64_t cases = getCases(200);
  NestCoverage coverage;
  runCases(cases, /*isLayer=*/true, coverage);
  if (HasFailure())
    return;
  EXPECT_GE(coverage.ideal, cases / 2);
  EXPECT_GE(coverage.hierarchy, cases / 2);
  expectCovered(coverage, 50);
}

TEST(Nests, ProgramsOfAnyViewsHaveTheBitsOfTheContract) {
  uint64_t cases = getCases(500);
  NestCoverage coverage;
  runCases(cases, /*isLayer=*/false, coverage);
  if (HasFailure())
    return;
  EXPECT_GE(coverage.ideal, cases / 4);
  expectCovered(coverage, 50);
}
