//===- ResidueTables.cpp - What residue arrays compute, as tables -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ResidueTables.h"

#include "machines/rns/Operations.h"

using namespace mlir;
using namespace photonic;

static phx::Rounding toRounding(phot::Rounding rounding) {
  switch (rounding) {
  case phot::Rounding::Trunc:
    return phx::Rounding::Truncate;
  case phot::Rounding::Nearest:
    return phx::Rounding::Nearest;
  case phot::Rounding::Stochastic:
    return phx::Rounding::Stochastic;
  }
  llvm_unreachable("covered switch");
}

static phx::TableOperation toConversion(phot::NumberFormatAttrInterface format) {
  if (auto bfp = dyn_cast<phot::BfpAttr>(format))
    return phx::Bfp{bfp.getMantissa(), bfp.getGroup(),
                    toRounding(bfp.getRounding())};
  return phx::Fp32{cast<phot::Fp32Attr>(format).getGroup()};
}

LogicalResult photonic::addResidueEntries(phot::ArrayProductOp op,
                                          ProgramEmitter &emitter,
                                          phx::Product &product) {
  product.conversions = {emitter.getConversion(toConversion(op.getLhsFormat())),
                         emitter.getConversion(toConversion(op.getRhsFormat()))};
  if (!op.getLhsFormat().isInteger()) {
    product.pass = emitter.getPass({phx::FloatDot{}});
    product.combine = emitter.getCombine({phx::FloatAdd{}});
    return success();
  }
  auto converts = op.getBody().getOps<phot::ReverseConvertOp>();
  if (converts.empty())
    return op.emitError("expected a photonic.reverse_convert in its region, "
                        "found none: residue arrays multiply integers in "
                        "residues; run photonic-split-rns");
  ArrayRef<int64_t> moduli = (*converts.begin()).getModuli();
  product.pass = emitter.getPass(
      phx::rns::makePass({moduli.begin(), moduli.end()}));
  product.combine = emitter.getCombine({phx::ScaledAdd{}});
  return success();
}
