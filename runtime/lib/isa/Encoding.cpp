//===- Encoding.cpp - Binary form of instructions -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Encoding.h"

#include <bit>

using namespace phx;

namespace {

/// Appends fields as words.
struct Writer {
  std::vector<uint64_t> &words;

  void put(uint64_t value) { words.push_back(value); }
  void put(int64_t value) { words.push_back(static_cast<uint64_t>(value)); }
  void put(uint32_t value) { put(uint64_t(value)); }
  void put(uint8_t value) { put(uint64_t(value)); }
  void put(bool value) { put(uint64_t(value)); }
  void put(float value) { put(std::bit_cast<uint32_t>(value)); }
  void put(const DigitTerm &term) {
    put(term.loop);
    put(term.scale);
    put(term.offset);
    put(term.divisor);
    put(term.modulus);
    put(term.weight);
  }
  void put(const Affine &affine) {
    put(uint64_t(affine.terms.size()));
    put(affine.base);
    for (const DigitTerm &term : affine.terms)
      put(term);
  }
  void put(const Count &count) {
    put(uint64_t((count.remaining ? countRemaining : 0) |
                 (count.registerIndex ? countRegister : 0)));
    put(count.cap);
    if (count.remaining)
      put(*count.remaining);
    if (count.registerIndex)
      put(*count.registerIndex);
  }
  void put(const Guard &guard) {
    put(uint64_t(guard.loop) | (guard.registerIndex ? guardRegister : 0));
    put(guard.scale);
    put(guard.offset);
    put(guard.low);
    put(guard.extent);
    if (guard.registerIndex)
      put(*guard.registerIndex);
  }
  void put(const Address &address) {
    put(address.memory);
    put(address.offset);
  }
  void put(const Stride4 &strides) {
    for (int64_t stride : strides)
      put(stride);
  }
  void put(const Shape4 &shape) {
    for (const Count &count : shape)
      put(count);
  }
  void put(const std::optional<ZeroFill> &fill) {
    put(fill.has_value());
    if (!fill)
      return;
    put(fill->dim);
    put(fill->start);
    put(fill->extent);
  }
  void put(const std::optional<uint32_t> &registerIndex) {
    put(registerIndex ? uint64_t(*registerIndex) + 1 : uint64_t(0));
  }
};

} // namespace

void phx::encodeInstruction(const Instruction &instruction,
                            std::vector<uint64_t> &words) {
  size_t begin = words.size();
  words.push_back(0);
  Writer writer{words};
  uint64_t flags = 0;
  if (hasEngine(instruction.getDescription())) {
    const EngineId &engine = instruction.engine;
    writer.put(uint64_t(engine.kind) | uint64_t(engine.group) << 16 |
               uint64_t(engine.index) << 32);
  }
  if (!instruction.arrays.isPlain()) {
    flags |= flagArrays;
    writer.put(instruction.arrays.lanes);
    writer.put(uint64_t(instruction.arrays.digits.size()));
    for (const DigitTerm &digit : instruction.arrays.digits)
      writer.put(digit);
  }
  if (instruction.layer != noLayer) {
    flags |= flagLayer;
    writer.put(instruction.layer);
  }
  if (instruction.guard) {
    flags |= flagGuard;
    writer.put(*instruction.guard);
  }
  visitFields(instruction.body, [&](const FieldDescription &,
                                    const auto &value) { writer.put(value); });
  words[begin] = uint64_t(instruction.body.getOpcode()) | flags << 16 |
                 uint64_t(words.size() - begin) << 32;
}

std::vector<uint64_t> phx::encodeCode(const std::vector<Instruction> &code) {
  std::vector<uint64_t> words;
  for (const Instruction &instruction : code)
    encodeInstruction(instruction, words);
  return words;
}
