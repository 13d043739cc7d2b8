# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Random products, bit for bit, under every dataflow and memory model."""

import numpy as np
import pytest
from bits import assert_same_bits
from oracle import Format, Network

import models

PRODUCTS = 500
PER_MODEL = 20


def draw_values(rng, shape, style):
    """Numbers whose products and sums stay finite, but little else."""
    values = rng.uniform(1, 2, shape) * rng.choice([-1.0, 1.0], shape)
    if style == "plain":
        exponents = rng.integers(-6, 2, shape)
    elif style == "wide":
        exponents = rng.integers(-126, 60, shape)
    elif style == "tiny":
        # Terms and sums about 2^-126: flushing decides.
        exponents = rng.integers(-72, -58, shape)
    elif style == "subnormal":
        exponents = rng.choice([-148, -140, -130, -127, -126, -120], shape)
    else:
        assert style == "huge"
        exponents = rng.integers(40, 120, shape)
    values = np.ldexp(values, exponents)
    values[rng.random(shape) < 0.15] = 0
    return values.astype(np.float32)


# Of input and weights. What is large meets what is small.
STYLES = [("plain", "plain"), ("wide", "wide"), ("tiny", "tiny"),
          ("subnormal", "huge"), ("huge", "subnormal"), ("plain", "tiny"),
          ("wide", "subnormal")]


def draw_input(rng, shape, style):
    values = draw_values(rng, shape, style)
    # Whole channels (or columns) of zeros make groups of zeros.
    for channel in range(shape[1]):
        if rng.random() < 0.2:
            values[:, channel] = 0
    return values


def add_linear(b, rng, index):
    batch = int(rng.choice([1, 3, 33, 40]))
    k, m = int(rng.integers(1, 120)), int(rng.integers(1, 80))
    styles = STYLES[index % len(STYLES)]
    b.input(f"x{index}", [batch, k])
    operands = [f"x{index}",
                b.constant(f"w{index}", draw_values(rng, (m, k), styles[1]))]
    if rng.random() < 0.3:
        operands.append(b.constant(f"b{index}", draw_values(rng, (m,), "plain")))
    b.node("Gemm", operands, f"y{index}", transB=1)
    return draw_input(rng, (batch, k), styles[0])


def add_conv(b, rng, index):
    groups = int(rng.choice([1, 1, 1, 2, 3]))
    inner, outer = int(rng.integers(1, 40)), int(rng.integers(1, 40))
    if rng.random() < 0.2:
        groups, inner, outer = int(rng.integers(2, 20)), 1, int(rng.integers(1, 3))
    kernel = rng.integers(1, 4, 2)
    strides, dilations = rng.integers(1, 4, 2), rng.integers(1, 3, 2)
    pads = rng.integers(0, 3, 4)
    extent = dilations * (kernel - 1) + 1
    size = np.maximum(rng.integers(1, 12, 2), extent - pads[:2] - pads[2:])
    size = np.maximum(size, 1)
    batch = int(rng.choice([1, 3]))
    styles = STYLES[index % len(STYLES)]
    shape = (batch, groups * inner, *map(int, size))
    weights = draw_values(rng, (groups * outer, inner, *kernel), styles[1])
    b.input(f"x{index}", shape)
    operands = [f"x{index}", b.constant(f"w{index}", weights)]
    if rng.random() < 0.3:
        bias = draw_values(rng, (groups * outer,), "plain")
        operands.append(b.constant(f"b{index}", bias))
    b.node("Conv", operands, f"y{index}", group=groups,
           strides=strides.tolist(), dilations=dilations.tolist(),
           pads=pads.tolist())
    return draw_input(rng, shape, styles[0])


def make_products(seed, path):
    """One model with many products, each with its own input and output."""
    rng = np.random.default_rng(seed)
    b = models.Builder(seed)
    inputs = {}
    for index in range(PER_MODEL):
        add = add_linear if rng.random() < 0.35 else add_conv
        inputs[f"x{index}"] = add(b, rng, index)
        b.output(f"y{index}")
    b.build(path)
    return inputs


@pytest.mark.parametrize("seed", range(PRODUCTS // PER_MODEL))
def test_random_products(seed, cli, tmp_path):
    model = tmp_path / "m.onnx"
    inputs = make_products(seed, model)
    expected = Network(model).run(inputs, Format())
    program = tmp_path / "m.phx"
    for dataflow in ("df1", "df2"):
        for memory in ("ideal", "hierarchy", "tight"):
            options = []
            if memory == "tight":
                options = cli.compile_tightly(
                    model, program, f"--dataflow={dataflow}"
                )
            else:
                cli.compile(model, program, f"--dataflow={dataflow}",
                              f"--memory={memory}")
            found = cli.run(program, inputs, tmp_path / "run", *options)
            assert found.keys() == expected.keys()
            for name, value in expected.items():
                what = f"seed {seed} {name} {dataflow} {memory}"
                assert_same_bits(found[name], value, what)


def test_products_are_worth_testing():
    """The generator reaches what it is meant to reach."""
    rng = np.random.default_rng(0)
    subnormal = draw_input(rng, (40, 40), "subnormal")
    assert ((np.abs(subnormal) < 2.0**-126) & (subnormal != 0)).any()
    assert (draw_input(rng, (3, 64), "plain") == 0).all(axis=0).any()
    wide = draw_values(rng, (1000,), "wide")
    exponents = np.frexp(wide[wide != 0])[1]
    assert exponents.max() - exponents.min() > 170


def test_overflow_stops_the_run(cli, tmp_path):
    model = tmp_path / "m.onnx"
    b = models.Builder()
    b.input("x", [1, 16])
    b.constant("w", np.full((4, 16), 2.0**100, np.float32))
    b.node("Gemm", ["x", "w"], "y", transB=1, name="too_large")
    b.output("y")
    b.build(model)
    program = tmp_path / "m.phx"
    cli.compile(model, program)
    x = tmp_path / "x.npy"
    np.save(x, np.full((1, 16), 2.0**100, np.float32))
    result = cli.execute("photonic-run", program, "--input", f"x={x}",
                           "--output-dir", tmp_path / "out", check=False)
    assert result.returncode == 1
    assert "too_large" in result.stderr
    assert not list(tmp_path.glob("out/*"))
