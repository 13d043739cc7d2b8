//===- RandomLearning.cpp - Backward passes drawn at random ---------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RandomNetwork.h"

#include "photonic/Dialect/NN/IR/Step.h"

using namespace mlir;
using namespace photonic;

//===----------------------------------------------------------------------===//
// What persists
//===----------------------------------------------------------------------===//

DictionaryAttr RandomNetwork::getRole(RankedTensorType type, StringRef name) {
  SmallVector<float> data;
  for (int64_t i = 0; i < type.getNumElements(); ++i)
    data.push_back(value());
  StringRef role = chance(50) ? nn::parameterRole : nn::stateRole;
  return b.getDictionaryAttr(
      {b.getNamedAttr(nn::nameAttrName, b.getStringAttr(name)),
       b.getNamedAttr(nn::roleAttrName, b.getStringAttr(role)),
       b.getNamedAttr(nn::initAttrName,
                      DenseElementsAttr::get(type, ArrayRef<float>(data)))});
}

Value RandomNetwork::weight(Shape shape) {
  if (!learns || chance(25))
    return constant(shape);
  // Sometimes one that is there already.
  for (Value argument : entry->getArguments())
    if (getShape(argument) == shape && argument != randomKey && chance(30))
      return argument;
  auto type = RankedTensorType::get(shape, b.getF32Type());
  argumentAttrs.push_back(getRole(type, "p" + std::to_string(number++)));
  return entry->addArgument(type, b.getUnknownLoc());
}

Value RandomNetwork::getRandomKey() {
  if (randomKey)
    return randomKey;
  auto type = RankedTensorType::get({3}, b.getF32Type());
  float key[] = {static_cast<float>(pick(0, 1000)),
                 static_cast<float>(pick(0, 9)), 0};
  argumentAttrs.push_back(b.getDictionaryAttr(
      {b.getNamedAttr(nn::nameAttrName, b.getStringAttr(nn::randomKeyName)),
       b.getNamedAttr(nn::roleAttrName, b.getStringAttr(nn::stateRole)),
       b.getNamedAttr(nn::knobAttrName, b.getStringAttr(nn::randomKeyKnob)),
       b.getNamedAttr(nn::initAttrName,
                      DenseElementsAttr::get(type, ArrayRef<float>(key)))}));
  randomKey = entry->addArgument(type, b.getUnknownLoc());
  return randomKey;
}

/// Replaces arguments by anything of their shape. Values stay bounded over
/// several steps.
void RandomNetwork::addUpdates() {
  for (auto [index, attributes] : llvm::enumerate(argumentAttrs)) {
    auto dictionary = cast<DictionaryAttr>(attributes);
    Value argument = entry->getArgument(index);
    if (!dictionary.contains(nn::roleAttrName) || chance(20))
      continue;
    Shape shape = getShape(argument);
    Value next;
    if (argument == randomKey) {
      auto type = cast<RankedTensorType>(argument.getType());
      Value one = nn::ConstantOp::create(
          b, b.getUnknownLoc(),
          DenseElementsAttr::get(type, ArrayRef<float>{0, 0, 1}));
      next = nn::AddOp::create(b, name("Step"), argument, one);
    }
    if (!next && chance(60)) {
      auto pool = llvm::to_vector(values);
      llvm::append_range(pool, entry->getArguments());
      for (Value candidate : pool)
        if (getShape(candidate) == shape && candidate != randomKey &&
            (!next || chance(50)))
          next = candidate;
    }
    if (!next) {
      Value change = constant(shape, -0.25f, 0.25f);
      next = nn::SubOp::create(b, name("Update"), argument, change);
      if (chance(30)) // the old value is read once more
        outputs.push_back(nn::NegOp::create(b, name("Neg"), argument));
    }
    if (argument != randomKey && chance(40))
      next = nn::ClipOp::create(b, name("Clip"), next, APFloat(-2.0f),
                                APFloat(2.0f));
    resultAttrs.resize(outputs.size(), b.getDictionaryAttr({}));
    outputs.push_back(next);
    resultAttrs.push_back(b.getDictionaryAttr(
        b.getNamedAttr(nn::updatesAttrName, dictionary.get(nn::nameAttrName))));
  }
}

//===----------------------------------------------------------------------===//
// Products and pools
//===----------------------------------------------------------------------===//

void RandomNetwork::addConvolutionGradients(Value input) {
  Value output = addConvolution(input);
  auto conv = output.getDefiningOp<nn::Conv2dOp>();
  Value dy = output;
  if (chance(50)) // gradients of something of that shape
    dy = addUnary(output);
  if (chance(75))
    add(nn::Conv2dInputGradOp::create(b, name("Conv"), input.getType(), dy,
                                      conv.getWeight(), conv.getStrides(),
                                      conv.getPads(), conv.getDilations(),
                                      conv.getGroups()));
  if (chance(75))
    add(nn::Conv2dWeightGradOp::create(b, name("Conv"),
                                       conv.getWeight().getType(), dy, input,
                                       conv.getStrides(), conv.getPads(),
                                       conv.getDilations(), conv.getGroups()));
}

void RandomNetwork::addLinearGradients(Value input) {
  Value output = addLinear(input);
  auto linear = output.getDefiningOp<nn::LinearOp>();
  if (chance(75))
    add(nn::LinearInputGradOp::create(b, name("Gemm"), output,
                                      linear.getWeight()));
  if (chance(75))
    add(nn::LinearWeightGradOp::create(b, name("Gemm"), output,
                                       linear.getInput()));
}

void RandomNetwork::addPoolGradients(Value input) {
  Value output = addPool(input);
  Type type = input.getType();
  if (auto pool = output.getDefiningOp<nn::AvgPoolOp>()) {
    add(nn::AvgPoolGradOp::create(
        b, name("AveragePool"), type, output, pool.getKernel(),
        pool.getStrides(), pool.getPads(), pool.getDilations(),
        pool.getCeilMode(), pool.getCountIncludePad()));
    return;
  }
  auto pool = output.getDefiningOp<nn::MaxPoolOp>();
  auto positions = nn::MaxPoolPositionsOp::create(
      b, name("MaxPool"), input, pool.getKernel(), pool.getStrides(),
      pool.getPads(), pool.getDilations(), pool.getCeilMode());
  add(positions.getOutput());
  if (chance(25)) // positions that nobody wants
    return;
  add(nn::MaxPoolGradOp::create(b, name("MaxPool"), type, positions.getOutput(),
                                positions.getPositions(), pool.getKernel(),
                                pool.getStrides(), pool.getPads(),
                                pool.getDilations(), pool.getCeilMode()));
}

//===----------------------------------------------------------------------===//
// Digital operations
//===----------------------------------------------------------------------===//

Value RandomNetwork::addSelection(Value input) {
  Shape shape = getShape(input);
  Value other;
  for (Value value : values)
    if (getShape(value) == shape && (!other || chance(50)))
      other = value;
  if (!other || chance(30)) {
    SmallVector<int64_t> broadcast(shape.drop_front(pick(0, shape.size())));
    for (int64_t &size : broadcast)
      if (chance(40))
        size = 1;
    other = constant(broadcast);
  }
  bool swap = chance(40);
  Value lhs = swap ? other : input, rhs = swap ? input : other;
  switch (pick(0, 3)) {
  case 0:
    return nn::EqualOp::create(b, name("Equal"), lhs, chance(50) ? lhs : rhs);
  case 1:
    return nn::GateOp::create(b, name("Gate"), lhs, rhs,
                              APFloat(chance(50) ? 0.0f : 0.25f));
  case 2:
    return nn::GateRangeOp::create(b, name("GateRange"), lhs, rhs,
                                   APFloat(-0.5f), APFloat(0.75f));
  default:
    return nn::DropOp::create(b, name("Drop"), lhs, rhs, APFloat(0.3f));
  }
}

Value RandomNetwork::addMask(Value input) {
  Value mask = nn::PackSignsOp::create(b, name("Relu"), input);
  Value other = input;
  for (Value value : values)
    if (value.getType() == input.getType() && chance(50))
      other = value;
  return nn::GateMaskOp::create(b, name("Relu"), mask, other);
}

Value RandomNetwork::addUniform(Value input) {
  return nn::UniformOp::create(b, name("Uniform"), input.getType(),
                               getRandomKey(), pick(0, 1000));
}

Value RandomNetwork::addEmbed(Value input) {
  SmallVector<int64_t> shape, offsets, strides;
  for (int64_t extent : getShape(input)) {
    int64_t stride = chance(30) ? pick(1, 3) : 1;
    int64_t low = chance(40) ? pick(0, 2) : 0,
            high = chance(40) ? pick(0, 2) : 0;
    int64_t span = (extent - 1) * stride;
    bool reverse = chance(20);
    shape.push_back(low + span + 1 + high);
    offsets.push_back(reverse ? low + span : low);
    strides.push_back(reverse ? -stride : stride);
  }
  auto type = RankedTensorType::get(shape, b.getF32Type());
  return nn::EmbedOp::create(b, name("Embed"), type, input, offsets, strides);
}

Value RandomNetwork::addBroadcast(Value input) {
  SmallVector<int64_t> shape(getShape(input));
  for (int64_t &extent : shape)
    if (extent == 1 && chance(60))
      extent = pick(1, 4);
  while (shape.size() < 5 && chance(30))
    shape.insert(shape.begin(), pick(1, 3));
  auto type = RankedTensorType::get(shape, b.getF32Type());
  return nn::BroadcastToOp::create(b, name("Expand"), type, input);
}

/// A reduction of axes that need not be adjacent.
Value RandomNetwork::addReductionOfAny(Value input) {
  SmallVector<int64_t> axes;
  int64_t rank = getShape(input).size();
  for (int64_t axis = 0; axis < rank; ++axis)
    if (chance(50))
      axes.push_back(axis);
  if (axes.empty())
    return addReduction(input);
  bool keep = chance(50);
  switch (pick(0, 2)) {
  case 0:
    return nn::ReduceMeanOp::create(b, name("ReduceMean"), input, axes, keep);
  case 1:
    return nn::ReduceSumOp::create(b, name("ReduceSum"), input, axes, keep);
  default:
    return nn::ReduceMaxOp::create(b, name("ReduceMax"), input, axes, keep);
  }
}

//===----------------------------------------------------------------------===//
// Choice
//===----------------------------------------------------------------------===//

void RandomNetwork::add(Value value) {
  // Values that grow without bound take too long.
  if (interp::getNumElements(getShape(value)) < 4096)
    values.push_back(value);
}

void RandomNetwork::addLearning() {
  static const nn::Phase phases[] = {
      nn::Phase::Forward, nn::Phase::Loss, nn::Phase::InputGradient,
      nn::Phase::WeightGradient, nn::Phase::Update};
  Operation *last = entry->empty() ? nullptr : &entry->back();
  Value image = anyOfRank(4);
  int choice = pick(0, 12);
  if (choice < 4 && image)
    addConvolutionGradients(image);
  else if (choice == 4 && image && !getShape(any()).empty())
    addLinearGradients(image);
  else if (choice < 7 && image)
    addPoolGradients(image);
  else if (choice == 7)
    add(addMask(any()));
  else if (choice == 8)
    add(addUniform(any()));
  else if (choice == 9)
    add(addEmbed(any()));
  else if (choice == 10)
    add(addBroadcast(any()));
  else if (choice == 11)
    add(addReductionOfAny(any()));
  else
    add(addSelection(any()));
  nn::Phase phase = phases[pick(0, 4)];
  for (Operation &op : llvm::reverse(*entry)) {
    if (&op == last)
      break;
    if (!isa<nn::ConstantOp>(op))
      nn::setPhase(&op, phase);
  }
}
