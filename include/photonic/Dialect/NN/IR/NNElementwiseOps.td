//===- NNElementwiseOps.td - Elementwise operations ------ -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_NN_IR_NNELEMENTWISEOPS
#define PHOTONIC_DIALECT_NN_IR_NNELEMENTWISEOPS

include "photonic/Dialect/NN/IR/NNBase.td"

class NN_UnaryOp<string mnemonic, list<Trait> traits = []>
    : NN_Op<mnemonic, traits # [SameOperandsAndResultType, NN_Differentiable,
                              BatchAxisOpInterface]> {
  let arguments = (ins NN_Tensor:$input);
  let results = (outs NN_Tensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input)";
}

def NN_ReluOp : NN_UnaryOp<"relu"> {
  let summary = "replace what is not positive by zero";
  let description = [{
    `x <= 0 ? +0 : x`; NaN stays NaN.

    Gradient: `gate(y, dy)`, 0 at 0 and dy at NaN. Stashes the result, of which
    a bit per element is enough.

    Constraints: (C1) the result has the type of the operand.

    Example:

    ```mlir
    %y = nn.relu %x : tensor<2x3xf32>
    ```
  }];
  let hasFolder = 1;
}

def NN_LeakyReluOp : NN_UnaryOp<"leaky_relu"> {
  let summary = "scale what is negative";
  let description = [{
    `x < 0 ? alpha * x : x`; NaN stays NaN.

    Gradient: `gate(y, dy) slope = alpha`, alpha at 0 and at NaN. Stashes the
    result, the operand if alpha is negative.

    Constraints: (C1) the result has the type of the operand; (C2) alpha is
    finite.

    Example:

    ```mlir
    %y = nn.leaky_relu %x alpha = 1.000000e-01 : tensor<2x3xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$input, F32Attr:$alpha);
  let assemblyFormat = "$input `alpha` `=` $alpha attr-dict `:` type($input)";
  let hasVerifier = 1;
}

def NN_ClipOp : NN_UnaryOp<"clip"> {
  let summary = "limit to an interval";
  let description = [{
    `t = x > min ? x : min; t < max ? t : max`; NaN stays NaN. An infinite bound
    does not limit.

    Gradient: `gate_range(y, dy)`, 0 at and beyond the bounds and at NaN.
    Stashes the result.

    Constraints: (C1) the result has the type of the operand; (C2) neither bound
    is NaN and min is at most max.

    Example:

    ```mlir
    %y = nn.clip %x min = 0.0 max = 6.0 : tensor<2x3xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$input, F32Attr:$min, F32Attr:$max);
  let assemblyFormat = [{
    $input `min` `=` $min `max` `=` $max attr-dict `:` type($input)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

class NN_PlainUnaryOp<string mnemonic, string what, string formula,
                      string gradient> : NN_UnaryOp<mnemonic> {
  let summary = what;
  let description = "    " # formula # [{

    Gradient: }] # gradient # [{

    Constraints: (C1) the result has the type of the operand.

    Example:

    ```mlir
    %y = nn.}] # mnemonic # [{ %x : tensor<2x3xf32>
    ```
  }];
}

def NN_SigmoidOp : NN_PlainUnaryOp<"sigmoid", "apply the logistic function",
    "`1 / (1 + exp(-x))` by the project's own sequence of IEEE operations.",
    "`(dy * (1 - y)) * y`. Stashes the result.">;
def NN_TanhOp : NN_PlainUnaryOp<"tanh", "apply the hyperbolic tangent",
    "`tanh(x)` by the project's own sequence of IEEE operations.",
    "`dy * (1 - y * y)`. Stashes the result.">;
def NN_ExpOp : NN_PlainUnaryOp<"exp", "apply the exponential function",
    "`exp(x)` by the project's own sequence of IEEE operations.",
    "`dy * y`. Stashes the result.">;
def NN_LogOp : NN_PlainUnaryOp<"log", "apply the natural logarithm",
    "`log(x)` by the project's own sequence of IEEE operations.",
    "`dy / x`. Stashes the operand.">;
def NN_SqrtOp : NN_PlainUnaryOp<"sqrt", "take square roots",
    "The square root, correctly rounded.",
    "`dy / (y + y)`; infinite at 0. Stashes the result.">;
def NN_NegOp : NN_PlainUnaryOp<"neg", "change signs", "`-x`.", "`-dy`.">;
def NN_AbsOp : NN_PlainUnaryOp<"abs", "take magnitudes", "`|x|`.",
    "`gate(x, dy) - gate(-x, dy)`, 0 at 0 and at NaN. Stashes the operand.">;

class NN_BinaryOp<string mnemonic, string what, string formula,
                  string gradient, list<Trait> traits = []>
    : NN_InferOp<mnemonic, traits # [BatchAxisOpInterface]> {
  let summary = what;
  let description = "    " # formula # [{

    }] # gradient # [{

    Shapes broadcast as in NumPy: aligned at the last dimension, an extent of 1
    or a missing dimension repeats.

    Constraints: (C1) in each dimension the extents are equal, or one of them is
    1 or missing; (C2) the result has the larger extents.

    Example:

    ```mlir
    %y = nn.}] # mnemonic # [{ %a, %b : (tensor<2x3x4x4xf32>, tensor<3x1x1xf32>)
        -> tensor<2x3x4x4xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$lhs, NN_Tensor:$rhs);
  let results = (outs NN_Tensor:$output);
  let assemblyFormat = [{
    $lhs `,` $rhs attr-dict `:` functional-type(operands, results)
  }];
}

class NN_ArithmeticOp<string mnemonic, string what, string formula,
                      string gradient>
    : NN_BinaryOp<mnemonic, what, formula, "Gradient: " # gradient # [{ Where an
    operand was repeated its gradient is summed (`reduce_sum`).}],
    [NN_Differentiable]>;

def NN_AddOp : NN_ArithmeticOp<"add", "add tensors", "`a + b`.",
    "`dy` for both.">;
def NN_SubOp : NN_ArithmeticOp<"sub", "subtract tensors", "`a - b`.",
    "`dy` and `-dy`.">;
def NN_MulOp : NN_ArithmeticOp<"mul", "multiply tensors elementwise", "`a * b`.",
    "`dy * b` and `dy * a`. Stashes the factor of the other.">;
def NN_DivOp : NN_ArithmeticOp<"div", "divide tensors elementwise", "`a / b`.",
    "`dy / b` and `-(dy * (y / b))`. Stashes b, and the result for the latter.">;
def NN_ChoiceGradient {
  string text = [{dy for the operand that was chosen, b's on ties; for both
    where the result is NaN. With `sb = equal(y, b)` and `sa = equal(y, a)`:
    `gate_range(sb, dy)` and `gate_range(sa - sb, dy)` from -2 to 0.5. Stashes
    both operands and the result.}];
}
def NN_MaxOp : NN_ArithmeticOp<"max", "take the larger element",
    "`a > b ? a : b`; NaN if either is NaN.", NN_ChoiceGradient.text>;
def NN_MinOp : NN_ArithmeticOp<"min", "take the smaller element",
    "`a < b ? a : b`; NaN if either is NaN.", NN_ChoiceGradient.text>;

def NN_PowOp : NN_BinaryOp<"pow", "raise to a power", [{`a ^ b` for exponents that
    are computed or learned. With `s` = 12582912, which rounds to whole numbers
    when it is added and subtracted, and selections as in `nn.gate`:

    ```
    whole  = gate(2^22 - |b|, (b + s) - s == b)      1 for whole exponents
    even   = (b / 2 + s) - s == b / 2
    sign   = (even + even - 1) + sqrt(whole - 1)     +1, -1 or NaN
    zero   = b == 0
    power  = gate(1 - zero, exp(b * log(|a|))) + zero
    output = power * (gate(-a, sign - 1) + 1)
    ```

    Each operation rounds to binary32, so that the relative error is about
    `|b log a|` times 2^-23. Anything to the power of 0 is 1. Zero counts as +0:
    its positive powers are 0, its negative ones +inf. A negative base has a
    power if the exponent is a whole number below 2^22 in magnitude; otherwise
    the result is NaN.}],
    [{Gradients: `dy * gate(b != 0, b * a^(b - 1))`, and `dy * (y * log(a))`, which
    is NaN for a negative base, and 0 for the base 0 unless b is negative.
    Where an operand was repeated its gradient is summed (`reduce_sum`). Stashes
    both operands, and the result for the latter.}],
    [NN_Differentiable, NN_Composite]> {
  let extraClassDeclaration = [{
    /// Adding and subtracting it rounds |x| < 2^22 to a whole number.
    static constexpr float roundingShift = 12582912.0f;
    /// Whole exponents of negative bases lie below.
    static constexpr float wholeLimit = 4194304.0f;
  }];
}

#endif // PHOTONIC_DIALECT_NN_IR_NNELEMENTWISEOPS
