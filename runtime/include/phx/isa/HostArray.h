//===- HostArray.h - Dense arrays on the host -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_HOSTARRAY_H
#define PHX_ISA_HOSTARRAY_H

#include "phx/isa/Program.h"

#include <cstdint>
#include <string>
#include <vector>

namespace phx {

/// A dense array on the host, row major.
struct HostArray {
  ElementType type = ElementType::F32;
  std::vector<int64_t> shape;
  std::vector<uint8_t> bytes;

  int64_t getNumElements() const {
    int64_t count = 1;
    for (int64_t size : shape)
      count *= size;
    return count;
  }
};

/// What hosts give and get for a region of elements `type`: binary32 for
/// bfloat16, which NumPy does not have, and otherwise the same.
ElementType getHostType(ElementType type);
/// Elements `type` in memory as the host gets them. Every one is exact.
HostArray toHost(ElementType type, std::vector<int64_t> shape,
                 const uint8_t *bytes);
/// What the host gives, an array of getHostType(type), as memory
/// holds it: bfloat16 is the nearest, ties to even; NaN stays NaN.
std::vector<uint8_t> toMemory(ElementType type, const HostArray &value);

/// "float32", "int64", ...: NumPy's names.
const char *getTypeName(ElementType type);

/// "float32[1, 28, 28]".
std::string describe(ElementType type, const std::vector<int64_t> &shape);

} // namespace phx

#endif // PHX_ISA_HOSTARRAY_H
