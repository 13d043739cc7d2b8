//===- RNSPasses.td - Passes of residue arrays -*- tablegen -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_MACHINES_RNS_RNSPASSES
#define PHOTONIC_MACHINES_RNS_RNSPASSES

include "mlir/Pass/PassBase.td"

def SplitRNS : Pass<"photonic-split-rns", "::mlir::func::FuncOp"> {
  let summary = "compute integer products in residues";
  let description = [{
    Precondition: `photonic-verify-format`, and the module carries its target
    (`photonic-set-target`), whose arrays have moduli and columns. Every
    `photonic.dot` on integers becomes one `photonic.modular_dot` per modulus and one
    `photonic.reverse_convert`. Products in f32 stay as they are.

    A group that is longer than the array has columns takes several passes, whose
    sums are added exactly: its region is made to take `columns` elements.

    The pass proves that no sum of one array pass can leave the signed range of
    the moduli: n * max|a| * max|b| <= floor((P - 1) / 2), with n the smaller of
    the group length and the columns, and P the product of the moduli; the bound
    is attained, hence exact. Otherwise it fails and states both numbers, with
    the rule of thumb log2 P >= 2 (b_m + 1) + log2 n - 1 as a note. Moduli of a
    target are pairwise coprime; they may be even. Postcondition:
    `photonic-verify-split`. The values do not change.

    ```mlir
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    // becomes, with moduli 31, 32, 33
    %r0 = photonic.modular_dot %a, %b modulus = 31 : vector<16xi8>, vector<16xi8> -> i32
    %r1 = photonic.modular_dot %a, %b modulus = 32 : vector<16xi8>, vector<16xi8> -> i32
    %r2 = photonic.modular_dot %a, %b modulus = 33 : vector<16xi8>, vector<16xi8> -> i32
    %d = photonic.reverse_convert %r0, %r1, %r2 moduli = [31, 32, 33] : i32
    ```
  }];
  let dependentDialects = ["::photonic::phot::PhotonicDialect"];
}

#endif // PHOTONIC_MACHINES_RNS_RNSPASSES
