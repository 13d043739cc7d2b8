//===- ErrorPlacesTest.cpp - What of a program an error is about *- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StructureTestUtils.h"

#include <functional>

using namespace phx;
using namespace phx::testing;

namespace {

/// A workspace of `count` numbers at the beginning of the gradients' memory.
Region makeRegion(int64_t count = 1) {
  Region region;
  region.name = "r";
  region.shape = {count};
  region.memory = mem::grad;
  region.bytes = 64;
  return region;
}

/// Without a fault.
Program makeWhole() {
  Program program = makeFrame();
  program.tokens = 0;
  program.regions = {makeRegion()};
  program.code = {make({}, Loop{2}), make(vec, makeRelu()), make({}, End{}),
                  make(vec, makeRelu()), make({}, Halt{})};
  return program;
}

/// "KIND NUMBER" of what the error is about that `change` makes; or its message
/// if it is about nothing in particular.
std::string placeAfter(const std::function<void(Program &)> &change) {
  Program program = makeWhole();
  change(program);
  Status status = validate(program);
  if (status)
    return "accepted";
  const std::optional<ProgramEntry> &entry = status.error().entry;
  return entry ? entry->kind + (" " + std::to_string(entry->number))
               : status.error().message;
}

} // namespace

TEST(ErrorPlaces, OfInstructions) {
  EXPECT_EQ(placeAfter([](Program &) {}), "accepted");
  // Structure, with a loop before it.
  EXPECT_EQ(placeAfter([](Program &p) { p.code[3].engine = dma; }),
            "instruction 3");
  EXPECT_EQ(placeAfter([](Program &p) {
              getAs<Loop>(p.code[0].body).count = 0;
            }),
            "instruction 0");
  EXPECT_EQ(placeAfter([](Program &p) {
              getAs<VecMap>(p.code[1].body).dst.offset.base = 2;
            }),
            "instruction 1");
  // A race: the later one.
  EXPECT_EQ(placeAfter([](Program &p) {
              p.code.insert(p.code.begin() + 4, make(dma, makeCopy()));
            }),
            "instruction 4");
  // Purpose.
  EXPECT_EQ(placeAfter([](Program &p) {
              VecRandom random;
              random.dst = {mem::act, {}};
              random.key = {mem::wgt, {}};
              random.count = fixed(1);
              p.code[3] = make(vec, random);
            }),
            "instruction 3");
  EXPECT_EQ(placeAfter([](Program &p) {
              Region &state = p.regions.emplace_back(makeRegion());
              state.memory = mem::act;
              state.role = Role::State;
              state.isMutable = true;
              p.kind = ProgramKind::Evaluation;
            }),
            "instruction 1");
}

TEST(ErrorPlaces, OfEntriesOfTables) {
  EXPECT_EQ(placeAfter([](Program &p) {
              p.groups.push_back(p.groups.back());
            }),
            "group 1");
  EXPECT_EQ(placeAfter([](Program &p) { p.memories[2].bytes = -1; }),
            "memory 2");
  EXPECT_EQ(placeAfter([](Program &p) {
              p.registers = {{"few", 8}, {"few", 8}};
            }),
            "register 1");
  EXPECT_EQ(placeAfter([](Program &p) {
              p.maps.push_back(p.maps.back());
              p.maps[1].rows[0].radix = 0;
            }),
            "map 1");
  EXPECT_EQ(placeAfter([](Program &p) {
              p.conversions.push_back(Bfp{.mantissa = 16});
            }),
            "conversion " + std::to_string(makeWhole().conversions.size()));
  EXPECT_EQ(placeAfter([](Program &p) { p.passes.push_back({}); }),
            "pass " + std::to_string(makeWhole().passes.size()));
  EXPECT_EQ(placeAfter([](Program &p) { p.combines.push_back({}); }),
            "combine " + std::to_string(makeWhole().combines.size()));
  EXPECT_EQ(placeAfter([](Program &p) { p.products[0].pass = 9; }),
            "product 0");
  EXPECT_EQ(placeAfter([](Program &p) {
              p.products[0].nests.push_back({0, 1, {}, {}, {}, {}});
            }),
            "nest 0");
  // Nests are numbered product by product.
  EXPECT_EQ(placeAfter([](Program &p) {
              p.products.push_back(p.products[0]);
              ProductNest nest{0, 2, {}, {}, {}, {}};
              for (NestRange *range : {&nest.groups, &nest.rows, &nest.columns,
                                       &nest.contraction})
                range->size = fixed(1);
              p.products[0].nests = {nest};
              nest.loopEnd = 3;
              p.products[1].nests = {nest};
            }),
            "nest 1");
  EXPECT_EQ(placeAfter([](Program &p) {
              p.regions.push_back(makeRegion(1000));
            }),
            "region 1");
  EXPECT_EQ(placeAfter([](Program &p) { p.regions[0].isLoss = true; }),
            "region 0");
  EXPECT_EQ(placeAfter([](Program &p) { p.layers[0].output = 7; }), "layer 0");
}

TEST(ErrorPlaces, OfTheProgram) {
  EXPECT_EQ(placeAfter([](Program &p) { p.batch = 0; }),
            "batch: expected at least 1, found 0");
  EXPECT_EQ(placeAfter([](Program &p) { p.kind = ProgramKind::Training; }),
            "kind: expected evaluation, because no instruction writes a "
            "mutable region beside the random key, found training");
}

TEST(ErrorPlaces, SectionsAreNumberedAsTheyAreUsed) {
  static const uint8_t bytes[8] = {};
  auto withSections = [&](std::vector<uint32_t> uses, size_t sections) {
    return [=](Program &p) {
      p.regions.clear();
      for (uint32_t section : uses) {
        Region region = makeRegion(2);
        region.name += std::to_string(p.regions.size());
        region.address = 64 * int64_t(p.regions.size());
        region.data = section;
        p.regions.push_back(region);
      }
      p.data.assign(sections, {bytes, sizeof(bytes), nullptr});
    };
  };
  EXPECT_EQ(placeAfter(withSections({0, 1, 0, 2, 1}, 3)), "accepted");
  EXPECT_EQ(placeAfter(withSections({1, 0}, 2)), "region 0");
  EXPECT_EQ(placeAfter(withSections({0, 2, 1}, 3)), "region 1");
  EXPECT_EQ(placeAfter(withSections({0, 1}, 4)),
            "data sections: expected each used by a region, found 2 that none "
            "uses");
}
