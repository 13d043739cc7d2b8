//===- OperatorTable.h - What the importer understands -------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_IMPORT_ONNX_OPERATORTABLE_H
#define PHOTONIC_LIB_IMPORT_ONNX_OPERATORTABLE_H

#include "Node.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringSet.h"

namespace photonic::importer {

class NodeImporter;

/// Translates a node whose form has been checked. On failure it has said why
/// through the NodeImporter.
using Handler = llvm::LogicalResult (*)(NodeImporter &);

/// One form of an operator of ai.onnx, valid for a range of opsets.
struct OperatorForm {
  llvm::StringLiteral name;
  int since, until;
  int minInputs, maxInputs;
  /// Outputs that the importer can produce; -1: any number.
  int maxOutputs;
  /// Attributes as `name:type` separated by blanks. Types: i, f, s, t for
  /// integer, float, string, tensor; I, F for lists. A final `!` marks what is
  /// required.
  llvm::StringLiteral attrs;
  Handler handler;
};

/// Any number of inputs, outputs, or opsets.
inline constexpr int unlimited = 1 << 20;

/// The form of an operator at an opset, or null.
const OperatorForm *findOperator(llvm::StringRef name, int64_t opset);

/// The range of opsets in which the importer knows the operator; {0, 0} if it
/// does not.
std::pair<int, int> getKnownOpsets(llvm::StringRef name);

/// Reports why the node cannot be imported, whatever its inputs are. `used`
/// holds the names of all tensors that somebody reads.
void checkForm(const Node &node, const OperatorForm &form,
               const llvm::StringSet<> &used,
               llvm::function_ref<void(std::string)> report);

#define PHOTONIC_ONNX_HANDLER(NAME)                                            \
  llvm::LogicalResult import##NAME(NodeImporter &node)

// ImportContraction.cpp
PHOTONIC_ONNX_HANDLER(Conv);
PHOTONIC_ONNX_HANDLER(Gemm);
PHOTONIC_ONNX_HANDLER(MatMul);
PHOTONIC_ONNX_HANDLER(BatchNormalization);
// ImportElementwise.cpp
PHOTONIC_ONNX_HANDLER(Unary);
PHOTONIC_ONNX_HANDLER(LeakyRelu);
PHOTONIC_ONNX_HANDLER(Clip);
PHOTONIC_ONNX_HANDLER(HardSigmoid);
PHOTONIC_ONNX_HANDLER(HardSwish);
PHOTONIC_ONNX_HANDLER(Arithmetic);
PHOTONIC_ONNX_HANDLER(Dropout);
PHOTONIC_ONNX_HANDLER(Identity);
// ImportPooling.cpp
PHOTONIC_ONNX_HANDLER(MaxPool);
PHOTONIC_ONNX_HANDLER(AveragePool);
PHOTONIC_ONNX_HANDLER(GlobalPool);
// ImportLayout.cpp
PHOTONIC_ONNX_HANDLER(Flatten);
PHOTONIC_ONNX_HANDLER(Reshape);
PHOTONIC_ONNX_HANDLER(Squeeze);
PHOTONIC_ONNX_HANDLER(Unsqueeze);
PHOTONIC_ONNX_HANDLER(Transpose);
PHOTONIC_ONNX_HANDLER(Concat);
PHOTONIC_ONNX_HANDLER(Pad);
PHOTONIC_ONNX_HANDLER(Expand);
// ImportSlice.cpp
PHOTONIC_ONNX_HANDLER(Slice);
PHOTONIC_ONNX_HANDLER(Split);
PHOTONIC_ONNX_HANDLER(Gather);
// ImportReduction.cpp
PHOTONIC_ONNX_HANDLER(Softmax);
PHOTONIC_ONNX_HANDLER(Reduce);
// ImportShape.cpp
PHOTONIC_ONNX_HANDLER(Constant);
PHOTONIC_ONNX_HANDLER(ConstantOfShape);
PHOTONIC_ONNX_HANDLER(Shape);
PHOTONIC_ONNX_HANDLER(Size);
PHOTONIC_ONNX_HANDLER(Cast);
PHOTONIC_ONNX_HANDLER(Range);

} // namespace photonic::importer

#endif // PHOTONIC_LIB_IMPORT_ONNX_OPERATORTABLE_H
