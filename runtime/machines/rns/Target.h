//===- Target.h - Residue arrays in a target --------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The machine class `rns`: photonic arrays that multiply modulo several numbers
// in lockstep. This part describes them; compiler and runtime share it.
//
//===----------------------------------------------------------------------===//

#ifndef MACHINES_RNS_TARGET_H
#define MACHINES_RNS_TARGET_H

#include "machines/rns/rns.pb.h"
#include "phx/target/Target.h"

#include <cstdint>
#include <optional>

namespace phx::rns {

using Machine = proto::rns::Machine;

/// One group of residue arrays of a target, which must outlive it.
struct Arrays {
  size_t group = 0; ///< index in Target.spec.groups()
  int64_t count = 0, rows = 0, columns = 0;
  const Machine *machine = nullptr;

  const google::protobuf::RepeatedField<int64_t> &getModuli() const {
    return machine->moduli().values();
  }
  /// Product of the moduli.
  int64_t getModuliProduct() const;
  /// Largest magnitude that the moduli represent: floor((product - 1) / 2).
  int64_t getSignedRange() const;
};

/// The first group of this class; nothing if there is none.
std::optional<Arrays> findArrays(const Target &target);
/// Group `group`, which is of this class.
Arrays getArrays(const Target &target, size_t group);

/// Makes the class known to loadTarget.
void registerTargetClass();

} // namespace phx::rns

#endif // MACHINES_RNS_TARGET_H
