# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Stages: the check between them, and restarting behind each."""

import numpy as np
import pytest

import models

STAGES = ["import", "autodiff", "lower", "format", "split", "tile", "schedule"]


def check(model, inputs, cli, tmp_path, *options):
    archive = tmp_path / "x.npz"
    np.savez(archive, **inputs)
    return cli.execute("photonic-compile", model, f"--check={archive}",
                         *options, check=False)


@pytest.mark.parametrize("memory", ["ideal", "hierarchy"])
@pytest.mark.parametrize("name", ["lenet5", "lenet5_tanh"])
def test_stages_agree(name, memory, cli, networks, tmp_path):
    inputs = {"input": networks.get_input(name, 2)}
    result = check(networks.get_model(name), inputs, cli, tmp_path,
                   "--batch=2", f"--memory={memory}")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("dataflow", ["df1", "df2"])
@pytest.mark.parametrize("memory", ["ideal", "hierarchy"])
def test_stages_of_all_operations_agree(memory, dataflow, cli, tmp_path):
    model = tmp_path / "m.onnx"
    models.make_all_ops(model)
    x = np.random.default_rng(5).standard_normal((2, 5, 17, 15)).astype("f4")
    result = check(model, {"x": x}, cli, tmp_path, f"--memory={memory}",
                   f"--dataflow={dataflow}")
    assert result.returncode == 0, result.stderr


def test_wrong_input_of_the_check(cli, networks, tmp_path):
    model = networks.get_model("lenet5")
    x = networks.get_input("lenet5", 3)
    result = check(model, {"input": x}, cli, tmp_path, "--batch=2")
    assert result.returncode == 1 and "3" in result.stderr
    result = check(model, {"image": x[:2]}, cli, tmp_path, "--batch=2")
    assert result.returncode == 1 and "image" in result.stderr


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("memory", ["ideal", "hierarchy"])
def test_restart(stage, memory, cli, networks, tmp_path):
    """Saved IR continues to the same program, byte for byte."""
    whole = networks.get_program("lenet5", f"--memory={memory}")
    saved, program = tmp_path / "saved.mlir", tmp_path / "m.phx"
    options = [f"--memory={memory}"]
    cli.execute("photonic-compile", networks.get_model("lenet5"), "--batch=1",
                  f"--compile-to={stage}", "-o", saved, *options)
    # The memory model is settled by `schedule`; giving it again is refused.
    rest = options if stage != "schedule" else []
    cli.compile(saved, program, f"--compile-from={stage}", *rest)
    first, second = (cli.disassemble(p).splitlines() for p in (whole, program))
    # The name of the program is that of its file.
    assert first[2:] == second[2:]


#
# Training
#


def check_training(model, inputs, classes, cli, tmp_path, *options):
    """Checks a training step with cross-entropy on inputs with labels."""
    batch = len(next(iter(inputs.values())))
    labels = np.random.default_rng(1).integers(0, classes, batch)
    return check(model, {**inputs, "labels": labels}, cli, tmp_path, "--train",
                 "--loss=cross_entropy", *options)


@pytest.mark.parametrize("options", [
    ["--optimizer=sgd:lr=0.1,momentum=0.9,weight_decay=1e-4"],
    ["--optimizer=adam:lr=1e-3", "--emit-gradients", "--format=fp32"],
    ["--optimizer=sgd:lr=0.1", "--format=bfp:4:16:stochastic", "--dataflow=df1"],
    ["--optimizer=sgd:lr=0.1", "--freeze=^0[.]", "--dataflow=df2"],
], ids=["momentum", "adam", "stochastic", "freeze"])
@pytest.mark.parametrize("name", ["lenet5", "lenet5_tanh"])
def test_stages_of_training_agree(name, options, cli, networks, tmp_path):
    inputs = {"input": networks.get_input(name, 4)}
    done = check_training(networks.get_model(name), inputs, 10, cli, tmp_path,
                          "--batch=4", *options)
    assert done.returncode == 0, done.stderr
    assert "updates equal bit for bit" in done.stdout.splitlines()[-1]


def test_a_check_of_training_needs_labels(cli, networks, tmp_path):
    model, x = networks.get_model("lenet5"), networks.get_input("lenet5", 2)
    options = ["--batch=2", "--train", "--loss=cross_entropy", "--optimizer=sgd"]
    done = check(model, {"input": x}, cli, tmp_path, *options)
    assert done.returncode == 1 and "no array 'labels'" in done.stderr
    done = check(model, {"input": x, "labels": np.array([3, 10])}, cli, tmp_path, *options)
    assert done.returncode == 1
    assert "class numbers in [0, 10), element 1 is 10" in done.stderr


@pytest.mark.parametrize("stage", ["import", "autodiff", "lower", "tile"])
def test_restart_of_training(stage, cli, networks, tmp_path):
    """The IR of a training step continues to the same program."""
    train = ["--train", "--loss=cross_entropy", "--optimizer=sgd:lr=0.1,momentum=0.9"]
    model = networks.get_model("lenet5")
    whole, saved, program = (tmp_path / n for n in ("whole.phx", "saved.mlir", "m.phx"))
    cli.execute("photonic-compile", model, "--batch=2", *train, "-o", whole)
    cli.execute("photonic-compile", model, "--batch=2", *train,
                f"--compile-to={stage}", "-o", saved)
    rest = train if stage == "import" else []
    cli.execute("photonic-compile", saved, f"--compile-from={stage}", *rest, "-o", program)
    assert program.read_bytes() == whole.read_bytes()
