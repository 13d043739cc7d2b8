//===- Differential.h - Programs against the stage before -------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random machines, and a session that compiles and executes one module.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_CONVERSION_DIFFERENTIAL_H
#define PHOTONIC_UNITTESTS_CONVERSION_DIFFERENTIAL_H

#include "RandomNetwork.h"

#include "photonic/Pipelines/Pipelines.h"

#include "phx/isa/HostArray.h"
#include "phx/isa/Program.h"
#include "phx/support/Result.h"

#include <array>
#include <map>
#include <memory>
#include <random>

namespace photonic {

/// A machine and options, drawn at random.
class RandomMachine {
public:
  /// With `learns`, also formats that round at random and groups longer than
  /// the array.
  explicit RandomMachine(uint64_t seed, bool learns = false);

  int64_t pick(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random() % uint64_t(high - low + 1));
  }
  void set(const std::string &field, int64_t value) {
    options.machine.overrides.push_back(field + "=" + std::to_string(value));
  }
  std::string describe() const;

  StageOptions options;

private:
  std::mt19937_64 random;
};

/// What the programs contained, so that the test knows that it tests something.
struct Coverage {
  unsigned compared = 0, refused = 0;
  /// Nests of array passes in 0, 1, 2 loops over chunks.
  std::array<unsigned, 3> chunkLoops{};
  /// Nests whose chunks have a smaller last one in vectors.
  unsigned streamTails = 0;
  unsigned zeroFills = 0;
  /// Products by dataflow with several kernel positions, that accumulate, that
  /// round at random, with groups of several passes.
  std::array<unsigned, 2> positions{};
  unsigned accumulating = 0, random = 0, longGroups = 0;
  /// Products of two nests: contractions cut into pieces, the last one smaller.
  unsigned contractionTails = 0;
  /// Steps that left another value in a region that persists.
  unsigned changed = 0;
  std::map<unsigned, unsigned> opcodes;

  void add(const phx::Program &program);
};

/// What @main gives in `program`, in the order of the results of `func`, which
/// is
/// @main before stage `schedule`: outputs, and the contents of regions that
/// results replace. `inputs` has one tensor per argument; those of arguments
/// with a role are what the regions hold before. An error if the program has no
/// such region, or its execution fails.
phx::Result<std::vector<interp::Tensor>>
executeProgram(phx::Program &program, mlir::func::FuncOp func,
               llvm::ArrayRef<interp::Tensor> inputs);

/// A tensor as hosts give it to programs; class numbers are integers there.
phx::HostArray toHostArray(const interp::Tensor &tensor, bool isLabels);

/// True if a result that replaces an argument is no number: the machine refuses
/// to go on.
bool isLost(mlir::func::FuncOp func, llvm::ArrayRef<interp::Tensor> results);

/// Compiles and executes one module.
class Session {
public:
  Session();

  /// Runs the stages from `from` to `to` on `module`.
  bool runStages(mlir::ModuleOp module, const StageOptions &options, Stage from,
                 Stage to);
  /// Results of @main; empty if a conversion meets an infinity.
  std::vector<interp::Tensor> evaluate(mlir::ModuleOp module,
                                       llvm::ArrayRef<interp::Tensor> inputs);
  /// What @main gives in a scheduled and emitted program, as executeProgram has
  /// it; fails the test if it cannot be executed.
  std::vector<interp::Tensor> execute(mlir::ModuleOp module,
                                      mlir::func::FuncOp func,
                                      llvm::ArrayRef<interp::Tensor> inputs);

  mlir::MLIRContext context;
  std::string messages;
  Coverage *coverage = nullptr;
  /// What the last stage left as the program, if runStages ran it.
  std::shared_ptr<const phx::Program> taken;
};

/// Fails the test at the first element whose bits differ.
void expectEqualBits(llvm::ArrayRef<interp::Tensor> expected,
                     llvm::ArrayRef<interp::Tensor> actual);

} // namespace photonic

#endif // PHOTONIC_UNITTESTS_CONVERSION_DIFFERENTIAL_H
