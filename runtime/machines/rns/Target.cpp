//===- Target.cpp - Residue arrays in a target -----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Target.h"

#include "machines/rns/Checks.h"
#include "phx/target/MachineClass.h"

using namespace phx;
using namespace phx::rns;

int64_t Arrays::getModuliProduct() const {
  int64_t product = 1;
  for (int64_t modulus : getModuli())
    product *= modulus;
  return product;
}

int64_t Arrays::getSignedRange() const { return (getModuliProduct() - 1) / 2; }

Arrays rns::getArrays(const Target &target, size_t group) {
  const proto::Group &spec = target.spec.groups(static_cast<int>(group));
  return {group, spec.count().value(), spec.rows().value(),
          spec.columns().value(), target.findMachine<Machine>(group)};
}

std::optional<Arrays> rns::findArrays(const Target &target) {
  for (size_t group = 0; group < target.machines.size(); ++group)
    if (target.findMachine<Machine>(group))
      return getArrays(target, group);
  return std::nullopt;
}

void rns::registerTargetClass() {
  registerMachineClass({"rns", Machine::descriptor(), checkMachine});
}
