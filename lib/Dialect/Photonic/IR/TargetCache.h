//===- TargetCache.h - Targets by attribute ---------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_DIALECT_PHOTONIC_IR_TARGETCACHE_H
#define PHOTONIC_LIB_DIALECT_PHOTONIC_IR_TARGETCACHE_H

#include "photonic/Dialect/Photonic/IR/Target.h"

#include "llvm/ADT/DenseMap.h"

#include <memory>
#include <mutex>

namespace photonic::phot {

/// The targets of a context. What it has handed out stays where it is as long
/// as the context.
class TargetCache {
public:
  const phx::Result<phx::Target> &get(TargetAttr attribute);

private:
  std::mutex mutex;
  llvm::DenseMap<mlir::Attribute, std::unique_ptr<phx::Result<phx::Target>>>
      targets;
};

} // namespace photonic::phot

#endif // PHOTONIC_LIB_DIALECT_PHOTONIC_IR_TARGETCACHE_H
