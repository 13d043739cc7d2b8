//===- Subjects.cpp - A program around each instruction ---------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Subjects.h"

#include "../support/ProgramBuilder.h"
#include "../support/TestMemories.h"

#include <cmath>
#include <random>

using namespace phx;
using namespace phx::test;
using phx::testing::ProgramBuilder;

namespace {

constexpr EngineId dma{EngineKind::Dma, 0}, vec{EngineKind::Vec, 0},
    core{EngineKind::Core, 0};

/// Memories, tables, and two loops of 6 and 2 iterations around what is tested.
class Frame {
public:
  Frame() {
    Program &program = b.program;
    program.kind = ProgramKind::Training;
    program.memoryModel = MemoryModel::Hierarchy;
    for (unsigned s = 0; s < mem::count; ++s)
      addMemory("memory" + std::to_string(s), uint32_t(s), 8192);
    // Whole numbers, any three of which make a key.
    keys = addMemory("keys", mem::wgt, 64, true);
    program.rng = addMemory("rng", mem::wgt, 3, true);
    addRegisters();
    b.addLayer("first", "Conv", std::nullopt);
    b.addLayer("second", "Relu", std::nullopt);
    b.setLayer(0);
  }

  void open() {
    b.loop(6);
    b.loop(2);
  }
  /// The same, and in each iteration of the outer one 3 in register 0, 1 in
  /// register 1, and in register 2 an end for guards.
  void openCounted() {
    b.loop(6);
    for (uint32_t r : {0, 1, 2})
      readCount(r);
    b.loop(2);
  }
  void readCount(uint32_t index) {
    Address src = b.at(counts);
    src.offset.base += 4 * index;
    src.offset.terms = {{0, 1, 0, 1, 0, 16}};
    b.add(vec, VecReadCount{index, src});
  }
  Subject close(size_t index) {
    b.end();
    b.end();
    return {b.finish(), index};
  }
  /// The loops with `body` alone, for iterations 1 to 4 of the outer one.
  Subject alone(EngineId engine, Body body) {
    open();
    return close(addGuarded(engine, std::move(body)));
  }
  /// The vector unit, which has read the registers itself.
  Subject aloneCounted(Body body) {
    openCounted();
    return close(addCounted(std::move(body)));
  }
  size_t addCounted(Body body) {
    size_t index = addGuarded(vec, std::move(body));
    b.program.code[index].guard->registerIndex = 2;
    return index;
  }
  size_t addGuarded(EngineId engine, Body body) {
    // Counter + 1 in [2, 6): any step at either end moves it across one.
    b.add(engine, std::move(body)).guard = Guard{0, 1, 1, 6, 2};
    return b.program.code.size() - 1;
  }

  /// base + weight * (outer counter mod 4), of which each part counts.
  static Affine vary(int64_t base, int64_t weight) {
    return {base, {{0, 2, 1, 2, 4, weight}}};
  }
  /// Another place for each iteration of both loops.
  static Address place(uint32_t space, int64_t base, int64_t step) {
    return {space,
            {base,
             {{0, 2, 1, 2, 4, 2 * step},
              {0, 1, 0, 4, 0, 8 * step},
              {1, 3, 2, 2, 0, step}}}};
  }
  /// Clipped to cap - 2 at times, full at others.
  static Count count(int64_t cap) { return {cap, vary(cap - 2, 1)}; }
  static Shape4 shape() { return {count(3), count(3), count(4), count(6)}; }
  /// The same with 3 of what is left in a register.
  static Count counted(int64_t cap) { return {cap, vary(cap - 5, 1), 0}; }
  static Shape4 countedShape() {
    return {counted(3), counted(3), counted(4), counted(6)};
  }

  ProgramBuilder b{2};
  uint32_t keys = 0;
  uint32_t counts = 0;  ///< what registers read: 4 for each outer iteration
  uint32_t numbers = 0; ///< any of which a register holds

private:
  uint32_t addIntegers(std::string name, const std::vector<int32_t> &values) {
    uint32_t region =
        b.addRegion(std::move(name), Role::State, {int64_t(values.size())},
                    mem::act, ElementType::I32);
    b.program.regions[region].isMutable = true;
    b.setData(region, values.data(), values.size() * 4);
    return region;
  }
  void addRegisters() {
    for (const char *name : {"three", "one", "end", "bound"})
      b.program.registers.push_back({name, 40});
    std::vector<int32_t> rows;
    // The third window ends earlier, and so does the bound but for the first.
    for (int32_t i = 0; i < 6; ++i)
      rows.insert(rows.end(), {3, 1, i == 2 ? 2 : 20, i == 0 ? 20 : 3});
    counts = addIntegers("counts", rows);
    std::vector<int32_t> values;
    for (int32_t i = 0; i < 512; ++i)
      values.push_back(i * 11 % 37);
    numbers = addIntegers("numbers", values);
  }
  uint32_t addMemory(std::string name, uint32_t space, int64_t words,
                     bool isWhole = false) {
    uint32_t region = b.addRegion(std::move(name), Role::State, {words}, space);
    b.program.regions[region].isMutable = true;
    std::vector<float> values;
    for (int64_t i = 0; i < words; ++i) {
      float size = std::uniform_real_distribution<float>(0.5f, 2)(random);
      // Neighbouring groups of a block format have other exponents.
      size = std::ldexp(size, int(i / 48 % 3));
      bool isNegative = std::bernoulli_distribution(0.5)(random);
      values.push_back(isWhole ? float(i * i + 7) : isNegative ? -size : size);
    }
    b.setData(region, values);
    return region;
  }

  std::mt19937 random{1};
};

//===----------------------------------------------------------------------===//
// Control and tokens
//===----------------------------------------------------------------------===//

DmaCopy makeCopy() {
  DmaCopy copy;
  copy.dst = Frame::place(mem::act, 0, 1024);
  copy.src = Frame::place(mem::dram, 64, 1024);
  copy.dstStride = {288, 96, 24, 4};
  copy.srcStride = {400, 128, 28, 4};
  copy.shape = Frame::shape();
  copy.zeroFill = ZeroFill{2, Frame::vary(0, 1), 4};
  return copy;
}

/// A loop of which all iterations are executed, and then not all.
Subject makeLoop() {
  Frame frame;
  frame.b.loop(2);
  frame.readCount(3);
  size_t index = frame.b.loop(6);
  getAs<Loop>(frame.b.program.code[index].body).below = 3;
  VecMap map;
  map.fn = VecFn::Abs;
  map.dst = Frame::place(mem::grad, 0, 1024);
  map.a = Frame::place(mem::wgt, 64, 1024);
  map.dstStride = map.aStride = {288, 96, 24, 4};
  map.shape = Frame::shape();
  frame.b.add(vec, map);
  return frame.close(index);
}

/// Copies in two loops; the subject is `ahead` instructions before the last.
Subject makeControl(size_t ahead) {
  Frame frame;
  Subject subject = frame.alone(dma, makeCopy());
  subject.index = subject.program.code.size() - 1 - ahead;
  return subject;
}

/// What dma brings vec takes, and gives the place back.
Subject makeTokens(bool isWait) {
  Frame frame;
  frame.b.addToken();
  frame.b.addToken();
  frame.open();
  frame.b.add(dma, makeCopy());
  size_t signal = frame.b.program.code.size();
  frame.b.signal(dma, 0);
  frame.b.wait(vec, 0);
  VecMap map;
  map.dst = Frame::place(mem::grad, 0, 1024);
  map.a = makeCopy().dst;
  map.dstStride = map.aStride = {288, 96, 24, 4};
  map.shape = Frame::shape();
  frame.b.add(vec, map);
  frame.b.signal(vec, 1);
  frame.b.wait(dma, 1);
  return frame.close(isWait ? signal + 1 : signal);
}

//===----------------------------------------------------------------------===//
// Vector unit
//===----------------------------------------------------------------------===//

/// The function that reads everything an elementwise function can.
Subject makeMap() {
  Frame frame;
  VecMap map;
  map.fn = VecFn::Drop;
  map.dst = Frame::place(mem::grad, 0, 1024);
  map.a = Frame::place(mem::act, 64, 1024);
  map.b = Frame::place(mem::wgt, 128, 1024);
  map.dstStride = {288, 96, 24, 4};
  map.aStride = {400, 128, 28, 4};
  map.bStride = {660, 220, 52, 8};
  map.shape = Frame::countedShape();
  map.s0 = 0.75f;
  map.s1 = 1.5f;
  return frame.aloneCounted(map);
}

Subject makeReduce() {
  Frame frame;
  VecReduce reduce;
  reduce.dst = Frame::place(mem::grad, 0, 64);
  reduce.a = Frame::place(mem::act, 64, 1024);
  reduce.dstStride = {16, 4, 0, 0};
  reduce.aStride = {400, 128, 28, 4};
  reduce.shape = Frame::countedShape();
  reduce.dims = 2;
  return frame.aloneCounted(reduce);
}

/// Windows of 2 x 2 over a plane with a margin above and on the left of it, and
/// maps of the results, two of each.
void addPoolMaps(Frame &frame) {
  for (int64_t width : {4, 5}) {
    AccessMap in;
    in.rows = {{4, 1, 1}, {4, 0, 1}};
    in.cols = {{2, 1, 1}, {2, 0, 1}};
    in.axes = {{4, width * 4, -1, 1, 0}, {4, 4, -1, 1, 0}};
    frame.b.addMap(in);
    AccessMap out;
    out.rows = {{16, 0, 1}};
    out.axes = {{16, width * 4, 0, 0, 0}};
    frame.b.addMap(out);
  }
}

Address poolIn() { return Frame::place(mem::act, 64, 256); }
Address poolOut() { return Frame::place(mem::grad, 0, 256); }
Address poolPositions() { return Frame::place(mem::wgt, 32, 64); }

Subject makePool() {
  Frame frame;
  addPoolMaps(frame);
  VecPool pool;
  pool.fn = PoolFn::AverageAll;
  pool.outMap = 1;
  pool.in = poolIn();
  pool.out = poolOut();
  pool.rowStart = Frame::vary(0, 2);
  pool.rows = Frame::counted(6);
  pool.window = 4;
  return frame.aloneCounted(pool);
}

VecPoolPositions makePositions() {
  VecPoolPositions pool;
  pool.outMap = 1;
  pool.in = poolIn();
  pool.out = poolOut();
  pool.positions = poolPositions();
  pool.rowStart = Frame::vary(0, 2);
  pool.rows = Frame::counted(6);
  pool.window = 4;
  return pool;
}

Subject makePoolPositions() {
  Frame frame;
  addPoolMaps(frame);
  return frame.aloneCounted(makePositions());
}

Subject makeUnpool() {
  Frame frame;
  addPoolMaps(frame);
  frame.openCounted();
  frame.addCounted(makePositions());
  VecUnpool unpool;
  unpool.outMap = 1;
  unpool.in = Frame::place(mem::grad, 16384, 256);
  unpool.out = poolOut();
  unpool.positions = poolPositions();
  unpool.rowStart = Frame::vary(0, 2);
  unpool.rows = Frame::counted(6);
  unpool.window = 4;
  return frame.close(frame.addCounted(unpool));
}

Subject makePack() {
  Frame frame;
  VecPack pack;
  pack.dst = Frame::place(mem::grad, 0, 16);
  pack.a = Frame::place(mem::act, 64, 512);
  pack.count = Frame::counted(40);
  return frame.aloneCounted(pack);
}

Subject makeGateMask() {
  Frame frame;
  VecGateMask gate;
  gate.dst = Frame::place(mem::grad, 0, 256);
  gate.a = Frame::place(mem::act, 64, 256);
  gate.mask = Frame::place(mem::wgt, 32, 16);
  gate.count = Frame::counted(40);
  return frame.aloneCounted(gate);
}

Subject makeRandom() {
  Frame frame;
  VecRandom numbers;
  numbers.dst = Frame::place(mem::grad, 0, 256);
  numbers.key = Frame::place(mem::wgt, 0, 4);
  numbers.key.offset.base = frame.b.at(frame.keys).offset.base + 8;
  numbers.first = Frame::vary(3, 5);
  numbers.count = Frame::counted(40);
  numbers.stream = 2;
  return frame.aloneCounted(numbers);
}

/// How many elements are packed behind it.
Subject makeReadCount() {
  Frame frame;
  frame.openCounted();
  VecReadCount read{1, Frame::place(mem::act, 0, 16)};
  read.src.offset.base = frame.b.at(frame.numbers).offset.base + 8;
  size_t index = frame.addCounted(read);
  VecPack pack;
  pack.dst = Frame::place(mem::grad, 0, 16);
  pack.a = Frame::place(mem::wgt, 64, 512);
  pack.count = {40, Frame::vary(0, 1), 1};
  frame.b.add(vec, pack);
  return frame.close(index);
}

//===----------------------------------------------------------------------===//
// Arrays of residue cores
//===----------------------------------------------------------------------===//

/// `rows` x `columns` elements.
AccessMap makeMatrix(int64_t rows, int64_t columns) {
  AccessMap map;
  map.rows = {{rows, 0, 1}};
  map.cols = {{columns, 1, 1}};
  map.axes = {{rows, columns * 4, 0, 0, 0}, {columns, 4, 0, 0, 0}};
  return map;
}

/// Tiles of a product of several groups, rounded at random, and their streams:
/// two at a time, on other arrays in each iteration.
Subject makeTile(bool isStream) {
  Frame frame;
  frame.b.program.groups[0].count = 9;
  // Other arrays, which a wrong group would name.
  frame.b.program.groups.push_back(frame.b.program.groups[0]);
  frame.b.program.groups[1].name = "other";
  for (Rounding rounding : {Rounding::Stochastic, Rounding::Nearest}) {
    phx::testing::ProductFormat format = phx::testing::mirageFormat();
    format.first.rounding = rounding;
    frame.b.addFormat(format);
  }
  // Stationary, streamed, results; and one more.
  for (auto [rows, columns] : {std::pair{40, 62}, {32, 66}, {40, 32}, {40, 67}})
    frame.b.addMap(makeMatrix(rows, columns));
  for (uint32_t p : {0, 1}) {
    Product product{0, 40, 32, 62, 8};
    product.conversions = {0, 1};
    product.stream = 1000 * p;
    frame.b.program.products.push_back(product);
  }
  CoreProgram load;
  load.conversion = 0;
  load.src = Frame::place(mem::wgt, 64, 16);
  load.rowStart = Frame::vary(0, 8);
  load.kStart = Frame::vary(0, 16);
  load.rows = Frame::count(8);
  load.cols = {16, Frame::vary(62, -16)}; // whole groups, and the last one
  load.group = Frame::vary(0, 1);
  CoreStream stream;
  stream.conversion = 1;
  stream.inMap = 1;
  stream.outMap = 2;
  stream.in = Frame::place(mem::act, 64, 16);
  stream.out = Frame::place(mem::grad, 0, 64);
  stream.rowStart = load.rowStart;
  stream.kStart = load.kStart;
  stream.vecStart = Frame::vary(0, 4);
  stream.rows = load.rows;
  stream.cols = load.cols;
  stream.length = Frame::count(6);
  stream.start = Frame::vary(0, 1);
  stream.group = load.group;
  DigitTerm lane{laneLoop, 1, 0, 1, 0, 32};
  load.src.offset.terms.push_back(lane);
  stream.in.offset.terms.push_back(lane);
  frame.open();
  size_t loads = frame.addGuarded(core, load);
  size_t streams = frame.addGuarded(core, stream);
  for (size_t i : {loads, streams})
    frame.b.program.code[i].arrays = {Frame::vary(0, 2).terms, 2};
  return frame.close(isStream ? streams : loads);
}

/// Whole groups of an operand that is rounded at random, and the last one that
/// is shorter: two arrays at a time.
Subject makeConvert() {
  Frame frame;
  Program &program = frame.b.program;
  program.groups[0].count = 9;
  phx::testing::ProductFormat format = phx::testing::mirageFormat();
  format.first.rounding = Rounding::Stochastic;
  format.second.rounding = Rounding::Nearest;
  frame.b.addFormat(format);
  // Blocks are no binary32 numbers, which have to stay finite.
  program.regions[mem::grad].type = ElementType::I32;
  frame.b.addMap(makeMatrix(40, 62));
  // Rows of 4 blocks of 11 bytes, which every eighth one shares.
  AccessMap blocks;
  blocks.rows = {{8, 0, 1}, {4, 0, 0}};
  blocks.cols = {{4, 1, 1}};
  blocks.axes = {{8, 44, 0, 0, 0}, {4, 11, 0, 0, 0}};
  frame.b.addMap(blocks);
  for (uint32_t p : {0, 1}) {
    Product product{0, 40, 32, 62, 8};
    product.conversions = {0, 1};
    product.stream = 1000 * p;
    program.products.push_back(product);
  }
  CoreConvert convert;
  convert.dstMap = 1;
  convert.src = Frame::place(mem::wgt, 64, 16);
  convert.dst = Frame::place(mem::grad, 3, 1024);
  convert.rowStart = Frame::vary(0, 8);
  convert.kStart = Frame::vary(0, 16);
  convert.rows = Frame::count(8);
  convert.cols = {16, Frame::vary(62, -16)};
  convert.group = Frame::vary(0, 1);
  convert.src.offset.terms.push_back({laneLoop, 1, 0, 1, 0, 32});
  convert.dst.offset.terms.push_back({laneLoop, 1, 0, 1, 0, 512});
  frame.open();
  size_t index = frame.addGuarded(core, convert);
  program.code[index].arrays = {Frame::vary(0, 2).terms, 2};
  return frame.close(index);
}

} // namespace

std::map<std::string, Subject> phx::test::makeSubjects() {
  return {
      {"halt", makeControl(0)},
      {"end", makeControl(1)},
      {"loop", makeLoop()},
      {"signal", makeTokens(false)},
      {"wait", makeTokens(true)},
      {"dma_copy", makeControl(3)},
      {"vec_map", makeMap()},
      {"vec_reduce", makeReduce()},
      {"vec_pool", makePool()},
      {"vec_pool_positions", makePoolPositions()},
      {"vec_unpool", makeUnpool()},
      {"vec_pack", makePack()},
      {"vec_gate_mask", makeGateMask()},
      {"vec_random", makeRandom()},
      {"vec_read_count", makeReadCount()},
      {"core_program", makeTile(false)},
      {"core_stream", makeTile(true)},
      {"core_convert", makeConvert()},
  };
}
