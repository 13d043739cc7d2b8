//===- Purpose.cpp - What a program says about itself ----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A program says whether it is for inference, training or evaluation, and which
// regions are the loss, gradients, and what the host sets between runs. Here
// this is compared with its regions and with what its instructions write.
//
//===----------------------------------------------------------------------===//

#include "ProgramTree.h"
#include "phx/isa/LoopTree.h"
#include "phx/isa/Validator.h"

using namespace phx;
using namespace phx::detail;

const char *phx::getKindName(ProgramKind kind) {
  static const char *const names[numProgramKinds] = {"inference", "training",
                                                     "evaluation"};
  return names[static_cast<unsigned>(kind)];
}

const char *phx::getKnobName(Knob knob) {
  static const char *const names[numKnobs] = {"none", "learning_rate"};
  return names[static_cast<unsigned>(knob)];
}

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

static std::string describeShape(const Region &region) {
  std::string text;
  for (int64_t extent : region.shape)
    text += (text.empty() ? "" : ", ") + std::to_string(extent);
  return "[" + text + "]";
}

static std::string nameRegion(const Program &program, size_t index) {
  return "region " + std::to_string(index) + " '" +
         program.regions[index].name + "'";
}

static bool hasOneNumber(const Region &region) {
  for (int64_t extent : region.shape)
    if (extent != 1)
      return false;
  return region.type == ElementType::F32;
}

static Status checkLoss(const Program &program, size_t index) {
  const Region &region = program.regions[index];
  std::string where = nameRegion(program, index) + " loss: expected ";
  if (region.role != Role::Output)
    return Error{where + "an output, found a region of another role"};
  if (!hasOneNumber(region))
    return Error{where + "one element of type float32, found shape " +
                 describeShape(region) + " or another type"};
  return Status::success();
}

static Status checkGradient(const Program &program, size_t index) {
  const Region &region = program.regions[index];
  std::string where = nameRegion(program, index) + " gradient: expected ";
  if (region.role != Role::Output)
    return Error{where + "an output, found a region of another role"};
  size_t of = *region.gradientOf;
  if (of >= program.regions.size())
    return Error{where + "the gradient of a region below " +
                 std::to_string(program.regions.size()) + ", found " +
                 std::to_string(of)};
  const Region &variable = program.regions[of];
  if (variable.role != Role::Parameter && variable.role != Role::Input)
    return Error{where + "the gradient of a parameter or an input, found " +
                 nameRegion(program, of) + " of another role"};
  if (region.type != variable.type || region.shape != variable.shape)
    return Error{where + "the type and shape " + describeShape(variable) +
                 " of " + nameRegion(program, of) + ", found " +
                 describeShape(region)};
  for (size_t other = 0; other < index; ++other)
    if (program.regions[other].gradientOf == region.gradientOf)
      return Error{where + "one gradient of " + nameRegion(program, of) +
                   ", found " + nameRegion(program, other) + " as well"};
  return Status::success();
}

static Status checkKnob(const Program &program, size_t index) {
  const Region &region = program.regions[index];
  std::string where = nameRegion(program, index) + " knob: expected ";
  if (static_cast<unsigned>(region.knob) >= numKnobs)
    return Error{where + "a kind below " + std::to_string(numKnobs) +
                 ", found " +
                 std::to_string(static_cast<unsigned>(region.knob))};
  if (region.role != Role::State || !region.isMutable)
    return Error{where + "a mutable state, found a region of another role"};
  if (!hasOneNumber(region))
    return Error{where + "one element of type float32, found shape " +
                 describeShape(region) + " or another type"};
  for (size_t other = 0; other < index; ++other)
    if (program.regions[other].knob == region.knob)
      return Error{where + "one " + getKnobName(region.knob) + ", found " +
                   nameRegion(program, other) + " as well"};
  return Status::success();
}

static Status checkKey(const Program &program) {
  for (size_t i = 0; i < program.code.size() && !program.rng; ++i)
    if (holds<VecRandom>(program.code[i].body))
      return Error{"rng: expected a region of [seed, trial, step] (" +
                       describeInstruction(program, i, true) +
                       " draws random numbers), found none",
                   ProgramEntry{"instruction", i}};
  // That it exists and holds three numbers is a matter of structure.
  if (!program.rng || *program.rng >= program.regions.size())
    return Status::success();
  const Region &region = program.regions[*program.rng];
  if (region.role == Role::State && region.isMutable)
    return Status::success();
  return Error{"rng: expected a mutable state, found " +
               nameRegion(program, *program.rng) + " of another role"};
}

static Status checkMarks(const Program &program) {
  for (size_t r = 0; r < program.regions.size(); ++r) {
    const Region &region = program.regions[r];
    ProgramEntry entry{"region", r};
    if (region.isLoss)
      if (Status status = about(entry, checkLoss(program, r)); !status)
        return status;
    if (region.gradientOf)
      if (Status status = about(entry, checkGradient(program, r)); !status)
        return status;
    if (region.knob != Knob::None)
      if (Status status = about(entry, checkKnob(program, r)); !status)
        return status;
  }
  return checkKey(program);
}

//===----------------------------------------------------------------------===//
// The kind
//===----------------------------------------------------------------------===//

/// What an inference program does not have: a loss, a gradient, or something
/// mutable beside the random key.
static std::optional<size_t> findLearning(const Program &program) {
  for (size_t r = 0; r < program.regions.size(); ++r) {
    const Region &region = program.regions[r];
    if (region.isLoss || region.gradientOf ||
        (region.isMutable && r != program.rng))
      return r;
  }
  return std::nullopt;
}

static Status checkKind(const Program &program) {
  if (static_cast<unsigned>(program.kind) >= numProgramKinds)
    return Error{"kind: expected a number below " +
                 std::to_string(numProgramKinds) + ", found " +
                 std::to_string(static_cast<unsigned>(program.kind))};
  std::optional<size_t> learning = findLearning(program);
  if (program.kind == ProgramKind::Inference && learning)
    return Error{"kind: expected training or evaluation, because " +
                 nameRegion(program, *learning) +
                 " is mutable, a loss or a gradient, found inference"};
  if (program.kind == ProgramKind::Evaluation && !learning)
    return Error{"kind: expected inference, because no region beside the "
                 "random key is mutable, a loss or a gradient, found "
                 "evaluation"};
  return Status::success();
}

//===----------------------------------------------------------------------===//
// What instructions write
//===----------------------------------------------------------------------===//

namespace {
/// Finds writes to mutable regions, of all iterations and of those alone that
/// are executed.
class WriteFinder {
public:
  explicit WriteFinder(const Program &program) : program(program) {
    for (size_t r = 0; r < program.regions.size(); ++r)
      if (const Region &region = program.regions[r];
          region.isMutable && r != program.rng && region.bytes > 0)
        regions.push_back(r);
  }

  struct Write {
    size_t instruction = 0, region = 0;
  };
  /// The first in stream order.
  std::optional<Write> findFirst();

private:
  /// The first region that the instruction writes. A hull tells most of them
  /// apart in little time.
  std::optional<size_t> findRegion(size_t index, const CounterBox &box);
  std::optional<size_t> findOverlap() const;

  const Program &program;
  std::vector<size_t> regions;
  UnitAccessList accesses;
};
} // namespace

std::optional<size_t> WriteFinder::findOverlap() const {
  for (const UnitAccess &access : accesses)
    for (size_t r : regions) {
      const Region &region = program.regions[r];
      if (access.kind != AccessKind::Read && access.memory == region.memory &&
          overlaps(access.bytes,
                   {{region.address, region.address + region.bytes}}))
        return r;
    }
  return std::nullopt;
}

std::optional<size_t> WriteFinder::findRegion(size_t index,
                                              const CounterBox &box) {
  std::optional<size_t> found;
  for (Precision precision : {Precision::Hull, Precision::Refined}) {
    WorkLimit work;
    UnitFootprints footprints(program, work);
    footprints.compute(index, box, precision, ~0u, accesses);
    // What takes too long to decide counts as written.
    if (work.isExceeded())
      return found;
    found = findOverlap();
    if (!found)
      return std::nullopt;
  }
  return found;
}

std::optional<WriteFinder::Write> WriteFinder::findFirst() {
  if (regions.empty())
    return std::nullopt;
  CounterBox box;
  size_t depth = 0;
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Instruction &instruction = program.code[i];
    if (const Loop *loop = getIf<Loop>(instruction.body)) {
      box.high[depth++] = loop->count - 1;
      continue;
    }
    if (holds<End>(instruction.body)) {
      box.high[--depth] = 0;
      continue;
    }
    if (std::optional<size_t> region = findRegion(i, box))
      return Write{i, *region};
  }
  return std::nullopt;
}

static Status checkWrites(const Program &original) {
  LargestCounts largest(original);
  const Program &program = largest.get();
  std::optional<WriteFinder::Write> write = WriteFinder(program).findFirst();
  if (program.kind == ProgramKind::Training && !write)
    return Error{"kind: expected evaluation, because no instruction writes a "
                 "mutable region beside the random key, found training"};
  if (program.kind != ProgramKind::Training && write)
    return failInstruction(
        program, write->instruction,
        "writes the mutable region '" + program.regions[write->region].name +
            "', but the program says that it is for " +
            getKindName(program.kind) +
            ", which replaces no parameter and no state; recompile the model, "
            "or make it a program for training");
  return Status::success();
}

Status phx::validatePurpose(const Program &program) {
  for (auto check : {checkMarks, checkKind, checkWrites})
    if (Status status = check(program); !status)
      return status;
  return Status::success();
}
