//===- NodeImporter.cpp - What handlers of operators use ------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Fold.h"

#include "phx/isa/Limits.h"

#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

NodeImporter::NodeImporter(GraphImporter &graph, const Node &node)
    : graph(graph), node(node), loc(graph.getNameLoc(node.getName())) {
  // ONNX Runtime calls a node of the backward pass FORWARD_Grad/OPERATOR_N;
  // what it computes belongs to the forward node.
  auto [forward, rest] = node.getName().split("_Grad/");
  bool isSum = node.getName().starts_with("AccumulateGrad_");
  if (rest.empty() && !isSum)
    return;
  phase = nn::Phase::InputGradient;
  if (graph.hasNode(forward))
    loc = graph.getNameLoc(forward);
}

void NodeImporter::run(const OperatorForm &form) {
  bool poisoned = llvm::any_of(node.getInputs(), [&](StringRef input) {
    return !input.empty() && graph.lookup(input).poisoned;
  });
  bool ok = succeeded(import(form));
  if (ok && !poisoned)
    return;
  bool imported = ok && !readUnknown;
  if (!messages.empty())
    emitFailure();
  graph.poison(node, imported);
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
    graph.reportUnsupported(node, reason.str());
  return failure();
}

void NodeImporter::emitFailure() {
  graph.setFailed();
  InFlightDiagnostic diagnostic = emitError(graph.getModel().getLoc());
  diagnostic << "node '" << node.getName() << "' (" << node.getOpType()
             << "): " << llvm::join(messages, "; ");
  for (unsigned i = 0; i < node.getNumInputs(); ++i)
    if (hasInput(i))
      diagnostic.attachNote(graph.getModel().getLoc())
          << "input " << i << " '" << node.getInput(i) << "' is "
          << getEntry(i).describe();
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

Value NodeImporter::getTensor(const Entry &entry) {
  if (entry.isValueOf(ValueKind::Float))
    return entry.value;
  if (!entry)
    return {};
  if (entry.value || !entry.constant->isFloat())
    return failNull("expected a tensor of FLOAT, got the " + entry.describe());
  Value value = graph.materialize(*entry.constant);
  if (!value)
    graph.setFailed();
  return value;
}

Value NodeImporter::getTensor(unsigned i) {
  if (!hasInput(i))
    return failNull("input " + Twine(i) + " is left out");
  // Materialising does not add names, so the entry stays where it is.
  return getTensor(getEntry(i));
}

Value NodeImporter::getBooleans(unsigned i) {
  Entry &entry = getEntry(i);
  if (entry.isValueOf(ValueKind::Boolean))
    return entry.value;
  if (!entry.isInteger() ||
      entry.constant->elementType != ::onnx::TensorProto::BOOL)
    return failNull("expected booleans, got the " + entry.describe() + " '" +
                    node.getInput(i) + "'");
  return emitConstant(entry.constant->shape,
                      entry.constant->getFloats().floats.vec());
}

/// The constant behind changes of layout; null if it is something else.
static nn::ConstantOp findLayoutConstant(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<nn::ReshapeOp, nn::TransposeOp, nn::SliceOp, nn::BroadcastToOp>(
            op))
      break;
    value = op->getOperand(0);
  }
  return value.getDefiningOp<nn::ConstantOp>();
}

Value NodeImporter::getFiniteTensor(unsigned i) {
  Value value = getTensor(i);
  if (value && failed(graph.checkFinite(findLayoutConstant(value))))
    return {};
  return value;
}

/// The argument of the function behind changes of shape; null if it is none.
static BlockArgument findArgument(Value value) {
  while (auto reshape = value.getDefiningOp<nn::ReshapeOp>())
    value = reshape.getInput();
  return dyn_cast<BlockArgument>(value);
}

Value NodeImporter::getLabels(unsigned i, int64_t classes,
                              std::optional<int64_t> ignoreIndex) {
  Entry &entry = getEntry(i);
  if (classes > phx::limits::wholeNumber)
    return failNull("expected at most 2^24 classes, got " + Twine(classes));
  if (entry.isInteger()) {
    for (int64_t label : entry.constant->getIntegers())
      if ((label < 0 || label >= classes) && label != ignoreIndex)
        return failNull("expected labels in [0, " + Twine(classes) + "), got " +
                        Twine(label) + " in '" + node.getInput(i) + "'");
    return emitConstant(entry.constant->shape,
                        entry.constant->getFloats().floats.vec());
  }
  if (!entry.isValueOf(ValueKind::Labels))
    return failNull("expected class labels of INT64 or INT32, got the " +
                    entry.describe() + " '" + node.getInput(i) + "'");
  BlockArgument argument = findArgument(entry.value);
  if (!argument || failed(graph.markLabels(argument, classes, ignoreIndex)))
    return failNull("the labels '" + node.getInput(i) + "' are numbers of " +
                    Twine(classes) +
                    " classes here, but were used with other classes or "
                    "another ignore_index before; expected one meaning: use "
                    "two inputs");
  return entry.value;
}

FailureOr<Shape> NodeImporter::getIntegers(unsigned i, StringRef role) {
  if (!hasInput(i))
    return fail("input " + Twine(i) + " (" + role + ") is left out");
  Entry &entry = getEntry(i);
  if (!entry.isInteger())
    return unsupported("its " + role + " '" + node.getInput(i) +
                       "' is computed when the network runs; expected "
                       "integers known when it is imported");
  if (entry.constant->shape.size() > 1)
    return fail("expected a list of integers as " + role + ", got the " +
                entry.describe());
  return Shape(ArrayRef<int64_t>(entry.constant->getIntegers()));
}

FailureOr<int64_t> NodeImporter::getInteger(unsigned i, StringRef role) {
  FailureOr<Shape> values = getIntegers(i, role);
  if (failed(values))
    return failure();
  if (values->size() != 1)
    return fail("expected one integer as " + role + ", got " +
                Twine(values->size()));
  return values->front();
}

std::optional<float> NodeImporter::getConstantFloat(unsigned i) {
  if (!hasInput(i))
    return std::nullopt;
  Entry &entry = getEntry(i);
  if (!entry.isFoldable() || !entry.constant->isFloat() ||
      entry.constant->getNumElements() != 1)
    return std::nullopt;
  return entry.constant->getFloat();
}

FailureOr<std::shared_ptr<Constant>>
NodeImporter::getSettingConstant(unsigned i, StringRef role) {
  if (!hasInput(i))
    return fail("input " + Twine(i) + " (" + role + ") is left out");
  Entry &entry = getEntry(i);
  std::string what = ("its " + role + " '" + node.getInput(i) + "'").str();
  if (entry.value)
    return unsupported(what + " is computed when the network runs; expected a "
                              "scalar known when it is imported");
  if (entry.constant->getNumElements() != 1)
    return fail("expected one number as " + role + ", got the " +
                entry.describe());
  if (entry.constant->isLearnable && getModel().isLearned(entry.constant->name))
    return unsupported(what + " is learned, but the operator has no derivative "
                              "with respect to it; expected a constant");
  return entry.constant;
}

FailureOr<float> NodeImporter::getSetting(unsigned i, StringRef role) {
  FailureOr<std::shared_ptr<Constant>> constant = getSettingConstant(i, role);
  if (failed(constant))
    return failure();
  if (!(*constant)->isFloat())
    return fail("expected a float as " + role + ", got the " +
                (*constant)->describe());
  return (*constant)->getFloat();
}

FailureOr<int64_t> NodeImporter::normalizeAxis(int64_t axis, int64_t rank,
                                               bool allowEnd) {
  int64_t limit = rank + (allowEnd ? 1 : 0);
  if (axis >= -rank && axis < limit)
    return axis < 0 ? axis + rank : axis;
  return fail("expected an axis in [" + Twine(-rank) + ", " + Twine(limit) +
              ") for a tensor of rank " + Twine(rank) + ", got " + Twine(axis));
}

FailureOr<std::optional<Shape>> NodeImporter::getAxes(unsigned i,
                                                      int64_t rank) {
  std::optional<Shape> axes = node.getInts("axes");
  if (hasInput(i)) {
    FailureOr<Shape> values = getIntegers(i, "axes");
    if (failed(values))
      return failure();
    axes = *values;
  }
  if (!axes)
    return axes;
  for (int64_t &axis : *axes) {
    FailureOr<int64_t> normal = normalizeAxis(axis, rank);
    if (failed(normal))
      return failure();
    axis = *normal;
  }
  llvm::sort(*axes);
  if (std::adjacent_find(axes->begin(), axes->end()) != axes->end())
    return fail("expected distinct axes, got " + spellShape(*axes));
  return axes;
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
// Layout
//===----------------------------------------------------------------------===//

/// True if the layout of an entry is changed here, false if by nn.
static bool isMovedHere(const Entry &entry) {
  return entry.isFoldable() && !entry.constant->isWeights();
}

Entry NodeImporter::reshape(const Entry &entry, ArrayRef<int64_t> shape) {
  // Class labels stay class labels in another shape.
  if (entry.isValueOf(ValueKind::Labels) || entry.isValueOf(ValueKind::Boolean))
    return Entry(emitReshape(entry.value, shape), entry.kind);
  if (isMovedHere(entry))
    return entry.getShape() == shape ? entry
                                     : Entry(entry.constant->reshape(shape));
  return emitReshape(getTensor(entry), shape);
}

Entry NodeImporter::slice(const Entry &entry, ArrayRef<int64_t> offsets,
                          ArrayRef<int64_t> sizes, ArrayRef<int64_t> strides) {
  // What has no elements depends on nothing.
  if (countElements(sizes) == 0)
    return Constant::allocate(entry.constant ? entry.constant->elementType
                                             : ::onnx::TensorProto::FLOAT,
                              sizes);
  bool isWhole = entry.getShape() == sizes &&
                 llvm::all_of(strides, [](int64_t s) { return s == 1; });
  if (!isMovedHere(entry)) {
    nn::SliceOp::Properties properties;
    properties.offsets = getBuilder().getDenseI64ArrayAttr(offsets);
    properties.sizes = getBuilder().getDenseI64ArrayAttr(sizes);
    properties.strides = getBuilder().getDenseI64ArrayAttr(strides);
    Value value = getTensor(entry);
    return isWhole ? value : emit<nn::SliceOp>(value, properties);
  }
  if (isWhole)
    return entry;
  Shape steps = getRowMajorStrides(entry.getShape());
  int64_t offset = 0;
  for (size_t d = 0; d < steps.size(); ++d) {
    offset += offsets[d] * steps[d];
    steps[d] *= strides[d];
  }
  return readView(*entry.constant, offset, sizes, steps);
}

Entry NodeImporter::transpose(const Entry &entry, ArrayRef<int64_t> perm) {
  if (!isMovedHere(entry))
    return emitTranspose(getTensor(entry), perm);
  Shape steps = getRowMajorStrides(entry.getShape()), sizes, strides;
  for (int64_t d : perm) {
    sizes.push_back(entry.getShape()[d]);
    strides.push_back(steps[d]);
  }
  return readView(*entry.constant, 0, sizes, strides);
}

/// Parameters that may change, and what is computed when the network runs, are
/// binary32 whatever the model calls them.
static int32_t getTypeOf(const Entry &entry) {
  return entry.isFoldable() ? entry.constant->elementType
                            : int32_t(::onnx::TensorProto::FLOAT);
}

Entry NodeImporter::concat(ArrayRef<Entry> all, int64_t axis) {
  const Entry &first = all.front();
  SmallVector<Entry> parts;
  int64_t total = 0;
  for (const Entry &part : all) {
    Shape expected(first.getShape());
    if (part.getShape().size() == expected.size())
      expected[axis] = part.getShape()[axis];
    if (part.getShape() != ArrayRef(expected))
      return failNull("the " + first.describe() + " and the " +
                      part.describe() + " differ in more than axis " +
                      Twine(axis));
    if (getTypeOf(part) != getTypeOf(first))
      return failNull("expected parts of one element type, got the " +
                      first.describe() + " and the " + part.describe());
    total += expected[axis];
    if (countElements(expected) != 0)
      parts.push_back(part);
  }
  if (parts.empty()) {
    Shape shape(first.getShape());
    shape[axis] = total;
    return Constant::allocate(getTypeOf(first), shape);
  }
  if (parts.size() == 1)
    return isMovedHere(parts.front()) ? parts.front()
                                      : Entry(getTensor(parts.front()));
  if (llvm::all_of(parts, isMovedHere)) {
    Shape shape(first.getShape());
    shape[axis] = total;
    if (failed(checkMadeShape(*this, shape)))
      return {};
    SmallVector<std::shared_ptr<Constant>> constants;
    for (const Entry &part : parts)
      constants.push_back(part.constant);
    return concatenate(constants, axis);
  }
  SmallVector<Value> values;
  for (const Entry &part : parts)
    values.push_back(getTensor(part));
  nn::ConcatOp::Properties properties;
  properties.axis = getBuilder().getI64IntegerAttr(axis);
  return emit<nn::ConcatOp>(values, properties);
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
    graph.define(node.getOutput(i), std::move(entry));
  return success();
}
