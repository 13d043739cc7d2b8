# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""photonic-run on compiled training steps."""

import json
import os

import numpy as np
import pytest

TRAIN = ("--train", "--loss=cross_entropy", "--batch", "4")
ADAM = (*TRAIN, "--optimizer=adam:lr=0.01")
OUTPUT = "y%3A0%2Fout.npy"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """14 samples of the classes 0 to 9: x.npy, y.npy."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(3)
    np.save(folder / "x.npy", rng.standard_normal((14, 1, 8, 8), dtype=np.float32))
    np.save(folder / "y.npy", rng.integers(0, 10, 14))
    return folder


@pytest.fixture(scope="module")
def run(tool):
    def execute(program, folder, *options):
        return tool("photonic-run", program, "--input", f"x={folder}/x.npy",
                    "--input", f"labels={folder}/y.npy", *options)

    return execute


def cut(data, folder, begin, end):
    folder.mkdir()
    for name in ("x.npy", "y.npy"):
        np.save(folder / name, np.load(data / name)[begin:end])
    return folder


def validate(path, source_dir):
    import jsonschema

    report = json.loads(path.read_text())
    schema = json.loads((source_dir / "docs/report.schema.json").read_text())
    jsonschema.validate(report, schema)
    return report


def test_trains_and_reports(run, compile_model, data, tmp_path, source_dir):
    program = compile_model("tiny", *ADAM)
    done = run(program, data, "--output-dir", tmp_path / "out",
               "--report", tmp_path / "r.json", "--trace", tmp_path / "t.json")
    assert done.returncode == 0, done.stderr
    loss = np.load(tmp_path / "out" / "loss.npy")
    assert loss.shape == (3,) and np.isfinite(loss).all()
    assert np.load(tmp_path / "out" / OUTPUT).shape == (12, 10)
    report = validate(tmp_path / "r.json", source_dir)
    training = report["training"]
    assert training["steps"] == 3 and training["samples_dropped"] == 2
    assert training["loss"]["first"] == loss[0]
    assert training["loss"]["mean"] == pytest.approx(loss.mean())
    assert report["accuracy"]["samples"] == 12
    # Each phase is there, and together they are the step.
    phases = {p["phase"]: p for p in training["phases"]}
    for name in ("forward", "loss", "input_gradient", "weight_gradient", "update"):
        assert phases[name]["energy_pj"] > 0 and phases[name]["busy_ns"] > 0
        assert phases[name]["busy_ns"] <= report["latency_ns"] + 1e-6
        assert phases[name]["energy_pj"] == pytest.approx(
            sum(x["energy_pj"]["total"] for x in report["layers"] if x["phase"] == name)
        )
    total = sum(p["energy_pj"] for p in phases.values())
    assert total + report["energy_pj"]["unattributed"]["total"] == pytest.approx(
        report["energy_pj"]["total"])
    assert sum(p["macs"] for p in phases.values()) == report["macs"]
    for word in ("weight gradient", "first loss", "samples/s", "Executed 3 steps",
                 "Dropped 2 samples"):
        assert word in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100
    names = {e["name"] for e in json.loads((tmp_path / "t.json").read_text())
             ["traceEvents"] if e["ph"] == "X"}
    assert any(name.endswith("(weight gradient)") for name in names)


def test_two_halves_are_the_whole(run, compile_model, data, tmp_path):
    program = compile_model("tiny", *ADAM)
    whole, first, second = (tmp_path / f"{n}.npz" for n in ("whole", "first", "second"))
    for options in (
        (cut(data, tmp_path / "all", 0, 12), "--save-state", whole),
        (cut(data, tmp_path / "head", 0, 4), "--save-state", first),
        (cut(data, tmp_path / "tail", 4, 12), "--state", first, "--save-state", second),
    ):
        done = run(program, *options, "--quiet")
        assert done.returncode == 0, done.stderr
    assert whole.read_bytes() == second.read_bytes()
    before, after = np.load(first), np.load(second)
    changed = [n for n in before.files if (before[n] != after[n]).any()]
    assert {"w1", "b1", "w2", "b2"} <= set(changed)
    assert before["w1"].shape == (4, 1, 3, 3)


def test_evaluation_of_what_was_trained(run, tool, compile_model, data, tmp_path):
    step = compile_model("tiny", *ADAM)
    evaluation = compile_model("tiny", "--mutable-parameters", "--batch", "5")
    state = tmp_path / "s.npz"
    assert run(step, data, "--save-state", state, "--quiet").returncode == 0

    def evaluate(name, *options):
        done = tool("photonic-run", evaluation, "--input", f"x={data}/x.npy",
                    "--labels", f"{data}/y.npy", "--output-dir", tmp_path / name,
                    "--quiet", *options)
        assert done.returncode == 0, done.stderr
        return np.load(tmp_path / name / OUTPUT)

    before, after = evaluate("before"), evaluate("after", "--state", state)
    assert before.shape == after.shape == (14, 10)
    assert (before != after).any()
    # The first scores of the next step are those of the evaluation.
    done = run(step, data, "--state", state, "--output-dir", tmp_path / "next",
               "--quiet")
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(np.load(tmp_path / "next" / OUTPUT)[:4], after[:4])


def test_gradients_are_outputs_on_request(run, compile_model, data, tmp_path):
    program = compile_model("tiny", *TRAIN, "--optimizer=sgd:lr=0.5",
                            "--emit-gradients", "--format=fp32")
    one = cut(data, tmp_path / "one", 0, 4)
    done = run(program, one, "--save-state", tmp_path / "s.npz",
               "--output-dir", tmp_path / "out", "--quiet")
    assert done.returncode == 0, done.stderr
    before = tmp_path / "before.npz"
    # A learning rate of 0 leaves the parameters as they were.
    state = dict(np.load(tmp_path / "s.npz"))
    new = {name: state[name].copy() for name in ("w1", "b1", "w2", "b2")}
    done = run(program, data, "--output-dir", tmp_path / "many", "--quiet")
    assert done.returncode == 0, done.stderr
    assert not before.exists()
    for name, value in new.items():
        gradient = np.load(tmp_path / "out" / f"{name}.grad.npy")
        assert gradient.shape == value.shape
        assert np.load(tmp_path / "many" / f"{name}.grad.npy").shape == (3, *value.shape)
        np.testing.assert_array_equal(
            np.load(tmp_path / "many" / f"{name}.grad.npy")[0], gradient)


def test_bad_input(run, compile_model, data, tmp_path):
    program = compile_model("tiny", *ADAM)
    state = tmp_path / "s.npz"
    assert run(program, data, "--save-state", state, "--quiet").returncode == 0
    kept = state.read_bytes()

    def refuse(words, folder=data, *options, code=program):
        before = sorted(tmp_path.rglob("*"))
        done = run(code, folder, "--save-state", state, "--report",
                   tmp_path / "r.json", *options)
        assert done.returncode == 1
        assert words in done.stderr, done.stderr
        assert sorted(tmp_path.rglob("*")) == before and state.read_bytes() == kept

    bad = cut(data, tmp_path / "range", 0, 14)
    labels = np.load(bad / "y.npy")
    labels[5] = 10
    np.save(bad / "y.npy", labels)
    refuse("sample 5 has label 10, expected a class from 0 to 9", bad)
    np.save(bad / "y.npy", labels.astype(np.float64))
    refuse("convert it with", bad)
    few = cut(data, tmp_path / "few", 0, 3)
    refuse("hold 3 samples, a training step takes 4", few)
    nan = cut(data, tmp_path / "nan", 0, 14)
    x = np.load(nan / "x.npy")
    x[6, 0, 3, 3] = np.nan
    np.save(nan / "x.npy", x)
    # The step before is kept; nothing is reported of a run that failed.
    before = sorted(tmp_path.rglob("*"))
    done = run(program, nan, "--save-state", state, "--report", tmp_path / "r.json")
    assert done.returncode == 1
    for words in ("step 2 of 3: ", "'/conv/Conv' (Conv, forward)", "'x' element [2, 0, 3, 3]",
                  "holds the state after 1 completed step"):
        assert words in done.stderr, done.stderr
    assert sorted(tmp_path.rglob("*")) == before
    first = cut(data, tmp_path / "first", 0, 4)
    assert run(program, first, "--save-state", tmp_path / "one.npz",
               "--quiet").returncode == 0
    with np.load(state) as saved, np.load(tmp_path / "one.npz") as expected:
        assert sorted(saved) == sorted(expected)
        for name in saved:
            assert (saved[name] == expected[name]).all(), name
    state.write_bytes(kept)
    other = compile_model("tiny", *TRAIN, "--optimizer=sgd:lr=0.1,momentum=0.9")
    foreign = tmp_path / "foreign.npz"
    foreign.write_bytes(kept)
    refuse("of this model with another optimizer", data, "--state", foreign, code=other)
    foreign.write_bytes(kept[:-1])
    refuse("foreign.npz", data, "--state", foreign)


def test_steps_keep_their_threads(compile_model, data):
    """Nothing is built anew for a step."""
    from photonic import _runtime

    session = _runtime.open(str(compile_model("tiny", *ADAM)), "", [])
    x, y = np.load(data / "x.npy")[:4], np.load(data / "y.npy")[:4]

    def step():
        session.step({"x": x, "labels": y}, "fast", 3, False, False)
        return set(os.listdir("/proc/self/task"))

    before = set(os.listdir("/proc/self/task"))
    threads = step()
    assert len(threads - before) == 2
    for _ in range(20):
        assert step() == threads
