//===- AssignFormats.cpp - Products get number formats --------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/IR/Step.h"
#include "photonic/Dialect/Photonic/IR/ProductInfo.h"
#include "photonic/Dialect/Photonic/Transforms/Passes.h"
#include "photonic/Target/Machine/Machine.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringMap.h"

namespace photonic::phot {
#define GEN_PASS_DEF_ASSIGNFORMATS
#include "photonic/Dialect/Photonic/Transforms/PhotonicPasses.h.inc"
} // namespace photonic::phot

using namespace mlir;
using namespace photonic;
using namespace photonic::phot;

/// Group length of the bypass where none is given: that of the default format,
/// so that both sum in the same order.
static constexpr int64_t defaultGroup = 16;

FailureOr<NumberFormatAttrInterface> photonic::phot::parseNumberFormat(
    MLIRContext *context, StringRef text,
    function_ref<InFlightDiagnostic()> emitError) {
  SmallVector<StringRef> parts;
  text.split(parts, ':');
  auto isNumber = [&](unsigned index, int64_t &value) {
    return index < parts.size() && !parts[index].getAsInteger(10, value);
  };
  int64_t group = defaultGroup, mantissa = 0;
  if (parts[0] == "fp32" &&
      (parts.size() == 1 || (parts.size() == 2 && isNumber(1, group)))) {
    Fp32Attr format = Fp32Attr::getChecked(emitError, context, group);
    if (!format)
      return failure();
    return NumberFormatAttrInterface(format);
  }
  std::optional<Rounding> rounding = Rounding::Trunc;
  if (parts.size() == 4)
    rounding = symbolizeRounding(parts[3]);
  if (parts[0] == "bfp" && parts.size() <= 4 && isNumber(1, mantissa) &&
      isNumber(2, group) && rounding) {
    BfpAttr format =
        BfpAttr::getChecked(emitError, context, mantissa, group, *rounding);
    if (!format)
      return failure();
    return NumberFormatAttrInterface(format);
  }
  return emitError() << "unknown number format '" << text
                     << "', expected bfp:MANTISSA_BITS:GROUP[:trunc|nearest|"
                        "stochastic] or fp32[:GROUP]";
}

/// Gives a product `format` for both operands and a region that multiplies one
/// group.
static void assignFormat(ProductOp op, NumberFormatAttrInterface format) {
  op.setLhsFormatAttr(format);
  op.setRhsFormatAttr(format);
  OpBuilder builder(op.getContext());
  Location loc = op.getLoc();
  Type group =
      VectorType::get({format.getGroupLength()}, format.getElementType());
  Block *block =
      builder.createBlock(&op.getBody(), {}, {group, group}, {loc, loc});
  Value sum = DotOp::create(builder, loc, getSumType(format, format),
                            block->getArgument(0), block->getArgument(1));
  YieldOp::create(builder, loc, sum);
}

namespace {
struct AssignFormats : phot::impl::AssignFormatsBase<AssignFormats> {
  using Base::Base;

  void runOnOperation() override {
    FailureOr<const phx::Target *> target = getTarget(getOperation());
    if (failed(target))
      return signalPassFailure();
    FailureOr<NumberFormatAttrInterface> parsed =
        parseNumberFormat(&getContext(), getFormatName(format, **target),
                          [&] { return getOperation().emitError(); });
    if (failed(parsed))
      return signalPassFailure();
    layers.clear();
    count = 0;
    WalkResult result = getOperation().walk([&](ProductOp op) {
      // Numbered before anything is decided about it, so that the random
      // numbers of one product do not depend on the formats of others.
      int64_t number = getNumber(op);
      if (op.getLhsFormat())
        return WalkResult::advance();
      assignFormat(op, *parsed);
      if (parsed->needsUniforms() && failed(assignStream(op, number)))
        return WalkResult::interrupt();
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }

private:
  /// Products are numbered in program order. One that the backward pass
  /// computes again has the number of the first time, so that both draw the
  /// same random numbers and have the same result.
  int64_t getNumber(ProductOp op) {
    if (op.getKind() != ProductKind::Forward)
      return count++;
    Layer &layer = layers[getNodeName(op.getLoc())];
    nn::Phase phase = nn::getPhase(op);
    if (phase == nn::Phase::Forward || phase == nn::Phase::Loss)
      return layer.numbers.emplace_back(count++);
    if (layer.repeated < layer.numbers.size())
      return layer.numbers[layer.repeated++];
    return count++;
  }

  /// Lets `op` draw its random numbers from stream `number` of the run.
  LogicalResult assignStream(ProductOp op, int64_t number) {
    BlockArgument key = nn::getRandomKey(getOperation());
    if (!key)
      return failure();
    op.getKeyMutable().assign(key);
    op.setStream(number);
    return success();
  }

  /// The forward products of a node, and how many were computed again.
  struct Layer {
    SmallVector<int64_t, 1> numbers;
    size_t repeated = 0;
  };
  llvm::StringMap<Layer> layers;
  int64_t count = 0;
};
} // namespace
