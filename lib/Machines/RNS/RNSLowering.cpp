//===- RNSLowering.cpp - Residue arrays in the compiler -------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Machines/RNS/RNS.h"

#include "photonic/Dialect/Photonic/IR/ProductInfo.h"
#include "photonic/Target/Machine/Machine.h"

#include "machines/rns/Instructions.h"
#include "machines/rns/Operations.h"
#include "machines/rns/Target.h"

using namespace mlir;
using namespace photonic;

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

/// Programs are checked for how often they program arrays: a multiple of what
/// full tiles need.
static LogicalResult checkTileCount(phot::ArrayProductOp op,
                                    const ArrayGeometry &arrays) {
  int64_t term =
      phot::getTermLength(op.getLhsFormatAttr(), op.getRhsFormatAttr());
  auto count = [&](int64_t rows, int64_t columns) {
    return phot::countTiles(phot::ProductExtents::get(op), op.getStationary(),
                            rows, std::min(columns, term), term)
        .tiles;
  };
  int64_t expected = count(arrays.rows, arrays.columns),
          found =
              count(op.getRows(), std::min(op.getColumns(), arrays.columns));
  if (found % expected == 0)
    return success();
  return op.emitError("expected a multiple of the ")
         << expected << " tiles that arrays of " << arrays.rows << " rows and "
         << arrays.columns << " columns need for this product, found " << found
         << " of " << op.getRows() << " rows and " << op.getColumns()
         << " columns; run photonic-split-rns and photonic-tile-array for this "
            "target";
}

static std::string listModuli(ArrayRef<int64_t> moduli) {
  std::string text = "[";
  for (int64_t modulus : moduli)
    text += (text.size() > 1 ? ", " : "") + std::to_string(modulus);
  return text + "]";
}

/// A program takes the moduli from its machine.
static LogicalResult checkModuli(phot::ArrayProductOp op,
                                 const ArrayGroupRef &arrays) {
  FailureOr<phx::OperationList> pass = phot::encodeRegion(op.getPass());
  if (failed(pass))
    return failure();
  const auto *dot = phx::findIn<phx::rns::ModularDot>(*pass);
  if (!dot)
    return success();
  phx::rns::Arrays own = phx::rns::getArrays(arrays.target, arrays.group);
  ArrayRef<int64_t> moduli(own.getModuli().data(), own.getModuli().size());
  if (ArrayRef<int64_t>(dot->moduli) == moduli)
    return success();
  return op.emitError("expected moduli ")
         << listModuli(moduli) << ", which the arrays '"
         << arrays.getSpec().name() << "' of target '"
         << arrays.target.spec.name() << "' have, found "
         << listModuli(dot->moduli)
         << "; run photonic-split-rns for this target";
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

static phx::CoreProgram makeProgram(const ArrayTile &tile,
                                    const phx::Product &product) {
  phx::CoreProgram program;
  program.conversion = product.conversions[tile.stationary];
  program.pass = product.pass;
  program.map = tile.stationaryMap;
  program.src = tile.stationarySource;
  program.rowStart = tile.row;
  program.kStart = tile.k;
  program.rows = tile.rows;
  program.cols = tile.columns;
  program.product = tile.product;
  program.group = tile.group;
  program.stored = tile.stationaryStored;
  return program;
}

static phx::CoreStream makeStream(const ArrayTile &tile,
                                  const phx::Product &product) {
  phx::CoreStream stream;
  stream.conversion = product.conversions[tile.streamed];
  stream.pass = product.pass;
  stream.combine = product.combine;
  stream.inMap = tile.streamedMap;
  stream.outMap = tile.resultMap;
  stream.in = tile.streamedSource;
  stream.out = tile.result;
  stream.rowStart = tile.row;
  stream.kStart = tile.k;
  stream.vecStart = tile.vector;
  stream.rows = tile.rows;
  stream.cols = tile.columns;
  stream.length = tile.vectors;
  stream.product = tile.product;
  stream.start = tile.start;
  stream.group = tile.group;
  stream.stored = tile.streamedStored;
  return stream;
}

static phx::CoreConvert makeConversion(const ArrayConversion &conversion) {
  phx::CoreConvert convert;
  convert.conversion = conversion.conversion;
  convert.srcMap = conversion.sourceMap;
  convert.dstMap = conversion.blockMap;
  convert.src = conversion.source;
  convert.dst = conversion.blocks;
  convert.rowStart = conversion.row;
  convert.rows = conversion.rows;
  convert.cols = conversion.columns;
  convert.product = conversion.product;
  convert.operand = conversion.operand;
  return convert;
}

//===----------------------------------------------------------------------===//
// The class
//===----------------------------------------------------------------------===//

namespace {
class RNSLowering final : public MachineLowering {
public:
  void registerDialects(DialectRegistry &registry) const override {
    rns::registerDialects(registry);
  }

  void addSplitPasses(OpPassManager &pm) const override {
    pm.addPass(rns::createSplitRNS());
  }

  TileTime getTileTime(const ArrayGroupRef &arrays) const override {
    const phx::rns::Machine &machine =
        *phx::rns::getArrays(arrays.target, arrays.group).machine;
    return {machine.program_ns().value(), machine.fill_ns().value(),
            machine.clock_ghz().value()};
  }

  LogicalResult checkTile(phot::ArrayProductOp tile,
                          const ArrayGroupRef &arrays) const override {
    return failed(checkTileCount(tile, getGeometry(arrays)))
               ? failure()
               : checkModuli(tile, arrays);
  }

  void emitTile(const ArrayTile &tile, const phx::Program &program,
                EmitInstruction emit) const override {
    const phx::Product &product = program.products[tile.product];
    emit(makeProgram(tile, product));
    emit(makeStream(tile, product));
  }

  bool storesOperands() const override { return true; }
  void emitConversion(const ArrayConversion &conversion,
                      EmitInstruction emit) const override {
    emit(makeConversion(conversion));
  }
};
} // namespace

void rns::registerLowering() {
  static const bool once = [] {
    registerMachineLowering("rns", std::make_unique<RNSLowering>());
    return true;
  }();
  (void)once;
}
