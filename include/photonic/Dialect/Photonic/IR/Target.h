//===- Target.h - The target in the IR --------------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A target as the attribute `#photonic.target` and back. Both directions go
// over the fields that the schema has, for every machine class.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PHOTONIC_IR_TARGET_H
#define PHOTONIC_DIALECT_PHOTONIC_IR_TARGET_H

#include "photonic/Dialect/Photonic/IR/Photonic.h"

#include "phx/target/Target.h"

namespace photonic::phot {

/// Everything of `target` but its description and where its values come from.
TargetAttr getTargetAttr(mlir::MLIRContext *context, const phx::Target &target);

/// The target that `attribute` describes, or what is wrong with it, one line
/// per mistake. PhotonicDialect::getMachine keeps it.
phx::Result<phx::Target> makeTarget(TargetAttr attribute);

} // namespace photonic::phot

#endif // PHOTONIC_DIALECT_PHOTONIC_IR_TARGET_H
