//===- OracleAccesses.cpp - Operands, byte by byte --------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Instructions.h"
#include "../support/VisitBody.h"
#include "Oracle.h"
#include "phx/isa/BaseOperations.h"

#include <algorithm>

using namespace phx;
using namespace phx::test;

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

static void addElement(std::set<int64_t> &bytes, int64_t address,
                       int64_t width = 4) {
  for (int64_t b = 0; b < width; ++b)
    bytes.insert(address + b);
}

/// Address of element (row, col), if it exists.
static std::optional<int64_t> locate(const AccessMap &map, int64_t row,
                                     int64_t col) {
  std::vector<int64_t> coordinates;
  for (const MapAxis &axis : map.axes)
    coordinates.push_back(axis.offset);
  auto decompose = [&](const std::vector<MapDigit> &digits, int64_t index) {
    if (index < 0)
      return false;
    for (const MapDigit &digit : digits) {
      coordinates[digit.axis] += index % digit.radix * digit.step;
      index /= digit.radix;
    }
    return index == 0;
  };
  if (!decompose(map.rows, row) || !decompose(map.cols, col))
    return std::nullopt;
  int64_t address = 0;
  for (size_t a = 0; a < map.axes.size(); ++a) {
    if (coordinates[a] < 0 || coordinates[a] >= map.axes[a].extent)
      return std::nullopt;
    address += coordinates[a] * map.axes[a].stride;
  }
  return address;
}

namespace {

struct Enumerator {
  const Program &program;
  const Counters &c;
  std::vector<OracleAccess> result;

  OracleAccess &add(const Address &address, bool write) {
    result.push_back({address.memory, write, {}, {}, c[laneLoop]});
    return result.back();
  }

  template <typename Visitor>
  void forShape(const Shape4 &shape, Visitor visit) {
    int64_t n[4];
    for (int d = 0; d < 4; ++d)
      n[d] = evaluate(shape[d], c);
    std::array<int64_t, 4> i;
    for (i[0] = 0; i[0] < n[0]; ++i[0])
      for (i[1] = 0; i[1] < n[1]; ++i[1])
        for (i[2] = 0; i[2] < n[2]; ++i[2])
          for (i[3] = 0; i[3] < n[3]; ++i[3])
            visit(i);
  }

  void addStrided(const Address &address, const Stride4 &stride,
                  const Shape4 &shape, bool write,
                  const std::optional<ZeroFill> &fill = {},
                  int64_t width = 4) {
    OracleAccess &access = add(address, write);
    forShape(shape, [&](std::array<int64_t, 4> i) {
      if (fill) {
        i[fill->dim] += evaluate(fill->start, c);
        if (i[fill->dim] < 0 || i[fill->dim] >= fill->extent)
          return;
      }
      int64_t at = evaluate(address.offset, c);
      for (int d = 0; d < 4; ++d)
        at += i[d] * stride[d];
      addElement(access.bytes, at, width);
    });
  }

  void addMapped(const Address &address, uint32_t map, int64_t row,
                 int64_t rows, int64_t col, int64_t cols, bool write,
                 std::optional<uint32_t> product = {}, int64_t width = 4) {
    OracleAccess &access = add(address, write);
    access.product = product;
    for (int64_t r = row; r < row + rows; ++r)
      for (int64_t k = col; k < col + cols; ++k)
        if (auto at = locate(program.maps[map], r, k))
          addElement(access.bytes, *at + evaluate(address.offset, c), width);
  }
  /// Elements that are converted: those that share an exponent with one of
  /// positions [k, k + cols) are looked at, too.
  void addConverted(const Address &address, uint32_t map, uint32_t conversion,
                    uint32_t product, int64_t row, int64_t rows, int64_t k,
                    int64_t cols) {
    int64_t first = k, last = k + cols - 1;
    if (const Bfp *format = conversion < program.conversions.size()
                                ? getIf<Bfp>(program.conversions[conversion])
                                : nullptr) {
      while (first % format->group)
        --first;
      while ((last + 1) % format->group &&
             last + 1 < program.products[product].k)
        ++last;
    }
    addMapped(address, map, row, rows, first, last - first + 1, false);
  }
  /// The blocks in which contraction positions [k, k + cols) are.
  void addBlocks(const Address &address, uint32_t map, uint32_t conversion,
                 int64_t row, int64_t rows, int64_t k, int64_t cols,
                 bool write) {
    const Bfp &format = *getIf<Bfp>(program.conversions[conversion]);
    std::set<int64_t> blocks;
    for (int64_t position = k; position < k + cols; ++position)
      blocks.insert(position / format.group);
    int64_t bits = format.group * (format.mantissa + 1);
    addMapped(address, map, row, rows, *blocks.begin(), int64_t(blocks.size()),
              write, {}, 1 + bits / 8 + (bits % 8 != 0));
  }

  void operator()(const DmaCopy &i) {
    addStrided(i.dst, i.dstStride, i.shape, true, {}, i.width);
    addStrided(i.src, i.srcStride, i.shape, false, i.zeroFill, i.width);
  }
  void operator()(const VecMap &i) {
    addStrided(i.dst, i.dstStride, i.shape, true);
    if (i.fn != VecFn::Fill)
      addStrided(i.a, i.aStride, i.shape, false);
    static const std::set<VecFn> binary{
        VecFn::Add, VecFn::Sub,   VecFn::Mul,  VecFn::Div,       VecFn::Max,
        VecFn::Min, VecFn::Equal, VecFn::Gate, VecFn::GateRange, VecFn::Drop};
    if (binary.count(i.fn))
      addStrided(i.b, i.bStride, i.shape, false);
  }
  void operator()(const VecReduce &i) {
    addStrided(i.dst, i.dstStride, i.shape, true);
    addStrided(i.a, i.aStride, i.shape, false);
  }
  void operator()(const VecPoolPositions &i) {
    int64_t row = evaluate(i.rowStart, c), rows = evaluate(i.rows, c);
    addMapped(i.out, i.outMap, row, rows, 0, 1, true);
    addMapped(i.in, i.inMap, row, rows, 0, i.window, false);
    addPositions(i.positions, row, rows, true);
  }
  void operator()(const VecUnpool &i) {
    int64_t row = evaluate(i.rowStart, c), rows = evaluate(i.rows, c);
    addMapped(i.in, i.inMap, row, rows, 0, i.window, true);
    addMapped(i.out, i.outMap, row, rows, 0, 1, false);
    if (i.fn == PoolFn::Max)
      addPositions(i.positions, row, rows, false);
  }
  void addPositions(const Address &address, int64_t row, int64_t rows,
                    bool write) {
    OracleAccess &access = add(address, write);
    for (int64_t r = row; r < row + rows; ++r)
      access.bytes.insert(evaluate(address.offset, c) + r);
  }
  void addElements(const Address &address, int64_t count, bool write) {
    OracleAccess &access = add(address, write);
    for (int64_t e = 0; e < count; ++e)
      addElement(access.bytes, evaluate(address.offset, c) + 4 * e);
  }
  void addBits(const Address &address, int64_t count, bool write) {
    OracleAccess &access = add(address, write);
    for (int64_t e = 0; e < count; ++e)
      addElement(access.bytes, evaluate(address.offset, c) + e / 32 * 4);
  }
  void operator()(const VecPack &i) {
    addBits(i.dst, evaluate(i.count, c), true);
    addElements(i.a, evaluate(i.count, c), false);
  }
  void operator()(const VecGateMask &i) {
    addElements(i.dst, evaluate(i.count, c), true);
    addElements(i.a, evaluate(i.count, c), false);
    addBits(i.mask, evaluate(i.count, c), false);
  }
  void operator()(const VecRandom &i) {
    addElements(i.dst, evaluate(i.count, c), true);
    addElements(i.key, 3, false);
  }
  /// The register is entered where it is known whether anything is executed.
  void operator()(const VecReadCount &i) { addElements(i.src, 1, false); }
  void operator()(const VecPool &i) {
    int64_t row = evaluate(i.rowStart, c), rows = evaluate(i.rows, c);
    addMapped(i.out, i.outMap, row, rows, 0, 1, true);
    addMapped(i.in, i.inMap, row, rows, 0, i.window, false);
  }
  void operator()(const CoreConvert &i) {
    int64_t row = evaluate(i.rowStart, c), rows = evaluate(i.rows, c);
    int64_t k = evaluate(i.kStart, c), cols = evaluate(i.cols, c);
    addBlocks(i.dst, i.dstMap, i.conversion, row, rows, k, cols, true);
    addMapped(i.src, i.srcMap, row, rows, k, cols, false);
  }
  void operator()(const CoreProgram &i) {
    if (i.stored)
      return addBlocks(i.src, i.map, i.conversion, evaluate(i.rowStart, c),
                       evaluate(i.rows, c), evaluate(i.kStart, c),
                       evaluate(i.cols, c), false);
    addConverted(i.src, i.map, i.conversion, i.product,
                 evaluate(i.rowStart, c), evaluate(i.rows, c),
                 evaluate(i.kStart, c), evaluate(i.cols, c));
  }
  void operator()(const CoreStream &i) {
    int64_t row = evaluate(i.rowStart, c), rows = evaluate(i.rows, c);
    int64_t k = evaluate(i.kStart, c), cols = evaluate(i.cols, c);
    int64_t v = evaluate(i.vecStart, c), length = evaluate(i.length, c);
    addMapped(i.out, i.outMap, row, rows, v, length, true, i.product);
    if (i.stored)
      return addBlocks(i.in, i.inMap, i.conversion, v, length, k, cols, false);
    addConverted(i.in, i.inMap, i.conversion, i.product, v, length, k, cols);
  }
  template <phx::testing::TouchesNothing T> void operator()(const T &) {}
};

/// The counts of an instruction; it is skipped if one of them is zero.
struct Counts {
  std::vector<Count> result;

  void operator()(const DmaCopy &i) { add(i.shape); }
  void operator()(const VecMap &i) { add(i.shape); }
  void operator()(const VecReduce &i) { add(i.shape); }
  void operator()(const VecPool &i) { result = {i.rows}; }
  void operator()(const VecPoolPositions &i) { result = {i.rows}; }
  void operator()(const VecUnpool &i) { result = {i.rows}; }
  void operator()(const VecPack &i) { result = {i.count}; }
  void operator()(const VecGateMask &i) { result = {i.count}; }
  void operator()(const VecRandom &i) { result = {i.count}; }
  void operator()(const VecReadCount &) {}
  void operator()(const CoreProgram &i) { result = {i.rows, i.cols}; }
  void operator()(const CoreConvert &i) { result = {i.rows, i.cols}; }
  void operator()(const CoreStream &i) {
    result = {i.rows, i.cols, i.length};
  }
  template <phx::testing::TouchesNothing T> void operator()(const T &) {}

private:
  void add(const Shape4 &shape) { result.assign(shape.begin(), shape.end()); }
};

bool isSkipped(const Instruction &instruction, const Counters &c) {
  if (!evaluate(instruction.guard, c))
    return true;
  Counts counts;
  phx::testing::visitBody(instruction.body, counts);
  for (const Count &n : counts.result)
    if (evaluate(n, c) == 0)
      return true;
  return false;
}

} // namespace

std::vector<OracleAccess>
phx::test::enumerateAccesses(const Program &program,
                             const Instruction &instruction,
                             const Counters &counters) {
  std::vector<OracleAccess> accesses;
  Counters at = counters;
  for (int64_t lane = 0; lane < instruction.arrays.lanes; ++lane) {
    at[laneLoop] = lane;
    if (isSkipped(instruction, at))
      continue;
    Enumerator enumerator{program, at, {}};
    phx::testing::visitBody(instruction.body, enumerator);
    accesses.insert(accesses.end(), enumerator.result.begin(),
                    enumerator.result.end());
  }
  return accesses;
}
