//===- StructureTestUtils.h - Small programs for validator tests -*- C++
//-*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_ISA_STRUCTURETESTUTILS_H
#define PHX_UNITTESTS_ISA_STRUCTURETESTUTILS_H

#include "../support/ProductFormat.h"
#include "../support/TestMemories.h"

#include "machines/rns/Instructions.h"
#include "phx/isa/Validator.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace phx::testing {

inline constexpr EngineId dma{EngineKind::Dma, 0}, vec{EngineKind::Vec, 0},
    core0{EngineKind::Core, 0}, core1{EngineKind::Core, 1};

inline std::string structureError(const Program &program) {
  Status status = validateStructure(program);
  return status ? "accepted" : status.error().message;
}

/// 1 KiB per scratchpad, two cores of 32 x 16, one layer "conv1", no code.
inline Program makeFrame() {
  Program program;
  program.memoryModel = MemoryModel::Hierarchy;
  program.groups = {{"core", "rns", 2, 32, 16}};
  program.memories = makeMemories({1024, 1024, 1024, 1024});
  program.layers.push_back({"conv1", "Conv", std::nullopt});
  addEntries(program, mirageFormat());
  // 8 x 16 elements of 4 bytes, rows by columns.
  AccessMap map;
  map.axes = {{8, 64, 0, 0, 0}, {16, 4, 0, 0, 0}};
  map.rows = {{8, 0, 1}};
  map.cols = {{16, 1, 1}};
  program.maps.push_back(map);
  program.products.push_back({0, 8, 8, 16, 1});
  return program;
}

inline Instruction make(EngineId engine, Body body) {
  Instruction instruction;
  instruction.engine = engine;
  instruction.body = std::move(body);
  return instruction;
}

inline Count fixed(int64_t cap) { return {cap, std::nullopt}; }
inline Shape4 flat(int64_t n) {
  return {fixed(1), fixed(1), fixed(1), fixed(n)};
}

/// Copies 16 elements from dram to the activation scratchpad.
inline DmaCopy makeCopy() {
  DmaCopy copy;
  copy.dst = {mem::act, {}};
  copy.src = {mem::dram, {}};
  copy.shape = flat(16);
  copy.dstStride = copy.srcStride = {0, 0, 0, 4};
  return copy;
}
/// relu of 16 elements.
inline VecMap makeRelu() {
  VecMap map;
  map.fn = VecFn::Relu;
  map.dst = {mem::act, {}};
  map.a = {mem::grad, {}};
  map.shape = flat(16);
  map.dstStride = map.aStride = {0, 0, 0, 4};
  return map;
}
inline CoreProgram makeLoad() {
  CoreProgram load;
  load.src = {mem::wgt, {}};
  load.rows = fixed(8);
  load.cols = fixed(16);
  return load;
}
inline CoreStream makeStream() {
  CoreStream stream;
  stream.in = {mem::act, {}};
  stream.out = {mem::grad, {}};
  stream.rows = fixed(8);
  stream.cols = fixed(16);
  stream.length = fixed(8);
  return stream;
}

/// The frame with `code` and a halt; with tokens 0 and 1 as far as they are
/// named.
inline Program withCode(std::vector<Instruction> code) {
  Program program = makeFrame();
  program.code = std::move(code);
  for (const Instruction &instruction : program.code) {
    if (const Signal *signal = getIf<Signal>(instruction.body))
      program.tokens = std::max(program.tokens, std::min(signal->token, 1u) + 1);
    if (const Wait *wait = getIf<Wait>(instruction.body))
      program.tokens = std::max(program.tokens, std::min(wait->token, 1u) + 1);
  }
  program.code.push_back(make({}, Halt{}));
  return program;
}
inline std::string errorOf(std::vector<Instruction> code) {
  return structureError(withCode(std::move(code)));
}
inline std::string errorOf(EngineId engine, Body body) {
  return errorOf({make(engine, std::move(body))});
}

} // namespace phx::testing

#endif // PHX_UNITTESTS_ISA_STRUCTURETESTUTILS_H
