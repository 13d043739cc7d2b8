# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""From PyTorch to ONNX, and parameters in ONNX files."""

import gc
import os
import subprocess
import sys
import warnings

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from photonic.onnx_file import OnnxFile
from torch import nn

import photonic


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.25)
        self.fc = nn.Linear(4 * 6 * 6, 10)

    def forward(self, image):
        x = torch.relu(self.bn1(self.conv1(image)))
        return self.fc(self.drop(torch.flatten(x, 1)))


def parse(model):
    return onnx.load_from_string(model.to_bytes())


def get_initializers(model):
    return {t.name: numpy_helper.to_array(t) for t in parse(model).graph.initializer}


def get_operators(model):
    return [node.op_type for node in parse(model).graph.node]


def test_training_keeps_what_only_training_needs():
    module = Net()
    model = photonic.from_torch(module, torch.randn(2, 1, 8, 8), training=True)
    onnx.checker.check_model(parse(model))
    assert {"BatchNormalization", "Dropout"} <= set(get_operators(model))
    (norm,) = [n for n in parse(model).graph.node if n.op_type == "BatchNormalization"]
    assert len(norm.output) == 3
    assert model.inputs == ("image",) and model.outputs == ("output",)
    assert parse(model).graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    for name, value in get_initializers(model).items():
        assert (value == module.state_dict()[name].numpy()).all(), name


@pytest.mark.filterwarnings("error")
def test_nothing_is_said_when_all_is_well():
    photonic.from_torch(Net(), torch.randn(2, 1, 8, 8), training=True)


def test_inference_is_the_default():
    model = photonic.from_torch(Net(), torch.randn(2, 1, 8, 8))
    assert not {"BatchNormalization", "Dropout"} & set(get_operators(model))


@pytest.mark.parametrize("training", [True, False])
def test_module_is_left_as_it_was(training):
    module = Net()
    module.bn1.eval()
    with torch.no_grad():
        module.bn1.running_mean.normal_()
    state = {name: value.clone() for name, value in module.state_dict().items()}
    example = torch.randn(2, 1, 8, 8) * 9
    random = torch.get_rng_state()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", photonic.TrainingWarning)
        model = photonic.from_torch(module, example, training)
    assert torch.equal(torch.get_rng_state(), random)
    assert module.training and not module.bn1.training and module.drop.training
    for name, value in module.state_dict().items():
        assert torch.equal(value, state[name]), name
    if training:
        mean = get_initializers(model)["bn1.running_mean"]
        assert (mean == state["bn1.running_mean"].numpy()).all()


def test_model_compiles_for_any_batch():
    module = Net().eval()
    exe = photonic.compile(photonic.from_torch(module, torch.randn(2, 1, 8, 8)),
                           batch=3, format="fp32")
    assert exe.name == "net"
    x = torch.randn(7, 1, 8, 8)
    with torch.no_grad():
        expected = module(x).numpy()
    assert np.abs(exe.run(x.numpy())["output"] - expected).max() < 1e-5


def test_file_lives_as_long_as_the_model(tmp_path):
    model = photonic.from_torch(nn.Linear(3, 2), torch.zeros(1, 3))
    path = os.fspath(model)
    model.save(tmp_path / "m.onnx")
    assert (tmp_path / "m.onnx").read_bytes() == model.to_bytes()
    assert "linear" in repr(model) and model.inputs == ("input",)
    del model
    gc.collect()
    assert not os.path.exists(path)


def test_names():
    class Two(nn.Module):
        def forward(self, left, right):
            return left + right, left - right

    example = (torch.zeros(2, 3), torch.zeros(2, 3))
    model = photonic.from_torch(Two(), example)
    assert model.inputs == ("left", "right")
    assert model.outputs == ("output0", "output1")
    model = photonic.from_torch(Two(), example, input_names=["a", "b"],
                                output_names=["sum", "difference"])
    assert model.inputs == ("a", "b") and model.outputs == ("sum", "difference")
    with pytest.raises(photonic.InputError, match="expected 2 different names"):
        photonic.from_torch(Two(), example, input_names=["a", "a"])


class Unsupported(nn.Module):
    def forward(self, x):
        return torch.special.bessel_j0(x)


class Wrong(nn.Module):
    def forward(self, x):
        return x @ torch.zeros(4, 4)


@pytest.mark.parametrize("module, example, message", [
    (3, torch.zeros(1, 3), "expected a torch.nn.Module, found int"),
    (nn.Linear(3, 2), np.zeros((1, 3)), "example 0: expected a tensor"),
    (nn.Linear(3, 2), torch.tensor(1.0), r"found a tensor of shape \[\]"),
    (nn.Linear(3, 2), (), "at least one example"),
    (nn.Bilinear(3, 3, 2), (torch.zeros(2, 3), torch.zeros(1, 3)),
     "one batch size in all examples, found 2, 1"),
    (Wrong(), torch.zeros(2, 3), r"Wrong fails on the example of shape \[2, 3\]"),
    (Unsupported(), torch.zeros(2, 3), "PyTorch cannot export Unsupported"),
    (nn.BatchNorm2d(3, momentum=None), torch.zeros(2, 3, 4, 4), "momentum=None"),
    (nn.BatchNorm2d(3, track_running_stats=False), torch.zeros(2, 3, 4, 4),
     "track_running_stats=False"),
])
def test_errors(module, example, message):
    with pytest.raises(photonic.InputError, match=message):
        photonic.from_torch(module, example, training=True)


def test_mixed_modes_are_pointed_out():
    module = Net()
    module.bn1.eval()
    with pytest.warns(photonic.TrainingWarning, match="'bn1'.*freeze='bn1'"):
        photonic.from_torch(module, torch.randn(2, 1, 8, 8), training=True)


def test_torch_is_imported_only_here():
    code = "import sys, photonic; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


#
# Parameters in files
#


@pytest.fixture(scope="module")
def net():
    return photonic.from_torch(Net(), torch.randn(2, 1, 8, 8), training=True)


def test_replace_changes_nothing_else(net):
    original = OnnxFile.read(net)
    new = {"fc.bias": np.arange(10, dtype=np.float32),
           "bn1.running_var": np.float32([1, 2, 3, 4])}
    changed = original.replace(new)
    before, after = parse(net), onnx.load_from_string(changed.data)
    for tensor in after.graph.initializer:
        if tensor.name in new:
            assert (numpy_helper.to_array(tensor) == new[tensor.name]).all()
    for model in (before, after):
        for tensor in list(model.graph.initializer):
            if tensor.name in new:
                model.graph.initializer.remove(tensor)
    assert before == after
    # Replacing back gives the same tensors, whatever their encoding was.
    arrays = {n: v for n, v in get_initializers(net).items() if n in new}
    again = onnx.load_from_string(changed.replace(arrays).data)
    assert {t.name: numpy_helper.to_array(t).tobytes() for t in again.graph.initializer
            } == {n: v.tobytes() for n, v in get_initializers(net).items()}


def test_fingerprint_ignores_values_only(net):
    file = OnnxFile.read(net)
    names = {"fc.bias", "conv1.weight"}
    other = file.replace({"fc.bias": np.ones(10, np.float32)})
    assert file.get_fingerprint(names) == other.get_fingerprint(names)
    assert file.get_fingerprint({"conv1.weight"}) != other.get_fingerprint(
        {"conv1.weight"})


def test_inference_form_runs_elsewhere(net, tmp_path):
    """What PyTorch's eval computes, from a file that was exported for training."""
    import onnxruntime

    data = OnnxFile.read(net).to_inference().data
    onnx.checker.check_model(onnx.load_from_string(data))
    x = torch.randn(3, 1, 8, 8)
    session = onnxruntime.InferenceSession(data)
    (found,) = session.run(None, {"image": x.numpy()})
    module = Net().eval()
    values = {n: torch.tensor(v) for n, v in get_initializers(net).items()}
    module.load_state_dict(values, strict=False)
    with torch.no_grad():
        expected = module(x).numpy()
    assert np.abs(found - expected).max() < 1e-5
    # Nothing to do for a model that has no such nodes.
    path, _ = make_model(tmp_path)
    file = OnnxFile.read(path)
    assert file.to_inference().data == file.data


def make_model(tmp_path, external=False):
    from onnx import TensorProto, helper

    w = np.arange(6, dtype=np.float32).reshape(2, 3)
    floats = helper.make_tensor("b", TensorProto.FLOAT, [2], [5.0, 7.0])
    nodes = [
        helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(w[0])),
        helper.make_node("Add", ["x", "c"], ["sum"]),
        helper.make_node("Gemm", ["sum", "w", "b"], ["y"], transB=1),
    ]
    graph = helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3]),
         helper.make_tensor_value_info("w", TensorProto.FLOAT, [2, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 2])],
        [numpy_helper.from_array(w, "w"), floats],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    path = tmp_path / "m.onnx"
    if external:
        onnx.save(model, str(path), save_as_external_data=True, size_threshold=0,
                  location="m.bin")
    else:
        onnx.save(model, str(path))
    return path, w


@pytest.mark.parametrize("external", [False, True])
def test_encodings_of_tensors(tmp_path, external):
    path, w = make_model(tmp_path, external)
    file = OnnxFile.read(path)
    assert file.inputs == ["x"] and file.outputs == ["y"]
    assert file.shapes == {"c": (3,), "w": (2, 3), "b": (2,)}
    changed = file.replace({"b": np.float32([1, 2]), "c": np.float32([9, 8, 7])})
    (tmp_path / "elsewhere").mkdir()
    new = tmp_path / "elsewhere" / "new.onnx"
    new.write_bytes(changed.data)
    model = onnx.load(str(new))
    onnx.checker.check_model(model)
    values = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    assert (values["w"] == w).all() and (values["b"] == [1, 2]).all()
    constant = numpy_helper.to_array(model.graph.node[0].attribute[0].t)
    assert (constant == [9, 8, 7]).all()


def test_bad_files(tmp_path):
    path, _ = make_model(tmp_path)
    file = OnnxFile.read(path)
    with pytest.raises(photonic.InputError, match="has no parameter 'v'"):
        file.replace({"v": np.zeros(3, np.float32)})
    with pytest.raises(photonic.InputError, match=r"expected FLOAT\[2, 3\], found"):
        file.replace({"w": np.zeros(3, np.float32)})
    with pytest.raises(photonic.InputError, match="cannot read"):
        OnnxFile.read(tmp_path / "none.onnx")
    for data in (b"no model", b"", path.read_bytes()[:-5]):
        with pytest.raises(photonic.InputError, match="not an ONNX model"):
            OnnxFile(data, "m.onnx")
    path, _ = make_model(tmp_path, external=True)
    (tmp_path / "m.bin").unlink()
    with pytest.raises(photonic.InputError, match="'w' of .* has its data in 'm.bin'"):
        OnnxFile.read(path).replace({})
