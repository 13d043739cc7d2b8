//===- DoubleEvaluator.cpp - Functions of nn in binary64 --------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DoubleEvaluatorOps.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>
#include <functional>
#include <gtest/gtest.h>

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;
using namespace photonic::nn::test;

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

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

bool DoubleEvaluator::evaluateUnary(Operation *operation) {
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

bool DoubleEvaluator::evaluateBinary(Operation *op) {
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

bool DoubleEvaluator::evaluateLayout(Operation *operation) {
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
// Whole
//===----------------------------------------------------------------------===//

std::vector<Array> DoubleEvaluator::run(func::FuncOp function,
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
  return DoubleEvaluator().run(function, arguments);
}
