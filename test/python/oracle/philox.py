# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Counter-based random numbers: Philox4x32-10.

J. Salmon, M. Moraes, R. Dror, D. Shaw: "Parallel random numbers: as easy as
1, 2, 3", SC 2011, section 3.3 and table 2.
"""

from dataclasses import dataclass

import numpy as np

_WORD = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def encrypt(counter, key):
    """The four output words of `counter` (four words, arrays welcome)."""
    c = [np.asarray(word, np.uint64) for word in counter]
    k0, k1 = (int(word) for word in key)
    for _ in range(10):
        first = c[0] * np.uint64(0xD2511F53)
        second = c[2] * np.uint64(0xCD9E8D57)
        c = [
            (second >> _HALF) ^ c[1] ^ np.uint64(k0),
            second & _WORD,
            (first >> _HALF) ^ c[3] ^ np.uint64(k1),
            first & _WORD,
        ]
        k0 = (k0 + 0x9E3779B9) & 0xFFFFFFFF
        k1 = (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c


@dataclass(frozen=True)
class Key:
    """What one step's random numbers depend on: the state photonic.rng."""

    seed: int = 0
    trial: int = 0
    step: int = 0

    def uniform(self, elements, stream):
        """Numbers in [0, 1), multiples of 2^-24, of the given element numbers."""
        elements = np.asarray(elements, np.uint64)
        block = elements >> np.uint64(2)
        words = encrypt(
            (block & _WORD, block >> _HALF, stream, self.step),
            (self.seed, self.trial),
        )
        words = np.stack(np.broadcast_arrays(*words))
        lane = (elements & np.uint64(3)).astype(np.intp)
        chosen = np.take_along_axis(words, lane[None], axis=0)[0]
        return (chosen >> np.uint64(8)).astype(np.float64) * 2.0**-24


@dataclass(frozen=True)
class Stream:
    """The random numbers of one product: its key, and its number in the graph."""

    key: Key
    number: int

    def draw(self, operand, rows, length, group=0):
        """float64 [rows, length] for operand 0 or 1 of group `group`."""
        first = group * rows * length
        elements = first + np.arange(rows * length, dtype=np.uint64)
        numbers = self.key.uniform(elements, 2 * self.number + operand)
        return numbers.reshape(rows, length)
