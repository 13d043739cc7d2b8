# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Gradients of whole networks in FP32 against PyTorch, and the stages of
training programs against each other."""

import os
import warnings

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from random_training import Drawn, networks
from training_networks import NETWORKS, Problem, find_differences

import photonic


def compile_step(problem, **options):
    """The program of a step, and the names of its inputs."""
    with warnings.catch_warnings():
        # What PyTorch's tracer says about itself, remarks of the compiler.
        warnings.simplefilter("ignore")
        model = photonic.from_torch(problem.module, problem.x, training=True)
        exe = photonic.compile(
            model, batch=len(problem.x), train=True, loss=problem.loss_name,
            **{"optimizer": "sgd:lr=0.1", "emit_gradients": True, **options})
    (label,) = [t.name for t in exe.inputs if t.name not in model.inputs]
    return exe, {model.inputs[0]: problem.x.numpy(), label: problem.y.numpy()}


def get_step(problem, **options):
    """Everything a step computes, named as `Problem.get_gradients` does."""
    exe, inputs = compile_step(problem, **options)
    found = dict(exe.step(inputs))
    for tensor in exe.parameters:
        if tensor.name.rpartition(".")[2].startswith("running_"):
            found[tensor.name] = exe.read_state()[tensor.name]
    return found


def check_gradients(problem):
    exact = problem.get_gradients(torch.float64)
    single = problem.get_gradients(torch.float32)
    problems = find_differences(get_step(problem, format="fp32"), exact, single)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients(name):
    check_gradients(Problem.make(name))


def test_gradients_are_worth_testing():
    """No network whose signal died out, and some gradients that are zero but for
    rounding: biases in front of BatchNormalization."""
    zeros = []
    for name in NETWORKS:
        exact = Problem.make(name).get_gradients(torch.float64)
        for tensor, value in exact.items():
            if np.linalg.norm(value) < 1e-10:
                zeros.append((name, tensor))
            else:
                assert np.linalg.norm(value) > 1e-3, (name, tensor)
    assert set(zeros) == {("lenet_norm", "0.bias.grad"), ("lenet_norm", "4.bias.grad"),
                          ("dense", "1.bias.grad"), ("segments", "0.bias.grad")}


@pytest.mark.parametrize("name", ["lenet_norm", "branches", "grouped"])
@pytest.mark.parametrize("dataflow", ["df1", "df2"])
@pytest.mark.parametrize("memory", ["ideal"])
def test_mapping_changes_no_bit(name, dataflow, memory):
    problem = Problem.make(name)
    expected = get_step(problem, format="bfp:4:16")
    found = get_step(problem, format="bfp:4:16", dataflow=dataflow, memory=memory)
    assert found.keys() == expected.keys()
    for tensor, value in expected.items():
        assert found[tensor].tobytes() == value.tobytes(), tensor


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("text", ["bfp:4:16", "bfp:4:24:stochastic"])
def test_stages_agree(name, text, cli, tmp_path):
    """Each stage of the step computes the same bits."""
    problem = Problem.make(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = photonic.from_torch(problem.module, problem.x, training=True)
    model.save(tmp_path / "m.onnx")
    archive = tmp_path / "batch.npz"
    np.savez(archive, **{model.inputs[0]: problem.x.numpy(), "labels": problem.y.numpy()})
    result = cli.execute(
        "photonic-compile", tmp_path / "m.onnx", "--train", f"--loss={problem.loss_name}",
        "--optimizer=adam:lr=0.01", f"--batch={len(problem.x)}", f"--format={text}",
        f"--check={archive}", check=False)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("optimizer, make", [
    ("sgd:lr=0.1", lambda p: torch.optim.SGD(p, 0.1)),
    ("sgd:lr=0.1,momentum=0.9,weight_decay=0.01",
     lambda p: torch.optim.SGD(p, 0.1, 0.9, weight_decay=0.01)),
    ("sgd:lr=0.1,momentum=0.8,nesterov=true",
     lambda p: torch.optim.SGD(p, 0.1, 0.8, nesterov=True)),
    ("adam:lr=0.01", lambda p: torch.optim.Adam(p, 0.01)),
    ("adam:lr=0.01,beta1=0.8,beta2=0.9,eps=1e-4,weight_decay=0.1",
     lambda p: torch.optim.Adam(p, 0.01, (0.8, 0.9), 1e-4, 0.1)),
    ("adamw:lr=0.01", lambda p: torch.optim.AdamW(p, 0.01)),
])
def test_updates(optimizer, make):
    """Five steps on one batch, against PyTorch in float64."""
    problem = Problem.make("branches")
    exe, inputs = compile_step(problem, format="fp32", optimizer=optimizer)

    def train(dtype):
        module = problem.copy_module(dtype)
        update = make(module.parameters())
        for _ in range(5):
            update.zero_grad()
            problem.measure(module, problem.x.to(dtype), problem.y)[1].backward()
            update.step()
        return {n: v.detach().double().numpy() for n, v in module.named_parameters()}

    for _ in range(5):
        exe.step(inputs)
    found = {t.name: exe.read_state()[t.name] for t in exe.parameters}
    problems = find_differences(found, train(torch.float64), train(torch.float32))
    assert not problems, "\n".join(problems)


#
# Search
#

# Networks that once found a mistake, or stand for a corner that is easily missed.
KEPT = [
    # A value used three times, of which one is the result of a branch.
    {"shape": (2, 6, 6), "batch": 2, "classes": 3, "seed": 1, "head": "average",
     "layers": [("conv", 3, (3, 3), (1, 1), (1, 1), (1, 1, 1, 1), 1, True),
                ("activation", "relu"), ("concat", 1), ("branch", 2), ("add", 1),
                ("multiply", 0)]},
    # Padding on one side only, strides that leave a border without gradient.
    {"shape": (3, 7, 8), "batch": 3, "classes": 10, "seed": 2, "head": "flatten",
     "layers": [("conv", 2, (2, 3), (3, 2), (2, 1), (0, 2, 1, 0), 3, False),
                ("conv", 5, (1, 1), (2, 3), (1, 1), (0, 0, 0, 0), 2, True)]},
    # Windows that overlap, and one that reaches into the padding.
    {"shape": (1, 9, 5), "batch": 2, "classes": 0, "seed": 3, "head": "max",
     "layers": [("max", (3, 3), (1, 2), 1), ("average", (2, 3), (2, 1), 1, False),
                ("norm",), ("scale",)]},
    # A layer that the loss does not see.
    {"shape": (1, 4, 4), "batch": 2, "classes": 0, "seed": 0, "head": "flatten",
     "layers": [("conv", 1, (1, 1), (1, 1), (1, 1), (0, 0, 0, 0), 1, False),
                ("branch", 0), ("scale",)]},
    # The second normalisation takes out what the first one scales.
    {"shape": (1, 4, 4), "batch": 2, "classes": 0, "seed": 0, "head": "average",
     "layers": [("norm",), ("norm",)]},
]

# More examples, at random: PHOTONIC_SEARCH=500 pytest -k search
SEARCH = int(os.environ.get("PHOTONIC_SEARCH", "0"))


def with_examples(test):
    for spec in KEPT:
        test = example(spec)(test)
    return test


@with_examples
@settings(max_examples=SEARCH or 25, derandomize=not SEARCH, deadline=None,
          database=None, print_blob=False,
          suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(networks)
def test_search_for_wrong_gradients(spec):
    module = Drawn(spec)
    check_gradients(Problem(module, spec["shape"], spec["classes"], spec["batch"],
                            spec["seed"]))
