//===- Counters.cpp - Declarations of residue arrays ------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Energy.h"
#include "machines/rns/Rules.h"

using namespace phx;
using namespace phx::rns;

const ArrayComponents &rns::getArrayComponents() {
  static const ArrayComponents components = {
      declareComponent(
          {"laser", "lasers of all arrays, over the whole run (static)"}),
      declareComponent({"dac", "converters of the stationary operand"}),
      declareComponent({"adc", "converters of the readout"}),
      declareComponent({"tia", "amplifiers of detected currents"}),
      declareComponent({"modulator", "rings that streamed elements switch"}),
      declareComponent(
          {"bfp",
           "conversion from FP32 to block floating point, rounding included"}),
      declareComponent({"rns_forward", "conversion from integers to residues"}),
      declareComponent({"rns_reverse", "conversion from residues to integers"}),
      declareComponent({"accumulator", "FP32 additions of partial sums"}),
  };
  return components;
}

/// The price of one charge, by the rule of its field.
template <double Costs::*price>
static double getPrice(const Target &target, const PriceContext &context) {
  return target.findMachine<Machine>(context.group)
             ? getCosts(getArrays(target, context.group),
                        context.mantissaBits).*
                   price
             : 0;
}

static double getAccumulationPrice(const Target &target,
                                   const PriceContext &context) {
  const auto *machine = target.findMachine<Machine>(context.group);
  return machine ? machine->accumulate_pj().value() : 0;
}

const ArrayCounters &rns::getArrayCounters() {
  const ArrayComponents &to = getArrayComponents();
  static const ArrayCounters counters = {
      declareCounter(
          {"dac_conversions", "conversion",
           "values of the stationary operand converted to voltages, one per "
           "modulus; idle rows and columns are converted too",
           to.dac, "GROUP.dac_pj", getPrice<&Costs::dacPj>}),
      declareCounter({"adc_conversions", "conversion",
                      "readouts converted to residues: one per row, modulus "
                      "and detection of every streamed vector",
                      to.adc, "GROUP.adc_pj", getPrice<&Costs::adcPj>}),
      declareCounter({"tia_symbols", "symbol",
                      "currents amplified: one per row, modulus and detection "
                      "of every streamed vector",
                      to.tia, "GROUP.tia_pj", getPrice<&Costs::tiaPj>}),
      declareCounter({"modulated_elements", "element",
                      "elements of streamed vectors that switch the rings of a "
                      "column, all moduli together",
                      to.modulator, "GROUP.modulator_pj",
                      getPrice<&Costs::modulatorPj>}),
      declareCounter(
          {"bfp_conversions", "group",
           "groups of array width converted from FP32 to block floating point",
           to.bfp, "GROUP.bfp_pj", getPrice<&Costs::bfpPj>}),
      declareCounter({"nearest_roundings", "element",
                      "elements rounded to nearest in the conversion to block "
                      "floating point",
                      to.bfp, "GROUP.round_nearest_pj",
                      getPrice<&Costs::roundNearestPj>}),
      declareCounter({"stochastic_roundings", "element",
                      "elements rounded stochastically in the conversion to "
                      "block floating point",
                      to.bfp, "GROUP.round_stochastic_pj",
                      getPrice<&Costs::roundStochasticPj>}),
      declareCounter({"forward_conversions", "group",
                      "groups of array width converted from integers to "
                      "residues, all moduli",
                      to.rnsForward, "GROUP.rns_forward_pj",
                      getPrice<&Costs::rnsForwardPj>}),
      declareCounter({"reverse_conversions", "result",
                      "results converted from residues to integers",
                      to.rnsReverse, "GROUP.rns_reverse_pj",
                      getPrice<&Costs::rnsReversePj>}),
      declareCounter({"accumulations", "operation",
                      "FP32 additions of results to partial sums",
                      to.accumulator, "GROUP.accumulate_pj",
                      getAccumulationPrice}),
  };
  return counters;
}

const ArrayParts &rns::getArrayParts() {
  using Kind = AreaPartDeclaration::Kind;
  static const ArrayParts parts = {
      declareAreaPart({"photonic",
                       "modular multipliers: phase shifters, rings, waveguides",
                       Kind::Arrays, /*photonic=*/true}),
      declareAreaPart({"adc", "analog to digital converters", Kind::Arrays}),
      declareAreaPart({"dac", "digital to analog converters", Kind::Arrays}),
      declareAreaPart({"rns_reverse",
                       "conversion from residues to integers", Kind::Logic}),
      declareAreaPart({"rns_forward", "conversion from integers to residues",
                       Kind::Logic}),
      declareAreaPart(
          {"bfp",
           "conversion from FP32 to block floating point, rounding included",
           Kind::Logic}),
      declareAreaPart({"other",
                       "accumulators, control, and what no other part names",
                       Kind::Logic}),
  };
  return parts;
}
