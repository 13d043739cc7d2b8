# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The oracle against exact rational arithmetic, and against frameworks."""

import math
from fractions import Fraction

import numpy as np
import pytest
from oracle import Format, Network, functions
from oracle.formats import convert
from oracle.product import _multiply_wide, add_rounding_once, multiply

import models


def split(values, fmt):
    """Mantissas and exponent of one group, element by element."""
    values = [0.0 if abs(v) < 2.0**-126 else float(v) for v in values]
    largest = max(abs(v) for v in values)
    if largest == 0:
        return [0] * len(values), 0
    exponent = math.frexp(largest)[1] - 1
    result = []
    for value in values:
        exact = Fraction(abs(value)) * Fraction(2) ** (fmt.bits - 1 - exponent)
        if fmt.rounding == "trunc":
            integer = exact.numerator // exact.denominator
        else:
            integer = min(round(exact), 2**fmt.bits - 1)
        result.append(int(math.copysign(integer, value)))
    return result, exponent


def round_to_binary32(exact):
    """Nearest, ties to even, gradual underflow; of a non-zero rational."""
    magnitude = abs(exact)
    exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    if Fraction(2) ** exponent > magnitude:
        exponent -= 1
    unit = Fraction(2) ** max(exponent - 23, -149)
    return math.copysign(float(round(magnitude / unit) * unit), exact)


def dot(a, b, fmt):
    total = 0.0
    for start in range(0, len(a), fmt.group):
        ma, ea = split(a[start : start + fmt.group], fmt)
        mb, eb = split(b[start : start + fmt.group], fmt)
        integer = sum(x * y for x, y in zip(ma, mb))
        term = Fraction(integer) * Fraction(2) ** (ea + eb - 2 * (fmt.bits - 1))
        exact = Fraction(total) + term
        total = round_to_binary32(exact) if exact else 0.0
        if abs(total) < 2.0**-126:
            total = 0.0
    return np.float32(total)


def draw(rng, shape, low, high):
    values = rng.uniform(1, 2, shape) * rng.choice([-1, 1], shape)
    values = np.ldexp(values, rng.integers(low, high, shape))
    values[rng.random(shape) < 0.1] = 0
    return values.astype(np.float32)


@pytest.mark.parametrize("low, high", [(-3, 3), (-30, 30), (-149, 60), (-70, -55)])
@pytest.mark.parametrize("fmt", [Format(), Format(3, 8, "nearest"), Format(5, 4)])
def test_product_is_exact(low, high, fmt):
    rng = np.random.default_rng(abs(low))
    a, b = draw(rng, (3, 37), low, high), draw(rng, (4, 37), low, high)
    found = multiply(convert(a, fmt), convert(b, fmt))
    for i in range(3):
        for j in range(4):
            expected = dot(a[i].tolist(), b[j].tolist(), fmt)
            assert found[i, j].tobytes() == expected.tobytes(), (i, j)


def test_both_paths_agree():
    rng = np.random.default_rng(1)
    a = convert(draw(rng, (40, 100), -4, 4), Format())
    b = convert(draw(rng, (30, 100), -4, 4), Format())
    assert (multiply(a, b) == _multiply_wide(a, b)).all()


def test_one_rounding():
    # 1 + 2^-24 is a tie, and the tiny part behind it decides.
    x = np.float32([1, 1, 1, -1])
    y = np.array([2.0**-24, 2.0**-24 + 2.0**-76, 2.0**-24 * (1 - 2.0**-52),
                  -(2.0**-24) - 2.0**-76])
    expected = np.float32([1, 1 + 2.0**-23, 1, -1 - 2.0**-23])
    assert (add_rounding_once(x, y) == expected).all()


def test_conversion_boundaries():
    fmt = Format()
    x = np.zeros((1, 16), np.float32)
    x[0, :5] = [1.9999999, -0.125, 0.1249999, 2.0**-140, -0.0]
    blocks = convert(x, fmt)
    assert blocks.exponents[0, 0] == 0
    assert blocks.mantissas[0, 0, :5].tolist() == [15, -1, 0, 0, 0]
    assert convert(np.full((1, 16), 2.0**-140, "f4"), fmt).exponents[0, 0] == -127
    assert convert(x, Format(4, 16, "nearest")).mantissas[0, 0, 0] == 15
    with pytest.raises(ValueError):
        convert(np.full((1, 3), np.inf, np.float32), fmt)


@pytest.mark.parametrize("name, low, high", [
    ("exp", -100, 88), ("log", 1e-44, 1e30), ("tanh", -12, 12),
    ("sigmoid", -90, 90),
])
def test_functions_are_close(name, low, high):
    x = np.linspace(low, high, 100001).astype(np.float32)
    x = x[x > 0] if name == "log" else x
    wide = x.astype(np.float64)
    reference = {
        "exp": np.exp, "log": np.log, "tanh": np.tanh,
        "sigmoid": lambda v: 1 / (1 + np.exp(-v)),
    }[name](wide)
    found = getattr(functions, name)(x).astype(np.float64)
    unit = np.spacing(np.abs(reference).astype(np.float32)).astype(np.float64)
    assert (np.abs(found - reference) <= 3 * unit).all()


def test_lanes():
    x = np.float32([[1e8, 1, -1e8, 1] * 4 + [3]])
    lanes = [np.float32(v) for v in x[0, :16]]
    lanes[0] = np.float32(lanes[0] + np.float32(3))
    for step in (8, 4, 2, 1):
        lanes = [np.float32(lanes[i] + lanes[i + step]) for i in range(step)]
    assert functions.lane_sum(x)[0] == lanes[0]


def test_network_agrees_with_onnxruntime(tmp_path):
    """Formats aside: with many mantissa bits the interpreter is close to
    another implementation of ONNX."""
    import onnxruntime

    path = tmp_path / "m.onnx"
    models.make_all_ops(path)
    x = np.random.default_rng(0).standard_normal((2, 5, 17, 15)).astype("f4")
    expected = onnxruntime.InferenceSession(str(path)).run(None, {"x": x})[0]
    found = Network(path).run({"x": x}, Format(bits=10, group=4))["y"]
    assert np.abs(found - expected).max() <= 2e-3 * np.abs(expected).max()
