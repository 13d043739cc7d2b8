//===- FoldElementwise.cpp - Elementwise operators on constants -----------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Fold.h"
#include "phx/support/Math.h"

#include "llvm/ADT/StringSwitch.h"
#include <cmath>

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;
using ::onnx::TensorProto;

LogicalResult importer::checkMadeShape(NodeImporter &node,
                                       ArrayRef<int64_t> shape) {
  if (countElements(shape).value_or(maxMadeElements + 1) <= maxMadeElements)
    return success();
  return node.fail("a constant of shape " + spellShape(shape) +
                   " would be made, expected at most " +
                   Twine(maxMadeElements) + " elements");
}

FailureOr<Shape> importer::broadcastMade(NodeImporter &node,
                                         ArrayRef<int64_t> a,
                                         ArrayRef<int64_t> b) {
  std::optional<Shape> shape = broadcastShapes(a, b);
  if (!shape)
    return node.fail("the shapes " + spellShape(a) + " and " + spellShape(b) +
                     " do not broadcast");
  if (failed(checkMadeShape(node, *shape)))
    return failure();
  return *shape;
}

/// Fails if the input has not the same element type as another one.
static LogicalResult checkSameType(NodeImporter &node, unsigned i, unsigned j) {
  const Constant &a = *node.getConstant(i), &b = *node.getConstant(j);
  if (a.elementType == b.elementType)
    return success();
  return node.fail("expected operands of one element type, got " +
                   a.describe() + " and " + b.describe());
}

static LogicalResult refuseType(NodeImporter &node, const Constant &constant) {
  return node.fail("expected elements for which ONNX defines the operator, got "
                   "the " +
                   constant.describe());
}

//===----------------------------------------------------------------------===//
// One operand
//===----------------------------------------------------------------------===//

// The functions of the instruction set where it has them, so that a value is
// the same whether it is computed here or when the network runs.
static float getExp(float x) { return phx::expF32(x); }
static double getExp(double x) { return std::exp(x); }
static float getLog(float x) { return phx::logF32(x); }
static double getLog(double x) { return std::log(x); }
static float getTanh(float x) { return phx::tanhF32(x); }
static double getTanh(double x) { return std::tanh(x); }
static float getSigmoid(float x) { return phx::sigmoidF32(x); }
static double getSigmoid(double x) { return 1 / (1 + std::exp(-x)); }

template <typename C> using UnaryFn = C (*)(C);

/// Functions that only floats have.
template <typename C> static UnaryFn<C> findFloatFunction(StringRef op) {
  return llvm::StringSwitch<UnaryFn<C>>(op)
      .Case("Ceil", [](C x) { return std::ceil(x); })
      .Case("Cos", [](C x) { return C(std::cos(double(x))); })
      .Case("Erf", [](C x) { return C(std::erf(double(x))); })
      .Case("Exp", [](C x) { return getExp(x); })
      .Case("Floor", [](C x) { return std::floor(x); })
      .Case("Log", [](C x) { return getLog(x); })
      .Case("Reciprocal", [](C x) { return 1 / x; })
      .Case("Round", [](C x) { return std::nearbyint(x); })
      .Case("Sigmoid", [](C x) { return getSigmoid(x); })
      .Case("Sin", [](C x) { return C(std::sin(double(x))); })
      .Case("Sqrt", [](C x) { return std::sqrt(x); })
      .Case("Tanh", [](C x) { return getTanh(x); })
      .Default(nullptr);
}

/// Null if the operator is not defined on elements that are computed in C.
template <typename C> static UnaryFn<C> findUnary(StringRef op) {
  if constexpr (std::is_same_v<C, bool>)
    return op == "Not" ? [](bool x) { return !x; } : UnaryFn<bool>();
  if constexpr (std::is_floating_point_v<C>)
    if (UnaryFn<C> function = findFloatFunction<C>(op))
      return function;
  // Negation of the smallest integer wraps around; zeros keep their sign only
  // where they are floats.
  auto negate = [](C x) {
    if constexpr (std::is_floating_point_v<C>)
      return -x;
    else
      return C(-uint64_t(x));
  };
  if (op == "Neg")
    return std::is_signed_v<C> ? UnaryFn<C>(negate) : nullptr;
  return llvm::StringSwitch<UnaryFn<C>>(op)
      .Case("Abs",
            [](C x) {
              if constexpr (std::is_floating_point_v<C>)
                return std::fabs(x);
              else
                return x < C() ? C(-uint64_t(x)) : x;
            })
      .Case("Relu", [](C x) { return x < C() ? C() : x; })
      .Case("Sign",
            [](C x) { return x != x ? x : C(C(x > C()) - C(x < C())); })
      .Default(nullptr);
}

LogicalResult importer::foldUnary(NodeImporter &node) {
  const Constant &input = *node.getConstant(0);
  StringRef op = node.getNode().getOpType();
  return visitElementType(input.elementType, [&](auto tag) -> LogicalResult {
    using T = decltype(tag);
    using C = ComputeType<T>;
    UnaryFn<C> function = findUnary<C>(op);
    if (!function)
      return refuseType(node, input);
    auto result = Constant::allocate(input.elementType, input.shape);
    llvm::transform(input.getElements<T>(), result->getMutable<T>().begin(),
                    [&](T x) {
                      return convertElement<T>(function(convertElement<C>(x)));
                    });
    return node.setResult(result);
  });
}

//===----------------------------------------------------------------------===//
// Two operands
//===----------------------------------------------------------------------===//

/// Elements of a and b, of type T, combined by fn on their type for
/// computation.
template <typename T, typename R, typename Fn>
static std::shared_ptr<Constant> combine(std::shared_ptr<Constant> a,
                                         std::shared_ptr<Constant> b,
                                         ArrayRef<int64_t> shape, Fn fn) {
  using C = ComputeType<T>;
  a = broadcastTo(std::move(a), shape);
  b = broadcastTo(std::move(b), shape);
  std::shared_ptr<Constant> result =
      Constant::allocate(getElementType<R>(), shape);
  for (auto [x, y, z] : llvm::zip_equal(a->getElements<T>(),
                                        b->getElements<T>(),
                                        result->getMutable<R>()))
    z = convertElement<R>(fn(convertElement<C>(x), convertElement<C>(y)));
  return result;
}

template <typename C> static C divide(C a, C b) {
  if constexpr (std::is_floating_point_v<C>)
    return a / b;
  // The quotient of the smallest integer and -1 wraps around.
  else if constexpr (std::is_signed_v<C>)
    return b == C(-1) ? C(-uint64_t(a)) : C(a / b);
  else
    return C(a / b);
}

template <typename C> using BinaryFn = C (*)(C, C);

template <typename C> static BinaryFn<C> findArithmetic(StringRef op) {
  if constexpr (std::is_same_v<C, bool>)
    return nullptr;
  else
    return llvm::StringSwitch<BinaryFn<C>>(op)
        .Cases({"Add", "Sum", "Mean"}, addElements<C>)
        .Case("Sub",
              [](C a, C b) {
                if constexpr (std::is_floating_point_v<C>)
                  return a - b;
                else
                  return C(uint64_t(a) - uint64_t(b));
              })
        .Case("Mul", multiplyElements<C>)
        .Case("Div", divide<C>)
        .Case("Max", getMaximum<C>)
        .Case("Min", getMinimum<C>);
}

/// Fails if one of the integers by which the node divides is zero.
static LogicalResult checkDivisor(NodeImporter &node,
                                  const Constant &divisor) {
  if (divisor.isFloat() ||
      !llvm::is_contained(divisor.getIntegers(), int64_t(0)))
    return success();
  return node.fail("expected integers other than 0 to divide by, got the " +
                   divisor.describe());
}

/// The sum of `count` tensors as their mean. ONNX Runtime multiplies binary32
/// by the reciprocal; it has no mean of DOUBLE, which ONNX divides.
static std::shared_ptr<Constant> divideSum(const Constant &sum,
                                           unsigned count) {
  auto result = Constant::allocate(sum.elementType, sum.shape);
  visitElementType(sum.elementType, [&](auto tag) {
    using T = decltype(tag);
    using C = ComputeType<T>;
    if constexpr (std::is_floating_point_v<C>)
      llvm::transform(sum.getElements<T>(), result->getMutable<T>().begin(),
                      [&](T x) {
                        C total = convertElement<C>(x);
                        return convertElement<T>(std::is_same_v<C, double>
                                                     ? total / C(count)
                                                     : total * (1 / C(count)));
                      });
  });
  return result;
}

/// `a` op `b`, both of one element type.
static std::shared_ptr<Constant> compute(StringRef op,
                                         std::shared_ptr<Constant> a,
                                         std::shared_ptr<Constant> b,
                                         ArrayRef<int64_t> shape) {
  return visitElementType(a->elementType, [&](auto tag) {
    using T = decltype(tag);
    return combine<T, T>(a, b, shape, findArithmetic<ComputeType<T>>(op));
  });
}

LogicalResult importer::foldArithmetic(NodeImporter &node) {
  StringRef op = node.getNode().getOpType();
  std::shared_ptr<Constant> result = node.getConstant(0);
  int32_t type = result->elementType;
  unsigned count = node.getNode().getNumInputs();
  if (type == TensorProto::BOOL || (op == "Mean" && !result->isFloat()))
    return refuseType(node, *result);
  // A sum of several tensors is one operator: floats of 16 bits are rounded at
  // its end.
  bool isSum = op == "Sum" || op == "Mean";
  bool isNarrow = type == TensorProto::FLOAT16 || type == TensorProto::BFLOAT16;
  int32_t wide = isSum && isNarrow ? int32_t(TensorProto::FLOAT) : type;
  if (wide != type)
    result = castElements(node, *result, wide);
  for (unsigned i = 1; i < count; ++i) {
    if (!node.hasInput(i))
      return node.fail("input " + Twine(i) + " is left out");
    std::shared_ptr<Constant> operand = node.getConstant(i);
    if (failed(checkSameType(node, 0, i)) ||
        (op == "Div" && failed(checkDivisor(node, *operand))))
      return failure();
    FailureOr<Shape> shape = broadcastMade(node, result->shape, operand->shape);
    if (failed(shape))
      return failure();
    if (wide != type)
      operand = castElements(node, *operand, wide);
    result = compute(op, result, operand, *shape);
  }
  if (op == "Mean" && count > 1)
    result = divideSum(*result, count);
  if (wide != type)
    result = castElements(node, *result, type);
  return node.setResult(result);
}

template <typename C> using PredicateFn = bool (*)(C, C);

template <typename C> static PredicateFn<C> findPredicate(StringRef op) {
  auto equal = [](C a, C b) { return a == b; };
  if constexpr (std::is_same_v<C, bool>)
    return llvm::StringSwitch<PredicateFn<C>>(op)
        .Case("Equal", equal)
        .Case("And", [](bool a, bool b) { return a && b; })
        .Case("Or", [](bool a, bool b) { return a || b; })
        .Case("Xor", [](bool a, bool b) { return a != b; })
        .Default(nullptr);
  else
    return llvm::StringSwitch<PredicateFn<C>>(op)
        .Case("Equal", equal)
        .Case("Greater", [](C a, C b) { return a > b; })
        .Case("GreaterOrEqual", [](C a, C b) { return a >= b; })
        .Case("Less", [](C a, C b) { return a < b; })
        .Case("LessOrEqual", [](C a, C b) { return a <= b; })
        .Default(nullptr);
}

LogicalResult importer::foldComparison(NodeImporter &node) {
  StringRef op = node.getNode().getOpType();
  std::shared_ptr<Constant> a = node.getConstant(0), b = node.getConstant(1);
  if (failed(checkSameType(node, 0, 1)))
    return failure();
  FailureOr<Shape> shape = broadcastMade(node, a->shape, b->shape);
  if (failed(shape))
    return failure();
  return visitElementType(a->elementType, [&](auto tag) -> LogicalResult {
    using T = decltype(tag);
    auto predicate = findPredicate<ComputeType<T>>(op);
    if (!predicate)
      return refuseType(node, *a);
    return node.setResult(combine<T, bool>(a, b, *shape, predicate));
  });
}

LogicalResult importer::foldLogic(NodeImporter &node) {
  return node.getNode().getOpType() == "Not" ? foldUnary(node)
                                             : foldComparison(node);
}

//===----------------------------------------------------------------------===//
// Mod, Pow
//===----------------------------------------------------------------------===//

/// The remainder with the sign of the dividend if `truncates`, else of the
/// divisor.
template <typename C> static C getRemainder(C a, C b, bool truncates) {
  if constexpr (std::is_floating_point_v<C>) {
    return std::fmod(a, b);
  } else {
    C rest = C(-1) < C() && b == C(-1) ? C() : C(a % b);
    bool differs = rest != C() && (rest < C()) != (b < C());
    return differs && !truncates ? C(rest + b) : rest;
  }
}

LogicalResult importer::foldMod(NodeImporter &node) {
  std::shared_ptr<Constant> a = node.getConstant(0), b = node.getConstant(1);
  bool truncates = node.getNode().getInt("fmod", 0) != 0;
  if (failed(checkSameType(node, 0, 1)) || failed(checkDivisor(node, *b)))
    return failure();
  if (a->elementType == TensorProto::BOOL)
    return refuseType(node, *a);
  if (a->isFloat() && !truncates)
    return node.fail("expected attribute fmod=1 for the " + a->describe() +
                     ", got fmod=0");
  FailureOr<Shape> shape = broadcastMade(node, a->shape, b->shape);
  if (failed(shape))
    return failure();
  return node.setResult(visitElementType(a->elementType, [&](auto tag) {
    using T = decltype(tag);
    using C = ComputeType<T>;
    return combine<T, T>(a, b, *shape, [&](C x, C y) {
      return getRemainder(x, y, truncates);
    });
  }));
}

/// base^exponent of integers, modulo the range of the type; 0 if the exponent
/// is negative and the result no integer.
template <typename C> static C getPower(C base, int64_t exponent) {
  bool isUnit = base == C(1) || (std::is_signed_v<C> && base == C(-1));
  if (exponent < 0 && !isUnit)
    return C();
  C power = 1;
  for (uint64_t e = exponent < 0 ? -uint64_t(exponent) : exponent; e; e >>= 1) {
    power = e & 1 ? multiplyElements(power, base) : power;
    base = multiplyElements(base, base);
  }
  return power;
}

/// The power of floats. Squares and cubes are products where the exponent is
/// one number, as ONNX Runtime and nn compute them.
template <typename C> static C getPower(C base, double exponent, bool isOne) {
  if (isOne && exponent == 2)
    return base * base;
  if (isOne && exponent == 3)
    return base * base * base;
  return C(std::pow(double(base), exponent));
}

/// Integers to the power of integers.
static LogicalResult foldIntegerPow(NodeImporter &node,
                                    ArrayRef<int64_t> shape) {
  std::shared_ptr<Constant> base = broadcastTo(node.getConstant(0), shape);
  std::vector<int64_t> exponents =
      broadcastTo(node.getConstant(1), shape)->getIntegers();
  auto result = Constant::allocate(base->elementType, shape);
  return visitElementType(base->elementType, [&](auto tag) -> LogicalResult {
    using T = decltype(tag);
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>)
      for (auto [x, e, y] : llvm::zip_equal(base->getElements<T>(), exponents,
                                            result->getMutable<T>())) {
        if (x == 0 && e < 0)
          return node.fail("0 to the power of " + Twine(e) +
                           " is not defined for integers");
        y = getPower(x, e);
      }
    return node.setResult(result);
  });
}

LogicalResult importer::foldPow(NodeImporter &node) {
  const Constant &base = *node.getConstant(0), &exponent = *node.getConstant(1);
  for (const Constant *operand : {&base, &exponent})
    if (operand->elementType == TensorProto::BOOL)
      return refuseType(node, *operand);
  FailureOr<Shape> shape = broadcastMade(node, base.shape, exponent.shape);
  if (failed(shape))
    return failure();
  if (!base.isFloat() && !exponent.isFloat())
    return foldIntegerPow(node, *shape);
  bool isOne = exponent.getNumElements() == 1;
  std::shared_ptr<Constant> x = broadcastTo(node.getConstant(0), *shape);
  std::shared_ptr<Constant> e = castElements(
      node, *broadcastTo(node.getConstant(1), *shape), TensorProto::DOUBLE);
  // A float power of integers is truncated to their type.
  std::shared_ptr<Constant> wide =
      base.isFloat() ? x : castElements(node, *x, TensorProto::DOUBLE);
  if (!e || !wide)
    return failure();
  auto result = Constant::allocate(wide->elementType, *shape);
  visitElementType(wide->elementType, [&](auto tag) {
    using T = decltype(tag);
    using C = ComputeType<T>;
    if constexpr (std::is_floating_point_v<C>)
      for (auto [b, y, z] : llvm::zip_equal(wide->getElements<T>(),
                                            e->getElements<double>(),
                                            result->getMutable<T>()))
        z = convertElement<T>(getPower(convertElement<C>(b), y, isOne));
  });
  result = castElements(node, *result, base.elementType);
  return result ? node.setResult(result) : failure();
}

//===----------------------------------------------------------------------===//
// Where
//===----------------------------------------------------------------------===//

LogicalResult importer::foldWhere(NodeImporter &node) {
  std::shared_ptr<Constant> condition = node.getConstant(0),
                            x = node.getConstant(1), y = node.getConstant(2);
  if (condition->elementType != TensorProto::BOOL)
    return node.fail("expected a condition of BOOL, got the " +
                     condition->describe());
  if (failed(checkSameType(node, 1, 2)))
    return failure();
  FailureOr<Shape> shape = broadcastMade(node, x->shape, y->shape);
  if (succeeded(shape))
    shape = broadcastMade(node, *shape, condition->shape);
  if (failed(shape))
    return failure();
  condition = broadcastTo(condition, *shape);
  x = broadcastTo(x, *shape);
  y = broadcastTo(y, *shape);
  auto result = Constant::allocate(x->elementType, *shape);
  visitElementType(x->elementType, [&](auto tag) {
    using T = decltype(tag);
    for (auto [c, a, b, z] : llvm::zip_equal(
             condition->getElements<bool>(), x->getElements<T>(),
             y->getElements<T>(), result->getMutable<T>()))
      z = c ? a : b;
  });
  return node.setResult(result);
}
