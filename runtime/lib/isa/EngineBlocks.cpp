//===- EngineBlocks.cpp - Engines that a program tells apart ----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/EngineBlocks.h"

#include "phx/isa/Bounds.h"

#include <algorithm>
#include <numeric>

using namespace phx;

/// Engine numbers of a group: those before it are `dma`, `vec` and the arrays
/// of earlier groups. Beyond the limit of arrays nothing is told apart.
static std::vector<uint32_t> getGroupBases(const Program &program) {
  std::vector<uint32_t> bases{2};
  for (const ArrayGroup &group : program.groups)
    bases.push_back(bases.back() +
                    static_cast<uint32_t>(std::min<int64_t>(
                        group.count, limits::arrays)));
  return bases;
}

/// Never fewer than there are: every multiple of the weights' common divisor.
static int64_t getStep(const ArrayRange &arrays, const Box &box) {
  int64_t step = 0;
  for (const DigitTerm &digit : arrays.digits) {
    Range range = getDigitRange(digit, box);
    if (range.lo != range.hi)
      step = std::gcd(step, digit.weight);
  }
  return std::max<int64_t>(step, 1);
}

/// The first number from 0 on that an array index of these values takes. Below,
/// nothing is executed: the iterations are guarded or skipped.
static Int getFirstInside(const Range &range, int64_t step) {
  if (range.lo >= 0)
    return range.lo;
  return range.lo + (-range.lo + step - 1) / step * step;
}

EngineBlocks::EngineBlocks(const Program &program)
    : program(&program), bases(getGroupBases(program)),
      starts{0, 1}, reaches(program.code.size()),
      moving(program.code.size()), joining(program.code.size()) {
  starts.insert(starts.end(), bases.begin(), bases.end());
  std::vector<Firsts> firsts(program.code.size());
  Box box{};
  unsigned depth = 0;
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Instruction &instruction = program.code[i];
    if (const Loop *loop = getIf<Loop>(instruction.body)) {
      if (depth < maxLoopDepth)
        box[depth].second = loop->count - 1;
      ++depth;
    } else if (holds<End>(instruction.body)) {
      if (depth > 0 && --depth < maxLoopDepth)
        box[depth].second = 0;
    } else if (instruction.engine.kind == EngineKind::Core &&
               instruction.engine.group < program.groups.size()) {
      Affine first{instruction.engine.index, instruction.arrays.digits};
      Range range = Form(first).over(box);
      int64_t most = int64_t(bases[instruction.engine.group + 1]) -
                     bases[instruction.engine.group];
      firsts[i].step = getStep(instruction.arrays, box);
      firsts[i].low = int64_t(
          std::min<Int>(getFirstInside(range, firsts[i].step), most));
      firsts[i].high = int64_t(std::clamp<Int>(range.hi, 0, most));
      moving[i] = range.lo != range.hi;
      addCuts(instruction, firsts[i]);
    }
  }
  mergeCuts();
  for (size_t i = 0; i < program.code.size(); ++i) {
    uint32_t lanes = program.code[i].arrays.lanes;
    reaches[i] = find(program.code[i], firsts[i].low, firsts[i].high + lanes);
    // A cut lies at every beginning and end: a block of as many arrays as there
    // are lanes is all of them.
    for (uint32_t b = reaches[i].begin; b < reaches[i].end; ++b)
      if (getCount(b) < lanes)
        joining[i] = true;
  }
}

void EngineBlocks::mergeCuts() {
  std::sort(starts.begin(), starts.end());
  starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
  numMerged = starts.size();
}

void EngineBlocks::addCuts(const Instruction &instruction,
                           const Firsts &firsts) {
  uint32_t base = bases[instruction.engine.group];
  int64_t most = int64_t(bases[instruction.engine.group + 1]) - base;
  for (int64_t first = firsts.low; first <= firsts.high; first += firsts.step)
    for (int64_t cut : {first, first + int64_t(instruction.arrays.lanes)})
      starts.push_back(base + uint32_t(std::clamp<int64_t>(cut, 0, most)));
  // Instructions times arrays would not fit into memory.
  if (starts.size() > 2 * numMerged + 4096)
    mergeCuts();
}

BlockSpan EngineBlocks::find(const Instruction &instruction, int64_t begin,
                             int64_t end) const {
  const EngineId &engine = instruction.engine;
  if (engine.kind != EngineKind::Core) {
    auto block = static_cast<uint32_t>(engine.kind);
    return {block, block + 1};
  }
  if (engine.group >= program->groups.size())
    return {0, 1};
  uint32_t base = bases[engine.group];
  int64_t most = int64_t(bases[engine.group + 1]) - base;
  auto getBlock = [&](int64_t array) {
    auto at = std::lower_bound(
        starts.begin(), starts.end(),
        base + uint32_t(std::clamp<int64_t>(array, 0, most)));
    return static_cast<uint32_t>(at - starts.begin());
  };
  // Never nothing, also where no array is left: those who ask look into tables.
  uint32_t first = std::min(getBlock(begin), size() - 1);
  return {first, std::max(getBlock(end), first + 1)};
}

BlockSpan EngineBlocks::locate(size_t index, const Counters &counters) const {
  const Instruction &instruction = program->code[index];
  int64_t first = getFirstArray(instruction, counters);
  return find(instruction, first, first + instruction.arrays.lanes);
}

std::string phx::getBlockName(const Program &program, uint32_t firstEngine,
                              uint32_t count) {
  EngineId first = getEngine(program, firstEngine);
  std::string name = getEngineName(program, first);
  if (count == 1)
    return name;
  name.pop_back();
  return name + " .. " + std::to_string(first.index + count) + ")";
}
