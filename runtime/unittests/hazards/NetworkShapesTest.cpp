//===- NetworkShapesTest.cpp - Programs shaped as compilers write them -*- C++
//-*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Convolution layers as nests of tiles over eight cores, under both memory
// models. The times are printed, not tested.
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Instructions.h"
#include "phx/isa/TokenInsertion.h"
#include "phx/isa/Validator.h"

#include "Oracle.h"
#include "RandomCode.h"
#include "../support/TestMemories.h"

#include <chrono>
#include <functional>
#include <gtest/gtest.h>

using namespace phx;
using namespace phx::test;

namespace {

constexpr int64_t numCores = 8, tileRows = 32, tileCols = 16;

struct Conv {
  int64_t cin, cout, size, kernel, stride; ///< size: of the output, square
};

/// Writes programs layer by layer.
class NetBuilder {
public:
  explicit NetBuilder(int64_t batch) : batch(batch) {
    program.groups = {{"core", "rns", numCores, tileRows, tileCols}};
    program.memories = makeMemories();
    program.batch = batch;
  }

  void add(EngineKind kind, Body body, std::optional<Guard> guard = {},
           uint8_t index = 0) {
    program.code.push_back({{kind, index},
                            uint32_t(program.layers.size()) - 1,
                            guard,
                            std::move(body)});
  }
  void loop(int64_t count) { add(EngineKind::Dma, Loop{count}); }
  void end() { add(EngineKind::Dma, End{}); }
  void layer() {
    program.layers.push_back(
        {"layer" + std::to_string(program.layers.size()), "Conv", {}});
  }
  Program finish() {
    add(EngineKind::Dma, Halt{});
    return std::move(program);
  }

  static Address at(uint32_t space, int64_t base,
                    std::vector<DigitTerm> terms = {}) {
    return {space, {base, std::move(terms)}};
  }

  /// Rounds of tiles of one product: rows x cols of `conv`, `vectors` (n, oh,
  /// ow) at `rowBytes` per image row. `depth` loops are outside.
  void tiles(const Conv &c, uint8_t depth, int64_t images, int64_t rows,
             Address x, Address w, Address y) {
    int64_t k = c.cin * c.kernel * c.kernel, in = c.size * c.stride;
    int64_t inRows = rows * c.stride, pad = c.kernel / 2;
    uint32_t maps = program.maps.size();
    AccessMap weights, input, output;
    weights.rows = {{c.cout, 0, 1}};
    weights.cols = {{k, 1, 1}};
    weights.axes = {{c.cout, k * 4, 0, 0, 0}, {k, 4, 0, 0, 0}};
    input.rows = {{c.size, 3, c.stride}, {rows, 2, c.stride}, {images, 0, 1}};
    input.cols = {{c.cin, 1, 1}, {c.kernel, 3, 1}, {c.kernel, 2, 1}};
    input.axes = {{images, c.cin * inRows * in * 4, 0, 0, 0},
                  {c.cin, inRows * in * 4, 0, 0, 0},
                  {inRows, in * 4, -pad, 0, 0},
                  {in, 4, -pad, 0, 0}};
    output.rows = {{c.cout, 1, 1}};
    output.cols = {{rows * c.size, 2, 1}, {images, 0, 1}};
    output.axes = {{images, c.cout * rows * c.size * 4, 0, 0, 0},
                   {c.cout, rows * c.size * 4, 0, 0, 0},
                   {rows * c.size, 4, 0, 0, 0}};
    program.maps.insert(program.maps.end(), {weights, input, output});
    int64_t kBlocks = (k + tileCols - 1) / tileCols;
    int64_t all = (c.cout + tileRows - 1) / tileRows * kBlocks;
    uint32_t product = program.products.size();
    size_t begin = program.code.size();
    loop((all + numCores - 1) / numCores);
    for (int64_t core = 0; core < numCores; ++core) {
      Affine row{0, {{depth, numCores, core, kBlocks, 0, tileRows}}};
      Affine col{0, {{depth, numCores, core, 1, kBlocks, tileCols}}};
      Affine rowsLeft{c.cout, {{depth, numCores, core, kBlocks, 0, -tileRows}}};
      Affine colsLeft{k, {{depth, numCores, core, 1, kBlocks, -tileCols}}};
      Count r{tileRows, rowsLeft}, l{tileCols, colsLeft};
      Guard guard{depth, numCores, core, all};
      add(EngineKind::Core, CoreProgram{0, 0, maps, w, row, col, r, l, product},
          guard, core);
      add(EngineKind::Core,
          CoreStream{0,
                     0,
                     0,
                     maps + 1,
                     maps + 2,
                     x,
                     y,
                     row,
                     col,
                     {},
                     r,
                     l,
                     Count{images * rows * c.size, {}},
                     product},
          guard, core);
    }
    end();
    Product p;
    p.layer = program.layers.size() - 1;
    p.nests.push_back({begin, program.code.size() - 1, {}, {}, {}, {}});
    program.products.push_back(p);
    tileCount += all;
  }

  void relu(Address dst, Address src, int64_t elements) {
    VecMap map;
    map.fn = VecFn::Relu;
    map.dst = dst;
    map.a = src;
    map.dstStride = map.aStride = {4, 4, 4, 4};
    map.shape = {Count{1, {}}, Count{1, {}}, Count{1, {}}, Count{elements, {}}};
    add(EngineKind::Vec, map);
  }

  void copy(Address dst, Address src, int64_t elements,
            std::optional<Guard> guard = {}) {
    DmaCopy copy;
    copy.dst = dst;
    copy.src = src;
    copy.dstStride = copy.srcStride = {4, 4, 4, 4};
    copy.shape = {Count{1, {}}, Count{1, {}}, Count{1, {}},
                  Count{elements, {}}};
    add(EngineKind::Dma, copy, guard);
  }

  /// Everything on chip: two activation buffers used in turn.
  void idealLayer(const Conv &c) {
    constexpr int64_t half = int64_t(1) << 40;
    layer();
    int64_t turn = program.layers.size() % 2;
    tiles(c, 0, batch, c.size, at(mem::act, turn * half),
          at(mem::wgt, 0), at(mem::grad, 0));
    relu(at(mem::act, (1 - turn) * half), at(mem::grad, 0),
         batch * c.cout * c.size * c.size);
  }

  /// Chunks of `rows` output rows through double buffers; with `pipelined` the
  /// next chunk is loaded before the present one is computed.
  void chunkedLayer(const Conv &c, int64_t rows, int64_t blocks,
                    bool pipelined) {
    layer();
    int64_t chunks = batch * c.size / rows;
    int64_t xBytes = c.cin * rows * c.stride * c.size * c.stride * 4;
    int64_t yBytes = c.cout * rows * c.size * 4;
    int64_t wBytes = c.cout * c.cin * c.kernel * c.kernel * 4;
    auto turn = [](uint8_t loop, int64_t offset, int64_t bytes) {
      return std::vector<DigitTerm>{{loop, 1, offset, 1, 2, bytes}};
    };
    auto each = [](uint8_t loop, int64_t offset, int64_t bytes) {
      return std::vector<DigitTerm>{{loop, 1, offset, 1, 0, bytes}};
    };
    auto load = [&](int64_t ahead, std::optional<Guard> guard) {
      copy(at(mem::act, 0, turn(1, ahead, xBytes)),
           at(mem::dram, 0, each(1, ahead, xBytes)), xBytes / 4, guard);
    };
    loop(blocks);
    copy(at(mem::wgt, 0, turn(0, 0, wBytes)),
         at(mem::dram, int64_t(1) << 40, each(0, 0, wBytes)), wBytes / 4);
    if (pipelined)
      copy(at(mem::act, 0), at(mem::dram, 0), xBytes / 4);
    loop(chunks);
    if (pipelined)
      load(1, Guard{1, 1, 1, chunks});
    else
      load(0, {});
    tiles(c, 2, 1, rows, at(mem::act, 0, turn(1, 0, xBytes)),
          at(mem::wgt, 0, turn(0, 0, wBytes)),
          at(mem::grad, 0, turn(1, 0, yBytes)));
    relu(at(mem::grad, 2 * yBytes, turn(1, 0, yBytes)),
         at(mem::grad, 0, turn(1, 0, yBytes)), yBytes / 4);
    copy(at(mem::dram, int64_t(2) << 40, each(1, 0, yBytes)),
         at(mem::grad, 2 * yBytes, turn(1, 0, yBytes)), yBytes / 4);
    end();
    end();
  }

  Program program;
  int64_t batch;
  int64_t tileCount = 0;
};

const std::vector<Conv> resnet18 = {
    {3, 64, 112, 7, 2},   {64, 64, 56, 3, 1},   {64, 64, 56, 3, 1},
    {64, 64, 56, 3, 1},   {64, 64, 56, 3, 1},   {64, 128, 28, 3, 2},
    {64, 128, 28, 1, 2},  {128, 128, 28, 3, 1}, {128, 128, 28, 3, 1},
    {128, 128, 28, 3, 1}, {128, 256, 14, 3, 2}, {128, 256, 14, 1, 2},
    {256, 256, 14, 3, 1}, {256, 256, 14, 3, 1}, {256, 256, 14, 3, 1},
    {256, 512, 7, 3, 2},  {256, 512, 7, 1, 2},  {512, 512, 7, 3, 1},
    {512, 512, 7, 3, 1},  {512, 512, 7, 3, 1},  {512, 1000, 1, 1, 1}};
const std::vector<Conv> vgg16 = {
    {3, 64, 224, 3, 1},    {64, 64, 224, 3, 1},    {64, 128, 112, 3, 1},
    {128, 128, 112, 3, 1}, {128, 256, 56, 3, 1},   {256, 256, 56, 3, 1},
    {256, 256, 56, 3, 1},  {256, 512, 28, 3, 1},   {512, 512, 28, 3, 1},
    {512, 512, 28, 3, 1},  {512, 512, 14, 3, 1},   {512, 512, 14, 3, 1},
    {512, 512, 14, 3, 1},  {25088, 4096, 1, 1, 1}, {4096, 4096, 1, 1, 1},
    {4096, 1000, 1, 1, 1}};

double measure(const std::function<void()> &work) {
  auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(
             std::chrono::steady_clock::now() - start)
      .count();
}

/// Inserts tokens, validates, prints what it took; returns the program.
Program finishAndMeasure(const char *name, NetBuilder &builder) {
  int64_t tiles = builder.tileCount;
  Program program = builder.finish();
  double insertion = measure([&] {
    Status status = insertTokens(program);
    EXPECT_TRUE(status.ok()) << status.error().message;
  });
  double validation = measure([&] {
    Status status = validateHazards(program);
    EXPECT_TRUE(status.ok()) << status.error().message;
  });
  printf("%-28s %5zu instructions %7ld static tiles %4u tokens  insertion "
         "%7.2f ms  validation %7.2f ms\n",
         name, program.code.size(), long(tiles), program.tokens, insertion,
         validation);
  for (const Product &p : program.products) {
    const ProductNest &nest = p.nests.at(0);
    EXPECT_TRUE(holds<Loop>(program.code[nest.loopBegin].body));
    EXPECT_TRUE(holds<End>(program.code[nest.loopEnd].body));
    EXPECT_EQ(nest.loopEnd - nest.loopBegin, 2u * numCores + 1);
  }
  return program;
}

} // namespace

TEST(NetworkShapes, Ideal) {
  for (int64_t batch : {1, 256}) {
    NetBuilder resnet(batch), vgg(batch);
    for (const Conv &c : resnet18)
      resnet.idealLayer(c);
    for (const Conv &c : vgg16)
      vgg.idealLayer(c);
    Program program = finishAndMeasure(
        ("ResNet-18 ideal, batch " + std::to_string(batch)).c_str(), resnet);
    // Between products and vector operations: one token per core each way.
    EXPECT_LE(program.tokens, 2u * numCores * resnet18.size());
    finishAndMeasure(("VGG-16 ideal, batch " + std::to_string(batch)).c_str(),
                     vgg);
  }
}

TEST(NetworkShapes, Hierarchy) {
  for (bool pipelined : {false, true})
    for (int64_t batch : {1, 16, 256}) {
      NetBuilder resnet(batch);
      for (const Conv &c : resnet18)
        resnet.chunkedLayer(c, c.size % 14 == 0 ? 14 : c.size,
                            c.cout >= 512 ? 4 : 1, pipelined);
      std::string name = std::string("ResNet-18 ") +
                         (pipelined ? "pipelined" : "chunked") + ", batch " +
                         std::to_string(batch);
      finishAndMeasure(name.c_str(), resnet);
    }
}

TEST(NetworkShapes, ChunkedLayerIsMinimal) {
  // Small enough for the oracle: every token is needed, and the store of a
  // chunk lets the next but one be loaded without a token of its own.
  for (bool pipelined : {false, true}) {
    NetBuilder builder(1);
    builder.chunkedLayer({4, 40, 6, 1, 1}, 2, 2, pipelined);
    builder.chunkedLayer({40, 8, 6, 1, 1}, 1, 1, pipelined);
    Program program = finishAndMeasure("small", builder);
    EXPECT_FALSE(hasRace(program));
    for (uint32_t token = 0; token < program.tokens; ++token)
      EXPECT_TRUE(hasRace(removeToken(program, token)))
          << "token " << token << " of " << program.tokens;
  }
}

TEST(NetworkShapes, RaceInALargeNestIsFoundExactly) {
  // A relu that overwrites the input of the next layer too early.
  NetBuilder builder(1);
  builder.idealLayer(resnet18[1]);
  builder.idealLayer(resnet18[2]);
  Program program = builder.finish();
  ASSERT_TRUE(insertTokens(program).ok());
  ASSERT_TRUE(validateHazards(program).ok());
  for (uint32_t token = 0; token < program.tokens; ++token) {
    Status status = validateHazards(removeToken(program, token));
    ASSERT_FALSE(status.ok()) << "token " << token;
    EXPECT_NE(status.error().message.find("hazard"), std::string::npos);
  }
}
