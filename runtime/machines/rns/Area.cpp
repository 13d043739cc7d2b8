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
  const ArrayParts &to = getArrayParts();
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
      {{to.multipliers, parts * rows * columns * costs.multiplierMm2},
       {to.adc, parts * rows * detections * costs.adcMm2},
       {to.dac, parts * static_cast<double>(costs.dacs) * costs.dacMm2},
       {to.rnsReverse, copies * rows * costs.rnsReverseMm2},
       {to.rnsForward, copies * columns * costs.rnsForwardMm2},
       {to.bfp, copies * costs.bfpMm2},
       {to.other, costs.otherMm2}});
}
