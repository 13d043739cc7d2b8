//===- Difference.h - How far values are apart ---------------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_DRIVER_DIFFERENCE_H
#define PHOTONIC_LIB_DRIVER_DIFFERENCE_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/ArrayRef.h"

#include <cmath>

namespace photonic {

/// How far one value is from another. A NaN is equal to every NaN: which one an
/// operation passes on carries no meaning. Of other values that are not finite
/// only equal ones are as good as equal numbers.
struct Difference {
  size_t differing = 0; ///< elements that are not bit-equal and not both NaN
  size_t first = 0;     ///< the first of them
  double largest = 0;   ///< largest absolute difference, infinite where one
                        ///< value is NaN or an infinity and the other is not
  double signal = 0, noise = 0; ///< noise is infinite where `largest` is

  /// Signal-to-noise ratio in dB.
  double getRatio() const { return 10 * std::log10(signal / noise); }
};

/// Both have as many elements.
Difference compareValues(llvm::ArrayRef<float> expected,
                         llvm::ArrayRef<float> actual);

/// Begins an error at the ONNX node `node`.
inline mlir::InFlightDiagnostic emitNodeError(mlir::MLIRContext *context,
                                              llvm::StringRef node) {
  return mlir::emitError(
      mlir::NameLoc::get(mlir::StringAttr::get(context, node)));
}

} // namespace photonic

#endif // PHOTONIC_LIB_DRIVER_DIFFERENCE_H
