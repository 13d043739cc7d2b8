//===- ProductInfo.cpp - Extents and addressing of products --------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/IR/ProductInfo.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir;
using namespace photonic;
using namespace photonic::phot;

//===----------------------------------------------------------------------===//
// Extents
//===----------------------------------------------------------------------===//

template <typename OpTy> static ProductExtents getExtents(OpTy op) {
  ViewAttr lhs = op.getLhsView(), rhs = op.getRhsView();
  ViewAttr result = op.getResultView();
  return {result.getNumGroups(),
          std::max({lhs.getNumPositions(), rhs.getNumPositions(),
                    result.getNumPositions()}),
          lhs.getNumRows(), rhs.getNumRows(), lhs.getNumColumns()};
}

ProductExtents ProductExtents::get(ProductOp op) { return getExtents(op); }
ProductExtents ProductExtents::get(ArrayProductOp op) { return getExtents(op); }

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

Coordinates photonic::phot::getCoordinates(ArrayRef<ViewDigit> digits,
                                           int64_t index) {
  Coordinates coordinates{};
  for (const ViewDigit &digit : digits) {
    coordinates[digit.dim] += index % digit.radix * digit.step;
    index /= digit.radix;
  }
  return coordinates;
}

Coordinates photonic::phot::add(const Coordinates &a, const Coordinates &b) {
  Coordinates sum = a;
  for (size_t dim = 0; dim < sum.size(); ++dim)
    sum[dim] += b[dim];
  return sum;
}

ViewElements::ViewElements(ViewAttr view, ArrayRef<int64_t> shape)
    : view(view), shape(shape) {
  for (unsigned dim = 0; dim < shape.size(); ++dim)
    origin[dim] = view.getOffset(dim);
}

/// Digits on one dimension, by ascending step.
static SmallVector<ViewDigit> getSorted(ArrayRef<ArrayRef<ViewDigit>> lists,
                                        unsigned dim) {
  SmallVector<ViewDigit> digits;
  for (ArrayRef<ViewDigit> list : lists)
    for (const ViewDigit &digit : list)
      if (digit.dim == dim)
        digits.push_back(digit);
  llvm::stable_sort(digits, [](const ViewDigit &a, const ViewDigit &b) {
    return std::abs(a.step) < std::abs(b.step);
  });
  return digits;
}

bool photonic::phot::isInjective(ViewAttr result) {
  ArrayRef<ViewDigit> lists[] = {result.getGroups(), result.getRows(),
                                 result.getColumns()};
  for (unsigned dim = 0; dim < result.getNumDims(); ++dim) {
    int64_t reach = 0; // of the digits with smaller steps
    for (const ViewDigit &digit : getSorted(lists, dim)) {
      if (std::abs(digit.step) <= reach)
        return false;
      reach += (digit.radix - 1) * std::abs(digit.step);
    }
  }
  return true;
}

bool photonic::phot::shareDimension(ArrayRef<ViewDigit> first,
                                    ArrayRef<ViewDigit> second) {
  return llvm::any_of(first, [&](const ViewDigit &a) {
    return llvm::any_of(second,
                        [&](const ViewDigit &b) { return a.dim == b.dim; });
  });
}

bool photonic::phot::coversOnce(ViewAttr result, ArrayRef<int64_t> shape) {
  ArrayRef<ViewDigit> lists[] = {result.getGroups(), result.getPositions(),
                                 result.getRows(), result.getColumns()};
  for (unsigned dim = 0; dim < shape.size(); ++dim) {
    // Each digit goes on where the smaller ones end, from the first element to
    // the last.
    int64_t next = 1, first = result.getOffset(dim);
    for (const ViewDigit &digit : getSorted(lists, dim)) {
      if (std::abs(digit.step) != next)
        return false;
      if (digit.step < 0)
        first += (digit.radix - 1) * digit.step;
      next *= digit.radix;
    }
    if (first != 0 || next != shape[dim])
      return false;
  }
  return true;
}

bool photonic::phot::readsAll(ViewAttr view, ArrayRef<int64_t> shape) {
  ArrayRef<ViewDigit> lists[] = {view.getGroups(), view.getPositions(),
                                 view.getRows(), view.getColumns()};
  for (unsigned dim = 0; dim < shape.size(); ++dim) {
    // From `first` on without a gap.
    int64_t first = view.getOffset(dim), reach = 0;
    for (const ViewDigit &digit : getSorted(lists, dim)) {
      if (std::abs(digit.step) > reach + 1)
        return false;
      if (digit.step < 0)
        first += (digit.radix - 1) * digit.step;
      reach += (digit.radix - 1) * std::abs(digit.step);
    }
    if (first > 0 || first + reach < shape[dim] - 1)
      return false;
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Terms and passes
//===----------------------------------------------------------------------===//

int64_t photonic::phot::getTermLength(NumberFormatAttrInterface lhs,
                                      NumberFormatAttrInterface rhs) {
  return std::min(lhs.getGroupLength(), rhs.getGroupLength());
}

int64_t photonic::phot::getPassLength(Region &pass) {
  if (pass.empty() || pass.front().getNumArguments() == 0)
    return 0;
  return cast<VectorType>(pass.front().getArgument(0).getType()).getDimSize(0);
}

int64_t photonic::phot::countPasses(int64_t k, int64_t term, int64_t columns) {
  return k / term * llvm::divideCeilSigned(term, columns) +
         llvm::divideCeilSigned(k % term, columns);
}

TileCount photonic::phot::countTiles(const ProductExtents &extents,
                                     Stationary stationary, int64_t rows,
                                     int64_t columns, int64_t term) {
  bool first = stationary == Stationary::First;
  return {extents.groups * extents.positions *
              llvm::divideCeilSigned(first ? extents.m : extents.n, rows) *
              countPasses(extents.k, term, columns),
          first ? extents.n : extents.m};
}

int64_t photonic::phot::getSumBound(NumberFormatAttrInterface lhs,
                                    NumberFormatAttrInterface rhs,
                                    int64_t length) {
  return length * lhs.getMaxMagnitude() * rhs.getMaxMagnitude();
}

Type photonic::phot::getSumType(NumberFormatAttrInterface lhs,
                                NumberFormatAttrInterface rhs) {
  MLIRContext *context = lhs.getContext();
  if (!lhs.isInteger())
    return Float32Type::get(context);
  int64_t bound = getSumBound(lhs, rhs, getTermLength(lhs, rhs));
  bool isNarrow = bound <= std::numeric_limits<int32_t>::max();
  return IntegerType::get(context, isNarrow ? 32 : 64);
}

FailureOr<phx::OperationList> photonic::phot::encodeRegion(Region &region) {
  phx::OperationList entries;
  for (Operation &op : region.front().without_terminator())
    if (failed(cast<RegionOpInterface>(op).encode(entries)))
      return failure();
  return entries;
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

bool photonic::phot::isLayer(Operation *op) {
  return isa<nn::Conv2dOp, nn::Conv2dInputGradOp, nn::Conv2dWeightGradOp,
             nn::LinearOp, nn::LinearInputGradOp, nn::LinearWeightGradOp>(op);
}

StringRef photonic::phot::getNodeName(Location loc) {
  StringRef name;
  loc->walk([&](Location nested) {
    auto named = dyn_cast<NameLoc>(nested);
    if (!named)
      return WalkResult::advance();
    name = named.getName();
    return WalkResult::interrupt();
  });
  return name;
}
