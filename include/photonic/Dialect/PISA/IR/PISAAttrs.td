//===- PISAAttrs.td - Fields of pisa instructions -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PISA_IR_PISAATTRS
#define PHOTONIC_DIALECT_PISA_IR_PISAATTRS

include "photonic/Dialect/PISA/IR/PISAEnum.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/OpBase.td"

def PISA_Dialect : Dialect {
  let name = "pisa";
  let summary = "The instruction set of photonic accelerators";
  let description = [{
    One operation per instruction, one instruction per operation. A
    `pisa.program` holds the tables (access maps, conversions, passes, combines,
    products), the symbols (regions), the debug map (layers) and the instruction
    stream (`pisa.code`). Addresses are assigned; nothing here is a tensor. `docs/isa.md`
    specifies the semantics; the textual form of this dialect is the assembly
    language of the machine, and `photonic-translate --assemble` and
    `--disassemble` convert between it and `.phx` files byte for byte.

    The `emit` stage creates these operations, adds tokens and encodes them.
  }];
  let cppNamespace = "::photonic::pisa";
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let extraClassDeclaration = [{
    /// Adds operations of instructions, and how each is created. For dialect
    /// extensions: machine classes that the dialect does not list itself.
    template <typename... Ops>
    void addInstructions(llvm::ArrayRef<InstructionCreator> added) {
      addOperations<Ops...>();
      for (const InstructionCreator &creator : added)
        addCreator(creator);
    }
    /// Null: there is no operation for it.
    decltype(InstructionCreator::create) findCreator(phx::Opcode opcode) const {
      return creators.lookup(static_cast<uint16_t>(opcode));
    }

  private:
    void registerInstructions();
    void addCreator(const InstructionCreator &creator);
    /// By opcode.
    llvm::DenseMap<uint16_t, decltype(InstructionCreator::create)> creators;

  public:
  }];
}

class PISA_Attr<string name, string attrMnemonic> : AttrDef<PISA_Dialect, name> {
  let mnemonic = attrMnemonic;
  let hasCustomAssemblyFormat = 1;
}

def PISA_MemoryKind : PISA_Enum<"MemoryKind", "kind of a memory", [
  I32EnumCase<"OffChip", 0, "off_chip">, I32EnumCase<"OnChip", 1, "on_chip">,
  I32EnumCase<"Resident", 2, "resident">]>;

def PISA_Role : PISA_Enum<"Role", "what a region is for", [
  I32EnumCase<"Parameter", 0, "parameter">, I32EnumCase<"State", 1, "state">,
  I32EnumCase<"Constant", 2, "constant">, I32EnumCase<"Input", 3, "input">,
  I32EnumCase<"Output", 4, "output">, I32EnumCase<"Workspace", 5, "workspace">]>;

def PISA_ProgramKind : PISA_Enum<"ProgramKind", "what one run of a program is", [
  I32EnumCase<"Inference", 0, "inference">, I32EnumCase<"Training", 1, "training">,
  I32EnumCase<"Evaluation", 2, "evaluation">]>;

def PISA_Knob : PISA_Enum<"Knob", "what the host sets between runs", [
  I32EnumCase<"None", 0, "none">, I32EnumCase<"LearningRate", 1, "learning_rate">]>;

def PISA_Phase : PISA_Enum<"Phase", "what a layer does in a training step", [
  I32EnumCase<"Forward", 0, "forward">, I32EnumCase<"Loss", 1, "loss">,
  I32EnumCase<"InputGradient", 2, "input_gradient">,
  I32EnumCase<"WeightGradient", 3, "weight_gradient">,
  I32EnumCase<"Update", 4, "update">]>;

def PISA_Stationary : PISA_Enum<"Stationary", "what stays in the arrays", [
  I32EnumCase<"First", 0, "first">, I32EnumCase<"Second", 1, "second">,
  I32EnumCase<"Result", 2, "result">]>;

def PISA_MemoryModel : PISA_Enum<"MemoryModel", "memory model", [
  I32EnumCase<"Ideal", 0, "ideal">, I32EnumCase<"Hierarchy", 1, "hierarchy">]>;

def PISA_AffineAttr : PISA_Attr<"Affine", "affine"> {
  let summary = "integer that depends on loop counters through an odometer";
  let description = [{
    `base + sum of weight * digit`, where a digit of the counter of loop `lN`
    (`l0` is the outermost, `lane` the number of an array in the range that
    executes an instruction) is
    `((counter * scale + offset) / divisor) mod modulus`; modulus 0 does not
    wrap. Written `[base + weight * lN(scale, offset, divisor, modulus)]`;
    `lN` alone is `lN(1, 0, 1, 0)`; a constant is written as a number.

    ```mlir
    #pisa.affine<[128 + 64 * l0(8, 3, 4, 9)]>
    ```
  }];
  let parameters = (ins "int64_t":$base, ArrayRefParameter<"int64_t">:$terms);
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    ::phx::Affine getValue() const;
    static AffineAttr get(::mlir::MLIRContext *context, const ::phx::Affine &);
  }];
}

def PISA_CountAttr : PISA_Attr<"Count", "count"> {
  let summary = "number of elements, clipped to what is left";
  let description = [{
    `clamp(remaining + register, 0, cap)`, written `cap of remaining + rN`, with
    one of the two or with both; or `cap` alone. The register is one that the
    program lists (`pisa.register`).

    ```mlir
    #pisa.count<32 of [100 + -32 * l0]>
    ```

    ```mlir
    #pisa.count<16 of [0 + -16 * l0] + r0>
    ```

    ```mlir
    #pisa.count<16 of r0>
    ```
  }];
  let parameters = (ins "int64_t":$cap,
                        OptionalParameter<
                            "::photonic::pisa::AffineAttr">:$remaining,
                        OptionalParameter<
                            "std::optional<int64_t>">:$registerIndex);
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    ::phx::Count getValue() const;
    static CountAttr get(::mlir::MLIRContext *context, const ::phx::Count &);
  }];
}

def PISA_AddressAttr : PISA_Attr<"Address", "address"> {
  let summary = "address in a memory, in bytes";
  let description = [{
    The memory is one that the program lists (`pisa.memory`), by name.

    ```mlir
    #pisa.address<act[64 + 4096 * l0(1, 0, 1, 2)]>
    ```
  }];
  let parameters = (ins "::mlir::StringAttr":$memory,
                        "::photonic::pisa::AffineAttr":$offset);
}

def PISA_GuardAttr : PISA_Attr<"Guard", "guard"> {
  let summary = "condition under which an instruction is executed";
  let description = [{
    Executed while `low <= counter * scale + offset < extent`. An instruction
    writes `when l0 * 8 + 3 < 20`, or `when l0 * 8 + 3 < 20 from 4` if `low` is
    above 0; standing alone, the attribute has a word for the sign. The extent
    may be the smaller one of a number and a register that the program lists
    (`pisa.register`), `min(20, r0)`.

    ```mlir
    #pisa.guard<l0 * 8 + 3 below 20>
    ```

    ```mlir
    #pisa.guard<l0 * 8 + 3 below 20 from 4>
    ```

    ```mlir
    #pisa.guard<l0 * 8 + 3 below min(20, r0)>
    ```
  }];
  let parameters = (ins "int64_t":$loop, "int64_t":$scale, "int64_t":$offset,
                        "int64_t":$low, "int64_t":$extent,
                        OptionalParameter<
                            "std::optional<int64_t>">:$registerIndex);
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    ::phx::Guard getValue() const;
    static GuardAttr get(::mlir::MLIRContext *context, const ::phx::Guard &);
  }];
}

def PISA_ZeroFillAttr : PISA_Attr<"ZeroFill", "zero_fill"> {
  let summary = "source positions outside a range read as zero";
  let description = [{
    Along dimension `dim` the source position is `index + start`; positions
    outside `[0, extent)` read as +0.

    ```mlir
    #pisa.zero_fill<dim 2 start [-1 + 8 * l0] extent 28>
    ```
  }];
  let parameters = (ins "int64_t":$dim, "::photonic::pisa::AffineAttr":$start,
                        "int64_t":$extent);
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    ::phx::ZeroFill getValue() const;
    static ZeroFillAttr get(::mlir::MLIRContext *context, const ::phx::ZeroFill &);
  }];
}

def PISA_OperationAttr : PISA_Attr<"Operation", "operation"> {
  let summary = "operation of a table of conversions, passes or combines";
  let description = [{
    A name and each of the operation's parameters once, in the order of its
    description (docs/isa.md, section 4.2): a number, a list of numbers in
    brackets or a word. Machine classes register operations of their own, whose
    names begin with that of the class.

    ```mlir
    #pisa.operation<bfp mantissa 4 group 16 rounding trunc>
    ```

    ```mlir
    #pisa.operation<rns.modular_dot moduli [31, 32, 33]>
    ```
  }];
  let parameters = (ins "::mlir::StringAttr":$name,
                        ArrayRefParameter<"::mlir::Attribute">:$values);
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    ::phx::TableOperation getValue() const;
    static OperationAttr get(::mlir::MLIRContext *context,
                             const ::phx::TableOperation &);
  }];
}

#endif // PHOTONIC_DIALECT_PISA_IR_PISAATTRS
