# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Where the samples of a batch are: by the model's symbols, never by an extent that
happens to be equal."""

import warnings

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import photonic

FP32 = {"format": "fp32"}


def save(path, nodes, inputs, outputs, weights=None):
    def values(tensors):
        return [
            helper.make_tensor_value_info(name, kind, shape)
            for name, (kind, shape) in tensors.items()
        ]

    initializers = [
        onnx.numpy_helper.from_array(array, name)
        for name, array in (weights or {}).items()
    ]
    graph = helper.make_graph(
        [helper.make_node(*node, **attributes) for *node, attributes in nodes],
        "net", values(inputs), values(outputs), initializers,
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    onnx.save(model, str(path))
    return path


def floats(*shape):
    return TensorProto.FLOAT, list(shape) if shape != (None,) else None


def draw(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


@pytest.fixture
def compile(tmp_path):
    def run(nodes, inputs, outputs, weights=None, **options):
        path = save(tmp_path / "net.onnx", nodes, inputs, outputs, weights)
        return photonic.compile(path, **FP32, **options)

    return run


#
# Inputs
#


def test_an_input_of_fixed_shape_goes_into_every_run(compile):
    # Its first extent equals the batch, and its second the number of classes.
    exe = compile([("MatMul", ["a", "w"], ["y"], {})],
                  {"a": floats("N", 2), "w": floats(2, 2)}, {"y": floats("N", 2)}, batch=2)
    assert [t.batch_axis for t in exe.inputs] == [0, None]
    assert exe.outputs[0].batch_axis == 0
    a, w = draw(6, 2), draw(2, 2, seed=1)
    for samples in (1, 2, 5, 6):
        y = exe.run({"a": a[:samples], "w": w})["y"]
        np.testing.assert_allclose(y, a[:samples] @ w, rtol=1e-6, atol=1e-6)
    with pytest.raises(photonic.InputError, match="'w': expected float32.2, 2., found "
                       "float32.6, 2.; it is not made of samples"):
        exe.run({"a": a, "w": a})


def test_samples_along_the_second_dimension(compile):
    # Sequence first, as recurrent networks have it.
    exe = compile([("Mul", ["x", "x"], ["y"], {})],
                  {"x": floats(5, "N", 3)}, {"y": floats(None)}, batch=2)
    assert exe.batch == 2 and exe.inputs[0].batch_axis == 1
    x = draw(5, 7, 3)
    np.testing.assert_array_equal(exe.run(x)["y"], x * x)
    with pytest.raises(photonic.InputError, match="number of samples in dimension 1"):
        exe.run(draw(10, 2, 3))


def test_the_same_symbol_is_the_batch_in_every_input(compile):
    exe = compile(
        [("Transpose", ["b"], ["t"], {}), ("Add", ["a", "t"], ["y"], {})],
        {"a": floats("N", 3), "b": floats(3, "N")}, {"y": floats("N", 3)}, batch=3,
    )
    a, b = draw(7, 3), draw(3, 7, seed=1)
    np.testing.assert_array_equal(exe.run({"a": a, "b": b})["y"], a + b.T)
    with pytest.raises(photonic.InputError, match="holds 7 samples, another input 4"):
        exe.run({"a": a, "b": b[:, :4]})


def test_models_of_one_fixed_input_take_any_number_of_samples(compile):
    exe = compile([("Relu", ["x"], ["y"], {})],
                  {"x": floats(1, 2, 4, 4)}, {"y": floats(1, 2, 4, 4)})
    x = draw(5, 2, 4, 4)
    np.testing.assert_array_equal(exe.run(x)["y"], np.maximum(x, 0))


def test_several_fixed_inputs_need_a_word(compile):
    model = ([("Add", ["a", "b"], ["y"], {})],
             {"a": floats(2, 3), "b": floats(2, 3)}, {"y": floats(2, 3)})
    exe = compile(*model)
    assert exe.batch == 1 and [t.batch_axis for t in exe.inputs] == [None, None]
    a, b = draw(6, 3), draw(6, 3, seed=1)
    np.testing.assert_array_equal(exe.run({"a": a[:2], "b": b[:2]})["y"], (a + b)[:2])
    with pytest.raises(photonic.InputError, match="no batch dimension.*--batch"):
        exe.run({"a": a, "b": b})
    np.testing.assert_array_equal(compile(*model, batch=2).run({"a": a, "b": b})["y"], a + b)
    with pytest.raises(photonic.CompileError, match="batch 3 was asked for, but input 'a' "
                       "has the fixed first dimension 2"):
        compile(*model, batch=3)


#
# Outputs
#


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_outputs_are_joined_along_their_batch(compile, batch):
    weights = {"w": draw(4, 3, seed=1)}
    exe = compile(
        [("MatMul", ["x", "w"], ["m"], {}), ("Transpose", ["m"], ["y"], {})],
        {"x": floats("N", 4)}, {"y": floats(3, "N"), "m": floats("N", 3)}, weights,
        batch=batch,
    )
    assert [t.batch_axis for t in exe.outputs] == [1, 0]
    x = draw(7, 4)
    outputs = exe.run(x)
    assert outputs["y"].shape == (3, 7)
    np.testing.assert_array_equal(outputs["y"], outputs["m"].T)
    np.testing.assert_allclose(outputs["m"], x @ weights["w"], rtol=1e-5, atol=1e-6)


def test_a_batch_equal_to_the_channels_is_no_channel(compile):
    exe = compile([("ReduceMean", ["x"], ["y"], {"axes": [2, 3], "keepdims": 0}),
                   ("Transpose", ["y"], ["t"], {})],
                  {"x": floats("N", 4, 2, 2)}, {"y": floats("N", 4), "t": floats(4, "N")},
                  batch=4)
    x = draw(6, 4, 2, 2)
    outputs = exe.run(x)
    np.testing.assert_allclose(outputs["y"], x.mean((2, 3)), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(outputs["t"], outputs["y"].T)


def test_outputs_that_mix_samples_are_not_split(compile):
    exe = compile([("ReduceSum", ["x", "axes"], ["y"], {"keepdims": 0})],
                  {"x": floats("N", 3)}, {"y": floats(3)},
                  {"axes": np.array([0], np.int64)}, batch=3)
    assert exe.outputs[0].batch_axis is None
    x = draw(6, 3)
    np.testing.assert_allclose(exe.run(x[:3])["y"], x[:3].sum(0), rtol=1e-5, atol=1e-6)
    for samples in (2, 4, 6):
        with pytest.raises(photonic.InputError,
                           match=f"'y' float32.3. has no batch dimension.*--batch {samples}"):
            exe.run(x[:samples])


def test_what_the_model_declares_may_be_wrong(compile):
    with pytest.warns(photonic.CompileWarning, match="'y' is declared with its samples "
                      "along dimension 0, but the graph computes them along dimension 1"):
        exe = compile([("Transpose", ["x"], ["y"], {})],
                      {"x": floats("N", 3)}, {"y": floats("N", 3)}, batch=3)
    x = draw(6, 3)
    np.testing.assert_array_equal(exe.run(x)["y"], x.T)


def test_columns_of_scores_have_an_accuracy(compile):
    exe = compile([("Transpose", ["x"], ["y"], {})],
                  {"x": floats("N", 5)}, {"y": floats(5, "N")}, batch=2)
    x = draw(7, 5)
    assert exe.evaluate(x, x.argmax(1)).top1 == 1
    assert exe.evaluate(x, x.argmin(1)).top1 == 0


#
# Losses
#


@pytest.fixture
def loss_model(tmp_path):
    return save(
        tmp_path / "loss.onnx",
        [("MatMul", ["x", "w"], ["s"], {}),
         ("SoftmaxCrossEntropyLoss", ["s", "labels"], ["loss"], {"ignore_index": -1})],
        {"x": floats("N", 4), "labels": (TensorProto.INT64, ["N"])},
        {"loss": floats(), "s": floats("N", 3)}, {"w": draw(4, 3, seed=1)},
    )


def cross_entropy(x, y, w):
    scores = (x @ w).astype(np.float64)
    logs = scores - np.log(np.exp(scores).sum(1, keepdims=True))
    return -logs[np.arange(len(y)), y].mean()


def test_a_loss_is_a_number(loss_model):
    exe = photonic.compile(loss_model, batch=4, **FP32)
    x, y, w = draw(10, 4), np.arange(10) % 3, draw(4, 3, seed=1)
    loss = exe.run({"x": x[:4], "labels": y[:4]})["loss"]
    assert loss.shape == ()
    np.testing.assert_allclose(loss, cross_entropy(x[:4], y[:4], w), rtol=1e-5)
    losses = exe.run({"x": x, "labels": y})["loss"]
    assert losses.shape == (3,)
    parts = [slice(0, 4), slice(4, 8), slice(8, 10)]
    np.testing.assert_allclose(losses, [cross_entropy(x[p], y[p], w) for p in parts],
                               rtol=1e-5)


@pytest.mark.parametrize("own", [False, True])
def test_losses_of_steps_are_a_vector(loss_model, tmp_path, own):
    options = {"loss": "cross_entropy"}
    model = loss_model
    if not own:
        model = save(tmp_path / "net.onnx", [("MatMul", ["x", "w"], ["s"], {})],
                     {"x": floats("N", 4)}, {"s": floats("N", 3)},
                     {"w": draw(4, 3, seed=1)})
    step = photonic.compile(model, batch=4, train=True, optimizer="sgd:lr=0.1",
                            emit_gradients=True, **({} if own else options), **FP32)
    assert step.outputs[0].shape == () and step.outputs[0].name == "loss"
    axes = {t.name: t.batch_axis for t in step.inputs + step.outputs}
    assert axes == {"x": 0, "labels": 0, "loss": None, "s": 0, "w.grad": None}
    x, y = draw(8, 4), np.arange(8) % 3
    outputs = step.run({"x": x, "labels": y})
    assert outputs["loss"].shape == (2,) and outputs["s"].shape == (8, 3)
    assert outputs["w.grad"].shape == (2, 4, 3)
    assert step.step({"x": x[:4], "labels": y[:4]})["loss"].shape == ()
    assert step.run({"x": x[:4], "labels": y[:4]})["loss"].shape == (1,)


def test_training_takes_samples_where_they_are(tmp_path):
    """Sequence first, and an input that is the same for all samples."""
    model = save(
        tmp_path / "net.onnx",
        [("Transpose", ["x"], ["t"], {"perm": [1, 0]}), ("Mul", ["t", "m"], ["p"], {}),
         ("MatMul", ["p", "w"], ["s"], {})],
        {"x": floats(4, "N"), "m": floats(4)}, {"s": floats("N", 3)},
        {"w": draw(4, 3, seed=1)},
    )
    trainer = photonic.Trainer(model, batch=4, optimizer="sgd:lr=0.1", **FP32)
    x, m, y = draw(4, 9), draw(4, seed=2), np.arange(9) % 3
    history = trainer.fit({"x": x, "m": m}, y, epochs=2, shuffle=False, progress=False)
    w = draw(4, 3, seed=1)
    inputs = x.T * m
    np.testing.assert_allclose(history.loss[0],
                               cross_entropy(inputs[:4], y[:4], w), rtol=1e-5)
    assert len(history) == 4
    found = trainer.evaluate({"x": x, "m": m}, y)
    np.testing.assert_allclose(
        found.loss, cross_entropy(inputs, y, trainer.parameters["w"]), rtol=1e-5
    )
    with pytest.raises(photonic.InputError, match=r"'x': expected float32\[4, samples\]"):
        trainer.fit({"x": x.T, "m": m}, y, progress=False)


#
# Dimensions without a name
#


def test_dimensions_are_bound_one_by_one(compile):
    model = ([("Relu", ["x"], ["y"], {})], {"x": floats("N", 3, "?", "?")},
             {"y": floats(None)})
    with pytest.raises(photonic.CompileError) as error:
        compile(*model, batch=2)
    assert "dims={'x:2': N}" in str(error.value) and "dims={'x:3': N}" in str(error.value)
    exe = compile(*model, batch=2, dims={"x:2": 4, "x:3": 6})
    x = draw(3, 3, 4, 6)
    np.testing.assert_array_equal(exe.run(x)["y"], np.maximum(x, 0))
    with pytest.raises(photonic.CompileError, match="'x' has no dimension 4"):
        compile(*model, batch=2, dims={"x:4": 6})


def test_inputs_without_a_shape_get_one(compile):
    model = ([("Relu", ["x"], ["y"], {})], {"x": floats(None)}, {"y": floats(None)})
    with pytest.raises(photonic.CompileError, match=r"shapes=\{'x': \(1, 3, 24, 24\)\}"):
        compile(*model)
    exe = compile(*model, shapes={"x": (2, 5)})
    x = draw(4, 5)
    np.testing.assert_array_equal(exe.run(x)["y"], np.maximum(x, 0))
    with pytest.raises(photonic.InputError, match="shapes"):
        compile(*model, shapes={"x": (2, 0)})


def test_the_tools_take_dimensions_and_shapes(tmp_path, tool):
    model = save(tmp_path / "net.onnx", [("Relu", ["x"], ["y"], {})],
                 {"x": floats("?", "?")}, {"y": floats(None)})
    path = tmp_path / "net.phx"
    done = tool("photonic-compile", model, "--dim=x:0=2", "--dim=x:1=3", "-o", path)
    assert done.returncode == 0, done.stderr
    assert photonic.load(path).inputs[0].shape == (2, 3)
    model = save(tmp_path / "open.onnx", [("Relu", ["x"], ["y"], {})],
                 {"x": floats(None)}, {"y": floats(None)})
    done = tool("photonic-compile", model, "--shape=x=2,3", "-o", path)
    assert done.returncode == 0, done.stderr
    assert "--dim" in tool("photonic-compile", "--help").stdout


def test_nothing_is_said_where_nothing_is_wrong(compile):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compile([("Relu", ["x"], ["y"], {})], {"x": floats("N", 3)}, {"y": floats("N", 3)},
                batch=1)
