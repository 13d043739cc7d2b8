//===- ResidueTables.h - What residue arrays compute, as tables -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_CONVERSION_TOPISA_RESIDUETABLES_H
#define PHOTONIC_LIB_CONVERSION_TOPISA_RESIDUETABLES_H

#include "ProgramEmitter.h"

#include "photonic/Dialect/Photonic/IR/Photonic.h"

#include "mlir/Support/LogicalResult.h"

namespace photonic {

/// Names, in `product`, the conversions of both operands, the pass and the
/// combine of `op`, and enters them into the tables. Failure, reported: its
/// region is none that the machine's arrays compute.
llvm::LogicalResult addResidueEntries(phot::ArrayProductOp op,
                                      ProgramEmitter &emitter,
                                      phx::Product &product);

} // namespace photonic

#endif // PHOTONIC_LIB_CONVERSION_TOPISA_RESIDUETABLES_H
