# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The binding below the trainer, on a step that is easy to follow by hand.

scores = x * w, loss = sum of scores, w -= learning rate * sum of x over the
batch; batch 4, x [4, 3], labels of 3 classes, -1 to ignore.
"""

import os
import signal
import subprocess
import threading

import numpy as np
import pytest

from photonic import _runtime
from photonic.errors import InputError, OutputError, RunError

X = (np.arange(12, dtype=np.float32) / 4).reshape(4, 3)
Y = np.array([0, 1, 2, -1])


@pytest.fixture(scope="module")
def program(build_bin, tmp_path_factory):
    path = tmp_path_factory.mktemp("trainer") / "trainer.phx"
    subprocess.run([build_bin / "phx_make_trainer", path], check=True)
    return path


@pytest.fixture(scope="module")
def evaluation_program(build_bin, tmp_path_factory):
    path = tmp_path_factory.mktemp("trainer") / "evaluation.phx"
    subprocess.run([build_bin / "phx_make_trainer", path, "evaluation"], check=True)
    return path


@pytest.fixture
def session(program):
    return _runtime.open(str(program), "", [])


def step(session, x=X, y=Y):
    return session.step({"x": x, "labels": y}, "fast", 1, False, False)


def test_describes_itself(session):
    assert session.is_training
    assert session.batch == 4
    assert session.inputs == [("x", "float32", (4, 3)), ("labels", "int64", (4,))]
    assert session.input_axes == [0, 0]
    axes = dict(zip([name for name, *_ in session.outputs], session.output_axes))
    assert axes == {"scores": 0, "loss": None, "seen": 0, "w.grad": None}
    assert session.labels == {"labels": (3, -1)}
    assert session.state_regions == [
        ("w", "parameter", "float32", (3,)),
        ("optimizer.lr", "state", "float32", (1,)),
        ("photonic.rng", "state", "float32", (3,)),
    ]
    assert len(session.fingerprint) == 16


def test_steps_change_the_state(session):
    w = np.array([1, 2, 3], np.float32)
    for number in range(3):
        outputs = step(session)
        assert outputs["loss"].shape == ()
        assert outputs["loss"] == (X * w).sum()
        np.testing.assert_array_equal(outputs["scores"], X * w)
        np.testing.assert_array_equal(outputs["w.grad"], X.sum(axis=0))
        np.testing.assert_array_equal(outputs["seen"], Y)
        w -= np.float32(0.5) * X.sum(axis=0)
        assert session.step_count == number + 1
        np.testing.assert_array_equal(session.read_state()["w"], w)
    record = session.record()
    assert (record["runs"], record["samples"], record["dropped"]) == (3, 12, 0)
    assert record["loss"]["last"] == outputs["loss"]
    session.forget_record()
    assert session.record() is None


def test_knobs(session):
    assert (session.seed, session.learning_rate) == (0, 0.5)
    session.seed = 16777215
    session.learning_rate = 0.25
    state = session.read_state()
    np.testing.assert_array_equal(state["photonic.rng"], [16777215, 0, 0])
    np.testing.assert_array_equal(state["optimizer.lr"], [0.25])
    with pytest.raises(InputError, match="from 0 to 16777215, found 16777216"):
        session.seed = 1 << 24
    with pytest.raises(InputError, match="finite number"):
        session.learning_rate = float("nan")


def test_evaluation_has_no_knobs(evaluation_program):
    evaluation = _runtime.open(str(evaluation_program), "", [])
    assert not evaluation.is_training
    assert evaluation.seed is None and evaluation.learning_rate is None


def test_state_is_a_copy(session):
    before = session.read_state()
    step(session)
    np.testing.assert_array_equal(before["w"], [1, 2, 3])
    session.write_state(before, False)
    np.testing.assert_array_equal(session.read_state()["w"], [1, 2, 3])
    with pytest.raises(InputError, match="lacks 'optimizer.lr', 'photonic.rng'"):
        session.write_state({"w": before["w"]}, False)
    session.write_state({"w": before["w"] + 1}, True)
    np.testing.assert_array_equal(session.read_state()["w"], [2, 3, 4])
    with pytest.raises(InputError, match=r"expected float32\[3\], found float32\[2\]"):
        session.write_state({"w": before["w"][:2].copy()}, True)
    with pytest.raises(InputError, match="'w': element .* is nan"):
        session.write_state({"w": np.float32([1, np.nan, 2])}, True)


def test_files_resume_to_the_same_bits(session, program, tmp_path):
    path = tmp_path / "s.npz"
    step(session)
    session.save_state(str(path))
    archive = np.load(path)
    assert set(archive.files) == {"w", "optimizer.lr", "photonic.rng", "photonic.state"}
    np.testing.assert_array_equal(archive["w"], session.read_state()["w"])
    step(session)
    other = _runtime.open(str(program), "", [])
    assert other.load_state(str(path)) == ("trainer", 1)
    step(other)
    for name, value in session.read_state().items():
        np.testing.assert_array_equal(other.read_state()[name], value)
    # What NumPy writes will do as well, without the number of steps.
    np.savez(path, **session.read_state())
    assert other.load_state(str(path)) == ("", 0)
    np.testing.assert_array_equal(other.read_state()["w"], session.read_state()["w"])


def test_evaluation_takes_the_parameters(session, evaluation_program, tmp_path):
    step(session)
    session.save_state(str(tmp_path / "s.npz"))
    evaluation = _runtime.open(str(evaluation_program), "", [])
    evaluation.load_state(str(tmp_path / "s.npz"))
    w = session.read_state()["w"]
    outputs = evaluation.run({"x": X[:3].copy(), "labels": Y[:3].copy()},
                             "fast", 1, False, False)
    np.testing.assert_array_equal(outputs["scores"], X[:3] * w)


def test_bad_files(session, tmp_path):
    path = tmp_path / "s.npz"
    with pytest.raises(InputError, match="s.npz"):
        session.load_state(str(path))
    path.write_text("no archive")
    with pytest.raises(InputError, match="not a .npz archive"):
        session.load_state(str(path))
    state = session.read_state()
    np.savez(path, **{**state, "w": np.zeros(4, np.float32)})
    with pytest.raises(InputError, match="state of another model: 'w' is"):
        session.load_state(str(path))
    with pytest.raises(OutputError, match="nowhere"):
        session.save_state("/nowhere/s.npz")
    np.testing.assert_array_equal(session.read_state()["w"], [1, 2, 3])


def test_bad_steps(session):
    with pytest.raises(InputError, match="exactly one batch"):
        step(session, np.tile(X, (2, 1)), np.tile(Y, 2))
    with pytest.raises(InputError, match="sample 1 has label 3"):
        step(session, y=np.array([0, 3, 0, 0]))
    with pytest.raises(InputError, match=r"y.astype\('int64'\)"):
        step(session, y=Y.astype(np.float32))
    bad = X.copy()
    bad[2, 1] = np.nan
    with pytest.raises(RunError, match=r"step 1: .*'scores' \(element \[2, 1\] is nan"):
        step(session, bad)
    assert session.step_count == 0
    np.testing.assert_array_equal(session.read_state()["w"], [1, 2, 3])


def test_cost_is_that_of_the_report(session):
    import json

    report = json.loads(session.json(False))
    assert session.cost() == (report["latency_ns"], report["energy_pj"]["total"])


@pytest.fixture
def interrupt():
    """interrupt(handler): installs it and sends SIGINT a moment later."""
    previous = signal.getsignal(signal.SIGINT)

    def soon(handler):
        signal.signal(signal.SIGINT, handler)
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()

    yield soon
    signal.signal(signal.SIGINT, previous)


def test_a_handler_that_raises_stops_the_step(session, interrupt):
    interrupt(signal.default_int_handler)
    with pytest.raises(KeyboardInterrupt):
        for _ in range(1000000):
            step(session)
    count = session.step_count
    w = np.float32([1, 2, 3]) - count * np.float32(0.5) * X.sum(axis=0)
    np.testing.assert_array_equal(session.read_state()["w"], w)


def test_a_handler_that_does_not_raise_stops_nothing(session, interrupt):
    seen = []
    interrupt(lambda *_: seen.append(1))
    for number in range(1000000):
        step(session)
        if seen:
            break
    assert seen
    assert session.step_count == number + 1


def test_a_handler_cannot_use_the_session(session, interrupt):
    """It may run in the middle of a step, where waiting would be for ever."""
    problems = []

    def handler(*_):
        try:
            problems.append(session.step_count)
        except RunError as error:
            problems.append(str(error))

    for attempt in range(20):
        interrupt(handler)
        while len(problems) == attempt:
            step(session)
    # Between two steps it may.
    for problem in problems:
        assert isinstance(problem, int) or "leave it alone until" in problem


def test_evaluation_runs_any_number(evaluation_program):
    evaluation = _runtime.open(str(evaluation_program), "", [])
    x, y = np.tile(X, (2, 1))[:6].copy(), np.tile(Y, 2)[:6].copy()
    outputs = evaluation.run({"x": x, "labels": y}, "fast", 1, False, False)
    assert outputs["scores"].shape == (6, 3)
    assert outputs["loss"].shape == (2,)
    assert evaluation.record()["dropped"] == 0
