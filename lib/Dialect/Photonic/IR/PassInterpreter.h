//===- PassInterpreter.h - What the region of a product computes *- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_DIALECT_PHOTONIC_IR_PASSINTERPRETER_H
#define PHOTONIC_LIB_DIALECT_PHOTONIC_IR_PASSINTERPRETER_H

#include "photonic/Dialect/Photonic/IR/Photonic.h"

namespace photonic::phot {

/// Interprets the region of a product over blocks of pairs of vectors, one
/// operation after the other.
template <typename Element, typename Sum> class PassInterpreter {
public:
  explicit PassInterpreter(mlir::Region &body) : body(body) {}

  /// The yielded sum of each pair, valid until the next call.
  llvm::ArrayRef<Sum> run(const Pairs<Element> &pairs) {
    values.start(pairs);
    for (mlir::Operation &op : body.front().without_terminator())
      cast<PassOpInterface>(op).evaluate(&values);
    return values.get(
        cast<YieldOp>(body.front().getTerminator()).getOperand(0));
  }

private:
  mlir::Region &body;
  PassValues<Element, Sum> values;
};

} // namespace photonic::phot

#endif // PHOTONIC_LIB_DIALECT_PHOTONIC_IR_PASSINTERPRETER_H
