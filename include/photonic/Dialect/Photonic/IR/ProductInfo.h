//===- ProductInfo.h - Extents and addressing of products -------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What follows from the views, formats and regions of a product: extents,
// elements, terms, passes, ranges.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PHOTONIC_IR_PRODUCTINFO_H
#define PHOTONIC_DIALECT_PHOTONIC_IR_PRODUCTINFO_H

#include "photonic/Dialect/Photonic/IR/Photonic.h"

#include <array>

namespace photonic::phot {

//===----------------------------------------------------------------------===//
// Extents
//===----------------------------------------------------------------------===//

/// Extents of a product: groups * positions products (m x k)(k x n)^T.
struct ProductExtents {
  int64_t groups = 1, positions = 1;
  int64_t m = 1; ///< rows of the first operand
  int64_t n = 1; ///< rows of the second operand
  int64_t k = 1; ///< contraction positions

  /// Of the views of a verified operation.
  static ProductExtents get(ProductOp op);
  static ProductExtents get(ArrayProductOp op);

  /// Multiply-accumulate operations.
  int64_t getMacs() const { return groups * positions * m * n * k; }
};

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

/// Coordinates of an element of a tensor; as many as `#photonic.view` has
/// dimensions at most.
using Coordinates = std::array<int64_t, 8>;

/// What the digits of `index` add to the coordinates.
Coordinates getCoordinates(llvm::ArrayRef<ViewDigit> digits, int64_t index);

/// The elements of a tensor of `shape` that a view addresses.
class ViewElements {
public:
  ViewElements(ViewAttr view, llvm::ArrayRef<int64_t> shape);

  /// What an index adds to the coordinates; a view without it adds nothing.
  Coordinates getGroup(int64_t group) const {
    return getCoordinates(view.getGroups(), group);
  }
  Coordinates getPosition(int64_t position) const {
    return getCoordinates(view.getPositions(), position);
  }
  Coordinates getRow(int64_t row) const {
    return getCoordinates(view.getRows(), row);
  }
  Coordinates getColumn(int64_t column) const {
    return getCoordinates(view.getColumns(), column);
  }
  /// The offsets: what indices add to.
  const Coordinates &getOrigin() const { return origin; }

  /// The number of the element at the sum of `base` and `more`, -1 if it is
  /// outside of the tensor.
  int64_t locate(const Coordinates &base, const Coordinates &more) const {
    int64_t number = 0;
    for (size_t dim = 0; dim < shape.size(); ++dim) {
      int64_t coordinate = base[dim] + more[dim];
      if (coordinate < 0 || coordinate >= shape[dim])
        return -1;
      number = number * shape[dim] + coordinate;
    }
    return number;
  }

private:
  ViewAttr view;
  llvm::SmallVector<int64_t, 4> shape;
  Coordinates origin{};
};

/// a + b
Coordinates add(const Coordinates &a, const Coordinates &b);

/// Whether the elements at all (group, position, row, column) of a result are
/// all elements of a tensor of `shape`, each once.
bool coversOnce(ViewAttr result, llvm::ArrayRef<int64_t> shape);

/// Whether every element of a tensor of `shape` is at some (group, position,
/// row, column) of `view`.
bool readsAll(ViewAttr view, llvm::ArrayRef<int64_t> shape);

/// Whether no two (group, row, column) of one position address the same
/// element, as far as each digit steps beyond what those of smaller steps on
/// its dimension reach; others may be injective too, and are not known to be.
bool isInjective(ViewAttr result);

/// Whether digits of both lists move along one dimension.
bool shareDimension(llvm::ArrayRef<ViewDigit> first,
                    llvm::ArrayRef<ViewDigit> second);

//===----------------------------------------------------------------------===//
// Terms and passes
//===----------------------------------------------------------------------===//

/// Contraction positions of one term: the shorter of both groups.
int64_t getTermLength(NumberFormatAttrInterface lhs,
                      NumberFormatAttrInterface rhs);

/// Elements per operand that the region `pass` of a product takes; 0 if it is
/// empty.
int64_t getPassLength(mlir::Region &pass);

/// Passes along a contraction of `k` elements in terms of `term` on an array of
/// `columns` columns: a longer term takes several, a shorter one takes one of
/// its own.
int64_t countPasses(int64_t k, int64_t term, int64_t columns);

/// Number of array passes of a product and of vectors per pass.
struct TileCount {
  int64_t tiles = 0;  ///< groups * positions * blocks * passes
  int64_t stream = 0; ///< vectors streamed past each tile
};
/// `rows` and `columns` of the array, `term` elements per term.
TileCount countTiles(const ProductExtents &extents, Stationary stationary,
                     int64_t rows, int64_t columns, int64_t term);

/// Largest magnitude of a sum of `length` products, or 0 if the formats are not
/// integers.
int64_t getSumBound(NumberFormatAttrInterface lhs,
                    NumberFormatAttrInterface rhs, int64_t length);

/// Type of a sum of products over one term of two formats of the same kind:
/// f32, or the narrower of i32 and i64 that holds it.
mlir::Type getSumType(NumberFormatAttrInterface lhs,
                      NumberFormatAttrInterface rhs);

/// C1 and C3 of an operation of `pass` that multiplies: its two operands are
/// the arguments of the region, in order, and agree. Fails after a diagnostic.
llvm::LogicalResult verifyVectors(mlir::Operation *op);

/// The entry of a program's table that a region of a product is. Fails after a
/// diagnostic if that is nothing that arrays compute.
mlir::FailureOr<phx::OperationList> encodeRegion(mlir::Region &region);

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

/// True for the layers of nn, and their gradients, that are products:
/// `photonic-lower-products` replaces them.
bool isLayer(mlir::Operation *op);

/// Name of the ONNX node in a location: the first `NameLoc` in it, or empty.
llvm::StringRef getNodeName(mlir::Location loc);

} // namespace photonic::phot

#endif // PHOTONIC_DIALECT_PHOTONIC_IR_PRODUCTINFO_H
