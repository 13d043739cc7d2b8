# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Number formats at the limits of docs/isa.md section 4.2, and one beyond."""

import numpy as np
import pytest
from bits import assert_same_bits
from oracle import Format, Network

import models

MODULI = "65536,65535,65533"
WIDE = ["--set", f"core.moduli={MODULI}", "--set", "core.dac_bits=16",
        "--set", "core.adc_bits=16"]


def build(path, k, rng):
    """A product of numbers that use all bits of their mantissas."""
    def draw(*shape):
        values = np.ldexp(rng.uniform(1, 2, shape), rng.integers(-3, 3, shape))
        return (values * rng.choice([-1, 1], shape)).astype(np.float32)

    b = models.Builder()
    b.input("x", [5, k])
    weights = draw(40, k)
    # The largest sum: every element has the largest mantissa.
    weights[0] = np.float32(2 - 2**-23)
    b.node("Gemm", ["x", b.constant("w", weights)], "y", transB=1, name="fc")
    b.output("y")
    b.build(path)
    x = draw(5, k)
    x[0] = weights[0]
    x[1] = -weights[0]
    return x


@pytest.mark.parametrize("name, k", [
    ("bfp:15:16:trunc", 100), ("bfp:15:4096:nearest", 4100),
])
@pytest.mark.parametrize("dataflow", ["df1", "df2"])
def test_largest_formats(name, k, dataflow, cli, tmp_path):
    x = build(tmp_path / "m.onnx", k, np.random.default_rng(k))
    expected = Network(tmp_path / "m.onnx").run({"x": x}, Format.parse(name))
    np.save(tmp_path / "x.npy", x)
    program = tmp_path / "m.phx"
    options = [f"--format={name}", f"--dataflow={dataflow}", *WIDE]
    cli.compile(tmp_path / "m.onnx", program, *options, f"--check={tmp_path / 'x.npy'}")
    changes = [option for option in WIDE]
    for executor in ("reference", "fast"):
        found = cli.run(program, {"x": x}, tmp_path / "out", f"--executor={executor}",
                        *changes)
        assert_same_bits(found["y"], expected["y"], f"{name} {dataflow} {executor}")


@pytest.mark.parametrize("arguments, words", [
    (["--format=bfp:16:16"], ["mantissa bits", "[1, 15]", "16"]),
    (["--format=bfp:4:4097"], ["group length", "[1, 4096]", "4097"]),
    (["--set", "format.mantissa_bits=16"], ["1 to 15", "16"]),
    (["--set", "format.group=4097"], ["1 to 4096", "4097"]),
    (["--set", "core.moduli=31,32,65537"], ["2 to 65536", "65537"]),
    (["--set", "core.moduli=65536,65535,65533,65531"], ["2^62"]),
])
def test_one_beyond(arguments, words, cli, tmp_path):
    build(tmp_path / "m.onnx", 16, np.random.default_rng(0))
    result = cli.execute("photonic-compile", tmp_path / "m.onnx", "-o",
                         tmp_path / "m.phx", *arguments, check=False)
    assert result.returncode == 1
    assert all(word in result.stderr for word in words), result.stderr
    assert not (tmp_path / "m.phx").exists()
