//===- Declarations.h - Counters, components, parts of areas ----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Whoever charges declares what: counters, the components of energy into which
// they are priced, the parts that take area, each with unit and definition.
// Reports, the tools and Python
// list declarations and know no counter by name. What every machine has is
// declared here; a machine class declares its own (see MachineModel.h).
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ENERGY_DECLARATIONS_H
#define PHX_ENERGY_DECLARATIONS_H

#include "phx/isa/Limits.h"
#include "phx/support/Result.h"
#include "phx/target/Target.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace phx {

/// Numbers of a declared counter and component: dense, for arrays.
struct Counter {
  uint8_t index = 0;
  friend bool operator==(Counter, Counter) = default;
};
struct Component {
  uint8_t index = 0;
  friend bool operator==(Component, Component) = default;
};

struct AreaPart {
  uint8_t index = 0;
  friend bool operator==(AreaPart, AreaPart) = default;
};

/// So many can be declared. The number behind them is of those that find no
/// room: what they would count is in no report, and checkDeclarations says so.
inline constexpr unsigned maxCounters = 64, maxComponents = 64,
                          maxAreaParts = 64;

/// The bytes read from and written to memory `memory` of a program. They are
/// counted beside the declared counters, which have the sums.
inline constexpr Counter getReadCounter(uint32_t memory) {
  return {static_cast<uint8_t>(maxCounters + 1 + 2 * memory)};
}
inline constexpr Counter getWriteCounter(uint32_t memory) {
  return {static_cast<uint8_t>(maxCounters + 2 + 2 * memory)};
}
inline constexpr unsigned numAllCounters =
    maxCounters + 1 + 2 * limits::memories;

/// Charges by Counter::index, and pJ by Component::index; the rest is 0.
using Counters64 = std::array<uint64_t, numAllCounters>;
using Energies = std::array<double, maxComponents + 1>;

inline uint64_t get(const Counters64 &counters, Counter counter) {
  return counters[counter.index];
}
inline double get(const Energies &energies, Component component) {
  return energies[component.index];
}

/// What the price of a charge depends on besides the charge.
struct PriceContext {
  size_t group = 0;         ///< of arrays, whose instruction charges
  /// Of the instruction's conversion, as its description says; those of the
  /// target's format if it has none, 0 without a format.
  int64_t mantissaBits = 0;
  friend bool operator==(const PriceContext &, const PriceContext &) = default;
};

struct ComponentDeclaration {
  std::string name;       ///< "adc", as in reports
  std::string definition; ///< what its energy, in pJ, is for
};

struct CounterDeclaration {
  std::string name;       ///< "adc_conversions", as in reports
  std::string unit;       ///< "conversion", "byte"
  std::string definition; ///< what charges how much
  /// Where the charges are priced; none if they have no price.
  std::optional<Component> component;
  /// The field of the target that states the price of one, in pJ: in full, or
  /// "GROUP.adc_pj" for one of the arrays that charge.
  std::string field;
  /// Null if there is no price, and of bytes of memories, which state their own.
  double (*price)(const Target &, const PriceContext &) = nullptr;
};

struct AreaPartDeclaration {
  /// Reports list parts in this order; sums follow it.
  enum class Kind : uint8_t { Arrays, Memories, Logic, VectorUnit };
  std::string name;       ///< "dac", as in reports
  std::string definition; ///< what has this area, in mm^2
  Kind kind = Kind::Arrays;
  bool photonic = false; ///< on the photonic chiplet, else the electronic one
  friend bool operator==(const AreaPartDeclaration &,
                         const AreaPartDeclaration &) = default;
};

/// Declares a counter, a component or a part; a name that is known keeps its number, so
/// that classes may share it. It has to mean the same: the process ends if it
/// does not, since its charges would be priced, or its energy reported, as
/// others'. Not to be called while others read declarations.
Counter declareCounter(CounterDeclaration declaration);
Component declareComponent(ComponentDeclaration declaration);
AreaPart declareAreaPart(AreaPartDeclaration declaration);
/// That there was room for all that is declared. Programs run and are reported
/// on after this (see checkMachine). Errors: names what there is no room for.
Status checkDeclarations();

/// What is declared, in the order of reports: classes as they were registered,
/// then what every machine has.
const std::vector<Counter> &getCounters();
const std::vector<Component> &getComponents();
const std::vector<AreaPart> &getAreaParts(); ///< by kind
const CounterDeclaration &describe(Counter counter);
const ComponentDeclaration &describe(Component component);
const AreaPartDeclaration &describe(AreaPart part);

/// The declared counter or component of this name.
std::optional<Counter> findCounter(const std::string &name);
std::optional<Component> findComponent(const std::string &name);

/// Declared for every machine.
namespace counters {
inline constexpr Counter vectorOps{0};       ///< operations of the vector unit
inline constexpr Counter scratchpadBytes{1}; ///< read and written on chip
inline constexpr Counter dramBytes{2};       ///< read and written off chip
inline constexpr Counter macs{3};            ///< multiply-accumulates, no price
} // namespace counters
namespace components {
inline constexpr Component vector{0};
inline constexpr Component scratchpad{1};
inline constexpr Component dram{2};
} // namespace components
namespace area_parts {
inline constexpr AreaPart scratchpad{0};
inline constexpr AreaPart vector{1};
} // namespace area_parts

/// Adds what `from` has, counter by counter.
void accumulate(Counters64 &into, const Counters64 &from);
/// Sum over the components, in the order of reports.
double sum(const Energies &energies);

} // namespace phx

#endif // PHX_ENERGY_DECLARATIONS_H
