# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""A training loss that rises is told, once, and one that only jumps is not."""

import json
import re
import warnings

import numpy as np
import pytest
import torch
from photonic.loss_watch import find_rise
from test_training import make_data
from torch import nn

import photonic


def make_history(epochs, steps=44, noise=0.01, spikes=()):
    """Losses around the given means; `spikes`: (step, loss)."""
    rng = np.random.default_rng(0)
    losses = [m + noise * rng.standard_normal() for m in epochs for _ in range(steps)]
    for step, loss in spikes:
        losses[step] = loss
    nans = [float("nan")] * len(losses)
    return photonic.History(steps, losses, nans, nans, nans, nans)


@pytest.mark.parametrize("epochs, options, expected", [
    ([2.3, 1.0, 0.5, 0.2], {}, None),
    ([2.3], {}, None),
    ([], {"steps": 0}, None),
    # Above the first.
    ([2.3, 2.29, 2.35], {}, "2.3 on average in epoch 1, 2.349 on average in epoch 3$"),
    ([2.3, 9.0], {}, "2.3.* at the start, 9.002 on average in epoch 2"),
    # Lost in the first epoch.
    ([8.0], {"spikes": [(i, 2.3) for i in range(9)]}, "2.3 at the start, 6.8.* in epoch 1"),
    # Within the noise, or too little to matter.
    ([2.3, 2.31], {"noise": 0.3}, None),
    ([2.3, 2.305], {"noise": 0}, None),
    # A plateau at the beginning.
    ([2.303, 2.302, 2.303, 2.301, 2.303], {}, None),
    # Some steps of an enormous loss.
    ([2.3, 1.7, 0.5], {"spikes": [(50, 60.0), (51, 30.0)]}, None),
    ([2.3, 2.31, 2.32], {"spikes": [(100, 60.0)]}, "2.3 on average in epoch 1, 3.6"),
    # Lost again, to less than at the beginning.
    ([2.3, 0.2, 1.2], {"noise": 0.1}, "0.22.* in epoch 2, 1.19.* in epoch 3"),
    ([2.3, 0.2, 0.4], {"noise": 0.1}, None),
    # Epochs of single steps.
    ([2.3, 2.4], {"steps": 1, "noise": 0}, None),
    ([2.3, 2.6], {"steps": 1, "noise": 0}, "in epoch 1, 2.6 on average in epoch 2"),
])
def test_rule(epochs, options, expected):
    found = find_rise(make_history(epochs, **options))
    if expected is None:
        assert found is None
    else:
        assert re.search(expected, found), found


def test_runs_of_the_study(source_dir):
    """Per epoch the study has means only, taken here as losses of all steps: those
    that learn are left alone, and of those that do not, all that rise are found."""
    rising = 0
    for line in (source_dir / "docs" / "studies" / "accuracy.jsonl").read_text().splitlines():
        run = json.loads(line)
        losses = run["loss"]
        found = any(find_rise(make_history(losses[:n], steps=9, noise=0))
                    for n in range(2, len(losses) + 1))
        falls = all(b < a + 0.1 * losses[0] for a, b in zip(losses, losses[1:]))
        if run["test_accuracy"][-1] > 0.9 and falls and max(losses) <= losses[0]:
            assert not found, run
        if losses[-1] > 1.1 * losses[0]:
            assert found, run
            rising += 1
    assert rising > 20


def make_trainer(format, rate):
    torch.manual_seed(0)
    module = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 3))
    model = photonic.from_torch(module, torch.zeros(2, 1, 8, 8), training=True)
    return photonic.Trainer(model, optimizer=f"sgd:lr={rate}", batch=16, format=format)


@pytest.mark.parametrize("format, remedy", [
    ("bfp:4:16", "try the format bfp:4:16:nearest, BatchNormalization behind each layer"),
    ("bfp:4:16:nearest", "; try a tenth of the learning rate"),
])
def test_a_fit_warns_once(format, remedy):
    x, y = make_data(160)
    y = np.random.default_rng(1).permutation(y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = make_trainer(format, 3.0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trainer.fit(x, y, 6)
    found = [w for w in caught if issubclass(w.category, photonic.LossWarning)]
    assert len(found) == 1, trainer.history.loss
    text = str(found[0].message)
    assert text.startswith("the training loss rises: ") and remedy in text
    assert text.endswith("(docs/guides/my-network-does-not-learn.md)")
    assert found[0].filename == __file__


def test_a_fit_that_learns_says_nothing():
    x, y = make_data(160)
    with warnings.catch_warnings():
        warnings.simplefilter("error", photonic.LossWarning)
        warnings.simplefilter("ignore", photonic.CompileWarning)
        history = make_trainer("bfp:4:16:nearest", 0.05).fit(x, y, 6)
    assert history.get_epoch(5)["loss"] < history.get_epoch(0)["loss"]


def test_remarks_of_the_compiler_reach_the_user():
    """Once, at the line of the user, and not again for the evaluation."""
    from photonic import compiler

    build = compiler.build
    x, y = make_data(32)
    with warnings.catch_warnings(record=True) as caught, pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("always")
        patch.setattr(compiler, "build",
                      lambda *a, **o: (build(*a, **o)[0], "warning: truncated"))
        trainer = make_trainer("bfp:4:16", 0.01)
        trainer.evaluate(x, y)
    found = [w for w in caught if issubclass(w.category, photonic.CompileWarning)]
    assert [str(w.message) for w in found] == ["warning: truncated"]
    assert found[0].filename == __file__
