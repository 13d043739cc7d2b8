//===- Reports.cpp - Timing, energy and what is said about them -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/run/Reports.h"

#include <nlohmann/json.hpp>

using namespace phx;

Status Reports::assumeCounts(const std::map<std::string, int64_t> &values) {
  Result<RunCounts> made = phx::assumeCounts(program, values);
  if (!made)
    return made.error();
  assumed = std::move(*made);
  return Status::success();
}

void Reports::updateCounts() {
  RunCounts latest = assumed;
  latest.trace = log.getCounts();
  if (latest == counts)
    return;
  counts = std::move(latest);
  // What was computed of other counts is of no use.
  if (listReadRegisters(program).empty())
    return;
  timings = {};
  cost.reset();
}

Result<const TimingResult *> Reports::getTiming(TimingMode mode) {
  updateCounts();
  std::optional<TimingResult> &timing = timings[size_t(mode)];
  if (!timing) {
    TimingOptions options;
    options.mode = mode;
    options.counts = counts;
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
  Result<std::vector<Counters64>> charges =
      countCharges(program, target, counts);
  if (!charges)
    return charges.error();
  return ReportInputs{program,
                      target,
                      **timing,
                      std::move(*charges),
                      log.getRecord() ? &log.getStatistics() : nullptr,
                      log.getAccuracy(),
                      log.makeTrainingRecord(),
                      counts};
}

Result<RunCost> Reports::getCost() {
  updateCounts();
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
  bool varies = !listReadRegisters(program).empty();
  const std::optional<RunRecord> &record = log.getRecord();
  if (!record)
    return text + "Nothing was executed: time and energy of one " + one +
           (varies ? ", with the counts that are assumed" : "") + ".\n";
  return text + "Executed " + count(record->runs, one) + " of batch " +
         std::to_string(program.batch) + " for " +
         count(record->samples, "sample") + " (executor " + record->executor +
         (record->bypassed ? ", FP32 arithmetic" : "") +
         "); time and energy are those of " +
         (varies ? "the latest " : "one ") + one + ".\n" +
         describeDropped();
}

Status Reports::writeTrace(const std::string &path, TimingMode mode) {
  TraceWriter writer(program);
  TimingOptions options;
  updateCounts();
  options.mode = mode;
  options.counts = counts;
  options.timeline = [&](const TimelineSlice &slice) { writer.add(slice); };
  Result<TimingResult> timing = simulate(program, target, options);
  if (!timing)
    return timing.error();
  return writer.write(path, *timing);
}
