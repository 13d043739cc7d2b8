//===- SessionTest.cpp - Loading, running, reporting ------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RunHelpers.h"

#include "phx/isa/ProgramFile.h"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <unistd.h>

using namespace phx;
using namespace phx::testing;
using Json = nlohmann::json;

static HostArray makeSamples(int64_t count, unsigned seed = 1) {
  return makeArray(makeValues(count * features, seed), {count, features});
}

static HostArray runOn(Session &session, const HostArray &x,
                       const RunOptions &options = singleThread()) {
  Result<HostArrays> outputs = session.run({{"x", x}}, options);
  EXPECT_TRUE(outputs.ok()) << (outputs ? "" : outputs.error().message);
  return outputs ? outputs->at("y") : HostArray();
}

//===----------------------------------------------------------------------===//
// Any number of samples
//===----------------------------------------------------------------------===//

/// Sample `index` of `x`, `batch` times.
static HostArray repeatSample(const HostArray &x, int64_t index) {
  HostArray copy{x.type, {batch, features}, {}};
  auto begin = x.bytes.begin() + index * features * 4;
  for (int64_t i = 0; i < batch; ++i)
    copy.bytes.insert(copy.bytes.end(), begin, begin + features * 4);
  return copy;
}

TEST(SessionTest, EverySampleIsComputedAsIfAlone) {
  auto session = makeSession();
  HostArray all = makeSamples(9);
  std::vector<uint8_t> expected;
  for (int64_t i = 0; i < 9; ++i) {
    HostArray y = runOn(*session, repeatSample(all, i));
    expected.insert(expected.end(), y.bytes.begin(),
                    y.bytes.begin() + classes * 4);
  }
  for (int64_t count : {1, 3, 4, 5, 8, 9}) {
    HostArray x = all;
    x.shape[0] = count;
    x.bytes.resize(size_t(count * features * 4));
    HostArray y = runOn(*session, x);
    EXPECT_EQ(y.shape, (std::vector<int64_t>{count, classes}));
    expected.resize(size_t(9 * classes * 4));
    EXPECT_TRUE(std::equal(y.bytes.begin(), y.bytes.end(), expected.begin()));
    EXPECT_EQ(y.bytes.size(), size_t(count * classes * 4));
    EXPECT_EQ(session->getRecord()->samples, count);
    EXPECT_EQ(session->getRecord()->runs, (count + batch - 1) / batch);
  }
}

TEST(SessionTest, ExecutorsAndThreadsAgree) {
  auto session = makeSession();
  HostArray x = makeSamples(6);
  RunOptions options = singleThread();
  options.executor = "reference";
  HostArray expected = runOn(*session, x, options);
  options.threads = 2;
  options.executor = "fast";
  options.compareToFp32 = true;
  EXPECT_EQ(runOn(*session, x, options).bytes, expected.bytes);
}

TEST(SessionTest, BypassComputesInFp32) {
  auto session = makeSession();
  HostArray x = makeSamples(batch);
  RunOptions options = singleThread();
  HostArray converted = runOn(*session, x, options);
  options.bypassFormats = true;
  HostArray y = runOn(*session, x, options);
  EXPECT_NE(y.bytes, converted.bytes);
  EXPECT_TRUE(session->getRecord()->bypassed);
  std::vector<float> w = makeValues(classes * features, 7),
                     v = makeValues(batch * features, 1);
  for (int64_t n = 0; n < batch; ++n)
    for (int64_t m = 0; m < classes; ++m) {
      double sum = 0;
      for (int64_t k = 0; k < features; ++k)
        sum +=
            double(w[size_t(m * features + k)]) * v[size_t(n * features + k)];
      float got;
      std::memcpy(&got, y.bytes.data() + (n * classes + m) * 4, 4);
      EXPECT_NEAR(got, sum, 1e-4);
    }
}

TEST(SessionTest, StatisticsAddUpOverRuns) {
  auto session = makeSession();
  RunOptions options = singleThread();
  options.compareToFp32 = true;
  runOn(*session, makeSamples(batch), options);
  LayerStatistics once = session->getStatistics()[0];
  HostArray twice = makeSamples(batch);
  std::vector<uint8_t> copy = twice.bytes;
  twice.shape[0] *= 2;
  twice.bytes.insert(twice.bytes.end(), copy.begin(), copy.end());
  runOn(*session, twice, options);
  const LayerStatistics &both = session->getStatistics()[0];
  EXPECT_GT(once.mantissas, 0u);
  EXPECT_EQ(both.mantissas, 2 * once.mantissas);
  EXPECT_DOUBLE_EQ(both.noise, 2 * once.noise);
  EXPECT_TRUE(both.compared);
}

TEST(SessionTest, EachRunShowsItsLayers) {
  auto session = makeSession();
  RunOptions options = singleThread();
  int seen = 0;
  options.onLayer = [&](uint32_t layer, const HostArray &value) {
    EXPECT_EQ(layer, 0u);
    EXPECT_EQ(value.shape, (std::vector<int64_t>{batch, classes}));
    ++seen;
    return Status::success();
  };
  runOn(*session, makeSamples(9), options);
  EXPECT_EQ(seen, 3);
}

//===----------------------------------------------------------------------===//
// Wrong data
//===----------------------------------------------------------------------===//

TEST(SessionTest, ExplainsWrongInputs) {
  auto session = makeSession();
  HostArray x = makeSamples(batch);
  EXPECT_ERROR(session->run({}), "input 'x' float32[4, 40] is missing");
  EXPECT_ERROR(session->run({{"x", x}, {"z", x}}), "no input 'z'");
  EXPECT_ERROR(session->run({{"x", makeArray({}, {0, features})}}),
               "holds no sample");
  HostArray narrow = makeArray(makeValues(batch, 1), {batch, 1});
  EXPECT_ERROR(session->run({{"x", narrow}}),
               "expected float32[4, 40] or any other number of samples in the "
               "first dimension, found float32[4, 1]");
  HostArray flat =
      makeArray(makeValues(batch * features, 1), {batch * features});
  EXPECT_ERROR(session->run({{"x", flat}}), "found float32[160]");
  x.type = ElementType::I32;
  EXPECT_ERROR(session->run({{"x", x}}), "x.astype('float32')");
  EXPECT_FALSE(session->getRecord().has_value());
}

TEST(SessionTest, SuggestsNames) {
  auto session = makeSession(makeTwoClassifiers());
  HostArray x = makeSamples(batch);
  EXPECT_ERROR(session->run({{"ax", x}, {"bxx", x}}), "did you mean 'bx'");
}

TEST(SessionTest, InputsHoldEquallyManySamples) {
  auto session = makeSession(makeTwoClassifiers());
  HostArray some = makeSamples(batch), more = makeSamples(6);
  EXPECT_ERROR(session->run({{"ax", some}, {"bx", more}}),
               "input 'ax' holds 4 samples, another input 6");
  EXPECT_TRUE(session->run({{"ax", more}, {"bx", more}}, singleThread()).ok());
}

TEST(SessionTest, OutputsWithoutBatchAreNotJoined) {
  Program program = makeClassifier();
  for (Region &region : program.regions)
    if (region.role == Role::Output)
      region.shape = {classes, batch};
  auto session = makeSession(std::move(program));
  EXPECT_TRUE(session->run({{"x", makeSamples(batch)}}, singleThread()).ok());
  EXPECT_ERROR(session->run({{"x", makeSamples(5)}}), "cannot be joined");
}

TEST(SessionTest, Interrupts) {
  auto session = makeSession();
  RunOptions options = singleThread();
  bool stop = false;
  int runs = 0;
  options.interrupted = [&] { return stop; };
  options.onLayer = [&](uint32_t, const HostArray &) {
    stop = ++runs == 2;
    // The question is asked a hundred times a second.
    ::usleep(20000);
    return Status::success();
  };
  EXPECT_ERROR(session->run({{"x", makeSamples(40)}}, options), "interrupted");
  EXPECT_LT(runs, 5);
  EXPECT_FALSE(session->getRecord().has_value());
}

//===----------------------------------------------------------------------===//
// Programs and machines
//===----------------------------------------------------------------------===//

TEST(SessionTest, RefusesInvalidPrograms) {
  Program program = makeClassifier();
  program.code.pop_back();
  EXPECT_ERROR(Session::create(std::move(program)), "the program is not valid");
}

TEST(SessionTest, PricesMayChange) {
  auto normal = makeSession();
  auto slow = Session::create(makeClassifier(), {"", {"core.clock_ghz=1"}});
  ASSERT_TRUE(slow.ok());
  EXPECT_GT((*(*slow)->getTiming())->latency, (*normal->getTiming())->latency);
}

TEST(SessionTest, TheStructureMayNot) {
  EXPECT_ERROR(Session::create(makeClassifier(), {"", {"core.rows=16"}}),
               "core.rows (32 -> 16); recompile the model with the same --set");
  Program program = makeClassifier();
  std::string expected = "structural hash 0000000000001234";
  program.targetHash = 0x1234;
  EXPECT_ERROR(Session::create(std::move(program)), expected);
}

TEST(SessionTest, NamesTheFieldsOfAnotherMachine) {
  Program program = makeClassifier();
  Result<Target> target = loadTarget(program.target);
  ASSERT_TRUE(target.ok());
  program.machine = listStructure(*target);
  program.targetHash = 0x1234;
  for (std::string &field : program.machine) {
    if (field == "core.rows=32")
      field = "core.rows=64";
    if (field.rfind("core.moduli=", 0) == 0)
      field = "core.moduli=61,63,64";
  }
  program.machine.push_back("core.wavelengths=2");
  EXPECT_ERROR(Session::create(std::move(program)),
               "they differ in core.moduli (expected 61,63,64, found "
               "31,32,33), core.rows (expected 64, found 32), "
               "core.wavelengths (expected 2, found none); recompile");
}

TEST(SessionTest, NamesTheTargetThatIsMissing) {
  Program program = makeClassifier();
  program.target = "mirag";
  EXPECT_ERROR(Session::create(std::move(program)),
               "compiled for target 'mirag', which cannot be loaded");
  EXPECT_ERROR(Session::create(makeClassifier(), {"mirag", {}}),
               "did you mean 'mirage'");
}

TEST(SessionTest, OpensFiles) {
  std::string path = ::testing::TempDir() + "session.phx";
  ASSERT_TRUE(writeProgram(makeClassifier(), path).ok());
  Result<std::unique_ptr<Session>> session = Session::open(path);
  ASSERT_TRUE(session.ok()) << session.error().message;
  auto same = makeSession();
  HostArray x = makeSamples(3);
  EXPECT_EQ(runOn(**session, x).bytes, runOn(*same, x).bytes);
  EXPECT_ERROR(Session::open(path + ".none"), path + ".none");
  std::remove(path.c_str());
}

//===----------------------------------------------------------------------===//
// Reports
//===----------------------------------------------------------------------===//

TEST(SessionTest, ReportsSayWhatRan) {
  auto session = makeSession();
  Json before = Json::parse(*session->makeJson());
  EXPECT_TRUE(before["run"].is_null());
  EXPECT_TRUE(before["layers"][0]["sqnr_db"].is_null());
  EXPECT_GT(before["peak_power_w"].get<double>(), 0);
  RunOptions options = singleThread();
  options.compareToFp32 = true;
  Result<HostArrays> outputs = session->run({{"x", makeSamples(5)}}, options);
  HostArray labels = makeLabels<int64_t>(ElementType::I64, {0, 1, 2, 3, 4});
  ASSERT_TRUE(session->measureAccuracy(*outputs, labels).ok());
  Json after = Json::parse(*session->makeJson());
  EXPECT_EQ(after["run"], (Json{{"runs", 2},
                                {"samples", 5},
                                {"executor", "fast"},
                                {"arithmetic", "format"}}));
  EXPECT_EQ(after["accuracy"]["samples"], 5);
  EXPECT_GT(after["layers"][0]["sqnr_db"].get<double>(), 5);
  EXPECT_EQ(after["latency_ns"], before["latency_ns"]);
  EXPECT_EQ(after["energy_pj"], before["energy_pj"]);
  runOn(*session, makeSamples(batch));
  EXPECT_TRUE(Json::parse(*session->makeJson())["accuracy"].is_null());
}

TEST(SessionTest, TextSaysWhatRan) {
  auto session = makeSession();
  EXPECT_NE(session->makeText(100, false)->find("Nothing was executed"),
            std::string::npos);
  runOn(*session, makeSamples(5));
  EXPECT_NE(
      session->makeText(100, false)
          ->find("Executed 2 runs of batch 4 for 5 samples (executor fast)"),
      std::string::npos);
}

TEST(SessionTest, BothTimingsAgree) {
  auto session = makeSession(makeTwoClassifiers());
  EXPECT_EQ((*session->getTiming(TimingMode::Closed))->latency,
            (*session->getTiming(TimingMode::Stepped))->latency);
  EXPECT_EQ(*session->makeJson(TimingMode::Closed),
            *session->makeJson(TimingMode::Stepped));
}

TEST(SessionTest, WritesTimelines) {
  auto session = makeSession();
  std::string path = ::testing::TempDir() + "session-trace.json";
  ASSERT_TRUE(session->writeTrace(path).ok());
  std::FILE *file = std::fopen(path.c_str(), "r");
  ASSERT_NE(file, nullptr);
  Json trace = Json::parse(file);
  std::fclose(file);
  EXPECT_FALSE(trace["traceEvents"].empty());
  std::remove(path.c_str());
  EXPECT_ERROR(session->writeTrace("/nowhere/trace.json"), "/nowhere");
}
