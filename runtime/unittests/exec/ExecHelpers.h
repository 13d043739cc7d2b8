//===- ExecHelpers.h - Running small programs ----------------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Arrays from vectors and back, and one call that runs a program.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_EXEC_EXECHELPERS_H
#define PHX_UNITTESTS_EXEC_EXECHELPERS_H

#include "../support/ExpectError.h"
#include "phx/exec/Executor.h"

#include <bit>
#include <cstring>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <vector>

namespace phx::testing {

using Arrays = std::map<std::string, HostArray>;

inline HostArray toArray(const std::vector<float> &values,
                         std::vector<int64_t> shape) {
  HostArray array{ElementType::F32, std::move(shape), {}};
  array.bytes.resize(values.size() * 4);
  if (!values.empty())
    std::memcpy(array.bytes.data(), values.data(), array.bytes.size());
  return array;
}

inline std::vector<float> toVector(const HostArray &array) {
  std::vector<float> values(array.bytes.size() / 4);
  if (!values.empty())
    std::memcpy(values.data(), array.bytes.data(), array.bytes.size());
  return values;
}

inline Result<Arrays> runProgram(const Program &program, const Arrays &inputs,
                                 const ExecutionOptions &options = {},
                                 const std::string &kind = "reference") {
  auto executor = createExecutor(kind, program);
  if (!executor)
    return executor.error();
  return (*executor)->run(inputs, options);
}

/// Index of the first element whose bits differ; -1 if none does.
inline int64_t firstDifference(const std::vector<float> &a,
                               const std::vector<float> &b) {
  if (a.size() != b.size())
    return 0;
  for (size_t i = 0; i < a.size(); ++i)
    if (std::bit_cast<uint32_t>(a[i]) != std::bit_cast<uint32_t>(b[i]))
      return int64_t(i);
  return -1;
}

/// One thread unless asked for more: tests run in parallel.
inline ExecutionOptions threads(unsigned count) {
  ExecutionOptions options;
  options.threads = count;
  return options;
}

} // namespace phx::testing

#endif // PHX_UNITTESTS_EXEC_EXECHELPERS_H
