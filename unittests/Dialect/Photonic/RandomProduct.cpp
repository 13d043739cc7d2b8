//===- RandomProduct.cpp - Products drawn at random -----------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RandomProduct.h"

#include <algorithm>
#include <cmath>

using namespace photonic;
using namespace photonic::oracle;
using interp::Tensor;

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

Layer Random::makeLayer() {
  Layer l;
  l.batch = pick(1, 3);
  l.channels = pick(1, 5);
  l.outChannels = pick(1, 5);
  if ((l.isLinear = chance(25)))
    return l;
  l.groups = pick(1, 3);
  l.kernelHeight = pick(1, 3);
  l.kernelWidth = pick(1, 3);
  for (int d : {0, 1}) {
    l.strides[d] = pick(1, 3);
    l.dilations[d] = pick(1, 2);
  }
  for (int64_t &pad : l.pads)
    pad = chance(50) ? 0 : pick(0, 2);
  auto draw = [&](int d, int64_t kernel) {
    int64_t reach = l.dilations[d] * (kernel - 1) + 1;
    return std::max<int64_t>(1, reach - l.pads[d] - l.pads[d + 2]) + pick(0, 4);
  };
  l.height = draw(0, l.kernelHeight);
  l.width = draw(1, l.kernelWidth);
  return l;
}

ViewProduct Random::makeLayerProduct() {
  return ViewProduct::ofLayer(makeLayer(), Kind(pick(0, 2)));
}

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

/// True if `next` goes on where `digits` end: both are one digit.
static bool isOneDigit(const Digits &digits, const Digit &next) {
  return !digits.empty() && digits.back().dim == next.dim &&
         digits.back().step * digits.back().radix == next.step;
}

Digits Random::makeDigits(int64_t values, int64_t rank, int64_t maxStep) {
  Digits digits;
  while (values > 1) {
    // A divisor, often all that is left.
    int64_t radix = values;
    if (chance(60))
      do
        radix = pick(2, values);
      while (values % radix != 0);
    Digit digit;
    do
      digit = {radix, pick(0, rank - 1),
               pick(1, maxStep) * (chance(30) ? -1 : 1)};
    while (isOneDigit(digits, digit));
    digits.push_back(digit);
    values /= radix;
  }
  return digits;
}

View Random::makeView(int64_t rank, int64_t values, int64_t maxStep) {
  View view;
  for (Digits &digits : view.digits) {
    int64_t own = pick(1, std::max<int64_t>(1, std::min<int64_t>(values, 6)));
    digits = makeDigits(own, rank, maxStep);
    values /= own;
  }
  return view;
}

std::vector<std::pair<int64_t, int64_t>> oracle::getReach(const View &view,
                                                          int64_t rank) {
  std::vector<std::pair<int64_t, int64_t>> reach(size_t(rank), {0, 0});
  for (size_t dim = 0; dim < view.offsets.size(); ++dim)
    reach[dim] = {view.offsets[dim], view.offsets[dim]};
  for (const Digits &digits : view.digits)
    for (const Digit &digit : digits) {
      auto &[low, high] = reach[size_t(digit.dim)];
      (digit.step < 0 ? low : high) += (digit.radix - 1) * digit.step;
    }
  return reach;
}

std::vector<int64_t> Random::makeShape(View &view, int64_t rank) {
  // Negative steps start from the far end, mostly.
  std::vector<int64_t> offsets;
  for (auto [low, high] : getReach(view, rank))
    offsets.push_back(chance(80) ? -low : -low + pick(-1, 1));
  if (chance(85) && std::any_of(offsets.begin(), offsets.end(),
                                [](int64_t offset) { return offset != 0; }))
    view.offsets = offsets;
  std::vector<int64_t> shape;
  for (auto [low, high] : getReach(view, rank))
    shape.push_back(
        std::max<int64_t>(1, high + 1 + (chance(70) ? 0 : pick(-2, 2))));
  return shape;
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// A view with the extents of `product`, in which no two elements of a position
/// are the same: along a dimension, each digit steps beyond the reach of the
/// smaller ones. Positions may meet the elements of others.
View Random::makeResult(const ViewProduct &product, int64_t positions,
                        int64_t rank) {
  View view;
  const int64_t values[] = {product.lhs.count(0), positions,
                            product.lhs.count(2), product.rhs.count(2)};
  std::vector<std::pair<unsigned, size_t>> order;
  for (unsigned i : {0u, 1u, 2u, 3u}) {
    view.digits[i] = makeDigits(values[i], rank, 2);
    if (i != 1)
      for (size_t d = 0; d < view.digits[i].size(); ++d)
        order.push_back({i, d});
  }
  shuffle(order);
  std::vector<int64_t> reach(size_t(rank), 0);
  for (auto [i, d] : order) {
    Digit &digit = view.digits[i][d];
    int64_t &own = reach[size_t(digit.dim)];
    int64_t step = own + (chance(75) ? 1 : pick(1, 2));
    digit.step = digit.step < 0 ? -step : step;
    own += (digit.radix - 1) * step;
  }
  return view;
}

/// True if a view obeys rule 2 of `#photonic.view`.
static bool isNormal(const View &view) {
  for (const Digits &digits : view.digits)
    for (size_t d = 1; d < digits.size(); ++d)
      if (isOneDigit({digits[d - 1]}, digits[d]))
        return false;
  return true;
}

ViewProduct Random::tryProduct(int64_t groups,
                               std::array<int64_t, 2> positions) {
  ViewProduct p;
  int64_t m = pick(1, 7), n = pick(1, 8), k = chance(20) ? 1 : pick(2, 30);
  int64_t lhsRank = pick(1, 4), rhsRank = pick(1, 4), rank = pick(1, 4);
  p.lhs.digits = {makeDigits(groups, lhsRank, 3),
                  makeDigits(positions[0], lhsRank, 3),
                  makeDigits(m, lhsRank, 3), makeDigits(k, lhsRank, 3)};
  p.rhs.digits = {makeDigits(groups, rhsRank, 3),
                  makeDigits(positions[1], rhsRank, 3),
                  makeDigits(n, rhsRank, 3), makeDigits(k, rhsRank, 3)};
  p.result = makeResult(p, std::max(positions[0], positions[1]), rank);
  p.lhsShape = makeShape(p.lhs, lhsRank);
  p.rhsShape = makeShape(p.rhs, rhsRank);
  p.resultShape = makeShape(p.result, rank);
  return p;
}

ViewProduct Random::makeProduct() {
  ViewProduct product;
  do {
    int64_t groups = chance(60) ? 1 : pick(2, 4);
    int64_t positions = chance(60) ? 1 : pick(2, 4);
    product = tryProduct(
        groups, {chance(80) ? positions : 1, chance(30) ? positions : 1});
  } while (!isNormal(product.result));
  return product;
}

/// Cuts a dimension, or a new one, into pieces.
void Random::addGroups(View &view, std::vector<int64_t> &shape,
                       int64_t groups) {
  size_t dim = size_t(pick(0, int64_t(shape.size())));
  bool fits = dim < shape.size() &&
              (view.offsets.empty() || view.offsets[dim] == 0) &&
              getReach(view, int64_t(shape.size()))[dim].first == 0;
  if (fits) {
    int64_t piece = getReach(view, int64_t(shape.size()))[dim].second + 1;
    view.digits[0] = {{groups, int64_t(dim), piece}};
    shape[dim] = groups * piece;
    return;
  }
  view.digits[0] = {{groups, int64_t(shape.size()), 1}};
  shape.push_back(groups);
  if (!view.offsets.empty())
    view.offsets.push_back(0);
}

ViewProduct Random::makeProgramProduct() {
  ViewProduct product;
  do
    product = tryProduct(1, {chance(60) ? 1 : pick(2, 4), 1});
  while (!isNormal(product.result));
  if (chance(50))
    return product;
  int64_t groups = pick(2, 4);
  addGroups(product.lhs, product.lhsShape, groups);
  addGroups(product.rhs, product.rhsShape, groups);
  addGroups(product.result, product.resultShape, groups);
  return product;
}

void Random::drawFormats(ViewProduct &product, int maxBits, int64_t maxGroup) {
  Format format;
  format.group = pick(1, maxGroup);
  format.seed = uint32_t(pick(0, 1 << 20));
  format.trial = uint32_t(pick(0, 100));
  format.step = uint32_t(pick(0, 100));
  format.stream = uint32_t(pick(0, 1000));
  product.lhsFormat = product.rhsFormat = format;
  if (maxBits == 0)
    return;
  for (Format *own : {&product.lhsFormat, &product.rhsFormat}) {
    own->bits = int(pick(1, maxBits));
    own->rounding = Rounding(pick(0, 2));
  }
  if (chance(40)) // as stages have it
    product.rhsFormat = product.lhsFormat;
  else if (chance(60))
    (chance(50) ? product.lhsFormat : product.rhsFormat).group *= pick(2, 4);
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Tensor Random::makeTensor(llvm::ArrayRef<int64_t> shape, bool special) {
  Tensor tensor = Tensor::zeros(shape);
  for (float &value : tensor.getMutableData()) {
    float sign = chance(50) ? 1.0f : -1.0f;
    float mantissa = 1.0f + float(pick(0, (1 << 23) - 1)) / float(1 << 23);
    value = sign * std::ldexp(mantissa, int(pick(-4, 4)));
    if (!special)
      continue;
    switch (pick(0, 7)) {
    case 0:
      value = sign * std::ldexp(mantissa, -130);
      break;
    case 1:
    case 2:
      value = sign * 0.0f;
      break;
    case 3: // products that are flushed
      value = sign * std::ldexp(mantissa, int(pick(-64, -60)));
      break;
    case 4:
      value = sign * std::ldexp(mantissa, int(pick(-126, 55)));
      break;
    default:
      break;
    }
  }
  return tensor;
}
