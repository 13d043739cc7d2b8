//===- Prices.cpp - What charges cost --------------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/energy/Energy.h"

#include "machines/rns/Target.h"

using namespace phx;

const char *phx::getComponentName(Component component) {
  static const char *const names[numComponents] = {
      "laser",       "dac",    "adc",         "tia",
      "modulator",   "bfp",    "rns_forward", "rns_reverse",
      "accumulator", "vector", "scratchpad",  "dram"};
  return names[static_cast<unsigned>(component)];
}

Energies phx::priceCharges(const Counters64 &charges, const Target &target) {
  Energies energies{};
  auto price = [&](Component component, Counter counter, double pj) {
    energies[static_cast<unsigned>(component)] +=
        static_cast<double>(charges[static_cast<unsigned>(counter)]) * pj;
  };
  const proto::rns::Machine &core = *rns::findArrays(target)->machine;
  price(Component::Dac, Counter::DacConversions, core.dac_pj().value());
  price(Component::Adc, Counter::AdcConversions, core.adc_pj().value());
  price(Component::Tia, Counter::TiaSymbols, core.tia_pj().value());
  price(Component::Modulator, Counter::ModulatedElements,
        core.modulator_pj().value());
  price(Component::Bfp, Counter::BfpConversions, core.bfp_pj().value());
  price(Component::Bfp, Counter::NearestRoundings,
        core.round_nearest_pj().value());
  price(Component::Bfp, Counter::StochasticRoundings,
        core.round_stochastic_pj().value());
  price(Component::RnsForward, Counter::ForwardConversions,
        core.rns_forward_pj().value());
  price(Component::RnsReverse, Counter::ReverseConversions,
        core.rns_reverse_pj().value());
  price(Component::Accumulator, Counter::Accumulations,
        core.accumulate_pj().value());
  price(Component::Vector, Counter::VectorOps,
        target.spec.vector_unit().op_pj().value());
  price(Component::Scratchpad, Counter::ScratchpadBytes,
        target.spec.scratchpads().access_pj_per_byte().value());
  price(Component::Dram, Counter::DramBytes,
        target.spec.dram().access_pj_per_byte().value());
  return energies;
}
