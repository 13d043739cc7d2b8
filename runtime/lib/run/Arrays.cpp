//===- Arrays.cpp - What hosts give and get ---------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/run/Arrays.h"

using namespace phx;

std::vector<const Region *> phx::getRegions(const Program &program, Role role) {
  std::vector<const Region *> list;
  for (const Region &region : program.regions)
    if (region.role == role)
      list.push_back(&region);
  return list;
}

std::vector<const Region *> phx::getMutableRegions(const Program &program) {
  std::vector<const Region *> list;
  for (const Region &region : program.regions)
    if (region.isMutable)
      list.push_back(&region);
  return list;
}

std::vector<std::string> phx::getLosses(const Program &program) {
  std::vector<std::string> names;
  for (const Region &region : program.regions)
    if (region.isLoss)
      names.push_back(region.name);
  return names;
}

HostArray phx::copyArray(const ArrayView &value) {
  HostArray copy{value.type, value.shape, {}};
  size_t bytes = size_t(copy.getNumElements() * byteWidth(value.type));
  if (bytes)
    copy.bytes.assign(value.bytes, value.bytes + bytes);
  return copy;
}
