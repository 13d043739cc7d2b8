//===- TrainingToolTest.cpp - photonic-run on training programs -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TrainerProgram.h"

#include "phx/isa/ProgramFile.h"
#include "phx/npy/Npy.h"
#include "phx/run/CommandLine.h"
#include "phx/support/FileSystem.h"

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sys/wait.h>
#include <unistd.h>

using namespace phx;
using namespace phx::testing;
namespace fs = std::filesystem;
using Json = nlohmann::json;
using Floats = std::vector<float>;
using Words = std::vector<std::string>;

namespace {
class TrainingToolTest : public ::testing::Test {
protected:
  void SetUp() override {
    char name[] = "/tmp/phx-tool-XXXXXX";
    directory = mkdtemp(name);
    setProgram({});
    setData(14);
  }
  void TearDown() override { fs::remove_all(directory); }

  std::string at(const std::string &name) const {
    return directory + "/" + name;
  }
  void setProgram(const TrainerOptions &options) {
    ASSERT_TRUE(writeProgram(makeTrainer(options), at("m.phx")).ok());
  }
  void setData(int64_t samples) {
    setLabels(std::vector<int64_t>(size_t(samples), 2));
    ASSERT_TRUE(writeNpy(makeTrainingData(samples), at("x.npy")).ok());
  }
  void setLabels(const std::vector<int64_t> &labels) {
    ASSERT_TRUE(writeNpy(makeClasses(labels), at("y.npy")).ok());
  }

  static int call(Words words) {
    std::vector<char *> arguments;
    for (std::string &word : words)
      arguments.push_back(word.data());
    return runMain(int(arguments.size()), arguments.data());
  }
  Words getWords(const Words &more) const {
    Words words{"photonic-run", at("m.phx"), "--threads=1"};
    if (takesInputs)
      words.insert(words.end(), {"--input", "x=" + at("x.npy"), "--input",
                                 "labels=" + at("y.npy")});
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  /// Exit code; text goes to `out` and `err`.
  int run(const Words &more) {
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    int code = call(getWords(more));
    out = ::testing::internal::GetCapturedStdout();
    err = ::testing::internal::GetCapturedStderr();
    return code;
  }
  /// Expects an error that says `text` and leaves no file.
  void refuse(const Words &more, const std::string &text) {
    auto before = list();
    EXPECT_EQ(run(more), 1);
    EXPECT_NE(err.find(text), std::string::npos) << err;
    EXPECT_NE(err.find("photonic-run: error: "), std::string::npos) << err;
    EXPECT_EQ(list(), before);
  }
  std::map<std::string, std::string> list() const {
    std::map<std::string, std::string> files;
    for (const auto &entry : fs::recursive_directory_iterator(directory))
      if (entry.is_regular_file())
        files[entry.path().string()] = *readFile(entry.path().string());
    return files;
  }
  Floats readFloats(const std::string &name) const {
    return toFloats(*readNpy(at(name)));
  }
  Floats readState(const std::string &file, const std::string &name) const {
    return toFloats(readNpz(at(file))->at(name));
  }

  bool takesInputs = true; ///< x and labels
  std::string directory, out, err;
};
} // namespace

TEST_F(TrainingToolTest, TrainsReportsAndSaves) {
  ASSERT_EQ(run({"--save-state", at("s.npz"), "--output-dir", at("out"),
                 "--report", at("r.json"), "--trace", at("t.json")}),
            0)
      << err;
  EXPECT_EQ(err, "");
  HostTrainer host;
  for (int64_t first : {0, 4, 8})
    host.step(makeTrainingData(14), first);
  EXPECT_EQ(readFloats("out/loss.npy"), host.losses);
  EXPECT_EQ(readState("s.npz", "w"), host.w);
  Json report = Json::parse(*readFile(at("r.json")));
  EXPECT_EQ(report["training"]["steps"], 3);
  EXPECT_EQ(report["training"]["samples_dropped"], 2);
  EXPECT_EQ(report["training"]["loss"]["last"], host.losses[2]);
  EXPECT_EQ(report["run"]["samples"], 12);
  EXPECT_EQ(report["accuracy"]["samples"], 12);
  for (const char *part :
       {"first loss", "last loss", "mean loss", "Executed 3 steps of batch 4",
        "Dropped 2 samples at the end that fill no batch of 4."})
    EXPECT_NE(out.find(part), std::string::npos) << part << out;
}

TEST_F(TrainingToolTest, ContinuesFromAState) {
  setData(12);
  ASSERT_EQ(run({"--save-state", at("all.npz"), "--quiet"}), 0) << err;
  EXPECT_EQ(out, "");
  // The same in two halves: samples 0 to 3, then 4 to 11.
  HostArray x = makeTrainingData(12);
  HostArray head = x, tail = x;
  size_t cut = size_t(4 * width * 4);
  head.shape[0] = 4;
  head.bytes.resize(cut);
  tail.shape[0] = 8;
  tail.bytes.erase(tail.bytes.begin(), tail.bytes.begin() + long(cut));
  setData(4);
  ASSERT_TRUE(writeNpy(head, at("x.npy")).ok());
  ASSERT_EQ(run({"--save-state", at("a.npz"), "--quiet"}), 0) << err;
  setData(8);
  ASSERT_TRUE(writeNpy(tail, at("x.npy")).ok());
  ASSERT_EQ(
      run({"--state", at("a.npz"), "--save-state", at("b.npz"), "--quiet"}), 0)
      << err;
  EXPECT_EQ(*readFile(at("b.npz")), *readFile(at("all.npz")));
}

TEST_F(TrainingToolTest, SeedsReplaceThoseOfTheState) {
  ASSERT_EQ(run({"--seed", "5", "--save-state", at("a.npz"), "--quiet"}), 0);
  EXPECT_EQ(readState("a.npz", "photonic.rng"), (Floats{5, 0, 3}));
  ASSERT_EQ(run({"--seed=6", "--state", at("a.npz"), "--save-state",
                 at("b.npz"), "--quiet"}),
            0);
  EXPECT_EQ(readState("b.npz", "photonic.rng"), (Floats{6, 0, 6}));
}

TEST_F(TrainingToolTest, DumpsEachPhaseOfALayer) {
  setData(4);
  ASSERT_EQ(run({"--dump-values", at("d"), "--quiet"}), 0) << err;
  HostTrainer host;
  host.step(makeTrainingData(4), 0);
  EXPECT_EQ(readFloats("d/mul.weight_gradient.npy"), (Floats{6, 7, 8}));
  EXPECT_EQ(readFloats("d/mul.update.npy"), host.w);
  EXPECT_EQ(readFloats("d/mul.npy").size(), size_t(batch * width));
}

TEST_F(TrainingToolTest, RefusesBadData) {
  setLabels({0, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  refuse({"--save-state", at("s.npz")},
         "sample 3 has label 3, expected a class from 0 to 2");
  setData(3);
  refuse({}, "the inputs hold 3 samples, a training step takes 4");
  setData(8);
  ASSERT_TRUE(writeNpy(makeArray(Floats(8), {8}), at("y.npy")).ok());
  refuse({}, "y.astype('int64')");
  setLabels({0, 0, 0, 0});
  refuse({}, "holds 4 samples, another input 8");
}

TEST_F(TrainingToolTest, LabelsAreAnInput) {
  refuse({"--labels", at("y.npy")},
         "this program takes labels itself; give --input labels=");
}

TEST_F(TrainingToolTest, NamesTheStepThatFails) {
  ASSERT_EQ(run({"--save-state", at("s.npz"), "--quiet"}), 0) << err;
  HostArray x = makeTrainingData(14);
  float nan = std::numeric_limits<float>::quiet_NaN();
  std::memcpy(x.bytes.data() + 5 * width * 4, &nan, 4);
  ASSERT_TRUE(writeNpy(x, at("x.npy")).ok());
  refuse({"--output-dir", at("out"), "--report", at("r.json")},
         "step 2 of 3: the loss 'loss' is not finite: it is nan; the "
         "first value that is not finite is in tensor 'scores' (element [1, 0] "
         "is nan), made by layer 'mul' (Mul, forward)");
}

/// A step that fails costs no step before it.
TEST_F(TrainingToolTest, KeepsTheStepsBeforeAFailure) {
  HostArray x = makeTrainingData(14);
  float nan = std::numeric_limits<float>::quiet_NaN();
  std::memcpy(x.bytes.data() + 9 * width * 4, &nan, 4); // step 3
  ASSERT_TRUE(writeNpy(x, at("x.npy")).ok());
  EXPECT_EQ(run({"--save-state", at("s.npz"), "--output-dir", at("out")}), 1);
  EXPECT_NE(err.find("step 3 of 3: the loss"), std::string::npos) << err;
  EXPECT_NE(err.find("s.npz' holds the state after 2 completed steps"),
            std::string::npos)
      << err;
  HostTrainer host;
  for (int64_t first : {0, 4})
    host.step(makeTrainingData(14), first);
  EXPECT_EQ(readState("s.npz", "w"), host.w);
  EXPECT_FALSE(fs::exists(at("out/loss.npy")));
  // Where no step was completed, an older file stays.
  std::memcpy(x.bytes.data(), &nan, 4);
  ASSERT_TRUE(writeNpy(x, at("x.npy")).ok());
  refuse({"--save-state", at("s.npz")}, "step 1 of 3: the loss");
  EXPECT_EQ(err.find("holds the state"), std::string::npos) << err;
}

/// What was computed does not depend on whether it can be timed.
TEST_F(TrainingToolTest, KeepsWhatCannotBeTimed) {
  setProgram({.extraWork = 10'000'000});
  setData(4);
  EXPECT_EQ(run({"--save-state", at("s.npz"), "--output-dir", at("out"),
                 "--report", at("r.json"), "--set", "vector_unit.lanes=1",
                 "--set", "vector_unit.clock_ghz=1e-6"}),
            1);
  EXPECT_NE(err.find("2^63 femtoseconds"), std::string::npos) << err;
  EXPECT_NE(err.find("s.npz' holds the state after 1 completed step of"),
            std::string::npos)
      << err;
  HostTrainer host;
  host.step(makeTrainingData(4), 0);
  EXPECT_EQ(readState("s.npz", "w"), host.w);
  EXPECT_EQ(readFloats("out/loss.npy"), host.losses);
  EXPECT_FALSE(fs::exists(at("r.json")));
}

TEST_F(TrainingToolTest, RefusesForeignStates) {
  setProgram({.parameter = "v"});
  ASSERT_EQ(run({"--save-state", at("v.npz"), "--quiet"}), 0) << err;
  setProgram({});
  refuse({"--state", at("v.npz")}, "is the state of another model");
  refuse({"--state", at("x.npy")}, "is not a .npz archive");
  refuse({"--state", at("none.npz")}, "none.npz");
  refuse({"--seed=-1"}, "--seed: the seed has to be a whole number from 0");
  ASSERT_TRUE(writeProgram(makeClassifier(), at("m.phx")).ok());
  takesInputs = false;
  refuse({"--state", at("v.npz")}, "compile the model with --train");
  refuse({"--save-state", at("s.npz")}, "compile the model with --train");
  refuse({"--seed=1"}, "draws no random numbers");
}

TEST_F(TrainingToolTest, NeverOverwritesWhatItReads) {
  ASSERT_EQ(run({"--save-state", at("s.npz"), "--quiet"}), 0) << err;
  refuse({"--state", at("s.npz"), "--save-state", at("s.npz")},
         "is read by this run and would be overwritten by it (--save-state)");
  refuse({"--save-state", at("x.npy")}, "is read by this run");
  refuse({"--save-state", at("m.phx")}, "is read by this run");
  refuse({"--state", at("s.npz"), "--report", at("s.npz")},
         "is read by this run");
  refuse({"--save-state", at("n"), "--report", at("./n")},
         "--save-state ('" + at("n") + "') and --report both name '" +
             at("./n") + "'");
  // An input that is called like an output.
  fs::create_directory(at("out"));
  fs::copy(at("x.npy"), at("out/loss.npy"));
  Words words{"photonic-run", at("m.phx"),
              "--input",      "x=" + at("out/loss.npy"),
              "--input",      "labels=" + at("y.npy"),
              "--output-dir", at("out")};
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(call(words), 1);
  err = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(err.find("(--output-dir)"), std::string::npos) << err;
}

TEST_F(TrainingToolTest, PlacesAreCheckedBeforeTheWork) {
  refuse({"--save-state", at("none/s.npz")}, "create it first");
  refuse({"--save-state", directory}, "it is a directory");
}

/// What took hours is safe before anything else can fail.
TEST_F(TrainingToolTest, SavesTheStateFirst) {
  EXPECT_EQ(run({"--save-state", at("s.npz"), "--report", "/dev/full",
                 "--output-dir", at("out")}),
            1);
  EXPECT_NE(err.find("/dev/full"), std::string::npos) << err;
  HostTrainer host;
  for (int64_t first : {0, 4, 8})
    host.step(makeTrainingData(14), first);
  EXPECT_EQ(readState("s.npz", "w"), host.w);
}

TEST_F(TrainingToolTest, InterruptionsKeepWholeSteps) {
  setData(800000);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGINT, SIG_DFL);
    ::dup2(ends[1], 2);
    ::_exit(call(getWords({"--save-state", at("s.npz"), "--output-dir",
                           at("out"), "--no-compare", "--quiet"})));
  }
  ::close(ends[1]);
  ::usleep(300000);
  ASSERT_EQ(::waitpid(child, nullptr, WNOHANG), 0) << "ended before the signal";
  ::kill(child, SIGINT);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  std::string message;
  char buffer[512];
  for (ssize_t got; (got = ::read(ends[0], buffer, sizeof(buffer))) > 0;)
    message.append(buffer, size_t(got));
  ::close(ends[0]);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 130) << message;
  EXPECT_NE(message.find("s.npz' holds the state after "), std::string::npos)
      << message;
  EXPECT_FALSE(fs::exists(at("out/loss.npy")));
  auto session = makeSession(makeTrainer());
  Result<StateInfo> info = session->getState().load(at("s.npz"));
  ASSERT_TRUE(info.ok()) << info.error().message;
  EXPECT_GE(info->step, 1);
  HostTrainer host;
  Floats x = toFloats(makeTrainingData(800000));
  for (int64_t i = 0; i < info->step; ++i)
    host.step(x, i * batch);
  EXPECT_EQ(readState("s.npz", "w"), host.w);
}
