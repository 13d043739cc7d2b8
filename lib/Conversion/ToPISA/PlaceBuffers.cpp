//===- PlaceBuffers.cpp - How many chunks are on chip at once -------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ChunkRemarks.h"
#include "ScheduledFunction.h"

#include "photonic/Dialect/PISA/Transforms/Passes.h"

using namespace mlir;
using namespace photonic;

namespace photonic::pisa {
#define GEN_PASS_DEF_PLACEBUFFERS
#include "photonic/Dialect/PISA/Transforms/PISAPasses.h.inc"
} // namespace photonic::pisa

namespace {
struct PlaceBuffers final : pisa::impl::PlaceBuffersBase<PlaceBuffers> {
  using Base::Base;
  void runOnOperation() override;
};
} // namespace

static LogicalResult placeForProduct(phot::FusedOp op) {
  FailureOr<FusedProduct> product = FusedProduct::get(op);
  if (failed(product))
    return failure();
  FailureOr<ProductChunks> chunks = ProductChunks::get(*product);
  if (failed(chunks))
    return failure();
  ProductBuffers buffers = chunks->getUsualBuffers();
  op.setBuffersAttr(phot::BuffersAttr::get(op.getContext(), buffers.first,
                                           buffers.second, std::nullopt,
                                           buffers.result));
  reportBuffers(*product, *chunks, buffers);
  return success();
}

static LogicalResult placeForUnits(phot::FusedOp op) {
  FailureOr<DigitalChunks> chunks = DigitalChunks::getCut(op);
  if (failed(chunks))
    return failure();
  op.setBuffersAttr(phot::BuffersAttr::get(op.getContext(), std::nullopt,
                                           std::nullopt, chunks->operands,
                                           chunks->result));
  reportBuffers(*chunks);
  return success();
}

void PlaceBuffers::runOnOperation() {
  func::FuncOp func = getOperation();
  if (failed(checkHierarchy(func, getArgument())) ||
      failed(phot::verifyTiled(func, /*fused=*/true)))
    return signalPassFailure();
  for (auto op : func.getOps<phot::FusedOp>())
    if (!op.getBuffers() &&
        failed(getArrayProduct(op) ? placeForProduct(op) : placeForUnits(op)))
      return signalPassFailure();
}
