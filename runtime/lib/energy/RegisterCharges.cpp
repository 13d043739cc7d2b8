//===- RegisterCharges.cpp - Charges that follow registers ------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ChargeSums.h"

#include "phx/isa/CountTrace.h"

using namespace phx;
using namespace phx::detail;

/// Registers change in the `depth` outermost loops around the instruction.
static Error makeTooManyWritesError(const Program &program, size_t index,
                                    unsigned depth, const ChargeSteps &steps) {
  return makeTooManyStepsError(program, index, depth, steps,
                               "was looked at again and again, because "
                               "instructions in the loop write registers",
                               "write the registers outside of it");
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

  Status run() {
    if (Status status = visit(0, program.code.size(), 0); !status)
      return status;
    return player.finish();
  }

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
    if (Status status = visit(begin + 1, ends[begin], depth + 1); !status)
      return status;
  }
  counters[depth] = 0;
  return Status::success();
}

Status RegisterCharges::write(size_t index) {
  return isExecuted(player.getResolved(index), counters) ? player.write(index)
                                                         : Status::success();
}

/// Of instructions in which no register changes, inside `depth` loops whose
/// counters are fixed.
Status RegisterCharges::sum(size_t begin, size_t end, unsigned depth) {
  std::vector<int64_t> trips(depth, 1);
  for (size_t i = begin; i < end; ++i) {
    // Gone through once where no register changes: that is no step.
    if (depth > 0 && !steps.spend())
      return makeTooManyWritesError(program, i, depth, steps);
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
    return depth > 0 ? makeTooManyWritesError(program, index, depth, steps)
                     : makeTooManyChargesError(program, index, steps);
  accumulate(charges[index], *added);
  return Status::success();
}

Status detail::addRegisterCharges(const Program &program, const Target &target,
                                  const RunCounts &counts,
                                  std::vector<Counters64> &charges,
                                  ChargeSteps &steps) {
  return RegisterCharges(program, target, counts, charges, steps).run();
}
