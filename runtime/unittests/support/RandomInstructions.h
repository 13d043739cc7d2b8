//===- RandomInstructions.h - Random operands and work ----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_SUPPORT_RANDOMINSTRUCTIONS_H
#define PHX_UNITTESTS_SUPPORT_RANDOMINSTRUCTIONS_H

#include "RandomTables.h"

#include "machines/rns/Instructions.h"
#include "phx/isa/Instructions.h"

namespace phx::testing {

/// The second part of makeRandomProgram: fields, copies and the vector unit.
class RandomInstructions : protected RandomTables {
protected:
  using RandomTables::RandomTables;

  /// An instruction, or a loop with its body.
  struct Node {
    Instruction instruction;
    std::vector<Node> body;
  };
  using NodeList = std::vector<Node>;

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

  std::vector<int64_t> trips; ///< of the enclosing loops, outermost first
  ArrayRange arrays;          ///< of the tile that is made
  unsigned bounds = 0;        ///< loops around that a register bounds
};

} // namespace phx::testing

#endif // PHX_UNITTESTS_SUPPORT_RANDOMINSTRUCTIONS_H
