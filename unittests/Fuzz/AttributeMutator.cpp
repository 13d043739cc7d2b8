//===- AttributeMutator.cpp - Changes attributes and types ----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "IRMutator.h"
#include "TextMutator.h"

#include "photonic/Support/TextLimits.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace photonic::fuzz;

namespace {
/// What is tried and does not exist is nobody's mistake.
struct Silence : ScopedDiagnosticHandler {
  explicit Silence(MLIRContext *context)
      : ScopedDiagnosticHandler(context,
                                [](Diagnostic &) { return success(); }) {}
};
} // namespace

template <typename T> static std::string print(T t) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  t.print(stream);
  return text;
}

Attribute photonic::fuzz::mutateAttribute(Attribute attribute,
                                          ArrayRef<std::string> words,
                                          Random &random) {
  Silence silence(attribute.getContext());
  std::string text = print(attribute);
  for (int attempt = 0; attempt < 6; ++attempt) {
    std::string changed = mutateToken(text, words, random);
    if (changed.size() > (1 << 20) || findTextProblem(changed))
      continue;
    size_t read = 0;
    Attribute result =
        parseAttribute(changed, attribute.getContext(), Type(), &read);
    if (result && result != attribute)
      return result;
  }
  return {};
}

static Type pickElementType(MLIRContext *context, Random &random) {
  static const char *const names[] = {
      "f32",   "f64",          "bf16",          "f16",  "i1",
      "i8",    "i32",          "i64",           "si8",  "ui8",
      "index", "complex<f32>", "vector<2xf32>", "i128", "f8E4M3FN"};
  return parseType(names[random.index(std::size(names))], context);
}

static Type pickAnyType(MLIRContext *context, Random &random) {
  static const char *const names[] = {"index",
                                      "f32",
                                      "i64",
                                      "tensor<f32>",
                                      "tensor<*xf32>",
                                      "memref<2x3xf32>",
                                      "vector<4xf32>",
                                      "none",
                                      "tensor<0xf32>",
                                      "tensor<?xf32>",
                                      "tuple<f32, i1>",
                                      "() -> ()",
                                      "tensor<2x3xi8>",
                                      "i0"};
  return parseType(names[random.index(std::size(names))], context);
}

static Attribute pickEncoding(MLIRContext *context, Random &random) {
  return random.chance(50) ? Attribute(UnitAttr::get(context))
                           : StringAttr::get(context, "packed");
}

Type photonic::fuzz::mutateType(Type type, ArrayRef<std::string> words,
                                Random &random) {
  MLIRContext *context = type.getContext();
  Silence silence(context);
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || random.chance(4))
    return random.chance(50) ? pickAnyType(context, random)
                             : pickElementType(context, random);
  SmallVector<int64_t> shape(tensor.getShape());
  Type element = tensor.getElementType();
  Attribute encoding = tensor.getEncoding();
  size_t at = shape.empty() ? 0 : random.index(shape.size());
  switch (random.pick(0, 9)) {
  case 0:
    element = pickElementType(context, random);
    break;
  case 1:
    encoding = pickEncoding(context, random);
    break;
  case 2:
    shape.insert(shape.begin() + at, random.pick(0, 3));
    break;
  case 3:
    if (!shape.empty())
      shape.erase(shape.begin() + at);
    break;
  case 4:
    shape.clear();
    break;
  case 5:
    if (!shape.empty())
      shape[at] = ShapedType::kDynamic;
    break;
  default:
    if (!shape.empty())
      shape[at] = pickInteger(random, shape[at]);
  }
  auto emit = [&] { return emitError(UnknownLoc::get(context)); };
  return RankedTensorType::getChecked(emit, shape, element, encoding);
}
