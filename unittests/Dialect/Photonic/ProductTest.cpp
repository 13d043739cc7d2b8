//===- ProductTest.cpp - Products of any views by the contract ------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random products, of layers and of views that no layer has, with formats of
// their own for each operand, are executed as they are, as stage `tile` cuts
// them, and as nests that are drawn at random. All have to give the bits of the
// arithmetic contract.
//
//===----------------------------------------------------------------------===//

#include "LoadMachines.h"
#include "ProductText.h"

#include "photonic/Dialect/Photonic/Transforms/Passes.h"
#include "photonic/Dialect/Photonic/Transforms/TileNest.h"
#include "photonic/Interpreter/Interpreter.h"
#include "photonic/Target/Machine/Machine.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

#include "gtest/gtest.h"

#include <bit>
#include <cmath>
#include <map>

using namespace mlir;
using namespace photonic;
using namespace photonic::phot;
using interp::Tensor;
using oracle::Nest;
using oracle::PassText;
using oracle::Random;
using oracle::ViewProduct;

namespace {

class ProductTest : public ::testing::Test {
protected:
  ProductTest()
      : handler(&context, [this](Diagnostic &diag) {
          messages += diag.str() + "\n";
          return success();
        }) {
    static bool registered =
        (registerPhotonicPasses(), rns::registerRNSPasses(), true);
    (void)registered;
    loadMachines(context);
    context.loadDialect<func::FuncDialect, nn::NNDialect, PhotonicDialect,
                        arith::ArithDialect, scf::SCFDialect,
                        tensor::TensorDialect>();
  }

  OwningOpRef<ModuleOp> parse(const std::string &text) {
    messages.clear();
    auto module = parseSourceString<ModuleOp>(text, ParserConfig(&context));
    EXPECT_TRUE(module) << messages << text;
    return module;
  }

  /// The result of @main on these arguments, or nothing.
  std::optional<Tensor> evaluate(ModuleOp module,
                                 const std::vector<Tensor> &arguments) {
    SmallVector<interp::Value> values(arguments.begin(), arguments.end());
    auto results = interp::runMain(module, values);
    if (failed(results))
      return std::nullopt;
    return results->front().getTensor();
  }

  void expectBits(ModuleOp module, const std::vector<Tensor> &arguments,
                  const Tensor &expected) {
    messages.clear();
    std::optional<Tensor> result = evaluate(module, arguments);
    ASSERT_TRUE(result) << messages;
    ASSERT_EQ(result->getShape(), expected.getShape());
    for (int64_t i = 0; i < expected.getNumElements(); ++i)
      ASSERT_EQ(std::bit_cast<uint32_t>((*result)[i]),
                std::bit_cast<uint32_t>(expected[i]))
          << "element " << i << ": " << (*result)[i] << ", expected "
          << expected[i];
  }

  /// Operands, and the random key if there is one.
  static std::vector<Tensor> getArguments(const ViewProduct &product,
                                          const Tensor &lhs, const Tensor &rhs,
                                          std::optional<Tensor> init) {
    std::vector<Tensor> arguments{lhs, rhs};
    if (init)
      arguments.push_back(*init);
    const oracle::Format &f = product.lhsFormat;
    if (product.isRandom())
      arguments.push_back(
          Tensor({3}, {float(f.seed), float(f.trial), float(f.step)}));
    return arguments;
  }

  /// Passes of all of a term, or of a part; with a dot, or with residues.
  static PassText drawPass(Random &random, const ViewProduct &product) {
    PassText pass = makeDot(product);
    if (!product.lhsFormat.isInteger())
      return pass;
    if (random.chance(60))
      pass.length = random.pick(1, pass.length);
    if (random.chance(60))
      pass.moduli = chooseModuli(product, pass.length);
    return pass;
  }

  std::string messages;
  MLIRContext context;
  ScopedDiagnosticHandler handler;
};

/// Finite, as programs have to be.
bool isFinite(const Tensor &tensor) {
  return llvm::all_of(tensor.getData(),
                      [](float value) { return std::isfinite(value); });
}

/// What the products contained, so that the test knows that it tests something.
struct Coverage {
  unsigned mixedBits = 0, mixedGroups = 0, mixedRounding = 0, random = 0,
           bypass = 0, cut = 0, wide = 0, positions = 0, nests = 0;

  void add(const ViewProduct &p, const PassText &pass) {
    mixedBits += p.lhsFormat.bits != p.rhsFormat.bits;
    mixedGroups += p.lhsFormat.group != p.rhsFormat.group;
    mixedRounding += p.lhsFormat.rounding != p.rhsFormat.rounding;
    random += p.isRandom();
    bypass += !p.lhsFormat.isInteger();
    cut += pass.length < std::min(p.getTerm(), p.getExtents()[oracle::K]);
    positions += p.getExtents()[oracle::Position] > 1;
  }
};

TEST_F(ProductTest, HasTheBitsOfTheContract) {
  Random random(31);
  Coverage coverage;
  constexpr unsigned trials = 400;
  for (unsigned trial = 0; trial < trials; ++trial) {
    ViewProduct product =
        trial % 3 == 0 ? random.makeLayerProduct() : random.makeProduct();
    random.drawFormats(product, trial % 8 == 7 ? 0 : trial % 2 ? 5 : 15, 12);
    PassText pass = drawPass(random, product);
    coverage.add(product, pass);
    bool special = trial % 4 == 1;
    Tensor lhs = random.makeTensor(product.lhsShape, special);
    Tensor rhs = random.makeTensor(product.rhsShape, special);
    Tensor init = random.makeTensor(product.resultShape, special);

    // What a product adds to.
    std::string text =
        printProduct(product, pass, random.chance(50), /*takesInit=*/true);
    SCOPED_TRACE("trial " + std::to_string(trial) + "\n" + text);
    OwningOpRef<ModuleOp> module = parse(text);
    ASSERT_TRUE(module);
    Tensor sum = multiply(product, lhs, rhs, init);
    ASSERT_TRUE(isFinite(sum));
    expectBits(*module, getArguments(product, lhs, rhs, init), sum);

    // Nests, and what they start from.
    Tensor expected =
        multiply(product, lhs, rhs, Tensor::zeros(product.resultShape));
    std::vector<Tensor> arguments =
        getArguments(product, lhs, rhs, std::nullopt);
    oracle::NestGenerator nests(random, product, 9);
    for (int i = 0; i < 4; ++i) {
      Nest nest = nests.makeRight();
      std::string nestText = printNest(product, pass, nest);
      SCOPED_TRACE(nestText);
      OwningOpRef<ModuleOp> tiled = parse(nestText);
      ASSERT_TRUE(tiled);
      expectBits(*tiled, arguments, expected);
      ++coverage.nests;
    }
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(coverage.mixedBits, trials / 4);
  EXPECT_GT(coverage.mixedGroups, trials / 8);
  EXPECT_GT(coverage.mixedRounding, trials / 4);
  EXPECT_GT(coverage.random, trials / 4);
  EXPECT_GT(coverage.bypass, trials / 16);
  EXPECT_GT(coverage.cut, trials / 8);
  EXPECT_GT(coverage.positions, trials / 5);
}

/// The pass that makes nests: of whatever product, from whatever it starts.
TEST_F(ProductTest, TilingKeepsTheBits) {
  Random random(32);
  unsigned nests = 0;
  for (int trial = 0; trial < 200; ++trial) {
    ViewProduct product =
        trial % 2 ? random.makeLayerProduct() : random.makeProduct();
    random.drawFormats(product, trial % 8 == 7 ? 0 : 5, 12);
    PassText pass = drawPass(random, product);
    Tensor lhs = random.makeTensor(product.lhsShape, false);
    Tensor rhs = random.makeTensor(product.rhsShape, false);
    Tensor init = random.chance(30)
                      ? random.makeTensor(product.resultShape, false)
                      : Tensor::zeros(product.resultShape);
    for (bool takesInit : {false, true}) {
      std::string text =
          printProduct(product, pass, random.chance(50), takesInit);
      SCOPED_TRACE("trial " + std::to_string(trial) + "\n" + text);
      OwningOpRef<ModuleOp> module = parse(text);
      ASSERT_TRUE(module);
      phx::Result<phx::Target> target = loadMachine(
          defaultTarget,
          {"core.dac_bits=16", "core.adc_bits=16", "format.mantissa_bits=1",
           "format.group=1", "core.rows=" + std::to_string(random.pick(1, 9))});
      ASSERT_TRUE(target.ok()) << target.error().message;
      setTarget(*module, *target);
      PassManager pm(&context);
      ASSERT_TRUE(
          succeeded(parsePassPipeline("func.func(photonic-tile-array)", pm)));
      ASSERT_TRUE(succeeded(pm.run(*module))) << messages;
      Tensor from = takesInit ? init : Tensor::zeros(product.resultShape);
      expectBits(*module,
                 getArguments(product, lhs, rhs,
                              takesInit ? std::optional(init) : std::nullopt),
                 multiply(product, lhs, rhs, from));
      if (takesInit)
        continue;
      // What starts from zeros can be scheduled.
      module->walk([&](ArrayProductOp tile) {
        FailureOr<TileNest> nest = TileNest::get(tile);
        EXPECT_TRUE(succeeded(nest) && succeeded(nest->verify())) << messages;
        ++nests;
      });
    }
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_EQ(nests, 200u);
}

/// Another order of the loops is another order of the tiles, or an error.
TEST_F(ProductTest, ReorderingKeepsTheBits) {
  Random random(33);
  unsigned done = 0, refused = 0;
  const std::string names[] = {"group", "position", "m", "n", "k"};
  for (int trial = 0; trial < 300; ++trial) {
    ViewProduct product =
        trial % 2 ? random.makeLayerProduct() : random.makeProduct();
    random.drawFormats(product, 5, 6);
    Nest nest = oracle::NestGenerator(random, product, 5).makeRight();
    OwningOpRef<ModuleOp> module =
        parse(printNest(product, makeDot(product), nest));
    ASSERT_TRUE(module);
    std::vector<std::string> order(std::begin(names), std::end(names));
    random.shuffle(order);
    order.resize(size_t(random.pick(1, 5)));
    std::string pipeline =
        "func.func(photonic-order-tiles{order=" + llvm::join(order, ",") + "})";
    std::string text;
    llvm::raw_string_ostream(text) << *module;
    SCOPED_TRACE("trial " + std::to_string(trial) + " " + pipeline + "\n" +
                 text);
    PassManager pm(&context);
    ASSERT_TRUE(succeeded(parsePassPipeline(pipeline, pm)));
    messages.clear();
    if (failed(pm.run(*module))) {
      EXPECT_NE(messages.find("stage tile: "), std::string::npos) << messages;
      ++refused;
      continue;
    }
    ++done;
    ASSERT_TRUE(succeeded(mlir::verify(*module))) << messages;
    Tensor lhs = random.makeTensor(product.lhsShape, false);
    Tensor rhs = random.makeTensor(product.rhsShape, false);
    expectBits(*module, getArguments(product, lhs, rhs, std::nullopt),
               multiply(product, lhs, rhs, Tensor::zeros(product.resultShape)));
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(done, 100u);
  EXPECT_GT(refused, 10u);
}

} // namespace
