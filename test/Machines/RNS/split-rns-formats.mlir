// RUN: photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target="target=mirage set={{core.moduli=64,109}} set=core.dac_bits=7 set=core.adc_bits=7 set=format.mantissa_bits=3" --photonic-split-rns --photonic-verify-split | FileCheck %s
// RUN: not photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target="target=mirage set={{core.moduli=64,107}} set=core.dac_bits=7 set=core.adc_bits=7 set=format.mantissa_bits=3" --photonic-split-rns 2>&1 | FileCheck %s --check-prefix=REACH

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>

// Formats of both operands count: a term has 16 elements, as the shorter groups do,
// and mantissas have 5 and 3 bits.
// CHECK: formats = [#photonic.bfp<mantissa = 5, group = 32, rounding = trunc>, #photonic.bfp<mantissa = 3, group = 16, rounding = nearest>]
// CHECK: ^bb0(%[[A:.*]]: vector<16xi8>, %[[B:.*]]: vector<16xi8>):
// CHECK-NEXT: %[[R0:.*]] = photonic.modular_dot %[[A]], %[[B]] modulus = 64 :
// CHECK-NEXT: %[[R1:.*]] = photonic.modular_dot %[[A]], %[[B]] modulus = 109 :
// CHECK-NEXT: photonic.reverse_convert %[[R0]], %[[R1]] moduli = [64, 109] : i32
// REACH: error: loc("fc"): stage split: 'photonic.product' of node 'fc' cannot be computed in residues: sums reach 3472 = 16 * 31 * 7, but moduli [64, 107] represent only [-3423, 3423]
func.func @different(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) -> tensor<8x10xf32> {
  %z = photonic.zeros : tensor<8x10xf32>
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm"
      formats = [#photonic.bfp<mantissa = 5, group = 32, rounding = trunc>, #photonic.bfp<mantissa = 3, group = 16, rounding = nearest>]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  } loc("fc")
  return %y : tensor<8x10xf32>
}
