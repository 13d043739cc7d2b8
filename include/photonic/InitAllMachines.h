//===- InitAllMachines.h - Registers every machine class ------ -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_INITALLMACHINES_H
#define PHOTONIC_INITALLMACHINES_H

#include "photonic/Machines/RNS/RNS.h"

namespace photonic {

/// Makes the compiler know every machine class that it has a lowering for.
/// Idempotent; in front of the first target that is loaded.
inline void registerAllMachineLowerings() { rns::registerLowering(); }

} // namespace photonic

#endif // PHOTONIC_INITALLMACHINES_H
