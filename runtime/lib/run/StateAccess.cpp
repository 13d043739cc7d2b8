//===- StateAccess.cpp - Parameters and state by name -----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/run/StateAccess.h"

#include "NonFinite.h"
#include "StateSchema.h"

#include "phx/isa/Limits.h"
#include "phx/support/Suggestions.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace phx;

std::string StateAccess::getFingerprint() const {
  return makeFingerprint(makeSchema(program));
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

Status StateAccess::check(const ArrayViews &values, bool partial) const {
  std::map<std::string, const Region *> own;
  std::vector<std::string> known, missing;
  for (const Region *region : getRegions()) {
    own[region->name] = region;
    known.push_back(region->name);
    if (!partial && !values.count(region->name))
      missing.push_back(region->name);
  }
  for (const auto &[name, value] : values) {
    if (!own.count(name))
      return Error{"the program has no parameter or state '" + name + "'" +
                   didYouMean(name, known) + "; it has " + listNames(known)};
    const Region &region = *own[name];
    ElementType type = getHostType(region.type);
    if (value.type != type || value.shape != region.shape)
      return Error{"'" + name + "': expected " +
                   describe(type, region.shape) + ", found " +
                   describe(value.type, value.shape)};
    if (auto found = findNonFinite(copyArray(value)))
      return Error{"'" + name + "': " + *found +
                   "; parameters and state have to be finite"};
  }
  if (!missing.empty())
    return Error{"the state is incomplete, it lacks " + listNames(missing) +
                 "; give all parameters and state of the program, or ask for a "
                 "partial replacement"};
  return Status::success();
}

Status StateAccess::write(const ArrayViews &values, bool partial) {
  if (Status status = check(values, partial); !status)
    return status;
  Result<Executor *> holder = execution.getHolder();
  if (!holder)
    return holder.error();
  HostArrays copies;
  for (const auto &[name, value] : values)
    copies[name] = copyArray(value);
  return (*holder)->setStates(copies);
}

Result<HostArrays> StateAccess::read() {
  Result<Executor *> holder = execution.getHolder();
  if (!holder)
    return holder.error();
  HostArrays state;
  for (const Region *region : getRegions()) {
    Result<HostArray> value = (*holder)->getState(region->name);
    if (!value)
      return value.error();
    state[region->name] = std::move(*value);
  }
  return state;
}

//===----------------------------------------------------------------------===//
// Seed and learning rate
//===----------------------------------------------------------------------===//

static constexpr const char *noRandomNumbers =
    "the program draws no random numbers, so a seed has no meaning; leave it "
    "out";
static constexpr const char *noLearningRate =
    "the program has no learning rate; compile the model with --train and "
    "--optimizer=...";

static const Region *findKey(const Program &program) {
  return program.rng ? &program.regions[*program.rng] : nullptr;
}

static const Region *findKnob(const Program &program, Knob knob) {
  for (const Region &region : program.regions)
    if (region.knob == knob)
      return &region;
  return nullptr;
}

/// The contents of a region whose first element somebody may set; `problem` if
/// there is none.
Result<HostArray> StateAccess::readKnob(const Region *region,
                                        const char *problem) {
  if (!region)
    return Error{problem};
  Result<Executor *> holder = execution.getHolder();
  if (!holder)
    return holder.error();
  return (*holder)->getState(region->name);
}

Status StateAccess::writeKnob(const Region &region, HostArray value,
                              float first) {
  std::memcpy(value.bytes.data(), &first, sizeof(first));
  return write({{region.name, value}}, /*partial=*/true);
}

Result<int64_t> StateAccess::getSeed() {
  Result<HostArray> key = readKnob(findKey(program), noRandomNumbers);
  if (!key)
    return key.error();
  return int64_t(getFloat(*key, 0));
}

Status StateAccess::setSeed(int64_t seed) {
  const Region *region = findKey(program);
  Result<HostArray> key = readKnob(region, noRandomNumbers);
  if (!key)
    return key.error();
  if (seed < 0 || seed >= limits::wholeNumber)
    return Error{"the seed has to be a whole number from 0 to " +
                 std::to_string(limits::wholeNumber - 1) + ", found " +
                 std::to_string(seed)};
  return writeKnob(*region, std::move(*key), float(seed));
}

Result<float> StateAccess::getLearningRate() {
  Result<HostArray> rate =
      readKnob(findKnob(program, Knob::LearningRate), noLearningRate);
  if (!rate)
    return rate.error();
  return getFloat(*rate, 0);
}

Status StateAccess::setLearningRate(float rate) {
  const Region *region = findKnob(program, Knob::LearningRate);
  Result<HostArray> stored = readKnob(region, noLearningRate);
  if (!stored)
    return stored.error();
  if (!std::isfinite(rate) || rate < 0)
    return Error{"the learning rate has to be a finite number >= 0, found " +
                 std::to_string(rate)};
  return writeKnob(*region, std::move(*stored), rate);
}
