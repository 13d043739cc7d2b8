//===- SparseTest.cpp - Counts that crossbars find --------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A machine class writes a count register, and counts of its instructions
// depend on it: what is computed, in how much time and for which charges.
//
//===----------------------------------------------------------------------===//

#include "Sparse.h"

#include "../report/ReportSchema.h"
#include "../timing/TestTiming.h"
#include "phx/isa/Registers.h"
#include "phx/isa/Validator.h"
#include "phx/run/Session.h"
#include "phx/support/FileSystem.h"

#include <nlohmann/json.hpp>

using namespace phx;
using namespace phx::testing;

/// What one execution writes to the register of nonzeros.
static std::shared_ptr<const CountTrace> execute(const SparseNetwork &network,
                                                 const Program &program,
                                                 const char *kind) {
  auto executor = createExecutor(kind, program);
  auto outputs = (*executor)->run(network.makeInputs(), threads(1));
  EXPECT_TRUE(outputs.ok()) << outputs.error().message;
  if (!outputs)
    return nullptr;
  EXPECT_EQ(
      firstDifference(toVector(outputs->at("y")), network.multiply()), -1);
  return (*executor)->getCounts();
}

TEST(Sparse, EqualsAPlainComputation) {
  for (const char *kind : {"reference", "fast"}) {
    SparseNetwork network(6);
    Program program = network.makeOrderedProgram();
    Status status = validate(program);
    ASSERT_TRUE(status.ok()) << status.error().message;
    auto trace = execute(network, program, kind);
    ASSERT_TRUE(trace);
    CountTrace expected(2);
    for (int64_t count : network.countNonzeros())
      EXPECT_TRUE(expected.record(1, count));
    EXPECT_EQ(*trace, expected);
    EXPECT_EQ(expected.getRuns(1)[0].value, SparseNetwork::features);
    EXPECT_EQ(expected.getRuns(1)[1].value, 0);
  }
}

/// A load takes 25 ns, a dot of one row 3.5 ns; both are skipped where no
/// element is left.
TEST(Sparse, TimeIsThatOfTheElementsThatAreLeft) {
  SparseNetwork network(6);
  Program program = network.makeOrderedProgram();
  TimingOptions options;
  options.counts.trace = execute(network, program, "fast");
  TimingResult result = runBoth(program, makeCrossbarTarget(), options);
  int64_t tiles = 0;
  for (int64_t count : network.countNonzeros())
    tiles += (count + 7) / 8;
  EXPECT_EQ(result.engines[2].engine, narrow0);
  EXPECT_EQ(result.engines[2].busy,
            tiles * (25 * ns + SparseNetwork::rows * 7 * ns / 2));
  // Counting goes over all elements.
  EXPECT_EQ(result.engines[4].busy, 6 * (3 * ns + 15 * ns));
}

TEST(Sparse, ChargesAreThoseOfTheElementsThatAreLeft) {
  SparseNetwork network(6);
  Program program = network.makeOrderedProgram();
  RunCounts counts{execute(network, program, "fast"), {}};
  Counters64 total{};
  for (const Counters64 &each :
       *countCharges(program, makeCrossbarTarget(), counts))
    accumulate(total, each);
  uint64_t nonzeros = 0;
  for (int64_t count : network.countNonzeros())
    nonzeros += uint64_t(count);
  EXPECT_EQ(total[counters::macs.index], nonzeros * SparseNetwork::rows);
  EXPECT_EQ(total[crossbar::getCellWrites().index], nonzeros);
}

/// The same number everywhere is a number that may be assumed.
TEST(Sparse, AssumedCountsAreThoseOfEachVector) {
  SparseNetwork network(40);
  Program program = network.makeOrderedProgram();
  Target target = makeCrossbarTarget();
  TimingOptions options;
  options.counts = *assumeCounts(program, {{"nonzeros", 17}});
  TimingResult result = runBoth(program, target, options);
  EXPECT_EQ(result.engines[2].busy,
            40 * 3 * (25 * ns + SparseNetwork::rows * 7 * ns / 2));
  TimingOptions nothing;
  Result<TimingResult> refused = simulate(program, target, nothing);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("on register 1 ('nonzeros')"),
            std::string::npos)
      << refused.error().message;
}

/// Without the token that orders the register, the proof fails.
TEST(Sparse, TheRegisterIsOrderedByTokens) {
  SparseNetwork network(3);
  Program program = network.makeOrderedProgram();
  // Another place for what is in memory leaves the register alone.
  for (Instruction &instruction : program.code)
    if (auto *load = getIf<CrossbarLoad>(instruction.body))
      load->src = {mem::wgt, {}};
    else if (auto *dot = getIf<CrossbarDot>(instruction.body))
      dot->list = dot->in = {mem::wgt, {}};
  ASSERT_TRUE(validateHazards(program).ok());
  std::erase_if(program.code, [](const Instruction &instruction) {
    return holds<Signal>(instruction.body) || holds<Wait>(instruction.body);
  });
  program.tokens = 0;
  Status status = validateHazards(program);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find(
                "read-after-write hazard in register 1 ('nonzeros')"),
            std::string::npos)
      << status.error().message;
}

TEST(Sparse, LanesWriteNoRegister) {
  SparseNetwork network(3);
  Program program = network.makeOrderedProgram();
  for (Instruction &instruction : program.code)
    if (holds<CrossbarCompact>(instruction.body)) {
      instruction.engine = narrow0;
      instruction.arrays.lanes = 2;
    }
  Status status = validate(program);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find(
                "lanes: expected 1, because register 1 ('nonzeros') has one "
                "value, whichever lane were to write it, found 2"),
            std::string::npos)
      << status.error().message;
}

TEST(Sparse, CountsBeyondTheRegisterStopTheRun) {
  SparseNetwork network(3);
  Program program = network.makeOrderedProgram();
  program.registers[1].most = 29;
  auto outputs = runProgram(program, network.makeInputs(), threads(1));
  ASSERT_FALSE(outputs.ok());
  EXPECT_NE(outputs.error().message.find(
                "the number of elements that are not zero is 30, but register "
                "1 ('nonzeros') holds 0 to 29"),
            std::string::npos)
      << outputs.error().message;
}

//===----------------------------------------------------------------------===//
// Sessions
//===----------------------------------------------------------------------===//

/// A session of a program for two vectors, on the machine of the tests.
static std::unique_ptr<Session> openSession(const SparseNetwork &network) {
  Target target = makeCrossbarTarget();
  Program program = network.makeOrderedProgram();
  program.target = target.spec.name();
  program.targetHash = target.structuralHash;
  std::string path = ::testing::TempDir() + "sparse-crossbars.textproto";
  EXPECT_TRUE(writeFileAtomically(path, makeCrossbarTargetText()).ok());
  SessionOptions options;
  options.target = path;
  auto session = Session::create(program, options);
  EXPECT_TRUE(session.ok()) << session.error().message;
  return session.ok() ? std::move(*session) : nullptr;
}

/// Reports are those of the latest execution, whatever was assumed.
TEST(Sparse, SessionsFollowTheLatestExecution) {
  SparseNetwork network(2);
  std::unique_ptr<Session> session = openSession(network);
  ASSERT_TRUE(session);
  Reports &reports = session->getReports();
  EXPECT_FALSE(reports.getCost().ok());
  ASSERT_TRUE(reports.assumeCounts({{"nonzeros", 8}}).ok());
  double assumed = reports.getCost()->energyPj;
  EXPECT_FALSE(reports.assumeCounts({{"nonzeros", 31}}).ok());
  EXPECT_EQ(reports.getCost()->energyPj, assumed);
  auto run = [&](std::vector<int32_t> values) {
    values.resize(2 * SparseNetwork::features);
    HostArray x = phx::testing::toArray(values, {2, SparseNetwork::features});
    RunOptions options;
    options.threads = 1;
    auto outputs = session->run({{"x", x}}, options);
    EXPECT_TRUE(outputs.ok()) << outputs.error().message;
    return reports.getCost()->energyPj;
  };
  double none = run({}), one = run({5}), many = run(network.x);
  EXPECT_LT(none, one);
  EXPECT_LT(one, many);
  EXPECT_EQ(run({0, 0, -3}), one);
  ASSERT_TRUE(reports.assumeCounts({{"nonzeros", 0}}).ok());
  EXPECT_EQ(reports.getCost()->energyPj, one);
  auto report = nlohmann::json::parse(*reports.makeJson());
  phx::test::expectValid(report);
  EXPECT_EQ(report["counts"][1]["source"], "execution");
  EXPECT_EQ(report["counts"][1]["writes"], 2);
  EXPECT_EQ(report["counts"][1]["mean"], 0.5);
  session->getLog().forget();
  EXPECT_LT(reports.getCost()->energyPj, one);
}
