//===- NestSums.h - How much the instructions of a nest do ------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With these the check of a machine class compares what instructions do with
// what the nests of their product say, without going through the iterations.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_NESTSUMS_H
#define PHX_ISA_NESTSUMS_H

#include "phx/isa/ProductNests.h"

#include <optional>
#include <vector>

namespace phx {

/// Boxes of iterations with equal counts that one product may fall into.
inline constexpr int64_t maxSumBoxes = int64_t(1) << 24;

/// What products and sums are cut to: of two of them 128 bits hold the sum.
inline constexpr Int mostSummed = Int(1) << 120;
/// Product of non-negative numbers, at most 2^120.
Int multiply(Int a, Int b);
/// Sum of numbers from 0 to 2^120, at most 2^120.
Int addUp(Int a, Int b);

/// Sum of the product of `counts`, fields of `instruction`, over the iterations
/// in `window` at which it runs. Each box takes one off `boxesLeft`; nothing if
/// they run out.
std::optional<Int> sumProducts(const LoopTree &tree, size_t instruction,
                               const Box &window,
                               std::vector<const Count *> counts,
                               int64_t &boxesLeft);

/// The iterations of one execution of `nest`: the counters of `part`, and all
/// of the loops inside.
Box getWindow(const LoopTree &tree, const ProductNest &nest,
              const NestPart &part);

} // namespace phx

#endif // PHX_ISA_NESTSUMS_H
