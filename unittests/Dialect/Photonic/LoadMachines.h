//===- LoadMachines.h - Machine classes in contexts of tests ----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_DIALECT_PHOTONIC_LOADMACHINES_H
#define PHOTONIC_UNITTESTS_DIALECT_PHOTONIC_LOADMACHINES_H

#include "photonic/InitAllMachines.h"
#include "photonic/Target/Machine/MachineLowering.h"

#include "mlir/IR/MLIRContext.h"

namespace photonic {

/// Lets `context` have what every machine class adds to dialects.
inline void loadMachines(mlir::MLIRContext &context) {
  registerAllMachineLowerings();
  mlir::DialectRegistry registry;
  registerMachineDialects(registry);
  context.appendDialectRegistry(registry);
}

} // namespace photonic

#endif // PHOTONIC_UNITTESTS_DIALECT_PHOTONIC_LOADMACHINES_H
