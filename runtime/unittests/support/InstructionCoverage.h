//===- InstructionCoverage.h - Generators leave nothing out -----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_SUPPORT_INSTRUCTIONCOVERAGE_H
#define PHX_UNITTESTS_SUPPORT_INSTRUCTIONCOVERAGE_H

#include "phx/isa/InstructionSet.h"
#include "phx/isa/Program.h"

#include <gtest/gtest.h>
#include <set>

namespace phx::testing {

/// Which instructions random programs had. A test that uses a generator asks
/// whether it makes all there are, so that a new one cannot go untested in
/// silence.
class InstructionCoverage {
public:
  void add(const Program &program) {
    for (const Instruction &instruction : program.code)
      seen.insert(&instruction.getDescription());
  }

  /// All of the base set and of `machineClass`, apart from `exempt`.
  /// `generator` is where one that is missing has to be added.
  void expectAll(const std::string &machineClass, const std::string &generator,
                 const std::set<std::string> &exempt = {}) const {
    for (const InstructionDescription *d : InstructionSet::get().list()) {
      bool isMeant =
          d->machineClass.empty() || d->machineClass == machineClass;
      if (isMeant && !exempt.count(d->mnemonic) && !seen.count(d))
        ADD_FAILURE() << "the random programs of " << generator
                      << " have no instruction '" << d->mnemonic
                      << "', so that nothing of it is tested; let them make it";
    }
  }

private:
  std::set<const InstructionDescription *> seen;
};

} // namespace phx::testing

#endif // PHX_UNITTESTS_SUPPORT_INSTRUCTIONCOVERAGE_H
