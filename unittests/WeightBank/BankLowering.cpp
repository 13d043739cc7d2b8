//===- BankLowering.cpp - Weight banks from products to instructions ------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BankDialect.h"
#include "WeightBank.h"

#include "photonic/Dialect/Photonic/IR/ProductInfo.h"
#include "photonic/Dialect/Photonic/Transforms/Survivor.h"
#include "photonic/Target/Machine/Machine.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::bank;

static const phx::weightbank::Machine &getMachine(const ArrayGroupRef &arrays) {
  return *arrays.target.findMachine<phx::weightbank::Machine>(arrays.group);
}

//===----------------------------------------------------------------------===//
// Stage split
//===----------------------------------------------------------------------===//

namespace {
/// What cells sum up in place of `photonic.dot`; what is read of it stays.
struct SplitBanks : PassWrapper<SplitBanks, OperationPass<func::FuncOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(SplitBanks)

  StringRef getArgument() const override { return "weightbank-split"; }

  void runOnOperation() override {
    FailureOr<const phx::Target *> target = getTarget(getOperation());
    if (failed(target))
      return signalPassFailure();
    Arrays arrays = getArrays(**target);
    SmallVector<phot::DotOp> dots;
    bool ready = true;
    getOperation().walk([&](phot::ProductOp op) {
      ready &= succeeded(check(op, arrays));
      llvm::append_range(dots, op.getPass().getOps<phot::DotOp>());
    });
    if (!ready)
      return signalPassFailure();
    IRRewriter rewriter(&getContext());
    for (phot::DotOp dot : dots) {
      rewriter.setInsertionPoint(dot);
      rewriter.replaceOpWithNewOp<bank::DotOp>(dot, dot.getResult().getType(),
                                               dot.getLhs(), dot.getRhs());
    }
  }

private:
  LogicalResult check(phot::ProductOp op, const Arrays &arrays) {
    for (phot::NumberFormatAttrInterface format :
         {op.getLhsFormatAttr(), op.getRhsFormatAttr()})
      if (!isa<FixedAttr>(format))
        return phot::emitSurvivor(op, "split")
               << "has operands in " << format.getFormatName()
               << ", but weight banks multiply fixed point; use "
                  "fixed:BITS:FRACTION:GROUP";
    int64_t length = phot::getPassLength(op.getPass());
    if (length > arrays.columns)
      return phot::emitSurvivor(op, "split")
             << "has terms of " << length << " elements, but banks have "
             << arrays.columns
             << " columns and read every pass; use groups of at most "
             << arrays.columns;
    return success();
  }
};

//===----------------------------------------------------------------------===//
// The class
//===----------------------------------------------------------------------===//

class BankLowering final : public MachineLowering {
public:
  void registerDialects(DialectRegistry &registry) const override {
    registry.insert<BankDialect>();
    pisa::registerBankInstructions(registry);
  }

  std::string getDefaultFormat(const ArrayGroupRef &arrays) const override {
    const auto &machine = getMachine(arrays);
    return "fixed:" + std::to_string(machine.bits().value()) + ":" +
           std::to_string(machine.fraction().value()) + ":" +
           std::to_string(getGeometry(arrays).columns);
  }

  FailureOr<phot::NumberFormatAttrInterface>
  parseFormat(MLIRContext *context, StringRef name,
              function_ref<InFlightDiagnostic()> emitError) const override {
    if (!name.consume_front("fixed:"))
      return phot::NumberFormatAttrInterface();
    SmallVector<StringRef> parts;
    name.split(parts, ':');
    int64_t numbers[3];
    bool isValid = parts.size() == 3;
    for (size_t i = 0; isValid && i < 3; ++i)
      isValid = !parts[i].getAsInteger(10, numbers[i]);
    if (!isValid)
      return emitError() << "unknown number format 'fixed:" << name
                         << "', expected fixed:BITS:FRACTION:GROUP";
    auto format = FixedAttr::getChecked(emitError, context, numbers[0],
                                        numbers[1], numbers[2]);
    if (!format)
      return failure();
    return phot::NumberFormatAttrInterface(format);
  }

  Value buildPass(OpBuilder &builder, Location loc, Value lhs, Value rhs,
                  Type sum, const ArrayGroupRef &arrays) const override {
    Value dot = MachineLowering::buildPass(builder, loc, lhs, rhs, sum, arrays);
    if (sum.isF32()) // refused at split
      return dot;
    const auto &machine = getMachine(arrays);
    return AdcOp::create(builder, loc, sum, dot, machine.adc_bits().value(),
                         machine.full_scale().value());
  }

  void addSplitPasses(OpPassManager &pm) const override {
    pm.addPass(std::make_unique<SplitBanks>());
  }

  TileTime getTileTime(const ArrayGroupRef &arrays) const override {
    const auto &machine = getMachine(arrays);
    return {machine.set_row_ns().value() * double(getGeometry(arrays).rows),
            machine.settle_ns().value(), machine.clock_ghz().value()};
  }

  LogicalResult checkTile(phot::ArrayProductOp tile,
                          const ArrayGroupRef &arrays) const override;
  void emitTile(const ArrayTile &tile, const phx::Program &program,
                EmitInstruction emit) const override;
};
} // namespace

/// A program reads with the converters of its machine.
LogicalResult BankLowering::checkTile(phot::ArrayProductOp tile,
                                      const ArrayGroupRef &arrays) const {
  const auto &machine = getMachine(arrays);
  int64_t bits = machine.adc_bits().value();
  int64_t fullScale = machine.full_scale().value();
  for (AdcOp adc : tile.getPass().getOps<AdcOp>())
    if (int64_t(adc.getBits()) != bits ||
        int64_t(adc.getFullScale()) != fullScale)
      return tile.emitError("expected readouts of ")
             << bits << " bits up to " << fullScale << ", which the arrays '"
             << arrays.getSpec().name() << "' have, found " << adc.getBits()
             << " bits up to " << adc.getFullScale()
             << "; run the stages from format on for this target";
  return success();
}

void BankLowering::emitTile(const ArrayTile &tile, const phx::Program &program,
                            EmitInstruction emit) const {
  const phx::Product &product = program.products[tile.product];
  phx::BankSet set;
  set.conversion = product.conversions[tile.stationary];
  set.map = tile.stationaryMap;
  set.src = tile.stationarySource;
  set.rowStart = tile.row;
  set.kStart = tile.k;
  set.rows = tile.rows;
  set.cols = tile.columns;
  set.product = tile.product;
  emit(set);
  phx::BankRead read;
  read.conversion = product.conversions[tile.streamed];
  read.pass = product.pass;
  read.combine = product.combine;
  read.inMap = tile.streamedMap;
  read.outMap = tile.resultMap;
  read.in = tile.streamedSource;
  read.out = tile.result;
  read.rowStart = tile.row;
  read.kStart = tile.k;
  read.vecStart = tile.vector;
  read.rows = tile.rows;
  read.cols = tile.columns;
  read.length = tile.vectors;
  read.product = tile.product;
  read.start = tile.start;
  emit(read);
}

void bank::registerLowering() {
  static const bool once = [] {
    registerMachineLowering("weightbank", std::make_unique<BankLowering>());
    return true;
  }();
  (void)once;
}
