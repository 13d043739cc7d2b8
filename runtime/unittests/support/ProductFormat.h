//===- ProductFormat.h - What a product of a test computes ------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_SUPPORT_PRODUCTFORMAT_H
#define PHX_UNITTESTS_SUPPORT_PRODUCTFORMAT_H

#include "machines/rns/Operations.h"

#include <algorithm>

namespace phx::testing {

/// Number formats of both operands, and moduli; or the arithmetic bypass, which
/// uses the groups alone.
struct ProductFormat {
  Bfp first, second;
  std::vector<int64_t> moduli = {31, 32, 33};
  bool isFp32 = false;

  void setRounding(Rounding rounding) {
    first.rounding = second.rounding = rounding;
  }
  void setGroup(int64_t group) { first.group = second.group = group; }
  /// Elements of one term.
  int64_t getGroup() const { return std::min(first.group, second.group); }
  bool isStochastic() const {
    return first.rounding == Rounding::Stochastic ||
           second.rounding == Rounding::Stochastic;
  }
};

/// BFP(4, 16) over the moduli 31, 32, 33.
inline ProductFormat mirageFormat() { return {}; }

/// The same of both operands.
inline ProductFormat makeFormat(int64_t bits, int64_t group,
                                std::vector<int64_t> moduli,
                                Rounding rounding = Rounding::Truncate) {
  Bfp format{bits, group, rounding};
  return {format, format, std::move(moduli)};
}

inline const ProductFormat fp32Format{{}, {}, {}, true};

/// Entries of a program's tables.
struct Entries {
  std::array<uint32_t, 2> conversions{};
  uint32_t pass = 0, combine = 0;
};

/// Appends what `format` takes to the tables.
inline Entries addEntries(Program &program, const ProductFormat &format) {
  auto add = [&](const Bfp &bfp) {
    if (format.isFp32)
      program.conversions.push_back(Fp32{bfp.group});
    else
      program.conversions.push_back(bfp);
    return uint32_t(program.conversions.size() - 1);
  };
  Entries entries;
  entries.conversions[0] = add(format.first);
  entries.conversions[1] = format.first == format.second
                               ? entries.conversions[0]
                               : add(format.second);
  entries.pass = uint32_t(program.passes.size());
  entries.combine = uint32_t(program.combines.size());
  if (format.isFp32) {
    program.passes.push_back({FloatDot{}});
    program.combines.push_back({FloatAdd{}});
  } else {
    program.passes.push_back(rns::makePass(format.moduli));
    program.combines.push_back({ScaledAdd{}});
  }
  return entries;
}

} // namespace phx::testing

#endif // PHX_UNITTESTS_SUPPORT_PRODUCTFORMAT_H
