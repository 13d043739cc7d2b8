# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Comparison to the last bit, and to the last femtosecond."""

import numpy as np
import pytest


def assert_same_bits(found, expected, what=""):
    """Equal shapes and equal bits; otherwise says where and by how much."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.dtype == expected.dtype == np.float32, what
    assert found.shape == expected.shape, (what, found.shape, expected.shape)
    different = found.view(np.uint32) != expected.view(np.uint32)
    if different.any():
        first = tuple(int(i[0]) for i in np.nonzero(different))
        pytest.fail(
            f"{what}: {int(different.sum())} of {different.size} elements "
            f"differ, first at {first}: found {found[first]!r}, expected "
            f"{expected[first]!r}"
        )


def to_fs(nanoseconds):
    """Femtoseconds, which times of reports are whole numbers of."""
    return round(nanoseconds * 1e6)
