// What stages do not expect: operations that are legal by themselves, to be put
// anywhere.
module {
func.func @loops(%x: tensor<2x3xf32>, %i: index) -> tensor<2x3xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c9 = arith.constant 9 : index
  %huge = arith.constant 9223372036854775807 : index
  %r = scf.for %k = %c0 to %c9 step %c1 iter_args(%acc = %x) -> (tensor<2x3xf32>) {
    scf.yield %acc : tensor<2x3xf32>
  }
  scf.for %k = %c0 to %huge step %c1 {
  }
  %n = scf.for %k = %c0 to %c9 step %i iter_args(%sum = %c0) -> (index) {
    %next = arith.addi %sum, %k : index
    scf.yield %next : index
  }
  %e = tensor.empty() : tensor<2x3xf32>
  %d = tensor.empty(%n) : tensor<?x3xf32>
  %z = tensor.empty() : tensor<0x3xf32>
  %cond = arith.cmpi slt, %i, %c9 : index
  %if = scf.if %cond -> (tensor<2x3xf32>) {
    scf.yield %x : tensor<2x3xf32>
  } else {
    scf.yield %e : tensor<2x3xf32>
  }
  %w = scf.while (%j = %c0) : (index) -> index {
    scf.condition(%cond) %j : index
  } do {
  ^bb0(%j: index):
    scf.yield %j : index
  }
  %s = tensor.extract_slice %x[0, 0] [1, 3] [1, 1] : tensor<2x3xf32> to tensor<1x3xf32>
  %p = tensor.insert_slice %s into %x[1, 0] [1, 3] [1, 1] : tensor<1x3xf32> into tensor<2x3xf32>
  %cast = tensor.cast %x : tensor<2x3xf32> to tensor<?x?xf32>
  %dim = tensor.dim %cast, %c0 : tensor<?x?xf32>
  %element = tensor.extract %x[%c0, %c1] : tensor<2x3xf32>
  %sumf = arith.addf %element, %element : f32
  %div = arith.divsi %c9, %i : index
  %mul = affine.apply affine_map<(d0)[s0] -> (d0 * 3 + s0 floordiv 2)>(%i)[%c9]
  %all = arith.constant dense<1.0> : tensor<2x3xf32>
  %addf = arith.addf %x, %all : tensor<2x3xf32>
  %u = builtin.unrealized_conversion_cast %x : tensor<2x3xf32> to tensor<3x2xf32>
  %called = func.call @helper(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %big = nn.constant dense<0.0> : tensor<65536x65536xf32>
  %point = nn.constant dense<2.0> : tensor<f32>
  affine.for %a = 0 to 4 {
  }
  return %r : tensor<2x3xf32>
}
func.func @helper(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  return %x : tensor<2x3xf32>
}
func.func private @declared(tensor<2x3xf32>, index) -> (tensor<2x3xf32>, i64)
func.func @scalars(%i: index, %f: f32, %b: i1, %v: vector<4xf32>, %d: tensor<?x3xf32>, %u: tensor<*xf32>)
    -> (index, f32) {
  return %i, %f : index, f32
}
func.func @nothing() {
  return
}
module @inner {
  func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
    return %x : tensor<2x3xf32>
  }
}
}
