# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""A change of tile order, from the pass to nanoseconds and joules.

The closed forms are those of docs/isa.md, section 7, for a lone product.
"""

import math

import models
import numpy as np
import pytest
import torch
from bits import to_fs

CORES, ROWS, COLS = 8, 32, 16
PROGRAM_FS, PERIOD_FS = 5_000_000, 100_000

#: Options of the pass, and whether a core keeps the blocks of rows that it begins.
ORDERS = [
    ("order=group,m,k", False),
    ("order=group,m,k deal=group,m", True),
    ("order=m,k deal=m", True),
    ("order=k,m", False),
    ("order=k,m,group deal=k,m,group", False),
]


def insert(options):
    return f"--insert-pass=tile:func.func(photonic-order-tiles{{{options}}})"


def get_rounds(m, k, keeps):
    """Tiles that the busiest core computes."""
    blocks, terms = math.ceil(m / ROWS), math.ceil(k / COLS)
    return math.ceil(blocks / CORES) * terms if keeps else math.ceil(blocks * terms / CORES)


@pytest.mark.parametrize("options, keeps", ORDERS)
@pytest.mark.parametrize("m, k, n", [(300, 129, 5), (70, 200, 3)])
def test_time_follows_the_order_and_bits_do_not(options, keeps, m, k, n, cli, tmp_path):
    model = tmp_path / "m.onnx"
    models.make_linear(m, k, n, model)
    before, after = tmp_path / "before.phx", tmp_path / "after.phx"
    flags = ["--memory=ideal", "--dataflow=df1"]
    cli.compile(model, before, *flags)
    cli.compile(model, after, *flags, insert(options))
    reports = [cli.time(program) for program in (before, after)]
    period = PROGRAM_FS + PERIOD_FS * n
    assert to_fs(reports[0]["latency_ns"]) == get_rounds(m, k, False) * period
    assert to_fs(reports[1]["latency_ns"]) == get_rounds(m, k, keeps) * period
    # The same passes, wherever they run: what they charge does not change.
    assert reports[0]["counters"] == reports[1]["counters"]
    x = np.random.default_rng(1).standard_normal((n, k)).astype(np.float32)
    first, second = (cli.run(program, {"x": x}, tmp_path / program.stem)
                     for program in (before, after))
    assert first.keys() == second.keys() and first
    for name, value in first.items():
        assert np.array_equal(value.view(np.uint32), second[name].view(np.uint32)), name


def test_orders_that_change_bits_are_refused(cli, tmp_path):
    """An input gradient adds up 40 channels, more than one term, for 9 positions."""
    network = torch.nn.Sequential(torch.nn.Conv2d(2, 4, 3), torch.nn.ReLU(),
                                  torch.nn.Conv2d(4, 40, 3))
    model = tmp_path / "conv.onnx"
    torch.onnx.export(network, (torch.zeros(1, 2, 8, 8),), model, dynamo=False,
                      input_names=["x"], output_names=["y"])
    done = cli.compile(model, tmp_path / "m.phx", "--train", "--loss=mse",
                       "--optimizer=sgd:lr=0.1", insert("order=k,position"), check=False)
    assert done.returncode == 1
    assert "in an order in which elements do not meet their terms" in done.stderr
    assert not (tmp_path / "m.phx").exists()
