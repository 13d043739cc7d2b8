# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The reader of listings that other tests count instructions with."""

import listing
import pytest

TEXT = """\
pisa.program "p" inference target "mirage" hash 42 memory ideal batch 1 tokens 0 compiler "0" {
  pisa.group 0 "core" class "rns" count 2 array [4, 8]
  pisa.memory 0 "dram" off_chip capacity 64 bytes 64 types [f32]
  pisa.memory 1 "act" on_chip capacity 64 bytes 64 types [f32]
  pisa.code {
    pisa.loop 8 {
      pisa.vec_map CODE
    }
    pisa.halt
  }
}
"""


def count(code):
    program = listing.read(TEXT.replace("CODE", code))
    return listing.count_charges(program, 3, 1)[None]


MAP = "{} act[0] strides [0, 0, 0, 4] a act[0] strides [0, 0, 0, 4] shape [1, 1, 1, 4]"


@pytest.mark.parametrize("guard, times", [
    ("", 8), (" when l0 * 1 + 0 < 3", 3), (" when l0 * 1 + 0 < 5 from 3", 2),
    (" when l0 * 2 + 1 < 20 from 4", 6),
])
def test_both_sides_of_a_guard_count(guard, times):
    charges = count(MAP.format("add") + guard)
    assert charges == {"vector_ops": 4 * times, "scratchpad_bytes": 32 * times}


def test_operations_of_functions_are_those_of_the_specification(request):
    table = (request.config.rootpath / "docs/isa.md").read_text()
    table = table.split("<!-- generated: functions VecFn -->")[1].split("<!-- end")[0]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| `")]
    ops = {row[1].strip(" `"): int(row[-2]) for row in rows if row[1].strip() != "`VecFn`"}
    assert {name: n for name, n in ops.items() if n > 1} == listing.OPS


def test_unknown_words_are_refused():
    with pytest.raises(ValueError, match="line 7: expected a word of vec_map, found 'sideways'"):
        count(MAP.format("add") + " sideways")
