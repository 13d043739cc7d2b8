//===- FieldsTest.cpp - Fields made in C++, and shared words ---*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/PISA/IR/PISA.h"
#include "photonic/Target/PHX/PHX.h"

#include "phx/isa/ProgramFile.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::pisa;

namespace {

class Fields : public ::testing::Test {
protected:
  Fields() : handler(&context, [this](Diagnostic &diagnostic) {
    said += diagnostic.str() + "\n";
    return success();
  }) {
    context.loadDialect<PISADialect>();
    context.printOpOnDiagnostic(false);
  }
  // Of the types that generated code declares: others choose the template that
  // takes anything.
  AffineAttr getAffine(ArrayRef<int64_t> terms) {
    return AffineAttr::getChecked(emitter, &context, int64_t(0), terms);
  }
  GuardAttr getGuard(int64_t loop) {
    const int64_t zero = 0, one = 1;
    return GuardAttr::getChecked(emitter, &context, loop, one, zero, zero, one,
                                 std::optional<int64_t>());
  }
  ZeroFillAttr getZeroFill(int64_t dim) {
    AffineAttr start = AffineAttr::get(&context, 0, ArrayRef<int64_t>());
    return ZeroFillAttr::getChecked(emitter, &context, dim, start, int64_t(4));
  }
  /// What has been said since the last call.
  std::string takeSaid() { return std::exchange(said, ""); }

  MLIRContext context;
  std::string said;
  ScopedDiagnosticHandler handler;
  std::function<InFlightDiagnostic()> say = [this] {
    return emitError(UnknownLoc::get(&context));
  };
  function_ref<InFlightDiagnostic()> emitter = say;
};

constexpr const char *wrongLoop =
    "expected a loop in [0, 7], or 8 for the lane, found ";

} // namespace

TEST_F(Fields, LoopsThatNobodyHasAreRefused) {
  // 257 and -255 have the low byte of loop 1.
  for (int64_t loop : {9, 257, -255}) {
    std::string expected = wrongLoop + std::to_string(loop) + "\n";
    EXPECT_FALSE(getAffine({loop, 1, 0, 1, 0, 4}));
    EXPECT_EQ(takeSaid(), expected);
    EXPECT_FALSE(getGuard(loop));
    EXPECT_EQ(takeSaid(), expected);
  }
  EXPECT_TRUE(getAffine({phx::laneLoop, 1, 0, 1, 0, 4}));
  EXPECT_FALSE(getAffine({phx::laneLoop, 1, 0, 1, 0}));
  EXPECT_EQ(takeSaid(), "expected 6 numbers per digit (loop, scale, offset, "
                        "divisor, modulus, weight), found 5 in all\n");
  EXPECT_FALSE(getZeroFill(256));
  EXPECT_EQ(takeSaid(),
            "expected a dimension in [0, 3] to fill, found 256\n");
}

namespace {

/// One region, of four numbers or of a block of them.
class Regions : public Fields {
protected:
  Regions() {
    program.memories = {{"act", phx::MemoryKind::OnChip, std::nullopt, 1024,
                         128,
                         {phx::ElementType::F32, phx::ElementType::Block}}};
    phx::Region region;
    region.name = "x";
    region.shape = {4};
    region.bytes = 64;
    program.regions = {region};
    program.code = {{{}, phx::noLayer, std::nullopt, phx::Halt{}}};
  }
  /// What is said about the region; nothing if it is imported.
  std::string importAs(phx::ElementType type,
                       std::optional<uint32_t> conversion) {
    program.regions[0].type = type;
    program.regions[0].conversion = conversion;
    OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
    OpBuilder builder(module->getBodyRegion());
    ProgramOp op = importProgram(
        program, builder, [](uint32_t, RankedTensorType) { return nullptr; });
    std::string found = takeSaid();
    EXPECT_EQ(bool(op), found.empty());
    return found;
  }

  phx::Program program;
};

} // namespace

TEST_F(Regions, OfBlocksAndNoOthersNameAConversion) {
  using phx::ElementType;
  EXPECT_EQ(importAs(ElementType::F32, std::nullopt), "");
  EXPECT_EQ(importAs(ElementType::Block, 0), "");
  EXPECT_EQ(importAs(ElementType::Block, std::nullopt),
            "region 0 'x' conversion: expected 0 to 4294967294, found none\n");
  EXPECT_EQ(importAs(ElementType::Block, phx::noLayer),
            "region 0 'x' conversion: expected 0 to 4294967294, found "
            "4294967295\n");
  EXPECT_EQ(importAs(ElementType::F32, 0),
            "region 0 'x' conversion: expected none (its elements are f32), "
            "found 0\n");
}

/// A file is as its writer left it.
TEST_F(Regions, OfFilesAreValidatedBeforeTheyAreRead) {
  std::string path = ::testing::TempDir() + "regions.phx";
  program.regions[0].shape = {-4};
  ASSERT_TRUE(phx::writeProgram(program, path).ok());
  EXPECT_FALSE(disassemble(path, &context));
  std::string found = takeSaid();
  EXPECT_NE(found.find("region 0 'x'"), std::string::npos) << found;
}

// With assertions, no attribute is made that such an operation could have.
#ifdef NDEBUG
static constexpr const char *text = R"(
pisa.program "p" inference target "t" hash 0 memory ideal batch 1 tokens 0
    compiler "" {
  pisa.memory 0 "act" on_chip capacity 1024 bytes 128 types [f32]
  pisa.product 0 m 1 n 1 k 1 groups 1 stationary first
      conversions [0, 0] pass 0 combine 0
  pisa.nest 0 product 0 at [0, 1] groups 0 size 1 rows 0 size 1 columns 0
      size 1 contraction 0 size 1
  pisa.code {
    pisa.dma_copy act[0] strides [0, 0, 0, 4] from act[64]
        strides [0, 0, 0, 4] shape [1, 1, 1, 1]
    pisa.halt
  }
}
)";

TEST_F(Fields, OperationsWithSuchFieldsAreRefused) {
  int64_t terms[] = {257, 1, 0, 1, 0, 4};
  AffineAttr affine = AffineAttr::get(&context, 0, terms);
  auto name = StringAttr::get(&context, "act");
  Builder b(&context);
  auto expectRefused = [&](auto change) {
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
    ASSERT_TRUE(module) << takeSaid();
    change(*module);
    EXPECT_TRUE(failed(verify(*module)));
    EXPECT_NE(takeSaid().find("op " + std::string(wrongLoop) + "257"),
              std::string::npos);
  };
  auto getCopy = [](ModuleOp module) {
    return *getOnlyProgram(module).getCode().getOps<DmaCopyOp>().begin();
  };
  expectRefused([&](ModuleOp m) {
    getCopy(m).setDstAttr(AddressAttr::get(&context, name, affine));
  });
  expectRefused([&](ModuleOp m) {
    Attribute count = CountAttr::get(&context, 1, affine, std::nullopt);
    getCopy(m).setShapeAttr(b.getArrayAttr({count, count, count, count}));
  });
  expectRefused([&](ModuleOp m) {
    getCopy(m).setZeroFillAttr(ZeroFillAttr::get(&context, 0, affine, 1));
  });
  expectRefused([&](ModuleOp m) {
    getCopy(m).setGuardAttr(
        GuardAttr::get(&context, 257, 1, 0, 0, 1, std::nullopt));
  });
  expectRefused([&](ModuleOp m) {
    auto nests = getOnlyProgram(m).getBody().getOps<NestOp>();
    (*nests.begin()).setRowsAttr(affine);
  });
}
#endif

/// Numbers are compared where they are converted (PISAEnumChecks.cpp).
TEST(Words, AreThoseOfTheRuntime) {
  for (unsigned i = 0; i < phx::numMemoryKinds; ++i)
    EXPECT_EQ(stringifyMemoryKind(static_cast<MemoryKind>(i)),
              phx::getKindName(static_cast<phx::MemoryKind>(i)));
  for (unsigned i = 0; i < phx::numStationary; ++i)
    EXPECT_EQ(stringifyStationary(static_cast<Stationary>(i)),
              phx::getStationaryName(static_cast<phx::Stationary>(i)));
  for (unsigned i = 0; i < phx::numPhases; ++i)
    EXPECT_EQ(stringifyPhase(static_cast<Phase>(i)),
              phx::getPhaseName(static_cast<phx::Phase>(i)));
  for (unsigned i = 0; i < phx::numProgramKinds; ++i)
    EXPECT_EQ(stringifyProgramKind(static_cast<ProgramKind>(i)),
              phx::getKindName(static_cast<phx::ProgramKind>(i)));
  for (unsigned i = 0; i < phx::numKnobs; ++i)
    EXPECT_EQ(stringifyKnob(static_cast<Knob>(i)),
              phx::getKnobName(static_cast<phx::Knob>(i)));
}
