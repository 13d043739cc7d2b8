//===- Hex.h - Numbers as hexadecimal text ----------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_SUPPORT_HEX_H
#define PHX_SUPPORT_HEX_H

#include <cstdint>
#include <cstdio>
#include <string>

namespace phx {

/// All 16 digits of a hash.
inline std::string toHex(uint64_t hash) {
  char text[24];
  std::snprintf(text, sizeof(text), "%016llx",
                static_cast<unsigned long long>(hash));
  return text;
}

} // namespace phx

#endif // PHX_SUPPORT_HEX_H
