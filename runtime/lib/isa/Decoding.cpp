//===- Decoding.cpp - Instructions from their binary form -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Encoding.h"

#include <bit>
#include <string>

using namespace phx;

static constexpr unsigned maxLoops = 8;

namespace {

/// Takes fields from words. The first failure sticks; fields read after it are
/// defaults, so that callers may check once at the end.
struct Reader {
  std::span<const uint64_t> words;
  uint64_t flags = 0;
  size_t next = 0;
  std::string failure;

  void fail(const std::string &message) {
    if (failure.empty())
      failure = message;
  }
  uint64_t take(const char *field) {
    if (next < words.size())
      return words[next++];
    fail(std::string(field) + ": the instruction ends before it");
    return 0;
  }
  uint64_t takeAtMost(const char *field, uint64_t limit) {
    uint64_t value = take(field);
    if (value <= limit)
      return value;
    fail(std::string(field) + ": expected at most " + std::to_string(limit) +
         ", found " + std::to_string(value));
    return 0;
  }
  template <typename E>
  void get(const char *field, E &value, E last)
    requires std::is_enum_v<E>
  {
    value = static_cast<E>(takeAtMost(field, static_cast<uint64_t>(last)));
  }
  void get(const char *field, int64_t &value) {
    value = static_cast<int64_t>(take(field));
  }
  void get(const char *field, uint32_t &value) {
    value = static_cast<uint32_t>(takeAtMost(field, 0xffffffffu));
  }
  void getLoop(uint8_t &loop) {
    loop = static_cast<uint8_t>(takeAtMost("loop", maxLoops - 1));
  }
  void get(DigitTerm &term) {
    getLoop(term.loop);
    get("scale", term.scale);
    get("offset", term.offset);
    get("divisor", term.divisor);
    get("modulus", term.modulus);
    get("weight", term.weight);
  }
  void get(const char *field, Affine &affine) {
    uint64_t terms = take(field);
    get(field, affine.base);
    // Bounded by what is there before anything is allocated.
    if (terms > (words.size() - next) / 6)
      return fail(std::string(field) + ": " + std::to_string(terms) +
                  " terms do not fit in the instruction");
    affine.terms.resize(terms);
    for (DigitTerm &term : affine.terms)
      get(term);
  }
  void get(const char *field, Count &count) {
    bool clipped = takeAtMost(field, 1);
    get(field, count.cap);
    if (clipped)
      get(field, count.remaining.emplace());
  }
  void get(Guard &guard) {
    getLoop(guard.loop);
    get("guard scale", guard.scale);
    get("guard offset", guard.offset);
    get("guard extent", guard.extent);
  }
  void get(const char *field, Address &address) {
    get(field, address.space, Space::Gradient);
    get(field, address.offset);
  }
  void get(const char *field, Stride4 &strides) {
    for (int64_t &stride : strides)
      get(field, stride);
  }
  void get(const char *field, Shape4 &shape) {
    for (Count &count : shape)
      get(field, count);
  }

  void operator()(Halt &) {}
  void operator()(Loop &i) { get("count", i.count); }
  void operator()(End &) {}
  void operator()(Signal &i) { get("token", i.token); }
  void operator()(Wait &i) {
    get("token", i.token);
    i.redundant = flags & flagRedundant;
  }
  void operator()(DmaCopy &i) {
    get("dst", i.dst);
    get("src", i.src);
    get("dst stride", i.dstStride);
    get("src stride", i.srcStride);
    get("shape", i.shape);
    if (!(flags & flagZeroFill))
      return;
    ZeroFill &fill = i.zeroFill.emplace();
    fill.dim = static_cast<uint8_t>(takeAtMost("zero fill dim", 3));
    get("zero fill start", fill.start);
    get("zero fill extent", fill.extent);
  }
  void operator()(VecMap &i) {
    get("function", i.fn, lastVecFn);
    get("dst", i.dst);
    get("a", i.a);
    get("b", i.b);
    get("dst stride", i.dstStride);
    get("a stride", i.aStride);
    get("b stride", i.bStride);
    get("shape", i.shape);
    uint64_t scalars = take("s0 and s1");
    i.s0 = std::bit_cast<float>(static_cast<uint32_t>(scalars));
    i.s1 = std::bit_cast<float>(static_cast<uint32_t>(scalars >> 32));
  }
  void operator()(VecReduce &i) {
    get("function", i.fn, ReduceFn::Max);
    get("dst", i.dst);
    get("a", i.a);
    get("dst stride", i.dstStride);
    get("a stride", i.aStride);
    get("shape", i.shape);
    get("dims", i.dims);
  }
  void operator()(VecPool &i) {
    get("function", i.fn, PoolFn::AverageAll);
    get("in map", i.inMap);
    get("out map", i.outMap);
    get("in", i.in);
    get("out", i.out);
    get("row start", i.rowStart);
    get("rows", i.rows);
    get("window", i.window);
  }
  void operator()(VecPoolPositions &i) {
    get("in map", i.inMap);
    get("out map", i.outMap);
    get("in", i.in);
    get("out", i.out);
    get("positions", i.positions);
    get("row start", i.rowStart);
    get("rows", i.rows);
    get("window", i.window);
  }
  void operator()(VecUnpool &i) {
    get("function", i.fn, PoolFn::AverageAll);
    get("in map", i.inMap);
    get("out map", i.outMap);
    get("in", i.in);
    get("out", i.out);
    get("positions", i.positions);
    get("row start", i.rowStart);
    get("rows", i.rows);
    get("window", i.window);
  }
  void operator()(VecPack &i) {
    get("dst", i.dst);
    get("a", i.a);
    get("count", i.count);
  }
  void operator()(VecGateMask &i) {
    get("dst", i.dst);
    get("a", i.a);
    get("mask", i.mask);
    get("count", i.count);
  }
  void operator()(VecRandom &i) {
    get("dst", i.dst);
    get("key", i.key);
    get("first", i.first);
    get("count", i.count);
    get("stream", i.stream);
  }
  void operator()(CoreProgram &i) {
    get("format", i.format);
    get("map", i.map);
    get("src", i.src);
    get("row start", i.rowStart);
    get("k start", i.kStart);
    get("rows", i.rows);
    get("cols", i.cols);
    get("product", i.product);
    get("group", i.group);
  }
  void operator()(CoreStream &i) {
    get("format", i.format);
    get("in map", i.inMap);
    get("out map", i.outMap);
    get("in", i.in);
    get("out", i.out);
    get("row start", i.rowStart);
    get("k start", i.kStart);
    get("vec start", i.vecStart);
    get("rows", i.rows);
    get("cols", i.cols);
    get("length", i.length);
    get("product", i.product);
  }
};

} // namespace

/// Sets `body` to an empty instruction of `opcode`; false if there is none.
static bool makeBody(uint8_t opcode, Body &body) {
  switch (static_cast<Opcode>(opcode)) {
  case Opcode::Halt:
    body = Halt();
    return true;
  case Opcode::Loop:
    body = Loop();
    return true;
  case Opcode::End:
    body = End();
    return true;
  case Opcode::Signal:
    body = Signal();
    return true;
  case Opcode::Wait:
    body = Wait();
    return true;
  case Opcode::DmaCopy:
    body = DmaCopy();
    return true;
  case Opcode::VecMap:
    body = VecMap();
    return true;
  case Opcode::VecReduce:
    body = VecReduce();
    return true;
  case Opcode::VecPool:
    body = VecPool();
    return true;
  case Opcode::VecPoolPositions:
    body = VecPoolPositions();
    return true;
  case Opcode::VecUnpool:
    body = VecUnpool();
    return true;
  case Opcode::VecPack:
    body = VecPack();
    return true;
  case Opcode::VecGateMask:
    body = VecGateMask();
    return true;
  case Opcode::VecRandom:
    body = VecRandom();
    return true;
  case Opcode::CoreProgram:
    body = CoreProgram();
    return true;
  case Opcode::CoreStream:
    body = CoreStream();
    return true;
  }
  return false;
}

static uint64_t getLegalFlags(Opcode opcode) {
  uint64_t flags = flagLayer | flagGuard;
  if (opcode == Opcode::Wait)
    flags |= flagRedundant;
  if (opcode == Opcode::DmaCopy)
    flags |= flagZeroFill;
  return flags;
}

uint32_t phx::getWordCount(uint64_t firstWord) {
  return static_cast<uint32_t>(firstWord >> 32);
}

Result<Instruction> phx::decodeInstruction(std::span<const uint64_t> words) {
  if (words.empty())
    return Error{"expected an instruction, found the end of the code"};
  uint64_t first = words[0];
  uint32_t count = getWordCount(first);
  if (count == 0 || count > words.size())
    return Error{"word count: expected 1 to " + std::to_string(words.size()) +
                 ", found " + std::to_string(count)};
  Instruction instruction;
  uint8_t opcode = first & 0xff, kind = first >> 8 & 0xff;
  if (!makeBody(opcode, instruction.body))
    return Error{"opcode: " + std::to_string(opcode) +
                 " is none of this instruction set"};
  Reader reader{words.first(count), first >> 24 & 0xff, 1, {}};
  instruction.engine = {static_cast<EngineKind>(kind),
                        static_cast<uint8_t>(first >> 16 & 0xff)};
  if (kind > static_cast<uint8_t>(EngineKind::Core))
    return Error{"engine kind: expected at most 2, found " +
                 std::to_string(kind)};
  if (!hasEngine(Opcode(opcode)) && !(instruction.engine == EngineId{}))
    return Error{"engine: expected none (0), found kind " +
                 std::to_string(kind) + " number " +
                 std::to_string(instruction.engine.index)};
  if (uint64_t bad = reader.flags & ~getLegalFlags(Opcode(opcode)))
    return Error{"flags: reserved bits are set (" + std::to_string(bad) + ")"};
  if (reader.flags & flagLayer)
    instruction.layer =
        static_cast<uint32_t>(reader.takeAtMost("layer", noLayer - 1));
  if (reader.flags & flagGuard)
    reader.get(instruction.guard.emplace());
  std::visit(reader, instruction.body);
  if (reader.failure.empty() && reader.next != count)
    reader.fail("word count: expected " + std::to_string(reader.next) +
                ", found " + std::to_string(count));
  if (!reader.failure.empty())
    return Error{reader.failure};
  return instruction;
}

Result<std::vector<Instruction>>
phx::decodeCode(std::span<const uint64_t> words) {
  std::vector<Instruction> code;
  size_t next = 0;
  while (next < words.size()) {
    Result<Instruction> instruction = decodeInstruction(words.subspan(next));
    if (!instruction)
      return Error{"instruction " + std::to_string(code.size()) + " (word " +
                   std::to_string(next) + "): " + instruction.error().message};
    next += getWordCount(words[next]);
    code.push_back(std::move(*instruction));
  }
  return code;
}
