//===- TestUtils.h - Runs textual IR in unit tests ------------ -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_INTERPRETER_TESTUTILS_H
#define PHOTONIC_UNITTESTS_INTERPRETER_TESTUTILS_H

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "photonic/Dialect/NN/IR/NN.h"
#include "photonic/Interpreter/Interpreter.h"
#include <bit>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace photonic {

/// A context with a module, and the diagnostics it gave.
class Program {
public:
  explicit Program(llvm::StringRef text)
      : handler(&context, [this](mlir::Diagnostic &diagnostic) {
          messages += diagnostic.str() + "\n";
          return mlir::success();
        }) {
    context.loadDialect<nn::NNDialect, mlir::func::FuncDialect,
                        mlir::arith::ArithDialect, mlir::scf::SCFDialect,
                        mlir::affine::AffineDialect,
                        mlir::tensor::TensorDialect>();
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    EXPECT_TRUE(module) << messages << text.str();
  }

  /// Runs main; an empty vector if that fails.
  llvm::SmallVector<interp::Value>
  run(llvm::ArrayRef<interp::Value> inputs,
      interp::Interpreter::Observer observer = {}) {
    auto results = interp::runMain(*module, inputs, std::move(observer));
    return succeeded(results) ? std::move(*results)
                              : llvm::SmallVector<interp::Value>();
  }

  mlir::MLIRContext context;
  std::string messages;
  mlir::ScopedDiagnosticHandler handler;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

/// Bits, so that -0 differs from +0 and NaN equals itself.
inline std::vector<uint32_t> getBits(llvm::ArrayRef<float> values) {
  std::vector<uint32_t> bits;
  for (float value : values)
    bits.push_back(std::bit_cast<uint32_t>(value));
  return bits;
}

inline void expectBits(const interp::Value &actual,
                       llvm::ArrayRef<float> expected) {
  ASSERT_TRUE(actual.isTensor());
  EXPECT_EQ(getBits(actual.getTensor().getData()), getBits(expected))
      << "first value " << actual.getTensor()[0] << ", expected "
      << expected[0];
}

} // namespace photonic

#endif // PHOTONIC_UNITTESTS_INTERPRETER_TESTUTILS_H
