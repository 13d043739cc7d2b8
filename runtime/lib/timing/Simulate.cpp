//===- Simulate.cpp - Entry point of the timing engine ----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Simulations.h"

using namespace phx;
using namespace phx::detail;

Result<TimingResult> phx::simulate(const Program &program, const Target &target,
                                   const TimingOptions &options) {
  Result<Layout> layout = Layout::build(program);
  if (!layout.ok())
    return layout.error();
  Durations durations(target);
  return options.mode == TimingMode::Stepped
             ? simulateStepped(program, durations, *layout, options)
             : simulateClosed(program, durations, *layout, options);
}
