# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Small forward models after public reports: every parameter gets its gradient."""

from pathlib import Path

import numpy as np
import onnx
import pytest

FOLDER = Path(__file__).parent / "reported" / "training"


class Step:
    """A compiled training step with inputs: what it computes for a state."""

    def __init__(self, name, cli, directory, *options):
        self.cli, self.directory = cli, directory
        model = onnx.load(FOLDER / f"{name}.onnx")
        self.parameters = {tensor.name: onnx.numpy_helper.to_array(tensor)
                           for tensor in model.graph.initializer}
        done = cli.execute(
            "photonic-compile", FOLDER / f"{name}.onnx", "--train", "--loss=mse",
            "--emit-gradients", "--format=fp32", *options, "-o",
            directory / "step.phx")
        self.messages = done.stderr
        with np.load(FOLDER / f"{name}.npz") as archive:
            self.inputs = dict(archive)
        shape = self.run_inference(name).shape
        random = np.random.default_rng(3)
        self.inputs["labels"] = random.standard_normal(shape).astype(np.float32)

    def run_inference(self, name):
        program = self.directory / "forward.phx"
        self.cli.compile(FOLDER / f"{name}.onnx", program, "--format=fp32",
                         "--mutable-parameters")
        values = self.cli.run(program, self.inputs, self.directory / "forward")
        return next(iter(values.values()))

    def run(self, state):
        file = self.directory / "state.npz"
        np.savez(file, **state)
        return self.cli.run(self.directory / "step.phx", self.inputs,
                            self.directory / "run", "--state", file)

    def get_loss(self, state):
        return float(self.run(state)["loss"].reshape(()))


def get_state(step, cli, tmp_path):
    """The state before the first step."""
    file = tmp_path / "first.npz"
    arguments = []
    for name, value in step.inputs.items():
        np.save(tmp_path / f"{name}.npy", value)
        arguments += ["--input", f"{name}={tmp_path / name}.npy"]
    cli.execute("photonic-run", tmp_path / "step.phx", *arguments, "--quiet",
                "--no-compare", "--save-state", file)
    with np.load(file) as archive:
        return dict(archive)


@pytest.mark.parametrize("name", ["tr_bn_twice", "tr_identity_weight", "tr_param_scaled_scalar"])
def test_gradients_are_differences(name, cli, tmp_path):
    step = Step(name, cli, tmp_path)
    state = get_state(step, cli, tmp_path)
    state |= {key: step.parameters[key] for key in state if key in step.parameters}
    outputs = step.run(state)
    learned = {key.removesuffix(".grad") for key in outputs if key.endswith(".grad")}
    # Statistics are averaged and not learned; all others are.
    assert learned == set(step.parameters) - {"mu", "va"}
    random = np.random.default_rng(4)
    for parameter in sorted(learned):
        value, gradient = state[parameter], outputs[f"{parameter}.grad"]
        scale = max(np.abs(gradient).max(), 1e-2)
        for _ in range(2):
            place = tuple(random.integers(0, extent) for extent in value.shape)
            losses = []
            for sign in (1, -1):
                moved = value.copy()
                moved[place] += sign * 1e-2
                losses.append(step.get_loss(state | {parameter: moved}))
            difference = (losses[0] - losses[1]) / 2e-2
            assert abs(difference - gradient[place]) < 2e-2 * scale, (parameter, place)


def test_exponents_of_what_is_negative(cli, tmp_path):
    """Their derivative does not exist: the step stops and says where."""
    step = Step("tr_pow_learned_exp", cli, tmp_path, "--optimizer=sgd:lr=0.1")
    assert (step.inputs["x"] < 0).any()
    arguments = []
    for name, value in step.inputs.items():
        np.save(tmp_path / f"{name}.npy", value)
        arguments += ["--input", f"{name}={tmp_path / name}.npy"]
    done = cli.execute("photonic-run", tmp_path / "step.phx", *arguments, "--quiet",
                       "--no-compare", check=False)
    assert done.returncode == 1 and "left nan in tensor 'e'" in done.stderr
    assert "2 parameters" in step.messages
