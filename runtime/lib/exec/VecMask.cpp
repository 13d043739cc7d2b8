//===- VecMask.cpp - Bits per element, random numbers, counts -------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/exec/RandomNumbers.h"
#include "Strided.h"
#include "VecUnit.h"

#include <algorithm>

using namespace phx;
using namespace phx::exec;

// Elements that one task handles: whole words of a mask, whole Philox blocks.
static constexpr int64_t grain = 4096;

/// Calls `visit(begin, end)` for pieces of [0, count) on all threads.
template <typename Visitor>
static Status forEachPiece(Context &context, int64_t count, int64_t cost,
                           Visitor visit) {
  return context.forEach((count + grain - 1) / grain, grain * cost,
                         [&](size_t piece, unsigned) {
                           int64_t begin = int64_t(piece) * grain;
                           visit(begin, std::min(count, begin + grain));
                         });
}

template <>
Status exec::execute(Context &context, const VecPack &pack) {
  int64_t count = context.value(pack.count);
  Result<SourceView> a = context.source("a", pack.a, ByteRange{0, 4 * count});
  if (!a)
    return a.error();
  Result<TargetView> dst =
      context.target("dst", pack.dst, ByteRange{0, 4 * getMaskWords(count)});
  if (!dst)
    return dst.error();
  return forEachPiece(context, count, 1, [&](int64_t begin, int64_t end) {
    for (int64_t word = begin / 32; word < getMaskWords(end); ++word) {
      uint32_t bits = 0;
      for (int64_t e = 32 * word; e < std::min(end, 32 * word + 32); ++e)
        bits |= uint32_t(isOpen(loadFloat(a->at(4 * e)))) << (e % 32);
      std::memcpy(dst->at(4 * word), &bits, sizeof bits);
    }
  });
}

template <>
Status exec::execute(Context &context, const VecGateMask &gate) {
  int64_t count = context.value(gate.count);
  Result<TargetView> dst =
      context.target("dst", gate.dst, ByteRange{0, 4 * count});
  if (!dst)
    return dst.error();
  Result<SourceView> a = context.source("a", gate.a, ByteRange{0, 4 * count});
  if (!a)
    return a.error();
  Result<SourceView> mask =
      context.source("mask", gate.mask, ByteRange{0, 4 * getMaskWords(count)});
  if (!mask)
    return mask.error();
  return forEachPiece(context, count, 1, [&](int64_t begin, int64_t end) {
    for (int64_t word = begin / 32; word < getMaskWords(end); ++word) {
      uint32_t bits;
      std::memcpy(&bits, mask->at(4 * word), sizeof bits);
      for (int64_t e = 32 * word; e < std::min(end, 32 * word + 32); ++e)
        storeResult(dst->at(4 * e),
                    bits >> (e % 32) & 1 ? loadFloat(a->at(4 * e)) : 0.0f);
    }
  });
}

template <>
Status exec::execute(Context &context, const VecRandom &random) {
  int64_t count = context.value(random.count);
  Result<SourceView> words =
      context.source("key", random.key, ByteRange{0, 12});
  if (!words)
    return words.error();
  Result<RandomKey> key = readKey(words->lowest);
  if (!key)
    return context.fail(
        context.locate(random.key.memory, context.value(random.key.offset)) +
        ": " + key.error().message);
  Result<TargetView> dst =
      context.target("dst", random.dst, ByteRange{0, 4 * count});
  if (!dst)
    return dst.error();
  uint64_t first = uint64_t(context.value(random.first));
  return forEachPiece(context, count, 16, [&](int64_t begin, int64_t end) {
    UniformStream numbers(*key, {random.stream}, first + uint64_t(begin));
    for (int64_t e = begin; e < end; ++e)
      storeFloat(dst->at(4 * e), toUniform(numbers.next()));
  });
}

template <>
Status exec::execute(Context &context, const VecReadCount &read) {
  Result<SourceView> src =
      context.source("src", read.src, ByteRange{0, 4});
  if (!src)
    return src.error();
  int32_t value;
  std::memcpy(&value, src->lowest, sizeof value);
  return context.writeRegister(read.into, value, [&] {
    return context.locate(read.src.memory, context.value(read.src.offset));
  });
}
