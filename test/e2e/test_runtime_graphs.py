# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Training graphs of ONNX Runtime, on the machine, against ONNX Runtime.

The artifacts and the values that ONNX Runtime computed with them are made by
test/Import/ONNX/Inputs/make_ort_models.py.
"""

import numpy as np
import pytest
from conftest import ROOT

FOLDER = ROOT / "test" / "Import" / "ONNX" / "Inputs" / "ort"
NETWORKS = ["plain", "residual", "branches"]


@pytest.fixture
def step(tmp_path):
    """step(network): arguments of photonic-compile, inputs, expected values."""

    def make(name):
        values = dict(np.load(FOLDER / name / "values.npz"))
        inputs = {k: values[k] for k in ("image", "labels", "target") if k in values}
        inputs["lazy_reset_grad"] = np.ones(1, np.float32)
        archive = tmp_path / "inputs.npz"
        np.savez(archive, **inputs)
        options = [FOLDER / name / "training.onnx",
                   f"--optimizer={FOLDER / name / 'optimizer.onnx'}:lr=0.01"]
        if name != "residual":
            options.append("--batch=4")
        return options, archive, values

    return make


@pytest.mark.parametrize("name", NETWORKS)
def test_stages_agree(name, step, cli):
    options, archive, _ = step(name)
    done = cli.execute("photonic-compile", *options, f"--check={archive}", check=False)
    assert done.returncode == 0, done.stderr
    assert "updates equal bit for bit" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_and_parameters(name, step, cli, tmp_path):
    options, archive, values = step(name)
    program, state = tmp_path / "step.phx", tmp_path / "after.npz"
    cli.execute("photonic-compile", *options, "--format=fp32", "-o", program)
    cli.execute("photonic-run", program, "--input", archive, "--save-state", state,
                "--output-dir", tmp_path / "out", "--quiet")
    after = dict(np.load(state))
    (loss,) = [np.load(path) for path in (tmp_path / "out").iterdir()]
    np.testing.assert_allclose(loss.ravel(), values["loss"], rtol=1e-6)
    scale = max(np.linalg.norm(v) for k, v in values.items() if k.endswith(".grad"))
    compared = 0
    for key, expected in values.items():
        if not key.endswith(".grad"):
            continue
        parameter = key.removesuffix(".grad")
        gradient = after[parameter + "_grad.accumulation.buffer"]
        # What is zero in theory is rounding, beside the other gradients.
        distance = np.linalg.norm(gradient - expected)
        assert distance <= 2e-6 * np.linalg.norm(expected) + 1e-7 * scale, key
        # AdamW makes steps of full length out of rounding.
        if np.linalg.norm(expected) > 1e-6 * scale:
            np.testing.assert_allclose(after[parameter], values[parameter + ".next"],
                                       rtol=1e-5, atol=1e-6, err_msg=key)
        compared += 1
    assert compared >= 8


def test_gradients_accumulate_until_they_are_reset(step, cli, tmp_path):
    """Two steps without a reset add up; the buffers persist in the state."""
    options, archive, values = step("branches")
    options = [o for o in options if not str(o).startswith("--optimizer")]
    program = tmp_path / "step.phx"
    cli.execute("photonic-compile", *options, "--format=fp32", "-o", program)
    inputs = dict(np.load(archive))
    inputs["lazy_reset_grad"] = np.zeros(1, np.float32)
    keep = tmp_path / "keep.npz"
    np.savez(keep, **inputs)
    names = [tmp_path / f"after{i}.npz" for i in range(3)]
    for i, given in enumerate((keep, keep, archive)):
        state = ["--state", names[i - 1]] if i else []
        cli.execute("photonic-run", program, "--input", given, *state,
                    "--save-state", names[i], "--quiet")
    first, second, third = (dict(np.load(name)) for name in names)
    buffer = "mix.weight_grad.accumulation.buffer"
    np.testing.assert_array_equal(second[buffer], 2 * first[buffer])
    np.testing.assert_array_equal(third[buffer], first[buffer])
    np.testing.assert_array_equal(third["mix.weight"], first["mix.weight"])
