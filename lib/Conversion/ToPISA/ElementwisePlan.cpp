//===- ElementwisePlan.cpp - Plans of elementwise operations -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DigitalPlan.h"
#include "PlanKinds.h"

#include "photonic/Dialect/NN/IR/NN.h"
#include "photonic/Interpreter/Arithmetic.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace photonic;

//===----------------------------------------------------------------------===//
// Helpers shared by all plans
//===----------------------------------------------------------------------===//

phx::Count photonic::scaleCount(phx::Count count, int64_t factor) {
  count.cap *= factor;
  if (count.remaining)
    count.remaining = scaleAffine(*count.remaining, factor);
  return count;
}

phx::Address photonic::moveBy(phx::Address address, int64_t bytes) {
  address.offset.base += bytes;
  return address;
}

/// The last dimensions of `values` in an array of 4, `fill` in front.
template <typename T>
static std::array<T, 4> padFront(ArrayRef<T> values, T fill) {
  std::array<T, 4> result;
  result.fill(fill);
  for (size_t i = 0; i < values.size(); ++i)
    result[4 - values.size() + i] = values[i];
  return result;
}

phx::VecMap
photonic::makeMap(const Elementwise &function, ArrayRef<phx::Count> shape,
                  const phx::Address &dst, ArrayRef<int64_t> dstStrides,
                  const phx::Address &a, ArrayRef<int64_t> aStrides,
                  const phx::Address &b, ArrayRef<int64_t> bStrides) {
  phx::VecMap map;
  map.fn = function.fn;
  map.s0 = function.s0;
  map.s1 = function.s1;
  map.dst = dst;
  map.a = a;
  map.b = b;
  map.shape = padFront<phx::Count>(shape, count(1));
  map.dstStride = padFront<int64_t>(dstStrides, 0);
  map.aStride = padFront<int64_t>(aStrides, 0);
  map.bStride = padFront<int64_t>(bStrides, 0);
  return map;
}

CollapsedShape photonic::collapse(ArrayRef<int64_t> shape,
                                  ArrayRef<SmallVector<int64_t>> strides) {
  CollapsedShape result;
  result.strides.resize(strides.size());
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == 1)
      continue;
    bool merges = !result.shape.empty();
    for (size_t o = 0; merges && o < strides.size(); ++o)
      merges = result.strides[o].back() == strides[o][d] * shape[d];
    if (merges)
      result.shape.back() *= shape[d];
    else
      result.shape.push_back(shape[d]);
    for (size_t o = 0; o < strides.size(); ++o) {
      if (merges)
        result.strides[o].back() = strides[o][d];
      else
        result.strides[o].push_back(strides[o][d]);
    }
  }
  if (result.shape.empty()) {
    result.shape.push_back(1);
    for (SmallVector<int64_t> &s : result.strides)
      s.push_back(0);
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Elementwise operations
//===----------------------------------------------------------------------===//

std::optional<Elementwise> photonic::getElementwise(Operation *op) {
  using phx::VecFn;
  return llvm::TypeSwitch<Operation *, std::optional<Elementwise>>(op)
      .Case([](nn::AddOp) { return Elementwise{VecFn::Add}; })
      .Case([](nn::SubOp) { return Elementwise{VecFn::Sub}; })
      .Case([](nn::MulOp) { return Elementwise{VecFn::Mul}; })
      .Case([](nn::DivOp) { return Elementwise{VecFn::Div}; })
      .Case([](nn::MaxOp) { return Elementwise{VecFn::Max}; })
      .Case([](nn::MinOp) { return Elementwise{VecFn::Min}; })
      .Case([](nn::ReluOp) { return Elementwise{VecFn::Relu}; })
      .Case([](nn::LeakyReluOp leaky) {
        return Elementwise{VecFn::LeakyRelu, leaky.getAlpha().convertToFloat()};
      })
      .Case([](nn::ClipOp clip) {
        return Elementwise{VecFn::Clip, clip.getMin().convertToFloat(),
                           clip.getMax().convertToFloat()};
      })
      .Case([](nn::SigmoidOp) { return Elementwise{VecFn::Sigmoid}; })
      .Case([](nn::TanhOp) { return Elementwise{VecFn::Tanh}; })
      .Case([](nn::ExpOp) { return Elementwise{VecFn::Exp}; })
      .Case([](nn::LogOp) { return Elementwise{VecFn::Log}; })
      .Case([](nn::SqrtOp) { return Elementwise{VecFn::Sqrt}; })
      .Case([](nn::NegOp) { return Elementwise{VecFn::Neg}; })
      .Case([](nn::AbsOp) { return Elementwise{VecFn::Abs}; })
      .Case([](nn::EqualOp) { return Elementwise{VecFn::Equal}; })
      .Case([](nn::GateOp gate) {
        return Elementwise{VecFn::Gate, gate.getSlope().convertToFloat()};
      })
      .Case([](nn::GateRangeOp gate) {
        return Elementwise{VecFn::GateRange, gate.getMin().convertToFloat(),
                           gate.getMax().convertToFloat()};
      })
      .Case([](nn::DropOp drop) {
        return Elementwise{VecFn::Drop, drop.getRatio().convertToFloat(),
                           drop.getFactor()};
      })
      .Default([](Operation *) { return std::nullopt; });
}

SmallVector<int64_t> photonic::getBroadcastStrides(ArrayRef<int64_t> from,
                                                   ArrayRef<int64_t> to) {
  SmallVector<int64_t> own = getByteStrides(from);
  SmallVector<int64_t> strides(to.size(), 0);
  size_t lead = to.size() - from.size();
  for (size_t d = 0; d < from.size(); ++d)
    if (from[d] != 1)
      strides[lead + d] = own[d];
  return strides;
}

/// One vec_map over the first dimension, of which there are `units`, and the
/// last three; loops around it over what is in between.
static void emitElementwise(ProgramEmitter &e, const CollapsedShape &c,
                            Elementwise function,
                            SmallVector<phx::Address> places,
                            const phx::Count &units) {
  size_t rank = c.shape.size(), looped = rank > 4 ? rank - 4 : 0;
  for (size_t d = 1; d <= looped; ++d) {
    uint8_t loop = e.beginLoop(c.shape[d]);
    for (auto [place, strides] : llvm::zip_equal(places, c.strides))
      place.offset =
          plusTerm(std::move(place.offset), {loop, 1, 0, 1, 0, strides[d]});
  }
  auto select = [&](ArrayRef<int64_t> list) {
    SmallVector<int64_t> selected{list.front()};
    llvm::append_range(selected, list.drop_front(1 + looped));
    return selected;
  };
  SmallVector<phx::Count> counts;
  for (int64_t size : select(c.shape))
    counts.push_back(count(size));
  counts.front() = units;
  bool binary = places.size() == 3;
  e.emit(phx::EngineKind::Vec,
         makeMap(function, counts, places[0], select(c.strides[0]), places[1],
                 select(c.strides[1]), binary ? places[2] : phx::Address(),
                 binary ? select(c.strides[2]) : SmallVector<int64_t>()));
  for (size_t d = 1; d <= looped; ++d)
    e.endLoop();
}

FailureOr<DigitalPlan> photonic::planElementwise(Operation *op,
                                                 Elementwise function) {
  ArrayRef<int64_t> shape =
      cast<RankedTensorType>(op->getResult(0).getType()).getShape();
  SmallVector<SmallVector<int64_t>> strides{getByteStrides(shape)};
  for (Value operand : op->getOperands())
    strides.push_back(getBroadcastStrides(
        cast<RankedTensorType>(operand.getType()).getShape(), shape));
  CollapsedShape collapsed = collapse(shape, strides);
  if (collapsed.shape.size() > 4 + maxLoops)
    return op->emitOpError("needs ")
           << collapsed.shape.size() << " dimensions after merging, at most "
           << 4 + maxLoops
           << " are supported; reshape the operands so that broadcast "
              "dimensions are adjacent";

  ComputePlan plan;
  plan.units = collapsed.shape.front();
  plan.resultUnitBytes = {collapsed.strides[0].front()};
  if (plan.units == 1)
    plan.resultUnitBytes = {4 * getNumElements(collapsed.shape)};
  for (unsigned i = 0; i < op->getNumOperands(); ++i) {
    plan.operandUnitBytes.push_back(collapsed.strides[i + 1].front());
    if (collapsed.strides[i + 1] == collapsed.strides[0])
      plan.inPlaceOperands.push_back(i);
  }
  plan.emit = [collapsed, function](ProgramEmitter &e,
                                    const ComputePlan::Places &p) {
    SmallVector<phx::Address> places{p.results[0]};
    llvm::append_range(places, p.operands);
    emitElementwise(e, collapsed, function, std::move(places), p.units);
  };
  return DigitalPlan(std::move(plan));
}

//===----------------------------------------------------------------------===//
// Batch normalisation that did not fold
//===----------------------------------------------------------------------===//

FailureOr<DigitalPlan> photonic::planBatchNorm(Operation *op) {
  auto norm = cast<nn::BatchNormOp>(op);
  SmallVector<interp::Tensor> parameters;
  for (Value operand : op->getOperands().drop_front()) {
    FailureOr<interp::Tensor> tensor = nn::getConstantTensor(operand);
    if (failed(tensor))
      return op->emitOpError(
          "expected constant scale, bias, mean and variance at inference");
    parameters.push_back(std::move(*tensor));
  }
  auto shape = cast<RankedTensorType>(norm.getOutput().getType()).getShape();
  int64_t channels = shape[1];
  int64_t pixels = getNumElements(shape.drop_front(2));
  ComputePlan plan;
  PlanConstant scale{"scale", {}}, shift{"shift", {}};
  for (int64_t c = 0; c < channels; ++c) {
    auto at = [&](unsigned i) { return parameters[i][c]; };
    interp::ChannelAffine channel = interp::getBatchNormAffine(
        at(0), at(1), at(2), at(3), norm.getEpsilon().convertToFloat());
    scale.values.push_back(channel.scale);
    shift.values.push_back(channel.shift);
  }
  plan.constants = {std::move(scale), std::move(shift)};
  plan.units = shape[0];
  plan.resultUnitBytes = {4 * channels * pixels};
  // Scale, bias, mean and variance are not read at run time.
  plan.operandUnitBytes = plan.resultUnitBytes;
  plan.inPlaceOperands = {0};
  plan.emit = [channels, pixels](ProgramEmitter &e,
                                 const ComputePlan::Places &p) {
    SmallVector<phx::Count> counts{p.units, count(channels), count(pixels)};
    SmallVector<int64_t> image{4 * channels * pixels, 4 * pixels, 4};
    SmallVector<int64_t> channel{0, 4, 0};
    e.emit(phx::EngineKind::Vec,
           makeMap({phx::VecFn::Mul}, counts, p.results[0], image,
                   p.operands[0], image, p.constants[0], channel));
    e.emit(phx::EngineKind::Vec,
           makeMap({phx::VecFn::Add}, counts, p.results[0], image, p.results[0],
                   image, p.constants[1], channel));
  };
  return DigitalPlan(std::move(plan));
}
