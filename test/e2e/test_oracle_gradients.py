# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The oracle of the backward pass against the definitions, one element at a
time in rational arithmetic, and against PyTorch's gradients."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from bits import assert_same_bits
from oracle import Format, Key, Stream, gradients, product
from oracle.philox import encrypt
from test_oracle import draw, round_to_binary32

# The known answers that come with Random123 (kat_vectors, philox4x32 10).
KNOWN = [
    ("00000000 00000000 00000000 00000000 00000000 00000000",
     "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff",
     "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344 a4093822 299f31d0",
     "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


@pytest.mark.parametrize("given, expected", KNOWN)
def test_philox_known_answers(given, expected):
    words = [int(text, 16) for text in given.split()]
    found = encrypt(words[:4], words[4:])
    assert [f"{int(word):08x}" for word in found] == expected.split()


def test_numbers_do_not_depend_on_the_request():
    key = Key(seed=5, trial=1, step=77)
    all_of_them = key.uniform(np.arange(1000), 3)
    assert (key.uniform(np.arange(1000)[::-7], 3) == all_of_them[::-7]).all()
    assert 0 <= all_of_them.min() and all_of_them.max() < 1
    assert abs(all_of_them.mean() - 0.5) < 0.05
    others = [Key(6, 1, 77), Key(5, 0, 77), Key(5, 1, 78)]
    assert not any((k.uniform(np.arange(9), 3) == all_of_them[:9]).any()
                   for k in others)
    assert not (key.uniform(np.arange(9), 4) == all_of_them[:9]).any()
    # Behind the first 2^34 elements the high counter word decides.
    far = key.uniform(np.array([1 << 34, 1 << 35], np.uint64), 3)
    assert not (far == all_of_them[0]).any()


def split(values, fmt, numbers):
    """Mantissas and exponent of a group; `numbers` in [0, 1) per element."""
    values = [0.0 if abs(v) < 2.0**-126 else float(v) for v in values]
    largest = max(map(abs, values))
    if largest == 0:
        return [0] * len(values), 0
    exponent = math.frexp(largest)[1] - 1
    integers = []
    for value, number in zip(values, numbers):
        exact = Fraction(abs(value)) * Fraction(2) ** (fmt.bits - 1 - exponent)
        if fmt.rounding == "nearest":
            integer = round(exact)
        else:
            integer = math.floor(exact + Fraction(number))
        integers.append(int(math.copysign(min(integer, 2**fmt.bits - 1), value)))
    return integers, exponent


def accumulate(total, a, b, fmt, u, v):
    """Adds the products of two vectors, group by group, to `total`."""
    for start in range(0, len(a), fmt.group):
        part = slice(start, start + fmt.group)
        ma, ea = split(a[part], fmt, u[part])
        mb, eb = split(b[part], fmt, v[part])
        integer = sum(x * y for x, y in zip(ma, mb))
        exact = Fraction(float(total)) + integer * Fraction(2) ** (
            ea + eb - 2 * (fmt.bits - 1)
        )
        total = round_to_binary32(exact) if exact else 0.0
        if abs(total) < 2.0**-126:
            total = 0.0
    return total


class Case:
    """A small convolution with its operands and random numbers."""

    def __init__(self, seed, fmt, low=-3, high=3):
        rng = np.random.default_rng(seed)
        self.fmt = fmt
        self.groups = int(rng.integers(1, 4))
        self.inner, self.per = (int(v) for v in rng.integers(1, 4, 2))
        self.per *= int(rng.choice([1, 3]))
        self.kernel = tuple(int(v) for v in rng.integers(1, 4, 2))
        self.strides = rng.integers(1, 4, 2).tolist()
        self.dilations = rng.integers(1, 3, 2).tolist()
        self.pads = rng.integers(0, 3, 4).tolist()
        extent = [d * (k - 1) + 1 for d, k in zip(self.dilations, self.kernel)]
        size = [max(1, int(rng.integers(1, 6)), e - self.pads[d] - self.pads[2 + d])
                for d, e in enumerate(extent)]
        n = int(rng.integers(1, 3))
        self.x = draw(rng, (n, self.groups * self.inner, *size), low, high)
        self.w = draw(rng, (self.groups * self.per, self.inner, *self.kernel),
                      low, high)
        self.out = product.get_out_extents(self.x, self.kernel, self.strides,
                                           self.pads, self.dilations)
        self.dy = draw(rng, (n, self.groups * self.per, *self.out), low, high)
        self.stream = Stream(Key(seed, 2, 9), 4)
        self.geometry = (self.strides, self.pads, self.dilations, self.groups,
                         self.stream)

    def positions(self):
        return list(itertools.product(*map(range, self.kernel)))

    def outputs(self):
        return list(itertools.product(range(len(self.x)), *map(range, self.out)))

    def number(self, operand, rows, length, group, row, k):
        """The random number of one element of an operand, by the formula."""
        if self.fmt.rounding != "stochastic":
            return 0.0
        element = group * rows * length + row * length + k
        key = self.stream.key
        words = encrypt((element // 4, 0, self.stream.number * 2 + operand,
                         key.step), (key.seed, key.trial))
        return (int(words[element % 4]) >> 8) * 2.0**-24

    def numbers(self, operand, rows, length, group, row):
        return [self.number(operand, rows, length, group, row, k)
                for k in range(length)]

    def place(self, oh, ow, kh, kw):
        return (oh * self.strides[0] - self.pads[0] + kh * self.dilations[0],
                ow * self.strides[1] - self.pads[1] + kw * self.dilations[1])

    def pixel(self, n, channel, oh, ow, kh, kw):
        h, w = self.place(oh, ow, kh, kw)
        if 0 <= h < self.x.shape[2] and 0 <= w < self.x.shape[3]:
            return self.x[n, channel, h, w]
        return np.float32(0)

    def forward(self):
        y = np.zeros_like(self.dy)
        length = len(self.positions()) * self.inner
        for row, (n, oh, ow) in enumerate(self.outputs()):
            for m in range(self.w.shape[0]):
                g, r = divmod(m, self.per)
                a, b = [], []
                for kh, kw in self.positions():
                    for ci in range(self.inner):
                        a.append(self.w[m, ci, kh, kw])
                        b.append(self.pixel(n, g * self.inner + ci, oh, ow, kh, kw))
                u = self.numbers(0, self.per, length, g, r)
                v = self.numbers(1, len(self.outputs()), length, g, row)
                y[n, m, oh, ow] = accumulate(0.0, a, b, self.fmt, u, v)
        return y

    def input_grad(self):
        dx = np.zeros_like(self.x)
        positions = self.positions()
        rows = len(positions) * self.inner
        for channel in range(self.x.shape[1]):
            g, ci = divmod(channel, self.inner)
            outputs = slice(g * self.per, (g + 1) * self.per)
            for position in reversed(range(len(positions))):
                kh, kw = positions[position]
                a = self.w[outputs, ci, kh, kw]
                u = self.numbers(0, rows, self.per, g, position * self.inner + ci)
                for row, (n, oh, ow) in enumerate(self.outputs()):
                    h, w = self.place(oh, ow, kh, kw)
                    if not (0 <= h < dx.shape[2] and 0 <= w < dx.shape[3]):
                        continue
                    v = self.numbers(1, len(self.outputs()), self.per, g, row)
                    dx[n, channel, h, w] = accumulate(
                        dx[n, channel, h, w], a, self.dy[n, outputs, oh, ow],
                        self.fmt, u, v,
                    )
        return dx

    def weight_grad(self):
        dw = np.zeros_like(self.w)
        length = len(self.outputs())
        columns = len(self.positions()) * self.inner
        for m in range(self.w.shape[0]):
            g, r = divmod(m, self.per)
            a = [self.dy[n, m, oh, ow] for n, oh, ow in self.outputs()]
            u = self.numbers(0, self.per, length, g, r)
            for position, (kh, kw) in enumerate(self.positions()):
                for ci in range(self.inner):
                    channel = g * self.inner + ci
                    b = [self.pixel(n, channel, oh, ow, kh, kw)
                         for n, oh, ow in self.outputs()]
                    row = position * self.inner + ci
                    v = self.numbers(1, columns, length, g, row)
                    dw[m, ci, kh, kw] = accumulate(0.0, a, b, self.fmt, u, v)
        return dw


FORMATS = [Format(), Format(3, 8, "nearest"), Format(4, 5, "stochastic"),
           Format(2, 40), Format(6, 3, "stochastic")]


@pytest.mark.parametrize("low, high", [(-3, 3), (-72, -58), (-149, 60)])
@pytest.mark.parametrize("fmt", FORMATS, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_products_follow_their_definition(seed, fmt, low, high):
    case = Case(seed, fmt, low, high)
    found = product.conv2d(case.x, case.w, None, fmt, *case.geometry)
    assert_same_bits(found, case.forward(), "forward")
    found = gradients.conv2d_input_grad(case.dy, case.w, case.x.shape, fmt,
                                        *case.geometry)
    assert_same_bits(found, case.input_grad(), "input gradient")
    found = gradients.conv2d_weight_grad(case.dy, case.x, case.kernel, fmt,
                                         *case.geometry)
    assert_same_bits(found, case.weight_grad(), "weight gradient")


@pytest.mark.parametrize("fmt", FORMATS, ids=str)
def test_linear_products_are_convolutions_of_one_pixel(fmt):
    rng = np.random.default_rng(1)
    x, w, dy = (draw(rng, s, -3, 3) for s in [(7, 37), (21, 37), (7, 21)])
    stream = Stream(Key(1, 2, 3), 5)
    image, kernel, back = (v[:, :, None, None] for v in (x, w, dy))
    geometry = ([1, 1], [0, 0, 0, 0], [1, 1], 1, stream)
    pairs = [
        (product.linear(x, w, None, fmt, stream),
         product.conv2d(image, kernel, None, fmt, *geometry)),
        (gradients.linear_input_grad(dy, w, fmt, stream),
         gradients.conv2d_input_grad(back, kernel, image.shape, fmt, *geometry)),
        (gradients.linear_weight_grad(dy, x, fmt, stream),
         gradients.conv2d_weight_grad(back, image, (1, 1), fmt, *geometry)),
    ]
    for found, expected in pairs:
        assert_same_bits(found, expected[:, :, 0, 0])


@pytest.mark.parametrize("seed", range(8))
def test_gradients_agree_with_pytorch(seed):
    """With many mantissa bits the products are PyTorch's gradients."""
    import torch

    fmt = Format(bits=11, group=1)
    case = Case(seed, fmt)
    x, w, dy = (torch.tensor(v, dtype=torch.float64, requires_grad=True)
                for v in (case.x, case.w, case.dy))
    top, left, bottom, right = case.pads
    padded = torch.nn.functional.pad(x, (left, right, top, bottom))
    y = torch.nn.functional.conv2d(padded, w, stride=case.strides,
                                   dilation=case.dilations, groups=case.groups)
    y.backward(dy)
    geometry = case.geometry
    pairs = [
        (product.conv2d(case.x, case.w, None, fmt, *geometry), y),
        (gradients.conv2d_input_grad(case.dy, case.w, case.x.shape, fmt, *geometry),
         x.grad),
        (gradients.conv2d_weight_grad(case.dy, case.x, case.kernel, fmt, *geometry),
         w.grad),
    ]
    for found, expected in pairs:
        expected = expected.detach().numpy()
        error = np.linalg.norm(found - expected)
        assert error <= 2e-3 * np.linalg.norm(expected)


def test_stochastic_rounding_is_unbiased_and_saturates():
    fmt = Format(4, 16, "stochastic")
    x = np.zeros((4000, 16), np.float32)
    x[:, 0], x[:, 1], x[:, 2] = 1.9999999, 0.3, -1.01
    numbers = Stream(Key(1), 0).draw(0, *x.shape)
    from oracle.formats import convert

    m = convert(x, fmt, numbers).mantissas[:, 0]
    assert set(m[:, 0]) == {15}
    assert set(m[:, 1]) == {2, 3} and abs(m[:, 1].mean() - 2.4) < 0.05
    assert set(m[:, 2]) == {-8, -9} and abs(m[:, 2].mean() + 8.08) < 0.05
    assert not m[:, 3:].any()
