//===- Feasibility.cpp - Whether a run can end on this machine ------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/exec/Executor.h"

#include "phx/isa/Footprint.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <string>
#include <vector>

using namespace phx;

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

namespace {

/// Years of work for any machine.
constexpr int maxStepsLog2 = 56;
constexpr int64_t maxSteps = int64_t(1) << maxStepsLog2;

/// A product of numbers of at least 0; beyond maxSteps it stays there.
class StepProduct {
public:
  StepProduct &operator*=(int64_t factor) {
    if (__builtin_mul_overflow(value, factor, &value) || value > maxSteps)
      value = maxSteps + 1;
    return *this;
  }
  int64_t get() const { return value; }

private:
  int64_t value = 1;
};

} // namespace

/// Elementary steps of one execution: each count at its cap, times what a
/// window or another number of the instruction repeats. Counts that depend on
/// registers may be far smaller and are left out.
static StepProduct countSteps(const Body &body) {
  StepProduct steps;
  visitCounts(body, [&](const FieldDescription &, const Count &count) {
    if (!count.registerIndex)
      steps *= count.cap;
  });
  for (const AccessDescription &access : body.getDescription().accesses)
    for (const IndexFields *index : {&access.rows, &access.cols})
      if (index->count && index->count->kind == FieldKind::Number &&
          access.mode == AccessMode::Read)
        steps *= index->count->as<int64_t>(body.data());
  return steps;
}

static Status checkSteps(const Program &program) {
  std::vector<StepProduct> iterations(1);
  for (size_t pc = 0; pc < program.code.size(); ++pc) {
    const Instruction &instruction = program.code[pc];
    if (const auto *loop = getIf<Loop>(instruction.body)) {
      iterations.push_back(iterations.back());
      // A register may end it long before.
      if (!loop->below)
        iterations.back() *= loop->count;
      continue;
    }
    StepProduct steps = countSteps(instruction.body);
    steps *= iterations.back().get();
    if (holds<End>(instruction.body) && iterations.size() > 1)
      iterations.pop_back();
    if (steps.get() <= maxSteps)
      continue;
    return Error{"instruction " + std::to_string(pc) + " (" +
                 getMnemonic(instruction.body) +
                 ") takes more than 2^" + std::to_string(maxStepsLog2) +
                 " elementary steps over all its iterations, and no execution "
                 "ends within years; compile the model for a smaller batch, or "
                 "look at the extents and loop counts of the program"};
  }
  return Status::success();
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// Bytes behind `key` in /proc/meminfo; nothing where there is no such file.
static std::optional<int64_t> readMemoryInfo(const std::string &key) {
  std::ifstream file("/proc/meminfo");
  std::string name, unit;
  int64_t kilobytes;
  while (file >> name >> kilobytes) {
    if (name == key + ":")
      return kilobytes * 1024;
    std::getline(file, unit);
  }
  return std::nullopt;
}

/// Bytes that new pages can take: free and reclaimable memory and swap, and no
/// more than a container may have.
static int64_t getAvailableBytes() {
  int64_t available = std::numeric_limits<int64_t>::max();
  if (std::optional<int64_t> memory = readMemoryInfo("MemAvailable"))
    available = *memory + readMemoryInfo("SwapFree").value_or(0);
  for (const char *path : {"/sys/fs/cgroup/memory.max",
                           "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::ifstream file(path);
    if (int64_t limit; file >> limit)
      available = std::min(available, limit);
  }
  return available;
}

/// Less is always there; finding out takes longer than a small run.
static constexpr int64_t smallMemory = int64_t(1) << 28;

/// Pages exist from the first write on: those of inputs, of what persists, and
/// of what instructions write. Other initial contents stay in the file.
static int64_t countWrittenBytes(const Program &program) {
  int64_t total = 0;
  LargestCounts largest(program);
  for (uint32_t m = 0; m < program.memories.size(); ++m)
    for (const Interval &interval : getWrittenBytes(largest, m))
      total +=
          std::min(interval.end, program.memories[m].bytes) - interval.begin;
  return total;
}

static Status checkMemory(const Program &program, bool compareToFp32) {
  int64_t used = 0, copies = compareToFp32 ? 2 : 1;
  for (const ProgramMemory &memory : program.memories)
    used += memory.bytes;
  if (used * copies <= smallMemory)
    return Status::success();
  int64_t available = getAvailableBytes();
  if (used * copies <= available)
    return Status::success();
  int64_t needed = countWrittenBytes(program);
  if (needed * copies <= available)
    return Status::success();
  bool fitsOnce = needed <= available;
  return Error{"the run writes to " + std::to_string(needed * copies) +
               " bytes of memory, and " + std::to_string(available) +
               " are available; " +
               (fitsOnce ? "leave out the comparison to binary32, which takes "
                           "half of it (photonic-run --no-compare, "
                           "Executable.run without compare), or compile the "
                           "model for a smaller batch"
                         : "compile the model for a smaller batch, or use "
                           "--timing-only, which needs no memory for values")};
}

Status phx::checkFeasible(const Program &program, bool compareToFp32) {
  if (Status status = checkSteps(program); !status)
    return status;
  return checkMemory(program, compareToFp32);
}
