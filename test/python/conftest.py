# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What the Python tests share: where the tools are, and small models.

The tests use a finished build: the tools in $PHOTONIC_BIN (default: build/bin)
and the package `photonic`, installed or from the build tree.
"""

import importlib.util
import os
import pathlib
import signal
import subprocess
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("PHOTONIC_BIN", ROOT / "build" / "bin"))

if importlib.util.find_spec("photonic") is None:
    package = str(BIN.parent / "python")
    sys.path.insert(0, package)
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, [package, os.environ.get("PYTHONPATH")])
    )

# How the tests were started must not change what they see.
for _variable in ("PHOTONIC_TARGET_PATH", "COLUMNS", "FORCE_COLOR"):
    os.environ.pop(_variable, None)


@pytest.fixture(scope="session")
def source_dir() -> pathlib.Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def build_bin() -> pathlib.Path:
    """The directory of the tools."""
    if not (BIN / "photonic-run").exists():
        pytest.fail(f"no photonic-run in {BIN}: build first, or set PHOTONIC_BIN")
    return BIN


def _allow_interrupts() -> None:
    # A shell starts background jobs with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture(scope="session")
def start(build_bin):
    """start("photonic-run", ...): the running process, output piped."""

    def run(tool, *arguments, **options):
        path = build_bin / tool if isinstance(tool, str) else tool
        return subprocess.Popen(
            [str(path), *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=_allow_interrupts,
            **options,
        )

    return run


@pytest.fixture(scope="session")
def tool(start):
    """tool("photonic-run", ...): waits; has returncode, stdout and stderr."""

    def run(name, *arguments, **options):
        process = start(name, *arguments, **options)
        stdout, stderr = process.communicate(timeout=300)
        return subprocess.CompletedProcess(
            process.args, process.returncode, stdout, stderr
        )

    return run


@pytest.fixture(scope="session")
def models(tmp_path_factory) -> pathlib.Path:
    """A directory with models, arrays and labels:

    tiny.onnx: conv, relu, pool, flatten, linear; "x" [N, 1, 8, 8] to "y:0/out"
    [N, 10]. add.onnx: "a" + "b" [N, 3], two inputs. big.onnx: one convolution of
    115 million multiplications per sample. x.npy [10, 1, 8, 8], labels.npy [10].
    """
    folder = tmp_path_factory.mktemp("models")
    rng = np.random.default_rng(0)
    _save_tiny(folder / "tiny.onnx", rng)
    _save_add(folder / "add.onnx")
    _save_big(folder / "big.onnx", rng)
    np.save(folder / "x.npy", rng.standard_normal((10, 1, 8, 8), dtype=np.float32))
    np.save(folder / "labels.npy", rng.integers(0, 10, 10))
    np.save(folder / "big.npy", rng.standard_normal((1, 64, 56, 56), dtype=np.float32))
    return folder


@pytest.fixture(scope="session")
def compile_model(models, tool):
    """compile_model("tiny", "--batch", "4"): the path of the program file."""

    def run(name, *options):
        path = models / f"{name}{'_'.join(options).replace('/', '_')}.phx"
        if not path.exists():
            done = tool("photonic-compile", models / f"{name}.onnx", "-o", path, *options)
            assert done.returncode == 0, done.stderr
        return path

    return run


@pytest.fixture(scope="session")
def tiny(compile_model) -> pathlib.Path:
    """tiny.onnx for target mirage and batch 4."""
    return compile_model("tiny", "--batch", "4")


def _save(path, nodes, inputs, outputs, weights):
    from onnx import TensorProto, checker, helper, numpy_helper, save

    def values(tensors):
        return [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in tensors.items()
        ]

    graph = helper.make_graph(
        nodes,
        path.stem,
        values(inputs),
        values(outputs),
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    checker.check_model(model)
    save(model, str(path))


def _save_tiny(path, rng):
    from onnx.helper import make_node

    def weights(*shape):
        return rng.standard_normal(shape, dtype=np.float32)

    _save(
        path,
        [
            make_node("Conv", ["x", "w1", "b1"], ["c"], name="/conv/Conv",
                      kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
            make_node("Relu", ["c"], ["r"], name="/relu/Relu"),
            make_node("MaxPool", ["r"], ["p"], name="/pool/MaxPool",
                      kernel_shape=[2, 2], strides=[2, 2]),
            make_node("Flatten", ["p"], ["f"], name="/Flatten"),
            make_node("Gemm", ["f", "w2", "b2"], ["y:0/out"], name="/fc/Gemm",
                      transB=1),
        ],
        {"x": ["N", 1, 8, 8]},
        {"y:0/out": ["N", 10]},
        {"w1": weights(4, 1, 3, 3), "b1": weights(4), "w2": weights(10, 64),
         "b2": weights(10)},
    )


def _save_add(path):
    from onnx.helper import make_node

    _save(path, [make_node("Add", ["a", "b"], ["sum"], name="/Add")],
          {"a": ["N", 3], "b": ["N", 3]}, {"sum": ["N", 3]}, {})


def _save_big(path, rng):
    from onnx.helper import make_node

    _save(
        path,
        [make_node("Conv", ["x", "w"], ["y"], name="/conv/Conv", kernel_shape=[3, 3],
                   pads=[1, 1, 1, 1])],
        {"x": ["N", 64, 56, 56]},
        {"y": ["N", 64, 56, 56]},
        {"w": rng.standard_normal((64, 64, 3, 3), dtype=np.float32)},
    )
