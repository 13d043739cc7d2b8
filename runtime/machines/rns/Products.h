//===- Products.h - Loop nests of products on residue cores -----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MACHINES_RNS_PRODUCTS_H
#define MACHINES_RNS_PRODUCTS_H

#include "phx/isa/LoopTree.h"

#include <optional>

namespace phx::rns {

/// The product that an instruction computes a part of; nothing for others, also
/// for those that only convert an operand of one.
std::optional<uint32_t> findComputed(const Body &body);

/// Product metadata that claims an intact loop nest: the nest computes the
/// product, no less and no more.
Status checkProducts(const LoopTree &tree);

} // namespace phx::rns

#endif // MACHINES_RNS_PRODUCTS_H
