//===- Layout.cpp - Loops, engines and tokens of a program by number ------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Layout.h"
#include "Dependencies.h"

#include <algorithm>
#include <string>

using namespace phx;
using namespace phx::detail;

static Error makeError(size_t index, const Instruction &instruction,
                       const std::string &what) {
  return {"instruction " + std::to_string(index) + " (" +
          getMnemonic(instruction.body) + "): " + what +
          "; validate the program before timing it"};
}

/// Empty if the instruction refers only to what exists, at `depth`.
static std::string findFault(const Program &program,
                             const Instruction &instruction, size_t depth) {
  if (instruction.getDescription().place != EnginePlace::None &&
      !hasEngines(program, instruction))
    return "its engine " + getEngineName(program, instruction) +
           " does not exist";
  if (instruction.layer != noLayer &&
      instruction.layer >= program.layers.size())
    return "layer " + std::to_string(instruction.layer) + " does not exist";
  int64_t token = -1;
  if (auto *signal = getIf<Signal>(instruction.body))
    token = signal->token;
  else if (auto *wait = getIf<Wait>(instruction.body))
    token = wait->token;
  if (token >= static_cast<int64_t>(program.tokens))
    return "token " + std::to_string(token) + " does not exist";
  std::vector<Dependency> dependencies = getDependencies(instruction, true);
  if (auto arrays = getArrayDependency(instruction))
    dependencies.push_back(*arrays);
  for (const Dependency &dependency : dependencies)
    for (const DigitTerm &term : dependency.value.terms)
      if ((term.loop >= depth && term.loop != laneLoop) || term.scale < 0 ||
          term.offset < 0 ||
          term.divisor < 1 || term.modulus < 0)
        return "a digit refers to loop " + std::to_string(term.loop) + " of " +
               std::to_string(depth) + " or has a negative scale or offset";
  return {};
}

Result<Layout> Layout::build(const Program &program) {
  Layout layout(program);
  layout.engines = layout.blocks.size();
  layout.halt = program.code.size();
  layout.matching.assign(program.code.size(), 0);
  layout.depth.assign(program.code.size(), 0);
  layout.signaller.assign(program.tokens, EngineKind::Dma);
  layout.lastUse.assign(layout.engines, 0);
  std::vector<size_t> open;
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Instruction &instruction = program.code[i];
    layout.depth[i] = static_cast<uint8_t>(open.size());
    if (const Loop *loop = getIf<Loop>(instruction.body)) {
      if (open.size() == maxLoopDepth || loop->count < 1)
        return makeError(i, instruction,
                         "expected at least one trip and at most 8 levels");
      open.push_back(i);
    } else if (holds<End>(instruction.body)) {
      if (open.empty())
        return makeError(i, instruction, "no loop is open");
      layout.matching[i] = open.back();
      layout.matching[open.back()] = i;
      open.pop_back();
    } else if (holds<Halt>(instruction.body)) {
      layout.halt = i;
      break;
    } else {
      std::string fault = findFault(program, instruction, open.size());
      if (!fault.empty())
        return makeError(i, instruction, fault);
      BlockSpan reach = layout.blocks.getReach(i);
      for (uint32_t block = reach.begin; block < reach.end; ++block)
        layout.lastUse[block] = i;
      if (const Signal *signal = getIf<Signal>(instruction.body))
        layout.signaller[signal->token] = instruction.engine.kind;
    }
  }
  if (!open.empty())
    return makeError(open.back(), program.code[open.back()],
                     "the loop has no end");
  return layout;
}

Femtoseconds LayerEngines::getLongest(size_t layer) const {
  auto first = busy.begin() + static_cast<ptrdiff_t>(layer * engines);
  return *std::max_element(first, first + static_cast<ptrdiff_t>(engines));
}

Error phx::detail::makeTooManyStepsError(const Program &program,
                                         size_t instruction) {
  size_t outermost = instruction;
  int depth = 0;
  for (size_t i = 0; i <= instruction && i < program.code.size(); ++i) {
    if (holds<Loop>(program.code[i].body) && depth++ == 0)
      outermost = i;
    if (holds<End>(program.code[i].body))
      --depth;
  }
  return {"the times of the iterations around instruction " +
          std::to_string(instruction) + " (loop at instruction " +
          std::to_string(outermost) +
          ") repeat too rarely to be jumped over: more than 2^28 instructions "
          "were gone through one by one; give the loop fewer iterations, or "
          "compile for a smaller batch"};
}

Error phx::detail::makeTooLongError() {
  return {"the program runs longer than 2^63 femtoseconds (2.5 hours), the "
          "longest simulated time; check the target's clocks, latencies and "
          "bandwidths, or compile for a smaller batch"};
}

Error phx::detail::makeEmptyTokenError(size_t instruction, uint32_t token) {
  return {"instruction " + std::to_string(instruction) + " waits for token " +
          std::to_string(token) +
          ", which no earlier instruction of the stream has signalled often "
          "enough; validate the program before timing it"};
}

std::vector<EngineTiming>
phx::detail::listEngines(const Program &program, const EngineBlocks &blocks,
                         const std::vector<EngineTiming> &times) {
  std::vector<EngineTiming> engines;
  engines.reserve(getNumEngines(program));
  for (uint32_t block = 0; block < blocks.size(); ++block)
    engines.insert(engines.end(), blocks.getCount(block), times[block]);
  for (uint32_t number = 0; number < engines.size(); ++number)
    engines[number].engine = getEngine(program, number);
  return engines;
}
