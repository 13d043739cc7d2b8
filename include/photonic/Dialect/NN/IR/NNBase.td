//===- NNBase.td - Dialect and base classes of nn -------- -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_NN_IR_NNBASE
#define PHOTONIC_DIALECT_NN_IR_NNBASE

include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "photonic/Dialect/NN/IR/NNInterfaces.td"
include "photonic/Interpreter/EvaluableOpInterface.td"

def NN_Dialect : Dialect {
  let name = "nn";
  let summary = "What a neural network computes";
  let description = [{
    FP32 tensors of static shape, images in NCHW, value semantics. The meaning
    of an operation is that of the ONNX operator of the same name with the
    history of opsets normalised away: one form per operation, no implicit
    padding, no optional output. The ONNX importer creates nn; the lowering
    to `photonic` replaces contractions; digital operations stay until `pisa`.

    Conventions:

    * The location of an operation carries the name of its ONNX node as a
      `NameLoc`; an operation that stands for several nodes has a `FusedLoc`
      whose first name is that of the node that gives it its shape.
    * The entry function is `func.func @main`. Its arguments and results carry
      `nn.name`, the name of the ONNX input or output.
    * The module carries `nn.model`, the name of the network; `nn.batch`, the
      number of samples in one run, 1 without it; `nn.mode`, what
      it was imported for (`"inference"`, `"training"`, `"evaluation"`), and
      `nn.freeze`, the regular expression of what training was to keep;
      `nn.trained_format`, the number format in which it was trained;
      `nn.ignored_inputs`, names of inputs that no output needs.
    * Sums of digital operations use 16 lanes (element i in lane i mod 16, from
      +0) and then `lane[x] += lane[x + step]` for step = 8, 4, 2, 1.

    Attributes of arguments of the entry function. An argument without `nn.role`
    is an input that the user gives at every run; one with it is a region of the
    machine's memory that keeps its value from run to run.

    | attribute | value | meaning |
    | --- | --- | --- |
    | `nn.name` | string | name of the input, parameter or state |
    | `nn.role` | `"parameter"`, `"state"` | what the network learns; what else persists (optimiser, statistics of the run) |
    | `nn.init` | elements of the argument's type | its value before the first run |
    | `nn.knob` | `"learning_rate"`, `"random_key"` | a state that the host sets between runs: one number, or [seed, trial, step]; at most one argument of each |
    | `nn.trainable` | unit | a parameter for which gradients are wanted |
    | `nn.classes` | integer C | the input holds class numbers, whole numbers in [0, C) |
    | `nn.ignore_index` | integer | a class number outside of the rule above, for elements without a class |
    | `nn.batch_axis` | `i64` | dimension of an input along which the samples of a batch lie; its extent is the module's `nn.batch`. Without it the input is the same for all samples |

    Attributes of results:

    | attribute | value | meaning |
    | --- | --- | --- |
    | `nn.name` | string | name of the output |
    | `nn.loss` | unit | one element; the sum of all losses is differentiated |
    | `nn.batch_axis` | `i64` | dimension along which the samples of a batch lie, as for arguments; written by `nn-infer-batch-axes` and the importer. Without it the results of several runs cannot be joined to one |
    | `nn.gradient_of` | string | name of the argument whose gradient this is |
    | `nn.updates` | string | name of the argument with a role that this value replaces at the end of the run |

    Attributes of operations: `nn.learned` (true or false) on a constant says
    whether training determines it, where the model states that. `nn.literal`
    (string) is the name of a constant that the model writes down in its graph,
    which training determines only if a layer says so. `nn.operator` (string)
    names the
    ONNX operator of whose sequence an operation is part, where that is another
    one than its own, such as `"BatchNormalization"`. `nn.phase` says which part
    of a training step an operation belongs to, `"forward"` (the default),
    `"loss"`, `"input_gradient"`, `"weight_gradient"` or `"update"`. The
    location of a generated operation is that of the forward node.

    Masks are tensors of `i1`, positions in pooling windows are tensors of
    `ui8`; everything else is `f32`. The interpreter holds all of them as
    numbers.
  }];
  let cppNamespace = "::photonic::nn";
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
}

/// No extent is zero: an empty tensor has no maximum and no mean.
def NN_PositiveExtents : CPred<
    "::llvm::all_of(::llvm::cast<::mlir::ShapedType>($_self).getShape(), "
    "[](int64_t extent) { return extent > 0; })">;

def NN_Tensor : RankedTensorOf<[F32], [HasStaticShapePred, NN_PositiveExtents],
    "tensor with static, positive extents">;

/// One bit per element.
def NN_Mask : RankedTensorOf<[I1], [HasStaticShapePred, NN_PositiveExtents],
    "mask with static, positive extents">;
/// One position in a window per element.
def NN_Positions : RankedTensorOf<[UI8],
    [HasStaticShapePred, NN_PositiveExtents],
    "positions with static, positive extents">;

/// Two numbers, height then width.
class NN_Pair<string value> : DefaultValuedAttr<
    ConfinedAttr<DenseI64ArrayAttr, [DenseArrayCount<2>]>, value>;
def NN_Kernel : ConfinedAttr<DenseI64ArrayAttr, [DenseArrayCount<2>]>;
/// Top, left, bottom, right.
def NN_Pads : DefaultValuedAttr<
    ConfinedAttr<DenseI64ArrayAttr, [DenseArrayCount<4>]>, "{0, 0, 0, 0}">;

def NN_Phase : I32Enum<"Phase", "part of a training step", [
    I32EnumCase<"Forward", 0, "forward">, I32EnumCase<"Loss", 1, "loss">,
    I32EnumCase<"InputGradient", 2, "input_gradient">,
    I32EnumCase<"WeightGradient", 3, "weight_gradient">,
    I32EnumCase<"Update", 4, "update">]> {
  let cppNamespace = "::photonic::nn";
}

def NN_Reduction : I32Enum<"Reduction", "how the losses of a batch become one", [
    I32EnumCase<"None", 0, "none">, I32EnumCase<"Sum", 1, "sum">,
    I32EnumCase<"Mean", 2, "mean">]> {
  let cppNamespace = "::photonic::nn";
}

def NN_ReductionAttr : EnumAttr<NN_Dialect, NN_Reduction, "reduction"> {
  let summary = "how the losses of a batch become one";
  let description = [{
    `none` keeps one loss per element, `sum` adds them, `mean` divides the sum
    by their number or, where there are weights, by the sum of these.
  }];
  let assemblyFormat = "$value";
}

class NN_Op<string mnemonic, list<Trait> traits = []>
    : Op<NN_Dialect, mnemonic,
         traits # [Pure, DigitalArithmetic,
                   DeclareOpInterfaceMethods<EvaluableOpInterface>]>;

/// The gradient and the sequence of primitive operations are written by hand.
def NN_Differentiable : DeclareOpInterfaceMethods<DifferentiableOpInterface>;
/// The same, where some operands have no derivative.
def NN_PartlyDifferentiable : DeclareOpInterfaceMethods<
    DifferentiableOpInterface, ["hasDerivative"]>;
def NN_Composite : DeclareOpInterfaceMethods<CompositeOpInterface>;
/// Where samples go is written by hand; `BatchAxisOpInterface` alone says that
/// the operation is elementwise.
def NN_Batched
    : DeclareOpInterfaceMethods<BatchAxisOpInterface, ["mapBatchAxis"]>;

/// The result type follows from operands and attributes by
/// `inferReturnTypes`, written by hand.
class NN_InferOp<string mnemonic, list<Trait> traits = []>
    : NN_Op<mnemonic, traits # [InferTypeOpAdaptor]>;

#endif // PHOTONIC_DIALECT_NN_IR_NNBASE
