# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Digital operations: binary32 in a stated order (docs/isa.md 6.3, 6.4).

The polynomials and the sequences are those that the specification of the
vector unit lists; NumPy evaluates each step in binary32.
"""

import numpy as np

F = np.float32


def _hex(*texts):
    return [F(float.fromhex(text)) for text in texts]


_E = _hex(
    "0x1.fffffcp-2",
    "0x1.555492p-3",
    "0x1.5558f2p-5",
    "0x1.123a20p-7",
    "0x1.6a23d0p-10",
)
_L = _hex("0x1.55557ap-1", "0x1.995eb0p-2", "0x1.31e464p-2")
_T = _hex(
    "-0x1.555532p-2",
    "0x1.110726p-3",
    "-0x1.b83c5ap-5",
    "0x1.52269cp-6",
    "-0x1.75e1ccp-8",
)
_LOG2E, _LN2_LOW = _hex("0x1.715476p+0", "-0x1.bd0106p-13")
_LN2_HIGH = F(0.693359375)
_SHIFT = F(12582912)


def exp(x):
    x = np.asarray(x, F)
    inside = np.where((x <= 89) & (x >= -104), x, F(0))
    k = (inside * _LOG2E + _SHIFT) - _SHIFT
    r = inside - k * _LN2_HIGH
    r = r - k * _LN2_LOW
    p = np.full_like(x, _E[4])
    for c in _E[3::-1]:
        p = p * r + c
    q = r * r
    y = q * p
    y = (y + r) + F(1)
    power = k.astype(np.int32)
    half = power >> 1
    with np.errstate(over="ignore", under="ignore"):
        y = y * np.ldexp(F(1), half)
        y = y * np.ldexp(F(1), power - half)
    y = np.where(x > 89, F(np.inf), y)
    y = np.where(x < -104, F(0), y)
    return np.where(np.isnan(x), F(np.nan), y)


def log(x):
    x = np.asarray(x, F)
    usual = (x > 0) & (x < np.inf)
    a = np.where(usual, x, F(1))
    tiny = a < F(2.0**-126)
    a = np.where(tiny, a * F(2.0**23), a)
    b = a.view(np.int32) - np.int32(0x3F3504F3)
    e = np.where(tiny, -23, 0).astype(np.int32) + (b >> 23)
    e = e.astype(F)
    m = ((b & 0x7FFFFF) + np.int32(0x3F3504F3)).view(F)
    f = m - F(1)
    s = f / (F(2) + f)
    z = s * s
    r = _L[2] * z
    r = (r + _L[1]) * z
    r = z * (r + _L[0])
    h = F(0.5) * (f * f)
    y = s * (h + r)
    y = y + e * _LN2_LOW
    y = (y - h) + f
    y = y + e * _LN2_HIGH
    y = np.where(x == 0, F(-np.inf), y)
    y = np.where(x == np.inf, F(np.inf), y)
    return np.where(np.isnan(x) | (x < 0), F(np.nan), y)


def tanh(x):
    x = np.asarray(x, F)
    a = np.abs(x)
    z = np.where(a < F(0.625), a * a, F(0))
    p = np.full_like(x, _T[4])
    for c in _T[3::-1]:
        p = p * z + c
    near = a + a * (z * p)
    far = F(1) - F(2) / (exp(a + a) + F(1))
    y = np.copysign(np.where(a < F(0.625), near, far), x)
    return np.where(np.isnan(x), F(np.nan), y)


def sigmoid(x):
    x = np.asarray(x, F)
    z = exp(-np.abs(x))
    return np.where(x < 0, z, F(1)) / (F(1) + z)


def relu(x):
    return np.where(x <= 0, F(0), x)


def canonical(x):
    """Every NaN as 0x7fc00000: what arithmetic writes (docs/isa.md 6.6)."""
    x = np.asarray(x)
    if x.dtype != F or not np.isnan(x).any():
        return x
    bits = np.where(np.isnan(x), np.uint32(0x7FC00000), x.view(np.uint32))
    return bits.astype(np.uint32).view(F)


def maximum(a, b):
    """The larger one, b of equal ones, NaN if either is."""
    return np.where((a > b) | np.isnan(a), a, b)


def minimum(a, b):
    return np.where((a < b) | np.isnan(a), a, b)


def clip(x, low, high):
    return minimum(maximum(x, F(low)), F(high))


def lane_sum(x, present=None):
    """Sum over the last axis with 16 lanes and a tree over the lanes.

    `present` masks positions that contribute nothing; they keep their number.
    """
    lanes = np.zeros((*x.shape[:-1], 16), F)
    for i in range(x.shape[-1]):
        added = lanes[..., i % 16] + x[..., i]
        if present is not None:
            added = np.where(present[..., i], added, lanes[..., i % 16])
        lanes[..., i % 16] = added
    for step in (8, 4, 2, 1):
        lanes = lanes[..., :step] + lanes[..., step : 2 * step]
    return lanes[..., 0]


def first_maximum(x, present=None):
    """Maximum over the last axis; of equal ones the first. NaN beats all."""
    return np.take_along_axis(x, first_position(x, present)[..., None], -1)[..., 0]


def first_position(x, present=None):
    """Where the first maximum is or, if there is NaN, the first NaN."""
    best, where = x[..., 0], np.zeros(x.shape[:-1], np.int64)
    found = np.ones(best.shape, bool) if present is None else present[..., 0]
    for i in range(1, x.shape[-1]):
        here = True if present is None else present[..., i]
        beats = (x[..., i] > best) | (np.isnan(x[..., i]) & ~np.isnan(best))
        take = here & (~found | beats)
        best = np.where(take, x[..., i], best)
        where = np.where(take, i, where)
        found = found | here
    return where


def softmax(x, axis, logarithm=False):
    moved = np.moveaxis(np.asarray(x, F), axis, -1)
    shifted = moved - first_maximum(moved)[..., None]
    e = exp(shifted)
    s = lane_sum(e)[..., None]
    y = shifted - log(s) if logarithm else e / s
    return np.moveaxis(y, -1, axis)


def _get_extent(size, low, high, kernel, stride, dilation, ceil_mode):
    span = size + low + high - dilation * (kernel - 1) - 1
    out = (-(-span // stride) if ceil_mode else span // stride) + 1
    # A window that would start behind the image and its low padding is dropped.
    if ceil_mode and (out - 1) * stride >= size + low:
        out -= 1
    return out


def _gather(x, kernel, strides, pads, dilations, ceil_mode):
    """Windows [N, C, OH, OW, KH * KW], what is inside the image, and what is
    inside the image or its padding."""
    height, width = x.shape[2:]
    top, left, bottom, right = pads
    rows = _positions(height, top, bottom, 0, kernel, strides, dilations, ceil_mode)
    cols = _positions(width, left, right, 1, kernel, strides, dilations, ceil_mode)
    h, w = rows[:, None, :, None], cols[None, :, None, :]
    inside = (h >= 0) & (h < height) & (w >= 0) & (w < width)
    margin = (
        (h >= -top) & (h < height + bottom) & (w >= -left) & (w < width + right)
    )
    values = x[:, :, np.clip(h, 0, height - 1), np.clip(w, 0, width - 1)]
    flat = (*values.shape[:4], -1)
    return (
        values.reshape(flat),
        inside.reshape(*inside.shape[:2], -1),
        margin.reshape(*margin.shape[:2], -1),
    )


def _positions(size, low, high, dim, kernel, strides, dilations, ceil_mode):
    k, s, d = kernel[dim], strides[dim], dilations[dim]
    out = _get_extent(size, low, high, k, s, d, ceil_mode)
    return np.arange(out)[:, None] * s - low + np.arange(k)[None, :] * d


def max_pool(x, kernel, strides, pads, dilations, ceil_mode=False):
    values, inside, _ = _gather(x, kernel, strides, pads, dilations, ceil_mode)
    return first_maximum(values, np.broadcast_to(inside, values.shape))


def average_pool(
    x, kernel, strides, pads, dilations, ceil_mode=False, count_padding=False
):
    values, inside, margin = _gather(
        x, kernel, strides, pads, dilations, ceil_mode
    )
    total = lane_sum(values, np.broadcast_to(inside, values.shape))
    counted = margin if count_padding else inside
    return total / counted.sum(axis=-1).astype(F)


def batch_norm(x, scale, bias, mean, var, epsilon):
    s = scale.astype(np.float64) / np.sqrt(var.astype(np.float64) + epsilon)
    shift = (bias.astype(np.float64) - mean.astype(np.float64) * s).astype(F)
    shape = (-1,) + (1,) * (x.ndim - 2)
    return x * s.astype(F).reshape(shape) + shift.reshape(shape)


def fold_batch_norm(weight, offset, scale, bias, mean, var, epsilon):
    """Weights and bias of a product that includes the normalisation behind."""
    wide = [np.asarray(v, np.float64) for v in (scale, bias, mean, var)]
    scale, bias, mean, var = wide
    s = scale / np.sqrt(var + epsilon)
    offset = np.zeros_like(s) if offset is None else offset.astype(np.float64)
    w = weight.astype(np.float64) * s.reshape((-1,) + (1,) * (weight.ndim - 1))
    b = (offset - mean) * s + bias
    return w.astype(F), b.astype(F)
