# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Time and energy of lone products, and of one tile more or less."""

import math
import re

import pytest
from bits import to_fs

import models

CORES, ROWS, COLS = 8, 32, 16
PROGRAM_FS, PERIOD_FS = 5_000_000, 100_000
STATIONARY = {"df1": "first", "df2": "second"}


def get_core_fs(m, k, n, dataflow, cores=CORES):
    """Section 7 for a product whose tiles are dealt out to the cores."""
    stationary, stream = (m, n) if dataflow == "df1" else (n, m)
    tiles = math.ceil(stationary / ROWS) * math.ceil(k / COLS)
    return math.ceil(tiles / cores) * (PROGRAM_FS + PERIOD_FS * stream)


LINEAR = [(10, 84, 1), (120, 400, 1), (32, 16, 1), (33, 17, 40), (1, 1, 1),
          (300, 129, 33), (64, 2048, 256), (1000, 512, 7)]


@pytest.mark.parametrize("dataflow", ["df1", "df2"])
@pytest.mark.parametrize("m, k, n", LINEAR)
def test_linear(m, k, n, dataflow, cli, tmp_path):
    model, program = tmp_path / "m.onnx", tmp_path / "m.phx"
    models.make_linear(m, k, n, model)
    cli.compile(model, program, "--memory=ideal", f"--dataflow={dataflow}")
    report = cli.time(program)
    (layer,) = report["layers"]
    assert layer["name"] == "fc" and layer["stationary"] == STATIONARY[dataflow]
    assert layer["macs"] == m * k * n
    expected = get_core_fs(m, k, n, dataflow)
    assert to_fs(layer["core_ns"]) == expected
    # Nothing else is in the program.
    assert to_fs(report["latency_ns"]) == expected


CONVS = [((1, 3, 32, 32), 16, (3, 3), (1, 1)), ((2, 64, 15, 9), 70, (3, 2), (2, 1)),
         ((3, 17, 8, 8), 33, (1, 1), (1, 1)), ((1, 1, 28, 28), 6, (5, 5), (1, 1))]


@pytest.mark.parametrize("dataflow", ["df1", "df2"])
@pytest.mark.parametrize("shape, m, kernel, strides", CONVS)
def test_conv(shape, m, kernel, strides, dataflow, cli, tmp_path):
    model, program = tmp_path / "m.onnx", tmp_path / "m.phx"
    models.make_conv(shape, m, kernel, strides, model)
    cli.compile(model, program, "--memory=ideal", f"--dataflow={dataflow}")
    (layer,) = cli.time(program)["layers"]
    oh, ow = ((shape[i + 2] - kernel[i]) // strides[i] + 1 for i in range(2))
    n, k = shape[0] * oh * ow, shape[1] * kernel[0] * kernel[1]
    assert layer["macs"] == m * k * n
    assert to_fs(layer["core_ns"]) == get_core_fs(m, k, n, dataflow)


@pytest.mark.parametrize("m, k, n", LINEAR)
def test_auto_takes_the_faster(m, k, n, cli, tmp_path):
    model, program = tmp_path / "m.onnx", tmp_path / "m.phx"
    models.make_linear(m, k, n, model)
    cli.compile(model, program)
    (layer,) = cli.time(program)["layers"]
    best = min(get_core_fs(m, k, n, d) for d in ("df1", "df2"))
    assert to_fs(layer["core_ns"]) == best


@pytest.mark.parametrize("dataflow", ["df1", "df2"])
def test_other_number_of_cores(dataflow, cli, tmp_path):
    model, program = tmp_path / "m.onnx", tmp_path / "m.phx"
    models.make_linear(100, 200, 50, model)
    change = ["--set", "core.count=3"]
    cli.compile(model, program, f"--dataflow={dataflow}", *change)
    (layer,) = cli.time(program, *change)["layers"]
    assert to_fs(layer["core_ns"]) == get_core_fs(100, 200, 50, dataflow, 3)


def delete_last_tile(text, tiles):
    """The disassembly without the product's last tile."""
    core, counter = (tiles - 1) % CORES, f"l0 * {CORES} + {(tiles - 1) % CORES}"
    text, edits = re.subn(
        rf"(pisa\.core_\w+ core\[{core}\] .* when {re.escape(counter)}) < {tiles}$",
        rf"\1 < {tiles - 1}", text, flags=re.MULTILINE,
    )
    assert edits == 2, "one program and one stream"
    return text


def delete_nests(text):
    """Whoever edits a nest deletes its entry."""
    text, edits = re.subn(r"^ *pisa\.nest .*\n", "", text, flags=re.MULTILINE)
    assert edits == 1
    return text


@pytest.mark.parametrize("dataflow", ["df1", "df2"])
def test_deleting_a_tile(dataflow, cli, tmp_path):
    """Nine tiles on eight cores: the ninth alone takes the second round."""
    m, k, n = (32, 9 * 16, 5) if dataflow == "df1" else (5, 9 * 16, 32)
    stream = 5
    model, program = tmp_path / "m.onnx", tmp_path / "m.phx"
    models.make_linear(m, k, n, model)
    cli.compile(model, program, f"--dataflow={dataflow}")
    whole = cli.time(program)
    text = delete_nests(delete_last_tile(cli.disassemble(program), 9))
    less = cli.time(cli.assemble(text, tmp_path / "less.phx"))

    duration = PROGRAM_FS + PERIOD_FS * stream
    assert to_fs(whole["latency_ns"]) == 2 * duration
    assert to_fs(less["latency_ns"]) == duration
    assert to_fs(less["layers"][0]["core_ns"]) == duration

    moduli, detections = 3, 2
    symbols = stream * ROWS * moduli * detections
    tile = {
        "dac_conversions": ROWS * COLS * moduli,
        "adc_conversions": symbols,
        "tia_symbols": symbols,
        "modulated_elements": stream * COLS,
        "bfp_conversions": ROWS + stream,
        "forward_conversions": ROWS + stream,
        "reverse_conversions": stream * ROWS,
        "accumulations": stream * ROWS,
        "vector_ops": 0,
        "scratchpad_bytes": 4 * (ROWS * COLS + stream * (COLS + 2 * ROWS)),
        "dram_bytes": 0,
        "macs": stream * ROWS * COLS,
    }
    for name, amount in tile.items():
        assert whole["counters"][name] - less["counters"][name] == amount, name

    prices = cli.get_prices()
    energy = sum(
        amount * prices[cli.PRICES[name]][0]
        for name, amount in tile.items()
        if name != "macs"
    )
    found = whole["energy_pj"]["dynamic"] - less["energy_pj"]["dynamic"]
    assert found == pytest.approx(energy, rel=1e-9)
    # Lasers are on all the time.
    static = whole["energy_pj"]["static"]
    assert less["energy_pj"]["static"] == pytest.approx(static / 2, rel=1e-12)


def test_edited_nest_with_entry_is_refused(cli, tmp_path):
    """Metadata that does not describe the instructions is not believed."""
    model, program = tmp_path / "m.onnx", tmp_path / "m.phx"
    models.make_linear(32, 9 * 16, 5, model)
    cli.compile(model, program, "--dataflow=df1")
    source = tmp_path / "edited.mlir"
    source.write_text(delete_last_tile(cli.disassemble(program), 9))
    output = tmp_path / "edited.phx"
    result = cli.execute("photonic-translate", "--assemble", source, "-o",
                           output, check=False)
    assert result.returncode != 0
    assert "product" in result.stderr
    assert not output.exists() or not output.stat().st_size
