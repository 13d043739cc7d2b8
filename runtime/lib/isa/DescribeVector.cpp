//===- DescribeVector.cpp - Elementwise functions and reductions *- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/DescribeInstruction.h"
#include "phx/isa/FieldReport.h"
#include "phx/isa/Instructions.h"
#include "phx/support/Philox.h"
#include "phx/isa/Limits.h"
#include "phx/support/Math.h"

#include <bit>

using namespace phx;

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

namespace {
struct FunctionInfo {
  VecFn fn;
  EnumEntry entry;
  unsigned ops;     ///< that one element costs, at least 1
  unsigned sources; ///< that it reads: 0, 1 (a) or 2 (a and b)
  unsigned immediates = 0; ///< that it reads: 0, 1 (s0) or 2 (s0 and s1)
};
} // namespace

/// Copies and fills compute nothing, and take a pass through the lanes.
static constexpr FunctionInfo functions[] = {
    {VecFn::Copy, {"copy", "a"}, 1, 1},
    {VecFn::Add, {"add", "a + b"}, 1, 2},
    {VecFn::Sub, {"sub", "a - b"}, 1, 2},
    {VecFn::Mul, {"mul", "a * b"}, 1, 2},
    {VecFn::Div, {"div", "a / b"}, 1, 2},
    {VecFn::Max, {"max", "a > b or NaN(a) ? a : b"}, 1, 2},
    {VecFn::Min, {"min", "a < b or NaN(a) ? a : b"}, 1, 2},
    {VecFn::Relu, {"relu", "a <= 0 ? +0 : a"}, 1, 1},
    {VecFn::LeakyRelu, {"leaky_relu", "a < 0 ? s0 * a : a"}, 2, 1, 1},
    {VecFn::Clip, {"clip", "min(max(a, s0), s1)"}, 2, 1, 2},
    {VecFn::Neg, {"neg", "-a (flips the sign bit)"}, 1, 1},
    {VecFn::Abs, {"abs", "clears the sign bit"}, 1, 1},
    {VecFn::Sqrt, {"sqrt", "correctly rounded"}, 1, 1},
    {VecFn::Exp, {"exp", "section 6.4"}, expOps, 1},
    {VecFn::Log, {"log", "section 6.4"}, logOps, 1},
    {VecFn::Tanh, {"tanh", "section 6.4"}, tanhOps, 1},
    {VecFn::Sigmoid, {"sigmoid", "section 6.4"}, sigmoidOps, 1},
    {VecFn::Fill, {"fill", "s0"}, 1, 0, 1},
    {VecFn::Scale, {"scale", "a * s0"}, 1, 1, 1},
    {VecFn::Equal, {"equal", "a == b ? 1 : +0"}, 1, 2},
    {VecFn::Gate,
     {"gate", "s0 = 0: a <= 0 ? +0 : b; else a > 0 ? b : s0 * b"},
     2,
     2,
     1},
    {VecFn::GateRange, {"gate_range", "s0 < a && a < s1 ? b : +0"}, 3, 2, 2},
    {VecFn::Drop, {"drop", "a >= s0 ? b * s1 : b - b"}, 2, 2, 2},
    {VecFn::Offset, {"offset", "a + s0"}, 1, 1, 1},
};

static constexpr bool isNumberedInOrder() {
  for (size_t i = 0; i < std::size(functions); ++i)
    if (size_t(functions[i].fn) != i)
      return false;
  return true;
}
static_assert(isNumberedInOrder());

unsigned phx::getOpsPerElement(VecFn fn) { return functions[size_t(fn)].ops; }
unsigned phx::getSourceCount(VecFn fn) { return functions[size_t(fn)].sources; }

template <> const EnumDescription &phx::describeEnum<VecFn>() {
  static const EnumDescription description = [] {
    EnumDescription d{"VecFn", "elementwise function", {}};
    for (const FunctionInfo &info : functions)
      d.entries.push_back({info.entry.name, info.entry.doc, info.ops});
    return d;
  }();
  return description;
}

template <> const EnumDescription &phx::describeEnum<ReduceFn>() {
  static const EnumDescription description{
      "ReduceFn",
      "reduction",
      {{"sum", "in the order of section 6.3"},
       {"max", "the first maximum; NaN if any element is"}}};
  return description;
}

//===----------------------------------------------------------------------===//
// vec_map
//===----------------------------------------------------------------------===//

static void checkMap(const VecMap &map, FieldReport &report) {
  report.checkWritten("dst stride", map.dstStride, map.shape, 4);
  const FunctionInfo &info = functions[size_t(map.fn)];
  auto check = [&](const char *field, float value, bool isRead) {
    // A zero with a sign would be lost as well.
    if (!isRead && std::bit_cast<uint32_t>(value) != 0)
      report.fail(field,
                  std::string("0 (") + info.entry.name + " does not read it)",
                  std::to_string(value));
  };
  check("s0", map.s0, info.immediates > 0);
  check("s1", map.s1, info.immediates > 1);
}

template <unsigned source> static bool readsSource(const void *body) {
  return getSourceCount(static_cast<const VecMap *>(body)->fn) > source;
}

template <> const InstructionDescription &phx::describeInstruction<VecMap>() {
  static const InstructionDescription description =
      DescribeInstruction<VecMap>("vec_map", EnginePlace::Vec)
          .summary("Apply a binary32 function to every element")
          .semantics("`dst` may be exactly a source (in place); otherwise it "
                     "overlaps none.")
          .field(&VecMap::fn, "function", "what is computed")
          .named("fn")
          .field(&VecMap::dst, "dst", "result")
          .field(&VecMap::a, "a", "first source")
          .optional()
          .field(&VecMap::b, "b", "second source")
          .optional()
          .field(&VecMap::dstStride, "dst stride", "of the result")
          .named("dst_strides")
          .field(&VecMap::aStride, "a stride", "of the first source")
          .named("a_strides")
          .optional()
          .field(&VecMap::bStride, "b stride", "of the second source")
          .named("b_strides")
          .optional()
          .field(&VecMap::shape, "shape", "elements per dimension")
          .field(&VecMap::s0, "s0", "binary32 immediate")
          .optional()
          .field(&VecMap::s1, "s1", "binary32 immediate")
          .optional()
          .writes(&VecMap::dst, strided(&VecMap::dstStride, &VecMap::shape))
          .reads(&VecMap::a, strided(&VecMap::aStride, &VecMap::shape),
                 readsSource<0>)
          .reads(&VecMap::b, strided(&VecMap::bStride, &VecMap::shape),
                 readsSource<1>)
          .timedBy(&VecMap::shape)
          .checks(checkBody<VecMap, checkMap>)
          .assembly("$fn $dst `strides` $dst_strides "
                    "(`a` $a^ `strides` $a_strides)? "
                    "(`b` $b^ `strides` $b_strides)? "
                    "`shape` $shape (`s0` $s0^)? (`s1` $s1^)?")
          .example("pisa.vec_map relu act[0] strides [64, 16, 8, 4] a act[0] "
                   "strides [64, 16, 8, 4]\n    shape [1, 4, 2, 2]")
          .build();
  return description;
}

//===----------------------------------------------------------------------===//
// vec_reduce
//===----------------------------------------------------------------------===//

static void checkReduce(const VecReduce &reduce, FieldReport &report) {
  if (!report.isClean())
    return;
  report.checkWritten("dst stride", reduce.dstStride, reduce.shape,
                      4 - unsigned(reduce.dims));
  for (size_t d = 4 - size_t(reduce.dims); d < 4; ++d)
    if (reduce.dstStride[d] != 0)
      report.fail("dst stride[" + std::to_string(d) + "]",
                  "0 (a reduced dimension)",
                  std::to_string(reduce.dstStride[d]));
}

template <> const InstructionDescription &phx::describeInstruction<VecReduce>() {
  static const InstructionDescription description =
      DescribeInstruction<VecReduce>("vec_reduce", EnginePlace::Vec)
          .summary("Reduce the innermost dimensions")
          .semantics("`dims` of them, one if not given; their elements are "
                     "numbered row-major. `dst` and `a` do not overlap.")
          .field(&VecReduce::fn, "function", "the reduction")
          .named("fn")
          .field(&VecReduce::dst, "dst", "results")
          .field(&VecReduce::a, "a", "what is reduced")
          .field(&VecReduce::dstStride, "dst stride",
                 "of the results, 0 in reduced dimensions")
          .named("dst_strides")
          .field(&VecReduce::aStride, "a stride", "of what is reduced")
          .named("a_strides")
          .field(&VecReduce::shape, "shape", "elements per dimension")
          .field(&VecReduce::dims, "dims", "how many dimensions are reduced")
          .unit("dimensions")
          .within(1, 3)
          .optional()
          .writes(&VecReduce::dst,
                  reduced(&VecReduce::dstStride, &VecReduce::shape,
                          &VecReduce::dims))
          .reads(&VecReduce::a, strided(&VecReduce::aStride, &VecReduce::shape))
          .timedBy(&VecReduce::shape)
          .checks(checkBody<VecReduce, checkReduce>)
          .assembly("$fn $dst `strides` $dst_strides `a` $a `strides` "
                    "$a_strides `shape` $shape (`dims` $dims^)?")
          .example("pisa.vec_reduce max act[0] strides [0, 0, 4, 0] a act[64] "
                   "strides [0, 0, 40, 4]\n    shape [1, 1, 2, 10]")
          .example("pisa.vec_reduce sum act[0] strides [4, 0, 0, 0] a act[64]\n"
                   "    strides [2304, 13824, 96, 4] shape [6, 32, 24, 24] "
                   "dims 3")
          .build();
  return description;
}

//===----------------------------------------------------------------------===//
// Masks and random numbers
//===----------------------------------------------------------------------===//

template <> const InstructionDescription &phx::describeInstruction<VecPack>() {
  static const InstructionDescription description =
      DescribeInstruction<VecPack>("vec_pack", EnginePlace::Vec)
          .summary("One bit per element: whether it is positive")
          .field(&VecPack::dst, "dst", "words of 32 bits")
          .field(&VecPack::a, "a", "elements")
          .field(&VecPack::count, "count", "number of elements")
          .unit("elements")
          .writes(&VecPack::dst, maskWords(&VecPack::count))
          .reads(&VecPack::a, elements(&VecPack::count))
          .timedBy(&VecPack::count)
          .assembly("$dst `from` $a `count` $count")
          .example("pisa.vec_pack act[4096] from act[0] count 3456")
          .build();
  return description;
}

template <> const InstructionDescription &phx::describeInstruction<VecGateMask>() {
  static const InstructionDescription description =
      DescribeInstruction<VecGateMask>("vec_gate_mask", EnginePlace::Vec)
          .summary("Elements whose bit is set, zeros elsewhere")
          .semantics("`dst` may be `a`; otherwise it overlaps neither `a` nor "
                     "the mask.")
          .field(&VecGateMask::dst, "dst", "result")
          .field(&VecGateMask::a, "a", "elements")
          .field(&VecGateMask::mask, "mask", "words of 32 bits")
          .field(&VecGateMask::count, "count", "number of elements")
          .unit("elements")
          .writes(&VecGateMask::dst, elements(&VecGateMask::count))
          .reads(&VecGateMask::a, elements(&VecGateMask::count))
          .reads(&VecGateMask::mask, maskWords(&VecGateMask::count))
          .timedBy(&VecGateMask::count)
          .assembly("$dst `from` $a `mask` $mask `count` $count")
          .example("pisa.vec_gate_mask grad[0] from grad[0] mask act[4096] "
                   "count 3456")
          .build();
  return description;
}

/// Elements have numbers that the key has room for.
static void checkRandomBounds(const VecRandom &i, BoundsReport &report) {
  report.checkWithin("first", i.first, randomElements - i.count.cap,
                     "a number of at most 2^50 less the count, at least 0");
}

template <> const InstructionDescription &phx::describeInstruction<VecRandom>() {
  static const InstructionDescription description =
      DescribeInstruction<VecRandom>("vec_random", EnginePlace::Vec)
          .summary("Uniform random numbers in [0, 1)")
          .field(&VecRandom::dst, "dst", "result")
          .field(&VecRandom::key, "key", "of [seed, trial, step]")
          .field(&VecRandom::first, "first", "number of the first element")
          .unit("elements")
          .as(FieldRole::Origin)
          .field(&VecRandom::count, "count", "number of elements")
          .unit("elements")
          .field(&VecRandom::stream, "stream", "which random numbers")
          .writes(&VecRandom::dst, elements(&VecRandom::count))
          .reads(&VecRandom::key, fixedElements<VecRandom>(3))
          .timedBy(&VecRandom::count)
          .checksBounds(checkBodyBounds<VecRandom, checkRandomBounds>)
          .assembly("$dst `key` $key `first` $first `count` $count "
                    "`stream` $stream")
          .example("pisa.vec_random act[0] key wgt[64] first 0\n"
                   "    count 1024 stream 3")
          .build();
  return description;
}

//===----------------------------------------------------------------------===//
// Count registers
//===----------------------------------------------------------------------===//

template <>
const InstructionDescription &phx::describeInstruction<VecReadCount>() {
  static const InstructionDescription description =
      DescribeInstruction<VecReadCount>("vec_read_count", EnginePlace::Vec)
          .summary("Copy an integer in memory into a count register")
          .semantics("What the register cannot hold stops the run.")
          .field(&VecReadCount::into, "into", "count register")
          .of(TableKind::Registers)
          .field(&VecReadCount::src, "src", "one int32")
          .reads(&VecReadCount::src, fixedElements<VecReadCount>(1))
          .assembly("$into `from` $src")
          .example("pisa.vec_read_count r0 from act[64]")
          .build();
  return description;
}
