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

#include "Context.h"
#include "CoreUnit.h"

#include "phx/exec/Executor.h"

namespace phx::exec {

class Machine {
public:
  Machine(const Program &program, std::unique_ptr<Memory> memory,
          const std::vector<FormatPlan> &plans, ThreadPool &pool,
          Poller &poller)
      : memory(std::move(memory)),
        context(program, *this->memory, pool, poller), cores(context, plans) {}

  /// Executes code[pc] unless it is skipped. `statistics`: of its layer, or
  /// null.
  Status execute(size_t pc, const Counters &counters,
                 LayerStatistics *statistics);

  Memory &getMemory() { return *memory; }
  /// Keys stochastic rounding.
  void setKey(const RandomKey &key) { context.key = key; }
  void setRegion(const Region &region, const HostArray &value);
  HostArray getRegion(const Region &region) const;

private:
  std::unique_ptr<Memory> memory;
  Context context;
  CoreUnit cores;
};

} // namespace phx::exec

#endif // PHX_LIB_EXEC_MACHINE_H
