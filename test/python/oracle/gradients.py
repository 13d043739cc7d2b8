# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The products of the backward pass (docs/isa.md section 6).

Each converts its operands from binary32 along its own contraction axis:

* input gradient: one product per kernel position, contracted over the output
  channels of the group. An element of the result has one accumulator; kernel
  positions arrive in descending order.
* weight gradient: contracted over (n, oh, ow), ow innermost.
"""

import numpy as np

from .product import convert_operand, get_out_extents, multiply, pad

F = np.float32


def linear_input_grad(dy, weight, fmt, stream=None):
    """float32 [N, K] of dy [N, M] and weight [M, K]."""
    left = convert_operand(np.ascontiguousarray(weight.T), fmt, stream, 0)
    return multiply(convert_operand(dy, fmt, stream, 1), left)


def linear_weight_grad(dy, x, fmt, stream=None):
    """float32 [M, K] of dy [N, M] and x [N, K]."""
    left = convert_operand(np.ascontiguousarray(dy.T), fmt, stream, 0)
    right = convert_operand(np.ascontiguousarray(x.T), fmt, stream, 1)
    return multiply(left, right)


def conv2d_input_grad(
    dy, weight, shape, fmt, strides, pads, dilations, groups, stream=None
):
    """float32 `shape` [N, C, H, W] of dy [N, M, OH, OW], weight [M, C/g, KH, KW]."""
    dx = np.zeros(shape, F)
    per, inner = weight.shape[0] // groups, weight.shape[1]
    for g in range(groups):
        outputs = slice(g * per, (g + 1) * per)
        inputs = slice(g * inner, (g + 1) * inner)
        # Rows: kernel position, then input channel.
        rows = weight[outputs].transpose(2, 3, 1, 0).reshape(-1, per)
        columns = dy[:, outputs].transpose(0, 2, 3, 1).reshape(-1, per)
        left = convert_operand(np.ascontiguousarray(rows), fmt, stream, 0, g)
        right = convert_operand(np.ascontiguousarray(columns), fmt, stream, 1, g)
        sums = dx[:, inputs].transpose(1, 0, 2, 3).copy()
        for position in reversed(range(weight.shape[2] * weight.shape[3])):
            place = divmod(position, weight.shape[3])
            _add_position(
                sums, left[position * inner : (position + 1) * inner], right,
                dy.shape, place, strides, pads, dilations,
            )
        dx[:, inputs] = sums.transpose(1, 0, 2, 3)
    return dx


def _add_position(sums, left, right, dy_shape, place, strides, pads, dilations):
    """Adds the terms of one kernel position to `sums` [C, N, H, W], in place."""
    n, _, *extents = dy_shape
    taken, found = [], []
    for d in range(2):
        out = np.arange(extents[d])
        into = out * strides[d] - pads[d] + place[d] * dilations[d]
        inside = (into >= 0) & (into < sums.shape[2 + d])
        taken.append(out[inside])
        found.append(into[inside])
    numbers = np.arange(n * extents[0] * extents[1]).reshape(n, *extents)
    chosen = numbers[np.ix_(range(n), *taken)].ravel()
    target = np.ix_(range(len(sums)), range(n), *found)
    before = sums[target]
    after = multiply(left, right[chosen], before.reshape(len(sums), -1))
    sums[target] = after.reshape(before.shape)


def conv2d_weight_grad(
    dy, x, kernel, fmt, strides, pads, dilations, groups, stream=None
):
    """float32 [M, C/g, KH, KW] of dy [N, M, OH, OW] and x [N, C, H, W]."""
    n, m = dy.shape[:2]
    per, inner = m // groups, x.shape[1] // groups
    out = get_out_extents(x, kernel, strides, pads, dilations)
    assert out == dy.shape[2:]
    padded = pad(x, pads)
    dw = np.empty((m, inner, *kernel), F)
    for g in range(groups):
        outputs = slice(g * per, (g + 1) * per)
        left = dy[:, outputs].transpose(1, 0, 2, 3).reshape(per, -1)
        image = padded[:, g * inner : (g + 1) * inner]
        right = _gather_rows(image, kernel, out, strides, dilations)
        product = multiply(
            convert_operand(np.ascontiguousarray(left), fmt, stream, 0, g),
            convert_operand(right, fmt, stream, 1, g),
        )
        dw[outputs] = product.reshape(per, *kernel, inner).transpose(0, 3, 1, 2)
    return dw


def _gather_rows(image, kernel, out, strides, dilations):
    """One row per (kh, kw, ci), the elements it meets per (n, oh, ow)."""
    rows = []
    for kh in range(kernel[0]):
        for kw in range(kernel[1]):
            top, left = kh * dilations[0], kw * dilations[1]
            part = image[
                :, :,
                top : top + (out[0] - 1) * strides[0] + 1 : strides[0],
                left : left + (out[1] - 1) * strides[1] + 1 : strides[1],
            ]
            rows.append(part.transpose(1, 0, 2, 3).reshape(image.shape[1], -1))
    return np.ascontiguousarray(np.concatenate(rows))
