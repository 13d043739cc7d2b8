//===- Machine.h - One functional machine --------------------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Memories and engines that execute instructions in stream order. Tokens order
// engines, so a valid program computes the same in any order they allow; the
// stream's own order is one.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_EXEC_MACHINE_H
#define PHX_LIB_EXEC_MACHINE_H

#include "phx/exec/Executor.h"
#include "phx/exec/MachineUnit.h"

#include <limits>
#include <map>

namespace phx::exec {

class Machine {
public:
  /// Errors: a machine class that is not registered, or tables that its unit
  /// cannot compute with.
  static Result<std::unique_ptr<Machine>>
  create(const Program &program, std::unique_ptr<Memory> memory,
         ThreadPool &pool, Poller &poller, const UnitOptions &options);

  /// A loop begins inside `depth` others: in how many of its iterations this
  /// machine executes anything, from the first on.
  int64_t enterLoop(size_t depth, const Loop &loop) {
    return trips[depth] = countTrips(loop, context.registers);
  }
  void leaveLoop(size_t depth) { trips[depth] = endless; }

  /// Executes code[pc] unless it is skipped. `statistics`: of its layer, or
  /// null.
  Status execute(size_t pc, const Counters &counters,
                 LayerStatistics *statistics);

  Memory &getMemory() { return *memory; }
  /// What was written to registers; not to be asked for twice.
  CountTrace takeCounts() { return std::move(context.counts); }
  /// From here on nothing keeps what is written to registers.
  void stopRecording() { context.counts = CountTrace(); }
  /// Keys stochastic rounding.
  void setKey(const RandomKey &key) { context.key = key; }
  void setRegion(const Region &region, const HostArray &value);
  HostArray getRegion(const Region &region) const;

private:
  static constexpr int64_t endless = std::numeric_limits<int64_t>::max();

  /// Whether the iterations under way are among those in which something is
  /// executed.
  bool isInside(const Counters &counters) const {
    for (size_t depth = 0; depth < trips.size(); ++depth)
      if (counters[depth] >= trips[depth])
        return false;
    return true;
  }
  /// code[pc] with what registers hold.
  const Instruction &getResolved(size_t pc);
  /// What the array of the context does; nothing if its lane is skipped.
  /// Errors: also a register that is to be written and is not written once.
  Status executeLane(const Instruction &instruction,
                     LayerStatistics *statistics);
  /// The same of one that is not skipped.
  Status compute(const Instruction &instruction, LayerStatistics *statistics);

  Machine(const Program &program, std::unique_ptr<Memory> memory,
          ThreadPool &pool, Poller &poller)
      : memory(std::move(memory)),
        context(program, *this->memory, pool, poller) {
    trips.fill(endless);
    for (const Instruction &instruction : program.code) {
      dependsOnRegisters.push_back(!getReadRegisters(instruction).empty());
      writesRegisters.push_back(!getWrittenRegisters(instruction).empty());
    }
  }

  std::unique_ptr<Memory> memory;
  Context context;
  std::array<int64_t, maxLoopDepth> trips; ///< by depth, of open loops
  std::vector<bool> dependsOnRegisters;    ///< by instruction
  std::vector<bool> writesRegisters;       ///< by instruction
  Instruction resolved;                    ///< the latest that does
  std::map<std::string, std::unique_ptr<MachineUnit>> units; ///< by class
};

} // namespace phx::exec

#endif // PHX_LIB_EXEC_MACHINE_H
