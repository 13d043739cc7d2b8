//===- DoubleEvaluator.cpp - Functions of nn in binary64 ------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DoubleEvaluator.h"
#include "photonic/Interpreter/Philox.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>
#include <functional>
#include <gtest/gtest.h>

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

using Index = SmallVector<int64_t>;

int64_t Array::getOffset(ArrayRef<int64_t> index) const {
  int64_t offset = 0;
  for (auto [i, extent] : llvm::zip_equal(index, shape))
    offset = offset * extent + i;
  return offset;
}

double Array::read(ArrayRef<int64_t> index) const {
  Index own(index.take_back(shape.size()));
  for (auto [i, extent] : llvm::zip_equal(own, shape))
    i = extent == 1 ? 0 : i;
  return at(own);
}

/// Calls fn(index) for every index of `shape`, row major.
template <typename Fn>
static void forEach(ArrayRef<int64_t> shape, Fn fn, Index prefix = {}) {
  if (prefix.size() == shape.size())
    return fn(prefix);
  prefix.push_back(0);
  for (; prefix.back() < shape[prefix.size() - 1]; ++prefix.back())
    forEach(shape, fn, prefix);
}

/// An array of the shape of `value`, each element computed from its index.
template <typename Fn> static Array make(Value value, Fn fn) {
  Array result(cast<RankedTensorType>(value.getType()).getShape());
  forEach(result.shape,
          [&](const Index &index) { result.at(index) = fn(index); });
  return result;
}

static double toDouble(const APFloat &value) { return value.convertToFloat(); }

namespace {
/// Evaluates one operation at a time.
class Evaluator {
public:
  std::vector<Array> run(func::FuncOp function, ArrayRef<Array> arguments);

private:
  const Array &get(Value value) { return values.find(value)->second; }
  void set(Value value, Array array) { values[value] = std::move(array); }

  template <typename Op, typename Fn> void mapUnary(Op op, Fn fn) {
    const Array &x = get(op.getInput());
    set(op.getOutput(),
        make(op.getOutput(), [&](const Index &i) { return fn(x.at(i)); }));
  }
  template <typename Fn> void mapBinary(Operation *op, Fn fn) {
    const Array &a = get(op->getOperand(0)), &b = get(op->getOperand(1));
    set(op->getResult(0), make(op->getResult(0), [&](const Index &i) {
          return fn(a.read(i), b.read(i));
        }));
  }

  bool evaluateUnary(Operation *op);
  bool evaluateBinary(Operation *op);
  bool evaluateLayout(Operation *op);
  bool evaluateReduction(Operation *op);
  bool evaluateProduct(Operation *op);
  bool evaluatePool(Operation *op);
  bool evaluateTraining(Operation *op);

  template <typename Op> void convolve(Op op, Value x, Value w, Value y);
  template <typename Op> void pool(Op op, Value images, Value windows);
  template <typename Op> void reduce(Op op);
  template <typename Op> void softmax(Op op, bool logarithm);
  void normalise(BatchNormTrainOp op);

  llvm::DenseMap<Value, Array> values;
};
} // namespace

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

bool Evaluator::evaluateUnary(Operation *operation) {
  return llvm::TypeSwitch<Operation *, bool>(operation)
      .Case([&](ReluOp op) {
        return mapUnary(op, [](double x) { return x > 0 ? x : 0; }), true;
      })
      .Case([&](LeakyReluOp op) {
        double alpha = toDouble(op.getAlpha());
        return mapUnary(op, [&](double x) { return x < 0 ? alpha * x : x; }),
               true;
      })
      .Case([&](ClipOp op) {
        double low = toDouble(op.getMin()), high = toDouble(op.getMax());
        return mapUnary(op, [&](double x) { return std::clamp(x, low, high); }),
               true;
      })
      .Case([&](SigmoidOp op) {
        return mapUnary(op, [](double x) { return 1 / (1 + std::exp(-x)); }),
               true;
      })
      .Case([&](TanhOp op) {
        return mapUnary(op, [](double x) { return std::tanh(x); }), true;
      })
      .Case([&](ExpOp op) {
        return mapUnary(op, [](double x) { return std::exp(x); }), true;
      })
      .Case([&](LogOp op) {
        return mapUnary(op, [](double x) { return std::log(x); }), true;
      })
      .Case([&](SqrtOp op) {
        return mapUnary(op, [](double x) { return std::sqrt(x); }), true;
      })
      .Case([&](NegOp op) {
        return mapUnary(op, [](double x) { return -x; }), true;
      })
      .Case([&](AbsOp op) {
        return mapUnary(op, [](double x) { return std::fabs(x); }), true;
      })
      .Case([&](PackSignsOp op) {
        return mapUnary(op, [](double x) { return x > 0; }), true;
      })
      .Default(false);
}

bool Evaluator::evaluateBinary(Operation *op) {
  using Function = std::function<double(double, double)>;
  Function fn =
      llvm::TypeSwitch<Operation *, Function>(op)
          .Case([](AddOp) { return std::plus<double>(); })
          .Case([](SubOp) { return std::minus<double>(); })
          .Case([](MulOp) { return std::multiplies<double>(); })
          .Case([](DivOp) { return std::divides<double>(); })
          .Case([](MaxOp) {
            return [](double a, double b) { return std::max(a, b); };
          })
          .Case([](MinOp) {
            return [](double a, double b) { return std::min(a, b); };
          })
          .Case([](PowOp) {
            return [](double a, double b) { return std::pow(a, b); };
          })
          .Case([](EqualOp) { return std::equal_to<double>(); })
          .Case([](GateMaskOp) {
            return [](double m, double x) { return m ? x : 0; };
          })
          .Case([](GateOp op) {
            return [s = toDouble(op.getSlope())](double c, double x) {
              return c > 0 ? x : s * x;
            };
          })
          .Case([](GateRangeOp op) {
            return [low = toDouble(op.getMin()),
                    high = toDouble(op.getMax())](double c, double x) {
              return low < c && c < high ? x : 0;
            };
          })
          .Case([](DropOp op) {
            return [r = toDouble(op.getRatio())](double u, double x) {
              return u >= r ? x / (1 - r) : 0;
            };
          })
          .Default(Function());
  if (fn)
    mapBinary(op, fn);
  return bool(fn);
}

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

bool Evaluator::evaluateLayout(Operation *operation) {
  return llvm::TypeSwitch<Operation *, bool>(operation)
      .Case([&](ConstantOp op) {
        set(op, Array(*interp::Tensor::get(op.getValue())));
        return true;
      })
      .Case([&](ReshapeOp op) {
        Array y = get(op.getInput());
        y.shape = Index(op.getType().getShape());
        set(op, std::move(y));
        return true;
      })
      .Case([&](BroadcastToOp op) {
        const Array &x = get(op.getInput());
        set(op, make(op, [&](const Index &i) { return x.read(i); }));
        return true;
      })
      .Case([&](TransposeOp op) {
        const Array &x = get(op.getInput());
        set(op, make(op, [&](const Index &i) {
              Index from(i.size());
              for (auto [to, d] : llvm::enumerate(op.getPerm()))
                from[d] = i[to];
              return x.at(from);
            }));
        return true;
      })
      .Case([&](PadOp op) {
        Array y(op.getType().getShape(), toDouble(op.getValue()));
        const Array &x = get(op.getInput());
        forEach(x.shape, [&](Index i) {
          Index to = i;
          for (auto [d, low] : llvm::enumerate(op.getLow()))
            to[d] += low;
          y.at(to) = x.at(i);
        });
        set(op, std::move(y));
        return true;
      })
      .Case([&](ConcatOp op) {
        Array y(op.getType().getShape());
        int64_t offset = 0;
        for (Value input : op.getInputs()) {
          const Array &x = get(input);
          forEach(x.shape, [&](Index i) {
            Index to = i;
            to[op.getAxis()] += offset;
            y.at(to) = x.at(i);
          });
          offset += x.shape[op.getAxis()];
        }
        set(op, std::move(y));
        return true;
      })
      .Case([&](SliceOp op) {
        const Array &x = get(op.getInput());
        set(op, make(op, [&](Index i) {
              for (auto [d, at] : llvm::enumerate(i))
                at = op.getOffsets()[d] + at * op.getStrides()[d];
              return x.at(i);
            }));
        return true;
      })
      .Case([&](EmbedOp op) {
        Array y(op.getType().getShape());
        const Array &x = get(op.getInput());
        forEach(x.shape, [&](Index i) {
          Index to = i;
          for (auto [d, at] : llvm::enumerate(to))
            at = op.getOffsets()[d] + at * op.getStrides()[d];
          y.at(to) = x.at(i);
        });
        set(op, std::move(y));
        return true;
      })
      .Default(false);
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

template <typename Op> void Evaluator::reduce(Op op) {
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

/// log_softmax along `axis`.
static Array getLogSoftmax(Array x, int64_t axis) {
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

template <typename Op> void Evaluator::softmax(Op op, bool logarithm) {
  Array y = getLogSoftmax(get(op.getInput()), op.getAxis());
  if (!logarithm)
    for (double &value : y.data)
      value = std::exp(value);
  set(op, std::move(y));
}

bool Evaluator::evaluateReduction(Operation *operation) {
  return llvm::TypeSwitch<Operation *, bool>(operation)
      .Case<ReduceSumOp, ReduceMeanOp, ReduceMaxOp>(
          [&](auto op) { return reduce(op), true; })
      .Case([&](SoftmaxOp op) { return softmax(op, false), true; })
      .Case([&](LogSoftmaxOp op) { return softmax(op, true), true; })
      .Default(false);
}

//===----------------------------------------------------------------------===//
// Products and pools
//===----------------------------------------------------------------------===//

/// Of image x, weights w and result y, two are known and the third is summed.
template <typename Op>
void Evaluator::convolve(Op op, Value xValue, Value wValue, Value yValue) {
  auto fetch = [&](Value value) {
    return values.contains(value)
               ? get(value)
               : Array(cast<RankedTensorType>(value.getType()).getShape());
  };
  Array x = fetch(xValue), w = fetch(wValue), y = fetch(yValue);
  int64_t depth = w.shape[1], filters = w.shape[0] / int64_t(op.getGroups());
  Window vertical = getWindow(0, {w.shape[2], w.shape[3]}, op.getStrides(),
                              op.getPads(), op.getDilations());
  Window horizontal = getWindow(1, {w.shape[2], w.shape[3]}, op.getStrides(),
                                op.getPads(), op.getDilations());
  Value unknown = op->getResult(0);
  forEach(y.shape, [&](const Index &i) {
    forEach(ArrayRef(w.shape).drop_front(), [&](const Index &k) {
      int64_t h = vertical.getPosition(i[2], k[1]);
      int64_t v = horizontal.getPosition(i[3], k[2]);
      if (h < 0 || h >= x.shape[2] || v < 0 || v >= x.shape[3])
        return;
      double &a = x.at({i[0], i[1] / filters * depth + k[0], h, v});
      double &b = w.at({i[1], k[0], k[1], k[2]});
      double &c = y.at(i);
      if (unknown == yValue)
        c += a * b;
      else if (unknown == xValue)
        a += b * c;
      else
        b += a * c;
    });
  });
  set(unknown, unknown == yValue ? y : unknown == xValue ? x : w);
}

bool Evaluator::evaluateProduct(Operation *operation) {
  auto multiply = [&](Value result, Value left, Value right, bool leftTurned,
                      bool rightTurned) {
    const Array &a = get(left), &b = get(right);
    int64_t depth = a.shape[leftTurned ? 0 : 1];
    set(result, make(result, [&](const Index &i) {
          double sum = 0;
          for (int64_t k = 0; k < depth; ++k)
            sum += (leftTurned ? a.at({k, i[0]}) : a.at({i[0], k})) *
                   (rightTurned ? b.at({i[1], k}) : b.at({k, i[1]}));
          return sum;
        }));
    return true;
  };
  auto addBias = [&](Value result, Value bias, int64_t dimension) {
    if (!bias)
      return true;
    Array y = get(result);
    const Array &b = get(bias);
    forEach(y.shape, [&](const Index &i) { y.at(i) += b.at(i[dimension]); });
    set(result, std::move(y));
    return true;
  };
  return llvm::TypeSwitch<Operation *, bool>(operation)
      .Case([&](Conv2dOp op) {
        convolve(op, op.getInput(), op.getWeight(), op.getOutput());
        return addBias(op, op.getBias(), 1);
      })
      .Case([&](Conv2dInputGradOp op) {
        return convolve(op, op.getOutput(), op.getWeight(), op.getGrad()), true;
      })
      .Case([&](Conv2dWeightGradOp op) {
        return convolve(op, op.getInput(), op.getOutput(), op.getGrad()), true;
      })
      .Case([&](LinearOp op) {
        multiply(op, op.getInput(), op.getWeight(), false, true);
        return addBias(op, op.getBias(), 1);
      })
      .Case([&](LinearInputGradOp op) {
        return multiply(op, op.getGrad(), op.getWeight(), false, false);
      })
      .Case([&](LinearWeightGradOp op) {
        return multiply(op, op.getGrad(), op.getInput(), true, false);
      })
      .Default(false);
}

/// Pools and their gradients: goes through the taps of all windows.
template <typename Op>
void Evaluator::pool(Op op, Value imagesValue, Value windowsValue) {
  ArrayRef<int64_t> images =
      cast<RankedTensorType>(imagesValue.getType()).getShape();
  ArrayRef<int64_t> windows =
      cast<RankedTensorType>(windowsValue.getType()).getShape();
  Window vertical = getPoolWindow(op, 0), horizontal = getPoolWindow(op, 1);
  constexpr bool isMaximum =
      std::is_same_v<Op, MaxPoolOp> || std::is_same_v<Op, MaxPoolPositionsOp>;
  constexpr bool isGradient =
      std::is_same_v<Op, MaxPoolGradOp> || std::is_same_v<Op, AvgPoolGradOp>;
  Array result(isGradient ? images : windows), positions(windows, -1);
  auto isCounted = [&](int64_t h, int64_t v, bool inside) {
    if constexpr (std::is_same_v<Op, AvgPoolOp> ||
                  std::is_same_v<Op, AvgPoolGradOp>)
      if (op.getCountIncludePad())
        return h >= -vertical.padLow && h < images[2] + vertical.padHigh &&
               v >= -horizontal.padLow && v < images[3] + horizontal.padHigh;
    return inside;
  };
  forEach(windows, [&](const Index &i) {
    double count = 0;
    for (bool counting : {true, false})
      forEach({vertical.kernel, horizontal.kernel}, [&](const Index &k) {
        int64_t h = vertical.getPosition(i[2], k[0]);
        int64_t v = horizontal.getPosition(i[3], k[1]);
        bool inside = h >= 0 && h < images[2] && v >= 0 && v < images[3];
        double position = double(k[0] * horizontal.kernel + k[1]);
        if (counting)
          count += isCounted(h, v, inside);
        if (counting || !inside)
          return;
        Index pixel = {i[0], i[1], h, v};
        if constexpr (std::is_same_v<Op, AvgPoolOp>) {
          result.at(i) += get(op.getInput()).at(pixel) / count;
        } else if constexpr (isMaximum) {
          double x = get(op.getInput()).at(pixel);
          if (positions.at(i) < 0 || x > result.at(i)) {
            result.at(i) = x;
            positions.at(i) = position;
          }
        } else if constexpr (std::is_same_v<Op, AvgPoolGradOp>) {
          result.at(pixel) += get(op.getGrad()).at(i) / count;
        } else if (get(op.getPositions()).at(i) == position) {
          result.at(pixel) += get(op.getGrad()).at(i);
        }
      });
  });
  set(op->getResult(0), std::move(result));
  if constexpr (std::is_same_v<Op, MaxPoolPositionsOp>)
    set(op.getPositions(), std::move(positions));
}

bool Evaluator::evaluatePool(Operation *operation) {
  return llvm::TypeSwitch<Operation *, bool>(operation)
      .Case<MaxPoolOp, MaxPoolPositionsOp, AvgPoolOp>([&](auto op) {
        return pool(op, op.getInput(), op.getOutput()), true;
      })
      .Case<MaxPoolGradOp, AvgPoolGradOp>(
          [&](auto op) { return pool(op, op.getOutput(), op.getGrad()), true; })
      .Default(false);
}

//===----------------------------------------------------------------------===//
// Normalisation, losses, random numbers
//===----------------------------------------------------------------------===//

void Evaluator::normalise(BatchNormTrainOp op) {
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

bool Evaluator::evaluateTraining(Operation *operation) {
  auto weightsOf = [&](auto op) {
    return op.getWeights() ? &get(op.getWeights()) : nullptr;
  };
  return llvm::TypeSwitch<Operation *, bool>(operation)
      .Case([&](BatchNormTrainOp op) { return normalise(op), true; })
      .Case([&](BatchNormOp op) {
        auto of = [&](Value v, const Index &i) { return get(v).data[i[1]]; };
        double epsilon = toDouble(op.getEpsilon());
        set(op, make(op, [&](const Index &i) {
              return (get(op.getInput()).at(i) - of(op.getMean(), i)) /
                         std::sqrt(of(op.getVar(), i) + epsilon) *
                         of(op.getScale(), i) +
                     of(op.getBias(), i);
            }));
        return true;
      })
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
        Array losses = get(op.getInput());
        for (auto [x, t] : llvm::zip(losses.data, get(op.getTarget()).data))
          x = (x - t) * (x - t);
        double sum = 0;
        for (double x : losses.data)
          sum += x;
        if (op.getReduction() == Reduction::Mean)
          sum /= double(losses.size());
        set(op, op.getReduction() == Reduction::None ? losses : Array(1, sum));
        return true;
      })
      .Case<UniformOp, DropoutOp>([&](auto op) {
        const Array &key = get(op.getKey());
        interp::RandomKey words{uint32_t(key.data[0]), uint32_t(key.data[1]),
                                uint32_t(key.data[2])};
        Array y(op.getType().getShape());
        for (int64_t i = 0; i < y.size(); ++i)
          if constexpr (std::is_same_v<decltype(op), UniformOp>) {
            y.data[i] = interp::getUniform(words, uint32_t(op.getStream()), i);
          } else {
            double ratio = toDouble(op.getRatio());
            uint32_t stream = uint32_t(op.firstStream + op.getStream());
            if (interp::getUniform(words, stream, i) >= ratio)
              y.data[i] = get(op.getInput()).data[i] / (1 - ratio);
          }
        set(op, std::move(y));
        return true;
      })
      .Default(false);
}

std::vector<Array> Evaluator::run(func::FuncOp function,
                                  ArrayRef<Array> arguments) {
  for (auto [argument, array] :
       llvm::zip_equal(function.getArguments(), arguments))
    set(argument, array);
  Block &body = function.getBody().front();
  for (Operation &op : body.without_terminator())
    if (!evaluateUnary(&op) && !evaluateBinary(&op) && !evaluateLayout(&op) &&
        !evaluateReduction(&op) && !evaluateProduct(&op) &&
        !evaluatePool(&op) && !evaluateTraining(&op)) {
      ADD_FAILURE() << op.getName().getStringRef().str()
                    << " is not known in binary64";
      return {};
    }
  std::vector<Array> results;
  for (Value value : body.getTerminator()->getOperands())
    results.push_back(get(value));
  return results;
}

std::vector<Array> photonic::evaluateInDouble(func::FuncOp function,
                                              ArrayRef<Array> arguments) {
  return Evaluator().run(function, arguments);
}
