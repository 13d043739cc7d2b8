//===- ViewUtils.h - Views of tests as attributes ---------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_DIALECT_PHOTONIC_VIEWUTILS_H
#define PHOTONIC_UNITTESTS_DIALECT_PHOTONIC_VIEWUTILS_H

#include "ViewOracle.h"

#include "photonic/Dialect/Photonic/IR/Photonic.h"

#include <functional>

namespace photonic {

using ViewDigits = llvm::SmallVector<phot::ViewDigit>;

inline ViewDigits getDigits(const oracle::Digits &digits) {
  ViewDigits list;
  for (const oracle::Digit &digit : digits)
    list.push_back({digit.radix, digit.dim, digit.step});
  return list;
}

inline phot::ViewAttr getView(mlir::MLIRContext *context,
                              const oracle::View &view) {
  return phot::ViewAttr::get(
      context, getDigits(view.digits[0]), getDigits(view.digits[1]),
      getDigits(view.digits[2]), getDigits(view.digits[3]), view.offsets);
}

/// Calls `visit` with each place of `view`, columns the fastest.
inline void forEachPlace(const oracle::View &view,
                         std::function<void(const oracle::Place &)> visit) {
  oracle::Place p;
  for (p[0] = 0; p[0] < view.count(0); ++p[0])
    for (p[1] = 0; p[1] < view.count(1); ++p[1])
      for (p[2] = 0; p[2] < view.count(2); ++p[2])
        for (p[3] = 0; p[3] < view.count(3); ++p[3])
          visit(p);
}

} // namespace photonic

#endif // PHOTONIC_UNITTESTS_DIALECT_PHOTONIC_VIEWUTILS_H
