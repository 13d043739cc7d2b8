//===- CountCharges.cpp - What a whole program charges ----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Instructions that depend on count registers are summed as others are
// (ChargeSum.h) while registers keep what they hold.
//
//===----------------------------------------------------------------------===//

#include "ChargeSum.h"

#include <algorithm>

using namespace phx;
using namespace phx::detail;

/// Names the longest loop around the instruction.
static Error makeTooManyChargesError(const Program &program, size_t index,
                                     const ChargeSteps &steps) {
  std::vector<size_t> open;
  for (size_t i = 0; i <= index; ++i) {
    if (holds<Loop>(program.code[i].body))
      open.push_back(i);
    if (holds<End>(program.code[i].body))
      open.pop_back();
  }
  auto getTrips = [&](size_t loop) {
    return getAs<Loop>(program.code[loop].body).count;
  };
  auto longest = std::max_element(
      open.begin(), open.end(),
      [&](size_t a, size_t b) { return getTrips(a) < getTrips(b); });
  std::string where = longest == open.end()
                          ? ""
                          : " in the loop of " +
                                std::to_string(getTrips(*longest)) +
                                " iterations at instruction " +
                                std::to_string(*longest);
  return Error{"what instruction " + std::to_string(index) + " (" +
               getMnemonic(program.code[index].body) + ")" + where +
               " charges changes too irregularly to be multiplied: more than " +
               std::to_string(steps.most) +
               " executions of the program were added up one by one; give the "
               "loop fewer iterations, or let its counts and digits repeat "
               "after fewer of them"};
}

namespace {

/// Adds up what depends on registers. Loops in which they are written are gone
/// through; what is inside of none is summed at once, with what registers hold
/// then.
class RegisterCharges {
public:
  RegisterCharges(const Program &program, const Target &target,
                  const RunCounts &counts, std::vector<Counters64> &charges,
                  ChargeSteps &steps)
      : program(program), target(target), player(program, counts),
        hasTrace(counts.trace != nullptr), charges(charges), steps(steps),
        ends(getEnds()) {}

  Status run() { return visit(0, program.code.size(), 0); }

private:
  std::vector<size_t> getEnds() const;
  Status visit(size_t begin, size_t end, unsigned depth);
  Status visitLoop(size_t begin, unsigned depth);
  Status write(size_t index);
  Status sum(size_t begin, size_t end, unsigned depth);
  Status charge(size_t index, unsigned depth,
                const std::vector<int64_t> &trips);
  bool isWritten(size_t begin, size_t end) const;

  const Program &program;
  const Target &target;
  CountPlayer player;
  bool hasTrace;
  std::vector<Counters64> &charges;
  ChargeSteps &steps;
  std::vector<size_t> ends; ///< by instruction: of a loop
  Counters counters{};
};

} // namespace

std::vector<size_t> RegisterCharges::getEnds() const {
  std::vector<size_t> result(program.code.size()), open;
  for (size_t i = 0; i < program.code.size(); ++i) {
    if (holds<Loop>(program.code[i].body))
      open.push_back(i);
    if (!holds<End>(program.code[i].body))
      continue;
    result[open.back()] = i;
    open.pop_back();
  }
  return result;
}

/// Whether registers change inside.
bool RegisterCharges::isWritten(size_t begin, size_t end) const {
  for (size_t i = begin; i < end && hasTrace; ++i)
    if (!player.getWrites(i).empty())
      return true;
  return false;
}

Status RegisterCharges::visit(size_t begin, size_t end, unsigned depth) {
  for (size_t i = begin; i < end; ++i) {
    if (holds<Loop>(program.code[i].body)) {
      if (Status status = visitLoop(i, depth); !status)
        return status;
      i = ends[i];
      continue;
    }
    if (Status status = sum(i, i + 1, depth); !status)
      return status;
    if (isWritten(i, i + 1))
      if (Status status = write(i); !status)
        return status;
  }
  return Status::success();
}

Status RegisterCharges::visitLoop(size_t begin, unsigned depth) {
  if (!isWritten(begin, ends[begin]))
    return sum(begin, ends[begin], depth);
  int64_t trips =
      countTrips(getAs<Loop>(program.code[begin].body), player.getValues());
  for (counters[depth] = 0; counters[depth] < trips; ++counters[depth]) {
    if (!steps.spend())
      return makeTooManyChargesError(program, begin, steps);
    if (Status status = visit(begin + 1, ends[begin], depth + 1); !status)
      return status;
  }
  counters[depth] = 0;
  return Status::success();
}

Status RegisterCharges::write(size_t index) {
  return isExecuted(player.getResolved(index), counters)
             ? player.write(index)
             : Status::success();
}

/// Of instructions in which no register changes, inside `depth` loops whose
/// counters are fixed.
Status RegisterCharges::sum(size_t begin, size_t end, unsigned depth) {
  std::vector<int64_t> trips(depth, 1);
  for (size_t i = begin; i < end; ++i) {
    if (const auto *loop = getIf<Loop>(program.code[i].body)) {
      trips.push_back(countTrips(*loop, player.getValues()));
      if (trips.back() > 0)
        continue;
      trips.pop_back();
      i = ends[i];
    } else if (holds<End>(program.code[i].body)) {
      trips.pop_back();
    } else if (player.isConditional(i)) {
      if (Status status = charge(i, depth, trips); !status)
        return status;
    }
  }
  return Status::success();
}

/// `affine` with the counters of the `depth` outermost loops put in.
static void fix(Affine &affine, const Counters &counters, unsigned depth) {
  std::erase_if(affine.terms, [&](const DigitTerm &term) {
    bool isFixed = term.loop < depth;
    if (isFixed)
      affine.base += evaluate(term, counters);
    return isFixed;
  });
}

static void fix(Body &body, const Counters &counters, unsigned depth) {
  auto fixCount = [&](Count &count) {
    if (count.remaining)
      fix(*count.remaining, counters, depth);
  };
  for (const FieldDescription &field : body.getDescription().fields) {
    void *data = body.data();
    if (field.kind == FieldKind::Affine)
      fix(field.as<Affine>(data), counters, depth);
    if (field.kind == FieldKind::Count)
      fixCount(field.as<Count>(data));
    if (field.kind == FieldKind::Shape)
      for (Count &count : field.as<Shape4>(data))
        fixCount(count);
    if (field.kind == FieldKind::ZeroFill)
      if (auto &fill = field.as<std::optional<ZeroFill>>(data))
        fix(fill->start, counters, depth);
  }
}

Status RegisterCharges::charge(size_t index, unsigned depth,
                               const std::vector<int64_t> &trips) {
  Instruction instruction = player.getResolved(index);
  if (instruction.guard && instruction.guard->loop < depth) {
    if (!evaluate(instruction.guard, counters))
      return Status::success();
    instruction.guard.reset();
  }
  fix(instruction.body, counters, depth);
  auto added = sumCharges(program, instruction, target, trips, steps);
  if (!added)
    return makeTooManyChargesError(program, index, steps);
  for (size_t i = 0; i < added->size(); ++i)
    charges[index][i] += (*added)[i];
  return Status::success();
}

//===----------------------------------------------------------------------===//
// Whole
//===----------------------------------------------------------------------===//

Result<std::vector<Counters64>> phx::countCharges(const Program &program,
                                                  const Target &target,
                                                  const RunCounts &counts,
                                                  int64_t maxSteps) {
  if (Status status = checkCounts(program, counts); !status)
    return status.error();
  ChargeSteps steps{maxSteps, 0};
  std::vector<Counters64> charges(program.code.size(), Counters64{});
  std::vector<RegisterUse> uses = listRegisterUses(program);
  std::vector<int64_t> trips;
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Instruction &instruction = program.code[i];
    if (const auto *loop = getIf<Loop>(instruction.body)) {
      trips.push_back(loop->count);
    } else if (holds<End>(instruction.body)) {
      trips.pop_back();
    } else if (!uses[i].isConditional()) {
      auto sum = sumCharges(program, instruction, target, trips, steps);
      if (!sum)
        return makeTooManyChargesError(program, i, steps);
      charges[i] = *sum;
    }
  }
  if (program.registers.empty())
    return charges;
  if (Status status =
          RegisterCharges(program, target, counts, charges, steps).run();
      !status)
    return status.error();
  return charges;
}
