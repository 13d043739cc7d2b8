//===- ViewDigit.h - A digit of an index of a view --------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PHOTONIC_IR_VIEWDIGIT_H
#define PHOTONIC_DIALECT_PHOTONIC_IR_VIEWDIGIT_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/Hashing.h"

#include <cstdint>

namespace photonic::phot {

/// One digit of an index, see `#photonic.view`: each of its `radix` values
/// moves the coordinate along dimension `dim` by `step`.
struct ViewDigit {
  int64_t radix = 1;
  int64_t dim = 0;
  int64_t step = 1;
  friend bool operator==(const ViewDigit &, const ViewDigit &) = default;
  friend llvm::hash_code hash_value(const ViewDigit &digit) {
    return llvm::hash_combine(digit.radix, digit.dim, digit.step);
  }
};

/// Values of an index with these digits: the product of the radices.
inline int64_t countValues(llvm::ArrayRef<ViewDigit> digits) {
  int64_t values = 1;
  for (const ViewDigit &digit : digits)
    values *= digit.radix;
  return values;
}

} // namespace photonic::phot

#endif // PHOTONIC_DIALECT_PHOTONIC_IR_VIEWDIGIT_H
