//===- ProductNests.h - Which part of a product a nest computes -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_PRODUCTNESTS_H
#define PHX_ISA_PRODUCTNESTS_H

#include "phx/isa/LoopTree.h"

#include <array>
#include <vector>

namespace phx {

/// Executions of the nests of one product.
inline constexpr int64_t maxNestParts = int64_t(1) << 20;

/// What one execution of a nest computes: half-open ranges.
struct NestPart {
  Counters counters{}; ///< of the loops around the nest
  struct Extent {
    int64_t begin = 0, end = 0;
    int64_t size() const { return end - begin; }
    friend bool operator==(const Extent &, const Extent &) = default;
  };
  /// Groups, rows, columns, contraction positions.
  std::array<Extent, 4> extents;

  const Extent &groups() const { return extents[0]; }
  const Extent &rows() const { return extents[1]; }
  const Extent &columns() const { return extents[2]; }
  const Extent &contraction() const { return extents[3]; }
  bool isEmpty() const {
    for (const Extent &extent : extents)
      if (extent.size() <= 0)
        return true;
    return false;
  }
};

/// All executions of `nest`, whose range is a loop and whose fields are
/// checked, in their order. More than maxNestParts: none.
std::vector<NestPart> listParts(const LoopTree &tree, const ProductNest &nest);

/// "product 3: expected EXPECTED, found FOUND; ..." with what to do about an
/// edited nest.
Error failProduct(size_t product, const std::string &expected,
                  const std::string &found);
/// The same of a product of `program`, at one of its nests.
Error failNest(const Program &program, const ProductNest &nest,
               const std::string &expected, const std::string &found);

} // namespace phx

#endif // PHX_ISA_PRODUCTNESTS_H
