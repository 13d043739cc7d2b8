//===- OuterProduct.h - A product whose result stays ------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A product of several groups on the wide arrays of the crossbar target, which
// keep its results while both operands pass. Rows are cut into chunks by a loop
// around the nest, columns are the lanes of a range, and the contraction is cut
// into stretches, each of which is read out and added.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_MACHINE_OUTERPRODUCT_H
#define PHX_UNITTESTS_MACHINE_OUTERPRODUCT_H

#include "Network.h"

namespace phx::testing {

struct OuterProduct {
  static constexpr int64_t groups = 2, m = 21, n = 19, k = 37;
  static constexpr int64_t stretch = 12; ///< positions of one readout
  static constexpr int64_t bits = 6, fullScale = 700;
  static constexpr int64_t side = 16; ///< of a wide array

  explicit OuterProduct(uint64_t seed = 1);

  Program makeProgram() const;
  Arrays makeInputs() const;
  /// y[g, i, j] = Σ over stretches of adc(Σ a[g, i, p] * b[g, p, j]), by other
  /// means than the machine; `saturated` counts readouts that do.
  std::vector<int64_t> multiply(int64_t *saturated = nullptr) const;

  std::vector<int32_t> a; ///< [group][row][position]
  std::vector<int32_t> b; ///< [group][position][row of the second operand]
};

} // namespace phx::testing

#endif // PHX_UNITTESTS_MACHINE_OUTERPRODUCT_H
