# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What a slip on the command line must not cost: files, settings, meaning."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import models
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def layer(tmp_path):
    """A fully connected layer as a file, and its program."""
    path = tmp_path / "fc.onnx"
    models.make_linear(8, 20, 2, path)
    return path


@pytest.fixture
def program(layer, tools, tmp_path):
    path = tmp_path / "fc.phx"
    subprocess.run([tools.compile, layer, "-o", path], check=True)
    return path


def run(*command, **options):
    return subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, **options
    )


def test_inputs_are_not_overwritten(layer, program, tools, tmp_path):
    model, code = layer.read_bytes(), program.read_bytes()
    x = tmp_path / "x.npy"
    np.save(x, np.zeros((2, 20), np.float32))
    array = x.read_bytes()
    for command in (
        [tools.compile, layer, "-o", layer],
        [tools.run, program, "--timing-only", "--report", program],
        [tools.run, program, "--input", f"x={x}", "--trace", x],
        [tools.run, program, "--timing-only", "--report", tmp_path / "r.json",
         "--trace", tmp_path / "r.json"],
    ):
        result = run(*command)
        assert result.returncode == 1 and "error" in result.stderr, command
    assert layer.read_bytes() == model
    assert program.read_bytes() == code
    assert x.read_bytes() == array


def test_failed_translation_keeps_the_old_file(program, tools, tmp_path):
    translate = Path(tools.compile).with_name("photonic-translate")
    broken, good = tmp_path / "broken.mlir", tmp_path / "good.phx"
    broken.write_text("pisa.nonsense")
    shutil.copy(program, good)
    result = run(translate, "--assemble", broken, "-o", good)
    assert result.returncode != 0
    assert good.read_bytes() == program.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "broken.mlir", "fc.onnx", "fc.phx", "good.phx"]


@pytest.mark.parametrize("stage, option", [
    ("split", "--format=bfp:3:16"), ("import", "--batch=4"), ("tile", "--dataflow=df1"),
    ("schedule", "--memory=hierarchy"),
])
def test_options_that_come_too_late(stage, option, layer, tools, tmp_path):
    saved = tmp_path / "stage.mlir"
    subprocess.run([tools.compile, layer, f"--compile-to={stage}", "-o", saved], check=True)
    result = run(tools.compile, saved, f"--compile-from={stage}", option, "-o", tmp_path / "x.phx")
    assert result.returncode == 1
    assert option.split("=")[0] in result.stderr and "no effect" in result.stderr
    assert not (tmp_path / "x.phx").exists()


@pytest.mark.parametrize("stage", ["import", "tile", "schedule"])
@pytest.mark.parametrize("change, words", [
    ("core.count=4", "with core.count 8, and --set has 4"),
    ("core.adc_pj=3", "with core.adc_pj 0.0143, and --set has 3"),
])
def test_another_target_comes_too_late(stage, change, words, layer, tools, tmp_path):
    saved, program = tmp_path / "stage.mlir", tmp_path / "x.phx"
    subprocess.run([tools.compile, layer, f"--compile-to={stage}", "-o", saved], check=True)
    restart = [tools.compile, saved, f"--compile-from={stage}", "-o", program, "--set"]
    result = run(*restart, change)
    assert result.returncode == 1 and words in result.stderr
    assert not program.exists()
    assert run(*restart, "core.count=8").returncode == 0


def test_unknown_dimension(layer, tools, tmp_path):
    result = run(tools.compile, layer, "--dim", "foo=3", "-o", tmp_path / "x.phx")
    assert result.returncode == 1 and "'foo'" in result.stderr


def test_targets_beside_the_caller_are_not_taken(program, tools, tmp_path):
    folder = tmp_path / "here" / "targets"
    folder.mkdir(parents=True)
    text = (ROOT / "runtime/targets/mirage.textproto").read_text()
    (folder / "mirage.textproto").write_text(text.replace('name: "mirage"', 'name: "other"'))
    directory, name = os.path.split(tools.run)
    environment = os.environ | {"PATH": f"{directory}:{os.environ['PATH']}"}
    result = run(name, program, "--timing-only", "--quiet", cwd=folder.parent, env=environment)
    assert result.returncode == 0, result.stderr


def test_report_names_changed_fields(program, tools, tmp_path):
    report = tmp_path / "r.json"
    result = run(tools.run, program, "--timing-only", "--set", "core.clock_ghz=7",
                 "--report", report)
    assert "core.clock_ghz=7" in result.stdout.splitlines()[0]
    assert json.loads(report.read_text())["target_changes"] == ["core.clock_ghz=7"]


def test_equal_node_names_stay_apart(tools, tmp_path):
    nodes = [helper.make_node("Relu", ["x"], ["a"], name="same"),
             helper.make_node("Tanh", ["a"], ["y"], name="same")]
    value = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [2, 3]) for n in "xy"]
    graph = helper.make_graph(nodes, "g", value[:1], value[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "m.onnx")
    subprocess.run([tools.compile, tmp_path / "m.onnx", "-o", tmp_path / "m.phx"], check=True)
    subprocess.run([tools.run, tmp_path / "m.phx", "--timing-only", "--quiet",
                    "--report", tmp_path / "r.json"], check=True)
    layers = json.loads((tmp_path / "r.json").read_text())["layers"]
    assert [(layer["name"], layer["op"]) for layer in layers] == [
        ("same", "Relu"), ("same#2", "Tanh")]


def test_not_enough_memory(tools, tmp_path):
    path = tmp_path / "large.onnx"
    models.make_linear(4, 16, 2, path)
    model = onnx.load(path)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "batch"
    model.graph.output[0].type.tensor_type.shape.dim[0].dim_param = "batch"
    onnx.save(model, path)
    subprocess.run([tools.compile, path, "--batch", str(2**31 - 1), "-o", tmp_path / "l.phx"],
                   check=True)
    np.save(tmp_path / "x.npy", np.zeros((1, 16), np.float32))
    result = run(tools.run, tmp_path / "l.phx", "--input", f"x={tmp_path / 'x.npy'}", "--quiet")
    assert result.returncode == 1, result.stderr
    assert "memory" in result.stderr or "too large" in result.stderr
