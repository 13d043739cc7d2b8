//===- Simulations.h - The two ways to compute times ------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_TIMING_SIMULATIONS_H
#define PHX_LIB_TIMING_SIMULATIONS_H

#include "Durations.h"
#include "Layout.h"

namespace phx::detail {

Result<TimingResult> simulateStepped(const Program &program,
                                     const Durations &durations,
                                     const Layout &layout,
                                     const TimingOptions &options);

Result<TimingResult> simulateClosed(const Program &program,
                                    const Durations &durations,
                                    const Layout &layout,
                                    const TimingOptions &options);

} // namespace phx::detail

#endif // PHX_LIB_TIMING_SIMULATIONS_H
