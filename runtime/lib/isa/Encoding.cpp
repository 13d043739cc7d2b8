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
  template <typename E>
    requires std::is_enum_v<E>
  void put(E value) {
    put(static_cast<uint64_t>(value));
  }
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
    put(uint64_t(count.remaining.has_value()));
    put(count.cap);
    if (count.remaining)
      put(*count.remaining);
  }
  void put(const Guard &guard) {
    put(guard.loop);
    put(guard.scale);
    put(guard.offset);
    put(guard.extent);
  }
  void put(const Address &address) {
    put(address.space);
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

  void operator()(const Halt &) {}
  void operator()(const Loop &i) { put(i.count); }
  void operator()(const End &) {}
  void operator()(const Signal &i) { put(i.token); }
  void operator()(const Wait &i) { put(i.token); }
  void operator()(const DmaCopy &i) {
    put(i.dst);
    put(i.src);
    put(i.dstStride);
    put(i.srcStride);
    put(i.shape);
    if (!i.zeroFill)
      return;
    put(i.zeroFill->dim);
    put(i.zeroFill->start);
    put(i.zeroFill->extent);
  }
  void operator()(const VecMap &i) {
    put(i.fn);
    put(i.dst);
    put(i.a);
    put(i.b);
    put(i.dstStride);
    put(i.aStride);
    put(i.bStride);
    put(i.shape);
    put(uint64_t(std::bit_cast<uint32_t>(i.s0)) |
        uint64_t(std::bit_cast<uint32_t>(i.s1)) << 32);
  }
  void operator()(const VecReduce &i) {
    put(i.fn);
    put(i.dst);
    put(i.a);
    put(i.dstStride);
    put(i.aStride);
    put(i.shape);
    put(i.dims);
  }
  void operator()(const VecPool &i) {
    put(i.fn);
    put(i.inMap);
    put(i.outMap);
    put(i.in);
    put(i.out);
    put(i.rowStart);
    put(i.rows);
    put(i.window);
  }
  void operator()(const VecPoolPositions &i) {
    put(i.inMap);
    put(i.outMap);
    put(i.in);
    put(i.out);
    put(i.positions);
    put(i.rowStart);
    put(i.rows);
    put(i.window);
  }
  void operator()(const VecUnpool &i) {
    put(i.fn);
    put(i.inMap);
    put(i.outMap);
    put(i.in);
    put(i.out);
    put(i.positions);
    put(i.rowStart);
    put(i.rows);
    put(i.window);
  }
  void operator()(const VecPack &i) {
    put(i.dst);
    put(i.a);
    put(i.count);
  }
  void operator()(const VecGateMask &i) {
    put(i.dst);
    put(i.a);
    put(i.mask);
    put(i.count);
  }
  void operator()(const VecRandom &i) {
    put(i.dst);
    put(i.key);
    put(i.first);
    put(i.count);
    put(i.stream);
  }
  void operator()(const CoreProgram &i) {
    put(i.format);
    put(i.map);
    put(i.src);
    put(i.rowStart);
    put(i.kStart);
    put(i.rows);
    put(i.cols);
    put(i.product);
    put(i.group);
  }
  void operator()(const CoreStream &i) {
    put(i.format);
    put(i.inMap);
    put(i.outMap);
    put(i.in);
    put(i.out);
    put(i.rowStart);
    put(i.kStart);
    put(i.vecStart);
    put(i.rows);
    put(i.cols);
    put(i.length);
    put(i.product);
  }
};

} // namespace

void phx::encodeInstruction(const Instruction &instruction,
                            std::vector<uint64_t> &words) {
  size_t begin = words.size();
  words.push_back(0);
  Writer writer{words};
  uint64_t flags = 0;
  if (instruction.layer != noLayer) {
    flags |= flagLayer;
    writer.put(instruction.layer);
  }
  if (instruction.guard) {
    flags |= flagGuard;
    writer.put(*instruction.guard);
  }
  std::visit(writer, instruction.body);
  if (const Wait *wait = std::get_if<Wait>(&instruction.body))
    flags |= wait->redundant ? flagRedundant : 0;
  if (const DmaCopy *copy = std::get_if<DmaCopy>(&instruction.body))
    flags |= copy->zeroFill ? flagZeroFill : 0;
  Opcode opcode = getOpcode(instruction.body);
  EngineId engine = hasEngine(opcode) ? instruction.engine : EngineId{};
  words[begin] = uint64_t(opcode) | uint64_t(engine.kind) << 8 |
                 uint64_t(engine.index) << 16 | flags << 24 |
                 uint64_t(words.size() - begin) << 32;
}

std::vector<uint64_t> phx::encodeCode(const std::vector<Instruction> &code) {
  std::vector<uint64_t> words;
  for (const Instruction &instruction : code)
    encodeInstruction(instruction, words);
  return words;
}
