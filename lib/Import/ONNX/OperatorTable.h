//===- OperatorTable.h - What the importer understands -------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_IMPORT_ONNX_OPERATORTABLE_H
#define PHOTONIC_LIB_IMPORT_ONNX_OPERATORTABLE_H

#include "Node.h"
#include "photonic/Import/ONNX/ImportONNX.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringSet.h"

namespace photonic::importer {

class NodeImporter;

/// Translates a node whose form has been checked. On failure it has said why
/// through the NodeImporter.
using Handler = llvm::LogicalResult (*)(NodeImporter &);

/// One form of an operator, valid for a range of versions of its domain.
struct OperatorForm {
  llvm::StringLiteral name;
  int since, until;
  int minInputs, maxInputs;
  /// Outputs that the importer can produce; -1: any number.
  int maxOutputs;
  /// Attributes as `name:type` separated by blanks. Types: i, f, s, t, z, g for
  /// integer, float, string, tensor, sparse tensor, graph; I, F for lists. A
  /// final `!` marks what is required.
  llvm::StringLiteral attrs;
  /// Null if the operator exists on constants alone.
  Handler handler;
};

/// Why an operator without a handler is refused.
inline constexpr llvm::StringLiteral onlyOnConstants =
    "the operator is not supported, except on constants";

/// Any number of inputs, outputs, or opsets.
inline constexpr int unlimited = 1 << 20;

/// The forms of ai.onnx (OperatorTable.cpp), of com.microsoft and of
/// ai.onnx.preview.training (TrainingTable.cpp).
llvm::ArrayRef<OperatorForm> getForms(llvm::StringRef domain);
/// The forms of operators of ai.onnx that exist on constants alone
/// (ConstantTable.cpp).
llvm::ArrayRef<OperatorForm> getConstantForms();
llvm::ArrayRef<OperatorForm> getMicrosoftForms();
llvm::ArrayRef<OperatorForm> getTrainingForms();

/// The form of an operator at a version of its domain, or null.
const OperatorForm *findOperator(llvm::StringRef domain, llvm::StringRef name,
                                 int64_t opset);

/// The range of versions in which the importer knows the operator; {0, 0} if it
/// does not.
std::pair<int, int> getKnownOpsets(llvm::StringRef domain,
                                   llvm::StringRef name);

/// Reports why the node cannot be imported, whatever its inputs are. `isUsed`
/// is true for tensors that somebody reads.
void checkForm(const Node &node, const OperatorForm &form,
               llvm::function_ref<bool(llvm::StringRef)> isUsed,
               ImportMode mode,
               llvm::function_ref<void(std::string)> report);

/// What to do about an operator in training mode where only inference is.
inline constexpr llvm::StringLiteral trainingRemedy =
    "only inference is; compile a training step with option 'train', a program "
    "that evaluates with 'mutable-parameters', or export the model in eval "
    "mode";

/// Why a Pad in another mode than constant is refused.
inline std::string refusePadMode(llvm::StringRef mode) {
  return "attribute mode=" + mode.str() +
         " is not supported: expected constant, or pads that are all 0";
}

#define PHOTONIC_ONNX_HANDLER(NAME)                                            \
  llvm::LogicalResult import##NAME(NodeImporter &node)

// ImportContraction.cpp
PHOTONIC_ONNX_HANDLER(Conv);
PHOTONIC_ONNX_HANDLER(Gemm);
PHOTONIC_ONNX_HANDLER(MatMul);
PHOTONIC_ONNX_HANDLER(FusedMatMul);
// ImportControl.cpp
PHOTONIC_ONNX_HANDLER(If);
// ImportElementwise.cpp
PHOTONIC_ONNX_HANDLER(Unary);
PHOTONIC_ONNX_HANDLER(LeakyRelu);
PHOTONIC_ONNX_HANDLER(Clip);
PHOTONIC_ONNX_HANDLER(HardSigmoid);
PHOTONIC_ONNX_HANDLER(HardSwish);
PHOTONIC_ONNX_HANDLER(Arithmetic);
PHOTONIC_ONNX_HANDLER(Pow);
PHOTONIC_ONNX_HANDLER(Identity);
// ImportLogic.cpp
PHOTONIC_ONNX_HANDLER(Comparison);
PHOTONIC_ONNX_HANDLER(Logic);
PHOTONIC_ONNX_HANDLER(Where);
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
PHOTONIC_ONNX_HANDLER(ConcatTraining);
PHOTONIC_ONNX_HANDLER(Pad);
PHOTONIC_ONNX_HANDLER(Expand);
// ImportSlice.cpp
PHOTONIC_ONNX_HANDLER(Slice);
PHOTONIC_ONNX_HANDLER(Split);
PHOTONIC_ONNX_HANDLER(Gather);
PHOTONIC_ONNX_HANDLER(SliceGrad);
PHOTONIC_ONNX_HANDLER(GatherGrad);
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
// ImportTraining.cpp
PHOTONIC_ONNX_HANDLER(BatchNormalization);
PHOTONIC_ONNX_HANDLER(BatchNormInternal);
PHOTONIC_ONNX_HANDLER(Dropout);
// ImportLoss.cpp
PHOTONIC_ONNX_HANDLER(SoftmaxCrossEntropyLoss);
PHOTONIC_ONNX_HANDLER(NegativeLogLikelihoodLoss);
PHOTONIC_ONNX_HANDLER(SoftmaxCrossEntropyLossGrad);
// ImportGradient.cpp
PHOTONIC_ONNX_HANDLER(ActivationGrad);
PHOTONIC_ONNX_HANDLER(SoftmaxGrad);
PHOTONIC_ONNX_HANDLER(Scale);
PHOTONIC_ONNX_HANDLER(DropoutGrad);
PHOTONIC_ONNX_HANDLER(ConvGrad);
PHOTONIC_ONNX_HANDLER(MaxPoolGrad);
PHOTONIC_ONNX_HANDLER(AveragePoolGrad);
PHOTONIC_ONNX_HANDLER(BatchNormalizationGrad);
// ImportOptimizer.cpp
PHOTONIC_ONNX_HANDLER(Momentum);
PHOTONIC_ONNX_HANDLER(Adagrad);
PHOTONIC_ONNX_HANDLER(Adam);
PHOTONIC_ONNX_HANDLER(InPlaceAccumulator);

} // namespace photonic::importer

#endif // PHOTONIC_LIB_IMPORT_ONNX_OPERATORTABLE_H
