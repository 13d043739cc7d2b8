//===- PhotonicAttrs.cpp - Number formats and arrays ---------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Verification of attributes and the conversions of the number formats, as the
// arithmetic contract states them. The runtime has its own implementation; the
// two are compared, not shared.
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/IR/Photonic.h"

#include "phx/isa/BaseOperations.h"
#include "phx/isa/Blocks.h"
#include "phx/isa/Limits.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <bit>
#include <cmath>

using namespace mlir;
using namespace photonic::phot;

//===----------------------------------------------------------------------===//
// Number formats
//===----------------------------------------------------------------------===//

/// `what` is in `limit`.
static LogicalResult verifyLimit(function_ref<InFlightDiagnostic()> emitError,
                                 StringRef what, int64_t value,
                                 phx::limits::Range limit) {
  if (limit.contains(value))
    return success();
  return emitError() << what << " must lie in [" << limit.low << ", "
                     << limit.high << "], got " << value;
}

static LogicalResult verifyGroup(function_ref<InFlightDiagnostic()> emitError,
                                 int64_t group) {
  return verifyLimit(emitError, "group length", group,
                     phx::limits::groupLength);
}

LogicalResult BfpAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                              int64_t mantissa, int64_t group, Rounding) {
  if (failed(verifyLimit(emitError, "mantissa bits", mantissa,
                         phx::limits::mantissaBits)))
    return failure();
  return verifyGroup(emitError, group);
}

std::string BfpAttr::getFormatName() const {
  return ("bfp:" + Twine(getMantissa()) + ":" + Twine(getGroup()) + ":" +
          stringifyRounding(getRounding()))
      .str();
}

int64_t BfpAttr::getGroupLength() const { return getGroup(); }

static phx::Rounding encodeRounding(Rounding rounding) {
  switch (rounding) {
  case Rounding::Trunc:
    return phx::Rounding::Truncate;
  case Rounding::Nearest:
    return phx::Rounding::Nearest;
  case Rounding::Stochastic:
    return phx::Rounding::Stochastic;
  }
  llvm_unreachable("covered switch");
}

phx::TableOperation BfpAttr::encode() const {
  return phx::Bfp{getMantissa(), getGroup(), encodeRounding(getRounding())};
}

int64_t BfpAttr::getMaxMagnitude() const {
  return phx::limits::getMaxMantissa(getMantissa());
}

Type BfpAttr::getElementType() const {
  return IntegerType::get(getContext(), getMantissa() <= 7 ? 8 : 16);
}

bool BfpAttr::acceptsValue(float value) const { return std::isfinite(value); }

/// Biased exponent of a binary32; 0 for zero and subnormals.
static int32_t getExponentField(float value) {
  return (std::bit_cast<uint32_t>(value) >> 23) & 0xff;
}

bool BfpAttr::needsUniforms() const {
  return getRounding() == Rounding::Stochastic;
}

/// A magnitude in units of the last mantissa bit, rounded. The sum of the
/// stochastic rounding is exact in binary64, or both it and the exact one lie
/// below 1: numbers of 24 bits with exponents between -30 and 14 meet multiples
/// of 2^-24 below 1.
static double roundMagnitude(Rounding rounding, double magnitude,
                             float uniform) {
  switch (rounding) {
  case Rounding::Trunc:
    return std::trunc(magnitude);
  case Rounding::Nearest:
    return std::nearbyint(magnitude);
  case Rounding::Stochastic:
    return std::trunc(magnitude + double(uniform));
  }
  llvm_unreachable("covered switch");
}

int32_t BfpAttr::convertGroup(ArrayRef<float> values, ArrayRef<float> uniforms,
                              MutableArrayRef<float> elements) const {
  int32_t field = 0;
  for (float value : values)
    field = std::max(field, getExponentField(value));
  if (field == 0) { // only zeros and subnormals
    std::fill(elements.begin(), elements.end(), 0.0f);
    return 0;
  }
  // An element times 2^-scale is exact in binary64: at most 24 bits, and the
  // exponent stays far from the limits.
  int32_t scale = field - 127 - (int32_t(getMantissa()) - 1);
  double factor = std::ldexp(1.0, -scale);
  double limit = double(getMaxMagnitude());
  for (auto [index, value] : llvm::enumerate(values)) {
    double magnitude =
        getExponentField(value) ? std::fabs(double(value)) * factor : 0.0;
    magnitude = roundMagnitude(getRounding(), magnitude,
                               uniforms.empty() ? 0.0f : uniforms[index]);
    magnitude = std::min(magnitude, limit);
    elements[index] =
        float(value < 0 && magnitude != 0 ? -magnitude : magnitude);
  }
  return scale;
}

static phx::Bfp getBlockFormat(BfpAttr format) {
  return {format.getMantissa(), format.getGroup(),
          encodeRounding(format.getRounding())};
}

int64_t BfpAttr::getBlockBytes() const {
  // Random numbers are those of one product.
  return needsUniforms() ? 0 : phx::getBlockBytes(getBlockFormat(*this));
}

void BfpAttr::packGroup(ArrayRef<float> elements, int32_t scale,
                        MutableArrayRef<char> block) const {
  SmallVector<int16_t> mantissas(elements.begin(), elements.end());
  bool isZero = llvm::all_of(mantissas, [](int16_t m) { return m == 0; });
  int exponent = scale + int32_t(getMantissa()) - 1 + phx::blockBias;
  phx::packBlock(getBlockFormat(*this), isZero ? 0 : exponent, mantissas.data(),
                 int64_t(mantissas.size()), 1,
                 reinterpret_cast<uint8_t *>(block.data()));
}

int32_t BfpAttr::restoreGroup(ArrayRef<float> values,
                              MutableArrayRef<float> elements) const {
  float largest = 0;
  for (float value : values)
    largest = std::max(largest, std::fabs(value));
  if (largest == 0) {
    std::fill(elements.begin(), elements.end(), 0.0f);
    return 0;
  }
  // The largest element of a group keeps its exponent, whatever the rounding.
  int32_t scale = std::ilogb(largest) - (int32_t(getMantissa()) - 1);
  for (auto [index, value] : llvm::enumerate(values))
    elements[index] = float(std::ldexp(double(value), -scale));
  return scale;
}

LogicalResult Fp32Attr::verify(function_ref<InFlightDiagnostic()> emitError,
                               int64_t group) {
  return verifyGroup(emitError, group);
}

std::string Fp32Attr::getFormatName() const {
  return ("fp32:" + Twine(getGroup())).str();
}

int64_t Fp32Attr::getGroupLength() const { return getGroup(); }

phx::TableOperation Fp32Attr::encode() const { return phx::Fp32{getGroup()}; }

int64_t Fp32Attr::getMaxMagnitude() const { return 0; }

Type Fp32Attr::getElementType() const { return Float32Type::get(getContext()); }

bool Fp32Attr::acceptsValue(float) const { return true; }

int32_t Fp32Attr::convertGroup(ArrayRef<float> values, ArrayRef<float>,
                               MutableArrayRef<float> elements) const {
  std::copy(values.begin(), values.end(), elements.begin());
  return 0;
}

//===----------------------------------------------------------------------===//
// Arrays
//===----------------------------------------------------------------------===//

LogicalResult ArraysAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 StringRef group, ArrayRef<int64_t> over) {
  if (group.empty())
    return emitError() << "arrays need the name of their group";
  if (over.empty() || over.front() < 0)
    return emitError()
           << "'over' needs loops of the nest, 0 being the outermost";
  for (size_t i = 1; i < over.size(); ++i)
    if (over[i] != over[i - 1] + 1)
      return emitError() << "'over' has to name loops that are next to each "
                            "other, in their order, found "
                         << over[i] << " behind " << over[i - 1];
  return success();
}
