//===- PhotonicInterfaces.td - Interfaces of the photonic dialect -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How an operand of an analog product is converted, and what an array computes,
// behind interfaces: passes ask for ranges and types and never for the name of a
// format or an operation.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PHOTONIC_IR_PHOTONICINTERFACES
#define PHOTONIC_DIALECT_PHOTONIC_IR_PHOTONICINTERFACES

include "mlir/IR/OpBase.td"

def Photonic_NumberFormatAttrInterface
    : AttrInterface<"NumberFormatAttrInterface"> {
  let cppNamespace = "::photonic::phot";
  let description = [{
    A number format: how `getGroupLength()` consecutive elements of an FP32
    operand, along the contraction axis, become the elements that one pass
    through the array multiplies. Element j of a group stands for
    `elements[j] * 2^scale`, and every element is exactly representable in
    binary32, so that one signature serves integers and reals.
  }];
  let methods = [
    InterfaceMethod<"Name for people and reports, e.g. `bfp:4:16:trunc`.",
      "std::string", "getFormatName">,
    InterfaceMethod<"Number of elements that form one group; at least 1.",
      "int64_t", "getGroupLength">,
    InterfaceMethod<[{Largest |m| of a converted element if elements are
      integers, 0 if they are reals.}],
      "int64_t", "getMaxMagnitude">,
    InterfaceMethod<[{Type of one converted element: a signless integer that
      holds [-getMaxMagnitude(), getMaxMagnitude()], or f32.}],
      "::mlir::Type", "getElementType">,
    InterfaceMethod<[{Converts one group. `values` holds at most
      `getGroupLength()` elements; `elements` has the same size and receives the
      converted ones; `uniforms` too, if `needsUniforms()`, and holds numbers of
      [0, 1), multiples of 2^-24; otherwise it is empty. Returns the scale. An
      element for which `acceptsValue` is false must not be passed.}],
      "int32_t", "convertGroup",
      (ins "::llvm::ArrayRef<float>":$values,
           "::llvm::ArrayRef<float>":$uniforms,
           "::llvm::MutableArrayRef<float>":$elements)>,
    InterfaceMethod<[{True if the conversion needs one random number per
      element. The default is false.}],
      "bool", "needsUniforms", (ins), "", "return false;">,
    InterfaceMethod<[{True if the format can represent `value`, rounded; false
      stops a run with the tensor, the index and the value.}],
      "bool", "acceptsValue", (ins "float":$value)>,
    InterfaceMethod<"The entry of a program's table of conversions.",
      "::phx::TableOperation", "encode">,
    InterfaceMethod<[{Bytes of a converted group in memory; 0, the default, if
      groups cannot be stored.}],
      "int64_t", "getBlockBytes", (ins), "", "return 0;">,
    InterfaceMethod<[{Writes what `convertGroup` made of a group, as the
      instruction set lays it out, to the `getBlockBytes()` bytes of `block`.}],
      "void", "packGroup",
      (ins "::llvm::ArrayRef<float>":$elements, "int32_t":$scale,
           "::llvm::MutableArrayRef<char>":$block), "",
      [{llvm_unreachable("groups of this format have no blocks");}]>,
    InterfaceMethod<[{Takes values apart that a conversion left, `elements[j] *
      2^scale` each. The default converts them again, which changes nothing if
      no value is subnormal.}],
      "int32_t", "restoreGroup",
      (ins "::llvm::ArrayRef<float>":$values,
           "::llvm::MutableArrayRef<float>":$elements), "",
      "return $_attr.convertGroup(values, {}, elements);">,
  ];
  let extraSharedClassDeclaration = [{
    /// True if converted elements are integers.
    bool isInteger() const { return $_attr.getMaxMagnitude() != 0; }
  }];
}

def Photonic_RegionOpInterface : OpInterface<"RegionOpInterface"> {
  let cppNamespace = "::photonic::phot";
  let description = [{
    An operation in the region `pass` or `combine` of a product: what an array
    computes in one pass, and how that meets the accumulator. Passes and the
    translation to programs ask through it, and know no operation by name.
  }];
  let methods = [
    InterfaceMethod<[{True if the result is no sum of a pass yet, such as a
      residue of one: another operation has to use it. The default is false.}],
      "bool", "isPartial", (ins), "", "return false;">,
    InterfaceMethod<[{Appends what the operation is in the program's table of
      passes or combines, or goes on with the last entry, where the table has one
      for several operations. Fails after a diagnostic if it is nothing that
      arrays compute.}],
      "::llvm::LogicalResult", "encode",
      (ins "::phx::OperationList &":$entries)>,
    InterfaceMethod<[{Reports through `emitError` if the operation does not
      represent all sums of magnitude up to `bound`. Default: it does.}],
      "::llvm::LogicalResult", "checkRange",
      (ins "int64_t":$bound,
           "::llvm::function_ref<::mlir::InFlightDiagnostic()>":$emitError),
      "", "return ::mlir::success();">,
  ];
}

def Photonic_CombineOpInterface : OpInterface<"CombineOpInterface"> {
  let cppNamespace = "::photonic::phot";
  let description = [{
    An operation in the region `combine`, which implements RegionOpInterface as
    well: how the sum of a term meets the accumulator, to the last bit.
  }];
  let methods = [
    InterfaceMethod<[{Adds the sums of a block to their accumulators.}],
      "void", "combine", (ins "::photonic::phot::CombineBlock":$block)>,
    InterfaceMethod<[{True if an accumulator that is infinite or NaN stops the
      run. The default is false.}],
      "bool", "refusesInfinity", (ins), "", "return false;">,
  ];
}

def Photonic_PassOpInterface : OpInterface<"PassOpInterface"> {
  let cppNamespace = "::photonic::phot";
  let description = [{
    An operation in the region `pass`, which implements RegionOpInterface as well:
    what it computes, to the last bit.
  }];
  let methods = [
    InterfaceMethod<[{Computes the result for every pair of vectors of a block.
      The values of its operands are there; those of the arguments of the region
      are the vectors.}],
      "void", "evaluate", (ins "::photonic::phot::PassBlock":$block)>,
  ];
}

#endif // PHOTONIC_DIALECT_PHOTONIC_IR_PHOTONICINTERFACES
