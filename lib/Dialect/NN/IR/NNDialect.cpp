//===- NNDialect.cpp - The nn dialect -------------------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/OpImplementation.h"
#include "photonic/Dialect/NN/IR/Step.h"
#include "photonic/Interpreter/StepDialectInterface.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

#include "photonic/Dialect/NN/IR/NNDialect.cpp.inc"
#include "photonic/Dialect/NN/IR/NNEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "photonic/Dialect/NN/IR/NNAttrs.cpp.inc"
#include "photonic/Dialect/NN/IR/NNOpInterfaces.cpp.inc"
#define GET_OP_CLASSES
#include "photonic/Dialect/NN/IR/NNOps.cpp.inc"

namespace {
/// What `nn.role`, `nn.init` and `nn.updates` say of a step.
struct NNStepInterface final : interp::StepDialectInterface {
  using StepDialectInterface::StepDialectInterface;

  bool persists(FunctionOpInterface function,
                unsigned argument) const override {
    return hasRole(function, argument);
  }
  StringRef getName(FunctionOpInterface function,
                    unsigned argument) const override {
    return getArgumentName(function, argument);
  }
  ElementsAttr getInitialValue(FunctionOpInterface function,
                               unsigned argument) const override {
    return function.getArgAttrOfType<ElementsAttr>(argument, initAttrName);
  }
  StringRef getInitialValueName() const override { return initAttrName; }
  std::optional<unsigned> findUpdate(FunctionOpInterface function,
                                     StringRef name) const override {
    return nn::findResult(function, updatesAttrName, name);
  }
  /// By `nn.name`, or `nn.updates`, or for `NAME.grad` by `nn.gradient_of`.
  std::optional<unsigned> findResult(FunctionOpInterface function,
                                     StringRef name) const override {
    if (auto named = nn::findResult(function, nameAttrName, name))
      return named;
    if (auto update = findUpdate(function, name))
      return update;
    return name.consume_back(".grad")
               ? nn::findResult(function, gradientOfAttrName, name)
               : std::nullopt;
  }
};
} // namespace

void NNDialect::initialize() {
  addInterfaces<NNStepInterface>();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "photonic/Dialect/NN/IR/NNAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "photonic/Dialect/NN/IR/NNOps.cpp.inc"
      >();
}

Operation *NNDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                          Type type, Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements || elements.getType() != type)
    return nullptr;
  return ConstantOp::create(builder, loc, elements);
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

LogicalResult ConstantOp::inferReturnTypes(MLIRContext *,
                                           std::optional<Location> loc,
                                           Adaptor adaptor,
                                           SmallVectorImpl<Type> &types) {
  // constant_c1: the constraint on the result says what the type may be.
  types.push_back(adaptor.getValue().getType());
  return success();
}

LogicalResult ConstantOp::verify() {
  // constant_c2
  if (isa<DenseElementsAttr>(getValue()))
    return success();
  auto resource = dyn_cast<DenseResourceElementsAttr>(getValue());
  if (!resource)
    return emitOpError() << "expected a dense or dense_resource value";
  // constant_c3
  AsmResourceBlob *blob = resource.getRawHandle().getBlob();
  if (!blob)
    return success();
  size_t expected = getType().getNumElements() * sizeof(float);
  if (blob->getData().size() != expected)
    return emitOpError() << "expected " << expected << " bytes for "
                         << getType() << ", resource '"
                         << resource.getRawHandle().getKey() << "' holds "
                         << blob->getData().size();
  return success();
}

ElementsAttr nn::makeElements(RankedTensorType type, ArrayRef<float> values,
                              StringRef name) {
  // Dense attributes are uniqued by hashing and live as long as the context:
  // right for what people read, wrong for weights.
  constexpr int64_t maxDense = 256;
  if (type.getNumElements() <= maxDense)
    return DenseElementsAttr::get(type, values);
  return DenseResourceElementsAttr::get(
      type, name, HeapAsmResourceBlob::allocateAndCopyInferAlign(values));
}

StringAttr nn::inheritName(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  return constant && value.hasOneUse() ? constant.getNameAttr() : StringAttr();
}

Value nn::deriveConstant(OpBuilder &builder, Value source,
                         ArrayRef<float> values, RankedTensorType type) {
  StringAttr name = inheritName(source);
  StringRef key = name ? name.getValue() : StringRef("nn");
  return ConstantOp::create(builder, source.getLoc(),
                            makeElements(type, values, key), name);
}

FailureOr<interp::Tensor> nn::getConstantTensor(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  if (!constant)
    return failure();
  return interp::Tensor::get(constant.getValue());
}
