//===- Decompose.cpp - Composite operations become primitive ones --------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/IR/Marks.h"
#include "photonic/Dialect/NN/Transforms/Passes.h"

#include "Recorder.h"

namespace photonic::nn {
#define GEN_PASS_DEF_DECOMPOSE
#include "photonic/Dialect/NN/Transforms/NNPasses.h.inc"
} // namespace photonic::nn

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

/// Replaces `op` by its sequence, which inherits its attributes.
static void decompose(CompositeOpInterface op) {
  Recorder recorder;
  OpBuilder builder(op, &recorder);
  SmallVector<Value> results = op.decompose(builder);
  NamedAttrList attributes(op->getDiscardableAttrDictionary());
  attributes.set(operatorAttrName,
                 builder.getStringAttr(getCompositeOperator(op)));
  for (Operation *built : recorder.built)
    if (!isa<ConstantOp>(built))
      setMarks(built, attributes.getDictionary(op->getContext()));
  op->replaceAllUsesWith(results);
  op->erase();
}

namespace {
struct Decompose : nn::impl::DecomposeBase<Decompose> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<CompositeOpInterface> composites;
    getOperation().walk([&](CompositeOpInterface op) {
      if (op.isComposite())
        composites.push_back(op);
    });
    for (CompositeOpInterface op : composites)
      decompose(op);
  }
};
} // namespace
