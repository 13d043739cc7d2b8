//===- PlanKinds.h - Plans by kind of operation -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_CONVERSION_TOPISA_PLANKINDS_H
#define PHOTONIC_LIB_CONVERSION_TOPISA_PLANKINDS_H

#include "DigitalPlan.h"

namespace photonic {

mlir::FailureOr<DigitalPlan> planElementwise(mlir::Operation *op,
                                             Elementwise function);
mlir::FailureOr<DigitalPlan> planBatchNorm(mlir::Operation *op);
mlir::FailureOr<DigitalPlan> planPool(mlir::Operation *op);
mlir::FailureOr<DigitalPlan> planUnpool(mlir::Operation *op);
mlir::FailureOr<DigitalPlan> planMask(mlir::Operation *op);
mlir::FailureOr<DigitalPlan> planRandom(mlir::Operation *op);
mlir::FailureOr<DigitalPlan> planReduction(mlir::Operation *op);
mlir::FailureOr<DigitalPlan> planSoftmax(mlir::Operation *op);
mlir::FailureOr<DigitalPlan> planLayout(mlir::Operation *op);

} // namespace photonic

#endif // PHOTONIC_LIB_CONVERSION_TOPISA_PLANKINDS_H
