//===- Durations.cpp - Time of residue cores --------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Instructions.h"
#include "machines/rns/Target.h"
#include "machines/rns/Timing.h"

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

  Femtoseconds get(const Instruction &instruction,
                   const Counters &counters) const override {
    const Prices &prices = groups[instruction.engine.group];
    Femtoseconds duration = 0;
    RnsInstructions::forEach([&]<typename T>() {
      if (const T *body = getIf<T>(instruction.body))
        duration = get(*body, prices, counters);
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
  /// The array is idle meanwhile, however much of it is used.
  static Femtoseconds get(const CoreProgram &, const Prices &prices,
                          const Counters &) {
    return prices.program;
  }
  static Femtoseconds get(const CoreStream &stream, const Prices &prices,
                          const Counters &counters) {
    int64_t vectors = evaluate(stream.length, counters);
    return addSaturating(multiplySaturating(vectors, prices.vector),
                         prices.fill);
  }

  std::vector<Prices> groups;
};
} // namespace

std::unique_ptr<ClassDurations> rns::makeDurations(const Target &target) {
  return std::make_unique<RnsDurations>(target);
}
