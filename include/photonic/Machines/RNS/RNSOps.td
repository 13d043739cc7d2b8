//===- RNSOps.td - What residue arrays compute in a pass -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operations that the machine class `rns` adds to the dialect `photonic`.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_MACHINES_RNS_RNSOPS
#define PHOTONIC_MACHINES_RNS_RNSOPS

include "photonic/Dialect/Photonic/IR/PhotonicOpBase.td"

class RNS_Op<string mnemonic, list<Trait> traits = []>
    : Photonic_RegionOp<mnemonic, traits> {
  let cppNamespace = "::photonic::rns";
}

def RNS_ModularDotOp : RNS_Op<"modular_dot", [
    DeclareOpInterfaceMethods<Photonic_RegionOpInterface, ["isPartial"]>,
    DeclareOpInterfaceMethods<Photonic_PassOpInterface>]> {
  let summary = "multiply two vectors modulo one modulus";
  let description = [{
    Both vectors are converted to residues in [0, modulus); the result is the
    residue in [0, modulus) of the sum of their products. `photonic-split-rns`
    creates one per modulus.

    Constraints:

    * (C1) both vectors have the same length and hold integers;
    * (C2) the modulus lies in [2, 65536];
    * (C3) the operands are the two arguments of the region, in order.

    Example:

    ```mlir
    %r = photonic.modular_dot %a, %b modulus = 31 : vector<16xi8>, vector<16xi8> -> i32
    ```
  }];
  let arguments = (ins Photonic_Group:$lhs, Photonic_Group:$rhs,
                       I64Attr:$modulus);
  let results = (outs I32:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs `modulus` `=` $modulus attr-dict
    `:` type($lhs) `,` type($rhs) `->` type($result)
  }];
  let hasVerifier = 1;
}

def RNS_ReverseConvertOp : RNS_Op<"reverse_convert", [
    DeclareOpInterfaceMethods<Photonic_RegionOpInterface, ["checkRange"]>,
    DeclareOpInterfaceMethods<Photonic_PassOpInterface>]> {
  let summary = "reconstruct an integer from its residues";
  let description = [{
    The integer in [-floor((P - 1) / 2), P - 1 - floor((P - 1) / 2)], P being the
    product of the moduli, that has the given residues (Chinese remainder
    theorem). Moduli may be even.

    Constraints:

    * (C1) there are at least one residue and as many moduli as residues;
    * (C2) each modulus lies in [2, 65536], their product is at most 2^62;
    * (C3) the moduli are pairwise coprime;
    * (C4) each residue is what a `modular_dot` of that modulus computes, in the
      order of these operations, and all of them are.

    Example:

    ```mlir
    %d = photonic.reverse_convert %r0, %r1, %r2 moduli = [31, 32, 33] : i32
    ```
  }];
  let arguments = (ins Variadic<I32>:$residues, DenseI64ArrayAttr:$moduli);
  let results = (outs Photonic_IntegerSum:$result);
  let assemblyFormat = [{
    $residues `moduli` `=` $moduli attr-dict `:` type($result)
  }];
  let hasVerifier = 1;
}

#endif // PHOTONIC_MACHINES_RNS_RNSOPS
