//===- Trial.h - Changes of all parts of an instruction ---------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For the tests of machine classes as well.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_FIELDS_TRIAL_H
#define PHX_UNITTESTS_FIELDS_TRIAL_H

#include "Observation.h"
#include "Subjects.h"
#include "phx/target/Target.h"

#include <set>
#include <string>
#include <utility>

namespace phx::test {

/// Mnemonic and Change::part.
using PartOf = std::pair<std::string, std::string>;

/// Changes all parts of one instruction, one at a time. Each change is in the
/// encoded form; and the validator refuses it, or the run differs (Observation).
class Trial {
public:
  /// `subject` and `target` outlive it.
  Trial(const InstructionDescription &description, const Subject &subject,
        const Target &target)
      : mnemonic(description.mnemonic), subject(subject), target(target) {}

  /// Fails the test if the subject is not valid, does not run, or lacks a part.
  void run();

  size_t refused = 0, different = 0;
  std::set<PartOf> same; ///< accepted, and nothing differs

private:
  void tryChange(const std::string &part, const Instruction &changed);

  std::string mnemonic;
  const Subject &subject;
  const Target &target;
  Observation expected;
};

} // namespace phx::test

#endif // PHX_UNITTESTS_FIELDS_TRIAL_H
