# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random weights, as PyTorch draws them by default.

Weights and biases of a layer with n inputs per output are uniform in
[-1/sqrt(n), 1/sqrt(n)]; normalisations start as the identity.
"""

import numpy as np


def draw_weights(shapes, seed):
    """Arrays by name for {name: shape}; a layer's names share what is in front of
    the last dot ("conv1.weight", "conv1.bias")."""
    rng = np.random.Generator(np.random.Philox(key=[seed, 1]))
    arrays = {}
    for name, shape in shapes.items():
        layer, _, kind = name.rpartition(".")
        weight = shapes.get(f"{layer}.weight", shape)
        if kind in ("weight", "bias") and len(weight) > 1:
            bound = 1 / np.sqrt(np.prod(weight[1:]))
            arrays[name] = rng.uniform(-bound, bound, shape).astype(np.float32)
        else:
            value = 1 if kind in ("weight", "running_var") else 0
            arrays[name] = np.full(shape, value, np.float32)
    return arrays


def initialize(trainer, seed):
    """Gives a photonic.Trainer the weights of `seed`."""
    shapes = {t.name: t.shape for t in trainer.program.parameters}
    trainer.program.write_state(draw_weights(shapes, seed), partial=True)
