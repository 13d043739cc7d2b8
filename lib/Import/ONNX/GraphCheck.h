//===- GraphCheck.h - Names and order of a graph -------------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_IMPORT_ONNX_GRAPHCHECK_H
#define PHOTONIC_LIB_IMPORT_ONNX_GRAPHCHECK_H

#include "Node.h"

namespace photonic::importer {

/// Names are defined once and before use, and there are no cycles. Emits a
/// diagnostic for each violation.
llvm::LogicalResult checkGraph(Model &model);

} // namespace photonic::importer

#endif // PHOTONIC_LIB_IMPORT_ONNX_GRAPHCHECK_H
