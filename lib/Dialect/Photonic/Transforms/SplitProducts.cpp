//===- SplitProducts.cpp - Products as the target's arrays compute them ---===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/Transforms/Passes.h"

#include "photonic/Target/Machine/Machine.h"

namespace photonic::phot {
#define GEN_PASS_DEF_SPLITPRODUCTS
#include "photonic/Dialect/Photonic/Transforms/PhotonicPasses.h.inc"
} // namespace photonic::phot

using namespace mlir;
using namespace photonic;

namespace {
struct SplitProducts : phot::impl::SplitProductsBase<SplitProducts> {
  using Base::Base;

  /// Which class it is, is known when a module is there.
  void getDependentDialects(DialectRegistry &registry) const override {
    Base::getDependentDialects(registry);
    registerMachineDialects(registry);
  }

  void runOnOperation() override {
    FailureOr<const phx::Target *> target = getTarget(getOperation());
    if (failed(target))
      return signalPassFailure();
    OpPassManager passes(func::FuncOp::getOperationName());
    getArrays(**target).lowering->addSplitPasses(passes);
    if (failed(runPipeline(passes, getOperation())))
      signalPassFailure();
  }
};
} // namespace
