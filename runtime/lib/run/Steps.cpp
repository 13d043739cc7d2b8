//===- Steps.cpp - One execution, and what it leaves behind -----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One executor at a time holds parameters and state; it replaces them only at
// the end of a step that went well.
//
//===----------------------------------------------------------------------===//

#include "Batching.h"
#include "NonFinite.h"

#include <algorithm>

using namespace phx;

Result<Executor *> Session::getExecutor(const std::string &kind) {
  if (executor && executorKind == kind)
    return executor.get();
  Result<std::unique_ptr<Executor>> made = createExecutor(kind, program);
  if (!made)
    return made.error();
  if (executor)
    for (const Region *region : getStateRegions()) {
      Result<HostArray> value = executor->getState(region->name);
      if (!value)
        return value.error();
      if (Status status = (*made)->setState(region->name, *value); !status)
        return status.error();
    }
  executor = std::move(*made);
  executorKind = kind;
  return executor.get();
}

//===----------------------------------------------------------------------===//
// Values that are not finite
//===----------------------------------------------------------------------===//

/// A loss that is no number would train nothing.
Status Session::checkLoss(const HostArrays &outputs) const {
  for (const std::string &name : losses)
    if (auto found = findNonFinite(outputs.at(name)))
      return Error{"the loss '" + name + "' is not finite: " + *found};
  return Status::success();
}

/// Executes a step that failed again, up to the first layer whose value is not
/// finite.
std::string Session::findOrigin(Executor &failed, const HostArrays &inputs,
                                const RunOptions &options) {
  std::string origin;
  ExecutionOptions execution;
  execution.threads = options.threads;
  execution.bypassFormats = options.bypassFormats;
  execution.interrupted = options.interrupted;
  execution.onLayer = [&](uint32_t index, const HostArray &value) {
    std::optional<std::string> found = findNonFinite(value);
    if (!found)
      return Status::success();
    const Layer &layer = program.layers[index];
    origin = "; the first value that is not finite is in tensor '" +
             program.regions[*layer.output].name + "' (" + *found +
             "), made by layer '" + layer.name + "' (" + layer.op + ", " +
             describePhase(layer.phase) + ")";
    return Status(Error{"found"});
  };
  // Nothing that happens here counts.
  execution.accept = [](const HostArrays &) { return Error{"not for good"}; };
  (void)failed.run(inputs, execution);
  return origin;
}

//===----------------------------------------------------------------------===//
// Executing
//===----------------------------------------------------------------------===//

Result<HostArrays> Session::execute(const HostArrays &inputs,
                                    const RunOptions &options) {
  // The executor asks every 10 ms; many steps are shorter.
  if (options.interrupted && options.interrupted())
    return Error{"interrupted"};
  Result<Executor *> found = getExecutor(options.executor);
  if (!found)
    return found.error();
  Executor &current = **found;
  ExecutionOptions execution;
  execution.threads = options.threads;
  execution.bypassFormats = options.bypassFormats;
  execution.compareToFp32 = options.compareToFp32 && !options.bypassFormats;
  execution.interrupted = options.interrupted;
  execution.onLayer = options.onLayer;
  execution.accept = [this](const HostArrays &outputs) {
    return checkLoss(outputs);
  };
  Result<HostArrays> results = current.run(inputs, execution);
  if (!results && (!training || results.error().message == "interrupted"))
    return results.error();
  if (!results)
    return Error{results.error().message +
                 findOrigin(current, inputs, options)};
  if (training)
    ++stepCount;
  addStatistics(current.getStatistics());
  return results;
}

/// "step 3 of 10 (step 103 of the training)".
static std::string nameStep(int64_t index, int64_t steps, int64_t done) {
  std::string text = "step ";
  if (steps > 0)
    text += std::to_string(index + 1) + " of " + std::to_string(steps);
  else
    return text + std::to_string(done + 1);
  if (done > index)
    text += " (step " + std::to_string(done + 1) + " of the training)";
  return text;
}

Error Session::explain(const Error &error, int64_t index, int64_t steps) const {
  if (!training)
    return error;
  return Error{nameStep(index, steps, stepCount) + ": " + error.message +
               "; parameters and state are those before this step"};
}

//===----------------------------------------------------------------------===//
// The record
//===----------------------------------------------------------------------===//

void Session::forgetRecord() {
  record.reset();
  accuracy.reset();
  statistics.clear();
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

void Session::addToRecord(const RunOptions &options, const HostArrays &outputs,
                          int64_t samples) {
  if (!record)
    record.emplace();
  ++record->runs;
  record->samples += samples;
  record->executor = options.executor;
  record->bypassed = options.bypassFormats;
  record->compared = options.compareToFp32 && !options.bypassFormats;
  if (losses.empty())
    return;
  std::string names;
  double value = 0;
  for (const std::string &name : losses) {
    names += (names.empty() ? "" : " + ") + name;
    value += getFloat(outputs.at(name), 0);
  }
  if (!record->loss)
    record->loss = LossRecord{names, value, value, 0};
  record->loss->last = value;
  record->loss->sum += value;
}

//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

Result<HostArrays> Session::run(const ArrayViews &inputs,
                                const RunOptions &options) {
  forgetRecord();
  Result<Batching> batching = planBatches(inputs);
  if (!batching)
    return batching.error();
  HostArrays outputs;
  for (int64_t i = 0; i < batching->runs; ++i) {
    Result<HostArrays> results =
        execute(takeInputs(inputs, *batching, i), options);
    if (!results) {
      if (!training)
        forgetRecord();
      return explain(results.error(), i, batching->runs);
    }
    int64_t left = batching->samples - i * program.batch;
    addToRecord(options, *results, std::min(left, program.batch));
    putOutputs(std::move(*results), *batching, i, outputs);
  }
  record->dropped = batching->dropped;
  measureOwnAccuracy(outputs, inputs);
  return outputs;
}

Result<HostArrays> Session::step(const ArrayViews &inputs,
                                 const RunOptions &options) {
  Result<Batching> batching = planBatches(inputs);
  if (!batching)
    return batching.error();
  if (batching->split)
    return Error{"a step takes exactly one batch, " + describeInputs() +
                 "; the inputs hold " +
                 std::to_string(batching->samples + batching->dropped) +
                 " samples"};
  Result<HostArrays> results =
      execute(takeInputs(inputs, *batching, 0), options);
  if (!results)
    return explain(results.error(), 0, 0);
  addToRecord(options, *results, program.batch);
  return results;
}
