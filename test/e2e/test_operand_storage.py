# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Operands that are converted once: the same bits as when arrays convert whatever they
read, and the time, bytes and conversions that docs/isa.md, sections 7 and 8, state."""

import re

import numpy as np
import pytest
import torch
from bits import to_fs

import photonic

CORES, GROUP, BLOCK = 8, 16, 11  # bytes of a block of 16 elements with 4 bits
FILL = ["--set", "core.fill_ns=2"]
PERIOD_FS, FILL_FS = 100_000, 2_000_000

CHANNELS, SIZE, OUT = 32, 6, 8
PIXELS, TERMS = SIZE * SIZE, 9 * CHANNELS // GROUP


def same_bits(a, b):
    assert a.keys() == b.keys() and a
    for name, value in a.items():
        assert np.array_equal(value.view(np.uint32), b[name].view(np.uint32)), name


@pytest.fixture(scope="module")
def conv(tmp_path_factory):
    """One convolution that keeps the size of its image, and an image."""
    path = tmp_path_factory.mktemp("conv") / "conv.onnx"
    network = torch.nn.Conv2d(CHANNELS, OUT, 3, padding=1, bias=False)
    random = np.random.default_rng(2)
    with torch.no_grad():
        network.weight.copy_(torch.from_numpy(
            random.standard_normal((OUT, CHANNELS, 3, 3)).astype(np.float32)))
    torch.onnx.export(network, (torch.zeros(1, CHANNELS, SIZE, SIZE),), path, dynamo=False,
                      input_names=["x"], output_names=["y"])
    scale = np.exp2(random.integers(-40, 40, (1, CHANNELS, SIZE, SIZE)))
    x = (random.standard_normal(scale.shape) * scale).astype(np.float32)
    return path, x


def get_scratchpad_bytes(weights_at_run_time=False):
    """Of the convolution, whose operands are both stored; weights stay."""
    tiles = TERMS * (OUT + PIXELS) * BLOCK
    accumulators = 4 * OUT * PIXELS * (2 * TERMS - 1)  # the first term reads none
    converted = PIXELS * CHANNELS * 4 + PIXELS * CHANNELS // GROUP * BLOCK
    if weights_at_run_time:
        converted += OUT * (9 * CHANNELS * 4 + TERMS * BLOCK)
    return tiles + accumulators + converted


def test_lone_convolution(conv, cli, tmp_path):
    model, x = conv
    flags = ["--dataflow=df1", *FILL]
    before, after = tmp_path / "before.phx", tmp_path / "after.phx"
    cli.compile(model, before, *flags)
    cli.compile(model, after, *flags, "--operand-storage=converted")
    outputs = [cli.run(program, {"x": x}, tmp_path / program.stem, *FILL)
               for program in (before, after)]
    same_bits(*outputs)
    reference = cli.run(after, {"x": x}, tmp_path / "reference", "--executor=reference", *FILL)
    same_bits(outputs[0], reference)

    reports = [cli.time(program, *FILL) for program in (before, after)]
    counters = dict(reports[0]["counters"])
    # Images are converted once, weights by the compiler.
    assert counters["bfp_conversions"] == TERMS * (OUT + PIXELS)
    counters["bfp_conversions"] = PIXELS * CHANNELS // GROUP
    counters["scratchpad_bytes"] = get_scratchpad_bytes()
    counters = {name: value for name, value in counters.items() if value}
    found = {name: value for name, value in reports[1]["counters"].items() if value}
    assert found == counters
    # Every array converts a piece of the rows before the product begins.
    rows = -(-PIXELS // CORES)
    latencies = [to_fs(report["latency_ns"]) for report in reports]
    assert latencies[1] - latencies[0] == rows * CHANNELS // GROUP * PERIOD_FS + FILL_FS


def test_places_of_a_conversion(conv, cli, tmp_path):
    """Weights are converted at compile time, by arrays, or wherever they are read."""
    model, x = conv
    ir = tmp_path / "tile.mlir"
    cli.compile(model, ir, "--dataflow=df1", "--operand-storage=converted", "--compile-to=tile",
                *FILL)
    text = ir.read_text()
    constant = re.search(r"(%\S+) = nn.constant", text).group(1)
    head = f"photonic.convert {constant} operator"
    assert head in text
    programs = {"compile time": ir, "arrays": tmp_path / "arrays.mlir"}
    programs["arrays"].write_text(
        text.replace(head, f'photonic.convert {constant} rows = 7 arrays = "core" operator'))
    counters, outputs = {}, {}
    for place, source in programs.items():
        program = source.with_suffix(".phx")
        cli.compile(source, program, "--compile-from=tile", *FILL)
        counters[place] = cli.time(program, *FILL)["counters"]
        outputs[place] = cli.run(program, {"x": x}, tmp_path / place, *FILL)
    same_bits(outputs["compile time"], outputs["arrays"])
    first, second = (counters[place]["bfp_conversions"] for place in programs)
    assert second - first == OUT * TERMS
    assert counters["arrays"]["scratchpad_bytes"] == get_scratchpad_bytes(True)
    # Groups run along the channels: 72 rows, of which the last piece has two.
    listing = cli.disassemble(programs["arrays"].with_suffix(".phx"))
    assert len(re.findall(r"core_convert .* rows 7 of ", listing)) == CORES


class Branches(torch.nn.Module):
    """Three readers of one activation, two of which convert it alike."""

    def __init__(self):
        super().__init__()
        self.stem = torch.nn.Conv2d(3, 16, 3, padding=1)
        self.a = torch.nn.Conv2d(16, 16, 3, padding=1)
        self.b = torch.nn.Conv2d(16, 16, 1)
        self.c = torch.nn.Conv2d(16, 16, 3, stride=2, padding=1, groups=2)
        self.head = torch.nn.Linear(16 * 16, 10)

    def forward(self, x):
        x = torch.relu(self.stem(x))
        y = torch.relu(self.a(x)) + self.b(x)
        y = torch.nn.functional.avg_pool2d(y, 2) * self.c(x)
        return self.head(y.flatten(1))


@pytest.fixture(scope="module")
def branches(tmp_path_factory):
    path = tmp_path_factory.mktemp("branches") / "branches.onnx"
    torch.manual_seed(3)
    torch.onnx.export(Branches(), (torch.zeros(2, 3, 8, 8),), path, dynamo=False,
                      input_names=["x"], output_names=["y"])
    return path


def test_readers_share_a_conversion(branches, cli, tmp_path):
    ir = tmp_path / "split.mlir"
    cli.compile(branches, ir, "--operand-storage=converted", "--compile-to=split")
    text = ir.read_text()
    shared = [value for value in re.findall(r"(%\S+) = photonic.convert", text)
              if len(re.findall(rf"{value} by", text)) == 2]
    assert len(shared) == 1, text
    # Groups of 8 channels are no blocks of 16: the third reader converts by itself.
    assert "groups = [2 x d1 by 8]" in text


@pytest.mark.parametrize("flags", [
    [], ["--dataflow=df2"], ["--format=bfp:3:8:nearest"],
    ["--format=bfp:3:32"],
])
@pytest.mark.parametrize("train", [False, True])
def test_networks(branches, train, flags, cli, tmp_path):
    """Every stage agrees with the program, and the program with one that stores f32."""
    random = np.random.default_rng(5)
    inputs = {"x": random.standard_normal((2, 3, 8, 8)).astype(np.float32)}
    if train:
        flags = [*flags, "--train", "--loss=cross_entropy", "--optimizer=sgd:lr=0.1,momentum=0.9",
                 "--emit-gradients"]
        inputs["labels"] = np.array([3, 7], np.int64)
    np.savez(tmp_path / "inputs.npz", **inputs)
    programs = {}
    for storage in ("fp32", "converted"):
        programs[storage] = tmp_path / f"{storage}.phx"
        check = [f"--check={tmp_path / 'inputs.npz'}"] if storage == "converted" else []
        done = cli.compile(branches, programs[storage], *flags, f"--operand-storage={storage}",
                           *check)
        if check:
            assert re.search(r"emit against format: .* equal bit for bit", done.stdout + done.stderr)
    outputs = [cli.run(program, inputs, tmp_path / name) for name, program in programs.items()]
    same_bits(*outputs)
    before, after = (cli.time(program)["counters"] for program in programs.values())
    assert after["scratchpad_bytes"] < before["scratchpad_bytes"]
    assert after["bfp_conversions"] < before["bfp_conversions"]


def test_infinities_stop_both(conv, cli, tmp_path):
    model, x = conv
    x = x.copy()
    x[0, 5, 2, 3] = np.inf
    for storage in ("fp32", "converted"):
        program = tmp_path / f"{storage}.phx"
        cli.compile(model, program, f"--operand-storage={storage}")
        np.save(tmp_path / "x.npy", x)
        done = cli.execute("photonic-run", program, "--input", f"x={tmp_path / 'x.npy'}",
                           "--output-dir", tmp_path / storage, check=False)
        assert done.returncode == 1
        assert "tensor 'x' element [0, 5, 2, 3] is inf" in done.stderr


def test_python_and_refusals(conv, cli, tmp_path):
    model, x = conv
    plain = photonic.compile(model)
    stored = photonic.compile(model, operand_storage="converted")
    same_bits(plain.run({"x": x}), stored.run({"x": x}))
    with pytest.raises(photonic.InputError, match="operand_storage.*fp32.*converted"):
        photonic.compile(model, operand_storage="blocks")
    done = cli.compile(model, tmp_path / "h.phx", "--memory=hierarchy",
                       "--operand-storage=converted", check=False)
    assert done.returncode == 1
    assert "which the memory model 'hierarchy' has no chunks for" in done.stderr
    assert not (tmp_path / "h.phx").exists()
