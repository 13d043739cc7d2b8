//===- AssumedTypes.cpp - Types behind nodes that were refused ------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// So that one run lists everything that is wrong, nodes behind one that cannot
// be imported are judged by the type that it would have computed: that which
// the model declares, or else that which the operator implies. Where neither
// tells, nothing is said about them.
//
//===----------------------------------------------------------------------===//

#include "ImportContext.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

//===----------------------------------------------------------------------===//
// Shapes that operators imply
//===----------------------------------------------------------------------===//

namespace {
/// The shape of the first output of a node, or nothing.
class ShapeInference {
public:
  ShapeInference(ImportContext &context, const Node &node)
      : context(context), node(node) {}

  std::optional<Shape> infer();

private:
  /// Of an input, if it is known.
  std::optional<Shape> getShape(unsigned i);
  std::optional<Shape> getIntegers(unsigned i);
  std::optional<Shape> broadcastAll();
  std::optional<Shape> reduce(const Shape &input);
  std::optional<Shape> slide(const Shape &input);
  std::optional<Shape> multiply(Shape a, Shape b);
  std::optional<Shape> pad(Shape shape);
  std::optional<Shape> moveDepth(Shape shape, bool toSpace);

  ImportContext &context;
  const Node &node;
};
} // namespace

/// Operators whose first output has the shape of the first input.
static bool keepsShape(StringRef op) {
  return llvm::StringSwitch<bool>(op)
      .Cases({"Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh"}, true)
      .Cases({"Ceil", "Cos", "Cosh", "Erf", "Exp", "Floor", "Log", "Neg"}, true)
      .Cases({"Reciprocal", "Round", "Sign", "Sin", "Sinh", "Sqrt", "Tan"},
             true)
      .Cases({"Celu", "Clip", "Elu", "Gelu", "HardSigmoid", "HardSwish"}, true)
      .Cases({"Hardmax", "LeakyRelu", "LogSoftmax", "Mish", "PRelu"}, true)
      .Cases({"Relu", "Selu", "Shrink", "Sigmoid", "Softmax", "Softplus"}, true)
      .Cases({"Softsign", "Swish", "Tanh", "ThresholdedRelu"}, true)
      .Cases({"BatchNormalization", "GroupNormalization", "Dropout"}, true)
      .Cases({"InstanceNormalization", "LayerNormalization", "LRN"}, true)
      .Cases({"LpNormalization", "MeanVarianceNormalization"}, true)
      .Cases({"RMSNormalization", "CumSum", "Identity", "Scatter"}, true)
      .Cases({"ScatterElements", "ScatterND", "Trilu"}, true)
      .Cases({"ReverseSequence", "RotaryEmbedding"}, true)
      .Default(false);
}

static bool broadcasts(StringRef op) {
  return llvm::StringSwitch<bool>(op)
      .Cases({"Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean"}, true)
      .Cases({"Pow", "Mod", "Where"}, true)
      .Default(false);
}

std::optional<Shape> ShapeInference::getShape(unsigned i) {
  if (!node.hasInput(i))
    return std::nullopt;
  const Entry &entry = context.lookup(node.getInput(i));
  if (entry.unknown)
    return std::nullopt;
  return Shape(entry.getShape());
}

std::optional<Shape> ShapeInference::getIntegers(unsigned i) {
  if (!node.hasInput(i))
    return std::nullopt;
  const Entry &entry = context.lookup(node.getInput(i));
  if (!entry.isInteger())
    return std::nullopt;
  return Shape(ArrayRef<int64_t>(entry.constant->getIntegers()));
}

std::optional<Shape> ShapeInference::broadcastAll() {
  std::optional<Shape> result = Shape();
  for (unsigned i = 0; result && i < node.getNumInputs(); ++i) {
    std::optional<Shape> shape = getShape(i);
    result = shape ? broadcastShapes(*result, *shape) : std::nullopt;
  }
  return result;
}

std::optional<Shape> ShapeInference::reduce(const Shape &input) {
  int64_t rank = input.size();
  std::optional<Shape> axes = node.getInts("axes");
  if (node.hasInput(1) && !(axes = getIntegers(1)))
    return std::nullopt;
  bool keep = node.getInt("keepdims", 1) != 0;
  if (!axes || axes->empty()) {
    if (node.getInt("noop_with_empty_axes", 0) != 0)
      return input;
    return keep ? Shape(rank, 1) : Shape();
  }
  Shape result;
  for (int64_t d = 0; d < rank; ++d) {
    bool reduced = llvm::any_of(
        *axes, [&](int64_t axis) { return axis == d || axis + rank == d; });
    if (!reduced || keep)
      result.push_back(reduced ? 1 : input[d]);
  }
  return result;
}

/// Convolutions and pools with any number of spatial dimensions.
std::optional<Shape> ShapeInference::slide(const Shape &input) {
  size_t dims = input.size() - std::min<size_t>(input.size(), 2);
  bool isConv = node.getOpType() == "Conv";
  std::optional<Shape> weight = isConv ? getShape(1) : Shape();
  std::optional<Shape> kernel = node.getInts("kernel_shape");
  if (isConv && weight && weight->size() == dims + 2)
    kernel = Shape(ArrayRef(*weight).drop_front(2));
  Shape pads = node.getInts("pads").value_or(Shape(2 * dims, 0));
  Shape strides = node.getInts("strides").value_or(Shape(dims, 1));
  Shape dilations = node.getInts("dilations").value_or(Shape(dims, 1));
  if (dims == 0 || !weight || !kernel || kernel->size() != dims ||
      pads.size() != 2 * dims || strides.size() != dims ||
      dilations.size() != dims)
    return std::nullopt;
  bool same = node.getString("auto_pad", "NOTSET").starts_with("SAME");
  bool ceil = node.getInt("ceil_mode", 0) != 0;
  Shape result = {input[0], isConv ? weight->front() : input[1]};
  for (size_t d = 0; d < dims; ++d) {
    if (strides[d] < 1)
      return std::nullopt;
    int64_t span = ((*kernel)[d] - 1) * dilations[d] + 1;
    int64_t room = input[d + 2] + pads[d] + pads[dims + d] - span;
    int64_t steps = same ? input[d + 2] - 1 : room + (ceil ? strides[d] - 1 : 0);
    if (steps < 0)
      return std::nullopt;
    int64_t windows = steps / strides[d] + 1;
    // No window begins behind the input and its padding in front.
    if (ceil && !same &&
        (windows - 1) * strides[d] >= input[d + 2] + pads[d])
      --windows;
    result.push_back(windows);
  }
  return result;
}

std::optional<Shape> ShapeInference::multiply(Shape a, Shape b) {
  if (a.empty() || b.empty())
    return std::nullopt;
  bool isRow = a.size() == 1, isColumn = b.size() == 1;
  if (isRow)
    a.insert(a.begin(), 1);
  if (isColumn)
    b.push_back(1);
  if (a.back() != b[b.size() - 2])
    return std::nullopt;
  std::optional<Shape> result = broadcastShapes(ArrayRef(a).drop_back(2),
                                                ArrayRef(b).drop_back(2));
  if (result && !isRow)
    result->push_back(a[a.size() - 2]);
  if (result && !isColumn)
    result->push_back(b.back());
  return result;
}

std::optional<Shape> ShapeInference::pad(Shape shape) {
  std::optional<Shape> pads = node.getInts("pads");
  if (node.hasInput(1))
    pads = getIntegers(1);
  if (!pads || pads->size() != 2 * shape.size() || node.hasInput(3))
    return std::nullopt;
  for (size_t d = 0; d < shape.size(); ++d)
    shape[d] += (*pads)[d] + (*pads)[shape.size() + d];
  return shape;
}

std::optional<Shape> ShapeInference::moveDepth(Shape shape, bool toSpace) {
  int64_t block = node.getInt("blocksize", 0);
  if (shape.size() != 4 || block < 1 || block > maxMadeElements)
    return std::nullopt;
  for (int64_t d : {2, 3})
    shape[d] = toSpace ? shape[d] * block : shape[d] / block;
  shape[1] = toSpace ? shape[1] / (block * block) : shape[1] * block * block;
  return shape;
}

std::optional<Shape> ShapeInference::infer() {
  StringRef op = node.getOpType();
  if (broadcasts(op))
    return broadcastAll();
  std::optional<Shape> input = getShape(0);
  if (!input)
    return std::nullopt;
  if (keepsShape(op))
    return input;
  if (op.starts_with("Reduce"))
    return reduce(*input);
  if (op == "Conv" || op == "MaxPool" || op == "AveragePool" || op == "LpPool")
    return slide(*input);
  if (op.starts_with("Global") && input->size() > 2) {
    std::fill(input->begin() + 2, input->end(), 1);
    return input;
  }
  if (op == "MatMul")
    if (std::optional<Shape> right = getShape(1))
      return multiply(*input, *right);
  if (op == "Pad")
    return pad(*input);
  if (op == "DepthToSpace" || op == "SpaceToDepth")
    return moveDepth(*input, op == "DepthToSpace");
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Entries
//===----------------------------------------------------------------------===//

std::optional<Shape> ImportContext::findDeclaredShape(StringRef name) const {
  const ::onnx::ValueInfoProto *info = graph.findDeclaration(name);
  if (!info || !info->type().tensor_type().has_shape())
    return std::nullopt;
  Shape shape;
  for (const auto &dim : info->type().tensor_type().shape().dim()) {
    auto symbol = symbols.find(dim.dim_param());
    shape.push_back(dim.dim_value() > 0      ? dim.dim_value()
                    : symbol != symbols.end() ? symbol->second
                                              : -1);
  }
  return shape;
}

RankedTensorType ImportContext::findDeclaredType(StringRef name) {
  std::optional<Shape> shape = findDeclaredShape(name);
  if (!shape || !countElements(*shape) ||
      graph.findDeclaration(name)->type().tensor_type().elem_type() !=
          ::onnx::TensorProto::FLOAT)
    return {};
  return RankedTensorType::get(*shape, getBuilder().getF32Type());
}

/// True if the elements depend on what is fed to the network.
static bool dependsOnInputs(ImportContext &context, const Node &node) {
  // Shapes are known while importing, once the tensor is.
  if (node.getOpType() == "Shape" || node.getOpType() == "Size")
    return false;
  return llvm::any_of(node.getInputs(), [&](StringRef input) {
    if (input.empty())
      return false;
    const Entry &entry = context.lookup(input);
    return entry.unknown ? entry.atRunTime : bool(entry.value);
  });
}

RankedTensorType ImportContext::assumeType(const Node &node, unsigned output) {
  // Constants would be folded, and then those who read them see elements.
  if (!dependsOnInputs(*this, node))
    return {};
  if (RankedTensorType type = findDeclaredType(node.getOutput(output)))
    return type;
  const auto *declared = graph.findDeclaration(node.getOutput(output));
  if (declared && declared->type().tensor_type().elem_type() != 0 &&
      declared->type().tensor_type().elem_type() != ::onnx::TensorProto::FLOAT)
    return {};
  // The inference is about floats.
  bool isFloat = output == 0 && isDefaultDomain(node.getDomain()) &&
                 llvm::all_of(node.getInputs(), [&](StringRef input) {
                   return input.empty() || !lookup(input).value ||
                          lookup(input).isValueOf(ValueKind::Float);
                 });
  std::optional<Shape> shape;
  if (isFloat)
    shape = ShapeInference(*this, node).infer();
  if (!shape || !countElements(*shape))
    return {};
  return RankedTensorType::get(*shape, getBuilder().getF32Type());
}

Value ImportContext::makeStandIn(RankedTensorType type) {
  return UnrealizedConversionCastOp::create(getBuilder(), model.getLoc(),
                                            TypeRange(type), ValueRange())
      .getResult(0);
}

void ImportContext::makeUnknown(Entry &entry, bool atRunTime) {
  entry =
      Entry(makeStandIn(RankedTensorType::get({}, getBuilder().getF32Type())));
  entry.poisoned = entry.unknown = true;
  entry.atRunTime = atRunTime;
}

void ImportContext::poison(const Node &node, bool wasImported) {
  for (unsigned i = 0; i < node.getNumOutputs(); ++i) {
    StringRef name = node.getOutput(i);
    if (name.empty())
      continue;
    RankedTensorType type =
        wasImported ? RankedTensorType() : assumeType(node, i);
    Entry &entry = entries[name];
    if (type)
      entry = Entry(makeStandIn(type));
    else if (!wasImported || !entry)
      makeUnknown(entry, dependsOnInputs(*this, node));
    entry.poisoned = true;
  }
}
