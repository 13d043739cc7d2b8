//===- PISAEnumChecks.cpp - One number for one word ------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Enumerations that the dialect and the program file share are converted by
// their number. Here they are compared word by word, both ways: one that is
// added, taken away, moved or called otherwise on one side alone does not
// compile. Words of instructions are not here; the dialect's are generated from
// the runtime's.
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/PISA/IR/PISA.h"

#include <string_view>
#include <utility>

using namespace photonic;

namespace {

/// "OffChip" of MemoryKind::OffChip; empty of a number without a word, which
/// GCC and Clang write as a cast: "[value = (phx::MemoryKind)7]".
template <auto value> constexpr std::string_view getWord() {
  std::string_view name = __PRETTY_FUNCTION__;
  constexpr std::string_view begin = "value = ";
  name = name.substr(name.rfind(begin) + begin.size());
  name = name.substr(0, name.find_first_of(";]")); // GCC: "; T = ..." behind
  if (name.starts_with('('))
    return {};
  return name.substr(name.rfind(':') + 1);
}

/// Numbers of the runtime's enumerations have a byte.
using Numbers = std::make_index_sequence<256>;

template <typename Dialect, typename Runtime, size_t... numbers>
constexpr bool areSame(std::index_sequence<numbers...>) {
  static_assert(sizeof(Runtime) == 1);
  return ((getWord<static_cast<Dialect>(numbers)>() ==
           getWord<static_cast<Runtime>(numbers)>()) &&
          ...);
}

static_assert(getWord<phx::Role::Input>() == "Input" &&
                  getWord<static_cast<phx::Role>(255)>().empty(),
              "this compiler writes enumerators otherwise");

#define SAME_WORDS(Enum)                                                       \
  static_assert(areSame<pisa::Enum, phx::Enum>(Numbers()),                     \
                "pisa::" #Enum " and phx::" #Enum " have other words");        \
  static_assert(pisa::getMaxEnumValFor##Enum() < Numbers::size(),              \
                "a number of pisa::" #Enum " does not fit into a byte")

SAME_WORDS(MemoryKind);
SAME_WORDS(Role);
SAME_WORDS(Phase);
SAME_WORDS(Stationary);
SAME_WORDS(MemoryModel);
SAME_WORDS(ProgramKind);
SAME_WORDS(Knob);

} // namespace

// Loops over the words of the runtime go up to these.
static_assert(pisa::getMaxEnumValForMemoryKind() + 1 == phx::numMemoryKinds);
static_assert(pisa::getMaxEnumValForPhase() + 1 == phx::numPhases);
static_assert(pisa::getMaxEnumValForStationary() + 1 == phx::numStationary);
static_assert(pisa::getMaxEnumValForProgramKind() + 1 == phx::numProgramKinds);
static_assert(pisa::getMaxEnumValForKnob() + 1 == phx::numKnobs);
