//===- Magnitudes.cpp - Fields that analyses can compute with -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Magnitudes.h"

#include "Structure.h"

#include <cstdlib>

using namespace phx;
using namespace phx::detail;

namespace {

/// Looks at every field. The first problem sticks.
class Checker {
public:
  explicit Checker(const LastCounters &last) {
    for (size_t loop = 0; loop < last.size(); ++loop)
      box[loop] = {0, last[loop]};
  }

  std::string problem;

  void guard(const Guard &g) {
    between("guard scale", 1, limits::magnitude, g.scale);
    between("guard offset", 0, limits::magnitude, g.offset);
    between("guard low", 0, limits::index, g.low);
    between("guard extent", 0, limits::index, g.extent);
    linear("guard", g.loop, g.scale, g.offset);
  }

  void engine(const Instruction &instruction) {
    if (!instruction.arrays.digits.empty())
      affine("engine",
             Affine{instruction.engine.index, instruction.arrays.digits});
  }
  void operator()(const FieldDescription &field, const Affine &value) {
    affine(field.name, value);
  }
  void operator()(const FieldDescription &field, const Address &value) {
    affine(field.name, value.offset);
  }
  void operator()(const FieldDescription &field, const Count &value) {
    count(field.name, value);
  }
  void operator()(const FieldDescription &field, const Shape4 &value) {
    for (const Count &n : value)
      count(field.name, n);
  }
  void operator()(const FieldDescription &field, const Stride4 &value) {
    for (int64_t stride : value)
      between(field.name, -limits::magnitude, limits::magnitude, stride);
  }
  void operator()(const FieldDescription &field,
                  const std::optional<ZeroFill> &fill) {
    if (!fill)
      return;
    between(field.name + std::string(" dim"), 0, 3, fill->dim);
    between(field.name + std::string(" extent"), 0, limits::magnitude,
            fill->extent);
    affine(field.name + std::string(" start"), fill->start);
  }
  void operator()(const FieldDescription &field, int64_t value) {
    between(field.name, std::min<int64_t>(field.least, 0),
            std::min(field.most, limits::index), value);
  }
  // Numbers of 32 bits and less stay far from the limits.
  void operator()(const FieldDescription &, uint32_t) {}
  void operator()(const FieldDescription &, uint8_t) {}
  void operator()(const FieldDescription &, const std::optional<uint32_t> &) {}
  void operator()(const FieldDescription &, bool) {}
  void operator()(const FieldDescription &, float) {}
  void affine(const std::string &field, const Affine &a);

private:
  void fail(const std::string &field, const std::string &expected,
            const std::string &found) {
    if (problem.empty())
      problem = field + ": expected " + expected + ", found " + found;
  }
  void between(const std::string &field, int64_t least, int64_t most,
               int64_t found) {
    if (found < least || found > most)
      fail(field, std::to_string(least) + " to " + std::to_string(most),
           std::to_string(found));
  }
  void linear(const std::string &field, uint8_t loop, int64_t scale,
              int64_t offset) {
    Int index = Int(box[loop].second) * scale + offset;
    if (index > limits::index)
      fail(field, "a linear index of at most 2^62", toText(index));
  }

  void count(const std::string &field, const Count &n) {
    between(field, 0, limits::magnitude, n.cap);
    if (n.remaining)
      affine(field, *n.remaining);
  }

  Box box;
};

} // namespace

void Checker::affine(const std::string &field, const Affine &a) {
  for (const DigitTerm &digit : a.terms) {
    if (digit.scale < 1 || digit.offset < 0 || digit.divisor < 1 ||
        digit.modulus < 0)
      return fail(field + " digit",
                  "scale and divisor of at least 1, offset and modulus of "
                  "at least 0",
                  "others");
    linear(field + " digit", digit.loop, digit.scale, digit.offset);
    if (!problem.empty())
      return;
  }
  if (Int reach = getReach(a, box); reach > limits::index)
    fail(field, "a magnitude of at most 2^62", toText(reach));
}

std::string detail::findMagnitude(const Program &program, size_t index,
                                  const LastCounters &last) {
  const Instruction &instruction = program.code[index];
  Checker checker(last);
  if (instruction.guard)
    checker.guard(*instruction.guard);
  checker.engine(instruction);
  visitFields(instruction.body, checker);
  for (const AccessDescription &access : instruction.getDescription().accesses)
    if (const Affine *before = getLayout(program, index, access).before)
      checker.affine("contraction start of the nest around it", *before);
  return checker.problem;
}

static bool isLarge(int64_t number) {
  return number < -limits::magnitude || number > limits::magnitude;
}

std::string detail::findMagnitude(const AccessMap &map) {
  std::array<Int, 256> reach{};
  for (const std::vector<MapDigit> *digits : {&map.rows, &map.cols}) {
    Int product = 1;
    for (const MapDigit &digit : *digits) {
      if (digit.radix < 1 || isLarge(digit.step))
        return "digit: expected a radix of at least 1 and a step of a "
               "magnitude of at most 2^50, found others";
      product *= digit.radix;
      if (product > limits::magnitude)
        return "digits: expected a product of radices of at most 2^50, found " +
               toText(product);
      reach[digit.axis] += Int(digit.radix - 1) * std::abs(digit.step);
    }
  }
  for (size_t a = 0; a < map.axes.size(); ++a) {
    const MapAxis &axis = map.axes[a];
    std::string name = "axis " + std::to_string(a) + " ";
    if (isLarge(axis.extent) || isLarge(axis.stride) || isLarge(axis.offset))
      return name + "extent, stride and offset: expected magnitudes of at most "
                    "2^50, found others";
    if (Int most = reach[a] + std::abs(axis.offset); most > limits::index)
      return name + "coordinate: expected a magnitude of at most 2^62, found " +
             toText(most);
  }
  return "";
}
