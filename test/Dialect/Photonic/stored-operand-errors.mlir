// Stored elements, conversions, and products that read what is no block of theirs.
//
// RUN: photonic-opt %s --split-input-file --verify-diagnostics

// expected-error@+1 {{expected a format whose groups can be stored, bfp with rounding trunc or nearest, found fp32:16}}
func.func private @no_blocks() attributes {a = !photonic.stored<#photonic.fp32<group = 16>, along = [0]>}

// -----

// expected-error@+1 {{expected a format whose groups can be stored, bfp with rounding trunc or nearest, found bfp:4:16:stochastic}}
func.func private @random() attributes {a = !photonic.stored<#photonic.bfp<mantissa = 4, group = 16, rounding = stochastic>, along = [0]>}

// -----

// expected-error@+1 {{'along' has to name dimensions in [0, 8), each once, found [1, 1]}}
func.func private @twice() attributes {a = !photonic.stored<#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>, along = [1, 1]>}

// -----

// expected-error@+1 {{'along' has to name dimensions in [0, 8), each once, found [8]}}
func.func private @high() attributes {a = !photonic.stored<#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>, along = [8]>}

// -----

!stored = !photonic.stored<#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>, along = [1]>
func.func @shape(%x: tensor<8x32xf32>) {
  // expected-error@+1 {{(C1) converts 'tensor<8x32xf32>' to 'tensor<32x8x!photonic.stored<#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>, along = [1]>>'; expected the same shape}}
  %b = photonic.convert %x operator = "Gemm" : tensor<8x32xf32> -> tensor<32x8x!stored>
  return
}

// -----

!stored = !photonic.stored<#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>, along = [2]>
func.func @rank(%x: tensor<8x32xf32>) {
  // expected-error@+1 {{(C2) groups run along d2, but the tensor has rank 2}}
  %b = photonic.convert %x operator = "Gemm" : tensor<8x32xf32> -> tensor<8x32x!stored>
  return
}

// -----

!stored = !photonic.stored<#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>, along = [1]>
func.func @half(%x: tensor<8x32xf32>) {
  // expected-error@+1 {{(C3) needs 'rows' and 'arrays', or neither of them}}
  %b = photonic.convert %x rows = 2 operator = "Gemm" : tensor<8x32xf32> -> tensor<8x32x!stored>
  return
}

// -----

!stored = !photonic.stored<#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>, along = [1]>
func.func @rows(%x: tensor<8x32xf32>) {
  // expected-error@+1 {{attribute 'rows' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
  %b = photonic.convert %x rows = 0 arrays = "core" operator = "Gemm" : tensor<8x32xf32> -> tensor<8x32x!stored>
  return
}

// -----

// Nobody but products reads what is converted.
!stored = !photonic.stored<#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>, along = [1]>
func.func @other_readers(%x: tensor<8x32x!stored>) {
  // expected-error@+1 {{operand #0 must be}}
  %y = "nn.relu"(%x) : (tensor<8x32x!stored>) -> tensor<8x32xf32>
  return
}

// -----

!stored = !photonic.stored<#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>, along = [1]>
func.func @without_formats(%w: tensor<10x32xf32>, %x: tensor<8x32x!stored>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C10) rhs is stored as bfp:4:16:trunc, but the product has no formats}}
  %y = photonic.product
      ins(%w by <rows = [10 x d0], columns = [32 x d1]>,
          %x by <rows = [8 x d0], columns = [32 x d1]> : tensor<10x32xf32>, tensor<8x32x!stored>)
      outs(%z by <rows = [10 x d1], columns = [8 x d0]> : tensor<8x10xf32>) operator = "Gemm"
  return
}

// -----

#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
#other = #photonic.bfp<mantissa = 5, group = 16, rounding = trunc>
!stored = !photonic.stored<#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>, along = [1]>
func.func @other_format(%w: tensor<10x32x!stored>, %x: tensor<8x32xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C10) lhs is stored as bfp:4:16:trunc, but the product converts it to bfp:5:16:trunc}}
  %y = photonic.product
      ins(%w by <rows = [10 x d0], columns = [32 x d1]>,
          %x by <rows = [8 x d0], columns = [32 x d1]> : tensor<10x32x!stored>, tensor<8x32xf32>)
      outs(%z by <rows = [10 x d1], columns = [8 x d0]> : tensor<8x10xf32>) operator = "Gemm"
      formats = [#other, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
!stored = !photonic.stored<#bfp, along = [0]>
func.func @across(%w: tensor<10x32x!stored>, %x: tensor<8x32xf32>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{(C10) groups of contraction positions of lhs are no blocks of '!photonic.stored<#photonic.bfp<mantissa = 4, group = 16, rounding = trunc>, along = [0]>': the fastest digit of columns does not run along d0 by 1}}
  %y = photonic.product
      ins(%w by <rows = [10 x d0], columns = [32 x d1]>,
          %x by <rows = [8 x d0], columns = [32 x d1]> : tensor<10x32x!stored>, tensor<8x32xf32>)
      outs(%z by <rows = [10 x d1], columns = [8 x d0]> : tensor<8x10xf32>) operator = "Gemm"
      formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

// A patch of 3 x 24 columns: groups of 16 go on from one pixel into the next.
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
!stored = !photonic.stored<#bfp, along = [1]>
func.func @straddling(%w: tensor<10x72xf32>, %x: tensor<8x24x!stored>, %z: tensor<6x10xf32>) {
  // expected-error@+1 {{runs of 24 contraction positions, in rows of 24 elements, are no whole groups of 16, nor all there is}}
  %y = photonic.product
      ins(%w by <rows = [10 x d0], columns = [72 x d1]>,
          %x by <rows = [6 x d0], columns = [24 x d1, 3 x d0]> : tensor<10x72xf32>, tensor<8x24x!stored>)
      outs(%z by <rows = [10 x d1], columns = [6 x d0]> : tensor<6x10xf32>) operator = "Gemm"
      formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

// Windows along the dimension of the blocks, a quarter of a block apart.
#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
!stored = !photonic.stored<#bfp, along = [0]>
func.func @windows(%w: tensor<10x16xf32>, %x: tensor<64x!stored>, %z: tensor<13x10xf32>) {
  // expected-error@+1 {{a digit moves by 4 along d0, which is no number of blocks}}
  %y = photonic.product
      ins(%w by <rows = [10 x d0], columns = [16 x d1]>,
          %x by <rows = [13 x d0 by 4], columns = [16 x d0]> : tensor<10x16xf32>, tensor<64x!stored>)
      outs(%z by <rows = [10 x d1], columns = [13 x d0]> : tensor<13x10xf32>) operator = "Gemm"
      formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}

// -----

#bfp = #photonic.bfp<mantissa = 4, group = 16, rounding = trunc>
!stored = !photonic.stored<#bfp, along = [1]>
func.func @shifted(%w: tensor<10x16xf32>, %x: tensor<8x32x!stored>, %z: tensor<8x10xf32>) {
  // expected-error@+1 {{offset 8 of d1 is no number of blocks}}
  %y = photonic.product
      ins(%w by <rows = [10 x d0], columns = [16 x d1]>,
          %x by <rows = [8 x d0], columns = [16 x d1], offsets = [0, 8]> : tensor<10x16xf32>, tensor<8x32x!stored>)
      outs(%z by <rows = [10 x d1], columns = [8 x d0]> : tensor<8x10xf32>) operator = "Gemm"
      formats = [#bfp, #bfp]
  pass {
  ^bb0(%a: vector<16xi8>, %b: vector<16xi8>):
    %d = photonic.dot %a, %b : vector<16xi8>, vector<16xi8> -> i32
    photonic.yield %d : i32
  } combine {
  ^bb0(%sum: i32, %acc: f32):
    %r = photonic.scaled_add %acc, %sum : i32
    photonic.yield %r : f32
  }
  return
}
