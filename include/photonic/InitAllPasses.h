//===- InitAllPasses.h - Registers every pass and pipeline ---- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_INITALLPASSES_H
#define PHOTONIC_INITALLPASSES_H

#include "mlir/Transforms/Passes.h"
#include "photonic/Dialect/NN/Transforms/Passes.h"
#include "photonic/Dialect/PISA/Transforms/Passes.h"
#include "photonic/Dialect/Photonic/Transforms/Passes.h"
#include "photonic/Machines/RNS/RNS.h"
#include "photonic/Pipelines/Pipelines.h"

namespace photonic {

inline void registerAllPasses() {
  mlir::registerCanonicalizerPass();
  mlir::registerCSEPass();
  mlir::registerSymbolDCEPass();
  mlir::registerLoopInvariantCodeMotionPass();
  nn::registerNNPasses();
  phot::registerPhotonicPasses();
  pisa::registerPISAPasses();
  rns::registerRNSPasses();
  registerPipelines();
}

} // namespace photonic

#endif // PHOTONIC_INITALLPASSES_H
