// The passes are those of the class of the target's arrays, here residues.
// RUN: photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target=target=mirage --photonic-assign-formats --photonic-split-products --photonic-verify-split | FileCheck %s
// RUN: photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target=target=mirage --photonic-assign-formats --photonic-split-products > %t.products
// RUN: photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target=target=mirage --photonic-assign-formats --photonic-split-rns > %t.rns
// RUN: cmp %t.products %t.rns
// RUN: photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target=target=mirage --photonic-assign-formats=format=fp32 --photonic-split-products --photonic-verify-split | FileCheck %s --check-prefix=FP32
// RUN: not photonic-opt %s --photonic-set-target=target=mirage --photonic-assign-formats --photonic-verify-split 2>&1 | FileCheck %s --check-prefix=NONE
// What they say comes through, and they can be seen at work.
// RUN: not photonic-opt %s --photonic-set-target=target=mirage --photonic-assign-formats=format=bfp:6:16 --photonic-split-products 2>&1 | FileCheck %s --check-prefix=RANGE
// RUN: photonic-opt %s --photonic-set-target=target=mirage --photonic-assign-formats --photonic-split-products --mlir-print-ir-after=photonic-split-rns -o /dev/null 2>&1 | FileCheck %s --check-prefix=DUMP

// NONE: error: loc("fc"): stage split: 'photonic.dot' of node 'fc' multiplies integers, which no array does in one step; run photonic-split-products
// RANGE: error: loc("fc"): stage split: 'photonic.product' of node 'fc' cannot be computed in residues: sums reach 63504
// DUMP: IR Dump After SplitRNS (photonic-split-rns)

// CHECK-LABEL: func.func @product
// FP32-LABEL: func.func @product
func.func @product(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) -> tensor<8x10xf32> {
  // CHECK-NOT: photonic.dot
  // CHECK: photonic.modular_dot %{{.*}}, %{{.*}} modulus = 33
  // CHECK-NEXT: photonic.reverse_convert
  // FP32: photonic.dot %{{.*}}, %{{.*}} : vector<16xf32>, vector<16xf32> -> f32
  %z = photonic.zeros : tensor<8x10xf32>
  %0 = photonic.product ins(%w by <rows = [10 x d0], columns = [84 x d1]>, %x by <rows = [8 x d0], columns = [84 x d1]> : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by <rows = [10 x d1], columns = [8 x d0]> : tensor<8x10xf32>) operator = "Gemm" loc("fc")
  return %0 : tensor<8x10xf32>
}
