//===- RandomCode.h - Random programs for hazard tests -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_HAZARDS_RANDOMCODE_H
#define PHX_UNITTESTS_HAZARDS_RANDOMCODE_H

#include "phx/isa/Program.h"

#include <random>

namespace phx::test {

/// Random fields and programs in a few hundred bytes of memory.
class RandomCode {
public:
  explicit RandomCode(uint64_t seed) : engine(seed) {}

  int64_t pick(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(engine);
  }
  /// Loops of many trips whose iterations mostly repeat themselves.
  bool longLoops = false;
  /// Counts, guards and loops that depend on count registers.
  bool registers = false;

  bool chance(double p) { return std::bernoulli_distribution(p)(engine); }

  AccessMap accessMap();
  /// An instruction that touches memory, inside `depth` loops.
  Instruction instruction(unsigned depth);
  /// Tables without code.
  Program tables();
  /// A program without tokens of at most about `maxEvents` executed
  /// instructions.
  Program program(size_t maxEvents);
  /// Adds a signal and a wait, in one block or carried by a loop, in balance.
  void addToken(Program &program);

private:
  Affine affine(unsigned depth, int64_t maxBase, int64_t unit);
  Count count(unsigned depth, int64_t cap);
  Shape4 shape(unsigned depth);
  Stride4 strides(bool destination);
  Address address(unsigned depth);
  Guard guard(unsigned depth);
  /// Lanes and digits on the four arrays, all of which exist at any counters.
  void arrays(Instruction &instruction, unsigned depth);
  /// An index that leaves the arrays behind those iterations in which a guard
  /// lets the instruction be executed.
  void leaveGroup(Instruction &instruction);
  /// Engines of a token in a block inside `depth` loops, and outside of it.
  struct Side {
    Instruction inside, outside;
  };
  Side side(unsigned depth);
  Body body(EngineKind kind, unsigned depth);
  Body trainingBody(unsigned depth);
  void block(Program &program, unsigned depth, int64_t trips, int64_t &budget);

  std::mt19937_64 engine;
  /// The number of a register at times, if they are asked for.
  std::optional<uint32_t> registerIndex(double p) {
    if (!registers || !chance(p))
      return std::nullopt;
    return uint32_t(pick(0, 2));
  }

  uint32_t lanes = 1; ///< of the instruction that is made
  std::vector<uint32_t> bounds; ///< registers of the loops around it
};

/// `program` without the signals and waits of `token`.
Program removeToken(const Program &program, uint32_t token);

} // namespace phx::test

#endif // PHX_UNITTESTS_HAZARDS_RANDOMCODE_H
