//===- PassValues.h - Values in one pass of an array ------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What operations of the region `pass` are evaluated on: blocks of pairs of
// vectors, the same operations on every pair.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PHOTONIC_IR_PASSVALUES_H
#define PHOTONIC_DIALECT_PHOTONIC_IR_PASSVALUES_H

#include "mlir/IR/Value.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/DenseMap.h"

#include <variant>
#include <vector>

namespace photonic::phot {

/// `rows` vectors of the left and `columns` vectors of the right operand.
template <typename Element> struct Pairs {
  const Element *lhs = nullptr, *rhs = nullptr;
  int64_t rows = 0, columns = 0, length = 0;
};

/// sums[r * columns + c] = sum over j < length of lhs(r, j) * rhs(c, j), added
/// in ascending order.
template <typename Element, typename Sum, typename Length>
void multiplyVectors(const Pairs<Element> &p, Length length, Sum *sums) {
  for (int64_t r = 0; r < p.rows; ++r) {
    const Element *a = p.lhs + r * length;
    for (int64_t c = 0; c < p.columns; ++c) {
      const Element *b = p.rhs + c * length;
      Sum sum = 0;
      for (int64_t j = 0; j < length; ++j)
        sum += Sum(a[j]) * Sum(b[j]);
      *sums++ = sum;
    }
  }
}

/// The same for vectors of any length, that of `p`.
template <typename Element, typename Sum>
void multiply(const Pairs<Element> &p, Sum *sums) {
  // A length that the host compiler knows is worth a copy of the loops.
  if (p.length == 16)
    multiplyVectors(p, std::integral_constant<int64_t, 16>(), sums);
  else
    multiplyVectors(p, p.length, sums);
}

/// The values of a pass while its operations go over a block of pairs, one
/// number per pair.
template <typename Element, typename Sum> class PassValues {
public:
  /// Starts over with other pairs.
  void start(const Pairs<Element> &block) { pairs = block; }
  const Pairs<Element> &getPairs() const { return pairs; }

  /// The numbers of `value`, which an earlier operation has computed.
  llvm::ArrayRef<Sum> get(mlir::Value value) const {
    return values.find(value)->second;
  }
  /// Room for those of `value`, in no order but that of the pairs: row by row.
  /// Valid until the next operation.
  llvm::MutableArrayRef<Sum> create(mlir::Value value) {
    std::vector<Sum> &numbers = values[value];
    numbers.resize(pairs.rows * pairs.columns);
    return numbers;
  }
  /// result = function(operand), number by number.
  template <typename Function>
  void map(mlir::Value operand, mlir::Value result, Function function) {
    llvm::MutableArrayRef<Sum> to = create(result);
    llvm::ArrayRef<Sum> from = get(operand);
    for (size_t i = 0; i < to.size(); ++i)
      to[i] = function(from[i]);
  }

private:
  Pairs<Element> pairs;
  llvm::DenseMap<mlir::Value, std::vector<Sum>> values;
};

/// Those of integers with sums of 32 or 64 bits, or of reals.
using PassBlock =
    std::variant<PassValues<int16_t, int32_t> *, PassValues<int16_t, int64_t> *,
                 PassValues<float, float> *>;

/// Accumulators and the sums that meet them, one each. An integer of a sum
/// stands for `scales` times itself, a power of two; reals for themselves.
template <typename Sum> struct Additions {
  llvm::MutableArrayRef<float> accumulators;
  llvm::ArrayRef<Sum> sums;
  llvm::ArrayRef<double> scales;
};

/// Those of integers of 32 or 64 bits, or of reals.
using CombineBlock =
    std::variant<const Additions<int32_t> *, const Additions<int64_t> *,
                 const Additions<float> *>;

} // namespace photonic::phot

#endif // PHOTONIC_DIALECT_PHOTONIC_IR_PASSVALUES_H
