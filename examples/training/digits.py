#!/usr/bin/env python3
# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The handwritten digits of digits.npz as images of 28 x 28 pixels.

    digits.py [--seed N] [--output-dir DIR]

writes DIR/train.npz and DIR/test.npz, each with "image" [N, 1, 28, 28] float32
in [0, 1] and "labels" [N] int64: a random fifth is the test, which is also in
DIR/test_image.npy and DIR/test_labels.npy. Other scripts import `load`. Needs NumPy
only.
"""

import argparse
import pathlib

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
SIZE = 28
TEST_SHARE = 5  # one in so many


def enlarge(images, size):
    """Bilinear, [N, H, W] to [N, size, size]; pixels are squares, and in front of
    the centre of the first and behind that of the last one the value stays."""

    def stretch(array, axis):
        old = array.shape[axis]
        place = np.clip((np.arange(size) + 0.5) * old / size - 0.5, 0, old - 1)
        low = np.minimum(place.astype(int), old - 2)
        share = (place - low).reshape([-1 if d == axis else 1 for d in range(3)])
        below, above = array.take(low, axis), array.take(low + 1, axis)
        return below * (1 - share) + above * share

    return stretch(stretch(images, 1), 2)


def load(seed=0):
    """(images, labels) to train with, and the same to test with; which digits
    are which depends on the seed."""
    with np.load(HERE / "digits.npz") as file:
        small, labels = file["images"], file["labels"].astype(np.int64)
    images = enlarge(small / 16.0, SIZE).astype(np.float32)[:, None]
    order = np.argsort(np.random.Philox(key=[seed, 0]).random_raw(len(labels)))
    held = -(-len(labels) // TEST_SHARE)
    test, train = order[:held], order[held:]
    return (images[train], labels[train]), (images[test], labels[test])


def main():
    """Writes the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output-dir", type=pathlib.Path, default=pathlib.Path())
    options = parser.parse_args()
    options.output_dir.mkdir(parents=True, exist_ok=True)
    for name, (images, labels) in zip(("train", "test"), load(options.seed)):
        path = options.output_dir / f"{name}.npz"
        np.savez(path, image=images, labels=labels)
        print(f"{path}: {len(labels)} digits")
    np.save(options.output_dir / "test_image.npy", images)
    np.save(options.output_dir / "test_labels.npy", labels)


if __name__ == "__main__":
    main()
