//===- Passes.h - Passes of nn -------------------------------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The stage import folds normalisations, unless parameters are to stay what
// they are. The stage autodiff, in the order of the passes: parameters become
// arguments, a loss is attached, the backward pass is generated, an optimiser
// attached, what is kept between the passes is compressed, composite operations
// are decomposed.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_NN_TRANSFORMS_PASSES_H
#define PHOTONIC_DIALECT_NN_TRANSFORMS_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"
#include "photonic/Dialect/NN/IR/NN.h"

namespace photonic::nn {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "photonic/Dialect/NN/Transforms/NNPasses.h.inc"

} // namespace photonic::nn

#endif // PHOTONIC_DIALECT_NN_TRANSFORMS_PASSES_H
