# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""NaN and infinities through ONNX operators: nothing swallows a NaN.

Expected are the results of ONNX Runtime; of NumPy and PyTorch where those of
ONNX Runtime depend on the order of the elements (pools and reductions).
"""

import itertools

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from oracle import Format, Network

from bits import assert_same_bits

F = np.float32
NAN, INF = F(np.nan), F(np.inf)
SPECIALS = [NAN, INF, -INF, F(0), F(-0.0), F(2.0**-149), F(-1.5), F(0.75), F(7), F(3e38)]
PAIRS = np.array(list(itertools.product(SPECIALS, SPECIALS)), F)
A, B = PAIRS[:, 0].copy()[None], PAIRS[:, 1].copy()[None]


def build(nodes, inputs, constants):
    """A model with an output for the first result of each node."""

    def describe(name, shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    graph = helper.make_graph(
        nodes, "special", [describe(k, v.shape) for k, v in inputs.items()],
        [describe(node.output[0], None) for node in nodes],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()])
    return helper.make_model(graph, ir_version=8,
                             opset_imports=[helper.make_opsetid("", 17)])


def run_onnx(model, inputs):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs)))


@pytest.fixture
def run(cli, tmp_path):
    """run(model, inputs): what the machine computes in FP32, by both executors."""

    def execute(model, inputs):
        path, program = tmp_path / "m.onnx", tmp_path / "m.phx"
        onnx.save(model, path)
        cli.compile(path, program, "--format=fp32")
        found = [cli.run(program, inputs, tmp_path / executor, "--executor", executor)
                 for executor in ("reference", "fast")]
        for name, value in found[0].items():
            assert_same_bits(found[1][name], value, name)
        return found[0]

    return execute


def check(found, expected, atol=0):
    for name, value in expected.items():
        np.testing.assert_allclose(
            found[name], value, rtol=2e-6, atol=atol, equal_nan=True, err_msg=name)
        bits = found[name].view(np.uint32)[np.isnan(value)]
        assert (bits == 0x7FC00000).all(), name


def test_elementwise(run):
    node = helper.make_node
    constants = {"zero": F(0), "six": F(6), "inf": INF}
    unary = ("Relu", "HardSigmoid", "HardSwish", "Sigmoid", "Tanh", "Exp", "Log",
             "Sqrt", "Neg", "Abs")
    nodes = [
        *(node(op, ["a"], [op.lower()]) for op in unary),
        node("LeakyRelu", ["a"], ["leaky"], alpha=0.25),
        node("Clip", ["a", "zero", "six"], ["relu6"]),
        node("Clip", ["a", "zero", "inf"], ["above"]),
        node("Clip", ["a", "six", "zero"], ["crossed"]),
        *(node(op, ["a", "b"], [op.lower()]) for op in ("Add", "Sub", "Mul", "Div")),
        *(node(op, pair, [f"{op.lower()}{i}"]) for op in ("Max", "Min")
          for i, pair in enumerate((["a", "b"], ["a", "zero"], ["zero", "a"],
                                    ["a", "b", "six"]))),
    ]
    inputs = {"a": A, "b": B}
    model = build(nodes, inputs, constants)
    found, expected = run(model, inputs), run_onnx(model, inputs)
    # A subnormal number is no zero here, whatever the processor is told.
    with np.errstate(all="ignore"):
        expected["div"] = A / B
        expected["log"] = np.log(A)
    # Subnormal results that the other one flushes.
    check(found, expected, atol=1e-40)


def test_comparisons(run):
    """None of them holds with a NaN, also between equal infinities."""
    node = helper.make_node
    ops = ("Greater", "Less", "GreaterOrEqual", "LessOrEqual", "Equal")
    nodes = []
    for op in ops:
        nodes += [node(op, ["a", "b"], [op + "_holds"]),
                  node("Where", [op + "_holds", "a", "b"], [op])]
    inputs = {"a": A, "b": B}
    model = build(nodes, inputs, {})
    del model.graph.output[::2]
    found, expected = run(model, inputs), run_onnx(model, inputs)
    for op in ops:
        np.testing.assert_array_equal(found[op], expected[op], op)


def test_a_bound_that_is_nan_does_not_limit(run, cli, tmp_path):
    inputs = {"a": A}
    model = build([helper.make_node("Clip", ["a", "zero", "nan"], ["upper"]),
                   helper.make_node("Clip", ["a", "nan", "zero"], ["lower"])],
                  inputs, {"zero": F(0), "nan": NAN})
    check(run(model, inputs), run_onnx(model, inputs))
    onnx.save(model, tmp_path / "nan.onnx")
    text = cli.compile(tmp_path / "nan.onnx", tmp_path / "nan.phx").stderr
    assert "warning: " in text and "the upper bound is NaN; it does not limit" in text
    assert "the lower bound is NaN" in text


def test_windows_and_axes(run):
    node = helper.make_node
    random = np.random.default_rng(5)
    x = random.choice(np.array(SPECIALS[:3] + SPECIALS[5:9], F), (2, 3, 7, 6))
    inputs = {"x": x}
    window = dict(kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 0])
    nodes = [
        node("MaxPool", ["x"], ["max"], **window),
        node("AveragePool", ["x"], ["average"], **window),
        node("GlobalMaxPool", ["x"], ["top"]),
        node("GlobalAveragePool", ["x"], ["mean"]),
        node("ReduceMax", ["x"], ["largest"], axes=[2], keepdims=0),
        node("ReduceSum", ["x", "axes"], ["sum"], keepdims=0),
        node("Softmax", ["x"], ["softmax"], axis=3),
        node("LogSoftmax", ["x"], ["log_softmax"], axis=3),
    ]
    model = build(nodes, inputs, {"axes": np.array([3])})
    found, t = run(model, inputs), torch.tensor(x)
    pad = torch.nn.functional
    with np.errstate(all="ignore"):
        check(found, {
            "max": pad.max_pool2d(t, (3, 2), 2, (1, 0)).numpy(),
            "average": pad.avg_pool2d(t, (3, 2), 2, (1, 0), count_include_pad=False).numpy(),
            "top": x.max(axis=(2, 3), keepdims=True),
            "mean": x.mean(axis=(2, 3), keepdims=True),
            "largest": x.max(axis=2),
            "sum": x.sum(axis=3),
            "softmax": torch.softmax(t, 3).numpy(),
            "log_softmax": torch.log_softmax(t, 3).numpy(),
        }, atol=1e-6)


def test_attention_mask(run):
    """Rows with some -inf, and one with nothing else."""
    scores = np.random.default_rng(1).standard_normal((1, 2, 4, 4), dtype=F)
    scores += np.triu(np.full((4, 4), -INF), 1)
    scores[0, 1, 2] = -INF
    inputs = {"x": scores}
    model = build([helper.make_node("Softmax", ["x"], ["y"], axis=-1)], inputs, {})
    found = run(model, inputs)["y"]
    check({"y": found}, run_onnx(model, inputs))
    assert np.isnan(found).sum() == 4 and (found[0, 0, 0] == [1, 0, 0, 0]).all()


def test_oracle_agrees_bit_for_bit(run):
    node = helper.make_node
    x = np.random.default_rng(6).choice(np.array(SPECIALS, F), (1, 2, 6, 6))
    x.view(np.uint32)[np.isnan(x)] = 0xFFC12345
    inputs = {"x": x}
    nodes = [node("Clip", ["x", "zero", "six"], ["r"]),
             node("MaxPool", ["x"], ["m"], kernel_shape=[2, 2]),
             node("Max", ["x", "zero"], ["positive"]),
             node("Transpose", ["x"], ["moved"], perm=[0, 2, 3, 1])]
    model = build(nodes, inputs, {"zero": F(0), "six": F(6)})
    found = run(model, inputs)
    with np.errstate(all="ignore"):
        expected = Network(model).run(inputs, Format(bits=0))
    for name, value in expected.items():
        assert_same_bits(found[name], value, name)
    # What is only moved keeps its bits.
    assert (found["moved"].view(np.uint32) == 0xFFC12345).any()
    assert np.isnan(found["r"]).any()


def test_outputs_with_nan_are_named(cli, tmp_path):
    inputs = {"x": np.array([[1, np.nan, -1, np.nan]], F)}
    model = build([helper.make_node("Relu", ["x"], ["y"])], inputs, {})
    onnx.save(model, tmp_path / "m.onnx")
    cli.compile(tmp_path / "m.onnx", tmp_path / "m.phx")
    np.save(tmp_path / "x.npy", inputs["x"])
    arguments = (tmp_path / "m.phx", "--input", tmp_path / "x.npy", "--quiet")
    text = cli.execute("photonic-run", *arguments).stderr
    assert ("photonic-run: warning: output 'y' holds 2 NaN, the first in element "
            "[0, 1] of float32[1, 4]" in text)
    np.save(tmp_path / "x.npy", np.array([[1, np.inf, -1, 0]], F))
    assert cli.execute("photonic-run", *arguments).stderr == ""
