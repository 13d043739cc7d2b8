//===- FoldCast.cpp - Casts of constants ----------------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Fold.h"

#include <cmath>

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;
using ::onnx::TensorProto;

/// True if a float, cut to an integer, is a value of To. ONNX leaves the result
/// open if not, and processors differ.
template <typename To> static bool holdsInteger(double value) {
  double whole = std::trunc(value);
  return whole >= double(std::numeric_limits<To>::lowest()) &&
         whole < std::ldexp(1.0, std::numeric_limits<To>::digits);
}

/// Converts all elements; returns the index of the first that To cannot hold,
/// or -1.
template <typename From, typename To>
static int64_t convertAll(ArrayRef<From> source, MutableArrayRef<To> target) {
  for (size_t i = 0; i < source.size(); ++i) {
    auto element = convertElement<ComputeType<From>>(source[i]);
    if constexpr (std::is_same_v<To, bool>) {
      target[i] = element != decltype(element)();
    } else {
      if constexpr (isFloatElement<From> && std::is_integral_v<To>)
        if (!holdsInteger<To>(double(element)))
          return i;
      target[i] = convertElement<To>(element);
    }
  }
  return -1;
}

std::shared_ptr<Constant> importer::castElements(NodeImporter &node,
                                                 const Constant &constant,
                                                 int32_t to) {
  auto result = Constant::allocate(to, constant.shape);
  int64_t bad = visitElementType(constant.elementType, [&](auto from) {
    return visitElementType(to, [&](auto target) {
      using From = decltype(from);
      using To = decltype(target);
      return convertAll(constant.getElements<From>(), result->getMutable<To>());
    });
  });
  if (bad < 0)
    return result;
  double value = visitElementType(constant.elementType, [&](auto from) {
    using From = decltype(from);
    return convertElement<double>(constant.getElements<From>()[bad]);
  });
  (void)node.fail("element " + Twine(bad) + " of the " + constant.describe() +
                  " is " + spellNumber(value) + ", which is no " +
                  getElementTypeName(to) + "; expected numbers in its range");
  return nullptr;
}

LogicalResult importer::foldCast(NodeImporter &node) {
  int64_t to = node.getNode().getInt("to", 0);
  const std::shared_ptr<Constant> &input = node.getConstant(0);
  if (to == input->elementType)
    return node.setResult(input);
  if (to < 0 || to > std::numeric_limits<int32_t>::max() ||
      getElementWidth(to) == 0)
    return node.unsupported("attribute to=" + Twine(to) + " (" +
                            getElementTypeName(to) +
                            ") is not supported: constants have floats of 16, "
                            "32 or 64 bits, integers or booleans");
  std::shared_ptr<Constant> result = castElements(node, *input, to);
  if (!result)
    return failure();
  // Parameters in another type of floats stay what the model calls them.
  if (input->isParameter && input->isFloat() && to == TensorProto::FLOAT) {
    result->name = input->name;
    result->isParameter = true;
  }
  return node.setResult(result);
}
