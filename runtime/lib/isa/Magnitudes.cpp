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
    between("guard scale", 1, maxMagnitude, g.scale);
    between("guard offset", 0, maxMagnitude, g.offset);
    between("guard extent", 0, maxIndex, g.extent);
    linear("guard", g.loop, g.scale, g.offset);
  }

  void operator()(const DmaCopy &i) {
    addresses({{"dst", &i.dst}, {"src", &i.src}});
    strides({&i.dstStride, &i.srcStride});
    shape(i.shape);
    if (!i.zeroFill)
      return;
    between("zero fill dim", 0, 3, i.zeroFill->dim);
    between("zero fill extent", 0, maxMagnitude, i.zeroFill->extent);
    affine("zero fill start", i.zeroFill->start);
  }
  void operator()(const VecMap &i) {
    addresses({{"dst", &i.dst}, {"a", &i.a}, {"b", &i.b}});
    strides({&i.dstStride, &i.aStride, &i.bStride});
    shape(i.shape);
  }
  void operator()(const VecReduce &i) {
    addresses({{"dst", &i.dst}, {"a", &i.a}});
    strides({&i.dstStride, &i.aStride});
    shape(i.shape);
  }
  void operator()(const VecPool &i) { windows(i); }
  void operator()(const VecPoolPositions &i) {
    windows(i);
    addresses({{"positions", &i.positions}});
  }
  void operator()(const VecUnpool &i) {
    windows(i);
    addresses({{"positions", &i.positions}});
  }
  void operator()(const VecPack &i) {
    addresses({{"dst", &i.dst}, {"a", &i.a}});
    count("count", i.count);
  }
  void operator()(const VecGateMask &i) {
    addresses({{"dst", &i.dst}, {"a", &i.a}, {"mask", &i.mask}});
    count("count", i.count);
  }
  void operator()(const VecRandom &i) {
    addresses({{"dst", &i.dst}, {"key", &i.key}});
    count("count", i.count);
    affine("first", i.first);
  }
  void operator()(const CoreProgram &i) {
    addresses({{"src", &i.src}});
    affine("row start", i.rowStart);
    affine("k start", i.kStart);
    affine("group", i.group);
    count("rows", i.rows);
    count("cols", i.cols);
  }
  void operator()(const CoreStream &i) {
    addresses({{"in", &i.in}, {"out", &i.out}});
    affine("row start", i.rowStart);
    affine("k start", i.kStart);
    affine("vec start", i.vecStart);
    count("rows", i.rows);
    count("cols", i.cols);
    count("length", i.length);
  }
  template <typename Other> void operator()(const Other &) {}

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
    if (Int index = Int(box[loop].second) * scale + offset; index > maxIndex)
      fail(field, "a linear index of at most 2^62", toText(index));
  }

  void affine(const std::string &field, const Affine &a) {
    Int reach = a.base < 0 ? -Int(a.base) : Int(a.base);
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
      reach += getDigitRange(digit, box).hi *
               (digit.weight < 0 ? -Int(digit.weight) : Int(digit.weight));
      if (reach > maxIndex)
        break;
    }
    if (reach > maxIndex)
      fail(field, "a magnitude of at most 2^62", toText(reach));
  }
  void count(const std::string &field, const Count &n) {
    between(field, 0, maxMagnitude, n.cap);
    if (n.remaining)
      affine(field, *n.remaining);
  }
  void shape(const Shape4 &counts) {
    for (const Count &n : counts)
      count("shape", n);
  }
  void addresses(
      std::initializer_list<std::pair<const char *, const Address *>> list) {
    for (auto [field, address] : list)
      affine(field, address->offset);
  }
  void strides(std::initializer_list<const Stride4 *> list) {
    for (const Stride4 *each : list)
      for (int64_t stride : *each)
        between("stride", -maxMagnitude, maxMagnitude, stride);
  }
  template <typename Body> void windows(const Body &i) {
    addresses({{"in", &i.in}, {"out", &i.out}});
    affine("row start", i.rowStart);
    count("rows", i.rows);
    between("window", 0, maxMagnitude, i.window);
  }

  Box box;
};

} // namespace

std::string detail::findMagnitude(const Instruction &instruction,
                                  const LastCounters &last) {
  Checker checker(last);
  if (instruction.guard)
    checker.guard(*instruction.guard);
  std::visit([&](const auto &body) { checker(body); }, instruction.body);
  return checker.problem;
}

static bool isLarge(int64_t number) {
  return number < -maxMagnitude || number > maxMagnitude;
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
      if (product > maxMagnitude)
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
    if (Int most = reach[a] + std::abs(axis.offset); most > maxIndex)
      return name + "coordinate: expected a magnitude of at most 2^62, found " +
             toText(most);
  }
  return "";
}
