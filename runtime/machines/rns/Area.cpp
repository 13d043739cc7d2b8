//===- Area.cpp - Area of residue arrays ------------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Energy.h"

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
  auto dacs = static_cast<double>(area.dacs_per_modulus_array().value());
  static_cast<void>(mantissaBits);
  items.insert(
      items.end(),
      {{"photonic",
        parts * rows * columns * area.photonic_mm2_per_multiplier().value(),
        Kind::Arrays, true},
       {"adc", parts * rows * detections * area.adc_mm2().value(),
        Kind::Arrays},
       {"dac", parts * dacs * area.dac_mm2().value(), Kind::Arrays},
       {"rns_reverse", copies * rows * area.rns_reverse_mm2().value(),
        Kind::Logic},
       {"rns_forward", copies * columns * area.rns_forward_mm2().value(),
        Kind::Logic},
       {"bfp", copies * area.bfp_mm2().value(), Kind::Logic},
       {"other", area.other_mm2().value(), Kind::Logic}});
}
