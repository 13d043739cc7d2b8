//===- Instruction.cpp - The pisa instruction set as data -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/Instruction.h"
#include "phx/isa/Program.h"
#include "phx/support/Math.h"

using namespace phx;

Opcode phx::getOpcode(const Body &body) {
  struct Visitor {
    Opcode operator()(const Halt &) { return Opcode::Halt; }
    Opcode operator()(const Loop &) { return Opcode::Loop; }
    Opcode operator()(const End &) { return Opcode::End; }
    Opcode operator()(const Signal &) { return Opcode::Signal; }
    Opcode operator()(const Wait &) { return Opcode::Wait; }
    Opcode operator()(const DmaCopy &) { return Opcode::DmaCopy; }
    Opcode operator()(const VecMap &) { return Opcode::VecMap; }
    Opcode operator()(const VecReduce &) { return Opcode::VecReduce; }
    Opcode operator()(const VecPool &) { return Opcode::VecPool; }
    Opcode operator()(const CoreProgram &) { return Opcode::CoreProgram; }
    Opcode operator()(const CoreStream &) { return Opcode::CoreStream; }
  };
  return std::visit(Visitor{}, body);
}

static bool isPositive(const Shape4 &shape, const Counters &counters) {
  for (const Count &count : shape)
    if (evaluate(count, counters) == 0)
      return false;
  return true;
}

bool phx::isExecuted(const Instruction &instruction, const Counters &counters) {
  if (!evaluate(instruction.guard, counters))
    return false;
  struct Visitor {
    const Counters &counters;
    bool operator()(const Halt &) { return true; }
    bool operator()(const Loop &) { return true; }
    bool operator()(const End &) { return true; }
    bool operator()(const Signal &) { return true; }
    bool operator()(const Wait &) { return true; }
    bool operator()(const DmaCopy &i) { return isPositive(i.shape, counters); }
    bool operator()(const VecMap &i) { return isPositive(i.shape, counters); }
    bool operator()(const VecReduce &i) {
      return isPositive(i.shape, counters);
    }
    bool operator()(const VecPool &i) { return evaluate(i.rows, counters) > 0; }
    bool operator()(const CoreProgram &i) {
      return evaluate(i.rows, counters) > 0 && evaluate(i.cols, counters) > 0;
    }
    bool operator()(const CoreStream &i) {
      return evaluate(i.rows, counters) > 0 && evaluate(i.cols, counters) > 0 &&
             evaluate(i.length, counters) > 0;
    }
  };
  return std::visit(Visitor{counters}, instruction.body);
}

int64_t phx::byteWidth(ElementType type) {
  switch (type) {
  case ElementType::F32:
  case ElementType::I32:
    return 4;
  case ElementType::I64:
    return 8;
  case ElementType::U8:
  case ElementType::Bool:
    return 1;
  }
  return 0;
}

unsigned phx::getOpsPerElement(VecFn fn) {
  switch (fn) {
  case VecFn::Copy:
  case VecFn::Fill:
  case VecFn::Add:
  case VecFn::Sub:
  case VecFn::Mul:
  case VecFn::Div:
  case VecFn::Max:
  case VecFn::Min:
  case VecFn::Relu:
  case VecFn::Neg:
  case VecFn::Abs:
  case VecFn::Sqrt:
  case VecFn::Scale:
    return 1;
  case VecFn::LeakyRelu:
  case VecFn::Clip:
    return 2;
  case VecFn::Exp:
    return expOps;
  case VecFn::Log:
    return logOps;
  case VecFn::Tanh:
    return tanhOps;
  case VecFn::Sigmoid:
    return sigmoidOps;
  }
  return 1;
}

static int64_t getElements(const Shape4 &shape, const Counters &counters) {
  int64_t elements = 1;
  for (const Count &count : shape)
    elements *= evaluate(count, counters);
  return elements;
}

VecWork phx::getVecWork(const Instruction &instruction,
                        const Counters &counters) {
  if (!evaluate(instruction.guard, counters))
    return {};
  if (const VecMap *map = std::get_if<VecMap>(&instruction.body))
    return {getElements(map->shape, counters), getOpsPerElement(map->fn)};
  if (const VecReduce *reduce = std::get_if<VecReduce>(&instruction.body))
    return {getElements(reduce->shape, counters), 1};
  if (const VecPool *pool = std::get_if<VecPool>(&instruction.body))
    return {evaluate(pool->rows, counters) * pool->window, 1};
  return {};
}

const char *phx::getMnemonic(const Body &body) {
  switch (getOpcode(body)) {
  case Opcode::Halt:
    return "halt";
  case Opcode::Loop:
    return "loop";
  case Opcode::End:
    return "end";
  case Opcode::Signal:
    return "signal";
  case Opcode::Wait:
    return "wait";
  case Opcode::DmaCopy:
    return "dma.copy";
  case Opcode::VecMap:
    return "vec.map";
  case Opcode::VecReduce:
    return "vec.reduce";
  case Opcode::VecPool:
    return "vec.pool";
  case Opcode::CoreProgram:
    return "core.program";
  case Opcode::CoreStream:
    return "core.stream";
  }
  return "?";
}
