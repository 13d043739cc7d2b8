# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""photonic.Trainer: several outputs, learning rates, callbacks, remedies, formats."""

import os
import signal
import warnings

import numpy as np
import onnx
import pytest
import torch
from test_training import Net, assert_same, make_data, make_trainer
from torch import nn

import photonic

pytestmark = [pytest.mark.filterwarnings("ignore:.*are left out of each epoch"),
              pytest.mark.filterwarnings("ignore:.*the loss does not depend on")]


@pytest.fixture(scope="module")
def data():
    return make_data()


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return photonic.from_torch(Net(), torch.zeros(2, 1, 8, 8), training=True)


class Heads(nn.Module):
    """Two outputs of one shape, of which one has to be named."""

    def __init__(self, classes=3):
        super().__init__()
        self.left, self.right = nn.Linear(5, 3), nn.Linear(5, classes)

    def forward(self, x):
        return self.left(x), self.right(x)


def make_heads(classes=3):
    torch.manual_seed(0)
    return photonic.from_torch(Heads(classes), torch.zeros(2, 5), training=True,
                               output_names=["left", "right"])


def cross_entropy(scores, y):
    return nn.functional.cross_entropy(torch.tensor(scores).double(), torch.tensor(y)).item()


#
# Outputs
#


@pytest.mark.parametrize("name", ["left", "right"])
def test_the_named_head_is_measured(name):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((32, 5)).astype(np.float32)
    y = rng.integers(0, 3, 32)
    trainer = photonic.Trainer(make_heads(), loss="cross_entropy", loss_output=name, batch=32,
                               optimizer="sgd:lr=0.1", format="fp32")
    outputs = trainer.predict(x)
    found = trainer.evaluate(x, y)
    shares = {n: np.mean(outputs[n].argmax(1) == y) for n in outputs}
    assert shares["left"] != shares["right"]
    assert found.accuracy == shares[name]
    assert found.loss == pytest.approx(cross_entropy(outputs[name], y), rel=1e-6)
    history = trainer.fit(x, y, shuffle=False)
    assert history.accuracy == [shares[name]]
    assert history.loss[0] == pytest.approx(found.loss, rel=1e-5)


@pytest.mark.parametrize("name", ["left", "right"])
def test_the_named_head_is_measured_by_squares(name):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((32, 5)).astype(np.float32)
    y = rng.standard_normal((32, 3)).astype(np.float32)
    trainer = photonic.Trainer(make_heads(), loss="mse", loss_output=name, batch=32,
                               optimizer="sgd:lr=0.1", format="fp32")
    found = trainer.evaluate(x, y)
    expected = np.square(trainer.predict(x)[name].astype(float) - y).mean()
    assert found.loss == pytest.approx(expected, rel=1e-6) and found.accuracy is None
    assert trainer.fit(x, y, shuffle=False).loss[0] == pytest.approx(expected, rel=1e-5)


def test_one_of_two_heads_has_to_be_named():
    with pytest.raises(photonic.CompileError, match="name one of them with loss-output"):
        photonic.Trainer(make_heads(), batch=8)


def test_scores_of_one_class_are_pointed_out():
    with pytest.warns(photonic.TrainingWarning,
                      match="'right' has scores of one class.*loss='mse'") as seen:
        trainer = photonic.Trainer(make_heads(1), loss_output="right", batch=8)
    (warning,) = [w for w in seen if w.category is photonic.TrainingWarning]
    assert warning.filename == __file__
    x = np.ones((8, 5), np.float32)
    assert trainer.fit(x, np.zeros(8, int)).loss == [0]
    with warnings.catch_warnings():
        warnings.simplefilter("error", photonic.TrainingWarning)
        photonic.Trainer(make_heads(1), loss_output="left", batch=8)


#
# Rounding at random
#


def test_inference_with_random_rounding_takes_any_number(models):
    """Counting the runs that round at random is no training."""
    exe = photonic.compile(models / "tiny.onnx", batch=8, format="bfp:4:16:stochastic")
    x = np.load(models / "x.npy")
    assert not exe.is_training
    assert exe.run(x[:5])["y:0/out"].shape == (5, 10)
    found = exe.evaluate(x[:5], np.load(models / "labels.npy")[:5])
    assert found.samples == 5
    report = exe.report()
    assert "training" not in report or report["training"] is None
    assert report["run"]["samples"] == 5


#
# Learning rates
#


def test_the_learning_rate_is_what_it_was(model, data):
    trainer = make_trainer(model)
    first = trainer.fit(*data, epochs=3, schedule={1: 0.5, 2: 0.1})
    assert trainer.learning_rate == pytest.approx(0.05)
    second = trainer.fit(*data, epochs=3, schedule={1: 0.5, 2: 0.1})
    assert second.learning_rate == first.learning_rate
    assert second.learning_rate[-1] == pytest.approx(0.0025)
    trainer.learning_rate = 0.2
    trainer.fit(*data, epochs=2, schedule={1: 0.5})
    assert trainer.history.learning_rate[-1] == pytest.approx(0.1)
    assert trainer.learning_rate == pytest.approx(0.2)


def test_the_learning_rate_is_what_it_was_after_an_error(model, data):
    trainer = make_trainer(model)

    def stop(history):
        if history.epochs == 2:
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError):
        trainer.fit(*data, epochs=3, schedule={1: 0.5}, on_epoch=stop)
    assert trainer.learning_rate == pytest.approx(0.05)


def test_a_checkpoint_is_continued_with_its_rate(model, data, tmp_path):
    """Also by the trainer that wrote it."""
    arguments = {"schedule": {1: 0.5, 3: 0.1}, "checkpoint": tmp_path / "c"}
    whole = make_trainer(model)
    whole.fit(*data, epochs=4, schedule=arguments["schedule"])
    part = make_trainer(model)
    with pytest.warns(photonic.TrainingWarning, match="epoch 3 is not reached"):
        part.fit(*data, epochs=2, **arguments)
    part.fit(*data, epochs=4, **arguments)
    assert part.history == whole.history
    assert_same(part, whole)


def test_a_schedule_that_is_not_reached_is_pointed_out(model, data):
    with pytest.warns(photonic.TrainingWarning,
                      match="schedule: epoch 2 is not reached: 2 epochs are") as seen:
        make_trainer(model).fit(*data, epochs=2, schedule={1: 0.5, 2: 0.5})
    assert seen[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*are left out")
        make_trainer(model).fit(*data, epochs=2, schedule={1: 0.5})


def test_numbers_of_numpy(model, data, tmp_path):
    """Are as good as Python's, also for a checkpoint."""
    first, second = make_trainer(model), make_trainer(model)
    first.fit(*data, epochs=np.int64(2), seed=np.int32(3), checkpoint=tmp_path / "c",
              schedule={np.int64(1): np.float32(0.5)}, checkpoint_every=np.int64(3))
    second.fit(*data, epochs=2, seed=3, schedule={1: 0.5})
    assert_same(first, second)
    again = make_trainer(model)
    again.fit(*data, epochs=3, seed=3, schedule={1: 0.5}, checkpoint=tmp_path / "c")
    assert again.history.loss[:8] == first.history.loss
    again.learning_rate = np.float32(0.25)
    assert again.learning_rate == 0.25
    for value in ("fast", True, None):
        with pytest.raises(photonic.InputError, match="learning_rate: expected a number"):
            again.learning_rate = value


#
# Callbacks
#


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("moment, validated", [
    ("last step", True), ("last step", False), ("validation", True), ("callback", True),
    ("callback", False),
])
def test_every_epoch_is_told_once(model, data, tmp_path, moment, validated):
    """Also one that a stop falls into, or in front of whose validation it does."""
    seen = []
    validation = data if validated else None

    def on_epoch(history):
        seen.append((history.epochs, len(history.validation)))
        if moment == "callback" and len(seen) == 1:
            interrupt()

    trainer = make_trainer(model)
    step, evaluate = trainer.take_step, trainer.evaluate_dataset

    def take_step(batch):
        if moment == "last step" and len(trainer.history) == 3:
            interrupt()
        return step(batch)

    def evaluate_dataset(dataset):
        if moment == "validation":
            interrupt()
        return evaluate(dataset)

    trainer.take_step, trainer.evaluate_dataset = take_step, evaluate_dataset
    arguments = {"epochs": 2, "validation": validation, "checkpoint": tmp_path / "c"}
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(*data, on_epoch=on_epoch, **arguments)
    assert len(trainer.history) == 4 and trainer.saved_steps == 4
    started = []
    other = make_trainer(model)
    other.fit(*data, on_epoch=on_epoch, on_start=lambda h: started.append(len(h)),
              **arguments)
    assert started == [4] and other.saved_steps == 8
    assert seen == [(1, int(validated)), (2, 2 * int(validated))]
    whole = make_trainer(model)
    whole.fit(*data, epochs=2, validation=validation)
    assert other.history == whole.history and whole.saved_steps is None


def test_termination(model, data, tmp_path):
    """SIGTERM ends the step as Ctrl-C does."""
    trainer = make_trainer(model)
    step = trainer.take_step

    def take_step(batch):
        if len(trainer.history) == 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return step(batch)

    trainer.take_step = take_step
    handler = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as stop:
        trainer.fit(*data, checkpoint=tmp_path / "c")
    assert stop.value.code == 143 and trainer.saved_steps == 2
    assert signal.getsignal(signal.SIGTERM) is handler


#
# What is refused, and what to do
#


@pytest.mark.parametrize("make, message", [
    (lambda y: np.eye(3)[y], r"turn one-hot rows into class numbers with y.argmax\(axis=1\)"),
    (lambda y: y.astype(np.float32), r"convert them with y.astype\('int64'\)"),
    (lambda y: y + 0.5, "class numbers are whole numbers.*loss='mse'"),
    (lambda y: y[:, None], r"remove the dimension of 1 with y\[:, 0\]"),
])
def test_labels_and_remedies(model, data, make, message):
    with pytest.raises(photonic.InputError, match=f"^labels: expected integers.*{message}"):
        make_trainer(model).fit(data[0], make(data[1]))
    with pytest.raises(photonic.InputError, match=f"^validation: labels: .*{message}"):
        make_trainer(model).fit(*data, validation=(data[0], make(data[1])))


def test_values_that_are_not_finite(model, data):
    x = data[0].copy()
    x[41, 0, 2, 3] = np.nan
    message = (r"input 'image': expected finite numbers, found nan at sample 41, position "
               r"\[0, 2, 3\]; .*np.nan_to_num")
    trainer = make_trainer(model)
    with pytest.raises(photonic.InputError, match=f"^{message}"):
        trainer.fit(x, data[1])
    with pytest.raises(photonic.InputError, match=f"^validation: {message}"):
        trainer.fit(*data, validation=(x, data[1]))
    with pytest.raises(photonic.InputError, match=f"^{message}"):
        trainer.evaluate(x, data[1])
    assert len(trainer.history) == 0
    linear = photonic.from_torch(nn.Linear(5, 2), torch.zeros(2, 5), training=True)
    y = np.zeros((16, 2), np.float32)
    y[7, 1] = -np.inf
    with pytest.raises(photonic.InputError, match=r"labels: .*-inf at sample 7, position \[1\]"):
        make_trainer(linear, loss="mse").fit(np.zeros((16, 5), np.float32), y)


def test_modules_and_optimizers_of_pytorch(model):
    with pytest.raises(photonic.InputError, match="model: .*found Net;.*photonic.from_torch"):
        photonic.Trainer(Net())
    with pytest.raises(photonic.InputError, match="found Net;.*photonic.from_torch"):
        photonic.compile(Net(), batch=1)
    for optimizer in ({"lr": 0.1}, torch.optim.SGD(Net().parameters(), 0.1), 0.1):
        with pytest.raises(photonic.InputError,
                           match="optimizer: expected a string such as 'sgd:lr=0.01,"):
            make_trainer(model, optimizer=optimizer)
    for name in ("freeze", "learn", "loss_output"):
        with pytest.raises(photonic.InputError, match=f"{name}: expected a string"):
            make_trainer(model, **{name: ["fc"]})
    with pytest.raises(photonic.InputError, match="loss: expected 'cross_entropy' or 'mse'"):
        make_trainer(model, loss=nn.functional.cross_entropy)


@pytest.mark.parametrize("arguments, message", [
    ({"schedule": [(1, 0.5)]}, "schedule: expected {epoch: factor}, found"),
    ({"checkpoint": 3}, "checkpoint: expected a path, found 3"),
])
def test_arguments_of_another_kind(model, data, arguments, message):
    with pytest.raises(photonic.InputError, match=message):
        make_trainer(model).fit(*data, **arguments)


def test_checkpoints_that_cannot_be_written(model, data, tmp_path):
    """Said before anything is computed."""
    trainer = make_trainer(model)
    trainer.take_step = None
    with pytest.raises(photonic.OutputError, match="checkpoint: cannot write '/proc/c'"):
        trainer.fit(*data, checkpoint="/proc/c")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(photonic.InputError, match="pipe' is a device or a pipe"):
        trainer.fit(*data, checkpoint=tmp_path / "pipe")


#
# Formats
#


def get_metadata(path):
    model = onnx.load(str(path))
    onnx.checker.check_model(model)
    return [(entry.key, entry.value) for entry in model.metadata_props]


@pytest.mark.parametrize("format", ["bfp:4:16", "bfp:3:32:nearest", "fp32"])
def test_the_format_of_training_is_exported(model, data, tmp_path, format):
    path, again = tmp_path / "first.onnx", tmp_path / "second.onnx"
    trainer = make_trainer(model, format=format)
    trainer.export(path)
    found = dict(get_metadata(path))
    assert found["photonic.format"] == trainer.report()["format"]
    assert found["photonic.format"].startswith(format)
    # Again in another format: replaced, and other entries stay.
    make_trainer(path, format="bfp:5:16").export(again, training=True)
    entries = get_metadata(again)
    assert len(entries) == len(found) and dict(entries)["photonic.format"] == "bfp:5:16"
    assert dict(entries)["photonic.learned"] == found["photonic.learned"]


def test_a_sample_with_a_score_that_is_nan_is_a_miss():
    from photonic.training_data import measure_accuracy

    nan = np.float32("nan")
    scores = np.array([[nan, 1, 0], [0, nan, 1], [2, 1, nan], [2, 1, 0]], np.float32)
    assert measure_accuracy(scores, np.array([0, 0, 0, 0]), None) == 0.25
    assert measure_accuracy(scores, np.array([0, 1, 2, 0]), None) == 0.25
