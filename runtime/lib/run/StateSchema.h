//===- StateSchema.h - Which arrays a state is made of ----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_RUN_STATESCHEMA_H
#define PHX_LIB_RUN_STATESCHEMA_H

#include "phx/run/Arrays.h"

namespace phx {

inline constexpr const char *noStateMessage =
    "the program has no parameters that can be replaced; compile the model "
    "with --train or --mutable-parameters";

/// One array of a state.
struct StateEntry {
  Role role = Role::Parameter;
  ElementType type = ElementType::F32;
  std::vector<int64_t> shape;
};
using StateSchema = std::map<std::string, StateEntry>;

/// The mutable regions of a program.
StateSchema makeSchema(const Program &program);

/// FNV-1a, 64 bits, of the entries in the order of their names, in hexadecimal.
std::string makeFingerprint(const StateSchema &schema);

/// How a state does not fit a program.
struct SchemaDifference {
  std::string text; ///< empty: it fits
  bool parametersDiffer = false;
};
/// What the state `found` lacks, has too many or differently for a program with
/// `expected`. `extraState`: arrays of role state that the program does not
/// have are no difference.
SchemaDifference compareSchemas(const StateSchema &expected,
                                const StateSchema &found, bool extraState);

/// "'a', 'b', 'c' and 12 more".
std::string listNames(const std::vector<std::string> &names);

} // namespace phx

#endif // PHX_LIB_RUN_STATESCHEMA_H
