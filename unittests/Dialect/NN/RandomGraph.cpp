//===- RandomGraph.cpp - Small networks that learn, at random -------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RandomGraph.h"
#include "photonic/Dialect/NN/IR/Step.h"
#include <gtest/gtest.h>

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;
using interp::Tensor;

RandomGraph::RandomGraph(MLIRContext &context, unsigned seed)
    : context(context), random(seed), builder(&context) {}

int64_t RandomGraph::draw(int64_t low, int64_t high) {
  // Not std::uniform_int_distribution, which differs between libraries.
  return low + int64_t(random() % uint64_t(high - low + 1));
}

float RandomGraph::drawFloat(float low, float high) {
  return low + (high - low) * (float(random() >> 8) * 0x1p-24f);
}

Tensor RandomGraph::drawTensor(ArrayRef<int64_t> shape, float low, float high) {
  Tensor tensor = Tensor::zeros(shape);
  for (float &x : tensor.getMutableData())
    x = drawFloat(low, high);
  return tensor;
}

static ArrayRef<int64_t> getShape(Value value) {
  return getTensorType(value).getShape();
}

static ElementsAttr toAttribute(MLIRContext &context, const Tensor &tensor) {
  auto type =
      RankedTensorType::get(tensor.getShape(), Float32Type::get(&context));
  return DenseElementsAttr::get(type, tensor.getData());
}

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

Value RandomGraph::addInput(const Tensor &tensor, StringRef name) {
  // Inputs stand in front of everything that persists.
  unsigned index = inputs.size();
  auto type =
      RankedTensorType::get(tensor.getShape(), Float32Type::get(&context));
  auto attributes = builder.getDictionaryAttr(
      builder.getNamedAttr(nameAttrName, builder.getStringAttr(name)));
  EXPECT_TRUE(succeeded(function.insertArgument(index, type, attributes,
                                                builder.getUnknownLoc())));
  inputs.push_back(tensor);
  return function.getArgument(index);
}

Value RandomGraph::addParameter(ArrayRef<int64_t> shape, float low,
                                float high) {
  std::string name = "p" + std::to_string(function.getNumArguments());
  BlockArgument argument =
      addPersistent(function, name, parameterRole,
                    toAttribute(context, drawTensor(shape, low, high)),
                    builder.getUnknownLoc());
  function.setArgAttr(argument.getArgNumber(), trainableAttrName,
                      builder.getUnitAttr());
  return argument;
}

Value RandomGraph::getKey() {
  if (BlockArgument key = findArgument(function, randomKeyName))
    return key;
  return addPersistent(function, randomKeyName, stateRole,
                       toAttribute(context, Tensor({3}, {7, 0, 2})),
                       builder.getUnknownLoc(), randomKeyKnob);
}

Value RandomGraph::findLike(Value value) {
  SmallVector<Value> alike;
  for (Value other : values)
    if (getShape(other) == getShape(value))
      alike.push_back(other);
  return alike[draw(0, alike.size() - 1)];
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

Value RandomGraph::addConvolution(Value x) {
  ArrayRef<int64_t> shape = getShape(x);
  int64_t groups = shape[1] % 2 == 0 && chance() ? 2 : 1;
  if (draw(0, 3) == 0)
    groups = shape[1];
  int64_t filters = groups * draw(1, groups > 2 ? 1 : 3);
  SmallVector<int64_t> kernel, strides, dilations, pads(4);
  for (unsigned d : {0, 1}) {
    kernel.push_back(draw(1, 3));
    strides.push_back(draw(1, 2));
    dilations.push_back(draw(1, 2));
    pads[d] = draw(0, 2);
    pads[d + 2] = draw(0, 2);
    int64_t span = dilations[d] * (kernel[d] - 1) + 1;
    pads[d] +=
        std::max<int64_t>(0, span - shape[2 + d] - pads[d] - pads[d + 2]);
  }
  Value w = addParameter({filters, shape[1] / groups, kernel[0], kernel[1]});
  SmallVector<Value> operands = {x, w};
  if (chance())
    operands.push_back(addParameter(filters));
  Conv2dOp::Properties properties;
  properties.strides = builder.getDenseI64ArrayAttr(strides);
  properties.pads = builder.getDenseI64ArrayAttr(pads);
  properties.dilations = builder.getDenseI64ArrayAttr(dilations);
  properties.groups = builder.getI64IntegerAttr(groups);
  return Conv2dOp::create(builder, p->getLoc(), operands, properties);
}

Value RandomGraph::addNormalisation(Value x) {
  int64_t channels = getShape(x)[1];
  Value scale = addParameter(channels), bias = addParameter(channels);
  Value mean = addParameter(channels), var = addParameter(channels, 0.5, 2);
  if (chance() || getTensorType(x).getNumElements() == channels)
    return BatchNormOp::create(builder, p->getLoc(), x, scale, bias, mean, var,
                               llvm::APFloat(0.125f));
  // Statistics get no gradient.
  for (Value statistic : {mean, var})
    function.removeArgAttr(cast<BlockArgument>(statistic).getArgNumber(),
                           StringAttr::get(&context, trainableAttrName));
  return BatchNormTrainOp::create(builder, p->getLoc(), x, scale, bias, mean,
                                  var, llvm::APFloat(0.125f),
                                  llvm::APFloat(0.75f), chance())
      .getOutput();
}

Value RandomGraph::addActivation(Value x) {
  switch (draw(0, 4)) {
  case 0:
    return LeakyReluOp::create(builder, p->getLoc(), x,
                               llvm::APFloat(drawFloat(-0.5, 0.5)));
  case 1:
    return ClipOp::create(builder, p->getLoc(), x,
                          llvm::APFloat(drawFloat(-0.5, 0)),
                          llvm::APFloat(drawFloat(0.2, 1)));
  case 2:
    return AbsOp::create(builder, p->getLoc(), x);
  default:
    return ReluOp::create(builder, p->getLoc(), x);
  }
}

/// Some need an operand from a bounded interval.
Value RandomGraph::addSmoothFunction(Value x) {
  Value bounded = TanhOp::create(builder, p->getLoc(), x);
  Value positive = p->add(bounded, p->constant(1.5));
  switch (draw(0, 6)) {
  case 5:
    return PowOp::create(builder, p->getLoc(), positive,
                         addParameter(chance() ? 1 : getShape(x).back()));
  case 0:
    return p->exp(bounded);
  case 1:
    return LogOp::create(builder, p->getLoc(), positive);
  case 2:
    return p->sqrt(positive);
  case 3:
    return p->neg(SigmoidOp::create(builder, p->getLoc(), x));
  case 4:
    return p->div(findLike(x), positive);
  default:
    return bounded;
  }
}

Value RandomGraph::addPool(Value x) {
  ArrayRef<int64_t> shape = getShape(x);
  SmallVector<int64_t> kernel, strides, pads(4, 0);
  for (unsigned d : {0, 1}) {
    kernel.push_back(draw(1, std::min<int64_t>(3, shape[2 + d])));
    strides.push_back(draw(1, 2));
    // A pad smaller than the kernel leaves no window empty.
    pads[d] = draw(0, kernel[d] - 1);
    pads[d + 2] = draw(0, kernel[d] - 1);
  }
  SmallVector<int64_t> dilations = {1, 1};
  bool ceilMode = chance();
  if (chance())
    return MaxPoolOp::create(builder, p->getLoc(), x, kernel, strides, pads,
                             dilations, ceilMode);
  return AvgPoolOp::create(builder, p->getLoc(), x, kernel, strides, pads,
                           dilations, ceilMode, chance());
}

Value RandomGraph::addBinary(Value x) {
  Value y = findLike(x);
  switch (draw(0, 4)) {
  case 0:
    return p->sub(x, y);
  case 1:
    return p->mul(x, y);
  case 2:
    return MaxOp::create(builder, p->getLoc(), x, y);
  case 3:
    return MinOp::create(builder, p->getLoc(), y, x);
  default:
    return p->add(x, y);
  }
}

/// With a parameter that repeats, on either side.
Value RandomGraph::addBroadcast(Value x) {
  SmallVector<int64_t> shape(getShape(x).take_back(draw(1, 4)));
  for (int64_t &extent : shape)
    if (chance())
      extent = 1;
  Value y = addParameter(shape, 0.5, 1.5);
  switch (draw(0, 5)) {
  case 0:
    return p->add(y, x);
  case 1:
    return p->sub(y, x);
  case 2:
    return p->div(x, y);
  case 3:
    return MaxOp::create(builder, p->getLoc(), y, x);
  case 4:
    return p->mul(x, p->broadcastTo(y, getShape(x)));
  default:
    return p->mul(y, x);
  }
}

/// Squeeze and excite, by any reduction over any axes.
Value RandomGraph::addReduction(Value x) {
  SmallVector<int64_t> axes;
  for (int64_t d = 0; d < 4; ++d)
    if (chance())
      axes.push_back(d);
  if (axes.empty())
    axes = {2, 3};
  SmallVector<int64_t> kept(getShape(x));
  for (int64_t axis : axes)
    kept[axis] = 1;
  bool keepdims = chance();
  Value reduced;
  if (chance())
    reduced = ReduceMaxOp::create(builder, p->getLoc(), x, axes, keepdims);
  else if (chance())
    reduced = p->reduceSum(x, axes, keepdims);
  else
    reduced = p->reduceMean(x, axes, keepdims);
  return p->mul(
      x, TanhOp::create(builder, p->getLoc(), p->reshape(reduced, kept)));
}

Value RandomGraph::addConcat(Value x) {
  SmallVector<Value> parts = {x, findLike(x)};
  if (chance())
    parts.push_back(x);
  return ConcatOp::create(builder, p->getLoc(), parts,
                          builder.getI64IntegerAttr(draw(1, 3)));
}

Value RandomGraph::addSlice(Value x) {
  SmallVector<int64_t> offsets, sizes, strides;
  for (int64_t extent : getShape(x).drop_front()) {
    int64_t stride = draw(1, 2), size = (extent - 1) / stride + 1;
    offsets.push_back(chance() ? 0 : (size - 1) * stride);
    strides.push_back(offsets.back() ? -stride : stride);
    sizes.push_back(size);
  }
  offsets.insert(offsets.begin(), 0);
  sizes.insert(sizes.begin(), getShape(x)[0]);
  strides.insert(strides.begin(), 1);
  Value part = p->slice(x, offsets, sizes, strides);
  if (chance())
    return part;
  return EmbedOp::create(builder, p->getLoc(), x.getType(), part, offsets,
                         strides);
}

Value RandomGraph::addPad(Value x) {
  SmallVector<int64_t> low = {0, draw(0, 1), draw(0, 2), draw(0, 1)};
  SmallVector<int64_t> high = {0, 0, draw(0, 1), draw(0, 2)};
  return PadOp::create(builder, p->getLoc(), x,
                       builder.getDenseI64ArrayAttr(low),
                       builder.getDenseI64ArrayAttr(high),
                       builder.getF32FloatAttr(drawFloat(-1, 1)));
}

Value RandomGraph::addPermutation(Value x) {
  SmallVector<int64_t> perm = {0, 1, 2, 3};
  std::swap(perm[draw(1, 3)], perm[draw(1, 3)]);
  Value turned = TransposeOp::create(builder, p->getLoc(), x,
                                     builder.getDenseI64ArrayAttr(perm));
  ArrayRef<int64_t> shape = getShape(turned);
  return p->reshape(turned, {shape[0], shape[3], shape[1], shape[2]});
}

Value RandomGraph::addSoftmax(Value x) {
  auto axis = builder.getI64IntegerAttr(draw(0, 3));
  if (chance())
    return SoftmaxOp::create(builder, p->getLoc(), x, axis);
  return LogSoftmaxOp::create(builder, p->getLoc(), x, axis);
}

Value RandomGraph::addDropout(Value x) {
  return DropoutOp::create(builder, p->getLoc(), x, getKey(),
                           builder.getF32FloatAttr(0.25),
                           builder.getI64IntegerAttr(streams++));
}

/// Operations of backward passes in a forward pass.
Value RandomGraph::addSelection(Value x) {
  Value condition = findLike(x);
  switch (draw(0, 3)) {
  case 0:
    return p->gate(condition, x, drawFloat(-0.5, 0.5));
  case 1:
    return GateRangeOp::create(builder, p->getLoc(), condition, x,
                               llvm::APFloat(-0.5f), llvm::APFloat(0.5f));
  case 2: {
    Value mask = PackSignsOp::create(builder, p->getLoc(), condition);
    return GateMaskOp::create(builder, p->getLoc(), mask, x);
  }
  default: {
    Value number = UniformOp::create(
        builder, p->getLoc(), x.getType(), getKey(),
        builder.getI64IntegerAttr(DropoutOp::firstStream + streams++));
    return DropOp::create(builder, p->getLoc(), number, x,
                          builder.getF32FloatAttr(0.25));
  }
  }
}

Value RandomGraph::addLayer(Value x) {
  using Layer = Value (RandomGraph::*)(Value);
  static const Layer layerKinds[] = {&RandomGraph::addConvolution,
                                     &RandomGraph::addConvolution,
                                     &RandomGraph::addNormalisation,
                                     &RandomGraph::addNormalisation,
                                     &RandomGraph::addActivation,
                                     &RandomGraph::addActivation,
                                     &RandomGraph::addSmoothFunction,
                                     &RandomGraph::addPool,
                                     &RandomGraph::addPool,
                                     &RandomGraph::addBinary,
                                     &RandomGraph::addBroadcast,
                                     &RandomGraph::addReduction,
                                     &RandomGraph::addConcat,
                                     &RandomGraph::addSlice,
                                     &RandomGraph::addPad,
                                     &RandomGraph::addPermutation,
                                     &RandomGraph::addSoftmax,
                                     &RandomGraph::addDropout,
                                     &RandomGraph::addSelection};
  layers.push_back("layer" + std::to_string(layers.size()));
  p.emplace(builder, NameLoc::get(builder.getStringAttr(layers.back())));
  return (this->*layerKinds[draw(0, std::size(layerKinds) - 1)])(x);
}

//===----------------------------------------------------------------------===//
// Losses
//===----------------------------------------------------------------------===//

static Reduction drawReduction(int64_t number) {
  return number ? Reduction::Mean : Reduction::Sum;
}

/// Scores of 3 classes by a linear layer, and a loss of one of the forms.
Value RandomGraph::addClassLoss(Value features) {
  int64_t images = getShape(features)[0];
  int64_t size = getTensorType(features).getNumElements() / images;
  Value flat = p->reshape(features, {images, size});
  SmallVector<Value> operands = {flat, addParameter({3, size})};
  if (chance())
    operands.push_back(addParameter(3));
  Value scores =
      LinearOp::create(builder, p->getLoc(), operands, LinearOp::Properties());
  Tensor numbers = Tensor::zeros(images);
  for (float &label : numbers.getMutableData())
    label = float(draw(0, 2));
  IntegerAttr ignore;
  if (chance()) {
    ignore = builder.getI64IntegerAttr(-100);
    numbers.getMutableData()[0] = -100;
  }
  Value labels = addInput(numbers, labelsName), weights;
  if (chance())
    weights = p->constant({3}, drawTensor(3, 0.5, 2).getData());
  Reduction reduction = drawReduction(draw(0, 1));
  if (chance()) {
    auto loss = SoftmaxCrossEntropyOp::create(
        builder, p->getLoc(), scores, labels, weights, reduction, ignore);
    if (chance())
      return loss.getLoss();
    // Through the second result as well.
    return p->add(loss.getLoss(), p->meanAll(loss.getLogProb()));
  }
  Value logProb = LogSoftmaxOp::create(builder, p->getLoc(), scores,
                                       builder.getI64IntegerAttr(1));
  if (chance())
    return NLLLossOp::create(builder, p->getLoc(), logProb, labels, weights,
                             reduction, ignore);
  Value losses = NLLLossOp::create(builder, p->getLoc(), logProb, labels,
                                   weights, Reduction::None, ignore);
  return p->meanAll(p->mul(losses, losses));
}

Value RandomGraph::addDistance(Value x) {
  Value target =
      chance() ? findLike(x)
               : p->constant(getShape(x), drawTensor(getShape(x)).getData());
  if (chance())
    return MSELossOp::create(builder, p->getLoc(), x, target,
                             drawReduction(draw(0, 1)));
  return p->meanAll(
      MSELossOp::create(builder, p->getLoc(), target, x, Reduction::None));
}

void RandomGraph::finish(ArrayRef<Value> losses) {
  func::ReturnOp::create(builder, builder.getUnknownLoc());
  for (auto [i, loss] : llvm::enumerate(losses))
    addResult(function, loss,
              {builder.getNamedAttr(nameAttrName,
                                    builder.getStringAttr("loss" + Twine(i))),
               builder.getNamedAttr(lossAttrName, builder.getUnitAttr())});
}

OwningOpRef<ModuleOp> RandomGraph::build() {
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder.getUnknownLoc());
  builder.setInsertionPointToEnd(module->getBody());
  function = func::FuncOp::create(builder, builder.getUnknownLoc(), "main",
                                  builder.getFunctionType({}, {}));
  builder.setInsertionPointToStart(function.addEntryBlock());
  values = {addInput(
      drawTensor({draw(2, 3), draw(1, 4), draw(3, 6), draw(3, 6)}), "image")};
  for (int64_t i = draw(2, 6); i > 0; --i) {
    // Small enough for many evaluations, and rarely a value of no consequence.
    Value x =
        addLayer(chance() ? values.back() : values[draw(0, values.size() - 1)]);
    if (getTensorType(x).getNumElements() <= 600)
      values.push_back(x);
  }
  layers.push_back("loss");
  p.emplace(builder, NameLoc::get(builder.getStringAttr("loss")));
  SmallVector<Value> losses = {addClassLoss(values.back())};
  if (chance())
    losses.push_back(addDistance(values[draw(0, values.size() - 1)]));
  finish(losses);
  return module;
}
