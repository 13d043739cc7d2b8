//===- Batches.h - How samples are spread over executions -------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_RUN_BATCHES_H
#define PHX_RUN_BATCHES_H

#include "phx/run/Arrays.h"
#include "phx/support/Result.h"

namespace phx {

/// How the samples of a call are spread over executions.
struct Batching {
  int64_t samples = 1; ///< to compute
  int64_t runs = 1;
  int64_t dropped = 0; ///< samples behind the last full batch of a training
  /// False: every array has the program's shape and goes in as it is.
  bool split = false;
};

/// Cuts inputs of any number of samples into batches of a program, and joins
/// the outputs. Needs no machine and no executor.
class Batches {
public:
  explicit Batches(const Program &program)
      : program(program), training(program.kind == ProgramKind::Training) {}

  /// "'x' float32[4, 3], 'labels' int64[4]"; "none".
  std::string describeInputs() const;

  /// Whether `name` is an input and arrays of that type and shape can be its
  /// value, with any number of samples; data and other inputs do not matter.
  Status checkInput(const std::string &name, ElementType type,
                    const std::vector<int64_t> &shape) const;

  /// Errors: unknown or missing names, wrong types or shapes, numbers of
  /// samples that disagree, labels that are no class, in training fewer samples
  /// than a batch, outputs that cannot be joined.
  Result<Batching> plan(const ArrayViews &inputs) const;

  /// How many samples `inputs` hold: program.batch if every shape is the
  /// program's, otherwise the common extent of their batch axes. Errors: as of
  /// plan().
  Result<int64_t> countSamples(const ArrayViews &inputs) const;

  /// The arrays of execution `index`; behind the end the last sample again,
  /// with the label to ignore if there is one.
  HostArrays takeInputs(const ArrayViews &inputs, const Batching &batching,
                        int64_t index) const;

  /// Adds what execution `index` gave to `outputs`.
  void putOutputs(HostArrays results, const Batching &batching, int64_t index,
                  HostArrays &outputs) const;

private:
  /// Outputs of one execution as they are; along the samples; along the
  /// executions.
  enum class Join { Whole, Samples, Runs };

  Error makeUnknownInput(const std::string &name) const;
  Status checkNames(const ArrayViews &inputs) const;
  Result<Batching> planShapes(const ArrayViews &inputs) const;
  Status planRuns(Batching &batching) const;
  Status checkJoin(const Batching &batching) const;
  Join getJoin(const Region &region, const Batching &batching) const;

  const Program &program;
  bool training;
};

} // namespace phx

#endif // PHX_RUN_BATCHES_H
