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
  counts.reset();
}

void RunLog::addStatistics(
    const std::vector<LayerStatistics> &latest) noexcept {
  statistics.resize(std::max(statistics.size(), latest.size()));
  for (size_t i = 0; i < latest.size(); ++i) {
    statistics[i].mantissas += latest[i].mantissas;
    statistics[i].zeroMantissas += latest[i].zeroMantissas;
    statistics[i].signal += latest[i].signal;
    statistics[i].noise += latest[i].noise;
    statistics[i].compared |= latest[i].compared;
  }
}

void RunLog::prepare(const RunOptions &options) {
  next = record ? *record : RunRecord();
  next->executor = options.executor;
  next->bypassed = options.bypassFormats;
  next->compared = options.compareToFp32 && !options.bypassFormats;
  statistics.reserve(program.layers.size());
  if (losses.empty() || next->loss)
    return;
  next->loss.emplace();
  for (const std::string &name : losses)
    next->loss->name += (next->loss->name.empty() ? "" : " + ") + name;
}

void RunLog::add(const HostArrays &outputs, int64_t samples) noexcept {
  bool isFirst = !record;
  record.swap(next);
  ++record->runs;
  record->samples += samples;
  if (losses.empty())
    return;
  double value = 0;
  for (const std::string &name : losses)
    value += getFloat(outputs.at(name), 0);
  if (isFirst)
    record->loss->first = value;
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
