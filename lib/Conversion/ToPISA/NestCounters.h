//===- NestCounters.h - The loops that a nest becomes -----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_CONVERSION_TOPISA_NESTCOUNTERS_H
#define PHOTONIC_LIB_CONVERSION_TOPISA_NESTCOUNTERS_H

#include "ProductNest.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>

namespace photonic {

/// How a term is cut into passes.
struct Passes {
  int64_t term, columns;
  int64_t perTerm; ///< passes of one term

  Passes(int64_t term, int64_t columns)
      : term(term), columns(std::min(columns, term)),
        perTerm(static_cast<int64_t>(llvm::divideCeil(term, this->columns))) {}

  /// Passes of a term that are not equally long: the last one of each is
  /// shorter.
  bool isUneven() const { return term % columns != 0; }
};

/// The loops of a nest with those of the passes of a term, and how they are
/// dealt to arrays.
class NestCounters {
public:
  NestCounters(const NestBlock &block, const NestOptions &options);

  /// What keeps a program from saying what the nest does, in `depth` further
  /// loops; none if nothing does. `result`: the view of the product's result.
  std::optional<std::string> findProblem(const phot::ViewAttr &result,
                                         unsigned depth) const;

protected:
  /// A loop of the nest, of tiles or of the passes of a tile's term.
  struct Counter : NestLoop {
    bool isPass = false;
    /// In the number that is dealt to arrays: iterations from one value to the
    /// next; elsewhere the number of a loop of the program.
    bool isDealt = false, isOutermost = false;
    int64_t step = 1;
    uint8_t loop = 0;
  };

  bool hasLoop(phot::TileDim dim) const {
    return llvm::any_of(
        counters, [&](const Counter &counter) { return counter.dim == dim; });
  }

  const NestBlock &block;
  const NestOptions &o;
  bool first; ///< the first operand stays
  Passes passes;
  llvm::SmallVector<Counter, 8> counters; ///< outermost first
  size_t dealtBegin, dealtEnd;
  int64_t tiles = 1; ///< that are dealt at a time

private:
  void addPasses();
  void numberDealt();
  bool keepsOrder(const phot::ViewAttr &result) const;
};

} // namespace photonic

#endif // PHOTONIC_LIB_CONVERSION_TOPISA_NESTCOUNTERS_H
