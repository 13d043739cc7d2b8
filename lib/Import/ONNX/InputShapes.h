//===- InputShapes.h - Extents of the inputs of a graph ------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Models leave extents of their inputs open, with names or without. Options
// bind them; here it is decided which bind what, and which dimensions hold the
// samples of a batch.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_IMPORT_ONNX_INPUTSHAPES_H
#define PHOTONIC_LIB_IMPORT_ONNX_INPUTSHAPES_H

#include "Entry.h"
#include "photonic/Import/ONNX/ImportONNX.h"

#include "llvm/ADT/StringSet.h"

namespace photonic::importer {

/// One dimension of an input.
struct InputDim {
  /// Of the model, or bound by an option; absent while it is open.
  std::optional<int64_t> extent;
  std::string symbol;   ///< by which options may bind it; empty: it has no name
  std::string spelling; ///< as the model has it
  bool isFixed = false; ///< by the model
  bool isBatch = false; ///< holds the samples of a batch
};

struct InputShape {
  llvm::StringRef name;
  bool hasShape = false; ///< the number of dimensions is known
  bool isRead = false;   ///< by a node
  bool isData = false;   ///< read, and neither labels nor state
  bool isLabels = false;
  ValueKind kind = ValueKind::Float;
  std::vector<InputDim> dims;
};

InputShape readInputShape(const ::onnx::ValueInfoProto &info);

/// Binds dimensions by `options.shapes` and `options.dims`, where a dimension
/// by its number goes before one by its name. Emits a diagnostic for each
/// binding that binds nothing or contradicts the model or another one, and for
/// inputs without any shape.
llvm::LogicalResult bindInputShapes(Model &model, const ImportOptions &options,
                                    std::vector<InputShape> &inputs);

/// How many samples a run takes, and which symbols stand for that number.
struct BatchChoice {
  int64_t size = 0; ///< 0: no dimension holds samples
  llvm::StringSet<> symbols;
  /// Symbols of first dimensions, for messages.
  llvm::StringSet<> firstSymbols;
};

/// Decides which dimensions hold the samples of a batch, marks them, and binds
/// them to `options.batch`:
///
/// 1. With a batch given: open first dimensions, and all open ones of the same
///    names. Without any, the dimensions of the only name that is still open.
///    Without that, fixed first dimensions of that extent; if there are none,
///    the batch is refused.
/// 2. Without one: first dimensions that the model leaves open and other
///    options bound, if all have one name.
/// 3. Otherwise dimension 0 of the only input, labels aside, if that has two
///    dimensions or more; and that of labels of the same extent.
llvm::LogicalResult chooseBatch(Model &model, const ImportOptions &options,
                                std::vector<InputShape> &inputs,
                                BatchChoice &choice);

/// "dimension 2 of input 'x' is 'H': bind it with --dim H=N".
std::string describeOpenDim(const InputShape &input, size_t axis,
                            const BatchChoice &batch, Spelling spelling);

} // namespace photonic::importer

#endif // PHOTONIC_LIB_IMPORT_ONNX_INPUTSHAPES_H
