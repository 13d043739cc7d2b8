# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Every parameter of a PyTorch module is trained, whatever reads it: gradients in
FP32 against PyTorch in float64."""

import copy
import io
import warnings

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

import photonic

BATCH, LENGTH, WIDTH = 4, 5, 6


class Sequence(nn.Module):
    """A linear layer with bias on [B, T, C], which is a MatMul and an Add."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(WIDTH, 7)
        self.second = nn.Linear(7, 3)

    def forward(self, x):
        return self.second(torch.relu(self.first(x))).mean(1)


class Scaled(nn.Module):
    """A scale that is no part of a layer."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(WIDTH, 7)
        self.scale = nn.Parameter(torch.tensor([0.5]))
        self.second = nn.Linear(7 * LENGTH, 3)

    def forward(self, x):
        return self.second(torch.flatten(torch.tanh(self.first(x)) * self.scale, 1))


class Positional(nn.Module):
    """Numbers for each position and channel, added to the input."""

    def __init__(self):
        super().__init__()
        self.position = nn.Parameter(torch.randn(LENGTH, WIDTH))
        self.fc = nn.Linear(LENGTH * WIDTH, 3)

    def forward(self, x):
        return self.fc(torch.flatten(torch.sigmoid(x + self.position), 1))


def make_data():
    rng = np.random.default_rng(3)
    x = rng.standard_normal((BATCH, LENGTH, WIDTH)).astype(np.float32)
    return torch.tensor(x), torch.tensor(rng.integers(0, 3, BATCH))


def get_gradients(module, x, y):
    """Of the mean cross entropy, in float64."""
    module = copy.deepcopy(module).double()
    nn.functional.cross_entropy(module(x.double()), y).backward()
    return {name: p.grad.numpy() for name, p in module.named_parameters()}


def check_step(model, module, x, y):
    """Gradients of all parameters, as PyTorch computes them."""
    exe = photonic.compile(model, batch=len(x), train=True, loss="cross_entropy",
                           optimizer="sgd:lr=0.1", emit_gradients=True, format="fp32")
    (name,) = [t.name for t in exe.inputs if t.name != "labels"]
    outputs = exe.step({name: x.numpy(), "labels": y.numpy()})
    for name, expected in get_gradients(module, x, y).items():
        found = outputs[f"{name}.grad"]
        assert np.linalg.norm(expected) > 1e-4, name
        error = np.linalg.norm(found.reshape(expected.shape) - expected)
        assert error <= 1e-5 * np.linalg.norm(expected), name


@pytest.mark.filterwarnings("error::photonic.CompileWarning")
@pytest.mark.parametrize("kind", [Sequence, Scaled, Positional])
def test_every_parameter_is_trained(kind):
    torch.manual_seed(1)
    module = kind()
    x, y = make_data()
    check_step(photonic.from_torch(module, x, training=True), module, x, y)


def export_elsewhere(module, x, path):
    """As PyTorch's own defaults do, without marks."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module.eval(), (x,), str(path), dynamo=False, opset_version=17,
                          input_names=["x"], output_names=["scores"],
                          dynamic_axes={"x": {0: "batch"}, "scores": {0: "batch"}})


def test_constants_that_nobody_marked(tmp_path):
    """They are trained and named, and `learn` or `freeze` decides about them."""
    torch.manual_seed(1)
    module = Positional()
    x, y = make_data()
    path = tmp_path / "m.onnx"
    export_elsewhere(module, x, path)

    def train(**options):
        trainer = photonic.Trainer(path, batch=BATCH, format="fp32", **options)
        trainer.fit(x.numpy(), y.numpy())
        return trainer.parameters

    before = module.position.detach().numpy()
    with pytest.warns(photonic.CompileWarning, match="trained, though.*'position'.*learn"):
        assert (train()["position"] != before).any()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (train(learn="^position$")["position"] != before).any()
        assert (train(freeze="^(position|fc.bias)$")["position"] == before).all()
    with pytest.raises(photonic.CompileError, match="learn: no parameter matches 'positoin'"):
        train(learn="positoin")
    with pytest.raises(photonic.InputError, match="learn has no meaning for inference"):
        photonic.compile(path, batch=BATCH, learn="^position$")


class Zeros(nn.Module):
    """Two biases that are equal: PyTorch writes one tensor and an Identity of it."""

    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(WIDTH, WIDTH)
        self.fc2 = nn.Linear(WIDTH, WIDTH)
        for layer in (self.fc1, self.fc2):
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))


@pytest.fixture
def zeros(tmp_path):
    """A module, the path of its export, and data."""
    torch.manual_seed(2)
    module, path = Zeros(), tmp_path / "zeros.onnx"
    x, y = torch.randn(8, WIDTH), torch.arange(8) % 5
    export_elsewhere(module, x, path)
    nodes = [n.op_type for n in onnx.load(str(path)).graph.node]
    assert "Identity" in nodes, "PyTorch has changed; the test needs another model"
    return module, path, x, y


def test_equal_parameters_are_trained_separately(zeros):
    module, path, x, y = zeros
    with pytest.warns(photonic.CompileWarning, match="trained on its own: 'fc2.bias'"):
        check_step(path, module, x, y)


@pytest.mark.filterwarnings("ignore::photonic.CompileWarning")
def test_equal_parameters_are_exported_separately(zeros, tmp_path):
    module, path, x, y = zeros
    trainer = photonic.Trainer(path, batch=8, optimizer="sgd:lr=0.1", format="fp32")
    trainer.fit(x.numpy(), y.numpy(), epochs=3)
    first, second = trainer.parameters["fc1.bias"], trainer.parameters["fc2.bias"]
    assert first.any() and second.any() and (first != second).any()
    for training in (False, True):
        out = tmp_path / "out.onnx"
        trainer.export(out, training=training)
        onnx.checker.check_model(onnx.load(str(out)))
        session = onnxruntime.InferenceSession(str(out))
        (found,) = session.run(None, {"x": x.numpy()})
        expected = trainer.predict(x.numpy())["scores"]
        assert np.abs(found - expected).max() < 1e-5
        again = photonic.Trainer(out, batch=8, optimizer="sgd:lr=0.1", format="fp32")
        for name, value in trainer.parameters.items():
            assert (again.parameters[name] == value).all(), name


def test_a_damaged_copy_is_refused(zeros):
    """An Identity whose name is a number is no model."""
    from photonic.onnx_file import OnnxFile

    node = b"\x08\x05\x22\x08Identity"
    graph = b"\x0a" + bytes([len(node)]) + node
    data = b"\x3a" + bytes([len(graph)]) + graph
    with pytest.raises(photonic.InputError, match="not an ONNX model"):
        OnnxFile(io.BytesIO(data).getvalue(), "m.onnx")


class Frozen(nn.Module):
    def __init__(self):
        super().__init__()
        self.position = nn.Parameter(torch.randn(LENGTH, WIDTH), requires_grad=False)
        self.body = nn.Sequential(nn.Linear(LENGTH * WIDTH, 4), nn.ReLU(), nn.Linear(4, 3))
        self.body[0].weight.requires_grad = False

    def forward(self, x):
        return self.body(torch.flatten(x + self.position, 1))


@pytest.mark.filterwarnings("error")
def test_parameters_without_gradients_stay():
    torch.manual_seed(1)
    module = Frozen()
    x, y = make_data()
    model = photonic.from_torch(module, x, training=True)
    trainer = photonic.Trainer(model, batch=BATCH, format="fp32")
    assert trainer.summary.kept == ("body.0.weight",)
    before = trainer.parameters
    trainer.fit(x.numpy(), y.numpy())
    after = trainer.parameters
    changed = {name for name in after if (before[name] != after[name]).any()}
    assert changed == {"body.0.bias", "body.2.weight", "body.2.bias"}
    assert changed == set(trainer.summary.trained)


@pytest.mark.filterwarnings("error")
def test_a_single_constant_without_gradient():
    """It may be frozen as well."""
    torch.manual_seed(1)
    module = Positional()
    module.position.requires_grad = False
    x, _ = make_data()
    model = photonic.from_torch(module, x, training=True)
    for freeze in (None, "^position$"):
        trainer = photonic.Trainer(model, batch=BATCH, freeze=freeze)
        assert "position" not in trainer.parameters
    trainer = photonic.Trainer(model, batch=BATCH, learn="^position$")
    assert "position" in trainer.summary.trained


def test_a_module_that_learns_nothing():
    module = nn.Linear(LENGTH, WIDTH).requires_grad_(False)
    model = photonic.from_torch(module, torch.randn(BATCH, LENGTH), training=True)
    with pytest.raises(photonic.CompileError, match="all are frozen; freeze fewer"):
        photonic.Trainer(model, batch=BATCH)
