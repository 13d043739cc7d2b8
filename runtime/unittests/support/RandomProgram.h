//===- RandomProgram.h - Random structurally valid programs -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// makeRandomProgram(options): nested loops, guards, clipped counts, tokens
// within bodies and as credits around loops, all engines, tiles on arrays by
// affine index and on ranges of arrays, unequal rates, count registers. Always
// passes validateStructure. Whether it has races is up to `memory`: engines in
// slots of their own never race; in one shared slot most of them do.
// The same options give the same program on every platform.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_SUPPORT_RANDOMPROGRAM_H
#define PHX_UNITTESTS_SUPPORT_RANDOMPROGRAM_H

#include "ProductFormat.h"
#include "TestMemories.h"

#include "machines/rns/Instructions.h"
#include "phx/isa/Blocks.h"
#include "phx/isa/Program.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace phx::testing {

/// SplitMix64: small, fast, the same everywhere.
class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}
  uint64_t next() {
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// Uniform in [low, high].
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(next() % uint64_t(high - low + 1));
  }
  bool oneIn(unsigned n) { return next() % n == 0; }
  template <typename T> const T &pick(const std::vector<T> &from) {
    return from[next() % from.size()];
  }

private:
  uint64_t state;
};

struct RandomProgramOptions {
  uint64_t seed = 0;
  unsigned cores = 2;
  unsigned maxDepth = 3;  ///< of loops, at most 8
  unsigned maxItems = 5;  ///< instructions or loops per body, tokens excluded
  int64_t maxTrip = 5;    ///< iterations of a loop
  int64_t maxLength = 64; ///< streamed vectors of one instruction
  unsigned maxTokens = 3; ///< per body
  enum class Memory {
    Private, ///< a slot per engine: no races
    Shared,  ///< one slot for all: races unless tokens order them
  } memory = Memory::Private;
  MemoryModel memoryModel = MemoryModel::Hierarchy;
  /// Random constants as data sections.
  bool withData = false;
  /// Only vector functions that keep finite values finite.
  bool finite = false;
};

/// One use; see makeRandomProgram.
class RandomProgramGenerator {
public:
  explicit RandomProgramGenerator(const RandomProgramOptions &options)
      : options(options), random(options.seed), blocks(~options.seed) {}

  Program generate() {
    program.name = "random-" + std::to_string(options.seed);
    program.target = "test";
    program.targetHash = random.next();
    program.compiler = "test";
    program.memoryModel = options.memoryModel;
    program.groups = {{"core", "rns", options.cores, 32, 16}};
    program.registers = {{"trips", std::max<int64_t>(options.maxTrip, 1)},
                         {"few", 3},
                         {"many \xc3\xa9", 300}};
    program.memories = makeMemories();
    // Copies have elements of any width.
    for (ProgramMemory &memory : program.memories) {
      memory.types.push_back(ElementType::I16);
      memory.types.push_back(ElementType::Block);
    }
    makeTables();
    flatten(makeBody(0));
    Instruction halt;
    halt.body = Halt{};
    program.code.push_back(halt);
    return std::move(program);
  }

private:
  /// An instruction, or a loop with its body.
  struct Node {
    Instruction instruction;
    std::vector<Node> body;
  };
  using NodeList = std::vector<Node>;

  static constexpr int64_t bankBytes = 1 << 14, banksPerSlot = 3;

  //===--------------------------------------------------------------------===//
  // Tables
  //===--------------------------------------------------------------------===//

  void makeTables() {
    int64_t slots = options.memory == RandomProgramOptions::Memory::Shared
                        ? 1
                        : int64_t(options.cores) + 2;
    bool ideal = options.memoryModel == MemoryModel::Ideal;
    for (unsigned s = ideal ? 1 : 0; s < mem::count; ++s) {
      program.memories[s].bytes = slots * banksPerSlot * bankBytes;
      Region region;
      region.name = "memory" + std::to_string(s);
      region.memory = uint32_t(s);
      region.shape = {program.memories[s].bytes / 4};
      region.bytes = program.memories[s].bytes;
      program.regions.push_back(region);
    }
    if (options.withData)
      makeData();
    for (int64_t l = random.between(1, 4); l > 0; --l)
      program.layers.push_back(
          {"layer" + std::to_string(l), "Conv",
           random.oneIn(2) ? std::optional<uint32_t>(0) : std::nullopt});
    for (bool plain : {true, false})
      entries.push_back(addEntries(program, makeProductFormat(plain)));
    for (int i = 0; i < 6; ++i)
      program.maps.push_back(makeMap());
    for (int64_t p = random.between(1, 4); p > 0; --p) {
      Product product;
      product.layer = random.oneIn(2) ? 0 : noLayer;
      product.m = random.between(1, 100);
      product.n = random.between(1, 100);
      product.k = random.between(1, 100);
      product.groups = random.between(1, 3);
      product.stationary =
          random.oneIn(2) ? Stationary::First : Stationary::Second;
      product.stream = static_cast<uint32_t>(random.next()) >> 1;
      const Entries &own = entries[size_t(p) % entries.size()];
      product.conversions = own.conversions;
      product.pass = own.pass;
      product.combine = own.combine;
      program.products.push_back(product);
    }
    makeTrainingTables();
  }

  /// The reference machine's, or operands that differ in all they can. Takes no
  /// random numbers from what else is made with them.
  ProductFormat makeProductFormat(bool plain) const {
    ProductFormat format;
    if (plain)
      return format;
    static constexpr int64_t bits[][2] = {{3, 7}, {4, 6}, {5, 5}, {6, 1}};
    uint64_t choice = options.seed;
    auto pick = [&](uint64_t count) {
      uint64_t picked = choice % count;
      choice /= count;
      return int64_t(picked);
    };
    const auto &mantissas = bits[pick(std::size(bits))];
    format.first = {mantissas[0], 16 * (1 + pick(3)), Rounding(pick(2))};
    format.second = {mantissas[1], 16, Rounding(pick(2))};
    if (pick(2))
      std::swap(format.first, format.second);
    return format;
  }

  /// What a program says about itself, whatever its code does.
  void makeMarks() {
    size_t count = program.regions.size();
    program.kind = static_cast<ProgramKind>(count % numProgramKinds);
    for (size_t r = 0; r < count; ++r) {
      Region &region = program.regions[r];
      region.isLoss = r % 3 == 0;
      if (r % 2)
        region.gradientOf = static_cast<uint32_t>(r);
      region.knob = r % 4 ? Knob::None : Knob::LearningRate;
    }
  }

  /// Symbols that have no effect on the code.
  void makeTrainingTables() {
    for (Layer &layer : program.layers)
      layer.phase = static_cast<Phase>(random.between(0, numPhases - 1));
    if (!options.withData)
      return;
    for (Region &region : program.regions)
      if (region.role == Role::Constant && random.oneIn(2)) {
        region.role = random.oneIn(2) ? Role::Parameter : Role::State;
        region.isMutable = region.bytes > 0;
      }
    for (bool key : {false, true}) {
      Region region;
      region.name = key ? "rng" : "labels";
      region.role = key ? Role::State : Role::Input;
      region.isMutable = key;
      region.memory = mem::grad;
      region.shape = {key ? 3 : 16};
      region.bytes = 64;
      region.address = key ? 64 : 0;
      if (!key)
        region.labels = Labels{random.between(1, 1000), std::nullopt};
      if (!key && random.oneIn(2))
        region.labels->ignoreIndex = random.between(-200, 200);
      program.regions.push_back(region);
    }
    program.rng = static_cast<uint32_t>(program.regions.size() - 1);
    if (random.oneIn(2))
      getIf<Bfp>(program.conversions[0])->rounding = Rounding::Stochastic;
    makeBlocks();
    makeMarks();
  }

  /// A constant that is stored converted.
  void makeBlocks() {
    const Bfp &format = *findBlockFormat(program, 0);
    int64_t bytes = getBlockBytes(format);
    Region region;
    region.name = "blocks";
    region.role = Role::Constant;
    region.type = ElementType::Block;
    region.conversion = 0;
    region.memory = mem::act;
    region.shape = {2};
    region.bytes = 2 * bytes;
    auto data = std::make_shared<std::vector<uint8_t>>(size_t(region.bytes));
    int16_t mantissas[] = {-1, 1, 0};
    packBlock(format, 130, mantissas, 3, 1, data->data() + bytes);
    region.data = static_cast<uint32_t>(program.data.size());
    program.data.push_back({data->data(), data->size(), data});
    program.regions.push_back(region);
  }

  void makeData() {
    int64_t address = 0;
    for (int64_t d = random.between(1, 4); d > 0; --d) {
      Region region;
      region.name = "constant " + std::to_string(d) + " \xc3\xa9";
      region.role = Role::Constant;
      region.memory = mem::wgt;
      region.shape = {random.between(1, 5), random.between(0, 40)};
      region.bytes = region.shape[0] * region.shape[1] * 4;
      region.address = address;
      address += (region.bytes + 63) / 64 * 64;
      auto bytes = std::make_shared<std::vector<uint8_t>>(size_t(region.bytes));
      for (uint8_t &byte : *bytes)
        byte = static_cast<uint8_t>(random.next());
      region.data = static_cast<uint32_t>(program.data.size());
      program.data.push_back({bytes->data(), bytes->size(), bytes});
      program.regions.push_back(region);
    }
  }

  /// Whether operands may be blocks. Those that were never written as such are
  /// no numbers.
  bool hasBlocks() const { return !options.finite; }

  /// At most 40 x 80 elements of one bank.
  AccessMap makeMap() {
    AccessMap map;
    int64_t inner = random.between(1, 40), outer = random.between(1, 40);
    map.axes.push_back({outer, inner * 4, random.between(-2, 1), 0, 0});
    map.axes.push_back({inner, 4, random.between(-2, 1), 0, 0});
    map.rows.push_back({random.between(1, 40), 0, random.between(1, 2)});
    if (random.oneIn(2))
      map.rows.push_back({random.between(1, 4), 1, random.between(1, 2)});
    map.cols.push_back({random.between(1, 40), 1, 1});
    if (random.oneIn(2))
      map.cols.push_back({random.between(1, 4), 0, random.between(-1, 2)});
    return map;
  }

  int64_t getReach(const AccessMap &map) {
    int64_t reach = 4;
    for (uint32_t c = 0; c < program.conversions.size() && hasBlocks(); ++c)
      if (const Bfp *format = findBlockFormat(program, c))
        reach = std::max(reach, (getBlockBytes(*format) + 3) / 4 * 4);
    for (const MapAxis &axis : map.axes)
      reach += (axis.extent - 1) * axis.stride;
    return reach;
  }

  //===--------------------------------------------------------------------===//
  // Fields
  //===--------------------------------------------------------------------===//

  /// A digit of a random enclosing loop; only if there is one.
  DigitTerm makeDigit() {
    DigitTerm digit;
    digit.loop =
        static_cast<uint8_t>(random.between(0, int64_t(trips.size()) - 1));
    digit.scale = random.between(1, 3);
    digit.offset = random.between(0, 3);
    digit.divisor = random.between(1, 3);
    digit.modulus = random.oneIn(2) ? random.between(1, 5) : 0;
    return digit;
  }
  int64_t getLargest(const DigitTerm &digit) {
    int64_t largest =
        ((trips[digit.loop] - 1) * digit.scale + digit.offset) / digit.divisor;
    return digit.modulus ? std::min(largest, digit.modulus - 1) : largest;
  }

  /// clamp(base - weight * digit, 0, cap), or plainly cap.
  Count makeCount(int64_t cap) {
    Count count{cap, std::nullopt, makeRegister(8)};
    if (trips.empty() || !random.oneIn(4))
      return count;
    DigitTerm digit = makeDigit();
    digit.weight = -random.between(1, cap + 1);
    count.remaining = Affine{random.between(cap, 3 * cap), {digit}};
    return count;
  }

  std::optional<Guard> makeGuard() {
    if (trips.empty() || !random.oneIn(5))
      return std::nullopt;
    Guard guard;
    guard.loop =
        static_cast<uint8_t>(random.between(0, int64_t(trips.size()) - 1));
    guard.scale = random.between(1, 3);
    guard.offset = random.between(0, 2);
    guard.extent =
        random.between(0, trips[guard.loop] * guard.scale + guard.offset);
    // A window that opens later; now and then one that never does.
    if (random.oneIn(2))
      guard.low = random.between(0, guard.extent + 1);
    guard.registerIndex = makeRegister(3);
    return guard;
  }

  /// Now and then the number of a register.
  std::optional<uint32_t> makeRegister(unsigned n) {
    if (!random.oneIn(n))
      return std::nullopt;
    return static_cast<uint32_t>(
        random.between(0, int64_t(program.registers.size()) - 1));
  }

  /// Where an accumulation starts: with the first contraction positions, never,
  /// or wherever a digit of its own rises from or falls to zero.
  Affine makeStart(const Affine &kStart) {
    int64_t kind = random.between(0, trips.empty() ? 1 : 3);
    if (kind == 0)
      return kStart;
    if (kind == 1)
      return {random.between(0, 1), {}};
    DigitTerm digit = makeDigit();
    digit.weight = random.between(1, 3);
    if (kind == 2)
      return {random.oneIn(3) ? 1 : 0, {digit}};
    int64_t base = digit.weight * getLargest(digit);
    digit.weight = -digit.weight;
    return {base, {digit}};
  }

  int64_t getSlot(EngineId engine) {
    if (options.memory == RandomProgramOptions::Memory::Shared)
      return 0;
    return engine.kind == EngineKind::Core ? 2 + engine.index
                                           : int64_t(engine.kind);
  }

  /// An address in `bank` from which `reach` bytes are inside the bank.
  Address makeAddress(EngineId engine, uint32_t memory, int64_t bank,
                      int64_t reach, int64_t width = 4) {
    Address address{memory, {}};
    Affine &offset = address.offset;
    int64_t low = 0;
    for (unsigned i = 0; i < 2 && !trips.empty(); ++i) {
      if (!random.oneIn(2))
        continue;
      DigitTerm digit = makeDigit();
      digit.weight = width * random.between(-16, 64);
      int64_t span = digit.weight * getLargest(digit);
      if (reach + std::abs(span) > bankBytes)
        continue;
      reach += std::abs(span);
      low += std::min<int64_t>(span, 0);
      offset.terms.push_back(digit);
    }
    // Small offsets, so that operands in a shared slot meet.
    int64_t room = std::min<int64_t>(bankBytes - reach, 2048);
    offset.base = (getSlot(engine) * banksPerSlot + bank) * bankBytes - low +
                  random.between(0, room / width) * width;
    if (engine.kind == EngineKind::Core)
      moveToSlots(offset);
    return address;
  }

  /// Each array of `arrays` has its own slot.
  void moveToSlots(Affine &offset) {
    if (options.memory == RandomProgramOptions::Memory::Shared)
      return;
    int64_t slotBytes = banksPerSlot * bankBytes;
    for (DigitTerm digit : arrays.digits) {
      digit.weight *= slotBytes;
      offset.terms.push_back(digit);
    }
    if (arrays.lanes > 1)
      offset.terms.push_back({laneLoop, 1, 0, 1, 0, slotBytes});
  }

  /// Others than `core` alone, half the time: several in lockstep, or one whose
  /// number depends on a loop.
  ArrayRange makeArrays(EngineId &core) {
    int64_t cores = options.cores;
    if (cores < 2 || random.oneIn(2))
      return {};
    int64_t size = random.between(1, cores);
    core.index = static_cast<uint32_t>(random.between(0, cores - size));
    ArrayRange range{{}, static_cast<uint32_t>(size)};
    int64_t room = cores - size - core.index;
    if (trips.empty() || room == 0)
      return range;
    DigitTerm digit = makeDigit();
    digit.weight = random.between(1, room);
    digit.modulus = room / digit.weight + 1;
    range.digits = {digit};
    return range;
  }

  /// Row-major strides with random gaps; returns the reach in bytes.
  int64_t makeStrides(const Shape4 &shape, unsigned dims, Stride4 &strides,
                      int64_t width = 4) {
    int64_t stride = width * random.between(1, 2), reach = width;
    for (unsigned d = dims; d-- > 0;) {
      strides[d] = stride;
      reach += (shape[d].cap - 1) * stride;
      stride *= shape[d].cap;
    }
    return reach;
  }

  Shape4 makeShape() {
    return {makeCount(random.between(1, 2)), makeCount(random.between(1, 3)),
            makeCount(random.between(1, 6)), makeCount(random.between(1, 16))};
  }

  uint32_t makeMemory(bool allowDram) {
    bool dram = allowDram && options.memoryModel == MemoryModel::Hierarchy &&
                random.oneIn(2);
    return dram ? mem::dram : uint32_t(random.between(1, 3));
  }

  //===--------------------------------------------------------------------===//
  // Instructions
  //===--------------------------------------------------------------------===//

  Node makeNode(EngineId engine, Body body, std::optional<Guard> guard) {
    Node node;
    node.instruction.engine = engine;
    node.instruction.layer = random.oneIn(5)
                                 ? noLayer
                                 : static_cast<uint32_t>(random.between(
                                       0, int64_t(program.layers.size()) - 1));
    node.instruction.guard = guard;
    node.instruction.body = std::move(body);
    if (engine.kind == EngineKind::Core)
      node.instruction.arrays = arrays;
    return node;
  }

  /// Of the elements of a copy. With data, words stay binary32 numbers.
  int64_t makeWidth() {
    if (options.withData || random.oneIn(2))
      return 4;
    return int64_t(1) << random.between(0, 3);
  }

  Node makeCopy() {
    EngineId dma{EngineKind::Dma, 0};
    DmaCopy copy;
    copy.shape = makeShape();
    copy.width = makeWidth();
    int64_t bank = random.between(0, 2);
    int64_t reach = makeStrides(copy.shape, 4, copy.dstStride, copy.width);
    copy.dst = makeAddress(dma, makeMemory(true), bank, reach, copy.width);
    reach = makeStrides(copy.shape, 4, copy.srcStride, copy.width);
    if (random.oneIn(3)) {
      ZeroFill fill;
      fill.dim = static_cast<uint8_t>(random.between(0, 3));
      fill.start.base = random.between(-3, 3);
      if (!trips.empty() && random.oneIn(2)) {
        fill.start.terms.push_back(makeDigit());
        fill.start.terms[0].weight = random.between(-2, 2);
      }
      fill.extent = random.between(0, copy.shape[fill.dim].cap);
      copy.zeroFill = fill;
    }
    copy.src =
        makeAddress(dma, makeMemory(true), (bank + 1) % 3, reach, copy.width);
    return makeNode(dma, copy, makeGuard());
  }

  Node makeMapOp() {
    static const std::vector<VecFn> finite = {
        VecFn::Copy,      VecFn::Add,   VecFn::Sub,  VecFn::Max,
        VecFn::Min,       VecFn::Relu,  VecFn::Clip, VecFn::Tanh,
        VecFn::Sigmoid,   VecFn::Fill,  VecFn::Neg,  VecFn::Abs,
        VecFn::LeakyRelu, VecFn::Equal, VecFn::Gate, VecFn::Drop,
        VecFn::GateRange, VecFn::Offset};
    EngineId vec{EngineKind::Vec, 0};
    VecMap map;
    map.fn = options.finite
                 ? random.pick(finite)
                 : static_cast<VecFn>(random.between(0, int64_t(lastVecFn)));
    map.shape = makeShape();
    int64_t bank = random.between(0, 2);
    int64_t reach = makeStrides(map.shape, 4, map.dstStride);
    map.dst = makeAddress(vec, makeMemory(false), bank, reach);
    // Operands that the function does not use stay zero.
    if (getSourceCount(map.fn) > 0) {
      reach = makeStrides(map.shape, 4, map.aStride);
      map.a = makeAddress(vec, makeMemory(false), (bank + 1) % 3, reach);
      if (random.oneIn(4)) { // in place
        map.a = map.dst;
        map.aStride = map.dstStride;
      }
    }
    if (getSourceCount(map.fn) > 1) {
      reach = makeStrides(map.shape, 4, map.bStride);
      map.b = makeAddress(vec, makeMemory(false), (bank + 2) % 3, reach);
    }
    float low = static_cast<float>(random.between(-4, 0)) / 2;
    float high = static_cast<float>(random.between(0, 4)) / 2;
    static const std::vector<VecFn> withBoth = {VecFn::Clip, VecFn::GateRange,
                                                VecFn::Drop};
    static const std::vector<VecFn> withOne = {
        VecFn::LeakyRelu, VecFn::Fill, VecFn::Scale, VecFn::Gate,
        VecFn::Offset};
    auto isAmong = [&](const std::vector<VecFn> &functions) {
      return std::find(functions.begin(), functions.end(), map.fn) !=
             functions.end();
    };
    if (isAmong(withBoth) || isAmong(withOne))
      map.s0 = low;
    if (isAmong(withBoth))
      map.s1 = high;
    return makeNode(vec, map, makeGuard());
  }

  Node makeReduce() {
    EngineId vec{EngineKind::Vec, 0};
    VecReduce reduce;
    reduce.fn = random.oneIn(2) ? ReduceFn::Sum : ReduceFn::Max;
    reduce.shape = makeShape();
    int64_t bank = random.between(0, 2);
    reduce.dims = random.between(1, 3);
    int64_t reach =
        makeStrides(reduce.shape, 4 - unsigned(reduce.dims), reduce.dstStride);
    reduce.dst = makeAddress(vec, makeMemory(false), bank, reach);
    reach = makeStrides(reduce.shape, 4, reduce.aStride);
    reduce.a = makeAddress(vec, makeMemory(false), (bank + 1) % 3, reach);
    return makeNode(vec, reduce, makeGuard());
  }

  uint32_t pickMap() {
    return static_cast<uint32_t>(
        random.between(0, int64_t(program.maps.size()) - 1));
  }
  Address makeMapped(EngineId engine, uint32_t map, int64_t bank) {
    return makeAddress(engine, makeMemory(false), bank,
                       getReach(program.maps[map]));
  }

  Node makePool() {
    EngineId vec{EngineKind::Vec, 0};
    VecPool pool;
    // A window may fall outside the extents: the sum of nothing is 0, and only
    // averages over the window's margins divide by it.
    pool.fn = static_cast<PoolFn>(random.between(0, 2));
    pool.inMap = pickMap();
    pool.outMap = pickMap();
    int64_t bank = random.between(0, 2);
    pool.in = makeMapped(vec, pool.inMap, bank);
    pool.out = makeMapped(vec, pool.outMap, (bank + 1) % 3);
    pool.rows = makeCount(random.between(1, 12));
    if (!trips.empty() && random.oneIn(2)) {
      pool.rowStart.terms.push_back(makeDigit());
      pool.rowStart.terms[0].weight = pool.rows.cap;
    }
    pool.window = random.between(1, 9);
    return makeNode(vec, pool, makeGuard());
  }

  /// Bytes of rows that start at `start`.
  Address makePositions(const Affine &start, const Count &rows, int64_t bank) {
    EngineId vec{EngineKind::Vec, 0};
    int64_t reach = rows.cap;
    for (const DigitTerm &digit : start.terms)
      reach += digit.weight * getLargest(digit);
    Address address = makeAddress(vec, makeMemory(false), bank, reach);
    address.offset.base += random.between(0, 3);
    return address;
  }

  Node makePoolPositions() {
    VecPool pool = getAs<VecPool>(makePool().instruction.body);
    VecPoolPositions result{pool.inMap, pool.outMap, pool.in,   pool.out,
                            {},         {},          pool.rows, pool.window};
    result.rowStart = pool.rowStart;
    result.positions = makePositions(pool.rowStart, pool.rows, 1);
    return makeNode({EngineKind::Vec, 0}, result, makeGuard());
  }

  Node makeUnpool() {
    VecPool pool = getAs<VecPool>(makePool().instruction.body);
    VecUnpool result{pool.fn, pool.inMap, pool.outMap, pool.in,    pool.out,
                     {},      {},         pool.rows,   pool.window};
    result.rowStart = pool.rowStart;
    if (pool.fn == PoolFn::Max)
      result.positions = makePositions(pool.rowStart, pool.rows, 2);
    return makeNode({EngineKind::Vec, 0}, result, makeGuard());
  }

  /// Into a register that bounds no loop around it.
  Node makeReadCount() {
    EngineId vec{EngineKind::Vec, 0};
    VecReadCount read;
    // The first register alone bounds loops.
    read.into = static_cast<uint32_t>(random.between(1, 2));
    if (bounds == 0 && random.oneIn(3))
      read.into = 0;
    read.src = makeAddress(vec, makeMemory(false), random.between(0, 2), 4);
    return makeNode(vec, read, makeGuard());
  }

  /// vec.pack, vec.gate_mask, vec.random or vec.read_count.
  Node makeRun() {
    EngineId vec{EngineKind::Vec, 0};
    if (random.oneIn(4))
      return makeReadCount();
    Count count = makeCount(random.between(1, 200));
    int64_t bank = random.between(0, 2);
    auto address = [&](int64_t words) {
      return makeAddress(vec, makeMemory(false), bank++ % 3, 4 * words);
    };
    int64_t mask = getMaskWords(count.cap);
    int64_t kind = options.finite ? 1 : random.between(0, 2);
    if (kind == 0)
      return makeNode(vec, VecPack{address(mask), address(count.cap), count},
                      makeGuard());
    if (kind == 1)
      return makeNode(vec,
                      VecGateMask{address(count.cap), address(count.cap),
                                  address(mask), count},
                      makeGuard());
    VecRandom result{address(count.cap), address(3), {}, count, 0};
    result.stream = static_cast<uint32_t>(random.next());
    result.first.base = random.between(0, 1000);
    if (!trips.empty() && random.oneIn(2)) {
      result.first.terms.push_back(makeDigit());
      result.first.terms[0].weight = count.cap;
    }
    return makeNode(vec, result, makeGuard());
  }

  /// A core.program and one or two core.streams, perhaps in a loop of their
  /// own.
  void addTile(NodeList &body) {
    EngineId core{EngineKind::Core,
                  static_cast<uint8_t>(random.between(0, options.cores - 1))};
    arrays = makeArrays(core);
    CoreProgram load;
    load.map = pickMap();
    load.product = static_cast<uint32_t>(
        random.between(0, int64_t(program.products.size()) - 1));
    const Product &product = program.products[load.product];
    bool isFirst = product.stationary == Stationary::First;
    load.conversion = product.conversions[isFirst ? 0 : 1];
    load.pass = product.pass;
    load.src = makeMapped(core, load.map, 0);
    load.rows = makeCount(random.between(1, program.groups[0].rows));
    load.cols = makeCount(int64_t(4) << random.between(0, 2));
    if (!trips.empty() && random.oneIn(2)) {
      load.rowStart.terms.push_back(makeDigit());
      load.rowStart.terms[0].weight = program.groups[0].rows;
    }
    if (!trips.empty() && random.oneIn(2)) {
      load.kStart.terms.push_back(makeDigit());
      load.kStart.terms[0].weight = 16;
    }
    load.group.base = random.between(0, product.groups - 1);
    if (load.group.base == 0 && !trips.empty()) {
      load.group.terms.push_back(makeDigit());
      load.group.terms[0].modulus = product.groups;
    }
    load.stored = hasBlocks() && blocks.oneIn(4);
    if (hasBlocks() && blocks.oneIn(2)) {
      // Takes no random numbers from what else is made.
      std::swap(random, blocks);
      body.push_back(makeConvert(core));
      std::swap(random, blocks);
    }
    std::optional<Guard> guard = makeGuard();
    body.push_back(makeNode(core, load, guard));
    if (trips.size() < options.maxDepth && random.oneIn(3)) {
      NodeList inner;
      int64_t trip = random.between(1, options.maxTrip);
      trips.push_back(trip);
      inner.push_back(makeStream(core, load, guard));
      trips.pop_back();
      body.push_back(makeLoop(trip, std::move(inner)));
      return;
    }
    body.push_back(makeStream(core, load, guard));
    if (random.oneIn(4))
      body.push_back(makeStream(core, load, guard));
  }

  /// Whole groups of an operand of any product.
  Node makeConvert(EngineId core) {
    CoreConvert convert;
    convert.product = static_cast<uint32_t>(
        random.between(0, int64_t(program.products.size()) - 1));
    convert.operand = random.between(0, 1);
    const Product &product = program.products[convert.product];
    convert.conversion = product.conversions[size_t(convert.operand)];
    int64_t group = findBlockFormat(program, convert.conversion)->group;
    int64_t rows =
        convert.operand == 0 ? product.m * product.positions : product.n;
    convert.rows = makeCount(random.between(1, std::min<int64_t>(40, rows)));
    // Whole groups, or all of an operand that is shorter than one.
    int64_t groups = random.between(1, 2);
    convert.cols.cap =
        product.k < group ? product.k
                          : group * std::min(groups, product.k / group);
    if (product.k >= group && !trips.empty() && random.oneIn(2)) {
      DigitTerm digit = makeDigit();
      digit.weight = -group;
      convert.cols.remaining = Affine{2 * group, {digit}};
    }
    for (auto [start, room] :
         {std::pair(&convert.rowStart, rows - convert.rows.cap),
          {&convert.kStart, product.k - convert.cols.cap}})
      if (!trips.empty() && random.oneIn(2) && room >= group) {
        DigitTerm digit = makeDigit();
        digit.weight = group;
        int64_t most = room / group + 1;
        digit.modulus =
            digit.modulus ? std::min(digit.modulus, most) : most;
        start->terms.push_back(digit);
      }
    convert.group.base = random.between(0, product.groups - 1);
    convert.srcMap = pickMap();
    convert.dstMap = pickMap();
    convert.src = makeMapped(core, convert.srcMap, 0);
    convert.dst = makeMapped(core, convert.dstMap, 2);
    return makeNode(core, convert, makeGuard());
  }

  Node makeStream(EngineId core, const CoreProgram &load,
                  std::optional<Guard> guard) {
    const Product &product = program.products[load.product];
    CoreStream stream;
    bool isFirst = product.stationary == Stationary::First;
    stream.conversion = product.conversions[isFirst ? 1 : 0];
    stream.pass = load.pass;
    stream.combine = product.combine;
    stream.product = load.product;
    stream.rowStart = load.rowStart;
    stream.kStart = load.kStart;
    stream.group = load.group;
    stream.start = makeStart(load.kStart);
    stream.rows = load.rows;
    stream.cols = load.cols;
    stream.inMap = pickMap();
    stream.outMap = pickMap();
    stream.in = makeMapped(core, stream.inMap, 1);
    stream.out = makeMapped(core, stream.outMap, 2);
    stream.length = makeCount(random.between(1, options.maxLength));
    stream.stored = hasBlocks() && blocks.oneIn(4);
    if (!trips.empty() && random.oneIn(2)) {
      stream.vecStart.terms.push_back(makeDigit());
      stream.vecStart.terms[0].weight = stream.length.cap;
    }
    return makeNode(core, stream, guard);
  }

  Node makeLoop(int64_t trip, NodeList inner, bool isBounded = false) {
    Node node;
    Loop loop{trip};
    if (isBounded)
      loop.below = 0;
    node.instruction.body = loop;
    node.body = std::move(inner);
    return node;
  }

  //===--------------------------------------------------------------------===//
  // Bodies and tokens
  //===--------------------------------------------------------------------===//

  EngineId pickEngine() {
    int64_t e = random.between(0, int64_t(options.cores) + 1);
    return e < 2 ? EngineId{static_cast<EngineKind>(e), 0}
                 : EngineId{EngineKind::Core, static_cast<uint8_t>(e - 2)};
  }
  std::pair<EngineId, EngineId> pickEngines() {
    EngineId a = pickEngine(), b = pickEngine();
    while (a == b)
      b = pickEngine();
    return {a, b};
  }
  Node makeToken(EngineId engine, Body body) {
    Node node;
    node.instruction.engine = engine;
    if (engine.kind == EngineKind::Core && random.oneIn(4)) {
      node.instruction.engine.index = 0;
      node.instruction.arrays.lanes = options.cores;
    }
    node.instruction.body = std::move(body);
    return node;
  }

  void insertAt(NodeList &body, int64_t position, Node node) {
    body.insert(body.begin() + position, std::move(node));
  }

  /// A signal and, later in the same body, its wait.
  void addPair(NodeList &body) {
    auto [from, to] = pickEngines();
    uint32_t token = program.tokens++;
    int64_t size = static_cast<int64_t>(body.size());
    int64_t first = random.between(0, size),
            second = random.between(first, size);
    insertAt(body, second, makeToken(to, Wait{token, false}));
    insertAt(body, first, makeToken(from, Signal{token}));
  }

  /// Signals before a loop, waits behind it, both inside it in any order.
  void addCredits(NodeList &body, int64_t loop) {
    auto [from, to] = pickEngines();
    uint32_t token = program.tokens++;
    NodeList &inner = body[static_cast<size_t>(loop)].body;
    int64_t credits = random.between(1, 3);
    int64_t size = static_cast<int64_t>(inner.size());
    insertAt(inner, random.between(0, size), makeToken(to, Wait{token, false}));
    insertAt(inner, random.between(0, size + 1),
             makeToken(from, Signal{token}));
    for (int64_t c = 0; c < credits; ++c) {
      insertAt(body, loop + 1, makeToken(to, Wait{token, false}));
      insertAt(body, loop, makeToken(from, Signal{token}));
      ++loop;
    }
  }

  NodeList makeBody(unsigned depth) {
    NodeList body;
    for (int64_t i = random.between(1, options.maxItems); i > 0; --i) {
      int64_t kind = random.between(0, depth < options.maxDepth ? 9 : 5);
      // An empty window has no finite value.
      if (kind == 3 && options.finite)
        kind = 1;
      switch (kind) {
      case 0:
        body.push_back(makeCopy());
        break;
      case 1:
        body.push_back(makeMapOp());
        break;
      case 2:
        body.push_back(makeReduce());
        break;
      case 3:
        body.push_back(random.oneIn(3)   ? makePool()
                       : random.oneIn(2) ? makePoolPositions()
                                         : makeUnpool());
        break;
      case 5:
        body.push_back(makeRun());
        break;
      case 4:
        if (options.cores > 0)
          addTile(body);
        break;
      default: {
        int64_t trip = random.between(1, options.maxTrip);
        bool isBounded = random.oneIn(4);
        trips.push_back(trip);
        bounds += isBounded;
        NodeList inner = makeBody(depth + 1);
        bounds -= isBounded;
        trips.pop_back();
        body.push_back(makeLoop(trip, std::move(inner), isBounded));
      }
      }
    }
    for (int64_t t = random.between(0, options.maxTokens); t > 0; --t)
      addPair(body);
    for (int64_t i = static_cast<int64_t>(body.size()) - 1; i >= 0; --i)
      if (!body[static_cast<size_t>(i)].body.empty() && options.maxTokens > 0 &&
          random.oneIn(3))
        addCredits(body, i);
    return body;
  }

  void flatten(const NodeList &body) {
    for (const Node &node : body) {
      program.code.push_back(node.instruction);
      if (!holds<Loop>(node.instruction.body))
        continue;
      flatten(node.body);
      Instruction end;
      end.body = End{};
      program.code.push_back(end);
    }
  }

  RandomProgramOptions options;
  Random random;
  Random blocks; ///< for operands in blocks alone
  Program program;
  std::vector<Entries> entries; ///< of the products, in turn
  std::vector<int64_t> trips; ///< of the enclosing loops, outermost first
  ArrayRange arrays;          ///< of the tile that is made
  unsigned bounds = 0; ///< loops around that a register bounds
};

inline Program makeRandomProgram(const RandomProgramOptions &options) {
  return RandomProgramGenerator(options).generate();
}
inline Program makeRandomProgram(uint64_t seed) {
  RandomProgramOptions options;
  options.seed = seed;
  return makeRandomProgram(options);
}

} // namespace phx::testing

#endif // PHX_UNITTESTS_SUPPORT_RANDOMPROGRAM_H
