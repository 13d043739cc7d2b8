//===- Unroll.h - Programs without loops and registers ----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Unroller(program, choose).run(most): goes through a program as docs/isa.md
// says, lets `choose` decide what is written to count registers, and writes
// down each instruction as it is then, `most` at most: a program of constants,
// of which time and charges are to be the same. Shares nothing with how the
// library follows registers.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_SUPPORT_UNROLL_H
#define PHX_UNITTESTS_SUPPORT_UNROLL_H

#include "phx/isa/CountTrace.h"
#include "phx/isa/Instructions.h"

#include <algorithm>
#include <functional>
#include <memory>

namespace phx::testing {

struct Unrolled {
  Program program;
  std::vector<size_t> origins; ///< by instruction: of which it is a copy
  std::shared_ptr<CountTrace> trace;
  RunCounts getCounts() const { return {trace, {}}; }
};

class Unroller {
public:
  using Choose = std::function<int64_t(uint32_t registerIndex)>;

  Unroller(const Program &program, Choose choose)
      : original(program), choose(std::move(choose)),
        values(program.registers.size()) {
    result.program = program;
    // Registers are written still, and read by nobody.
    result.program.code.clear();
    result.trace = std::make_shared<CountTrace>(program.registers.size());
  }

  /// Nothing if it takes more than `most` instructions.
  std::optional<Unrolled> run(size_t most) {
    limit = most;
    size_t at = 0;
    if (!body(at, 0, true))
      return std::nullopt;
    return std::move(result);
  }

private:
  /// Up to the end of the loop, or of the program.
  bool body(size_t &at, unsigned depth, bool isExecuted) {
    for (; at < original.code.size(); ++at) {
      const Instruction &instruction = original.code[at];
      if (holds<End>(instruction.body))
        return true;
      if (const Loop *loop = getIf<Loop>(instruction.body)) {
        int64_t bound = loop->below ? values[*loop->below] : loop->count;
        size_t begin = at + 1;
        for (int64_t c = 0; c < loop->count; ++c) {
          counters[depth] = c;
          at = begin;
          if (!body(at, depth + 1, isExecuted && c < bound))
            return false;
        }
        counters[depth] = 0;
        continue;
      }
      if (result.program.code.size() >= limit)
        return false;
      add(at, isExecuted);
    }
    return true;
  }

  void add(size_t at, bool isExecuted) {
    Instruction copy = original.code[at];
    bool isControlled = isControl(copy.body);
    bool goes = isControlled || isExecuted;
    if (copy.guard && copy.guard->loop != laneLoop) {
      int64_t index =
          counters[copy.guard->loop] * copy.guard->scale + copy.guard->offset;
      goes &= copy.guard->low <= index && index < getExtent(*copy.guard);
      copy.guard.reset();
    } else if (copy.guard) {
      copy.guard->extent = getExtent(*copy.guard);
      copy.guard->registerIndex.reset();
    }
    fix(copy.body);
    copy.engine.index = uint32_t(getFirst(copy));
    copy.arrays.digits.clear();
    if (!goes)
      return;
    result.program.code.push_back(copy);
    result.origins.push_back(at);
    write(copy);
  }

  /// Instructions that write registers run on one array.
  void write(const Instruction &copy) {
    Counters none{};
    bool isSkipped = copy.guard && !evaluate(copy.guard, none);
    visitCounts(copy.body, [&](const FieldDescription &, const Count &count) {
      isSkipped |= evaluate(count, none) == 0;
    });
    for (const FieldDescription &field : copy.getDescription().fields) {
      if (field.table != TableKind::Registers || isSkipped)
        continue;
      auto index = field.as<uint32_t>(copy.body.data());
      values[index] = choose(index);
      (void)result.trace->record(index, values[index]);
    }
  }

  int64_t getExtent(const Guard &guard) const {
    return guard.registerIndex
               ? std::min(guard.extent, values[*guard.registerIndex])
               : guard.extent;
  }
  int64_t getFirst(const Instruction &copy) const {
    int64_t first = copy.engine.index;
    for (const DigitTerm &digit : copy.arrays.digits)
      first += getDigit(digit);
    return first;
  }
  int64_t getDigit(const DigitTerm &digit) const {
    int64_t value =
        (counters[digit.loop] * digit.scale + digit.offset) / digit.divisor;
    return (digit.modulus ? value % digit.modulus : value) * digit.weight;
  }
  /// The digits of lanes stay.
  void fix(Affine &affine) const {
    Affine fixed{affine.base, {}};
    for (const DigitTerm &digit : affine.terms)
      if (digit.loop == laneLoop)
        fixed.terms.push_back(digit);
      else
        fixed.base += getDigit(digit);
    affine = fixed;
  }
  void fix(Count &count) const {
    if (count.registerIndex) {
      if (!count.remaining)
        count.remaining.emplace();
      count.remaining->base += values[*count.registerIndex];
      count.registerIndex.reset();
    }
    if (count.remaining)
      fix(*count.remaining);
  }
  void fix(Body &body) const {
    for (const FieldDescription &field : body.getDescription().fields) {
      void *data = body.data();
      if (field.kind == FieldKind::Affine)
        fix(field.as<Affine>(data));
      if (field.kind == FieldKind::Address)
        fix(field.as<Address>(data).offset);
      if (field.kind == FieldKind::Count)
        fix(field.as<Count>(data));
      if (field.kind == FieldKind::Shape)
        for (Count &count : field.as<Shape4>(data))
          fix(count);
      if (field.kind == FieldKind::ZeroFill)
        if (auto &fill = field.as<std::optional<ZeroFill>>(data))
          fix(fill->start);
    }
  }

  const Program &original;
  Choose choose;
  std::vector<int64_t> values; ///< by register
  size_t limit = 0;
  Counters counters{};
  Unrolled result;
};

} // namespace phx::testing

#endif // PHX_UNITTESTS_SUPPORT_UNROLL_H
