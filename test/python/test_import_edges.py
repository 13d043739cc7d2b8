# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Models at the edge of what ONNX allows, against ONNX Runtime: infinite constants,
tensors without elements, windows that stick out, shapes computed by floats."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

import photonic

node = helper.make_node


def make_model(path, nodes, constants, shape, opset=18):
    """A graph from x to y."""
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)],
                              ir_version=9)
    onnx.save(model, path)
    return path


def run_both(tmp_path, nodes, constants, x, opset=18, **options):
    path = make_model(tmp_path / "m.onnx", nodes, constants, x.shape, opset)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (wanted,) = session.run(None, {"x": x})
    found = photonic.compile(path, format="fp32", **options).step({"x": x})["y"]
    assert found.shape == wanted.shape
    return found, wanted


def numbers(*shape):
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


def check(tmp_path, nodes, constants, x, opset=18):
    found, wanted = run_both(tmp_path, nodes, constants, x, opset)
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6)


INF = np.float32(np.inf)


def test_masks_are_infinite(tmp_path):
    mask = np.where(np.tri(6, dtype=bool), np.float32(0), -INF)
    check(tmp_path, [node("Add", ["x", "m"], ["t"]), node("Softmax", ["t"], ["y"])], {"m": mask},
          numbers(2, 6, 6))
    fill = [node("Where", ["c", "x", "f"], ["t"]), node("Softmax", ["t"], ["y"])]
    check(tmp_path, fill, {"c": np.tri(6, dtype=bool), "f": -INF}, numbers(2, 6, 6))


def test_masks_are_made_while_importing(tmp_path):
    """A causal mask as PyTorch's attention builds it, of the extents of x."""
    nodes = [node("Shape", ["x"], ["s"]), node("Slice", ["s", "one", "end"], ["hw"]),
             node("Expand", ["inf", "hw"], ["full"]), node("Trilu", ["full", "k"], ["m"], upper=1),
             node("Add", ["x", "m"], ["t"]), node("Softmax", ["t"], ["y"])]
    constants = {"one": np.array([1]), "end": np.array([3]), "inf": -INF, "k": np.array(1)}
    check(tmp_path, nodes, constants, numbers(2, 6, 6))


@pytest.mark.parametrize("op", ["Max", "Min"])
def test_bounds_are_infinite(op, tmp_path):
    check(tmp_path, [node(op, ["x", "b"], ["y"])], {"b": -INF if op == "Max" else INF},
          numbers(2, 3))


def test_infinities_do_not_reach_blocks(tmp_path):
    path = make_model(tmp_path / "m.onnx",
                      [node("Max", ["x", "b"], ["t"]), node("MatMul", ["t", "w"], ["y"])],
                      {"b": np.array([1, INF, 1], np.float32), "w": numbers(3, 4)}, [2, 3])
    exe = photonic.compile(path)
    with pytest.raises(photonic.Error, match="(?i)inf"):
        exe.step({"x": numbers(2, 3)})


POOLS = [(2, 3, 2, 0, 0), (2, 4, 3, 0, 0), (1, 3, 3, 0, 0), (2, 5, 2, 1, 1), (2, 3, 2, 0, 1),
         (5, 3, 2, 0, 0), (6, 3, 2, 0, 0), (3, 2, 2, 1, 0), (2, 5, 4, 1, 1)]


@pytest.mark.parametrize("op", ["MaxPool", "AveragePool"])
def test_windows_stick_out(op, tmp_path):
    for extent, kernel, stride, low, high in POOLS:
        for counted in (0, 1) if op == "AveragePool" else (0,):
            attributes = {"count_include_pad": counted} if op == "AveragePool" else {}
            pool = node(op, ["x"], ["y"], kernel_shape=[kernel, 1], strides=[stride, 1],
                        pads=[low, 0, high, 0], ceil_mode=1, **attributes)
            check(tmp_path, [pool], {}, numbers(1, 2, extent, 3))


def test_windows_that_stick_out_by_a_stride(tmp_path):
    pool = node("MaxPool", ["x"], ["y"], kernel_shape=[4, 4], strides=[2, 2], ceil_mode=1)
    path = make_model(tmp_path / "m.onnx", [pool], {}, [1, 1, 2, 2])
    with pytest.raises(photonic.CompileError, match="window of 4 .* does not fit into 2"):
        photonic.compile(path)


def test_shapes_are_computed_by_floats(tmp_path):
    """As `interpolate` exports them."""
    nodes = [node("Shape", ["x"], ["s"]), node("Slice", ["s", "two", "four"], ["hw"]),
             node("Cast", ["hw"], ["f"], to=TensorProto.FLOAT), node("Mul", ["f", "half"], ["g"]),
             node("Floor", ["g"], ["h"]), node("Cast", ["h"], ["i"], to=TensorProto.INT64),
             node("Slice", ["x", "zeros", "i", "axes"], ["y"])]
    constants = {"two": np.array([2]), "four": np.array([4]), "zeros": np.array([0, 0]),
                 "half": np.array([0.5, 0.35], np.float32), "axes": np.array([2, 3])}
    check(tmp_path, nodes, constants, numbers(1, 2, 7, 6))


def test_empty_parts(tmp_path):
    nodes = [node("Split", ["x"], ["a", "b", "c"], axis=1, num_outputs=3),
             node("Concat", ["c", "e", "b", "a"], ["y"], axis=1)]
    check(tmp_path, nodes, {"e": np.zeros((2, 0), np.float32)}, numbers(2, 4))


def test_means_and_sums_of_many(tmp_path):
    constants = {f"c{i}": numbers(2, 3) * np.float32(10.0 ** i) for i in range(4)}
    found, wanted = run_both(tmp_path, [node("Mean", ["x", *constants], ["y"])], constants,
                             numbers(2, 3))
    np.testing.assert_array_equal(found, wanted)
    found, wanted = run_both(tmp_path, [node("Sum", ["x", *constants], ["y"])], constants,
                             numbers(2, 3))
    np.testing.assert_array_equal(found, wanted)
