# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Group products and their accumulation (docs/isa.md section 6.2)."""

import numpy as np

from .formats import convert

TINY = np.float32(2.0**-126)

# Rows of the second operand at a time: keeps accumulators in the cache.
CHUNK = 1 << 19


def multiply(a, b, start=None):
    """Accumulated products of the rows of two `Blocks`: float32 [M, N].

    start: what the accumulators [M, N] hold before the first group; default +0
    """
    assert a.bits == b.bits and a.mantissas.shape[1:] == b.mantissas.shape[1:]
    step = max(32, CHUNK // max(1, len(a.mantissas)))
    count = len(b.mantissas)
    parts = [np.zeros((len(a.mantissas), 0), np.float32)]
    for i in range(0, count, step):
        first = None if start is None else start[:, i : i + step]
        parts.append(_multiply_chunk(a, b[i : i + step], first))
    result = np.concatenate(parts, axis=1)
    if not np.isfinite(result).all():
        raise OverflowError("an accumulator became infinite")
    return result


def _multiply_chunk(a, b, start):
    ranges = a.get_exponent_range(), b.get_exponent_range()
    if start is not None:
        # Also where every term is zero: what accumulators hold is flushed.
        return _multiply_wide(a, b, start)
    if None in ranges:
        return np.zeros((len(a.mantissas), len(b.mantissas)), np.float32)
    low = ranges[0][0] + ranges[1][0] - 2 * (a.bits - 1)
    high = ranges[0][1] + ranges[1][1]
    each = max(abs(e) for r in ranges for e in r)
    # Inside this window no term and no sum is subnormal or overflows, and what
    # the blocks stand for is normal, so that plain binary32 arithmetic makes
    # the one rounding per group that is asked for.
    exact = (2**a.bits - 1) ** 2 * a.mantissas.shape[2] < 2**24
    if exact and low >= -126 and high < 100 and each < 100:
        return _multiply_plain(a, b)
    return _multiply_wide(a, b)


def _multiply_plain(a, b):
    # All products of a group are multiples of one power of two and their sum
    # is a small multiple of it: matmul is exact in any order.
    left = np.ascontiguousarray(a.get_values().transpose(1, 0, 2))
    right = np.ascontiguousarray(b.get_values().transpose(1, 2, 0))
    sums = np.zeros((left.shape[1], right.shape[2]), np.float32)
    term = np.empty_like(sums)
    for k in range(len(left)):
        np.matmul(left[k], right[k], out=term)
        np.add(sums, term, out=sums)
    return sums


def _multiply_wide(a, b, start=None):
    """For the whole exponent range: sums in binary64, rounded to odd first."""
    offset = 2 * (a.bits - 1)
    sums = np.zeros((len(a.mantissas), len(b.mantissas)), np.float32)
    if start is not None:
        sums = flush(start)
    for k in range(a.mantissas.shape[1]):
        integers = a.mantissas[:, k].astype(np.float64) @ b.mantissas[:, k].T
        exponents = a.exponents[:, k, None] + b.exponents[None, :, k] - offset
        term = np.ldexp(integers + 0.0, exponents)
        sums = flush(add_rounding_once(sums, term))
    return sums


def add_rounding_once(x, y):
    """float32(x + y) of float32 x and binary64 y, rounded once, to even.

    The binary64 sum is forced to an odd last bit if it is inexact. Rounding
    that to binary32 rounds correctly, for 53 >= 24 + 2.
    """
    wide = x.astype(np.float64)
    total = wide + y
    back = total - wide
    error = (wide - (total - back)) + (y - back)
    bits = total.view(np.int64)
    even = (bits & 1) == 0
    # Where the exact sum is nearer to zero, the odd neighbour is one below.
    toward_zero = (error > 0) != (total > 0)
    odd = np.where(toward_zero, bits - 1, bits + 1)
    bits = np.where((error != 0) & even, odd, bits)
    with np.errstate(over="ignore"):
        return bits.view(np.float64).astype(np.float32)


def flush(x):
    """Turns magnitudes below 2^-126 into +0."""
    return np.where(np.abs(x) < TINY, np.float32(0), x)


def convert_operand(matrix, fmt, stream, operand, group=0):
    """Converts operand 0 or 1 of a product; `stream` rounds stochastically."""
    if fmt.rounding != "stochastic":
        return convert(matrix, fmt)
    return convert(matrix, fmt, stream.draw(operand, *matrix.shape, group))


def linear(x, weight, bias, fmt, stream=None):
    """float32 [N, M] of x [N, K] and weight [M, K]."""
    if fmt.bits:
        left = convert_operand(weight, fmt, stream, 0)
        y = multiply(convert_operand(x, fmt, stream, 1), left)
    else:
        y = x @ weight.T
    return y if bias is None else y + bias


def conv2d(x, weight, bias, fmt, strides, pads, dilations, groups, stream=None):
    """float32 [N, M, OH, OW]; pads are top, left, bottom, right."""
    if not fmt.bits:
        raise NotImplementedError("plain convolution: compare with a framework")
    n, channels, height, width = x.shape
    m, inner, kh, kw = weight.shape
    oh, ow = get_out_extents(x, (kh, kw), strides, pads, dilations)
    padded = pad(x, pads)
    y = np.empty((n, m, oh, ow), np.float32)
    per = m // groups
    for g in range(groups):
        # Contraction axis: kh, kw, ci with ci innermost.
        filters = weight[g * per : (g + 1) * per].transpose(0, 2, 3, 1)
        filters = filters.reshape(per, -1)
        left_blocks = convert_operand(filters, fmt, stream, 0, g)
        numbers = None
        if fmt.rounding == "stochastic":
            numbers = stream.draw(1, n * oh * ow, kh * kw * inner, g)
            numbers = numbers.reshape(n, oh * ow, -1)
        for i in range(n):
            image = padded[i, g * inner : (g + 1) * inner].transpose(1, 2, 0)
            blocks = _get_patches(
                image, (kh, kw), (oh, ow), strides, dilations, fmt,
                None if numbers is None else numbers[i],
            )
            y[i, g * per : (g + 1) * per] = multiply(left_blocks, blocks).reshape(
                per, oh, ow
            )
    return y if bias is None else y + bias[:, None, None]


def get_out_extents(x, kernel, strides, pads, dilations):
    """Height and width of the result of a convolution."""
    low, high = pads[:2], pads[2:]
    return tuple(
        (x.shape[2 + d] + low[d] + high[d] - dilations[d] * (kernel[d] - 1) - 1)
        // strides[d]
        + 1
        for d in range(2)
    )


def pad(x, pads):
    """Images with zeros around; pads are top, left, bottom, right."""
    top, left, bottom, right = pads
    return np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)))


def _get_windows(image, kernel, out, strides, dilations):
    """View [OH, OW, KH, KW, ...] of an image [H, W, ...]."""
    sh, sw, *rest = image.strides
    return np.lib.stride_tricks.as_strided(
        image,
        (*out, *kernel, *image.shape[2:]),
        (
            sh * strides[0],
            sw * strides[1],
            sh * dilations[0],
            sw * dilations[1],
            *rest,
        ),
        writeable=False,
    )


def _get_patches(image, kernel, out, strides, dilations, fmt, numbers):
    """The converted patches of an image [H, W, C], one row each."""
    height, width, channels = image.shape
    rows = out[0] * out[1]
    if channels % fmt.group or numbers is not None:
        windows = _get_windows(
            np.ascontiguousarray(image), kernel, out, strides, dilations
        )
        return convert(windows.reshape(rows, -1), fmt, numbers)
    # Blocks do not straddle pixels: converting pixels once is the same.
    flat = np.ascontiguousarray(image).reshape(height * width, channels)
    pixels = convert(flat, fmt)
    parts = []
    for array in (pixels.mantissas, pixels.exponents):
        grid = array.reshape(height, width, *array.shape[1:])
        windows = _get_windows(grid, kernel, out, strides, dilations)
        blocks = kernel[0] * kernel[1] * array.shape[1]
        parts.append(windows.reshape(rows, blocks, *array.shape[2:]))
    return type(pixels)(*parts, pixels.bits)
