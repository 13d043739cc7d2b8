//===- Sparse.h - A product that leaves out zeros ---------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The elements of each vector that are not zero are counted and brought
// together; the cells hold them, and rows of weights are gathered by their
// numbers. How wide tiles are, and how many of them are loaded at all, depends
// on the count.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_MACHINE_SPARSE_H
#define PHX_UNITTESTS_MACHINE_SPARSE_H

#include "Network.h"

namespace phx::testing {

/// y[v, i] = 0.5 * Σ over blocks of 8 elements of x[v] that are not zero:
/// adc(Σ_j x[v, list[j]] * w[i, list[j]]).
class SparseNetwork {
public:
  static constexpr int64_t features = 30, rows = 5, width = 8, bits = 6,
                           fullScale = 200;
  static constexpr int64_t blocks = (features + width - 1) / width;

  /// Of the vectors the first has no zeros, the second nothing else.
  explicit SparseNetwork(int64_t vectors);

  /// Without tokens.
  Program makeProgram() const;
  Program makeOrderedProgram() const;
  Arrays makeInputs() const;

  /// By other means than the machine.
  std::vector<float> multiply() const;
  /// Elements of each vector that are not zero.
  std::vector<int64_t> countNonzeros() const;

  int64_t vectors;
  std::vector<int32_t> x, weights;
};

} // namespace phx::testing

#endif // PHX_UNITTESTS_MACHINE_SPARSE_H
