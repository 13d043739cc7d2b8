//===- Sparse.cpp - A product that leaves out zeros -------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sparse.h"

#include "phx/isa/TokenInsertion.h"

#include <algorithm>
#include <cmath>
#include <random>

using namespace phx;
using namespace phx::testing;

SparseNetwork::SparseNetwork(int64_t vectors) : vectors(vectors) {
  std::mt19937 random(7);
  auto pick = [&](int32_t low, int32_t high) {
    return low + int32_t(random() % uint32_t(high - low + 1));
  };
  for (int64_t v = 0; v < vectors; ++v)
    for (int64_t i = 0; i < features; ++i)
      x.push_back(v == 0                    ? pick(1, 15)
                  : v == 1 || pick(0, 2)    ? 0
                                            : pick(-15, -1));
  for (int64_t i = 0; i < rows * features; ++i)
    weights.push_back(pick(-7, 7));
}

std::vector<int64_t> SparseNetwork::countNonzeros() const {
  std::vector<int64_t> counts;
  for (int64_t v = 0; v < vectors; ++v)
    counts.push_back(features - std::count(x.begin() + v * features,
                                           x.begin() + (v + 1) * features, 0));
  return counts;
}

std::vector<float> SparseNetwork::multiply() const {
  std::vector<float> y;
  for (int64_t v = 0; v < vectors; ++v)
    for (int64_t i = 0; i < rows; ++i) {
      std::vector<double> terms;
      for (int64_t j = 0; j < features; ++j)
        if (int32_t value = x[size_t(v * features + j)])
          terms.push_back(double(value) * weights[size_t(i * features + j)]);
      double total = 0;
      for (size_t begin = 0; begin < terms.size(); begin += width) {
        double sum = 0;
        for (size_t j = begin; j < std::min(begin + width, terms.size()); ++j)
          sum += terms[j];
        double half = std::ldexp(1.0, bits - 1);
        double code = std::nearbyint(sum * half / fullScale);
        total += std::fmin(std::fmax(code, -half), half - 1);
      }
      y.push_back(float(total * 0.5));
    }
  return y;
}

Arrays SparseNetwork::makeInputs() const {
  return {{"x", phx::testing::toArray(x, {vectors, features})}};
}

namespace {

using S = SparseNetwork;

DigitTerm digit(uint8_t loop, int64_t weight) {
  return {loop, 1, 0, 1, 0, weight};
}

struct Operands {
  Operands(ProgramBuilder &builder, const SparseNetwork &network) {
    auto add = [&](const char *name, Role role, std::vector<int64_t> shape,
                   uint32_t memory, ElementType type) {
      return builder.addRegion(name, role, std::move(shape), memory, type);
    };
    in = add("x", Role::Input, {network.vectors, S::features}, mem::act,
             ElementType::I32);
    list = add("list", Role::Workspace, {S::features}, mem::act,
               ElementType::I32);
    values = add("values", Role::Workspace, {S::features}, mem::act,
                 ElementType::I32);
    w = add("w", Role::Constant, {S::rows, S::features}, mem::wgt,
            ElementType::I32);
    builder.setData(w, network.weights.data(), network.weights.size() * 4);
    scale = builder.addRegion("scale", Role::Constant, {1}, mem::wgt);
    builder.setData(scale, {0.5f});
    acc = add("acc", Role::Workspace, {network.vectors, S::rows}, mem::grad,
              ElementType::I64);
    out = builder.addRegion("y", Role::Output, {network.vectors, S::rows},
                            mem::grad);
  }

  uint32_t in, list, values, w, scale, acc, out;
};

/// Instructions on the operands; loop 0 goes over vectors, 1 over blocks, 2
/// over rows.
class Work {
public:
  Work(ProgramBuilder &builder, const Operands &operands)
      : builder(builder), of(operands) {}

  CrossbarCompact makeCompact() const {
    CrossbarCompact compact;
    compact.in = move(of.in, {digit(0, 4 * S::features)});
    compact.values = builder.at(of.values);
    compact.list = builder.at(of.list);
    compact.count.cap = S::features;
    compact.into = 1;
    return compact;
  }
  CrossbarLoad makeLoad() const {
    AccessMap map;
    map.rows = {{1, 0, 1}};
    map.cols = {{S::features, 1, 1}};
    map.axes = {{1, 4 * S::features, 0, 0, 0}, {S::features, 4, 0, 0, 0}};
    CrossbarLoad load;
    load.map = builder.addMap(map);
    load.src = builder.at(of.values);
    load.kStart.terms = {digit(1, S::width)};
    load.rows.cap = 1;
    load.cols = {S::width, Affine{0, {digit(1, -S::width)}}, 1};
    return load;
  }
  CrossbarDot makeDot(const CrossbarLoad &load) const {
    CrossbarDot dot;
    dot.pass = crossbar::addPass(builder.program, {S::bits, S::fullScale});
    dot.list = move(of.list, {digit(1, 4 * S::width)});
    dot.in = move(of.w, {digit(2, 4 * S::features)});
    dot.extent = 4 * S::features;
    dot.scale = builder.at(of.scale);
    dot.acc = move(of.acc, {digit(0, 8 * S::rows), digit(2, 8)});
    dot.out = move(of.out, {digit(0, 4 * S::rows), digit(2, 4)});
    dot.rows = load.rows;
    dot.cols = load.cols;
    dot.start = load.kStart;
    return dot;
  }

private:
  Address move(uint32_t region, std::vector<DigitTerm> digits) const {
    Address address = builder.at(region);
    address.offset.terms = std::move(digits);
    return address;
  }

  ProgramBuilder &builder;
  const Operands &of;
};

} // namespace

Program SparseNetwork::makeProgram() const {
  ProgramBuilder builder;
  Program &program = builder.program;
  program.name = "sparse";
  program.batch = vectors;
  program.groups = {{"narrow", "crossbar", 3, 4, 8},
                    {"wide", "crossbar", 2, 16, 16}};
  program.memories = makeCrossbarMemories();
  program.registers = {{"other", 7}, {"nonzeros", features}};
  Operands operands(builder, *this);
  program.regions[operands.in].batchAxis = 0;
  program.regions[operands.out].batchAxis = 0;
  builder.setLayer(builder.addLayer("sparse", "MatMul", operands.out));
  Work work(builder, operands);
  CrossbarLoad load = work.makeLoad();
  CrossbarDot dot = work.makeDot(load);
  builder.loop(vectors);
  builder.add(narrow2, work.makeCompact());
  builder.loop(blocks);
  builder.add(narrow0, load);
  builder.loop(rows);
  builder.add(narrow0, dot);
  builder.end();
  builder.end();
  builder.end();
  return builder.finish();
}

Program SparseNetwork::makeOrderedProgram() const {
  Program program = makeProgram();
  Status status = insertTokens(program);
  EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
  return program;
}
