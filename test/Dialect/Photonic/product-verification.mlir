// RUN: photonic-opt %s --split-input-file --verify-diagnostics

func.func @product_c1_rank(%w: tensor<10x84xf32>, %x: tensor<8x4x21x1xf32>) {
  // expected-error@+1 {{operands and result of a product without window must have rank 2, got rhs 'tensor<8x4x21x1xf32>'}}
  %y = photonic.product %w, %x : (tensor<10x84xf32>, tensor<8x4x21x1xf32>) -> tensor<8x10xf32>
  return
}

// -----

func.func @product_c1_window(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) {
  // expected-error@+1 {{operands and result of a product with window must have rank 4, got lhs 'tensor<10x84xf32>'}}
  %y = photonic.product %w, %x window = <kernel = [1, 1], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1], groups = 1>
      : (tensor<10x84xf32>, tensor<8x84xf32>) -> tensor<8x10xf32>
  return
}

// -----

func.func @product_c2_linear(%w: tensor<10x84xf32>, %x: tensor<8x85xf32>) {
  // expected-error@+1 {{contracted extents differ: lhs 'tensor<10x84xf32>' and rhs 'tensor<8x85xf32>'}}
  %y = photonic.product %w, %x : (tensor<10x84xf32>, tensor<8x85xf32>) -> tensor<8x10xf32>
  return
}

// -----

func.func @product_c2_window(%w: tensor<6x3x3x3xf32>, %x: tensor<1x5x8x8xf32>) {
  // expected-error@+1 {{channels of rhs 'tensor<1x5x8x8xf32>' must be 2 groups times dimension 1 of lhs 'tensor<6x3x3x3xf32>'}}
  %y = photonic.product %w, %x window = <kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1], groups = 2>
      : (tensor<6x3x3x3xf32>, tensor<1x5x8x8xf32>) -> tensor<1x6x6x6xf32>
  return
}

// -----

func.func @product_c3_groups(%w: tensor<5x3x3x3xf32>, %x: tensor<1x6x8x8xf32>) {
  // expected-error@+1 {{dimension 0 of lhs 'tensor<5x3x3x3xf32>' must be a multiple of 2 groups}}
  %y = photonic.product %w, %x window = <kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1], groups = 2>
      : (tensor<5x3x3x3xf32>, tensor<1x6x8x8xf32>) -> tensor<1x5x6x6xf32>
  return
}

// -----

func.func @product_c3_kernel(%w: tensor<6x3x3x3xf32>, %x: tensor<1x3x8x8xf32>) {
  // expected-error@+1 {{kernel extent 2 of the window differs from dimension 3 of lhs 'tensor<6x3x3x3xf32>'}}
  %y = photonic.product %w, %x window = <kernel = [3, 2], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1], groups = 1>
      : (tensor<6x3x3x3xf32>, tensor<1x3x8x8xf32>) -> tensor<1x6x6x6xf32>
  return
}

// -----

// A kernel that just fits gives one position; one element less does not.
func.func @product_c4(%w: tensor<6x3x3x3xf32>, %x: tensor<1x3x5x4xf32>) {
  %0 = photonic.product %w, %x window = <kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 1], dilations = [2, 2], groups = 1>
      : (tensor<6x3x3x3xf32>, tensor<1x3x5x4xf32>) -> tensor<1x6x1x1xf32>
  // expected-error@+1 {{dilated kernel of lhs 'tensor<6x3x3x3xf32>' does not fit into dimension 3 of rhs 'tensor<1x3x5x4xf32>' with padding 0 and 0}}
  %1 = photonic.product %w, %x window = <kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [2, 2], groups = 1>
      : (tensor<6x3x3x3xf32>, tensor<1x3x5x4xf32>) -> tensor<1x6x1x1xf32>
  return
}

// -----

func.func @product_c5(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %b: tensor<8xf32>) {
  // expected-error@+1 {{(C5) bias 'tensor<8xf32>' must have one element per row of lhs 'tensor<10x84xf32>'}}
  %y = photonic.product %w, %x, %b : (tensor<10x84xf32>, tensor<8x84xf32>, tensor<8xf32>) -> tensor<8x10xf32>
  return
}

// -----

func.func @product_c4_result(%w: tensor<6x3x3x3xf32>, %x: tensor<1x3x8x8xf32>) {
  // expected-error@+1 {{result must be 'tensor<1x6x6x6xf32>', got 'tensor<1x6x6x5xf32>'}}
  %y = photonic.product %w, %x window = <kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1], groups = 1>
      : (tensor<6x3x3x3xf32>, tensor<1x3x8x8xf32>) -> tensor<1x6x6x5xf32>
  return
}

// -----

// The three products of a layer are checked as one layer: messages name the
// operand that has the shape.
func.func @input_gradient_c2(%w: tensor<6x3x3x3xf32>, %dy: tensor<1x6x6x6xf32>) {
  // expected-error@+1 {{channels of result 'tensor<1x4x8x8xf32>' must be 1 groups times dimension 1 of lhs 'tensor<6x3x3x3xf32>'}}
  %dx = photonic.product %w, %dy kind = input_gradient window = <kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1], groups = 1>
      : (tensor<6x3x3x3xf32>, tensor<1x6x6x6xf32>) -> tensor<1x4x8x8xf32>
  return
}

// -----

// A stride of 2 makes 4 of 9 as of 8 elements, but not of 10.
func.func @input_gradient_c4(%w: tensor<6x3x1x1xf32>, %dy: tensor<1x6x4x4xf32>) {
  %0 = photonic.product %w, %dy kind = input_gradient window = <kernel = [1, 1], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1], groups = 1>
      : (tensor<6x3x1x1xf32>, tensor<1x6x4x4xf32>) -> tensor<1x3x7x8xf32>
  // expected-error@+1 {{rhs must be 'tensor<1x6x5x4xf32>', got 'tensor<1x6x4x4xf32>'}}
  %1 = photonic.product %w, %dy kind = input_gradient window = <kernel = [1, 1], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1], groups = 1>
      : (tensor<6x3x1x1xf32>, tensor<1x6x4x4xf32>) -> tensor<1x3x9x8xf32>
  return
}

// -----

func.func @weight_gradient_c3(%dy: tensor<1x6x6x6xf32>, %x: tensor<1x3x8x8xf32>) {
  // expected-error@+1 {{kernel extent 3 of the window differs from dimension 3 of result 'tensor<6x3x3x2xf32>'}}
  %dw = photonic.product %dy, %x kind = weight_gradient window = <kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1], groups = 1>
      : (tensor<1x6x6x6xf32>, tensor<1x3x8x8xf32>) -> tensor<6x3x3x2xf32>
  return
}

// -----

func.func @weight_gradient_linear(%dy: tensor<8x10xf32>, %x: tensor<7x84xf32>) {
  // expected-error@+1 {{lhs must be 'tensor<7x10xf32>', got 'tensor<8x10xf32>'}}
  %dw = photonic.product %dy, %x kind = weight_gradient
      : (tensor<8x10xf32>, tensor<7x84xf32>) -> tensor<10x84xf32>
  return
}

// -----

func.func @product_c5_kind(%w: tensor<10x84xf32>, %dy: tensor<8x10xf32>, %b: tensor<10xf32>) {
  // expected-error@+1 {{(C5) of kind input_gradient cannot have a bias}}
  %dx = photonic.product %w, %dy, %b kind = input_gradient
      : (tensor<10x84xf32>, tensor<8x10xf32>, tensor<10xf32>) -> tensor<8x84xf32>
  return
}

// -----

func.func @product_c6(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) {
  // expected-error@+1 {{(C6) has formats but no region}}
  %y = photonic.product %w, %x formats = [#photonic.fp32<group = 16>, #photonic.fp32<group = 16>]
      : (tensor<10x84xf32>, tensor<8x84xf32>) -> tensor<8x10xf32>
  return
}

// -----

func.func @product_c6_region(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) {
  // expected-error@+1 {{(C6) has a region but no formats}}
  %y = photonic.product %w, %x : (tensor<10x84xf32>, tensor<8x84xf32>) -> tensor<8x10xf32> each {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  }
  return
}

// -----

func.func @product_c7(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) {
  // expected-error@+1 {{(C7) formats have different group lengths: fp32:16 and fp32:8}}
  %y = photonic.product %w, %x formats = [#photonic.fp32<group = 16>, #photonic.fp32<group = 8>]
      : (tensor<10x84xf32>, tensor<8x84xf32>) -> tensor<8x10xf32> each {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  }
  return
}

// -----

func.func @product_c7_sum(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) {
  // expected-error@+1 {{(C7) one format has integers, the other reals: bfp:4:16:trunc and fp32:16}}
  %y = photonic.product %w, %x formats = [#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>, #photonic.fp32<group = 16>]
      : (tensor<10x84xf32>, tensor<8x84xf32>) -> tensor<8x10xf32> each {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  }
  return
}

// -----

#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @product_c9_arguments(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) {
  // expected-error@+1 {{(C9) region must take ('vector<16xi8>', 'vector<16xi8>'), got ('vector<16xi16>', 'vector<16xi8>')}}
  %y = photonic.product %w, %x formats = [#bfp, #bfp]
      : (tensor<10x84xf32>, tensor<8x84xf32>) -> tensor<8x10xf32> each {
  ^bb0(%a: vector<16xi16>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi16>, vector<16xi8> -> i32
    photonic.yield %d : i32
  }
  return
}

// -----

#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @product_c9_foreign(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) {
  // expected-error@+1 {{(C9) region holds 'arith.addi', which does not act on one pass}}
  %y = photonic.product %w, %x formats = [#bfp, #bfp]
      : (tensor<10x84xf32>, tensor<8x84xf32>) -> tensor<8x10xf32> each {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    // expected-note@+1 {{here}}
    %e = arith.addi %d, %d : i32
    photonic.yield %e : i32
  }
  return
}

// -----

#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @product_c10(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) {
  // expected-error@+1 {{(C10) sums of a pass reach 3600, but the moduli represent only [-495, 495]}}
  %y = photonic.product %w, %x formats = [#bfp, #bfp]
      : (tensor<10x84xf32>, tensor<8x84xf32>) -> tensor<8x10xf32> each {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %r0 = photonic.modular_dot %a, %b modulus = 31 : vector<16xi8>, vector<16xi8> -> i32
    %r1 = photonic.modular_dot %a, %b modulus = 32 : vector<16xi8>, vector<16xi8> -> i32
    %d = photonic.reverse_convert %r0, %r1 moduli = [31, 32] : i32
    photonic.yield %d : i32
  }
  return
}

// -----

// A group of 32 in passes of 16 fits where a pass of 32 does not.
#bfp = #photonic.bfp<mantissa = 4, group = 32, rounding = trunc>
func.func @product_c10_passes(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) {
  %0 = photonic.product %w, %x formats = [#bfp, #bfp]
      : (tensor<10x84xf32>, tensor<8x84xf32>) -> tensor<8x10xf32> each {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %r0 = photonic.modular_dot %a, %b modulus = 85 : vector<16xi8>, vector<16xi8> -> i32
    %r1 = photonic.modular_dot %a, %b modulus = 86 : vector<16xi8>, vector<16xi8> -> i32
    %d = photonic.reverse_convert %r0, %r1 moduli = [85, 86] : i32
    photonic.yield %d : i32
  }
  // expected-error@+1 {{(C10) sums of a pass reach 7200, but the moduli represent only [-3654, 3654]}}
  %1 = photonic.product %w, %x formats = [#bfp, #bfp]
      : (tensor<10x84xf32>, tensor<8x84xf32>) -> tensor<8x10xf32> each {
  ^bb0(%a: vector<32xi8>, %b: vector<32xi8>):
    %r0 = photonic.modular_dot %a, %b modulus = 85 : vector<32xi8>, vector<32xi8> -> i32
    %r1 = photonic.modular_dot %a, %b modulus = 86 : vector<32xi8>, vector<32xi8> -> i32
    %d = photonic.reverse_convert %r0, %r1 moduli = [85, 86] : i32
    photonic.yield %d : i32
  }
  return
}

// -----

// Sums of binary32 are no matter of passes: they take the whole group.
#fp32 = #photonic.fp32<group = 32>
func.func @product_c9_passes(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) {
  // expected-error@+1 {{(C9) region must take ('vector<32xf32>', 'vector<32xf32>'), got ('vector<16xf32>', 'vector<16xf32>')}}
  %y = photonic.product %w, %x formats = [#fp32, #fp32]
      : (tensor<10x84xf32>, tensor<8x84xf32>) -> tensor<8x10xf32> each {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  }
  return
}

// -----

#random = #photonic.bfp<mantissa = 4, group = 16, rounding = stochastic>
func.func @product_c11(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) {
  // expected-error@+1 {{(C11) format bfp:4:16:stochastic rounds at random and needs key and stream}}
  %y = photonic.product %w, %x formats = [#random, #random]
      : (tensor<10x84xf32>, tensor<8x84xf32>) -> tensor<8x10xf32> each {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  }
  return
}

// -----

func.func @product_c11_key(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %k: tensor<3xf32>) {
  // expected-error@+1 {{(C11) has a key or a stream, but no format that rounds at random}}
  %y = photonic.product %w, %x key = %k stream = 0
      : (tensor<10x84xf32>, tensor<8x84xf32>, tensor<3xf32>) -> tensor<8x10xf32>
  return
}

// -----

func.func @product_key(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %k: tensor<2xf32>) {
  // expected-error@+1 {{operand #2 must be tensor with 3 elements of 32-bit float values, but got 'tensor<2xf32>'}}
  %y = photonic.product %w, %x key = %k stream = 0
      : (tensor<10x84xf32>, tensor<8x84xf32>, tensor<2xf32>) -> tensor<8x10xf32>
  return
}

// -----

#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @dot_c3(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) {
  %y = photonic.product %w, %x formats = [#bfp, #bfp]
      : (tensor<10x84xf32>, tensor<8x84xf32>) -> tensor<8x10xf32> each {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    // expected-error@+1 {{(C3) operand 1 must be argument 1 of the region}}
    %d = photonic.dot %a, %a : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  }
  return
}

// -----

#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @dot_c2(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) {
  %y = photonic.product %w, %x formats = [#bfp, #bfp]
      : (tensor<10x84xf32>, tensor<8x84xf32>) -> tensor<8x10xf32> each {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    // expected-error@+1 {{(C2) product of 'vector<16xi8>' must be i32 or i64, got 'f32'}}
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> f32
    photonic.yield %d : f32
  }
  return
}

// -----

#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @modular_dot_c2(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) {
  %y = photonic.product %w, %x formats = [#bfp, #bfp]
      : (tensor<10x84xf32>, tensor<8x84xf32>) -> tensor<8x10xf32> each {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    // expected-error@+1 {{(C2) modulus must lie in [2, 65536], got 65537}}
    %d = photonic.modular_dot %a, %b modulus = 65537 : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  }
  return
}

// -----

#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @reverse_convert_c1(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) {
  %y = photonic.product %w, %x formats = [#bfp, #bfp]
      : (tensor<10x84xf32>, tensor<8x84xf32>) -> tensor<8x10xf32> each {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %r = photonic.modular_dot %a, %b modulus = 31 : vector<16xi8>, vector<16xi8> -> i32
    // expected-error@+1 {{(C1) has 1 residues and 2 moduli}}
    %d = photonic.reverse_convert %r moduli = [31, 32] : i32
    photonic.yield %d : i32
  }
  return
}

// -----

#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @reverse_convert_c3(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) {
  %y = photonic.product %w, %x formats = [#bfp, #bfp]
      : (tensor<10x84xf32>, tensor<8x84xf32>) -> tensor<8x10xf32> each {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %r0 = photonic.modular_dot %a, %b modulus = 128 : vector<16xi8>, vector<16xi8> -> i32
    %r1 = photonic.modular_dot %a, %b modulus = 130 : vector<16xi8>, vector<16xi8> -> i32
    // expected-error@+1 {{(C3) moduli 128 and 130 share the factor 2}}
    %d = photonic.reverse_convert %r0, %r1 moduli = [128, 130] : i32
    photonic.yield %d : i32
  }
  return
}

// -----

#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
func.func @reverse_convert_c4(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>) {
  %y = photonic.product %w, %x formats = [#bfp, #bfp]
      : (tensor<10x84xf32>, tensor<8x84xf32>) -> tensor<8x10xf32> each {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %r0 = photonic.modular_dot %a, %b modulus = 128 : vector<16xi8>, vector<16xi8> -> i32
    %r1 = photonic.modular_dot %a, %b modulus = 129 : vector<16xi8>, vector<16xi8> -> i32
    // expected-error@+1 {{(C4) residue 0 is modulo 128, not 129}}
    %d = photonic.reverse_convert %r0, %r1 moduli = [129, 128] : i32
    photonic.yield %d : i32
  }
  return
}

// -----

#fp32 = #photonic.fp32<group = 16>
func.func @array_product_c4(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %e: tensor<10x8xf32>, %i: index) {
  // expected-error@+1 {{result must be 'tensor<8x10xf32>', got 'tensor<10x8xf32>'}}
  %y = photonic.array_product ins(%w, %x : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%e : tensor<10x8xf32>) tile [%i, %i, %i] sizes = [32, 16]
      formats = [#fp32, #fp32] dataflow = df1 each {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  }
  return
}

// -----

#fp32 = #photonic.fp32<group = 16>
func.func @array_product_c12(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %e: tensor<8x10xf32>, %i: index) {
  // expected-error@+1 {{(C12) sizes must be [rows >= 1, columns <= 16], the length of a pass, got [32, 32]}}
  %y = photonic.array_product ins(%w, %x : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%e : tensor<8x10xf32>) tile [%i, %i, %i] sizes = [32, 32]
      formats = [#fp32, #fp32] dataflow = df1 each {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  }
  return
}

// -----

// The range is proved for a pass, which the tile has to keep.
#bfp = #photonic.bfp<mantissa = 4, group = 32, rounding = trunc>
func.func @array_product_c12_pass(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %e: tensor<8x10xf32>, %i: index) {
  // expected-error@+1 {{(C12) sizes must be [rows >= 1, 32], the length of a pass, got [32, 16]}}
  %y = photonic.array_product ins(%w, %x : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%e : tensor<8x10xf32>) tile [%i, %i, %i] sizes = [32, 16]
      formats = [#bfp, #bfp] dataflow = df1 each {
  ^bb0(%a: vector<32xi8>, %b: vector<32xi8>):
    %d = photonic.dot %a, %b : vector<32xi8>, vector<32xi8> -> i32
    photonic.yield %d : i32
  }
  return
}

// -----

#fp32 = #photonic.fp32<group = 16>
func.func @array_product_c13(%w: tensor<10x84xf32>, %x: tensor<8x84xf32>, %e: tensor<8x10xf32>, %i: index) {
  // expected-error@+1 {{(C13) of kind forward cannot have a kernel position}}
  %y = photonic.array_product ins(%w, %x : tensor<10x84xf32>, tensor<8x84xf32>)
      outs(%e : tensor<8x10xf32>) tile [%i, %i, %i, %i] sizes = [32, 16]
      formats = [#fp32, #fp32] dataflow = df1 each {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  }
  return
}

// -----

#fp32 = #photonic.fp32<group = 16>
func.func @array_product_c13_turn(%w: tensor<10x84xf32>, %dy: tensor<8x10xf32>, %e: tensor<8x84xf32>, %i: index) {
  // expected-error@+1 {{(C13) of kind input_gradient needs the turn of its kernel position}}
  %y = photonic.array_product ins(%w, %dy : tensor<10x84xf32>, tensor<8x10xf32>)
      outs(%e : tensor<8x84xf32>) tile [%i, %i, %i] sizes = [32, 16] kind = input_gradient
      formats = [#fp32, #fp32] dataflow = df1 each {
  ^bb0(%a: vector<16xf32>, %b: vector<16xf32>):
    %d = photonic.dot %a, %b : vector<16xf32>, vector<16xf32> -> f32
    photonic.yield %d : f32
  }
  return
}

// -----

// expected-error@+1 {{kernel of a window needs 2 elements, got 1}}
func.func private @window_c1() attributes {w = #photonic.window<kernel = [3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1], groups = 1>}

// -----

// expected-error@+1 {{strides of a window must be at least 1, got 0}}
func.func private @window_c1_stride() attributes {w = #photonic.window<kernel = [3, 3], strides = [1, 0], pads = [0, 0, 0, 0], dilations = [1, 1], groups = 1>}

// -----

// expected-error@+1 {{pads of a window must be at least 0, got -1}}
func.func private @window_c2() attributes {w = #photonic.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, -1, 0], dilations = [1, 1], groups = 1>}

// -----

// expected-error@+1 {{groups of a window must be at least 1, got 0}}
func.func private @window_c3() attributes {w = #photonic.window<kernel = [3, 3], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1], groups = 0>}

// -----

// expected-error@+1 {{mantissa bits must lie in [1, 15], got 16}}
func.func private @bfp_c1() attributes {f = #photonic.bfp<mantissa = 16, group = 16, rounding = trunc>}

// -----

// expected-error@+1 {{group length must lie in [1, 4096], got 4097}}
func.func private @fp32_c1() attributes {f = #photonic.fp32<group = 4097>}
