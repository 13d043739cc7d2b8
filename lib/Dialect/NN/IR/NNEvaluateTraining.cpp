//===- NNEvaluateTraining.cpp - Reference of composite operations ---------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Normalisation by the batch and losses, operation by operation as stated in
// NNTrainingOps.td.
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/NN/IR/NN.h"
#include "photonic/Interpreter/Arithmetic.h"
#include "phx/isa/Limits.h"
#include "phx/support/Math.h"
#include <cmath>
#include <vector>

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

static_assert(maxPositions == phx::limits::windowPositions);
using interp::Tensor;
using Operands = MutableArrayRef<interp::Value>;
using Results = SmallVectorImpl<interp::Value>;

//===----------------------------------------------------------------------===//
// Batch normalisation
//===----------------------------------------------------------------------===//

int64_t BatchNormTrainOp::getCount() {
  RankedTensorType type = getInput().getType();
  return type.getNumElements() / type.getDimSize(1);
}

float BatchNormTrainOp::getVarianceFactor() {
  double weight = 1.0 - double(getMomentum().convertToFloat());
  double count = double(getCount());
  return float(getUnbiasedRunning() ? weight * count / (count - 1) : weight);
}

namespace {
/// The elements of one channel of a tensor, row major.
struct Channel {
  Channel(const Tensor &x, int64_t channel)
      : inner(x.getNumElements() / (x.getDim(0) * x.getDim(1))),
        first(channel * inner), stride(x.getDim(1) * inner),
        size(x.getDim(0) * inner) {}
  int64_t operator[](int64_t i) const {
    return first + i / inner * stride + i % inner;
  }
  int64_t inner, first, stride, size;
};
} // namespace

LogicalResult BatchNormTrainOp::evaluate(Operands operands, Results &results) {
  Tensor x = std::move(operands[0].getTensor());
  const Tensor &scale = operands[1].getTensor();
  const Tensor &bias = operands[2].getTensor();
  const Tensor &mean = operands[3].getTensor();
  const Tensor &var = operands[4].getTensor();
  float epsilon = getEpsilon().convertToFloat();
  float momentum = getMomentum().convertToFloat();
  float meanFactor = float(1.0 - double(momentum));
  float varFactor = getVarianceFactor();
  int64_t channels = x.getDim(1);
  SmallVector<Tensor, 4> vectors(4, Tensor::zeros(channels));
  MutableArrayRef<float> newMean = vectors[0].getMutableData();
  MutableArrayRef<float> newVar = vectors[1].getMutableData();
  MutableArrayRef<float> batchMean = vectors[2].getMutableData();
  MutableArrayRef<float> invStd = vectors[3].getMutableData();
  MutableArrayRef<float> data = x.getMutableData();
  for (int64_t c = 0; c < channels; ++c) {
    Channel channel(x, c);
    interp::LaneSum sum, squares;
    for (int64_t i = 0; i < channel.size; ++i)
      sum.add(i, data[channel[i]]);
    batchMean[c] = sum.get() / float(channel.size);
    for (int64_t i = 0; i < channel.size; ++i) {
      float &centred = data[channel[i]];
      centred = centred - batchMean[c];
      squares.add(i, centred * centred);
    }
    float batchVar = squares.get() / float(channel.size);
    invStd[c] = 1.0f / std::sqrt(batchVar + epsilon);
    float factor = scale[c] * invStd[c];
    for (int64_t i = 0; i < channel.size; ++i)
      data[channel[i]] = data[channel[i]] * factor + bias[c];
    newMean[c] = momentum * mean[c] + batchMean[c] * meanFactor;
    newVar[c] = momentum * var[c] + batchVar * varFactor;
  }
  results.push_back(std::move(x));
  for (Tensor &vector : vectors)
    results.push_back(std::move(vector));
  return success();
}

//===----------------------------------------------------------------------===//
// Losses
//===----------------------------------------------------------------------===//

/// Sum of everything, row major.
static float getSum(ArrayRef<float> values) {
  interp::LaneSum sum;
  for (auto [i, value] : llvm::enumerate(values))
    sum.add(i, value);
  return sum.get();
}

/// Losses as they are, or their sum as a tensor of shape [1], divided by
/// `count` for the mean.
static Tensor reduceLosses(Tensor losses, Reduction reduction, float count) {
  if (reduction == Reduction::None)
    return losses;
  float sum = getSum(losses.getData());
  return Tensor({1}, {reduction == Reduction::Mean ? sum / count : sum});
}

namespace {
/// What one element with a label contributes.
struct Pick {
  float value = 0, share = 0;
};
} // namespace

/// One element: class c has log-probability scores[c * stride]. Sums run over
/// the classes although at most one of them counts.
static Pick pickClass(const float *scores, int64_t stride, int64_t classes,
                      float label, std::optional<int64_t> ignore,
                      const Tensor *weights) {
  interp::LaneSum value, share;
  for (int64_t c = 0; c < classes; ++c) {
    float number = ignore && *ignore == c ? -1.0f : float(c);
    float hot = label == number ? 1.0f : 0.0f;
    value.add(c, hot > 0 ? scores[c * stride] : 0.0f);
    share.add(c, weights ? hot * (*weights)[c] : hot);
  }
  return {value.get(), share.get()};
}

/// `nn.nll_loss` of the operands `scores`, labels and weights.
template <typename Op>
static Tensor getClassLoss(Op op, const Tensor &scores, Operands operands) {
  const Tensor &labels = operands[1].getTensor();
  const Tensor *weights =
      operands.size() > 2 ? &operands[2].getTensor() : nullptr;
  Tensor losses = Tensor::uninitialized(labels.getShape());
  std::vector<float> shares;
  int64_t classes = scores.getDim(1);
  int64_t inner = labels.getNumElements() / labels.getDim(0);
  for (auto [i, loss] : llvm::enumerate(losses.getMutableData())) {
    int64_t image = int64_t(i) / inner, position = int64_t(i) % inner;
    Pick pick =
        pickClass(scores.data() + image * classes * inner + position, inner,
                  classes, labels[i], op.getIgnoreIndex(), weights);
    loss = -(weights ? pick.value * pick.share : pick.value);
    shares.push_back(pick.share);
  }
  bool counted = weights || op.getIgnoreIndex();
  float count = counted ? getSum(shares) : float(shares.size());
  return reduceLosses(std::move(losses), op.getReduction(), count);
}

LogicalResult NLLLossOp::evaluate(Operands operands, Results &results) {
  results.push_back(getClassLoss(*this, operands[0].getTensor(), operands));
  return success();
}

/// `nn.log_softmax` along dimension 1.
static Tensor getLogSoftmax(Tensor x) {
  int64_t images = x.getDim(0), classes = x.getDim(1);
  int64_t inner = x.getNumElements() / (images * classes);
  float *data = x.getMutableData().data();
  for (int64_t i = 0; i < images * inner; ++i) {
    float *scores = data + i / inner * classes * inner + i % inner;
    float maximum = scores[0];
    for (int64_t c = 1; c < classes; ++c)
      maximum = interp::keepMaximum(maximum, scores[c * inner]);
    interp::LaneSum sum;
    for (int64_t c = 0; c < classes; ++c) {
      scores[c * inner] = scores[c * inner] - maximum;
      sum.add(c, phx::expF32(scores[c * inner]));
    }
    float logarithm = phx::logF32(sum.get());
    for (int64_t c = 0; c < classes; ++c)
      scores[c * inner] = scores[c * inner] - logarithm;
  }
  return x;
}

LogicalResult SoftmaxCrossEntropyOp::evaluate(Operands operands,
                                              Results &results) {
  Tensor logProb = getLogSoftmax(std::move(operands[0].getTensor()));
  results.push_back(getClassLoss(*this, logProb, operands));
  results.push_back(std::move(logProb));
  return success();
}

LogicalResult MSELossOp::evaluate(Operands operands, Results &results) {
  Tensor x = std::move(operands[0].getTensor());
  const Tensor &target = operands[1].getTensor();
  for (auto [i, element] : llvm::enumerate(x.getMutableData())) {
    float distance = element - target[i];
    element = distance * distance;
  }
  float count = float(x.getNumElements());
  results.push_back(reduceLosses(std::move(x), getReduction(), count));
  return success();
}
