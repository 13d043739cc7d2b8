//===- TestTiming.h - Targets and comparisons for timing tests --*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_TIMING_TESTTIMING_H
#define PHX_UNITTESTS_TIMING_TESTTIMING_H

#include "../support/ProgramBuilder.h"
#include "../support/TestMemories.h"
#include "machines/rns/Target.h"
#include "phx/timing/Timing.h"

#include <gtest/gtest.h>

namespace phx::testing {

inline constexpr EngineId dma{EngineKind::Dma, 0};
inline constexpr EngineId vec{EngineKind::Vec, 0};
inline EngineId core(unsigned index) {
  return {EngineKind::Core, static_cast<uint8_t>(index)};
}
inline constexpr Femtoseconds ns = 1'000'000;

/// The prices of `mirage` that have to do with time.
inline Target makeTarget() {
  Target target;
  proto::Target &spec = target.spec;
  spec.add_groups()->set_name("core");
  rns::Machine machine;
  machine.mutable_clock_ghz()->set_value(10);
  machine.mutable_program_ns()->set_value(5);
  machine.mutable_fill_ns()->set_value(0);
  target.setMachine(0, machine);
  spec.mutable_vector_unit()->mutable_lanes()->set_value(256);
  spec.mutable_vector_unit()->mutable_clock_ghz()->set_value(1);
  spec.mutable_vector_unit()->mutable_port_bytes_per_ns()->set_value(1e6);
  spec.mutable_dma()->mutable_bytes_per_ns()->set_value(4);
  spec.mutable_dma()->mutable_latency_ns()->set_value(0);
  return target;
}

/// Calls `change` on the arrays of a target from makeTarget().
template <typename Change> void editArrays(Target &target, Change change) {
  rns::Machine machine = *target.findMachine<rns::Machine>(0);
  change(machine);
  target.setMachine(0, machine);
}

inline Shape4 makeShape(Count inner) {
  Count one{1, std::nullopt};
  return {one, one, one, inner};
}
/// From off-chip memory; 1 ns per element with makeTarget().
inline Body makeCopy(Count elements) {
  DmaCopy copy;
  copy.dst.memory = mem::act;
  copy.shape = makeShape(std::move(elements));
  return copy;
}
inline Body makeCopy(int64_t elements) {
  return makeCopy(Count{elements, std::nullopt});
}
/// 1 ns per 256 elements with makeTarget().
inline Body makeMap(Count elements) {
  VecMap map;
  map.dst.memory = map.a.memory = mem::grad;
  map.shape = makeShape(std::move(elements));
  return map;
}
inline Body makeMap(int64_t elements) {
  return makeMap(Count{elements, std::nullopt});
}
/// 0.1 ns per vector with makeTarget().
inline Body makeStream(Count length) {
  CoreStream stream;
  stream.rows.cap = stream.cols.cap = 1;
  stream.length = std::move(length);
  return stream;
}
inline Body makeStream(int64_t length) {
  return makeStream(Count{length, std::nullopt});
}
inline Body makeTile() {
  CoreProgram tile;
  tile.rows.cap = tile.cols.cap = 1;
  return tile;
}

inline TimingResult run(const Program &program, const Target &target,
                        TimingMode mode, TimingOptions options = {}) {
  options.mode = mode;
  Result<TimingResult> result = simulate(program, target, options);
  EXPECT_TRUE(result.ok()) << result.error().message;
  return result.ok() ? *result : TimingResult();
}

/// Every field but `stepped` and the power.
inline ::testing::AssertionResult isEqual(const TimingResult &a,
                                          const TimingResult &b) {
  auto differ = [](const std::string &what) {
    return ::testing::AssertionFailure() << what << " differs";
  };
  if (a.latency != b.latency)
    return differ("latency") << " " << a.latency << " " << b.latency;
  if (a.engines.size() != b.engines.size() || a.layers != b.layers)
    return differ("a layer");
  for (size_t i = 0; i < a.engines.size(); ++i) {
    const EngineTiming &x = a.engines[i], &y = b.engines[i];
    if (!(x.engine == y.engine) || x.busy != y.busy || x.idle != y.idle ||
        x.stalled != y.stalled || x.instructions != y.instructions)
      return differ("engine " + std::to_string(i));
    if (x.busy + x.idle + x.stalled[0] + x.stalled[1] + x.stalled[2] !=
        a.latency)
      return differ("sum of engine " + std::to_string(i));
  }
  return ::testing::AssertionSuccess();
}

/// Runs both ways, expects the same, returns the closed result.
inline TimingResult runBoth(const Program &program, const Target &target,
                            TimingOptions options = {}) {
  TimingResult stepped = run(program, target, TimingMode::Stepped, options);
  TimingResult closed = run(program, target, TimingMode::Closed, options);
  EXPECT_TRUE(isEqual(stepped, closed));
  return closed;
}

} // namespace phx::testing

#endif // PHX_UNITTESTS_TIMING_TESTTIMING_H
