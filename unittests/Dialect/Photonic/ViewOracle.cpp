//===- ViewOracle.cpp - Products of views, element by element -------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ViewOracle.h"

#include <algorithm>
#include <map>

using namespace photonic;
using namespace photonic::oracle;
using interp::Tensor;

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

int64_t oracle::countValues(const Digits &digits) {
  int64_t values = 1;
  for (const Digit &digit : digits)
    values *= digit.radix;
  return values;
}

std::vector<int64_t> View::getCoordinates(const Place &place,
                                          size_t rank) const {
  std::vector<int64_t> coordinates = offsets;
  coordinates.resize(rank, 0);
  for (unsigned i = 0; i < place.size(); ++i) {
    int64_t below = 1; // values of the faster digits
    for (const Digit &digit : digits[i]) {
      coordinates[size_t(digit.dim)] +=
          place[i] / below % digit.radix * digit.step;
      below *= digit.radix;
    }
  }
  return coordinates;
}

int64_t View::locate(const Place &place,
                     const std::vector<int64_t> &shape) const {
  std::vector<int64_t> coordinates = getCoordinates(place, shape.size());
  int64_t number = 0, plane = 1;
  for (size_t dim = shape.size(); dim-- > 0;) {
    if (coordinates[dim] < 0 || coordinates[dim] >= shape[dim])
      return -1;
    number += coordinates[dim] * plane;
    plane *= shape[dim];
  }
  return number;
}

std::string View::print() const {
  static const char *const names[] = {"groups", "positions", "rows", "columns"};
  std::string text = "<";
  auto begin = [&](const char *name) {
    if (text != "<")
      text += ", ";
    text += std::string(name) + " = [";
  };
  for (unsigned i = 0; i < digits.size(); ++i) {
    if (digits[i].empty())
      continue;
    begin(names[i]);
    for (const Digit &digit : digits[i]) {
      if (&digit != digits[i].data())
        text += ", ";
      text += std::to_string(digit.radix) + " x d" + std::to_string(digit.dim);
      if (digit.step != 1)
        text += " by " + std::to_string(digit.step);
    }
    text += "]";
  }
  if (!offsets.empty()) {
    begin("offsets");
    for (size_t i = 0; i < offsets.size(); ++i)
      text += (i ? ", " : "") + std::to_string(offsets[i]);
    text += "]";
  }
  return text + ">";
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

namespace {
/// Indices of a layer by their names: g, b (image), o (output channel), c
/// (input channel), y and x (output), u and v (kernel, down and right).
using Names = std::map<char, Digit>;
} // namespace

/// The digits that `text` names, the slowest first.
static Digits spell(const Names &names, const std::string &text) {
  Digits digits;
  for (size_t i = text.size(); i-- > 0;)
    if (Digit digit = names.at(text[i]); digit.radix > 1)
      digits.push_back(digit);
  return digits;
}

ViewProduct ViewProduct::ofLayer(const Layer &l, Kind kind) {
  int64_t oh = l.getOutHeight(), ow = l.getOutWidth();
  Names weights{{'g', {l.groups, 0, l.outChannels}},
                {'o', {l.outChannels, 0, 1}},
                {'c', {l.channels, 1, 1}},
                {'u', {l.kernelHeight, 2, 1}},
                {'v', {l.kernelWidth, 3, 1}}};
  Names images{{'g', {l.groups, 1, l.channels}},
               {'b', {l.batch, 0, 1}},
               {'c', {l.channels, 1, 1}},
               {'y', {oh, 2, l.strides[0]}},
               {'x', {ow, 3, l.strides[1]}},
               {'u', {l.kernelHeight, 2, l.dilations[0]}},
               {'v', {l.kernelWidth, 3, l.dilations[1]}}};
  Names outputs{{'g', {l.groups, 1, l.outChannels}},
                {'b', {l.batch, 0, 1}},
                {'o', {l.outChannels, 1, 1}},
                {'y', {oh, 2, 1}},
                {'x', {ow, 3, 1}}};
  std::vector<int64_t> offsets;
  if (l.pads[0] || l.pads[1])
    offsets = {0, 0, -l.pads[0], -l.pads[1]};
  auto view = [](const Names &names, const char *positions, const char *rows,
                 const char *columns) -> View {
    return {{spell(names, "g"), spell(names, positions), spell(names, rows),
             spell(names, columns)},
            {}};
  };
  ViewProduct p;
  switch (kind) {
  case Kind::Forward:
    p.lhs = view(weights, "", "o", "uvc");
    p.rhs = view(images, "", "byx", "uvc");
    p.result = view(outputs, "", "o", "byx");
    p.rhs.offsets = offsets;
    p.lhsShape = l.getWeightShape(), p.rhsShape = l.getImageShape();
    p.resultShape = l.getOutputShape();
    break;
  case Kind::InputGradient:
    p.lhs = view(weights, "uv", "c", "o");
    p.rhs = view(outputs, "", "byx", "o");
    p.result = view(images, "uv", "c", "byx");
    p.result.offsets = offsets;
    p.lhsShape = l.getWeightShape(), p.rhsShape = l.getOutputShape();
    p.resultShape = l.getImageShape();
    break;
  case Kind::WeightGradient:
    p.lhs = view(outputs, "", "o", "byx");
    p.rhs = view(images, "", "uvc", "byx");
    p.result = view(weights, "", "o", "uvc");
    p.rhs.offsets = offsets;
    p.lhsShape = l.getOutputShape(), p.rhsShape = l.getImageShape();
    p.resultShape = l.getWeightShape();
    break;
  }
  return p;
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

std::array<int64_t, numDims> ViewProduct::getExtents() const {
  return {result.count(0),
          std::max({lhs.count(1), rhs.count(1), result.count(1)}), lhs.count(2),
          rhs.count(2), lhs.count(3)};
}

/// A row of an operand along the contraction. Elements are numbered (group,
/// position, row, column), as far as the view has them.
static std::vector<Input> collect(const View &view,
                                  const std::vector<int64_t> &shape,
                                  const Tensor &tensor, Place place) {
  std::vector<Input> inputs;
  int64_t own = view.count(1), columns = view.count(3);
  int64_t position = own == 1 ? 0 : place[1];
  int64_t row = (place[0] * own + position) * view.count(2) + place[2];
  for (place[3] = 0; place[3] < columns; ++place[3]) {
    int64_t element = view.locate(place, shape);
    inputs.push_back({element < 0 ? 0.0f : tensor[element],
                      uint64_t(row * columns + place[3])});
  }
  return inputs;
}

Tensor oracle::multiply(const ViewProduct &p, const Tensor &lhs,
                        const Tensor &rhs, const Tensor &init) {
  Tensor result = init;
  float *data = result.getMutableData().data();
  auto [groups, positions, m, n, k] = p.getExtents();
  // The last position first, whatever else there is.
  for (int64_t position = positions; position-- > 0;)
    for (int64_t g = 0; g < groups; ++g)
      for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j < n; ++j) {
          int64_t element = p.locateResult(g, position, i, j);
          if (element < 0)
            continue;
          Run run{collect(p.lhs, p.lhsShape, lhs, {g, position, i, 0}),
                  collect(p.rhs, p.rhsShape, rhs, {g, position, j, 0})};
          data[element] = addRun(p.lhsFormat, p.rhsFormat, run, data[element]);
        }
  return result;
}
