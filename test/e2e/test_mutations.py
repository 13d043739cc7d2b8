# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Files in which one number is another: every tool ends soon, with success or an
error of its own, and needs no more than 8 GiB.

$PHOTONIC_MUTATIONS multiplies the number of mutations (default 1, for CI); their
choice depends on nothing else, so a failure can be repeated. The file at fault
stays in the temporary directory of the test."""

import os
import random
import re
import resource
import subprocess

import numpy as np
import onnx
import pytest
from conftest import ROOT, find_tool
from onnx import TensorProto, helper

import models

FACTOR = int(os.environ.get("PHOTONIC_MUTATIONS", "1"))
SECONDS = 10 if FACTOR == 1 else 20
MEMORY = 8 << 30

HUGE = [0, 1, -1, 2, 3, 7, 255, 256, 65537, (1 << 24) + 1, (1 << 31) - 1, 1 << 31,
        1 << 32, (1 << 35) - 7, 1 << 40, (1 << 44) + 64, 1 << 50, (1 << 53) + 4,
        1 << 61, 1 << 62, (1 << 63) - 1, -(1 << 63), 1 << 64, 10**30]
REALS = ["0", "-1", "1e300", "-1e300", "1e-300", "1e38", "inf", "nan", "0.5"]

STAGES = ["import", "autodiff", "lower", "format", "split", "tile", "schedule"]


def limit_memory():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(what, name, *arguments):
    """Whether the tool succeeded; fails the test unless it ended as it should."""
    command = [find_tool(name), *map(str, arguments)]
    line = " ".join([name, *map(str, arguments)])
    try:
        result = subprocess.run(command, capture_output=True, timeout=SECONDS,
                                preexec_fn=limit_memory)
    except subprocess.TimeoutExpired:
        pytest.fail(f"{what}: no end after {SECONDS} s: {line}")
    text = result.stderr.decode(errors="replace")
    assert result.returncode in (0, 1), f"{what}: {result.returncode}: {line}\n{text[-3000:]}"
    for word in ("LLVM ERROR", "Assertion", "terminate called", "Stack dump"):
        assert word not in text, f"{what}: {line}\n{text[-3000:]}"
    if result.returncode == 1:
        assert "error:" in text, f"{what}: {line}\n{text[-3000:]}"
    return result.returncode == 0


NUMBER = re.compile(r'"(?:[^"\\]|\\.)*"|(?<![\w.#%@!])-?\d+(?:\.\d*(?:e[-+]?\d+)?)?')


def mutate_text(text, rng):
    """Another number, or an unchanged text if there is none. Strings stay."""
    places = [m for m in NUMBER.finditer(text) if not m[0].startswith('"')]
    if not places:
        return text, "nothing"
    place = rng.choice(places)
    if "." in place[0]:
        new = rng.choice(REALS)
        new = new if "." in new or "e" in new else new + ".0"
    else:
        new = str(rng.choice(HUGE))
    line = text.count("\n", 0, place.start()) + 1
    return (text[: place.start()] + new + text[place.end():],
            f"line {line}: {place[0]} -> {new}")


@pytest.fixture(scope="module")
def small(cli, tmp_path_factory):
    """A model with a convolution, a pool, a product and a softmax, and programs
    of it, for inference and training."""
    directory = tmp_path_factory.mktemp("small")
    b = models.Builder()
    b.input("x", [2, 2, 6, 6])
    b.random("w", 3, 2, 3, 3)
    b.random("v", 27, 5)
    b.node("Conv", ["x", "w"], "c", pads=[1, 1, 1, 1])
    b.node("Relu", ["c"], "r")
    b.node("MaxPool", ["r"], "p", kernel_shape=[2, 2], strides=[2, 2])
    b.node("Flatten", ["p"], "f")
    b.node("MatMul", ["f", "v"], "m")
    b.node("Softmax", ["m"], "y", axis=-1)
    b.output("y", [2, 5])
    b.build(directory / "m.onnx")
    train = ["--train", "--loss=mse", "--optimizer=sgd:lr=0.1"]
    cli.compile(directory / "m.onnx", directory / "run.phx")
    cli.compile(directory / "m.onnx", directory / "hierarchy.phx", "--memory=hierarchy")
    cli.compile(directory / "m.onnx", directory / "train.phx", *train)
    for stage in STAGES:
        cli.execute("photonic-compile", directory / "m.onnx", f"--compile-to={stage}",
                    "-o", directory / f"{stage}.mlir")
    for stage in ("autodiff", "lower", "schedule"):
        cli.execute("photonic-compile", directory / "m.onnx", *train,
                    f"--compile-to={stage}", "-o", directory / f"train-{stage}.mlir")
    return directory


@pytest.mark.parametrize(
    "name", [*STAGES, "train-autodiff", "train-lower", "train-schedule"])
def test_numbers_in_ir(small, tmp_path, name):
    rng = random.Random(name)
    text = (small / f"{name}.mlir").read_text()
    for i in range(7 * FACTOR):
        mutated, what = mutate_text(text, rng)
        path = tmp_path / f"{i}.mlir"
        path.write_text(mutated)
        what = f"mutation {i}: {what}"
        if run(what, "photonic-opt", path, "-o", tmp_path / "o.mlir"):
            run(what, "photonic-compile", path,
                f"--compile-from={name.removeprefix('train-')}", "-o", tmp_path / "o.phx")
        path.unlink()


@pytest.mark.parametrize("name", ["run", "hierarchy", "train"])
def test_numbers_in_programs(cli, small, tmp_path, name):
    rng = random.Random(name)
    text = cli.disassemble(small / f"{name}.phx")
    for i in range(25 * FACTOR):
        mutated, what = mutate_text(text, rng)
        path, program = tmp_path / f"{i}.mlir", tmp_path / f"{i}.phx"
        path.write_text(mutated)
        what = f"mutation {i}: {what}"
        if run(what, "photonic-translate", "--assemble", path, "-o", program):
            run(what, "photonic-run", program, "--timing-only", "--quiet")
        path.unlink()
        program.unlink(missing_ok=True)


def mutate_model(model, rng):
    """Changes one dimension or one number of an attribute."""
    places = []
    graph = model.graph
    for value in [*graph.input, *graph.output]:
        for d in value.type.tensor_type.shape.dim:
            places.append((f"extent of {value.name}", d, "dim_value"))
    for tensor in graph.initializer:
        for i in range(len(tensor.dims)):
            places.append((f"extent {i} of {tensor.name}", tensor.dims, i))
    for node in graph.node:
        for attribute in node.attribute:
            for i in range(len(attribute.ints)):
                places.append((f"{node.op_type} {attribute.name}", attribute.ints, i))
            if attribute.type == onnx.AttributeProto.INT:
                places.append((f"{node.op_type} {attribute.name}", attribute, "i"))
    places.append(("ir_version", model, "ir_version"))
    places.append(("opset", model.opset_import[0], "version"))
    what, holder, key = rng.choice(places)
    value = rng.choice([v for v in HUGE if -(1 << 63) <= v < 1 << 63])
    if isinstance(key, int):
        holder[key] = value
    else:
        setattr(holder, key, value)
    return f"{what} -> {value}"


@pytest.mark.parametrize("memory", ["ideal", "hierarchy"])
def test_numbers_in_models(small, tmp_path, memory):
    rng = random.Random(memory)
    for i in range(25 * FACTOR):
        model = onnx.load(small / "m.onnx")
        what = f"mutation {i}: " + mutate_model(model, rng)
        path = tmp_path / f"{i}.onnx"
        onnx.save(model, path)
        run(what, "photonic-compile", path, f"--memory={memory}", "-o", tmp_path / "o.phx")
        path.unlink()


@pytest.mark.parametrize("columns", [8, 40])
def test_extents_of_products(tmp_path, columns):
    """Extents that are huge in all tensors alike, so that the model is valid."""
    rng = random.Random(columns)
    for i in range(6 * FACTOR):
        rows = rng.choice([1 << 20, (1 << 31) - 1, (1 << 35) - 7, 1 << 40, (1 << 44) + 1])
        graph = helper.make_graph(
            [helper.make_node("Gemm", ["x", "w"], ["g"]),
             helper.make_node("Relu", ["g"], ["y"])], "g",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [rows, columns])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, [rows, 4])],
            [helper.make_tensor("w", TensorProto.FLOAT, [columns, 4],
                                np.ones(4 * columns, np.float32))])
        path = tmp_path / f"{i}.onnx"
        onnx.save(helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
        if run(f"{rows} rows", "photonic-compile", path, "-o", tmp_path / "o.phx"):
            run(f"{rows} rows", "photonic-run", tmp_path / "o.phx", "--timing-only", "--quiet")


def test_numbers_in_targets(small, tmp_path):
    rng = random.Random("target")
    text = (ROOT / "runtime/targets/mirage.textproto").read_text()
    lines = text.split("\n")
    for i in range(25 * FACTOR):
        numbers = [n for n, line in enumerate(lines)
                   if re.search(r"\d", line) and not line.lstrip().startswith("#")
                   and "source" not in line]
        n = rng.choice(numbers)
        changed, what = mutate_text(lines[n], rng)
        path = tmp_path / f"{i}.textproto"
        path.write_text("\n".join(lines[:n] + [changed] + lines[n + 1:]))
        what = f"mutation {i}: {what}"
        if run(what, "photonic-compile", small / "m.onnx", f"--target={path}", "-o",
               tmp_path / "o.phx"):
            run(what, "photonic-run", tmp_path / "o.phx", f"--target={path}",
                "--timing-only", "--quiet")
        path.unlink()


def test_numbers_on_command_lines(small, tmp_path):
    rng = random.Random("options")
    out = tmp_path / "o.phx"
    forms = [
        lambda n: ["photonic-compile", small / "m.onnx", "-o", out, f"--format=bfp:4:{n}"],
        lambda n: ["photonic-compile", small / "m.onnx", "-o", out, f"--format=bfp:{n}:16"],
        lambda n: ["photonic-compile", small / "m.onnx", "-o", out, f"--batch={n}"],
        lambda n: ["photonic-compile", small / "m.onnx", "-o", out, f"--dim=N={n}"],
        lambda n: ["photonic-compile", small / "m.onnx", "-o", out, "--set",
                   f"core.count={n}"],
        lambda n: ["photonic-compile", small / "m.onnx", "-o", out, "--set",
                   f"core.rows={n}"],
        lambda n: ["photonic-compile", small / "m.onnx", "-o", out, "--set",
                   f"core.columns={n}"],
        lambda n: ["photonic-run", small / "run.phx", "--timing-only", f"--threads={n}"],
        lambda n: ["photonic-run", small / "run.phx", "--timing-only", "--set",
                   f"core.clock_ghz={n}"],
        lambda n: ["photonic-run", small / "train.phx", "--seed", n, "--input", "x=no.npy"],
    ]
    for i in range(4 * FACTOR):
        for form in forms:
            number = rng.choice(HUGE)
            run(f"round {i}: {number}", *form(number))


def test_brackets(small, tmp_path):
    """One bracket, many times: the text is wrong, and deep."""
    rng = random.Random("brackets")
    for i in range(8 * FACTOR):
        name = rng.choice(STAGES)
        text = (small / f"{name}.mlir").read_text()
        place = rng.choice([m.start() for m in re.finditer(r"[(\[{<]", text)])
        path = tmp_path / f"{i}.mlir"
        path.write_text(text[:place] + text[place] * rng.choice([2, 200, 300, 100_000])
                        + text[place:])
        run(f"bracket {i}", "photonic-opt", path, "-o", tmp_path / "o.mlir")
        path.unlink()
