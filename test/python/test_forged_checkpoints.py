# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Checkpoints that no run has written, and those of runs that differ in what is
easily overlooked: a message, and nothing is changed."""

import json
import re
import struct

import numpy as np
import pytest
import torch
from test_training import Net, make_data

import photonic

META = "photonic.training"
pytestmark = pytest.mark.filterwarnings("ignore::photonic.TrainingWarning")


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return photonic.from_torch(Net(), torch.zeros(2, 1, 8, 8), training=True)


@pytest.fixture(scope="module")
def data():
    return make_data()


def make_trainer(model, **options):
    return photonic.Trainer(model, **{"optimizer": "sgd:lr=0.05,momentum=0.9",
                                      "batch": 16, **options})


@pytest.fixture(scope="module")
def entries(model, data, tmp_path_factory):
    """The arrays of a checkpoint behind two epochs of four steps."""
    path = tmp_path_factory.mktemp("good") / "c"
    make_trainer(model).fit(*data, epochs=2, checkpoint=path, validation=data)
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


def save(path, entries, meta=None):
    if meta is not None:
        entries = {**entries, META: np.frombuffer(json.dumps(meta).encode(), np.uint8)}
    with open(path, "wb") as file:
        np.savez(file, **entries)


def refuse(model, data, path, message):
    trainer = make_trainer(model)
    before, saved = trainer.program.read_state(), path.read_bytes()
    with pytest.raises(photonic.InputError, match=message):
        trainer.fit(*data, epochs=3, checkpoint=path, validation=data)
    assert path.read_bytes() == saved
    for name, value in trainer.program.read_state().items():
        assert (before[name] == value).all(), name


def test_what_the_test_writes_is_accepted(model, data, entries, tmp_path):
    save(tmp_path / "c", entries, json.loads(entries[META].tobytes()))
    history = make_trainer(model).fit(*data, epochs=2, checkpoint=tmp_path / "c",
                                      validation=data)
    assert len(history) == 8 and len(history.validation) == 2


def change(meta, name, value):
    *groups, last = name.split("/")
    for group in groups:
        meta = meta[group]
    meta[last] = value


@pytest.mark.parametrize("name, value, message", [
    ("settings", [["model", "x"]], "is not a checkpoint"),
    ("settings", "text", "is not a checkpoint"),
    ("settings", {}, "another training run"),
    ("history", [], "is not a checkpoint"),
    ("history", {}, "is not a checkpoint"),
    ("history/steps_per_epoch", 0, "damaged: .*0 steps per epoch where the data give 4"),
    ("history/steps_per_epoch", 5, "damaged"),
    ("history/steps_per_epoch", "4", "damaged"),
    ("history/validation", [], "damaged: it has 0 validations in 8 steps"),
    ("history/validation", [{"loss": 1.0}], "is not a checkpoint"),
    ("history/validation", [3, 4], "is not a checkpoint"),
    ("history/validation", [{"loss": 1, "accuracy": "high", "samples": 3}],
     "is not a checkpoint"),
    ("history/validation", [{"loss": 1, "accuracy": 1, "samples": 3}] * 3, "damaged"),
    ("history/surplus", 3, "is not a checkpoint"),
    ("version", 2, "has version 2, expected 1"),
    ("version", [1], r"has version \[1\]"),
])
def test_forged_descriptions(model, data, entries, tmp_path, name, value, message):
    meta = json.loads(entries[META].tobytes())
    change(meta, name, value)
    save(tmp_path / "c", entries, meta)
    refuse(model, data, tmp_path / "c", message)


@pytest.mark.parametrize("meta", [[1, 2], 3, None, "text"])
def test_descriptions_of_another_kind(model, data, entries, tmp_path, meta):
    text = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    save(tmp_path / "c", {**entries, META: text})
    refuse(model, data, tmp_path / "c", "is not a checkpoint")
    deep = np.frombuffer(b"[" * 100000, np.uint8)
    save(tmp_path / "c", {**entries, META: deep})
    refuse(model, data, tmp_path / "c", "is not a checkpoint")


@pytest.mark.parametrize("value", [
    np.array(1.5), np.ones((8, 1)), np.ones((2, 4)), np.ones(7), np.ones(9),
    np.array(["1"] * 8), np.ones(8, complex), np.ones(8, int),
], ids=lambda value: f"{value.dtype.name}{value.shape}")
def test_forged_columns(model, data, entries, tmp_path, value):
    save(tmp_path / "c", {**entries, "steps/loss": value})
    refuse(model, data, tmp_path / "c", "is not a checkpoint")


def test_all_columns_forged_alike(model, data, entries, tmp_path):
    for value in (np.array(1.5), np.ones((8, 1)), np.ones(8, complex)):
        columns = {name: value for name in entries if name.startswith("steps/")}
        save(tmp_path / "c", {**entries, **columns})
        refuse(model, data, tmp_path / "c", "is not a checkpoint")
    missing = {name: v for name, v in entries.items() if name != "steps/energy_pj"}
    save(tmp_path / "c", missing)
    refuse(model, data, tmp_path / "c", "is not a checkpoint")


@pytest.mark.parametrize("value, message", [
    (np.zeros((2, 3), np.float32), "conv.weight"),
    (np.full((4, 1, 3, 3), np.nan, np.float32), "conv.weight.*nan"),
    (np.zeros((4, 1, 3, 3)), "parameter 'conv.weight': expected float32.*float64"),
    (None, "conv.weight"),
])
def test_forged_state(model, data, entries, tmp_path, value, message):
    changed = {n: v for n, v in entries.items() if n != "state/conv.weight"}
    if value is not None:
        changed["state/conv.weight"] = value
    save(tmp_path / "c", changed)
    refuse(model, data, tmp_path / "c", message)


def test_damaged_archives(model, data, entries, tmp_path):
    """Other compression methods, encryption."""
    path = tmp_path / "c"
    save(path, entries)
    good = path.read_bytes()
    local, central = good.index(b"PK\x03\x04"), good.index(b"PK\x01\x02")
    for at, value in [(central + 10, 99), (central + 10, 8), (central + 8, 1),
                      (local + 26, 3)]:
        damaged = bytearray(good)
        damaged[at : at + 2] = struct.pack("<H", value)
        path.write_bytes(damaged)
        refuse(model, data, path, "damaged.*remove it|is not a checkpoint")


def test_random_damage(model, data, entries, tmp_path):
    """A message, or the checkpoint as it was: sums find what matters."""
    from photonic import checkpoint

    path = tmp_path / "c"
    save(path, entries)
    good = path.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(good)
        damaged[rng.integers(len(damaged))] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            checkpoint.read(str(path))
        except photonic.InputError as error:
            assert str(path) in str(error)


#
# Other runs
#


@pytest.fixture
def target(source_dir, tmp_path):
    """The description of a machine in a file of its own."""
    path = tmp_path / "mine.textproto"
    text = (source_dir / "runtime" / "targets" / "mirage.textproto").read_text()
    path.write_text(text)
    return path


def test_a_changed_machine_is_refused(model, data, target, tmp_path):
    """The name of the target says nothing about what is in its file."""
    path = tmp_path / "c"
    make_trainer(model, target=target).fit(*data, checkpoint=path)
    text = target.read_text()
    changed = re.sub(r"(clock_ghz \{\s+value:) 10", r"\1 5", text, count=1)
    assert changed != text
    target.write_text(changed)
    trainer = make_trainer(model, target=target)
    with pytest.raises(photonic.InputError,
                       match="machine core.clock_ghz: in the checkpoint 10, now 5"):
        trainer.fit(*data, checkpoint=path)


def test_another_learning_rate_is_refused(model, data, tmp_path):
    path = tmp_path / "c"
    make_trainer(model).fit(*data, checkpoint=path)
    trainer = make_trainer(model)
    trainer.learning_rate = 0.01
    with pytest.raises(photonic.InputError,
                       match="learning rate: in the checkpoint 0.05.*, now 0.00999"):
        trainer.fit(*data, epochs=2, checkpoint=path)
    assert trainer.learning_rate == pytest.approx(0.01)


def test_another_choice_of_constants_is_refused(model, data, tmp_path):
    path = tmp_path / "c"
    make_trainer(model).fit(*data, checkpoint=path)
    with pytest.raises(photonic.InputError, match="learn: in the checkpoint nothing"):
        make_trainer(model, learn="conv").fit(*data, checkpoint=path)
