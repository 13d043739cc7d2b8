//===- GraphInputs.h - Types of the inputs of a graph --------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_IMPORT_ONNX_GRAPHINPUTS_H
#define PHOTONIC_LIB_IMPORT_ONNX_GRAPHINPUTS_H

#include "Entry.h"
#include "FlatGraph.h"
#include "photonic/Import/ONNX/ImportONNX.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringSet.h"

namespace photonic::importer {

/// How the graph uses an input whose elements are integers or booleans.
struct IntegerUse {
  /// Float if the use is not one of those that a program can serve.
  ValueKind kind = ValueKind::Float;
  /// In that case, who uses it and how; empty if nobody does.
  std::string culprit;
};
/// (IntegerInputs.cpp)
IntegerUse findIntegerUse(Model &model, const FlatGraph &graph,
                          const ::onnx::ValueInfoProto &input);

struct GraphInput {
  llvm::StringRef name;
  mlir::RankedTensorType type;
  ValueKind kind = ValueKind::Float;
  /// The dimension along which the samples of a batch lie.
  std::optional<int64_t> batchAxis = std::nullopt;
};
struct GraphInputs {
  llvm::SmallVector<GraphInput> list;
  int64_t batch = 0; ///< samples in one run; 0: no input holds samples
  /// The symbolic dimensions of the model that stand for that number.
  llvm::StringSet<> batchSymbols;
};

/// The inputs that are used and no initialisers, with their types after
/// symbolic extents were bound. Emits one diagnostic for everything that is
/// wrong.
llvm::FailureOr<GraphInputs> bindGraphInputs(Model &model,
                                             const FlatGraph &graph,
                                             const ImportOptions &options,
                                             mlir::MLIRContext &context);

} // namespace photonic::importer

#endif // PHOTONIC_LIB_IMPORT_ONNX_GRAPHINPUTS_H
