//===- Area.cpp - Area of a target ------------------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/energy/Energy.h"
#include "phx/isa/TableOperation.h"

#include <algorithm>
#include <iterator>

using namespace phx;

static std::vector<AreaItem> makeArea(const Target &target,
                                      int64_t mantissaBits) {
  std::vector<AreaItem> items;
  for (size_t group = 0; group < target.machines.size(); ++group)
    if (const MachineModel *model = findMachineModel(target, group);
        model && model->addArea)
      model->addArea(target, group, mantissaBits, items);
  double memories = 0;
  bool isOnChip = false;
  for (const proto::Memory &memory : target.spec.memories())
    if (memory.has_mm2_per_mib()) {
      isOnChip = true;
      memories += static_cast<double>(memory.capacity_bytes().value()) /
                  (1024.0 * 1024.0) * memory.mm2_per_mib().value();
    }
  if (isOnChip)
    items.push_back({area_parts::scratchpad, memories});
  if (target.spec.has_vector_unit()) {
    const proto::VectorUnit &unit = target.spec.vector_unit();
    items.push_back({area_parts::vector,
                     static_cast<double>(unit.lanes().value()) *
                         unit.vector_mm2_per_lane().value()});
  }
  using Kind = AreaPartDeclaration::Kind;
  std::vector<AreaItem> ordered;
  for (Kind kind :
       {Kind::Arrays, Kind::Memories, Kind::Logic, Kind::VectorUnit})
    std::copy_if(items.begin(), items.end(), std::back_inserter(ordered),
                 [&](const AreaItem &item) {
                   return describe(item.part).kind == kind;
                 });
  return ordered;
}

std::vector<AreaItem> phx::getArea(const Target &target) {
  return makeArea(target, getPriceContext(target).mantissaBits);
}

std::vector<AreaItem> phx::getArea(const Target &target,
                                   const Program &program) {
  int64_t widest = 0;
  for (const TableOperation &conversion : program.conversions)
    widest = std::max(widest, getMantissaBits(conversion).value_or(0));
  return makeArea(target,
                  widest ? widest : getPriceContext(target).mantissaBits);
}
