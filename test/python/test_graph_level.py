# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Models in which inputs are not needed, and forms whose meaning depends on the
graph, against ONNX Runtime."""

import numpy as np
import pytest

import photonic

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402


def info(name, shape, type_=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, type_, shape)


def make(nodes, inputs, outputs, weights=(), opset=17, **options):
    graph = helper.make_graph(
        nodes, "graph", inputs, [info(name, None) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in dict(weights).items()])
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("my", 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=8, **options)


@pytest.fixture
def program(tool, tmp_path):
    def compile_(model, *options):
        onnx.save(model, tmp_path / "m.onnx")
        done = tool("photonic-compile", tmp_path / "m.onnx", "-o", tmp_path / "m.phx",
                    "--format=fp32", *options)
        assert done.returncode == 0, done.stderr
        return tmp_path / "m.phx", done.stderr
    return compile_


@pytest.fixture
def unused(program):
    return program(make(
        [helper.make_node("Relu", ["x"], ["y"])],
        [info("ids", [2], TensorProto.INT64), info("x", [2, 3]), info("spare", [5, 1])],
        ["y"]))


X = np.arange(-3, 3, dtype=np.float32).reshape(2, 3)


def test_inputs_that_no_output_needs_may_be_fed(unused, tool, tmp_path):
    path, said = unused
    for name in ("ids", "spare"):
        assert f"no output needs input '{name}'; the program ignores what is fed" in said
    feeds = {"ids": np.array([1, 2]), "spare": np.ones((5, 1), np.float32)}
    for others in (feeds, {}):
        np.savez(tmp_path / "in.npz", x=X, **others)
        done = tool("photonic-run", path, "--input", tmp_path / "in.npz", "--quiet",
                    "--output-dir", tmp_path / "out")
        assert done.returncode == 0, done.stderr
        assert np.array_equal(np.load(tmp_path / "out" / "y.npy"), np.maximum(X, 0))
    np.savez(tmp_path / "in.npz", x=X, idz=np.array([1, 2]))
    done = tool("photonic-run", path, "--input", tmp_path / "in.npz")
    assert done.returncode != 0
    assert "the program has no input 'idz'; did you mean 'ids'" in done.stderr


def test_python_takes_inputs_that_no_output_needs(unused):
    exe = photonic.load(unused[0])
    assert [tensor.name for tensor in exe.inputs] == ["x"]
    # Whatever it is.
    for ids in (np.array([1, 2]), np.array(["a"]), np.zeros(3, np.float64)):
        assert np.array_equal(exe.run({"x": X, "ids": ids})["y"], np.maximum(X, 0))


def test_ignored_inputs_survive_the_text_form(unused, tool, tmp_path):
    path, _ = unused
    text = tool("photonic-translate", "--disassemble", path).stdout
    assert 'ignored ["ids", "spare"]' in text
    (tmp_path / "m.mlir").write_text(text)
    done = tool("photonic-translate", "--assemble", tmp_path / "m.mlir", "-o",
                tmp_path / "again.phx")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "again.phx").read_bytes() == path.read_bytes()


def check_against_onnxruntime(model, program, feeds):
    runtime = pytest.importorskip("onnxruntime")
    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = runtime.InferenceSession(model.SerializeToString(), options,
                                       providers=["CPUExecutionProvider"])
    expected = dict(zip([o.name for o in session.get_outputs()],
                        session.run(None, feeds)))
    path, said = program(model)
    found = photonic.load(path).run(feeds)
    assert sorted(found) == sorted(expected)
    for name, array in expected.items():
        assert found[name].shape == array.shape
        np.testing.assert_allclose(found[name], array, rtol=2e-5, atol=2e-6, err_msg=name)
    return said


@pytest.mark.parametrize("opset", [7, 9, 13])
def test_old_training_form_of_batch_normalization(program, opset):
    rng = np.random.default_rng(opset)
    weights = {name: rng.uniform(0.5, 2, 3).astype(np.float32) for name in "sbmv"}
    model = make(
        [helper.make_node("BatchNormalization", ["x", "s", "b", "m", "v"],
                          ["y", "mean", "variance", "batch", "unread"],
                          epsilon=1e-3, momentum=0.75)],
        [info("x", [4, 3, 5, 5])], ["y", "mean", "variance", "batch"], weights, opset)
    said = check_against_onnxruntime(
        model, program, {"x": rng.normal(1, 2, (4, 3, 5, 5)).astype(np.float32)})
    assert "which is the form of training" in said


def test_branches_and_functions(program):
    """A function with an If in it, called twice, with attributes."""
    pick = [
        helper.make_graph([helper.make_node("LeakyRelu", ["a"], ["q"])], "t", [],
                          [info("q", None)]),
        helper.make_graph([helper.make_node("Neg", ["a"], ["q"])], "e", [],
                          [info("q", None)])]
    leak = pick[0].node[0].attribute.add()
    leak.name, leak.type, leak.ref_attr_name = "alpha", onnx.AttributeProto.FLOAT, "slope"
    function = helper.make_function(
        "my", "Pick", ["a", "c"], ["r"],
        [helper.make_node("If", ["c"], ["r"], then_branch=pick[0], else_branch=pick[1])],
        [helper.make_opsetid("", 18)], [],
        [helper.make_attribute("slope", 0.125)])
    model = make(
        [helper.make_node("Shape", ["x"], ["shape"]),
         helper.make_node("ReduceMax", ["shape"], ["most"], keepdims=0),
         helper.make_node("Equal", ["three", "three"], ["yes"]),
         helper.make_node("Not", ["yes"], ["no"]),
         helper.make_node("Pick", ["x", "yes"], ["h"], domain="my"),
         helper.make_node("Pick", ["h", "no"], ["i"], domain="my"),
         helper.make_node("Pick", ["i", "yes"], ["y"], domain="my", slope=0.5)],
        [info("x", [2, 3])], ["y"], {"three": np.array(3, np.int64)}, opset=18,
        functions=[function])
    check_against_onnxruntime(model, program, {"x": X})


def test_outputs_that_are_listed_twice_or_not_computed(program):
    model = make([helper.make_node("Relu", ["x"], ["y"])],
                 [info("x", [2, 3])], ["y", "w", "x"], {"w": X[0]})
    check_against_onnxruntime(model, program, {"x": X})
