//===- TrainingTest.cpp - Steps, labels, state ------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TrainerProgram.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <unistd.h>

using namespace phx;
using namespace phx::testing;
using Json = nlohmann::json;
using Floats = std::vector<float>;

static HostArray zeros(int64_t count) {
  return makeClasses(std::vector<int64_t>(size_t(count), 0));
}

static Result<HostArrays> train(Session &session, int64_t samples,
                                const RunOptions &options = singleThread()) {
  HostArray x = makeTrainingData(samples), y = zeros(samples);
  return session.run({{"x", x}, {"labels", y}}, options);
}

static Floats getState(Session &session, const std::string &name) {
  return toFloats(session.getState().read()->at(name));
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

TEST(TrainingTest, KnowsWhatTrains) {
  EXPECT_TRUE(makeSession(makeTrainer())->isTraining());
  EXPECT_FALSE(makeSession(makeTrainer({.updates = false}))->isTraining());
  EXPECT_FALSE(makeSession()->isTraining());
}

TEST(TrainingTest, BatchesAreConsecutiveSteps) {
  auto session = makeSession(makeTrainer());
  HostArray x = makeTrainingData(14);
  Result<HostArrays> outputs = train(*session, 14);
  ASSERT_TRUE(outputs.ok()) << outputs.error().message;
  HostTrainer host;
  for (int64_t first : {0, 4, 8})
    host.step(x, first);
  EXPECT_EQ(outputs->at("loss").shape, (std::vector<int64_t>{3}));
  EXPECT_EQ(toFloats(outputs->at("loss")), host.losses);
  EXPECT_EQ(getState(*session, "w"), host.w);
  EXPECT_EQ(getState(*session, "photonic.rng"), (Floats{0, 0, 3}));
  EXPECT_EQ(session->getState().getStepCount(), 3);
  // Of every sample, of every step.
  EXPECT_EQ(outputs->at("scores").shape, (std::vector<int64_t>{12, width}));
  EXPECT_EQ(outputs->at("w.grad").shape, (std::vector<int64_t>{3, width}));
  const RunRecord &record = *session->getLog().getRecord();
  EXPECT_EQ(record.runs, 3);
  EXPECT_EQ(record.samples, 12);
  EXPECT_EQ(record.dropped, 2);
  EXPECT_EQ(record.loss->first, host.losses[0]);
  EXPECT_EQ(record.loss->last, host.losses[2]);
}

TEST(TrainingTest, OneStepKeepsTheShapesOfTheProgram) {
  auto session = makeSession(makeTrainer());
  for (int64_t samples : {4, 7}) {
    Result<HostArrays> outputs = train(*session, samples);
    ASSERT_TRUE(outputs.ok()) << outputs.error().message;
    EXPECT_EQ(outputs->at("loss").shape, (std::vector<int64_t>{1}));
    EXPECT_EQ(outputs->at("scores").shape, (std::vector<int64_t>{4, width}));
    EXPECT_EQ(outputs->at("w.grad").shape, (std::vector<int64_t>{width}));
    EXPECT_EQ(session->getLog().getRecord()->dropped, samples - 4);
  }
}

/// A gradient may have as many rows as the batch has samples.
TEST(TrainingTest, GradientsAreNoSamples) {
  Program program = makeTrainer();
  for (Region &region : program.regions)
    if (region.name == "w" || region.name == "w.grad")
      region.shape = {1, width};
  program.batch = 1;
  for (Region &region : program.regions)
    if (region.role == Role::Input || region.name == "scores" ||
        region.name == "seen")
      region.shape[0] = 1;
  auto session = makeSession(std::move(program));
  Result<HostArrays> outputs = train(*session, 3);
  ASSERT_TRUE(outputs.ok()) << outputs.error().message;
  EXPECT_EQ(outputs->at("w.grad").shape, (std::vector<int64_t>{3, 1, width}));
  EXPECT_EQ(outputs->at("scores").shape, (std::vector<int64_t>{3, width}));
}

TEST(TrainingTest, StepsOneByOneAreTheSame) {
  auto together = makeSession(makeTrainer()),
       apart = makeSession(makeTrainer());
  HostArray x = makeTrainingData(12), y = zeros(4);
  Result<HostArrays> all = train(*together, 12);
  ASSERT_TRUE(all.ok()) << all.error().message;
  Floats losses;
  for (int64_t i = 0; i < 3; ++i) {
    ArrayView part(ElementType::F32, {batch, width},
                   x.bytes.data() + i * batch * width * 4);
    Result<HostArrays> outputs =
        apart->step({{"x", part}, {"labels", y}}, singleThread());
    ASSERT_TRUE(outputs.ok()) << outputs.error().message;
    losses.push_back(toFloats(outputs->at("loss"))[0]);
  }
  EXPECT_EQ(losses, toFloats(all->at("loss")));
  EXPECT_EQ(getState(*apart, "w"), getState(*together, "w"));
  EXPECT_EQ(apart->getLog().getRecord()->runs, 3);
  EXPECT_EQ(apart->getLog().getRecord()->samples, 12);
  EXPECT_EQ(apart->getLog().getRecord()->loss->sum,
            together->getLog().getRecord()->loss->sum);
  apart->getLog().forget();
  EXPECT_FALSE(apart->getLog().getRecord().has_value());
}

TEST(TrainingTest, AStepTakesOneBatch) {
  auto session = makeSession(makeTrainer());
  HostArray x = makeTrainingData(8), y = zeros(8);
  EXPECT_ERROR(session->step({{"x", x}, {"labels", y}}),
               "a step takes exactly one batch, 'x' float32[4, 3], 'labels' "
               "int64[4]; the inputs hold 8 samples");
}

TEST(TrainingTest, ExecutorsTakeTurns) {
  auto session = makeSession(makeTrainer()), fast = makeSession(makeTrainer());
  RunOptions options = singleThread();
  for (const char *kind : {"fast", "reference", "fast"}) {
    options.executor = kind;
    ASSERT_TRUE(train(*session, 4, options).ok());
    ASSERT_TRUE(train(*fast, 4).ok());
  }
  EXPECT_EQ(getState(*session, "w"), getState(*fast, "w"));
  EXPECT_EQ(session->getState().getStepCount(), 3);
}

TEST(TrainingTest, LessThanABatchIsAnError) {
  auto session = makeSession(makeTrainer());
  EXPECT_ERROR(train(*session, 3),
               "the inputs hold 3 samples, a training step takes 4; give at "
               "least one batch, or compile the model for a smaller --batch");
  EXPECT_FALSE(session->getLog().getRecord().has_value());
  EXPECT_EQ(session->getState().getStepCount(), 0);
}

//===----------------------------------------------------------------------===//
// Labels
//===----------------------------------------------------------------------===//

TEST(TrainingTest, LabelsBecomeNumbersOfTheMachine) {
  auto session = makeSession(makeTrainer());
  HostArray x = makeTrainingData(4);
  for (HostArray y : {makeClasses({2, 0, -1, 1}),
                      makeLabels<int32_t>(ElementType::I32, {2, 0, -1, 1})}) {
    auto outputs = session->run({{"x", x}, {"labels", y}}, singleThread());
    ASSERT_TRUE(outputs.ok()) << outputs.error().message;
    EXPECT_EQ(toFloats(outputs->at("seen")), (Floats{2, 0, -1, 1}));
  }
}

TEST(TrainingTest, ExplainsWrongLabels) {
  auto session = makeSession(makeTrainer());
  HostArray x = makeTrainingData(5);
  auto use = [&](const HostArray &y) {
    return session->run({{"x", x}, {"labels", y}}, singleThread());
  };
  EXPECT_ERROR(use(makeClasses({0, 1, 2, 3, 0})),
               "input 'labels': sample 3 has label 3, expected a class from 0 "
               "to 2, or -1 to leave the sample out; correct the label");
  // Also in what training would drop.
  EXPECT_ERROR(use(makeClasses({0, 1, 2, 0, -2})), "sample 4 has label -2");
  EXPECT_ERROR(use(makeClasses({0, 1, int64_t(1) << 40, 0, 0})),
               "sample 2 has label 1099511627776");
  EXPECT_ERROR(use(makeArray({0, 0, 0, 0, 0}, {5})),
               "expected int64[4] or int32, one class number each, or any "
               "other number of samples in the first dimension, found "
               "float32[5]; convert it with numpy: y.astype('int64')");
  HostArray oneHot = zeros(15);
  oneHot.shape = {5, 3};
  EXPECT_ERROR(use(oneHot), "y.argmax(axis=1)");
  EXPECT_ERROR(use(zeros(4)),
               "input 'labels' holds 4 samples, another input 5");
  EXPECT_EQ(session->getState().getStepCount(), 0);
  auto strict = makeSession(makeTrainer({.ignoreIndex = {}}));
  HostArray some = makeTrainingData(4), bad = makeClasses({0, 0, 0, -1});
  EXPECT_ERROR(strict->run({{"x", some}, {"labels", bad}}),
               "has label -1, expected a class from 0 to 2; correct");
}

TEST(TrainingTest, PlacesOfManyDimensionalLabelsAreNamed) {
  Program program = makeTrainer();
  for (Region &region : program.regions) {
    if (region.role == Role::Input)
      region.shape = {2, region.name == "x" ? 6 : 2};
    if (region.name == "seen" || region.name == "scores")
      region.shape = {2, region.name == "scores" ? 6 : 2};
  }
  program.batch = 2;
  auto session = makeSession(std::move(program));
  HostArray x = makeTrainingData(4), y = makeClasses({0, 1, 0, 7});
  x.shape = {2, 6};
  y.shape = {2, 2};
  EXPECT_ERROR(session->run({{"x", x}, {"labels", y}}),
               "sample 1 at [1] has label 7");
}

TEST(TrainingTest, EvaluationPadsAndMasks) {
  auto session = makeSession(makeTrainer({.updates = false}));
  HostArray x = makeTrainingData(6), y = makeClasses({0, 1, 2, 0, 1, 2});
  auto outputs = session->run({{"x", x}, {"labels", y}}, singleThread());
  ASSERT_TRUE(outputs.ok()) << outputs.error().message;
  EXPECT_EQ(session->getLog().getRecord()->runs, 2);
  EXPECT_EQ(session->getLog().getRecord()->dropped, 0);
  EXPECT_EQ(outputs->at("scores").shape, (std::vector<int64_t>{6, width}));
  EXPECT_EQ(outputs->at("loss").shape, (std::vector<int64_t>{2}));
  EXPECT_EQ(toFloats(outputs->at("seen")), (Floats{0, 1, 2, 0, 1, 2}));
  // The machine got the index to ignore where there is padding.
  std::vector<Floats> seen;
  RunOptions options = singleThread();
  options.onLayer = [&](uint32_t layer, const HostArray &value) {
    if (session->getProgram().layers[layer].name == "seen")
      seen.push_back(toFloats(value));
    return Status::success();
  };
  ASSERT_TRUE(session->run({{"x", x}, {"labels", y}}, options).ok());
  EXPECT_EQ(seen, (std::vector<Floats>{{0, 1, 2, 0}, {1, 2, -1, -1}}));
}

TEST(TrainingTest, CountingStepsIsNoTraining) {
  auto session = makeSession(makeTrainer({.updates = false, .counts = true}));
  EXPECT_FALSE(session->isTraining());
  HostArray x = makeTrainingData(6), y = makeClasses({0, 1, 2, 0, 1, 2});
  auto outputs = session->run({{"x", x}, {"labels", y}}, singleThread());
  ASSERT_TRUE(outputs.ok()) << outputs.error().message;
  EXPECT_EQ(outputs->at("scores").shape, (std::vector<int64_t>{6, width}));
  EXPECT_EQ(session->getLog().getRecord()->dropped, 0);
  EXPECT_EQ(getState(*session, "photonic.rng"), (Floats{0, 0, 2}));
}

TEST(TrainingTest, PaddingThatCannotBeMaskedIsRefused) {
  auto session =
      makeSession(makeTrainer({.updates = false, .ignoreIndex = {}}));
  HostArray x = makeTrainingData(8), y = zeros(8);
  EXPECT_TRUE(session->run({{"x", x}, {"labels", y}}, singleThread()).ok());
  x = makeTrainingData(6);
  y = zeros(6);
  EXPECT_ERROR(session->run({{"x", x}, {"labels", y}}),
               "output 'loss' float32[] would count the padding of the last "
               "batch; give a multiple of 4 samples");
}

TEST(TrainingTest, AccuracyComesWithTheLabels) {
  auto session = makeSession(makeTrainer());
  // Scores x * w: the largest is that of class 2 wherever x is positive.
  HostArray x = makeTrainingData(5), y = makeClasses({2, 2, 0, -1, 2});
  ASSERT_TRUE(session->run({{"x", x}, {"labels", y}}, singleThread()).ok());
  Json report = Json::parse(*session->getReports().makeJson());
  EXPECT_EQ(report["accuracy"]["samples"], 3);
  EXPECT_DOUBLE_EQ(report["accuracy"]["top1"], 2.0 / 3);
}

//===----------------------------------------------------------------------===//
// Steps that fail
//===----------------------------------------------------------------------===//

TEST(TrainingTest, LeavesTheStateOfTheLastGoodStep) {
  auto session = makeSession(makeTrainer());
  HostArray x = makeTrainingData(12), y = zeros(12);
  float huge = 3e38f;
  std::memcpy(x.bytes.data() + (2 * batch * width + 4) * 4, &huge, 4);
  HostTrainer host;
  host.step(x, 0);
  host.step(x, 4);
  EXPECT_ERROR(session->run({{"x", x}, {"labels", y}}, singleThread()),
               "step 3 of 3: the loss 'loss' is not finite: it is ");
  EXPECT_EQ(getState(*session, "w"), host.w);
  EXPECT_EQ(session->getState().getStepCount(), 2);
  EXPECT_EQ(session->getLog().getRecord()->runs, 2);
  // It goes on from there.
  ASSERT_TRUE(train(*session, 4).ok());
  host.step(makeTrainingData(4), 0);
  EXPECT_EQ(getState(*session, "w"), host.w);
}

TEST(TrainingTest, ChecksTheLossWhateverElseIsOneNumber) {
  // Neither its name nor that it stands alone makes an output the loss.
  auto session = makeSession(makeTrainer({.loss = "cost", .sums = true}));
  HostArray x = makeTrainingData(4), y = zeros(4);
  float huge = 3e38f;
  std::memcpy(x.bytes.data() + 5 * 4, &huge, 4); // times 3: infinite
  EXPECT_ERROR(session->run({{"x", x}, {"labels", y}}, singleThread()),
               "step 1 of 1: the loss 'cost' is not finite: it is inf");
  EXPECT_EQ(getLosses(session->getProgram()), std::vector<std::string>{"cost"});
  ASSERT_TRUE(train(*session, 4).ok());
  EXPECT_EQ(session->getLog().getRecord()->loss->name, "cost");
}

TEST(TrainingTest, AddsSeveralLosses) {
  Program program = makeTrainer({.loss = "cost", .sums = true});
  for (Region &region : program.regions)
    region.isLoss |= region.name == "sum";
  auto session = makeSession(std::move(program));
  auto outputs = train(*session, 4);
  ASSERT_TRUE(outputs.ok()) << outputs.error().message;
  EXPECT_EQ(session->getLog().getRecord()->loss->name, "cost + sum");
  EXPECT_EQ(session->getLog().getRecord()->loss->last,
            double(toFloats(outputs->at("cost"))[0]) +
                toFloats(outputs->at("sum"))[0]);
}

TEST(TrainingTest, NamesAloneMakeNoKnobs) {
  // Parameters of the user, called like what the compiler makes.
  auto session =
      makeSession(makeTrainer({.updates = false, .parameter = "optimizer.lr"}));
  EXPECT_ERROR(session->getState().setLearningRate(1),
               "the program has no learning rate");
  session =
      makeSession(makeTrainer({.updates = false, .parameter = "photonic.rng"}));
  EXPECT_ERROR(session->getState().setSeed(1),
               "the program draws no random numbers");
  EXPECT_EQ(getState(*session, "photonic.rng"), (Floats{1, 2, 3}));
}

TEST(TrainingTest, NamesTheFirstValueThatIsNoNumber) {
  auto session = makeSession(makeTrainer());
  HostArray x = makeTrainingData(4), y = zeros(4);
  float huge = 3e38f;
  std::memcpy(x.bytes.data() + 5 * 4, &huge, 4); // times 3: infinite
  EXPECT_ERROR(session->step({{"x", x}, {"labels", y}}, singleThread()),
               "step 1: the loss 'loss' is not finite: it is inf; the "
               "first value that is not finite is in tensor 'scores' (element "
               "[1, 2] is inf), made by layer 'mul' (Mul, forward)");
}

TEST(TrainingTest, NamesTheParameterThatIsNoNumber) {
  auto session = makeSession(makeTrainer());
  HostArray x = makeTrainingData(4), y = zeros(4);
  // Scores cancel out in the loss, the gradient is finite, the update is not.
  ASSERT_TRUE(session->getState().setLearningRate(3e38f).ok());
  EXPECT_ERROR(session->step({{"x", x}, {"labels", y}}, singleThread()),
               "step 1: layer 'mul' (Mul, update): the run left -inf in tensor "
               "'w' element [0], which persists");
  EXPECT_EQ(getState(*session, "w"), (Floats{1, 2, 3}));
}

TEST(TrainingTest, InterruptionsEndBehindAWholeStep) {
  auto session = makeSession(makeTrainer());
  RunOptions options = singleThread();
  int asked = 0;
  options.interrupted = [&] { return ++asked > 5; };
  EXPECT_ERROR(train(*session, 400, options), "of 100: interrupted");
  int64_t steps = session->getState().getStepCount();
  EXPECT_GE(steps, 1);
  EXPECT_LE(steps, 5);
  EXPECT_EQ(session->getLog().getRecord()->runs, steps);
  HostTrainer host;
  for (int64_t i = 0; i < steps; ++i)
    host.step(makeTrainingData(400), i * batch);
  EXPECT_EQ(getState(*session, "w"), host.w);
}

TEST(TrainingTest, StepsThatEndInTheMiddleLeaveNothing) {
  auto session = makeSession(makeTrainer());
  RunOptions options = singleThread();
  // Behind the update.
  options.onLayer = [&](uint32_t layer, const HostArray &) {
    bool last = session->getProgram().layers[layer].name == "rng";
    return last ? Status(Error{"the disk is full"}) : Status::success();
  };
  EXPECT_ERROR(train(*session, 4, options), "step 1 of 1: the disk is full");
  EXPECT_EQ(getState(*session, "w"), (Floats{1, 2, 3}));
  // What the caller stops is not blamed on values.
  HostArray x = makeTrainingData(4), y = zeros(4);
  float huge = 3e38f;
  std::memcpy(x.bytes.data() + 5 * 4, &huge, 4); // times 3: infinite
  EXPECT_ERROR(session->run({{"x", x}, {"labels", y}}, options),
               "step 1 of 1: the disk is full; parameters and state are");
  ASSERT_TRUE(train(*session, 4).ok());
  HostTrainer host;
  host.step(makeTrainingData(4), 0);
  EXPECT_EQ(getState(*session, "w"), host.w);
}

//===----------------------------------------------------------------------===//
// State
//===----------------------------------------------------------------------===//

TEST(TrainingTest, StateGoesInAndOut) {
  auto session = makeSession(makeTrainer());
  EXPECT_EQ(getState(*session, "w"), (Floats{1, 2, 3}));
  HostArrays saved = *session->getState().read();
  ASSERT_TRUE(train(*session, 8).ok());
  Floats first = getState(*session, "w");
  ASSERT_TRUE(
      session->getState().write(ArrayViews(saved.begin(), saved.end())).ok());
  EXPECT_EQ(getState(*session, "w"), (Floats{1, 2, 3}));
  ASSERT_TRUE(train(*session, 8).ok());
  EXPECT_EQ(getState(*session, "w"), first);
}

TEST(TrainingTest, ExplainsWrongState) {
  auto session = makeSession(makeTrainer());
  HostArray w = makeArray({4, 5, 6}, {3}), flat = makeArray({4, 5}, {2});
  EXPECT_ERROR(session->getState().write({{"w", w}}),
               "the state is incomplete, it lacks 'optimizer.lr', "
               "'photonic.rng'");
  EXPECT_ERROR(session->getState().write({{"w", flat}}, true),
               "'w': expected float32[3], found float32[2]");
  EXPECT_ERROR(session->getState().write({{"w", w}, {"optimzer.lr", w}}, true),
               "no parameter or state 'optimzer.lr'; did you mean "
               "'optimizer.lr'");
  EXPECT_EQ(getState(*session, "w"), (Floats{1, 2, 3}));
  EXPECT_TRUE(session->getState().write({{"w", w}}, true).ok());
  EXPECT_EQ(getState(*session, "w"), (Floats{4, 5, 6}));
}

TEST(TrainingTest, SeedAndLearningRate) {
  auto session = makeSession(makeTrainer());
  EXPECT_EQ(*session->getState().getSeed(), 0);
  EXPECT_TRUE(session->getState().setSeed(16777215).ok());
  EXPECT_EQ(*session->getState().getSeed(), 16777215);
  EXPECT_EQ(getState(*session, "photonic.rng"), (Floats{16777215, 0, 0}));
  for (int64_t seed : {int64_t(-1), int64_t(1) << 24})
    EXPECT_ERROR(session->getState().setSeed(seed),
                 "from 0 to 16777215, found");
  EXPECT_EQ(*session->getState().getLearningRate(), 0.5f);
  EXPECT_TRUE(session->getState().setLearningRate(0.25f).ok());
  for (float rate : {NAN, INFINITY, -1.f})
    EXPECT_ERROR(session->getState().setLearningRate(rate),
                 "finite number >= 0");
  ASSERT_TRUE(train(*session, 4).ok());
  HostTrainer host;
  host.rate = 0.25f;
  host.step(makeTrainingData(4), 0);
  EXPECT_EQ(getState(*session, "w"), host.w);
  auto plain = makeSession(makeTrainer({.random = false}));
  EXPECT_ERROR(plain->getState().setSeed(1), "draws no random numbers");
  EXPECT_ERROR(makeSession()->getState().getLearningRate(), "no learning rate");
}

TEST(TrainingTest, FingerprintsTellSchemasApart) {
  auto print = [](const TrainerOptions &options) {
    return makeSession(makeTrainer(options))->getState().getFingerprint();
  };
  EXPECT_EQ(print({}), print({.ignoreIndex = {}}));
  EXPECT_NE(print({}), print({.random = false}));
  EXPECT_NE(print({}), print({.parameter = "v"}));
  EXPECT_EQ(print({}).size(), 16u);
}

//===----------------------------------------------------------------------===//
// Reports
//===----------------------------------------------------------------------===//

TEST(TrainingTest, ReportsSpeakOfSteps) {
  auto session = makeSession(makeTrainer());
  Json before = Json::parse(*session->getReports().makeJson());
  EXPECT_EQ(before["training"]["steps"], 0);
  EXPECT_TRUE(before["training"]["loss"].is_null());
  ASSERT_TRUE(train(*session, 14).ok());
  Json report = Json::parse(*session->getReports().makeJson());
  const Json &training = report["training"];
  EXPECT_EQ(training["steps"], 3);
  EXPECT_EQ(training["samples_dropped"], 2);
  EXPECT_EQ(training["loss"]["name"], "loss");
  EXPECT_EQ(training["loss"]["first"],
            session->getLog().getRecord()->loss->first);
  EXPECT_EQ(training["energy_per_step_pj"], report["energy_pj"]["total"]);
  EXPECT_EQ(report["energy_pj"], before["energy_pj"]);
  Result<RunCost> cost = session->getReports().getCost();
  ASSERT_TRUE(cost.ok());
  EXPECT_EQ(cost->latencyNs, report["latency_ns"].get<double>());
  EXPECT_EQ(cost->energyPj, report["energy_pj"]["total"].get<double>());
  std::string text = *session->getReports().makeText(100, false);
  for (const char *part :
       {"Executed 3 steps of batch 4 for 12 samples (executor fast); time and "
        "energy are those of one step.",
        "Dropped 2 samples at the end that fill no batch of 4.",
        "latency of a step", "samples/s", "weight gradient"})
    EXPECT_NE(text.find(part), std::string::npos) << part << text;
  EXPECT_TRUE(Json::parse(*makeSession()->getReports().makeJson())["training"]
                  .is_null());
}
