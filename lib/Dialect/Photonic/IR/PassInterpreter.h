//===- PassInterpreter.h - What the region of a product computes *- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Interprets the region of a product over blocks of pairs of vectors: the same
// operations on every pair, one operation after the other.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_DIALECT_PHOTONIC_IR_PASSINTERPRETER_H
#define PHOTONIC_LIB_DIALECT_PHOTONIC_IR_PASSINTERPRETER_H

#include "photonic/Dialect/Photonic/IR/Photonic.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/TypeSwitch.h"

#include <vector>

namespace photonic::phot {

/// `rows` vectors of the left and `columns` vectors of the right operand.
template <typename Element> struct Pairs {
  const Element *lhs, *rhs;
  int64_t rows, columns, length;
};

inline int64_t floorMod(int64_t value, int64_t modulus) {
  int64_t remainder = value % modulus;
  return remainder < 0 ? remainder + modulus : remainder;
}

/// sums[r * columns + c] = sum over j < length of lhs(r, j) * rhs(c, j).
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

template <typename Element, typename Sum>
void multiply(const Pairs<Element> &p, Sum *sums) {
  // A length that the host compiler knows is worth a copy of the loops.
  if (p.length == 16)
    multiplyVectors(p, std::integral_constant<int64_t, 16>(), sums);
  else
    multiplyVectors(p, p.length, sums);
}

/// Interprets the region of a product.
template <typename Element, typename Sum> class PassInterpreter {
public:
  explicit PassInterpreter(mlir::Region &body) : body(body) {}

  /// The yielded sum of each pair, valid until the next call.
  llvm::ArrayRef<Sum> run(const Pairs<Element> &pairs) {
    for (mlir::Operation &op : body.front().without_terminator())
      llvm::TypeSwitch<mlir::Operation *>(&op)
          .Case([&](DotOp dot) {
            multiply(pairs, getSums(dot.getResult(), pairs).data());
          })
          .Case([&](ModularDotOp dot) { runModular(dot, pairs); })
          .Case([&](ReverseConvertOp convert) { runReverse(convert, pairs); });
    return values[cast<YieldOp>(body.front().getTerminator()).getValue()];
  }

private:
  std::vector<Sum> &getSums(mlir::Value value, const Pairs<Element> &pairs) {
    std::vector<Sum> &sums = values[value];
    sums.resize(pairs.rows * pairs.columns);
    return sums;
  }

  void runModular(ModularDotOp dot, const Pairs<Element> &pairs) {
    // The narrow type is for speed.
    if (int64_t(dot.getModulus()) <= INT16_MAX)
      multiplyResidues<int16_t>(dot, pairs);
    else
      multiplyResidues<int32_t>(dot, pairs);
  }

  /// Forward conversion of both operands, then products and sums of residues.
  template <typename Residue>
  void multiplyResidues(ModularDotOp dot, const Pairs<Element> &pairs) {
    int64_t modulus = dot.getModulus();
    auto convert = [&](const Element *from, int64_t count) {
      std::vector<Residue> residues(count);
      for (int64_t i = 0; i < count; ++i)
        residues[i] = Residue(floorMod(int64_t(from[i]), modulus));
      return residues;
    };
    std::vector<Residue> lhs = convert(pairs.lhs, pairs.rows * pairs.length);
    std::vector<Residue> rhs = convert(pairs.rhs, pairs.columns * pairs.length);
    Pairs<Residue> residues{lhs.data(), rhs.data(), pairs.rows, pairs.columns,
                            pairs.length};
    std::vector<Sum> &sums = getSums(dot.getResult(), pairs);
    if (pairs.length * (modulus - 1) * (modulus - 1) <= INT32_MAX) {
      multiply(residues, sums.data());
      for (Sum &sum : sums)
        sum = Sum(uint32_t(sum) % uint32_t(modulus));
      return;
    }
    std::vector<int64_t> wide(sums.size());
    multiply(residues, wide.data());
    for (auto [sum, value] : llvm::zip_equal(sums, wide))
      sum = Sum(value % modulus);
  }

  void runReverse(ReverseConvertOp convert, const Pairs<Element> &pairs) {
    int64_t product = 1;
    for (int64_t modulus : convert.getModuli())
      product *= modulus;
    // At most 15 weights below the product, times residues of 16 bits.
    if (product <= int64_t(1) << 40)
      reconstruct<uint64_t>(convert, product, pairs);
    else
      reconstruct<unsigned __int128>(convert, product, pairs);
  }

  /// x = sum of r_i * (P / m_i) * ((P / m_i)^-1 mod m_i), modulo P, moved into
  /// the signed range.
  template <typename Total>
  void reconstruct(ReverseConvertOp convert, int64_t product,
                   const Pairs<Element> &pairs) {
    std::vector<Total> totals(pairs.rows * pairs.columns, 0);
    for (auto [residue, modulus] :
         llvm::zip_equal(convert.getResidues(), convert.getModuli())) {
      int64_t others = product / modulus, inverse = 1;
      while (floorMod(others % modulus * inverse, modulus) != 1 % modulus)
        ++inverse;
      Total weight = Total(others) * Total(inverse) % Total(product);
      for (auto [total, value] : llvm::zip_equal(totals, values[residue]))
        total += weight * Total(value);
    }
    std::vector<Sum> &sums = getSums(convert.getResult(), pairs);
    int64_t range = (product - 1) / 2;
    for (auto [sum, total] : llvm::zip_equal(sums, totals)) {
      auto x = int64_t(total % Total(product));
      sum = Sum(x > range ? x - product : x);
    }
  }

  mlir::Region &body;
  /// Results of the operations of the region, one element per pair.
  llvm::DenseMap<mlir::Value, std::vector<Sum>> values;
};

} // namespace photonic::phot

#endif // PHOTONIC_LIB_DIALECT_PHOTONIC_IR_PASSINTERPRETER_H
