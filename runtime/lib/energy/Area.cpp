//===- Area.cpp - Area of a target -----------------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/energy/Energy.h"

#include "machines/rns/Target.h"

using namespace phx;

std::vector<AreaItem> phx::getArea(const Target &target) {
  auto arrays = rns::findArrays(target);
  const proto::rns::Machine &core = *arrays->machine;
  const proto::rns::Area &area = core.area();
  const proto::Scratchpads &pads = target.spec.scratchpads();
  auto cores = static_cast<double>(arrays->count);
  auto rows = static_cast<double>(arrays->rows);
  auto columns = static_cast<double>(arrays->columns);
  auto parts = cores * static_cast<double>(core.moduli().values_size());
  auto copies = cores * static_cast<double>(area.digital_copies().value());
  auto detections = static_cast<double>(core.detections_per_row().value());
  auto bytes = static_cast<double>(pads.activation_bytes().value() +
                                   pads.weight_bytes().value() +
                                   pads.gradient_bytes().value());
  auto dacs = static_cast<double>(area.dacs_per_modulus_array().value());
  return {
      {"photonic",
       parts * rows * columns * area.photonic_mm2_per_multiplier().value(),
       true},
      {"adc", parts * rows * detections * area.adc_mm2().value()},
      {"dac", parts * dacs * area.dac_mm2().value()},
      {"scratchpad",
       bytes / (1024.0 * 1024.0) * pads.sram_mm2_per_mib().value()},
      {"rns_reverse", copies * rows * area.rns_reverse_mm2().value()},
      {"rns_forward", copies * columns * area.rns_forward_mm2().value()},
      {"bfp", copies * area.bfp_mm2().value()},
      {"other", area.other_mm2().value()},
      {"vector",
       static_cast<double>(target.spec.vector_unit().lanes().value()) *
           target.spec.vector_unit().vector_mm2_per_lane().value()},
  };
}
