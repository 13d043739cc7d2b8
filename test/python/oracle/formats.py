# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Block floating point (docs/isa.md section 6.1)."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Format:
    """`bfp:bits:group[:rounding]`, or plain binary32 if `bits` is 0.

    Groups may have any length; how many columns an array has is no matter of
    arithmetic.
    """

    bits: int = 4
    group: int = 16
    rounding: str = "trunc"

    @staticmethod
    def parse(text):
        if text == "fp32":
            return Format(bits=0)
        fields = text.split(":")
        assert fields[0] == "bfp", text
        return Format(int(fields[1]), int(fields[2]), *fields[3:4])


class Blocks:
    """A matrix whose rows are cut into blocks.

    mantissas: float32 [rows, blocks, group], integers of magnitude below
               2^bits; exact in float32, which lets BLAS multiply them
    exponents: int32 [rows, blocks], of the largest element; -127 for a block
               of zeros
    """

    def __init__(self, mantissas, exponents, bits):
        self.mantissas = mantissas
        self.exponents = exponents
        self.bits = bits

    def __getitem__(self, rows):
        return Blocks(self.mantissas[rows], self.exponents[rows], self.bits)

    def get_exponent_range(self):
        """Smallest and largest exponent of blocks that are not zero, or None."""
        used = self.exponents[self.exponents > -127]
        return (int(used.min()), int(used.max())) if used.size else None

    def get_values(self):
        """What the blocks stand for: float32 [rows, blocks, group].

        Exact: a mantissa times a power of two that binary32 has.
        """
        scale = np.ldexp(np.float32(1), self.exponents - (self.bits - 1))
        return self.mantissas * scale[..., None]


# Elements converted at a time: keeps intermediate arrays in the cache.
CHUNK = 1 << 18


def convert(matrix, fmt, uniform=None):
    """Cuts the rows of a float32 matrix into blocks and converts each.

    uniform: for stochastic rounding, a number in [0, 1) per element
    """
    rows, length = matrix.shape
    blocks = -(-length // fmt.group)
    mantissas = np.empty((rows, blocks, fmt.group), np.float32)
    exponents = np.empty((rows, blocks), np.int32)
    step = max(1, CHUNK // max(1, blocks * fmt.group))
    for i in range(0, rows, step):
        part = slice(i, i + step)
        drawn = None if uniform is None else uniform[part]
        _convert_rows(matrix[part], fmt, mantissas[part], exponents[part], drawn)
    return Blocks(mantissas, exponents, fmt.bits)


def _convert_rows(matrix, fmt, mantissas, exponents, uniform):
    if not np.isfinite(matrix).all():
        raise ValueError("infinity or NaN enters a conversion")
    x = np.zeros(mantissas.shape, np.float32)
    x.reshape(len(x), -1)[:, : matrix.shape[1]] = matrix
    biased = (x.view(np.int32) >> 23) & 0xFF
    exponents[...] = biased.max(axis=2) - 127
    # |x| * 2^(bits - 1 - E) is exact in binary64, and in binary32 as long as
    # the power of two is normal.
    used = np.where(exponents == -127, 0, exponents)
    dtype = np.float32 if np.abs(used).max(initial=0) < 100 else np.float64
    scale = np.ldexp(np.ones((), dtype), fmt.bits - 1 - used)
    scaled = np.where(biased == 0, dtype(0), x) * scale[..., None]
    limit = 2.0**fmt.bits - 1
    if fmt.rounding == "trunc":
        integers = np.trunc(scaled)
    elif fmt.rounding == "nearest":
        integers = np.clip(np.rint(scaled), -limit, limit)
    elif fmt.rounding == "stochastic":
        integers = _round_stochastically(scaled, uniform, limit)
    else:
        raise ValueError(f"rounding {fmt.rounding}")
    # + 0 turns -0, which an integer does not have, into +0.
    mantissas[...] = integers + 0.0


def _round_stochastically(scaled, uniform, limit):
    """Adds a number in [0, 1) to each magnitude before truncation.

    Exact in binary64: the numbers are multiples of 2^-24, magnitudes have 24
    significant bits, and below 2^-24 no magnitude carries into the integers.
    """
    added = np.zeros(scaled.shape, np.float64)
    added.reshape(len(added), -1)[:, : uniform.shape[1]] = uniform
    magnitude = np.minimum(np.trunc(np.abs(scaled.astype(np.float64)) + added), limit)
    return np.copysign(magnitude, scaled)
