# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The Python package."""

import gc
import json
import signal
import subprocess
import sys
import textwrap
import threading
import time
import warnings

import numpy as np
import pytest

import photonic


@pytest.fixture(scope="module")
def exe(models):
    return photonic.compile(models / "tiny.onnx", "mirage", batch=4)


@pytest.fixture(scope="module")
def x(models):
    return np.load(models / "x.npy")


#
# Compiling and loading
#


def test_compile_describes_what_it_made(exe):
    assert exe.name == "tiny" and exe.batch == 4 and exe.memory == "ideal"
    assert exe.inputs == [photonic.TensorInfo("x", "float32", (4, 1, 8, 8))]
    assert exe.outputs == [photonic.TensorInfo("y:0/out", "float32", (4, 10))]
    assert exe.target.name == "mirage"
    assert "tiny" in repr(exe) and "y:0/out: float32[4, 10]" in repr(exe)


def test_compiles_like_the_tool(exe, tiny, tmp_path):
    exe.save(tmp_path / "again.phx")
    assert (tmp_path / "again.phx").read_bytes() == tiny.read_bytes()


def test_compile_keeps_the_file_if_asked(models, tmp_path, tiny):
    path = tmp_path / "kept.phx"
    photonic.compile(models / "tiny.onnx", batch=4, output=path)
    assert path.read_bytes() == tiny.read_bytes()


def test_compile_options_reach_the_compiler(models, x):
    exe = photonic.compile(
        models / "tiny.onnx", dims={"N": 2}, memory="hierarchy", dataflow="df1",
        format="bfp:3:16", set={"core.count": 4},
    )
    assert exe.batch == 2 and exe.memory == "hierarchy"
    report = exe.report()
    assert report["format"] == "bfp:3:16"
    assert {layer["stationary"] for layer in report["layers"]} <= {"first", None}
    assert exe.target["core.count"].value == "4"
    assert exe.run(x)["y:0/out"].shape == (10, 10)


def test_compile_errors_carry_all_messages(models, tmp_path):
    with pytest.raises(photonic.CompileError, match="'N': bind it") as error:
        photonic.compile(models / "tiny.onnx", output=tmp_path / "none.phx")
    assert "photonic:" not in str(error.value)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(photonic.CompileError, match="not an ONNX model"):
        photonic.compile(models / "x.npy")
    with pytest.raises(photonic.CompileError, match="did you mean 'mirage'"):
        photonic.compile(models / "tiny.onnx", "mirag", batch=1)


@pytest.mark.parametrize("arguments, message", [
    ({"batch": 0}, "batch has to be a whole number from 1 to 2147483647, found '0'"),
    ({"batch": 2.0}, "batch"),
    ({"dims": {"N": -1}}, "dims has to be name=N .* found 'N=-1'"),
    ({"dataflow": "df3"}, "dataflow has to be auto, df1 or df2, found 'df3'"),
    ({"memory": "real"}, "memory"),
    ({"set": "core.count=4"}, "write set="),
])
def test_arguments_that_make_no_sense(models, arguments, message):
    with pytest.raises(photonic.InputError, match=message):
        photonic.compile(models / "tiny.onnx", **arguments)


def test_load_applies_prices_and_refuses_structure(tiny, exe):
    same = photonic.load(tiny)
    slow = photonic.load(tiny, "mirage", {"core.clock_ghz": 2.5})
    other = photonic.load(tiny, set=["core.clock_ghz=2.5"])
    assert same.report() == exe.report()
    assert slow.report()["latency_ns"] > same.report()["latency_ns"]
    assert slow.report() == other.report()
    with pytest.raises(photonic.ProgramError, match=r"core.rows \(32 -> 8\)"):
        photonic.load(tiny, set={"core.rows": 8})
    with pytest.raises(photonic.ProgramError, match="No such file"):
        photonic.load("none.phx")


#
# Running
#


def test_run_agrees_with_the_tool(exe, x, tool, tiny, models, tmp_path):
    tool("photonic-run", tiny, "--input", models / "x.npy", "--output-dir", tmp_path)
    expected = np.load(tmp_path / "y%3A0%2Fout.npy")
    for result in (exe.run({"x": x}), exe.run(x), exe.run(x, threads=2),
                   exe.run(x, executor="reference"), exe.run(x, compare=True),
                   exe.run(np.asfortranarray(x)), exe.run(x.tolist() and x)):
        assert list(result) == ["y:0/out"]
        assert result["y:0/out"].dtype == np.float32
        np.testing.assert_array_equal(result["y:0/out"], expected)
    for count in (1, 4, 7):
        np.testing.assert_array_equal(exe.run(x[:count])["y:0/out"], expected[:count])


def test_outputs_outlive_everything(models, x):
    exe = photonic.compile(models / "tiny.onnx", batch=4)
    y = exe.run(x)["y:0/out"]
    copy = y.copy()
    del exe
    gc.collect()
    np.testing.assert_array_equal(y, copy)
    y[:] = 0  # it is the caller's own


def test_inputs_are_not_changed(exe, x):
    frozen = x.copy()
    frozen.flags.writeable = False
    exe.run(frozen)
    np.testing.assert_array_equal(frozen, x)


def test_fp32_agrees_with_onnx_runtime(exe, x, models):
    import onnxruntime
    session = onnxruntime.InferenceSession(str(models / "tiny.onnx"))
    (expected,) = session.run(None, {"x": x})
    error = np.abs(exe.run(x, fp32=True)["y:0/out"] - expected).max()
    assert error <= 1e-4 * np.abs(expected).max()


def test_several_inputs(models):
    exe = photonic.compile(models / "add.onnx", batch=2)
    a = np.arange(9, dtype=np.float32).reshape(3, 3)
    np.testing.assert_array_equal(exe.run({"a": a, "b": a})["sum"], 2 * a)
    with pytest.raises(photonic.InputError, match="2 inputs.*give a dictionary"):
        exe.run(a)
    with pytest.raises(photonic.InputError, match="'b' float32.* is missing"):
        exe.run({"a": a})
    with pytest.raises(photonic.InputError, match="holds 2 samples, another input 3"):
        exe.run({"a": a[:2], "b": a})


@pytest.mark.parametrize("change, message", [
    (lambda x: {"z": x}, "no input 'z'"),
    (lambda x: {}, "'x' .*is missing"),
    (lambda x: {1: x}, "names of inputs are strings"),
    (lambda x: x.astype(np.float64), r"expected float32\[4, 1, 8, 8\], found float64"),
    (lambda x: x.astype(np.int32), "found int32"),
    (lambda x: x.astype(">f4"), "convert it"),
    (lambda x: x[:0], "holds no sample"),
    (lambda x: x[:, 0], r"found float32\[10, 8, 8\]"),
    (lambda x: "text", "convert it"),
])
def test_wrong_inputs(exe, x, change, message):
    with pytest.raises(photonic.InputError, match=message) as error:
        exe.run(change(x))
    assert isinstance(error.value, ValueError)


def test_values_that_are_not_finite_stop_the_run(exe, x):
    bad = x.copy()
    bad[3, 0, 2, 2] = np.inf
    with pytest.raises(photonic.RunError, match="inf"):
        exe.run(bad)


def test_other_threads_run_meanwhile(models):
    exe = photonic.compile(models / "big.onnx", batch=1)
    x = np.repeat(np.load(models / "big.npy"), 4, axis=0)
    counts, done = [], threading.Event()
    results = []

    def work():
        results.append(exe.run(x, threads=1)["y"])
        done.set()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    while not done.is_set():
        counts.append(1)
        time.sleep(0.001)
    for worker in workers:
        worker.join()
    assert len(counts) > 5
    np.testing.assert_array_equal(results[0], results[1])


def test_keyboard_interrupt_stops_a_run(compile_model, models, start):
    script = textwrap.dedent(f"""
        import numpy as np, photonic
        exe = photonic.load({str(compile_model("big", "--batch", "1"))!r})
        x = np.repeat(np.load({str(models / "big.npy")!r}), 64, axis=0)
        print("ready", flush=True)
        try:
            exe.run(x, executor="reference")
        except KeyboardInterrupt:
            print("stopped", exe.report()["run"], flush=True)
    """)
    import pathlib

    process = start(pathlib.Path(sys.executable), "-c", script)
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert stdout == "stopped None\n", stderr


#
# Accuracy, reports
#


def test_evaluate_counts_like_numpy(exe, x, models):
    labels = np.load(models / "labels.npy")
    best = np.argsort(-exe.run(x)["y:0/out"], axis=1, kind="stable")
    expected = photonic.Accuracy(
        (best[:, 0] == labels).mean(), (best[:, :5] == labels[:, None]).any(1).mean(), 10
    )
    for y in (labels, labels.astype(np.int32), labels.astype(np.uint8), labels.tolist()):
        assert exe.evaluate(x, y) == expected
    assert exe.report()["accuracy"] == {
        "top1": expected.top1, "top5": expected.top5, "samples": 10
    }
    assert exe.evaluate(x, best[:, 0]).top1 == 1
    assert exe.evaluate({"x": x[:3]}, best[:3, 4]) == photonic.Accuracy(0, 1, 3)


@pytest.mark.parametrize("labels, message", [
    (np.zeros(9, int), "9 labels for 10 samples"),
    (np.full(10, 10), "label 0 is 10; the network has 10 classes"),
    (np.zeros(10), "have to be integers"),
    (np.zeros((10, 1), int), r"found int64\[10, 1\]"),
])
def test_wrong_labels(exe, x, labels, message):
    with pytest.raises(photonic.InputError, match=message):
        exe.evaluate(x, labels)


def test_reports_follow_the_schema(tiny, x, source_dir):
    import jsonschema
    schema = json.loads((source_dir / "docs/report.schema.json").read_text())
    exe = photonic.load(tiny)
    before = exe.report()
    assert before["run"] is None
    exe.run(x, compare=True)
    after = exe.report()
    assert after["run"]["runs"] == 3 and after["run"]["samples"] == 10
    assert after["layers"][0]["sqnr_db"] > 0
    assert exe.report(timing="stepped") == after
    for report in (before, after):
        jsonschema.validate(report, schema)
    assert "/conv/Conv" in exe.report_text(80)
    with pytest.raises(photonic.InputError, match="timing"):
        exe.report(timing="open")


def test_timeline_opens_in_perfetto(exe, tmp_path):
    exe.timeline(tmp_path / "t.json")
    events = json.loads((tmp_path / "t.json").read_text())["traceEvents"]
    assert any(event["ph"] == "X" for event in events)
    with pytest.raises(photonic.OutputError, match="nowhere"):
        exe.timeline(tmp_path / "nowhere" / "t.json")
    with pytest.raises(photonic.OutputError, match="nowhere"):
        exe.save(tmp_path / "nowhere" / "p.phx")


#
# Targets
#


def test_targets_are_listed_and_described():
    assert {"mirage", "mirage-device"} <= set(photonic.targets())
    target = photonic.target("mirage")
    assert target.extensions == ("rns",)
    clock = target["core.clock_ghz"]
    assert (clock.value, clock.unit, clock.structural) == ("10", "GHz", False)
    assert target["core.rows"].structural
    assert all(field.source and field.doc for field in target.fields)
    with pytest.raises(photonic.TargetError, match="no field 'core.nothing'"):
        target["core.nothing"]


def test_targets_change(tmp_path):
    base = photonic.target("mirage")
    same = photonic.target("mirage", {"core.clock_ghz": 5})
    other = photonic.target("mirage", {"core.moduli": [31, 32, 37]})
    assert same["core.clock_ghz"].value == "5"
    assert same["core.clock_ghz"].source == "set on the command line"
    assert same.structural_hash == base.structural_hash != other.structural_hash
    with pytest.raises(photonic.TargetError, match="did you mean 'mirage'"):
        photonic.target("mirag")
    with pytest.raises(photonic.TargetError, match="core.clock_ghz"):
        photonic.target("mirage", {"core.clock_ghz": -1})


def test_targets_come_from_files(source_dir, tmp_path, models):
    text = (source_dir / "runtime/targets/mirage.textproto").read_text()
    path = tmp_path / "own.textproto"
    path.write_text(text.replace('name: "mirage"', 'name: "own"'))
    exe = photonic.compile(models / "tiny.onnx", path, batch=1)
    assert exe.target.name == "own" and exe.target.path == str(path)


def test_the_public_names_are_documented():
    assert photonic.__version__.count(".") == 2
    for name in photonic.__all__:
        thing = getattr(photonic, name)
        assert name == "__version__" or thing.__doc__, name
    for name, member in vars(photonic.Executable).items():
        assert name.startswith("_") or member.__doc__, name


def test_no_warnings(models):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        photonic.compile(models / "tiny.onnx", batch=1)


def test_imports_beside_the_onnx_package():
    for order in ("onnx, photonic, photonic._compiler", "photonic._compiler, onnx"):
        done = subprocess.run([sys.executable, "-c", f"import {order}"], timeout=60)
        assert done.returncode == 0
