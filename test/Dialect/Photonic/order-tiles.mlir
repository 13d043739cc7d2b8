// RUN: photonic-opt %s --mlir-print-debuginfo=false --photonic-order-tiles="order=k,m deal=m" | FileCheck %s
// RUN: photonic-opt %s --photonic-order-tiles="order=k,m deal=m" | photonic-opt --photonic-verify-tile -o /dev/null
// RUN: photonic-opt %s --mlir-print-debuginfo=false --photonic-order-tiles | FileCheck %s --check-prefix=SAME
// RUN: sed 's/over = .0, 1./over = [0]/' %s | photonic-opt --mlir-print-debuginfo=false --photonic-order-tiles="order=k,m node=fc" | FileCheck %s --check-prefix=KEPT
// RUN: not photonic-opt %s --photonic-order-tiles="order=k,m node=other" 2>&1 | FileCheck %s --check-prefix=NODE
// RUN: photonic-opt %s --photonic-order-tiles=order=k --remarks-filter=Tiles -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: not photonic-opt %s --photonic-order-tiles=order=rows 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: not photonic-opt %s --photonic-order-tiles=deal=k,k 2>&1 | FileCheck %s --check-prefix=TWICE

// NODE: error: photonic-order-tiles: expected a node that has tiles, found 'other'; those are 'fc'
// NAME: error: photonic-order-tiles: unknown or repeated coordinate 'rows', expected some of group, position, m, n and k
// TWICE: error: photonic-order-tiles: unknown or repeated coordinate 'k'
// REMARK: tiles of 'fc' come by k, m

// CHECK-LABEL: func.func @main
// CHECK: scf.for %[[K:.*]] = %c0{{.*}} to %c84{{.*}} step %c16
// CHECK-NEXT: scf.for %[[M:.*]] = %c0{{.*}} to %c70{{.*}} step %c32
// CHECK: photonic.array_product
// CHECK-SAME: tile [%c0{{[_0-9]*}}, %c0{{[_0-9]*}}, %[[M]], %c0{{[_0-9]*}}, %[[K]]]
// CHECK-SAME: start %[[K]]
// CHECK-SAME: arrays = <"core", over = [1]>

// What was dealt still is, wherever it went.
// KEPT: scf.for %{{.*}} to %c84{{.*}} step %c16
// KEPT: arrays = <"core", over = [1]>

// SAME-LABEL: func.func @main
// SAME: scf.for %{{.*}} to %c70{{.*}} step %c32
// SAME-NEXT: scf.for %{{.*}} to %c84{{.*}} step %c16
// SAME: arrays = <"core", over = [0, 1]>
func.func @main(%w: tensor<70x84xf32>, %x: tensor<8x84xf32>) -> tensor<8x70xf32> {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c70 = arith.constant 70 : index
  %c84 = arith.constant 84 : index
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
      } loc("fc")
      scf.yield %y3 : tensor<8x70xf32>
    }
    scf.yield %y1 : tensor<8x70xf32>
  }
  return %y : tensor<8x70xf32>
}
