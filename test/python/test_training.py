# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""photonic.Trainer: fit, evaluate, export, and what it refuses."""

import json
import warnings

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import numpy_helper
from photonic.training_data import get_order
from torch import nn

import photonic

OPTIMIZER = "sgd:lr=0.05,momentum=0.9"
ORDER_OF_8 = [3, 5, 2, 7, 1, 0, 6, 4]


class Net(nn.Module):
    """A convolution with BatchNormalization, dropout, a linear layer."""

    def __init__(self, dropout=0.0):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(dropout)
        self.fc = nn.Linear(36, 3)

    def forward(self, image):
        x = torch.relu(self.norm(self.conv(image)))
        return self.fc(self.drop(torch.flatten(torch.max_pool2d(x, 2), 1)))


def make_data(samples=70, seed=0):
    """Images whose brightest third says the class."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, samples)
    x = rng.standard_normal((samples, 1, 8, 8)).astype(np.float32)
    for image, label in zip(x, y):
        image[0, :, 3 * label : 3 * label + 2] += 1.5
    return x, y


@pytest.fixture(scope="module")
def data():
    return make_data()


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return photonic.from_torch(Net(), torch.zeros(2, 1, 8, 8), training=True)


@pytest.fixture(scope="module")
def random_model():
    torch.manual_seed(0)
    return photonic.from_torch(Net(0.3), torch.zeros(2, 1, 8, 8), training=True)


@pytest.fixture(autouse=True)
def ignore_dropped_samples():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*are left out of each epoch.*")
        yield


def make_trainer(model, **options):
    return photonic.Trainer(model, **{"optimizer": OPTIMIZER, "batch": 16, **options})


def assert_same(first, second):
    """Equal parameters, to the last bit."""
    left, right = first.parameters, second.parameters
    assert left.keys() == right.keys()
    for name, value in left.items():
        assert value.tobytes() == right[name].tobytes(), name


def test_learns(model, data):
    trainer = make_trainer(model)
    before = trainer.evaluate(*make_data(50, seed=1))
    history = trainer.fit(*data, epochs=6, validation=make_data(50, seed=1))
    assert len(history) == 6 * 4 and history.epochs == 6 and history.steps_per_epoch == 4
    for values in (history.loss, history.accuracy, history.latency_ns,
                   history.energy_pj, history.learning_rate):
        assert len(values) == 24
    assert np.mean(history.loss[-4:]) < 0.5 * history.loss[0]
    after = trainer.evaluate(*make_data(50, seed=1))
    assert after == history.validation[-1] and len(history.validation) == 6
    assert after.accuracy > max(0.8, before.accuracy) and after.loss < before.loss
    assert after.samples == 50
    assert trainer.history is history


def test_costs_are_those_of_the_report(model, data):
    trainer = make_trainer(model)
    history = trainer.fit(*data)
    report = trainer.report()
    assert set(history.latency_ns) == {report["latency_ns"]}
    assert set(history.energy_pj) == {report["energy_pj"]["total"]}
    assert report["training"]["steps"] == 4
    assert report["training"]["loss"]["first"] == pytest.approx(history.loss[0], rel=1e-6)
    assert "weight gradient" in trainer.report_text().lower()
    cost = history.get_cost(1)
    assert (cost.steps, cost.latency_ns) == (4, pytest.approx(4 * report["latency_ns"]))
    assert history.reach(2.0) is None


def test_milestones():
    history = photonic.History(
        2, loss=[1.0] * 6, accuracy=[0.5] * 6, latency_ns=[10.0] * 6,
        energy_pj=[2.0] * 6, learning_rate=[0.1] * 6,
        validation=[photonic.Evaluation(1.0, a, 5) for a in (0.5, 0.9, 0.95)],
    )
    assert history.reach(0.9) == photonic.Milestone(2, 4, 40.0, 8.0)
    assert history.reach(0.96) is None
    assert history.get_epoch(2) == {"loss": 1.0, "accuracy": 0.5}


def test_order_of_samples(model, data):
    """Seed and epoch decide; without shuffling the order is that of the data."""
    assert (get_order(10, False, 3, 7) == np.arange(10)).all()
    orders = [get_order(100, True, seed, epoch) for seed in (0, 1) for epoch in (0, 1)]
    assert len({order.tobytes() for order in orders}) == 4
    for order in orders:
        assert (np.sort(order) == np.arange(100)).all()
    # The same under every version of NumPy: a checkpoint goes on with it.
    assert get_order(8, True, 5, 2).tolist() == ORDER_OF_8
    x, y = data
    trainers = [make_trainer(model) for _ in range(3)]
    order = get_order(len(y), True, 7, 0)
    trainers[0].fit(x, y, seed=7)
    trainers[1].fit(x[order], y[order], shuffle=False)
    assert_same(trainers[0], trainers[1])
    trainers[2].fit(x, y, seed=8)
    assert trainers[2].history.loss != trainers[0].history.loss


def test_schedule(model, data):
    trainer = make_trainer(model)
    history = trainer.fit(*data, epochs=4, schedule={1: 0.5, 3: 0.1})
    expected = np.repeat(np.float32([0.05, 0.025, 0.025, 0.0025]), 4)
    assert np.allclose(history.learning_rate, expected, rtol=1e-6)
    manual = make_trainer(model)
    manual.fit(*data, epochs=1)
    assert manual.history.loss == history.loss[:4]


def test_dropped_samples_are_pointed_out(model, data):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        make_trainer(model).fit(*data)
    (warning,) = [w for w in seen if w.category is photonic.TrainingWarning]
    assert "another 6 of 70 samples are left out" in str(warning.message)
    assert warning.filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error", photonic.TrainingWarning)
        make_trainer(model).fit(data[0][:64], data[1][:64])


def test_evaluation_pads_and_masks(model, data):
    """Any number of samples, and each for itself."""
    trainer = make_trainer(model)
    trainer.fit(*data)
    x, y = make_data(37, seed=2)
    scores = trainer.predict(x)["output"]
    alone = np.concatenate([trainer.predict(x[i : i + 1])["output"] for i in range(37)])
    assert scores.tobytes() == alone.tobytes()
    found = trainer.evaluate(x, y)
    assert found.accuracy == np.mean(scores.argmax(1) == y)
    expected = nn.functional.cross_entropy(torch.tensor(scores).double(), torch.tensor(y))
    assert found.loss == pytest.approx(expected.item(), rel=1e-6)
    ones = [trainer.evaluate(x[i : i + 1], y[i : i + 1]) for i in range(37)]
    assert np.mean([one.loss for one in ones]) == pytest.approx(found.loss, rel=1e-9)


def test_evaluation_with_random_rounding(model, data):
    """Nothing is left out, and the same state gives the same numbers."""
    trainer = make_trainer(model, format="bfp:4:16:stochastic")
    trainer.fit(*data)
    x, y = make_data(37, seed=2)
    scores = trainer.predict(x)["output"]
    assert scores.shape == (37, 3)
    assert scores.tobytes() == trainer.predict(x)["output"].tobytes()
    found = trainer.evaluate(x, y)
    assert found.samples == 37 and found.accuracy == np.mean(scores.argmax(1) == y)


def test_export(model, data, tmp_path):
    """The file holds what was learnt, and computes it elsewhere too."""
    trainer = make_trainer(model, format="fp32")
    trainer.fit(*data, epochs=2)
    path = tmp_path / "trained.onnx"
    trainer.export(path)
    after = onnx.load(str(path))
    onnx.checker.check_model(after)
    values = {t.name: numpy_helper.to_array(t) for t in after.graph.initializer}
    learnt = trainer.parameters
    original = {t.name: numpy_helper.to_array(t) for t in
                onnx.load_from_string(model.to_bytes()).graph.initializer}
    assert learnt.keys() == {"conv.weight", "norm.weight", "norm.bias", "fc.weight",
                             "fc.bias", "norm.running_mean", "norm.running_var"}
    for name, value in learnt.items():
        assert (values[name] == value).all() and (original[name] != value).any(), name
    x, _ = make_data(20, seed=3)
    again = photonic.Trainer(path, batch=16, optimizer=OPTIMIZER, format="fp32")
    assert_same(again, trainer)
    assert again.predict(x)["output"].tobytes() == trainer.predict(x)["output"].tobytes()
    session = onnxruntime.InferenceSession(str(path))
    (expected,) = session.run(None, {"image": x})
    assert np.abs(trainer.predict(x)["output"] - expected).max() < 1e-4
    exe = photonic.compile(path, batch=16, format="fp32")
    assert np.abs(exe.run(x)["output"] - expected).max() < 1e-4


def test_export_for_training(model, data, tmp_path):
    """As it was, and other than the parameters nothing changes."""
    trainer = make_trainer(model)
    trainer.fit(*data)
    trainer.export(tmp_path / "trained.onnx", training=True)
    after = onnx.load(str(tmp_path / "trained.onnx"))
    before = onnx.load_from_string(model.to_bytes())
    assert after.graph.node == before.graph.node


def test_mean_squared_error():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((64, 5)).astype(np.float32)
    y = x @ rng.standard_normal((5, 2)).astype(np.float32)
    model = photonic.from_torch(nn.Linear(5, 2), torch.zeros(2, 5), training=True)
    trainer = make_trainer(model, loss="mse", optimizer="sgd:lr=0.1", format="fp32")
    history = trainer.fit(x, y, epochs=20, validation=(x[:20], y[:20]))
    assert history.loss[-1] < 1e-2 * history.loss[0]
    assert np.isnan(history.accuracy).all()
    evaluation = history.validation[-1]
    assert evaluation.accuracy is None and evaluation.loss < 0.1
    with pytest.raises(photonic.InputError, match=r"labels: expected float32 of shape"):
        trainer.fit(x, y[:, :1])


def test_random_numbers_follow_the_seed(random_model, data):
    first, second, third = (make_trainer(random_model) for _ in range(3))
    first.fit(*data, shuffle=False, seed=3)
    second.fit(*data, shuffle=False, seed=3)
    third.fit(*data, shuffle=False, seed=4)
    assert_same(first, second)
    assert first.history.loss != third.history.loss
    # Each step draws others: the mask is no constant.
    frozen = make_trainer(random_model, optimizer="sgd:lr=0.0")
    x, y = data[0][:16], data[1][:16]
    losses = frozen.fit(x, y, epochs=3, shuffle=False).loss
    assert len(set(losses)) == 3


def test_frozen_parameters_stay(model, data):
    trainer = make_trainer(model, freeze="^(conv|norm)")
    before = trainer.parameters
    trainer.fit(*data)
    after = trainer.parameters
    changed = {name for name in after if (before[name] != after[name]).any()}
    assert changed == {"fc.weight", "fc.bias"}


def test_threads_and_executor_do_not_matter(model, data):
    x, y = data[0][:32], data[1][:32]
    trainers = [make_trainer(model), make_trainer(model, threads=1),
                make_trainer(model, executor="reference")]
    for trainer in trainers:
        trainer.fit(x, y)
    assert_same(trainers[0], trainers[1])
    assert_same(trainers[0], trainers[2])


def test_history_as_json(model, data, tmp_path):
    history = make_trainer(model).fit(*data, validation=data)
    history.save(tmp_path / "h.json")
    value = json.loads((tmp_path / "h.json").read_text())
    assert photonic.History.from_dict(value) == history
    assert value["loss"] == history.loss and len(value["validation"]) == 1


def test_description(model):
    trainer = make_trainer(model)
    assert "cross_entropy" in repr(trainer) and "mirage" in repr(trainer)
    assert trainer.batch == 16 and [t.name for t in trainer.inputs] == ["image"]
    assert trainer.learning_rate == pytest.approx(0.05)
    trainer.learning_rate = 0.5
    assert trainer.learning_rate == 0.5
    assert trainer.program.is_training


#
# What is refused
#


@pytest.mark.parametrize("change, message", [
    ({"y": lambda y: np.where(np.arange(70) == 41, 3, y)},
     r"labels: expected class numbers 0 to 2.*, found 3 at sample 41"),
    ({"y": lambda y: y - 1}, r"class numbers 0 to 2.*, found -1 at sample"),
    ({"y": lambda y: y.astype(np.float32)},
     r"labels: expected integers of shape \[samples\], found float32\[70\]"),
    ({"y": lambda y: y[:, None]}, r"found int64\[70, 1\]"),
    ({"y": lambda y: y[:60]}, "one number of samples.*image 70, labels 60"),
    ({"x": lambda x: x.astype(np.float64)},
     r"input 'image': expected float32\[samples, 1, 8, 8\], found float64.*astype"),
    ({"x": lambda x: x[:, 0]}, r"expected float32\[samples, 1, 8, 8\], found float32\["),
    ({"x": lambda x: {"picture": x}}, r"expected arrays for \['image'\], found"),
    ({"x": lambda x: x[:9], "y": lambda y: y[:9]},
     "takes 16 samples, and the data set has 9.*batch=9 or less"),
    ({"x": lambda x: x[:0], "y": lambda y: y[:0]}, "at least one sample, found none"),
    ({"epochs": 0}, "epochs: expected a whole number >= 1, found 0"),
    ({"epochs": 1.5}, "epochs: expected a whole number"),
    ({"seed": -1}, "seed: expected a whole number from 0"),
    ({"seed": 2**24}, "seed: expected a whole number from 0 to 16777215"),
    ({"schedule": {-1: 0.1}}, "schedule: expected {epoch: factor}"),
    ({"schedule": {1: 0}}, "schedule: expected {epoch: factor}.*found {1: 0}"),
    ({"schedule": {1: float("nan")}}, "schedule: expected"),
    ({"checkpoint_every": 5}, "checkpoint_every: there is no checkpoint"),
    ({"checkpoint": "none/c", "checkpoint_every": 0}, "checkpoint_every: expected a whole"),
    ({"checkpoint": "no/such/folder/c"}, "'no/such/folder/c' has no directory"),
    ({"checkpoint": "."}, "is a directory"),
    ({"validation": 3}, r"validation: expected a pair \(x, y\)"),
    ({"validation": (np.zeros((4, 1, 8, 8), np.float32), np.full(4, 9))},
     "validation: labels: expected class numbers"),
])
def test_bad_arguments(model, data, change, message):
    arguments = {"x": data[0], "y": data[1]}
    for name, value in change.items():
        arguments[name] = value(arguments[name]) if callable(value) else value
    trainer = make_trainer(model)
    before = trainer.program.read_state()
    with pytest.raises(photonic.InputError, match=message):
        trainer.fit(**arguments)
    for name, value in trainer.program.read_state().items():
        assert (before[name] == value).all(), name


@pytest.mark.parametrize("options, message", [
    ({"optimizer": "sgd:lr=0.1,momentun=0.9"}, "momentun"),
    ({"optimizer": "sgf:lr=0.1"}, "sgf"),
    ({"optimizer": "sgd:lr=fast"}, "lr.*fast|fast.*lr"),
    ({"loss": "hinge"}, "hinge"),
    ({"batch": 0}, "batch"),
    ({"freeze": "("}, "freeze"),
    ({"freeze": ".*"}, "freeze|trainable|nothing"),
])
def test_bad_options(model, options, message):
    with pytest.raises((photonic.InputError, photonic.CompileError), match=message):
        make_trainer(model, **options)


def test_loss_that_does_not_fit():
    class Image(nn.Module):
        def forward(self, x):
            return torch.relu(x).reshape(-1)

    model = photonic.from_torch(nn.Sequential(nn.Conv2d(1, 1, 3), nn.Flatten(0)),
                                torch.zeros(2, 1, 8, 8), training=True)
    with pytest.raises(photonic.CompileError, match="cross_entropy|cross entropy"):
        make_trainer(model)


def test_values_that_become_infinite(model, data, tmp_path):
    """The message says where; checkpoint and parameters are those in front of the
    step."""
    wild = make_trainer(model, optimizer="sgd:lr=1e30,momentum=0.9")
    wild_path = tmp_path / "wild"
    with pytest.raises(photonic.RunError) as error:
        wild.fit(*data, checkpoint=wild_path, checkpoint_every=1, epochs=3)
    text = str(error.value)
    assert "epoch 1, step 2: " in text and "layer '/" in text and "tensor '/" in text
    assert f"checkpoint '{wild_path}' is that of 1 steps" in text
    with np.load(wild_path) as file:
        saved = {n.removeprefix("state/"): file[n] for n in file.files if "state/" in n}
    for name, value in wild.program.read_state().items():
        assert (value == saved[name]).all(), name


def test_not_a_model(tmp_path):
    (tmp_path / "m.onnx").write_bytes(b"nothing of use")
    with pytest.raises(photonic.InputError, match="not an ONNX model"):
        photonic.Trainer(tmp_path / "m.onnx")
    with pytest.raises(photonic.InputError, match="cannot read"):
        photonic.Trainer(tmp_path / "none.onnx")
