//===- NodeImporter.cpp - What handlers of operators use ------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Fold.h"

#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

NodeImporter::NodeImporter(ImportContext &context, const Node &node)
    : context(context), node(node), loc(context.getNameLoc(node.getName())) {
  // ONNX Runtime calls a node of the backward pass FORWARD_Grad/OPERATOR_N;
  // what it computes belongs to the forward node.
  auto [forward, rest] = node.getName().split("_Grad/");
  bool isSum = node.getName().starts_with("AccumulateGrad_");
  if (rest.empty() && !isSum)
    return;
  phase = nn::Phase::InputGradient;
  if (context.hasNode(forward))
    loc = context.getNameLoc(forward);
}

void NodeImporter::run(const OperatorForm &form) {
  bool poisoned = llvm::any_of(node.getInputs(), [&](StringRef input) {
    return !input.empty() && context.lookup(input).poisoned;
  });
  bool ok = succeeded(import(form));
  if (ok && !poisoned)
    return;
  bool imported = ok && !readUnknown;
  if (!messages.empty())
    emitFailure();
  context.poison(node, imported);
}

const Folder *NodeImporter::chooseFolder(const OperatorForm &form) {
  const Folder *folder = findFolder(node);
  if (!folder)
    return nullptr;
  bool leavesWeights = form.handler && folder->hasForm;
  for (unsigned i = 0; i < node.getNumInputs(); ++i)
    if (hasInput(i) &&
        (!isFoldable(i) || (leavesWeights && getConstant(i)->isWeights())))
      return nullptr;
  return folder;
}

LogicalResult NodeImporter::refuseValues() {
  for (unsigned i = 0; i < node.getNumInputs(); ++i)
    if (hasInput(i) && !isFoldable(i))
      return unsupported(
          onlyOnConstants + ", and input " + Twine(i) + " '" +
          node.getInput(i) + "' is " +
          (getEntry(i).constant ? "a parameter that training may change"
                                : "computed when the network runs"));
  return unsupported(onlyOnConstants);
}

LogicalResult NodeImporter::import(const OperatorForm &form) {
  if (const Folder *folder = chooseFolder(form))
    return folder->fold(*this);
  return form.handler ? form.handler(*this) : refuseValues();
}

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

LogicalResult NodeImporter::fail(const Twine &message) {
  remember(message.str());
  return failure();
}

LogicalResult NodeImporter::unsupported(const Twine &reason) {
  if (!readUnknown)
    context.reportUnsupported(node, reason.str());
  return failure();
}

void NodeImporter::emitFailure() {
  context.setFailed();
  InFlightDiagnostic diagnostic = emitError(context.getModel().getLoc());
  diagnostic << "node '" << node.getName() << "' (" << node.getOpType()
             << "): " << llvm::join(messages, "; ");
  for (unsigned i = 0; i < node.getNumInputs(); ++i)
    if (hasInput(i))
      diagnostic.attachNote(context.getModel().getLoc())
          << "input " << i << " '" << node.getInput(i) << "' is "
          << getEntry(i).describe();
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

Operation *NodeImporter::create(OperationState &state, InferTypes infer) {
  // What type inference and verifiers say becomes part of the message about the
  // node.
  std::vector<std::string> said;
  ScopedDiagnosticHandler handler(getBuilder().getContext(),
                                  [&](Diagnostic &diagnostic) {
                                    said.push_back(diagnostic.str());
                                    return success();
                                  });
  SmallVector<Type, 1> types;
  Operation *result = nullptr;
  bool inferred = succeeded(infer(types));
  for (Type type : types) {
    ArrayRef<int64_t> shape = cast<RankedTensorType>(type).getShape();
    if (inferred && !countElements(shape)) {
      said.push_back("the result has the impossible shape " +
                     spellShape(shape));
      inferred = false;
    }
  }
  if (inferred) {
    state.addTypes(types);
    result = getBuilder().create(state);
    if (phase != nn::Phase::Forward)
      nn::setPhase(result, phase);
    if (failed(verify(result))) {
      result->erase();
      result = nullptr;
    }
  }
  if (!result)
    llvm::for_each(said, [&](std::string &text) { remember(std::move(text)); });
  return result;
}

Value NodeImporter::emitReshape(Value value, ArrayRef<int64_t> shape) {
  if (!value || importer::getShape(value) == shape)
    return value;
  return emitAs<nn::ReshapeOp>(shape, value);
}

Value NodeImporter::emitTranspose(Value value, ArrayRef<int64_t> perm) {
  nn::TransposeOp::Properties properties;
  properties.perm = getBuilder().getDenseI64ArrayAttr(perm);
  return emit<nn::TransposeOp>(value, properties);
}

Value NodeImporter::emitBroadcast(Value value, ArrayRef<int64_t> shape) {
  if (!value || importer::getShape(value) == shape)
    return value;
  return emitAs<nn::BroadcastToOp>(shape, value);
}

Value NodeImporter::emitConstant(ArrayRef<int64_t> shape,
                                 std::vector<float> values) {
  std::shared_ptr<Constant> constant = Constant::get<float>(shape, values);
  constant->name = node.getName().str();
  return getTensor(Entry(constant));
}

Value NodeImporter::getRandomKey() {
  Value key = getFunction().getRandomKey();
  if (!key)
    context.setFailed();
  return key;
}

Value NodeImporter::emitScalar(float value) {
  return emitConstant({}, {value});
}

Value NodeImporter::emitClip(Value value, float min, float max) {
  for (float *bound : {&min, &max}) {
    if (!std::isnan(*bound))
      continue;
    *bound = std::copysign(std::numeric_limits<float>::infinity(),
                           bound == &min ? -1.0f : 1.0f);
    mlir::emitWarning(getLoc())
        << "the " << (bound == &min ? "lower" : "upper")
        << " bound is NaN; it does not limit, as in ONNX Runtime. If it is not "
           "meant, look for the operation that computed it";
  }
  // Where the bounds cross, the upper one decides.
  nn::ClipOp::Properties properties;
  properties.min = getBuilder().getF32FloatAttr(std::min(min, max));
  properties.max = getBuilder().getF32FloatAttr(max);
  return emit<nn::ClipOp>(value, properties);
}

//===----------------------------------------------------------------------===//
// Outputs
//===----------------------------------------------------------------------===//

LogicalResult NodeImporter::setResult(unsigned i, Entry entry) {
  if (!entry)
    return failure();
  if (entry.constant && entry.constant->name.empty())
    entry.constant->name = node.getOutput(i).str();
  if (!node.getOutput(i).empty())
    context.define(node.getOutput(i), std::move(entry));
  return success();
}
