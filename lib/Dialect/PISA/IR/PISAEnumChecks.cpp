//===- PISAEnumChecks.cpp - One number for one word ------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Enumerations that the dialect and the program file share are converted by
// their number. Here each word is compared, and that neither side has more of
// them: a word that is added or moved on one side does not compile. Words of
// instructions are not here; the dialect's are generated from the runtime's.
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/PISA/IR/PISA.h"

using namespace photonic;

/// True if both enumerations have these words, each with the same number.
/// `count` is how many the dialect has.
template <typename... Pairs>
static constexpr bool areSame(unsigned last, Pairs... pairs) {
  return ((static_cast<uint32_t>(pairs.first) ==
           static_cast<uint32_t>(pairs.second)) &&
          ...) &&
         last + 1 == sizeof...(pairs);
}
#define WORD(Enum, Name)                                                       \
  std::pair { pisa::Enum::Name, phx::Enum::Name }

static_assert(areSame(pisa::getMaxEnumValForMemoryKind(),
                      WORD(MemoryKind, OffChip), WORD(MemoryKind, OnChip),
                      WORD(MemoryKind, Resident)));
static_assert(pisa::getMaxEnumValForMemoryKind() + 1 == phx::numMemoryKinds);
static_assert(areSame(pisa::getMaxEnumValForRole(), WORD(Role, Parameter),
                      WORD(Role, State), WORD(Role, Constant),
                      WORD(Role, Input), WORD(Role, Output),
                      WORD(Role, Workspace)));
static_assert(areSame(pisa::getMaxEnumValForPhase(), WORD(Phase, Forward),
                      WORD(Phase, Loss), WORD(Phase, InputGradient),
                      WORD(Phase, WeightGradient), WORD(Phase, Update)));
static_assert(pisa::getMaxEnumValForPhase() + 1 == phx::numPhases);
static_assert(areSame(pisa::getMaxEnumValForDataflow(), WORD(Dataflow, Df1),
                      WORD(Dataflow, Df2)));
static_assert(areSame(pisa::getMaxEnumValForMemoryModel(),
                      WORD(MemoryModel, Ideal), WORD(MemoryModel, Hierarchy)));
static_assert(areSame(pisa::getMaxEnumValForProgramKind(),
                      WORD(ProgramKind, Inference),
                      WORD(ProgramKind, Training),
                      WORD(ProgramKind, Evaluation)));
static_assert(areSame(pisa::getMaxEnumValForKnob(), WORD(Knob, None),
                      WORD(Knob, LearningRate)));
