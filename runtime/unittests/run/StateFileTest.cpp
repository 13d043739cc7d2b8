//===- StateFileTest.cpp - Parameters and state in files --------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TrainerProgram.h"

#include "phx/npy/Npy.h"
#include "phx/support/FileSystem.h"

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace phx;
using namespace phx::testing;
using Floats = std::vector<float>;

namespace {
class StateFileTest : public ::testing::Test {
protected:
  void SetUp() override {
    char name[] = "/tmp/phx-state-XXXXXX";
    directory = mkdtemp(name);
    path = directory + "/state.npz";
    session = makeSession(makeTrainer());
  }
  void TearDown() override { std::filesystem::remove_all(directory); }

  static void train(Session &session, int64_t steps) {
    HostArray x = makeTrainingData(steps * batch),
              y = makeClasses(std::vector<int64_t>(size_t(steps * batch), 0));
    auto outputs = session.run({{"x", x}, {"labels", y}}, singleThread());
    ASSERT_TRUE(outputs.ok()) << outputs.error().message;
  }
  static Floats getW(Session &session) {
    return toFloats(session.getState().read()->at("w"));
  }
  void save() {
    Status status = session->getState().save(path);
    ASSERT_TRUE(status.ok()) << status.error().message;
  }

  std::string directory, path;
  std::unique_ptr<Session> session;
};
} // namespace

TEST_F(StateFileTest, ResumesToTheSameBits) {
  train(*session, 2);
  ASSERT_TRUE(session->getState().setSeed(42).ok());
  save();
  train(*session, 3);
  auto resumed = makeSession(makeTrainer());
  Result<StateInfo> info = resumed->getState().load(path);
  ASSERT_TRUE(info.ok()) << info.error().message;
  EXPECT_EQ(info->program, "trainer");
  EXPECT_EQ(info->step, 2);
  EXPECT_EQ(resumed->getState().getStepCount(), 2);
  EXPECT_EQ(*resumed->getState().getSeed(), 42);
  train(*resumed, 3);
  HostArrays expected = *session->getState().read(),
             found = *resumed->getState().read();
  for (const auto &[name, value] : expected)
    EXPECT_EQ(found.at(name).bytes, value.bytes) << name;
  EXPECT_EQ(resumed->getState().getStepCount(), 5);
}

TEST_F(StateFileTest, HoldsArraysByNameAndSaysWhoseTheyAre) {
  save();
  Result<HostArrays> arrays = readNpz(path);
  ASSERT_TRUE(arrays.ok()) << arrays.error().message;
  ASSERT_EQ(arrays->size(), 4u);
  EXPECT_EQ(toFloats(arrays->at("w")), (Floats{1, 2, 3}));
  const HostArray &info = arrays->at("photonic.state");
  auto json = nlohmann::json::parse(info.bytes.begin(), info.bytes.end());
  EXPECT_EQ(json["program"], "trainer");
  EXPECT_EQ(json["step"], 0);
  EXPECT_EQ(json["fingerprint"], session->getState().getFingerprint());
  EXPECT_EQ(json["arrays"]["optimizer.lr"]["role"], "state");
}

TEST_F(StateFileTest, FilesOfOthersWillDo) {
  HostArrays arrays{{"w", makeArray({7, 8, 9}, {3})},
                    {"optimizer.lr", makeArray({1}, {1})},
                    {"photonic.rng", makeArray({3, 0, 0}, {3})}};
  ASSERT_TRUE(writeNpz(arrays, path).ok());
  Result<StateInfo> info = session->getState().load(path);
  ASSERT_TRUE(info.ok()) << info.error().message;
  EXPECT_EQ(getW(*session), (Floats{7, 8, 9}));
}

//===----------------------------------------------------------------------===//
// Files that do not fit
//===----------------------------------------------------------------------===//

TEST_F(StateFileTest, RefusesOtherModels) {
  save();
  auto other = makeSession(makeTrainer({.parameter = "v"}));
  EXPECT_ERROR(other->getState().load(path), "is the state of another model");
  EXPECT_ERROR(other->getState().load(path),
               "it lacks 'v' float32[3]; it has 'w' float32[3], which the "
               "program does not");
  EXPECT_EQ(toFloats(other->getState().read()->at("v")), (Floats{1, 2, 3}));
}

TEST_F(StateFileTest, RefusesOtherOptimizers) {
  save();
  auto other = makeSession(makeTrainer({.random = false}));
  EXPECT_ERROR(other->getState().load(path),
               "is the state of this model with another optimizer: it has "
               "'photonic.rng' float32[3], which the program does not");
  ASSERT_TRUE(other->getState().save(path).ok());
  EXPECT_ERROR(session->getState().load(path),
               "it lacks 'photonic.rng' float32[3]");
}

TEST_F(StateFileTest, RefusesOtherShapes) {
  HostArrays arrays = *session->getState().read();
  arrays["w"] = makeArray({1, 2, 3, 4}, {4});
  ASSERT_TRUE(writeNpz(arrays, path).ok());
  EXPECT_ERROR(session->getState().load(path),
               "'w' is float32[4] there and float32[3] in the program");
}

TEST_F(StateFileTest, NamesTheProgram) {
  Program program = makeTrainer({.parameter = "v"});
  program.name = "other";
  ASSERT_TRUE(makeSession(std::move(program))->getState().save(path).ok());
  EXPECT_ERROR(session->getState().load(path),
               "('other', the program is of 'trainer')");
}

TEST_F(StateFileTest, EvaluationTakesTheParameters) {
  train(*session, 1);
  save();
  auto evaluation = makeSession(makeTrainer({.updates = false}));
  Result<StateInfo> info = evaluation->getState().load(path);
  ASSERT_TRUE(info.ok()) << info.error().message;
  EXPECT_EQ(getW(*evaluation), getW(*session));
  HostArray x = makeTrainingData(4), y = makeClasses({0, 0, 0, 0});
  auto outputs = evaluation->run({{"x", x}, {"labels", y}}, singleThread());
  ASSERT_TRUE(outputs.ok()) << outputs.error().message;
  float sum = 0;
  for (float score : toFloats(outputs->at("scores")))
    sum += score;
  EXPECT_EQ(toFloats(outputs->at("loss"))[0], sum);
  EXPECT_EQ(getW(*evaluation), getW(*session));
  EXPECT_EQ(evaluation->getState().getStepCount(), 1);
}

TEST_F(StateFileTest, TrainingStartsFromTheParametersOfAnEvaluation) {
  train(*session, 1);
  for (bool counts : {false, true}) {
    auto evaluation =
        makeSession(makeTrainer({.updates = false, .counts = counts}));
    HostArrays state = *session->getState().read();
    ASSERT_TRUE(
        evaluation->getState().write({{"w", state.at("w")}}, true).ok());
    ASSERT_TRUE(evaluation->getState().save(path).ok());
    auto fresh = makeSession(makeTrainer({.random = false}));
    Result<StateInfo> info = fresh->getState().load(path);
    ASSERT_TRUE(info.ok()) << info.error().message;
    EXPECT_EQ(getW(*fresh), getW(*session));
    EXPECT_EQ(toFloats(fresh->getState().read()->at("optimizer.lr")),
              (Floats{0.5}));
  }
}

TEST_F(StateFileTest, ProgramsWithoutStateHaveNoFiles) {
  save();
  auto plain = makeSession();
  EXPECT_ERROR(plain->getState().load(path),
               "compile the model with --train or");
  EXPECT_ERROR(plain->getState().save(path),
               "compile the model with --train or");
}

TEST_F(StateFileTest, RefusesLaterVersions) {
  HostArrays arrays = *session->getState().read();
  std::string text =
      R"({"format": "photonic state", "version": 2, "program": "trainer"})";
  arrays["photonic.state"] = {
      ElementType::U8, {int64_t(text.size())}, {text.begin(), text.end()}};
  ASSERT_TRUE(writeNpz(arrays, path).ok());
  EXPECT_ERROR(session->getState().load(path),
               "not of this version of the tools");
}

//===----------------------------------------------------------------------===//
// Files that are damaged, and moments that are bad
//===----------------------------------------------------------------------===//

TEST_F(StateFileTest, EveryTruncationIsFoundAndChangesNothing) {
  train(*session, 1);
  save();
  std::string whole = *readFile(path);
  auto other = makeSession(makeTrainer());
  for (size_t size = 0; size < whole.size(); ++size) {
    ASSERT_TRUE(writeFileAtomically(path, whole.substr(0, size)).ok());
    Result<StateInfo> info = other->getState().load(path);
    ASSERT_FALSE(info.ok()) << size;
    ASSERT_NE(info.error().message.find(path), std::string::npos);
    ASSERT_EQ(getW(*other), (Floats{1, 2, 3})) << size;
    ASSERT_EQ(other->getState().getStepCount(), 0);
  }
}

/// Whatever byte is damaged: an error, or the state that was saved.
TEST_F(StateFileTest, NoDamagedByteChangesTheState) {
  train(*session, 1);
  save();
  std::string whole = *readFile(path);
  auto other = makeSession(makeTrainer());
  int refused = 0;
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string copy = whole;
    copy[at] = char(copy[at] ^ 0x41);
    ASSERT_TRUE(writeFileAtomically(path, copy).ok());
    bool loaded = other->getState().load(path).ok();
    refused += !loaded;
    Floats expected = loaded ? getW(*session) : Floats{1, 2, 3};
    ASSERT_EQ(getW(*other), expected) << at;
    other = makeSession(makeTrainer());
  }
  EXPECT_GT(refused, int(whole.size()) / 2);
}

TEST_F(StateFileTest, FailingToSaveKeepsTheOldFile) {
  save();
  std::string before = *readFile(path);
  train(*session, 1);
  // A full disk, in the size of the file.
  pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{300, 300};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::_exit(session->getState().save(path).ok() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(*readFile(path), before);
  EXPECT_ERROR(session->getState().save(directory + "/none/state.npz"),
               "/none/");
}

/// A process that saves without end is killed at any moment.
TEST_F(StateFileTest, KillingTheWriterLeavesAWholeFile) {
  save();
  int64_t latest = 0;
  for (int round = 0; round < 25; ++round) {
    pid_t child = ::fork();
    if (child == 0) {
      for (;;) {
        train(*session, 1);
        if (!session->getState().save(path).ok())
          ::_exit(1);
      }
    }
    ::usleep(useconds_t(1000 + 1700 * round));
    ASSERT_EQ(::waitpid(child, nullptr, WNOHANG), 0) << "ended by itself";
    ::kill(child, SIGKILL);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    auto resumed = makeSession(makeTrainer());
    Result<StateInfo> info = resumed->getState().load(path);
    ASSERT_TRUE(info.ok()) << info.error().message;
    auto exact = makeSession(makeTrainer());
    for (int64_t i = 0; i < info->step; ++i)
      train(*exact, 1);
    ASSERT_EQ(getW(*resumed), getW(*exact)) << info->step;
    latest = std::max(latest, info->step);
    session = std::move(resumed);
  }
  EXPECT_GT(latest, 1) << "never saved";
}
