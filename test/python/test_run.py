# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""photonic-run as its users see it."""

import json
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="module")
def run(tool):
    return lambda *arguments, **options: tool("photonic-run", *arguments, **options)


def scores(folder):
    return np.load(folder / "y%3A0%2Fout.npy")


def test_runs_reports_and_draws(run, tiny, models, tmp_path, source_dir):
    done = run(tiny, "--input", f"x={models}/x.npy", "--labels", models / "labels.npy",
               "--output-dir", tmp_path / "new" / "out", "--report", tmp_path / "r.json",
               "--trace", tmp_path / "t.json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "/conv/Conv" in done.stdout and "top-1 accuracy" in done.stdout
    assert "Executed 3 runs of batch 4 for 10 samples" in done.stdout
    assert "\x1b" not in done.stdout
    assert scores(tmp_path / "new" / "out").shape == (10, 10)
    report = json.loads((tmp_path / "r.json").read_text())
    run_part = report["run"]
    assert run_part == {"runs": 3, "samples": 10, "executor": "fast",
                        "arithmetic": "format"}
    assert report["accuracy"]["samples"] == 10
    assert report["layers"][0]["sqnr_db"] > 0
    import jsonschema

    schema = json.loads((source_dir / "docs/report.schema.json").read_text())
    jsonschema.validate(report, schema)
    assert json.loads((tmp_path / "t.json").read_text())["traceEvents"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["new", "r.json", "t.json"]


def test_accuracy_is_that_of_the_outputs(run, tiny, models, tmp_path):
    done = run(tiny, "--input", models / "x.npy", "--labels", models / "labels.npy",
               "--output-dir", tmp_path, "--report", tmp_path / "r.json", "--quiet")
    assert (done.returncode, done.stdout) == (0, "")
    accuracy = json.loads((tmp_path / "r.json").read_text())["accuracy"]
    y, labels = scores(tmp_path), np.load(models / "labels.npy")
    best = np.argsort(-y, axis=1, kind="stable")
    assert accuracy["top1"] == (best[:, 0] == labels).mean()
    assert accuracy["top5"] == (best[:, :5] == labels[:, None]).any(axis=1).mean()


def test_every_option_gives_the_same_bits(run, tiny, compile_model, models, tmp_path):
    results = []
    x = np.load(models / "x.npy")
    np.savez(tmp_path / "all.npz", x=x)
    np.savez_compressed(tmp_path / "small.npz", x=x)
    for index, options in enumerate((
        ["--input", models / "x.npy"],
        ["--input", tmp_path / "all.npz"],
        ["--input", tmp_path / "small.npz", "--threads", 2, "--no-compare"],
        ["--input", models / "x.npy", "--executor=reference", "--timing=stepped"],
    )):
        out = tmp_path / str(index)
        done = run(tiny, *options, "--output-dir", out)
        assert done.returncode == 0, done.stderr
        results.append(scores(out))
    for options in (["--batch", "1"], ["--batch", "3"], ["--batch", "16"],
                    ["--batch", "10", "--memory", "hierarchy"]):
        done = run(compile_model("tiny", *options), "--input", models / "x.npy",
                   "--output-dir", tmp_path / "o", "--quiet")
        assert done.returncode == 0, done.stderr
        results.append(scores(tmp_path / "o"))
    for other in results[1:]:
        np.testing.assert_array_equal(results[0], other)


def test_fp32_agrees_with_onnx_runtime(run, tiny, models, tmp_path):
    import onnxruntime
    done = run(tiny, "--input", models / "x.npy", "--fp32", "--output-dir", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "FP32 arithmetic" in done.stdout
    session = onnxruntime.InferenceSession(str(models / "tiny.onnx"))
    (expected,) = session.run(None, {"x": np.load(models / "x.npy")})
    error = np.abs(scores(tmp_path) - expected).max()
    assert error <= 1e-4 * np.abs(expected).max()


def test_timing_only_needs_no_data(run, tiny, models, tmp_path):
    done = run(tiny, "--timing-only", "--report", tmp_path / "a.json")
    assert done.returncode == 0
    assert "Nothing was executed" in done.stdout
    run(tiny, "--input", models / "x.npy", "--report", tmp_path / "b.json", "--quiet")
    slow = run(tiny, "--timing-only", "--report", tmp_path / "c.json", "--quiet",
               "--set", "core.clock_ghz=5")
    assert slow.returncode == 0
    a, b, c = (json.loads((tmp_path / f"{n}.json").read_text()) for n in "abc")
    assert a["run"] is None
    assert a["latency_ns"] == b["latency_ns"] < c["latency_ns"]
    assert a["energy_pj"] == b["energy_pj"]


def test_dumps_the_value_of_every_layer(run, tiny, models, tmp_path):
    np.save(tmp_path / "x4.npy", np.load(models / "x.npy")[:4])
    done = run(tiny, "--input", tmp_path / "x4.npy", "--quiet",
               "--dump-values", tmp_path / "d", "--output-dir", tmp_path / "o")
    assert done.returncode == 0, done.stderr
    values = {path.name: np.load(path) for path in (tmp_path / "d").iterdir()}
    np.testing.assert_array_equal(values["%2Ffc%2FGemm.npy"], scores(tmp_path / "o"))
    assert values["%2Frelu%2FRelu.npy"].shape == (4, 4, 8, 8)
    assert values["%2Frelu%2FRelu.npy"].min() == 0


def test_several_inputs(run, compile_model, tmp_path):
    program = compile_model("add", "--batch", "2")
    a, b = np.float32([[1, 2, 3]] * 5), np.arange(15, dtype=np.float32).reshape(5, 3)
    np.save(tmp_path / "a.npy", a)
    np.save(tmp_path / "b=2.npy", b)
    done = run(program, "--input", f"a={tmp_path}/a.npy", "--input",
               f"b={tmp_path}/b=2.npy", "--output-dir", tmp_path)
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(np.load(tmp_path / "sum.npy"), a + b)


def test_columns_follow_the_locale_of_pipes(run, tiny):
    done = run(tiny, "--timing-only")
    assert max(map(len, done.stdout.splitlines())) <= 100


# What is wrong, and a part of what is said about it. {m}: the models, {t}: an
# empty directory.
MISTAKES = [
    ([], "input 'x' float32[4, 1, 8, 8] is missing"),
    ([], "--timing-only to compute time and energy without data"),
    (["--input", "z={m}/x.npy"], "no input 'z'; inputs of this program: 'x'"),
    (["--input", "x={m}/none.npy"], "none.npy': No such file"),
    (["--input", "{m}/tiny.onnx"], "is not a NumPy .npy file"),
    (["--input", "x={t}/double.npy"], "has element type '<f8'; expected"),
    (["--input", "x={t}/int.npy"], "x.astype('float32')"),
    (["--input", "x={t}/flat.npy"], "found float32[64]"),
    (["--input", "x={t}/empty.npy"], "holds no sample"),
    (["--input", "x={t}/nan.npy"], "nan"),
    (["--input", "x={t}/all.npz"], "an archive names its arrays itself"),
    (["--input", "{t}/wrong.npz"], "no input 'w'"),
    (["--input", "{m}/x.npy", "--input", "x={m}/x.npy"], "given twice"),
    (["--input", "{m}/x.npy", "--labels", "{m}/x.npy"], "one class number per sample"),
    (["--input", "{m}/x.npy", "--labels", "{t}/few.npy"], "holds 3 labels"),
    (["--input", "{m}/x.npy", "--labels", "{t}/large.npy"], "label 0 is 10"),
    (["--input", "{m}/x.npy", "--dump-values", "{t}/d"], "inputs hold 10; give fewer"),
    (["--input", "{m}/x.npy", "--report", "{t}/no/r.json"], "create it first"),
    (["--input", "{m}/x.npy", "--report", "{t}"], "is a directory"),
    (["--input", "{m}/x.npy", "--output-dir", "{m}/x.npy"], "cannot create directory"),
    (["--timing-only", "--trace", "/proc/none/t.json"], "cannot write"),
    (["--timing-only", "--input", "{m}/x.npy"], "--timing-only executes nothing"),
    (["--timing-only", "--target", "mirag"], "did you mean 'mirage'"),
    (["--timing-only", "--set", "core.rows=16"], "core.rows (32 -> 16); recompile"),
    (["--timing-only", "--set", "core.clock_ghz=-1"], "core.clock_ghz"),
    (["--timing-only", "--set", "core.clok_ghz=1"], "core.clock_ghz"),
    (["--timing-only", "--executor", "quick"], "fast or reference, found 'quick'"),
    (["--timing-only", "--threads", "0"], "--threads"),
    (["--timing-only", "--colour"], "unknown option '--colour'"),
]


@pytest.mark.parametrize("arguments, expected", MISTAKES)
def test_mistakes_are_explained(run, tiny, models, tmp_path, arguments, expected):
    x = np.load(models / "x.npy")
    np.save(tmp_path / "double.npy", x.astype(np.float64))
    np.save(tmp_path / "int.npy", x.astype(np.int32))
    np.save(tmp_path / "flat.npy", x[0].ravel())
    np.save(tmp_path / "empty.npy", x[:0])
    np.save(tmp_path / "nan.npy", np.where(x > 1, np.nan, x).astype(np.float32))
    np.savez(tmp_path / "all.npz", x=x)
    np.savez(tmp_path / "wrong.npz", w=x)
    np.save(tmp_path / "few.npy", np.arange(3))
    np.save(tmp_path / "large.npy", np.arange(10, 20))
    before = set(tmp_path.rglob("*"))
    arguments = [a.format(m=models, t=tmp_path) for a in arguments]
    done = run(tiny, *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith("photonic-run: error: ")
    assert expected.lower() in done.stderr.lower()
    assert done.stdout == ""
    assert set(tmp_path.rglob("*")) == before


def test_bad_programs_are_refused(run, tiny, tmp_path):
    content = tiny.read_bytes()
    for name, data in {
        "truncated": content[: len(content) // 2],
        "empty": b"",
        "text": b"not a program\n" * 100,
        "flipped": content[:-100] + bytes([content[-100] ^ 1]) + content[-99:],
    }.items():
        path = tmp_path / f"{name}.phx"
        path.write_bytes(data)
        done = run(path, "--timing-only")
        assert done.returncode == 1, name
        assert str(path) in done.stderr
    done = run(tmp_path / "none.phx", "--timing-only")
    assert done.returncode == 1 and "No such file" in done.stderr


def test_unwritable_output_is_found_before_the_run(run, tiny, models, tmp_path):
    # Root may write everywhere, except where the kernel makes the files.
    place = tmp_path if os.geteuid() else Path("/proc")
    tmp_path.chmod(0o500)
    done = run(tiny, "--input", models / "x.npy", "--report", place / "r.json")
    assert done.returncode == 1 and str(place / "r.json") in done.stderr
    assert done.stdout == ""


def test_ctrl_c_leaves_nothing_behind(start, compile_model, models, tmp_path):
    np.save(tmp_path / "x.npy", np.repeat(np.load(models / "big.npy"), 64, axis=0))
    process = start("photonic-run", compile_model("big", "--batch", "1"), "--input",
                    tmp_path / "x.npy", "--executor=reference", "--output-dir",
                    tmp_path / "out", "--report", tmp_path / "r.json")
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stderr == "photonic-run: interrupted\n"
    files = {path.name for path in tmp_path.rglob("*")}
    assert files <= {"x.npy", "out"}


def test_help_and_version(run):
    for option in ("--help", "--version"):
        done = run(option)
        assert done.returncode == 0 and "photonic-run" in done.stdout
