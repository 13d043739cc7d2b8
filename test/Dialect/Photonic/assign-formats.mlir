// RUN: photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target=target=mirage --photonic-assign-formats --photonic-verify-format | FileCheck %s --check-prefixes=CHECK,DEFAULT
// RUN: photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target=target=mirage --photonic-assign-formats=format=bfp:8:32:nearest | FileCheck %s --check-prefixes=CHECK,WIDE
// RUN: photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target=target=mirage --photonic-assign-formats=format=fp32 | FileCheck %s --check-prefixes=CHECK,FP32
// RUN: photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target=target=mirage --photonic-assign-formats=format=fp32:8 | FileCheck %s --check-prefix=FP32G8
// RUN: photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target=target=mirage --photonic-assign-formats=format=bfp:4:16:stochastic --photonic-verify-format | FileCheck %s --check-prefix=RANDOM
// RUN: not photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target=target=mirage --photonic-assign-formats=format=fixed:8 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target=target=mirage --photonic-assign-formats=format=bfp:4 2>&1 | FileCheck %s --check-prefix=SHORT
// RUN: not photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target=target=mirage --photonic-assign-formats=format=bfp:4:16:up 2>&1 | FileCheck %s --check-prefix=ROUNDING
// RUN: not photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target=target=mirage --photonic-assign-formats=format=bfp:16:16 2>&1 | FileCheck %s --check-prefix=MANTISSA
// RUN: not photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target=target=mirage --photonic-assign-formats=format=bfp:4:0 2>&1 | FileCheck %s --check-prefix=GROUP
// RUN: photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target=target=mirage --photonic-assign-formats=format=bfp:15:2 | FileCheck %s --check-prefix=NARROW
// RUN: photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target=target=mirage --photonic-assign-formats=format=bfp:15:3 | FileCheck %s --check-prefix=LARGE
// RUN: not photonic-opt --mlir-print-debuginfo=false %s --photonic-set-target=target=mirage --photonic-assign-formats=format=bfp:4:4097 2>&1 | FileCheck %s --check-prefix=LONG

// UNKNOWN: error: unknown number format 'fixed:8', expected bfp:MANTISSA_BITS:GROUP[:trunc|nearest|stochastic] or fp32[:GROUP]
// SHORT: error: unknown number format 'bfp:4', expected
// ROUNDING: error: unknown number format 'bfp:4:16:up', expected
// MANTISSA: error: mantissa bits must lie in [1, 15], got 16
// GROUP: error: group length must lie in [1, 4096], got 0
// LONG: error: group length must lie in [1, 4096], got 4097

// 2 * 32767 * 32767 is below 2^31, 3 * 32767 * 32767 is not.
// NARROW: photonic.yield %{{.*}} : i32
// LARGE: photonic.dot %{{.*}}, %{{.*}} : vector<3xi16>, vector<3xi16> -> i64
// LARGE: photonic.yield %{{.*}} : i64

// Random rounding needs the key of the run, whose step the function counts, and a
// stream per product. A product that has formats is counted, too.
// RANDOM-LABEL: func.func @product
// RANDOM-SAME: %[[KEY:[a-z0-9]*]]: tensor<3xf32> {nn.init = dense<0.000000e+00> : tensor<3xf32>, nn.knob = "random_key", nn.name = "photonic.rng", nn.role = "state"})
// RANDOM-SAME: -> (tensor<8x10xf32>, tensor<3xf32> {nn.updates = "photonic.rng"})
// RANDOM: photonic.product {{.*}} operator = "Gemm" key = %[[KEY]] : tensor<3xf32> stream = 0 formats = [#photonic.bfp<mantissa = 4, group = 16, rounding = stochastic>
// RANDOM: %[[NEXT:.*]] = nn.add %[[KEY]]
// RANDOM: return %{{.*}}, %[[NEXT]]
// RANDOM-LABEL: func.func @keeps
// RANDOM-SAME: %[[KEY:[a-z0-9]*]]: tensor<3xf32> {nn.init = dense<0.000000e+00> : tensor<3xf32>, nn.knob = "random_key", nn.name = "photonic.rng", nn.role = "state"})
// RANDOM: photonic.product
// RANDOM-NOT: stream
// RANDOM: photonic.product {{.*}} key = %[[KEY]] : tensor<3xf32> stream = 1
// RANDOM-LABEL: func.func @digital
// RANDOM-NOT: photonic.rng

#weights = #photonic.view<rows = [10 x d0], columns = [84 x d1]>
#images = #photonic.view<rows = [8 x d0], columns = [84 x d1]>
#outputs = #photonic.view<rows = [10 x d1], columns = [8 x d0]>

// CHECK-LABEL: func.func @product
func.func @product(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) -> tensor<8x10xf32> {
  // DEFAULT: formats = [#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>, #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>] pass {
  // DEFAULT: ^bb0(%[[A:.*]]: vector<16xi8>, %[[B:.*]]: vector<16xi8>):
  // DEFAULT: %[[D:.*]] = photonic.dot %[[A]], %[[B]] : vector<16xi8>, vector<16xi8> -> i32
  // DEFAULT: photonic.yield %[[D]] : i32
  // DEFAULT: } combine {
  // DEFAULT: ^bb0(%[[SUM:.*]]: i32, %[[ACC:.*]]: f32):
  // DEFAULT: %[[R:.*]] = photonic.scaled_add %[[ACC]], %[[SUM]] : i32
  // DEFAULT: photonic.yield %[[R]] : f32
  // WIDE: #photonic.bfp<mantissa = 8, group = 32, rounding = nearest>
  // WIDE: ^bb0(%{{.*}}: vector<32xi16>, %{{.*}}: vector<32xi16>):
  // FP32: #photonic.fp32<group = 16>
  // FP32: photonic.dot %{{.*}}, %{{.*}} : vector<16xf32>, vector<16xf32> -> f32
  // FP32: ^bb0(%[[SUM:.*]]: f32, %[[ACC:.*]]: f32):
  // FP32: photonic.float_add %[[ACC]], %[[SUM]]
  // FP32G8: #photonic.fp32<group = 8>
  %z = photonic.zeros : tensor<8x10xf32>
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm"
  return %y : tensor<8x10xf32>
}

// A product that has formats keeps them, also different ones.
// CHECK-LABEL: func.func @keeps
func.func @keeps(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %k: tensor<3xf32> {nn.name = "photonic.rng", nn.role = "state", nn.knob = "random_key", nn.init = dense<0.0> : tensor<3xf32>}) -> (tensor<8x10xf32>, tensor<8x10xf32>) {
  // CHECK: photonic.product
  // CHECK-SAME: formats = [#photonic.bfp<mantissa = 2, group = 8, rounding = trunc>, #photonic.bfp<mantissa = 3, group = 4, rounding = nearest>]
  // CHECK-NEXT: ^bb0(%{{.*}}: vector<4xi8>, %{{.*}}: vector<4xi8>):
  %z = photonic.zeros : tensor<8x10xf32>
  %y = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm"
      formats = [#photonic.bfp<mantissa = 2, group = 8, rounding = trunc>, #photonic.bfp<mantissa = 3, group = 4, rounding = nearest>]
  pass {
  ^bb0(%a: vector<4xi8>, %b: vector<4xi8>):
    %d = photonic.dot %a, %b : vector<4xi8>, vector<4xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  %v = photonic.product ins(%w by #weights, %x by #images : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%z by #outputs : tensor<8x10xf32>) operator = "Gemm"
  return %y, %v : tensor<8x10xf32>, tensor<8x10xf32>
}

// CHECK-LABEL: func.func @digital
// CHECK-NOT: photonic
func.func @digital(%x: tensor<8x84xf32>) -> tensor<8x84xf32> {
  %y = nn.relu %x : tensor<8x84xf32>
  return %y : tensor<8x84xf32>
}

#square = #photonic.view<rows = [10 x d0], columns = [10 x d1]>
#columns = #photonic.view<rows = [10 x d1], columns = [10 x d0]>
#rows = #photonic.view<rows = [8 x d0], columns = [10 x d1]>
#result = #photonic.view<rows = [10 x d1], columns = [8 x d0]>

// What the backward pass computes again draws the same random numbers as the
// first time, and takes none from others. A gradient of the layer, which sees its
// weights in another way, is not the same again, whichever comes first.
// CHECK-LABEL: func.func @again
// RANDOM-LABEL: func.func @again
// RANDOM: photonic.product {{.*}} stream = 0
// RANDOM: photonic.product {{.*}} stream = 1
// RANDOM: photonic.product {{.*}} by <rows = [10 x d1], columns = [10 x d0]>, {{.*}} stream = 2
// RANDOM: photonic.product {{.*}} stream = 0
// RANDOM: photonic.product {{.*}} by <rows = [10 x d1], columns = [10 x d0]>, {{.*}} stream = 3
// RANDOM: return
func.func @again(%x: tensor<8x10xf32>, %w: tensor<10x10xf32>)
    -> (tensor<8x10xf32>, tensor<8x10xf32>, tensor<8x10xf32>, tensor<8x10xf32>, tensor<8x10xf32>) {
  %z = photonic.zeros : tensor<8x10xf32>
  %a = photonic.product ins(%w by #square, %x by #rows : tensor<10x10xf32>, tensor<8x10xf32>)
      outs(%z by #result : tensor<8x10xf32>) operator = "Gemm" loc("fc")
  %b = photonic.product ins(%w by #square, %a by #rows : tensor<10x10xf32>, tensor<8x10xf32>)
      outs(%z by #result : tensor<8x10xf32>) operator = "Gemm" loc("other")
  %c = photonic.product ins(%w by #columns, %b by #rows : tensor<10x10xf32>, tensor<8x10xf32>)
      outs(%z by #result : tensor<8x10xf32>) operator = "Gemm" {nn.phase = "input_gradient"} loc("fc")
  %d = photonic.product ins(%w by #square, %x by #rows : tensor<10x10xf32>, tensor<8x10xf32>)
      outs(%z by #result : tensor<8x10xf32>) operator = "Gemm" {nn.phase = "input_gradient"} loc("fc")
  %e = photonic.product ins(%w by #columns, %d by #rows : tensor<10x10xf32>, tensor<8x10xf32>)
      outs(%z by #result : tensor<8x10xf32>) operator = "Gemm" {nn.phase = "input_gradient"} loc("fc")
  return %a, %b, %c, %d, %e : tensor<8x10xf32>, tensor<8x10xf32>, tensor<8x10xf32>, tensor<8x10xf32>, tensor<8x10xf32>
}
