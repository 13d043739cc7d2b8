# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Loss curves in FP32 beside PyTorch's: same weights, order, optimiser."""

import contextlib
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from photonic.training_data import get_order
from training_networks import Problem

import photonic

BATCH, EPOCHS = 32, 2
EXACT_STEPS = 20

OPTIMIZERS = {
    "sgd:lr=0.01,momentum=0.9,weight_decay=1e-4":
        lambda p: torch.optim.SGD(p, 0.01, 0.9, weight_decay=1e-4),
    "adam:lr=1e-3": lambda p: torch.optim.Adam(p, 1e-3),
}


@pytest.fixture(scope="module")
def digits():
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples" / "training"))
    import digits

    sys.path.pop(0)
    return digits.load(0)[0]


@contextlib.contextmanager
def backend(name):
    """One of the ways in which PyTorch computes the same."""
    threads, mkldnn = torch.get_num_threads(), torch.backends.mkldnn.enabled
    torch.set_num_threads(2 if name == "threads" else 1)
    torch.backends.mkldnn.enabled = name != "native"
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.backends.mkldnn.enabled = mkldnn


BACKENDS = ["plain", "threads", "native", "channels_last", "float64"]


def train_with_pytorch(problem, make, x, y, name):
    """The loss of each step."""
    dtype = torch.float64 if name == "float64" else torch.float32
    layout = torch.channels_last if name == "channels_last" else torch.contiguous_format
    losses = []
    with backend(name):
        module = problem.copy_module(dtype).to(memory_format=layout)
        update = make(module.parameters())
        for epoch in range(EPOCHS):
            order = torch.tensor(get_order(len(y), True, 1, epoch))
            for batch in order[: len(y) // BATCH * BATCH].split(BATCH):
                update.zero_grad()
                images = x[batch].to(dtype).to(memory_format=layout)
                loss = problem.measure(module, images, y[batch])[1]
                loss.backward()
                update.step()
                losses.append(loss.item())
    return np.array(losses)


@pytest.mark.filterwarnings("ignore::photonic.TrainingWarning")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", ["lenet", "lenet_norm"])
def test_loss_curve(name, optimizer, digits):
    problem = Problem.make(name)
    x, y = digits
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = photonic.from_torch(problem.module, problem.x, training=True)
    trainer = photonic.Trainer(model, optimizer=optimizer, batch=BATCH, format="fp32")
    found = np.array(trainer.fit(x, y, EPOCHS, seed=1).loss)
    x, y = torch.tensor(x), torch.tensor(y)
    curves = np.array([
        train_with_pytorch(problem, OPTIMIZERS[optimizer], x, y, b) for b in BACKENDS])
    assert found.shape == curves.shape[1:] and found[-1] < 0.5 * found[0]
    # The first steps follow PyTorch; later ones drift, no further than PyTorch's
    # own ways of computing drift from each other.
    distance = np.abs(found - curves[0])
    spread = np.maximum.accumulate(np.ptp(curves, axis=0))
    early = distance[:EXACT_STEPS]
    assert (early <= 1e-5).all(), (early.argmax(), early.max())
    allowed = np.maximum(1e-5, 4 * spread)
    worst = (distance - allowed).argmax()
    assert (distance <= allowed).all(), (worst, distance[worst], spread[worst])
