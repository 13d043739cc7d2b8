//===- StructureTablesTest.cpp - Validation of tables -----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../support/TestMemories.h"
#include "StructureTestUtils.h"

#include <functional>

using namespace phx;
using namespace phx::testing;

namespace {

std::string tableError(const std::function<void(Program &)> &change) {
  Program program = withCode({});
  change(program);
  return structureError(program);
}

} // namespace

TEST(Structure, ProgramFields) {
  EXPECT_EQ(tableError([](Program &p) { p.batch = 0; }),
            "batch: expected at least 1, found 0");
  EXPECT_EQ(tableError([](Program &p) { p.groups[0].rows = 0; }),
            "group 0 array: expected sides of 1 to 4096, found 0 x 16");
  EXPECT_EQ(tableError([](Program &p) { p.memories[1].bytes = -1; }),
            "memory 1 'act' bytes used: expected 0 to 2^50, found -1");
  EXPECT_EQ(tableError([](Program &p) { p.layers[0].output = 3; }),
            "layer 0 'conv1' output: expected an index below 0 (number of "
            "regions), found 3");
}

TEST(Structure, Maps) {
  auto error = [](auto change) {
    return tableError([&](Program &p) { change(p.maps[0]); });
  };
  EXPECT_EQ(error([](AccessMap &m) { m.rows[0].axis = 2; }),
            "map 0 row digits[0] axis: expected one of the map's 2 axes, found "
            "2");
  EXPECT_EQ(error([](AccessMap &m) { m.cols[0].radix = 0; }),
            "map 0 column digits[0] radix: expected at least 1, found 0");
  EXPECT_EQ(error([](AccessMap &m) { m.cols[0].step = int64_t(1) << 51; }),
            "map 0 column digits[0] step: expected a magnitude of at most "
            "2^50, found 2251799813685248");
  EXPECT_EQ(error([](AccessMap &m) {
              m.rows = {{int64_t(1) << 30, 0, 1}, {int64_t(1) << 30, 0, 1}};
            }),
            "map 0 row digits: expected a product of radices of at most 2^50, "
            "found 1152921504606846976");
  EXPECT_EQ(error([](AccessMap &m) { m.rows.assign(17, {1, 0, 1}); }),
            "map 0 row digits: expected at most 16, found 17");
  EXPECT_EQ(error([](AccessMap &m) { m.axes.resize(5); }),
            "map 0 axes: expected 1 to 4, found 5");
  EXPECT_EQ(error([](AccessMap &m) { m.axes.clear(); }),
            "map 0 axes: expected 1 to 4, found 0");
  EXPECT_EQ(error([](AccessMap &m) { m.axes[1].extent = -1; }),
            "map 0 axis 1 extent: expected 0 to 2^50, found -1");
  EXPECT_EQ(error([](AccessMap &m) { m.axes[0].stride = -4; }),
            "map 0 axis 0 stride: expected 0 to 2^50, found -4");
  EXPECT_EQ(error([](AccessMap &m) { m.axes[0].offset = INT64_MIN; }),
            "map 0 axis 0 offset: expected a magnitude of at most 2^50, found "
            "-9223372036854775808");
  EXPECT_EQ(error([](AccessMap &m) { m.axes[0].marginLow = -1; }),
            "map 0 axis 0 low margin: expected 0 to 2^50, found -1");
  EXPECT_EQ(error([](AccessMap &m) { m.axes[0].marginHigh = -2; }),
            "map 0 axis 0 high margin: expected 0 to 2^50, found -2");
}

TEST(Structure, StreamsOfProductsDoNotMeet) {
  // The streams of its operands, 2 s and 2 s + 1, would be those of stream 0.
  EXPECT_EQ(tableError([](Program &p) { p.products[0].stream = 1u << 31; }),
            "product 0 stream: expected 0 to 2147483647, found 2147483648");
  EXPECT_EQ(
      tableError([](Program &p) { p.products[0].stream = (1u << 31) - 1; }),
      "accepted");
}

TEST(Structure, ProductShapes) {
  auto error = [](auto change) {
    return tableError([&](Program &p) { change(p.products[0]); });
  };
  EXPECT_EQ(error([](Product &p) { p.m = 0; }),
            "product 0 m: expected 1 to 2^50, found 0");
  EXPECT_EQ(error([](Product &p) { p.groups = -1; }),
            "product 0 groups: expected 1 to 2^50, found -1");
  EXPECT_EQ(error([](Product &p) { p.conversions = {0, 1}; }),
            "product 0 conversion: expected an index below 1, found 1");
  EXPECT_EQ(error([](Product &p) { p.pass = 2; }),
            "product 0 pass: expected an index below 1, found 2");
  EXPECT_EQ(error([](Product &p) { p.combine = 3; }),
            "product 0 combine: expected an index below 1, found 3");
  EXPECT_EQ(error([](Product &p) { p.layer = 5; }),
            "product 0 layer: expected an index below 1, found 5");
}

TEST(Structure, Regions) {
  static const uint8_t bytes[64] = {};
  auto error = [](auto change) {
    return tableError([&](Program &p) {
      p.regions.push_back({"w",
                           Role::Constant,
                           ElementType::F32,
                           {2, 4},
                           mem::wgt,
                           64,
                           64,
                           0});
      p.data.push_back({bytes, 32, nullptr});
      change(p);
    });
  };
  EXPECT_EQ(error([](Program &) {}), "accepted");
  EXPECT_EQ(error([](Program &p) { p.regions[0].shape = {2, -1}; }),
            "region 0 'w' shape: expected extents of at least 0 and at most "
            "2^50 bytes, found others");
  EXPECT_EQ(error([](Program &p) { p.regions[0].bytes = 28; }),
            "region 0 'w' bytes: expected at least 32 for its shape and type, "
            "found 28");
  EXPECT_EQ(error([](Program &p) { p.regions[0].address = 32; }),
            "region 0 'w' address: expected a multiple of 64, at least 0, "
            "found 32");
  EXPECT_EQ(error([](Program &p) { p.regions[0].address = 1024 - 64 + 64; }),
            "region 0 'w' end: expected at most 1024 (bytes used of wgt), "
            "found 1088");
  EXPECT_EQ(error([](Program &p) { p.regions[0].data = 1; }),
            "region 0 'w' data: expected an index below 1, found 1");
  EXPECT_EQ(error([](Program &p) { p.data[0].size = 31; }),
            "region 0 'w' data: expected 32 bytes for its shape and type, "
            "found 31");
  EXPECT_EQ(error([](Program &p) {
              p.memoryModel = MemoryModel::Ideal;
              p.regions[0].memory = mem::dram;
            }),
            "region 0 'w' memory: expected one on chip (the ideal memory model "
            "has no other), found dram");
}

TEST(Structure, Memories) {
  EXPECT_EQ(tableError([](Program &p) { p.memories[2].name = "act"; }),
            "memory 2 'act' name: expected a name of its own, found 'act' "
            "again");
  EXPECT_EQ(tableError([](Program &p) { p.memories[2].name = ""; }),
            "memory 2 '' name: expected a name, found none");
  EXPECT_EQ(tableError([](Program &p) { p.memories[1].group = 0; }),
            "memory 1 'act' group: expected none (it is not resident), found "
            "one");
  EXPECT_EQ(tableError([](Program &p) {
              p.memories[1].kind = MemoryKind::Resident;
            }),
            "memory 1 'act' group: expected the group of arrays whose cells it "
            "is, found none");
  EXPECT_EQ(tableError([](Program &p) {
              p.memories[1].kind = MemoryKind::Resident;
              p.memories[1].group = 1;
            }),
            "memory 1 'act' group: expected an index below 1 (number of "
            "groups), found 1");
  EXPECT_EQ(tableError([](Program &p) { p.memories[3].capacity = 1023; }),
            "memory 3 'grad' bytes used: expected at most its capacity, 1023, "
            "found 1024");
  EXPECT_EQ(tableError([](Program &p) {
              p.memories[1].types = {ElementType::I32, ElementType::F32};
            }),
            "memory 1 'act' types: expected element types, each once, "
            "ascending, found f32");
  EXPECT_EQ(tableError([](Program &p) {
              p.memories.resize(17, p.memories[3]);
            }),
            "memories: expected at most 16, found 17");
}

TEST(Structure, InitialContentsDoNotShareBytes) {
  static const uint8_t bytes[128] = {};
  auto withSecond = [](Region second) {
    return tableError([&](Program &p) {
      p.regions.push_back({"w",
                           Role::Constant,
                           ElementType::F32,
                           {32},
                           mem::wgt,
                           0,
                           128,
                           0});
      p.regions.push_back(second);
      p.data.push_back({bytes, 128, nullptr});
    });
  };
  Region input{"x", Role::Input, ElementType::F32, {16}, mem::wgt,
               64,  64,          std::nullopt};
  EXPECT_EQ(withSecond(input), "regions 'w' and 'x': both are filled before "
                               "the run and share bytes from 64 of wgt");
  input.address = 128;
  EXPECT_EQ(withSecond(input), "accepted");
  input.address = 64;
  input.memory = mem::grad;
  EXPECT_EQ(withSecond(input), "accepted");
  input.memory = mem::wgt;
  input.role = Role::Workspace; // filled later, if at all
  EXPECT_EQ(withSecond(input), "accepted");
  Region alias{
      "tied", Role::Constant, ElementType::F32, {32}, mem::wgt, 0, 128, 0};
  EXPECT_EQ(withSecond(alias), "accepted");
  input.role = Role::Input;
  input.address = 128;
  EXPECT_EQ(tableError([&](Program &p) {
              p.regions = {input, input};
              p.regions[1].address = 256;
            }),
            "region 1 'x' name: expected a name that no other region of its "
            "role has, found 'x' twice");
}

TEST(Structure, MutableRegions) {
  Region weight{"w", Role::Parameter, ElementType::F32, {32}, mem::wgt, 0,
                128, std::nullopt};
  weight.isMutable = true;
  auto with = [&](Region second) {
    return tableError([&](Program &p) { p.regions = {weight, second}; });
  };
  Region momentum = weight;
  momentum.name = "m";
  momentum.role = Role::State;
  EXPECT_EQ(with(momentum), "regions 'w' and 'm': both are filled before the "
                            "run and share bytes from 0 of wgt");
  momentum.address = 128;
  EXPECT_EQ(with(momentum), "accepted");
  momentum.name = "w";
  EXPECT_EQ(with(momentum),
            "region 1 'w' name: expected a name that no other mutable region "
            "has, found 'w' twice");
  momentum.isMutable = false;
  EXPECT_EQ(with(momentum), "accepted");
  Region scratch = weight;
  scratch.isMutable = false;
  scratch.role = Role::Workspace; // may hold the new value
  EXPECT_EQ(with(scratch), "accepted");
  scratch.isMutable = true;
  scratch.address = 128;
  EXPECT_EQ(with(scratch), "region 1 'w' role: expected parameter or state (it "
                           "is mutable), found 5");
}

TEST(Structure, MutableRegionsShareNoData) {
  Region tied{
      "w", Role::Parameter, ElementType::F32, {32}, mem::wgt, 0, 128, 0};
  auto with = [&](bool isMutable) {
    return tableError([&](Program &p) {
      static const uint8_t zeros[128] = {};
      p.data = {{zeros, 128, nullptr}};
      p.regions = {tied, tied};
      p.regions[1].isMutable = isMutable;
    });
  };
  EXPECT_EQ(with(false), "accepted");
  EXPECT_NE(with(true).find("share bytes"), std::string::npos);
}

TEST(Structure, Labels) {
  Region input{"y", Role::Input, ElementType::F32, {16}, mem::wgt,
               0,   64,          std::nullopt};
  auto with = [&](Labels labels) {
    input.labels = labels;
    return tableError([&](Program &p) { p.regions = {input}; });
  };
  EXPECT_EQ(with({10, -100}), "accepted");
  EXPECT_EQ(with({1 << 24, std::nullopt}), "accepted");
  EXPECT_EQ(with({0, std::nullopt}),
            "region 0 'y' classes: expected 1 to 2^24, found 0");
  EXPECT_EQ(with({10, (1 << 24) + 1}),
            "region 0 'y' ignore index: expected a magnitude of at most 2^24, "
            "found 16777217");
  input.role = Role::Constant;
  EXPECT_EQ(with({10, std::nullopt}),
            "region 0 'y' labels: expected an input of type float32, found "
            "another region");
}

TEST(Structure, BatchAxes) {
  Region input{"x", Role::Input, ElementType::F32, {16, 4, 16}, mem::wgt,
               0,   4096,        std::nullopt};
  auto with = [&](uint32_t axis) {
    input.batchAxis = axis;
    return tableError([&](Program &p) {
      p.memories[2].bytes = 4096;
      p.batch = 16;
      p.regions = {input};
    });
  };
  EXPECT_EQ(with(0), "accepted");
  EXPECT_EQ(with(2), "accepted");
  EXPECT_EQ(with(3), "region 0 'x' batch axis: expected a dimension below 3, "
                     "found 3");
  EXPECT_EQ(with(1), "region 0 'x' batch axis: expected a dimension of extent "
                     "16, the program's batch, found 4");
  input.role = Role::Parameter;
  EXPECT_EQ(with(0), "region 0 'x' batch axis: expected one of an input or an "
                     "output only, found one of another region");
}

TEST(Structure, RandomNumbersHaveAKey) {
  Region key{"rng", Role::State, ElementType::F32, {3}, mem::wgt,
             0,     64,          std::nullopt};
  auto with = [&](std::optional<uint32_t> rng, Rounding rounding) {
    return tableError([&](Program &p) {
      p.regions = {key};
      p.rng = rng;
      getIf<Bfp>(p.conversions[0])->rounding = rounding;
    });
  };
  EXPECT_EQ(with(0, Rounding::Stochastic), "accepted");
  EXPECT_EQ(with(0, Rounding::Truncate), "accepted"); // for dropout alone
  EXPECT_EQ(with(std::nullopt, Rounding::Nearest), "accepted");
  EXPECT_EQ(with(std::nullopt, Rounding::Stochastic),
            "rng: expected a region of [seed, trial, step] (conversion 0 draws "
            "random numbers), found none");
  EXPECT_EQ(with(1, Rounding::Truncate),
            "rng: expected an index below 1 (number of regions), found 1");
  key.shape = {4};
  EXPECT_EQ(with(0, Rounding::Stochastic),
            "rng: expected a region of 3 elements of type float32, found "
            "region 'rng'");
}

TEST(Structure, PhasesOfLayers) {
  EXPECT_EQ(
      tableError([](Program &p) { p.layers[0].phase = static_cast<Phase>(5); }),
      "layer 0 'conv1' phase: expected a phase below 5, found 5");
}
