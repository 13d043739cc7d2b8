# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Arguments that make no sense: accepted, or refused by an error of the package."""

import pathlib
import warnings

import numpy as np
import pytest
import torch
from test_training import Net, make_data

import photonic


class NoArray:
    """Which NumPy may not convert."""

    def __array__(self, *arguments, **options):
        raise RuntimeError("no array")


class NoPath:
    def __fspath__(self):
        return 3


VALUES = {
    "none": None, "true": True, "zero": 0, "minus": -1, "half": 0.5, "nan": float("nan"),
    "infinity": float("inf"), "huge": 10**30, "complex": 1j, "empty": "", "text": "x y",
    "surrogate": "\udcff", "lone": "\ud800", "nul": "a\0b", "bytes": b"\xff", "list": [],
    "numbers": [1, 2], "texts": ["a", "b"], "mixed": ["a", 1, None], "ragged": [[1], [1, 2]],
    "tuple": (1, 2, 3), "dict": {}, "by number": {1: 2}, "by name": {"N": "x"},
    "nested": {"a": {"b": 1}}, "set": {1}, "object": object(), "class": int,
    "function": len, "path": pathlib.Path("none"), "folder": pathlib.Path("/"),
    "long": "x" * 5000, "no array": NoArray(), "no path": NoPath(),
    "scalar": np.float32(1), "empty array": np.zeros((0, 1, 8, 8), np.float32),
    "strings": np.array(["a"]), "objects": np.array([None, {}], object),
    "big endian": np.zeros((4, 1, 8, 8), ">f4"), "records": np.zeros(3, [("a", "i4")]),
    "times": np.array(["2020-01-01"], "M8[D]"), "half floats": np.zeros((4, 1, 8, 8), "f2"),
    "wide labels": np.full(4, 2**64 - 1, np.uint64), "negative": np.full(4, -5),
    "generator": range(3), "tensor": torch.zeros(4, 1, 8, 8), "module": torch.nn.ReLU(),
}


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """(module, path of its model, inputs, labels)."""
    torch.manual_seed(0)
    module = Net()
    path = tmp_path_factory.mktemp("wrong") / "net.onnx"
    photonic.from_torch(module, torch.zeros(2, 1, 8, 8), training=True).save(path)
    return module, path, *make_data(8)


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    """Some of the values are names of files that can be written."""
    monkeypatch.chdir(tmp_path)


def check(call, message=""):
    """Success, or an error that says something; warnings do not matter here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            call()
        except photonic.Error as error:
            assert len(str(error)) > 10, repr(error)
        except Exception as error:
            raise AssertionError(f"{message}: {type(error).__name__}: {error}") from error


def vary(function, good, only=None):
    """Calls `function` with each value for each argument, the others being good."""
    for name in only or good:
        for kind, value in VALUES.items():
            check(lambda: function(**{**good, name: value}), f"{name}={kind}")


def test_compile(models):
    good = {"model": models / "tiny.onnx", "batch": 4}
    options = ["target", "dims", "format", "dataflow", "memory", "set", "output", "loss",
               "loss_output", "optimizer", "freeze", "learn", "recompute"]
    vary(photonic.compile, good, [*good, *options])
    good.update(train=True, loss="cross_entropy", optimizer="sgd:lr=0.1")
    vary(photonic.compile, good, ["loss", "loss_output", "optimizer", "freeze", "learn",
                                  "emit_gradients", "recompute"])


def test_load_and_targets(tiny):
    vary(photonic.load, {"path": tiny, "target": "mirage", "set": None})
    vary(photonic.target, {"name": "mirage", "set": None})
    machine = photonic.target("mirage")
    for kind, value in VALUES.items():
        check(lambda: machine[value], kind)


def test_executable(tiny, models, tmp_path):
    exe = photonic.load(tiny)
    x, y = np.load(models / "x.npy"), np.load(models / "labels.npy")
    run = {"inputs": x, "threads": 1, "executor": "fast", "fp32": False, "compare": False}
    vary(exe.run, run)
    for kind, value in VALUES.items():
        check(lambda: exe.run({"x": value}), f"x: {kind}")
        if isinstance(value, (str, bytes, int, tuple)):
            check(lambda: exe.run({value: x}), f"name: {kind}")
    vary(exe.step, {"inputs": x[:4], "threads": 1})
    vary(exe.evaluate, {"x": x, "y": y})
    vary(exe.measure, {"y": y})
    vary(exe.report, {"timing": "closed"})
    vary(exe.report_text, {"columns": 80, "color": False, "timing": "closed"})
    for method in (exe.save, exe.timeline, exe.save_state, exe.load_state):
        vary(method, {"path": tmp_path / "file"})
    vary(exe.write_state, {"values": {}, "partial": True})
    for kind, value in VALUES.items():
        check(lambda: setattr(exe, "seed", value), kind)
        check(lambda: setattr(exe, "learning_rate", value), kind)


def test_trainer(network):
    path = network[1]
    good = {"model": path, "batch": 4}
    vary(photonic.Trainer, good, [
        *good, "target", "loss", "optimizer", "format", "loss_output", "freeze", "learn",
        "recompute", "dims", "dataflow", "memory", "set", "threads", "executor",
    ])


def test_fit(network, tmp_path, monkeypatch):
    _, path, x, y = network
    trainer = photonic.Trainer(path, batch=8)
    good = {"x": x, "y": y, "epochs": 1, "seed": 0, "schedule": None, "validation": (x, y),
            "checkpoint": None, "checkpoint_every": None, "progress": False, "shuffle": True}
    # So many epochs would be trained.
    monkeypatch.setitem(VALUES, "huge", -(10**30))
    vary(trainer.fit, good)
    for name in ("on_epoch", "on_start"):
        with pytest.raises(photonic.InputError, match=f"{name}: expected a function"):
            trainer.fit(**good, **{name: 3})
    vary(trainer.evaluate, {"x": x, "y": y})
    vary(trainer.predict, {"x": x})
    vary(trainer.export, {"path": tmp_path / "out.onnx"})
    vary(trainer.report, {"timing": "closed"})
    for kind, value in VALUES.items():
        check(lambda: setattr(trainer, "learning_rate", value), kind)


def test_from_torch(network):
    module, example = network[0], torch.zeros(2, 1, 8, 8)
    good = {"module": module, "example": example}
    vary(photonic.from_torch, good, [*good, "input_names", "output_names"])
    model = photonic.from_torch(module, example)
    vary(model.save, {"path": pathlib.Path("/dev/null")})
    vary(photonic.History().save, {"path": pathlib.Path("/dev/null")})
    vary(photonic.History().reach, {"accuracy": 0.5})


def test_unknown_names():
    with pytest.raises(AttributeError, match="module 'photonic' has no attribute 'compil'"):
        photonic.compil
    assert set(photonic.__all__) <= set(dir(photonic))
    assert photonic.errors.Error is photonic.Error
    with pytest.raises(photonic.TargetError, match="no field 'core.cout'.*'core.count'"):
        photonic.target("mirage")["core.cout"]
