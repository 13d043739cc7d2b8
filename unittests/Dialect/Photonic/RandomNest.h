//===- RandomNest.h - Nests of tiles drawn at random ------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Loops around a tile, and what they compute by going through all of their
// iterations.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_DIALECT_PHOTONIC_RANDOMNEST_H
#define PHOTONIC_UNITTESTS_DIALECT_PHOTONIC_RANDOMNEST_H

#include "RandomProduct.h"

#include <functional>
#include <optional>

namespace photonic::oracle {

/// One loop of a nest: iteration i adds i * weight to a coordinate.
struct NestLoop {
  unsigned dim = Group;
  int64_t trips = 1, weight = 1;
  int64_t startWeight = 0; ///< the same of `start`
  /// How the loop is written: its counter is lower + i * step, and it ends
  /// `slack` behind the last value.
  int64_t lower = 0, step = 1, slack = 1;
};

struct Nest {
  std::vector<NestLoop> loops;          ///< outermost first
  std::array<int64_t, numDims> bases{}; ///< of coordinates
  std::array<int64_t, 3> sizes{1, 1, 1};
  bool secondStays = false;
  std::optional<int64_t> start;       ///< its base, if there is one
  bool isEmpty = false;               ///< starts from tensor.empty
  int64_t overBegin = 0, overEnd = 1; ///< loops that are dealt to arrays
  /// Bounds of loops are constants in front of the nest, not of the loop.
  bool hoists = false;

  using Tile = std::array<int64_t, numDims>;
  /// Calls `visit` with each tile and the value of `start`, in order.
  void visit(std::function<void(const Tile &, int64_t)> callback) const;
};

/// What a nest computes of a product, found tile by tile.
struct NestFacts {
  bool covers = true; ///< each tile of the product once, and nothing else
  /// The terms of each (group, m, n) come in order: positions descending,
  /// contraction ascending.
  bool isOrdered = true;
  /// The terms of each element of the result come in order, whatever rows and
  /// columns they are of.
  bool meetsInOrder = true;
  /// Every element starts from +0, before its first term.
  bool starts = true;

  bool isRight() const { return covers && isOrdered && meetsInOrder && starts; }
};
NestFacts examine(const ViewProduct &product, const Nest &nest);

/// Draws nests of one product.
class NestGenerator {
public:
  /// `rows`: of the operand that stays, at most or, with `isFull`, in each
  /// tile.
  NestGenerator(Random &random, const ViewProduct &product, int64_t rows,
                bool isFull = false);

  /// A nest that computes the product.
  Nest makeRight();
  /// A nest that may have a mistake or several.
  Nest makeAny();

private:
  void addLoops(Nest &nest, unsigned dim, int64_t size);
  void drawOrder(Nest &nest);
  void drawStart(Nest &nest);
  void drawSpelling(Nest &nest);
  Nest tryNest();
  void spoil(Nest &nest);

  Random &random;
  const ViewProduct &product;
  int64_t rows;
  bool isFull;
};

} // namespace photonic::oracle

#endif // PHOTONIC_UNITTESTS_DIALECT_PHOTONIC_RANDOMNEST_H
