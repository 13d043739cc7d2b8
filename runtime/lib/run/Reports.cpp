//===- Reports.cpp - Timing, energy and what is said about them -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/run/Reports.h"

#include <nlohmann/json.hpp>

using namespace phx;

Result<const TimingResult *> Reports::getTiming(TimingMode mode) {
  std::optional<TimingResult> &timing = timings[size_t(mode)];
  if (!timing) {
    TimingOptions options;
    options.mode = mode;
    options.power = DynamicPower(program, target);
    Result<TimingResult> result = simulate(program, target, options);
    if (!result)
      return result.error();
    timing = std::move(*result);
  }
  return &*timing;
}

Result<ReportInputs> Reports::makeInputs(TimingMode mode) {
  Result<const TimingResult *> timing = getTiming(mode);
  if (!timing)
    return timing.error();
  return ReportInputs{program,
                      target,
                      **timing,
                      countCharges(program, target),
                      log.getRecord() ? &log.getStatistics() : nullptr,
                      log.getAccuracy(),
                      log.makeTrainingRecord()};
}

Result<RunCost> Reports::getCost() {
  if (!cost) {
    Result<ReportInputs> inputs = makeInputs(TimingMode::Closed);
    if (!inputs)
      return inputs.error();
    cost = getRunCost(*inputs);
  }
  return *cost;
}

static const char *getArithmetic(const RunRecord &record) {
  return record.bypassed ? "fp32" : "format";
}

Result<std::string> Reports::makeJson(TimingMode mode) {
  Result<ReportInputs> inputs = makeInputs(mode);
  if (!inputs)
    return inputs.error();
  auto report = nlohmann::ordered_json::parse(makeJsonReport(*inputs));
  report["run"] = nullptr;
  if (const auto &record = log.getRecord())
    report["run"] = {{"runs", record->runs},
                     {"samples", record->samples},
                     {"executor", record->executor},
                     {"arithmetic", getArithmetic(*record)}};
  return report.dump(2) + "\n";
}

/// "1 run", "3 runs".
static std::string count(int64_t number, const char *what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

std::string Reports::describeDropped() const {
  const std::optional<RunRecord> &record = log.getRecord();
  if (!record || !record->dropped)
    return "";
  return "Dropped " + count(record->dropped, "sample") +
         " at the end that fill no batch of " + std::to_string(program.batch) +
         ".\n";
}

Result<std::string> Reports::makeText(unsigned columns, bool color,
                                      TimingMode mode) {
  Result<ReportInputs> inputs = makeInputs(mode);
  if (!inputs)
    return inputs.error();
  std::string text = makeTextReport(*inputs, columns, color) + "\n";
  const char *one = program.kind == ProgramKind::Training ? "step" : "run";
  const std::optional<RunRecord> &record = log.getRecord();
  if (!record)
    return text + "Nothing was executed: time and energy of one " + one + ".\n";
  return text + "Executed " + count(record->runs, one) + " of batch " +
         std::to_string(program.batch) + " for " +
         count(record->samples, "sample") + " (executor " + record->executor +
         (record->bypassed ? ", FP32 arithmetic" : "") +
         "); time and energy are those of one " + one + ".\n" +
         describeDropped();
}

Status Reports::writeTrace(const std::string &path, TimingMode mode) {
  TraceWriter writer(program);
  TimingOptions options;
  options.mode = mode;
  options.timeline = [&](const TimelineSlice &slice) { writer.add(slice); };
  Result<TimingResult> timing = simulate(program, target, options);
  if (!timing)
    return timing.error();
  return writer.write(path, *timing);
}
