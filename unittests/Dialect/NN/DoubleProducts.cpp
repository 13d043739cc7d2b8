//===- DoubleProducts.cpp - Products and pools in binary64 ------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DoubleEvaluatorOps.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;
using namespace photonic::nn::test;

//===----------------------------------------------------------------------===//
// Products and pools
//===----------------------------------------------------------------------===//

/// Of image x, weights w and result y, two are known and the third is summed.
template <typename Op>
void DoubleEvaluator::convolve(Op op, Value xValue, Value wValue,
                               Value yValue) {
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

bool DoubleEvaluator::evaluateProduct(Operation *operation) {
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

namespace {

/// An element of an image in a window.
struct Tap {
  Index pixel;
  double position; ///< its number in the window
  double count;    ///< elements that the average of the window is of
};

/// Where the taps of a pool's windows are.
template <typename Op> class Taps {
public:
  Taps(Op op, ArrayRef<int64_t> images) : op(op), images(images) {}

  /// Calls visit(tap) for each tap of window `i` inside of its image.
  template <typename Fn> void forEachOf(const Index &i, Fn visit) {
    double count = 0;
    for (bool counting : {true, false})
      forEach({vertical.kernel, horizontal.kernel}, [&](const Index &k) {
        int64_t h = vertical.getPosition(i[2], k[0]);
        int64_t v = horizontal.getPosition(i[3], k[1]);
        bool inside = h >= 0 && h < images[2] && v >= 0 && v < images[3];
        if (counting)
          count += isCounted(h, v, inside);
        else if (inside)
          visit(Tap{{i[0], i[1], h, v},
                    double(k[0] * horizontal.kernel + k[1]),
                    count});
      });
  }

private:
  bool isCounted(int64_t h, int64_t v, bool inside) {
    if constexpr (std::is_same_v<Op, AvgPoolOp> ||
                  std::is_same_v<Op, AvgPoolGradOp>)
      if (op.getCountIncludePad())
        return h >= -vertical.padLow && h < images[2] + vertical.padHigh &&
               v >= -horizontal.padLow && v < images[3] + horizontal.padHigh;
    return inside;
  }

  Op op;
  ArrayRef<int64_t> images;
  Window vertical = getPoolWindow(op, 0), horizontal = getPoolWindow(op, 1);
};

} // namespace

/// Pools and their gradients: goes through the taps of all windows.
template <typename Op>
void DoubleEvaluator::pool(Op op, Value imagesValue, Value windowsValue) {
  ArrayRef<int64_t> images =
      cast<RankedTensorType>(imagesValue.getType()).getShape();
  ArrayRef<int64_t> windows =
      cast<RankedTensorType>(windowsValue.getType()).getShape();
  constexpr bool isMaximum =
      std::is_same_v<Op, MaxPoolOp> || std::is_same_v<Op, MaxPoolPositionsOp>;
  constexpr bool isGradient =
      std::is_same_v<Op, MaxPoolGradOp> || std::is_same_v<Op, AvgPoolGradOp>;
  Array result(isGradient ? images : windows), positions(windows, -1);
  Taps<Op> taps(op, images);
  forEach(windows, [&](const Index &i) {
    taps.forEachOf(i, [&](const Tap &tap) {
      if constexpr (std::is_same_v<Op, AvgPoolOp>) {
        result.at(i) += get(op.getInput()).at(tap.pixel) / tap.count;
      } else if constexpr (isMaximum) {
        double x = get(op.getInput()).at(tap.pixel);
        if (positions.at(i) < 0 || x > result.at(i)) {
          result.at(i) = x;
          positions.at(i) = tap.position;
        }
      } else if constexpr (std::is_same_v<Op, AvgPoolGradOp>) {
        result.at(tap.pixel) += get(op.getGrad()).at(i) / tap.count;
      } else if (get(op.getPositions()).at(i) == tap.position) {
        result.at(tap.pixel) += get(op.getGrad()).at(i);
      }
    });
  });
  set(op->getResult(0), std::move(result));
  if constexpr (std::is_same_v<Op, MaxPoolPositionsOp>)
    set(op.getPositions(), std::move(positions));
}

bool DoubleEvaluator::evaluatePool(Operation *operation) {
  return llvm::TypeSwitch<Operation *, bool>(operation)
      .Case<MaxPoolOp, MaxPoolPositionsOp, AvgPoolOp>([&](auto op) {
        return pool(op, op.getInput(), op.getOutput()), true;
      })
      .Case<MaxPoolGradOp, AvgPoolGradOp>(
          [&](auto op) { return pool(op, op.getOutput(), op.getGrad()), true; })
      .Default(false);
}
