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

/// A region of one block with arguments of these types.
static Block *makeBlock(OpBuilder &builder, Region &region,
                        ArrayRef<Type> types, Location loc) {
  return builder.createBlock(&region, {}, types,
                             SmallVector<Location>(types.size(), loc));
}

/// Gives a product `format` for both operands, and regions that multiply one
/// group as `arrays` do and add the sum to the accumulator.
static void assignFormat(ProductOp op, NumberFormatAttrInterface format,
                         const Arrays &arrays) {
  op.setLhsFormatAttr(format);
  op.setRhsFormatAttr(format);
  OpBuilder builder(op.getContext());
  Location loc = op.getLoc();
  Type group =
      VectorType::get({format.getGroupLength()}, format.getElementType());
  Type sumType = getSumType(format, format);
  Block *pass = makeBlock(builder, op.getPass(), {group, group}, loc);
  Value product =
      arrays.lowering->buildPass(builder, loc, pass->getArgument(0),
                                 pass->getArgument(1), sumType, arrays);
  YieldOp::create(builder, loc, product);
  Block *combine =
      makeBlock(builder, op.getCombine(), {sumType, builder.getF32Type()}, loc);
  Value sum = combine->getArgument(0), acc = combine->getArgument(1), next;
  if (format.isInteger())
    next = ScaledAddOp::create(builder, loc, builder.getF32Type(), acc, sum);
  else
    next = FloatAddOp::create(builder, loc, builder.getF32Type(), acc, sum);
  YieldOp::create(builder, loc, next);
}

namespace {
struct AssignFormats : phot::impl::AssignFormatsBase<AssignFormats> {
  using Base::Base;

  /// Formats of machine classes are attributes of their dialects.
  void getDependentDialects(DialectRegistry &registry) const override {
    Base::getDependentDialects(registry);
    registerMachineDialects(registry);
  }

  void runOnOperation() override {
    FailureOr<const phx::Target *> target = getTarget(getOperation());
    if (failed(target))
      return signalPassFailure();
    FailureOr<NumberFormatAttrInterface> parsed = parseFormat(**target);
    if (failed(parsed))
      return signalPassFailure();
    Arrays arrays = getArrays(**target);
    layers.clear();
    count = 0;
    WalkResult result = getOperation().walk([&](ProductOp op) {
      // Numbered before anything is decided about it, so that the random
      // numbers of one product do not depend on the formats of others.
      int64_t number = getNumber(op);
      if (op.getLhsFormat())
        return WalkResult::advance();
      assignFormat(op, *parsed, arrays);
      if (parsed->needsUniforms() && failed(assignStream(op, number)))
        return WalkResult::interrupt();
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }

private:
  /// The format that was chosen: one of the arrays' class, or of every class.
  FailureOr<NumberFormatAttrInterface> parseFormat(const phx::Target &target) {
    auto emitError = [&] { return getOperation().emitError(); };
    std::string name = getFormatName(format, target);
    FailureOr<NumberFormatAttrInterface> own =
        getArrays(target).lowering->parseFormat(&getContext(), name, emitError);
    if (failed(own) || *own)
      return own;
    return parseNumberFormat(&getContext(), name, emitError);
  }

  /// Products are numbered in program order. One that the backward pass
  /// computes again has the number of the first time, so that both draw the
  /// same random numbers and have the same result.
  int64_t getNumber(ProductOp op) {
    Layer &layer = layers[getNodeName(op.getLoc())];
    nn::Phase phase = nn::getPhase(op);
    if (phase == nn::Phase::Forward || phase == nn::Phase::Loss) {
      layer.products.push_back({op, count});
      return count++;
    }
    if (layer.repeated < layer.products.size())
      if (auto [first, number] = layer.products[layer.repeated];
          isSame(op, first)) {
        ++layer.repeated;
        return number;
      }
    return count++;
  }

  /// Whether `op` computes what `first` did; a gradient of a layer sees its
  /// tensors in other ways.
  static bool isSame(ProductOp op, ProductOp first) {
    return op.getLhs() == first.getLhs() &&
           op.getLhsView() == first.getLhsView() &&
           op.getRhsView() == first.getRhsView() &&
           op.getResultView() == first.getResultView() &&
           op.getRhs().getType() == first.getRhs().getType() &&
           op.getResult().getType() == first.getResult().getType();
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

  /// The forward products of a node with their numbers, and how many were
  /// computed again.
  struct Layer {
    SmallVector<std::pair<ProductOp, int64_t>, 1> products;
    size_t repeated = 0;
  };
  llvm::StringMap<Layer> layers;
  int64_t count = 0;
};
} // namespace
