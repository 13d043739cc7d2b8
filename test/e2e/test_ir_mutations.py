# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What test_ir_decides.py is made of, on a text: which changes there are, and which of
them provably mean the same. Needs no tools."""

from collections import Counter

import ir_meaning
import pytest
from ir_mutations import Mutator, choose
from ir_text import Text, find_uses

NEST = """\
#loc1 = loc("x")
#loc2 = loc("conv")
#loc3 = loc("fc")
#target = #photonic.target<"mirage", structure = {act = {capacity_bytes = 8388608 : i64, kind = "on_chip"}, core = {count = 8 : i64, moduli = [31, 32]}, groups = ["core"]}, costs = {dma = {bytes_per_ns = 2.000000e+02 : f64, count = 8 : i64}}>
module attributes {nn.batch = 8 : i64, photonic.target = #target} {
  func.func @main(%arg0: tensor<8x84xf32> loc("x"), %arg1: tensor<40x84xf32>) -> (tensor<8x40xf32> {nn.name = "y"}) {
    %0 = nn.relu %arg0 : tensor<8x84xf32> loc(#loc2)
    %1 = tensor.empty() : tensor<8x40xf32> loc(#loc3)
    %c0 = arith.constant 0 : index loc(#loc3)
    %c0_0 = arith.constant 0 : index loc(#loc3)
    %c1 = arith.constant 1 : index loc(#loc3)
    %c40 = arith.constant 40 : index loc(#loc3)
    %c84 = arith.constant 84 : index loc(#loc3)
    %c32 = arith.constant 32 : index loc(#loc3)
    %c24 = arith.constant 24 : index loc(#loc3)
    %2 = scf.for %arg2 = %c0 to %c1 step %c1 iter_args(%arg3 = %1) -> (tensor<8x40xf32>) {
      %3 = scf.for %arg4 = %c0_0 to %c40 step %c32 iter_args(%arg5 = %arg3) -> (tensor<8x40xf32>) {
        %4 = scf.for %arg6 = %c0 to %c84 step %c24 iter_args(%arg7 = %arg5) -> (tensor<8x40xf32>) {
          %5 = arith.subi %c0, %arg2 : index loc(#loc3)
          %6 = photonic.array_product ins(%arg1 by <rows = [40 x d0], columns = [84 x d1]>, %0 by <rows = [8 x d0], columns = [84 x d1]> : tensor<40x84xf32>, tensor<8x84xf32>) outs(%arg7 by <rows = [40 x d1], columns = [8 x d0]> : tensor<8x40xf32>) tile [%arg2, %5, %arg4, %c0, %arg6] sizes = [32, 8, 24] start %arg6 operator = "Gemm" formats = [#photonic.bfp<mantissa = 4, group = 24, rounding = trunc>, #photonic.bfp<mantissa = 4, group = 24, rounding = trunc>] stationary = first arrays = <"core", over = [0, 1, 2]> {nn.phase = "forward"} pass {
          ^bb0(%arg8: vector<16xi8> loc("fc"), %arg9: vector<16xi8> loc("fc")):
            %7 = photonic.modular_dot %arg8, %arg9 modulus = 31 : vector<16xi8>, vector<16xi8> -> i32 loc(#loc3)
            %8 = photonic.modular_dot %arg8, %arg9 modulus = 32 : vector<16xi8>, vector<16xi8> -> i32 loc(#loc3)
            %9 = photonic.reverse_convert %7, %8 moduli = [31, 32] : i32 loc(#loc3)
            photonic.yield %9 : i32 loc(#loc3)
          } combine {
          ^bb0(%arg8: i32 loc("fc"), %arg9: f32 loc("fc")):
            %7 = photonic.scaled_add %arg9, %arg8 : i32 loc(#loc3)
            photonic.yield %7 : f32 loc(#loc3)
          } loc(#loc3)
          scf.yield %6 : tensor<8x40xf32> loc(#loc3)
        } loc(#loc3)
        scf.yield %4 : tensor<8x40xf32> loc(#loc3)
      } loc(#loc3)
      scf.yield %3 : tensor<8x40xf32> loc(#loc3)
    } loc(#loc3)
    return %2 : tensor<8x40xf32> loc(#loc)
  } loc(#loc)
} loc(#loc)
#loc = loc("m.onnx":0:0)

{-#
  dialect_resources: { builtin: { w: "0x04000000 16 sizes = [1]" } }
#-}
"""


@pytest.fixture(scope="module")
def mutations():
    return Mutator(NEST).get_all()


def get_op(name):
    return next(op for op in Text(NEST).walk() if op.name == name)


def test_operations_are_found():
    text = Text(NEST)
    names = Counter(op.name for op in text.walk())
    assert names == {
        "loc": 4, "#photonic.target": 1, "module": 1, "func.func": 1, "nn.relu": 1,
        "tensor.empty": 1,
        "arith.constant": 7, "scf.for": 3, "arith.subi": 1, "photonic.array_product": 1,
        "photonic.modular_dot": 2, "photonic.reverse_convert": 1, "photonic.yield": 2,
        "photonic.scaled_add": 1, "scf.yield": 3, "return": 1}
    product = next(op for op in text.walk() if op.name == "photonic.array_product")
    assert [len(region) for region in product.regions] == [4, 2]
    assert product.arguments == [{"%arg8": "vector<16xi8>", "%arg9": "vector<16xi8>"},
                                 {"%arg8": "i32", "%arg9": "f32"}]
    assert text.get_result_type(product) == "tensor<8x40xf32>"
    source = NEST[product.start: product.end].splitlines()
    assert source[0].startswith("          %6 = ") and source[-1] == "          } loc(#loc3)"


def test_scopes_and_uses():
    text = Text(NEST)
    ops = {op.name: op for op in text.walk()}
    scope = text.get_scope(ops["photonic.array_product"])
    assert scope["%arg6"] == scope["%5"] == scope["%c24"] == "index"
    assert scope["%arg7"] == scope["%1"] == "tensor<8x40xf32>"
    assert scope["%arg1"] == "tensor<40x84xf32>" and "%6" not in scope
    # Nothing is visible in a region but what is in it.
    assert text.get_scope(ops["photonic.scaled_add"]) == {"%arg8": "i32", "%arg9": "f32"}
    assert [t.line for t in find_uses(ops["photonic.reverse_convert"], "%9")] == [25]


def test_changes_have_places(mutations):
    found = {str(m) for m in mutations}
    line = next(i for i, text in enumerate(NEST.splitlines(), 1) if "sizes" in text)
    column = NEST.splitlines()[line - 1].index("32, 8, 24") + 1
    where, product = f"line {line}, column", "photonic.array_product"
    assert f"{where} {column}: 32 -> 33 (sizes of {product})" in found
    assert f"{where} {column}: 32 -> 64 (sizes of {product})" in found
    assert f"{where} {column}: '32' and '8' exchanged (sizes, order of {product})" in found
    for change in ["trunc -> stochastic (formats/bfp/rounding, keyword",
                   "first -> second (stationary, keyword", "d0 -> d1 (ins/by/rows, dimension",
                   "rows -> columns (ins/by, keyword", '"core" -> "core_0" (arrays',
                   '"Gemm" -> "Gemm_0" (operator', "without 'start %arg6' (start, left out",
                   "#loc3 -> #loc2 (location", "%arg4 -> %arg6 (operand, tile",
                   "%arg6 -> %c24 (operand, start", "without '1' (arrays/over, element",
                   '"forward" -> "forward_0" (phase',
                   "nn.phase -> nn.phase_0 (attribute's name"]:
        assert any(f"{change} of {product})" in text for text in found), change
    target = [str(m) for m in mutations if m.kind.startswith("#photonic.target")]
    assert len([t for t in target if t.startswith("line 4, ")]) == len(target)
    for change in ["8388608 -> 8388609 (structure of", "8 -> 7 (structure of",
                   '"on_chip" -> "on_chip_0" (structure of', "31 -> 62 (structure of",
                   "'31' and '32' exchanged (structure, order of"]:
        assert any(change in text for text in target), (change, target)
    assert not any("costs" in text for text in target)
    # Weights are no part of it.
    assert all(m.line < NEST[: NEST.index("{-#")].count("\n") for m in mutations)


def test_changes_are_distinct(mutations):
    changed = [m.apply(NEST) for m in mutations]
    assert len(set(changed)) == len(changed) and NEST not in changed
    for mutation, text in zip(mutations, changed):
        assert text.endswith(NEST[NEST.index("{-#"):]), mutation


def get_change(mutations, what):
    (mutation,) = [m for m in mutations if what in str(m)]
    return mutation.apply(NEST)


def test_operations_change(mutations):
    without = get_change(mutations, "without %6 photonic.array_product")
    assert "array_product" not in without and "scf.yield %arg7 : " in without
    chained = get_change(mutations, "%2 scf.for twice, one after the other")
    assert "%again = scf.for %arg2 = %c0 to %c1 step %c1 iter_args(%arg3 = %2)" in chained
    assert "return %again" in chained
    unwrapped = get_change(mutations, "the body of %3 scf.for in its place")
    assert "%3 = scf.for %arg6 = %c0 to %c84 step %c24 iter_args(%arg7 = %arg3)" in unwrapped
    assert "tile [%arg2, %5, %c0_0, %c0, %arg6]" in unwrapped
    assert unwrapped.count("scf.yield") == 2
    exchanged = get_change(mutations, "%3 scf.for and the loop in it exchanged")
    assert "%3 = scf.for %arg6 = %c0 to %c84 step %c24 iter_args(%arg5 = " in exchanged
    moved = get_change(mutations, "%7 photonic.modular_dot and %8 photonic.mod")
    assert moved.index("modulus = 32") < moved.index("modulus = 31")


def test_a_choice_is_spread_and_repeats(mutations):
    kinds = {m.kind for m in mutations}
    chosen = choose(mutations, len(kinds), "seed")
    assert {m.kind for m in chosen} == kinds
    assert chosen == choose(mutations, len(kinds), "seed")
    assert chosen != choose(mutations, len(kinds), "another")
    assert choose(mutations, None, "seed") == mutations


@pytest.mark.parametrize("old, new, reasons", [
    # Iterations that are the same, and such that are not.
    ("constant 40", "constant 41", ["loops"]),
    ("constant 40", "constant 64", ["loops"]),
    ("constant 40", "constant 65", None),
    ("constant 40", "constant 32", None),
    ("constant 24", "constant 25", None),
    ("%c0 to %c1 step %c1", "%c0 to %c1 step %c24", ["names", "loops"]),
    # Starts are compared with 0.
    ("start %arg6", "start %arg4", None),
    ("start %arg6", "start %c0", None),
    ("start %arg6", "", None),
    # Coordinates that are the same in all iterations, by name or by value.
    ("tile [%arg2, %5,", "tile [%c0, %arg2,", ["names"]),
    ("tile [%arg2, %5, %arg4", "tile [%arg2, %5, %arg6", None),
    ("%c0, %arg2 : index", "%c0_0, %arg2 : index", ["names"]),
    # The outermost loop runs once; the others do not.
    ("over = [0, 1, 2]", "over = [1, 2]", ["arrays"]),
    ("over = [0, 1, 2]", "over = [1]", None),
    ("over = [0, 1, 2]", "over = [0, 1]", None),
    # Vectors that the product does not have; rows that it has, and a term.
    ("sizes = [32, 8, 24]", "sizes = [32, 9, 24]", ["sizes"]),
    ("sizes = [32, 8, 24]", "sizes = [32, 7, 24]", None),
    ("sizes = [32, 8, 24]", "sizes = [33, 8, 24]", None),
    ("sizes = [32, 8, 24]", "sizes = [32, 8, 25]", None),
    # All else.
    ("scf.yield %6", "scf.yield %arg7", None),
    ("outs(%arg7", "outs(%arg5", None),
    ("modulus = 31", "modulus = 29", None),
    ("trunc", "nearest", None),
    ("d0", "d1", None),
    ('<"core"', '<"cores"', None),
    ("8388608", "8388609", None),
    ("stationary = first", "stationary = second", None),
    ("{nn.phase = \"forward\"} ", "", None),
    ("photonic.scaled_add %arg9, %arg8", "photonic.scaled_add %arg8, %arg9", None),
    ("nn.relu %arg0", "nn.relu %arg1", None),
    ("0 : index", "0 : i32", None),
])
def test_what_means_the_same(old, new, reasons):
    changed = NEST.replace(old, new, 1)
    assert changed != NEST
    assert ir_meaning.explain(NEST, changed) == (reasons or [])


def test_operations_that_mean_the_same(mutations):
    def explain(what):
        return ir_meaning.explain(NEST, get_change(mutations, what))

    assert explain("%c0 arith.constant and %c0_0 arith.constant ex") == ["names"]
    assert explain("%c40 arith.constant twice, the second") == ["names"]
    assert explain("%2 scf.for twice, the second for nothing") == ["names", "dead"]
    assert explain("%2 scf.for and the loop in it exchanged") == ["names", "loops", "arrays"]
    for what in ["%2 scf.for twice, one after", "%3 scf.for and the loop in it exchanged",
                 "without %2 scf.for", "the body of %3", "the body of %4",
                 "%9 photonic.reverse_convert twice, the second",
                 "%8 photonic.modular_dot twice, the second"]:
        assert explain(what) == [], what
