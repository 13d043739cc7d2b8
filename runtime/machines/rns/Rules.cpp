//===- Rules.cpp - How prices follow the structure --------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Rules.h"

#include <algorithm>
#include <bit>
#include <cmath>

using namespace phx;
using namespace phx::rns;

Structure rns::getStructure(const Arrays &arrays, int64_t mantissaBits) {
  return {{arrays.getModuli().begin(), arrays.getModuli().end()},
          arrays.machine->dac_bits().value(),
          arrays.machine->adc_bits().value(),
          mantissaBits,
          arrays.count,
          arrays.rows,
          arrays.columns};
}

Structure rns::getReference(const Machine &machine) {
  const proto::rns::Reference &stated = machine.reference();
  return {{stated.moduli().values().begin(), stated.moduli().values().end()},
          stated.dac_bits().value(),
          stated.adc_bits().value(),
          stated.mantissa_bits().value(),
          stated.count().value(),
          stated.rows().value(),
          stated.columns().value()};
}

int64_t rns::getResidueBits(int64_t modulus) {
  return std::bit_width(static_cast<uint64_t>(modulus - 1));
}

double rns::getShifterLength(const proto::rns::LinkBudget &link,
                             int64_t modulus) {
  auto m = static_cast<double>(modulus);
  double halfTurns = std::ceil((m - 1) * (m - 1) / 2) * 2 / m;
  return link.v_pi_l_v_cm().value() / link.bias_v().value() * halfTurns;
}

template <typename Function>
static double sumOverModuli(const Structure &s, Function function) {
  double total = 0;
  for (int64_t modulus : s.moduli)
    total += static_cast<double>(function(modulus));
  return total;
}

template <typename Function>
static double averageOverModuli(const Structure &s, Function function) {
  return sumOverModuli(s, function) / static_cast<double>(s.moduli.size());
}

/// Bits of a converter: what its residues need, and as many more as that of the
/// largest modulus has.
static double getConverterBits(const Structure &s, int64_t bitsOfLargest,
                               int64_t modulus) {
  int64_t largest = *std::max_element(s.moduli.begin(), s.moduli.end());
  return static_cast<double>(getResidueBits(modulus) + bitsOfLargest -
                             getResidueBits(largest));
}

double rns::followConverters(const proto::rns::Curve &curve, const Structure &s,
                             int64_t bitsOfLargest) {
  return averageOverModuli(s, [&](int64_t modulus) {
    double bits = getConverterBits(s, bitsOfLargest, modulus);
    return curve.linear_pj().value() * bits +
           curve.quadratic_pj().value() * bits * bits +
           curve.exponential_pj().value() * std::exp2(2 * bits);
  });
}

double rns::followConverterArea(const Structure &s, int64_t bitsOfLargest) {
  return averageOverModuli(s, [&](int64_t modulus) {
    return std::exp2(getConverterBits(s, bitsOfLargest, modulus));
  });
}

double rns::followResidueBits(const Structure &s) {
  return averageOverModuli(s, getResidueBits);
}

double rns::followRings(const Structure &s) {
  return static_cast<double>(s.rows) * sumOverModuli(s, getResidueBits);
}

double rns::followBlockConversion(const Structure &s) {
  constexpr int64_t exponentBits = 8;
  return static_cast<double>(s.columns * (exponentBits + s.mantissaBits));
}

/// Of the units of one column.
static double followForwardUnit(const Structure &s) {
  return sumOverModuli(s, [&](int64_t modulus) {
    return std::max(getResidueBits(modulus), s.mantissaBits + 1);
  });
}

double rns::followForwardConversion(const Structure &s) {
  return static_cast<double>(s.columns) * followForwardUnit(s);
}

double rns::followReverseConversion(const Structure &s) {
  int64_t product = 1;
  for (int64_t modulus : s.moduli)
    product *= modulus;
  return static_cast<double>(static_cast<int64_t>(s.moduli.size()) *
                             getResidueBits(product));
}

double rns::followNearestRounding(const Structure &s) {
  return static_cast<double>(s.mantissaBits);
}

double rns::followStochasticRounding(const Structure &s) {
  constexpr int64_t discardedBits = 28;
  return static_cast<double>(discardedBits + s.mantissaBits);
}

double rns::followMultipliers(const Machine &machine, const Structure &s) {
  return averageOverModuli(s, [&](int64_t modulus) {
    return getShifterLength(machine.link_budget(), modulus) * 10 +
           2 * static_cast<double>(getResidueBits(modulus)) *
               machine.area().ring_mm().value();
  });
}

/// A whole number of converters, rounded up, without a detour over binary
/// fractions.
static int64_t followDacs(int64_t stated, const Structure &here,
                          const Structure &reference) {
  int64_t cells = reference.rows * reference.columns;
  return (stated * here.rows * here.columns + cells - 1) / cells;
}

Costs rns::getCosts(const Arrays &arrays, int64_t mantissaBits) {
  const Machine &m = *arrays.machine;
  const proto::rns::Area &area = m.area();
  const Structure here = getStructure(arrays, mantissaBits);
  const Structure reference = getReference(m);
  /// `stated` times the ratio of a rule.
  auto scale = [&](double stated, auto rule) {
    return stated * (rule(here) / rule(reference));
  };
  auto scaleConverters = [&](double stated, const auto &curve, auto bits) {
    return scale(stated, [&](const Structure &s) {
      return followConverters(curve, s, s.*bits);
    });
  };
  auto scaleConverterArea = [&](double stated, auto bits) {
    return scale(stated, [&](const Structure &s) {
      return followConverterArea(s, s.*bits);
    });
  };
  return {
      scaleConverters(m.dac_pj().value(), m.dac_curve(), &Structure::dacBits),
      scaleConverters(m.adc_pj().value(), m.adc_curve(), &Structure::adcBits),
      scale(m.tia_pj().value(), followResidueBits),
      scale(m.modulator_pj().value(), followRings),
      scale(m.bfp_pj().value(), followBlockConversion),
      scale(m.round_nearest_pj().value(), followNearestRounding),
      scale(m.round_stochastic_pj().value(), followStochasticRounding),
      scale(m.rns_forward_pj().value(), followForwardConversion),
      scale(m.rns_reverse_pj().value(), followReverseConversion),
      scale(area.photonic_mm2_per_multiplier().value(),
            [&](const Structure &s) { return followMultipliers(m, s); }),
      scaleConverterArea(area.adc_mm2().value(), &Structure::adcBits),
      scaleConverterArea(area.dac_mm2().value(), &Structure::dacBits),
      scale(area.rns_forward_mm2().value(), followForwardUnit),
      scale(area.rns_reverse_mm2().value(), followReverseConversion),
      scale(area.bfp_mm2().value(), followBlockConversion),
      scale(area.other_mm2().value(),
            [](const Structure &s) {
              return static_cast<double>(s.count * s.rows);
            }),
      followDacs(area.dacs_per_modulus_array().value(), here, reference),
  };
}
