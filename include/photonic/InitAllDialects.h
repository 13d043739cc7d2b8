//===- InitAllDialects.h - Registers every dialect ------------ -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_INITALLDIALECTS_H
#define PHOTONIC_INITALLDIALECTS_H

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectRegistry.h"
#include "photonic/Dialect/NN/IR/NN.h"
#include "photonic/Dialect/PISA/IR/PISA.h"
#include "photonic/Dialect/Photonic/IR/Photonic.h"
#include "photonic/InitAllMachines.h"
#include "photonic/Target/Machine/MachineLowering.h"

namespace photonic {

/// Everything that our tools parse. Makes every machine class known.
inline void registerAllDialects(mlir::DialectRegistry &registry) {
  registry.insert<mlir::affine::AffineDialect, mlir::arith::ArithDialect,
                  mlir::func::FuncDialect, mlir::scf::SCFDialect,
                  mlir::tensor::TensorDialect>();
  registry.insert<nn::NNDialect, phot::PhotonicDialect, pisa::PISADialect>();
  registerAllMachineLowerings();
  registerMachineDialects(registry);
}

} // namespace photonic

#endif // PHOTONIC_INITALLDIALECTS_H
