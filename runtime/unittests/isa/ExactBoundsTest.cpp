//===- ExactBoundsTest.cpp - Bounds by enumeration --------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Instructions.h"
#include "../support/RandomProgram.h"
#include "../support/RandomShare.h"
#include "../support/TestMemories.h"
#include "../support/VisitBody.h"
#include "StructureTestUtils.h"
#include "phx/isa/Registers.h"

using namespace phx;
using namespace phx::testing;

namespace {

/// Highest end of all elements that a program touches, by space, found by
/// touching them one by one.
class Toucher {
public:
  explicit Toucher(const Program &program) : program(program) {}

  std::array<int64_t, mem::count> run() {
    runBlock(0, program.code.size(), 0);
    return ends;
  }

private:
  size_t findEnd(size_t loop) const {
    unsigned depth = 0;
    for (size_t i = loop;; ++i) {
      if (holds<Loop>(program.code[i].body))
        ++depth;
      if (holds<End>(program.code[i].body) && --depth == 0)
        return i;
    }
  }
  void runBlock(size_t begin, size_t end, unsigned depth) {
    for (size_t i = begin; i < end; ++i) {
      const Instruction &instruction = program.code[i];
      if (const Loop *loop = getIf<Loop>(instruction.body)) {
        size_t last = findEnd(i);
        for (int64_t n = 0; n < loop->count; ++n) {
          counters[depth] = n;
          runBlock(i + 1, last, depth + 1);
        }
        i = last;
      } else {
        visitLanes(instruction);
      }
    }
  }
  void visitLanes(const Instruction &instruction) {
    for (int64_t lane = 0; lane < instruction.arrays.lanes; ++lane) {
      counters[laneLoop] = lane;
      if (isExecuted(instruction, counters))
        phx::testing::visitBody(instruction.body, *this);
    }
  }
  void touch(const Address &address, int64_t offset, int64_t width = 4) {
    int64_t begin = evaluate(address.offset, counters) + offset;
    ASSERT_GE(begin, 0);
    int64_t &end = ends[static_cast<size_t>(address.memory)];
    end = std::max(end, begin + width);
  }
  void touchShape(const Address &address, const Stride4 &strides, Shape4 shape,
                  const ZeroFill *fill = nullptr, int64_t width = 4) {
    std::array<int64_t, 4> n, i;
    for (unsigned d = 0; d < 4; ++d)
      n[d] = evaluate(shape[d], counters);
    for (i[0] = 0; i[0] < n[0]; ++i[0])
      for (i[1] = 0; i[1] < n[1]; ++i[1])
        for (i[2] = 0; i[2] < n[2]; ++i[2])
          for (i[3] = 0; i[3] < n[3]; ++i[3]) {
            int64_t offset = 0;
            bool inside = true;
            for (unsigned d = 0; d < 4; ++d) {
              int64_t position = i[d];
              if (fill && fill->dim == d) {
                position += evaluate(fill->start, counters);
                inside = position >= 0 && position < fill->extent;
              }
              offset += position * strides[d];
            }
            if (inside)
              touch(address, offset, width);
          }
  }
  void touchMap(const Address &address, const AccessMap &map, int64_t rowStart,
                int64_t rows, int64_t colStart, int64_t cols, bool rowsOnly,
                int64_t width = 4) {
    for (int64_t r = rowStart; r < rowStart + rows; ++r)
      for (int64_t c = colStart; c < colStart + cols; ++c) {
        std::array<int64_t, 4> at{};
        for (size_t a = 0; a < map.axes.size(); ++a)
          at[a] = map.axes[a].offset;
        bool inside = true;
        auto add = [&](const std::vector<MapDigit> &digits, int64_t index) {
          for (const MapDigit &digit : digits) {
            at[digit.axis] += index % digit.radix * digit.step;
            index /= digit.radix;
          }
          inside &= index == 0;
        };
        add(map.rows, r);
        if (!rowsOnly)
          add(map.cols, c);
        int64_t offset = 0;
        for (size_t a = 0; a < map.axes.size(); ++a) {
          inside &= at[a] >= 0 && at[a] < map.axes[a].extent;
          offset += at[a] * map.axes[a].stride;
        }
        if (inside)
          touch(address, offset, width);
      }
  }
  /// Elements that are converted, in whole groups along the contraction axis.
  void touchConverted(const Address &address, const AccessMap &map,
                      uint32_t conversion, uint32_t product, int64_t rowStart,
                      int64_t rows, int64_t k, int64_t cols) {
    int64_t end = k + cols;
    if (const Bfp *format = getIf<Bfp>(program.conversions[conversion])) {
      while (end % format->group && end < program.products[product].k)
        ++end;
      k = k / format->group * format->group;
    }
    touchMap(address, map, rowStart, rows, k, end - k, false);
  }
  /// Blocks of a conversion, one after the other.
  void touchBlocks(const Address &address, const AccessMap &map,
                   uint32_t conversion, int64_t rowStart, int64_t rows,
                   int64_t k, int64_t cols) {
    const Bfp &format = *getIf<Bfp>(program.conversions[conversion]);
    int64_t first = k / format.group, last = (k + cols - 1) / format.group;
    int64_t bits = format.group * (format.mantissa + 1);
    touchMap(address, map, rowStart, rows, first, last - first + 1, false,
             1 + (bits + 7) / 8);
  }
  int64_t get(const Affine &a) const { return evaluate(a, counters); }
  int64_t get(const Count &c) const { return evaluate(c, counters); }

public:
  template <phx::testing::TouchesNothing T> void operator()(const T &) {}
  void operator()(const DmaCopy &i) {
    touchShape(i.dst, i.dstStride, i.shape, nullptr, i.width);
    touchShape(i.src, i.srcStride, i.shape,
               i.zeroFill ? &*i.zeroFill : nullptr, i.width);
  }
  void operator()(const VecMap &i) {
    touchShape(i.dst, i.dstStride, i.shape);
    if (i.fn != VecFn::Fill)
      touchShape(i.a, i.aStride, i.shape);
    if (getSourceCount(i.fn) > 1)
      touchShape(i.b, i.bStride, i.shape);
  }
  void operator()(const VecReduce &i) {
    touchShape(i.dst, i.dstStride, i.shape);
    touchShape(i.a, i.aStride, i.shape);
  }
  void operator()(const VecPool &i) {
    touchMap(i.in, program.maps[i.inMap], get(i.rowStart), get(i.rows), 0,
             i.window, false);
    touchMap(i.out, program.maps[i.outMap], get(i.rowStart), get(i.rows), 0, 1,
             true);
  }
  void operator()(const VecPoolPositions &i) {
    (*this)(VecPool{PoolFn::Max, i.inMap, i.outMap, i.in, i.out, i.rowStart,
                    i.rows, i.window});
    touchRows(i.positions, i.rowStart, i.rows);
  }
  void operator()(const VecUnpool &i) {
    (*this)(VecPool{i.fn, i.inMap, i.outMap, i.in, i.out, i.rowStart, i.rows,
                    i.window});
    if (i.fn == PoolFn::Max)
      touchRows(i.positions, i.rowStart, i.rows);
  }
  void touchRows(const Address &address, const Affine &start,
                 const Count &rows) {
    for (int64_t r = get(start); r < get(start) + get(rows); ++r)
      touch(address, r, 1);
  }
  void touchWords(const Address &address, int64_t words) {
    for (int64_t w = 0; w < words; ++w)
      touch(address, 4 * w);
  }
  void operator()(const VecPack &i) {
    touchWords(i.dst, (get(i.count) + 31) / 32);
    touchWords(i.a, get(i.count));
  }
  void operator()(const VecGateMask &i) {
    touchWords(i.dst, get(i.count));
    touchWords(i.a, get(i.count));
    touchWords(i.mask, (get(i.count) + 31) / 32);
  }
  void operator()(const VecRandom &i) {
    touchWords(i.dst, get(i.count));
    touchWords(i.key, 3);
  }
  void operator()(const CoreConvert &i) {
    touchMap(i.src, program.maps[i.srcMap], get(i.rowStart), get(i.rows),
             get(i.kStart), get(i.cols), false);
    touchBlocks(i.dst, program.maps[i.dstMap], i.conversion, get(i.rowStart),
                get(i.rows), get(i.kStart), get(i.cols));
  }
  void operator()(const VecReadCount &i) { touchWords(i.src, 1); }
  void operator()(const CoreProgram &i) {
    if (i.stored)
      return touchBlocks(i.src, program.maps[i.map], i.conversion,
                         get(i.rowStart), get(i.rows), get(i.kStart),
                         get(i.cols));
    touchConverted(i.src, program.maps[i.map], i.conversion, i.product,
                   get(i.rowStart), get(i.rows), get(i.kStart), get(i.cols));
  }
  void operator()(const CoreStream &i) {
    if (i.stored)
      touchBlocks(i.in, program.maps[i.inMap], i.conversion, get(i.vecStart),
                  get(i.length), get(i.kStart), get(i.cols));
    else
      touchConverted(i.in, program.maps[i.inMap], i.conversion, i.product,
                     get(i.vecStart), get(i.length), get(i.kStart),
                     get(i.cols));
    touchMap(i.out, program.maps[i.outMap], get(i.rowStart), get(i.rows),
             get(i.vecStart), get(i.length), false);
  }

private:
  const Program &program;
  Counters counters{};
  std::array<int64_t, mem::count> ends{};
};

} // namespace

TEST(StructureMemory, BoundsAreExact) {
  const uint64_t programs = getRandomShare(10000);
  uint64_t rejected = 0;
  for (uint64_t seed = 0; seed < programs; ++seed) {
    RandomProgramOptions options;
    options.seed = seed;
    options.maxLength = 24;
    Program program = makeRandomProgram(options);
    program.regions.clear();
    for (Layer &layer : program.layers)
      layer.output.reset();
    // Registers hold the most that they can; with less, less is touched.
    auto touched = Toucher(LargestCounts(program).get()).run();
    for (size_t m = 0; m < touched.size(); ++m)
      program.memories[m].bytes = touched[m];
    ASSERT_EQ(structureError(program), "accepted") << "seed " << seed;
    for (ProgramMemory &memory : program.memories) {
      int64_t &bytes = memory.bytes;
      if (bytes == 0)
        continue;
      --bytes;
      std::string message = structureError(program);
      EXPECT_NE(message.find("expected bytes inside [0, "), std::string::npos)
          << "seed " << seed << ": " << message;
      ++bytes;
      ++rejected;
    }
  }
  EXPECT_GT(rejected, programs);
}
