//===- LinearProgram.h - A small product to be executed ---------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_EXEC_LINEARPROGRAM_H
#define PHX_UNITTESTS_EXEC_LINEARPROGRAM_H

#include "../support/ProgramBuilder.h"
#include "ExecHelpers.h"

namespace phx::testing {

inline constexpr EngineId vec{EngineKind::Vec, 0};

/// y = w x, with 3 outputs, 20 inputs and 2 vectors.
inline Program linearProgram(ProductFormat format = mirageFormat()) {
  ProgramBuilder builder;
  builder.addConvWithRegions(linearSpec(3, 20, 2), Stationary::First,
                             builder.addFormat(format));
  return builder.finish();
}

inline Arrays linearInputs(float x = 1.0f, float w = 1.0f) {
  return {{"x", toArray(std::vector<float>(40, x), {2, 20, 1, 1})},
          {"w", toArray(std::vector<float>(60, w), {3, 20, 1, 1})}};
}

inline VecMap unary(VecFn fn, Address dst, Address a, int64_t count,
                    float s0 = 0) {
  return {fn,
          dst,
          a,
          {},
          {0, 0, 0, 4},
          {0, 0, 0, 4},
          {},
          {Count{1, {}}, Count{1, {}}, Count{1, {}}, Count{count, {}}},
          s0,
          0};
}

} // namespace phx::testing

#endif // PHX_UNITTESTS_EXEC_LINEARPROGRAM_H
