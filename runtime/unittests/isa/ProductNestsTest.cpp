//===- ProductNestsTest.cpp - Products that are cut into chunks -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../support/RandomProgram.h"
#include "StructureTestUtils.h"

#include "phx/isa/Footprint.h"
#include "phx/isa/NestSums.h"
#include "phx/isa/ProgramFile.h"

#include <cstdio>

using namespace phx;
using namespace phx::testing;

namespace {

/// weight * counter of `loop`.
Affine linear(uint8_t loop, int64_t weight, int64_t base = 0) {
  return {base, {{loop, 1, 0, 1, 0, weight}}};
}

/// m 10 in chunks of 4 rows, n 5, k 8 in groups of 4: the contraction positions
/// of the first group in one nest, those of the second in another.
Program makeChunked() {
  Program program = makeFrame();
  getIf<Bfp>(program.conversions[0])->group = 4;
  Product &product = program.products[0];
  product = {0, 10, 5, 8, 1, Stationary::First};
  Count rows{4, linear(0, -4, 10)};
  program.code.push_back(make({}, Loop{3}));
  for (int64_t half = 0; half < 2; ++half) {
    CoreProgram load = makeLoad();
    load.rows = rows;
    load.cols = fixed(4);
    CoreStream stream = makeStream();
    stream.rows = rows;
    stream.cols = fixed(4);
    stream.length = fixed(5);
    stream.start = {half, {}};
    uint64_t begin = program.code.size();
    product.nests.push_back({begin,
                             begin + 3,
                             {{}, fixed(1)},
                             {linear(0, 4), rows},
                             {{}, fixed(5)},
                             {{4 * half, {}}, fixed(4)}});
    program.code.push_back(make({}, Loop{1}));
    program.code.push_back(make(core0, load));
    program.code.push_back(make(core0, stream));
    program.code.push_back(make({}, End{}));
  }
  program.code.push_back(make({}, End{}));
  program.code.push_back(make({}, Halt{}));
  return program;
}

/// What is said after `change`, without the remedy.
std::string errorAfter(void (*change)(Program &, std::vector<ProductNest> &)) {
  Program program = makeChunked();
  change(program, program.products[0].nests);
  std::string error = structureError(program);
  return error.substr(0, error.find("; its loop nest"));
}

constexpr const char *whole =
    "product 0: expected groups [0, 1), rows [0, 10), columns [0, 5), "
    "contraction positions [0, 8) to be computed once each, found ";

} // namespace

TEST(ProductNests, ChunksAreAccepted) {
  EXPECT_EQ(structureError(makeChunked()), "accepted");
}

TEST(ProductNests, EveryTermIsComputedOnce) {
  using Nests = std::vector<ProductNest>;
  EXPECT_EQ(errorAfter([](Program &, Nests &nests) {
              nests[0].rows.start = linear(0, 3);
            }),
            whole + std::string("a second nest, or execution of one, for "
                                "groups [0, 1), rows [3, 7), columns [0, 5), "
                                "contraction positions [0, 4)"));
  EXPECT_EQ(errorAfter([](Program &, Nests &nests) {
              nests[1].rows.size.cap = 3;
            }),
            whole + std::string("no nest for some of them"));
  EXPECT_EQ(errorAfter([](Program &, Nests &nests) {
              nests[0].columns.size.cap = 6;
            }),
            whole + std::string("a nest for groups [0, 1), rows [0, 4), "
                                "columns [0, 6), contraction positions "
                                "[0, 4)"));
  EXPECT_EQ(errorAfter([](Program &, Nests &nests) {
              nests[0].contraction.start.base = 4;
            }),
            whole + std::string("a second nest, or execution of one, for "
                                "groups [0, 1), rows [0, 4), columns [0, 5), "
                                "contraction positions [4, 8)"));
  EXPECT_EQ(errorAfter([](Program &program, Nests &) {
              program.products[0].groups = 2;
            }),
            "product 0: expected groups [0, 2), rows [0, 10), columns [0, 5), "
            "contraction positions [0, 8) to be computed once each, found no "
            "nest for some of them");
}

TEST(ProductNests, InstructionsDoWhatTheNestsSay) {
  using Nests = std::vector<ProductNest>;
  // Sums over all executions are right, those of the single ones are not.
  EXPECT_EQ(errorAfter([](Program &, Nests &nests) {
              nests[0].rows = {{0, {{0, 1, 0, 1, 0, 4}, {0, 1, 1, 2, 0, -2}}},
                               {4, linear(0, 2, 2)}};
            }),
            "product 0: expected 40 multiply-accumulates (m 2, n 5, k 4, "
            "groups 1, positions 1), found 80 in its core.stream "
            "instructions");
  // One of the executions alone leaves out a vector.
  EXPECT_EQ(errorAfter([](Program &program, Nests &) {
              for (Instruction &i : program.code)
                if (auto *stream = getIf<CoreStream>(i.body))
                  stream->length = {5, linear(0, -1, 6)};
            }),
            "product 0: expected 40 multiply-accumulates (m 2, n 5, k 4, "
            "groups 1, positions 1), found 32 in its core.stream "
            "instructions");
  // Groups of the format are whole, or their exponents would be others.
  EXPECT_EQ(errorAfter([](Program &program, Nests &) {
              getIf<Bfp>(program.conversions[0])->group = 16;
            }),
            "product 0: expected nests that begin at a group of 16 "
            "contraction positions, found one at position 4");
}

TEST(ProductNests, NestsHoldAllInstructionsOfTheirProduct) {
  using Nests = std::vector<ProductNest>;
  EXPECT_EQ(errorAfter([](Program &, Nests &nests) { nests.pop_back(); }),
            "product 0: expected all of its instructions and no others between "
            "instructions 1 and 4, found core.program of product 0 at "
            "instruction 6");
  EXPECT_EQ(errorAfter([](Program &, Nests &nests) { nests[1] = nests[0]; }),
            "product 0: expected all of its instructions and no others between "
            "instructions 1 and 4 or in another of its nests, found "
            "core.program of product 0 at instruction 2");
  EXPECT_EQ(errorAfter([](Program &program, Nests &) {
              program.products.push_back(program.products[0]);
            }),
            "product 1: expected all of its instructions and no others between "
            "instructions 1 and 4 or in another of its nests, found "
            "core.program of product 0 at instruction 2");
  EXPECT_EQ(errorAfter([](Program &program, Nests &nests) {
              for (size_t i : {6, 7})
                program.code[i] = make(vec, makeRelu());
              nests[0].contraction.size = fixed(8);
            }),
            "product 0: expected instructions of it in each of its nests, "
            "found none between instructions 5 and 8");
}

TEST(ProductNests, RangesMoveWithTheLoopsAroundTheNest) {
  using Nests = std::vector<ProductNest>;
  EXPECT_EQ(errorAfter([](Program &, Nests &nests) {
              nests[0].rows.start = linear(1, 4);
            }),
            "instruction 1 (loop): nest rows start digit loop: expected one of "
            "the 1 enclosing loops, found loop 1");
  EXPECT_EQ(errorAfter([](Program &, Nests &nests) {
              nests[0].columns.size.cap = -1;
            }),
            "instruction 1 (loop): nest columns size: expected 0 to "
            "1125899906842624, found -1");
  EXPECT_EQ(errorAfter([](Program &program, Nests &) {
              getAs<Loop>(program.code[0].body).count = (1 << 20) + 1;
            }),
            "product 0: expected nests that are executed at most 2^20 times in "
            "all, found more");
}

/// A loop over blocks of 4 rows with two tiles in it, each behind a window.
static Program makeWindows(int64_t m, int64_t trips,
                           const Guard (&windows)[2]) {
  Program program = makeFrame();
  program.code.push_back(make({}, Loop{trips}));
  for (const Guard &window : windows) {
    CoreProgram load = makeLoad();
    load.rowStart = linear(0, 4);
    load.rows = {4, linear(0, -4, m)};
    load.cols = fixed(8);
    CoreStream stream = makeStream();
    stream.rowStart = load.rowStart;
    stream.rows = load.rows;
    stream.cols = load.cols;
    stream.length = fixed(5);
    program.code.push_back({core0, noLayer, window, load});
    program.code.push_back({core0, noLayer, window, stream});
  }
  program.code.push_back(make({}, End{}));
  program.code.push_back(make({}, Halt{}));
  program.products[0] = {0, m, 5, 8, 1, Stationary::First};
  program.products[0].nests = {
      {0, 5, {{}, fixed(1)}, {{}, fixed(m)}, {{}, fixed(5)}, {{}, fixed(8)}}};
  return program;
}

TEST(ProductNests, WorkBehindGuardsOfTwoSidesIsSummed) {
  Random random(11);
  int accepted = 0, trials = 2000;
  for (int trial = 0; trial < trials; ++trial) {
    int64_t m = random.between(1, 32), trips = (m + 3) / 4;
    int64_t scale = random.between(1, 3), offset = random.between(0, 3);
    int64_t most = trips * scale + offset;
    // Mostly the second window begins where the first one ends.
    int64_t cut = random.between(0, most);
    Guard windows[2] = {{0, scale, offset, cut, random.between(0, 1)},
                        {0, scale, offset, most + random.between(-2, 2), cut}};
    if (random.oneIn(4))
      windows[1].low = std::max<int64_t>(0, cut + random.between(-2, 2));
    windows[1].extent = std::max<int64_t>(windows[1].extent, 0);
    int64_t rows = 0;
    for (Counters c{}; c[0] < trips; ++c[0])
      for (const Guard &window : windows)
        if (evaluate(std::optional<Guard>(window), c))
          rows += std::min<int64_t>(4, m - 4 * c[0]);
    std::string error = structureError(makeWindows(m, trips, windows));
    ASSERT_EQ(error == "accepted", rows == m)
        << "trial " << trial << ": " << error;
    accepted += rows == m;
  }
  // Both answers are asked for.
  EXPECT_GT(accepted, trials / 10);
  EXPECT_LT(accepted, trials * 9 / 10);
}

TEST(ProductNests, GoThroughTheFile) {
  Program program = makeChunked();
  std::string path =
      ::testing::TempDir() + "product-nests-" +
      std::to_string(::testing::UnitTest::GetInstance()->random_seed()) +
      ".phx";
  ASSERT_TRUE(writeProgram(program, path).ok());
  Result<Program> again = readProgram(path);
  std::remove(path.c_str());
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_TRUE(again->products == program.products);
}

TEST(ProductNests, PartsThatAreCutTooFineAreGivenUp) {
  // Each row has its contraction cut at another position: few parts, but
  // 2200 x 2201 pieces of them.
  Program program = makeFrame();
  Product &product = program.products[0];
  product = {0, 2200, 1, 2201, 1, Stationary::First};
  program.code.push_back(make({}, Loop{2200}));
  for (bool isSecond : {false, true}) {
    uint64_t begin = program.code.size();
    NestRange contraction{isSecond ? linear(0, 1, 1) : Affine{},
                          {2201, isSecond ? linear(0, -1, 2200)
                                          : linear(0, 1, 1)}};
    product.nests.push_back({begin,
                             begin + 3,
                             {{}, fixed(1)},
                             {linear(0, 1), fixed(1)},
                             {{}, fixed(1)},
                             contraction});
    program.code.push_back(make({}, Loop{1}));
    program.code.push_back(make(core0, makeLoad()));
    program.code.push_back(make(core0, makeStream()));
    program.code.push_back(make({}, End{}));
  }
  program.code.push_back(make({}, End{}));
  program.code.push_back(make({}, Halt{}));
  EXPECT_EQ(structureError(program),
            "product 0: expected ranges of nests that cut it into at most 2^22 "
            "pieces (groups x rows x columns x contraction positions between "
            "the cuts), found 1 x 2200 x 1 x 2201; let ranges begin and end at "
            "the same places, or delete the nests of the product");
  EXPECT_EQ(validateStructure(program).error().entry,
            (ProgramEntry{"product", 0}));
}

TEST(ProductNests, SumsBeyondAllNumbersAreCut) {
  // 256 boxes, the products of each beyond 2^120.
  constexpr int64_t most = int64_t(1) << 50;
  Program program = makeFrame();
  program.code = {make({}, Loop{256}), make({}, Loop{most}),
                  make(core0, makeStream()), make({}, End{}), make({}, End{}),
                  make({}, Halt{})};
  LoopTree tree{program,
                {{0, 4, 256, -1}, {1, 3, most, 0}},
                {-1, 0, 1, 0, -1, -1}};
  Count falling{most, Affine{most - 1, {{0, 1, 0, 1, 0, -1}}}};
  Box everywhere;
  everywhere.fill({0, most});
  int64_t boxesLeft = maxSumBoxes;
  auto sum = sumProducts(tree, 2, everywhere, {&falling, &falling, &falling},
                         boxesLeft);
  ASSERT_TRUE(sum);
  EXPECT_TRUE(*sum == mostSummed);
  EXPECT_TRUE(addUp(mostSummed, mostSummed) == mostSummed);
  EXPECT_TRUE(addUp(mostSummed - 2, 1) == mostSummed - 1);
}

//===----------------------------------------------------------------------===//
// Contractions that a loop cuts
//===----------------------------------------------------------------------===//

namespace {

/// k 20 in chunks of 16, a group: iteration 1 converts what is left, 4
/// positions, of rows of 80 bytes.
Program makeCutContraction() {
  Program program = makeFrame();
  program.registers = {{"any", 1}};
  AccessMap map;
  map.axes = {{8, 80, 0, 0, 0}, {20, 4, 0, 0, 0}};
  map.rows = {{8, 0, 1}};
  map.cols = {{20, 1, 1}};
  program.maps.push_back(map);
  Count cols{16, linear(0, -16, 20)};
  CoreProgram load = makeLoad();
  CoreStream stream = makeStream();
  load.map = stream.inMap = 1;
  load.cols = stream.cols = cols;
  load.src.offset = stream.in.offset = linear(0, 64);
  stream.start = linear(0, 1);
  Product &product = program.products[0];
  product = {0, 8, 8, 20, 1, Stationary::First};
  product.nests = {{1,
                    4,
                    {{}, fixed(1)},
                    {{}, fixed(8)},
                    {{}, fixed(8)},
                    {linear(0, 16), cols}}};
  program.code = {make({}, Loop{2}),      make({}, Loop{1}),
                  make(core0, load),      make(core0, stream),
                  make({}, End{}),        make({}, End{}),
                  make({}, Halt{})};
  return program;
}

} // namespace

TEST(CutContraction, GroupsEndWhereTheProductDoes) {
  Program program = makeCutContraction();
  for (uint32_t memory : {mem::wgt, mem::act}) {
    program.memories[memory].bytes = 8 * 80;
    EXPECT_EQ(structureError(program), "accepted");
    program.memories[memory].bytes = 8 * 80 - 1;
    EXPECT_NE(structureError(program).find("expected bytes inside [0, 639)"),
              std::string::npos);
    program.memories[memory].bytes = 1024;
  }
}

TEST(CutContraction, FootprintsAreThoseOfTheIteration) {
  Program program = makeCutContraction();
  auto getRead = [&](int64_t iteration) {
    Counters counters{};
    counters[0] = iteration;
    return getAccesses(program, size_t(2), counters).at(0).bytes;
  };
  IntervalSet whole, rest;
  for (int64_t row = 0; row < 8; ++row) {
    whole.push_back({80 * row, 80 * row + 64});
    rest.push_back({80 * row + 64, 80 * row + 80});
  }
  EXPECT_EQ(getRead(0), whole);
  EXPECT_EQ(getRead(1), rest);
  auto engines = getAccesses(program, 0, program.code.size(), 0, Counters{});
  ASSERT_EQ(engines.size(), 1u);
  for (const Access &access : engines[0].accesses)
    if (!access.write && access.memory != mem::grad)
      EXPECT_EQ(access.bytes, (IntervalSet{{0, 8 * 80}}));
}
