# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Programs say what they are; nothing is guessed from names, shapes and addresses."""

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import photonic

BATCH = 4


def make_model(path, weight="w", own_loss=True):
    """scores = x w, its mean, and the cross entropy as the output `cost`."""
    nodes = [
        helper.make_node("MatMul", ["x", weight], ["scores"]),
        helper.make_node("ReduceMean", ["scores"], ["mean"], keepdims=0),
    ]
    value = helper.make_tensor_value_info
    inputs = [value("x", TensorProto.FLOAT, ["n", 3])]
    outputs = [value("scores", TensorProto.FLOAT, ["n", 2])]
    if own_loss:
        nodes.append(helper.make_node("SoftmaxCrossEntropyLoss", ["scores", "y"], ["cost"]))
        inputs.append(value("y", TensorProto.INT64, ["n"]))
        outputs += [value(name, TensorProto.FLOAT, []) for name in ("mean", "cost")]
    array = np.array([[1, 2], [3, 4], [5, 6]], np.float32)
    graph = helper.make_graph(nodes, "m", inputs, outputs,
                              [numpy_helper.from_array(array, weight)])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    return path


def make_data(value=1.0):
    return {"x": np.full((BATCH, 3), value, np.float32), "y": np.array([0, 1, 0, 1])}


@pytest.fixture
def step(tmp_path):
    return photonic.compile(make_model(tmp_path / "m.onnx"), batch=BATCH, train=True,
                            optimizer="sgd:lr=0.1", emit_gradients=True, format="fp32")


def test_a_second_number_does_not_switch_off_the_check_of_the_loss(step):
    before = step.read_state()
    with pytest.raises(photonic.RunError, match="the loss 'cost' is not finite"):
        step.run(make_data(3e38))
    for name, value in step.read_state().items():
        np.testing.assert_array_equal(value, before[name])
    outputs = step.step(make_data())
    assert step.report()["training"]["loss"]["last"] == outputs["cost"]


def test_a_step_says_what_it_is(step):
    assert step.kind == "training" and step.is_training
    assert step.losses == ["cost"] and step.gradients == {"w.grad": "w"}
    assert step.report()["purpose"] == {
        "kind": "training", "losses": ["cost"],
        "gradients": [{"output": "w.grad", "of": "w"}],
        "learning_rate": "optimizer.lr", "random_key": None}


def test_gradients_alone_are_an_evaluation(tmp_path):
    exe = photonic.compile(make_model(tmp_path / "m.onnx"), batch=BATCH, train=True,
                           emit_gradients=True, format="fp32")
    assert exe.kind == "evaluation" and not exe.is_training
    assert exe.losses == ["cost"] and exe.gradients == {"w.grad": "w"}


def test_what_only_computes_is_an_inference(tmp_path):
    model = make_model(tmp_path / "m.onnx", own_loss=False)
    assert photonic.compile(model, batch=BATCH).kind == "inference"
    exe = photonic.compile(model, batch=BATCH, format="bfp:4:16:stochastic")
    assert exe.kind == "inference"
    assert exe.report()["purpose"]["random_key"] == "photonic.rng"
    assert photonic.compile(model, batch=BATCH, mutable_parameters=True).kind == "evaluation"


@pytest.mark.parametrize("name", ["optimizer.lr", "photonic.rng"])
def test_a_parameter_is_no_knob_because_of_its_name(tmp_path, name):
    model = make_model(tmp_path / "m.onnx", weight=name, own_loss=False)
    exe = photonic.compile(model, batch=BATCH, mutable_parameters=True)
    assert exe.learning_rate is None and exe.seed is None
    with pytest.raises(photonic.Error, match="has no learning rate"):
        exe.learning_rate = 7.0
    with pytest.raises(photonic.Error, match="draws no random numbers"):
        exe.seed = 7


def test_a_parameter_called_like_the_random_key_is_refused(tmp_path):
    model = make_model(tmp_path / "m.onnx", weight="photonic.rng", own_loss=False)
    with pytest.raises(photonic.CompileError, match="is called 'photonic.rng'.*rename it"):
        photonic.compile(model, batch=BATCH, mutable_parameters=True,
                         format="bfp:4:16:stochastic")


def test_the_report_has_the_published_schema(step, source_dir):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((source_dir / "docs" / "report.schema.json").read_text())
    jsonschema.validate(step.report(), schema)
