# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Memory that runs out while the compiler works in this process."""

import os
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SCRIPT = """
import os, resource, sys
import photonic

def limit(mebibytes):
    with open("/proc/self/statm") as file:
        size = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    most = resource.RLIM_INFINITY if mebibytes is None else size + (mebibytes << 20)
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))

small, large = sys.argv[1:]
photonic.compile(small, batch=4)  # loads everything
for mebibytes in range(34, 90, 8):
    limit(mebibytes)
    try:
        photonic.compile(large, batch=1)
    except MemoryError as error:
        print("no memory:", error)
    except photonic.CompileError as error:
        print("refused:", error)
    else:
        print("compiled")
    limit(None)
    exe = photonic.compile(small, batch=4)
    print("goes on:", exe.name)
"""


def test_the_process_goes_on(models, tmp_path):
    size = 1000
    rng = np.random.default_rng(0)
    weights = [numpy_helper.from_array(
        rng.standard_normal((size, size)).astype(np.float32), f"w{i}") for i in range(8)]
    nodes = [helper.make_node("MatMul", [f"h{i}" if i else "x", f"w{i}"], [f"h{i + 1}"])
             for i in range(8)]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "large", [value("x", TensorProto.FLOAT, ["N", size])],
        [value("h8", TensorProto.FLOAT, ["N", size])], weights)
    large = tmp_path / "large.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)],
                                ir_version=8), large)
    # Large pieces come from the system each time, and not from what was freed.
    environment = dict(os.environ, MALLOC_ARENA_MAX="1", MALLOC_MMAP_THRESHOLD_="1048576")
    done = subprocess.run([sys.executable, "-c", SCRIPT, models / "tiny.onnx", large],
                          env=environment, capture_output=True, text=True, timeout=300,
                          check=False)
    assert done.returncode == 0, (done.stdout, done.stderr)
    lines = done.stdout.splitlines()
    assert set(lines[1::2]) == {"goes on: tiny"}
    assert f"no memory: compiling '{large}' needs more memory than there is" in lines, done.stdout[:3000]
