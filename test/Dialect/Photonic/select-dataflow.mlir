// RUN: photonic-opt %s --photonic-set-target=target=mirage --photonic-select-dataflow --remarks-filter=Dataflow 2>&1 | FileCheck %s --check-prefixes=CHECK,AUTO
// RUN: photonic-opt %s --photonic-set-target=target=mirage --photonic-select-dataflow=mode=df2 | FileCheck %s --check-prefixes=CHECK,FORCED
// RUN: not photonic-opt %s --photonic-set-target=target=mirage --photonic-select-dataflow=mode=df3 2>&1 | FileCheck %s --check-prefix=MODE
// RUN: not photonic-opt %s --photonic-set-target="target=mirage set=core.rows=0" --photonic-select-dataflow 2>&1 | FileCheck %s --check-prefix=ROWS

// MODE: error: unknown dataflow 'df3', expected auto, df1 or df2
// ROWS: error: {{.*}}core.rows (outputs per array and cycle) is 0, legal is 1 to 4096

#fp32 = #photonic.fp32<group = 16>

// df1: 2 * 2 = 4 tiles on 8 cores, 1 * (5 ns + 100 * 0.1 ns) = 15 ns.
// df2: 4 * 2 = 8 tiles, 1 * (5 ns + 64 * 0.1 ns) = 11.4 ns.
// AUTO: df2 chosen for 'few': df1 takes 15000000 fs, df2 11400000 fs
// df1: 4 tiles, 5 ns + 64 * 0.1 ns; df2: the same.
// AUTO: df1 chosen for 'tie': df1 takes 11400000 fs, df2 11400000 fs
// df1, 3 groups: 3 * 1 * 2 = 6 tiles, 5 ns + 36 * 0.1 ns; df2: 3 * 2 * 2 = 12
// tiles, 2 * (5 ns + 4 * 0.1 ns).
// AUTO: df1 chosen for 'grouped': df1 takes 8600000 fs, df2 10800000 fs

// The gradient of the same layer with respect to its input: M = 2 channels, K = 4
// filters, 9 positions. df1: 3 * 9 * 1 * 1 = 27 tiles on 8 cores, 4 * (5 ns +
// 36 * 0.1 ns); df2: 3 * 9 * 2 * 1 = 54 tiles, 7 * (5 ns + 2 * 0.1 ns).
// AUTO: df1 chosen for 'grouped' (input_gradient): df1 takes 34400000 fs, df2 36400000 fs
// With respect to its weights: N = 18, K = 36. df1: 3 * 1 * 3 = 9 tiles, 2 * (5 ns
// + 18 * 0.1 ns); df2: the same tiles, 2 * (5 ns + 4 * 0.1 ns).
// AUTO: df2 chosen for 'grouped' (weight_gradient): df1 takes 13600000 fs, df2 10800000 fs
// Groups of 32 in 16 columns: df1: 2 * 2 = 4 tiles as for 'few'.
// AUTO: df2 chosen for 'long': df1 takes 15000000 fs, df2 11400000 fs
// Groups of 32 and 8 elements: terms of 8, each a pass. df1: 2 * 4 = 8 tiles, df2:
// 4 * 4 = 16, 2 * (5 ns + 64 * 0.1 ns).
// AUTO: df1 chosen for 'different': df1 takes 15000000 fs, df2 22800000 fs

// CHECK-LABEL: func.func @few
func.func @few(%w: tensor<64x32xf32>, %x: tensor<100x32xf32>) -> tensor<100x64xf32> {
  // CHECK: stationary = second
  %z = photonic.zeros : tensor<100x64xf32>
  %y = photonic.product ins(%w by <rows = [64 x d0], columns = [32 x d1]>, %x by <rows = [100 x d0], columns = [32 x d1]> : tensor<64x32xf32>, tensor<100x32xf32>)
      outs(%z by <rows = [64 x d1], columns = [100 x d0]> : tensor<100x64xf32>) operator = "Gemm" formats = [#fp32, #fp32]
  pass {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  } loc("few")
  return %y : tensor<100x64xf32>
}

// CHECK-LABEL: func.func @tie
func.func @tie(%w: tensor<64x32xf32>, %x: tensor<64x32xf32>) -> tensor<64x64xf32> {
  // AUTO: stationary = first
  // FORCED: stationary = second
  %z = photonic.zeros : tensor<64x64xf32>
  %y = photonic.product ins(%w by <rows = [64 x d0], columns = [32 x d1]>, %x by <rows = [64 x d0], columns = [32 x d1]> : tensor<64x32xf32>, tensor<64x32xf32>)
      outs(%z by <rows = [64 x d1], columns = [64 x d0]> : tensor<64x64xf32>) operator = "Gemm" formats = [#fp32, #fp32]
  pass {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  } loc("tie")
  return %y : tensor<64x64xf32>
}

// M and K count per group of the convolution: K = 2 * 9 = 18.
// CHECK-LABEL: func.func @grouped
func.func @grouped(%w: tensor<12x2x3x3xf32>, %x: tensor<1x6x8x8xf32>) -> tensor<1x12x6x6xf32> {
  // AUTO: stationary = first
  %z = photonic.zeros : tensor<1x12x6x6xf32>
  %y = photonic.product
      ins(%w by <groups = [3 x d0 by 4], rows = [4 x d0], columns = [2 x d1, 3 x d3, 3 x d2]>,
          %x by <groups = [3 x d1 by 2], rows = [6 x d3, 6 x d2], columns = [2 x d1, 3 x d3, 3 x d2]>
          : tensor<12x2x3x3xf32>, tensor<1x6x8x8xf32>)
      outs(%z by <groups = [3 x d1 by 4], rows = [4 x d1], columns = [6 x d3, 6 x d2]>
          : tensor<1x12x6x6xf32>)
      operator = "Conv" formats = [#fp32, #fp32]
  pass {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  } loc("grouped")
  return %y : tensor<1x12x6x6xf32>
}

// A choice that has been made is kept.
// CHECK-LABEL: func.func @chosen
func.func @chosen(%w: tensor<64x32xf32>, %x: tensor<100x32xf32>) -> tensor<100x64xf32> {
  // CHECK: stationary = first
  %z = photonic.zeros : tensor<100x64xf32>
  %y = photonic.product ins(%w by <rows = [64 x d0], columns = [32 x d1]>, %x by <rows = [100 x d0], columns = [32 x d1]> : tensor<64x32xf32>, tensor<100x32xf32>)
      outs(%z by <rows = [64 x d1], columns = [100 x d0]> : tensor<100x64xf32>) operator = "Gemm" formats = [#fp32, #fp32] stationary = first
  pass {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  } loc("chosen")
  return %y : tensor<100x64xf32>
}

// CHECK-LABEL: func.func @gradients
func.func @gradients(%w: tensor<12x2x3x3xf32>, %x: tensor<1x6x8x8xf32>, %dy: tensor<1x12x6x6xf32>) -> (tensor<1x6x8x8xf32>, tensor<12x2x3x3xf32>) {
  // AUTO: stationary = first
  %zx = photonic.zeros : tensor<1x6x8x8xf32>
  %dx = photonic.product
      ins(%w by <groups = [3 x d0 by 4], positions = [3 x d3, 3 x d2], rows = [2 x d1], columns = [4 x d0]>,
          %dy by <groups = [3 x d1 by 4], rows = [6 x d3, 6 x d2], columns = [4 x d1]>
          : tensor<12x2x3x3xf32>, tensor<1x12x6x6xf32>)
      outs(%zx by <groups = [3 x d1 by 2], positions = [3 x d3, 3 x d2], rows = [2 x d1], columns = [6 x d3, 6 x d2]>
          : tensor<1x6x8x8xf32>)
      operator = "Conv" formats = [#fp32, #fp32] {nn.phase = "input_gradient"}
  pass {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  } loc("grouped")
  // AUTO: stationary = second
  %zw = photonic.zeros : tensor<12x2x3x3xf32>
  %dw = photonic.product
      ins(%dy by <groups = [3 x d1 by 4], rows = [4 x d1], columns = [6 x d3, 6 x d2]>,
          %x by <groups = [3 x d1 by 2], rows = [2 x d1, 3 x d3, 3 x d2], columns = [6 x d3, 6 x d2]>
          : tensor<1x12x6x6xf32>, tensor<1x6x8x8xf32>)
      outs(%zw by <groups = [3 x d0 by 4], rows = [4 x d0], columns = [2 x d1, 3 x d3, 3 x d2]>
          : tensor<12x2x3x3xf32>)
      operator = "Conv" formats = [#fp32, #fp32] {nn.phase = "weight_gradient"}
  pass {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  } loc("grouped")
  return %dx, %dw : tensor<1x6x8x8xf32>, tensor<12x2x3x3xf32>
}

#long = #photonic.fp32<group = 32>

// CHECK-LABEL: func.func @long
func.func @long(%w: tensor<64x32xf32>, %x: tensor<100x32xf32>) -> tensor<100x64xf32> {
  // CHECK: stationary = second
  %z = photonic.zeros : tensor<100x64xf32>
  %y = photonic.product ins(%w by <rows = [64 x d0], columns = [32 x d1]>, %x by <rows = [100 x d0], columns = [32 x d1]> : tensor<64x32xf32>, tensor<100x32xf32>)
      outs(%z by <rows = [64 x d1], columns = [100 x d0]> : tensor<100x64xf32>) operator = "Gemm" formats = [#long, #long]
  pass {
  ^bb0(%a: vector<32xf32>, %b: vector<32xf32>):
    %d = photonic.dot %a, %b : vector<32xf32>, vector<32xf32> -> f32
    photonic.yield %d : f32
  } combine {
  ^bb0(%sum: f32, %acc: f32):
    %r = photonic.float_add %acc, %sum
    photonic.yield %r : f32
  } loc("long")
  return %y : tensor<100x64xf32>
}

#groups = #photonic.bfp<mantissa = 4, group = 32, rounding = trunc>
#pieces = #photonic.bfp<mantissa = 4, group = 8, rounding = trunc>

// CHECK-LABEL: func.func @different
func.func @different(%w: tensor<64x32xf32>, %x: tensor<100x32xf32>) -> tensor<100x64xf32> {
  // AUTO: stationary = first
  %z = photonic.zeros : tensor<100x64xf32>
  %y = photonic.product ins(%w by <rows = [64 x d0], columns = [32 x d1]>, %x by <rows = [100 x d0], columns = [32 x d1]> : tensor<64x32xf32>, tensor<100x32xf32>)
      outs(%z by <rows = [64 x d1], columns = [100 x d0]> : tensor<100x64xf32>) operator = "Gemm" formats = [#groups, #pieces]
  pass {
  ^bb0(%a: vector<8xi8>, %b: vector<8xi8>):
    %d = photonic.dot %a, %b : vector<8xi8>, vector<8xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  } loc("different")
  return %y : tensor<100x64xf32>
}
