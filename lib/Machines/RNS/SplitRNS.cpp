//===- SplitRNS.cpp - Integer products become products of residues --------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Machines/RNS/RNS.h"

#include "photonic/Dialect/Photonic/IR/ProductInfo.h"
#include "photonic/Dialect/Photonic/Transforms/Survivor.h"
#include "photonic/Target/Machine/Machine.h"

#include "machines/rns/Target.h"

#include "mlir/IR/PatternMatch.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

namespace photonic::rns {
#define GEN_PASS_DEF_SPLITRNS
#include "photonic/Machines/RNS/RNSPasses.h.inc"
} // namespace photonic::rns

using namespace mlir;
using namespace photonic;
using namespace photonic::phot;
using namespace photonic::rns;

/// The paper's sufficient rule, for comparison with the exact bound.
static void attachRuleOfThumb(InFlightDiagnostic &diag, ProductOp op,
                              ArrayRef<int64_t> moduli, int64_t length) {
  auto bfp = dyn_cast<BfpAttr>(op.getLhsFormatAttr());
  if (!bfp)
    return;
  double product = 1;
  for (int64_t modulus : moduli)
    product *= double(modulus);
  double needed =
      2.0 * (double(bfp.getMantissa()) + 1) + std::log2(double(length)) - 1;
  diag.attachNote()
      << "rule of thumb: log2 P >= 2 (b_m + 1) + log2 g - 1, here "
      << llvm::formatv("{0:F2} >= {1:F2}", std::log2(product), needed).str();
}

/// Proves that the sum of one pass of `op`, over `length` elements, stays in
/// range.
static LogicalResult checkRange(ProductOp op, ArrayRef<int64_t> moduli,
                                int64_t length) {
  NumberFormatAttrInterface lhs = op.getLhsFormatAttr(),
                            rhs = op.getRhsFormatAttr();
  int64_t bound = getSumBound(lhs, rhs, length), range = getSignedRange(moduli);
  if (bound <= range)
    return success();
  InFlightDiagnostic diag = emitSurvivor(op, "split");
  diag << "cannot be computed in residues: sums reach " << bound << " = "
       << length << " * " << lhs.getMaxMagnitude() << " * "
       << rhs.getMaxMagnitude() << ", but moduli [";
  llvm::interleaveComma(moduli, diag);
  diag << "] represent only [" << -range << ", " << range
       << "]; add or enlarge a modulus, or choose fewer mantissa bits or a "
          "shorter group";
  attachRuleOfThumb(diag, op, moduli, length);
  return diag;
}

/// Makes the region of `op` take `length` elements per operand, so that a term
/// takes several passes.
static void cutPasses(ProductOp op, int64_t length) {
  for (BlockArgument argument : op.getPass().getArguments())
    argument.setType(VectorType::get(
        {length}, cast<VectorType>(argument.getType()).getElementType()));
}

static void splitDot(DotOp dot, ArrayRef<int64_t> moduli,
                     IRRewriter &rewriter) {
  rewriter.setInsertionPoint(dot);
  Location loc = dot.getLoc();
  Type sum = dot.getResult().getType(), residue = rewriter.getI32Type();
  SmallVector<Value> residues;
  for (int64_t modulus : moduli)
    residues.push_back(ModularDotOp::create(
        rewriter, loc, residue, dot.getLhs(), dot.getRhs(), modulus));
  rewriter.replaceOpWithNewOp<ReverseConvertOp>(
      dot, sum, residues, rewriter.getDenseI64ArrayAttr(moduli));
}

namespace {
struct SplitRNS : rns::impl::SplitRNSBase<SplitRNS> {
  using Base::Base;

  void runOnOperation() override {
    FailureOr<const phx::Target *> target = getTarget(getOperation());
    if (failed(target))
      return signalPassFailure();
    std::optional<phx::rns::Arrays> arrays = phx::rns::findArrays(**target);
    if (!arrays) {
      getOperation().emitError("expected a target with arrays of class 'rns', "
                               "found '")
          << (*target)->spec.name()
          << "' without; run photonic-split-products, which runs the passes of "
             "the target's class";
      return signalPassFailure();
    }
    SmallVector<int64_t> chosen(arrays->getModuli().begin(),
                                arrays->getModuli().end());
    columns = arrays->columns;
    SmallVector<DotOp> dots;
    bool provable = true;
    getOperation().walk([&](DotOp dot) {
      auto product = dyn_cast<ProductOp>(dot->getParentOp());
      if (!product || dot.getResult().getType().isF32())
        return;
      provable &= succeeded(checkRange(product, chosen, getLength(product)));
      dots.push_back(dot);
    });
    if (!provable)
      return signalPassFailure();
    IRRewriter rewriter(&getContext());
    for (DotOp dot : dots) {
      auto product = cast<ProductOp>(dot->getParentOp());
      cutPasses(product, getLength(product));
      splitDot(dot, chosen, rewriter);
    }
  }

private:
  /// Elements that one pass of `op` sums.
  int64_t getLength(ProductOp op) {
    return std::min<int64_t>(columns, getPassLength(op.getPass()));
  }

  int64_t columns = 0; ///< of an array
};
} // namespace
