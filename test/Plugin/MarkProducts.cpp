//===- MarkProducts.cpp - A plugin with a pass, for tests -----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/IR/Photonic.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Tools/Plugins/PassPlugin.h"

using namespace mlir;

namespace {
/// Gives every product the attribute `test.mark`.
struct MarkProducts final : PassWrapper<MarkProducts, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(MarkProducts)

  StringRef getArgument() const override { return "test-mark-products"; }
  StringRef getDescription() const override { return "mark products"; }
  void runOnOperation() override {
    getOperation().walk([](photonic::phot::ProductOp op) {
      op->setAttr("test.mark", UnitAttr::get(op.getContext()));
    });
  }
};
} // namespace

extern "C" LLVM_ATTRIBUTE_WEAK PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "MarkProducts", "1",
          [] { PassRegistration<MarkProducts>(); }};
}
