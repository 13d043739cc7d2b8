//===- RandomCode.cpp - Random programs for hazard tests -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Instructions.h"
#include "phx/isa/BaseOperations.h"
#include "RandomCode.h"
#include "../support/TestMemories.h"

#include <algorithm>

using namespace phx;
using namespace phx::test;

AccessMap RandomCode::accessMap() {
  AccessMap map;
  int64_t axes = pick(1, 4);
  for (int64_t a = 0; a < axes; ++a)
    map.axes.push_back({pick(1, 6), chance(0.1) ? 0 : pick(-2, 10) * 4,
                        chance(0.7) ? 0 : pick(-2, 2), 0, 0});
  auto digits = [&](int64_t most) {
    std::vector<MapDigit> result;
    for (int64_t d = pick(0, most); d > 0; --d)
      result.push_back({pick(1, 5), uint8_t(pick(0, axes - 1)), pick(-1, 3)});
    return result;
  };
  map.rows = digits(3);
  map.cols = digits(3);
  return map;
}

Affine RandomCode::affine(unsigned depth, int64_t maxBase, int64_t unit) {
  Affine result;
  result.base = pick(0, maxBase) * unit;
  for (int64_t n = depth ? pick(0, 2) : 0; n > 0; --n)
    result.terms.push_back({uint8_t(pick(0, depth - 1)), pick(1, 3), pick(0, 2),
                            pick(1, 3), pick(longLoops && chance(0.9), 3),
                            pick(0, 4) * unit});
  if (lanes > 1 && chance(0.7))
    result.terms.push_back({laneLoop, pick(1, 2), pick(0, 1), pick(1, 2),
                            chance(0.2) ? pick(1, 4) : 0,
                            pick(0, 20) * unit});
  return result;
}

Count RandomCode::count(unsigned depth, int64_t cap) {
  Count result;
  result.cap = pick(1, cap);
  if ((depth || lanes > 1) && chance(0.2)) {
    result.remaining = affine(depth, longLoops ? 40 : cap + 1, 1);
    for (DigitTerm &t : result.remaining->terms)
      t.weight = -t.weight;
  }
  result.registerIndex = registerIndex(0.3);
  return result;
}

Shape4 RandomCode::shape(unsigned depth) {
  Shape4 result;
  for (Count &n : result)
    n = chance(0.5) ? Count{1, {}} : count(depth, 3);
  return result;
}

Stride4 RandomCode::strides(bool destination) {
  Stride4 result;
  for (int64_t &stride : result)
    stride = pick(destination ? 1 : 0, 6) * 4;
  return result;
}

Address RandomCode::address(unsigned depth) {
  return {chance(0.8) ? mem::grad : mem::act,
          affine(depth, 24, chance(0.1) ? 1 : 4)};
}

Body RandomCode::trainingBody(unsigned depth) {
  auto map = [&] { return uint32_t(pick(0, 3)); };
  auto bytes = [&] {
    Address result = address(depth);
    result.offset.base += pick(0, 3);
    return result;
  };
  switch (pick(0, 5)) {
  case 5: {
    // Nothing writes the register of a loop inside it.
    VecReadCount read{uint32_t(pick(0, 2)), address(depth)};
    while (std::count(bounds.begin(), bounds.end(), read.into))
      read.into = (read.into + 1) % 3;
    return read;
  }
  case 0:
    return VecPoolPositions{map(),           map(),     address(depth),
                            address(depth),  bytes(),   affine(depth, 4, 1),
                            count(depth, 5), pick(1, 4)};
  case 1:
    return VecUnpool{static_cast<PoolFn>(pick(0, 2)),
                     map(),
                     map(),
                     address(depth),
                     address(depth),
                     bytes(),
                     affine(depth, 4, 1),
                     count(depth, 5),
                     pick(1, 4)};
  case 2:
    return VecPack{address(depth), address(depth), count(depth, 70)};
  case 3:
    return VecGateMask{address(depth), address(depth), address(depth),
                       count(depth, 70)};
  default:
    return VecRandom{address(depth), address(depth), affine(depth, 4, 1),
                     count(depth, 9), 0};
  }
}

Body RandomCode::body(EngineKind kind, unsigned depth) {
  auto map = [&] { return uint32_t(pick(0, 3)); };
  if (kind == EngineKind::Dma) {
    DmaCopy copy{address(depth), address(depth), strides(true),
                 strides(false), shape(depth),   {}};
    if (chance(0.3)) {
      copy.zeroFill =
          ZeroFill{uint8_t(pick(0, 3)), affine(depth, 3, 1), pick(1, 4)};
      copy.zeroFill->start.base -= 2;
    }
    // The oracle goes by bytes; alignment is no matter of races.
    if (chance(0.4))
      copy.width = int64_t(1) << pick(0, 3);
    return copy;
  }
  if (kind == EngineKind::Vec) {
    if (chance(0.2)) {
      Stride4 dst = strides(true);
      int64_t dims = pick(1, 3);
      std::fill(dst.end() - dims, dst.end(), 0);
      return VecReduce{ReduceFn::Sum, address(depth), address(depth),
                       dst,           strides(false), shape(depth),
                       dims};
    }
    if (chance(0.4))
      return trainingBody(depth);
    if (chance(0.3))
      return VecPool{PoolFn::Max,     map(),          map(),
                     address(depth),  address(depth), affine(depth, 4, 1),
                     count(depth, 4), pick(1, 4)};
    static const VecFn fns[] = {VecFn::Copy, VecFn::Add, VecFn::Relu,
                                VecFn::Fill, VecFn::Gate};
    return VecMap{fns[pick(0, 4)],
                  address(depth),
                  address(depth),
                  address(depth),
                  strides(true),
                  strides(false),
                  strides(false),
                  shape(depth),
                  0,
                  0};
  }
  auto conversion = [&] { return uint32_t(pick(0, 1)); };
  if (chance(0.2))
    return CoreConvert{conversion(),
                       map(),
                       map(),
                       address(depth),
                       address(depth),
                       affine(depth, 3, 1),
                       affine(depth, 6, 1),
                       count(depth, 4),
                       count(depth, 9),
                       0,
                       0,
                       {}};
  if (chance(0.3))
    return CoreProgram{conversion(),
                       0,
                       map(),
                       address(depth),
                       affine(depth, 3, 1),
                       affine(depth, 3, 1),
                       count(depth, 4),
                       count(depth, 4),
                       0,
                       {},
                       chance(0.3)};
  return CoreStream{conversion(),
                    0,
                    0,
                    map(),
                    map(),
                    address(depth),
                    address(depth),
                    affine(depth, 3, 1),
                    affine(depth, 3, 1),
                    affine(depth, 3, 1),
                    count(depth, 4),
                    count(depth, 4),
                    count(depth, 4),
                    uint32_t(pick(0, 1)),
                    affine(depth, 1, 1),
                    {},
                    chance(0.3)};
}

Guard RandomCode::guard(unsigned depth) {
  Guard result{uint8_t(pick(0, depth - 1)), pick(1, 2), pick(0, 2),
               longLoops ? pick(1, 60) : pick(1, 5)};
  // A window that opens later; now and then one that never does.
  if (chance(0.5))
    result.low = pick(1, result.extent + 1);
  result.registerIndex = registerIndex(0.5);
  return result;
}

Instruction RandomCode::instruction(unsigned depth) {
  Instruction result;
  result.engine.kind = static_cast<EngineKind>(pick(0, 2));
  if (result.engine.kind == EngineKind::Core)
    arrays(result, depth);
  if (!result.arrays.digits.empty() && chance(0.4))
    leaveGroup(result);
  else if (depth && chance(0.2))
    result.guard = guard(depth);
  else if (result.arrays.lanes > 1 && chance(0.2))
    result.guard = Guard{laneLoop, 1, 0, pick(1, 4), pick(0, 1)};
  lanes = result.arrays.lanes;
  result.body = body(result.engine.kind, depth);
  lanes = 1;
  return result;
}

void RandomCode::arrays(Instruction &instruction, unsigned depth) {
  instruction.engine.kind = EngineKind::Core;
  instruction.engine.index = pick(0, 1);
  if (chance(0.5))
    return;
  int64_t size = pick(1, 3);
  instruction.arrays.lanes = size;
  instruction.engine.index = pick(0, 4 - size);
  int64_t room = 4 - size - instruction.engine.index;
  if (depth == 0 || room == 0 || chance(0.4))
    return;
  int64_t weight = pick(1, room);
  DigitTerm digit{uint8_t(pick(0, depth - 1)), pick(1, 2), pick(0, 2),
                  pick(1, 2), room / weight + 1, weight};
  if (chance(0.3)) { // from the other end
    instruction.engine.index += weight * (digit.modulus - 1);
    digit.weight = -weight;
  }
  instruction.arrays.digits = {digit};
}

void RandomCode::leaveGroup(Instruction &instruction) {
  DigitTerm &digit = instruction.arrays.digits.front();
  int64_t last = 4 - instruction.arrays.lanes;
  bool isFalling = chance(0.5);
  int64_t weight = pick(1, 3), first = pick(0, last);
  digit = {digit.loop, 1, 0, 1, 0, isFalling ? -weight : weight};
  instruction.engine.index = uint32_t(first);
  int64_t there = (isFalling ? first : last - first) / weight + 1;
  instruction.guard = Guard{digit.loop, 1, 0, pick(1, there)};
}

Program RandomCode::tables() {
  Program program;
  program.memories = makeMemories();
  program.groups = {{"core", "rns", 4, 8, 8}};
  for (int i = 0; i < 4; ++i)
    program.maps.push_back(accessMap());
  program.products.resize(2);
  for (Product &product : program.products)
    product.k = pick(0, 8);
  // Blocks of 4 and of 2 bytes; exponents that 4 and 3 elements share.
  program.conversions = {Bfp{4, 4}, Bfp{1, 3}};
  program.registers = {{"few", 2}, {"some", 5}, {"many", 60}};
  return program;
}

void RandomCode::block(Program &program, unsigned depth, int64_t trips,
                       int64_t &budget) {
  for (int64_t n = pick(1, depth ? 4 : 6); n > 0; --n) {
    if (depth < 3 && chance(depth ? 0.2 : 0.4)) {
      int64_t count = longLoops && chance(0.6) ? pick(10, 60) : pick(1, 5);
      if (trips * count > budget)
        continue;
      Loop loop{count};
      // One register stays for those that are written inside.
      if (bounds.size() < 2)
        loop.below = registerIndex(0.4);
      if (loop.below) {
        bounds.push_back(*loop.below);
        loop.count = count =
            std::min(count, program.registers[*loop.below].most);
      }
      program.code.push_back({{}, noLayer, {}, loop});
      block(program, depth + 1, trips * count, budget);
      program.code.push_back({{}, noLayer, {}, End{}});
      if (loop.below)
        bounds.pop_back();
      continue;
    }
    if ((budget -= trips) < 0)
      return;
    program.code.push_back(instruction(depth));
  }
}

Program RandomCode::program(size_t maxEvents) {
  Program result = tables();
  int64_t budget = maxEvents;
  block(result, 0, 1, budget);
  result.code.push_back({{}, noLayer, {}, Halt{}});
  return result;
}

void RandomCode::addToken(Program &program) {
  // Blocks as [first instruction, end), the loop outside of them.
  std::vector<std::pair<size_t, size_t>> blocks{{0, program.code.size() - 1}};
  std::vector<size_t> open;
  for (size_t i = 0; i < program.code.size(); ++i) {
    if (holds<Loop>(program.code[i].body))
      open.push_back(i);
    if (holds<End>(program.code[i].body)) {
      blocks.push_back({open.back() + 1, i});
      open.pop_back();
    }
  }
  auto [begin, end] = blocks[pick(0, blocks.size() - 1)];
  std::vector<size_t> gaps; // positions between children
  int level = 0;
  for (size_t i = begin; i <= end; ++i) {
    if (level == 0)
      gaps.push_back(i);
    if (i == end)
      break;
    level += holds<Loop>(program.code[i].body);
    level -= holds<End>(program.code[i].body);
  }
  unsigned depth = 0;
  for (size_t i = 0; i < begin; ++i)
    depth += holds<Loop>(program.code[i].body) - holds<End>(program.code[i].body);
  Side from = side(depth), to = side(depth);
  while (from.inside.engine == to.inside.engine)
    to = side(depth);
  for (Instruction *signal : {&from.inside, &from.outside})
    signal->body = Signal{program.tokens};
  for (Instruction *wait : {&to.inside, &to.outside})
    wait->body = Wait{program.tokens, false};
  const Instruction &signal = from.inside, &wait = to.inside;
  ++program.tokens;
  size_t p = gaps[pick(0, gaps.size() - 1)], q = gaps[pick(0, gaps.size() - 1)];
  int64_t credits = begin == 0 ? 0 : pick(0, 2);
  if (credits == 0 && p > q)
    std::swap(p, q);
  auto insert = [&](size_t at, const Instruction &i, int64_t n = 1) {
    program.code.insert(program.code.begin() + at, n, i);
  };
  // From the back, so that positions stay valid.
  if (credits)
    insert(end + 1, to.outside, credits);
  if (p > q) {
    insert(p, signal);
    insert(q, wait);
  } else {
    insert(q, wait);
    insert(p, signal);
  }
  if (credits)
    insert(begin - 1, from.outside, credits);
}

RandomCode::Side RandomCode::side(unsigned depth) {
  Side result;
  Instruction &inside = result.inside;
  inside.engine.kind = static_cast<EngineKind>(std::min<int64_t>(pick(0, 3), 2));
  if (inside.engine.kind == EngineKind::Core)
    arrays(inside, depth);
  result.outside = inside;
  // Outside, the counters of the block mean nothing.
  if (!inside.arrays.digits.empty()) {
    result.outside.engine.index = 0;
    result.outside.arrays = {{}, 4};
  }
  return result;
}

Program phx::test::removeToken(const Program &program, uint32_t token) {
  Program result = program;
  std::erase_if(result.code, [&](const Instruction &i) {
    const auto *s = getIf<Signal>(i.body);
    const auto *w = getIf<Wait>(i.body);
    return (s && s->token == token) || (w && w->token == token);
  });
  return result;
}
