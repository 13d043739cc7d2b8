//===- PISAInterfaces.td - Interfaces of pisa instructions -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PISA_IR_PISAINTERFACES
#define PHOTONIC_DIALECT_PISA_IR_PISAINTERFACES

include "mlir/IR/OpBase.td"

def PISA_InstructionOpInterface : OpInterface<"InstructionOpInterface"> {
  let cppNamespace = "::photonic::pisa";
  let description = [{
    An operation that is one instruction of the stream. The encoder, the
    assembler and every pass that reasons about memory or tokens use the
    instruction's plain form (`phx::Instruction`, see
    `phx/isa/Instruction.h`), which the runtime shares, so that the meaning of
    a field is defined once.
  }];
  let methods = [
    InterfaceMethod<"The fields that are particular to this instruction.",
      "::phx::Body", "getBody">,
    InterfaceMethod<[{What the instruction is made of: the one description that
      its definition, encoding and checks come from.}],
      "const ::phx::InstructionDescription &", "getDescription">,
    InterfaceMethod<[{The engine whose queue the instruction enters; of several
      arrays, or of one that depends on loop counters, the one that they are
      counted from.}],
      "::phx::EngineId", "getEngineId">,
    InterfaceMethod<"Which arrays execute it, counted from that engine.",
      "::phx::ArrayRange", "getArrayRange">,
    InterfaceMethod<[{The ONNX node (index of a `pisa.layer`) that the
      instruction works for, if any. The default reads the attribute `layer`.}],
      "std::optional<uint32_t>", "getLayerIndex", (ins), "", [{
        if (auto layer = this->getOperation()->template
                getAttrOfType<::mlir::IntegerAttr>("layer"))
          return static_cast<uint32_t>(layer.getInt());
        return std::nullopt;
      }]>,
  ];
  let verify = [{ return ::photonic::pisa::verifyInstruction($_op); }];
}

#endif // PHOTONIC_DIALECT_PISA_IR_PISAINTERFACES
