//===- BankDialect.cpp - Format and pass of weight banks ------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BankDialect.h"
#include "WeightBank.h"

#include "photonic/Dialect/Photonic/IR/ProductInfo.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace photonic;
using namespace photonic::bank;

#include "BankDialect.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "BankAttrs.cpp.inc"

#define GET_OP_CLASSES
#include "BankOps.cpp.inc"

void BankDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "BankAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "BankOps.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// The number format
//===----------------------------------------------------------------------===//

LogicalResult FixedAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                int64_t bits, int64_t fraction, int64_t group) {
  const std::tuple<const char *, int64_t, int64_t, int64_t> rules[] = {
      {"bits", bits, 2, 8},
      {"fraction", fraction, 0, 15},
      {"group", group, 1, 4096}};
  for (auto [name, value, low, high] : rules)
    if (value < low || value > high)
      return emitError() << "(C1) " << name << " must lie in [" << low << ", "
                         << high << "], got " << value;
  return success();
}

std::string FixedAttr::getFormatName() const {
  return ("fixed:" + Twine(getBits()) + ":" + Twine(getFraction()) + ":" +
          Twine(getGroup()))
      .str();
}

int64_t FixedAttr::getGroupLength() const { return getGroup(); }

int64_t FixedAttr::getMaxMagnitude() const {
  return (int64_t(1) << (getBits() - 1)) - 1;
}

Type FixedAttr::getElementType() const {
  return IntegerType::get(getContext(), 8);
}

bool FixedAttr::acceptsValue(float value) const { return std::isfinite(value); }

phx::TableOperation FixedAttr::encode() const {
  return phx::weightbank::Fixed{getBits(), getFraction(), getGroup()};
}

int32_t FixedAttr::convertGroup(ArrayRef<float> values, ArrayRef<float>,
                                MutableArrayRef<float> elements) const {
  float limit = float(getMaxMagnitude());
  // A power of two: the product is exact, or beyond the limit.
  float factor = float(1 << getFraction());
  for (auto [value, element] : llvm::zip_equal(values, elements)) {
    float rounded = std::rint(value * factor);
    element = rounded > limit ? limit : rounded < -limit ? -limit : rounded;
  }
  return -int32_t(getFraction());
}

//===----------------------------------------------------------------------===//
// A pass
//===----------------------------------------------------------------------===//

LogicalResult DotOp::verify() {
  if (failed(phot::verifyVectors(*this)))
    return failure();
  if (getLhs().getType().getElementType().isF32())
    return emitOpError("needs integers, got ") << getLhs().getType();
  return success();
}

/// Current, which no converter has read yet.
bool DotOp::isPartial() { return true; }

LogicalResult DotOp::encode(phx::OperationList &entries) {
  entries.push_back(phx::weightbank::Dot{});
  return success();
}

void DotOp::evaluate(phot::PassBlock block) {
  std::visit(
      [&](auto *values) {
        phot::multiply(values->getPairs(), values->create(getResult()).data());
      },
      block);
}

LogicalResult AdcOp::verify() {
  int64_t bits = getBits(), fullScale = getFullScale();
  if (bits < 1 || bits > 16) // C1
    return emitOpError("(C1) bits must lie in [1, 16], got ") << bits;
  int64_t codes = int64_t(1) << (bits - 1), limit = int64_t(1) << 18;
  if (fullScale < 1 || fullScale > limit || fullScale % codes != 0) // C2
    return emitOpError("(C2) full_scale must be a multiple of ")
           << codes << " in [1, " << limit << "], got " << fullScale;
  return success();
}

LogicalResult AdcOp::encode(phx::OperationList &entries) {
  entries.push_back(
      phx::weightbank::Adc{int64_t(getBits()), int64_t(getFullScale())});
  return success();
}

void AdcOp::evaluate(phot::PassBlock block) {
  double fullScale = double(getFullScale());
  double step = std::ldexp(fullScale, 1 - int(getBits()));
  std::visit(
      [&](auto *values) {
        values->map(getSum(), getResult(), [&](auto sum) {
          // Sums have far fewer than 53 bits, and so has the quotient that
          // could lie half-way.
          double readout = std::nearbyint(double(sum) / step) * step;
          readout = std::min(std::max(readout, -fullScale), fullScale - step);
          return decltype(sum)(readout);
        });
      },
      block);
}
