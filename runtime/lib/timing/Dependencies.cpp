//===- Dependencies.cpp - How instructions depend on loop counters --------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Dependencies.h"

#include <utility>

using namespace phx;
using namespace phx::detail;

namespace {
constexpr __int128 unlimited = static_cast<__int128>(1) << 120;

struct Collector {
  bool withPower;
  std::vector<Dependency> found;

  void add(const Affine &value, std::vector<Range> flat) {
    if (!value.terms.empty())
      found.push_back({value, std::move(flat)});
  }
  /// `exact`: the number itself matters, not only whether it is zero.
  void addCount(const Count &count, bool exact) {
    if (!count.remaining || count.cap <= 0)
      return;
    add(*count.remaining,
        {{-unlimited, 0}, {exact ? count.cap : 1, unlimited}});
  }
  void addGuard(const Guard &guard) {
    Affine value{0, {{guard.loop, guard.scale, guard.offset, 1, 0, 1}}};
    add(value, {{-unlimited, static_cast<__int128>(guard.extent) - 1},
                {guard.extent, unlimited}});
  }
  void addShape(const Shape4 &shape) {
    for (const Count &count : shape)
      addCount(count, true);
  }

  void operator()(const Halt &) {}
  void operator()(const Loop &) {}
  void operator()(const End &) {}
  void operator()(const Signal &) {}
  void operator()(const Wait &) {}
  void operator()(const DmaCopy &copy) {
    addShape(copy.shape);
    if (!copy.zeroFill)
      return;
    // All positions outside, below or above; or all inside.
    __int128 size = copy.shape[copy.zeroFill->dim].cap;
    __int128 extent = copy.zeroFill->extent;
    std::vector<Range> flat = {{-unlimited, -size}, {extent, unlimited}};
    if (size <= extent)
      flat.push_back({0, extent - size});
    add(copy.zeroFill->start, std::move(flat));
  }
  void operator()(const VecMap &map) { addShape(map.shape); }
  void operator()(const VecReduce &reduce) { addShape(reduce.shape); }
  void operator()(const VecPool &pool) { addCount(pool.rows, true); }
  void operator()(const VecPoolPositions &pool) { addCount(pool.rows, true); }
  void operator()(const VecUnpool &pool) { addCount(pool.rows, true); }
  void operator()(const VecPack &pack) { addCount(pack.count, true); }
  void operator()(const VecGateMask &gate) { addCount(gate.count, true); }
  void operator()(const VecRandom &random) { addCount(random.count, true); }
  void operator()(const CoreProgram &tile) {
    addCount(tile.rows, withPower);
    addCount(tile.cols, withPower);
  }
  void operator()(const CoreStream &stream) {
    addCount(stream.rows, withPower);
    addCount(stream.cols, withPower);
    addCount(stream.length, true);
    if (withPower)
      add(stream.kStart, {{-unlimited, -1}, {0, 0}, {1, unlimited}});
  }
};
} // namespace

std::vector<Dependency>
phx::detail::getDependencies(const Instruction &instruction, bool withPower) {
  Collector collector{withPower, {}};
  if (instruction.guard)
    collector.addGuard(*instruction.guard);
  std::visit(collector, instruction.body);
  return std::move(collector.found);
}
