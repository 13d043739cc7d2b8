//===- SaturatingProgram.h - A program that keeps arrays busy ---*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A product of `rows` x K weights and `vectors` inputs, programmed and streamed
// by all arrays of a group at once, full tiles only, under the ideal memory
// model. With many vectors the group draws its peak power.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_SUPPORT_SATURATINGPROGRAM_H
#define PHX_UNITTESTS_SUPPORT_SATURATINGPROGRAM_H

#include "machines/rns/Instructions.h"
#include "machines/rns/Operations.h"
#include "machines/rns/Target.h"

#include "phx/target/ArrayGroups.h"

#include <algorithm>

namespace phx::testing {

/// Builds the operands and the loop nest of one product.
class SaturatingBuilder {
public:
  SaturatingBuilder(const Target &target, int64_t vectors, int64_t tiles,
                    size_t group)
      : target(target), arrays(rns::getArrays(target, group)), group(group),
        rows(arrays.rows),
        // A short group takes a pass of its own and leaves the other columns
        // idle.
        width(std::min(arrays.columns, target.spec.format().group().value())),
        vectors(vectors), tiles(tiles) {}

  Program make() {
    program.name = "saturate";
    program.target = target.spec.name();
    program.targetHash = target.structuralHash;
    program.compiler = "photonic-mlir";
    program.groups = getArrayGroups(target);
    program.memories = getMemories(target);
    addTables();
    addCode();
    return std::move(program);
  }

private:
  int64_t getContraction() const { return tiles * arrays.count * width; }
  void addMatrix(const char *name, Role role, uint32_t memory, int64_t height,
                 int64_t width);
  void addOnArray(int64_t array, Body body) {
    Instruction instruction;
    instruction.engine = {EngineKind::Core, static_cast<uint32_t>(array),
                          static_cast<uint16_t>(group)};
    instruction.layer = 0;
    instruction.body = std::move(body);
    program.code.push_back(std::move(instruction));
  }
  void addControl(Body body) {
    Instruction instruction;
    instruction.body = std::move(body);
    program.code.push_back(std::move(instruction));
  }
  /// The first byte of a region.
  Address getStart(uint32_t region) const {
    const Region &place = program.regions[region];
    return {place.memory, {place.address, {}}};
  }
  void addRegions();
  void addTables();
  void addCode();

  const Target &target;
  const rns::Arrays arrays;
  const size_t group;
  const int64_t rows, width, vectors, tiles;
  Program program;
};

/// A row major FP32 matrix: its region and the map that reads it.
inline void SaturatingBuilder::addMatrix(const char *name, Role role,
                                         uint32_t memory, int64_t height,
                                         int64_t width) {
  Region region;
  region.name = name;
  region.role = role;
  region.shape = {height, width};
  region.memory = memory;
  region.bytes = 4 * height * width;
  int64_t &used = program.memories[memory].bytes;
  region.address = (used + 63) / 64 * 64;
  used = region.address + region.bytes;
  program.regions.push_back(region);
  AccessMap map;
  map.rows = {{height, 0, 1}};
  map.cols = {{width, 1, 1}};
  map.axes = {{height, 4 * width}, {width, 4}};
  program.maps.push_back(map);
}

inline void SaturatingBuilder::addRegions() {
  // A machine need not have the memories of products to have arrays.
  auto place = [&](MemoryRole role, const char *name) {
    if (std::optional<uint32_t> memory = findMemory(target, role))
      return *memory;
    program.memories.push_back({name, MemoryKind::OnChip, std::nullopt, 0, 0,
                                {ElementType::F32}});
    return static_cast<uint32_t>(program.memories.size() - 1);
  };
  uint32_t stationary = place(MemoryRole::Stationary, "stationary operands");
  uint32_t streamed = place(MemoryRole::Streamed, "streamed operands");
  uint32_t result = place(MemoryRole::Result, "results");
  addMatrix("weight", Role::Workspace, stationary, rows, getContraction());
  addMatrix("input", Role::Input, streamed, vectors, getContraction());
  addMatrix("output", Role::Output, result, rows, vectors);
}

inline void SaturatingBuilder::addTables() {
  const auto &moduli = arrays.getModuli();
  program.conversions.push_back(
      Bfp{target.spec.format().mantissa_bits().value(), width});
  program.passes.push_back(rns::makePass({moduli.begin(), moduli.end()}));
  program.combines.push_back({ScaledAdd{}});
  addRegions();
  program.layers.push_back({"saturate", "MatMul", 2});
  Product product;
  product.layer = 0;
  product.m = rows;
  product.n = vectors;
  product.k = getContraction();
  product.nests = {{0,
                    static_cast<uint64_t>(2 * arrays.count + 1),
                    {{}, {product.groups}},
                    {{}, {product.m}},
                    {{}, {product.n}},
                    {{}, {product.k}}}};
  program.products.push_back(product);
}

inline void SaturatingBuilder::addCode() {
  addControl(Loop{tiles});
  for (int64_t core = 0; core < arrays.count; ++core) {
    DigitTerm tile;
    tile.scale = arrays.count;
    tile.offset = core;
    tile.weight = width;
    Affine kStart{0, {tile}};
    CoreProgram load;
    load.map = 0;
    load.src = getStart(0);
    load.kStart = kStart;
    load.rows.cap = rows;
    load.cols.cap = width;
    addOnArray(core, load);
    CoreStream stream;
    stream.inMap = 1;
    stream.outMap = 2;
    stream.in = getStart(1);
    stream.out = getStart(2);
    stream.kStart = kStart;
    stream.start = kStart;
    stream.rows.cap = rows;
    stream.cols.cap = width;
    stream.length.cap = vectors;
    addOnArray(core, stream);
  }
  addControl(End{});
  addControl(Halt{});
}

/// K is `tiles` array widths per array of residue group `group`. Values are not
/// initialised (all zero).
inline Program makeSaturatingProgram(const Target &target, int64_t vectors,
                                     int64_t tiles, size_t group = 0) {
  return SaturatingBuilder(target, vectors, tiles, group).make();
}

} // namespace phx::testing

#endif // PHX_UNITTESTS_SUPPORT_SATURATINGPROGRAM_H
