//===- Window.h - Attributes of convolutions and pools -------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_IMPORT_ONNX_WINDOW_H
#define PHOTONIC_LIB_IMPORT_ONNX_WINDOW_H

#include "NodeImporter.h"

namespace photonic::importer {

/// A window over height and width; one-dimensional ones have height 1.
struct Window2d {
  Shape kernel, strides, dilations, pads;
  bool ceilMode = false;
};

/// The window of a Conv, MaxPool or AveragePool on an input of the given shape,
/// with auto_pad resolved. `weightKernel` is the kernel that the weights have,
/// if there are weights.
llvm::FailureOr<Window2d>
getWindow2d(NodeImporter &node, llvm::ArrayRef<int64_t> inputShape,
            std::optional<llvm::ArrayRef<int64_t>> weightKernel);

/// [N, C, L] as [N, C, 1, L]; rank 4 as it is.
mlir::Value addHeight(NodeImporter &node, mlir::Value value);
/// The inverse, if `rank` is 3.
mlir::Value dropHeight(NodeImporter &node, mlir::Value value, int64_t rank);

} // namespace photonic::importer

#endif // PHOTONIC_LIB_IMPORT_ONNX_WINDOW_H
