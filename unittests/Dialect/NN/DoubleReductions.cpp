//===- DoubleReductions.cpp - Reductions, losses, normalisation -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DoubleEvaluatorOps.h"
#include "photonic/Interpreter/Philox.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;
using namespace photonic::nn::test;

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

template <typename Op> void DoubleEvaluator::reduce(Op op) {
  const Array &x = get(op.getInput());
  Index kept(x.shape);
  for (int64_t axis : op.getAxes())
    kept[axis] = 1;
  Array y(kept, std::is_same_v<Op, ReduceMaxOp> ? -HUGE_VAL : 0);
  double count = double(x.size()) / double(y.size());
  forEach(x.shape, [&](Index i) {
    double value = x.at(i);
    for (int64_t axis : op.getAxes())
      i[axis] = 0;
    if constexpr (std::is_same_v<Op, ReduceMaxOp>)
      y.at(i) = std::max(y.at(i), value);
    else if constexpr (std::is_same_v<Op, ReduceMeanOp>)
      y.at(i) += value / count;
    else
      y.at(i) += value;
  });
  y.shape = Index(op.getType().getShape());
  set(op, std::move(y));
}

Array photonic::nn::test::getLogSoftmax(Array x, int64_t axis) {
  Index one(x.shape);
  one[axis] = 1;
  Array sum(one);
  forEach(x.shape, [&](Index i) {
    double value = x.at(i);
    i[axis] = 0;
    sum.at(i) += std::exp(value);
  });
  forEach(x.shape, [&](const Index &i) {
    Index first = i;
    first[axis] = 0;
    x.at(i) -= std::log(sum.at(first));
  });
  return x;
}

template <typename Op> void DoubleEvaluator::softmax(Op op, bool logarithm) {
  Array y = getLogSoftmax(get(op.getInput()), op.getAxis());
  if (!logarithm)
    for (double &value : y.data)
      value = std::exp(value);
  set(op, std::move(y));
}

bool DoubleEvaluator::evaluateReduction(Operation *operation) {
  return llvm::TypeSwitch<Operation *, bool>(operation)
      .Case<ReduceSumOp, ReduceMeanOp, ReduceMaxOp>(
          [&](auto op) { return reduce(op), true; })
      .Case([&](SoftmaxOp op) { return softmax(op, false), true; })
      .Case([&](LogSoftmaxOp op) { return softmax(op, true), true; })
      .Default(false);
}

//===----------------------------------------------------------------------===//
// Normalisation, losses, random numbers
//===----------------------------------------------------------------------===//

void DoubleEvaluator::normalise(BatchNormOp op) {
  auto of = [&](Value v, const Index &i) { return get(v).data[i[1]]; };
  double epsilon = toDouble(op.getEpsilon());
  set(op, make(op, [&](const Index &i) {
        return (get(op.getInput()).at(i) - of(op.getMean(), i)) /
                   std::sqrt(of(op.getVar(), i) + epsilon) *
                   of(op.getScale(), i) +
               of(op.getBias(), i);
      }));
}

void DoubleEvaluator::normalise(BatchNormTrainOp op) {
  const Array &x = get(op.getInput());
  Array vectors[4];
  llvm::fill(vectors, Array(x.shape[1]));
  auto &[newMean, newVar, mean, invStd] = vectors;
  double count = double(op.getCount());
  forEach(x.shape, [&](const Index &i) { mean.data[i[1]] += x.at(i) / count; });
  Array var(x.shape[1]);
  forEach(x.shape, [&](const Index &i) {
    var.data[i[1]] += std::pow(x.at(i) - mean.data[i[1]], 2) / count;
  });
  double momentum = toDouble(op.getMomentum());
  double bessel = op.getUnbiasedRunning() ? count / (count - 1) : 1;
  for (int64_t c = 0; c < x.shape[1]; ++c) {
    invStd.data[c] = 1 / std::sqrt(var.data[c] + toDouble(op.getEpsilon()));
    newMean.data[c] =
        momentum * get(op.getMean()).data[c] + (1 - momentum) * mean.data[c];
    newVar.data[c] = momentum * get(op.getVar()).data[c] +
                     (1 - momentum) * bessel * var.data[c];
  }
  Array y = make(op.getOutput(), [&](const Index &i) {
    return (x.at(i) - mean.data[i[1]]) * invStd.data[i[1]] *
               get(op.getScale()).data[i[1]] +
           get(op.getBias()).data[i[1]];
  });
  set(op.getOutput(), std::move(y));
  for (auto [result, vector] :
       llvm::zip_equal(op->getResults().drop_front(), vectors))
    set(result, vector);
}

/// The loss of log-probabilities.
template <typename Op>
static Array getClassLoss(Op op, const Array &logProb, const Array &labels,
                          const Array *weights) {
  Array losses(labels.shape);
  double total = 0, count = 0;
  forEach(labels.shape, [&](const Index &i) {
    double label = labels.at(i);
    // The accessor is unsigned.
    if (op.getIgnoreIndex() && label == double(int64_t(*op.getIgnoreIndex())))
      return;
    Index at = i;
    at.insert(at.begin() + 1, int64_t(label));
    double weight = weights ? weights->at(int64_t(label)) : 1;
    losses.at(i) = -weight * logProb.at(at);
    total += losses.at(i);
    count += weight;
  });
  if (op.getReduction() == Reduction::None)
    return losses;
  return Array(1, op.getReduction() == Reduction::Mean ? total / count : total);
}

static Array getSquareLoss(MSELossOp op, Array losses, const Array &target) {
  for (auto [x, t] : llvm::zip(losses.data, target.data))
    x = (x - t) * (x - t);
  if (op.getReduction() == Reduction::None)
    return losses;
  double sum = 0;
  for (double x : losses.data)
    sum += x;
  if (op.getReduction() == Reduction::Mean)
    sum /= double(losses.size());
  return Array(1, sum);
}

/// Random numbers, or those elements of a tensor that they let through.
template <typename Op> void DoubleEvaluator::draw(Op op) {
  const Array &key = get(op.getKey());
  interp::RandomKey words{uint32_t(key.data[0]), uint32_t(key.data[1]),
                          uint32_t(key.data[2])};
  Array y(op.getType().getShape());
  for (int64_t i = 0; i < y.size(); ++i)
    if constexpr (std::is_same_v<Op, UniformOp>) {
      y.data[i] = interp::getUniform(words, uint32_t(op.getStream()), i);
    } else {
      double ratio = toDouble(op.getRatio());
      uint32_t stream = uint32_t(op.firstStream + op.getStream());
      if (interp::getUniform(words, stream, i) >= ratio)
        y.data[i] = get(op.getInput()).data[i] / (1 - ratio);
    }
  set(op, std::move(y));
}

bool DoubleEvaluator::evaluateTraining(Operation *operation) {
  auto weightsOf = [&](auto op) {
    return op.getWeights() ? &get(op.getWeights()) : nullptr;
  };
  return llvm::TypeSwitch<Operation *, bool>(operation)
      .Case<BatchNormOp, BatchNormTrainOp>(
          [&](auto op) { return normalise(op), true; })
      .Case([&](NLLLossOp op) {
        set(op, getClassLoss(op, get(op.getInput()), get(op.getLabels()),
                             weightsOf(op)));
        return true;
      })
      .Case([&](SoftmaxCrossEntropyOp op) {
        Array logProb = getLogSoftmax(get(op.getInput()), 1);
        Array loss =
            getClassLoss(op, logProb, get(op.getLabels()), weightsOf(op));
        set(op.getLoss(), std::move(loss));
        set(op.getLogProb(), std::move(logProb));
        return true;
      })
      .Case([&](MSELossOp op) {
        set(op, getSquareLoss(op, get(op.getInput()), get(op.getTarget())));
        return true;
      })
      .Case<UniformOp, DropoutOp>([&](auto op) { return draw(op), true; })
      .Default(false);
}
