# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Whole networks: values against ONNX Runtime and the oracle, and timing."""

import numpy as np
import onnxruntime
import pytest
from bits import assert_same_bits
from oracle import Format, Network

import models

NAMES = list(models.NETWORKS)
SMALL = ["lenet5", "lenet5_tanh"]
MEMORIES = ["ideal", "hierarchy"]


def get_reference(model, inputs):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(str(model), options)
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, inputs)))


def assert_close(found, expected):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name].shape == value.shape, name
        error = np.abs(found[name] - value).max()
        assert error <= 1e-4 * np.abs(value).max(), (name, error)


@pytest.mark.parametrize("name", NAMES)
def test_values(name, cli, networks, tmp_path):
    """In FP32 close to ONNX Runtime; in BFP exactly the oracle's."""
    model, x = networks.get_model(name), {"input": networks.get_input(name)}
    program = networks.get_program(name, "--format=fp32")
    found = cli.run(program, x, tmp_path / "fp32")
    assert_close(found, get_reference(model, x))
    expected = Network(model).run(x, Format())
    found = cli.run(networks.get_program(name), x, tmp_path / "bfp")
    assert found.keys() == expected.keys()
    for output, value in expected.items():
        # A network whose signal died out would prove nothing.
        assert np.ptp(value) > 1e-3
        assert_same_bits(found[output], value, f"{name} {output}")


@pytest.mark.parametrize("dataflow", ["auto", "df1", "df2"])
@pytest.mark.parametrize("memory", MEMORIES)
@pytest.mark.parametrize("name", SMALL)
def test_values_of_every_mapping(name, memory, dataflow, cli, networks, tmp_path):
    x = {"input": networks.get_input(name, 3)}
    program = networks.get_program(
        name, f"--memory={memory}", f"--dataflow={dataflow}", batch=3
    )
    expected = Network(networks.get_model(name)).run(x, Format())
    found = cli.run(program, x, tmp_path)
    assert_same_bits(found["output"], expected["output"])


@pytest.mark.parametrize("dataflow", ["auto", "df1", "df2"])
@pytest.mark.parametrize("memory", [*MEMORIES, "tight"])
def test_values_of_all_operations(memory, dataflow, cli, tmp_path):
    """One network with every operation; `tight` is hierarchy with scratchpads
    so small that everything is cut into pieces."""
    model, program = tmp_path / "m.onnx", tmp_path / "m.phx"
    models.make_all_ops(model, batch=3)
    x = {"x": np.random.default_rng(3).standard_normal((3, 5, 17, 15)).astype("f4")}
    expected = Network(model).run(x, Format())
    options = []
    if memory == "tight":
        options = cli.compile_tightly(model, program, f"--dataflow={dataflow}")
    else:
        cli.compile(model, program, f"--memory={memory}",
                      f"--dataflow={dataflow}")
    found = cli.run(program, x, tmp_path, *options)
    assert_same_bits(found["y"], expected["y"])


@pytest.mark.parametrize("name", SMALL)
def test_values_in_tight_scratchpads(name, cli, networks, tmp_path):
    model, program = networks.get_model(name), tmp_path / "m.phx"
    options = cli.compile_tightly(model, program, "--batch=3")
    x = {"input": networks.get_input(name, 3)}
    expected = Network(model).run(x, Format())
    found = cli.run(program, x, tmp_path, *options)
    assert_same_bits(found["output"], expected["output"])


@pytest.mark.parametrize("text", ["bfp:4:16:nearest", "bfp:3:16", "bfp:5:16",
                                  "bfp:4:8", "bfp:4:24", "bfp:4:128"])
def test_values_of_other_formats(text, cli, networks, tmp_path):
    x = {"input": networks.get_input("lenet5", 2)}
    program = networks.get_program("lenet5", f"--format={text}", batch=2)
    expected = Network(networks.get_model("lenet5")).run(x, Format.parse(text))
    assert_same_bits(cli.run(program, x, tmp_path)["output"], expected["output"])


def test_values_without_fusion(cli, networks, tmp_path):
    """The reference executor and any number of threads give the same bits."""
    x = {"input": networks.get_input("lenet5", 2)}
    program = networks.get_program("lenet5", batch=2)
    expected = Network(networks.get_model("lenet5")).run(x, Format())["output"]
    for i, options in enumerate([["--executor=reference"], ["--threads=1"],
                                 ["--threads=3"]]):
        found = cli.run(program, x, tmp_path / str(i), *options)
        assert_same_bits(found["output"], expected, str(options))


@pytest.mark.parametrize("memory", MEMORIES)
@pytest.mark.parametrize("name", NAMES)
def test_stepped_timing_equals_closed(name, memory, cli, networks):
    program = networks.get_program(name, f"--memory={memory}")
    closed = cli.time(program, "--timing=closed")
    stepped = cli.time(program, "--timing=stepped")
    assert closed["latency_ns"] > 0
    assert closed == stepped


@pytest.mark.parametrize("name", ["vgg16", "resnet50"])
def test_large_batches_fit(name, cli, networks):
    """Weights and activations live in DRAM: 256 images fit, scratchpads are
    respected, and time grows no faster than the work."""
    one = cli.time(networks.get_program(name, "--memory=hierarchy"))
    program = networks.get_program(name, "--memory=hierarchy", batch=256)
    many = cli.time(program)
    assert many["batch"] == 256
    assert many["macs"] == 256 * one["macs"]
    assert many["latency_ns"] <= 256 * one["latency_ns"]
    assert many["memory"]["capacity_enforced"]
    for memory in many["memory"]["memories"]:
        assert 0 <= memory["peak_bytes"] <= memory["capacity_bytes"], memory
    networks.forget(name)
