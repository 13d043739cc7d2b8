//===- StageInputs.h - What stages are executed on ------------ -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_DRIVER_STAGEINPUTS_H
#define PHOTONIC_LIB_DRIVER_STAGEINPUTS_H

#include "photonic/Interpreter/Tensor.h"

#include "phx/isa/HostArray.h"
#include "phx/support/Result.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringSet.h"

#include <map>

namespace photonic {

/// The arrays of a file, as arguments of the function of any stage.
class StageInputs {
public:
  StageInputs() = default;
  /// A .npz archive with one array per input, or a .npy file for the only one.
  explicit StageInputs(std::string path) : path(std::move(path)) {}

  /// One value per argument: parameters and state are what they are before the
  /// first run, inputs are arrays of the file. Fails after a diagnostic.
  llvm::FailureOr<llvm::SmallVector<interp::Value>>
  bind(mlir::func::FuncOp function);

  /// Writes what was bound last, without parameters and state, to an archive.
  phx::Status save(const std::string &archive) const;

private:
  llvm::LogicalResult read(mlir::func::FuncOp function);
  llvm::FailureOr<interp::Tensor> find(mlir::func::FuncOp function,
                                       unsigned argument);

  std::string path;
  llvm::StringSet<> known; ///< names of inputs that were looked up
  std::map<std::string, phx::HostArray> arrays;
  std::vector<std::string> bound; ///< names of arrays
};

} // namespace photonic

#endif // PHOTONIC_LIB_DRIVER_STAGEINPUTS_H
