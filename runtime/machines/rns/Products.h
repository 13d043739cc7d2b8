//===- Products.h - Loop nests of products on residue cores -----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MACHINES_RNS_PRODUCTS_H
#define MACHINES_RNS_PRODUCTS_H

#include "phx/isa/LoopTree.h"

namespace phx::rns {

/// Product metadata that claims an intact loop nest: the nest computes the
/// product, no less and no more.
Status checkProducts(const LoopTree &tree);

} // namespace phx::rns

#endif // MACHINES_RNS_PRODUCTS_H
