//===- NNEvaluateReduction.cpp - Reference of reductions and softmax ------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/IR/NN.h"
#include "photonic/Interpreter/Arithmetic.h"
#include "phx/support/Math.h"
#include <vector>

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;
using interp::Tensor;
using Operands = MutableArrayRef<interp::Value>;
using Results = SmallVectorImpl<interp::Value>;

/// Offsets of all elements of a sub-shape, row major. `dims` are dimensions of
/// a tensor of shape `shape`.
static std::vector<int64_t> getOffsets(ArrayRef<int64_t> shape,
                                       ArrayRef<int64_t> dims) {
  SmallVector<int64_t> strides = interp::getStrides(shape);
  std::vector<int64_t> offsets = {0};
  for (int64_t d : dims) {
    std::vector<int64_t> longer;
    longer.reserve(offsets.size() * shape[d]);
    for (int64_t offset : offsets)
      for (int64_t i = 0; i < shape[d]; ++i)
        longer.push_back(offset + i * strides[d]);
    offsets = std::move(longer);
  }
  return offsets;
}

static SmallVector<int64_t> getOtherDims(int64_t rank, ArrayRef<int64_t> dims) {
  SmallVector<int64_t> others;
  for (int64_t d = 0; d < rank; ++d)
    if (!llvm::is_contained(dims, d))
      others.push_back(d);
  return others;
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

/// One set of elements of a tensor: element i is at start[offsets[i]].
struct Elements {
  const float *start;
  ArrayRef<int64_t> offsets;
  size_t size() const { return offsets.size(); }
  float operator[](size_t i) const { return start[offsets[i]]; }
};

static float getSum(const Elements &elements) {
  interp::LaneSum sum;
  for (size_t i = 0; i < elements.size(); ++i)
    sum.add(i, elements[i]);
  return sum.get();
}

static float getMaximum(const Elements &elements) {
  float best = elements[0];
  for (size_t i = 1; i < elements.size(); ++i)
    best = interp::keepMaximum(best, elements[i]);
  return best;
}

template <typename Op, typename Fn>
static LogicalResult reduce(Op op, Operands operands, Results &results, Fn fn) {
  const Tensor &x = operands[0].getTensor();
  std::vector<int64_t> inner = getOffsets(x.getShape(), op.getAxes());
  std::vector<int64_t> outer =
      getOffsets(x.getShape(), getOtherDims(x.getRank(), op.getAxes()));
  Tensor y = Tensor::uninitialized(op.getType().getShape());
  for (auto [result, offset] : llvm::zip_equal(y.getMutableData(), outer))
    result = fn(Elements{x.data() + offset, inner});
  results.push_back(std::move(y));
  return success();
}

LogicalResult ReduceSumOp::evaluate(Operands operands, Results &results) {
  return reduce(*this, operands, results, getSum);
}

LogicalResult ReduceMeanOp::evaluate(Operands operands, Results &results) {
  return reduce(*this, operands, results, [](const Elements &elements) {
    return getSum(elements) / float(elements.size());
  });
}

LogicalResult ReduceMaxOp::evaluate(Operands operands, Results &results) {
  return reduce(*this, operands, results, getMaximum);
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

/// Replaces x by finish(x - maximum, sum of exp(x - maximum)) along an axis.
template <typename Fn>
static LogicalResult mapAxis(int64_t axis, Operands operands, Results &results,
                             Fn finish) {
  Tensor x = std::move(operands[0].getTensor());
  std::vector<int64_t> inner = getOffsets(x.getShape(), axis);
  std::vector<int64_t> outer =
      getOffsets(x.getShape(), getOtherDims(x.getRank(), axis));
  float *data = x.getMutableData().data();
  for (int64_t offset : outer) {
    float maximum = getMaximum({data + offset, inner});
    interp::LaneSum sum;
    for (auto [i, step] : llvm::enumerate(inner)) {
      float &element = data[offset + step];
      element = element - maximum;
      sum.add(i, phx::expF32(element));
    }
    for (int64_t step : inner)
      data[offset + step] = finish(data[offset + step], sum.get());
  }
  results.push_back(std::move(x));
  return success();
}

LogicalResult SoftmaxOp::evaluate(Operands operands, Results &results) {
  return mapAxis(getAxis(), operands, results, [](float shifted, float sum) {
    return phx::expF32(shifted) / sum;
  });
}

LogicalResult LogSoftmaxOp::evaluate(Operands operands, Results &results) {
  return mapAxis(getAxis(), operands, results, [](float shifted, float sum) {
    return shifted - phx::logF32(sum);
  });
}
