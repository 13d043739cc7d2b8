//===- TwoGroupsTest.cpp - Two kinds of residue arrays ----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Groups of one class with other moduli, another size and another number of
// arrays, in one program: each product is computed as on a machine that has its
// group alone.
//
//===----------------------------------------------------------------------===//

#include "RunHelpers.h"
#include "exec/ExecHelpers.h"
#include "target/TestTarget.h"
#include "timing/TestTiming.h"

#include "machines/rns/Energy.h"
#include "machines/rns/Instructions.h"
#include "phx/isa/Validator.h"
#include "phx/run/MachineCheck.h"
#include "phx/target/ArrayGroups.h"

using namespace phx;
using namespace phx::testing;

namespace {

/// The reference machine with a second group behind its own: two arrays of
/// 8 x 8 with moduli 7, 15, 16 and 31, which take longer to program.
Target makeTwoGroups() {
  std::string text = phx::test::readShipped();
  size_t begin = text.find("\ngroups {"), end = text.find("\n}\n", begin) + 3;
  std::string group = text.substr(begin, end - begin);
  for (auto [from, to] :
       {std::pair("name: \"core\"", "name: \"pair\""),
        std::pair("count { value: 8", "count { value: 2"),
        std::pair("rows { value: 32", "rows { value: 8"),
        std::pair("columns { value: 16", "columns { value: 8"),
        std::pair("program_ns {\n        value: 5",
                  "program_ns {\n        value: 7"),
        std::pair("values: [31, 32, 33]", "values: [7, 15, 16, 31]")})
    group = phx::test::edit(group, from, to);
  text.insert(end, group);
  auto target = parseTarget(text, "two.textproto");
  EXPECT_TRUE(target.ok()) << (target.ok() ? "" : target.error().message);
  return target.ok() ? *target : Target();
}

/// What one product is made of.
struct Part {
  ConvSpec spec;
  ProductFormat format;
  Stationary stationary;
  unsigned count, rows, columns; ///< of the group
  std::string prefix;
};

std::vector<Part> makeParts() {
  return {{linearSpec(70, 45, 9), makeFormat(4, 16, {31, 32, 33}),
           Stationary::First, 8, 32, 16, "a "},
          {linearSpec(21, 50, 30),
           makeFormat(4, 8, {7, 15, 16, 31}, Rounding::Nearest),
           Stationary::Second, 2, 8, 8, "b "}};
}

/// A program with this product alone, on a machine with this group alone.
Program makeAlone(const Part &part) {
  ProgramBuilder builder(part.count, part.rows, part.columns);
  builder.addConvWithRegions(part.spec, part.stationary,
                             builder.addFormat(part.format), part.prefix);
  return builder.finish();
}

/// Moves what an instruction of `from` refers to behind what `to` has.
struct Shift {
  const Program &to;
  void operator()(const FieldDescription &field, uint32_t &index) const {
    switch (field.table) {
    case TableKind::None:
    case TableKind::Tokens:
    case TableKind::Registers:
      break;
    case TableKind::Maps:
      index += uint32_t(to.maps.size());
      break;
    case TableKind::Conversions:
      index += uint32_t(to.conversions.size());
      break;
    case TableKind::Passes:
      index += uint32_t(to.passes.size());
      break;
    case TableKind::Combines:
      index += uint32_t(to.combines.size());
      break;
    case TableKind::Products:
      index += uint32_t(to.products.size());
      break;
    }
  }
  void operator()(const FieldDescription &, Address &address) const {
    address.offset.base += getTop(address.memory);
  }
  template <typename T> void operator()(const FieldDescription &, T &) const {}
  int64_t getTop(uint32_t memory) const {
    return (to.memories[memory].bytes + 63) / 64 * 64;
  }
};

template <typename T>
void append(std::vector<T> &to, const std::vector<T> &from) {
  to.insert(to.end(), from.begin(), from.end());
}

/// `to`, and then what `from` does, on the group behind those of `to`.
Program join(Program to, Program from) {
  Shift shift{to};
  to.code.pop_back(); // the halt
  uint64_t first = to.code.size();
  auto group = uint16_t(to.groups.size());
  auto layer = uint32_t(to.layers.size());
  auto region = uint32_t(to.regions.size());
  for (Instruction &i : from.code) {
    if (i.getDescription().place == EnginePlace::Array)
      i.engine.group = group;
    if (i.layer != noLayer)
      i.layer += layer;
    for (const FieldDescription &field : i.getDescription().fields)
      visitField(field, i.body.data(), shift);
  }
  for (Product &product : from.products) {
    product.layer += layer;
    for (uint32_t &conversion : product.conversions)
      conversion += uint32_t(to.conversions.size());
    product.pass += uint32_t(to.passes.size());
    product.combine += uint32_t(to.combines.size());
    for (ProductNest &nest : product.nests) {
      nest.loopBegin += first;
      nest.loopEnd += first;
    }
  }
  for (Region &r : from.regions)
    r.address += shift.getTop(r.memory);
  for (Layer &l : from.layers)
    if (l.output)
      *l.output += region;
  for (size_t m = 0; m < to.memories.size(); ++m)
    if (from.memories[m].bytes)
      to.memories[m].bytes =
          shift.getTop(uint32_t(m)) + from.memories[m].bytes;
  append(to.groups, from.groups);
  append(to.code, from.code);
  append(to.maps, from.maps);
  append(to.conversions, from.conversions);
  append(to.passes, from.passes);
  append(to.combines, from.combines);
  append(to.products, from.products);
  append(to.regions, from.regions);
  append(to.layers, from.layers);
  return to;
}

/// Both products, for `target`.
Program makeBoth(const Target &target) {
  std::vector<Part> parts = makeParts();
  Program program = join(makeAlone(parts[0]), makeAlone(parts[1]));
  program.groups[1].name = "pair";
  program.target = target.spec.name();
  program.targetHash = target.structuralHash;
  return program;
}

Arrays makeInputs(const Part &part, unsigned seed) {
  Arrays inputs;
  for (auto [name, shape] : {std::pair("x", part.spec.inShape()),
                             std::pair("w", part.spec.weightShape())}) {
    int64_t count = 1;
    for (int64_t extent : shape)
      count *= extent;
    inputs[part.prefix + name] = makeArray(makeValues(count, seed++), shape);
  }
  return inputs;
}

} // namespace

TEST(TwoGroups, EachComputesAsItWouldAlone) {
  std::vector<Part> parts = makeParts();
  Program both = makeBoth(makeTwoGroups());
  Status status = validate(both);
  ASSERT_TRUE(status.ok()) << status.error().message;
  Arrays inputs;
  for (size_t p : {0, 1})
    inputs.merge(makeInputs(parts[p], unsigned(10 * p)));
  for (const char *executor : {"reference", "fast"}) {
    auto got = runProgram(both, inputs, threads(1), executor);
    ASSERT_TRUE(got.ok()) << got.error().message;
    for (size_t p : {0, 1}) {
      auto alone = runProgram(makeAlone(parts[p]),
                              makeInputs(parts[p], unsigned(10 * p)),
                              threads(1), executor);
      ASSERT_TRUE(alone.ok()) << alone.error().message;
      std::string name = parts[p].prefix + "y";
      EXPECT_EQ(firstDifference(toVector(got->at(name)),
                                toVector(alone->at(name))),
                -1)
          << executor << " " << name;
    }
  }
}

TEST(TwoGroups, EntriesInCommonAreComputedInThePassesOfEach) {
  // Sums of 8 products of 31 * 31 fit into 16 bits, those of 64 do not.
  ProductFormat format = makeFormat(5, 64, {63, 64, 65});
  const Part parts[] = {
      {linearSpec(5, 128, 3), format, Stationary::First, 2, 8, 8, "a "},
      {linearSpec(5, 128, 3), format, Stationary::First, 1, 32, 64, "b "}};
  Program both = join(makeAlone(parts[0]), makeAlone(parts[1]));
  both.groups[1].name = "wide";
  const Product first = both.products[0];
  both.products[1].conversions = first.conversions;
  both.products[1].pass = first.pass;
  both.products[1].combine = first.combine;
  int changed = 0;
  for (Instruction &i : both.code) {
    if (auto *load = getIf<CoreProgram>(i.body)) {
      load->conversion = first.conversions[0];
      load->pass = first.pass;
    } else if (auto *stream = getIf<CoreStream>(i.body)) {
      stream->conversion = first.conversions[1];
      stream->pass = first.pass;
      stream->combine = first.combine;
      ++changed;
    }
  }
  ASSERT_GT(changed, 1);
  Status status = validate(both);
  ASSERT_TRUE(status.ok()) << status.error().message;
  Arrays inputs;
  for (const Part &part : parts)
    for (auto [name, shape] : {std::pair("x", part.spec.inShape()),
                               std::pair("w", part.spec.weightShape())})
      inputs[part.prefix + name] = makeArray(
          std::vector<float>(size_t(shape[0] * shape[1]), 1.9375f), shape);
  for (const char *executor : {"reference", "fast"}) {
    auto got = runProgram(both, inputs, threads(1), executor);
    ASSERT_TRUE(got.ok()) << got.error().message;
    for (const char *name : {"a y", "b y"})
      EXPECT_EQ(toVector(got->at(name)),
                std::vector<float>(15, 128 * 1.9375f * 1.9375f))
          << executor << " " << name;
  }
}

TEST(TwoGroups, ModuliAreComparedWithThoseOfTheGroupThatUsesThem) {
  Target target = makeTwoGroups();
  Program both = makeBoth(target);
  Status status = checkMachine(both, target);
  EXPECT_TRUE(status.ok()) << status.error().message;
  // Entries that no instruction of a group names are nothing to it.
  both.passes.push_back(both.passes[0]);
  EXPECT_TRUE(checkMachine(both, target).ok());
  std::swap(both.passes[0], both.passes[1]);
  EXPECT_ERROR(checkMachine(both, target),
               "products on arrays of 'core' use other moduli, [7, 15, 16, 31], "
               "than target 'mirage' has, [31, 32, 33] (core.moduli)");
  both.passes[0] = both.passes[2];
  both.passes[1] = both.passes[2];
  EXPECT_ERROR(checkMachine(both, target),
               "products on arrays of 'pair' use other moduli, [31, 32, 33]");
}

TEST(TwoGroups, TimeAndChargesAreThoseOfTheirGroups) {
  Target target = makeTwoGroups();
  Program both = makeBoth(target);
  TimingResult result = runBoth(both, target);
  // 8 arrays behind dma and vec, then 2.
  ASSERT_EQ(result.engines.size(), 12u);
  EXPECT_GT(result.engines[2].busy, 0);
  EXPECT_GT(result.engines[11].busy, 0);
  std::vector<Counters64> charges = *countCharges(both, target);
  uint64_t converted[2] = {}, programmed[2] = {};
  const rns::ArrayCounters &counters = rns::getArrayCounters();
  for (size_t i = 0; i < both.code.size(); ++i) {
    const Instruction &instruction = both.code[i];
    if (!holds<CoreProgram>(instruction.body))
      continue;
    uint64_t amount = get(charges[i], counters.dacConversions);
    converted[instruction.engine.group] += amount;
  }
  // Tiles: 70 rows on 32 by 45 positions in groups of 16; 30 rows on 8 by 50
  // positions in groups of 8.
  programmed[0] = 3 * 3;
  programmed[1] = 4 * 7;
  EXPECT_EQ(converted[0], programmed[0] * 32 * 16 * 3);
  EXPECT_EQ(converted[1], programmed[1] * 8 * 8 * 4);
  std::map<uint16_t, Femtoseconds> durations;
  for (const Instruction &instruction : both.code)
    if (holds<CoreProgram>(instruction.body))
      durations[instruction.engine.group] =
          getDuration(both, instruction, {}, target);
  EXPECT_EQ(durations,
            (std::map<uint16_t, Femtoseconds>{{0, 5 * ns}, {1, 7 * ns}}));
}
