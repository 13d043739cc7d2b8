# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Parameters that are no weight of a layer get the gradients that PyTorch computes in
float64, whatever arithmetic stands between them and the loss."""

import copy
import subprocess
import warnings

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

import photonic

BATCH, SIZE, CHANNELS = 3, 5, 2


class Net(nn.Module):
    """A convolution, something with parameters of its own, a linear layer."""

    def __init__(self, values, middle):
        super().__init__()
        self.conv = nn.Conv2d(1, CHANNELS, 3, padding=1)
        for name, value in values.items():
            setattr(self, name, nn.Parameter(torch.tensor(value)))
        self.middle = middle
        self.fc = nn.Linear(CHANNELS * SIZE * SIZE, 3)

    def forward(self, x):
        return self.fc(torch.flatten(self.middle(self, self.conv(x)), 1))


# Parameters, and what the network computes with them of an image y.
MODULES = {
    "one_plus": ({"g": 0.3}, lambda m, y: (1 + m.g) * y),
    "mixed": ({"p": 0.4}, lambda m, y: m.p * torch.relu(y) + (1 - m.p) * y),
    "half": ({"p": 0.4}, lambda m, y: (m.p * 0.5) * y),
    "doubled": ({"p": 0.4}, lambda m, y: (m.p + m.p) * y),
    "product": ({"p": 0.4, "q": -1.5}, lambda m, y: (m.p * m.q) * y),
    "clamp_max": ({"p": 0.2}, lambda m, y: torch.clamp(y, max=m.p)),
    "clamp_min": ({"p": -0.1}, lambda m, y: torch.clamp(y, min=m.p)),
    "clamp_both": ({"p": -0.2, "q": 0.3}, lambda m, y: torch.clamp(y, m.p, m.q)),
    "quotient": ({"p": 0.7}, lambda m, y: y / (m.p * m.p + 1)),
    "difference": ({"p": 0.7, "q": 0.2}, lambda m, y: y + (m.p - m.q)),
    "sigmoid": ({"p": 0.7}, lambda m, y: torch.sigmoid(m.p * 3) * y),
    "minus_negated": ({"p": 0.7}, lambda m, y: y - (-m.p)),
    "power": ({"p": 1.7}, lambda m, y: (y * y + 0.1) ** m.p),
    "gem": (
        {"p": 3.0},
        lambda m, y: y * y.clamp(min=1e-2).pow(m.p).mean((2, 3), True).pow(1 / m.p),
    ),
    # Siblings.
    "power_per_channel": ({"p": [[[1.5]], [[2.5]]]}, lambda m, y: torch.exp(y) ** m.p),
    "power_of_parameter": ({"p": 1.5}, lambda m, y: m.p**y),
    "per_channel": ({"p": [[[0.5]], [[2.0]]]}, lambda m, y: m.p * y),
    "shared": ({"p": 0.5}, lambda m, y: torch.tanh(m.p * y) + m.p),
    "branch": ({"p": 0.5}, lambda m, y: torch.where(y > 0, y, m.p * y)),
    "choice": ({"p": 0.1}, lambda m, y: torch.where(y > 0.2, y, m.p)),
    "maximum": ({"p": 0.1}, lambda m, y: torch.maximum(y, m.p)),
    "minimum": ({"p": [0.1] * SIZE}, lambda m, y: torch.minimum(m.p, y)),
    "softplus": ({"p": 0.1}, lambda m, y: torch.log(torch.exp(m.p) + 1) * y),
    "root": ({"p": 0.3}, lambda m, y: y / torch.sqrt(m.p.abs() + 1e-5)),
    "mean": ({"p": [0.1, 0.4, 0.5]}, lambda m, y: m.p.mean() * y + m.p.sum()),
    "slices": ({"p": [0.1, 0.4, 0.5]}, lambda m, y: m.p[1] * y + m.p[2]),
    "joined": (
        {"p": [[[0.1]]], "q": [[[0.4]]]},
        lambda m, y: torch.cat([m.p, m.q], 0) * y,
    ),
    "matrix": (
        {"p": np.linspace(-1, 1, SIZE * SIZE, dtype=np.float32).reshape(SIZE, SIZE)
         .tolist()},
        lambda m, y: y @ (m.p * 2),
    ),
    "reciprocal": ({"p": 1.5}, lambda m, y: y * (1.0 / m.p)),
}


def make(name):
    torch.manual_seed(1)
    values, middle = MODULES[name]
    x = torch.randn(BATCH, 1, SIZE, SIZE)
    return Net(values, middle), x, torch.tensor([0, 2, 1])


def get_gradients(module, x, y):
    """Of the mean cross entropy, in float64."""
    module = copy.deepcopy(module).double()
    nn.functional.cross_entropy(module(x.double()), y).backward()
    return {name: p.grad.numpy() for name, p in module.named_parameters()}


def compile_step(model, optimizer="sgd:lr=0.1", **options):
    return photonic.compile(model, batch=BATCH, train=True, loss="cross_entropy",
                            optimizer=optimizer, emit_gradients=True, format="fp32",
                            **options)


def step(exe, x, y):
    (name,) = [t.name for t in exe.inputs if t.name != "labels"]
    return exe.step({name: x.numpy(), "labels": y.numpy()})


def check_gradients(outputs, expected):
    for name, gradient in expected.items():
        found = outputs[f"{name}.grad"]
        size = np.linalg.norm(gradient)
        assert size > 1e-4, name
        assert found.size == gradient.size, name
        error = np.linalg.norm(found.reshape(gradient.shape) - gradient)
        assert error <= 3e-5 * size, (name, found, gradient)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", MODULES)
def test_from_torch(name):
    module, x, y = make(name)
    exe = compile_step(photonic.from_torch(module, x, training=True))
    assert set(exe.training.trained) == {n for n, _ in module.named_parameters()}
    assert not exe.training.kept and not exe.training.statistics
    check_gradients(step(exe, x, y), get_gradients(module, x, y))


def export(module, x, path, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module.eval(), (x,), str(path), input_names=["x"],
                          output_names=["scores"], **options)
    return {t.name for t in onnx.load(str(path)).graph.initializer}


@pytest.mark.parametrize("name", MODULES)
def test_older_exporter(name, tmp_path):
    """Without folding; with it, PyTorch itself loses names."""
    module, x, y = make(name)
    names = export(module, x, tmp_path / "m.onnx", dynamo=False,
                   do_constant_folding=False, opset_version=17)
    assert {n for n, _ in module.named_parameters()} <= names
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        exe = compile_step(tmp_path / "m.onnx")
    check_gradients(step(exe, x, y), get_gradients(module, x, y))
    if name == "matrix":  # is the weight of a layer
        return
    # It says which of them might be something else.
    (text,) = {str(w.message) for w in said if w.category is photonic.CompileWarning}
    assert "the model does not say what is learned" in text
    for parameter in MODULES[name][0]:
        assert f"'{parameter}'" in text


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.filterwarnings("ignore::photonic.CompileWarning")
def test_newer_exporter(name, tmp_path):
    """It folds constants; what it folds is trained in place of the parameter, or
    beside it."""
    pytest.importorskip("onnxscript")
    module, x, y = make(name)
    names = export(module, x, tmp_path / "m.onnx", dynamo=True)
    exe = compile_step(tmp_path / "m.onnx")
    outputs = step(exe, x, y)
    expected = get_gradients(module, x, y)
    trained = set(exe.training.trained)
    folded = trained - expected.keys()
    assert expected.keys() - names <= MODULES[name][0].keys()
    assert expected.keys() & names <= trained
    assert folded or expected.keys() <= trained
    whole = [n for n in expected if n not in MODULES[name][0] or not folded]
    check_gradients(outputs, {n: expected[n] for n in whole})


@pytest.mark.parametrize("memory", ["ideal", "hierarchy"])
@pytest.mark.parametrize("optimizer", ["sgd:lr=0.1,momentum=0.9", "adam:lr=0.01"])
def test_steps(optimizer, memory):
    """Three of them, against PyTorch's optimizer."""
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    kind, _, settings = optimizer.partition(":")
    settings = {k: float(v) for k, v in (e.split("=") for e in settings.split(","))}
    module, x, y = make("product")
    exe = compile_step(photonic.from_torch(module, x, training=True), optimizer,
                       memory=memory)
    module = module.double()
    torch_optimizer = kinds[kind](module.parameters(), **settings)
    for _ in range(3):
        step(exe, x, y)
        torch_optimizer.zero_grad()
        nn.functional.cross_entropy(module(x.double()), y).backward()
        torch_optimizer.step()
    state = exe.read_state()
    for name, value in module.named_parameters():
        assert state[name].shape == tuple(value.shape)
        assert np.abs(state[name] - value.detach().numpy()).max() < 2e-5, name


@pytest.mark.parametrize("name", ["one_plus", "gem", "clamp_both", "per_channel"])
def test_training_and_export(name, tmp_path):
    """Evaluation, checkpoint and exported file know the parameters by name."""
    module, x, y = make(name)
    model = photonic.from_torch(module, x, training=True)
    trainer = photonic.Trainer(model, batch=BATCH, optimizer="sgd:lr=0.05", format="fp32")
    before = trainer.parameters
    trainer.fit(x.numpy(), y.numpy(), epochs=2, checkpoint=tmp_path / "c")
    after = trainer.parameters
    assert all((before[n] != after[n]).any() for n, _ in module.named_parameters())
    scores = trainer.predict(x.numpy())["output"]
    with torch.no_grad():
        for parameter, value in module.named_parameters():
            value.copy_(torch.tensor(after[parameter]).reshape(value.shape))
        expected = module.eval()(x).numpy()
    assert np.abs(scores - expected).max() < 2e-5
    trainer.export(tmp_path / "trained.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "trained.onnx"))
    (found,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    assert np.abs(scores - found).max() < 2e-5
    again = photonic.Trainer(tmp_path / "trained.onnx", batch=BATCH, format="fp32")
    assert set(again.summary.trained) == set(trainer.summary.trained)
    for parameter, value in again.parameters.items():
        assert (value == after[parameter]).all()
    folded = photonic.compile(tmp_path / "trained.onnx", batch=BATCH, format="fp32")
    assert np.abs(folded.run(x.numpy())["output"] - expected).max() < 2e-5


class Everything(nn.Module):
    """Shared, frozen, unused and no parameters at all."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 4, bias=False)
        self.second = nn.Linear(4, 4, bias=False)
        self.second.weight = self.first.weight
        self.fc1, self.fc2 = nn.Linear(4, 4), nn.Linear(4, 3)
        self.kept = nn.Parameter(torch.randn(4), requires_grad=False)
        self.unused = nn.Parameter(torch.randn(7))
        self.scale = nn.Parameter(torch.tensor(1.5))
        self.norm = nn.BatchNorm1d(4)
        self.register_buffer("mask", torch.tensor([1.0, 0.5, 1.0, 2.0]))
        self.text = torch.tensor([0.5, 1.0, 2.0, 1.0])

    def forward(self, x):
        y = self.second(torch.relu(self.first(x * self.mask))) + self.kept
        y = self.norm(self.fc1(y) * self.text)
        return self.fc2(torch.tanh(y * self.scale))


def test_a_module_says_what_it_learns():
    torch.manual_seed(5)
    module = Everything()
    x, y = torch.randn(6, 4), torch.arange(6) % 3
    with pytest.warns(photonic.TrainingWarning, match="'unused' not exported"):
        model = photonic.from_torch(module, x, training=True)
    learned = {n: tuple(p.shape) for n, p in module.named_parameters()
               if p.requires_grad and n != "unused"}
    assert model.parameters == learned and "second.weight" not in learned
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trainer = photonic.Trainer(model, batch=6, format="fp32",
                                   optimizer="sgd:lr=0.1")
    assert set(trainer.summary.trained) == set(learned)
    assert set(trainer.summary.statistics) == {"norm.running_mean", "norm.running_var"}
    assert trainer.summary.kept == ("kept",)
    numbers = sum(int(np.prod(shape)) for shape in learned.values())
    assert str(trainer.summary) == (
        f"training {len(learned)} parameters ({numbers} numbers), 2 running statistics "
        "(8 numbers), 1 not trained (4 numbers)"
    )
    trainer.fit(x.numpy(), y.numpy(), shuffle=False)
    module = module.double().train()
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    nn.functional.cross_entropy(module(x.double()), y).backward()
    optimizer.step()
    found = trainer.parameters
    for name, value in module.state_dict().items():
        if name in found:
            assert np.abs(found[name] - value.numpy()).max() < 1e-5, name
    assert set(learned) <= set(found)


def test_what_has_no_influence_is_named():
    class Compared(nn.Module):
        def __init__(self):
            super().__init__()
            self.threshold = nn.Parameter(torch.tensor(0.1))
            self.fc = nn.Linear(4, 3)

        def forward(self, x):
            return self.fc(torch.where(x > self.threshold, x, 0 * x))

    x = torch.randn(6, 4)
    model = photonic.from_torch(Compared(), x, training=True)
    with pytest.warns(photonic.CompileWarning,
                      match="'threshold' is not trained: it is only compared"):
        trainer = photonic.Trainer(model, batch=6)
    assert "threshold" not in trainer.summary.trained
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        photonic.Trainer(model, batch=6, freeze="^threshold$")


class Siamese(nn.Module):
    """One normalisation, used twice."""

    def __init__(self):
        super().__init__()
        self.fc1, self.norm, self.fc2 = nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 3)

    def forward(self, x):
        a = self.norm(self.fc1(x))
        return self.fc2(a * self.norm(self.fc1(torch.relu(a))))


@pytest.mark.filterwarnings("error")
def test_one_normalisation_used_twice():
    torch.manual_seed(4)
    module, x, y = Siamese(), torch.randn(BATCH, 4), torch.tensor([0, 2, 1])
    exe = compile_step(photonic.from_torch(module, x, training=True))
    outputs = step(exe, x, y)
    module = module.double().train()
    nn.functional.cross_entropy(module(x.double()), y).backward()
    expected = {name: p.grad.numpy() for name, p in module.named_parameters()
                if name != "fc1.bias"}
    check_gradients(outputs, expected)
    state = exe.read_state()
    for name in ("norm.running_mean", "norm.running_var"):
        expected = module.state_dict()[name].numpy()
        assert np.abs(state[name] - expected).max() < 1e-5, name


def make_constants(path):
    """A network whose weights are values of Constant nodes."""
    rng = np.random.default_rng(2)
    nodes, last = [], "x"

    def constant(name, value):
        tensor = numpy_helper.from_array(np.asarray(value, np.float32))
        nodes.append(helper.make_node("Constant", [], [name], value=tensor))
        return name

    def node(op, inputs, output, **attributes):
        nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    last = node("Conv", ["x", constant("conv_w", rng.normal(size=(2, 1, 3, 3))),
                         constant("conv_b", rng.normal(size=2))], "c")
    last = node("Mul", [last, constant("half", 0.5)], "h")
    last = node("Relu", [last], "r")
    last = node("Flatten", [last], "f")
    weight = node("Identity", [constant("fc_w", rng.normal(size=(18, 3)) * 0.2)], "copy")
    last = node("MatMul", [last, weight], "m")
    last = node("Add", [last, constant("fc_b", rng.normal(size=3))], "y")
    graph = helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 1, SIZE, SIZE])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 3])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, str(path))


@pytest.mark.filterwarnings("error")
def test_weights_that_are_constants_of_the_graph(tmp_path):
    make_constants(tmp_path / "m.onnx")
    x = np.random.default_rng(3).normal(size=(BATCH, 1, SIZE, SIZE)).astype(np.float32)
    y = np.array([0, 2, 1])
    trainer = photonic.Trainer(tmp_path / "m.onnx", batch=BATCH, format="fp32",
                               optimizer="sgd:lr=0.05")
    assert set(trainer.summary.trained) == {"conv_w", "conv_b", "fc_w", "fc_b"}
    losses = trainer.fit(x, y, epochs=5).loss
    assert losses[-1] < losses[0]
    trainer.export(tmp_path / "trained.onnx")
    onnx.checker.check_model(onnx.load(str(tmp_path / "trained.onnx")))
    session = onnxruntime.InferenceSession(str(tmp_path / "trained.onnx"))
    (found,) = session.run(None, {"x": x})
    assert np.abs(trainer.predict(x)["y"] - found).max() < 1e-5
    again = photonic.Trainer(tmp_path / "trained.onnx", batch=BATCH, format="fp32")
    for name, value in trainer.parameters.items():
        assert (again.parameters[name] == value).all(), name
    # A number of the graph is learned if somebody asks for it.
    scaled = photonic.Trainer(tmp_path / "m.onnx", batch=BATCH, format="fp32",
                              learn="^half$")
    assert "half" in scaled.summary.trained


def test_a_weight_read_through_two_identities_is_one(tmp_path):
    weight = np.float32([[0.5, -1], [0.25, 0.75]])
    nodes = [helper.make_node("Identity", ["w"], ["a"]),
             helper.make_node("Identity", ["w"], ["b"]),
             helper.make_node("Gemm", ["x", "a"], ["h"]),
             helper.make_node("Tanh", ["h"], ["t"]),
             helper.make_node("Gemm", ["t", "b"], ["y"])]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [BATCH, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [BATCH, 2])],
        [numpy_helper.from_array(weight, "w")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    onnx.save(model, str(tmp_path / "m.onnx"))
    x, y = torch.randn(BATCH, 2), torch.tensor([0, 1, 1])
    exe = compile_step(tmp_path / "m.onnx")
    assert exe.training.trained == ("w",)
    w = torch.tensor(weight, dtype=torch.float64, requires_grad=True)
    nn.functional.cross_entropy(torch.tanh(x.double() @ w) @ w, y).backward()
    check_gradients(step(exe, x, y), {"w": w.grad.numpy()})


@pytest.mark.parametrize("name", ["gem", "clamp_both"])
def test_restart_from_saved_ir(name, build_bin, tmp_path):
    """What the importer knows about parameters is in the IR."""
    module, x, _ = make(name)
    photonic.from_torch(module, x, training=True).save(tmp_path / "m.onnx")
    common = ["--train", "--loss=cross_entropy", "--optimizer=sgd", "--format=fp32"]

    def run(*arguments):
        done = subprocess.run([build_bin / "photonic-compile", *arguments], check=True,
                              cwd=tmp_path, capture_output=True, text=True)
        return done.stderr

    said = run("m.onnx", f"--batch={BATCH}", *common, "-o", "whole.phx")
    run("m.onnx", f"--batch={BATCH}", *common, "--compile-to=import", "-o", "import.mlir")
    again = run("import.mlir", "--compile-from=import", *common, "-o", "restarted.phx")
    parameters = list(module.parameters())
    numbers = sum(p.numel() for p in parameters)
    assert said == again == (
        f"photonic-compile: training {len(parameters)} parameters ({numbers} numbers), 0 "
        "running statistics (0 numbers), 0 not trained (0 numbers)\n"
    )
    assert (tmp_path / "whole.phx").read_bytes() == (
        tmp_path / "restarted.phx").read_bytes()
