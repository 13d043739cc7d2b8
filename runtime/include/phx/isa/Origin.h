//===- Origin.h - Where in a product an instruction begins ------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The origin of an array instruction is the element of the whole product where
// its work begins. What is drawn at random, for rounding or as noise, is
// numbered from there, so that neither tiles nor chunks change it. The
// description of an instruction says which of its fields are coordinates.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_ORIGIN_H
#define PHX_ISA_ORIGIN_H

#include "phx/isa/Program.h"

#include <vector>

namespace phx {

/// Coordinates that an instruction does not have are 0. Rows are those of the
/// stationary operand, vectors those of the streamed one; where the result
/// stays, those of the first and of the second operand.
struct Origin {
  int64_t group = 0, row = 0, contraction = 0, vector = 0;
  friend bool operator==(const Origin &, const Origin &) = default;
};

/// The origins of a program's instructions. The program must outlive it.
class Origins {
public:
  explicit Origins(const Program &program);

  /// Of an execution of instruction `pc`. Rows, contraction positions and
  /// vectors of an instruction count from where the part begins that its nest
  /// computes; groups are those of the product.
  Origin get(size_t pc, const Counters &counters) const;

private:
  const Program &program;
  std::vector<const ProductNest *> nests; ///< by instruction; null: in none
};

} // namespace phx

#endif // PHX_ISA_ORIGIN_H
