//===- StalePricesTest.cpp - Prices of another structure -------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../../lib/target/Fields.h"
#include "TestTarget.h"

#include <algorithm>

using namespace phx;
using namespace phx::test;

namespace {
/// What is said about prices of mirage with these changes.
std::string warn(const std::vector<std::string> &overrides,
                 const std::vector<int64_t> &mantissaBits = {}) {
  auto target = loadTarget("mirage", overrides);
  EXPECT_TRUE(target.ok()) << target.error().message;
  return target.ok() ? describe(findStalePrices(*target, mantissaBits)) : "?";
}
} // namespace

TEST(StalePrices, NothingChanged) {
  EXPECT_EQ(warn({}), "");
  EXPECT_EQ(warn({"core.clock_ghz=5", "core.adc_pj=1"}), "");
  EXPECT_EQ(warn({"core.moduli=31,32,33", "core.rows=32"}), "");
  EXPECT_EQ(warn({}, {4, 4}), "");
  // Nothing is stated for these.
  EXPECT_EQ(warn({"format.rounding=nearest"}), "");
}

TEST(StalePrices, NamesFieldsAndPrices) {
  EXPECT_EQ(warn({"core.moduli=61,63,64"}),
            "prices do not follow the structure of the machine: core.moduli is "
            "61,63,64 instead of 31,32,33, for which core.dac_bits, "
            "core.adc_bits, core.dac_pj, core.adc_pj, core.tia_pj, "
            "core.rns_forward_pj, core.rns_reverse_pj, core.modulator_pj, "
            "core.area.photonic_mm2_per_multiplier, core.area.adc_mm2, core.area.dac_mm2, "
            "core.area.rns_reverse_mm2 and core.area.rns_forward_mm2 were stated; state "
            "these prices anew (--set), or describe the machine in a target "
            "file of its own");
  std::string two = warn({"core.rows=64", "dram.capacity_bytes=1024000"});
  EXPECT_CONTAINS(two, "core.rows is 64 instead of 32, for which "
                       "core.program_ns, core.modulator_pj, "
                       "core.area.dacs_per_modulus_array and core.area.other_mm2");
  EXPECT_CONTAINS(two, "; dram.capacity_bytes is 1024000 instead of "
                       "17179869184, for which dram.static_mw was stated;");
}

TEST(StalePrices, FormatsOfProductsCount) {
  std::string text = warn({}, {6, 4, 6});
  EXPECT_CONTAINS(text, "format.mantissa_bits is 4,6 instead of 4, for which "
                        "core.bfp_pj");
  // Both ways of saying it say the same.
  EXPECT_EQ(warn({"format.mantissa_bits=3"}), warn({}, {3}));
  EXPECT_EQ(warn({"format.mantissa_bits=3"}, {3}), warn({}, {3}));
  EXPECT_EQ(warn({"format.mantissa_bits=3"}, {4}), "");
}

TEST(StalePrices, PricesStatedAnewFit) {
  EXPECT_EQ(warn({"dram.capacity_bytes=1024000", "dram.static_mw=1"}), "");
  std::string text = warn({"core.rows=64", "core.program_ns=7"});
  EXPECT_CONTAINS(text, "core.modulator_pj");
  EXPECT_EQ(text.find("core.program_ns"), std::string::npos);
  // The value of the file counts, however often it is replaced.
  EXPECT_EQ(warn({"core.rows=64", "core.rows=32"}), "");
}

TEST(StalePrices, AFileStatesItsOwnPrices) {
  std::string text =
      edit(readShipped(), "rows { value: 32", "rows { value: 64");
  auto target = parseTarget(text, "t.textproto");
  ASSERT_TRUE(target.ok()) << target.error().message;
  EXPECT_TRUE(findStalePrices(*target).empty());
}

TEST(StalePrices, RelationsNameStructuralFields) {
  auto target = loadTarget("mirage");
  ASSERT_TRUE(target.ok());
  std::vector<std::string> structural;
  for (const TargetField &field : describeTarget(*target))
    if (field.structural)
      structural.push_back(field.name);
  for (const auto &field : target::collectFields(*target)) {
    EXPECT_TRUE(field.getStatedFor(*target).empty() || !field.isStructural());
    for (const std::string &name : field.getStatedFor(*target))
      EXPECT_EQ(std::count(structural.begin(), structural.end(), name), 1)
          << field.name << ": " << name;
  }
}
