//===- Dependencies.cpp - How instructions depend on loop counters --------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Dependencies.h"

#include "phx/isa/Registers.h"

#include <algorithm>
#include <utility>

using namespace phx;
using namespace phx::detail;

namespace {
constexpr __int128 unlimited = static_cast<__int128>(1) << 120;

struct Collector {
  const InstructionDescription &description;
  bool withPower;
  std::vector<Dependency> found;

  void add(const Affine &value, std::vector<Range> flat,
           std::optional<uint32_t> registerIndex = std::nullopt) {
    if (!value.terms.empty())
      found.push_back({value, std::move(flat), registerIndex});
  }
  void onCount(const FieldDescription &field, const Count &count) {
    if (!count.remaining || count.cap <= 0)
      return;
    // Whether the number itself matters, not only whether it is zero.
    const auto &timed = description.timed;
    bool exact = withPower || std::find(timed.begin(), timed.end(), &field) !=
                                  timed.end();
    add(*count.remaining,
        {{-unlimited, 0}, {exact ? count.cap : 1, unlimited}},
        count.registerIndex);
  }
  void onZeroFill(const ZeroFill &fill, const Shape4 &shape) {
    // All positions outside, below or above; or all inside.
    __int128 size = shape[fill.dim].cap;
    __int128 extent = fill.extent;
    std::vector<Range> flat = {{-unlimited, -size}, {extent, unlimited}};
    if (size <= extent)
      flat.push_back({0, extent - size});
    add(fill.start, std::move(flat));
  }
  void onValue(const Affine &value) {
    if (withPower)
      add(value, {});
  }
  void onStart(const Affine &value) {
    if (withPower)
      add(value, {{-unlimited, -1}, {0, 0}, {1, unlimited}});
  }
};
} // namespace

std::vector<Range> phx::detail::getFlat(const Guard &guard) {
  std::vector<Range> flat;
  if (guard.low > 0)
    flat.push_back({-unlimited, static_cast<__int128>(guard.low) - 1});
  if (guard.low < guard.extent)
    flat.push_back({guard.low > 0 ? guard.low : -unlimited,
                    static_cast<__int128>(guard.extent) - 1});
  flat.push_back({guard.extent, unlimited});
  return flat;
}

Dependency phx::detail::getDependency(const Guard &guard) {
  Dependency dependency;
  dependency.value = {0, {{guard.loop, guard.scale, guard.offset, 1, 0, 1}}};
  if (guard.registerIndex)
    dependency.guard = guard;
  else
    dependency.flat = getFlat(guard);
  dependency.isGuarded = false;
  return dependency;
}

std::vector<Dependency>
phx::detail::getDependencies(const Instruction &instruction, bool withPower) {
  Collector collector{instruction.getDescription(), withPower, {}};
  if (instruction.guard)
    collector.found.push_back(getDependency(*instruction.guard));
  visitDeciding(instruction.body, collector);
  return std::move(collector.found);
}

std::optional<Dependency>
phx::detail::getArrayDependency(const Instruction &instruction) {
  if (instruction.arrays.digits.empty())
    return std::nullopt;
  return Dependency{
      {instruction.engine.index, instruction.arrays.digits}, {}};
}

bool phx::detail::varies(const Instruction &instruction, bool withPower) {
  if (!getReadRegisters(instruction).empty())
    return true;
  for (const Dependency &dependency : getDependencies(instruction, withPower))
    for (const DigitTerm &term : dependency.value.terms)
      if (term.loop != laneLoop)
        return true;
  return false;
}
