# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Gradient operators of ONNX Runtime, one by one, against PyTorch's autograd.

The training artifacts in test_runtime_graphs.py hold most of them; here are
the others, and forms that those networks do not have.
"""

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch.nn import functional as F

RANDOM = np.random.default_rng(3)
KINDS = {"float32": TensorProto.FLOAT, "int64": TensorProto.INT64}


def normal(*shape):
    return RANDOM.standard_normal(shape, dtype=np.float32)


def build(path, nodes, inputs, outputs, constants=(), declared=()):
    """A model; names of constants are not inputs."""

    def describe(name, array):
        return helper.make_tensor_value_info(name, KINDS[array.dtype.name], array.shape)

    graph = helper.make_graph(
        nodes, "gradient",
        [describe(k, v) for k, v in inputs.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in dict(constants).items()],
        value_info=[helper.make_tensor_value_info(n, TensorProto.FLOAT, s)
                    for n, s in dict(declared).items()])
    opsets = [helper.make_opsetid("", 14), helper.make_opsetid("com.microsoft", 1),
              helper.make_opsetid("ai.onnx.preview.training", 1)]
    onnx.save(helper.make_model(graph, ir_version=7, opset_imports=opsets), path)


@pytest.fixture
def run(cli, tmp_path):
    """run(nodes, inputs, outputs): what the machine computes in FP32."""

    def execute(nodes, inputs, outputs, **more):
        model, program = tmp_path / "m.onnx", tmp_path / "m.phx"
        archive, out = tmp_path / "x.npz", tmp_path / "out"
        build(model, nodes, inputs, outputs, **more)
        np.savez(archive, **inputs)
        cli.execute("photonic-compile", model, "--format=fp32", "-o", program)
        cli.execute("photonic-run", program, "--input", archive, "--output-dir", out,
                    "--quiet")
        return [np.load(out / f"{name}.npy") for name in outputs]

    return execute


def ms(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs, outputs, domain="com.microsoft", **attributes)


def differentiate(function, dy, *arrays):
    """Gradients of the arrays, given that of the function's value."""
    tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
    value = function(*tensors)
    value.backward(torch.tensor(dy).reshape(value.shape))
    return [t.grad.numpy() for t in tensors], value.detach().numpy()


def close(actual, expected):
    np.testing.assert_allclose(actual.reshape(expected.shape), expected, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("op, function, attributes", [
    ("ReluGrad", torch.relu, {}),
    ("LeakyReluGrad", lambda x: F.leaky_relu(x, 0.2), {"alpha": 0.2}),
    ("SigmoidGrad", torch.sigmoid, {}),
    ("TanhGrad", torch.tanh, {}),
    ("SoftmaxGrad_13", lambda x: torch.softmax(x, 1), {"axis": 1}),
    ("LogSoftmaxGrad_13", lambda x: torch.log_softmax(x, 2), {"axis": -1}),
])
def test_activations(op, function, attributes, run):
    x, dy = normal(2, 5, 4), normal(2, 5, 4)
    (expected,), y = differentiate(function, dy, x)
    (dx,) = run([ms(op, ["dy", "y"], ["dx"], **attributes)], {"dy": dy, "y": y}, ["dx"])
    close(dx, expected)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("ignored", [None, -100, 2])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("op", ["SoftmaxCrossEntropyLossGrad",
                                "SoftmaxCrossEntropyLossInternalGrad"])
def test_cross_entropy(op, weighted, ignored, reduction, run):
    scores, labels = normal(3, 4, 5), RANDOM.integers(0, 4, (3, 5))
    weights = np.array([0.5, 1, 2, 0.25], np.float32)
    if ignored == -100:
        labels[0, 1] = -100
    loss = torch.tensor(scores), torch.tensor(labels)
    options = {"reduction": reduction}
    if ignored is not None:
        options["ignore_index"] = ignored
    given = dict(options, weight=torch.tensor(weights) if weighted else None)
    dy = normal(*F.cross_entropy(*loss, **given).shape)
    (expected,), _ = differentiate(lambda s: F.cross_entropy(s, loss[1], **given), dy, scores)
    inputs = {"dy": dy, "logs": torch.log_softmax(loss[0], 1).numpy(), "labels": labels}
    names = ["dy", "logs", "labels", "weights" if weighted else ""]
    constants = {}
    if weighted:
        inputs["weights"] = weights
    if op.endswith("InternalGrad") and ignored is not None:
        constants["ignored"] = np.int64(options.pop("ignore_index"))
        names.append("ignored")
    while not names[-1]:
        names.pop()
    (dx,) = run([ms(op, names, ["dx"], **options)], inputs, ["dx"], constants=constants)
    close(dx, expected)


@pytest.mark.parametrize("axis, indices", [
    (0, [1]), (1, [0, 2, 4]), (1, [4, 3, 2]), (2, [1, 1, 0, 3, 1]), (-1, [[0, 1], [1, 3]]),
])
def test_gather(axis, indices, run):
    x, where = normal(2, 5, 4), np.array(indices)
    picked = np.take(x, where, axis)
    dy = normal(*picked.shape)
    (expected,), _ = differentiate(
        lambda t: torch.index_select(t, axis, torch.tensor(where.ravel())), dy.ravel(), x)
    (dx,) = run([ms("GatherGrad", ["shape", "where", "dy"], ["dx"], axis=axis)],
                {"dy": dy}, ["dx"],
                constants={"shape": np.array(x.shape), "where": where})
    close(dx, expected)


@pytest.mark.parametrize("starts, ends, axes, steps", [
    ([1], [4], [1], [1]), ([0, 3], [5, 0], [1, 2], [2, -1]), ([-2], [2**40], [2], [1]),
])
def test_slice(starts, ends, axes, steps, run):
    shape = (2, 5, 4)
    index = [slice(None)] * 3
    for s, e, a, k in zip(starts, ends, axes, steps):
        index[a] = slice(s, e, k)
    dy = normal(*np.empty(shape)[tuple(index)].shape)
    expected = np.zeros(shape, np.float32)
    expected[tuple(index)] = dy
    names = ["starts", "ends", "axes", "steps"]
    (dx,) = run([ms("SliceGrad", ["dy", "shape", *names], ["dx"])], {"dy": dy}, ["dx"],
                constants={"shape": np.array(shape), **{
                    k: np.array(v) for k, v in zip(names, (starts, ends, axes, steps))}})
    np.testing.assert_array_equal(dx, expected)


def test_dropout(run):
    """The mask is a comparison here, as random ones cannot be foreseen."""
    x, dy = normal(3, 4), normal(3, 4)
    nodes = [helper.make_node("Greater", ["x", "zero"], ["mask"]),
             ms("DropoutGrad", ["dy", "mask", "ratio", "training"], ["dx"])]
    constants = {"zero": np.float32(0), "ratio": np.float32(0.25), "training": np.array(True)}
    (dx,) = run(nodes, {"x": x, "dy": dy}, ["dx"], constants=constants)
    close(dx, np.where(x > 0, dy / np.float32(0.75), 0))
    constants["training"] = np.array(False)
    (dx,) = run(nodes, {"x": x, "dy": dy}, ["dx"], constants=constants)
    np.testing.assert_array_equal(dx, dy)


@pytest.mark.parametrize("trans_a", [0, 1])
@pytest.mark.parametrize("trans_b", [0, 1])
def test_matrix_products(trans_a, trans_b, run):
    a, b = normal(4, 6), normal(6, 3)
    inputs = {"a": a.T.copy() if trans_a else a, "b": b.T.copy() if trans_b else b}
    options = {"transA": trans_a, "transB": trans_b, "alpha": 0.5}
    nodes = [ms("FusedMatMul", ["a", "b"], ["f"], **options),
             helper.make_node("Gemm", ["a", "b"], ["g"], "fc_Grad/Gemm_0", **options)]
    fused, gemm = run(nodes, inputs, ["f", "g"])
    close(fused, 0.5 * (a @ b))
    close(gemm, 0.5 * (a @ b))


@pytest.mark.parametrize("include", [0, 1])
@pytest.mark.parametrize("ceil", [0, 1])
def test_average_pool(include, ceil, run):
    x = normal(2, 3, 7, 6)

    def pool(t):
        return F.avg_pool2d(t, 3, 2, 1, ceil_mode=bool(ceil), count_include_pad=bool(include))

    dy = normal(*pool(torch.tensor(x)).shape)
    (expected,), _ = differentiate(pool, dy, x)
    node = helper.make_node("AveragePoolGrad", ["dy"], ["dx"], kernel_shape=[3, 3],
                            strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=ceil,
                            count_include_pad=include)
    shift = helper.make_node("Add", ["dx", "zero"], ["z"])
    (dx,) = run([node, shift], {"dy": dy}, ["z"], constants={"zero": np.float32(0)},
                declared={"dx": x.shape})
    close(dx, expected)


@pytest.mark.parametrize("shape, weight, options", [
    ((2, 4, 7, 6), (6, 2, 3, 3), dict(group=2, strides=[2, 1], pads=[1, 0, 1, 0])),
    ((2, 3, 6, 6), (3, 1, 3, 3), dict(group=3, dilations=[2, 2], pads=[2, 2, 2, 2])),
    ((2, 3, 9), (4, 3, 3), dict(strides=[2], pads=[1, 1])),
], ids=["grouped", "depthwise", "line"])
@pytest.mark.parametrize("wanted", ["xwb", "w", "xb"])
def test_convolution(shape, weight, options, wanted, run):
    x, w = normal(*shape), normal(*weight)
    bias = np.zeros(weight[0], np.float32)
    rank = len(shape) - 2
    convolve = F.conv2d if rank == 2 else F.conv1d

    def forward(x, w, b):
        return convolve(x, w, b, options.get("strides", 1), options["pads"][:rank],
                        options.get("dilations", 1), options.get("group", 1))

    dy = normal(*forward(*map(torch.tensor, (x, w, bias))).shape)
    expected, _ = differentiate(forward, dy, x, w, bias)
    outputs = [f"d{k}" if k in wanted else "" for k in "xwb"]
    while not outputs[-1]:
        outputs.pop()
    results = run([ms("ConvGrad", ["dy", "x", "w"], outputs, **options)],
                  {"dy": dy, "x": x, "w": w}, [f"d{k}" for k in wanted])
    for key, actual in zip(wanted, results):
        close(actual, expected["xwb".index(key)])


def test_optimizers_of_onnx(run):
    """Adam beyond its first step, where its bias correction matters."""
    x, g, v = normal(5), normal(5), normal(5)
    h = np.abs(normal(5))
    rate, count = np.float32(0.01), np.int64(7)
    node = helper.make_node("Adam", ["R", "T", "x", "g", "v", "h"], ["x1", "v1", "h1"],
                            domain="ai.onnx.preview.training", alpha=0.9, beta=0.999,
                            norm_coefficient=0.01)
    x1, v1, h1 = run([node], {"x": x, "g": g, "v": v, "h": h}, ["x1", "v1", "h1"],
                     constants={"R": rate, "T": count})
    gradient = 0.01 * x.astype(np.float64) + g
    first = 0.9 * v + 0.1 * gradient
    second = 0.999 * h + 0.001 * gradient**2
    corrected = rate * np.sqrt(1 - 0.999**7) / (1 - 0.9**7)
    close(v1, first)
    close(h1, second)
    close(x1, x - corrected * first / (np.sqrt(second) + 1e-6))
