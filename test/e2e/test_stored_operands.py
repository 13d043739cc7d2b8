# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Operands that are converted once and kept in blocks: the same product by
hand-written conversions in memory, against the compiler's at the arrays, and
blocks against NumPy."""

import re

import listing
import numpy as np
import pytest
from bits import to_fs

ROWS, K, VECTORS = 48, 40, 2
ARRAY = 32, 16
GROUP, BITS = 16, 4
BLOCK = 1 + -(-GROUP * (BITS + 1) // 8)  # bytes
BLOCKS = -(-K // GROUP)  # of a row
MACHINE = ["--set", "core.count=1"]
for pad in ("act", "wgt"):
    MACHINE += ["--set", f"{pad}.types=f32,i32,i64,u8,bool,block"]


def make_case(cli, directory, dataflow):
    """The compiler's program and its operands."""
    random = np.random.default_rng(3)
    weights = random.standard_normal((ROWS, K)).astype(np.float32)
    weights[5, 16:32] = 0  # a group of zeros
    weights *= np.exp2(random.integers(-30, 30, (ROWS, K))).astype(np.float32)
    x = random.standard_normal((VECTORS, K)).astype(np.float32)
    source = directory / "net.mlir"
    text = ", ".join(f"[{', '.join(repr(float(v)) for v in row)}]" for row in weights)
    source.write_text(f"""
func.func @main(%x: tensor<{VECTORS}x{K}xf32> {{nn.name = "x"}})
    -> (tensor<{VECTORS}x{ROWS}xf32> {{nn.name = "y"}}) {{
  %w = nn.constant "fc.weight" dense<[{text}]> : tensor<{ROWS}x{K}xf32>
  %y = nn.linear %x, %w : (tensor<{VECTORS}x{K}xf32>, tensor<{ROWS}x{K}xf32>)
      -> tensor<{VECTORS}x{ROWS}xf32> loc("fc")
  return %y : tensor<{VECTORS}x{ROWS}xf32>
}}
""")
    program = directory / "net.phx"
    cli.compile(source, program, f"--dataflow={dataflow}", *MACHINE)
    return program, weights, x


@pytest.fixture(scope="module", params=["df1", "df2"])
def case(cli, tmp_path_factory, request):
    """Each of the operands stays in turn."""
    return make_case(cli, tmp_path_factory.mktemp("stored"), request.param)


def store(text, pad, operand, rows):
    """Keeps one operand of the only product behind all else in `pad`."""
    stays = int("stationary second" in text)
    instruction = "core_program" if operand == stays else "core_stream"
    old = re.search(rf"{instruction} .*? map (\d+) from {pad}\[0\]", text).group(1)
    memory = re.search(rf'(pisa.memory \d+ "{pad}" .*? bytes )(\d+)', text)
    address = -(-int(memory.group(2)) // 64) * 64
    size = rows * BLOCKS * BLOCK
    text = text.replace(memory.group(0), f"{memory.group(1)}{address + size}")
    number = len(re.findall(r"pisa\.map ", text))
    line = BLOCKS * BLOCK
    new_map = (f"pisa.map {number} rows [[{rows}, 0, 1]] cols [[{BLOCKS}, 1, 1]] "
               f"axes [[{rows}, {line}, 0, 0, 0], [{BLOCKS}, {BLOCK}, 0, 0, 0]]\n    ")
    text = text.replace("pisa.conversion 0", new_map + "pisa.conversion 0", 1)
    region = len(re.findall(r"pisa\.region ", text))
    text = text.replace(
        "pisa.layer 0", f'pisa.region {region} "blocks{operand}" workspace at {pad}[{address}] '
        f"bytes {size} type tensor<{rows}x{BLOCKS}x!pisa.block<0>>\n    pisa.layer 0", 1)
    convert = (f"pisa.core_convert core[0] conversion 0 map {old} from {pad}[0] into {number} "
               f"{pad}[{address}] row 0 k 0 rows {rows} cols {K} product 0 operand {operand} layer 0")
    text = text.replace("pisa.code {\n", f"pisa.code {{\n      {convert}\n", 1)
    text = re.sub(r" at \[(\d+), (\d+)\]",
                  lambda m: f" at [{int(m[1]) + 1}, {int(m[2]) + 1}]", text)
    text = re.sub(rf"({instruction} .*? )map {old} from {pad}\[0\]",
                  rf"\1map {number} from {pad}[{address}]", text)
    return re.sub(rf"({instruction} .*?) layer 0", r"\1 stored layer 0", text)


@pytest.mark.parametrize("stored", [(0,), (1,), (0, 1)])
def test_same_bits_and_stated_charges(case, stored, cli, tmp_path):
    program, _, x = case
    text = cli.disassemble(program)
    for operand in stored:
        pad, rows = (("wgt", ROWS), ("act", VECTORS))[operand]
        text = store(text, pad, operand, rows)
    other = cli.assemble(text, tmp_path / "stored.phx")
    assert cli.disassemble(other).count("core_convert") == len(stored)

    expected = cli.run(program, {"x": x}, tmp_path / "a", *MACHINE)["y"]
    for executor in ("fast", "reference"):
        found = cli.run(other, {"x": x}, tmp_path / executor, "--executor", executor, *MACHINE)["y"]
        assert np.array_equal(found.view(np.uint32), expected.view(np.uint32))

    prices = ["--set", "core.fill_ns=2", "--set", "core.clock_ghz=5"]
    before, after = (cli.time(p, *MACHINE, *prices) for p in (program, other))
    # Rows that are there, and those that arrays read: streamed ones once per tile.
    rows = ROWS, VECTORS
    stays = int("stationary second" in text)
    tiles = -(-rows[stays] // ARRAY[0])
    reads = [n * (1 if o == stays else tiles) for o, n in enumerate(rows)]
    counters = dict(before["counters"])
    periods = 0
    for o in stored:
        counters["bfp_conversions"] += (rows[o] - reads[o]) * BLOCKS
        counters["scratchpad_bytes"] += (
            reads[o] * (BLOCKS * BLOCK - 4 * K) + rows[o] * (4 * K + BLOCKS * BLOCK))
        periods += rows[o] * BLOCKS
    assert after["counters"] == counters
    # And once more from the expanded listing.
    counted = listing.count_charges(listing.read(cli.disassemble(other)), 3, 2)[0]
    assert {name: counters[name] for name in counted} == counted
    # One array does all, one thing after the other.
    period, fill = 200_000, 2_000_000  # fs
    assert (to_fs(after["latency_ns"]) - to_fs(before["latency_ns"])
            == periods * period + len(stored) * fill)


def convert(row):
    """The blocks of a row that is truncated, as bytes."""
    result = b""
    for begin in range(0, K, GROUP):
        group = np.zeros(GROUP)
        part = row[begin:begin + GROUP].astype(np.float64)
        group[:len(part)] = part
        if not group.any():
            result += bytes(BLOCK)
            continue
        exponent = int(np.frexp(np.abs(group).max())[1]) - 1
        mantissas = np.trunc(group * 2.0 ** (BITS - 1 - exponent)).astype(int)
        word = sum((int(m) & (1 << BITS + 1) - 1) << (BITS + 1) * j
                   for j, m in enumerate(mantissas))
        result += bytes([exponent + 127]) + word.to_bytes(BLOCK - 1, "little")
    return result


def test_blocks_are_those_of_numpy(case, cli, tmp_path):
    """What core_convert writes, moved as bytes to where the host can read it."""
    program, weights, x = case
    text = store(cli.disassemble(program), "wgt", 0, ROWS)
    size = ROWS * BLOCKS * BLOCK
    address = int(re.search(r"into \d+ wgt\[(\d+)\]", text).group(1))
    grad = re.search(r'(pisa.memory 3 "grad" .*? bytes )(\d+)', text)
    text = text.replace(grad.group(0), f"{grad.group(1)}{size}")
    region = len(re.findall(r"pisa\.region ", text))
    text = text.replace(
        "pisa.layer 0", f'pisa.region {region} "bytes" output at grad[0] bytes {size} '
        f"type tensor<{size}xui8>\n    pisa.layer 0", 1)
    text = re.sub(r"tokens 0", "tokens 1", text)
    text = text.replace("pisa.halt", f"""pisa.signal core[0] 0
      pisa.wait dma[0] 0
      pisa.dma_copy grad[0] strides [0, 0, 0, 1] from wgt[{address}] strides [0, 0, 0, 1]
          shape [1, 1, 1, {size}] width 1
      pisa.halt""")
    other = cli.assemble(text, tmp_path / "bytes.phx")
    found = cli.run(other, {"x": x}, tmp_path, *MACHINE)["bytes"]
    assert found.tobytes() == b"".join(convert(row) for row in weights)


def test_memories_have_to_hold_blocks(cli, tmp_path):
    program, _, _ = make_case(cli, tmp_path, "df1")
    text = store(cli.disassemble(program), "wgt", 0, ROWS)
    source = tmp_path / "x.mlir"
    source.write_text(re.sub(r'(pisa.memory 2 "wgt" .*?), block\]', r"\1]", text))
    result = cli.execute("photonic-translate", "--assemble", source, "-o", tmp_path / "x.phx",
                         check=False)
    assert result.returncode != 0
    assert "'blocks0' type: expected one that wgt can hold, found block" in result.stderr
