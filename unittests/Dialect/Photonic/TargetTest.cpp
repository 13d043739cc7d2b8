//===- TargetTest.cpp - Targets as attributes and back --------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoadMachines.h"

#include "photonic/Dialect/Photonic/IR/Target.h"
#include "photonic/Target/Machine/CostModel.h"

#include "phx/target/Values.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/raw_ostream.h"

#include "gtest/gtest.h"

#include <array>
#include <thread>

using namespace mlir;
using namespace photonic;
using namespace photonic::phot;

namespace {

class TargetTest : public ::testing::Test {
protected:
  TargetTest() {
    context.loadDialect<PhotonicDialect>();
    loadMachines(context);
  }

  phx::Target load(const std::string &name,
                   const std::vector<std::string> &changes = {}) {
    phx::Result<phx::Target> target = loadMachine(name, changes);
    EXPECT_TRUE(target.ok()) << target.error().message;
    return *target;
  }

  /// The attribute, printed and read.
  TargetAttr reread(TargetAttr attribute) {
    std::string text;
    llvm::raw_string_ostream(text) << attribute;
    return dyn_cast_or_null<TargetAttr>(parseAttribute(text, &context));
  }

  MLIRContext context;
};

/// Spelled out, so that the comparison is not that of the code under test.
void expectEqual(const phx::Target &first, const phx::Target &second) {
  EXPECT_EQ(first.structuralHash, second.structuralHash);
  EXPECT_EQ(phx::listStructure(first), phx::listStructure(second));
  EXPECT_EQ(first.spec.name(), second.spec.name());
  auto a = phx::describeTarget(first), b = phx::describeTarget(second);
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].name, b[i].name);
    // The shortest text that reads back as the same number.
    EXPECT_EQ(a[i].value, b[i].value) << a[i].name;
    EXPECT_EQ(a[i].structural, b[i].structural) << a[i].name;
  }
}

TEST_F(TargetTest, AttributesHoldEveryValue) {
  const std::vector<std::string> changes[] = {
      {},
      {"core.count=3", "core.moduli=61,63,64", "format.rounding=nearest"},
      // Doubles without a short decimal form.
      {"core.clock_ghz=0.30000000000000004", "core.adc_pj=1e-300",
       "core.dac_pj=4.9406564584124654e-324",
       "dma.bytes_per_ns=123456789.123456789"}};
  std::vector<std::string> names = phx::listTargets();
  ASSERT_GE(names.size(), 2u);
  for (const std::string &name : names)
    for (const auto &set : changes) {
      SCOPED_TRACE(name);
      phx::Target target = load(name, set);
      TargetAttr attribute = getTargetAttr(&context, target);
      EXPECT_EQ(reread(attribute), attribute);
      phx::Result<phx::Target> again = makeTarget(reread(attribute));
      ASSERT_TRUE(again.ok()) << again.error().message;
      expectEqual(target, *again);
      EXPECT_TRUE(phx::findDifferences(target, *again).empty());
      EXPECT_EQ(getTargetAttr(&context, *again), attribute);
    }
}

TEST_F(TargetTest, ModulesCarryOneTarget) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  EXPECT_FALSE(hasTarget(*module));
  setTarget(*module, load("mirage", {"core.count=5"}));
  EXPECT_TRUE(hasTarget(*module));
  FailureOr<const phx::Target *> target = getTarget(*module);
  ASSERT_TRUE(succeeded(target));
  EXPECT_EQ(getArrays(**target).count, 5);
  // Made once, whoever asks.
  std::vector<std::thread> threads;
  std::array<const phx::Target *, 8> answers{};
  for (const phx::Target *&answer : answers)
    threads.emplace_back([&] { answer = *getTarget(*module); });
  for (std::thread &thread : threads)
    thread.join();
  for (const phx::Target *answer : answers)
    EXPECT_EQ(answer, *target);
}

TEST_F(TargetTest, FormatNamesAreComplete) {
  phx::Target machine = load("mirage", {"format.group=8"});
  EXPECT_EQ(getFormatName("", machine), "bfp:4:8:trunc");
  EXPECT_EQ(getFormatName("fp32", machine), "fp32:8");
  EXPECT_EQ(getFormatName("fp32:4", machine), "fp32:4");
  EXPECT_EQ(getFormatName("bfp:4:16", machine), "bfp:4:16");
}

} // namespace

//===----------------------------------------------------------------------===//
// What passes choose by
//===----------------------------------------------------------------------===//

TEST_F(TargetTest, CostsAreClosedForms) {
  // 8 arrays that take 5 + 2 ns for a pass and 0.1 ns for a vector.
  CostModel costs(load("mirage", {"core.fill_ns=2", "dma.bytes_per_ns=100",
                                  "dma.latency_ns=30"}));
  EXPECT_EQ(costs.getArrayTime(8, 10), 8'000'000);
  EXPECT_EQ(costs.getArrayTime(9, 10), 16'000'000);
  EXPECT_EQ(costs.getArrayTime(0, 10), 0);
  EXPECT_DOUBLE_EQ(costs.getTransferTime(2000, 3), 110);
  // Arrays, then transfers, are what takes longer; a piece of the latter always
  // comes on top.
  EXPECT_DOUBLE_EQ(costs.getChunkedTime(4, 50'000'000, 100), 225);
  EXPECT_DOUBLE_EQ(costs.getChunkedTime(4, 5'000'000, 100), 125);
}
