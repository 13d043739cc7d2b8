//===- FoldReduction.cpp - Reductions of constants ------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Fold.h"
#include "photonic/Interpreter/Arithmetic.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;
using ::onnx::TensorProto;

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

template <typename C> static C getSum(ArrayRef<C> elements) {
  if constexpr (std::is_same_v<C, float>) {
    // The order in which nn adds.
    interp::LaneSum sum;
    for (auto [i, element] : llvm::enumerate(elements))
      sum.add(i, element);
    return sum.get();
  }
  C sum = C();
  for (C element : elements)
    sum = addElements(sum, element);
  return sum;
}

template <typename C> static C getProduct(ArrayRef<C> elements) {
  C product = C(1);
  for (C element : elements)
    product = multiplyElements(product, element);
  return product;
}

template <typename C, bool largest>
static C getExtreme(ArrayRef<C> elements) {
  using Limits = std::numeric_limits<C>;
  // What ONNX calls the extreme of nothing.
  if (elements.empty()) {
    if constexpr (std::is_floating_point_v<C>)
      return largest ? -Limits::infinity() : Limits::infinity();
    return largest ? Limits::lowest() : Limits::max();
  }
  C best = elements.front();
  for (C element : elements.drop_front())
    best = largest ? getMaximum(best, element) : getMinimum(best, element);
  return best;
}

template <typename C> static C getMean(ArrayRef<C> elements) {
  // The number of elements need not be a value of C.
  if constexpr (std::is_floating_point_v<C>)
    return getSum(elements) / C(elements.size());
  else if constexpr (std::is_signed_v<C>)
    return C(int64_t(getSum(elements)) / int64_t(elements.size()));
  else
    return C(uint64_t(getSum(elements)) / uint64_t(elements.size()));
}

template <typename C> using ReduceFn = C (*)(ArrayRef<C>);

/// Null if the operator is not defined on elements that are computed in C.
template <typename C> static ReduceFn<C> findReduction(StringRef op) {
  if constexpr (std::is_same_v<C, bool>)
    return llvm::StringSwitch<ReduceFn<C>>(op)
        .Case("ReduceMax", getExtreme<C, true>)
        .Case("ReduceMin", getExtreme<C, false>)
        .Default(nullptr);
  else
    return llvm::StringSwitch<ReduceFn<C>>(op)
        .Case("ReduceMax", getExtreme<C, true>)
        .Case("ReduceMean", getMean<C>)
        .Case("ReduceMin", getExtreme<C, false>)
        .Case("ReduceProd", getProduct<C>)
        .Case("ReduceSum", getSum<C>)
        .Default(nullptr);
}

/// Reduces rows of `count` elements to one each.
template <typename T>
static void reduceRows(const Constant &rows, int64_t count,
                       ReduceFn<ComputeType<T>> function, Constant &result) {
  using C = ComputeType<T>;
  SmallVector<C> row(count);
  ArrayRef<T> elements = rows.getElements<T>();
  for (auto [i, target] : llvm::enumerate(result.getMutable<T>())) {
    llvm::transform(elements.slice(i * count, count), row.begin(),
                    [](T x) { return convertElement<C>(x); });
    target = convertElement<T>(function(row));
  }
}

namespace {
/// How a tensor is read so that each row holds what becomes one element.
struct ReductionRows {
  Shape sizes, steps; ///< of the view, reduced dimensions last
  Shape kept;         ///< shape of the result
  int64_t count = 1;  ///< elements in a row

  ReductionRows(ArrayRef<int64_t> shape, ArrayRef<int64_t> axes,
                bool keepdims) {
    Shape strides = getRowMajorStrides(shape);
    for (int64_t d = 0; d < int64_t(shape.size()); ++d) {
      bool reduced = llvm::is_contained(axes, d);
      if (!reduced) {
        sizes.push_back(shape[d]);
        steps.push_back(strides[d]);
      }
      if (!reduced || keepdims)
        kept.push_back(reduced ? 1 : shape[d]);
    }
    for (int64_t d : axes) {
      sizes.push_back(shape[d]);
      steps.push_back(strides[d]);
      count *= shape[d];
    }
  }
};
} // namespace

LogicalResult importer::foldReduce(NodeImporter &node) {
  const std::shared_ptr<Constant> &input = node.getConstant(0);
  FailureOr<Shape> axes = getReducedAxes(node, input->shape.size());
  if (failed(axes))
    return failure();
  ReductionRows rows(input->shape, *axes,
                     node.getNode().getInt("keepdims", 1) != 0);
  StringRef op = node.getNode().getOpType();
  if (rows.count == 0 && op == "ReduceMean")
    return node.fail("expected elements to average, got the " +
                     input->describe());
  std::shared_ptr<Constant> view = readView(*input, 0, rows.sizes, rows.steps);
  auto result = Constant::allocate(input->elementType, rows.kept);
  bool defined = visitElementType(input->elementType, [&](auto tag) {
    using T = decltype(tag);
    auto function = findReduction<ComputeType<T>>(op);
    if (function)
      reduceRows<T>(*view, rows.count, function, *result);
    return function != nullptr;
  });
  if (!defined)
    return node.fail("expected numbers to reduce, got the " +
                     input->describe());
  return node.setResult(result);
}

//===----------------------------------------------------------------------===//
// CumSum
//===----------------------------------------------------------------------===//

/// Sums along `step` in both directions, from the first or last of `extent`
/// elements on.
template <typename T>
static void sumLine(const T *source, T *target, int64_t extent, int64_t step,
                    bool exclusive, bool reverse) {
  using C = ComputeType<T>;
  T sum = T();
  for (int64_t i = 0; i < extent; ++i) {
    int64_t position = (reverse ? extent - 1 - i : i) * step;
    T before = sum;
    sum = convertElement<T>(addElements(convertElement<C>(sum),
                                        convertElement<C>(source[position])));
    target[position] = exclusive ? before : sum;
  }
}

LogicalResult importer::foldCumSum(NodeImporter &node) {
  const std::shared_ptr<Constant> &input = node.getConstant(0);
  FailureOr<int64_t> given = node.getInteger(1, "axis");
  if (failed(given))
    return failure();
  FailureOr<int64_t> axis = node.normalizeAxis(*given, input->shape.size());
  if (failed(axis))
    return failure();
  if (input->elementType == TensorProto::BOOL)
    return node.fail("expected numbers to add, got the " + input->describe());
  bool exclusive = node.getNode().getInt("exclusive", 0) != 0;
  bool reverse = node.getNode().getInt("reverse", 0) != 0;
  int64_t extent = input->shape[*axis];
  Shape strides = getRowMajorStrides(input->shape), starts = input->shape;
  starts[*axis] = extent == 0 ? 0 : 1;
  auto result = Constant::allocate(input->elementType, input->shape);
  visitElementType(input->elementType, [&](auto tag) {
    using T = decltype(tag);
    if constexpr (!std::is_same_v<T, bool>)
      forEachIndex(starts, [&](ArrayRef<int64_t> index, int64_t) {
        int64_t offset = 0;
        for (auto [i, stride] : llvm::zip_equal(index, strides))
          offset += i * stride;
        sumLine(input->getElements<T>().data() + offset,
                result->getMutable<T>().data() + offset, extent,
                strides[*axis], exclusive, reverse);
      });
  });
  return node.setResult(result);
}
