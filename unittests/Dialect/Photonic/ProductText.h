//===- ProductText.h - Products and nests as text ---------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_DIALECT_PHOTONIC_PRODUCTTEXT_H
#define PHOTONIC_UNITTESTS_DIALECT_PHOTONIC_PRODUCTTEXT_H

#include "RandomNest.h"

namespace photonic::oracle {

/// What the region `pass` of a product does.
struct PassText {
  int64_t length = 1;          ///< elements that it takes
  std::vector<int64_t> moduli; ///< none: a dot
};
/// A pass of all of a term with a dot.
PassText makeDot(const ViewProduct &product);
/// Moduli that hold the sums of passes of `length` elements.
std::vector<int64_t> chooseModuli(const ViewProduct &product, int64_t length);

/// A function main of (lhs, rhs, init if `takesInit`, key if the product rounds
/// at random) with one photonic.product.
std::string printProduct(const ViewProduct &product, const PassText &pass,
                         bool secondStays, bool takesInit);
/// The same, without init, with a nest.
std::string printNest(const ViewProduct &product, const PassText &pass,
                      const Nest &nest);

} // namespace photonic::oracle

#endif // PHOTONIC_UNITTESTS_DIALECT_PHOTONIC_PRODUCTTEXT_H
