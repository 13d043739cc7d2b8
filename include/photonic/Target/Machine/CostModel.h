//===- CostModel.h - Closed forms of time -----------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What passes choose by. These are estimates for comparisons; the times of
// reports come from executing the program.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_TARGET_MACHINE_COSTMODEL_H
#define PHOTONIC_TARGET_MACHINE_COSTMODEL_H

#include "photonic/Target/Machine/Machine.h"

namespace photonic {

/// How long products and transfers take on a target.
class CostModel {
public:
  explicit CostModel(const phx::Target &target);

  /// Femtoseconds that `tiles` passes take, dealt to the arrays in turn, each
  /// with `vectors` vectors: ceil(tiles / arrays) * (program + fill + vectors /
  /// rate), as docs/isa.md, section 7, has it for a lone product.
  int64_t getArrayTime(int64_t tiles, int64_t vectors) const;

  /// Nanoseconds of a number of transfers with so many bytes in all.
  double getTransferTime(double bytes, double transfers) const;

  /// Nanoseconds of a product in `chunks` chunks: array passes, `arrayFs`
  /// femtoseconds per chunk, overlap with transfers, `transferNs` nanoseconds
  /// in all; the first load and the last store overlap with nothing.
  double getChunkedTime(double chunks, int64_t arrayFs,
                        double transferNs) const;

private:
  int64_t arrays;           ///< of the group that products run on
  int64_t passFs, vectorFs; ///< of a pass without vectors, and of one of them
  double bytesPerNs, transferLatencyNs;
};

} // namespace photonic

#endif // PHOTONIC_TARGET_MACHINE_COSTMODEL_H
