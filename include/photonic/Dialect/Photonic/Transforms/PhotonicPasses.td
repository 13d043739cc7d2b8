//===- PhotonicPasses.td - From nn to array passes -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PHOTONIC_TRANSFORMS_PHOTONICPASSES
#define PHOTONIC_DIALECT_PHOTONIC_TRANSFORMS_PHOTONICPASSES

include "mlir/Pass/PassBase.td"

//===----------------------------------------------------------------------===//
// target
//===----------------------------------------------------------------------===//

def SetTarget : Pass<"photonic-set-target", "::mlir::ModuleOp"> {
  let summary = "let the module carry its target";
  let description = [{
    Writes the target that `target` names, with the fields in `set` changed, into
    the attribute `photonic.target` of the module, where the passes behind it find
    it; no other pass reads a target file, and none has options for what a target
    says. photonic-compile does the same with the first stage that it runs.

    A module that carries a target keeps it. What the options say has to agree
    with it in every field, as IR is made for one target; `set` without `target`
    changes fields of that one. Otherwise the pass fails and names the field and
    both values. Postcondition: the module has a `photonic.target` that programs
    can be made for. Nothing else changes.

    A list of numbers is written in two braces: `set={{core.moduli=31,32,35}}`.

    ```
    module {
    }
    // becomes, with target=mirage
    module attributes {photonic.target = #photonic.target<"mirage",
        structure = {core = {count = 8 : i64, ...}, ...}, costs = {...}>} {
    }
    ```
  }];
  let dependentDialects = ["::photonic::phot::PhotonicDialect"];
  let options = [
    Option<"target", "target", "std::string", "\"\"",
      "target description, a name or a file (default: what the module carries, "
      "or mirage)">,
    ListOption<"overrides", "set", "std::string",
      "changed fields of the target, field=value">,
  ];
}

//===----------------------------------------------------------------------===//
// lower
//===----------------------------------------------------------------------===//

def LowerProducts : Pass<"photonic-lower-products", "::mlir::func::FuncOp"> {
  let summary = "replace convolutions, linear layers and their gradients by products";
  let description = [{
    Precondition: none. Every `nn.conv2d`, `nn.linear` and each of their
    gradients with respect to input and weights becomes one `photonic.product` on
    `photonic.zeros`, without formats and regions, whose three views say which
    elements are multiplied and added. The first operand is the one with a row per
    output channel: weights, or for the gradient with respect to weights the
    gradient of the output. A bias is added behind it by `nn.add`, after
    `nn.reshape` to [1, M, 1, 1] for a convolution. All of these have the location,
    and what computes the discardable attributes, of the layer. Everything else
    stays.
    Postcondition: `photonic-verify-lower` succeeds. The values do not change.

    ```mlir
    %y = nn.linear %x, %w, %b
        : (tensor<8x84xf32>, tensor<10x84xf32>, tensor<10xf32>) -> tensor<8x10xf32>
    // becomes
    %z = photonic.zeros : tensor<8x10xf32>
    %p = photonic.product
        ins(%w by <rows = [10 x d0], columns = [84 x d1]>,
            %x by <rows = [8 x d0], columns = [84 x d1]>
            : tensor<10x84xf32>, tensor<8x84xf32>)
        outs(%z by <rows = [10 x d1], columns = [8 x d0]> : tensor<8x10xf32>)
        operator = "Gemm"
    %y = nn.add %p, %b : (tensor<8x10xf32>, tensor<10xf32>) -> tensor<8x10xf32>
    ```
  }];
  let dependentDialects = [
    "::photonic::nn::NNDialect", "::photonic::phot::PhotonicDialect"];
}

def VerifyLower : Pass<"photonic-verify-lower", "::mlir::func::FuncOp"> {
  let summary = "check that no layer and no composite operation is left";
  let description = [{
    Read-only. Fails on every `nn.conv2d` and `nn.linear`, on their gradients, and
    on what `nn-decompose` replaces, naming the ONNX node.
  }];
}

//===----------------------------------------------------------------------===//
// format
//===----------------------------------------------------------------------===//

def AssignFormats : Pass<"photonic-assign-formats", "::mlir::func::FuncOp"> {
  let summary = "give every product its number formats";
  let description = [{
    Precondition: `photonic-verify-lower`, and the module carries its target
    (`photonic-set-target`). Every `photonic.product` without formats gets `format`,
    or the target's own format, for both operands, and two regions: `pass`, which
    multiplies one group with `photonic.dot` (and says what else is lost in arrays
    of the target's class), and `combine`, which adds that to the
    accumulator with `photonic.scaled_add`, or `photonic.float_add` for reals.
    Products that have formats keep them, so that a
    layer may be treated apart. Postcondition: `photonic-verify-format`.

    Formats that round at random also get the random key of the run, the argument
    `photonic.rng`, which is added to the function if it has none, and a stream:
    the number of the product in the function.

    Here FP32 becomes the machine's numbers: values change, and behind this
    pass no stage changes them again.
  }];
  let dependentDialects = [
    "::photonic::nn::NNDialect", "::photonic::phot::PhotonicDialect"];
  let options = [
    Option<"format", "format", "std::string", "\"\"",
      "bfp:MANTISSA_BITS:GROUP[:trunc|nearest|stochastic], or fp32[:GROUP] to "
      "bypass the conversion, or a format of the arrays' own class (default: the "
      "target's format; of fp32 its group)">,
  ];
}

def VerifyFormat : Pass<"photonic-verify-format", "::mlir::func::FuncOp"> {
  let summary = "check that every product has formats";
  let description = [{
    Read-only. Fails on every `photonic.product` without formats or regions.
  }];
}

//===----------------------------------------------------------------------===//
// split
//===----------------------------------------------------------------------===//

def SplitProducts : Pass<"photonic-split-products", "::mlir::func::FuncOp"> {
  let summary = "compute integer products as the arrays of the target do";
  let description = [{
    Precondition: `photonic-verify-format`, and the module carries its target
    (`photonic-set-target`). Runs the passes of the class of machines that the
    target's arrays are of, such as `photonic-split-rns`: they turn every
    `photonic.dot` on integers into what one pass of an array computes.
    Postcondition: `photonic-verify-split`.

    ```mlir
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    // becomes, on residue arrays with moduli 127, 129
    %r0 = photonic.modular_dot %a, %b modulus = 127 : vector<16xi8>, vector<16xi8> -> i32
    %r1 = photonic.modular_dot %a, %b modulus = 129 : vector<16xi8>, vector<16xi8> -> i32
    %d = photonic.reverse_convert %r0, %r1 moduli = [127, 129] : i32
    ```
  }];
  let dependentDialects = ["::photonic::phot::PhotonicDialect"];
}

def VerifySplit : Pass<"photonic-verify-split", "::mlir::func::FuncOp"> {
  let summary = "check that no array multiplies integers in one step";
  let description = [{
    Read-only. Fails on every `photonic.dot` on integers.
  }];
}

def SelectDataflow : Pass<"photonic-select-dataflow", "::mlir::func::FuncOp"> {
  let summary = "choose the operand that stays in the array";
  let description = [{
    Precondition: `photonic-verify-format`, and the module carries its target
    (`photonic-set-target`). Every `photonic.product` without `stationary` gets
    it, `first` for `df1` and `second` for `df2`.
    The time of both on the target's arrays is computed in closed form,

        T = ceil(tiles / cores) * (program + vectors * stream)

    with tiles = G * P * ceil(M / rows) * passes and N vectors for `df1`,
    tiles = G * P * ceil(N / rows) * passes and M vectors for `df2`. P is the
    number of kernel positions of an input gradient and 1 otherwise; a group of
    the format takes ceil(length / columns) passes. Programming takes `program_ns`
    and `fill_ns`, a vector one cycle. The smaller time wins, `df1` if they are equal. Emits a remark `Dataflow` per
    product with both times. The values do not change.
  }];
  let dependentDialects = ["::photonic::phot::PhotonicDialect"];
  let options = [
    Option<"mode", "mode", "std::string", "\"auto\"",
      "auto, df1 or df2 (default auto)">,
  ];
}

def StoreOperands : Pass<"photonic-store-operands", "::mlir::func::FuncOp"> {
  let summary = "convert operands once, for all products that read them";
  let description = [{
    Precondition: `photonic-verify-format`, and the module carries its target
    (`photonic-set-target`), whose arrays are asked whether they read converted
    operands. Puts a `photonic.convert` in front of
    the first product that reads a tensor in a format, along some dimensions, and
    lets all products read it that do so: where their groups of contraction
    positions are blocks of the tensor, and the format does not round at random.
    That is so for activations and weights of convolutions whose channels are a
    multiple of the group, and where the contraction runs through dimensions as a
    whole. Tensors of which products leave elements out (a stride beyond the kernel)
    stay f32: an infinity there must not stop the run. `min-readers` leaves tensors
    alone that fewer operands read. The values of all products stay the same.

    Remarks `Storage` say what is stored, and what is not and why.

    ```mlir
    %y = photonic.product
        ins(%w by <rows = [10 x d0], columns = [84 x d1]>,
            %x by <rows = [8 x d0], columns = [84 x d1]>
            : tensor<10x84xf32>,
              tensor<8x84xf32>)
        outs(%z by <rows = [10 x d1], columns = [8 x d0]> : tensor<8x10xf32>)
        operator = "Gemm"
        formats = [#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>,
                   #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>]
    pass {
    ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
      %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
      photonic.yield %d : i32
    } combine {
    ^bb0(%sum: i32, %acc: f32):
      %r = photonic.scaled_add %acc, %sum : i32
      photonic.yield %r : f32
    }
    // becomes
    %stored_w = photonic.convert %w operator = "Gemm" : tensor<10x84xf32>
        -> tensor<10x84x!photonic.stored<#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>, along = [1]>>
    %stored_x = photonic.convert %x operator = "Gemm" : tensor<8x84xf32>
        -> tensor<8x84x!photonic.stored<#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>, along = [1]>>
    %y = photonic.product
        ins(%stored_w by <rows = [10 x d0], columns = [84 x d1]>,
            %stored_x by <rows = [8 x d0], columns = [84 x d1]>
            : tensor<10x84x!photonic.stored<#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>, along = [1]>>,
              tensor<8x84x!photonic.stored<#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>, along = [1]>>)
        outs(%z by <rows = [10 x d1], columns = [8 x d0]> : tensor<8x10xf32>)
        operator = "Gemm"
        formats = [#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>,
                   #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>]
    pass {
    ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
      %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
      photonic.yield %d : i32
    } combine {
    ^bb0(%sum: i32, %acc: f32):
      %r = photonic.scaled_add %acc, %sum : i32
      photonic.yield %r : f32
    }
    ```
  }];
  let dependentDialects = ["::photonic::phot::PhotonicDialect"];
  let options = [
    Option<"minReaders", "min-readers", "int64_t", "1",
      "operands of products that have to read a tensor (default 1)">,
  ];
}

//===----------------------------------------------------------------------===//
// tile
//===----------------------------------------------------------------------===//

def TileArray : Pass<"photonic-tile-array", "::mlir::func::FuncOp"> {
  let summary = "cut products into passes of one array";
  let description = [{
    Precondition: `photonic-verify-split`, and every `photonic.product` has a
    stationary operand. Each becomes a nest of `scf.for` loops over (group, block,
    contraction), also where a loop has a single iteration, around one
    `photonic.array_product`. A block is as many rows of the stationary operand as
    an array has, a step of the contraction is one term of the formats. Where there
    are several positions, they come from the last to the first: in front of the
    contraction if the first operand stays, in front of the blocks if the second
    does. The iterations of all loops are dealt to the arrays in turn. The
    accumulator is carried through the nest whole; its initial value is a
    `tensor.empty` where the tiles write every element first (`start`), and
    `photonic.zeros` where several positions meet an element, or none. Everything
    has the location of the product, `photonic.array_product` its discardable
    attributes. Each `photonic.convert` of a value that is no constant is dealt to
    all arrays, a piece of its rows each. Postcondition:
    `photonic-verify-tile`. The values do not change.

    ```mlir
    %e = tensor.empty() : tensor<8x10xf32>
    %y = scf.for %g = %c0 to %c1 step %c1 iter_args(%y0 = %e) -> (tensor<8x10xf32>) {
      %y1 = scf.for %m = %c0 to %c10 step %c32 iter_args(%y2 = %y0) -> (tensor<8x10xf32>) {
        %y3 = scf.for %k = %c0 to %c84 step %c16 iter_args(%y4 = %y2) -> (tensor<8x10xf32>) {
          %y5 = photonic.array_product
              ins(%w by <rows = [10 x d0], columns = [84 x d1]>,
                  %x by <rows = [8 x d0], columns = [84 x d1]>
                  : tensor<10x84xf32>, tensor<8x84xf32>)
              outs(%y4 by <rows = [10 x d1], columns = [8 x d0]> : tensor<8x10xf32>)
              tile [%g, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k
              operator = "Gemm"
              formats = [#photonic.fp32<group = 16>, #photonic.fp32<group = 16>]
              stationary = first arrays = <"core", over = [0, 1, 2]>
          pass {
          ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
            %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
            photonic.yield %d : f32
          } combine {
          ^bb0(%sum: f32, %acc: f32):
            %r = photonic.float_add %acc, %sum
            photonic.yield %r : f32
          }
          scf.yield %y5 : tensor<8x10xf32>
        }
        scf.yield %y3 : tensor<8x10xf32>
      }
      scf.yield %y1 : tensor<8x10xf32>
    }
    ```

    Integers have to be split for at most `columns` elements per pass.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect", "::photonic::phot::PhotonicDialect"];
}

def OrderTiles : Pass<"photonic-order-tiles", "::mlir::func::FuncOp"> {
  let summary = "let the tiles of nests come in another order";
  let description = [{
    Precondition: `photonic-verify-tile`. Loops of the nests around
    `photonic.array_product` that count a coordinate in `order` come first, in that
    order; the others stay behind them in theirs. With `deal` the loops of these
    coordinates, and those between them, are dealt to the arrays; the others are
    gone through by each array on its own. Fails, naming the node, where elements
    would not meet their terms in the order of their product. No stage runs it;
    `photonic-compile --insert-pass='tile:func.func(photonic-order-tiles{...})'` does.
    Without `deal` the loops that were dealt still are, and those between them now.
    Emits a remark `TileOrder` per nest. Postcondition: `photonic-verify-tile`. The
    values do not change.

    With `order=k,m deal=m`

    ```mlir
    %e = tensor.empty() : tensor<8x70xf32>
    %y = scf.for %m = %c0 to %c70 step %c32 iter_args(%y0 = %e) -> (tensor<8x70xf32>) {
      %y1 = scf.for %k = %c0 to %c84 step %c16 iter_args(%y2 = %y0) -> (tensor<8x70xf32>) {
        %y3 = photonic.array_product
            ins(%w by <rows = [70 x d0], columns = [84 x d1]>,
                %x by <rows = [8 x d0], columns = [84 x d1]>
                : tensor<70x84xf32>, tensor<8x84xf32>)
            outs(%y2 by <rows = [70 x d1], columns = [8 x d0]> : tensor<8x70xf32>)
            tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k
            operator = "Gemm"
            formats = [#photonic.fp32<group = 16>, #photonic.fp32<group = 16>]
            stationary = first arrays = <"core", over = [0, 1]>
        pass {
        ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
          %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
          photonic.yield %d : f32
        } combine {
        ^bb0(%sum: f32, %acc: f32):
          %r = photonic.float_add %acc, %sum
          photonic.yield %r : f32
        }
        scf.yield %y3 : tensor<8x70xf32>
      }
      scf.yield %y1 : tensor<8x70xf32>
    }
    // becomes
    %e = tensor.empty() : tensor<8x70xf32>
    %y = scf.for %k = %c0 to %c84 step %c16 iter_args(%y0 = %e) -> (tensor<8x70xf32>) {
      %y1 = scf.for %m = %c0 to %c70 step %c32 iter_args(%y2 = %y0) -> (tensor<8x70xf32>) {
        %y3 = photonic.array_product
            ins(%w by <rows = [70 x d0], columns = [84 x d1]>,
                %x by <rows = [8 x d0], columns = [84 x d1]>
                : tensor<70x84xf32>, tensor<8x84xf32>)
            outs(%y2 by <rows = [70 x d1], columns = [8 x d0]> : tensor<8x70xf32>)
            tile [%c0, %c0, %m, %c0, %k] sizes = [32, 8, 16] start %k
            operator = "Gemm"
            formats = [#photonic.fp32<group = 16>, #photonic.fp32<group = 16>]
            stationary = first arrays = <"core", over = [1]>
        pass {
        ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
          %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
          photonic.yield %d : f32
        } combine {
        ^bb0(%sum: f32, %acc: f32):
          %r = photonic.float_add %acc, %sum
          photonic.yield %r : f32
        }
        scf.yield %y3 : tensor<8x70xf32>
      }
      scf.yield %y1 : tensor<8x70xf32>
    }
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect"];
  let options = [
    ListOption<"order", "order", "std::string",
      "coordinates, outermost first: group, position, m, n, k">,
    ListOption<"deal", "deal", "std::string",
      "coordinates whose loops are dealt to the arrays (default: the loops that "
      "were)">,
    Option<"node", "node", "std::string", "\"\"",
      "name of the only ONNX node whose nests are changed (default: all)">,
  ];
}

def VerifyTile : Pass<"photonic-verify-tile", "::mlir::func::FuncOp"> {
  let summary = "check that products are nests of array passes";
  let description = [{
    Read-only. Fails on every `photonic.product`, on what `photonic-verify-lower`
    fails on, on values of more than 2^56 elements, and on every loop that is no
    nest around one `photonic.array_product` which

    * carries nothing but its accumulator, and computes nothing but indices;
    * has loops from a constant in constant steps, each of which counts one
      coordinate of the tile;
    * covers the product: every tile comes once;
    * lets each element meet positions in descending order, and contraction
      positions in ascending order within each;
    * starts an accumulation where an element meets its first term, or from
      `photonic.zeros`;
    * names loops of its own in `arrays`.
  }];
}

def SetMemory : Pass<"photonic-set-memory", "::mlir::func::FuncOp"> {
  let summary = "say where the values of a function are kept";
  let description = [{
    Writes the attribute `photonic.memory` of the function: `ideal`, all values on
    chip, or `hierarchy`, in off-chip memory, from which they are loaded. A function
    that has another one is refused.

    * Precondition: the `tile` stage.
    * Postcondition: the attribute; nothing else changes.

    ```
    func.func @main(...)
    // becomes, with model=hierarchy
    func.func @main(...) attributes {photonic.memory = #photonic.memory<hierarchy>}
    ```
  }];
  let options = [
    Option<"model", "model", "std::string", "\"ideal\"",
           "memory model: ideal or hierarchy">,
  ];
  let dependentDialects = ["::photonic::phot::PhotonicDialect"];
}

#endif // PHOTONIC_DIALECT_PHOTONIC_TRANSFORMS_PHOTONICPASSES
