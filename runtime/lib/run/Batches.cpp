//===- Batches.cpp - Any number of samples through a fixed batch
//------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/run/Session.h"
#include "phx/support/Suggestions.h"

#include <algorithm>
#include <cstring>

using namespace phx;

/// How samples are spread over executions.
struct Session::Batching {
  int64_t samples = 1;
  int64_t runs = 1;
  /// False: every array has the program's shape and goes in as it is.
  bool split = false;
};

static bool isBatched(const Region &region, int64_t batch) {
  return !region.shape.empty() && region.shape[0] == batch;
}

/// Bytes of one sample of `region`.
static int64_t getSampleBytes(const Region &region) {
  int64_t bytes = byteWidth(region.type);
  for (size_t i = 1; i < region.shape.size(); ++i)
    bytes *= region.shape[i];
  return bytes;
}

static std::string listInputs(const std::vector<const Region *> &regions) {
  std::string text;
  for (const Region *region : regions)
    text += (text.empty() ? "" : ", ") + ("'" + region->name + "' ") +
            describe(region->type, region->shape);
  return text.empty() ? "none" : text;
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

Status Session::checkNames(const ArrayViews &inputs) const {
  std::vector<const Region *> regions = getRegions(Role::Input);
  std::vector<std::string> known;
  for (const Region *region : regions)
    known.push_back(region->name);
  for (const auto &[name, value] : inputs)
    if (std::find(known.begin(), known.end(), name) == known.end())
      return Error{"the program has no input '" + name + "'" +
                   didYouMean(name, known) +
                   "; inputs of this program: " + listInputs(regions)};
  for (const Region *region : regions)
    if (!inputs.count(region->name))
      return Error{
          "input '" + region->name + "' " +
          describe(region->type, region->shape) +
          " is missing; inputs of this program: " + listInputs(regions)};
  return Status::success();
}

/// What is legal for `region`, and what to do about `value`.
static Error makeInputError(const Region &region, const ArrayView &value,
                            int64_t batch) {
  std::string expected = describe(region.type, region.shape);
  if (isBatched(region, batch))
    expected += " or any other number of samples in the first dimension";
  std::string message = "input '" + region.name + "': expected " + expected +
                        ", found " + describe(value.type, value.shape);
  if (value.type != region.type)
    message += std::string("; convert it with numpy: x.astype('") +
               getTypeName(region.type) + "')";
  else
    message += "; reshape the array, or recompile the model for this shape";
  return Error{message};
}

static bool hasSampleShape(const Region &region, const ArrayView &value) {
  return value.shape.size() == region.shape.size() &&
         std::equal(region.shape.begin() + 1, region.shape.end(),
                    value.shape.begin() + 1);
}

Result<Session::Batching> Session::planBatches(const ArrayViews &inputs) const {
  if (Status status = checkNames(inputs); !status)
    return status.error();
  std::vector<const Region *> regions = getRegions(Role::Input);
  Batching batching;
  batching.samples = program.batch;
  for (const Region *region : regions) {
    const ArrayView &value = inputs.at(region->name);
    if (value.type != region->type)
      return makeInputError(*region, value, program.batch);
    if (value.shape == region->shape)
      continue;
    if (!isBatched(*region, program.batch) || !hasSampleShape(*region, value))
      return makeInputError(*region, value, program.batch);
    if (value.shape[0] < 1)
      return Error{"input '" + region->name + "' holds no sample (" +
                   describe(value.type, value.shape) + "); give at least one"};
    batching.split = true;
    batching.samples = value.shape[0];
  }
  if (!batching.split)
    return batching;
  for (const Region *region : regions)
    if (isBatched(*region, program.batch) &&
        inputs.at(region->name).shape[0] != batching.samples)
      return Error{"input '" + region->name + "' holds " +
                   std::to_string(inputs.at(region->name).shape[0]) +
                   " samples, another input " +
                   std::to_string(batching.samples) +
                   "; give the same number in every input"};
  for (const Region *region : getRegions(Role::Output))
    if (!isBatched(*region, program.batch))
      return Error{"output '" + region->name + "' " +
                   describe(region->type, region->shape) +
                   " has no batch dimension, so the results of several runs "
                   "cannot be joined; give inputs of exactly the program's "
                   "shapes: " +
                   listInputs(regions)};
  batching.runs = (batching.samples + program.batch - 1) / program.batch;
  return batching;
}

Result<int64_t> Session::countSamples(const ArrayViews &inputs) const {
  Result<Batching> batching = planBatches(inputs);
  if (!batching)
    return batching.error();
  return batching->samples;
}

//===----------------------------------------------------------------------===//
// Slices
//===----------------------------------------------------------------------===//

/// Samples [first, first + batch) of `value`; behind the end the last one.
static HostArray takeBatch(const Region &region, const ArrayView &value,
                           int64_t first, int64_t batch) {
  HostArray slice{region.type, region.shape, {}};
  int64_t bytes = getSampleBytes(region);
  slice.bytes.resize(size_t(batch * bytes));
  if (slice.bytes.empty())
    return slice;
  int64_t whole = std::min(batch, value.shape[0] - first);
  std::memcpy(slice.bytes.data(), value.bytes + first * bytes,
              size_t(whole * bytes));
  const uint8_t *last = value.bytes + (value.shape[0] - 1) * bytes;
  for (int64_t i = whole; i < batch; ++i)
    std::memcpy(slice.bytes.data() + i * bytes, last, size_t(bytes));
  return slice;
}

static HostArray copyArray(const ArrayView &value) {
  HostArray copy{value.type, value.shape, {}};
  size_t bytes = size_t(copy.getNumElements() * byteWidth(value.type));
  if (bytes)
    copy.bytes.assign(value.bytes, value.bytes + bytes);
  return copy;
}

/// Makes room for all samples and puts the first ones of `part` at `first`.
static void putBatch(const HostArray &part, int64_t first, int64_t samples,
                     HostArray &whole) {
  int64_t batch = part.shape[0];
  size_t bytes = part.bytes.size() / size_t(batch);
  if (first == 0) {
    whole.type = part.type;
    whole.shape = part.shape;
    whole.shape[0] = samples;
    whole.bytes.resize(bytes * size_t(samples));
  }
  size_t count = size_t(std::min(batch, samples - first)) * bytes;
  if (count)
    std::memcpy(whole.bytes.data() + size_t(first) * bytes, part.bytes.data(),
                count);
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

Result<Executor *> Session::getExecutor(const std::string &kind) {
  std::unique_ptr<Executor> &executor = executors[kind];
  if (!executor) {
    Result<std::unique_ptr<Executor>> made = createExecutor(kind, program);
    if (!made)
      return made.error();
    executor = std::move(*made);
  }
  return executor.get();
}

void Session::addStatistics(const std::vector<LayerStatistics> &latest) {
  statistics.resize(std::max(statistics.size(), latest.size()));
  for (size_t i = 0; i < latest.size(); ++i) {
    statistics[i].mantissas += latest[i].mantissas;
    statistics[i].zeroMantissas += latest[i].zeroMantissas;
    statistics[i].signal += latest[i].signal;
    statistics[i].noise += latest[i].noise;
    statistics[i].compared |= latest[i].compared;
  }
}

Status Session::runBatch(const ArrayViews &inputs, const Batching &batching,
                         int64_t index, const RunOptions &options,
                         HostArrays &outputs) {
  Result<Executor *> executor = getExecutor(options.executor);
  if (!executor)
    return executor.error();
  HostArrays arrays;
  for (const Region *region : getRegions(Role::Input)) {
    const ArrayView &value = inputs.at(region->name);
    bool slice = batching.split && isBatched(*region, program.batch);
    arrays[region->name] =
        slice ? takeBatch(*region, value, index * program.batch, program.batch)
              : copyArray(value);
  }
  ExecutionOptions execution;
  execution.threads = options.threads;
  execution.bypassFormats = options.bypassFormats;
  execution.compareToFp32 = options.compareToFp32 && !options.bypassFormats;
  execution.interrupted = options.interrupted;
  execution.onLayer = options.onLayer;
  Result<HostArrays> results = (*executor)->run(arrays, execution);
  if (!results)
    return results.error();
  addStatistics((*executor)->getStatistics());
  if (!batching.split) {
    outputs = std::move(*results);
    return Status::success();
  }
  for (auto &[name, value] : *results)
    putBatch(value, index * program.batch, batching.samples, outputs[name]);
  return Status::success();
}

Result<HostArrays> Session::run(const ArrayViews &inputs,
                                const RunOptions &options) {
  record.reset();
  accuracy.reset();
  statistics.clear();
  Result<Batching> batching = planBatches(inputs);
  if (!batching)
    return batching.error();
  HostArrays outputs;
  for (int64_t i = 0; i < batching->runs; ++i)
    if (Status status = runBatch(inputs, *batching, i, options, outputs);
        !status)
      return status.error();
  record = RunRecord{batching->runs, batching->samples, options.executor,
                     options.bypassFormats,
                     options.compareToFp32 && !options.bypassFormats};
  return outputs;
}
