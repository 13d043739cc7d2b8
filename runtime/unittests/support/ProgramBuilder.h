//===- ProgramBuilder.h - Small programs for tests --------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Builds Programs by hand, without a compiler: regions, maps, loops, and whole
// convolution or linear products, and those of their gradients, with the tile
// numbering of the architecture (group, output block, contraction block;
// contraction fastest; tile t on core t mod cores). Everything lives on chip:
// streamed operands in Activation, stationary ones in Weight, results in
// Gradient, unless told otherwise. No tokens are placed; see signal() and
// wait().
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_SUPPORT_PROGRAMBUILDER_H
#define PHX_UNITTESTS_SUPPORT_PROGRAMBUILDER_H

#include "ConvSpec.h"
#include "ProductFormat.h"
#include "TestMemories.h"

#include "machines/rns/Instructions.h"
#include "phx/isa/Blocks.h"
#include "phx/isa/Program.h"

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace phx::testing {

/// A nest that computes all of `product`.
inline ProductNest makeWholeNest(const Product &product, uint64_t begin,
                                 uint64_t end) {
  return {begin,
          end,
          {{}, {product.groups}},
          {{}, {product.m}},
          {{}, {product.n}},
          {{}, {product.k}}};
}

class ProgramBuilder {
public:
  Program program;

  /// The defaults are one tensor core of the reference machine.
  explicit ProgramBuilder(unsigned cores = 1, unsigned rows = 32,
                          unsigned cols = 16) {
    program.name = "test";
    program.target = "test";
    program.groups = {{"core", "rns", cores, rows, cols}};
    program.memories = makeMemories();
  }

  //===--------------------------------------------------------------------===//
  // Tables
  //===--------------------------------------------------------------------===//

  /// The next free 64-byte aligned place of `space`.
  uint32_t addRegion(std::string name, Role role, std::vector<int64_t> shape,
                     uint32_t space, ElementType type = ElementType::F32) {
    Region region;
    region.name = std::move(name);
    region.role = role;
    region.type = type;
    region.shape = std::move(shape);
    region.memory = space;
    return place(std::move(region));
  }
  /// One of blocks.
  uint32_t addBlocks(std::string name, Role role, std::vector<int64_t> shape,
                     uint32_t space, uint32_t conversion) {
    Region region;
    region.name = std::move(name);
    region.role = role;
    region.type = ElementType::Block;
    region.conversion = conversion;
    region.shape = std::move(shape);
    region.memory = space;
    return place(std::move(region));
  }
  uint32_t place(Region region) {
    int64_t bytes = getElementBytes(program, region);
    for (int64_t extent : region.shape)
      bytes *= extent;
    int64_t &top = program.memories[region.memory].bytes;
    region.address = (top + 63) / 64 * 64;
    region.bytes = bytes;
    top = region.address + bytes;
    program.regions.push_back(std::move(region));
    return uint32_t(program.regions.size() - 1);
  }

  /// Gives a region initial contents (copied).
  void setData(uint32_t region, const void *bytes, size_t size) {
    auto buffer = std::make_shared<std::vector<uint8_t>>(size);
    std::memcpy(buffer->data(), bytes, size);
    program.regions[region].data = uint32_t(program.data.size());
    program.data.push_back({buffer->data(), size, buffer});
  }
  void setData(uint32_t region, const std::vector<float> &values) {
    setData(region, values.data(), values.size() * sizeof(float));
  }

  Entries addFormat(const ProductFormat &format) {
    return addEntries(program, format);
  }
  uint32_t addMap(AccessMap map) {
    program.maps.push_back(std::move(map));
    return uint32_t(program.maps.size() - 1);
  }
  uint32_t addLayer(std::string name, std::string op,
                    std::optional<uint32_t> output) {
    program.layers.push_back({std::move(name), std::move(op), output});
    return uint32_t(program.layers.size() - 1);
  }

  //===--------------------------------------------------------------------===//
  // Instructions
  //===--------------------------------------------------------------------===//

  /// Instructions added from here on belong to `layer` (noLayer: to none).
  void setLayer(uint32_t layer) { currentLayer = layer; }

  Instruction &add(EngineId engine, Body body) {
    Instruction instruction;
    instruction.engine = engine;
    instruction.layer = currentLayer;
    instruction.body = std::move(body);
    program.code.push_back(std::move(instruction));
    return program.code.back();
  }
  /// Opens a loop; returns its instruction index.
  size_t loop(int64_t count) {
    add({}, Loop{count}).layer = noLayer;
    ++depth;
    return program.code.size() - 1;
  }
  /// Closes the innermost loop; returns the instruction index of its End.
  size_t end() {
    add({}, End{}).layer = noLayer;
    --depth;
    return program.code.size() - 1;
  }
  uint32_t addToken() { return program.tokens++; }
  void signal(EngineId engine, uint32_t token) { add(engine, Signal{token}); }
  void wait(EngineId engine, uint32_t token) {
    add(engine, Wait{token, false});
  }
  /// Appends Halt and returns the program.
  Program finish() {
    add({}, Halt{}).layer = noLayer;
    return std::move(program);
  }

  /// The address of a region's first byte.
  Address at(uint32_t region) const {
    const Region &r = program.regions[region];
    return {r.memory, {r.address, {}}};
  }

  //===--------------------------------------------------------------------===//
  // Products
  //===--------------------------------------------------------------------===//

  /// Whether products added from here on keep their first and second operand in
  /// blocks, which core.convert makes in front of the nest.
  std::array<bool, 2> stored{};

  /// Three regions and one product. Names: PREFIX "x", "w", "y". The weights
  /// are the first operand, the activations the second.
  struct ConvRegions {
    uint32_t in = 0, weights = 0, out = 0;
  };
  ConvRegions addConvWithRegions(const ConvSpec &spec, Stationary stationary,
                                 const Entries &format,
                                 std::string prefix = "") {
    bool isFirst = stationary == Stationary::First;
    ConvRegions r;
    r.in = addRegion(prefix + "x", Role::Input, spec.inShape(),
                     isFirst ? mem::act : mem::wgt);
    r.weights = addRegion(prefix + "w", Role::Input, spec.weightShape(),
                          isFirst ? mem::wgt : mem::act);
    r.out = addRegion(prefix + "y", Role::Output, spec.outShape(), mem::grad);
    addConv(spec, stationary, format, r.in, r.weights, r.out, prefix + "conv");
    return r;
  }

  /// One layer with one product: `loop rounds { for each core: program,
  /// stream }`. Returns the product's index.
  uint32_t addConv(const ConvSpec &s, Stationary stationary,
                   const Entries &format, uint32_t in, uint32_t weights,
                   uint32_t out, std::string name) {
    Nest nest{s, stationary, format};
    nest.m = s.m(), nest.n = s.n(), nest.k = s.k();
    nest.lhs = {weightMap(s), at(weights), s.m() * s.k() * 4};
    nest.rhs = {inputMap(s), at(in), getInputGroupBytes(s)};
    nest.out = {outputMap(s), at(out), getOutputGroupBytes(s)};
    return addProduct(nest, std::move(name), Phase::Forward, out);
  }

  /// The gradient of the input: fills it with zeros (vec), then one product per
  /// kernel position, positions descending. `outGradient` has the output's
  /// shape.
  uint32_t addInputGradient(const ConvSpec &s, Stationary stationary,
                            const Entries &format, uint32_t outGradient,
                            uint32_t weights, uint32_t inGradient,
                            std::string name) {
    VecMap zero;
    zero.fn = VecFn::Fill;
    zero.dst = at(inGradient);
    zero.dstStride = {0, 0, 0, 4};
    zero.shape = {Count{1, {}}, Count{1, {}}, Count{1, {}},
                  Count{s.batch * s.inChannels * s.height * s.width, {}}};
    add({EngineKind::Vec, 0}, zero);
    Nest nest{s, stationary, format};
    nest.m = s.inChannels / s.groups, nest.n = s.n(), nest.k = s.m();
    nest.positions = s.kernelH * s.kernelW;
    nest.accumulate = true;
    AccessMap map = weightMap(s);
    // Rows are (kh, kw, ci), columns the output channels of the group.
    std::swap(map.rows, map.cols);
    nest.lhs = {map, at(weights), s.m() * s.k() * 4};
    map = outputMap(s);
    std::swap(map.rows, map.cols);
    nest.rhs = {map, at(outGradient), getOutputGroupBytes(s)};
    map = inputMap(s);
    std::swap(map.rows, map.cols);
    nest.out = {map, at(inGradient), getInputGroupBytes(s)};
    return addProduct(nest, std::move(name), Phase::InputGradient, inGradient);
  }

  /// The gradient of the weights, contracted over (n, oh, ow).
  uint32_t addWeightGradient(const ConvSpec &s, Stationary stationary,
                             const Entries &format, uint32_t outGradient,
                             uint32_t in, uint32_t weightGradient,
                             std::string name) {
    Nest nest{s, stationary, format};
    nest.m = s.m(), nest.n = s.k(), nest.k = s.n();
    nest.lhs = {outputMap(s), at(outGradient), getOutputGroupBytes(s)};
    AccessMap map = inputMap(s);
    std::swap(map.rows, map.cols);
    nest.rhs = {map, at(in), getInputGroupBytes(s)};
    nest.out = {weightMap(s), at(weightGradient), s.m() * s.k() * 4};
    return addProduct(nest, std::move(name), Phase::WeightGradient,
                      weightGradient);
  }

  /// (n, oh, ow) x (kh, kw, ci) over one group of the input.
  static AccessMap inputMap(const ConvSpec &s) {
    int64_t c = s.inChannels / s.groups;
    AccessMap map;
    map.rows = {
        {s.outW(), 3, s.strideW}, {s.outH(), 2, s.strideH}, {s.batch, 0, 1}};
    map.cols = {
        {c, 1, 1}, {s.kernelW, 3, s.dilationW}, {s.kernelH, 2, s.dilationH}};
    map.axes = {{s.batch, s.inChannels * s.height * s.width * 4, 0, 0, 0},
                {c, s.height * s.width * 4, 0, 0, 0},
                {s.height, s.width * 4, -s.padTop, s.padTop, s.padBottom},
                {s.width, 4, -s.padLeft, s.padLeft, s.padRight}};
    return map;
  }
  /// Output channel of one group x (kh, kw, ci).
  static AccessMap weightMap(const ConvSpec &s) {
    int64_t c = s.inChannels / s.groups;
    AccessMap map;
    map.rows = {{s.m(), 0, 1}};
    map.cols = {{c, 1, 1}, {s.kernelW, 3, 1}, {s.kernelH, 2, 1}};
    map.axes = {{s.m(), s.k() * 4, 0, 0, 0},
                {c, s.kernelH * s.kernelW * 4, 0, 0, 0},
                {s.kernelH, s.kernelW * 4, 0, 0, 0},
                {s.kernelW, 4, 0, 0, 0}};
    return map;
  }
  /// Output channel of one group x (n, oh, ow).
  static AccessMap outputMap(const ConvSpec &s) {
    int64_t plane = s.outH() * s.outW() * 4;
    AccessMap map;
    map.rows = {{s.m(), 1, 1}};
    map.cols = {{s.outW(), 3, 1}, {s.outH(), 2, 1}, {s.batch, 0, 1}};
    map.axes = {{s.batch, s.outChannels * plane, 0, 0, 0},
                {s.m(), plane, 0, 0, 0},
                {s.outH(), s.outW() * 4, 0, 0, 0},
                {s.outW(), 4, 0, 0, 0}};
    return map;
  }
  static int64_t getInputGroupBytes(const ConvSpec &s) {
    return s.inChannels / s.groups * s.height * s.width * 4;
  }
  static int64_t getOutputGroupBytes(const ConvSpec &s) {
    return s.m() * s.outH() * s.outW() * 4;
  }

private:
  struct Operand {
    AccessMap map; ///< of `out`: rows of lhs x rows of rhs
    Address address;
    int64_t groupBytes = 0; ///< from one group to the next
  };
  struct Nest {
    const ConvSpec &spec;
    Stationary stationary;
    Entries format;
    int64_t m = 0, n = 0, k = 0, positions = 1;
    bool accumulate = false;
    Operand lhs = {}, rhs = {}, out = {};
    std::array<bool, 2> stored = {};
  };
  /// What the instructions of one core have in common.
  struct Tiles {
    uint32_t stationaryMap, streamedMap, outMap, product;
    uint8_t level;
    int64_t rowBlocks, colBlocks, count;
  };

  uint32_t addProduct(Nest &nest, std::string name, Phase phase,
                      uint32_t output) {
    bool isFirst = nest.stationary == Stationary::First;
    if (!isFirst)
      std::swap(nest.out.map.rows, nest.out.map.cols);
    int64_t height = program.groups[0].rows, width = program.groups[0].columns;
    Tiles tiles;
    tiles.product = uint32_t(program.products.size());
    uint32_t saved = currentLayer;
    currentLayer = addLayer(name, "Conv", output);
    program.layers.back().phase = phase;
    program.products.push_back(
        {currentLayer, nest.m, nest.n, nest.k, nest.spec.groups,
         nest.stationary, nest.format.conversions, nest.format.pass,
         nest.format.combine, nest.positions, tiles.product});
    for (unsigned operand : {0u, 1u})
      if (stored[operand])
        store(nest, tiles.product, operand, name + ".blocks");
    tiles.stationaryMap = addMap((isFirst ? nest.lhs : nest.rhs).map);
    tiles.streamedMap = addMap((isFirst ? nest.rhs : nest.lhs).map);
    tiles.outMap = addMap(nest.out.map);
    tiles.level = uint8_t(depth);
    tiles.rowBlocks = ((isFirst ? nest.m : nest.n) + height - 1) / height;
    tiles.colBlocks = (nest.k + width - 1) / width;
    tiles.count =
        nest.spec.groups * nest.positions * tiles.rowBlocks * tiles.colBlocks;
    int64_t cores = program.groups[0].count;
    uint64_t begin = loop((tiles.count + cores - 1) / cores);
    for (int64_t core = 0; core < cores; ++core)
      addTile(nest, tiles, core);
    Product &product = program.products[tiles.product];
    product.nests = {makeWholeNest(product, begin, end())};
    currentLayer = saved;
    return tiles.product;
  }

  /// Converts an operand of `nest` into a region of blocks, which takes its
  /// place.
  void store(Nest &nest, uint32_t product, unsigned index,
             const std::string &name) {
    Operand &operand = index == 0 ? nest.lhs : nest.rhs;
    uint32_t conversion = nest.format.conversions[index];
    const Bfp &format = *findBlockFormat(program, conversion);
    int64_t rows = index == 0 ? nest.m * nest.positions : nest.n;
    int64_t blocks = (nest.k + format.group - 1) / format.group;
    int64_t bytes = getBlockBytes(format);
    uint32_t region = addBlocks(name + std::to_string(index), Role::Workspace,
                                {nest.spec.groups, rows, blocks},
                                operand.address.memory, conversion);
    AccessMap map;
    map.rows = {{rows, 0, 1}};
    map.cols = {{blocks, 1, 1}};
    map.axes = {{rows, blocks * bytes, 0, 0, 0}, {blocks, bytes, 0, 0, 0}};
    int64_t groupBytes = rows * blocks * bytes;
    DigitTerm group{uint8_t(depth), 1, 0, 1, 0, 1};
    CoreConvert convert;
    convert.conversion = conversion;
    convert.srcMap = addMap(operand.map);
    convert.dstMap = addMap(map);
    convert.src = operand.address;
    convert.dst = at(region);
    for (auto [address, step] : {std::pair(&convert.src, operand.groupBytes),
                                 {&convert.dst, groupBytes}}) {
      address->offset.terms.push_back(group);
      address->offset.terms.back().weight = step;
    }
    convert.rows = {rows, std::nullopt};
    convert.cols = {nest.k, std::nullopt};
    convert.product = product;
    convert.operand = index;
    convert.group.terms = {group};
    loop(nest.spec.groups);
    add({EngineKind::Core, 0}, convert);
    end();
    operand = {std::move(map), at(region), groupBytes};
    nest.stored[index] = true;
  }

  /// Contraction blocks are fastest. Where the first operand stays, the
  /// positions follow, then row blocks; otherwise row blocks, then positions;
  /// last the groups.
  void addTile(const Nest &nest, const Tiles &t, int64_t c) {
    bool isFirst = nest.stationary == Stationary::First;
    int64_t height = program.groups[0].rows, width = program.groups[0].columns;
    auto digit = [&](int64_t divisor, int64_t modulus, int64_t weight) {
      return DigitTerm{t.level, program.groups[0].count, c, divisor, modulus,
                       weight};
    };
    int64_t perBlock = isFirst ? t.colBlocks * nest.positions : t.colBlocks;
    int64_t perPosition = isFirst ? t.colBlocks : t.colBlocks * t.rowBlocks;
    int64_t perGroup = t.colBlocks * t.rowBlocks * nest.positions;
    auto grouped = [&](const Operand &operand) {
      Address address = operand.address;
      address.offset.terms.push_back(digit(perGroup, 0, operand.groupBytes));
      return address;
    };
    Affine rowStart{0, {digit(perBlock, t.rowBlocks, height)}}, vecStart;
    if (nest.positions > 1) {
      Affine &shifted = isFirst ? rowStart : vecStart;
      shifted.base += (nest.positions - 1) * nest.m;
      shifted.terms.push_back(digit(perPosition, nest.positions, -nest.m));
    }
    Affine kStart{0, {digit(1, t.colBlocks, width)}};
    Count rows{height, Affine{isFirst ? nest.m : nest.n,
                              {digit(perBlock, t.rowBlocks, -height)}}};
    Count cols{width, Affine{nest.k, {digit(1, t.colBlocks, -width)}}};
    Affine group;
    if (nest.spec.groups > 1)
      group.terms.push_back(digit(perGroup, 0, 1));
    EngineId core{EngineKind::Core, uint8_t(c)};
    Guard guard{t.level, program.groups[0].count, c, t.count};
    const Entries &format = nest.format;
    CoreProgram load{format.conversions[isFirst ? 0 : 1],
                     format.pass,
                     t.stationaryMap,
                     grouped(isFirst ? nest.lhs : nest.rhs),
                     rowStart,
                     kStart,
                     rows,
                     cols,
                     t.product,
                     group,
                     nest.stored[isFirst ? 0 : 1]};
    add(core, load).guard = guard;
    CoreStream stream{format.conversions[isFirst ? 1 : 0],
                      format.pass,
                      format.combine,
                      t.streamedMap,
                      t.outMap,
                      grouped(isFirst ? nest.rhs : nest.lhs),
                      grouped(nest.out),
                      rowStart,
                      kStart,
                      vecStart,
                      rows,
                      cols,
                      Count{isFirst ? nest.n : nest.m, std::nullopt},
                      t.product,
                      nest.accumulate ? Affine{1, {}} : kStart,
                      group,
                      nest.stored[isFirst ? 1 : 0]};
    add(core, stream).guard = guard;
  }

  uint32_t currentLayer = noLayer;
  unsigned depth = 0;
};

} // namespace phx::testing

#endif // PHX_UNITTESTS_SUPPORT_PROGRAMBUILDER_H
