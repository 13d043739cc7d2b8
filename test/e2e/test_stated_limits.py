# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Input that asks for more than there is: of the stack, of time, of memory, of
standard output. Every tool says so in a line, and soon."""

import os
import signal
import subprocess
import time

import numpy as np
import onnx
import pytest
from conftest import find_tool
from onnx import TensorProto, helper

import models

PROGRAM = """module {{
  pisa.program "p" inference target "mirage" hash -2658546539196944626 memory ideal batch 1 \
tokens 0 compiler "0.1.0" {{
    pisa.group 0 "core" class "rns" count 8 array [32, 16]
    pisa.memory 0 "dram" off_chip capacity 17179869184 bytes 0 types [{types}]
    pisa.memory 1 "act" on_chip capacity 8388608 bytes {bytes} types [{types}]
    pisa.memory 2 "wgt" on_chip capacity 8388608 bytes 65536 types [{types}]
    pisa.memory 3 "grad" on_chip capacity 8388608 bytes 65536 types [{types}]
    pisa.region 0 "x" input at act[0] bytes 64 type tensor<16xf32>
    pisa.region 1 "y" output at act[64] bytes 64 type tensor<16xf32>
    pisa.code {{
{code}
      pisa.halt
    }}
  }}
}}
"""


TYPES = "f32, i32, i64, u8, bool, block"


def make_program(code, size=65536):
    return PROGRAM.format(code=code, bytes=size, types=TYPES)


def write_program(cli, path, code, size=65536):
    return cli.assemble(make_program(code, size), path)


@pytest.fixture
def x(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.ones(16, np.float32))
    return path


def refuse(cli, name, *arguments, words=(), timeout=120):
    result = cli.execute(name, *arguments, check=False, timeout=timeout)
    assert result.returncode == 1, (result.returncode, result.stderr[-2000:])
    assert "error:" in result.stderr
    for word in words:
        assert word in result.stderr, (word, result.stderr[-2000:])
    return result.stderr


# Text.

DEEP = 100_000
NESTED = {
    "arrays": "module attributes {x = " + "[" * DEEP + "1" + "]" * DEEP + "} {}",
    "dictionaries": "module attributes {x = " + "{x = " * DEEP + "1" + "}" * DEEP + "} {}",
    "tuples": "module attributes {x = " + "tuple<" * DEEP + "i32" + ">" * DEEP + "} {}",
    "locations": "module {} loc(" + "callsite(" * DEEP + '"a" at "b"' + ' at "c")' * DEEP + ")",
    "regions": "module {" * DEEP + "}" * DEEP,
    "minus": "module attributes {x = affine_map<(d0) -> (" + "- " * DEEP + "d0)>} {}",
    "sum": "module attributes {x = affine_map<(d0) -> (d0" + " + d0" * DEEP + ")>} {}",
    "parentheses": "module attributes {x = affine_map<(d0) -> (" + "(" * DEEP + "d0"
                   + ")" * DEEP + ")>} {}",
    "aliases": "#a0 = [1]\n"
               + "".join(f"#a{i} = [#a{i - 1}]\n" for i in range(1, DEEP))
               + f"module attributes {{x = #a{DEEP - 1}}} {{}}",
    "digits": "module attributes {x = " + "9" * 1_000_000 + " : i32} {}",
}


@pytest.mark.parametrize("kind", NESTED)
def test_deep_text(cli, tmp_path, kind):
    source = tmp_path / "deep.mlir"
    source.write_text(NESTED[kind])
    output = tmp_path / "out.phx"
    for command in (
        ["photonic-opt", source],
        ["photonic-translate", "--assemble", source, "-o", output],
        ["photonic-compile", source, "--compile-from=tile", "-o", output],
    ):
        refuse(cli, *command, words=("deep.mlir:", "are read" if kind == "digits"
                                     else "not read"))
    assert not output.exists()


# Orders of engines.


def test_address_near_the_end_of_numbers(cli, tmp_path):
    source = tmp_path / "a.mlir"
    source.write_text(make_program((
        "pisa.vec_map relu act[9223372036854775807] strides [0, 0, 0, 4] a act[0] "
        "strides [0, 0, 0, 4] shape [1, 1, 1, 4]")))
    for command in (
        ["photonic-compile", source, "--compile-from=schedule", "-o", tmp_path / "o.phx"],
        ["photonic-translate", "--assemble", source],
    ):
        refuse(cli, *command, words=("instruction 0", "dst", "2^62"))


ODOMETERS = """pisa.loop 8589934583 {
pisa.signal vec[0] 0
pisa.wait dma[0] 0
pisa.dma_copy act[4096 + 4 * l0(7,3,5,101)] strides [0,0,0,4] from act[8192] \
strides [0,0,0,4] shape [1,1,1,1]
pisa.signal dma[0] 1
pisa.wait vec[0] 1
pisa.vec_map relu act[4096 + 4 * l0(5,1,3,97)] strides [0,0,0,4] a act[16384] \
strides [0,0,0,4] shape [1,1,1,1]
}"""


def test_coprime_odometers_are_proved(cli, tmp_path):
    text = make_program(ODOMETERS).replace("tokens 0", "tokens 2")
    source = tmp_path / "a.mlir"
    source.write_text(text)
    cli.execute("photonic-translate", "--assemble", source, "-o", tmp_path / "a.phx",
                timeout=60)


def test_order_that_takes_too_long(cli, tmp_path):
    source = tmp_path / "a.mlir"
    source.write_text(make_program(size=1 << 46, code=(
        "pisa.loop 1099511627776 {\n"
        "pisa.dma_copy act[0 + 32 * l0(1,0,1,0)] strides [0,0,0,4] from act[0] strides [0,0,0,4] "
        "shape [1,1,1,1]\n"
        "pisa.vec_map relu act[0 + 32 * l0(1,0,1,0)] strides [0,0,0,4] a act[0] strides [0,0,0,4] "
        "shape [1,1,1,1]\n}")))
    refuse(cli, "photonic-compile", source, "--compile-from=schedule", "-o",
           tmp_path / "a.phx", timeout=120,
           words=("loop of 1099511627776 iterations", "steps"))


# Execution.


def interrupt(process, seconds=0.7):
    time.sleep(seconds)
    assert process.poll() is None, process.communicate()
    process.send_signal(signal.SIGINT)
    _, message = process.communicate(timeout=60)
    assert process.returncode == 130, message
    assert "interrupted" in message
    return message


def start(*arguments, **options):
    return subprocess.Popen(
        list(map(str, arguments)), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        **options)


LONG_SUM = ("pisa.vec_reduce sum act[64] strides [0,0,0,0] a act[0] strides [0,0,0,0] "
            "shape [1,1,1048576,16777216] dims 2")


@pytest.mark.parametrize("threads", [1, 2])
def test_interrupted_in_one_instruction(cli, tmp_path, x, threads):
    program = write_program(cli, tmp_path / "p.phx", LONG_SUM)
    interrupt(start(find_tool("photonic-run"), program, "--input", f"x={x}",
                    "--threads", threads, "--output-dir", tmp_path / "out"))
    assert not list((tmp_path / "out").glob("*"))


def test_what_cannot_end_is_not_begun(cli, tmp_path, x):
    program = write_program(
        cli, tmp_path / "p.phx",
        "pisa.loop 4611686018427387904 {\npisa.vec_map relu act[64] strides [0,0,0,4] "
        "a act[0] strides [0,0,0,4] shape [1,1,1,16]\n}")
    refuse(cli, "photonic-run", program, "--input", f"x={x}",
           words=("instruction 1 (vec.map)", "2^56"))


def test_memory_is_judged_before_it_is_taken(cli, tmp_path, x):
    program = write_program(
        cli, tmp_path / "p.phx",
        "pisa.vec_map relu act[64] strides [0,0,0,4] a act[0] strides [0,0,0,0] "
        "shape [1,1,1,4398046511104]", size=1 << 45)
    refuse(cli, "photonic-run", program, "--input", f"x={x}",
           words=("35184372088", "available", "--timing-only"))
    cli.execute("photonic-run", program, "--timing-only")


def test_threads(cli, tmp_path, x):
    program = write_program(
        cli, tmp_path / "p.phx",
        "pisa.vec_map relu act[64] strides [0,0,0,4] a act[0] strides [0,0,0,4] "
        "shape [1,1,1,16]")
    refuse(cli, "photonic-run", program, "--input", f"x={x}", "--threads", "1000000",
           words=("--threads", "1024"))


# Numbers in a model.


def save_gemm(path, rows, columns=8):
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["x", "w"], ["y"])], "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [rows, columns])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [rows, 4])],
        [helper.make_tensor("w", TensorProto.FLOAT, [columns, 4],
                            np.ones(4 * columns, np.float32))])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)],
                                ir_version=8), path)


def test_time_does_not_depend_on_an_extent(cli, tmp_path):
    save_gemm(tmp_path / "m.onnx", (1 << 35) - 7)
    cli.compile(tmp_path / "m.onnx", tmp_path / "m.phx")
    refuse(cli, "photonic-run", tmp_path / "m.phx", words=("available",))


# The process.


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
@pytest.mark.parametrize("command", [
    ["photonic-compile", "--help"],
    ["photonic-compile", "--version"],
    ["photonic-compile", "MODEL", "--compile-to=import"],
    ["photonic-opt", "--help"],
    ["photonic-opt", "MLIR"],
    ["photonic-translate", "--help"],
    ["photonic-translate", "--import-onnx", "MODEL"],
    ["photonic-run", "--help"],
    ["photonic-run", "--version"],
    ["photonic-run", "PROGRAM", "--timing-only"],
], ids=" ".join)
def test_standard_output_that_cannot_be_written(cli, tmp_path, command):
    models.make_linear(3, 5, 2, tmp_path / "m.onnx", bias=True)
    cli.compile(tmp_path / "m.onnx", tmp_path / "m.phx")
    (tmp_path / "m.mlir").write_text("module {}")
    files = {"MODEL": "m.onnx", "PROGRAM": "m.phx", "MLIR": "m.mlir"}
    line = [find_tool(command[0])]
    line += [str(tmp_path / files[a]) if a in files else a for a in command[1:]]
    with open("/dev/full", "w") as full:
        result = subprocess.run(line, stdout=full, stderr=subprocess.PIPE, text=True)
    assert result.returncode == 1
    assert f"{command[0]}: error: " in result.stderr
    assert "No space left on device" in result.stderr
    assert "LLVM ERROR" not in result.stderr
    closed = subprocess.run(line, preexec_fn=lambda: os.close(1),
                            stderr=subprocess.PIPE, text=True)
    assert closed.returncode == 1, closed.stderr
    assert "error: " in closed.stderr and "LLVM ERROR" not in closed.stderr


@pytest.mark.parametrize(
    "name", ["photonic-compile", "photonic-run", "photonic-translate"])
def test_no_arguments(cli, name):
    refuse(cli, name, words=(f"{name}: error: expected", "--help"))


def test_unknown_option(cli):
    refuse(cli, "photonic-compile", "--colour", words=("photonic-compile: error: Unknown",))


def test_no_memory(cli, tmp_path):
    """An error line, and no abort, when an allocation fails."""
    source = tmp_path / "big.mlir"
    source.write_text("module attributes {x = [" + "1," * 12_000_000 + "1]} {}")
    result = subprocess.run(
        ["bash", "-c", f"ulimit -v 420000; exec {find_tool('photonic-opt')} {source}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert result.returncode == 1, result.stderr
    assert "photonic-opt: error: there is not enough memory" in result.stderr


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_check(cli, tmp_path, number, code):
    """Nothing stays in the system's folder for temporary files."""
    rng = np.random.default_rng(0)
    b = models.Builder()
    b.input("x", [64, 512])
    h = "x"
    for i in range(6):
        w = b.constant(f"w{i}", rng.standard_normal((512, 512)).astype(np.float32))
        b.node("MatMul", [h, w], f"h{i}")
        h = f"h{i}"
    b.output(h, [64, 512])
    b.build(tmp_path / "m.onnx")
    np.savez(tmp_path / "x.npz", x=np.ones((64, 512), np.float32))
    folder = tmp_path / "tmp"
    folder.mkdir()
    process = start(find_tool("photonic-compile"), tmp_path / "m.onnx",
                    f"--check={tmp_path / 'x.npz'}",
                    env={**os.environ, "TMPDIR": str(folder)})
    while process.poll() is None and not list(folder.iterdir()):
        time.sleep(0.005)
    if process.poll() is None:
        process.send_signal(number)
    _, message = process.communicate(timeout=60)
    assert process.returncode in (code, 0), message
    assert not list(folder.iterdir())
