//===- State.cpp - Parameters and state by name -----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Batching.h"
#include "NonFinite.h"
#include "StateSchema.h"

#include "phx/run/Session.h"
#include "phx/support/Suggestions.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace phx;

/// Regions that the compiler names by itself.
static constexpr const char *learningRateName = "optimizer.lr";

//===----------------------------------------------------------------------===//
// What a program does with its regions
//===----------------------------------------------------------------------===//

namespace {
/// What an instruction writes: one address, or none.
struct Destination {
  const Address *operator()(const DmaCopy &i) const { return &i.dst; }
  const Address *operator()(const VecMap &i) const { return &i.dst; }
  const Address *operator()(const VecReduce &i) const { return &i.dst; }
  const Address *operator()(const VecPool &i) const { return &i.out; }
  const Address *operator()(const VecPoolPositions &i) const { return &i.out; }
  const Address *operator()(const VecUnpool &i) const { return &i.in; }
  const Address *operator()(const VecPack &i) const { return &i.dst; }
  const Address *operator()(const VecGateMask &i) const { return &i.dst; }
  const Address *operator()(const VecRandom &i) const { return &i.dst; }
  const Address *operator()(const CoreStream &i) const { return &i.out; }
  template <typename Other> const Address *operator()(const Other &) const {
    return nullptr;
  }
};
} // namespace

static bool contains(const Region &region, const Address &address) {
  int64_t offset = evaluate(address.offset, Counters{});
  return address.space == region.space && offset >= region.address &&
         offset < region.address + region.bytes;
}

bool phx::writesMutableRegions(const Program &program) {
  std::vector<const Region *> regions;
  for (const Region &region : program.regions)
    // To count the runs that round at random is no training.
    if (region.isMutable && region.name != randomName)
      regions.push_back(&region);
  if (regions.empty())
    return false;
  // Whatever walks over a region starts in it: the addresses of the first
  // iteration tell, without the footprints of whole loops.
  for (const Instruction &instruction : program.code)
    if (const Address *address = std::visit(Destination(), instruction.body))
      for (const Region *region : regions)
        if (contains(*region, *address))
          return true;
  return false;
}

bool phx::isOneNumber(const Region &region) {
  return !region.batchAxis &&
         (region.shape.empty() || region.shape == std::vector<int64_t>{1});
}

std::string phx::findLossName(const Program &program) {
  std::vector<std::string> scalars;
  for (const Region &region : program.regions) {
    bool isScalar =
        region.shape.empty() || region.shape == std::vector<int64_t>{1};
    if (region.role != Role::Output || region.type != ElementType::F32 ||
        !isScalar)
      continue;
    if (region.name == "loss")
      return region.name;
    scalars.push_back(region.name);
  }
  return scalars.size() == 1 ? scalars.front() : "";
}

std::vector<const Region *> Session::getStateRegions() const {
  std::vector<const Region *> list;
  for (const Region &region : program.regions)
    if (region.isMutable)
      list.push_back(&region);
  return list;
}

std::string Session::getFingerprint() const {
  return makeFingerprint(makeSchema(program));
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

Status Session::checkState(const ArrayViews &values, bool partial) const {
  std::map<std::string, const Region *> own;
  std::vector<std::string> known, missing;
  for (const Region *region : getStateRegions()) {
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
    if (value.type != region.type || value.shape != region.shape)
      return Error{"'" + name + "': expected " +
                   describe(region.type, region.shape) + ", found " +
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

/// The executor that holds the state.
Result<Executor *> Session::getHolder() {
  return getExecutor(executor ? executorKind : "fast");
}

Status Session::writeState(const ArrayViews &values, bool partial) {
  if (Status status = checkState(values, partial); !status)
    return status;
  Result<Executor *> holder = getHolder();
  if (!holder)
    return holder.error();
  for (const auto &[name, value] : values)
    if (Status status = (*holder)->setState(name, copyArray(value)); !status)
      return status;
  return Status::success();
}

Result<HostArrays> Session::readState() {
  Result<Executor *> holder = getHolder();
  if (!holder)
    return holder.error();
  HostArrays state;
  for (const Region *region : getStateRegions()) {
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

/// The contents of a region whose first element somebody may set.
Result<HostArray> Session::readKnob(const char *name, const char *problem) {
  for (const Region *region : getStateRegions()) {
    if (region->name != name || region->type != ElementType::F32)
      continue;
    Result<Executor *> holder = getHolder();
    if (!holder)
      return holder.error();
    return (*holder)->getState(name);
  }
  return Error{problem};
}

Status Session::writeKnob(const char *name, HostArray value, float first) {
  std::memcpy(value.bytes.data(), &first, sizeof(first));
  return writeState({{name, value}}, /*partial=*/true);
}

Result<int64_t> Session::getSeed() {
  Result<HostArray> key = readKnob(randomName, noRandomNumbers);
  if (!key)
    return key.error();
  return int64_t(getFloat(*key, 0));
}

Status Session::setSeed(int64_t seed) {
  Result<HostArray> key = readKnob(randomName, noRandomNumbers);
  if (!key)
    return key.error();
  if (seed < 0 || seed >= maxSeed)
    return Error{"the seed has to be a whole number from 0 to " +
                 std::to_string(maxSeed - 1) + ", found " +
                 std::to_string(seed)};
  return writeKnob(randomName, std::move(*key), float(seed));
}

Result<float> Session::getLearningRate() {
  Result<HostArray> rate = readKnob(learningRateName, noLearningRate);
  if (!rate)
    return rate.error();
  return getFloat(*rate, 0);
}

Status Session::setLearningRate(float rate) {
  Result<HostArray> stored = readKnob(learningRateName, noLearningRate);
  if (!stored)
    return stored.error();
  if (!std::isfinite(rate) || rate < 0)
    return Error{"the learning rate has to be a finite number >= 0, found " +
                 std::to_string(rate)};
  return writeKnob(learningRateName, std::move(*stored), rate);
}
