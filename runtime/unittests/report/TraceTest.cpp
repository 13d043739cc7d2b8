//===- TraceTest.cpp - Timelines in Chrome trace format --------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestRun.h"

#include "phx/support/FileSystem.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <map>
#include <unistd.h>

using namespace phx;
using namespace phx::test;
using Json = nlohmann::json;

namespace {
class Trace : public ::testing::Test {
protected:
  Trace()
      : path(std::filesystem::temp_directory_path() /
             ("phx-trace-" + std::to_string(::getpid()) + ".json")) {}
  ~Trace() override { std::filesystem::remove(path); }

  Json write(TraceWriter &writer) {
    Status status = writer.write(path, run.timing);
    EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
    Json trace = Json::parse(*readFile(path));
    expectNoOverlap(trace);
    return trace;
  }
  static std::vector<Json> select(const Json &trace, const std::string &phase,
                                  int process) {
    std::vector<Json> events;
    for (const Json &event : trace["traceEvents"])
      if (event["ph"] == phase && event["pid"] == process)
        events.push_back(event);
    return events;
  }
  /// Slices of one track follow each other.
  static void expectNoOverlap(const Json &trace) {
    std::map<std::pair<int, int>, std::vector<std::pair<double, double>>>
        tracks;
    for (const Json &event : trace["traceEvents"])
      if (event["ph"] == "X")
        tracks[{event["pid"], event["tid"]}].push_back(
            {event["ts"], double(event["ts"]) + double(event["dur"])});
    for (auto &[track, slices] : tracks) {
      std::sort(slices.begin(), slices.end());
      for (size_t i = 1; i < slices.size(); ++i)
        EXPECT_LE(slices[i - 1].second, slices[i].first + 1e-12);
    }
  }

  TestRun run;
  std::string path;
};
} // namespace

static TimelineSlice slice(uint32_t instruction, Femtoseconds begin,
                           Femtoseconds end, uint64_t repeat = 1,
                           Femtoseconds period = 0) {
  return {{EngineKind::Core, 0}, instruction, 0, begin, end, repeat, period};
}

TEST_F(Trace, NamesTracksInEngineOrder) {
  TraceWriter writer(run.program);
  writer.add(slice(1, 0, 5'000'000));
  Json trace = write(writer);
  std::vector<std::string> names;
  for (const Json &event : select(trace, "M", 1))
    if (event["name"] == "thread_name")
      names.push_back(event["args"]["name"]);
  EXPECT_EQ(names, (std::vector<std::string>{"dma", "vec", "core[0]", "core[1]",
                                             "core[2]", "core[3]", "core[4]",
                                             "core[5]", "core[6]", "core[7]"}));
  auto slices = select(trace, "X", 1);
  ASSERT_EQ(slices.size(), 1u);
  EXPECT_EQ(slices[0]["name"], "core.program");
  EXPECT_EQ(slices[0]["args"]["layer"], "saturate");
  EXPECT_EQ(slices[0]["args"]["instruction"], 1);
}

TEST_F(Trace, KeepsEveryFemtosecond) {
  TraceWriter writer(run.program);
  writer.add(slice(1, 1'234'567'890'123, 1'234'567'890'124));
  write(writer);
  std::string text = *readFile(path);
  EXPECT_NE(text.find("\"ts\":1234.567890123,\"dur\":0.000000001"),
            std::string::npos);
}

TEST_F(Trace, DrawsLayersOnTheirOwnTracks) {
  run.timing.layers[1].begin = 100'000'000; // overlaps the first
  TraceWriter writer(run.program);
  Json trace = write(writer);
  auto slices = select(trace, "X", 0);
  ASSERT_EQ(slices.size(), 2u); // the fused one never ran
  EXPECT_NE(slices[0]["tid"], slices[1]["tid"]);
  EXPECT_EQ(slices[1]["name"], "/features/relu \"x\"");
  EXPECT_EQ(slices[1]["args"]["op"], "Relu");
}

TEST_F(Trace, NamesCarryThePhase) {
  run.makeTraining();
  run.program.layers[0].name = run.program.layers[1].name = "conv1";
  TraceWriter writer(run.program);
  writer.add(slice(1, 0, 5'000'000));
  Json trace = write(writer);
  auto layers = select(trace, "X", 0);
  ASSERT_EQ(layers.size(), 2u);
  EXPECT_EQ(layers[0]["name"], "conv1");
  EXPECT_EQ(layers[1]["name"], "conv1 (weight gradient)");
  EXPECT_EQ(layers[1]["args"]["phase"], "weight_gradient");
  EXPECT_EQ(select(trace, "X", 1)[0]["args"]["phase"], "forward");
}

TEST_F(Trace, ExpandsRepetitionsWithinTheBudget) {
  // Programming and streaming in turns, ten times.
  TraceWriter writer(run.program, 100);
  writer.add(slice(1, 0, 9 * 105 + 5, 10, 105));
  writer.add(slice(2, 5, 9 * 105 + 105, 10, 105));
  auto slices = select(write(writer), "X", 1);
  ASSERT_EQ(slices.size(), 20u);
  EXPECT_EQ(slices[0]["tid"], slices[19]["tid"]);
  EXPECT_EQ(slices[0]["args"]["repeat"], 1);
}

TEST_F(Trace, DrawsTheRestAsOne) {
  TraceWriter writer(run.program, 15);
  writer.add(slice(1, 0, 9 * 105 + 5, 10, 105));
  writer.add(slice(2, 5, 9 * 105 + 105, 10, 105));
  auto slices = select(write(writer), "X", 1);
  ASSERT_EQ(slices.size(), 11u);
  bool found = false;
  for (const Json &event : slices)
    if (event["args"]["repeat"] == 10) {
      found = true;
      EXPECT_EQ(event["name"], "core.stream x10");
    }
  EXPECT_TRUE(found);
}

TEST_F(Trace, OverlappingSeriesMoveAside) {
  // Both claim the whole period.
  TraceWriter writer(run.program, 100);
  writer.add(slice(1, 0, 10 * 105, 10, 105));
  writer.add(slice(2, 5, 10 * 105 + 5, 10, 105));
  EXPECT_EQ(select(write(writer), "X", 1).size(), 20u);
}

TEST_F(Trace, MemoryIsBounded) {
  TraceWriter writer(run.program, 1000);
  for (int64_t i = 0; i < 100000; ++i)
    writer.add(slice(i % 2 ? 2 : 1, i * 10, i * 10 + 10));
  auto slices = select(write(writer), "X", 1);
  EXPECT_EQ(slices.size(), 1002u);
  uint64_t total = 0;
  for (const Json &event : slices)
    total += uint64_t(event["args"]["repeat"]);
  EXPECT_EQ(total, 100000u);
}

TEST_F(Trace, UnwritablePathIsNamed) {
  TraceWriter writer(run.program);
  Status status = writer.write("/nonexistent/trace.json", run.timing);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("/nonexistent/trace.json"),
            std::string::npos);
}
