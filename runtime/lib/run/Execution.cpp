//===- Execution.cpp - Runs a program, one batch each time ------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/run/Execution.h"

#include "NonFinite.h"
#include "phx/report/Report.h"

using namespace phx;

Execution::Execution(const Program &program)
    : program(program), training(program.kind == ProgramKind::Training) {
  if (training)
    losses = getLosses(program);
}

Result<Executor *> Execution::getHolder() {
  return getExecutor(executor ? executorKind : "fast");
}

const std::vector<LayerStatistics> &Execution::getStatistics() const {
  static const std::vector<LayerStatistics> none;
  return executor ? executor->getStatistics() : none;
}

Result<Executor *> Execution::getExecutor(const std::string &kind) {
  if (executor && executorKind == kind)
    return executor.get();
  Result<std::unique_ptr<Executor>> made = createExecutor(kind, program);
  if (!made)
    return made.error();
  if (executor)
    for (const Region *region : getMutableRegions(program)) {
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
Status Execution::checkLoss(const HostArrays &outputs) const {
  for (const std::string &name : losses)
    if (auto found = findNonFinite(outputs.at(name)))
      return Error{"the loss '" + name + "' is not finite: " + *found};
  return Status::success();
}

/// Executes a step that failed again, up to the first layer whose value is not
/// finite.
std::string Execution::findOrigin(Executor &failed, const HostArrays &inputs,
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

Result<HostArrays> Execution::run(const HostArrays &inputs,
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
  // What the caller stops has no reason in the values.
  bool stopped = false;
  if (options.interrupted)
    execution.interrupted = [&] { return stopped |= options.interrupted(); };
  if (options.onLayer)
    execution.onLayer = [&](uint32_t layer, const HostArray &value) {
      Status status = options.onLayer(layer, value);
      stopped |= !status.ok();
      return status;
    };
  execution.accept = [this](const HostArrays &outputs) {
    return checkLoss(outputs);
  };
  Result<HostArrays> results = current.run(inputs, execution);
  if (results || !training || stopped)
    return results;
  return Error{results.error().message + findOrigin(current, inputs, options)};
}
