# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""One training run per checkpoint, in one process or in several."""

import errno
import fcntl
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from photonic import locks
from test_training import Net, make_data

import photonic

HOLDER = """
import sys
from photonic import locks
with locks.hold(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def hold():
    """hold(path): a process that holds the checkpoint until its input ends."""
    started = []

    def start(path):
        process = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("lock") / "net.onnx"
    photonic.from_torch(Net(), torch.zeros(2, 1, 8, 8), training=True).save(path)
    return path


def assert_in_use(path, holder):
    with pytest.raises(photonic.CheckpointInUseError) as error:
        with locks.hold(str(path)):
            pass
    assert re.search(rf"'{path}' is in use by process {holder} on \S+ since 20\d\d-.*: ",
                     str(error.value))
    assert "wait until it ends, stop it, or give another path" in str(error.value)


def test_other_processes_wait(hold, tmp_path):
    path = tmp_path / "run.ckpt"
    (tmp_path / "link").symlink_to(path)
    process = hold(path)
    assert_in_use(path, process.pid)
    assert_in_use(tmp_path / "link", process.pid)
    with pytest.raises(photonic.CheckpointInUseError):
        locks.check(str(path))
    with locks.hold(str(tmp_path / "other.ckpt")):
        pass
    # Replacing the checkpoint takes no lock off.
    path.write_bytes(b"one")
    (tmp_path / "new").write_bytes(b"two")
    os.replace(tmp_path / "new", path)
    assert_in_use(path, process.pid)
    process.communicate("")
    locks.check(str(path))
    with locks.hold(str(path)):
        pass
    assert sorted(os.listdir(tmp_path)) == ["link", "run.ckpt"]


def test_a_killed_process_holds_nothing(hold, tmp_path):
    path = tmp_path / "run.ckpt"
    process = hold(path)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert (tmp_path / "run.ckpt.lock").exists()
    with locks.hold(str(path)):
        assert_in_use(path, os.getpid())
    assert os.listdir(tmp_path) == []


def test_two_trainers_of_one_process(model, tmp_path):
    x, y = make_data(32)
    path = tmp_path / "run.ckpt"
    first, second = (photonic.Trainer(model, batch=16) for _ in range(2))
    refused = []

    def intrude(history):
        before = path.read_bytes()
        with pytest.raises(photonic.CheckpointInUseError, match=f"process {os.getpid()} "):
            second.fit(x, y, checkpoint=path, on_epoch=pytest.fail)
        refused.append(path.read_bytes() == before)

    first.fit(x, y, 2, checkpoint=path, on_epoch=intrude)
    assert refused == [True, True]
    assert len(second.fit(x, y, 3, checkpoint=path)) == 6
    assert os.listdir(tmp_path) == ["run.ckpt"]


def test_the_command_says_so_at_once(hold, model, tmp_path):
    np.savez(tmp_path / "d.npz", image=make_data(32)[0], labels=make_data(32)[1])
    path = tmp_path / "run.ckpt"
    process = hold(path)
    done = subprocess.run(
        [sys.executable, "-m", "photonic", "train", model, "--input", tmp_path / "d.npz",
         "--batch", "16", "--checkpoint", path, "--history", tmp_path / "h.json"],
        capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stdout == ""
    assert f"is in use by process {process.pid} on " in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert sorted(os.listdir(tmp_path)) == ["d.npz", "run.ckpt.lock"]


def test_file_systems_without_locks(tmp_path, monkeypatch):
    def fail(descriptor, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", fail)
    with pytest.warns(photonic.TrainingWarning, match="has no locks .No locks available"):
        with locks.hold(str(tmp_path / "run.ckpt")):
            pass
    assert os.listdir(tmp_path) == []


def test_places_without_room_for_a_lock():
    with pytest.raises(photonic.OutputError, match="cannot write its lock file '/proc/c.lock'"):
        with locks.hold("/proc/c"):
            pass


def test_long_names(model, tmp_path):
    """As long as the file system allows: names of temporary files are shortened."""
    x, y = make_data(32)
    path = tmp_path / ("c" * 255)
    trainer = photonic.Trainer(model, batch=16)
    trainer.fit(x, y, checkpoint=path)
    assert [len(name) for name in os.listdir(tmp_path)] == [255]
