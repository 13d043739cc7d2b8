//===- Entry.cpp - What a name in the graph stands for --------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Entry.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

ArrayRef<int64_t> Entry::getShape() const {
  if (value)
    return cast<RankedTensorType>(value.getType()).getShape();
  return constant->shape;
}

static StringRef spellKind(ValueKind kind) {
  switch (kind) {
  case ValueKind::Float:
    return "";
  case ValueKind::Boolean:
    return "booleans of ";
  case ValueKind::Labels:
    return "class labels of ";
  case ValueKind::Counter:
    return "a counter of ";
  case ValueKind::Positions:
    return "positions in windows of ";
  }
  llvm_unreachable("all kinds are handled");
}

std::string Entry::describe() const {
  if (unknown)
    return "not known, because what computes it cannot be imported";
  if (!value)
    return constant ? constant->describe() : "nothing";
  std::string text;
  llvm::raw_string_ostream(text) << spellKind(kind) << value.getType();
  return text;
}
