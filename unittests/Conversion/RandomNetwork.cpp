//===- RandomNetwork.cpp - Small networks drawn at random -----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RandomNetwork.h"

#include "photonic/Dialect/NN/IR/NN.h"

using namespace mlir;
using namespace photonic;

RandomNetwork::RandomNetwork(MLIRContext &context, uint64_t seed, bool learns)
    : b(&context), random(seed), learns(learns) {}

//===----------------------------------------------------------------------===//
// Choices
//===----------------------------------------------------------------------===//

int64_t RandomNetwork::pick(int64_t low, int64_t high) {
  // Distributions of the standard library differ between platforms.
  return low + static_cast<int64_t>(random() % uint64_t(high - low + 1));
}

float RandomNetwork::value() {
  if (chance(8))
    return 0;
  return static_cast<float>(pick(-1000000, 1000000)) / 500000.0f;
}

ArrayRef<int64_t> RandomNetwork::getShape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

Location RandomNetwork::name(StringRef op) {
  return NameLoc::get(
      b.getStringAttr("/" + op + "_" + std::to_string(number++)));
}

Value RandomNetwork::constant(Shape shape, float low, float high) {
  SmallVector<float> data;
  int64_t count = interp::getNumElements(shape);
  for (int64_t i = 0; i < count; ++i)
    data.push_back(low + (high - low) * static_cast<float>(pick(0, 1000000)) /
                             1000000.0f);
  auto type = RankedTensorType::get(shape, b.getF32Type());
  auto elements = DenseElementsAttr::get(type, ArrayRef<float>(data));
  StringAttr parameter;
  if (chance(80))
    parameter = b.getStringAttr("w" + std::to_string(number++));
  return nn::ConstantOp::create(b, b.getUnknownLoc(), elements, parameter);
}

/// A value, recent ones more often.
Value RandomNetwork::any() {
  if (chance(60))
    return values.back();
  return values[pick(0, values.size() - 1)];
}

Value RandomNetwork::anyOfRank(size_t rank) {
  for (int attempt = 0; attempt < 4; ++attempt)
    if (Value value = any(); getShape(value).size() == rank)
      return value;
  for (Value value : llvm::reverse(values))
    if (getShape(value).size() == rank)
      return value;
  return {};
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

Value RandomNetwork::addConvolution(Value input) {
  Shape shape = getShape(input);
  int64_t groups = 1;
  for (int64_t g : {2, 3, 4})
    if (shape[1] % g == 0 && chance(35))
      groups = g;
  if (chance(15))
    groups = shape[1]; // depthwise
  int64_t m = groups * pick(1, groups > 1 ? 3 : chance(30) ? 30 : 9);
  SmallVector<int64_t> kernel, strides, dilations, pads(4);
  for (unsigned d = 0; d < 2; ++d) {
    int64_t size = shape[2 + d];
    strides.push_back(pick(1, 3));
    dilations.push_back(chance(25) ? 2 : 1);
    pads[d] = pick(0, 2);
    pads[2 + d] = pick(0, 2);
    int64_t room = (size + pads[d] + pads[2 + d] - 1) / dilations[d] + 1;
    kernel.push_back(pick(1, std::min<int64_t>(room, 3)));
  }
  Value filters = weight({m, shape[1] / groups, kernel[0], kernel[1]});
  Value bias = chance(60) ? weight({m}) : Value();
  return nn::Conv2dOp::create(b, name("Conv"), input, filters, bias, strides,
                              pads, dilations, groups);
}

Value RandomNetwork::addLinear(Value input) {
  Shape shape = getShape(input);
  if (shape.size() != 2) {
    int64_t rest = interp::getNumElements(shape.drop_front());
    auto type = RankedTensorType::get({shape.front(), rest}, b.getF32Type());
    input = nn::ReshapeOp::create(b, name("Flatten"), type, input);
    shape = getShape(input);
  }
  int64_t m = pick(1, 20);
  return nn::LinearOp::create(b, name("Gemm"), input, weight({m, shape[1]}),
                              chance(60) ? weight({m}) : Value());
}

//===----------------------------------------------------------------------===//
// Elementwise operations
//===----------------------------------------------------------------------===//

/// Functions that could make infinities or NaN get operands that do not.
Value RandomNetwork::addUnary(Value input) {
  auto clip = [&](float low, float high) -> Value {
    return nn::ClipOp::create(b, name("Clip"), input, APFloat(low),
                              APFloat(high));
  };
  switch (pick(0, 9)) {
  case 0:
  case 1:
    return nn::ReluOp::create(b, name("Relu"), input);
  case 2:
    return nn::LeakyReluOp::create(b, name("LeakyRelu"), input, APFloat(0.1f));
  case 3:
    return clip(-0.75f, 1.5f);
  case 4:
    return nn::SigmoidOp::create(b, name("Sigmoid"), input);
  case 5:
    return nn::TanhOp::create(b, name("Tanh"), input);
  case 6:
    return nn::ExpOp::create(b, name("Exp"), clip(-4, 2));
  case 7:
    return nn::LogOp::create(b, name("Log"), clip(0.125f, 9));
  case 8:
    input = nn::AbsOp::create(b, name("Abs"), input);
    return nn::SqrtOp::create(b, name("Sqrt"), input);
  default:
    return nn::NegOp::create(b, name("Neg"), input);
  }
}

Value RandomNetwork::addBinary(Value input) {
  Shape shape = getShape(input);
  Value other;
  int choice = pick(0, 9);
  if (choice < 4)
    for (Value value : values) // the same shape: a residual
      if (getShape(value) == shape && (!other || chance(50)))
        other = value;
  if (!other && choice < 7 && shape.size() >= 2) {
    // One value per channel.
    SmallVector<int64_t> channel(shape.size() - 1, 1);
    channel[0] = shape[1];
    other = constant(channel);
  }
  if (!other) {
    // Any broadcast of the trailing dimensions.
    SmallVector<int64_t> broadcast(shape.drop_front(pick(0, shape.size())));
    for (int64_t &size : broadcast)
      if (chance(40))
        size = 1;
    other = constant(broadcast);
  }
  bool swap = chance(40);
  Value lhs = swap ? other : input, rhs = swap ? input : other;
  switch (pick(0, 7)) {
  case 0:
    return nn::SubOp::create(b, name("Sub"), lhs, rhs);
  case 1:
    return nn::MulOp::create(b, name("Mul"), lhs, rhs);
  case 2:
    rhs =
        nn::ClipOp::create(b, name("Clip"), rhs, APFloat(0.5f), APFloat(3.0f));
    return nn::DivOp::create(b, name("Div"), lhs, rhs);
  case 3:
    return nn::MaxOp::create(b, name("Max"), lhs, rhs);
  case 4:
    return nn::MinOp::create(b, name("Min"), lhs, rhs);
  default:
    return nn::AddOp::create(b, name("Add"), lhs, rhs);
  }
}

Value RandomNetwork::addBatchNorm(Value input) {
  int64_t channels = getShape(input)[1];
  return nn::BatchNormOp::create(
      b, name("BatchNormalization"), input, constant({channels}),
      constant({channels}), constant({channels}),
      constant({channels}, 0.25f, 2), APFloat(1e-5f));
}

//===----------------------------------------------------------------------===//
// Windows and reductions
//===----------------------------------------------------------------------===//

Value RandomNetwork::addPool(Value input) {
  Shape shape = getShape(input);
  SmallVector<int64_t> kernel, strides, dilations{1, 1}, pads(4);
  for (unsigned d = 0; d < 2; ++d) {
    kernel.push_back(pick(1, std::min<int64_t>(shape[2 + d], 3)));
    strides.push_back(pick(1, 3));
    pads[d] = pick(0, kernel[d] - 1);
    pads[2 + d] = pick(0, kernel[d] - 1);
  }
  bool ceil = chance(30);
  if (chance(50))
    return nn::MaxPoolOp::create(b, name("MaxPool"), input, kernel, strides,
                                 pads, dilations, ceil);
  return nn::AvgPoolOp::create(b, name("AveragePool"), input, kernel, strides,
                               pads, dilations, ceil, chance(50));
}

Value RandomNetwork::addReduction(Value input) {
  int64_t rank = getShape(input).size();
  if (rank == 0)
    return addUnary(input);
  int64_t begin = pick(0, rank - 1), end = pick(begin, rank - 1);
  SmallVector<int64_t> axes;
  for (int64_t axis = begin; axis <= end; ++axis)
    axes.push_back(axis);
  bool keep = chance(70);
  switch (pick(0, 2)) {
  case 0:
    return nn::ReduceMeanOp::create(b, name("ReduceMean"), input, axes, keep);
  case 1:
    return nn::ReduceSumOp::create(b, name("ReduceSum"), input, axes, keep);
  default:
    return nn::ReduceMaxOp::create(b, name("ReduceMax"), input, axes, keep);
  }
}

Value RandomNetwork::addSoftmax(Value input) {
  int64_t rank = getShape(input).size();
  if (rank == 0)
    return addUnary(input);
  int64_t axis = pick(0, rank - 1);
  if (chance(50))
    return nn::SoftmaxOp::create(b, name("Softmax"), input, axis);
  return nn::LogSoftmaxOp::create(b, name("LogSoftmax"), input, axis);
}

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

Value RandomNetwork::addSlice(Value input) {
  SmallVector<int64_t> offsets, sizes, strides;
  for (int64_t extent : getShape(input)) {
    int64_t stride = chance(30) ? pick(1, 3) : 1;
    int64_t size = pick(1, (extent - 1) / stride + 1);
    int64_t span = (size - 1) * stride;
    int64_t offset = pick(0, extent - 1 - span);
    bool reverse = chance(20);
    offsets.push_back(reverse ? offset + span : offset);
    sizes.push_back(size);
    strides.push_back(reverse ? -stride : stride);
  }
  return nn::SliceOp::create(b, name("Slice"), input, offsets, sizes, strides);
}

Value RandomNetwork::addConcat(Value input) {
  Shape shape = getShape(input);
  if (shape.empty())
    return addUnary(input);
  int64_t axis = pick(0, shape.size() - 1);
  SmallVector<Value> parts{input};
  for (Value value : values) {
    Shape other = getShape(value);
    bool fits = other.size() == shape.size();
    for (size_t d = 0; fits && d < shape.size(); ++d)
      fits = int64_t(d) == axis || other[d] == shape[d];
    if (fits && parts.size() < 4 && chance(60))
      parts.push_back(value);
  }
  if (parts.size() == 1 || chance(20)) {
    SmallVector<int64_t> extra(shape);
    extra[axis] = pick(1, 3);
    parts.push_back(constant(extra));
  }
  return nn::ConcatOp::create(b, name("Concat"), parts, axis);
}

Value RandomNetwork::addLayout(Value input) {
  Shape shape = getShape(input);
  switch (pick(0, 4)) {
  case 0: {
    SmallVector<int64_t> perm =
        llvm::to_vector(llvm::seq<int64_t>(0, shape.size()));
    for (size_t i = perm.size(); i > 1; --i)
      std::swap(perm[i - 1], perm[pick(0, i - 1)]);
    return nn::TransposeOp::create(b, name("Transpose"), input, perm);
  }
  case 1:
    return addConcat(input);
  case 2:
    return addSlice(input);
  case 3: {
    SmallVector<int64_t> low, high;
    for (size_t d = 0; d < shape.size(); ++d) {
      low.push_back(chance(40) ? pick(0, 2) : 0);
      high.push_back(chance(40) ? pick(0, 2) : 0);
    }
    return nn::PadOp::create(b, name("Pad"), input, low, high,
                             APFloat(chance(50) ? 0.0f : -1.5f));
  }
  default: {
    int64_t count = interp::getNumElements(shape);
    int64_t front = pick(1, 4);
    SmallVector<int64_t> changed{count};
    if (count % front == 0)
      changed = {front, count / front};
    auto type = RankedTensorType::get(changed, b.getF32Type());
    return nn::ReshapeOp::create(b, name("Reshape"), type, input);
  }
  }
}

//===----------------------------------------------------------------------===//
// Networks
//===----------------------------------------------------------------------===//

void RandomNetwork::addOperation() {
  Value image = anyOfRank(4), result;
  int choice = pick(0, 15);
  if (choice < 5 && image)
    result = addConvolution(image);
  else if (choice == 5 && !getShape(any()).empty()) {
    Value input = anyOfRank(2);
    if (!input)
      input = image ? image : values.front();
    result = addLinear(input);
  } else if (choice == 6 && image)
    result = addPool(image);
  else if (choice == 7 && image)
    result = addBatchNorm(image);
  else if (choice == 8)
    result = addReduction(any());
  else if (choice == 9)
    result = addSoftmax(any());
  else if (choice == 10)
    result = addLayout(any());
  else if (choice < 13)
    result = addUnary(any());
  else
    result = addBinary(any());
  add(result);
}

OwningOpRef<ModuleOp> RandomNetwork::build() {
  OwningOpRef<ModuleOp> module = ModuleOp::create(b.getUnknownLoc());
  (*module)->setAttr(nn::modelAttrName, b.getStringAttr("random"));
  b.setInsertionPointToStart(module->getBody());
  SmallVector<Type> inputs;
  int64_t batch = pick(1, learns ? 9 : 5);
  for (int64_t i = 0, count = chance(25) ? 2 : 1; i < count; ++i)
    inputs.push_back(RankedTensorType::get(
        {batch, pick(1, 7), pick(1, 11), pick(1, 11)}, b.getF32Type()));
  auto func = func::FuncOp::create(b, b.getUnknownLoc(), "main",
                                   b.getFunctionType(inputs, {}));
  entry = func.addEntryBlock();
  b.setInsertionPointToStart(entry);
  values.assign(func.getArguments().begin(), func.getArguments().end());
  argumentAttrs.assign(inputs.size(), b.getDictionaryAttr({}));
  for (int64_t i = 0, count = pick(1, 9); i < count; ++i)
    learns &&chance(55) ? addLearning() : addOperation();
  outputs = {values.back()};
  while (chance(35))
    outputs.push_back(any());
  if (chance(10))
    outputs.push_back(constant({2, 3}));
  if (chance(10)) { // the same memory under another shape
    Shape shape = getShape(outputs.front());
    auto flat =
        RankedTensorType::get({interp::getNumElements(shape)}, b.getF32Type());
    outputs.push_back(
        nn::ReshapeOp::create(b, name("Reshape"), flat, outputs.front()));
  }
  resultAttrs.assign(outputs.size(), b.getDictionaryAttr({}));
  addUpdates();
  func::ReturnOp::create(b, b.getUnknownLoc(), outputs);
  setSignature(func);
  return module;
}

void RandomNetwork::setSignature(func::FuncOp func) {
  func.setFunctionType(b.getFunctionType(entry->getArgumentTypes(),
                                         ValueRange(outputs).getTypes()));
  func.setAllArgAttrs(b.getArrayAttr(argumentAttrs));
  func.setAllResultAttrs(b.getArrayAttr(resultAttrs));
}

SmallVector<interp::Tensor> RandomNetwork::makeInputs(ModuleOp module) {
  auto func = module.lookupSymbol<func::FuncOp>("main");
  SmallVector<interp::Tensor> inputs;
  for (BlockArgument argument : func.getArguments()) {
    if (auto init = func.getArgAttrOfType<ElementsAttr>(argument.getArgNumber(),
                                                        nn::initAttrName)) {
      inputs.push_back(*interp::Tensor::get(init));
      continue;
    }
    interp::Tensor tensor = interp::Tensor::uninitialized(getShape(argument));
    for (float &element : tensor.getMutableData())
      element = value();
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}
