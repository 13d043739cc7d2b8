//===- ExecutorTest.cpp - Inputs, memory, layers, errors ------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../support/TestMemories.h"
#include "LinearProgram.h"

#include "phx/exec/Memory.h"

#include <cmath>

using namespace phx;
using namespace phx::testing;

TEST(Executor, UnknownKind) {
  Program program = linearProgram();
  EXPECT_ERROR(
      createExecutor("turbo", program),
      "no executor is named 'turbo'; there are 'reference' and 'fast'");
}

TEST(Executor, RunsTwice) {
  Program program = linearProgram();
  auto executor = createExecutor("reference", program);
  ASSERT_TRUE(executor.ok());
  for (float x : {1.0f, 2.0f}) {
    auto result = (*executor)->run(linearInputs(x), threads(2));
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(toVector(result->at("y")), std::vector<float>(6, 20 * x));
    EXPECT_EQ(result->at("y").shape, (std::vector<int64_t>{2, 3, 1, 1}));
  }
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

TEST(Executor, InputNames) {
  Program program = linearProgram();
  Arrays inputs = linearInputs();
  inputs["X"] = inputs["x"];
  EXPECT_ERROR(runProgram(program, inputs),
               "no input is named 'X'; inputs of this program: 'x' "
               "float32[2, 20, 1, 1], 'w' float32[3, 20, 1, 1]");
  inputs = linearInputs();
  inputs.erase("w");
  EXPECT_ERROR(runProgram(program, inputs),
               "input 'w' float32[3, 20, 1, 1] is missing");
  // Outputs are no inputs.
  inputs = linearInputs();
  inputs["y"] = inputs["x"];
  EXPECT_ERROR(runProgram(program, inputs), "no input is named 'y'");
}

TEST(Executor, InputShapesAndTypes) {
  Program program = linearProgram();
  Arrays inputs = linearInputs();
  inputs["x"].shape = {2, 20};
  EXPECT_ERROR(
      runProgram(program, inputs),
      "input 'x': expected float32[2, 20, 1, 1], found float32[2, 20]");
  inputs = linearInputs();
  inputs["x"].type = ElementType::I32;
  EXPECT_ERROR(runProgram(program, inputs),
               "expected float32[2, 20, 1, 1], found int32[2, 20, 1, 1]");
  inputs = linearInputs();
  inputs["x"].bytes.pop_back();
  EXPECT_ERROR(runProgram(program, inputs), "takes 160 bytes, found 159");
}

//===----------------------------------------------------------------------===//
// Values that formats cannot hold
//===----------------------------------------------------------------------===//

TEST(Executor, NonFiniteOperands) {
  Program program = linearProgram();
  Arrays inputs = linearInputs();
  auto x = toVector(inputs["x"]);
  x[27] = -INFINITY;
  inputs["x"] = toArray(x, {2, 20, 1, 1});
  EXPECT_ERROR(runProgram(program, inputs),
               "layer 'conv' (Conv): tensor 'x' element [1, 7, 0, 0] is -inf");
  inputs = linearInputs();
  auto w = toVector(inputs["w"]);
  w[59] = NAN;
  inputs["w"] = toArray(w, {3, 20, 1, 1});
  EXPECT_ERROR(runProgram(program, inputs),
               "tensor 'w' element [2, 19, 0, 0] is nan");
  // The bypass computes with them.
  ExecutionOptions options = threads(1);
  options.bypassFormats = true;
  auto result = runProgram(program, inputs, options);
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(std::isnan(toVector(result->at("y"))[2]));
}

TEST(Executor, FirstFailureWhateverTheThread) {
  // Vectors 100 and 4000 are bad; 100 is reported by any number of threads.
  ProgramBuilder builder;
  builder.addConvWithRegions(linearSpec(40, 16, 5000), Stationary::First,
                             builder.addFormat(mirageFormat()));
  Program program = builder.finish();
  std::vector<float> x(5000 * 16, 1.0f);
  x[4000 * 16] = x[100 * 16 + 3] = INFINITY;
  Arrays inputs{{"x", toArray(x, {5000, 16, 1, 1})},
                {"w", toArray(std::vector<float>(640, 1), {40, 16, 1, 1})}};
  for (unsigned count : {1u, 2u, 4u})
    EXPECT_ERROR(runProgram(program, inputs, threads(count)),
                 "tensor 'x' element [100, 3, 0, 0] is inf");
}

TEST(Executor, Overflow) {
  Program program = linearProgram();
  EXPECT_ERROR(runProgram(program, linearInputs(0x1p100f, 0x1p27f)),
               "the sum for tensor 'y' element [0, 0, 0, 0] left the range of "
               "binary32 at contraction position 0");
}

TEST(Executor, Formats) {
  ProductFormat format = mirageFormat();
  format.moduli = {6, 9};
  EXPECT_ERROR(runProgram(linearProgram(format), linearInputs()),
               "pass 0 rns.modular_dot moduli: expected pairwise coprime, "
               "found 6 and 9 with the common divisor 3");
  format.moduli = {};
  EXPECT_ERROR(runProgram(linearProgram(format), linearInputs()),
               "moduli: expected 1 to 15 numbers, found none");
  format = mirageFormat();
  format.second.group = 4097;
  EXPECT_ERROR(runProgram(linearProgram(format), linearInputs()),
               "conversion 1 group: expected 1 to 4096, found 4097");
  format.second.group = 24;
  EXPECT_ERROR(runProgram(linearProgram(format), linearInputs()),
               "product 0 conversion: expected groups of which the longer is "
               "a multiple of the shorter, found 16 and 24");
  Program mixed = linearProgram();
  mixed.combines[0] = {FloatAdd{}};
  EXPECT_ERROR(runProgram(mixed, linearInputs()),
               "product 0 combine: expected [scaled_add] (its operands are "
               "bfp), found [float_add]");
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

TEST(Executor, OperandOutsideItsSpace) {
  ProgramBuilder builder;
  uint32_t x = builder.addRegion("x", Role::Input, {8}, mem::act);
  uint32_t y = builder.addRegion("y", Role::Output, {8}, mem::grad);
  builder.setLayer(builder.addLayer("act", "Relu", y));
  Address far = builder.at(x);
  far.offset.base = 4;
  builder.add(vec, unary(VecFn::Relu, builder.at(y), far, 8));
  EXPECT_ERROR(
      runProgram(builder.finish(),
                 {{"x", toArray(std::vector<float>(8), {8})}}),
      "instruction 0 (vec.map), layer 'act' (Relu): operand a touches bytes "
      "[4, 36) of memory 'act', which has 32 bytes");
  Program program = linearProgram();
  program.memories[mem::grad].bytes = 20;
  EXPECT_ERROR(runProgram(program, linearInputs()),
               "operand out touches bytes");
}

TEST(Executor, ElementsMayLieApart) {
  // Rows 3 and 4 are 3072 and 4096 bytes from the address. Digit by digit they
  // would reach from 0 to 7168, beyond the memory.
  AccessMap apart, line;
  apart.axes = {{4, 1024, 0, 0, 0}, {2, 4096, 0, 0, 0}};
  apart.rows = {{4, 0, 1}, {2, 1, 1}};
  line.axes = {{8, 4, 0, 0, 0}};
  line.rows = {{8, 0, 1}};
  for (int64_t base : {0, -3072}) {
    ProgramBuilder builder;
    uint32_t x = builder.addRegion("x", Role::Input, {1040}, mem::act);
    uint32_t y = builder.addRegion("y", Role::Output, {8}, mem::grad);
    Address from = builder.at(x);
    from.offset.base = base;
    builder.add(vec, VecPool{PoolFn::Max, builder.addMap(apart),
                             builder.addMap(line), from, builder.at(y),
                             Affine{3, {}}, Count{2, {}}, 1});
    std::vector<float> values(1040);
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = float(i) + 1;
    auto result =
        runProgram(builder.finish(), {{"x", toArray(values, {1040})}});
    ASSERT_TRUE(result.ok()) << result.error().message;
    std::vector<float> expected(8, 0.0f);
    expected[3] = values[size_t(3072 + base) / 4];
    expected[4] = values[size_t(4096 + base) / 4];
    EXPECT_EQ(toVector(result->at("y")), expected);
  }
}

TEST(Executor, GroupsEndWithTheContractionAxis) {
  // Maps that go on behind it reach the rows that follow, which are larger.
  Program program = linearProgram();
  Program longer = program;
  for (AccessMap &map : longer.maps)
    for (MapDigit &digit : map.cols)
      if (digit.radix == 20) {
        digit.radix = 32;
        map.axes[digit.axis].extent = 32;
      }
  ASSERT_NE(longer.maps, program.maps);
  Arrays inputs = linearInputs();
  std::vector<float> weights(60);
  for (size_t i = 0; i < weights.size(); ++i)
    weights[i] = i < 20 ? 1.0f : i < 40 ? 1e3f : 1e6f;
  inputs.at("w") = toArray(weights, {3, 20, 1, 1});
  auto expected = runProgram(program, inputs), found =
      runProgram(longer, inputs);
  ASSERT_TRUE(expected.ok() && found.ok());
  EXPECT_EQ(toVector(found->at("y")), toVector(expected->at("y")));
}

TEST(Executor, StreamWithoutItsTile) {
  Program program = linearProgram();
  program.code.erase(program.code.begin() + 1);
  EXPECT_ERROR(runProgram(program, linearInputs()),
               "the tile in this array is not");
}

TEST(Executor, InitialContentsStayUntouched) {
  // Reads constants in place; a write into one moves it first.
  ProgramBuilder builder;
  std::vector<float> values(1000, 3.0f);
  uint32_t c = builder.addRegion("c", Role::Constant, {1000}, mem::wgt);
  uint32_t y = builder.addRegion("y", Role::Output, {1000}, mem::grad);
  builder.setData(c, values);
  Address second = builder.at(c);
  second.offset.base += 4;
  builder.add(vec, unary(VecFn::Fill, second, {}, 1, 7.0f));
  builder.add(vec, unary(VecFn::Copy, builder.at(y), builder.at(c), 1000));
  Program program = builder.finish();
  const uint8_t *bytes = program.data[0].bytes;
  std::vector<uint8_t> before(bytes, bytes + 4000);
  auto executor = createExecutor("reference", program);
  ASSERT_TRUE(executor.ok());
  for (int run = 0; run < 2; ++run) {
    auto result = (*executor)->run({}, threads(1));
    ASSERT_TRUE(result.ok());
    std::vector<float> expected = values;
    expected[1] = 7.0f;
    EXPECT_EQ(toVector(result->at("y")), expected);
    EXPECT_EQ(std::vector<uint8_t>(bytes, bytes + 4000), before);
  }
}

TEST(Executor, OperandAcrossRegions) {
  // Two constants and a hole between them, read as one operand.
  ProgramBuilder builder;
  uint32_t a = builder.addRegion("a", Role::Constant, {2}, mem::wgt);
  uint32_t b = builder.addRegion("b", Role::Constant, {2}, mem::wgt);
  uint32_t y = builder.addRegion("y", Role::Output, {18}, mem::grad);
  builder.setData(a, {1, 2});
  builder.setData(b, {3, 4});
  builder.add(vec, unary(VecFn::Copy, builder.at(y), builder.at(a), 18));
  auto result = runProgram(builder.finish(), {});
  ASSERT_TRUE(result.ok());
  std::vector<float> expected(18, 0.0f);
  expected[0] = 1;
  expected[1] = 2;
  expected[16] = 3;
  expected[17] = 4;
  EXPECT_EQ(toVector(result->at("y")), expected);
}

TEST(Executor, InitialContentsThatDoNotFit) {
  ProgramBuilder builder;
  uint32_t c = builder.addRegion("c", Role::Constant, {2}, mem::wgt);
  builder.setData(c, {1, 2, 3});
  EXPECT_ERROR(runProgram(builder.finish(), {}), "region 'c' holds 8 bytes");
  ProgramBuilder overlapping;
  uint32_t a = overlapping.addRegion("a", Role::Constant, {2}, mem::wgt);
  uint32_t b = overlapping.addRegion("b", Role::Constant, {2}, mem::wgt);
  overlapping.setData(a, {1, 2});
  overlapping.setData(b, {1, 2});
  overlapping.program.regions[b].address = 4;
  EXPECT_ERROR(runProgram(overlapping.finish(), {}), "overlap at address 4");
}

TEST(Executor, SpacesLargerThanMemory) {
  // Only what is touched is allocated.
  ProgramBuilder builder;
  builder.addRegion("big", Role::Workspace, {int64_t(1) << 40}, mem::dram,
                    ElementType::U8);
  uint32_t y = builder.addRegion("y", Role::Output, {4}, mem::dram);
  builder.add(vec, unary(VecFn::Fill, builder.at(y), {}, 4, 2.0f));
  auto result = runProgram(builder.finish(), {});
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(toVector(result->at("y")), std::vector<float>(4, 2.0f));
}

TEST(Memory, ConstantsMayShareAPlaceAndWhatItHolds) {
  Program program = ProgramBuilder().program;
  const std::vector<uint8_t> bytes{1, 2, 3, 4, 5, 6, 7, 8};
  program.data = {{bytes.data(), bytes.size(), nullptr},
                  {bytes.data() + 4, 4, nullptr}};
  Region region{"a", Role::Constant, ElementType::F32, {2}, mem::act, 64, 64,
                0};
  program.regions = {region, region};
  program.regions[1].name = "b";
  for (ProgramMemory &memory : program.memories)
    memory.bytes = 128;
  auto memory = exec::Memory::create(program);
  ASSERT_TRUE(memory.ok()) << memory.error().message;
  EXPECT_EQ(std::memcmp((*memory)->read(mem::act, 64, 72), bytes.data(), 8), 0);
  (*memory)->write(mem::act, 64, 68)[0] = 9;
  EXPECT_EQ((*memory)->read(mem::act, 64, 72)[0], 9);
  EXPECT_EQ((*memory)->read(mem::act, 64, 72)[7], 8);
  // Others are on top of each other.
  program.regions[1].data = 1;
  EXPECT_FALSE(exec::Memory::create(program).ok());
  program.regions[1].data = 0;
  program.regions[1].address = 68;
  EXPECT_FALSE(exec::Memory::create(program).ok());
}
