//===- SetMemory.cpp - Where the values of a function are kept ------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/Transforms/Passes.h"

namespace photonic::phot {
#define GEN_PASS_DEF_SETMEMORY
#include "photonic/Dialect/Photonic/Transforms/PhotonicPasses.h.inc"
} // namespace photonic::phot

using namespace mlir;
using namespace photonic::phot;

namespace {
struct SetMemory : photonic::phot::impl::SetMemoryBase<SetMemory> {
  using Base::Base;

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    std::optional<MemoryModel> wanted = symbolizeMemoryModel(model);
    if (!wanted) {
      func.emitError("expected memory model 'ideal' or 'hierarchy', found '")
          << model << "'";
      return signalPassFailure();
    }
    constexpr auto name = PhotonicDialect::memoryAttrName;
    auto given = func->getAttrOfType<MemoryModelAttr>(name);
    if (given && given.getValue() != *wanted) {
      func.emitError("has memory model '")
          << stringifyMemoryModel(given.getValue()) << "' ('" << name
          << "'), and asked for is '" << model
          << "'; start from IR that has none, as stage 'tile' leaves it";
      return signalPassFailure();
    }
    func->setAttr(name, MemoryModelAttr::get(&getContext(), *wanted));
  }
};
} // namespace
