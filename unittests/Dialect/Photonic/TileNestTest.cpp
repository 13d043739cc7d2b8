//===- TileNestTest.cpp - Which nests compute their products --------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoadMachines.h"
#include "ProductText.h"

#include "photonic/Dialect/Photonic/Transforms/TileNest.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Parser/Parser.h"

#include "gtest/gtest.h"

#include <map>

using namespace mlir;
using namespace photonic;
using namespace photonic::phot;
using oracle::Nest;
using oracle::NestFacts;
using oracle::NestLoop;
using oracle::Random;
using oracle::ViewProduct;

namespace {

class TileNestTest : public ::testing::Test {
protected:
  TileNestTest() {
    loadMachines(context);
    context.loadDialect<func::FuncDialect, nn::NNDialect, PhotonicDialect,
                        arith::ArithDialect, scf::SCFDialect,
                        tensor::TensorDialect>();
  }

  /// Whether the nest in `text` passes; a message goes to `message`.
  bool verify(const std::string &text) {
    message.clear();
    ScopedDiagnosticHandler handler(
        &context, [&](Diagnostic &diag) { message += diag.str(); });
    auto module = parseSourceString<ModuleOp>(text, ParserConfig(&context));
    EXPECT_TRUE(module) << message << text;
    if (!module)
      return false;
    ArrayProductOp tile;
    module->walk([&](ArrayProductOp op) { tile = op; });
    FailureOr<TileNest> nest = TileNest::get(tile);
    EXPECT_TRUE(succeeded(nest)) << message << text;
    bool accepted = succeeded(nest) && succeeded(nest->verify());
    EXPECT_EQ(accepted, message.empty()) << message;
    return accepted;
  }

  MLIRContext context;
  std::string message;
};

/// True if a loop over something else than positions or the contraction stands
/// around one over positions: whether elements then meet their terms in order
/// is a matter of views.
bool mixesPositions(const Nest &nest) {
  bool seen = false;
  for (const NestLoop &loop : nest.loops) {
    if (loop.trips == 1)
      continue;
    if (loop.dim == oracle::Position && seen)
      return true;
    seen |= loop.dim != oracle::Position && loop.dim != oracle::K;
  }
  return false;
}

/// True if some sums of a product are not in its result.
bool reachesOutside(const ViewProduct &product) {
  auto [groups, positions, m, n, k] = product.getExtents();
  for (int64_t g = 0; g < groups; ++g)
    for (int64_t p = 0; p < positions; ++p)
      for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j < n; ++j)
          if (product.locateResult(g, p, i, j) < 0)
            return true;
  return false;
}

/// What the rules ask for more than is necessary: that `start` is positive at
/// all positions but the first, that it counts nothing else, and that what
/// starts from nothing has no sums outside.
bool startsOddly(const ViewProduct &product, const Nest &nest) {
  if (!nest.start)
    return false;
  if (nest.isEmpty && reachesOutside(product))
    return true;
  for (const NestLoop &loop : nest.loops)
    if (loop.trips > 1) {
      bool orders = loop.dim == oracle::Position || loop.dim == oracle::K;
      if (orders ? loop.startWeight <= 0 : loop.startWeight != 0)
        return true;
    }
  return *nest.start != 0;
}

TEST_F(TileNestTest, AcceptsExactlyWhatIsRight) {
  Random random(21);
  std::map<std::string, unsigned> refused;
  unsigned accepted = 0, cautious = 0;
  for (int trial = 0; trial < 3000; ++trial) {
    ViewProduct product =
        trial % 2 ? random.makeProduct() : random.makeLayerProduct();
    random.drawFormats(product, 4, 12);
    Nest nest = oracle::NestGenerator(random, product, 9).makeAny();
    std::string text = printNest(product, makeDot(product), nest);
    NestFacts facts = examine(product, nest);
    bool answer = verify(text);
    SCOPED_TRACE(text);
    if (answer) {
      ++accepted;
      EXPECT_TRUE(facts.covers);
      EXPECT_TRUE(facts.isOrdered);
      EXPECT_TRUE(facts.meetsInOrder);
      EXPECT_TRUE(facts.starts);
      continue;
    }
    refused[facts.covers ? facts.isOrdered ? "start" : "order" : "tiles"] +=
        !facts.isRight();
    if (facts.isRight()) {
      ++cautious;
      EXPECT_TRUE(mixesPositions(nest) || startsOddly(product, nest))
          << message;
    }
  }
  EXPECT_GT(accepted, 1000u);
  EXPECT_LT(cautious, accepted / 4);
  for (const char *why : {"tiles", "order", "start"})
    EXPECT_GT(refused[why], 50u) << why;
}

//===----------------------------------------------------------------------===//
// One mistake at a time
//===----------------------------------------------------------------------===//

/// 2 groups of 3 positions of 6 x 4 results over 10 contraction positions, in
/// tiles of 2 x 4 and terms of 3; positions meet each other's elements.
ViewProduct makeSample() {
  ViewProduct p;
  p.lhs.digits = {
      oracle::Digits{{2, 0, 1}}, {{3, 1, 1}}, {{6, 2, 1}}, {{10, 3, 1}}};
  p.rhs.digits = {oracle::Digits{{2, 0, 1}}, {}, {{4, 1, 1}}, {{10, 2, 1}}};
  p.result.digits = {
      oracle::Digits{{2, 0, 1}}, {{3, 2, 1}}, {{6, 1, 1}}, {{4, 2, 1}}};
  p.lhsShape = {2, 3, 6, 10}, p.rhsShape = {2, 4, 10},
  p.resultShape = {2, 6, 6};
  p.lhsFormat.group = p.rhsFormat.group = 3;
  return p;
}

/// Groups, blocks of rows, positions and terms, as stages have them.
Nest makeSampleNest() {
  Nest nest;
  nest.loops = {{oracle::Group, 2, 1},
                {oracle::M, 3, 2},
                {oracle::Position, 3, -1},
                {oracle::K, 4, 3}};
  nest.bases[oracle::Position] = 2;
  nest.sizes = {2, 4, 3};
  nest.overEnd = 4;
  return nest;
}

class MistakeTest : public TileNestTest {
protected:
  /// Nothing is wrong, in the opinion of both.
  void expectRight(const Nest &nest) {
    EXPECT_TRUE(examine(product, nest).isRight());
    EXPECT_TRUE(verify(printNest(product, makeDot(product), nest))) << message;
  }
  void expectWrong(const Nest &nest, const std::string &why) {
    EXPECT_FALSE(examine(product, nest).isRight());
    EXPECT_FALSE(verify(printNest(product, makeDot(product), nest)));
    EXPECT_NE(message.find(why), std::string::npos) << message;
  }

  ViewProduct product = makeSample();
  Nest nest = makeSampleNest();
};

TEST_F(MistakeTest, TheSampleIsRight) { expectRight(nest); }

TEST_F(MistakeTest, TilesCoverTheProduct) {
  struct Case {
    unsigned loop;
    int64_t trips;
  };
  const char *why = "that do not cover the product";
  for (auto [loop, trips] :
       {Case{0, 1}, {0, 3}, {1, 2}, {1, 4}, {2, 2}, {3, 3}, {3, 5}}) {
    Nest changed = nest;
    changed.loops[loop].trips = trips;
    expectWrong(changed, why);
  }
  for (unsigned dim = 0; dim < oracle::numDims; ++dim) {
    Nest changed = nest;
    ++changed.bases[dim];
    expectWrong(changed, why);
  }
  Nest changed = nest;
  changed.loops[1].weight = 3; // gaps
  expectWrong(changed, why);
  changed.loops[1].weight = 1; // overlaps
  expectWrong(changed, why);
}

TEST_F(MistakeTest, LoopsCountSomething) {
  nest.loops.insert(nest.loops.begin() + 1, {oracle::N, 1, 0});
  expectRight(nest);
  nest.loops[1].weight = 4; // runs once
  expectRight(nest);
  nest.loops[1] = {oracle::N, 2, 0};
  expectWrong(nest, "needs loops that count one coordinate of the tile each");
}

/// Loops of several kinds may be cut in two.
TEST_F(MistakeTest, CoordinatesMayHaveSeveralLoops) {
  // Terms 0 to 3 as 2 * i + j.
  nest.loops.back() = {oracle::K, 2, 6};
  nest.loops.push_back({oracle::K, 2, 3});
  expectRight(nest);
  std::swap(nest.loops[3], nest.loops[4]);
  expectWrong(nest, "has loops in an order");
}

TEST_F(MistakeTest, TermsComeInOrder) {
  const char *why = "has loops in an order in which elements do not meet";
  Nest changed = nest;
  changed.loops[3].weight = -3;
  changed.bases[oracle::K] = 9;
  expectWrong(changed, why);
  changed = nest;
  changed.loops[2].weight = 1;
  changed.bases[oracle::Position] = 0;
  expectWrong(changed, why);
  changed = nest;
  std::swap(changed.loops[2], changed.loops[3]);
  expectWrong(changed, why);
  // Groups and rows are free, also backwards.
  changed = nest;
  std::rotate(changed.loops.begin(), changed.loops.begin() + 2,
              changed.loops.end());
  changed.loops[2].weight = -1;
  changed.bases[oracle::Group] = 1;
  expectRight(changed);
}

/// Column 0 of position 1 and column 1 of position 0 are one element. Columns
/// that are cut inside of the positions meet it in order; outside, all
/// positions of one column come before those of the next: in order where
/// columns ascend, as in a convolution, and not where they descend.
TEST_F(MistakeTest, ElementsOfSeveralColumnsMeetPositionsInOrder) {
  nest.sizes[1] = 1;
  Nest inside = nest, outside = nest;
  inside.loops.push_back({oracle::N, 4, -1});
  inside.bases[oracle::N] = 3;
  expectRight(inside);
  outside.loops.insert(outside.loops.begin(), {oracle::N, 4, 1});
  EXPECT_TRUE(examine(product, outside).isRight());
  outside.loops.front().weight = -1;
  outside.bases[oracle::N] = 3;
  expectWrong(outside, "has loops in an order");
}

TEST_F(MistakeTest, AccumulatorsStart) {
  nest.isEmpty = true;
  expectWrong(nest, "adds to a tensor.empty, which holds nothing");
  nest.isEmpty = false;
  nest.start = 0;
  const char *why = "has a start that is not 0 at the first position and "
                    "contraction position, and positive at all others";
  expectWrong(nest, why); // every term would start
  nest.loops[3].startWeight = 3;
  expectWrong(nest, why); // every position
  nest.loops[2].startWeight = 12;
  expectRight(nest);
  Nest changed = nest;
  changed.start = 1; // nothing starts, but +0 is there
  EXPECT_FALSE(verify(printNest(product, makeDot(product), changed)));
  changed.isEmpty = true;
  expectWrong(changed, why);
  changed = nest;
  changed.isEmpty = true; // elements that the first position does not have
  expectWrong(changed, "its tiles do not write every element first");
}

/// Positions that do not meet: what starts at the first of them leaves the
/// elements of the others as they are, which is nothing in a tensor.empty.
TEST_F(MistakeTest, EveryPositionStarts) {
  product.result.digits[1] = {{3, 2, 4}};
  product.resultShape = {2, 6, 12};
  nest.start = 0;
  nest.loops[3].startWeight = 3;
  nest.loops[2].startWeight = 12;
  expectRight(nest);
  nest.isEmpty = true;
  EXPECT_FALSE(examine(product, nest).starts);
  EXPECT_FALSE(verify(printNest(product, makeDot(product), nest)));
}

TEST_F(MistakeTest, StartsFromZerosOrNothing) {
  std::string text = printNest(product, makeDot(product), nest);
  std::string zeros = "photonic.zeros : tensor<2x6x6xf32>";
  size_t at = text.find(zeros);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, zeros.size(), "nn.constant dense<1.0> : tensor<2x6x6xf32>");
  EXPECT_FALSE(verify(text));
  EXPECT_NE(message.find("starts from a value"), std::string::npos) << message;
}

TEST_F(MistakeTest, ArraysAreOverLoopsThatAreThere) {
  nest.overEnd = 5;
  EXPECT_FALSE(verify(printNest(product, makeDot(product), nest)));
  EXPECT_NE(message.find("has arrays over loop 4 of a nest of 4"),
            std::string::npos)
      << message;
}

} // namespace
