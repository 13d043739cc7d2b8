# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What has no end, or more than there is memory for, is refused unread."""

import io
import os
import resource
import subprocess
import zipfile

import numpy as np
import pytest

import photonic

GIB = 1 << 30
# A file with which each tool works, and what reads the other one. {}: a file
# that has no end.
COMMANDS = {
    "model": ["photonic-compile", "{}", "-o", "out"],
    "IR": ["photonic-compile", "{}.mlir", "--compile-from=import", "-o", "out"],
    "target of the compiler": ["photonic-compile", "tiny.onnx", "--target=./{}", "-o", "out"],
    "check": ["photonic-compile", "tiny.onnx", "--batch=4", "--check={}"],
    "program": ["photonic-run", "{}", "--timing-only"],
    "target": ["photonic-run", "tiny", "--timing-only", "--target=./{}"],
    "input": ["photonic-run", "tiny", "--input=x={}"],
    "inputs": ["photonic-run", "tiny", "--input={}.npz"],
    "labels": ["photonic-run", "tiny", "--input=x.npy", "--labels={}"],
    "text of passes": ["photonic-opt", "{}"],
    "assembly": ["photonic-translate", "--assemble", "{}"],
    "translated model": ["photonic-translate", "--import-onnx", "{}"],
    "translated program": ["photonic-translate", "--disassemble", "{}"],
}


@pytest.fixture
def place(models, tiny, tmp_path):
    for name in ("tiny.onnx", "x.npy", "labels.npy"):
        (tmp_path / name).symlink_to(models / name)
    (tmp_path / "tiny").symlink_to(tiny)
    return tmp_path


def limit_memory():
    # As a program of another user would see it; mappings of libraries included.
    resource.setrlimit(resource.RLIMIT_AS, (4 * GIB, 4 * GIB))


def run(build_bin, place, command, name, **options):
    tool, *arguments = (word.format(name) for word in command)
    return subprocess.run([str(build_bin / tool), *arguments], cwd=place, timeout=60,
                          capture_output=True, text=True, preexec_fn=limit_memory, **options)


@pytest.mark.parametrize("what", COMMANDS)
def test_devices(what, build_bin, place):
    for name in ("zero", "zero.mlir", "zero.npz"):
        (place / name).symlink_to("/dev/zero")
    done = run(build_bin, place, COMMANDS[what], "zero")
    assert done.returncode == 1
    assert "it is a device; expected a regular file" in done.stderr
    assert not (place / "out").exists()


@pytest.mark.parametrize("what", ["check", "program", "input", "inputs", "labels"])
def test_pipes_that_nobody_writes(what, build_bin, place):
    """What has to be mapped does not wait."""
    for name in ("pipe", "pipe.npz"):
        os.mkfifo(place / name)
    done = run(build_bin, place, COMMANDS[what], "pipe")
    assert done.returncode == 1
    assert "it is a pipe; expected a regular file" in done.stderr


@pytest.mark.parametrize("command, file", [
    (["photonic-compile", "/dev/stdin", "-o", "out", "--batch=4"], "tiny.onnx"),
    (["photonic-run", "tiny", "--target=/dev/stdin", "--timing-only", "--report=out"],
     "target"),
])
def test_pipes_are_read(command, file, build_bin, place):
    source = os.path.join(os.path.dirname(photonic.__file__), "targets", "mirage.textproto")
    (place / "target").symlink_to(source)
    done = subprocess.run([str(build_bin / command[0]), *command[1:]], cwd=place,
                          input=(place / file).read_bytes(), capture_output=True)
    assert done.returncode == 0, done.stderr
    assert (place / "out").stat().st_size


def test_the_compiler_reads_a_target_once(build_bin, place, source_dir):
    text = (source_dir / "runtime/targets/mirage.textproto").read_text()
    done = run(build_bin, place, ["photonic-compile", "tiny.onnx", "--target=/dev/stdin",
                                  "--batch=4", "-o", "out"], "", input=text)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("what", ["target", "target of the compiler"])
def test_targets_have_a_limit(what, build_bin, place):
    with open(place / "large", "wb") as file:
        file.truncate(GIB)
    done = run(build_bin, place, COMMANDS[what], "large")
    assert done.returncode == 1
    assert f"it has {GIB} bytes, and a target description at most 16 MiB" in done.stderr


def write_archive(path, damaged, **arrays):
    """Compressed; the data of one array do not decompress."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            data = io.BytesIO()
            np.save(data, array)
            archive.writestr(f"{name}.npy", data.getvalue())
        info = archive.getinfo(f"{damaged}.npy")
    data = bytearray(path.read_bytes())
    begin = info.header_offset + 30 + len(info.filename)
    end = begin + info.compress_size
    data[(begin + end) // 2:end] = bytes(end - (begin + end) // 2)
    path.write_bytes(data)


def noise(*shape):
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


@pytest.mark.parametrize("arrays, message", [
    ({"x": noise(4, 1, 80, 80)}, "expected float32[4, 1, 8, 8] or any other number of "
                                 "samples in the first dimension, found float32[4, 1, 80, 80]"),
    ({"x": noise(4, 1, 8, 8), "y": noise(4000)}, "no input 'y'"),
    ({"x": noise(4, 1, 8, 8).astype(np.int32)}, "found int32[4, 1, 8, 8]"),
])
def test_inputs_are_judged_before_they_are_read(arrays, message, build_bin, place):
    write_archive(place / "bomb.npz", list(arrays)[-1], **arrays)
    done = run(build_bin, place, COMMANDS["inputs"], "bomb")
    assert done.returncode == 1 and message in done.stderr


def test_outputs_of_any_name(build_bin, tmp_path):
    from onnx import TensorProto, helper, save

    names = ["o" * 300, "o" * 301]
    x, *outputs = (helper.make_tensor_value_info(n, TensorProto.FLOAT, [2, 3])
                   for n in ("x", *names))
    nodes = [helper.make_node("Relu", ["x"], names[:1]),
             helper.make_node("Neg", ["x"], names[1:])]
    save(helper.make_model(helper.make_graph(nodes, "g", [x], outputs), ir_version=8,
                           opset_imports=[helper.make_opsetid("", 17)]),
         str(tmp_path / "m.onnx"))
    np.save(tmp_path / "x.npy", np.float32([[1, -2, 3], [4, 5, -6]]))
    for command in (["photonic-compile", "m.onnx", "-o", "m.phx"],
                    ["photonic-run", "m.phx", "--input=x.npy", "--output-dir=out"]):
        done = subprocess.run([str(build_bin / command[0]), *command[1:]], cwd=tmp_path,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    found = {photonic._runtime.encode_file_name(name) + ".npy" for name in names}
    assert set(os.listdir(tmp_path / "out")) == found and len(found) == 2
