//===- Durations.cpp - Time of residue cores --------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Instructions.h"
#include "machines/rns/Operations.h"
#include "machines/rns/Target.h"
#include "machines/rns/Timing.h"

#include "phx/isa/Blocks.h"
#include "phx/timing/ClassDurations.h"

using namespace phx;
using namespace phx::rns;

namespace {
class RnsDurations final : public ClassDurations {
public:
  explicit RnsDurations(const Target &target) : groups(target.machines.size()) {
    for (size_t g = 0; g < groups.size(); ++g)
      if (const Machine *machine = target.findMachine<Machine>(g))
        groups[g] = Prices(*machine);
  }

  Femtoseconds get(const Program &program, const Instruction &instruction,
                   const Counters &counters) const override {
    const Execution execution{program, findGroup(program, instruction),
                              groups[instruction.engine.group], counters};
    Femtoseconds duration = 0;
    RnsInstructions::forEach([&]<typename T>() {
      if (const T *body = getIf<T>(instruction.body))
        duration = get(*body, execution);
    });
    return duration;
  }

private:
  struct Prices {
    Femtoseconds program = 0, vector = 0, fill = 0;
    Prices() = default;
    explicit Prices(const Machine &machine)
        : program(toFemtoseconds(machine.program_ns().value())),
          vector(toPeriod(machine.clock_ghz().value())),
          fill(toFemtoseconds(machine.fill_ns().value())) {}
  };
  struct Execution {
    const Program &program;
    const ArrayGroup *group;
    const Prices &prices;
    const Counters &counters;
    /// `count` periods, and what fills the pipeline.
    Femtoseconds getPeriods(int64_t count) const {
      return addSaturating(multiplySaturating(count, prices.vector),
                           prices.fill);
    }
  };

  /// The array is idle meanwhile, however much of it is used.
  static Femtoseconds get(const CoreProgram &, const Execution &execution) {
    return execution.prices.program;
  }
  static Femtoseconds get(const CoreStream &stream,
                          const Execution &execution) {
    return execution.getPeriods(evaluate(stream.length, execution.counters));
  }
  /// The converters in front of the array take one group of its width per
  /// period, as they do in a stream. How long the last one is under way is at
  /// most what fills the pipeline of which they are the first stages.
  static Femtoseconds get(const CoreConvert &conversion,
                          const Execution &execution) {
    const Bfp *format =
        findBlockFormat(execution.program, conversion.conversion);
    int64_t passes = countGroupPasses(
        evaluate(conversion.cols, execution.counters),
        format ? format->group : 1, execution.group->columns);
    return execution.getPeriods(multiplySaturating(
        evaluate(conversion.rows, execution.counters), passes));
  }

  std::vector<Prices> groups;
};
} // namespace

std::unique_ptr<ClassDurations> rns::makeDurations(const Target &target) {
  return std::make_unique<RnsDurations>(target);
}
