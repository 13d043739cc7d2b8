# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The command `photonic` in poor surroundings: streams that are closed or full, names
that are no text, Ctrl-C at any moment, files that are no files, damaged reports."""

import io
import json
import os
import signal
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from photonic import files

import photonic

COMMAND = [sys.executable, "-m", "photonic"]


def run(*arguments, **options):
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, check=False, timeout=120,
                          **options)
    assert b"Traceback" not in done.stderr and b"Exception ignored" not in done.stderr
    return done


def assert_one_error(done, *texts):
    """One line that says what is wrong, and exit code 1."""
    assert done.returncode == 1, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith(b"photonic: error: ")
    for text in texts:
        assert text in line, line


#
# Streams
#


@pytest.mark.parametrize("redirection, reason", [
    ("> /dev/full", b"No space left on device"),
    (">&-", b"Bad file descriptor"),
    ("| true", b"Broken pipe"),
])
@pytest.mark.parametrize("arguments", [["targets", "list"], ["--help"]])
def test_output_that_goes_nowhere(redirection, reason, arguments):
    script = f'"$@" {redirection}; exit ${{PIPESTATUS[0]}}'
    if "|" in redirection:
        # The reader is gone before the first line.
        script = f'{{ sleep 0.2; exec "$@"; }} {redirection}; exit ${{PIPESTATUS[0]}}'
    done = subprocess.run(["bash", "-c", script, "bash", *COMMAND, *arguments],
                          stderr=subprocess.PIPE, check=False)
    assert_one_error(done, b"cannot write to the standard output: " + reason)


def test_training_outlives_its_reader(tmp_path):
    """What has been learnt is written, and the problem told at the end."""
    import torch
    from test_training import Net, make_data

    photonic.from_torch(Net(), torch.zeros(2, 1, 8, 8), training=True).save(tmp_path / "n.onnx")
    x, y = make_data(32)
    np.savez(tmp_path / "d.npz", image=x, labels=y)
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*COMMAND, "train", "n.onnx", "--input", "d.npz", "--batch", "16", "--epochs", "3",
             "--history", "h.json", "--export", "out.onnx"],
            cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, check=False)
    summary, separator, done.stderr = done.stderr.partition(b"\n")
    assert summary.startswith(b"photonic: training ") and separator
    assert_one_error(done, b"cannot write to the standard output: No space")
    assert len(json.loads((tmp_path / "h.json").read_text())["loss"]) == 6
    assert (tmp_path / "out.onnx").exists()


def test_other_streams(tiny, models):
    program = [*COMMAND, "run", str(tiny), "--input", str(models / "x.npy"), "--quiet"]
    for script, code in [
        ('"$@" <&- 2>&-', 0), ('"$@" <&- >&- 2>&-', 0), ('"$@" --threads 0 2>/dev/full', 1),
        ('"$@" --threads 0 >&- 2>&-', 1),
    ]:
        done = subprocess.run(["bash", "-c", script, "bash", *program], check=False)
        assert done.returncode == code, script


def test_terminals_without_letters():
    """ASCII is enough, and so are few columns."""
    options = {**os.environ, "PYTHONIOENCODING": "ascii", "COLUMNS": "1"}
    done = run("targets", "show", "mirage", env=options)
    assert done.returncode == 0
    text = done.stdout.decode("ascii")
    assert "mm2" in text and "\\x" not in text
    assert len(max(text.splitlines(), key=len)) > 20
    options = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0",
               "COLUMNS": "0"}
    assert run("targets", "show", "mirage", env=options).returncode == 0


#
# Ctrl-C
#


@pytest.mark.parametrize("module", ["numpy", "rich"])
def test_interrupts_while_modules_load(tmp_path, module):
    (tmp_path / f"{module}.py").write_text(
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)\n")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = run("targets", "list", env={**os.environ, "PYTHONPATH": path},
               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    assert (done.returncode, done.stderr) == (130, b"photonic: interrupted\n")


def test_interrupts_of_background_jobs_stay_ignored(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import os\nos.kill(os.getpid(), 2)\n")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = run("targets", "list", env={**os.environ, "PYTHONPATH": path},
               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    assert done.returncode == 0


#
# Names
#


def test_names_that_are_no_text(tiny, models, tmp_path):
    """Linux has files of any bytes; what is printed of them is those bytes."""
    place = os.fsencode(tmp_path) + b"/d\xff"
    os.mkdir(place)
    model, data = place + b"/m.onnx", place + b"/x\xff.npy"
    for path, source in ((model, "tiny.onnx"), (data, "x.npy")):
        with open(path, "wb") as file:
            file.write((models / source).read_bytes())
    program = place + b"/p\xff.phx"
    done = run("compile", model, "--batch", "4", "-o", program)
    assert done.returncode == 0 and done.stdout == program + b"\n", done.stderr
    # The name of a program is text.
    os.link(model, place + b"/\xff.onnx")
    assert_one_error(run("compile", place + b"/\xff.onnx", "--batch", "4"), b"expected text in UTF-8")
    folder = os.fsencode(tmp_path) + b"/o\xff"
    outputs = [b"--output-dir", folder, b"--report", folder + b".json", b"--trace", folder + b".t"]
    done = run("run", program, "--input", data, "--quiet", *outputs)
    assert done.returncode == 0, done.stderr
    assert len(os.listdir(folder)) == 1 and os.path.exists(folder + b".t")
    assert b"latency" in run("report", folder + b".json").stdout
    assert_one_error(run("run", b"none\xff.phx", "--timing-only"), b"none", b"No such file")
    for arguments in (["targets", "show", b"\xff"],
                      ["run", program, "--input", data, "--set", b"\xff=1"]):
        done = run(*arguments)
        assert done.returncode == 1 and done.stderr.startswith(b"photonic: error: ")
        assert b"internal" not in done.stderr
    exe = photonic.load(program)
    assert exe.run(np.load(models / "x.npy")).keys() == {"y:0/out"}


def test_long_names(models, tmp_path):
    name = tmp_path / ("n" * 230 + ".phx")
    assert run("compile", models / "tiny.onnx", "--batch", "4", "-o", name).returncode == 0
    done = run("run", name, "--timing-only", "--quiet", "--report", name.with_suffix(".jsn"))
    assert done.returncode == 0, done.stderr
    assert_one_error(run("run", "n" * 300, "--timing-only"), b"File name too long")


@pytest.mark.parametrize("arguments, text", [
    (["run", "{p}", "--input", "{x}", "--report", ""], b"--report: expected a path"),
    (["run", "{p}", "--input", "{x}", "--output-dir", ""], b"--output-dir: expected a path"),
    (["run", "{p}", "--input", "{x}", "--threads", "9" * 30], b"threads: expected"),
    (["run", "{p}", "--input", "/"], b"Is a directory"),
    (["run", "/", "--timing-only"], b"Is a directory"),
    (["run", "{p}", "--input", "{x}", "--report", "{x}"], b"would be overwritten"),
    (["run", "{p}", "--input", "{x}", "--trace", "{p}"], b"would be overwritten"),
    (["run", "{p}", "--timing-only", "--report", "{t}/a", "--trace", "{t}/a"], b"both name"),
])
def test_arguments(tiny, models, tmp_path, arguments, text):
    names = {"p": tiny, "x": models / "x.npy", "t": tmp_path}
    before = tiny.read_bytes(), (models / "x.npy").read_bytes()
    assert_one_error(run(*(a.format(**names) for a in arguments)), text)
    assert before == (tiny.read_bytes(), (models / "x.npy").read_bytes())
    assert not os.listdir(tmp_path)


#
# Arrays and reports
#


def make_header(shape, dtype="<f4"):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        file, {"descr": dtype, "fortran_order": False, "shape": shape})
    return file.getvalue()


def test_headers_are_judged_before_data_are_read(tmp_path, monkeypatch):
    path = str(tmp_path / "a.npy")
    with open(path, "wb") as file:
        file.write(make_header((10**12, 64)) + bytes(100))
    with pytest.raises(photonic.InputError, match="takes 256000000000000 bytes, and 100 follow"):
        files.read_array(path)
    np.save(path, np.array([1, None], object))
    with pytest.raises(photonic.InputError, match="found one of Python objects"):
        files.read_array(path)

    def write(entries):
        with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in entries:
                archive.writestr(name, data)
        return str(tmp_path / "a.npz")

    with pytest.raises(photonic.InputError, match="'x.npy': the header says float32"):
        files.read_archive(write([("x.npy", make_header((1 << 40,)) + bytes(9))]))
    with pytest.raises(photonic.InputError, match="'x.npy' goes on behind its array"):
        files.read_archive(write([("x.npy", make_header((2,)) + bytes(9))]))
    with pytest.raises(photonic.InputError, match="'notes.txt' is no array"):
        files.read_archive(write([("notes.txt", "x")]))
    good = [(f"{i}.npy", make_header((1 << 18,)) + bytes(1 << 20)) for i in range(4)]
    assert len(files.read_archive(write(good))) == 4
    # Together they are too much: nothing is read.
    monkeypatch.setattr(os, "sysconf", lambda name: 1 << 10)
    monkeypatch.setattr(files, "_read_member", None)
    with pytest.raises(photonic.InputError, match="take .* bytes, and this machine has 1048576"):
        files.read_archive(write(good))


def test_arrays_from_pipes(tmp_path):
    read, write = os.pipe()
    data = io.BytesIO()
    np.save(data, np.arange(5))
    with os.fdopen(write, "wb") as file:
        file.write(data.getvalue())
    assert files.read_array(f"/dev/fd/{read}").tolist() == [0, 1, 2, 3, 4]
    os.close(read)


def test_damaged_reports(tiny, tmp_path, capsys):
    from photonic import show
    from rich.console import Console

    good = photonic.load(tiny).report()

    def check(report, message):
        path = tmp_path / "r.json"
        path.write_text(report if isinstance(report, str) else json.dumps(report))
        with pytest.raises(photonic.InputError, match=message):
            show.print_report(str(path), files.read_report(str(path)), Console())
        assert capsys.readouterr().out == ""

    check("[" * 100_000, "is not JSON")
    check("\xff", "is not a report|is not JSON")
    check([], "is not a report of schema version 2")
    for version in (1, 3, "2", None):
        check({**good, "schema_version": version}, "is not a report of schema version 2")
    for name in ("program", "layers", "energy_pj", "area_mm2", "includes", "latency_ns"):
        check({k: v for k, v in good.items() if k != name}, f"damaged report .there is no '{name}'")
        check({**good, name: [None]}, "incomplete or damaged report")
    # Machines without number formats have none to show.
    (tmp_path / "r.json").write_text(json.dumps({**good, "format": None}))
    show.print_report("r.json", files.read_report(str(tmp_path / "r.json")), Console(width=200))
    assert "no format" in capsys.readouterr().out
    # Square brackets are no markup.
    (tmp_path / "r.json").write_text(json.dumps({**good, "target": "[/red] [bold"}))
    show.print_report("r.json", files.read_report(str(tmp_path / "r.json")), Console(width=200))
    assert "on [/red] [bold: memory" in capsys.readouterr().out
