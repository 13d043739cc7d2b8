//===- Declarations.cpp - Counters, components, parts of areas --*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/energy/Declarations.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

using namespace phx;

namespace {
/// What is declared, by number. Numbers of what every machine has come first,
/// so that they are constants; in reports it comes last.
template <typename Number, typename Declaration> class Table {
public:
  Table(std::vector<Declaration> base, unsigned limit)
      : declarations(std::move(base)), limit(limit),
        numBase(declarations.size()) {
    updateOrder();
  }

  Number declare(Declaration declaration) {
    for (Number known : order)
      if (declarations[known.index].name == declaration.name)
        return known;
    if (declarations.size() == limit) {
      if (std::find(refused.begin(), refused.end(), declaration.name) ==
          refused.end())
        refused.push_back(declaration.name);
      return Number{static_cast<uint8_t>(limit)};
    }
    declarations.push_back(std::move(declaration));
    updateOrder();
    return Number{static_cast<uint8_t>(declarations.size() - 1)};
  }

  std::optional<Number> find(const std::string &name) const {
    for (Number known : order)
      if (declarations[known.index].name == name)
        return known;
    return std::nullopt;
  }

  const Declaration &get(Number number) const {
    static const Declaration none{};
    return number.index < declarations.size() ? declarations[number.index]
                                              : none;
  }

  std::vector<Declaration> declarations;
  std::vector<Number> order;
  std::vector<std::string> refused; ///< for which there was no room

private:
  void updateOrder() {
    order.clear();
    for (size_t i = numBase; i < declarations.size(); ++i)
      order.push_back({static_cast<uint8_t>(i)});
    for (size_t i = 0; i < numBase; ++i)
      order.push_back({static_cast<uint8_t>(i)});
  }

  unsigned limit;
  size_t numBase;
};
} // namespace

static Table<Component, ComponentDeclaration> &getComponentTable() {
  static Table<Component, ComponentDeclaration> table(
      {{"vector", "operations of the digital vector unit"},
       {"scratchpad",
        "accesses of every engine to on-chip memory, and its leakage"},
       {"dram", "accesses to off-chip memory; its background power under the "
                "memory model hierarchy"}},
      maxComponents);
  return table;
}

static Table<AreaPart, AreaPartDeclaration> &getAreaPartTable() {
  using Kind = AreaPartDeclaration::Kind;
  static Table<AreaPart, AreaPartDeclaration> table(
      {{"scratchpad", "on-chip memories that state an area", Kind::Memories},
       {"vector", "lanes of the digital vector unit, which papers leave out", Kind::VectorUnit}},
      maxAreaParts);
  return table;
}

static double priceVector(const Target &target, const PriceContext &) {
  return target.spec.vector_unit().op_pj().value();
}

static Table<Counter, CounterDeclaration> &getCounterTable() {
  static Table<Counter, CounterDeclaration> table(
      {{"vector_ops", "operation",
        "FP32 operations of the vector unit, several per element where an "
        "instruction says so",
        components::vector, "vector_unit.op_pj", priceVector},
       {"scratchpad_bytes", "byte",
        "bytes that engines read from and write to on-chip memory",
        components::scratchpad,
        "MEMORY.read_pj_per_byte, MEMORY.write_pj_per_byte", nullptr},
       {"dram_bytes", "byte",
        "bytes that transfers read from and write to off-chip memory",
        components::dram, "MEMORY.read_pj_per_byte, MEMORY.write_pj_per_byte",
        nullptr},
       {"macs", "operation",
        "multiply-accumulates of products inside their extents; idle rows and "
        "columns of arrays are not counted",
        std::nullopt, "", nullptr}},
      maxCounters);
  return table;
}

/// What is known by a name means the same wherever it is declared.
static bool isSame(const CounterDeclaration &a, const CounterDeclaration &b) {
  return a.unit == b.unit && a.definition == b.definition &&
         a.component == b.component && a.field == b.field && a.price == b.price;
}

Counter phx::declareCounter(CounterDeclaration declaration) {
  auto known = getCounterTable().find(declaration.name);
  if (known && !isSame(describe(*known), declaration)) {
    // Charges of one would be priced as those of the other.
    std::fprintf(stderr,
                 "the counter '%s' is declared twice, with different meanings "
                 "or prices; give it a name of its own in each machine class\n",
                 declaration.name.c_str());
    std::abort();
  }
  return getCounterTable().declare(std::move(declaration));
}
Component phx::declareComponent(ComponentDeclaration declaration) {
  auto known = getComponentTable().find(declaration.name);
  if (known && describe(*known).definition != declaration.definition) {
    // Energies of two kinds would stand in one line of reports.
    std::fprintf(stderr,
                 "the component '%s' is declared twice, with different "
                 "meanings; give it a name of its own in each machine class\n",
                 declaration.name.c_str());
    std::abort();
  }
  return getComponentTable().declare(std::move(declaration));
}
AreaPart phx::declareAreaPart(AreaPartDeclaration declaration) {
  auto known = getAreaPartTable().find(declaration.name);
  if (known && describe(*known) != declaration) {
    std::fprintf(stderr,
                 "the part '%s' of the area is declared twice, with different "
                 "meanings; give it a name of its own in each machine class\n",
                 declaration.name.c_str());
    std::abort();
  }
  AreaPart part = getAreaPartTable().declare(std::move(declaration));
  auto &order = getAreaPartTable().order;
  std::sort(order.begin(), order.end(), [](AreaPart a, AreaPart b) {
    return std::pair(describe(a).kind, a.index) <
           std::pair(describe(b).kind, b.index);
  });
  return part;
}
static Status checkRoom(const char *what, unsigned limit,
                        const std::vector<std::string> &refused) {
  if (refused.empty())
    return Status::success();
  std::string names;
  for (const std::string &name : refused)
    names += (names.empty() ? "'" : ", '") + name + "'";
  return Error{"the machine classes of this tool declare more than " +
               std::to_string(limit) + " " + what + "; there is no room for " +
               names + ": register fewer classes in one tool, or let classes " +
               "share what means the same"};
}

Status phx::checkDeclarations() {
  if (Status s =
          checkRoom("counters", maxCounters, getCounterTable().refused);
      !s)
    return s;
  if (Status s = checkRoom("components of energy", maxComponents,
                           getComponentTable().refused);
      !s)
    return s;
  return checkRoom("parts of areas", maxAreaParts,
                   getAreaPartTable().refused);
}

const std::vector<Counter> &phx::getCounters() {
  return getCounterTable().order;
}
const std::vector<Component> &phx::getComponents() {
  return getComponentTable().order;
}
const std::vector<AreaPart> &phx::getAreaParts() {
  return getAreaPartTable().order;
}
const CounterDeclaration &phx::describe(Counter counter) {
  return getCounterTable().get(counter);
}
const ComponentDeclaration &phx::describe(Component component) {
  return getComponentTable().get(component);
}
const AreaPartDeclaration &phx::describe(AreaPart part) {
  return getAreaPartTable().get(part);
}
std::optional<Counter> phx::findCounter(const std::string &name) {
  return getCounterTable().find(name);
}
std::optional<Component> phx::findComponent(const std::string &name) {
  return getComponentTable().find(name);
}

void phx::accumulate(Counters64 &into, const Counters64 &from) {
  // Numbers are dense.
  for (size_t i = 0, end = getCounters().size(); i < end; ++i)
    into[i] += from[i];
  for (size_t i = maxCounters; i < numAllCounters; ++i)
    into[i] += from[i];
}

double phx::sum(const Energies &energies) {
  double total = 0;
  for (Component component : getComponents())
    total += energies[component.index];
  return total;
}
