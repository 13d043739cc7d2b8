//===- Instruction.cpp - The pisa instruction set as data -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/Instruction.h"
#include "phx/isa/Program.h"
#include "phx/support/Math.h"
#include "phx/support/Philox.h"

#include <limits>

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
    Opcode operator()(const VecPoolPositions &) {
      return Opcode::VecPoolPositions;
    }
    Opcode operator()(const VecUnpool &) { return Opcode::VecUnpool; }
    Opcode operator()(const VecPack &) { return Opcode::VecPack; }
    Opcode operator()(const VecGateMask &) { return Opcode::VecGateMask; }
    Opcode operator()(const VecRandom &) { return Opcode::VecRandom; }
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
    bool operator()(const VecPoolPositions &i) {
      return evaluate(i.rows, counters) > 0;
    }
    bool operator()(const VecUnpool &i) {
      return evaluate(i.rows, counters) > 0;
    }
    bool operator()(const VecPack &i) {
      return evaluate(i.count, counters) > 0;
    }
    bool operator()(const VecGateMask &i) {
      return evaluate(i.count, counters) > 0;
    }
    bool operator()(const VecRandom &i) {
      return evaluate(i.count, counters) > 0;
    }
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

const char *phx::getPhaseName(Phase phase) {
  static const char *const names[numPhases] = {
      "forward", "loss", "input_gradient", "weight_gradient", "update"};
  return names[static_cast<unsigned>(phase)];
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
  case VecFn::Equal:
  case VecFn::Offset:
    return 1;
  case VecFn::LeakyRelu:
  case VecFn::Clip:
  case VecFn::Gate:
  case VecFn::Drop:
    return 2;
  case VecFn::GateRange:
    return 3;
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

unsigned phx::getSourceCount(VecFn fn) {
  switch (fn) {
  case VecFn::Fill:
    return 0;
  case VecFn::Add:
  case VecFn::Sub:
  case VecFn::Mul:
  case VecFn::Div:
  case VecFn::Max:
  case VecFn::Min:
  case VecFn::Equal:
  case VecFn::Gate:
  case VecFn::GateRange:
  case VecFn::Drop:
    return 2;
  default:
    return 1;
  }
}

//===----------------------------------------------------------------------===//
// Work of the vector unit
//===----------------------------------------------------------------------===//

static int64_t saturate(__int128 value) {
  constexpr int64_t most = std::numeric_limits<int64_t>::max();
  return value > most ? most : static_cast<int64_t>(value);
}
static int64_t multiply(int64_t a, int64_t b) {
  return saturate(static_cast<__int128>(a) * b);
}

namespace {
struct WorkVisitor {
  const Counters &counters;
  VecWork work;

  void addBytes(const Address &address, int64_t count, int64_t width = 4) {
    int64_t &bytes = work.bytes[static_cast<size_t>(address.space)];
    bytes = saturate(static_cast<__int128>(count) * width + bytes);
  }
  int64_t elements(const Shape4 &shape, int64_t dims = 4) {
    int64_t count = 1;
    for (int64_t d = 0; d < dims; ++d)
      count =
          multiply(count, evaluate(shape[static_cast<size_t>(d)], counters));
    return count;
  }

  void operator()(const VecMap &i) {
    work.elements = elements(i.shape);
    work.opsPerElement = getOpsPerElement(i.fn);
    addBytes(i.dst, work.elements);
    // A repeated operand (stride 0) is read once per element.
    if (getSourceCount(i.fn) > 0)
      addBytes(i.a, work.elements);
    if (getSourceCount(i.fn) > 1)
      addBytes(i.b, work.elements);
  }
  void operator()(const VecReduce &i) {
    work.elements = elements(i.shape);
    addBytes(i.a, work.elements);
    addBytes(i.dst, elements(i.shape, 4 - i.dims));
  }
  // Positions outside the extents keep their slot: the lanes run in lockstep.
  void operator()(const VecPool &i) {
    int64_t rows = evaluate(i.rows, counters);
    work.elements = multiply(rows, i.window);
    work.rows = i.fn == PoolFn::Max ? 0 : rows;
    addBytes(i.in, work.elements);
    addBytes(i.out, rows);
  }
  void operator()(const VecPoolPositions &i) {
    int64_t rows = evaluate(i.rows, counters);
    work.elements = multiply(rows, i.window);
    work.opsPerElement = 2;
    addBytes(i.in, work.elements);
    addBytes(i.out, rows);
    addBytes(i.positions, rows, 1);
  }
  void operator()(const VecUnpool &i) {
    int64_t rows = evaluate(i.rows, counters);
    bool max = i.fn == PoolFn::Max;
    work.elements = max ? rows : multiply(rows, i.window);
    work.rows = max ? 0 : rows;
    addBytes(i.in, work.elements, 8); // read and written
    addBytes(i.out, rows);
    if (max)
      addBytes(i.positions, rows, 1);
  }
  void operator()(const VecPack &i) {
    work.elements = evaluate(i.count, counters);
    addBytes(i.a, work.elements);
    addBytes(i.dst, getMaskWords(work.elements));
  }
  void operator()(const VecGateMask &i) {
    work.elements = evaluate(i.count, counters);
    addBytes(i.a, work.elements);
    addBytes(i.mask, getMaskWords(work.elements));
    addBytes(i.dst, work.elements);
  }
  void operator()(const VecRandom &i) {
    work.elements = evaluate(i.count, counters);
    work.opsPerElement = randomOps;
    addBytes(i.key, 3);
    addBytes(i.dst, work.elements);
  }
  template <typename Other> void operator()(const Other &) {}
};
} // namespace

VecWork phx::getVecWork(const Instruction &instruction,
                        const Counters &counters) {
  WorkVisitor visitor{counters, {}};
  if (isExecuted(instruction, counters))
    std::visit(visitor, instruction.body);
  return visitor.work;
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
  case Opcode::VecPoolPositions:
    return "vec.pool_positions";
  case Opcode::VecUnpool:
    return "vec.unpool";
  case Opcode::VecPack:
    return "vec.pack";
  case Opcode::VecGateMask:
    return "vec.gate_mask";
  case Opcode::VecRandom:
    return "vec.random";
  case Opcode::CoreProgram:
    return "core.program";
  case Opcode::CoreStream:
    return "core.stream";
  }
  return "?";
}
