//===- RandomProduct.h - Products drawn at random ---------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Layers, views, formats and values. The same seed gives the same ones on every
// platform.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_DIALECT_PHOTONIC_RANDOMPRODUCT_H
#define PHOTONIC_UNITTESTS_DIALECT_PHOTONIC_RANDOMPRODUCT_H

#include "ViewOracle.h"

#include "llvm/ADT/ArrayRef.h"

#include <random>

namespace photonic::oracle {

class Random {
public:
  explicit Random(uint64_t seed) : engine(seed) {}

  /// Both included.
  int64_t pick(int64_t low, int64_t high) {
    return low + int64_t(engine() % uint64_t(high - low + 1));
  }
  bool chance(int percent) { return pick(1, 100) <= percent; }
  template <typename T> void shuffle(std::vector<T> &list) {
    for (size_t i = list.size(); i > 1; --i)
      std::swap(list[i - 1], list[size_t(pick(0, int64_t(i) - 1))]);
  }

  //===--- Products -------------------------------------------------------===//

  /// A small layer, a linear one or a convolution; any extent may be 1.
  Layer makeLayer();
  /// A product of a layer.
  ViewProduct makeLayerProduct();
  /// Views that no layer has: several digits on a dimension, steps that are
  /// negative, elements outside of the tensors, positions of either operand.
  /// Valid: elements of the result meet each position once at most.
  ViewProduct makeProduct();
  /// The same of views that programs can say: groups are equal pieces of one
  /// dimension, and only the first operand has positions.
  ViewProduct makeProgramProduct();
  /// Two formats that go together. `maxBits` 0: the bypass.
  void drawFormats(ViewProduct &product, int maxBits, int64_t maxGroup);

  //===--- Views ----------------------------------------------------------===//

  /// Digits of an index of `values`, of radices of their own, on any of `rank`
  /// dimensions. None goes on where the one before it ends.
  Digits makeDigits(int64_t values, int64_t rank, int64_t maxStep);
  /// A view of any indices of about `values` values in all.
  View makeView(int64_t rank, int64_t values, int64_t maxStep);
  /// A shape that most, or all, elements of `view` lie in.
  std::vector<int64_t> makeShape(View &view, int64_t rank);

  //===--- Values ---------------------------------------------------------===//

  /// Moderate values, or (`special`) also subnormals, zeros of both signs and
  /// exponents far apart.
  interp::Tensor makeTensor(llvm::ArrayRef<int64_t> shape, bool special);

private:
  /// `positions`: of operands; the result has as many as either.
  ViewProduct tryProduct(int64_t groups, std::array<int64_t, 2> positions);
  void addGroups(View &view, std::vector<int64_t> &shape, int64_t groups);
  View makeResult(const ViewProduct &product, int64_t positions, int64_t rank);

  std::mt19937_64 engine;
};

/// Lowest and highest coordinate that `view` reaches along each dimension,
/// offsets included.
std::vector<std::pair<int64_t, int64_t>> getReach(const View &view,
                                                  int64_t rank);

} // namespace photonic::oracle

#endif // PHOTONIC_UNITTESTS_DIALECT_PHOTONIC_RANDOMPRODUCT_H
