//===- ArrayStates.cpp - What arrays hold, iteration by iteration -*- C++
//-*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ArrayStates.h"

#include "phx/isa/Instructions.h"
#include "phx/isa/Registers.h"

#include <algorithm>
#include <map>

using namespace phx;

// Programmings and uses of single arrays.
static constexpr int64_t maxSteps = int64_t(1) << 20;

namespace {

/// What a programming left in an array: itself, and the values of the fields
/// that uses have in common with it.
struct State {
  size_t instruction = 0;
  std::map<std::string, std::vector<int64_t>> values; ///< by field
};

class Walker {
public:
  explicit Walker(const LoopTree &tree)
      : program(tree.program), uses(listRegisterUses(program)) {
    // Which fields the uses of each class look at.
    for (const Instruction &instruction : program.code)
      if (instruction.getDescription().state != ArrayStateUse::None)
        matched[instruction.getDescription().machineClass];
    for (const Instruction &instruction : program.code)
      for (const FieldDescription *field : instruction.getDescription().matched)
        matched[instruction.getDescription().machineClass][field->attribute] =
            field;
  }

  Status run() {
    walk(0, program.code.size(), 0);
    return status;
  }

private:
  unsigned getLoops(const Instruction &instruction) const;
  bool walk(size_t begin, size_t end, unsigned depth);
  bool visit(size_t index);
  bool visitLane(size_t index);
  bool failConditional(size_t index, uint32_t registerIndex);
  bool load(size_t index, int64_t array);
  bool use(size_t index, int64_t array);
  std::vector<int64_t> getValues(const FieldDescription &field,
                                 const Body &body) const;
  bool fail(size_t index, const std::string &field,
            const std::string &expected, const std::string &found);
  std::string describePlace(int64_t array) const;

  const Program &program;
  const std::vector<RegisterUse> uses;
  std::map<std::string, std::map<std::string, const FieldDescription *>>
      matched;
  std::map<std::pair<uint16_t, int64_t>, State> states; ///< by array
  Counters counters{};
  int64_t steps = 0;
  Status status;
};

} // namespace

/// The loops on which it depends which array holds what.
unsigned Walker::getLoops(const Instruction &instruction) const {
  const InstructionDescription &description = instruction.getDescription();
  if (description.state == ArrayStateUse::None)
    return 0;
  unsigned loops = instruction.guard ? 1u << instruction.guard->loop : 0;
  for (const DigitTerm &digit : instruction.arrays.digits)
    loops |= 1u << digit.loop;
  const auto &fields = matched.at(description.machineClass);
  visitAffines(instruction.body,
               [&](const FieldDescription &field, const Affine &affine) {
                 if (field.kind != FieldKind::Count &&
                     field.kind != FieldKind::Shape &&
                     !fields.count(field.attribute))
                   return;
                 for (const DigitTerm &digit : affine.terms)
                   loops |= 1u << digit.loop;
               });
  return loops;
}

bool Walker::walk(size_t begin, size_t end, unsigned depth) {
  for (size_t i = begin; i < end; ++i) {
    const Body &body = program.code[i].body;
    const Loop *loop = getIf<Loop>(body);
    if (!loop) {
      if (!visit(i))
        return false;
      continue;
    }
    size_t last = i;
    bool hasStates = false;
    unsigned loops = 0;
    for (int open = 1; open > 0;) {
      const Instruction &inner = program.code[++last];
      open += holds<Loop>(inner.body) ? 1 : holds<End>(inner.body) ? -1 : 0;
      hasStates |= inner.getDescription().state != ArrayStateUse::None;
      loops |= getLoops(inner);
    }
    // Iterations that do the same leave the same: the second finds what all
    // others find.
    int64_t trips = loops >> depth & 1 ? loop->count
                                       : std::min<int64_t>(loop->count, 2);
    for (int64_t c = 0; c < trips && hasStates; ++c) {
      counters[depth] = c;
      if (!walk(i + 1, last, depth + 1))
        return false;
    }
    counters[depth] = 0;
    i = last;
  }
  return true;
}

bool Walker::visit(size_t index) {
  const Instruction &instruction = program.code[index];
  if (instruction.getDescription().state == ArrayStateUse::None)
    return true;
  for (int64_t lane = 0; lane < instruction.arrays.lanes; ++lane) {
    counters[laneLoop] = lane;
    if (!visitLane(index))
      return false;
  }
  counters[laneLoop] = 0;
  return true;
}

bool Walker::visitLane(size_t index) {
  const Instruction &instruction = program.code[index];
  if (++steps > maxSteps)
    return fail(index, "engine",
                "at most 2^20 programmings and uses of single arrays where "
                "they are not named alike",
                "more; let the instruction that programs arrays and those that "
                "use them name them by the same expression, in one loop body");
  if (!isExecuted(instruction, counters))
    return true;
  int64_t array = getFirstArray(instruction, counters) + counters[laneLoop];
  return instruction.getDescription().state == ArrayStateUse::Programs
             ? load(index, array)
             : use(index, array);
}

std::vector<int64_t> Walker::getValues(const FieldDescription &field,
                                       const Body &body) const {
  std::vector<int64_t> values;
  visitField(field, body.data(),
             [&](const FieldDescription &, const auto &value) {
               using T = std::decay_t<decltype(value)>;
               if constexpr (std::is_same_v<T, Affine> ||
                             std::is_same_v<T, Count>) {
                 values = {evaluate(value, counters)};
               } else if constexpr (std::is_same_v<T, Address>) {
                 values = {int64_t(value.memory),
                           evaluate(value.offset, counters)};
               } else if constexpr (std::is_same_v<T, Shape4>) {
                 for (const Count &count : value)
                   values.push_back(evaluate(count, counters));
               } else if constexpr (std::is_same_v<T, Stride4>) {
                 values.assign(value.begin(), value.end());
               } else if constexpr (std::is_same_v<T,
                                                   std::optional<ZeroFill>>) {
                 if (value)
                   values = {value->dim, evaluate(value->start, counters),
                             value->extent};
               } else if constexpr (std::is_same_v<T,
                                                   std::optional<uint32_t>>) {
                 if (value)
                   values = {int64_t(*value)};
               } else {
                 values = {static_cast<int64_t>(value)};
               }
             });
  return values;
}

/// What registers decide is not the same in every run.
bool Walker::failConditional(size_t index, uint32_t registerIndex) {
  return fail(index, "engine",
              "arrays named alike by the instruction that programs them and by "
              "those that use them, in one loop body, where fields that both "
              "have depend on registers",
              "a field that depends on " +
                  describeRegister(program, registerIndex));
}

bool Walker::load(size_t index, int64_t array) {
  const Instruction &instruction = program.code[index];
  if (uses[index].isConditional())
    return failConditional(index, uses[index].reads.front());
  State &state = states[{instruction.engine.group, array}];
  state.instruction = index;
  state.values.clear();
  const InstructionDescription &description = instruction.getDescription();
  for (const auto &[name, use] : matched[description.machineClass])
    if (const FieldDescription *field = description.find(name))
      state.values[name] = getValues(*field, instruction.body);
  return true;
}

bool Walker::use(size_t index, int64_t array) {
  const Instruction &instruction = program.code[index];
  auto state = states.find({instruction.engine.group, array});
  if (state == states.end())
    return fail(index, "engine",
                "an instruction before it that programs the same array",
                "none" + describePlace(array));
  for (const FieldDescription *field : instruction.getDescription().matched) {
    if (std::vector<uint32_t> registers =
            getReadRegisters(*field, instruction.body);
        !registers.empty())
      return failConditional(index, registers.front());
    auto left = state->second.values.find(field->attribute);
    if (left == state->second.values.end() ||
        left->second != getValues(*field, instruction.body))
      return fail(index, field->name,
                  "the same as in the " +
                      std::string(getMnemonic(
                          program.code[state->second.instruction].body)) +
                      " at instruction " +
                      std::to_string(state->second.instruction) +
                      ", the latest of this array",
                  "another" + describePlace(array));
  }
  return true;
}

std::string Walker::describePlace(int64_t array) const {
  std::string text = " for array " + std::to_string(array) +
                     " at loop counters (";
  for (unsigned loop = 0; loop < maxLoopDepth; ++loop)
    text += (loop ? ", " : "") + std::to_string(counters[loop]);
  return text + ")";
}

bool Walker::fail(size_t index, const std::string &field,
                  const std::string &expected, const std::string &found) {
  status = failAt(program, index, field, expected, found);
  return false;
}

Status phx::checkArrayStates(const LoopTree &tree) {
  return Walker(tree).run();
}
