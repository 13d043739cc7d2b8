//===- CountTrace.cpp - What count registers hold during a run --*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/CountTrace.h"

#include "phx/support/Suggestions.h"

#include <algorithm>

using namespace phx;

bool CountTrace::record(uint32_t registerIndex, int64_t value) {
  std::vector<Run> &list = runs[registerIndex];
  if (list.empty() || list.back().value != value) {
    if (runsLeft == 0)
      return false;
    --runsLeft;
    list.push_back({value, 0});
  }
  ++list.back().times;
  return true;
}

CountStatistics phx::getStatistics(const std::vector<CountTrace::Run> &runs) {
  CountStatistics result;
  double sum = 0;
  for (const CountTrace::Run &run : runs) {
    result.least =
        result.writes ? std::min(result.least, run.value) : run.value;
    result.most = std::max(result.most, run.value);
    result.writes += run.times;
    sum += static_cast<double>(run.value) * static_cast<double>(run.times);
  }
  if (result.writes)
    result.mean = sum / static_cast<double>(result.writes);
  return result;
}

//===----------------------------------------------------------------------===//
// What is known of a run
//===----------------------------------------------------------------------===//

Result<RunCounts>
phx::assumeCounts(const Program &program,
                  const std::map<std::string, int64_t> &values) {
  RunCounts counts;
  counts.assumed.resize(program.registers.size());
  std::vector<std::string> known;
  for (const CountRegister &each : program.registers)
    known.push_back(each.name);
  for (const auto &[name, value] : values) {
    auto at = std::find(known.begin(), known.end(), name);
    if (at == known.end()) {
      std::string list;
      for (const std::string &each : known)
        list += (list.empty() ? "'" : ", '") + each + "'";
      return Error{"the program has no count register '" + name + "'" +
                   didYouMean(name, known) + "; it has " +
                   (list.empty() ? "none" : list)};
    }
    auto index = static_cast<uint32_t>(at - known.begin());
    int64_t most = program.registers[index].most;
    if (value < 0 || value > most)
      return Error{describeRegister(program, index) + ": expected 0 to " +
                   std::to_string(most) + ", found " + std::to_string(value)};
    counts.assumed[index] = value;
  }
  return counts;
}

std::vector<uint32_t> phx::listReadRegisters(const Program &program) {
  std::vector<uint32_t> list;
  for (const Instruction &instruction : program.code)
    for (uint32_t index : getReadRegisters(instruction))
      list.push_back(index);
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
  return list;
}

Status phx::checkCounts(const Program &program, const RunCounts &counts) {
  if (counts.trace &&
      counts.trace->getNumRegisters() != program.registers.size())
    return Error{"the counts are those of a program with " +
                 std::to_string(counts.trace->getNumRegisters()) +
                 " count registers, this one has " +
                 std::to_string(program.registers.size()) +
                 "; use the counts of an execution of this program"};
  if (counts.trace)
    return Status::success();
  std::string missing;
  for (uint32_t index : listReadRegisters(program))
    if (index >= counts.assumed.size() || !counts.assumed[index])
      missing +=
          (missing.empty() ? "" : ", ") + describeRegister(program, index);
  if (missing.empty())
    return Status::success();
  return Error{"time and charges of the program depend on what it finds in its "
               "data: on " +
               missing +
               "; execute the program, whose counts are then used, or assume "
               "a number for each of them (photonic-run --timing-only --count "
               "NAME=NUMBER, Executable.assume_counts)"};
}

//===----------------------------------------------------------------------===//
// Playing back
//===----------------------------------------------------------------------===//

CountPlayer::CountPlayer(const Program &program, const RunCounts &counts)
    : program(program), counts(counts), values(program.registers.size()),
      places(program.registers.size()), uses(listRegisterUses(program)),
      code(program) {
  for (size_t i = 0; i < values.size() && i < counts.assumed.size(); ++i)
    if (!counts.trace && counts.assumed[i])
      values[i] = *counts.assumed[i];
}

Status CountPlayer::write(size_t instruction) {
  if (!counts.trace)
    return Status::success();
  for (uint32_t index : uses[instruction].writes) {
    const auto &runs = counts.trace->getRuns(index);
    Place &place = places[index];
    // Of a constant the number of writes is not known: some were left out.
    if (place.run < runs.size() && place.times == runs[place.run].times &&
        !isConstant(index))
      place = {place.run + 1, 0};
    if (place.run >= runs.size())
      return Error{"the counts end before the program does: " +
                   describeRegister(program, index) +
                   " is written more often than in the execution that they "
                   "are of; use the counts of an execution of this program"};
    values[index] = runs[place.run].value;
    ++place.times;
  }
  return Status::success();
}

Status CountPlayer::finish() const {
  for (uint32_t index = 0; index < places.size(); ++index) {
    // Of a constant some were left out.
    if (isConstant(index))
      continue;
    const auto &runs = counts.trace->getRuns(index);
    const Place &place = places[index];
    if (place.run + 1 < runs.size() || place.times < runs.back().times)
      return Error{"the program ends before the counts do: " +
                   describeRegister(program, index) +
                   " is written less often than in the execution that they "
                   "are of; use the counts of an execution of this program"};
  }
  return Status::success();
}
