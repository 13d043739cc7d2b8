# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""`photonic train`: its outputs, and what it says about interrupted runs."""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import threading

import numpy as np
import onnx
import pytest
import torch
from test_training import Net, make_data

import photonic

# Four steps per epoch.
SAMPLES, BATCH = 64, 16


@pytest.fixture
def folder(tmp_path):
    """An empty folder with a model and data to read in folder/in."""
    inputs = tmp_path / "in"
    inputs.mkdir()
    torch.manual_seed(0)
    photonic.from_torch(Net(), torch.zeros(2, 1, 8, 8), training=True).save(inputs / "net.onnx")
    x, y = make_data(SAMPLES)
    np.save(inputs / "x.npy", x)
    np.save(inputs / "y.npy", y)
    np.savez(inputs / "valid.npz", image=x[:20], labels=y[:20])
    return tmp_path


def get_command(*options):
    return [
        sys.executable, "-m", "photonic", "train", "in/net.onnx", "--input",
        "image=in/x.npy", "--labels", "in/y.npy", "--validation-input", "in/valid.npz",
        "--batch", str(BATCH), "--optimizer", "sgd:lr=0.05,momentum=0.9",
        *map(str, options),
    ]


def train(folder, *options):
    return subprocess.run(get_command(*options), cwd=folder, capture_output=True, text=True,
                          timeout=300, check=False)


def refuse(folder, message, *options):
    """An error with this message, and nothing is written."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    done = train(folder, *options)
    assert done.returncode == 1, done.stdout + done.stderr
    assert message in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert done.stdout == ""
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert before == after


#
# Outputs
#

OUTPUTS = ["--checkpoint", "--export", "--history", "--report"]


@pytest.mark.parametrize("first, second", list(itertools.combinations(OUTPUTS, 2)))
def test_outputs_do_not_replace_each_other(folder, first, second):
    (folder / "link").symlink_to("./out")
    for other in ("out", "in/../out", "link"):
        refuse(folder, f"{second} both name '{other}'", first, "out", second, other)


@pytest.mark.parametrize("option", OUTPUTS)
def test_outputs_do_not_replace_inputs(folder, option):
    os.link(folder / "in" / "net.onnx", folder / "hard")
    (folder / "soft").symlink_to("in/x.npy")
    for path in ("in/net.onnx", "in/../in/y.npy", "in/valid.npz", "hard", "soft"):
        refuse(folder, f"would be overwritten by it ({option})", option, path)


def test_other_files_that_are_read(folder, source_dir):
    target = folder / "in" / "mine.textproto"
    target.write_text((source_dir / "runtime" / "targets" / "mirage.textproto").read_text())
    refuse(folder, "would be overwritten", "--target", "in/mine.textproto", "--report", target)
    np.save(folder / "in" / "yv.npy", make_data(20)[1])
    refuse(folder, "would be overwritten", "--validation-labels", "in/yv.npy", "--report", "in/yv.npy")
    model = onnx.load(str(folder / "in" / "net.onnx"))
    onnx.save(model, str(folder / "in" / "net.onnx"), save_as_external_data=True,
              location="net.bin", size_threshold=0)
    refuse(folder, "would be overwritten", "--export", "in/net.bin")
    # A model is one by whatever name.
    (folder / "in" / "net.onnx").rename(folder / "in" / "net")
    (folder / "in" / "net.onnx").symlink_to("net")
    trainer = photonic.Trainer(folder / "in" / "net", batch=BATCH)
    with pytest.raises(photonic.OutputError, match="net.bin', which is|'.*net.bin' is read"):
        trainer.export(folder / "in" / "net.bin")
    # The name of an input may have '=' itself.
    refuse(folder, "would be overwritten", "--input", "a=b=in/yv.npy", "--report", "in/yv.npy")


@pytest.mark.parametrize("option", OUTPUTS)
def test_places_that_cannot_be_written(folder, option):
    """Found in front of the training."""
    refuse(folder, f"{option}: cannot write '/proc/out'", option, "/proc/out")
    long = "x" * 256
    refuse(folder, f"{option}: cannot write '{long}': File name too long", option, long)


def test_all_outputs(folder):
    """Through links, over files that were there, and into pipes."""
    (folder / "far").mkdir()
    (folder / "trained.onnx").symlink_to("far/real.onnx")
    (folder / "history.json").write_text("old")
    (folder / "history.json").chmod(0o600)
    os.mkfifo(folder / "pipe")
    read = []
    reader = threading.Thread(target=lambda: read.append((folder / "pipe").read_text()))
    reader.start()
    done = train(folder, "--export", "trained.onnx", "--history", "history.json",
                 "--report", "pipe", "--checkpoint", "c")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^photonic: training \d+ parameters \(\d+ numbers\)", done.stderr, re.M)
    reader.join(10)
    assert json.loads(read[0])["training"]["steps"] == 4
    assert (folder / "trained.onnx").is_symlink()
    onnx.checker.check_model(onnx.load(str(folder / "far" / "real.onnx")))
    assert len(json.loads((folder / "history.json").read_text())["loss"]) == 4
    assert (folder / "history.json").stat().st_mode & 0o777 == 0o600


FULL = """
import errno, sys
from photonic import files
from photonic.cli import main
real, failing = files.write_atomically, sys.argv.pop(1).split(",")
def write(path, write):
    if path in failing:
        raise files.OutputError(f"cannot write '{path}': No space left on device")
    real(path, write)
files.write_atomically = write
sys.exit(main())
"""


@pytest.mark.parametrize("failing", [["out.onnx"], ["h.json", "r.json"], ["out.onnx", "r.json"]])
def test_an_output_that_fails_costs_no_other(folder, failing):
    outputs = {"--export": "out.onnx", "--history": "h.json", "--report": "r.json"}
    command = get_command(*itertools.chain(*outputs.items()))
    command[1:3] = ["-c", FULL, ",".join(failing)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "one step: " in done.stdout
    for path in outputs.values():
        assert (folder / path).exists() == (path not in failing)
        assert (f"cannot write '{path}': No space" in done.stderr) == (path in failing)


def test_values_that_are_not_finite(folder):
    x = np.load(folder / "in" / "x.npy")
    x[5, 0, 1, 2] = np.inf
    np.save(folder / "in" / "x.npy", x)
    refuse(folder, "input 'image': expected finite numbers, found inf at sample 5")


def test_text_instead_of_arrays(folder):
    (folder / "in" / "valid.npz").write_text("no archive")
    refuse(folder, "'in/valid.npz' is no .npz archive, found something else")


def test_a_schedule_that_is_not_reached(folder):
    done = train(folder, "--epochs", 1, "--schedule", "1=0.1")
    assert done.returncode == 0
    assert "warning: schedule: epoch 1 is not reached: 1 epochs" in done.stderr


#
# Runs that are stopped and continued
#


def stop(folder, number, *options):
    """Sends a signal as soon as there is a history of two steps."""
    process = subprocess.Popen(
        get_command("--epochs", 2000, *options), cwd=folder, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    line = process.stdout.readline()
    assert line.startswith("epoch 1/2000") or line.startswith("continuing"), line
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=60)
    return process.returncode, line + stdout, stderr


@pytest.mark.parametrize("number, code, word", [
    (signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated"),
])
def test_a_stop_says_what_is_saved(folder, number, code, word):
    returned, _, stderr = stop(folder, number, "--checkpoint", "c", "--checkpoint-every", 1)
    assert returned == code and word in stderr and "Traceback" not in stderr
    with np.load(folder / "c") as file:
        steps = len(file["steps/loss"])
    assert f"'c' holds {steps} steps; the same command continues it" in stderr
    # It goes on there, and then there is nothing left to do.
    epoch = (steps - 1) // 4 + 1
    returned, stdout, stderr = stop(folder, number, "--checkpoint", "c")
    assert stdout.startswith(f"continuing c behind step {steps}, epoch {epoch}\n")
    with np.load(folder / "c") as file:
        assert len(file["steps/loss"]) >= steps


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stop_without_checkpoint(folder, number, code):
    returned, _, stderr = stop(folder, number)
    assert returned == code and "Traceback" not in stderr
    assert "nothing was saved; with --checkpoint FILE a run can be continued" in stderr


def test_a_finished_run_says_so(folder):
    options = ["--checkpoint", "c", "--epochs", 2]
    first = train(folder, *options)
    assert first.returncode == 0 and "continuing" not in first.stdout
    again = train(folder, *options, "--export", "out.onnx")
    assert again.returncode == 0
    assert again.stdout.startswith("'c' is finished: 2 epochs, 8 steps; larger --epochs go")
    assert "epoch 2/2" not in again.stdout and (folder / "out.onnx").exists()
    more = train(folder, "--checkpoint", "c", "--epochs", 3)
    assert more.stdout.startswith("continuing c behind step 8, epoch 2\nepoch 3/3")
    assert train(folder, *options, "--quiet").stdout == ""


#
# What is shown of a step
#


def test_phases_show_their_work(folder, source_dir, capsys):
    """Spans of phases overlap and say little; the sums of busy times do."""
    import importlib.util

    from photonic.show import si

    assert train(folder, "--report", "r.json").returncode == 0
    report = json.loads((folder / "r.json").read_text())
    phases = report["training"]["phases"]
    assert any(phase["busy_ns"] != phase["latency_ns"] for phase in phases)
    done = subprocess.run([sys.executable, "-m", "photonic", "report", folder / "r.json"],
                          capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    for phase in phases:
        name = phase["phase"].replace("_", " ")
        row = next(line for line in lines if line.startswith(f"│{name} "))
        assert row.split("│")[2].strip() == si(phase["busy_ns"] * 1e-9, "s")
    for heading in ("phase ", "layer "):
        assert "busy" in next(line for line in lines if line.startswith(f"┃{heading}"))
    path = source_dir / "scripts" / "show_demo.py"
    spec = importlib.util.spec_from_file_location("show_demo", path)
    demo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(demo)
    demo.show_step(report)
    shown = capsys.readouterr().out
    for phase in phases:
        assert f"{demo.with_unit(phase['busy_ns'] * 1e-9, 's'):>10}" in next(
            line for line in shown.splitlines()
            if line.startswith(f"    {demo.PHASES[phase['phase']]} "))
