//===- ViewOracle.h - Products of views, element by element -----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What `#photonic.view` and `photonic.product` are documented to mean, written
// down a second time. Shares nothing with the dialect.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_DIALECT_PHOTONIC_VIEWORACLE_H
#define PHOTONIC_UNITTESTS_DIALECT_PHOTONIC_VIEWORACLE_H

#include "ProductOracle.h"

#include <array>

namespace photonic::oracle {

/// `R x dD by S`.
struct Digit {
  int64_t radix = 1, dim = 0, step = 1;
};
using Digits = std::vector<Digit>;

/// Values of an index.
int64_t countValues(const Digits &digits);

/// (group, position, row, column); the numbers index lists of them.
using Place = std::array<int64_t, 4>;

/// How a tensor is seen: digits by index, fastest first, and offsets, none or
/// one per dimension.
struct View {
  std::array<Digits, 4> digits;
  std::vector<int64_t> offsets;

  /// Values of index `i` of a place.
  int64_t count(unsigned i) const { return countValues(digits[i]); }
  /// Coordinates along `rank` dimensions, which may lie outside of a tensor. An
  /// index without digits may have any value.
  std::vector<int64_t> getCoordinates(const Place &place, size_t rank) const;
  /// The number of the element in a tensor of `shape`, -1 outside of it.
  int64_t locate(const Place &place, const std::vector<int64_t> &shape) const;
  /// `<rows = [6 x d3, 6 x d2], offsets = [0, 0, -1, -1]>`
  std::string print() const;
};

/// Coordinates of a tile.
enum Dim : unsigned { Group, Position, M, N, K };
constexpr unsigned numDims = 5;

/// A product of any views.
struct ViewProduct {
  View lhs, rhs, result;
  std::vector<int64_t> lhsShape, rhsShape, resultShape;
  Format lhsFormat, rhsFormat; ///< with the same key

  /// The product of a layer, by the tables in LayerShape.h.
  static ViewProduct ofLayer(const Layer &layer, Kind kind);

  /// Groups, positions, m, n, k.
  std::array<int64_t, numDims> getExtents() const;
  int64_t getTerm() const { return std::min(lhsFormat.group, rhsFormat.group); }
  bool isRandom() const { return lhsFormat.isRandom() || rhsFormat.isRandom(); }
  /// The element of the result that (group, position, m, n) is added to, -1 if
  /// that is outside.
  int64_t locateResult(int64_t group, int64_t position, int64_t m,
                       int64_t n) const {
    return result.locate({group, position, m, n}, resultShape);
  }
};

/// What `product` adds to `init`.
interp::Tensor multiply(const ViewProduct &product, const interp::Tensor &lhs,
                        const interp::Tensor &rhs, const interp::Tensor &init);

} // namespace photonic::oracle

#endif // PHOTONIC_UNITTESTS_DIALECT_PHOTONIC_VIEWORACLE_H
