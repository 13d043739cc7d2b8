//===- RoomsTest.cpp - The parts of a session, each alone -------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TrainerProgram.h"

#include "../support/ExpectError.h"

using namespace phx;
using namespace phx::testing;

using Floats = std::vector<float>;

TEST(RoomsTest, BatchesCutAndJoinWithoutAMachine) {
  Program program = makeTrainer({.updates = false});
  Batches batches(program);
  HostArray x = makeTrainingData(6), y = makeClasses({0, 1, 2, 0, 1, 2});
  ArrayViews inputs{{"x", x}, {"labels", y}};
  Result<Batching> plan = batches.plan(inputs);
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_EQ(plan->runs, 2);
  EXPECT_EQ(plan->samples, 6);
  // The last sample again, and a label that does not count.
  HostArrays last = batches.takeInputs(inputs, *plan, 1);
  Floats values = toFloats(last.at("x"));
  EXPECT_EQ(Floats(values.begin() + 6, values.begin() + 9),
            (Floats{5, 5.25, 5.5}));
  int64_t label;
  std::memcpy(&label, last.at("labels").bytes.data() + 3 * 8, 8);
  EXPECT_EQ(label, -1);
  HostArrays joined;
  for (int64_t run = 0; run < 2; ++run)
    batches.putOutputs({{"scores", makeTrainingData(batch)},
                        {"seen", makeArray({1, 2, 3, 4}, {batch})},
                        {"loss", makeArray({float(run)}, {})}},
                       *plan, run, joined);
  EXPECT_EQ(joined.at("scores").shape, (std::vector<int64_t>{6, width}));
  EXPECT_EQ(toFloats(joined.at("seen")), (Floats{1, 2, 3, 4, 1, 2}));
  EXPECT_EQ(toFloats(joined.at("loss")), (Floats{0, 1}));
}

TEST(RoomsTest, AnExecutionHoldsTheState) {
  Program program = makeTrainer();
  Execution execution(program);
  StateAccess state(program, execution);
  EXPECT_TRUE(execution.getStatistics().empty());
  ASSERT_TRUE(state.setLearningRate(0.25f).ok());
  HostTrainer host;
  host.rate = 0.25f;
  for (const char *executor : {"fast", "reference"}) {
    RunOptions options = singleThread();
    options.executor = executor;
    HostArrays inputs{{"x", makeTrainingData(batch)},
                      {"labels", makeClasses({0, 0, 0, 0})}};
    Result<HostArrays> outputs = execution.run(inputs, options);
    ASSERT_TRUE(outputs.ok()) << outputs.error().message;
    host.step(makeTrainingData(batch), 0);
    EXPECT_EQ(toFloats(state.read()->at("w")), host.w) << executor;
  }
  // Whoever orchestrates says what a step is.
  EXPECT_EQ(state.getStepCount(), 0);
  state.countStep();
  EXPECT_EQ(state.getStepCount(), 1);
}

TEST(RoomsTest, ALogAddsUpWithoutExecuting) {
  Program program = makeTrainer();
  RunLog log(program);
  EXPECT_FALSE(log.getRecord());
  EXPECT_EQ(log.makeTrainingRecord()->steps, 0);
  // Behind a step that counts nothing may fail.
  static_assert(noexcept(log.add({}, 0)) && noexcept(log.addStatistics({})));
  for (float loss : {3.0f, 1.0f}) {
    log.prepare({});
    log.add({{"loss", makeArray({loss}, {})}}, batch);
  }
  // What was prepared and did not come about is no step.
  log.prepare({});
  log.setDropped(2);
  EXPECT_EQ(log.getRecord()->samples, 2 * batch);
  TrainingRecord record = *log.makeTrainingRecord();
  EXPECT_EQ(record.steps, 2);
  EXPECT_EQ(record.droppedSamples, 2);
  EXPECT_EQ(record.loss->sum, 4);
  log.forget();
  EXPECT_FALSE(log.getRecord());
}

TEST(RoomsTest, ReportsNeedNoExecution) {
  Program program = makeTrainer();
  Target target = *loadTarget("mirage");
  RunLog log(program);
  Reports reports(program, target, log);
  Result<RunCost> cost = reports.getCost();
  ASSERT_TRUE(cost.ok()) << cost.error().message;
  Result<std::string> text = reports.makeText(100, false);
  ASSERT_TRUE(text.ok()) << text.error().message;
  EXPECT_NE(text->find("Nothing was executed: time and energy of one step."),
            std::string::npos);
}
