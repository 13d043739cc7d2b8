# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Whole training steps against the NumPy oracle, bit for bit: loss, outputs,
gradients, and everything that persists."""

import warnings

import pytest
from bits import assert_same_bits
from hypothesis import HealthCheck, given, settings
from oracle import Format, Step
from random_training import Drawn, networks
from torch import nn
from training_networks import NETWORKS, Problem

import photonic

CASES = [
    ("bfp:4:16", "sgd:lr=0.05,momentum=0.9,weight_decay=0.01"),
    ("bfp:4:24:stochastic", "adam:lr=0.01"),
    ("bfp:3:8:nearest", "sgd:lr=0.1"),
]


class Training:
    """One network as a program, and as IR behind the stage `autodiff`."""

    def __init__(self, problem, text, optimizer, cli, folder):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = photonic.from_torch(problem.module, problem.x, training=True)
        model.save(folder / "m.onnx")
        options = ["--train", f"--loss={problem.loss_name}", "--emit-gradients",
                   f"--optimizer={optimizer}", f"--batch={len(problem.x)}"]
        cli.execute("photonic-compile", folder / "m.onnx", *options,
                    "--compile-to=autodiff", "-o", folder / "m.mlir")
        generic = cli.execute("photonic-opt", "--mlir-print-debuginfo=false", "--mlir-print-op-generic",
                              folder / "m.mlir").stdout
        self.step = Step(generic)
        cli.compile(folder / "m.onnx", folder / "m.phx", *options, f"--format={text}")
        self.exe = photonic.load(folder / "m.phx")
        self.format = Format.parse(text)
        self.batch = {model.inputs[0]: problem.x.numpy(), "labels": problem.y.numpy()}

    def compare(self, number):
        """One step of both from the same state."""
        state = self.exe.read_state()
        outputs, updates = self.step.run({**self.batch, **state}, self.format)
        found = self.exe.step(self.batch)
        assert found.keys() == outputs.keys()
        for name, value in outputs.items():
            assert_same_bits(found[name], value, f"step {number} {name}")
        after = self.exe.read_state()
        for name, value in updates.items():
            assert_same_bits(after[name], value, f"step {number} {name}")
        for name in after.keys() - updates.keys():
            assert_same_bits(after[name], state[name], f"step {number} {name}")


@pytest.mark.parametrize("text, optimizer", CASES)
@pytest.mark.parametrize("name", NETWORKS)
def test_steps(name, text, optimizer, cli, tmp_path):
    training = Training(Problem.make(name), text, optimizer, cli, tmp_path)
    if training.exe.seed is not None:
        training.exe.seed = 1234
    for number in range(2):
        training.compare(number)
    changed = training.exe.read_state()
    fresh = photonic.load(tmp_path / "m.phx").read_state()
    assert any((changed[name] != fresh[name]).any() for name in changed)


def test_dropout(cli, tmp_path):
    """Masks are new in each step, and the same in forward and backward pass."""
    module = nn.Sequential(nn.Flatten(), nn.Linear(48, 20), nn.Dropout(0.4), nn.ReLU(),
                           nn.Linear(20, 5), nn.Dropout(0.25))
    problem = Problem(module, (3, 4, 4), 5, 7)
    training = Training(problem, "bfp:4:16", "sgd:lr=0.1", cli, tmp_path)
    training.exe.seed = 77
    masks = []
    for number in range(3):
        training.compare(number)
        masks.append(training.exe.step(training.batch)["output"] == 0)
    assert all(0.05 < mask.mean() < 0.6 for mask in masks)
    assert masks[0].tobytes() != masks[1].tobytes()


@settings(max_examples=10, derandomize=True, deadline=None, database=None,
          suppress_health_check=list(HealthCheck))
@given(networks)
def test_random_networks(cli, tmp_path_factory, spec):
    problem = Problem(Drawn(spec), spec["shape"], spec["classes"], spec["batch"],
                      spec["seed"])
    text = ["bfp:4:16", "bfp:4:20:nearest", "bfp:3:16:stochastic"][spec["seed"] % 3]
    training = Training(problem, text, "sgd:lr=0.01,momentum=0.9", cli,
                        tmp_path_factory.mktemp("random"))
    training.compare(0)
