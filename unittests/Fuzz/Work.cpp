//===- Work.cpp - How long the interpreter would take ---------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FuzzCase.h"

#include "photonic/Dialect/Photonic/IR/Photonic.h"
#include "photonic/Dialect/Photonic/IR/ProductInfo.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace photonic;

static double countElements(Type type) {
  auto shaped = dyn_cast<ShapedType>(type);
  if (!shaped || !shaped.hasRank())
    return 1;
  double count = 1;
  for (int64_t extent : shaped.getShape())
    count *= std::abs(double(extent));
  return count;
}

/// How often loops around `op` execute it.
static double countRepetitions(Operation *op) {
  double count = 1;
  for (auto loop = op->getParentOfType<scf::ForOp>(); loop;
       loop = loop->getParentOfType<scf::ForOp>()) {
    auto lower = getConstantIntValue(loop.getLowerBound());
    auto upper = getConstantIntValue(loop.getUpperBound());
    auto step = getConstantIntValue(loop.getStep());
    if (!lower || !upper || !step || *step < 1)
      return std::numeric_limits<double>::infinity();
    double iterations = (double(*upper) - double(*lower)) / double(*step);
    count *= std::max(0.0, std::ceil(iterations));
  }
  return count;
}

static double multiply(ArrayRef<int64_t> values) {
  double product = 1;
  for (int64_t value : values)
    product *= std::abs(double(value));
  return product;
}

/// Steps for each element that goes in or out.
static double countSteps(Operation *op) {
  auto view = [&](phot::ViewAttr attribute) {
    double count = 1;
    for (ArrayRef<phot::ViewDigit> digits :
         {attribute.getGroups(), attribute.getPositions(), attribute.getRows(),
          attribute.getColumns()})
      for (const phot::ViewDigit &digit : digits)
        count *= double(digit.radix);
    return count;
  };
  if (auto product = dyn_cast<phot::ProductOp>(op))
    return view(product.getResultView()) +
           view(product.getLhsView()) * view(product.getRhsView());
  if (auto tile = dyn_cast<phot::ArrayProductOp>(op))
    return multiply(tile.getSizes());
  if (auto kernel = op->getAttrOfType<DenseI64ArrayAttr>("kernel"))
    return multiply(kernel.asArrayRef());
  if (phot::isLayer(op))
    return countElements(op->getOperand(1).getType());
  return 1;
}

double photonic::fuzz::estimateWork(ModuleOp module) {
  double work = 0;
  module.walk([&](Operation *op) {
    double elements = 1;
    for (Type type : op->getOperandTypes())
      elements += countElements(type);
    for (Type type : op->getResultTypes())
      elements += countElements(type);
    // What a product reads is in its steps.
    bool isProduct = isa<phot::ProductOp, phot::ArrayProductOp>(op);
    work +=
        (isProduct ? elements + countSteps(op) : elements * countSteps(op)) *
        countRepetitions(op);
  });
  return work;
}
