# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`photonic.compile` and `photonic compile` with options for training."""

import pathlib

import numpy as np
import pytest

import photonic

INPUTS = pathlib.Path(__file__).resolve().parents[1] / "Import" / "ONNX" / "Inputs"


@pytest.mark.parametrize("arguments, message", [
    ({"loss": "mse"}, "loss has no meaning without train; give train=True"),
    ({"loss_output": "y"}, "loss_output has no meaning without train"),
    ({"optimizer": "sgd:lr=1"}, "optimizer has no meaning without train"),
    ({"freeze": "fc"}, "freeze has no meaning without train"),
    ({"emit_gradients": True}, "emit_gradients has no meaning without train"),
    ({"recompute": ["fc"]}, "recompute has no meaning without train"),
    ({"train": True, "loss": "mse"}, "train without optimizer computes gradients"),
    ({"train": True, "mutable_parameters": True}, "leave one out"),
    ({"train": True, "optimizer": "sgd", "loss": "hinge"},
     "loss has to be cross_entropy or mse, found 'hinge'"),
    ({"train": True, "optimizer": "sgd", "loss": "mse", "freeze": "("}, "regular expression"),
    ({"train": True, "optimizer": "adamw.onnx"}, "belongs to a training model of ONNX Runtime"),
])
def test_arguments_that_do_not_go_together(models, arguments, message):
    with pytest.raises(photonic.InputError, match=message):
        photonic.compile(models / "tiny.onnx", batch=4, **arguments)


@pytest.mark.parametrize("arguments, message", [
    ({"optimizer": "sgd"}, "the model has no loss"),
    ({"optimizer": "sgd", "loss": "mse", "loss_output": "z"}, "expected an output 'z'"),
])
def test_errors_of_the_compiler(models, arguments, message, tmp_path):
    with pytest.raises(photonic.CompileError, match=message):
        photonic.compile(models / "tiny.onnx", batch=4, train=True,
                         output=tmp_path / "none.phx", **arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_evaluates_what_is_trained(models, tmp_path):
    """Parameters stay regions; the numbers are those of inference."""
    x = np.load(models / "x.npy")
    fixed = photonic.compile(models / "tiny.onnx", batch=4)
    mutable = photonic.compile(models / "tiny.onnx", batch=4, mutable_parameters=True)
    np.testing.assert_array_equal(mutable.run(x)["y:0/out"], fixed.run(x)["y:0/out"])


def test_a_model_that_asks_for_training(tmp_path):
    model = INPUTS / "training.onnx"
    with pytest.raises(photonic.CompileError, match="compile a training step with option 'train'"):
        photonic.compile(model, batch=4)
    exe = photonic.compile(model, batch=4, mutable_parameters=True)
    assert [t.name for t in exe.inputs] == ["image", "labels"]


