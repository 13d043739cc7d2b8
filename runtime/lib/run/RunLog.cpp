//===- RunLog.cpp - What went through the machine ---------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/run/RunLog.h"

#include "NonFinite.h"

#include <algorithm>

using namespace phx;

RunLog::RunLog(const Program &program) : program(program) {
  if (program.kind == ProgramKind::Training)
    losses = getLosses(program);
}

void RunLog::forget() {
  record.reset();
  accuracy.reset();
  statistics.clear();
}

void RunLog::addStatistics(const std::vector<LayerStatistics> &latest) {
  statistics.resize(std::max(statistics.size(), latest.size()));
  for (size_t i = 0; i < latest.size(); ++i) {
    statistics[i].mantissas += latest[i].mantissas;
    statistics[i].zeroMantissas += latest[i].zeroMantissas;
    statistics[i].signal += latest[i].signal;
    statistics[i].noise += latest[i].noise;
    statistics[i].compared |= latest[i].compared;
  }
}

void RunLog::add(const RunOptions &options, const HostArrays &outputs,
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

std::optional<TrainingRecord> RunLog::makeTrainingRecord() const {
  if (program.kind != ProgramKind::Training)
    return std::nullopt;
  if (!record)
    return TrainingRecord{};
  return TrainingRecord{record->runs, record->dropped, record->loss};
}
