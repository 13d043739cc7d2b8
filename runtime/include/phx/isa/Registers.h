//===- Registers.h - What depends on count registers ------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Counts, guards and loops may depend on count registers, which instructions
// write as they run (docs/isa.md, section 1.4). Whoever computes with such
// fields puts values in first: executors and the timing those of the moment,
// proofs the largest that there are.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_REGISTERS_H
#define PHX_ISA_REGISTERS_H

#include "phx/isa/Program.h"

#include <limits>

namespace phx {

/// By register.
using RegisterValues = std::vector<int64_t>;

/// Registers that counts and the guard of an instruction read, a loop's own
/// among them, ascending; not those of the loops around it.
std::vector<uint32_t> getReadRegisters(const Instruction &instruction);
/// Registers that the counts of one field read, and a field that holds one.
std::vector<uint32_t> getReadRegisters(const FieldDescription &field,
                                       const Body &body);
/// Registers that an instruction writes where it is executed, ascending.
std::vector<uint32_t> getWrittenRegisters(const Instruction &instruction);

/// What one instruction of a program has to do with registers, those of the
/// loops around it included.
struct RegisterUse {
  std::vector<uint32_t> reads, writes; ///< ascending
  /// Whether and on what it is executed depends on registers: what it does at
  /// the largest values it may do in part or not at all.
  bool isConditional() const { return !reads.empty(); }
};
/// By instruction. Control and tokens read nothing: they are executed whatever
/// registers hold.
std::vector<RegisterUse> listRegisterUses(const Program &program);

/// `instruction` as it is while registers have these values: without registers.
/// Of a loop nothing changes (see countTrips).
Instruction resolve(const Instruction &instruction,
                    const RegisterValues &values);
Guard resolve(Guard guard, const RegisterValues &values);
/// The iterations of a loop, from the first, in which data movement and
/// arithmetic of its body are executed.
int64_t countTrips(const Loop &loop, const RegisterValues &values);

/// The loops under way as a stream is gone through: in how many of their
/// iterations, from the first on, data movement and arithmetic are executed. A
/// register has that say when its loop is entered.
class OpenTrips {
public:
  OpenTrips() { trips.fill(endless); }

  /// A loop begins inside `depth` others.
  int64_t enter(size_t depth, const Loop &loop, const RegisterValues &values) {
    return trips[depth] = countTrips(loop, values);
  }
  void leave(size_t depth) { trips[depth] = endless; }
  /// Whether they are executed in the iterations under way.
  bool areInside(const Counters &counters) const {
    for (size_t depth = 0; depth < trips.size(); ++depth)
      if (counters[depth] >= trips[depth])
        return false;
    return true;
  }

private:
  static constexpr int64_t endless = std::numeric_limits<int64_t>::max();
  std::array<int64_t, maxLoopDepth> trips; ///< by depth, of open loops
};

/// The instructions of a program with what registers hold; those that name none
/// are not copied.
class ResolvedCode {
public:
  explicit ResolvedCode(const Program &program);
  /// Valid until the next call.
  const Instruction &get(size_t index, const RegisterValues &values);

private:
  const Program &program;
  std::vector<bool> namesRegisters; ///< by instruction: itself, not its loops
  Instruction resolved;             ///< the latest that does
};

/// A program with the largest value of each register put in, for proofs. With
/// smaller values each instruction touches a part of that. Not copied if it has
/// no registers, and so to be kept no longer than the program. Proofs take it
/// where they may be given a program, which is then turned into one.
class LargestCounts {
public:
  LargestCounts(const Program &program);
  /// It names the registers still, evaluation gives the largest counts: no
  /// values must be put in again, by another LargestCounts least of all.
  const Program &get() const { return copy ? *copy : original; }

private:
  const Program &original;
  std::optional<Program> copy;
};

/// "register 2 ('nonzeros')".
std::string describeRegister(const Program &program, uint32_t index);

} // namespace phx

#endif // PHX_ISA_REGISTERS_H
