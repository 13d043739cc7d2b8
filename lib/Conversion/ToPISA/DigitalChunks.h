//===- DigitalChunks.h - A digital operation in pieces ----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_CONVERSION_TOPISA_DIGITALCHUNKS_H
#define PHOTONIC_LIB_CONVERSION_TOPISA_DIGITALCHUNKS_H

#include "DigitalPlan.h"

#include "photonic/Dialect/Photonic/IR/Photonic.h"
#include "phx/target/Target.h"

namespace photonic {

/// A digital operation, alone in a photonic.fused, whose units are computed in
/// chunks.
struct DigitalChunks {
  phot::FusedOp op;
  ComputePlan plan;
  int64_t units = 1;                ///< of a chunk, the last may be smaller
  int64_t operands = 1, result = 1; ///< buffers

  /// The operation in `op`, in one piece. Fails, after a diagnostic, if it does
  /// not compute in units, or is not alone.
  static mlir::FailureOr<DigitalChunks> getWhole(phot::FusedOp op);
  /// Cut as the attribute `chunk` says, with the usual buffers. Fails, after a
  /// diagnostic, where it cannot be.
  static mlir::FailureOr<DigitalChunks> getCut(phot::FusedOp op);
  /// As both attributes say, and in the memories of `target`.
  static mlir::FailureOr<DigitalChunks> get(phot::FusedOp op,
                                            const phx::Target &target);

  mlir::Operation *getOperation() const {
    phot::FusedOp fused = op;
    return fused.getFirst();
  }
  int64_t getChunks() const;

  /// The largest chunks whose buffers fit into the memories of `target`, evenly
  /// large. Fails, after a diagnostic, if not even one unit does.
  mlir::LogicalResult choose(const phx::Target &target);
  /// Two of everything, if there are several chunks.
  void setUsualBuffers();
};

} // namespace photonic

#endif // PHOTONIC_LIB_CONVERSION_TOPISA_DIGITALCHUNKS_H
