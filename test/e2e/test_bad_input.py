# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Bad input: what each tool says, that it fails, and that it leaves nothing."""

import os
import signal
import subprocess
import time

import numpy as np
import onnx
import pytest
from conftest import ROOT, find_tool
from onnx import TensorProto, helper

import models


class Place:
    """A directory with a model, and the assertions about a failing tool."""

    def __init__(self, cli, directory):
        self.cli, self.directory = cli, directory

    def refuse_model(self, model, *arguments, words=()):
        output = self.directory / "out.phx"
        before = set(self.directory.iterdir())
        result = self.cli.compile(model, output, *arguments, check=False)
        return self._check(result, before, words)

    def refuse_run(self, *arguments, words=()):
        before = set(self.directory.rglob("*"))
        result = self.cli.execute(
            "photonic-run", *arguments, "--output-dir", self.directory / "out",
            "--report", self.directory / "r.json",
            "--trace", self.directory / "t.json", check=False,
        )
        return self._check(result, before, words)

    def _check(self, result, before, words):
        assert result.returncode == 1, (result.returncode, result.stderr)
        assert "error:" in result.stderr
        for word in words:
            assert word in result.stderr, (word, result.stderr)
        left = [p for p in self.directory.rglob("*")
                if p not in before and p.is_file()]
        assert not left
        return result.stderr


@pytest.fixture
def place(cli, tmp_path):
    return Place(cli, tmp_path)


@pytest.fixture
def good(tmp_path):
    """A small model that compiles."""
    path = tmp_path / "good.onnx"
    models.make_linear(3, 5, 2, path, bias=True)
    return path


@pytest.fixture
def program(cli, good, tmp_path):
    cli.compile(good, tmp_path / "good.phx")
    return tmp_path / "good.phx"


@pytest.fixture
def x(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.ones((2, 5), np.float32))
    return path


# Models.


@pytest.mark.parametrize("size", [0, 1, 10, 100, -1])
def test_truncated_model(size, place, good):
    path = place.directory / "short.onnx"
    path.write_bytes(good.read_bytes()[:size])
    place.refuse_model(path, words=["short.onnx"])


def test_no_model(place):
    path = place.directory / "text.onnx"
    path.write_text("no model, but text\n" * 40)
    place.refuse_model(path, words=["text.onnx"])
    place.refuse_model(place.directory / "missing.onnx", words=["missing.onnx"])


@pytest.mark.parametrize("opset", [6, 25, 99])
def test_opset(opset, place, good):
    model = onnx.load(str(good))
    model.opset_import[0].version = opset
    path = place.directory / "m.onnx"
    onnx.save(model, str(path))
    place.refuse_model(path, words=["opset", str(opset), "7", "24"])


def test_missing_external_data(place):
    b = models.Builder()
    b.input("x", [1, 64])
    b.random("w", 64, 64)
    b.node("Gemm", ["x", "w"], "y")
    b.output("y")
    path = place.directory / "m.onnx"
    onnx.save(b.build(), str(path), save_as_external_data=True,
              location="weights.bin", size_threshold=0)
    (place.directory / "weights.bin").rename(place.directory / "elsewhere.bin")
    place.refuse_model(path, words=["weights.bin"])
    (place.directory / "weights.bin").write_bytes(b"short")
    place.refuse_model(path, words=["weights.bin", "w"])


def test_all_unsupported_nodes_are_listed(place):
    b = models.Builder()
    b.input("x", [1, 3, 8, 8])
    b.node("NonZero", ["x"], "a", name="first_bad")
    b.node("Relu", ["x"], "r")
    b.node("Mystery", ["r"], "c", name="second_bad", domain="my.domain")
    b.node("Einsum", ["r"], "d", name="third_bad", equation="nchw->nc")
    b.nodes.append(helper.make_node("Relu", ["r"], ["y"], name="fine"))
    b.output("y", [1, 3, 8, 8])
    # What nobody needs is not looked at.
    for output in "acd":
        b.output(output)
    model = b.build()
    model.opset_import.append(helper.make_opsetid("my.domain", 1))
    path = place.directory / "m.onnx"
    onnx.save(model, str(path))
    message = place.refuse_model(path, words=[
        "first_bad", "NonZero", "second_bad", "Mystery", "my.domain",
        "third_bad", "Einsum", "17",
    ])
    assert "fine" not in message


def test_unsupported_attribute(place):
    b = models.Builder()
    b.input("x", [1, 3, 8, 8])
    b.node("AveragePool", ["x"], "y", kernel_shape=[2, 2], name="pool",
           storage_order=1, invented=3)
    b.output("y")
    path = place.directory / "m.onnx"
    b.build(path)
    place.refuse_model(path, words=["pool", "invented"])


def test_unbound_dimension(place, cli):
    b = models.Builder()
    b.input("x", ["batch", 5])
    b.random("w", 5, 4)
    b.node("Gemm", ["x", "w"], "y")
    b.output("y", ["batch", 4])
    path = place.directory / "m.onnx"
    b.build(path)
    place.refuse_model(path, words=["x", "batch", "--batch"])
    cli.compile(path, place.directory / "m.phx", "--batch=2")
    place.refuse_model(path, "--batch=0", words=["--batch", "0"])


def test_shape_mismatch(place):
    b = models.Builder()
    b.input("x", [2, 5])
    b.random("w", 4, 7)
    b.node("Gemm", ["x", "w"], "y", transB=1, name="bad_fc")
    b.output("y")
    path = place.directory / "m.onnx"
    b.build(path)
    place.refuse_model(path, words=["bad_fc", "5", "7"])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_no_numbers(value, place):
    b = models.Builder()
    b.input("x", [2, 5])
    weights = np.ones((4, 5), np.float32)
    weights[2, 3] = value
    b.constant("the_weights", weights)
    b.node("Gemm", ["x", "the_weights"], "y", transB=1)
    b.output("y")
    path = place.directory / "m.onnx"
    b.build(path)
    place.refuse_model(path, words=["the_weights"])


# Machines.


def test_dram_capacity(place):
    path = place.directory / "m.onnx"
    models.make_linear(100, 1000, 1, path)
    message = place.refuse_model(
        path, "--memory=hierarchy", "--set", "dram.capacity_bytes=100000",
        words=["100000", "dram"],
    )
    # Weights alone need 400,000 bytes.
    assert "40" in message


def test_working_set(place):
    path = place.directory / "m.onnx"
    models.make_linear(100, 1000, 1, path)
    place.refuse_model(
        path, "--memory=hierarchy", "--set", "wgt.capacity_bytes=16384",
        words=["fc", "16384", "wgt.capacity_bytes", "--memory=ideal"],
    )


def test_scratchpad_below_one_tile(place, good):
    place.refuse_model(good, "--set", "wgt.capacity_bytes=1024",
                       words=["1024", "wgt.capacity_bytes", "2048"])


def test_unknown_target(place, good):
    place.refuse_model(good, "--target=mirrage", words=["mirrage", "mirage"])


WRONG_FIELDS = [
    ("count { value: 8 ", "cuont { value: 8 ", ["cuont"]),
    ("count { value: 8 ", "count { value: -8 ", ["count", "-8"]),
    ("value: 10\n        source: \"§IV-C, §V-B1", "value: 0\n        source: \"§IV-C, §V-B1",
     ["clock_ghz", "0"]),
    ("values: [31, 32, 33]", "values: [31, 32, 34]", ["moduli", "32", "34"]),
    ("values: [31, 32, 33]", "values: [3, 5]", ["moduli"]),
    ("extensions: \"rns\"", "extensions: \"magic\"", ["magic"]),
    ("value: \"trunc\"", "value: \"upwards\"", ["upwards"]),
]


@pytest.mark.parametrize("old, new, words", WRONG_FIELDS)
def test_wrong_field(old, new, words, place, good):
    text = (ROOT / "runtime/targets/mirage.textproto").read_text()
    assert text.count(old) >= 1
    path = place.directory / "wrong.textproto"
    path.write_text(text.replace(old, new, 1))
    place.refuse_model(good, f"--target={path}", words=["wrong.textproto", *words])


@pytest.mark.parametrize("change, words", [
    ("core.cuont=3", ["cuont"]),
    ("core.count=many", ["core.count", "many"]),
    ("core.count=-1", ["-1"]),
    ("core.count", ["core.count"]),
])
def test_wrong_change(change, words, place, good):
    place.refuse_model(good, "--set", change, words=words)


def test_range_of_the_moduli(place, good):
    """Products that could leave the range are refused with both numbers."""
    place.refuse_model(good, "--format=bfp:6:16", words=["16367"])


@pytest.mark.parametrize("text, words", [
    ("bfp:4", ["bfp:4"]), ("bfp:x:16", ["bfp:x:16"]), ("fp16", ["fp16"]),
    ("bfp:4:16:down", ["down"]), ("bfp:0:16", ["mantissa", "0"]),
    ("bfp:4:0", ["group", "0"]),
])
def test_wrong_format(text, words, place, good):
    place.refuse_model(good, f"--format={text}", words=words)


@pytest.mark.parametrize("option", ["--dataflow=df3", "--memory=infinite",
                                    "--compile-to=middle"])
def test_wrong_option(option, place, good):
    place.refuse_model(good, option, words=[option.split("=")[1]])


# Inputs of a run.


def test_wrong_input_name(place, program, x):
    place.refuse_run(program, "--input", f"y={x}", words=["'y'", "x"])


def test_missing_input(place, program):
    place.refuse_run(program, words=["x"])


@pytest.mark.parametrize("shape", [(2, 4), (2, 5, 1), (5,), (0, 5), ()])
def test_wrong_input_shape(shape, place, program, x):
    np.save(x, np.ones(shape, np.float32))
    place.refuse_run(program, "--input", f"x={x}", words=["x", "5"])


@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.float16, bool])
def test_wrong_input_type(dtype, place, program, x):
    np.save(x, np.ones((2, 5), dtype))
    place.refuse_run(program, "--input", f"x={x}", words=["x"])


def test_broken_array_file(place, program, x):
    x.write_bytes(x.read_bytes()[:-3])
    place.refuse_run(program, "--input", f"x={x}", words=["x.npy"])
    x.write_text("no array")
    place.refuse_run(program, "--input", f"x={x}", words=["x.npy"])
    x.unlink()
    place.refuse_run(program, "--input", f"x={x}", words=["x.npy"])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_input_that_is_no_number(value, place, program, x):
    array = np.ones((2, 5), np.float32)
    array[1, 2] = value
    np.save(x, array)
    message = place.refuse_run(program, "--input", f"x={x}", words=["x"])
    assert "nan" in message.lower() or "inf" in message.lower()


def test_structural_change(place, program, x):
    """A program belongs to one structure of machine."""
    place.refuse_run(program, "--input", f"x={x}", "--set", "core.rows=16",
                     words=["core"])


# Outputs.


@pytest.fixture
def closed(tmp_path):
    """A path that cannot be written, for root as well."""
    (tmp_path / "file").write_text("")
    return tmp_path / "file" / "deeper"


def test_unwritable_program(cli, good, closed):
    result = cli.compile(good, closed, check=False)
    assert result.returncode == 1 and str(closed) in result.stderr


@pytest.mark.parametrize("option", ["--output-dir", "--report", "--trace",
                                    "--dump-values"])
def test_unwritable_result(option, cli, program, x, closed, tmp_path):
    if option in ("--output-dir", "--dump-values"):
        closed = closed / "directory"
    result = cli.execute("photonic-run", program, "--input", f"x={x}", option,
                         closed, "--quiet", check=False)
    assert result.returncode == 1
    assert str(tmp_path / "file") in result.stderr


def test_full_device(cli, program, x):
    result = cli.execute("photonic-run", program, "--input", f"x={x}", "--quiet",
                         "--report", "/dev/full", check=False)
    assert result.returncode == 1 and "/dev/full" in result.stderr


def _allow_interrupts():
    # A shell starts background jobs with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(*arguments):
    return subprocess.Popen(
        [str(a) for a in arguments], stderr=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True, preexec_fn=_allow_interrupts,
    )


def test_interrupted_run(networks, place):
    program = networks.get_program("resnet50")
    x = place.directory / "x.npy"
    np.save(x, networks.get_input("resnet50", 16))
    process = start(find_tool("photonic-run"), program, "--input", f"input={x}",
                    "--output-dir", place.directory / "out",
                    "--report", place.directory / "r.json", "--no-compare")
    time.sleep(0.5)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, message = process.communicate(timeout=60)
    assert process.returncode == 130, message
    assert "interrupt" in message.lower()
    assert {p.name for p in place.directory.rglob("*") if p.is_file()} == {"x.npy"}


def test_interrupted_compilation(networks, place):
    model = networks.get_model("vgg16")
    output = place.directory / "m.phx"
    process = start(find_tool("photonic-compile"), model, "--batch=1", "-o", output)
    # Interrupted as soon as there is something that could be left behind.
    while process.poll() is None and not list(place.directory.iterdir()):
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode not in (0, None)
    assert not list(place.directory.iterdir())


def test_existing_program_survives(cli, good, tmp_path):
    """A failed compilation does not touch what an earlier one wrote."""
    program = tmp_path / "m.phx"
    cli.compile(good, program)
    before = program.read_bytes()
    bad = tmp_path / "bad.onnx"
    bad.write_text("bad")
    assert cli.compile(bad, program, check=False).returncode == 1
    assert program.read_bytes() == before


def test_names_become_file_names(cli, tmp_path):
    """Characters that a file name cannot hold are percent-encoded."""
    b = models.Builder()
    b.input("in/x", [1, 4])
    b.node("Relu", ["in/x"], "out/y:0")
    b.output("out/y:0", [1, 4])
    b.build(tmp_path / "m.onnx")
    cli.compile(tmp_path / "m.onnx", tmp_path / "m.phx")
    x = np.float32([[-1, 2, -3, 4]])
    found = cli.run(tmp_path / "m.phx", {"in/x": x}, tmp_path / "run")
    assert list(found) == ["out/y:0"]
    assert (found["out/y:0"] == np.float32([[0, 2, 0, 4]])).all()
    assert "out%2Fy" in os.listdir(tmp_path / "run" / "out")[0]


def test_integer_input_model(place):
    b = models.Builder()
    b.input("x", [2, 5], TensorProto.INT64)
    b.node("Relu", ["x"], "y")
    b.output("y")
    path = place.directory / "m.onnx"
    b.build(path)
    place.refuse_model(path, words=["x"])
