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
    EXPECT_EQ(session->getLog().getRecord()->samples, count);
    EXPECT_EQ(session->getLog().getRecord()->runs, (count + batch - 1) / batch);
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
  EXPECT_TRUE(session->getLog().getRecord()->bypassed);
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
  LayerStatistics once = session->getLog().getStatistics()[0];
  HostArray twice = makeSamples(batch);
  std::vector<uint8_t> copy = twice.bytes;
  twice.shape[0] *= 2;
  twice.bytes.insert(twice.bytes.end(), copy.begin(), copy.end());
  runOn(*session, twice, options);
  const LayerStatistics &both = session->getLog().getStatistics()[0];
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
  EXPECT_FALSE(session->getLog().getRecord().has_value());
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

//===----------------------------------------------------------------------===//
// Where the batch is
//===----------------------------------------------------------------------===//

/// A program in which the region `name` has another shape of as many elements,
/// and samples along `axis`.
static Program reshape(Program program, const std::string &name,
                       std::vector<int64_t> shape,
                       std::optional<uint32_t> axis) {
  for (Region &region : program.regions)
    if (region.name == name) {
      region.shape = std::move(shape);
      region.batchAxis = axis;
    }
  return program;
}

/// Columns [first, first + count) of a matrix of floats; behind the end the
/// last one.
static HostArray takeColumns(const HostArray &matrix, int64_t first,
                             int64_t count) {
  int64_t rows = matrix.shape[0], columns = matrix.shape[1];
  HostArray part{matrix.type, {rows, count}, {}};
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t i = first; i < first + count; ++i) {
      int64_t column = std::min(i, columns - 1);
      const uint8_t *from = &matrix.bytes[size_t(row * columns + column) * 4];
      part.bytes.insert(part.bytes.end(), from, from + 4);
    }
  return part;
}

TEST(SessionTest, OutputsWithoutBatchAreNotJoined) {
  // That an extent equals the batch says nothing.
  for (std::vector<int64_t> shape : {std::vector<int64_t>{classes, batch},
                                     std::vector<int64_t>{batch, classes}}) {
    auto session =
        makeSession(reshape(makeClassifier(), "y", shape, std::nullopt));
    EXPECT_TRUE(session->run({{"x", makeSamples(batch)}}, singleThread()).ok());
    for (int64_t samples : {3, 5, 8})
      EXPECT_ERROR(session->run({{"x", makeSamples(samples)}}),
                   "output 'y' float32[" + std::to_string(shape[0]) + ", " +
                       std::to_string(shape[1]) + "] has no batch dimension");
  }
}

TEST(SessionTest, OutputsAreJoinedAlongTheirBatch) {
  auto session =
      makeSession(reshape(makeClassifier(), "y", {classes, batch}, 1));
  for (int64_t samples : {1, 4, 6, 9}) {
    HostArray x = makeSamples(samples), whole = runOn(*session, x);
    ASSERT_EQ(whole.shape, (std::vector<int64_t>{classes, samples}));
    for (int64_t first = 0; first < samples; first += batch) {
      HostArray part{x.type, {batch, features}, {}};
      for (int64_t i = first; i < first + batch; ++i) {
        auto row = x.bytes.begin() + std::min(i, samples - 1) * features * 4;
        part.bytes.insert(part.bytes.end(), row, row + features * 4);
      }
      int64_t count = std::min(batch, samples - first);
      EXPECT_EQ(takeColumns(whole, first, count).bytes,
                takeColumns(runOn(*session, part), 0, count).bytes);
    }
  }
}

TEST(SessionTest, InputsAreSplitAlongTheirBatch) {
  auto session =
      makeSession(reshape(makeClassifier(), "x", {features, batch}, 1));
  HostArray x = makeSamples(9);
  x.shape = {features, 9};
  HostArray whole = runOn(*session, x);
  EXPECT_EQ(whole.shape, (std::vector<int64_t>{9, classes}));
  std::vector<uint8_t> expected;
  for (int64_t first : {0, 4, 8}) {
    HostArray y = runOn(*session, takeColumns(x, first, batch));
    expected.insert(expected.end(), y.bytes.begin(), y.bytes.end());
  }
  expected.resize(9 * classes * 4);
  EXPECT_EQ(whole.bytes, expected);
  EXPECT_ERROR(session->run({{"x", makeSamples(5)}}),
               "expected float32[40, 4] or any other number of samples in "
               "dimension 1, found float32[5, 40]; reshape the array");
}

TEST(SessionTest, InputsWithoutBatchGoIntoEveryRun) {
  // The output of the second network stands for what both inputs make.
  auto session = makeSession(
      reshape(makeTwoClassifiers(), "bx", {batch, features}, std::nullopt));
  HostArray some = makeSamples(batch), more = makeSamples(6);
  auto outputs = session->run({{"ax", more}, {"bx", some}}, singleThread());
  ASSERT_TRUE(outputs.ok()) << outputs.error().message;
  EXPECT_EQ(outputs->at("by").shape, (std::vector<int64_t>{6, classes}));
  HostArray once = session->run({{"ax", some}, {"bx", some}})->at("by");
  EXPECT_TRUE(std::equal(once.bytes.begin(), once.bytes.end(),
                         outputs->at("by").bytes.begin()));
  EXPECT_ERROR(session->run({{"ax", more}, {"bx", more}}),
               "input 'bx': expected float32[4, 40], found float32[6, 40]; it "
               "is not made of samples: give one array for all of them");
}

TEST(SessionTest, ProgramsWithoutABatchTellHowToGetOne) {
  Program program = makeClassifier();
  program = reshape(std::move(program), "x", {batch, features}, std::nullopt);
  auto session = makeSession(
      reshape(std::move(program), "y", {batch, classes}, std::nullopt));
  EXPECT_ERROR(session->run({{"x", makeSamples(6)}}),
               "found float32[6, 40]; the program has no batch dimension, "
               "because the shapes of the model's inputs are fixed");
}

TEST(SessionTest, Interrupts) {
  auto session = makeSession();
  RunOptions options = singleThread();
  bool stop = false;
  int runs = 0;
  options.interrupted = [&] { return stop; };
  // The program has one layer, and each run begins with the question.
  options.onLayer = [&](uint32_t, const HostArray &) {
    stop |= ++runs == 2;
    return Status::success();
  };
  EXPECT_ERROR(session->run({{"x", makeSamples(40)}}, options), "interrupted");
  EXPECT_EQ(runs, 2);
  EXPECT_FALSE(session->getLog().getRecord().has_value());
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
  EXPECT_GT((*(*slow)->getReports().getTiming())->latency,
            (*normal->getReports().getTiming())->latency);
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
  Json before = Json::parse(*session->getReports().makeJson());
  EXPECT_TRUE(before["run"].is_null());
  EXPECT_TRUE(before["layers"][0]["sqnr_db"].is_null());
  EXPECT_GT(before["peak_power_w"].get<double>(), 0);
  RunOptions options = singleThread();
  options.compareToFp32 = true;
  Result<HostArrays> outputs = session->run({{"x", makeSamples(5)}}, options);
  HostArray labels = makeLabels<int64_t>(ElementType::I64, {0, 1, 2, 3, 4});
  ASSERT_TRUE(session->getLog().measureAccuracy(*outputs, labels).ok());
  Json after = Json::parse(*session->getReports().makeJson());
  EXPECT_EQ(after["run"], (Json{{"runs", 2},
                                {"samples", 5},
                                {"executor", "fast"},
                                {"arithmetic", "format"}}));
  EXPECT_EQ(after["accuracy"]["samples"], 5);
  EXPECT_GT(after["layers"][0]["sqnr_db"].get<double>(), 5);
  EXPECT_EQ(after["latency_ns"], before["latency_ns"]);
  EXPECT_EQ(after["energy_pj"], before["energy_pj"]);
  runOn(*session, makeSamples(batch));
  EXPECT_TRUE(
      Json::parse(*session->getReports().makeJson())["accuracy"].is_null());
}

TEST(SessionTest, TextSaysWhatRan) {
  auto session = makeSession();
  EXPECT_NE(
      session->getReports().makeText(100, false)->find("Nothing was executed"),
      std::string::npos);
  runOn(*session, makeSamples(5));
  EXPECT_NE(
      session->getReports()
          .makeText(100, false)
          ->find("Executed 2 runs of batch 4 for 5 samples (executor fast)"),
      std::string::npos);
}

TEST(SessionTest, BothTimingsAgree) {
  auto session = makeSession(makeTwoClassifiers());
  // Computed once.
  EXPECT_EQ(*session->getReports().getTiming(TimingMode::Closed),
            *session->getReports().getTiming(TimingMode::Closed));
  EXPECT_EQ((*session->getReports().getTiming(TimingMode::Closed))->latency,
            (*session->getReports().getTiming(TimingMode::Stepped))->latency);
  EXPECT_EQ(*session->getReports().makeJson(TimingMode::Closed),
            *session->getReports().makeJson(TimingMode::Stepped));
}

TEST(SessionTest, WritesTimelines) {
  auto session = makeSession();
  std::string path = ::testing::TempDir() + "session-trace.json";
  ASSERT_TRUE(session->getReports().writeTrace(path).ok());
  std::FILE *file = std::fopen(path.c_str(), "r");
  ASSERT_NE(file, nullptr);
  Json trace = Json::parse(file);
  std::fclose(file);
  EXPECT_FALSE(trace["traceEvents"].empty());
  std::remove(path.c_str());
  EXPECT_ERROR(session->getReports().writeTrace("/nowhere/trace.json"),
               "/nowhere");
}
