//===- StructureTest.cpp - Tests of structural validation -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Instructions.h"
#include "../support/InstructionCoverage.h"
#include "../support/RandomProgram.h"
#include "../support/RandomShare.h"
#include "../support/TestMemories.h"
#include "StructureTestUtils.h"

using namespace phx;
using namespace phx::testing;

TEST(Structure, RandomProgramsAreValid) {
  InstructionCoverage coverage;
  const uint64_t programs = getRandomShare(10000);
  for (uint64_t seed = 0; seed < programs; ++seed) {
    RandomProgramOptions options;
    options.seed = seed;
    options.cores = seed % 5;
    options.maxDepth = seed % 9;
    options.maxItems = options.maxDepth > 4 ? 2 : 5;
    options.withData = seed % 2;
    options.memory = seed % 3 ? RandomProgramOptions::Memory::Private
                              : RandomProgramOptions::Memory::Shared;
    options.memoryModel =
        seed % 7 ? MemoryModel::Hierarchy : MemoryModel::Ideal;
    Program program = makeRandomProgram(options);
    ASSERT_EQ(structureError(program), "accepted") << "seed " << seed;
    coverage.add(program);
  }
  coverage.expectAll(
      "rns", "RandomProgramGenerator::makeBody and RandomInstructions");
}

TEST(Structure, RandomProgramsAreReproducible) {
  EXPECT_EQ(makeRandomProgram(7).code, makeRandomProgram(7).code);
  EXPECT_NE(makeRandomProgram(7).code, makeRandomProgram(8).code);
}

TEST(Structure, SmallInstructionsAreValid) {
  EXPECT_EQ(errorOf({}), "accepted");
  EXPECT_EQ(errorOf({make(dma, makeCopy()), make(vec, makeRelu()),
                     make(core0, makeLoad()), make(core0, makeStream())}),
            "accepted");
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

TEST(Structure, Loops) {
  auto nested = [](unsigned depth) {
    std::vector<Instruction> code;
    for (unsigned i = 0; i < depth; ++i)
      code.push_back(make({}, Loop{2}));
    for (unsigned i = 0; i < depth; ++i)
      code.push_back(make({}, End{}));
    return errorOf(code);
  };
  EXPECT_EQ(nested(8), "accepted");
  EXPECT_EQ(nested(9), "instruction 8 (loop): nesting: expected at most 8 "
                       "loops, found 9");
  EXPECT_EQ(errorOf({}, Loop{1}), "instruction 1 (halt): position: expected "
                                  "the last instruction, outside of loops, "
                                  "found instruction 1 of 2");
  EXPECT_EQ(errorOf({}, End{}),
            "instruction 0 (end): nesting: expected an open loop, found none");
  EXPECT_EQ(errorOf({make({}, Loop{0}), make({}, End{})}),
            "instruction 0 (loop): count: expected at least 1, found 0");
  EXPECT_EQ(errorOf({make({}, Loop{int64_t(1) << 40}),
                     make({}, Loop{int64_t(1) << 30}), make({}, End{}),
                     make({}, End{})}),
            "instruction 1 (loop): count: expected at most 2^62 iterations "
            "with the loops around it, found 1180591620717411303424");
}

TEST(Structure, Halt) {
  Program program = makeFrame();
  EXPECT_EQ(structureError(program), "code: expected a halt as the last "
                                     "instruction, found no instructions");
  program.code = {make({}, Loop{1}), make({}, End{})};
  EXPECT_EQ(structureError(program),
            "code: expected a halt as the last instruction, found end");
  program.code = {make({}, Loop{1})};
  EXPECT_EQ(structureError(program), "instruction 0 (loop): nesting: expected "
                                     "a matching end, found the end of the "
                                     "program");
  EXPECT_EQ(errorOf({}, Halt{}), "instruction 0 (halt): position: expected the "
                                 "last instruction, outside of loops, found "
                                 "instruction 0 of 2");
}

TEST(Structure, OperandsThatAFunctionDoesNotUse) {
  VecMap map = makeRelu();
  map.b.offset.base = 4;
  EXPECT_EQ(errorOf(vec, map),
            "instruction 0 (vec.map): b: expected zeros (the function does not "
            "touch it), found others");
  map = makeRelu();
  map.bStride[2] = 4;
  EXPECT_EQ(errorOf(vec, map),
            "instruction 0 (vec.map): b stride: expected zeros (the function "
            "does not touch it), found others");
  map = makeRelu();
  map.s0 = 0.5f;
  EXPECT_EQ(errorOf(vec, map), "instruction 0 (vec.map): s0: expected 0 (relu "
                               "does not read it), found 0.500000");
  map.fn = VecFn::LeakyRelu;
  EXPECT_EQ(errorOf(vec, map), "accepted");
  map.s1 = 1;
  EXPECT_EQ(errorOf(vec, map), "instruction 0 (vec.map): s1: expected 0 "
                               "(leaky_relu does not read it), found 1.000000");
  map.fn = VecFn::Clip;
  EXPECT_EQ(errorOf(vec, map), "accepted");
}

TEST(Structure, LayersOfControl) {
  Program program = withCode({make({}, Loop{2}), make({}, End{})});
  program.code[0].layer = 0;
  EXPECT_EQ(structureError(program),
            "instruction 1 (end): layer: expected that of its loop at "
            "instruction 0, found another");
  program.code[1].layer = 0;
  EXPECT_EQ(structureError(program), "accepted");
  program.code[2].layer = 0;
  EXPECT_EQ(structureError(program),
            "instruction 2 (halt, layer 'conv1'): layer: expected none, found "
            "0");
}

//===----------------------------------------------------------------------===//
// Fields
//===----------------------------------------------------------------------===//

TEST(Structure, Engines) {
  EXPECT_EQ(errorOf(vec, makeCopy()),
            "instruction 0 (dma.copy): engine: expected dma, found vec");
  EXPECT_EQ(errorOf(core0, makeRelu()),
            "instruction 0 (vec.map): engine: expected vec, found core[0]");
  EXPECT_EQ(errorOf(dma, makeLoad()),
            "instruction 0 (core.program): engine: expected an array of class "
            "'rns', found dma");
  EXPECT_EQ(errorOf({EngineKind::Core, 2}, makeLoad()),
            "instruction 0 (core.program): engine: expected dma[0] or "
            "vec[0] or core[0 .. 2), found core[2]");
  EXPECT_EQ(errorOf({EngineKind::Dma, 1}, makeCopy()),
            "instruction 0 (dma.copy): engine: expected dma[0] or vec[0] or "
            "core[0 .. 2), found dma[1]");
  EXPECT_EQ(errorOf({EngineKind::Core, 2}, Signal{0}),
            "instruction 0 (signal): engine: expected dma[0] or vec[0] or "
            "core[0 .. 2), found core[2]");
}

TEST(Structure, LayersAreNamed) {
  Instruction i = make(vec, makeCopy());
  i.layer = 0;
  EXPECT_EQ(errorOf({i}), "instruction 0 (dma.copy, layer 'conv1'): engine: "
                          "expected dma, found vec");
  i.layer = 1;
  EXPECT_EQ(errorOf({i}), "instruction 0 (dma.copy): layer: expected an index "
                          "below 1 (number of layers), found 1");
}

TEST(Structure, DigitTerms) {
  auto error = [](DigitTerm digit, int64_t base = 0, int64_t trip = 2) {
    VecMap map = makeRelu();
    map.dst.offset = {base, {digit}};
    return errorOf({make({}, Loop{trip}), make(vec, map), make({}, End{})});
  };
  std::string at = "instruction 1 (vec.map): dst digit ";
  EXPECT_EQ(error({0, 1, 0, 1, 0, 64}), "accepted");
  EXPECT_EQ(error({1, 1, 0, 1, 0, 64}),
            at + "loop: expected one of the 1 enclosing loops, found loop 1");
  EXPECT_EQ(error({0, 0, 0, 1, 0, 64}),
            at + "scale: expected at least 1, found 0");
  EXPECT_EQ(error({0, 1, -1, 1, 0, 64}),
            at + "offset: expected at least 0, found -1");
  EXPECT_EQ(error({0, 1, 0, 0, 0, 64}),
            at + "divisor: expected at least 1, found 0");
  EXPECT_EQ(error({0, 1, 0, 1, -1, 64}),
            at + "modulus: expected at least 0, found -1");
  EXPECT_EQ(error({0, INT64_MAX, 0, 1, 0, 0}, 0, 3),
            "instruction 1 (vec.map): dst digit: expected a linear index of at "
            "most 2^62, found 18446744073709551614");
  EXPECT_EQ(error({0, 1, 0, 1, 0, INT64_MIN}),
            "instruction 1 (vec.map): dst: expected a magnitude of at most "
            "2^62, found 9223372036854775808");
}

TEST(Structure, Guards) {
  auto error = [](Guard guard, Body body, EngineId engine) {
    Instruction i = make(engine, std::move(body));
    i.guard = guard;
    return errorOf({make({}, Loop{2}), i, make({}, End{})});
  };
  EXPECT_EQ(error({0, 1, 0, 1}, makeRelu(), vec), "accepted");
  EXPECT_EQ(error({1, 1, 0, 1}, makeRelu(), vec),
            "instruction 1 (vec.map): guard loop: expected one of the 1 "
            "enclosing loops, found loop 1");
  EXPECT_EQ(error({0, 0, 0, 1}, makeRelu(), vec),
            "instruction 1 (vec.map): guard scale: expected 1 to "
            "1125899906842624, found 0");
  EXPECT_EQ(error({0, 1, -1, 1}, makeRelu(), vec),
            "instruction 1 (vec.map): guard offset: expected 0 to "
            "1125899906842624, found -1");
  EXPECT_EQ(error({0, 1, 0, -1}, makeRelu(), vec),
            "instruction 1 (vec.map): guard extent: expected 0 to "
            "4611686018427387904, found -1");
  EXPECT_EQ(error({0, 1, 0, 1}, Signal{0}, vec),
            "instruction 1 (signal): guard: expected none: control and tokens "
            "are unconditional, found one");
}

TEST(Structure, TableIndices) {
  CoreProgram load = makeLoad();
  load.map = 1;
  EXPECT_EQ(errorOf(core0, load), "instruction 0 (core.program): map: expected "
                                  "an index below 1 (number of maps), found 1");
  load = makeLoad();
  load.conversion = 9;
  EXPECT_EQ(errorOf(core0, load),
            "instruction 0 (core.program): conversion: expected an index below "
            "1 (number of conversions), found 9");
  load = makeLoad();
  load.pass = 1;
  EXPECT_EQ(errorOf(core0, load),
            "instruction 0 (core.program): pass: expected an index below 1 "
            "(number of passes), found 1");
  load = makeLoad();
  load.product = 1;
  EXPECT_EQ(errorOf(core0, load),
            "instruction 0 (core.program): product: expected an index below 1 "
            "(number of products), found 1");
  CoreStream stream = makeStream();
  stream.outMap = 2;
  EXPECT_EQ(errorOf({make(core0, makeLoad()), make(core0, stream)}),
            "instruction 1 (core.stream): out map: expected an index below 1 "
            "(number of maps), found 2");
  VecPool pool;
  pool.inMap = 3;
  EXPECT_EQ(errorOf(vec, pool), "instruction 0 (vec.pool): in map: expected an "
                                "index below 1 (number of maps), found 3");
  EXPECT_EQ(errorOf(vec, Wait{2, false}),
            "instruction 0 (wait): token: expected an index below 2 (number of "
            "tokens), found 2");
  EXPECT_EQ(errorOf(vec, Signal{2}),
            "instruction 0 (signal): token: expected an index below 2 (number "
            "of tokens), found 2");
}

TEST(Structure, TileSizes) {
  CoreProgram load = makeLoad();
  load.rows = fixed(33);
  EXPECT_EQ(errorOf(core0, load), "instruction 0 (core.program): rows: "
                                  "expected at most 32 (array rows), found 33");
  load.rows = fixed(32);
  EXPECT_EQ(errorOf(core0, load), "accepted");
  load.cols = fixed(17);
  EXPECT_EQ(errorOf(core0, load),
            "instruction 0 (core.program): cols: expected at most 16 (array "
            "columns), found 17");
  load.cols = fixed(-1);
  EXPECT_EQ(errorOf(core0, load),
            "instruction 0 (core.program): cols: expected 0 to "
            "1125899906842624, found -1");
}

TEST(Structure, StridesAndWindows) {
  VecMap map = makeRelu();
  map.dstStride[3] = 0;
  EXPECT_EQ(errorOf(vec, map), "instruction 0 (vec.map): dst stride[3]: "
                               "expected at least 4 (shape[3] is above 1), "
                               "found 0");
  map = makeRelu();
  map.aStride[3] = 0; // repeats
  EXPECT_EQ(errorOf(vec, map), "accepted");
  map.aStride[3] = -4;
  EXPECT_EQ(errorOf(vec, map), "instruction 0 (vec.map): a stride: expected 0 "
                               "to 1125899906842624, found -4");
  VecReduce reduce;
  reduce.dst = {mem::act, {}};
  reduce.a = {mem::grad, {}};
  reduce.shape = flat(16);
  reduce.aStride = {0, 0, 0, 4};
  EXPECT_EQ(errorOf(vec, reduce), "accepted");
  reduce.dstStride[3] = 4;
  EXPECT_EQ(errorOf(vec, reduce),
            "instruction 0 (vec.reduce): dst stride[3]: expected 0 (a "
            "reduced dimension), found 4");
  reduce.dstStride[3] = 0;
  for (int64_t dims : {0, 4}) {
    reduce.dims = dims;
    EXPECT_EQ(errorOf(vec, reduce), "instruction 0 (vec.reduce): dims: "
                                    "expected 1 to 3, found " +
                                        std::to_string(dims));
  }
  reduce.dims = 3;
  EXPECT_EQ(errorOf(vec, reduce), "accepted");
  reduce.dstStride[1] = 4;
  EXPECT_EQ(errorOf(vec, reduce), "instruction 0 (vec.reduce): dst stride[1]: "
                                  "expected 0 (a reduced dimension), found 4");
  VecPoolPositions positions;
  positions.in = positions.positions = {mem::act, {}};
  positions.out = {mem::grad, {}};
  positions.window = 257;
  EXPECT_EQ(errorOf(vec, positions), "instruction 0 (vec.pool_positions): "
                                     "window: expected 1 to 256, found 257");
  VecUnpool unpool;
  unpool.in = unpool.positions = {mem::act, {}};
  unpool.out = {mem::grad, {}};
  unpool.window = 257;
  EXPECT_EQ(errorOf(vec, unpool), "instruction 0 (vec.unpool): window: "
                                  "expected 1 to 256, found 257");
  unpool.fn = PoolFn::AverageValid; // no byte numbers its positions
  EXPECT_EQ(errorOf(vec, unpool),
            "instruction 0 (vec.unpool): positions: expected zeros (the "
            "function does not touch it), found others");
  unpool.positions = {};
  EXPECT_EQ(errorOf(vec, unpool), "accepted");
  EXPECT_EQ(errorOf(dma, unpool),
            "instruction 0 (vec.unpool): engine: expected vec, found dma");
  EXPECT_EQ(errorOf(core0, VecRandom{}),
            "instruction 0 (vec.random): engine: expected vec, found core[0]");
  VecPool pool;
  pool.in = {mem::act, {}};
  pool.out = {mem::grad, {}};
  pool.window = 0;
  EXPECT_EQ(errorOf(vec, pool), "instruction 0 (vec.pool): window: expected 1 "
                                "to 1125899906842624, found 0");
  DmaCopy copy = makeCopy();
  copy.zeroFill = ZeroFill{4, {}, 1};
  EXPECT_EQ(errorOf(dma, copy), "instruction 0 (dma.copy): zero fill dim: "
                                "expected 0 to 3, found 4");
  copy.zeroFill = ZeroFill{3, {}, -1};
  EXPECT_EQ(errorOf(dma, copy),
            "instruction 0 (dma.copy): zero fill extent: expected 0 to "
            "1125899906842624, found -1");
}

//===----------------------------------------------------------------------===//
// Tokens
//===----------------------------------------------------------------------===//

TEST(Structure, TokensAreBalanced) {
  Instruction signal = make(dma, Signal{1}), wait = make(vec, Wait{1, false});
  Instruction loop = make({}, Loop{3}), end = make({}, End{});
  Instruction signal0 = make(dma, Signal{0}), wait0 = make(vec, Wait{0, false});
  EXPECT_EQ(errorOf({signal0, wait0}), "accepted");
  EXPECT_EQ(errorOf({signal0, loop, wait0, signal0, end, wait0}), "accepted");
  EXPECT_EQ(errorOf({signal}), "instruction 1 (halt): token 1: expected as "
                               "many waits as signals in the whole program, "
                               "found 1 signals and 0 waits");
  EXPECT_EQ(errorOf({signal, loop, wait, end}),
            "instruction 3 (end): token 1: expected as many waits as signals "
            "in the body of the loop that ends here, found 0 signals and 1 "
            "waits");
  EXPECT_EQ(errorOf({wait, signal}),
            "instruction 0 (wait): token 1: expected a signal before it in the "
            "instruction stream, found 0 signals and 1 waits up to here; the "
            "wait would never end");
  EXPECT_EQ(errorOf({loop, wait, signal, end}),
            "instruction 1 (wait): token 1: expected a signal before it in the "
            "instruction stream, found 0 signals and 1 waits up to here; the "
            "wait would never end");
}

TEST(Structure, TokensAreUsed) {
  Instruction signal = make(dma, Signal{1}), wait = make(vec, Wait{1, false});
  Program program = withCode({signal, wait});
  EXPECT_EQ(structureError(program),
            "instruction 2 (halt): token 0: expected a signal and a wait of "
            "each token below 2 (number of tokens), found none; number tokens "
            "without gaps, and the program's tokens by those that it uses");
  // The number alone would take gigabytes.
  program = withCode({});
  program.tokens = 4'000'000'000;
  EXPECT_NE(structureError(program).find("token 0: expected a signal"),
            std::string::npos);
  program = withCode(
      {make(dma, Signal{0}), make(vec, Wait{0, false}), signal, wait});
  EXPECT_EQ(structureError(program), "accepted");
}

TEST(Structure, TokensHaveOneSignallerAndOneWaiter) {
  EXPECT_EQ(errorOf({make(dma, Signal{1}), make(core0, Signal{1})}),
            "instruction 1 (signal): engine: expected dma, which signals token "
            "1 at instruction 0, found core[0]");
  EXPECT_EQ(errorOf({make(dma, Signal{1}), make(dma, Signal{1}),
                     make(core0, Wait{1, false}), make(core1, Wait{1, false})}),
            "instruction 3 (wait): engine: expected core[0], which awaits "
            "token 1 at instruction 2, found core[1]");
  EXPECT_EQ(errorOf({make(dma, Signal{1}), make(dma, Wait{1, false})}),
            "instruction 1 (wait): engine: expected different engines to "
            "signal and await token 1, found dma for both");
}
