//===- PISAOps.td - The pisa instruction set -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PISA_IR_PISAOPS
#define PHOTONIC_DIALECT_PISA_IR_PISAOPS

include "photonic/Dialect/PISA/IR/PISATypes.td"
include "photonic/Dialect/PISA/IR/PISAInterfaces.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"

class PISA_Op<string mnemonic, list<Trait> traits = []>
    : Op<PISA_Dialect, mnemonic, traits>;

//===----------------------------------------------------------------------===//
// Program, tables, symbols, debug map
//===----------------------------------------------------------------------===//

def PISA_ProgramOp : PISA_Op<"program", [
    IsolatedFromAbove, NoTerminator, SingleBlock, NoRegionArguments]> {
  let summary = "A program: tables, regions, layers and code";
  let description = [{
    Created by `photonic-emit-program`, encoded by `photonic-translate --assemble`.
    What one run is stands behind the name: `inference`, `training` (a step, which
    replaces parameters or state) or `evaluation`.
    `hash` is the structural hash of the target description; a program runs on
    every target that has it. `rng` is the number of the random key, the region of
    [seed, trial, step] that all random numbers follow from. `ignored` are names of inputs that
    the host may give and the code does not need. `machine`, structural fields as
    "name=value", serves messages about another machine alone.

    Operations have constraints, (C1) and so on, where a program file has no room
    for what they say. What else makes a program well formed, docs/isa.md lists in
    section 9; `photonic-verify-program` reports it at the operation that it is
    about.

    * (C1) Tables are numbered in order of appearance, each from 0.
    * (C2) Exactly one `pisa.code`, last.
    * (C3) The number of `rng` is in [0, 2^32 - 2].
    * (C4) `pisa.group` and `pisa.memory` come before the other tables.
    * (C5) There are at most 65536 groups.

    ```mlir
    pisa.program "lenet5" inference target "mirage" hash 42 memory ideal batch 1
        tokens 0 compiler "0.1.0" {
      pisa.group 0 "core" class "rns" count 8 array [32, 16]
      pisa.memory 0 "act" on_chip capacity 8388608 bytes 64 types [f32]
      pisa.code {
        pisa.halt
      }
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, EnumProp<PISA_ProgramKind>:$kind,
    StrAttr:$target, I64Attr:$hash,
    EnumProp<PISA_MemoryModel>:$memory_model, I64Attr:$batch,
    I64Attr:$tokens, OptionalAttr<I64Attr>:$rng,
    OptionalAttr<StrArrayAttr>:$ignored, StrAttr:$compiler,
    OptionalAttr<StrArrayAttr>:$machine);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $name $kind `target` $target `hash` $hash `memory` $memory_model `batch` $batch
    `tokens` $tokens (`rng` $rng^)?
    (`ignored` $ignored^)? `compiler` $compiler (`machine` $machine^)?
    attr-dict-with-keyword $body
  }];
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    /// The instruction stream.
    CodeOp getCode();
  }];
}

class PISA_TableOp<string mnemonic>
    : PISA_Op<mnemonic, [HasParent<"ProgramOp">]>;

def PISA_GroupOp : PISA_TableOp<"group"> {
  let summary = "Equal arrays of one machine class";
  let description = [{
    Each is an engine, `core[0]` to `core[7]` in the example; instructions of the
    class run on them. In the order of the target's groups.

    * (C1) `array` is [rows, columns], each in [1, 4096]; the count is in
      [0, 65536].

    ```mlir
    pisa.group 0 "core" class "rns" count 8 array [32, 16]
    ```
  }];
  let arguments = (ins I64Attr:$index, StrAttr:$name, StrAttr:$machine_class,
                       I64Attr:$count, DenseI64ArrayAttr:$array);
  let assemblyFormat = [{
    $index $name `class` $machine_class `count` $count `array` $array attr-dict
  }];
  let hasVerifier = 1;
}

def PISA_MemoryOp : PISA_TableOp<"memory"> {
  let summary = "A memory of the machine";
  let description = [{
    Its name stands in addresses. `off_chip` memory is reached by dma alone,
    `resident` is the cells of the arrays of a group, whose number stands behind
    the word. `capacity` is what the machine has, `bytes` what the program uses;
    `types` are the element types that it can hold. In the order of the target's
    memories.

    * (C1) `types` are words of the instruction set (f32, i32, ...).

    ```mlir
    pisa.memory 0 "dram" off_chip capacity 17179869184 bytes 4096
        types [f32, i32, i64, u8, bool]
    ```

    ```mlir
    pisa.memory 0 "cells" resident 0 capacity 65536 bytes 4096 types [f32]
    ```
  }];
  let arguments = (ins I64Attr:$index, StrAttr:$name,
    EnumProp<PISA_MemoryKind>:$kind, OptionalAttr<I64Attr>:$group,
    I64Attr:$capacity, I64Attr:$bytes, StrArrayAttr:$types);
  let assemblyFormat = [{
    $index $name $kind ($group^)? `capacity` $capacity `bytes` $bytes
    `types` custom<Words>($types) attr-dict
  }];
  let hasVerifier = 1;
}

def PISA_RegisterOp : PISA_TableOp<"register"> {
  let summary = "A count register";
  let description = [{
    Holds a whole number from 0 to `most` that instructions write as they run;
    `r0` in counts, guards and loops. The name stands in reports, and hosts
    assume numbers by it.

    * (C1) `most` is in [0, 2^31 - 1].

    ```mlir
    pisa.register 0 "nonzeros" most 4096
    ```
  }];
  let arguments = (ins I64Attr:$index, StrAttr:$name, I64Attr:$most);
  let assemblyFormat = "$index $name `most` $most attr-dict";
  let hasVerifier = 1;
}

def PISA_MapOp : PISA_TableOp<"map"> {
  let summary = "An access map: (row, column) to an element's address";
  let description = [{
    `rows` and `cols` are digits `[radix, axis, step]`, fastest first; `axes`
    are `[extent, stride in bytes, offset, low margin, high margin]`. Patch
    extraction of a convolution is such a map, not a copy.

    * (C1) Digits have 3 entries, the axis in [0, 255].
    * (C2) Axes have 5 entries.

    ```mlir
    pisa.map 0 rows [[24, 0, 1], [24, 1, 1]] cols [[1, 2, 1], [5, 0, 1], [5, 1, 1]]
        axes [[28, 4, 0, 0, 0], [28, 112, 0, 0, 0], [1, 3136, 0, 0, 0]]
    ```
  }];
  let arguments = (ins I64Attr:$index, ArrayAttr:$rows, ArrayAttr:$cols,
                       ArrayAttr:$axes);
  let assemblyFormat = [{
    $index `rows` custom<Tuples>($rows) `cols` custom<Tuples>($cols)
    `axes` custom<Tuples>($axes) attr-dict
  }];
  let hasVerifier = 1;
}

def PISA_ConversionOp : PISA_TableOp<"conversion"> {
  let summary = "The number format of an operand";
  let description = [{
    Array instructions convert an operand as the entry says; docs/isa.md, section
    4.2, lists the formats and their parameters.

    * (C1) The operation is one of conversions, its parameters are in range.

    ```mlir
    pisa.conversion 0 bfp mantissa 4 group 16 rounding trunc
    ```

    ```mlir
    pisa.conversion 0 fp32 group 16
    ```
  }];
  let arguments = (ins I64Attr:$index, PISA_OperationAttr:$format);
  let assemblyFormat = "$index custom<Conversion>($format) attr-dict";
  let hasVerifier = 1;
}

def PISA_PassOp : PISA_TableOp<"pass"> {
  let summary = "What one pass of an array computes";
  let description = [{
    Operations in their order; docs/isa.md, section 4.2, lists them.

    * (C1) Each operation is one of passes, its parameters are in range.

    ```mlir
    pisa.pass 0 [rns.modular_dot moduli [31, 32, 33], rns.reverse_convert]
    ```

    ```mlir
    pisa.pass 0 [float_dot]
    ```
  }];
  let arguments = (ins I64Attr:$index,
    TypedArrayAttrBase<PISA_OperationAttr, "operations">:$operations);
  let assemblyFormat = "$index custom<Pass>($operations) attr-dict";
  let hasVerifier = 1;
}

def PISA_CombineOp : PISA_TableOp<"combine"> {
  let summary = "How the values of passes meet the accumulator";
  let description = [{
    Operations in their order; docs/isa.md, section 4.2, lists them.

    * (C1) Each operation is one of combines, its parameters are in range.

    ```mlir
    pisa.combine 0 [scaled_add]
    ```
  }];
  let arguments = (ins I64Attr:$index,
    TypedArrayAttrBase<PISA_OperationAttr, "operations">:$operations);
  let assemblyFormat = "$index custom<Combine>($operations) attr-dict";
  let hasVerifier = 1;
}

def PISA_ProductOp : PISA_TableOp<"product"> {
  let summary = "Metadata of one analog product";
  let description = [{
    A (M x K)(K x N) product, `groups` times. `positions` is the number of
    kernel positions of an input gradient, 1 if not given. `stream` numbers the
    random numbers of stochastic rounding, 0 if not given. `conversions` are
    those of the first and of the second operand. `stationary` is what stays in
    the arrays while the rest passes: the first or the second operand, or the
    result. Which loops compute the product is said by `pisa.nest`.

    * (C1) `conversions` has 2 entries; these, pass, combine and layer are in
      [0, 2^32 - 2].
    * (C2) The stream is in [0, 2^31 - 1].

    ```mlir
    pisa.product 0 m 6 n 576 k 25 groups 1 stationary first conversions [0, 0]
        pass 0 combine 0
    ```

    ```mlir
    pisa.product 0 m 6 n 576 k 16 groups 1 positions 25 stationary first
        conversions [0, 1] pass 0 combine 0 stream 7
    ```
  }];
  let arguments = (ins I64Attr:$index, I64Attr:$m, I64Attr:$n, I64Attr:$k,
    I64Attr:$groups, OptionalAttr<I64Attr>:$positions,
    EnumProp<PISA_Stationary>:$stationary, DenseI64ArrayAttr:$conversions,
    I64Attr:$pass, I64Attr:$combine,
    OptionalAttr<I64Attr>:$stream, OptionalAttr<I64Attr>:$layer);
  let assemblyFormat = [{
    $index `m` $m `n` $n `k` $k `groups` $groups (`positions` $positions^)?
    `stationary` $stationary `conversions` $conversions `pass` $pass
    `combine` $combine
    (`stream` $stream^)? (`layer` $layer^)? attr-dict
  }];
  let hasVerifier = 1;
}

def PISA_NestOp : PISA_TableOp<"nest"> {
  let summary = "A loop nest that computes a part of a product";
  let description = [{
    `at` are the indices of the first and last instruction of the nest in the
    encoded stream: its outermost `loop` and the `end`. It computes all
    positions of these groups, rows (of M), columns (of N) and contraction
    positions (of K), each `[start, start + size)`. A product that is cut into
    chunks has its nest inside of other loops, whose counters say which part an
    execution computes; it may have several nests. Executors that fuse rely on
    them, and the validator compares them with the instructions; who edits a
    nest deletes the entries of its product.

    * (C1) `at` has 2 entries.
    * (C2) There is such a product.

    ```mlir
    pisa.nest 0 product 0 at [0, 5] groups 0 size 1 rows 0 size 6
        columns 0 size 576 contraction 0 size 25
    ```

    ```mlir
    pisa.nest 0 product 0 at [4, 9] groups 0 size 1
        rows [0 + 32 * l0] size 32 of [70 + -32 * l0]
        columns 0 size 576 contraction 0 size 25
    ```
  }];
  let arguments = (ins I64Attr:$index, I64Attr:$product,
    DenseI64ArrayAttr:$at,
    PISA_AffineAttr:$groups, PISA_CountAttr:$groups_size,
    PISA_AffineAttr:$rows, PISA_CountAttr:$rows_size,
    PISA_AffineAttr:$columns, PISA_CountAttr:$columns_size,
    PISA_AffineAttr:$contraction, PISA_CountAttr:$contraction_size);
  let assemblyFormat = [{
    $index `product` $product `at` $at
    `groups` custom<AffineField>($groups) `size` custom<CountField>($groups_size)
    `rows` custom<AffineField>($rows) `size` custom<CountField>($rows_size)
    `columns` custom<AffineField>($columns)
    `size` custom<CountField>($columns_size)
    `contraction` custom<AffineField>($contraction)
    `size` custom<CountField>($contraction_size) attr-dict
  }];
  let hasVerifier = 1;
}

def PISA_RegionOp : PISA_TableOp<"region"> {
  let summary = "A named piece of memory";
  let description = [{
    Parameters, inputs and outputs keep their ONNX names. Workspaces whose live
    ranges do not meet may share addresses. `init` is the initial contents. What
    is `mutable` keeps its contents from one run to the next. An input of class
    numbers says how many classes there are, and which number is ignored. An
    output may be the `loss`, or the gradient of the region `gradient_of`; a
    state may be a `knob`, which the host sets between runs.

    `batch_axis` is the dimension along which the samples of a batch lie.
    Elements are f32, bf16, i1, i8, ui8, i16, i32, i64, or blocks of one of the
    program's conversions: a stored operand, of which extents count the blocks.

    * (C1) The memory is one of the program's, the address is constant.
    * (C2) The type is a static tensor type without an encoding.
    * (C3) `init` has the region's type and shape.
    * (C4) Only labels have an ignored number.
    * (C5) The numbers of `gradient_of` and `batch_axis` are in [0, 2^32 - 2].

    ```mlir
    pisa.region 0 "x" input at act[0] bytes 3136 type tensor<1x1x28x28xf32>
        batch_axis 0
    ```

    ```mlir
    pisa.region 0 "conv1.weight" parameter mutable at wgt[0] bytes 600
        type tensor<6x1x5x5xf32>
    ```

    ```mlir
    pisa.region 0 "labels" input at act[0] bytes 128 type tensor<32xf32>
        classes 10 ignore -100
    ```

    ```mlir
    pisa.region 0 "conv1.weight.grad" output gradient_of 3 at act[0] bytes 600
        type tensor<6x1x5x5xf32>
    ```

    ```mlir
    pisa.region 0 "conv1.weight.blocks" workspace at wgt[0] bytes 330
        type tensor<6x5x!pisa.block<0>>
    ```

    ```mlir
    pisa.region 0 "optimizer.lr" state mutable knob learning_rate at wgt[0]
        bytes 4 type tensor<1xf32>
    ```
  }];
  let arguments = (ins I64Attr:$index, StrAttr:$name, EnumProp<PISA_Role>:$role,
    UnitAttr:$is_mutable, UnitAttr:$is_loss, OptionalAttr<I64Attr>:$gradient_of,
    DefaultValuedProp<EnumProp<PISA_Knob>, "::photonic::pisa::Knob::None">:$knob,
    PISA_AddressAttr:$address, I64Attr:$bytes,
    TypeAttr:$type, OptionalAttr<I64Attr>:$batch_axis,
    OptionalAttr<I64Attr>:$classes, OptionalAttr<I64Attr>:$ignore_index, OptionalAttr<ElementsAttr>:$init);
  let assemblyFormat = [{
    $index $name $role (`mutable` $is_mutable^)? (`loss` $is_loss^)?
    (`gradient_of` $gradient_of^)? (`knob` $knob^)?
    `at` custom<AddressField>($address) `bytes` $bytes `type` $type
    (`batch_axis` $batch_axis^)? (`classes` $classes^)? (`ignore` $ignore_index^)? (`init` $init^)? attr-dict
  }];
  let hasVerifier = 1;
}

def PISA_LayerOp : PISA_TableOp<"layer"> {
  let summary = "An ONNX node, for reports";
  let description = [{
    `output` is the region that holds the node's value right after its last
    instruction; absent if the value never exists whole. In a training step the
    phase says what is done for the node, `forward` if not given.

    * (C1) The region's number is in [0, 2^32 - 2].

    ```mlir
    pisa.layer 0 "/conv1/Conv" "Conv" output 3
    ```

    ```mlir
    pisa.layer 0 "/conv1/Conv" "Conv" phase weight_gradient output 3
    ```
  }];
  let arguments = (ins I64Attr:$index, StrAttr:$name, StrAttr:$op,
    DefaultValuedProp<EnumProp<PISA_Phase>,
                      "::photonic::pisa::Phase::Forward">:$phase,
    OptionalAttr<I64Attr>:$output);
  let assemblyFormat = [{
    $index $name $op (`phase` $phase^)? (`output` $output^)? attr-dict
  }];
  let hasVerifier = 1;
}

def PISA_CodeOp : PISA_Op<"code", [
    HasParent<"ProgramOp">, NoTerminator, SingleBlock, NoRegionArguments]> {
  let summary = "The instruction stream";
  let description = [{
    Instructions in stream order.

    * (C1) Loops, `pisa.halt` and instructions only.
    * (C2) Numbers fit into the fields of an instruction.

    ```mlir
    pisa.code {
      pisa.signal dma[0] 0
      pisa.wait core[0] 0
      pisa.halt
    }
    ```
  }];
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Control
//===----------------------------------------------------------------------===//

/// An instruction: its own operands, then layer and guard.
class PISA_Instruction<string mnemonic, dag args, string format,
                       list<Trait> traits = []>
    : PISA_Op<mnemonic, !listconcat(traits, [
        DeclareOpInterfaceMethods<PISA_InstructionOpInterface>])> {
  let arguments = !con(args, (ins OptionalAttr<I64Attr>:$layer,
                                  OptionalAttr<PISA_GuardAttr>:$guard));
  let assemblyFormat = format #
    " (`layer` $layer^)? (`when` custom<GuardField>($guard)^)? attr-dict";
}

def PISA_LoopOp : PISA_Op<"loop", [NoTerminator, SingleBlock, NoRegionArguments]> {
  let summary = "Repeat instructions";
  let description = [{
    Fields of the instructions inside refer to its counter as `lN`, N being the
    nesting depth. Encoded as `loop`, the body, `end`. With `below`, the data
    movement and arithmetic of the body is executed in the iterations whose
    counter is below that register.

    * (C1) The layer's number is in [0, 2^32 - 2].
    * (C2) The number of the register is in [0, 2^32 - 2].

    ```mlir
    pisa.loop 4 {
      pisa.core_program core[0] conversion 0 pass 0 map 1 from wgt[0 + 64 * l0]
          row 0 k 0 rows 32 cols 16 product 0
    }
    ```

    ```mlir
    pisa.loop 256 below r0 {
      pisa.vec_pack act[0 + 4 * l0] from act[4096 + 128 * l0] count 32
    }
    ```
  }];
  let arguments = (ins I64Attr:$count, OptionalAttr<I64Attr>:$below,
                       OptionalAttr<I64Attr>:$layer);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $count (`below` custom<RegisterName>($below)^)? (`layer` $layer^)?
    attr-dict-with-keyword $body
  }];
  let hasVerifier = 1;
}

def PISA_HaltOp : PISA_Op<"halt"> {
  let summary = "End of the program";
  let description = [{
    The last instruction, exactly once.

    ```mlir
    pisa.halt
    ```
  }];
  let assemblyFormat = "attr-dict";
}

//===----------------------------------------------------------------------===//
// All other instructions, of the base set and of machine classes
//===----------------------------------------------------------------------===//

include "photonic/Dialect/PISA/IR/PISAInstructionEnums.td"
include "photonic/Dialect/PISA/IR/PISAInstructions.td"

#endif // PHOTONIC_DIALECT_PISA_IR_PISAOPS
