//===- Arrays.h - What hosts give and get -----------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_RUN_ARRAYS_H
#define PHX_RUN_ARRAYS_H

#include "phx/isa/HostArray.h"
#include "phx/isa/Program.h"

#include <map>
#include <string>
#include <vector>

namespace phx {

/// A dense row-major array that somebody else owns.
struct ArrayView {
  ElementType type = ElementType::F32;
  std::vector<int64_t> shape;
  const uint8_t *bytes = nullptr;

  ArrayView() = default;
  ArrayView(ElementType type, std::vector<int64_t> shape, const uint8_t *bytes)
      : type(type), shape(std::move(shape)), bytes(bytes) {}
  ArrayView(const HostArray &array)
      : type(array.type), shape(array.shape), bytes(array.bytes.data()) {}
};

using ArrayViews = std::map<std::string, ArrayView>;
using HostArrays = std::map<std::string, HostArray>;

HostArray copyArray(const ArrayView &value);

/// Regions with a role, in program order.
std::vector<const Region *> getRegions(const Program &program, Role role);
/// Parameters and state that persist from run to run, in program order.
std::vector<const Region *> getMutableRegions(const Program &program);
/// Names of the outputs that are losses, in program order.
std::vector<std::string> getLosses(const Program &program);

} // namespace phx

#endif // PHX_RUN_ARRAYS_H
