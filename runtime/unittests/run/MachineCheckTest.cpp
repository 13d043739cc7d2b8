//===- MachineCheckTest.cpp - Programs on machines that do not fit -*- C++
//-*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../support/TestMemories.h"
#include "RunHelpers.h"

#include "machines/rns/Operations.h"
#include "machines/rns/Target.h"
#include "phx/energy/Declarations.h"
#include "phx/run/MachineCheck.h"
#include "phx/target/ArrayGroups.h"

using namespace phx;
using namespace phx::testing;

static Target mirage() {
  Result<Target> target = loadTarget("mirage");
  EXPECT_TRUE(target.ok()) << (target ? "" : target.error().message);
  return *target;
}

/// Expects that `program` is refused with a message that holds `field`.
static void expectRefused(const Program &program, const Target &target,
                          const char *field) {
  Status status = checkMachine(program, target);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find(field), std::string::npos)
      << status.error().message;
}

TEST(MachineCheck, acceptsTheMachineItWasCompiledFor) {
  Status status = checkMachine(makeClassifier(), mirage());
  EXPECT_TRUE(status.ok()) << status.error().message;
}

TEST(MachineCheck, namesTheFieldThatDiffers) {
  Program program = makeClassifier();
  program.groups[0].count += 1;
  expectRefused(program, mirage(), "core.count");
  program = makeClassifier();
  program.groups[0].rows = 16;
  expectRefused(program, mirage(), "core.rows");
  program = makeClassifier();
  program.passes.front() = rns::makePass({7, 15, 16});
  expectRefused(program, mirage(), "core.moduli");
}

TEST(MachineCheck, enforcesCapacitiesUnderHierarchyOnly) {
  Target target = mirage();
  int64_t capacity = getMemories(target)[mem::wgt].capacity;
  Program program = makeClassifier();
  int64_t &used = program.memories[mem::wgt].bytes;
  used = capacity + 1;
  EXPECT_TRUE(checkMachine(program, target).ok());
  program.memoryModel = MemoryModel::Hierarchy;
  expectRefused(program, target, "wgt.capacity_bytes");
  used = capacity;
  EXPECT_TRUE(checkMachine(program, target).ok());
}

TEST(MachineCheck, comparesTheMemories) {
  Program program = makeClassifier();
  program.memories[mem::act].name = "buffer";
  expectRefused(program, mirage(), "memory 1 to be 'buffer' (on_chip;");
  program = makeClassifier();
  program.memories[mem::act].types.pop_back();
  expectRefused(program, mirage(), "target 'mirage' has 'act' (on_chip; f32");
  program = makeClassifier();
  program.memories.pop_back();
  expectRefused(program, mirage(), "(memories)");
}

TEST(MachineCheck, refusesInstructionsOfMissingExtensions) {
  Target target = mirage();
  target.spec.clear_extensions();
  expectRefused(makeClassifier(), target, "extension 'rns'");
}

TEST(MachineCheck, namesPartsThatTheTargetLacks) {
  Target target = mirage();
  target.spec.clear_vector_unit();
  Program program = makeClassifier();
  program.code.insert(program.code.begin(), Instruction{});
  program.code.front().engine = {EngineKind::Vec, 0};
  program.code.front().body = VecMap{};
  expectRefused(program, target, "needs the part 'vector_unit'");
}

TEST(MachineCheck, namesClassesThatAreNotSimulated) {
  Target target = mirage();
  // A message for which nobody registered a model.
  target.setMachine(0, proto::rns::Area());
  expectRefused(makeClassifier(), target,
                "arrays of type 'phx.proto.rns.Area' (group 'core'), whose "
                "simulation is not registered");
}

TEST(MachineCheckDeathTest, namesCountersForWhichThereIsNoRoom) {
  // In a process of its own: what is declared stays.
  EXPECT_EXIT(
      {
        for (unsigned i = 0; i < maxCounters; ++i)
          declareCounter({"more_" + std::to_string(i), "", "", {}, "", nullptr});
        Status status = checkMachine(makeClassifier(), mirage());
        std::fprintf(stderr, "%s\n",
                     status.ok() ? "accepted" : status.error().message.c_str());
        std::exit(0);
      },
      ::testing::ExitedWithCode(0),
      "declare more than 64 counters; there is no room for .*'more_63'");
  EXPECT_EXIT(
      {
        for (unsigned i = 0; i < maxComponents; ++i)
          declareComponent({"more_" + std::to_string(i), ""});
        Status status = checkMachine(makeClassifier(), mirage());
        std::fprintf(stderr, "%s\n",
                     status.ok() ? "accepted" : status.error().message.c_str());
        std::exit(0);
      },
      ::testing::ExitedWithCode(0),
      "declare more than 64 components of energy; there is no room for "
      ".*'more_63'");
  EXPECT_TRUE(checkMachine(makeClassifier(), mirage()).ok());
}

TEST(MachineCheck, comparesTheMemoriesUnderIdealToo) {
  // A program that reads a memory which the target does not have.
  Program program = makeClassifier();
  program.memoryModel = MemoryModel::Ideal;
  Target target = mirage();
  auto *memories = target.spec.mutable_memories();
  memories->DeleteSubrange(memories->size() - 1, 1);
  expectRefused(program, target, "(memories)");
}
