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

#include "RandomInstructions.h"

namespace phx::testing {

/// One use; see makeRandomProgram.
class RandomProgramGenerator : RandomInstructions {
public:
  explicit RandomProgramGenerator(const RandomProgramOptions &options)
      : RandomInstructions(options) {}

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
    for (ProgramMemory &memory : program.memories)
      memory.types.insert(memory.types.end() - 1, ElementType::I16);
    makeTables();
    flatten(makeBody(0));
    Instruction halt;
    halt.body = Halt{};
    program.code.push_back(halt);
    return std::move(program);
  }

private:
  //===--------------------------------------------------------------------===//
  // Tiles
  //===--------------------------------------------------------------------===//

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
    convert.cols.cap = product.k < group
                           ? product.k
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
        digit.modulus = digit.modulus ? std::min(digit.modulus, most) : most;
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
