//===- StructureProductsTest.cpp - Tests of the validation of products -*- C++
//-*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Instructions.h"
#include "../support/ProgramBuilder.h"
#include "../support/RandomProgram.h"
#include "../support/TestMemories.h"
#include "StructureTestUtils.h"

using namespace phx;
using namespace phx::testing;

//===----------------------------------------------------------------------===//
// The stationary operand
//===----------------------------------------------------------------------===//

TEST(StructureProducts, StreamsMatchTheLatestProgram) {
  Instruction load = make(core0, makeLoad()),
              stream = make(core0, makeStream());
  Instruction loop = make({}, Loop{3}), end = make({}, End{});
  EXPECT_EQ(errorOf({load, stream, stream}), "accepted");
  EXPECT_EQ(errorOf({load, make(core1, makeLoad()), stream}), "accepted");
  EXPECT_EQ(errorOf({load, loop, stream, end, stream}), "accepted");
  std::string none =
      "core.stream): engine: expected an instruction before it in the same "
      "loop body that programs the same array, found none";
  EXPECT_EQ(errorOf({stream}), "instruction 0 (" + none);
  EXPECT_EQ(errorOf({make(core1, makeLoad()), stream}),
            "instruction 1 (" + none);
  EXPECT_EQ(errorOf({loop, load, end, stream}), "instruction 3 (" + none);
  // In the second iteration the array holds what the loop put there.
  EXPECT_EQ(errorOf({load, loop, stream, load, end}), "instruction 2 (" + none);
}

TEST(StructureProducts, StreamsEqualTheirProgramFieldByField) {
  auto error = [](auto change) {
    CoreStream stream = makeStream();
    change(stream);
    Program program = withCode({make(core0, makeLoad()), make(core0, stream)});
    program.products.push_back(program.products[0]);
    return structureError(program);
  };
  auto expected = [](const std::string &field) {
    return "instruction 1 (core.stream): " + field +
           ": expected the same as in the core.program at instruction 0, the "
           "latest of this array, found another";
  };
  EXPECT_EQ(error([](CoreStream &s) { s.rows = fixed(7); }), expected("rows"));
  EXPECT_EQ(error([](CoreStream &s) { s.cols = fixed(8); }), expected("cols"));
  EXPECT_EQ(error([](CoreStream &s) { s.kStart.base = 16; }),
            expected("k start"));
  EXPECT_EQ(error([](CoreStream &s) { s.rowStart.base = 1; }),
            expected("row start"));
  EXPECT_EQ(error([](CoreStream &s) { s.product = 1; }), expected("product"));

  Program program = withCode({make({}, Loop{2}), make(core0, makeLoad()),
                              make(core0, makeStream()), make({}, End{})});
  program.code[2].guard = Guard{0, 1, 0, 1};
  EXPECT_EQ(structureError(program), "accepted");
  program.code[1].guard = Guard{0, 1, 0, 1};
  EXPECT_EQ(structureError(program), "accepted");
  program.code[2].guard->extent = 2;
  EXPECT_EQ(structureError(program),
            "instruction 2 (core.stream): guard: expected the same as in the "
            "core.program at instruction 1, the latest of this array, found "
            "another");
  program.code[2].guard.reset();
  EXPECT_NE(structureError(program), "accepted");
}

//===----------------------------------------------------------------------===//
// Loop nests
//===----------------------------------------------------------------------===//

namespace {

Program makeConvolution(const ConvSpec &spec, Stationary stationary,
                        unsigned cores) {
  ProgramBuilder builder(cores);
  Entries format = builder.addFormat(mirageFormat());
  builder.addConvWithRegions(spec, stationary, format);
  Program program = builder.finish();
  program.memoryModel = MemoryModel::Ideal;
  return program;
}

/// m 70, k 75, n 36, groups 1 on 2 cores: 15 tiles of the first operand.
Program makeExample() {
  ConvSpec spec;
  spec.inChannels = 3;
  spec.height = spec.width = 6;
  spec.outChannels = 70;
  spec.kernelH = spec.kernelW = 5;
  spec.padTop = spec.padLeft = spec.padBottom = spec.padRight = 2;
  return makeConvolution(spec, Stationary::First, 2);
}

const std::string remedy =
    "; its loop nest was edited: restore the nest, or delete the nests of the "
    "product so that no executor relies on them";

} // namespace

TEST(StructureProducts, ConvolutionsAreValid) {
  Random random(9);
  for (int trial = 0; trial < 300; ++trial) {
    ConvSpec spec;
    spec.groups = random.between(1, 3);
    spec.batch = random.between(1, 3);
    spec.inChannels = spec.groups * random.between(1, 20);
    spec.outChannels = spec.groups * random.between(1, 70);
    spec.kernelH = random.between(1, 4);
    spec.kernelW = random.between(1, 4);
    spec.strideH = random.between(1, 3);
    spec.strideW = random.between(1, 3);
    spec.dilationH = random.between(1, 2);
    spec.dilationW = random.between(1, 2);
    spec.padTop = random.between(0, 3);
    spec.padLeft = random.between(0, 3);
    spec.padBottom = random.between(0, 3);
    spec.padRight = random.between(0, 3);
    spec.height = random.between(1, 9) + spec.dilationH * (spec.kernelH - 1);
    spec.width = random.between(1, 9) + spec.dilationW * (spec.kernelW - 1);
    Stationary stays = random.oneIn(2) ? Stationary::First : Stationary::Second;
    Program program = makeConvolution(
        spec, stays, static_cast<unsigned>(random.between(1, 9)));
    ASSERT_EQ(structureError(program), "accepted") << trial;
    // The last byte of each region is reached, no byte beyond it.
    for (uint32_t space : {mem::act, mem::wgt, mem::grad}) {
      Program smaller = program;
      smaller.regions.clear();
      for (Layer &layer : smaller.layers)
        layer.output.reset();
      ASSERT_EQ(structureError(smaller), "accepted") << trial;
      smaller.memories[size_t(space)].bytes -= 4;
      bool isInput =
          space == (stays == Stationary::First ? mem::act : mem::wgt);
      // A stride may leave the last inputs unread.
      if (!isInput)
        EXPECT_NE(structureError(smaller), "accepted") << trial;
    }
  }
}

TEST(StructureProducts, EditedNestsAreRejected) {
  Program program = makeExample();
  ASSERT_EQ(structureError(program), "accepted");
  size_t begin = program.products[0].nests[0].loopBegin,
         end = program.products[0].nests[0].loopEnd;

  // Deleting one tile: every guard stops a tile earlier.
  Program edited = program;
  for (Instruction &i : edited.code)
    if (i.guard)
      --i.guard->extent;
  EXPECT_EQ(structureError(edited),
            "product 0: expected a multiple of 15 programmed tiles (m 70, n "
            "36, k 75, groups 1, positions 1), found 14" +
                remedy);
  edited.products[0].nests.clear();
  EXPECT_EQ(structureError(edited), "accepted");

  // Streaming fewer vectors past one tile.
  edited = program;
  for (Instruction &i : edited.code)
    if (CoreStream *stream = getIf<CoreStream>(i.body))
      stream->length.cap = 35;
  EXPECT_EQ(
      structureError(edited),
      "product 0: expected 189000 multiply-accumulates (m 70, n 36, "
      "k 75, groups 1, positions 1), found 183750 in its core.stream "
      "instructions" +
          remedy);

  // A stream outside, a stranger inside, a range that is no loop.
  edited = program;
  edited.code.insert(edited.code.end() - 1,
                     {edited.code[begin + 1], edited.code[begin + 2]});
  for (size_t i = end + 1; i < edited.code.size(); ++i)
    edited.code[i].guard.reset();
  for (size_t i : {end + 1, end + 2}) {
    Instruction &added = edited.code[i];
    if (CoreProgram *p = getIf<CoreProgram>(added.body))
      *p = CoreProgram{0,  0,  p->map,   {p->src.memory, {}},
                       {}, {}, fixed(1), fixed(1),
                       0};
    if (CoreStream *s = getIf<CoreStream>(added.body))
      *s = CoreStream{
          0,        0,        0,  s->inMap,         s->outMap,
          {s->in.memory, {}},      {s->out.memory, {}}, {},
          {},       {},       fixed(1), fixed(1),   fixed(1), 0};
  }
  std::string range = std::to_string(begin) + " and " + std::to_string(end);
  EXPECT_EQ(structureError(edited),
            "product 0: expected all of its instructions and no others "
            "between instructions " +
                range + ", found core.program of product 0 at instruction " +
                std::to_string(end + 1) + remedy);

  edited = program;
  edited.products.push_back(edited.products[0]);
  edited.products[1].nests.clear();
  for (size_t i : {begin + 3, begin + 4})
    RnsInstructions::forEach([&]<typename T>() {
      if (T *body = getIf<T>(edited.code[i].body))
        body->product = 1;
    });
  EXPECT_EQ(structureError(edited),
            "product 0: expected all of its instructions and no others "
            "between instructions " +
                range + ", found core.program of product 1 at instruction " +
                std::to_string(begin + 3) + remedy);

  edited = program;
  ++edited.products[0].nests[0].loopBegin;
  EXPECT_EQ(structureError(edited),
            "product 0: expected a loop and its end, found instructions " +
                std::to_string(begin + 1) + " and " + std::to_string(end) +
                remedy);
}

TEST(StructureProducts, GroupsLongerOrShorterThanTheArray) {
  // k 40 on 16 columns: group 32 takes 2 passes and 1, group 8 takes 5.
  for (auto [group, tiles] : {std::pair(16, 3), {32, 3}, {8, 5}}) {
    Program program =
        makeConvolution(linearSpec(4, 40, 3), Stationary::First, 1);
    getIf<Bfp>(program.conversions[0])->group = group;
    std::string message = structureError(program);
    if (tiles == 3)
      EXPECT_EQ(message, "accepted") << group;
    else
      EXPECT_EQ(message, "product 0: expected a multiple of 5 programmed tiles "
                         "(m 4, n 3, k 40, groups 1, positions 1), found 3" +
                             remedy);
  }
}

static std::vector<Count *> getTileCounts(Instruction &instruction) {
  if (auto *load = getIf<CoreProgram>(instruction.body))
    return {&load->rows};
  if (auto *stream = getIf<CoreStream>(instruction.body))
    return {&stream->rows};
  return {};
}

TEST(StructureProducts, EntangledNestsAreGivenUp) {
  Program program = makeExample();
  // 2^30 iterations, each with other counts than the one before.
  for (Instruction &i : program.code) {
    if (Loop *loop = getIf<Loop>(i.body))
      loop->count = int64_t(1) << 30;
    i.guard.reset();
    for (Count *count : getTileCounts(i))
      *count = {3, Affine{1, {{0, 1, 0, 1, 3, 1}}}};
  }
  EXPECT_EQ(structureError(program),
            "product 0: expected core instructions whose clipped counts fall "
            "into at most 2^24 boxes of equal ones, found more; let the counts "
            "of the loops around them divide evenly");
}

TEST(StructureProducts, GradientsOfConvolutions) {
  ConvSpec spec;
  spec.batch = 2;
  spec.groups = 2;
  spec.inChannels = 2 * 35;
  spec.outChannels = 2 * 20;
  spec.height = spec.width = 7;
  spec.kernelH = 3;
  spec.kernelW = 2;
  spec.strideH = 2;
  spec.padTop = spec.padLeft = 1;
  for (Stationary stationary : {Stationary::First, Stationary::Second})
    for (bool toWeights : {false, true}) {
      ProgramBuilder builder(3);
      Entries format = builder.addFormat(mirageFormat());
      auto region = [&](const char *name, std::vector<int64_t> shape) {
        return builder.addRegion(name, Role::Workspace, std::move(shape),
                                 mem::act);
      };
      uint32_t x = region("x", spec.inShape());
      uint32_t w = region("w", spec.weightShape());
      uint32_t dy = region("dy", spec.outShape());
      uint32_t dx = region("dx", spec.inShape());
      uint32_t dw = region("dw", spec.weightShape());
      if (toWeights)
        builder.addWeightGradient(spec, stationary, format, dy, x, dw, "conv");
      else
        builder.addInputGradient(spec, stationary, format, dy, w, dx, "conv");
      Program program = builder.finish();
      EXPECT_EQ(structureError(program), "accepted");
      // One position fewer than there are.
      Program edited = program;
      if (!toWeights) {
        edited.products[0].positions = 5;
        EXPECT_NE(structureError(edited).find("groups 2, positions 5"),
                  std::string::npos);
        edited.products[0].positions = 0;
        EXPECT_EQ(structureError(edited),
                  "product 0 positions: expected 1 to 2^50, found 0");
      }
      edited = program;
      ++edited.products[0].k;
      EXPECT_NE(structureError(edited).find("no nest for some of them"),
                std::string::npos);
      ++edited.products[0].nests[0].contraction.size.cap;
      EXPECT_NE(structureError(edited).find("multiply-accumulates"),
                std::string::npos);
    }
}
