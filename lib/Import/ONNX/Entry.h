//===- Entry.h - What a name in the graph stands for ---------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_IMPORT_ONNX_ENTRY_H
#define PHOTONIC_LIB_IMPORT_ONNX_ENTRY_H

#include "Constant.h"

#include "mlir/IR/Value.h"

namespace photonic::importer {

/// What the elements of a value that is computed at run time stand for. They
/// are binary32 whatever ONNX calls them, but for `Positions`.
enum class ValueKind {
  Float,
  Boolean,   ///< 0 or 1
  Labels,    ///< numbers of classes
  Counter,   ///< a whole number below 2^24, given as a float
  Positions, ///< second output of MaxPool: positions in windows, ui8
};

/// What a name in the graph stands for: a value computed at run time, or a
/// constant. Poisoned if what it needs could not be imported; it is then there
/// to judge those who read it, and stands for a value of the type that it would
/// have. If that is unknown too, it has any value, and nothing is said about
/// those who read it.
struct Entry {
  mlir::Value value;
  ValueKind kind = ValueKind::Float;
  std::shared_ptr<Constant> constant;
  bool poisoned = false;
  bool unknown = false;
  /// Of what is unknown: it is computed when the network runs.
  bool atRunTime = false;

  Entry() = default;
  Entry(mlir::Value value, ValueKind kind = ValueKind::Float)
      : value(value), kind(kind) {}
  Entry(std::shared_ptr<Constant> constant) : constant(std::move(constant)) {}
  explicit operator bool() const { return value || constant; }
  bool isInteger() const { return constant && !constant->isFloat(); }
  /// True if the importer may compute with the elements: a constant that
  /// training does not change.
  bool isFoldable() const { return constant && !constant->isLearnable; }
  bool isValueOf(ValueKind wanted) const { return value && kind == wanted; }
  /// Extents, whatever it is.
  llvm::ArrayRef<int64_t> getShape() const;
  /// Type or elements, for messages.
  std::string describe() const;
};

} // namespace photonic::importer

#endif // PHOTONIC_LIB_IMPORT_ONNX_ENTRY_H
