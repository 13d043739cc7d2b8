//===- Snippets.h - Short programs written by hand -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_HAZARDS_SNIPPETS_H
#define PHX_UNITTESTS_HAZARDS_SNIPPETS_H

#include "../support/TestMemories.h"

#include "machines/rns/Instructions.h"
#include "phx/isa/Program.h"

namespace phx::test {

inline constexpr EngineId dma{EngineKind::Dma, 0}, vec{EngineKind::Vec, 0};
inline EngineId core(uint8_t index) { return {EngineKind::Core, index}; }

/// base + (counter mod 2) * size: a double buffer.
inline Affine twoBuffers(int64_t base, int64_t size, uint8_t loop = 0,
                         int64_t ahead = 0, int64_t buffers = 2) {
  return {base, {{loop, 1, ahead, 1, buffers, size}}};
}
inline Affine fixed(int64_t base) { return {base, {}}; }

inline Instruction make(EngineId engine, Body body) {
  return {engine, noLayer, {}, std::move(body)};
}
inline Instruction loop(int64_t count) { return make({}, Loop{count}); }
inline Instruction end() { return make({}, End{}); }
inline Instruction signal(EngineId engine, uint32_t token) {
  return make(engine, Signal{token});
}
inline Instruction wait(EngineId engine, uint32_t token) {
  return make(engine, Wait{token, false});
}

/// Copies `n` elements inside the gradient scratchpad; far away sources are
/// touched by nobody else.
inline Instruction move(EngineId engine, Affine dst, Affine src,
                        int64_t n = 4) {
  Shape4 shape{Count{1, {}}, Count{1, {}}, Count{1, {}}, Count{n, {}}};
  Stride4 stride{4, 4, 4, 4};
  Address to{mem::grad, dst}, from{mem::grad, src};
  if (engine == dma)
    return make(dma, DmaCopy{to, from, stride, stride, shape, {}});
  return make(
      engine,
      VecMap{VecFn::Copy, to, from, {}, stride, stride, {}, shape, 0, 0});
}

/// A contribution to four elements at `out`; map 0 is a row of elements.
inline Instruction stream(uint8_t index, Affine out, Affine in,
                          uint32_t product, int64_t kStart = 0) {
  CoreStream s;
  s.out = {mem::grad, out};
  s.in = {mem::grad, in};
  s.kStart.base = kStart;
  s.rows.cap = 4;
  s.cols.cap = s.length.cap = 1;
  s.product = product;
  s.inMap = 1;
  return make(core(index), s);
}

inline Program assemble(std::vector<Instruction> code, uint32_t tokens = 0) {
  Program program;
  program.memories = makeMemories();
  program.groups = {{"core", "rns", 2, 8, 8}};
  program.tokens = tokens;
  AccessMap row, element;
  row.rows = {{4, 0, 1}};
  row.axes = {{4, 4, 0, 0, 0}};
  element.axes = {{1, 4, 0, 0, 0}};
  element.cols = {{4, 0, 0}};
  program.maps = {row, element};
  program.products.resize(2);
  program.layers = {{"conv1", "Conv", {}}, {"relu1", "Relu", {}}};
  program.code = std::move(code);
  program.code.push_back(make({}, Halt{}));
  return program;
}

} // namespace phx::test

#endif // PHX_UNITTESTS_HAZARDS_SNIPPETS_H
