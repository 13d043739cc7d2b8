//===- InferBatchAxes.cpp - Where the samples of outputs are --------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/Transforms/Passes.h"

#include "photonic/Dialect/NN/IR/BatchAxes.h"
#include "photonic/Dialect/NN/IR/Step.h"

namespace photonic::nn {
#define GEN_PASS_DEF_INFERBATCHAXES
#include "photonic/Dialect/NN/Transforms/NNPasses.h.inc"
} // namespace photonic::nn

using namespace mlir;
using namespace photonic;

namespace {
struct InferBatchAxes : nn::impl::InferBatchAxesBase<InferBatchAxes> {
  void runOnOperation() override {
    if (getOperation().isExternal())
      return;
    if (failed(nn::verifyOneBlock(getOperation())))
      return signalPassFailure();
    nn::inferBatchAxes(getOperation());
  }
};
} // namespace
