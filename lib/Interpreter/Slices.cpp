//===- Slices.cpp - Slices of tensors -------------------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Slices.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::interp;
using IValue = photonic::interp::Value;

bool interp::isSlice(Operation &op) {
  return isa<tensor::EmptyOp, tensor::ExtractSliceOp, tensor::InsertSliceOp>(
      op);
}

/// The numbers behind static and dynamic offsets, sizes or strides.
static SmallVector<int64_t> resolve(ArrayRef<OpFoldResult> mixed, Operation &op,
                                    ArrayRef<IValue> operands) {
  SmallVector<int64_t> numbers;
  for (OpFoldResult entry : mixed) {
    if (auto attribute = dyn_cast<Attribute>(entry)) {
      numbers.push_back(cast<IntegerAttr>(attribute).getInt());
      continue;
    }
    auto operand = llvm::find(op.getOperands(), cast<mlir::Value>(entry));
    numbers.push_back(operands[operand - op.getOperands().begin()].getIndex());
  }
  return numbers;
}

namespace {
/// Where a slice lies in the whole tensor; sizes and strides without dropped
/// dimensions.
struct Placement {
  int64_t offset = 0;
  SmallVector<int64_t> sizes, strides;
};
} // namespace

template <typename SliceOp>
static FailureOr<Placement> getRegion(SliceOp op, const Tensor &whole,
                                      ArrayRef<IValue> operands) {
  Operation &operation = *op.getOperation();
  auto offsets = resolve(op.getMixedOffsets(), operation, operands);
  auto sizes = resolve(op.getMixedSizes(), operation, operands);
  auto steps = resolve(op.getMixedStrides(), operation, operands);
  SmallVector<int64_t> strides = getStrides(whole.getShape());
  llvm::SmallBitVector dropped = op.getDroppedDims();
  Placement region;
  for (int64_t d = 0; d < whole.getRank(); ++d) {
    int64_t last = offsets[d] + (sizes[d] - 1) * steps[d];
    if (sizes[d] > 0 && (offsets[d] < 0 || last < 0 || last >= whole.getDim(d)))
      return op.emitOpError()
             << "elements " << offsets[d] << " to " << last << " of dimension "
             << d << " leave tensor<" << whole.getTypeString() << ">";
    region.offset += offsets[d] * strides[d];
    if (dropped.test(d))
      continue;
    region.sizes.push_back(sizes[d]);
    region.strides.push_back(strides[d] * steps[d]);
  }
  return region;
}

static LogicalResult runExtract(tensor::ExtractSliceOp op,
                                ArrayRef<IValue> operands,
                                SmallVectorImpl<IValue> &results) {
  const Tensor &whole = operands[0].getTensor();
  FailureOr<Placement> region = getRegion(op, whole, operands);
  if (failed(region))
    return failure();
  Tensor part = Tensor::uninitialized(region->sizes);
  copyStrided(region->sizes, part.getMutableData().data(),
              getStrides(region->sizes), whole.data() + region->offset,
              region->strides);
  results.push_back(std::move(part));
  return success();
}

static LogicalResult runInsert(tensor::InsertSliceOp op,
                               MutableArrayRef<IValue> operands,
                               SmallVectorImpl<IValue> &results) {
  const Tensor &part = operands[0].getTensor();
  Tensor whole = std::move(operands[1].getTensor());
  FailureOr<Placement> region = getRegion(op, whole, operands);
  if (failed(region))
    return failure();
  if (part.getShape() != ArrayRef(region->sizes))
    return op.emitOpError()
           << "inserts tensor<" << part.getTypeString()
           << "> where its sizes say [" << region->sizes << "]";
  copyStrided(region->sizes, whole.getMutableData().data() + region->offset,
              region->strides, part.data(), getStrides(part.getShape()));
  results.push_back(std::move(whole));
  return success();
}

LogicalResult interp::runSlice(Operation &op, MutableArrayRef<IValue> operands,
                               SmallVectorImpl<IValue> &results) {
  if (auto extract = dyn_cast<tensor::ExtractSliceOp>(op))
    return runExtract(extract, operands, results);
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
    return runInsert(insert, operands, results);
  auto empty = cast<tensor::EmptyOp>(op);
  // Zeros, so that a result never depends on what memory held before.
  results.push_back(
      Tensor::zeros(resolve(empty.getMixedSizes(), op, operands)));
  return success();
}
