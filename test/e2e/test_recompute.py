# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Layers that are computed again for the backward pass: the same bits."""

import numpy as np
import onnx
import photonic
import pytest
from bits import assert_same_bits

STEPS = 2
NETWORKS = ["lenet5", "lenet5_tanh"]


def get_layers(model):
    """Names of the convolutions and activations."""
    return [node.name for node in onnx.load(model).graph.node
            if node.op_type in ("Conv", "Relu", "Tanh")]


def train(networks, name, recompute, **options):
    exe = photonic.compile(
        networks.get_model(name), batch=4, train=True, loss="cross_entropy",
        optimizer="sgd:lr=0.1,momentum=0.9", recompute=recompute, **options)
    rng = np.random.default_rng(3)
    x = networks.get_input(name, 4)
    losses = [exe.step({exe.inputs[0].name: x, "labels": rng.integers(0, 10, 4)})["loss"]
              for _ in range(STEPS)]
    return exe, losses


@pytest.mark.parametrize("memory", ["ideal", "hierarchy"])
@pytest.mark.parametrize("format", ["bfp:4:16", "bfp:4:16:stochastic", "fp32"])
@pytest.mark.parametrize("name", NETWORKS)
def test_changes_no_bit(name, format, memory, networks):
    layers = get_layers(networks.get_model(name))
    plain, losses = train(networks, name, (), format=format, memory=memory)
    again, same = train(networks, name, layers, format=format, memory=memory)
    for step, (a, b) in enumerate(zip(losses, same)):
        assert_same_bits(b, a, f"step {step} loss")
    state = plain.read_state()
    for key, value in again.read_state().items():
        assert_same_bits(value, state[key], key)
    # Repeating a convolution is work; behind scratchpads it may save more.
    assert memory == "hierarchy" or again.cost[1] > plain.cost[1]
