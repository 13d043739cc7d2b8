// RUN: photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target=target=mirage --photonic-assign-formats --photonic-split-rns --photonic-verify-split | FileCheck %s
// RUN: photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target="target=mirage set={{core.moduli=7,16,9,11}}" --photonic-assign-formats --photonic-split-rns | FileCheck %s --check-prefix=FOUR
// RUN: photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target=target=mirage --photonic-assign-formats=format=fp32 --photonic-split-rns --photonic-verify-split | FileCheck %s --check-prefix=FP32

// The largest sum of groups is 3600 = 16 * 15 * 15: 7201 represents it, 7200
// does not (even product: range 3599), and a negative result must not wrap.
// RUN: photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target="target=mirage set={{core.moduli=19,379}} set=core.dac_bits=9 set=core.adc_bits=9" --photonic-assign-formats --photonic-split-rns | FileCheck %s --check-prefix=TIGHT
// RUN: not photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target="target=mirage set={{core.moduli=225,32}} set=core.dac_bits=8 set=core.adc_bits=8 set=format.mantissa_bits=3" --photonic-assign-formats=format=bfp:4:16 --photonic-split-rns 2>&1 | FileCheck %s --check-prefix=LOOSE

// The paper's rule would refuse 5 mantissa bits on 31, 32, 33; the exact bound
// of 15376 fits into 16367.
// RUN: photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target=target=mirage --photonic-assign-formats=format=bfp:5:16 --photonic-split-rns | FileCheck %s
// RUN: not photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target=target=mirage --photonic-assign-formats=format=bfp:6:16 --photonic-split-rns 2>&1 | FileCheck %s --check-prefix=SIX

// Moduli and columns that no product could use are no target's.
// RUN: not photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target="target=mirage set={{core.moduli=31,32,62}}" --photonic-assign-formats --photonic-split-rns 2>&1 | FileCheck %s --check-prefix=COPRIME
// RUN: not photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target="target=mirage set={{core.moduli=1,32}}" --photonic-assign-formats --photonic-split-rns 2>&1 | FileCheck %s --check-prefix=MODULUS
// RUN: not photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target="target=mirage set={{core.moduli=65536,65535,65533,65531}}" --photonic-assign-formats --photonic-split-rns 2>&1 | FileCheck %s --check-prefix=HUGE
// A group of 32 takes two passes of 16 columns, each of which has to stay in
// range; one pass of 32 columns reaches 32 * 31 * 31.
// RUN: photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target=target=mirage --photonic-assign-formats=format=bfp:5:32 --photonic-split-rns | FileCheck %s
// RUN: not photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target="target=mirage set=core.columns=32" --photonic-assign-formats=format=bfp:5:32 --photonic-split-rns 2>&1 | FileCheck %s --check-prefix=LONG
// RUN: not photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target="target=mirage set=core.columns=0" --photonic-assign-formats --photonic-split-rns 2>&1 | FileCheck %s --check-prefix=COLUMNS
// RUN: photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target="target=mirage set=core.columns=32" --photonic-assign-formats=format=bfp:4:32 --photonic-split-rns | FileCheck %s --check-prefix=G32
// The sum of a group of the widest elements takes 64 bits.
// RUN: photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target="target=mirage set={{core.moduli=65536,65535,65533}} set=core.dac_bits=16 set=core.adc_bits=16" --photonic-assign-formats=format=bfp:15:16 --photonic-split-rns --photonic-verify-split | FileCheck %s --check-prefix=LARGEST

// LARGEST: photonic.modular_dot %{{.*}}, %{{.*}} modulus = 65536 : vector<16xi16>, vector<16xi16> -> i32
// LARGEST: %[[D:.*]] = photonic.reverse_convert %{{.*}}, %{{.*}}, %{{.*}} moduli = [65536, 65535, 65533] : i64
// LARGEST: photonic.yield %[[D]] : i64

// LOOSE: error: loc("fc"): stage split: 'photonic.product' of node 'fc' cannot be computed in residues: sums reach 3600 = 16 * 15 * 15, but moduli [225, 32] represent only [-3599, 3599]
// LOOSE: note: loc("fc"): rule of thumb: log2 P >= 2 (b_m + 1) + log2 g - 1, here 12.81 >= 13.00
// SIX: error: loc("fc"): stage split: 'photonic.product' of node 'fc' cannot be computed in residues: sums reach 63504 = 16 * 63 * 63, but moduli [31, 32, 33] represent only [-16367, 16367]
// COPRIME: error: {{.*}}core.moduli 31 and 62 share the divisor 31; residues need pairwise coprime moduli
// MODULUS: error: {{.*}}core.moduli (pairwise coprime; one sub-array each) is 1, legal is 2 to 65536
// HUGE: error: {{.*}}the product of core.moduli exceeds 2^62
// LONG: error: loc("fc"): stage split: 'photonic.product' of node 'fc' cannot be computed in residues: sums reach 30752 = 32 * 31 * 31, but moduli [31, 32, 33] represent only [-16367, 16367]
// COLUMNS: error: {{.*}}core.columns (products summed in one output) is 0, legal is 1 to 4096

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>

// CHECK-LABEL: func.func @product
// FOUR-LABEL: func.func @product
// FP32-LABEL: func.func @product
func.func @product(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) -> tensor<8x10xf32> {
  // CHECK: ^bb0(%[[A:.*]]: vector<16xi8>, %[[B:.*]]: vector<16xi8>):
  // CHECK-NEXT: %[[R0:.*]] = photonic.modular_dot %[[A]], %[[B]] modulus = 31
  // CHECK-NEXT: %[[R1:.*]] = photonic.modular_dot %[[A]], %[[B]] modulus = 32
  // CHECK-NEXT: %[[R2:.*]] = photonic.modular_dot %[[A]], %[[B]] modulus = 33
  // CHECK-NEXT: %[[D:.*]] = photonic.reverse_convert %[[R0]], %[[R1]], %[[R2]] moduli = [31, 32, 33] : i32
  // CHECK-NEXT: photonic.yield %[[D]] : i32
  // CHECK-NEXT: } combine {
  // CHECK-NEXT: ^bb0(%[[SUM:.*]]: i32, %[[ACC:.*]]: f32):
  // CHECK-NEXT: photonic.scaled_add %[[ACC]], %[[SUM]] : i32
  // FOUR: photonic.reverse_convert %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} moduli = [7, 16, 9, 11] : i32
  // TIGHT: photonic.reverse_convert %{{.*}}, %{{.*}} moduli = [19, 379] : i32
  // G32: photonic.modular_dot %{{.*}}, %{{.*}} modulus = 33 : vector<32xi8>
  // FP32: photonic.dot
  // FP32-NOT: modular_dot
  %z = photonic.zeros : tensor<8x10xf32>
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm" loc("fc")
  return %y : tensor<8x10xf32>
}
