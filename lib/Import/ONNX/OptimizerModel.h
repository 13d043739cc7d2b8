//===- OptimizerModel.h - Optimizer models of ONNX Runtime ---- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_IMPORT_ONNX_OPTIMIZERMODEL_H
#define PHOTONIC_LIB_IMPORT_ONNX_OPTIMIZERMODEL_H

#include "ImportContext.h"

namespace photonic::importer {

/// Makes the optimizer of ImportOptions::optimizerModel part of a step whose
/// nodes have been imported. Fails after a diagnostic.
llvm::LogicalResult importOptimizerModel(ImportContext &context);

} // namespace photonic::importer

#endif // PHOTONIC_LIB_IMPORT_ONNX_OPTIMIZERMODEL_H
