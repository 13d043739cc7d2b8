# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The command `photonic`."""

import json
import pathlib
import sys

import numpy as np
import pytest

import photonic


@pytest.fixture(scope="module")
def command(tool):
    python = pathlib.Path(sys.executable)
    return lambda *arguments, **options: tool(python, "-m", "photonic", *arguments, **options)


def test_compiles_and_runs(command, models, tmp_path, tiny):
    program = tmp_path / "tiny.phx"
    done = command("compile", models / "tiny.onnx", "--batch", 4, "-o", program)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{program}\n"
    assert program.read_bytes() == tiny.read_bytes()
    done = command("run", program, "--input", f"x={models}/x.npy", "--labels",
                   models / "labels.npy", "--output-dir", tmp_path / "out",
                   "--report", tmp_path / "r.json", "--trace", tmp_path / "t.json")
    assert done.returncode == 0, done.stderr
    assert "Executed 3 runs of batch 4 for 10 samples" in done.stdout
    assert np.load(tmp_path / "out" / "y%3A0%2Fout.npy").shape == (10, 10)
    assert json.loads((tmp_path / "r.json").read_text())["accuracy"]["samples"] == 10
    done = command("report", tmp_path / "r.json")
    assert done.returncode == 0
    for text in ("/conv/Conv", "top-1 accuracy", "laser", "3 runs for 10 samples"):
        assert text in done.stdout


def test_runs_like_the_tool(command, tool, models, tiny, tmp_path):
    options = [tiny, "--input", models / "x.npy", "--quiet"]
    assert command("run", *options, "--report", tmp_path / "a.json").returncode == 0
    assert tool("photonic-run", *options, "--report", tmp_path / "b.json").returncode == 0
    a, b = (json.loads((tmp_path / f"{n}.json").read_text()) for n in "ab")
    assert a == b


def test_the_program_goes_beside_the_model(command, models, tmp_path):
    (tmp_path / "m.onnx").write_bytes((models / "tiny.onnx").read_bytes())
    done = command("compile", tmp_path / "m.onnx", "--dim", "N=2", "--dataflow", "df2",
                   "--memory", "hierarchy", "--format", "fp32", "--set", "core.count=2")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "m.phx").exists()
    done = command("run", tmp_path / "m.phx", "--timing-only", "--set", "core.count=2")
    assert done.returncode == 0 and "fp32" in done.stdout


def test_targets_are_listed(command):
    done = command("targets", "list")
    assert done.returncode == 0
    names = [line.split()[0] for line in done.stdout.splitlines()]
    assert names == sorted(names) and {"mirage", "mirage-device"} <= set(names)


def test_targets_show_every_value_with_its_source(command):
    import photonic

    done = command("targets", "show", "mirage", env=_environment(COLUMNS="400"))
    assert done.returncode == 0, done.stderr
    assert "extensions: rns" in done.stdout
    text = " ".join(done.stdout.split())
    for field in photonic.target("mirage").fields:
        (line,) = [n for n in done.stdout.splitlines() if f"{field.name} " in n]
        assert field.value in line and field.unit in line
        assert ("structural" if field.structural else "priced") in line
        assert field.source.split(";")[0][:60] in text
    changed = command("targets", "show", "mirage", "--set", "core.clock_ghz=5",
                      env=_environment(COLUMNS="400"))
    assert "set on the command line" in " ".join(changed.stdout.split())


def _environment(**changes):
    import os

    return {**os.environ, **changes}


@pytest.mark.parametrize("arguments, expected", [
    (["compile", "{m}/tiny.onnx"], "bind it with"),
    (["compile", "{m}/none.onnx"], "none.onnx"),
    (["compile", "{m}/tiny.onnx", "--batch", "0"], "batch"),
    (["compile", "{m}/tiny.onnx", "--dim", "N"], "--dim has to be name=N or input:axis=N with N at least 1, found 'N'"),
    (["run", "{m}/none.phx"], "No such file"),
    (["run", "{p}"], "give --input NAME=FILE.npy for 'x' float32[4, 1, 8, 8]"),
    (["run", "{p}", "--input", "{m}/none.npy"], "none.npy"),
    (["run", "{p}", "--input", "z={m}/x.npy"], "no input 'z'"),
    (["run", "{p}", "--input", "{m}/x.npy", "--labels", "{m}/x.npy"], "integers"),
    (["run", "{p}", "--timing-only", "--report", "{t}/no/r.json"],
     "is not the path of a file in an existing directory"),
    (["run", "{p}", "--timing-only", "--input", "{m}/x.npy"], "executes nothing"),
    (["run", "{p}", "--timing-only", "--timing", "open"], "timing"),
    (["run", "{p}", "--timing-only", "--quiet", "--timing", "open"],
     "timing: expected 'closed' or 'stepped', found 'open'"),
    (["run", "{p}", "--timing-only", "--quiet", "--executor", "foo"],
     "executor: expected 'fast' or 'reference', found 'foo'"),
    (["run", "{p}", "--timing-only", "--quiet", "--threads", "0"],
     "threads: expected a whole number from 1"),
    (["targets", "show", "mirag"], "did you mean 'mirage'"),
    (["report", "{m}/none.json"], "No such file"),
    (["report", "{m}/tiny.onnx"], "is not JSON"),
])
def test_mistakes_are_explained(command, models, tiny, tmp_path, arguments, expected):
    arguments = [a.format(m=models, p=tiny, t=tmp_path) for a in arguments]
    done = command(*arguments)
    assert done.returncode == 1, done.stderr
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert all(line.startswith(("photonic: ", "  ")) for line in done.stderr.splitlines())
    assert not list(tmp_path.iterdir())


def test_usage_errors(command):
    for arguments in ([], ["targets"], ["frobnicate"], ["run"], ["compile", "a", "--nothing"],
                      ["compile", "a", "--batch", "four"]):
        done = command(*arguments)
        assert done.returncode == 1 and done.stdout == ""
        assert done.stderr.startswith("photonic: error: ") and "Usage: " in done.stderr
        assert "Traceback" not in done.stderr


def test_help_and_version(command):
    assert command("--version").stdout.startswith("photonic ")
    for arguments in ([], ["run"], ["compile"], ["targets"], ["report"]):
        done = command(*arguments, "--help")
        assert done.returncode == 0 and "Usage" in done.stdout
