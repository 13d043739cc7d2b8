//===- SessionTest.cpp - Crossbars from files to reports --------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../report/ReportSchema.h"
#include "Network.h"
#include "phx/isa/ProgramFile.h"
#include "phx/run/MachineCheck.h"
#include "phx/run/Session.h"
#include "phx/support/FileSystem.h"
#include "phx/target/ArrayGroups.h"

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <unistd.h>

using namespace phx;
using namespace phx::testing;
using Json = nlohmann::json;

static Program makeProgramFor(const Network &network, const Target &target) {
  Program program = makeOrderedProgram(network);
  program.target = target.spec.name();
  program.targetHash = target.structuralHash;
  return program;
}

TEST(CrossbarMachine, FitsProgramsMadeForIt) {
  Target target = makeCrossbarTarget();
  Program program = makeProgramFor(Network(3), target);
  EXPECT_EQ(getArrayGroups(target), program.groups);
  Status status = checkMachine(program, target);
  EXPECT_TRUE(status.ok()) << status.error().message;
  EXPECT_ERROR(checkMachine(program, makeCrossbarTarget({"wide.rows=8"})),
               "the program needs 16 (wide.rows), target 'crossbars' has 8");
  EXPECT_ERROR(checkMachine(program, makeCrossbarTarget({"narrow.count=1"})),
               "narrow.count");
  EXPECT_ERROR(checkMachine(program, makeCrossbarTarget({"narrow.adc_bits=5"})),
               "(crossbar.dot) reads 6 bits, target 'crossbars' has 5 "
               "(narrow.adc_bits)");
  EXPECT_ERROR(checkMachine(program, *loadTarget("mirage")),
               "extension 'crossbar', which target 'mirage' does not declare");
}

TEST(CrossbarMachine, RunsFromFilesToReports) {
  std::string directory = ::testing::TempDir() + "phx-crossbar-XXXXXX";
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  std::string targetPath = directory + "/crossbars.textproto";
  std::string programPath = directory + "/a.phx";
  ASSERT_TRUE(writeFileAtomically(targetPath, makeCrossbarTargetText()).ok());
  // Two steps of three vectors.
  Network network(3), both(6);
  ASSERT_TRUE(writeProgram(makeProgramFor(network, makeCrossbarTarget()),
                           programPath)
                  .ok());
  SessionOptions options;
  options.target = targetPath;
  auto session = Session::open(programPath, options);
  ASSERT_TRUE(session.ok()) << session.error().message;
  HostArray x = phx::testing::toArray(both.x, {6, Network::features});
  HostArray delta = network.makeInputs().at("delta");
  RunOptions runOptions;
  runOptions.threads = 1;
  // Crossbars have no FP32 to be compared to, which is no equality.
  runOptions.compareToFp32 = true;
  auto outputs = (*session)->run({{"x", x}, {"delta", delta}}, runOptions);
  ASSERT_TRUE(outputs.ok()) << outputs.error().message;
  EXPECT_EQ(firstDifference(toVector(outputs->at("y b")),
                            both.multiply(network.second, 16)),
            -1);
  // The second step multiplies by what the first one has updated.
  std::vector<float> expected = both.multiply(network.first, 8);
  CrossbarLayer updated = network.first;
  updated.weights = network.update(updated.weights);
  std::vector<float> after = both.multiply(updated, 8);
  std::copy(after.begin() + 18, after.end(), expected.begin() + 18);
  EXPECT_EQ(firstDifference(toVector(outputs->at("y a")), expected), -1);

  auto json = (*session)->getReports().makeJson();
  ASSERT_TRUE(json.ok()) << json.error().message;
  Json report = Json::parse(*json);
  EXPECT_EQ(report["counters"]["crossbar_readouts"], 3 * 3 * (6 + 21));
  test::expectValid(report);
  for (const Json &layer : report["layers"])
    EXPECT_TRUE(layer["equals_fp32"].is_null()) << layer["name"];
  std::string tracePath = directory + "/trace.json";
  Status traced = (*session)->getReports().writeTrace(tracePath);
  ASSERT_TRUE(traced.ok()) << traced.error().message;
  std::string trace = *readFile(tracePath);
  for (const char *word : {"narrow[0 .. 2)", "narrow[2]", "wide[1]", "crossbar.update"})
    EXPECT_NE(trace.find(word), std::string::npos) << word;

  runOptions.bypassFormats = true;
  EXPECT_ERROR((*session)->run({{"x", x}, {"delta", delta}}, runOptions),
               "arrays of class 'crossbar' have no number formats that could "
               "be bypassed");

  for (const std::string &path : {targetPath, programPath, tracePath})
    unlink(path.c_str());
  rmdir(directory.c_str());
}
