//===- Simulate.cpp - Entry point of the timing engine ----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Simulations.h"

using namespace phx;
using namespace phx::detail;

/// Every instruction of a class has a duration.
static Status checkClasses(const Program &program, const Durations &durations) {
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Body &body = program.code[i].body;
    const std::string &name = body.getDescription().machineClass;
    if (!name.empty() && !durations.knows(name))
      return Error{"instruction " + std::to_string(i) + " (" +
                   getMnemonic(body) + ") belongs to machine class '" + name +
                   "', whose durations are not registered in this program; "
                   "call phx::registerAllMachines, or the class's own "
                   "registration, before programs are timed"};
  }
  return Status::success();
}

Result<TimingResult> phx::simulate(const Program &program, const Target &target,
                                   const TimingOptions &options) {
  Result<Layout> layout = Layout::build(program);
  if (!layout.ok())
    return layout.error();
  if (Status status = checkCounts(program, options.counts); !status)
    return status.error();
  Durations durations(program, target);
  if (Status status = checkClasses(program, durations); !status)
    return status.error();
  return options.mode == TimingMode::Stepped
             ? simulateStepped(program, durations, *layout, options)
             : simulateClosed(program, durations, *layout, options);
}
