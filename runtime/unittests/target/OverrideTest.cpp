//===- OverrideTest.cpp - Fields set on the command line -------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestTarget.h"

#include "machines/rns/Target.h"

using namespace phx;
using namespace phx::test;

TEST(TargetOverride, EveryKindOfValue) {
  auto target = loadTarget(
      "mirage", {"core.count=16", " dma.bytes_per_ns = 1e2 ",
                 "core.moduli=31, 32,35", "format.rounding=nearest"});
  ASSERT_TRUE(target.ok()) << target.error().message;
  EXPECT_EQ(target->spec.groups(0).count().value(), 16);
  EXPECT_EQ(target->spec.groups(0).count().source(), "set on the command line");
  EXPECT_EQ(target->spec.dma().bytes_per_ns().value(), 100);
  EXPECT_EQ(rns::findArrays(*target)->getModuliProduct(), 31 * 32 * 35);
  EXPECT_EQ(target->spec.format().rounding().value(), "nearest");
  // What was not set keeps its source.
  EXPECT_NE(target->spec.groups(0).rows().source(), "set on the command line");
}

TEST(TargetOverride, LastOneWins) {
  auto target = loadTarget("mirage", {"core.count=16", "core.count=4"});
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target->spec.groups(0).count().value(), 4);
}

TEST(TargetOverride, UnknownFieldNamesNearest) {
  auto target = loadTarget("mirage", {"core.cuont=16"});
  ASSERT_FALSE(target.ok());
  EXPECT_CONTAINS(target.error().message,
                  "--set core.cuont=16: a target has no field 'core.cuont'; "
                  "did you mean 'core.count'");
}

TEST(TargetOverride, TypesAreChecked) {
  auto message = [](const char *set) {
    auto target = loadTarget("mirage", {set});
    return target.ok() ? std::string() : target.error().message;
  };
  EXPECT_CONTAINS(message("core.count=1.5"), "takes an integer, found '1.5'");
  EXPECT_CONTAINS(message("core.count="), "takes an integer, found ''");
  EXPECT_CONTAINS(message("core.clock_ghz=fast"),
                  "takes a number, found 'fast'");
  EXPECT_CONTAINS(message("core.clock_ghz=10 GHz"), "takes a number");
  EXPECT_CONTAINS(message("core.moduli=31,,33"),
                  "takes integers separated by commas");
  EXPECT_CONTAINS(message("core.count=99999999999999999999"),
                  "takes an integer");
  EXPECT_CONTAINS(message("core.count"), "expected FIELD=VALUE");
  EXPECT_CONTAINS(message("name=x"), "a target has no field 'name'");
  EXPECT_CONTAINS(message("core=8"), "a target has no field 'core'");
}

TEST(TargetOverride, SupersedesAWrongLine) {
  std::string text = edit(readShipped(), "value: 10\n", "value: -10\n");
  EXPECT_CONTAINS(parseError(text), "core.clock_ghz");
  EXPECT_EQ(parseError(text, {"core.clock_ghz=10"}), "");
}

TEST(TargetOverride, NamesWithoutTheirGroupAreFound) {
  auto message = [](const char *set) {
    auto target = loadTarget("mirage", {set});
    return target.ok() ? std::string() : target.error().message;
  };
  EXPECT_CONTAINS(message("rows=64"),
                  "a target has no field 'rows'; did you mean 'core.rows' or ");
  EXPECT_CONTAINS(message("clock_ghz=5"),
                  "did you mean 'core.clock_ghz' or 'vector_unit.clock_ghz'?");
  EXPECT_CONTAINS(message("array.moduli=3,5"),
                  "did you mean 'core.moduli' or ");
  // Where they were before there was more than one class of arrays.
  EXPECT_CONTAINS(message("link_budget.coupler_db=1"),
                  "did you mean 'core.link_budget.coupler_db'?");
  EXPECT_CONTAINS(message("area.adc_mm2=1"),
                  "did you mean 'core.area.adc_mm2'?");
  // Where they were before memories were a list.
  EXPECT_CONTAINS(message("scratchpads.weight_bytes=4096"),
                  "did you mean 'wgt.capacity_bytes'?");
  EXPECT_CONTAINS(message("scratchpads.activation_bytes=4096"),
                  "did you mean 'act.capacity_bytes'?");
  EXPECT_CONTAINS(message("scratchpads.gradient_bytes=4096"),
                  "did you mean 'grad.capacity_bytes'?");
  EXPECT_CONTAINS(message("dram.access_pj_per_byte=1"),
                  "did you mean 'dram.read_pj_per_byte' or "
                  "'dram.write_pj_per_byte'?");
  EXPECT_CONTAINS(message("scratchpads.access_pj_per_byte=1"),
                  "did you mean 'act.read_pj_per_byte', ");
  EXPECT_CONTAINS(message("scratchpads.static_mw=1"),
                  "did you mean 'dram.static_mw', 'act.static_mw', ");
  EXPECT_CONTAINS(message("mantisa_bits=5"),
                  "did you mean 'format.mantissa_bits'");
}
