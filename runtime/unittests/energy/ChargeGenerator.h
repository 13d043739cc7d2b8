//===- ChargeGenerator.h - Random programs for charges ----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_ENERGY_CHARGEGENERATOR_H
#define PHX_UNITTESTS_ENERGY_CHARGEGENERATOR_H

#include "../support/TestMemories.h"
#include "machines/rns/Instructions.h"
#include "phx/isa/BaseOperations.h"
#include "phx/isa/Instructions.h"

#include <algorithm>
#include <random>

namespace phx::testing {

/// Random nests of instructions with odometer addresses and clipped counts.
class ChargeGenerator {
public:
  /// `mostTrips`: of nested loops, multiplied.
  ChargeGenerator(unsigned seed, int64_t mostTrips)
      : random(seed), mostTrips(mostTrips) {}

  /// Counts, guards and loops that depend on count registers.
  bool registers = false;

  Program make() {
    Program program;
    program.memories = makeMemories();
    program.groups = {{"core", "rns", 8, 32, 16}};
    program.conversions = {Bfp{}, Bfp{3, 5, Rounding::Nearest}};
    program.products.resize(2);
    program.registers = {{"few", 4}, {"some", 40}, {"many", 300}};
    addBody(program, 0);
    add(program, Halt{});
    return program;
  }

private:
  int64_t pick(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  }
  void add(Program &program, Body body,
           std::optional<Guard> guard = std::nullopt) {
    Instruction instruction;
    instruction.body = std::move(body);
    instruction.guard = guard;
    if (instruction.getDescription().place == EnginePlace::Array) {
      instruction.engine = {EngineKind::Core, 0};
      instruction.arrays.lanes = lanes;
    }
    program.code.push_back(instruction);
  }
  bool hasDigits(unsigned depth) const { return depth || lanes > 1; }
  uint8_t pickLoop(unsigned depth) {
    if (lanes > 1 && (depth == 0 || !pick(0, 2)))
      return laneLoop;
    return static_cast<uint8_t>(pick(0, depth - 1));
  }
  /// None, one that wraps soon, or one that is hardly ever or never reached.
  int64_t pickModulus() {
    switch (pick(0, 5)) {
    case 0:
      return pick(100, 2000);
    case 1:
      return int64_t(1) << pick(20, 62);
    case 2:
      return pick(1, 9);
    default:
      return pick(0, 1) ? 0 : pick(1, 9);
    }
  }
  DigitTerm term(unsigned depth, int64_t weight) {
    DigitTerm term;
    term.loop = pickLoop(depth);
    term.scale = pick(1, 9);
    term.offset = pick(0, 9);
    term.divisor = pick(0, 2) ? 1 : pick(1, 7);
    term.modulus = pickModulus();
    term.weight = weight;
    return term;
  }
  Affine affine(unsigned depth, int64_t low, int64_t high, int64_t sign) {
    Affine affine{pick(low, high), {}};
    for (int64_t i = hasDigits(depth) ? pick(0, 3) : 0; i > 0; --i)
      affine.terms.push_back(
          term(depth, sign ? sign * pick(0, 9) : pick(-9, 9)));
    return affine;
  }
  Count count(unsigned depth, int64_t cap) {
    Count count{pick(0, 9) ? pick(1, cap) : pick(0, 1), {}};
    count.registerIndex = registerIndex();
    if (pick(0, 2))
      count.remaining = affine(depth, -10, 150, pick(-1, 1));
    return count;
  }
  Shape4 shape(unsigned depth) {
    return {count(depth, 3), count(depth, 4), count(depth, 9),
            count(depth, 20)};
  }
  std::optional<Guard> guard(unsigned depth) {
    if (!hasDigits(depth) || pick(0, 2))
      return std::nullopt;
    Guard guard{pickLoop(depth), pick(1, 8), pick(0, 8), pick(0, 200)};
    if (guard.loop == laneLoop)
      guard = {laneLoop, pick(1, 2), pick(0, 2), pick(0, 9)};
    // A window that opens later; now and then one that never does.
    if (pick(0, 1))
      guard.low = pick(0, guard.extent + 1);
    guard.registerIndex = registerIndex();
    return guard;
  }
  std::optional<uint32_t> registerIndex() {
    if (!registers || pick(0, 3))
      return std::nullopt;
    return uint32_t(pick(0, 2));
  }
  /// Into a register that bounds no loop around it.
  VecReadCount readCount() {
    VecReadCount read{uint32_t(pick(0, 2)), {}};
    while (std::count(bounds.begin(), bounds.end(), read.into))
      read.into = (read.into + 1) % 3;
    return read;
  }
  void addLeaf(Program &program, unsigned depth) {
    int64_t kind = pick(0, 7);
    bool isOnArrays = kind == 4 || kind == 5;
    lanes = isOnArrays && pick(0, 1) ? uint32_t(pick(2, 5)) : 1;
    switch (kind) {
    case 0: {
      DmaCopy copy;
      copy.dst.memory = uint32_t(pick(0, 3));
      copy.width = int64_t(1) << pick(0, 3);
      copy.shape = shape(depth);
      if (pick(0, 1))
        copy.zeroFill = ZeroFill{static_cast<uint8_t>(pick(0, 3)),
                                 affine(depth, -20, 20, 0), pick(0, 40)};
      return add(program, copy, guard(depth));
    }
    case 1: {
      VecMap map;
      map.fn = static_cast<VecFn>(pick(0, int64_t(lastVecFn)));
      map.shape = shape(depth);
      return add(program, map, guard(depth));
    }
    case 2: {
      VecReduce reduce;
      reduce.shape = shape(depth);
      reduce.dims = pick(1, 3);
      return add(program, reduce, guard(depth));
    }
    case 3: {
      VecPool pool;
      pool.rows = count(depth, 50);
      pool.window = pick(1, 9);
      pool.fn = static_cast<PoolFn>(pick(0, 2));
      return add(program, pool, guard(depth));
    }
    case 6: {
      VecUnpool unpool;
      unpool.rows = count(depth, 50);
      unpool.window = pick(1, 9);
      unpool.fn = static_cast<PoolFn>(pick(0, 2));
      if (pick(0, 1))
        return add(program, unpool, guard(depth));
      VecPoolPositions pool;
      pool.rows = unpool.rows;
      pool.window = unpool.window;
      return add(program, pool, guard(depth));
    }
    case 7: {
      Count elements = count(depth, 100);
      std::optional<Guard> when = guard(depth);
      int64_t kind = pick(0, 3);
      if (kind == 3)
        return add(program, readCount(), when);
      if (kind == 0)
        return add(program, VecPack{{}, {}, elements}, when);
      if (kind == 1)
        return add(program, VecGateMask{{}, {}, {}, elements}, when);
      return add(program, VecRandom{{}, {}, {}, elements, 0}, when);
    }
    case 4: {
      if (pick(0, 1)) {
        CoreConvert convert;
        convert.conversion = uint32_t(pick(0, 1));
        convert.rows = count(depth, 60);
        convert.cols = count(depth, 90);
        return add(program, convert, guard(depth));
      }
      CoreProgram tile;
      tile.rows = count(depth, 32);
      tile.cols = count(depth, 16);
      tile.stored = pick(0, 1);
      return add(program, tile, guard(depth));
    }
    default: {
      CoreStream stream;
      stream.rows = count(depth, 32);
      stream.cols = count(depth, 16);
      stream.length = count(depth, 500);
      stream.start = affine(depth, pick(-30, 0), 0, pick(-1, 1));
      stream.product = uint32_t(pick(0, 1));
      stream.stored = pick(0, 1);
      return add(program, stream, guard(depth));
    }
    }
  }
  void addBody(Program &program, unsigned depth) {
    for (int64_t i = pick(1, 3); i > 0; --i) {
      if (depth >= 3 || pick(0, 1)) {
        addLeaf(program, depth);
        continue;
      }
      int64_t trips = pick(0, 3) ? pick(1, 12) : pick(1, 200);
      trips = std::min(trips, std::max<int64_t>(1, mostTrips / steps));
      Loop loop{trips};
      if (bounds.size() < 2)
        loop.below = registerIndex();
      if (loop.below)
        bounds.push_back(*loop.below);
      add(program, loop);
      steps *= trips;
      addBody(program, depth + 1);
      steps /= trips;
      add(program, End{});
      if (loop.below)
        bounds.pop_back();
    }
  }

  std::mt19937 random;
  uint32_t lanes = 1; ///< of the instruction that is made
  int64_t mostTrips;
  int64_t steps = 1; ///< of the loops around
  std::vector<uint32_t> bounds; ///< registers of the loops around
};

} // namespace phx::testing

#endif // PHX_UNITTESTS_ENERGY_CHARGEGENERATOR_H
