//===- PurposeTest.cpp - What a program says about itself -------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StructureTestUtils.h"
#include "../support/TestMemories.h"

using namespace phx;
using namespace phx::testing;

namespace {

// Regions of makeStep().
enum : uint32_t { weight, rate, key, loss, gradient };

Region makeRegion(const char *name, Role role, std::vector<int64_t> shape,
                  int64_t address) {
  Region region{name,           role,    ElementType::F32, std::move(shape),
                mem::wgt, address, 64,               std::nullopt};
  region.isMutable = role == Role::Parameter || role == Role::State;
  return region;
}

Instruction makeCopy(int64_t to, int64_t elements) {
  VecMap copy;
  copy.fn = VecFn::Copy;
  copy.dst = {mem::wgt, {to, {}}};
  copy.a = {mem::act, {0, {}}};
  copy.dstStride = copy.aStride = {0, 0, 0, 4};
  copy.shape = flat(elements);
  Instruction instruction = make(vec, copy);
  instruction.layer = 0;
  return instruction;
}

/// A step that fills the parameter, and everything that it may say.
Program makeStep() {
  Program program = makeFrame();
  program.kind = ProgramKind::Training;
  program.regions = {makeRegion("w", Role::Parameter, {2, 3}, 0),
                     makeRegion("rate", Role::State, {1}, 64),
                     makeRegion("key", Role::State, {3}, 128),
                     makeRegion("cost", Role::Output, {}, 192),
                     makeRegion("w.grad", Role::Output, {2, 3}, 256)};
  program.regions[rate].knob = Knob::LearningRate;
  program.regions[loss].isLoss = true;
  program.regions[gradient].gradientOf = weight;
  program.rng = key;
  program.code = {makeCopy(0, 6), make({}, Halt{})};
  return program;
}

/// What is said about the step after `change`.
template <typename Change> std::string purposeError(Change change) {
  Program program = makeStep();
  change(program);
  Status status = validatePurpose(program);
  return status ? "accepted" : status.error().message;
}

} // namespace

TEST(Purpose, AcceptsAStep) {
  EXPECT_EQ(structureError(makeStep()), "accepted");
  EXPECT_EQ(purposeError([](Program &) {}), "accepted");
}

TEST(Purpose, LossesAreOutputsOfOneNumber) {
  EXPECT_EQ(purposeError([](Program &p) { p.regions[loss].shape = {1, 1}; }),
            "accepted");
  EXPECT_EQ(purposeError([](Program &p) { p.regions[loss].shape = {2}; }),
            "region 3 'cost' loss: expected one element of type float32, found "
            "shape [2] or another type");
  EXPECT_EQ(purposeError([](Program &p) {
              p.regions[loss].type = ElementType::I32;
            }),
            "region 3 'cost' loss: expected one element of type float32, found "
            "shape [] or another type");
  EXPECT_EQ(purposeError([](Program &p) { p.regions[rate].isLoss = true; }),
            "region 1 'rate' loss: expected an output, found a region of "
            "another role");
}

TEST(Purpose, SeveralLossesAreLegal) {
  EXPECT_EQ(purposeError([](Program &p) {
              p.regions.push_back(makeRegion("c", Role::Output, {1}, 320));
              p.regions.back().isLoss = true;
            }),
            "accepted");
}

TEST(Purpose, GradientsHaveTheShapeOfTheirParameter) {
  EXPECT_EQ(purposeError([](Program &p) { p.regions[gradient].shape = {6}; }),
            "region 4 'w.grad' gradient: expected the type and shape [2, 3] of "
            "region 0 'w', found [6]");
  EXPECT_EQ(purposeError([](Program &p) { p.regions[gradient].gradientOf = 9; }),
            "region 4 'w.grad' gradient: expected the gradient of a region "
            "below 5, found 9");
  EXPECT_EQ(
      purposeError([](Program &p) { p.regions[gradient].gradientOf = rate; }),
      "region 4 'w.grad' gradient: expected the gradient of a parameter or an "
      "input, found region 1 'rate' of another role");
  EXPECT_EQ(
      purposeError([](Program &p) { p.regions[rate].gradientOf = weight; }),
      "region 1 'rate' gradient: expected an output, found a region of another "
      "role");
  EXPECT_EQ(purposeError([](Program &p) {
              p.regions.push_back(p.regions[gradient]);
            }),
            "region 5 'w.grad' gradient: expected one gradient of region 0 'w', "
            "found region 4 'w.grad' as well");
}

TEST(Purpose, KnobsAreMutableStatesOfOneNumber) {
  EXPECT_EQ(purposeError([](Program &p) { p.regions[rate].shape = {2}; }),
            "region 1 'rate' knob: expected one element of type float32, found "
            "shape [2] or another type");
  for (auto spoil : {+[](Region &r) { r.isMutable = false; },
                     +[](Region &r) { r.role = Role::Parameter; }})
    EXPECT_EQ(purposeError([&](Program &p) { spoil(p.regions[rate]); }),
              "region 1 'rate' knob: expected a mutable state, found a region "
              "of another role");
  EXPECT_EQ(purposeError([](Program &p) {
              p.regions[rate].knob = static_cast<Knob>(2);
            }),
            "region 1 'rate' knob: expected a kind below 2, found 2");
  EXPECT_EQ(purposeError([](Program &p) {
              p.regions.push_back(makeRegion("r", Role::State, {}, 320));
              p.regions.back().knob = Knob::LearningRate;
            }),
            "region 5 'r' knob: expected one learning_rate, found region 1 "
            "'rate' as well");
}

TEST(Purpose, TheRandomKeyIsAMutableState) {
  EXPECT_EQ(
      purposeError([](Program &p) { p.regions[key].isMutable = false; }),
      "rng: expected a mutable state, found region 2 'key' of another role");
  EXPECT_EQ(purposeError([](Program &p) {
              VecRandom random;
              random.count = fixed(1);
              p.code.insert(p.code.begin(), make(vec, random));
            }),
            "accepted");
  EXPECT_EQ(purposeError([](Program &p) {
              p.rng.reset();
              p.code.insert(p.code.begin(), make(vec, VecRandom{}));
            }),
            "rng: expected a region of [seed, trial, step] (instruction 0 "
            "(vec.random on vec) draws random numbers), found none");
}

//===----------------------------------------------------------------------===//
// The kind
//===----------------------------------------------------------------------===//

TEST(Purpose, TrainingWritesMoreThanTheKey) {
  const std::string error =
      "kind: expected evaluation, because no instruction writes a mutable "
      "region beside the random key, found training";
  EXPECT_EQ(purposeError([](Program &p) { p.code.erase(p.code.begin()); }),
            error);
  EXPECT_EQ(purposeError([](Program &p) { p.code[0] = makeCopy(128, 3); }),
            error);
}

TEST(Purpose, OtherKindsWriteTheKeyAlone) {
  EXPECT_EQ(purposeError([](Program &p) { p.kind = ProgramKind::Evaluation; }),
            "instruction 0 (vec.map on vec, layer 'conv1'): writes the mutable "
            "region 'w', but the program says that it is for evaluation, which "
            "replaces no parameter and no state; recompile the model, or make "
            "it a program for training");
  EXPECT_EQ(purposeError([](Program &p) {
              p.kind = ProgramKind::Evaluation;
              p.code[0] = makeCopy(128, 3);
            }),
            "accepted");
}

TEST(Purpose, FindsWritesOfEveryIteration) {
  // The loop begins behind the last region and ends in the parameter.
  auto with = [](int64_t trips) {
    return purposeError([&](Program &p) {
      p.kind = ProgramKind::Evaluation;
      Instruction copy = makeCopy(512, 4);
      DigitTerm back;
      back.weight = -64;
      getAs<VecMap>(copy.body).dst.offset.terms = {back};
      p.code = {make({}, Loop{trips}), copy, make({}, End{}), make({}, Halt{})};
      p.regions[rate].address = 576;
      p.regions[key].address = 640;
    });
  };
  EXPECT_EQ(with(8), "accepted");
  EXPECT_NE(with(9).find("instruction 1 (vec.map on vec, layer 'conv1'): "
                         "writes the mutable region 'w'"),
            std::string::npos)
      << with(9);
}

TEST(Purpose, AccessesThatStepOverARegionDoNotWriteIt) {
  // 32 bytes of every 128, with the parameter between them.
  EXPECT_EQ(purposeError([](Program &p) {
              p.kind = ProgramKind::Evaluation;
              p.regions[weight].address = 64;
              p.regions[rate].address = 576;
              p.regions[key].address = 640;
              Instruction copy = makeCopy(0, 8);
              VecMap &map = getAs<VecMap>(copy.body);
              map.dstStride[2] = 128;
              map.shape[2] = fixed(4);
              p.code[0] = copy;
            }),
            "accepted");
}

TEST(Purpose, InferenceLearnsNothing) {
  auto with = [](std::initializer_list<uint32_t> plain) {
    return purposeError([&](Program &p) {
      p.kind = ProgramKind::Inference;
      p.code.erase(p.code.begin());
      for (uint32_t r : plain) {
        Region &region = p.regions[r];
        region.isMutable = region.isLoss = false;
        region.gradientOf.reset();
        region.knob = Knob::None;
      }
    });
  };
  EXPECT_EQ(with({weight, rate, loss, gradient}), "accepted");
  EXPECT_EQ(with({rate, loss, gradient}),
            "kind: expected training or evaluation, because region 0 'w' is "
            "mutable, a loss or a gradient, found inference");
  EXPECT_EQ(with({weight, rate, gradient}),
            "kind: expected training or evaluation, because region 3 'cost' is "
            "mutable, a loss or a gradient, found inference");
}

TEST(Purpose, EvaluationHasSomethingToEvaluate) {
  EXPECT_EQ(purposeError([](Program &p) {
              p.kind = ProgramKind::Evaluation;
              p.regions = {p.regions[key]};
              p.rng = 0;
              p.code.erase(p.code.begin());
            }),
            "kind: expected inference, because no region beside the random key "
            "is mutable, a loss or a gradient, found evaluation");
  EXPECT_EQ(purposeError([](Program &p) {
              p.kind = static_cast<ProgramKind>(3);
            }),
            "kind: expected a number below 3, found 3");
}
