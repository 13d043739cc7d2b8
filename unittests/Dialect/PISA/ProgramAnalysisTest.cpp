//===- ProgramAnalysisTest.cpp - One plain form for all passes -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/PISA/Transforms/ProgramAnalysis.h"

#include "photonic/Dialect/PISA/Transforms/Passes.h"
#include "photonic/Target/PHX/PHX.h"

#include "phx/isa/Validator.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::pisa;

namespace {

/// Buffers that two engines share inside and behind a loop, tokens of an
/// earlier placement, and a product whose nest the new ones move.
constexpr const char *text = R"(
pisa.program "p" inference target "mirage" hash 0 memory ideal batch 1
    tokens 1 compiler "" {
  pisa.group 0 "core" class "rns" count 1 array [4, 4]
  pisa.memory 0 "act" on_chip capacity 1024 bytes 128 types [f32]
  pisa.memory 1 "wgt" on_chip capacity 1024 bytes 128 types [f32]
  pisa.memory 2 "grad" on_chip capacity 1024 bytes 128 types [f32]
  pisa.map 0 rows [[4, 0, 1]] cols [[4, 1, 1]]
      axes [[4, 16, 0, 0, 0], [4, 4, 0, 0, 0]]
  pisa.conversion 0 bfp mantissa 4 group 4 rounding trunc
  pisa.pass 0 [rns.modular_dot moduli [31, 32, 33], rns.reverse_convert]
  pisa.combine 0 [scaled_add]
  pisa.product 0 m 4 n 4 k 4 groups 1 stationary first conversions [0, 0] pass 0 combine 0 layer 0
  pisa.nest 0 product 0 at [9, 12] groups 0 size 1 rows 0 size 4
      columns 0 size 4 contraction 0 size 4
  pisa.layer 0 "fc" "Gemm"
  pisa.code {
    pisa.loop 3 {
      pisa.vec_map fill act[0] strides [0, 0, 0, 4] shape [1, 1, 1, 16] s0 1.0
      pisa.signal vec[0] 0
      pisa.wait dma[0] 0
      pisa.dma_copy grad[0] strides [0, 0, 0, 4] from act[0]
          strides [0, 0, 0, 4] shape [1, 1, 1, 16]
    }
    pisa.vec_map fill wgt[0] strides [0, 0, 0, 4] shape [1, 1, 1, 16] s0 1.0
    pisa.vec_map fill act[0] strides [0, 0, 0, 4] shape [1, 1, 1, 16] s0 1.0
    pisa.vec_map fill grad[0] strides [0, 0, 0, 4] shape [1, 1, 1, 16] s0 1.0
    pisa.loop 1 {
      pisa.core_program core[0] conversion 0 pass 0 map 0 from wgt[0] row 0 k 0 rows 4
          cols 4 product 0 layer 0
      pisa.core_stream core[0] conversion 0 pass 0 combine 0 map 0 from act[0] into 0 grad[0] row 0
          k 0 vec 0 rows 4 cols 4 length 4 product 0 start 0 layer 0
    }
    pisa.halt
  }
}
)";

/// Looks at the analysis between passes, or changes the IR without saying that
/// it is preserved.
struct Probe : PassWrapper<Probe, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(Probe)

  explicit Probe(std::function<void(Probe &)> visit)
      : visit(std::move(visit)) {}
  void runOnOperation() override { visit(*this); }
  phx::Program *get() {
    return getAnalysis<ProgramAnalysis>().getProgram().get();
  }
  void preserve() { markAllAnalysesPreserved(); }
  ModuleOp getModule() { return getOperation(); }

  std::function<void(Probe &)> visit;
};

class ProgramAnalysisTest : public ::testing::Test {
protected:
  ProgramAnalysisTest() {
    context.loadDialect<PISADialect>();
    module = parseSourceString<ModuleOp>(text, &context);
  }
  void add(std::function<void(Probe &)> visit) {
    pm.addPass(std::make_unique<Probe>(std::move(visit)));
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  PassManager pm{&context};
};

} // namespace

TEST_F(ProgramAnalysisTest, TokensGoIntoBothFormsAlike) {
  ASSERT_TRUE(module);
  Operation *loop = *getOnlyProgram(*module).getCode().getOps<LoopOp>().begin();
  std::shared_ptr<const phx::Program> taken;
  pm.addPass(createInsertTokens());
  pm.addPass(createTakeProgram([&](auto program) { taken = program; }));
  ASSERT_TRUE(succeeded(pm.run(*module)));
  FailureOr<phx::Program> again = exportProgram(getOnlyProgram(*module));
  ASSERT_TRUE(succeeded(again));
  EXPECT_GT(taken->tokens, 1u);
  EXPECT_EQ(taken->tokens, again->tokens);
  EXPECT_TRUE(taken->code == again->code);
  EXPECT_TRUE(taken->products == again->products);
  EXPECT_TRUE(phx::validate(*taken).ok());
  // In place: operations that are no tokens are those of before.
  EXPECT_EQ(loop, *getOnlyProgram(*module).getCode().getOps<LoopOp>().begin());
}

TEST_F(ProgramAnalysisTest, IsMadeOnce) {
  ASSERT_TRUE(module);
  phx::Program *before = nullptr, *between = nullptr, *behind = nullptr;
  auto remember = [](phx::Program *&program) {
    return [&](Probe &probe) {
      program = probe.get();
      probe.preserve();
    };
  };
  add(remember(before));
  pm.addPass(createInsertTokens());
  add(remember(between));
  pm.addPass(createVerifyProgram());
  add(remember(behind));
  ASSERT_TRUE(succeeded(pm.run(*module)));
  EXPECT_EQ(before, between);
  EXPECT_EQ(between, behind);
}

TEST_F(ProgramAnalysisTest, IsMadeAnewBehindAChange) {
  ASSERT_TRUE(module);
  std::shared_ptr<const phx::Program> taken;
  add([](Probe &probe) { EXPECT_EQ(probe.get()->name, "p"); });
  add([](Probe &probe) {
    getOnlyProgram(probe.getModule()).setName("q");
  });
  pm.addPass(createTakeProgram([&](auto program) { taken = program; }));
  ASSERT_TRUE(succeeded(pm.run(*module)));
  EXPECT_EQ(taken->name, "q");
}
