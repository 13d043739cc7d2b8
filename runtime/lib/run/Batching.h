//===- Batching.h - How samples are spread over executions ------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_RUN_BATCHING_H
#define PHX_LIB_RUN_BATCHING_H

#include "phx/run/Session.h"

namespace phx {

struct Session::Batching {
  int64_t samples = 1; ///< to compute
  int64_t runs = 1;
  int64_t dropped = 0; ///< samples behind the last full batch of a training
  /// False: every array has the program's shape and goes in as it is.
  bool split = false;
};

HostArray copyArray(const ArrayView &value);

} // namespace phx

#endif // PHX_LIB_RUN_BATCHING_H
