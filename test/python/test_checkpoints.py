# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Checkpoints: resuming to the same bits, kills at any moment, Ctrl-C; and the
command `photonic train`."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import zipfile

import jsonschema
import numpy as np
import pytest
import torch
from test_training import Net, make_data

import photonic

SAMPLES, BATCH, EPOCHS = 70, 16, 5
STEPS = EPOCHS * (SAMPLES // BATCH)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model with dropout, and data."""
    path = tmp_path_factory.mktemp("training")
    torch.manual_seed(0)
    model = photonic.from_torch(Net(0.2), torch.zeros(2, 1, 8, 8), training=True)
    model.save(path / "net.onnx")
    x, y = make_data(SAMPLES)
    np.savez(path / "train.npz", image=x, labels=y)
    xv, yv = make_data(20, seed=1)
    np.save(path / "xv.npy", xv)
    np.save(path / "yv.npy", yv)
    return path


def get_command(folder, out, *options):
    return [
        sys.executable, "-m", "photonic", "train", str(folder / "net.onnx"),
        "--input", str(folder / "train.npz"), "--batch", str(BATCH),
        "--epochs", str(EPOCHS), "--optimizer", "sgd:lr=0.05,momentum=0.9",
        "--schedule", "2=0.5,4=0.1", "--seed", "11",
        "--validation-input", f"image={folder / 'xv.npy'}",
        "--validation-labels", str(folder / "yv.npy"),
        "--export", str(out / "trained.onnx"), "--history", str(out / "history.json"),
        *map(str, options),
    ]


def train(folder, out, *options, **arguments):
    return subprocess.run(get_command(folder, out, *options), capture_output=True,
                          text=True, timeout=300, check=False, **arguments)


@pytest.fixture(scope="module")
def whole(folder, tmp_path_factory):
    """What a run without interruption leaves."""
    out = tmp_path_factory.mktemp("whole")
    done = train(folder, out)
    assert done.returncode == 0, done.stderr
    return out, done


def assert_same_results(out, whole):
    for name in ("trained.onnx", "history.json"):
        assert (out / name).read_bytes() == (whole[0] / name).read_bytes(), name


#
# The command
#


def test_command(folder, whole, source_dir, tmp_path):
    out, done = whole
    lines = done.stdout.splitlines()
    assert len(lines) == EPOCHS + 1
    for epoch, line in enumerate(lines[:-1], start=1):
        assert re.match(rf"epoch {epoch}/{EPOCHS}  loss [\d.]+  accuracy +[\d.]+ %  "
                        r"validation loss [\d.]+  accuracy +[\d.]+ %  simulated ", line)
    assert re.match(rf"one step: .*s, .*J; {STEPS} steps: .*s, .*J \(simulated\)",
                    lines[-1])
    assert "another 6 of 70 samples are left out" in done.stderr
    history = json.loads((out / "history.json").read_text())
    assert len(history["loss"]) == STEPS and len(history["validation"]) == EPOCHS
    report = tmp_path / "report.json"
    done = train(folder, tmp_path, "--quiet", "--report", report)
    assert done.returncode == 0 and done.stdout == ""
    assert_same_results(tmp_path, whole)
    schema = json.loads((source_dir / "docs" / "report.schema.json").read_text())
    jsonschema.validate(json.loads(report.read_text()), schema)


@pytest.mark.parametrize("options, message", [
    (["--schedule", "2"], "--schedule: expected EPOCH=FACTOR"),
    (["--schedule", "2=0.1,2=0.2"], "epoch 2 is given twice"),
    (["--labels", "none.npy"], "cannot read 'none.npy'"),
    (["--input", "pictures=none.npy"], "cannot read 'none.npy'"),
    (["--export", "no/such/trained.onnx"], "--export: 'no/such/trained.onnx' is not"),
    (["--history", "."], "--history: '.' is not the path of a file"),
    (["--batch", "71"], "a step takes 71 samples, and the data set has 70"),
    (["--optimizer", "sgd:lr=0.1,momentun=0.9"], "momentun"),
    (["--loss", "hinge"], "hinge"),
    (["--checkpoint-every", "3"], "checkpoint_every: there is no checkpoint"),
])
def test_command_errors(folder, tmp_path, options, message):
    done = train(folder, tmp_path, *options)
    assert done.returncode == 1
    assert message in done.stderr and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_labels_have_to_be_somewhere(folder, tmp_path):
    command = get_command(folder, tmp_path)
    np.save(tmp_path / "x.npy", make_data(SAMPLES)[0])
    command[command.index("--input") + 1] = str(tmp_path / "x.npy")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "no labels: give --labels FILE.npy" in done.stderr
    position = command.index("--validation-input")
    del command[position : position + 2]
    command += ["--labels", str(folder / "yv.npy")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "--validation-labels without --validation-input" in done.stderr


#
# Resuming
#


class Stop(Exception):
    pass


def make_trainer(folder, **options):
    options = {"optimizer": "sgd:lr=0.05,momentum=0.9", "batch": BATCH, **options}
    return photonic.Trainer(folder / "net.onnx", **options)


def load_data(folder):
    with np.load(folder / "train.npz") as file:
        return file["image"], file["labels"]


@pytest.mark.filterwarnings("ignore::photonic.TrainingWarning")
@pytest.mark.parametrize("optimizer", ["sgd:lr=0.05", "adam:lr=1e-3",
                                       "sgd:lr=0.05,momentum=0.9,weight_decay=1e-3"])
@pytest.mark.parametrize("format", ["fp32", "bfp:4:16", "bfp:4:16:stochastic"])
def test_resume_gives_the_same_bits(folder, tmp_path, optimizer, format):
    x, y = load_data(folder)
    options = {"optimizer": optimizer, "format": format}
    arguments = {"epochs": 3, "schedule": {1: 0.5}, "seed": 4}
    expected = make_trainer(folder, **options)
    expected.fit(x, y, **arguments)
    path = tmp_path / "c"
    for stop in (1, 6, 7, 10):
        trainer = make_trainer(folder, **options)
        step, taken = trainer.take_step, []

        def take_step(batch):
            if len(trainer.history) == stop:
                raise Stop
            taken.append(1)
            return step(batch)

        trainer.take_step = take_step
        with pytest.raises(Stop):
            trainer.fit(x, y, checkpoint=path, checkpoint_every=2, **arguments)
        # At most the steps since the last checkpoint are computed again.
        assert len(taken) <= stop
    found = make_trainer(folder, **options)
    history = found.fit(x, y, checkpoint=path, checkpoint_every=2, **arguments)
    assert history == expected.history
    for name, value in expected.program.read_state().items():
        assert value.tobytes() == found.program.read_state()[name].tobytes(), name
    # A finished run is not run again; more epochs continue it.
    again = make_trainer(folder, **options)
    again.take_step = None
    assert again.fit(x, y, checkpoint=path, **arguments) == history
    longer = make_trainer(folder, **options)
    more = longer.fit(x, y, checkpoint=path, **{**arguments, "epochs": 4})
    assert more.loss[:12] == history.loss and len(more) == 16


@pytest.mark.filterwarnings("ignore::photonic.TrainingWarning")
def test_other_runs_are_refused(folder, tmp_path):
    x, y = load_data(folder)
    path = tmp_path / "c"
    make_trainer(folder).fit(x, y, checkpoint=path)
    saved = path.read_bytes()
    others = [
        ({"optimizer": "adam:lr=1e-3"}, {}, "optimizer"),
        ({"batch": 8}, {}, "batch: in the checkpoint 16, now 8"),
        ({"format": "fp32"}, {}, "format: in the checkpoint bfp:4:16.*, now fp32"),
        ({"freeze": "conv"}, {}, "freeze: in the checkpoint nothing, now conv"),
        ({"set": {"core.clock_ghz": 5}}, {}, "target fields"),
        ({}, {"seed": 1}, "seed: in the checkpoint 0, now 1"),
        ({}, {"shuffle": False}, "shuffle"),
        ({}, {"schedule": {1: 0.1}}, "schedule"),
        ({}, {"validation": (x, y)}, "validation"),
        ({}, {"x": x + 1}, "data"),
    ]
    for options, arguments, message in others:
        trainer = make_trainer(folder, **options)
        with pytest.raises(photonic.InputError, match=f"another training run:\n(?s:.*){message}"):
            trainer.fit(**{"x": x, "y": y, "checkpoint": path, "epochs": 2, **arguments})
        assert path.read_bytes() == saved
    model = photonic.from_torch(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 3)),
                                torch.zeros(2, 1, 8, 8), training=True)
    trainer = photonic.Trainer(model, optimizer="sgd:lr=0.05,momentum=0.9", batch=BATCH)
    with pytest.raises(photonic.InputError, match="model: in the checkpoint"):
        trainer.fit(x, y, checkpoint=path)
    # Other values of the parameters are no other model.
    torch.manual_seed(9)
    model = photonic.from_torch(Net(0.2), torch.zeros(2, 1, 8, 8), training=True)
    trainer = photonic.Trainer(model, optimizer="sgd:lr=0.05,momentum=0.9", batch=BATCH)
    assert len(trainer.fit(x, y, checkpoint=path)) == 4


@pytest.mark.filterwarnings("ignore::photonic.TrainingWarning")
def test_damaged_checkpoints(folder, tmp_path):
    x, y = load_data(folder)
    path = tmp_path / "c"
    make_trainer(folder).fit(x, y, checkpoint=path)
    good = path.read_bytes()

    def check(data, message):
        path.write_bytes(data)
        trainer = make_trainer(folder)
        before = trainer.program.read_state()
        with pytest.raises(photonic.InputError, match=message):
            trainer.fit(x, y, checkpoint=path)
        assert path.read_bytes() == data
        for name, value in trainer.program.read_state().items():
            assert (before[name] == value).all()

    check(b"", "damaged.*remove it")
    check(good[: len(good) // 2], "damaged.*remove it")
    flipped = bytearray(good)
    # In the numbers of the first array, behind its header of 128 bytes.
    flipped[good.index(b"\x93NUMPY") + 140] ^= 0x10
    check(bytes(flipped), "damaged.*remove it")
    np.savez(path.with_suffix(".npz"), a=np.zeros(3))
    check(path.with_suffix(".npz").read_bytes(), "is not a checkpoint")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("photonic.training", "no array")
    check(path.read_bytes(), "damaged|not a checkpoint")


#
# Kills
#


def wait_for(path, process):
    while not path.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)


def test_kill_at_random_moments(folder, whole, tmp_path):
    """SIGKILL again and again, then to the end: the same bits."""
    rng = random.Random(1)
    checkpoint = tmp_path / "c"
    options = ["--checkpoint", checkpoint, "--checkpoint-every", 1, "--threads", 1]
    kills = 0
    while kills < 6:
        process = subprocess.Popen(get_command(folder, tmp_path, *options),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        # Starting takes most of the time; what matters is what comes behind it.
        before = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
        while process.poll() is None:
            if checkpoint.exists() and checkpoint.stat().st_mtime_ns != before:
                break
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.03))
        process.kill()
        process.communicate()
        kills += 1
        if process.returncode == 0:
            break
    done = train(folder, tmp_path, *options)
    assert done.returncode == 0, done.stderr
    assert_same_results(tmp_path, whole)
    assert not list(tmp_path.glob("c.tmp-*"))


KILLER = """
import os, sys
moment, count = sys.argv.pop(1), int(sys.argv.pop(1))
from photonic import files
from photonic.cli import main
real = {name: getattr(os, name) for name in ("fsync", "replace")}
calls = 0

def die():
    os.kill(os.getpid(), 9)

def strike(name):
    def call(*arguments):
        global calls
        if "c.tmp-" in str(arguments[0]) or name == "fsync":
            calls += 1
            if calls == count and moment == "before " + name:
                die()
        result = real[name](*arguments)
        if calls == count and moment == "behind " + name:
            die()
        return result
    return call

class HalfWriter:
    def __init__(self, file):
        self.file, self.left = file, 3000
    def write(self, data):
        global calls
        self.file.write(bytes(data)[: self.left])
        self.left -= len(data)
        if self.left < 0:
            self.file.flush()
            die()
        return len(data)
    def __getattr__(self, name):
        return getattr(self.file, name)

if moment == "inside":
    write_atomically = files.write_atomically
    def cut(path, write):
        global calls
        calls += 1
        if calls == count:
            write_atomically(path, lambda file: write(HalfWriter(file)))
        write_atomically(path, write)
    files.write_atomically = cut
else:
    name = moment.split()[1]
    setattr(os, name, strike(name))
sys.exit(main())
"""


@pytest.mark.parametrize("moment", ["inside", "before fsync", "behind fsync",
                                    "before replace", "behind replace"])
def test_kill_while_a_checkpoint_is_written(folder, whole, tmp_path, moment):
    checkpoint = tmp_path / "c"
    options = ["--checkpoint", checkpoint, "--checkpoint-every", 3]
    command = get_command(folder, tmp_path, *options)
    command[1:3] = ["-c", KILLER, moment, "3"]
    killed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    if moment in ("inside", "before fsync", "before replace"):
        assert list(tmp_path.glob("c.tmp-*"))
    with np.load(checkpoint) as file:
        taken = len(file["steps/loss"])
    assert taken > 0 and taken % 3 == 0
    done = train(folder, tmp_path, *options)
    assert done.returncode == 0, done.stderr
    assert_same_results(tmp_path, whole)
    assert not list(tmp_path.glob("c.tmp-*"))


def test_interrupt(folder, whole, tmp_path):
    """Ctrl-C: the step is finished, the checkpoint written, 130 returned."""
    checkpoint = tmp_path / "c"
    options = ["--checkpoint", checkpoint, "--checkpoint-every", 1]
    process = subprocess.Popen(
        get_command(folder, tmp_path, *options), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    wait_for(checkpoint, process)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "interrupted" in stderr and "Traceback" not in stderr
    with np.load(checkpoint) as file:
        assert 1 <= len(file["steps/loss"]) <= STEPS
    done = train(folder, tmp_path, *options)
    assert done.returncode == 0, done.stderr
    assert_same_results(tmp_path, whole)


@pytest.mark.filterwarnings("ignore::photonic.TrainingWarning")
def test_interrupt_inside_a_step(folder, tmp_path):
    """The signal arrives while the machine computes: nothing of the step is lost."""
    x, y = load_data(folder)
    path = tmp_path / "c"
    trainer = make_trainer(folder)
    step = trainer.take_step

    def take_step(batch):
        if len(trainer.history) == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return step(batch)

    trainer.take_step = take_step
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(x, y, 2, checkpoint=path, checkpoint_every=1000)
    assert signal.getsignal(signal.SIGINT) is handler
    assert len(trainer.history) == 3
    with np.load(path) as file:
        assert len(file["steps/loss"]) == 3
    resumed, expected = make_trainer(folder), make_trainer(folder)
    resumed.fit(x, y, 2, checkpoint=path)
    expected.fit(x, y, 2)
    assert resumed.history == expected.history
