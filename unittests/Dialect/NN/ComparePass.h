//===- ComparePass.h - What a function computes, twice -------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_DIALECT_NN_COMPAREPASS_H
#define PHOTONIC_UNITTESTS_DIALECT_NN_COMPAREPASS_H

#include "EvaluateUtils.h"
#include "mlir/Pass/PassManager.h"
#include <cmath>

namespace photonic {

inline void expectNear(const interp::Tensor &a, const interp::Tensor &b,
                       float tolerance) {
  ASSERT_EQ(a.getShape(), b.getShape());
  for (int64_t i = 0; i < a.getNumElements(); ++i)
    EXPECT_LE(std::fabs(a[i] - b[i]), tolerance) << "element " << i;
}

/// Runs a function of one input before and after a pass on functions; expects
/// that `gone` is no longer there and that results differ by at most
/// `tolerance`.
inline void compareWithPass(std::unique_ptr<mlir::Pass> pass,
                            llvm::StringRef text, llvm::ArrayRef<int64_t> shape,
                            llvm::StringRef gone, float tolerance) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  interp::Tensor x = interp::Tensor::zeros(shape);
  for (float &element : x.getMutableData())
    element = normal(random);
  Program program(text);
  auto before = program.run({x});
  ASSERT_EQ(before.size(), 1u) << program.messages;
  mlir::PassManager passes(&program.context);
  passes.addNestedPass<mlir::func::FuncOp>(std::move(pass));
  ASSERT_TRUE(succeeded(passes.run(*program.module))) << program.messages;
  program.module->walk([&](mlir::Operation *op) {
    EXPECT_NE(op->getName().getStringRef(), gone);
  });
  auto after = program.run({x});
  ASSERT_EQ(after.size(), 1u) << program.messages;
  expectNear(before[0].getTensor(), after[0].getTensor(), tolerance);
}

} // namespace photonic

#endif // PHOTONIC_UNITTESTS_DIALECT_NN_COMPAREPASS_H
