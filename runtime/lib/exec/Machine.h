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
    return trips.enter(depth, loop, context.registers);
  }
  void leaveLoop(size_t depth) { trips.leave(depth); }

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
  /// What the array of the context does; nothing if its lane is skipped.
  /// Errors: also a register that is to be written and is not written once.
  Status executeLane(const Instruction &instruction,
                     LayerStatistics *statistics);
  /// The same of one that is not skipped.
  Status compute(const Instruction &instruction, LayerStatistics *statistics);

  Machine(const Program &program, std::unique_ptr<Memory> memory,
          ThreadPool &pool, Poller &poller)
      : memory(std::move(memory)),
        context(program, *this->memory, pool, poller), code(program) {
    for (const Instruction &instruction : program.code)
      writesRegisters.push_back(!getWrittenRegisters(instruction).empty());
  }

  std::unique_ptr<Memory> memory;
  Context context;
  OpenTrips trips;
  ResolvedCode code;
  std::vector<bool> writesRegisters; ///< by instruction
  std::map<std::string, std::unique_ptr<MachineUnit>> units; ///< by class
};

} // namespace phx::exec

#endif // PHX_LIB_EXEC_MACHINE_H
