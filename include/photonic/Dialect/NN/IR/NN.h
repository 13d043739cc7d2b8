//===- NN.h - The nn dialect ---------------------------------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_NN_IR_NN_H
#define PHOTONIC_DIALECT_NN_IR_NN_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "photonic/Interpreter/EvaluableOpInterface.h"

namespace photonic::nn {
/// The dimension of a result that dimension `axis` of an operand becomes if
/// shapes are aligned at the last dimension; none if it is repeated.
llvm::SmallVector<int64_t> mapElementwiseAxis(mlir::Operation *op,
                                              unsigned operand, int64_t axis,
                                              unsigned result);
} // namespace photonic::nn

#include "photonic/Dialect/NN/IR/NNDialect.h.inc"
#include "photonic/Dialect/NN/IR/NNEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "photonic/Dialect/NN/IR/NNAttrs.h.inc"
#include "photonic/Dialect/NN/IR/NNOpInterfaces.h.inc"

#define GET_OP_CLASSES
#include "photonic/Dialect/NN/IR/NNOps.h.inc"

namespace photonic::nn {

/// Attribute of arguments and results of the entry function: the name of the
/// ONNX input or output.
inline constexpr llvm::StringLiteral nameAttrName = "nn.name";
/// Attributes of arguments: `parameter` or `state` where the argument persists
/// from run to run, its first value, whether gradients are wanted; and of
/// inputs that hold class numbers, how many there are and which one to ignore.
inline constexpr llvm::StringLiteral roleAttrName = "nn.role";
inline constexpr llvm::StringLiteral parameterRole = "parameter";
inline constexpr llvm::StringLiteral stateRole = "state";
inline constexpr llvm::StringLiteral initAttrName = "nn.init";
/// Attribute of states that the host sets between runs: what they are.
inline constexpr llvm::StringLiteral knobAttrName = "nn.knob";
inline constexpr llvm::StringLiteral learningRateKnob = "learning_rate";
inline constexpr llvm::StringLiteral randomKeyKnob = "random_key";
inline constexpr llvm::StringLiteral trainableAttrName = "nn.trainable";
inline constexpr llvm::StringLiteral classesAttrName = "nn.classes";
inline constexpr llvm::StringLiteral ignoreIndexAttrName = "nn.ignore_index";
/// Attribute of inputs and of results: the dimension along which the samples of
/// a batch lie, of the extent that `batchAttrName` of the module says.
inline constexpr llvm::StringLiteral batchAxisAttrName = "nn.batch_axis";
/// Attributes of results: what is differentiated, whose gradient it is, which
/// argument it replaces at the end of a run.
inline constexpr llvm::StringLiteral lossAttrName = "nn.loss";
inline constexpr llvm::StringLiteral gradientOfAttrName = "nn.gradient_of";
inline constexpr llvm::StringLiteral updatesAttrName = "nn.updates";
/// Attribute of operations: the part of a training step, a name of `Phase`.
inline constexpr llvm::StringLiteral phaseAttrName = "nn.phase";
/// Most elements of a window whose maximum has a position in one byte.
inline constexpr int64_t maxPositions = 256;
/// Attribute of operations: the ONNX operator of whose sequence they are part.
inline constexpr llvm::StringLiteral operatorAttrName = "nn.operator";
/// The operator that a composite operation is; empty for others.
llvm::StringRef getCompositeOperator(mlir::Operation *op);
/// Attributes of constants: whether training determines them, where the model
/// says so; and the name of one that the model writes down in its graph, which
/// is learned only if it is the weight of a layer.
inline constexpr llvm::StringLiteral learnedAttrName = "nn.learned";
inline constexpr llvm::StringLiteral literalAttrName = "nn.literal";
/// Attributes of the module: name of the network, batch size, what it was
/// imported for, and which parameters that was told to keep.
inline constexpr llvm::StringLiteral modelAttrName = "nn.model";
inline constexpr llvm::StringLiteral batchAttrName = "nn.batch";
/// Attribute of the module: names of inputs of the network that no output
/// needs. They are no arguments; programs take and ignore them.
inline constexpr llvm::StringLiteral ignoredInputsAttrName =
    "nn.ignored_inputs";
inline constexpr llvm::StringLiteral modeAttrName = "nn.mode";
inline constexpr llvm::StringLiteral freezeAttrName = "nn.freeze";
/// Attribute of the module: the number format of products that the network was
/// trained with.
inline constexpr llvm::StringLiteral trainedFormatAttrName =
    "nn.trained_format";

/// One spatial dimension of a pool or convolution, in elements.
struct Window {
  int64_t kernel = 1, stride = 1, padLow = 0, padHigh = 0, dilation = 1;
  bool ceilMode = false;

  /// Number of windows on `extent` elements; 0 or less if the dilated kernel
  /// does not fit.
  int64_t getNumWindows(int64_t extent) const;
  /// Position in the image of tap `tap` of window `index`; padding lies
  /// outside [0, extent).
  int64_t getPosition(int64_t index, int64_t tap) const {
    return index * stride - padLow + tap * dilation;
  }
};

/// Window of spatial dimension `d` (0: height, 1: width). `pads` is
/// [top, left, bottom, right].
Window getWindow(unsigned d, llvm::ArrayRef<int64_t> kernel,
                 llvm::ArrayRef<int64_t> strides, llvm::ArrayRef<int64_t> pads,
                 llvm::ArrayRef<int64_t> dilations, bool ceilMode = false);
template <typename PoolOp> Window getPoolWindow(PoolOp op, unsigned d) {
  return getWindow(d, op.getKernel(), op.getStrides(), op.getPads(),
                   op.getDilations(), op.getCeilMode());
}

/// Which part of a training step `op` belongs to; forward if nothing says so.
Phase getPhase(mlir::Operation *op);
void setPhase(mlir::Operation *op, Phase phase);

/// The shape to which two tensors broadcast, as in NumPy; fails if they do not.
llvm::FailureOr<llvm::SmallVector<int64_t>>
getBroadcastShape(llvm::ArrayRef<int64_t> a, llvm::ArrayRef<int64_t> b);

/// An attribute of type `type` with the given elements: `dense` if there are
/// few, otherwise a resource called `name` (made unique).
mlir::ElementsAttr makeElements(mlir::RankedTensorType type,
                                llvm::ArrayRef<float> values,
                                llvm::StringRef name = "nn");

/// The name of the initialiser behind `value`, if a constant derived from it
/// replaces it: a name stands for one value. Null otherwise.
mlir::StringAttr inheritName(mlir::Value value);

/// Creates a constant computed from the elements of `source`, at its location
/// and under its name if that is inherited.
mlir::Value deriveConstant(mlir::OpBuilder &builder, mlir::Value source,
                           llvm::ArrayRef<float> values,
                           mlir::RankedTensorType type);

/// The value of an nn.constant behind `value`; fails if it is none, or if its
/// resource is absent.
llvm::FailureOr<interp::Tensor> getConstantTensor(mlir::Value value);

} // namespace photonic::nn

#endif // PHOTONIC_DIALECT_NN_IR_NN_H
