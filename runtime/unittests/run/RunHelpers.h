//===- RunHelpers.h - A small classifier ------------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_RUN_RUNHELPERS_H
#define PHX_UNITTESTS_RUN_RUNHELPERS_H

#include "phx/run/Session.h"
#include "support/ExpectError.h"
#include "support/ProgramBuilder.h"

#include <cstring>
#include <gtest/gtest.h>
#include <random>

namespace phx::testing {

inline constexpr int64_t batch = 4, classes = 10, features = 40;

inline std::vector<float> makeValues(int64_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> distribution;
  std::vector<float> values(static_cast<size_t>(count));
  for (float &value : values)
    value = distribution(generator);
  return values;
}

inline HostArray makeArray(const std::vector<float> &values,
                           std::vector<int64_t> shape) {
  HostArray array{ElementType::F32, std::move(shape), {}};
  array.bytes.resize(values.size() * sizeof(float));
  if (!values.empty())
    std::memcpy(array.bytes.data(), values.data(), array.bytes.size());
  return array;
}

template <typename T>
HostArray makeLabels(ElementType type, const std::vector<T> &values) {
  HostArray array{type, {int64_t(values.size())}, {}};
  array.bytes.resize(values.size() * sizeof(T));
  if (!values.empty())
    std::memcpy(array.bytes.data(), values.data(), array.bytes.size());
  return array;
}

/// x [batch, features] to y [batch, classes], weights inside, for `mirage`.
inline Program makeClassifier(const std::string &prefix = "",
                              ProgramBuilder *continued = nullptr) {
  ProgramBuilder own(8);
  ProgramBuilder &builder = continued ? *continued : own;
  Target target = *loadTarget("mirage");
  builder.program.target = "mirage";
  builder.program.targetHash = target.structuralHash;
  builder.program.batch = batch;
  Entries format = builder.addFormat(mirageFormat());
  auto regions = builder.addConvWithRegions(
      linearSpec(classes, features, batch), Stationary::First, format, prefix);
  std::vector<Region> &list = builder.program.regions;
  list[regions.in].shape = {batch, features};
  list[regions.out].shape = {batch, classes};
  list[regions.in].batchAxis = list[regions.out].batchAxis = 0;
  list[regions.weights].role = Role::Parameter;
  builder.setData(regions.weights, makeValues(classes * features, 7));
  return continued ? Program() : builder.finish();
}

/// Two classifiers side by side, with inputs ax, bx and outputs ay, by.
inline Program makeTwoClassifiers() {
  ProgramBuilder builder(8);
  makeClassifier("a", &builder);
  makeClassifier("b", &builder);
  return builder.finish();
}

inline std::unique_ptr<Session>
makeSession(Program program = makeClassifier()) {
  Result<std::unique_ptr<Session>> session =
      Session::create(std::move(program));
  EXPECT_TRUE(session.ok()) << (session ? "" : session.error().message);
  return session ? std::move(*session) : nullptr;
}

/// One thread: tests run in parallel.
inline RunOptions singleThread() {
  RunOptions options;
  options.threads = 1;
  return options;
}

} // namespace phx::testing

#endif // PHX_UNITTESTS_RUN_RUNHELPERS_H
