//===- Network.cpp - A program for crossbars --------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Network.h"
#include "../support/TestMemories.h"

#include "../target/TestTarget.h"
#include "phx/isa/TokenInsertion.h"

#include <algorithm>
#include <cmath>

using namespace phx;
using namespace phx::testing;

//===----------------------------------------------------------------------===//
// The machine
//===----------------------------------------------------------------------===//

static std::string makeNumber(const std::string &field,
                              const std::string &value) {
  return field + " { value: " + value + " source: \"test\" }\n";
}

static std::string makeGroup(const std::string &name, int count, int rows,
                             int columns, const std::string &prices) {
  const auto &number = makeNumber;
  return "groups {\n name: \"" + name + "\"\n" +
         number("count", std::to_string(count)) +
         number("rows", std::to_string(rows)) +
         number("columns", std::to_string(columns)) +
         "machine { [type.googleapis.com/phx.proto.crossbar.Machine] {\n" +
         number("adc_bits", "6") + number("clock_ghz", "2") +
         number("fill_ns", "3") + number("program_row_ns", "25") +
         number("update_ns", "1.5") + prices + number("cell_write_pj", "4") +
         number("bias_mw", "0.5") + "area { " + number("cell_mm2", "0.001") +
         "}\n} } }\n";
}

std::string phx::testing::makeCrossbarTargetText() {
  std::string shipped = phx::test::readShipped();
  std::string cells =
      "memories {\n name: \"cells\"\n"
      " kind { value: \"resident\" source: \"test\" }\n"
      " group { value: \"narrow\" source: \"test\" }\n"
      " types { values: [\"i32\"] source: \"test\" }\n" +
      makeNumber("capacity_bytes", "4096") +
      makeNumber("read_pj_per_byte", "0.125") +
      makeNumber("write_pj_per_byte", "2") + makeNumber("static_mw", "0.25") +
      makeNumber("mm2_per_mib", "3") + "}\n";
  return "name: \"crossbars\"\nextensions: \"crossbar\"\n" +
         makeGroup("narrow", 3, 4, 8,
                   "readout_pj { value: 0.25 source: \"test\" }\n") +
         makeGroup("wide", 2, 16, 16,
                   "readout_pj { value: 0.75 source: \"test\" }\n") +
         shipped.substr(shipped.find("\nvector_unit {")) + cells;
}

Target phx::testing::makeCrossbarTarget(const std::vector<std::string> &sets) {
  Result<Target> target =
      parseTarget(makeCrossbarTargetText(), "crossbars.textproto", sets);
  EXPECT_TRUE(target.ok()) << (target.ok() ? "" : target.error().message);
  return target.ok() ? *target : Target();
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

namespace {
/// Whole numbers in [low, high].
class Numbers {
public:
  explicit Numbers(uint64_t seed) : state(seed * 2 + 1) {}
  int32_t between(int32_t low, int32_t high) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return low + int32_t((state >> 33) % uint64_t(high - low + 1));
  }
  std::vector<int32_t> make(int64_t count, int32_t low, int32_t high) {
    std::vector<int32_t> values(static_cast<size_t>(count));
    for (int32_t &value : values)
      value = between(low, high);
    return values;
  }

private:
  uint64_t state;
};
} // namespace

CrossbarLayer::CrossbarLayer(int64_t m, int64_t k, int64_t features,
                             int64_t bits, int64_t fullScale, uint64_t seed)
    : m(m), k(k), bits(bits), fullScale(fullScale) {
  Numbers numbers(seed);
  list = numbers.make(k, 0, int32_t(features) - 1);
  weights = numbers.make(m * k, -7, 7);
  for (int64_t i = 0; i < m; ++i)
    scale.push_back(float(numbers.between(1, 1000)) / 977.0f);
}

Network::Network(int64_t vectors)
    : vectors(vectors), first(6, 20, features, 6, 200, 1),
      second(21, 37, features, 5, 320, 2) {
  Numbers numbers(3);
  x = numbers.make(vectors * features, -15, 15);
  delta = numbers.make(first.m * first.k, -9, 9);
}

std::vector<float> Network::multiply(const CrossbarLayer &layer,
                                     int64_t columns,
                                     int64_t *saturated) const {
  std::vector<float> y;
  double half = std::ldexp(1.0, int(layer.bits) - 1);
  for (int64_t v = 0; v < vectors; ++v)
    for (int64_t i = 0; i < layer.m; ++i) {
      int64_t total = 0;
      for (int64_t begin = 0; begin < layer.k; begin += columns) {
        double sum = 0;
        for (int64_t j = begin; j < std::min(begin + columns, layer.k); ++j)
          sum += double(layer.weights[size_t(i * layer.k + j)]) *
                 x[size_t(v * features + layer.list[size_t(j)])];
        double code = std::nearbyint(sum * half / double(layer.fullScale));
        if (saturated)
          *saturated += code < -half || code > half - 1;
        total += int64_t(std::fmin(std::fmax(code, -half), half - 1));
      }
      y.push_back(float(double(total) * double(layer.scale[size_t(i)])));
    }
  return y;
}

std::vector<int32_t> Network::update(std::vector<int32_t> weights) const {
  for (size_t i = 0; i < weights.size(); ++i) {
    double next = weights[i] + std::floor(delta[i] / double(1 << shift));
    weights[i] = int32_t(std::fmin(std::fmax(next, -limit), limit));
  }
  return weights;
}

HostArray phx::testing::toArray(const std::vector<int32_t> &values,
                                std::vector<int64_t> shape) {
  HostArray array{ElementType::I32, std::move(shape), {}};
  array.bytes.resize(values.size() * 4);
  std::memcpy(array.bytes.data(), values.data(), array.bytes.size());
  return array;
}

Arrays Network::makeInputs() const {
  return {{"x", phx::testing::toArray(x, {vectors, features})},
          {"delta", phx::testing::toArray(delta, {first.m, first.k})}};
}

//===----------------------------------------------------------------------===//
// The program
//===----------------------------------------------------------------------===//

namespace {
/// What a product reads and writes.
struct Operands {
  uint32_t x, list, weights, scale, acc, y;
};

uint32_t addConstant(ProgramBuilder &builder, const std::string &name,
                     std::vector<int64_t> shape, uint32_t space,
                     const std::vector<int32_t> &values) {
  uint32_t region =
      builder.addRegion(name, Role::Constant, std::move(shape), space,
                        ElementType::I32);
  builder.setData(region, values.data(), values.size() * 4);
  return region;
}

Address move(Address address, std::vector<DigitTerm> digits) {
  address.offset.terms = std::move(digits);
  return address;
}

/// for each tile, contraction fastest { load; for each vector { dot } }
/// Row block i is on array i of the group: all of them together as lanes of
/// `isTogether`, otherwise one after the other.
void addProduct(ProgramBuilder &builder, const CrossbarLayer &layer,
                int64_t vectors, EngineId array, bool isTogether,
                const Operands &at) {
  const ArrayGroup &group = builder.program.groups[array.group];
  int64_t height = group.rows, width = group.columns;
  int64_t rowBlocks = (layer.m + height - 1) / height;
  int64_t kBlocks = (layer.k + width - 1) / width;
  auto row = [&](int64_t weight) {
    return isTogether ? DigitTerm{laneLoop, 1, 0, 1, 0, weight}
                      : DigitTerm{0, 1, 0, kBlocks, 0, weight};
  };
  auto k = [&](int64_t weight) {
    return DigitTerm{0, 1, 0, 1, kBlocks, weight};
  };
  auto vector = [](int64_t weight) {
    return DigitTerm{1, 1, 0, 1, 0, weight};
  };
  AccessMap map;
  map.rows = {{layer.m, 0, 1}};
  map.cols = {{layer.k, 1, 1}};
  map.axes = {{layer.m, layer.k * 4, 0, 0, 0}, {layer.k, 4, 0, 0, 0}};
  CrossbarLoad load;
  load.map = builder.addMap(map);
  load.src = builder.at(at.weights);
  load.rowStart.terms = {row(height)};
  load.kStart.terms = {k(width)};
  load.rows = {height, Affine{layer.m, {row(-height)}}};
  load.cols = {width, Affine{layer.k, {k(-width)}}};
  CrossbarDot dot;
  dot.list = move(builder.at(at.list), {k(4 * width)});
  dot.in = move(builder.at(at.x), {vector(4 * Network::features)});
  dot.extent = 4 * Network::features;
  dot.scale = move(builder.at(at.scale), {row(4 * height)});
  dot.acc = move(builder.at(at.acc), {row(8 * height), vector(8 * layer.m)});
  dot.out = move(builder.at(at.y), {row(4 * height), vector(4 * layer.m)});
  dot.rows = load.rows;
  dot.cols = load.cols;
  dot.pass = crossbar::addPass(builder.program, {layer.bits, layer.fullScale});
  dot.start = load.kStart;
  ArrayRange arrays;
  if (isTogether)
    arrays.lanes = uint32_t(rowBlocks);
  else
    arrays.digits = {row(1)};
  builder.loop(isTogether ? kBlocks : rowBlocks * kBlocks);
  builder.add(array, load).arrays = arrays;
  builder.loop(vectors);
  builder.add(array, dot).arrays = arrays;
  builder.end();
  builder.end();
}
} // namespace

std::vector<ProgramMemory> phx::testing::makeCrossbarMemories() {
  std::vector<ProgramMemory> memories = makeMemories();
  memories.push_back({"cells", MemoryKind::Resident, 0, 4096, 0,
                      {ElementType::I32}});
  return memories;
}

Program Network::makeProgram() const {
  ProgramBuilder builder;
  Program &program = builder.program;
  program.name = "crossbars";
  program.kind = ProgramKind::Training;
  program.batch = vectors;
  program.groups = {{"narrow", "crossbar", 3, 4, 8},
                    {"wide", "crossbar", 2, 16, 16}};
  program.memories = makeCrossbarMemories();
  Operands a, b;
  a.list = addConstant(builder, "list a", {first.k}, mem::act,
                       first.list);
  b.list = addConstant(builder, "list b", {second.k}, mem::act,
                       second.list);
  uint32_t change =
      builder.addRegion("delta", Role::Input, {first.m, first.k},
                        mem::act, ElementType::I32);
  // The last of its space: a list that reaches further leaves it.
  a.x = b.x = builder.addRegion("x", Role::Input, {vectors, features},
                                mem::act, ElementType::I32);
  b.weights = addConstant(builder, "w b", {second.m, second.k}, mem::wgt,
                          second.weights);
  a.scale = builder.addRegion("scale a", Role::Constant, {first.m},
                              mem::wgt);
  builder.setData(a.scale, first.scale);
  b.scale = builder.addRegion("scale b", Role::Constant, {second.m},
                              mem::wgt);
  builder.setData(b.scale, second.scale);
  // Its home are the cells of the narrow arrays: read by loads, updated in
  // place.
  a.weights = addConstant(builder, "w a", {first.m, first.k}, cellsMemory,
                          first.weights);
  program.regions[a.weights].role = Role::Parameter;
  program.regions[a.weights].isMutable = true;
  a.y = builder.addRegion("y a", Role::Output, {vectors, first.m},
                          mem::grad);
  b.y = builder.addRegion("y b", Role::Output, {vectors, second.m},
                          mem::grad);
  a.acc = builder.addRegion("acc a", Role::Workspace, {vectors, first.m},
                            mem::grad, ElementType::I64);
  b.acc = builder.addRegion("acc b", Role::Workspace, {vectors, second.m},
                            mem::grad, ElementType::I64);
  for (uint32_t region : {a.x, a.y, b.y})
    program.regions[region].batchAxis = 0;

  builder.setLayer(builder.addLayer("a", "Gemm", a.y));
  addProduct(builder, first, vectors, narrow0, true, a);
  builder.setLayer(builder.addLayer("b", "Gemm", b.y));
  addProduct(builder, second, vectors, wide0, false, b);
  builder.setLayer(builder.addLayer("a", "Gemm", std::nullopt));
  program.layers.back().phase = Phase::Update;
  CrossbarUpdate update;
  DigitTerm row{0, 1, 0, 1, 0, 4 * first.k};
  update.cells = move(builder.at(a.weights), {row});
  update.delta = move(builder.at(change), {row});
  update.count.cap = first.k;
  update.shift = shift;
  update.limit = limit;
  builder.loop(first.m);
  builder.add(narrow2, update);
  builder.end();
  return builder.finish();
}

Program phx::testing::makeOrderedProgram(const Network &network) {
  Program program = network.makeProgram();
  Status status = insertTokens(program);
  EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
  return program;
}
