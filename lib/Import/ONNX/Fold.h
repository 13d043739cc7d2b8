//===- Fold.h - Operators evaluated while importing ----------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A node that reads constants alone is computed while the model is imported, in
// the element type that the model states: floats are rounded to it after every
// operator, integers wrap around.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_IMPORT_ONNX_FOLD_H
#define PHOTONIC_LIB_IMPORT_ONNX_FOLD_H

#include "NodeImporter.h"

namespace photonic::importer {

/// Defines the outputs of a node all of whose inputs are foldable constants, or
/// fails after it has said why.
using FoldFn = llvm::LogicalResult (*)(NodeImporter &);

/// How an operator of ai.onnx is computed on constants.
struct Folder {
  llvm::StringLiteral name;
  FoldFn fold;
  /// True if floats give floats by an operator that nn has as well. Weights are
  /// left to nn then.
  bool hasForm;
};

/// Null if the operator only ever moves elements, or is not known.
const Folder *findFolder(const Node &node);

#define PHOTONIC_ONNX_FOLDER(NAME)                                             \
  llvm::LogicalResult fold##NAME(NodeImporter &node)

// FoldElementwise.cpp
PHOTONIC_ONNX_FOLDER(Unary);
PHOTONIC_ONNX_FOLDER(Arithmetic);
PHOTONIC_ONNX_FOLDER(Comparison);
PHOTONIC_ONNX_FOLDER(Logic);
PHOTONIC_ONNX_FOLDER(Mod);
PHOTONIC_ONNX_FOLDER(Pow);
PHOTONIC_ONNX_FOLDER(Where);
// FoldCast.cpp
PHOTONIC_ONNX_FOLDER(Cast);
// FoldReduction.cpp
PHOTONIC_ONNX_FOLDER(Reduce);
PHOTONIC_ONNX_FOLDER(CumSum);
// FoldIndexing.cpp
PHOTONIC_ONNX_FOLDER(Gather);
PHOTONIC_ONNX_FOLDER(GatherElements);
PHOTONIC_ONNX_FOLDER(GatherND);
PHOTONIC_ONNX_FOLDER(ScatterElements);
PHOTONIC_ONNX_FOLDER(ScatterND);
PHOTONIC_ONNX_FOLDER(NonZero);
PHOTONIC_ONNX_FOLDER(OneHot);
// FoldLayout.cpp
PHOTONIC_ONNX_FOLDER(Tile);
PHOTONIC_ONNX_FOLDER(Trilu);
PHOTONIC_ONNX_FOLDER(EyeLike);

#undef PHOTONIC_ONNX_FOLDER

/// The elements converted as Cast does; null after an error.
std::shared_ptr<Constant> castElements(NodeImporter &node,
                                       const Constant &constant, int32_t to);

/// Fails if a constant of this shape is too large to be made here.
llvm::LogicalResult checkMadeShape(NodeImporter &node,
                                   llvm::ArrayRef<int64_t> shape);
/// The shape of an elementwise result, or an error.
llvm::FailureOr<Shape> broadcastMade(NodeImporter &node,
                                     llvm::ArrayRef<int64_t> a,
                                     llvm::ArrayRef<int64_t> b);

/// Sum, difference and product of integers wrap around.
template <typename C> C addElements(C a, C b) {
  if constexpr (std::is_floating_point_v<C>)
    return a + b;
  else
    return C(uint64_t(a) + uint64_t(b));
}
template <typename C> C multiplyElements(C a, C b) {
  if constexpr (std::is_floating_point_v<C>)
    return a * b;
  else
    return C(uint64_t(a) * uint64_t(b));
}
/// The first of equal elements; NaN if one is.
template <typename C> C getMaximum(C a, C b) { return b > a || b != b ? b : a; }
template <typename C> C getMinimum(C a, C b) { return b < a || b != b ? b : a; }

} // namespace photonic::importer

#endif // PHOTONIC_LIB_IMPORT_ONNX_FOLD_H
