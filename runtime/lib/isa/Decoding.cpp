//===- Decoding.cpp - Instructions from their binary form -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Encoding.h"

#include "phx/isa/InstructionSet.h"

#include <bit>
#include <set>
#include <string>

using namespace phx;

namespace {

/// Takes fields from words. The first failure sticks; fields read after it are
/// defaults, so that callers may check once at the end.
struct Reader {
  std::span<const uint64_t> words;
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
  void get(const char *field, int64_t &value) {
    value = static_cast<int64_t>(take(field));
  }
  void get(const char *field, uint32_t &value) {
    value = static_cast<uint32_t>(takeAtMost(field, 0xffffffffu));
  }
  void get(const char *field, bool &value) { value = takeAtMost(field, 1); }
  void get(const char *field, float &value) {
    uint32_t bits = 0;
    get(field, bits);
    value = std::bit_cast<float>(bits);
  }
  void getLoop(uint8_t &loop) {
    loop = static_cast<uint8_t>(takeAtMost("loop", laneLoop));
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
    getTerms(field, terms, affine.terms);
  }
  void getTerms(const char *field, uint64_t count,
                std::vector<DigitTerm> &terms) {
    // Bounded by what is there before anything is allocated.
    if (count > (words.size() - next) / 6)
      return fail(std::string(field) + ": " + std::to_string(count) +
                  " terms do not fit in the instruction");
    terms.resize(count);
    for (DigitTerm &term : terms)
      get(term);
  }
  void get(ArrayRange &arrays) {
    get("lanes", arrays.lanes);
    getTerms("engine", take("engine digits"), arrays.digits);
    if (arrays.isPlain())
      fail("engine: expected lanes or digits behind the flag of arrays, found "
           "one lane and none");
  }
  /// One more than the last stands for none where a register is optional.
  void getRegister(const char *field, std::optional<uint32_t> &index) {
    index = static_cast<uint32_t>(takeAtMost(field, noLayer - 1));
  }
  void get(const char *field, Count &count) {
    uint64_t flags = takeAtMost(field, countRemaining | countRegister);
    get(field, count.cap);
    if (flags & countRemaining)
      get(field, count.remaining.emplace());
    if (flags & countRegister)
      getRegister(field, count.registerIndex);
  }
  void get(Guard &guard) {
    uint64_t word = take("loop"), loop = word & ~guardRegister;
    if (loop > laneLoop)
      fail("loop: expected at most " + std::to_string(laneLoop) + ", found " +
           std::to_string(loop));
    guard.loop = static_cast<uint8_t>(loop <= laneLoop ? loop : 0);
    get("guard scale", guard.scale);
    get("guard offset", guard.offset);
    get("guard low", guard.low);
    get("guard extent", guard.extent);
    if (word & guardRegister)
      getRegister("guard register", guard.registerIndex);
  }
  void get(const char *field, Address &address) {
    address.memory =
        static_cast<uint32_t>(takeAtMost(field, limits::memories - 1));
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

  void get(const char *field, std::optional<ZeroFill> &fill) {
    if (!takeAtMost(field, 1))
      return;
    ZeroFill &value = fill.emplace();
    value.dim = static_cast<uint8_t>(takeAtMost("zero fill dim", 3));
    get("zero fill start", value.start);
    get("zero fill extent", value.extent);
  }

  void get(const char *field, std::optional<uint32_t> &registerIndex) {
    if (uint64_t value = takeAtMost(field, 0xffffffffu))
      registerIndex = static_cast<uint32_t>(value - 1);
  }

  void operator()(const FieldDescription &field, auto &value) {
    get(field.name, value);
  }
  void operator()(const FieldDescription &field, uint8_t &value) {
    value = static_cast<uint8_t>(
        takeAtMost(field.name, field.words->entries.size() - 1));
  }
};

} // namespace

uint32_t phx::getWordCount(uint64_t firstWord) {
  return static_cast<uint32_t>(firstWord >> 32);
}

/// The engine of word 1.
static Result<EngineId> decodeEngine(uint64_t word) {
  uint64_t kind = word & 0xffff;
  if (kind > static_cast<uint64_t>(EngineKind::Core))
    return Error{"engine kind: expected at most 2, found " +
                 std::to_string(kind)};
  return EngineId{static_cast<EngineKind>(kind),
                  static_cast<uint32_t>(word >> 32),
                  static_cast<uint16_t>(word >> 16 & 0xffff)};
}

/// Opcodes from 256 on are those of machine classes, 256 for each.
static Error describeUnknown(unsigned opcode) {
  std::string text = "opcode: " + std::to_string(opcode) +
                     " is none of this instruction set";
  if (opcode < 256)
    return Error{text};
  unsigned first = opcode / 256 * 256;
  std::string block =
      std::to_string(first) + " to " + std::to_string(first + 255);
  std::set<std::string> known;
  for (const InstructionDescription *each : InstructionSet::get().list()) {
    if (each->machineClass.empty())
      continue;
    known.insert(each->machineClass);
    if (unsigned(each->opcode) / 256 * 256 == first)
      return Error{text + "; of opcodes " + block +
                   ", those of machine class '" + each->machineClass +
                   "', this version does not have it; the program was made by "
                   "another one"};
  }
  std::string names;
  for (const std::string &name : known)
    names += (names.empty() ? "" : ", ") + name;
  return Error{text + "; opcodes " + block +
               " belong to a machine class that this program has not "
               "registered. It knows: " +
               (names.empty() ? "none" : names)};
}

Result<Instruction> phx::decodeInstruction(std::span<const uint64_t> words) {
  if (words.empty())
    return Error{"expected an instruction, found the end of the code"};
  uint64_t first = words[0], flags = first >> 16 & 0xffff;
  uint32_t count = getWordCount(first);
  if (count == 0 || count > words.size())
    return Error{"word count: expected 1 to " + std::to_string(words.size()) +
                 ", found " + std::to_string(count)};
  auto opcode = static_cast<Opcode>(first & 0xffff);
  const InstructionDescription *description =
      InstructionSet::get().find(opcode);
  if (!description)
    return describeUnknown(unsigned(opcode));
  if (uint64_t bad = flags & ~uint64_t(flagLayer | flagGuard | flagArrays))
    return Error{"flags: reserved bits are set (" + std::to_string(bad) + ")"};
  Instruction instruction;
  instruction.body = Body(*description);
  Reader reader{words.first(count), 1, {}};
  if (hasEngine(*description)) {
    Result<EngineId> engine = decodeEngine(reader.take("engine"));
    if (!engine)
      return engine.error();
    instruction.engine = *engine;
  }
  if (flags & flagArrays)
    reader.get(instruction.arrays);
  if (flags & flagLayer)
    instruction.layer =
        static_cast<uint32_t>(reader.takeAtMost("layer", noLayer - 1));
  if (flags & flagGuard)
    reader.get(instruction.guard.emplace());
  for (const FieldDescription &field : description->fields)
    visitField(field, instruction.body.data(), reader);
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
