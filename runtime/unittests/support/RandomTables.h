//===- RandomTables.h - Tables of random programs ---------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_SUPPORT_RANDOMTABLES_H
#define PHX_UNITTESTS_SUPPORT_RANDOMTABLES_H

#include "ProductFormat.h"
#include "Random.h"
#include "TestMemories.h"

#include "phx/isa/Blocks.h"
#include "phx/isa/Program.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace phx::testing {

struct RandomProgramOptions {
  uint64_t seed = 0;
  unsigned cores = 2;
  unsigned maxDepth = 3;  ///< of loops, at most 8
  unsigned maxItems = 5;  ///< instructions or loops per body, tokens excluded
  int64_t maxTrip = 5;    ///< iterations of a loop
  int64_t maxLength = 64; ///< streamed vectors of one instruction
  unsigned maxTokens = 3; ///< per body
  enum class Memory {
    Private, ///< a slot per engine: no races
    Shared,  ///< one slot for all: races unless tokens order them
  } memory = Memory::Private;
  MemoryModel memoryModel = MemoryModel::Hierarchy;
  /// Random constants as data sections.
  bool withData = false;
  /// Only vector functions that keep finite values finite.
  bool finite = false;
};

/// The first part of makeRandomProgram.
class RandomTables {
protected:
  explicit RandomTables(const RandomProgramOptions &options)
      : options(options), random(options.seed), blocks(~options.seed) {}

  static constexpr int64_t bankBytes = 1 << 14, banksPerSlot = 3;

  void makeTables() {
    int64_t slots = options.memory == RandomProgramOptions::Memory::Shared
                        ? 1
                        : int64_t(options.cores) + 2;
    bool ideal = options.memoryModel == MemoryModel::Ideal;
    for (unsigned s = ideal ? 1 : 0; s < mem::count; ++s) {
      program.memories[s].bytes = slots * banksPerSlot * bankBytes;
      Region region;
      region.name = "memory" + std::to_string(s);
      region.memory = uint32_t(s);
      region.shape = {program.memories[s].bytes / 4};
      region.bytes = program.memories[s].bytes;
      program.regions.push_back(region);
    }
    if (options.withData)
      makeData();
    for (int64_t l = random.between(1, 4); l > 0; --l)
      program.layers.push_back(
          {"layer" + std::to_string(l), "Conv",
           random.oneIn(2) ? std::optional<uint32_t>(0) : std::nullopt});
    for (bool plain : {true, false})
      entries.push_back(addEntries(program, makeProductFormat(plain)));
    for (int i = 0; i < 6; ++i)
      program.maps.push_back(makeMap());
    for (int64_t p = random.between(1, 4); p > 0; --p) {
      Product product;
      product.layer = random.oneIn(2) ? 0 : noLayer;
      product.m = random.between(1, 100);
      product.n = random.between(1, 100);
      product.k = random.between(1, 100);
      product.groups = random.between(1, 3);
      product.stationary =
          random.oneIn(2) ? Stationary::First : Stationary::Second;
      product.stream = static_cast<uint32_t>(random.next()) >> 1;
      const Entries &own = entries[size_t(p) % entries.size()];
      product.conversions = own.conversions;
      product.pass = own.pass;
      product.combine = own.combine;
      program.products.push_back(product);
    }
    makeTrainingTables();
  }

  /// The reference machine's, or operands that differ in all they can. Takes no
  /// random numbers from what else is made with them.
  ProductFormat makeProductFormat(bool plain) const {
    ProductFormat format;
    if (plain)
      return format;
    static constexpr int64_t bits[][2] = {{3, 7}, {4, 6}, {5, 5}, {6, 1}};
    uint64_t choice = options.seed;
    auto pick = [&](uint64_t count) {
      uint64_t picked = choice % count;
      choice /= count;
      return int64_t(picked);
    };
    const auto &mantissas = bits[pick(std::size(bits))];
    format.first = {mantissas[0], 16 * (1 + pick(3)), Rounding(pick(2))};
    format.second = {mantissas[1], 16, Rounding(pick(2))};
    if (pick(2))
      std::swap(format.first, format.second);
    return format;
  }

  /// What a program says about itself, whatever its code does.
  void makeMarks() {
    size_t count = program.regions.size();
    program.kind = static_cast<ProgramKind>(count % numProgramKinds);
    for (size_t r = 0; r < count; ++r) {
      Region &region = program.regions[r];
      region.isLoss = r % 3 == 0;
      if (r % 2)
        region.gradientOf = static_cast<uint32_t>(r);
      region.knob = r % 4 ? Knob::None : Knob::LearningRate;
    }
  }

  /// Symbols that have no effect on the code.
  void makeTrainingTables() {
    for (Layer &layer : program.layers)
      layer.phase = static_cast<Phase>(random.between(0, numPhases - 1));
    if (!options.withData)
      return;
    for (Region &region : program.regions)
      if (region.role == Role::Constant && random.oneIn(2)) {
        region.role = random.oneIn(2) ? Role::Parameter : Role::State;
        region.isMutable = region.bytes > 0;
      }
    for (bool key : {false, true}) {
      Region region;
      region.name = key ? "rng" : "labels";
      region.role = key ? Role::State : Role::Input;
      region.isMutable = key;
      region.memory = mem::grad;
      region.shape = {key ? 3 : 16};
      region.bytes = 64;
      region.address = key ? 64 : 0;
      if (!key)
        region.labels = Labels{random.between(1, 1000), std::nullopt};
      if (!key && random.oneIn(2))
        region.labels->ignoreIndex = random.between(-200, 200);
      program.regions.push_back(region);
    }
    program.rng = static_cast<uint32_t>(program.regions.size() - 1);
    if (random.oneIn(2))
      getIf<Bfp>(program.conversions[0])->rounding = Rounding::Stochastic;
    makeBlocks();
    makeMarks();
  }

  /// A constant that is stored converted.
  void makeBlocks() {
    const Bfp &format = *findBlockFormat(program, 0);
    int64_t bytes = getBlockBytes(format);
    Region region;
    region.name = "blocks";
    region.role = Role::Constant;
    region.type = ElementType::Block;
    region.conversion = 0;
    region.memory = mem::act;
    region.shape = {2};
    region.bytes = 2 * bytes;
    auto data = std::make_shared<std::vector<uint8_t>>(size_t(region.bytes));
    int16_t mantissas[] = {-1, 1, 0};
    packBlock(format, 130, mantissas, 3, 1, data->data() + bytes);
    region.data = static_cast<uint32_t>(program.data.size());
    program.data.push_back({data->data(), data->size(), data});
    program.regions.push_back(region);
  }

  void makeData() {
    int64_t address = 0;
    for (int64_t d = random.between(1, 4); d > 0; --d) {
      Region region;
      region.name = "constant " + std::to_string(d) + " \xc3\xa9";
      region.role = Role::Constant;
      region.memory = mem::wgt;
      region.shape = {random.between(1, 5), random.between(0, 40)};
      region.bytes = region.shape[0] * region.shape[1] * 4;
      region.address = address;
      address += (region.bytes + 63) / 64 * 64;
      auto bytes = std::make_shared<std::vector<uint8_t>>(size_t(region.bytes));
      for (uint8_t &byte : *bytes)
        byte = static_cast<uint8_t>(random.next());
      region.data = static_cast<uint32_t>(program.data.size());
      program.data.push_back({bytes->data(), bytes->size(), bytes});
      program.regions.push_back(region);
    }
  }

  /// Whether operands may be blocks. Those that were never written as such are
  /// no numbers.
  bool hasBlocks() const { return !options.finite; }

  /// At most 40 x 80 elements of one bank.
  AccessMap makeMap() {
    AccessMap map;
    int64_t inner = random.between(1, 40), outer = random.between(1, 40);
    map.axes.push_back({outer, inner * 4, random.between(-2, 1), 0, 0});
    map.axes.push_back({inner, 4, random.between(-2, 1), 0, 0});
    map.rows.push_back({random.between(1, 40), 0, random.between(1, 2)});
    if (random.oneIn(2))
      map.rows.push_back({random.between(1, 4), 1, random.between(1, 2)});
    map.cols.push_back({random.between(1, 40), 1, 1});
    if (random.oneIn(2))
      map.cols.push_back({random.between(1, 4), 0, random.between(-1, 2)});
    return map;
  }

  int64_t getReach(const AccessMap &map) {
    int64_t reach = 4;
    for (uint32_t c = 0; c < program.conversions.size() && hasBlocks(); ++c)
      if (const Bfp *format = findBlockFormat(program, c))
        reach = std::max(reach, (getBlockBytes(*format) + 3) / 4 * 4);
    for (const MapAxis &axis : map.axes)
      reach += (axis.extent - 1) * axis.stride;
    return reach;
  }

  RandomProgramOptions options;
  Random random;
  Random blocks; ///< for operands in blocks alone
  Program program;
  std::vector<Entries> entries; ///< of the products, in turn
};

} // namespace phx::testing

#endif // PHX_UNITTESTS_SUPPORT_RANDOMTABLES_H
