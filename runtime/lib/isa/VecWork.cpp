//===- VecWork.cpp - What passes the vector unit ---------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/Instructions.h"
#include "phx/support/Philox.h"

#include <limits>

using namespace phx;

static int64_t saturate(__int128 value) {
  constexpr int64_t most = std::numeric_limits<int64_t>::max();
  return value > most ? most : static_cast<int64_t>(value);
}
static int64_t multiply(int64_t a, int64_t b) {
  return saturate(static_cast<__int128>(a) * b);
}

namespace {
/// Adds up the work of one instruction.
struct Worker {
  const Counters &counters;
  VecWork work;

  MemoryTraffic &trafficOf(const Address &address) {
    for (unsigned i = 0; i < work.numMemories; ++i)
      if (work.traffic[i].memory == address.memory)
        return work.traffic[i];
    MemoryTraffic &entry = work.traffic[work.numMemories++];
    entry.memory = address.memory;
    return entry;
  }
  static void add(int64_t &bytes, int64_t count, int64_t width) {
    bytes = saturate(static_cast<__int128>(count) * width + bytes);
  }
  void read(const Address &address, int64_t count, int64_t width = 4) {
    add(trafficOf(address).read, count, width);
  }
  void write(const Address &address, int64_t count, int64_t width = 4) {
    add(trafficOf(address).written, count, width);
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
    write(i.dst, work.elements);
    // A repeated operand (stride 0) is read once per element.
    if (getSourceCount(i.fn) > 0)
      read(i.a, work.elements);
    if (getSourceCount(i.fn) > 1)
      read(i.b, work.elements);
  }
  void operator()(const VecReduce &i) {
    work.elements = elements(i.shape);
    read(i.a, work.elements);
    write(i.dst, elements(i.shape, 4 - i.dims));
  }
  // Positions outside the extents keep their slot: the lanes run in lockstep.
  void operator()(const VecPool &i) {
    int64_t rows = evaluate(i.rows, counters);
    work.elements = multiply(rows, i.window);
    work.rows = i.fn == PoolFn::Max ? 0 : rows;
    read(i.in, work.elements);
    write(i.out, rows);
  }
  void operator()(const VecPoolPositions &i) {
    int64_t rows = evaluate(i.rows, counters);
    work.elements = multiply(rows, i.window);
    work.opsPerElement = 2;
    read(i.in, work.elements);
    write(i.out, rows);
    write(i.positions, rows, 1);
  }
  void operator()(const VecUnpool &i) {
    int64_t rows = evaluate(i.rows, counters);
    bool max = i.fn == PoolFn::Max;
    work.elements = max ? rows : multiply(rows, i.window);
    work.rows = max ? 0 : rows;
    read(i.in, work.elements);
    write(i.in, work.elements);
    read(i.out, rows);
    if (max)
      read(i.positions, rows, 1);
  }
  void operator()(const VecPack &i) {
    work.elements = evaluate(i.count, counters);
    read(i.a, work.elements);
    write(i.dst, getMaskWords(work.elements));
  }
  void operator()(const VecGateMask &i) {
    work.elements = evaluate(i.count, counters);
    read(i.a, work.elements);
    read(i.mask, getMaskWords(work.elements));
    write(i.dst, work.elements);
  }
  void operator()(const VecRandom &i) {
    work.elements = evaluate(i.count, counters);
    work.opsPerElement = randomOps;
    read(i.key, 3);
    write(i.dst, work.elements);
  }
  void operator()(const VecReadCount &i) {
    work.elements = 1;
    read(i.src, 1);
  }
};

/// Calls the function for the struct that `body` holds, if it is one of these.
template <typename... T>
void dispatch(InstructionList<T...>, const Body &body, Worker &worker) {
  ((holds<T>(body) ? worker(getAs<T>(body)) : void()), ...);
}
} // namespace

VecWork phx::getVecWork(const Instruction &instruction,
                        const Counters &counters) {
  Worker worker{counters, {}};
  if (isExecuted(instruction, counters))
    dispatch(VecInstructions(), instruction.body, worker);
  return worker.work;
}
