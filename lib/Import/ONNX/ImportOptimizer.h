//===- ImportOptimizer.h - Arithmetic of optimizers ----------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_IMPORT_ONNX_IMPORTOPTIMIZER_H
#define PHOTONIC_LIB_IMPORT_ONNX_IMPORTOPTIMIZER_H

#include "NodeImporter.h"

namespace photonic::importer {

/// The parameter whose gradient a buffer of ONNX Runtime collects; empty if its
/// name does not say so.
llvm::StringRef getAccumulatedParameter(llvm::StringRef buffer);

/// Elementwise arithmetic at the location of a node. Shapes broadcast; null
/// operands give null results.
class ScalarMath {
public:
  explicit ScalarMath(NodeImporter &node) : node(node) {}

  mlir::Value operator()(float number);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value div(mlir::Value a, mlir::Value b);
  /// keep * old + (1 - keep) * fresh
  mlir::Value mix(mlir::Value old, float keep, mlir::Value fresh);
  /// 1 - base^count, for a base in [0, 1), to full relative precision.
  mlir::Value oneMinusPower(float base, mlir::Value count);

private:
  NodeImporter &node;
};

} // namespace photonic::importer

#endif // PHOTONIC_LIB_IMPORT_ONNX_IMPORTOPTIMIZER_H
