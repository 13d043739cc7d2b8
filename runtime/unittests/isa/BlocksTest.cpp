//===- BlocksTest.cpp - Operands in blocks ----------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StructureTestUtils.h"

#include "phx/isa/Blocks.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>

using namespace phx;
using namespace phx::testing;

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

TEST(Blocks, Bytes) {
  EXPECT_EQ(getBlockBytes({4, 16}), 11);
  EXPECT_EQ(getBlockBytes({1, 1}), 2);
  EXPECT_EQ(getBlockBytes({2, 3}), 3);
  EXPECT_EQ(getBlockBytes({15, 4096}), 8193);
}

TEST(Blocks, AreWrittenFromTheLowestBitOn) {
  // Five bits each: 1, -1, 2, -15, 15.
  const int16_t mantissas[] = {1, -1, 2, -15, 15};
  std::vector<uint8_t> block(5);
  packBlock({4, 5}, 130, mantissas, 5, 1, block.data());
  // 01111 10001 00010 11111 00001, highest first.
  EXPECT_EQ(block, (std::vector<uint8_t>{130, 0xe1, 0x8b, 0xf8, 0x00}));
}

TEST(Blocks, AreReadAsWritten) {
  for (int64_t bits = 1; bits <= 15; ++bits)
    for (int64_t group : {1, 2, 7, 16, 33}) {
      Bfp format{bits, group};
      std::vector<int16_t> mantissas;
      int most = (1 << bits) - 1;
      for (int64_t j = 0; j < group; ++j)
        mantissas.push_back(int16_t(j % 3 == 0   ? most
                                    : j % 3 == 1 ? -most
                                                 : int(j) % most));
      std::vector<uint8_t> block(size_t(getBlockBytes(format)), 0xff);
      packBlock(format, 1, mantissas.data(), group, 1, block.data());
      EXPECT_FALSE(findBlockFault(format, block.data()));
      for (int64_t j = 0; j < group; ++j)
        ASSERT_EQ(getMantissa(format, block.data(), j), mantissas[size_t(j)])
            << bits << " bits, " << j << " of " << group;
    }
}

TEST(Blocks, Faults) {
  const Bfp format{4, 5};
  auto explain = [&](std::vector<uint8_t> block) {
    auto fault = findBlockFault(format, block.data());
    return fault ? fault->parameter + ": " + fault->expected + ", found " +
                       fault->found
                 : "none";
  };
  EXPECT_EQ(explain({0, 0, 0, 0, 0}), "none");
  EXPECT_EQ(explain({254, 0xff, 0xff, 0xff, 0x01}), "none");
  EXPECT_EQ(explain({255, 0, 0, 0, 0}),
            "exponent: 0 to 254 (biased by 127), found 255");
  EXPECT_EQ(explain({0, 0x20, 0, 0, 0}),
            "mantissa 1: 0 (the exponent says that all are), found 1");
  EXPECT_EQ(explain({9, 0, 0, 0, 0x01}), "mantissa 4: at least -15, found -16");
  EXPECT_EQ(explain({9, 0, 0, 0, 0x06}),
            "bits behind the last mantissa: zeros, found 3");
}

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

namespace {
/// The frame whose `act` and `wgt` hold blocks; 8 x 4 blocks of 11 bytes, as
/// map 1.
Program makeBlockFrame() {
  Program program = makeFrame();
  program.memories[mem::grad].types.pop_back();
  AccessMap map;
  map.axes = {{8, 44, 0, 0, 0}, {4, 11, 0, 0, 0}};
  map.rows = {{8, 0, 1}};
  map.cols = {{4, 1, 1}};
  program.maps.push_back(map);
  return program;
}

std::string
errorOfRegion(const std::function<void(Program &, Region &)> &edit) {
  Program program = makeBlockFrame();
  Region region;
  region.name = "w.blocks";
  region.type = ElementType::Block;
  region.conversion = 0;
  region.shape = {2, 3};
  region.bytes = 66;
  region.memory = mem::wgt;
  edit(program, region);
  program.regions.push_back(region);
  program.code.push_back(make({}, Halt{}));
  return structureError(program);
}

void expectIn(const std::string &text, const std::string &part) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
}
} // namespace

TEST(Blocks, Regions) {
  EXPECT_EQ(errorOfRegion([](Program &, Region &) {}), "accepted");
  expectIn(errorOfRegion([](Program &, Region &r) { r.bytes = 65; }),
           "bytes: expected at least 66");
  expectIn(errorOfRegion([](Program &, Region &r) { r.conversion.reset(); }),
           "conversion: expected the one that made its blocks, found none");
  expectIn(errorOfRegion([](Program &, Region &r) { r.conversion = 7; }),
           "conversion: expected an index below 1");
  expectIn(errorOfRegion([](Program &p, Region &r) {
             p.conversions.push_back(Fp32{16});
             r.conversion = 1;
           }),
           "conversion: expected bfp (others have no blocks; keep the elements "
           "as f32), found fp32 group 16");
  expectIn(
      errorOfRegion([](Program &, Region &r) { r.type = ElementType::F32; }),
      "conversion: expected none (its elements are f32), found 0");
  expectIn(errorOfRegion([](Program &, Region &r) { r.memory = mem::grad; }),
           "type: expected one that grad can hold, found block");
}

TEST(Blocks, TheHostHasNone) {
  for (Role role : {Role::Input, Role::Output})
    expectIn(errorOfRegion([=](Program &, Region &r) { r.role = role; }),
             "type: expected one that the host can give and take");
  expectIn(errorOfRegion([](Program &, Region &r) {
             r.role = Role::Parameter;
             r.isMutable = true;
           }),
           "type: expected one that the host can give and take");
  EXPECT_EQ(
      errorOfRegion([](Program &, Region &r) { r.role = Role::Parameter; }),
      "accepted");
  expectIn(errorOfRegion([](Program &p, Region &) { p.layers[0].output = 0; }),
           "layer 0 'conv1' output: expected a region that the host can read");
}

TEST(Blocks, InitialContents) {
  auto withData = [](size_t byte, uint8_t value) {
    return errorOfRegion([=](Program &program, Region &region) {
      auto bytes = std::make_shared<std::vector<uint8_t>>(66);
      (*bytes)[byte] = value;
      region.role = Role::Constant;
      region.data = 0;
      program.data.push_back({bytes->data(), bytes->size(), bytes});
    });
  };
  EXPECT_EQ(withData(11, 254), "accepted");
  expectIn(withData(22, 255), "'w.blocks' data block 2 exponent: expected 0 to "
                              "254 (biased by 127), found 255");
  expectIn(withData(56, 3), "data block 5 mantissa 0: expected 0");
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

namespace {
CoreConvert makeConvert() {
  CoreConvert convert;
  convert.src = {mem::act, {}};
  convert.dst = {mem::wgt, {}};
  convert.dstMap = 1;
  convert.rows = fixed(8);
  convert.cols = fixed(16);
  return convert;
}
CoreProgram makeStoredLoad() {
  CoreProgram load = makeLoad();
  load.map = 1;
  load.stored = true;
  return load;
}

std::string errorOfBlocks(std::vector<Instruction> code,
                          const std::function<void(Program &)> &edit = {}) {
  Program program = makeBlockFrame();
  program.products[0].k = 62;
  program.code = std::move(code);
  program.code.push_back(make({}, Halt{}));
  if (edit)
    edit(program);
  return structureError(program);
}
template <typename T>
std::string errorOfBlocks(const T &base, const std::function<void(T &)> &edit,
                          const std::function<void(Program &)> &tables = {}) {
  T body = base;
  edit(body);
  return errorOfBlocks({make({}, Loop{4}), make(core0, body), make({}, End{})},
                       tables);
}
std::string errorOfConvert(const std::function<void(CoreConvert &)> &edit,
                           const std::function<void(Program &)> &tables = {}) {
  return errorOfBlocks<CoreConvert>(makeConvert(), edit, tables);
}
} // namespace

TEST(Blocks, ConversionsAreOfTheOperand) {
  EXPECT_EQ(errorOfConvert([](CoreConvert &) {}), "accepted");
  expectIn(errorOfConvert([](CoreConvert &i) { i.operand = 2; }),
           "operand: expected 0 to 1, found 2");
  auto twoFormats = [](Program &program) {
    program.conversions.push_back(Bfp{5, 16});
    program.products[0].conversions[1] = 1;
  };
  expectIn(errorOfConvert([](CoreConvert &i) { i.operand = 1; }, twoFormats),
           "conversion: expected 1 (that of its product's second operand), "
           "found 0");
  expectIn(errorOfConvert([](CoreConvert &i) { i.group.base = 1; }),
           "group: expected a group below 1");
  auto bypass = [](Program &program) {
    program.conversions[0] = Fp32{16};
    program.passes[0] = {FloatDot{}};
    program.combines[0] = {FloatAdd{}};
  };
  std::string expected = "conversion: expected bfp (others have no blocks; "
                         "keep the operand as f32), found fp32 group 16";
  expectIn(errorOfConvert([](CoreConvert &) {}, bypass), expected);
  expectIn(errorOfBlocks<CoreProgram>(
               makeStoredLoad(), [](CoreProgram &) {}, bypass),
           expected);
}

TEST(Blocks, ConversionsTakeWholeGroups) {
  DigitTerm tile{0, 1, 0, 1, 0, 16};
  auto at = [&](Affine k, Count cols) {
    return errorOfConvert([&](CoreConvert &i) {
      i.kStart = k;
      i.cols = cols;
    });
  };
  DigitTerm less = tile;
  less.weight = -16;
  EXPECT_EQ(at({0, {tile}}, {16, Affine{62, {less}}}), "accepted");
  EXPECT_EQ(at({0, {}}, fixed(62)), "accepted");
  EXPECT_EQ(at({48, {}}, fixed(14)), "accepted");
  EXPECT_EQ(at({0, {}}, {32, Affine{48, {less}}}), "accepted");
  expectIn(at({8, {}}, fixed(16)),
           "k start: expected a base and weights that are multiples of 16 (a "
           "block is a whole group), found 8");
  DigitTerm half = tile;
  half.weight = 8;
  expectIn(at({0, {half}}, fixed(16)),
           "(a block is a whole group), found [0 + 8 * l0]");
  std::string expected =
      "cols: expected multiples of 16, or what is left of the 62 contraction "
      "positions of the product (of [62 less k])";
  expectIn(at({0, {}}, fixed(14)), expected + ", found 14 at k 0");
  expectIn(at({0, {tile}}, fixed(62)), expected);
  expectIn(at({0, {tile}}, {16, Affine{61, {less}}}),
           expected + ", found 16 of [61 + -16 * l0] at k [0 + 16 * l0]");
  expectIn(at({0, {}}, {32, Affine{62, {less}}}), expected);
}

TEST(Blocks, RandomConversionsStayInTheirOperand) {
  // 8 rows by 62 positions, or 6 rows of the second operand.
  Rounding rounding = Rounding::Stochastic;
  auto at = [&](int64_t operand, Affine row, Count rows, Affine k, Count cols) {
    return errorOfConvert(
        [&](CoreConvert &i) {
          i.operand = operand;
          i.rowStart = row;
          i.rows = rows;
          i.kStart = k;
          i.cols = cols;
        },
        [&](Program &program) {
          program.conversions[0] = Bfp{4, 16, rounding};
          Region key;
          key.name = "key";
          key.role = Role::State;
          key.isMutable = true;
          key.shape = {3};
          key.memory = mem::grad;
          key.bytes = 12;
          program.rng = uint32_t(program.regions.size());
          program.regions.push_back(key);
          program.products[0].n = 6;
          program.products[0].m = 4;
          program.products[0].positions = 2;
        });
  };
  EXPECT_EQ(at(0, {}, fixed(8), {}, fixed(62)), "accepted");
  EXPECT_EQ(at(1, {}, fixed(6), {}, fixed(62)), "accepted");
  expectIn(at(0, {}, fixed(9), {}, fixed(62)),
           "rows: expected rows of its product's first operand, of 8, found 0 "
           "to 8");
  expectIn(at(1, {}, fixed(7), {}, fixed(62)),
           "rows: expected rows of its product's second operand, of 6, found 0 "
           "to 6");
  // No row of it, although they do not straddle its end.
  expectIn(at(0, {8, {}}, fixed(4), {}, fixed(62)),
           "row start: expected a row below 8 of its product's first operand, "
           "found 8");
  expectIn(at(0, {}, fixed(8), {64, {}}, fixed(16)),
           "k start: expected a position below 62 of its product's "
           "contraction, found 64");
  expectIn(at(0, {}, fixed(8), {}, fixed(64)),
           "cols: expected contraction positions of its product, of 62, found "
           "0 to 63");
  // At every iteration: the last one of four begins at row 6.
  Affine row{0, {{0, 1, 0, 1, 0, 2}}};
  EXPECT_EQ(at(0, row, fixed(2), {}, fixed(16)), "accepted");
  expectIn(at(0, row, fixed(3), {}, fixed(16)),
           "found 6 to 8 at loop counters");
  EXPECT_EQ(at(0, row, {3, Affine{8, {{0, 1, 0, 1, 0, -2}}}}, {}, fixed(16)),
            "accepted");
  // What draws no random numbers may go on beyond it.
  rounding = Rounding::Truncate;
  EXPECT_EQ(at(0, {8, {}}, fixed(9), {64, {}}, fixed(64)), "accepted");
  rounding = Rounding::Stochastic;
  // Where nothing is left, nothing begins.
  Affine far{0, {{0, 1, 0, 1, 0, 4}}};
  EXPECT_EQ(at(0, far, {4, Affine{8, {{0, 1, 0, 1, 0, -4}}}}, {}, fixed(16)),
            "accepted");
}

TEST(Blocks, CountRegistersCutNoGroup) {
  expectIn(errorOfConvert(
               [](CoreConvert &i) { i.cols.registerIndex = 0; },
               [](Program &program) { program.registers = {{"found", 16}}; }),
           "cols: expected multiples of 16, or what is left of the 62 "
           "contraction positions of the product (of [62 less k]), found what "
           "a count register says");
}

TEST(Blocks, MemoriesHoldThem) {
  expectIn(errorOfConvert([](CoreConvert &i) { i.dst.memory = mem::grad; }),
           "dst: expected a memory that holds blocks, found grad, whose types "
           "in the target lack 'block'");
  expectIn(
      errorOfBlocks<CoreProgram>(
          makeStoredLoad(), [](CoreProgram &i) { i.src.memory = mem::grad; }),
      "src: expected a memory that holds blocks, found grad");
  // What only holds blocks holds no elements.
  auto onlyBlocks = [](Program &program) {
    program.memories[mem::act].types = {ElementType::Block};
  };
  expectIn(errorOfConvert([](CoreConvert &) {}, onlyBlocks),
           "src: expected elements that act can hold (block), found elements "
           "of 4 bytes");
  // They move as bytes.
  DmaCopy copy = makeCopy();
  copy.dst.memory = copy.src.memory = mem::act;
  copy.dst.offset.base = 11;
  copy.dstStride = copy.srcStride = {0, 0, 0, 1};
  copy.width = 1;
  EXPECT_EQ(errorOfBlocks({make(dma, copy)}, onlyBlocks), "accepted");
  copy.width = 2;
  copy.dst.offset.base = 12;
  copy.dstStride = copy.srcStride = {0, 0, 0, 2};
  expectIn(errorOfBlocks({make(dma, copy)}, onlyBlocks),
           "found elements of 2 bytes");
}

TEST(Blocks, BoundsAreThoseOfBlocks) {
  // 8 rows of 44 bytes of 1024; the last block ends at 352.
  auto convertAt = [](int64_t address, int64_t k) {
    return errorOfConvert([=](CoreConvert &i) {
      i.dst.offset.base = address;
      i.kStart.base = k;
      i.cols = fixed(k == 48 ? 14 : 16);
    });
  };
  EXPECT_EQ(convertAt(1024 - 352, 48), "accepted");
  expectIn(convertAt(1024 - 351, 48),
           "dst: expected bytes inside [0, 1024) of wgt, found [706, 1025)");
  // The third block ends 11 bytes before.
  EXPECT_EQ(convertAt(1024 - 341, 32), "accepted");
  expectIn(convertAt(1024 - 340, 32), "dst: expected bytes inside");
  auto loadAt = [](int64_t address, int64_t k) {
    return errorOfBlocks<CoreProgram>(makeStoredLoad(), [=](CoreProgram &i) {
      i.src.offset.base = address;
      i.kStart.base = k;
      i.cols = fixed(8);
    });
  };
  // Half a group is fetched with the whole block.
  for (int64_t k : {32, 40}) {
    EXPECT_EQ(loadAt(1024 - 341, k), "accepted");
    expectIn(loadAt(1024 - 340, k), "src: expected bytes inside");
  }
}

TEST(Blocks, ConvertingIsNoPartOfTheNest) {
  // A loop that computes the product, with the conversion before it or in it,
  // on the same array or on one of another group.
  for (auto [inside, converter] : {std::pair(false, core0),
                                   {true, core0},
                                   {true, EngineId{EngineKind::Core, 0, 1}}}) {
    std::vector<Instruction> code;
    if (!inside)
      code.push_back(make(converter, makeConvert()));
    size_t begin = code.size();
    code.push_back(make({}, Loop{1}));
    if (inside)
      code.push_back(make(converter, makeConvert()));
    code.push_back(make(core0, makeStoredLoad()));
    code.push_back(make(core0, makeStream()));
    code.push_back(make({}, End{}));
    size_t end = code.size() - 1;
    EXPECT_EQ(
        errorOfBlocks(
            std::move(code),
            [&](Program &program) {
              program.groups.push_back({"other", "rns", 1, 32, 16});
              program.products[0].k = 16;
              program.products[0].nests = {
                  {begin, end, {{}, {1}}, {{}, {8}}, {{}, {8}}, {{}, {16}}}};
            }),
        "accepted");
  }
}
