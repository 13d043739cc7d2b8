//===- Changes.cpp - Each part of an instruction, changed -------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Changes.h"
#include "../support/TestMemories.h"

#include "phx/isa/Instructions.h"

#include <functional>

using namespace phx;
using namespace phx::test;

namespace {

/// The changes of one instruction as functions that apply them in place.
class Collector {
public:
  struct Entry {
    std::string part;
    std::function<void()> apply;
  };

  Collector(const Program &program, Instruction &instruction)
      : program(program) {
    if (instruction.getDescription().place != EnginePlace::None)
      addEngine(instruction.engine, instruction.arrays);
    addLayer(instruction.layer);
    addGuard(instruction.guard);
    for (const FieldDescription &field : instruction.getDescription().fields)
      visitField(field, instruction.body.data(), *this);
  }

  std::vector<Entry> entries;

  // Fields of the body, by kind.
  void operator()(const FieldDescription &field, int64_t &value) {
    step(field.name, value, 1);
    step(field.name, value, -1);
  }
  void operator()(const FieldDescription &field, uint32_t &value) {
    if (field.table == TableKind::None)
      return step(field.name, value, 1);
    size_t size = getTableSize(field.table);
    // One more: an entry that is not there.
    for (uint32_t other = 0; other <= size; ++other)
      replace(field.name, value, other);
  }
  void operator()(const FieldDescription &field, uint8_t &word) {
    for (size_t other = 0; other <= field.words->entries.size(); ++other)
      replace(field.name, word, static_cast<uint8_t>(other));
  }
  void operator()(const FieldDescription &field, bool &flag) {
    replace(field.name, flag, !flag);
  }
  void operator()(const FieldDescription &field, float &value) {
    replace(field.name, value, value + 0.25f);
  }
  void operator()(const FieldDescription &field, Affine &affine) {
    addAffine(field.name, affine, 1);
  }
  void operator()(const FieldDescription &field, Count &count) {
    addCount(field.name, count);
  }
  void operator()(const FieldDescription &field, Address &address) {
    std::string name = field.name;
    for (unsigned s = 0; s <= mem::count; ++s)
      replace(name + " space", address.memory, uint32_t(s));
    step(name + " offset base", address.offset.base, 1);
    addAffine(name + " offset", address.offset, 4);
  }
  void operator()(const FieldDescription &field, Stride4 &strides) {
    for (size_t d = 0; d < strides.size(); ++d) {
      step(at(field.name, d), strides[d], 4);
      step(at(field.name, d), strides[d], 1);
    }
  }
  void operator()(const FieldDescription &field, Shape4 &shape) {
    for (size_t d = 0; d < shape.size(); ++d)
      addCount(at(field.name, d), shape[d]);
  }
  void operator()(const FieldDescription &field,
                  std::optional<uint32_t> &registerIndex) {
    addRegister(field.name, registerIndex);
  }
  void operator()(const FieldDescription &field,
                  std::optional<ZeroFill> &fill) {
    if (!fill)
      return;
    std::string name = field.name;
    for (uint8_t dim = 0; dim <= 4; ++dim)
      replace(name + " dim", fill->dim, dim);
    addAffine(name + " start", fill->start, 1);
    step(name + " extent", fill->extent, 1);
    step(name + " extent", fill->extent, -1);
    leaveOut(name, fill);
  }

private:
  static std::string at(const std::string &name, size_t index) {
    return name + "[" + std::to_string(index) + "]";
  }
  template <typename T> void step(const std::string &part, T &value, int by) {
    entries.push_back({part + (by < 0 ? " - " : " + ") +
                           std::to_string(by < 0 ? -by : by),
                       [&value, by] { value = T(value + by); }});
  }
  template <typename T>
  void replace(const std::string &part, T &value, T other) {
    if (value == other)
      return;
    std::string text = std::is_same_v<T, float>
                           ? std::to_string(static_cast<double>(other))
                           : std::to_string(static_cast<int64_t>(other));
    entries.push_back(
        {part + " = " + text, [&value, other] { value = other; }});
  }
  template <typename T>
  void leaveOut(const std::string &part, std::optional<T> &value) {
    entries.push_back({part + " left out", [&value] { value.reset(); }});
  }

  size_t getTableSize(TableKind table) const {
    switch (table) {
    case TableKind::None:
      return 0;
    case TableKind::Maps:
      return program.maps.size();
    case TableKind::Conversions:
      return program.conversions.size();
    case TableKind::Passes:
      return program.passes.size();
    case TableKind::Combines:
      return program.combines.size();
    case TableKind::Products:
      return program.products.size();
    case TableKind::Tokens:
      return program.tokens;
    case TableKind::Registers:
      return program.registers.size();
    }
    return 0;
  }

  /// `unit`: what bases and weights are multiples of.
  void addAffine(const std::string &part, Affine &affine, int unit) {
    step(part + " base", affine.base, unit);
    step(part + " base", affine.base, -unit);
    for (size_t t = 0; t < affine.terms.size(); ++t) {
      std::string digit = part + " digit " + std::to_string(t);
      DigitTerm &term = affine.terms[t];
      addDigit(digit, term, unit);
      entries.push_back({digit + " left out", [&affine, t] {
                           affine.terms.erase(affine.terms.begin() +
                                              static_cast<ptrdiff_t>(t));
                         }});
    }
  }
  void addDigit(const std::string &digit, DigitTerm &term, int unit) {
    for (uint8_t loop : {uint8_t(0), uint8_t(1), uint8_t(2), uint8_t(laneLoop)})
      replace(digit + " loop", term.loop, loop);
    step(digit + " scale", term.scale, 1);
    step(digit + " offset", term.offset, 1);
    step(digit + " divisor", term.divisor, 1);
    step(digit + " modulus", term.modulus, 1);
    if (term.modulus > 0)
      replace<int64_t>(digit + " modulus", term.modulus, 0);
    step(digit + " weight", term.weight, unit);
  }
  void addCount(const std::string &part, Count &count) {
    step(part + " cap", count.cap, 1);
    step(part + " cap", count.cap, -1);
    addRegister(part + " register", count.registerIndex);
    if (!count.remaining)
      return;
    addAffine(part + " remaining", *count.remaining, 1);
    leaveOut(part + " remaining", count.remaining);
  }

  void addRegister(const std::string &part,
                   std::optional<uint32_t> &registerIndex) {
    if (!registerIndex)
      return;
    for (uint32_t other = 0; other <= program.registers.size(); ++other)
      replace(part, *registerIndex, other);
    leaveOut(part, registerIndex);
  }

  void addEngine(EngineId &engine, ArrayRange &arrays) {
    step("lanes", arrays.lanes, 1);
    step("lanes", arrays.lanes, -1);
    if (!arrays.digits.empty()) {
      addDigit("engine digit", arrays.digits[0], 1);
      entries.push_back(
          {"engine digit left out", [&arrays] { arrays.digits.clear(); }});
    }
    for (unsigned kind = 0; kind <= 3; ++kind)
      replace("engine kind", engine.kind, static_cast<EngineKind>(kind));
    step("engine index", engine.index, 1);
    step("engine group", engine.group, 1);
  }
  void addLayer(uint32_t &layer) {
    for (uint32_t other = 0; other <= program.layers.size(); ++other)
      replace("layer", layer, other);
    if (layer != noLayer)
      entries.push_back({"layer left out", [&layer] { layer = noLayer; }});
  }
  void addGuard(std::optional<Guard> &guard) {
    if (!guard) {
      entries.push_back(
          {"guard added", [&guard] { guard = Guard{0, 1, 0, 1}; }});
      return;
    }
    for (uint8_t loop = 0; loop <= 2; ++loop)
      replace("guard loop", guard->loop, loop);
    step("guard scale", guard->scale, 1);
    step("guard offset", guard->offset, 1);
    step("guard low", guard->low, 1);
    step("guard extent", guard->extent, 1);
    addRegister("guard register", guard->registerIndex);
    leaveOut("guard", guard);
  }

  const Program &program;
};

} // namespace

std::vector<Change> phx::test::listChanges(const Program &program,
                                           size_t index) {
  std::vector<Change> changes;
  for (size_t i = 0;; ++i) {
    Change change{"", program.code[index]};
    Collector collector(program, change.instruction);
    if (i == collector.entries.size())
      return changes;
    change.part = collector.entries[i].part;
    collector.entries[i].apply();
    changes.push_back(std::move(change));
  }
}

std::vector<std::string>
phx::test::listMissingParts(const Instruction &instruction) {
  std::vector<std::string> missing;
  // Registers are alike everywhere; where they are written no token is needed.
  bool isVector = instruction.getDescription().place == EnginePlace::Vec;
  auto checkAffine = [&](const FieldDescription &field, const Affine &affine) {
    if (affine.terms.empty())
      missing.push_back(std::string(field.name) + ": a digit");
  };
  visitAffines(instruction.body, checkAffine);
  auto checkCount = [&](const FieldDescription &field, const Count &count) {
    if (!count.remaining)
      missing.push_back(std::string(field.name) + ": a clipped count");
    if (isVector && !count.registerIndex)
      missing.push_back(std::string(field.name) + ": a count register");
  };
  visitCounts(instruction.body, checkCount);
  for (const FieldDescription &field : instruction.getDescription().fields)
    if (field.kind == FieldKind::ZeroFill &&
        !field.as<std::optional<ZeroFill>>(instruction.body.data()))
      missing.push_back(std::string(field.name) + ": zero filling");
  if (!isControl(instruction.body) && !instruction.guard)
    missing.push_back("guard");
  if (isVector && instruction.guard && !instruction.guard->registerIndex)
    missing.push_back("guard: a count register");
  if (instruction.getDescription().place == EnginePlace::Array &&
      (instruction.arrays.digits.empty() || instruction.arrays.lanes == 1))
    missing.push_back("engine: a digit and lanes");
  return missing;
}
