//===- Area.cpp - Area of residue arrays ------------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Energy.h"
#include "machines/rns/Rules.h"

using namespace phx;
using namespace phx::rns;

void rns::addArea(const Target &target, size_t group, int64_t mantissaBits,
                  std::vector<AreaItem> &items) {
  using Kind = AreaItem::Kind;
  Arrays arrays = getArrays(target, group);
  const Machine &machine = *arrays.machine;
  const proto::rns::Area &area = machine.area();
  auto cores = static_cast<double>(arrays.count);
  auto rows = static_cast<double>(arrays.rows);
  auto columns = static_cast<double>(arrays.columns);
  auto parts = cores * static_cast<double>(arrays.getModuli().size());
  auto copies = cores * static_cast<double>(area.digital_copies().value());
  auto detections = static_cast<double>(machine.detections_per_row().value());
  const Costs costs = getCosts(arrays, mantissaBits);
  items.insert(
      items.end(),
      {{"photonic", parts * rows * columns * costs.multiplierMm2, Kind::Arrays,
        true},
       {"adc", parts * rows * detections * costs.adcMm2, Kind::Arrays},
       {"dac", parts * static_cast<double>(costs.dacs) * costs.dacMm2,
        Kind::Arrays},
       {"rns_reverse", copies * rows * costs.rnsReverseMm2, Kind::Logic},
       {"rns_forward", copies * columns * costs.rnsForwardMm2, Kind::Logic},
       {"bfp", copies * costs.bfpMm2, Kind::Logic},
       {"other", costs.otherMm2, Kind::Logic}});
}
