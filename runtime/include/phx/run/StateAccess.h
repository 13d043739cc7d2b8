//===- StateAccess.h - Parameters and state by name -------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_RUN_STATEACCESS_H
#define PHX_RUN_STATEACCESS_H

#include "phx/run/Execution.h"

namespace phx {

/// What files of parameters and state say about themselves.
struct StateInfo {
  std::string program; ///< name of the model; empty: not stated
  int64_t step = 0;    ///< training steps since the initial contents
};

/// Reads and writes what persists from run to run: mutable regions, and among
/// them what the host sets, the learning rate and the seed.
class StateAccess {
public:
  StateAccess(const Program &program, Execution &execution)
      : program(program), execution(execution) {}

  /// Mutable regions, in program order.
  std::vector<const Region *> getRegions() const {
    return getMutableRegions(program);
  }
  /// Hash of names, roles, types and shapes of the mutable regions; equal in
  /// programs that can continue from each other's state.
  std::string getFingerprint() const;

  /// Contents of all mutable regions by name.
  Result<HostArrays> read();
  /// Replaces contents; nothing is replaced after an error, or when memory runs
  /// out (std::bad_alloc). Errors: names that are no mutable region, wrong types
  /// or shapes, and without `partial`, regions that `values` lack.
  Status write(const ArrayViews &values, bool partial = false);

  /// Training steps since the initial contents; saved with the state.
  int64_t getStepCount() const { return stepCount; }
  void countStep() { ++stepCount; }

  /// The seed of random numbers, a whole number in [0, 2^24). Errors: the
  /// program draws none.
  Result<int64_t> getSeed();
  Status setSeed(int64_t seed);
  /// The optimizer's. Errors: the program has none; not finite.
  Result<float> getLearningRate();
  Status setLearningRate(float rate);

  /// Writes all mutable regions as a .npz archive of arrays by name, with the
  /// array "photonic.state" (JSON as uint8) that says whose they are. Durable
  /// and atomic: at any moment the old file or the new one is there, whole.
  Status save(const std::string &path);
  /// Reads what save() wrote, or any archive of all arrays by name. Nothing is
  /// replaced after an error. Programs that do not train take parameters from
  /// the state of a training program and leave the rest alone. Errors: the file
  /// is damaged; it is of another model, and how they differ.
  Result<StateInfo> load(const std::string &path);

private:
  Status check(const ArrayViews &values, bool partial) const;
  Result<HostArray> readKnob(const Region *region, const char *problem);
  Status writeKnob(const Region &region, HostArray value, float first);

  const Program &program;
  Execution &execution;
  int64_t stepCount = 0;
};

} // namespace phx

#endif // PHX_RUN_STATEACCESS_H
