//===- Saturation.cpp - A program that keeps every core busy ---*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Energy.h"
#include "machines/rns/Instructions.h"
#include "machines/rns/Operations.h"

#include "phx/target/ArrayGroups.h"

#include <algorithm>

using namespace phx;
using namespace phx::rns;

namespace {
/// Builds the operands and the loop nest of one product.
struct Builder {
  Program program;
  int64_t rows, width, cores, vectors, tiles;

  int64_t contraction() const { return tiles * cores * width; }
  uint32_t addMatrix(const char *name, Role role, uint32_t memory, int64_t height,
                     int64_t width);
  Instruction makeOnCore(int64_t core, Body body) const {
    Instruction instruction;
    instruction.engine = {EngineKind::Core, static_cast<uint32_t>(core)};
    instruction.layer = 0;
    instruction.body = std::move(body);
    return instruction;
  }
  /// The first byte of a region.
  Address getStart(uint32_t region) const {
    const Region &place = program.regions[region];
    return {place.memory, {place.address, {}}};
  }
  void addTables(const Target &target);
  void addCode();
};
} // namespace

/// A row major FP32 matrix: its region and the map that reads it.
uint32_t Builder::addMatrix(const char *name, Role role, uint32_t memory,
                            int64_t height, int64_t width) {
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
  return static_cast<uint32_t>(program.maps.size() - 1);
}

void Builder::addTables(const Target &target) {
  const auto &moduli = findArrays(target)->getModuli();
  program.conversions.push_back(
      Bfp{target.spec.format().mantissa_bits().value(), width});
  program.passes.push_back(makePass({moduli.begin(), moduli.end()}));
  program.combines.push_back({ScaledAdd{}});
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
  addMatrix("weight", Role::Workspace, stationary, rows, contraction());
  addMatrix("input", Role::Input, streamed, vectors, contraction());
  addMatrix("output", Role::Output, result, rows, vectors);
  program.layers.push_back({"saturate", "MatMul", 2});
  Product product;
  product.layer = 0;
  product.m = rows;
  product.n = vectors;
  product.k = contraction();
  product.nests = {{0,
                    static_cast<uint64_t>(2 * cores + 1),
                    {{}, {product.groups}},
                    {{}, {product.m}},
                    {{}, {product.n}},
                    {{}, {product.k}}}};
  program.products.push_back(product);
}

void Builder::addCode() {
  auto addControl = [&](Body body) {
    Instruction instruction;
    instruction.body = std::move(body);
    program.code.push_back(instruction);
  };
  addControl(Loop{tiles});
  for (int64_t core = 0; core < cores; ++core) {
    DigitTerm tile;
    tile.scale = cores;
    tile.offset = core;
    tile.weight = width;
    Affine kStart{0, {tile}};
    CoreProgram load;
    load.map = 0;
    load.src = getStart(0);
    load.kStart = kStart;
    load.rows.cap = rows;
    load.cols.cap = width;
    program.code.push_back(makeOnCore(core, load));
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
    program.code.push_back(makeOnCore(core, stream));
  }
  addControl(End{});
  addControl(Halt{});
}

Program rns::makeSaturatingProgram(const Target &target, int64_t vectors,
                                   int64_t tiles) {
  auto arrays = findArrays(target);
  // A short group takes a pass of its own and leaves the other columns idle.
  int64_t width =
      std::min(arrays->columns, target.spec.format().group().value());
  Builder builder{{}, arrays->rows, width, arrays->count, vectors, tiles};
  Program &program = builder.program;
  program.name = "saturate";
  program.target = target.spec.name();
  program.targetHash = target.structuralHash;
  program.compiler = "photonic-mlir";
  program.groups = getArrayGroups(target);
  program.memories = getMemories(target);
  builder.addTables(target);
  builder.addCode();
  return program;
}
