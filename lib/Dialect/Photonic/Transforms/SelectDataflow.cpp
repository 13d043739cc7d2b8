//===- SelectDataflow.cpp - Which operand stays in the array --------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/IR/Step.h"
#include "photonic/Dialect/Photonic/Transforms/Passes.h"

#include "photonic/Dialect/Photonic/Transforms/Survivor.h"

#include "photonic/Target/Machine/CostModel.h"

#include "mlir/IR/Remarks.h"
#include "llvm/ADT/StringSwitch.h"

#include <optional>

namespace photonic::phot {
#define GEN_PASS_DEF_SELECTDATAFLOW
#include "photonic/Dialect/Photonic/Transforms/PhotonicPasses.h.inc"
} // namespace photonic::phot

using namespace mlir;
using namespace photonic;
using namespace photonic::phot;

namespace {
struct SelectDataflow : phot::impl::SelectDataflowBase<SelectDataflow> {
  using Base::Base;

  void runOnOperation() override {
    FailureOr<const phx::Target *> target = getTarget(getOperation());
    if (failed(checkOptions()) || failed(target))
      return signalPassFailure();
    costs.emplace(**target);
    Arrays arrays = getArrays(**target);
    rows = arrays.rows;
    columns = arrays.columns;
    bool ready = true;
    getOperation().walk([&](ProductOp op) {
      if (op.getStationary())
        return;
      if (op.getLhsFormat())
        return select(op);
      emitSurvivor(op, "split") << "needs number formats before its dataflow";
      ready = false;
    });
    if (!ready)
      signalPassFailure();
  }

private:
  LogicalResult checkOptions() {
    if (mode != "auto" && !parseMode())
      return getOperation().emitError("unknown dataflow '")
             << mode.getValue() << "', expected auto, df1 or df2";
    return success();
  }

  /// In the Mirage paper DF1 keeps the first operand, DF2 the second.
  std::optional<Stationary> parseMode() {
    return llvm::StringSwitch<std::optional<Stationary>>(mode.getValue())
        .Case("df1", Stationary::First)
        .Case("df2", Stationary::Second)
        .Default(std::nullopt);
  }

  /// Time of a product in fs.
  int64_t getTime(ProductOp op, Stationary stationary) {
    TileCount count =
        countTiles(ProductExtents::get(op), stationary, rows, columns,
                   getTermLength(op.getLhsFormatAttr(), op.getRhsFormatAttr()));
    return costs->getArrayTime(count.tiles, count.stream);
  }

  void select(ProductOp op) {
    int64_t first = getTime(op, Stationary::First);
    int64_t second = getTime(op, Stationary::Second);
    Stationary chosen = second < first ? Stationary::Second : Stationary::First;
    if (std::optional<Stationary> forced = parseMode())
      chosen = *forced;
    op.setStationary(chosen);
    StringRef name = chosen == Stationary::First ? "df1" : "df2";
    // What tells the products of a layer apart.
    std::string phase;
    if (nn::Phase own = nn::getPhase(op); own != nn::Phase::Forward)
      phase = (" (" + nn::stringifyPhase(own) + ")").str();
    remark::passed(op.getLoc(), remark::RemarkOpts::name("Dataflow")
                                    .category("Dataflow")
                                    .function(getOperation().getName()))
        << remark::add("{0} chosen for '{1}'{2}: df1 takes {3} fs, df2 {4} fs",
                       name, getNodeName(op.getLoc()), phase, first, second)
        << remark::metric("df1_fs", first) << remark::metric("df2_fs", second);
  }

  std::optional<CostModel> costs;
  int64_t rows = 0, columns = 0; ///< of an array
};
} // namespace
