//===- TestRun.h - A small run to report on --------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_REPORT_TESTRUN_H
#define PHX_UNITTESTS_REPORT_TESTRUN_H

#include "../support/SaturatingProgram.h"
#include "../support/TestMemories.h"

#include "machines/rns/Energy.h"
#include "phx/report/Report.h"

#include <gtest/gtest.h>

namespace phx::test {

/// Two layers, one of them a product, a transfer that belongs to none, and a
/// timing that could be theirs.
struct TestRun {
  explicit TestRun(MemoryModel model = MemoryModel::Hierarchy)
      : target(*loadTarget("mirage", {"act.static_mw=100"})),
        program(testing::makeSaturatingProgram(target, 1000, 4)) {
    program.memoryModel = model;
    program.batch = 4;
    program.layers.push_back({"/features/relu \"x\"", "Relu", {}});
    program.layers.push_back({"fused", "Identity", {}});
    VecMap map;
    map.fn = VecFn::Relu;
    map.dst.memory = map.a.memory = mem::grad;
    map.shape = {Count{1, {}}, Count{1, {}}, Count{32, {}}, Count{1000, {}}};
    DmaCopy copy;
    copy.dst.memory = mem::dram;
    copy.src.memory = mem::grad;
    copy.shape = map.shape;
    auto halt = program.code.end() - 1;
    halt = program.code.insert(halt, {{EngineKind::Vec, 0}, 1, {}, map});
    program.code.insert(halt + 1, {{EngineKind::Dma, 0}, noLayer, {}, copy});
    makeTiming();
    statistics.resize(3);
    statistics[0] = {1000, 20, 400, 4, true};
    statistics[1] = {0, 0, 100, 0, true};
  }

  void makeTiming() {
    timing.latency = 900'000'000;
    timing.engines.push_back(
        {{EngineKind::Dma, 0}, 100'000'000, {0, 800'000'000, 0}, 0, 1});
    timing.engines.push_back({{EngineKind::Vec, 0},
                              380'000'000,
                              {0, 0, 420'000'000},
                              100'000'000,
                              1});
    for (uint8_t i = 0; i < 8; ++i)
      timing.engines.push_back(
          {{EngineKind::Core, i}, 420'000'000, {}, 480'000'000, 8});
    timing.layers.resize(3);
    timing.layers[0] = {true, 0, 420'000'000, 0, 420'000'000, 400'000'000, 64};
    timing.layers[1] = {true, 420'000'000, 800'000'000, 0, 0, 380'000'000, 1};
    timing.peakDynamicW = 17;
  }

  /// The vector instruction becomes the gradient of the product's weights, and
  /// a layer without instructions its update.
  void makeTraining() {
    program.layers[1] = {
        program.layers[0].name, "Gemm", {}, Phase::WeightGradient};
    program.layers[2] = {program.layers[0].name, "Gemm", {}, Phase::Update};
    training = TrainingRecord{40, 13, LossRecord{"loss", 2.5, 0.125, 50}};
  }

  ReportInputs inputs() const {
    return {program, target,       timing,  *countCharges(program, target),
            nullptr, std::nullopt, training};
  }

  Target target;
  Program program;
  TimingResult timing;
  std::vector<LayerStatistics> statistics;
  std::optional<TrainingRecord> training;
};

} // namespace phx::test

#endif // PHX_UNITTESTS_REPORT_TESTRUN_H
