#!/usr/bin/env python3
# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Measures how long the tools take and how much memory, and prints it.

    benchmarks/run.py [--repeat N] [--threads N] [--json FILE] [--only TEXT]

Nothing is asserted: machines differ. Where PyTorch or ONNX Runtime do
comparable work, they do it in the same run on as many threads, and the ratio is
printed; it moves much less between machines than the times do. Memory is the
largest resident set of the process, which includes files mapped into it.

Tools are taken as the end-to-end tests take them; the networks are theirs.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]


def load_models():
    spec = importlib.util.spec_from_file_location(
        "models", ROOT / "test" / "e2e" / "models.py"
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["models"] = module
    spec.loader.exec_module(module)
    return module


models = load_models()


def find_tool(name):
    places = [os.environ.get("PHOTONIC_BIN"), ROOT / "build/bin",
              ROOT / "build-rt/bin"]
    for place in filter(None, places):
        if (Path(place) / name).exists():
            return str(Path(place) / name)
    sys.exit(f"run.py: {name} not found: build it, or set PHOTONIC_BIN")


# The largest resident set of a child includes that of its parent when it was
# forked, and this process holds networks and frameworks: a small process in
# between starts the tool and reports seconds, KiB and status.
LAUNCHER = """
import os, sys, time
quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
start = time.perf_counter()
tool = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, usage = os.wait4(tool, 0)
print(time.perf_counter() - start, usage.ru_maxrss, status)
"""


class Bench:
    def __init__(self, repeat, threads, only):
        self.repeat, self.threads, self.only = repeat, threads, only
        self.rows = []

    def wants(self, *names):
        return any(self.only in name for name in names)

    def execute(self, name, tool, *arguments):
        """Seconds (median of repetitions) and MiB of a tool."""
        command = [find_tool(tool), *map(str, arguments)]
        seconds, memory = [], 0
        for _ in range(self.repeat):
            launched = subprocess.run(
                [sys.executable, "-S", "-c", LAUNCHER, *command],
                stdout=subprocess.PIPE, text=True, check=True,
            )
            elapsed, kibibytes, status = launched.stdout.split()
            if int(status):
                sys.exit(f"run.py: failed: {' '.join(command)}")
            seconds.append(float(elapsed))
            memory = max(memory, int(kibibytes) / 1024)
        return self.add(name, statistics.median(seconds), memory)

    def call(self, name, function):
        """Seconds of a Python function, after one call to warm up."""
        function()
        seconds = []
        for _ in range(max(3, self.repeat)):
            start = time.perf_counter()
            function()
            seconds.append(time.perf_counter() - start)
        return self.add(name, statistics.median(seconds), None)

    def add(self, name, seconds, memory):
        self.rows.append({"name": name, "seconds": seconds, "mib": memory})
        size = f"{memory:9.0f} MiB" if memory else ""
        print(f"{name:<46}{seconds:9.3f} s{size}", flush=True)
        return seconds

    def ratio(self, name, value):
        self.rows.append({"name": name, "ratio": value})
        print(f"  {name:<44}{value:9.2f} x", flush=True)


def make_program(directory, name, batch=1, memory="ideal"):
    program = directory / f"{name}.{batch}.{memory}.phx"
    if not program.exists():
        subprocess.run(
            [find_tool("photonic-compile"), models.get_network(name), "--batch",
             str(batch), f"--memory={memory}", "-o", program], check=True,
        )
    return program


def bench_compilation(bench, directory):
    for name in ("lenet5", "resnet18", "resnet50", "vgg16"):
        for memory in ("ideal", "hierarchy"):
            label = f"compile {name}, {memory}"
            if bench.wants(label):
                bench.execute(label, "photonic-compile", models.get_network(name),
                              "--batch=1", f"--memory={memory}",
                              "-o", directory / "compiled.phx")
    (directory / "compiled.phx").unlink(missing_ok=True)


def bench_timing(bench, directory):
    for name in ("resnet18", "resnet50", "vgg16"):
        for memory in ("ideal", "hierarchy"):
            if not bench.wants(f"time {name}, {memory}"):
                continue
            seconds = {}
            for batch in (1, 256):
                program = make_program(directory, name, batch, memory)
                seconds[batch] = bench.execute(
                    f"time {name}, {memory}, batch {batch}", "photonic-run",
                    program, "--timing-only", "--quiet",
                )
                if batch == 256:
                    program.unlink()
            bench.ratio("batch 256 over batch 1", seconds[256] / seconds[1])
    if bench.wants("time resnet18, stepped"):
        bench.execute("time resnet18, ideal, stepped", "photonic-run",
                      make_program(directory, "resnet18"), "--timing-only",
                      "--quiet", "--timing=stepped")


def bench_execution(bench, directory):
    for name in ("resnet18", "resnet50"):
        if not bench.wants(f"execute {name}"):
            continue
        program = make_program(directory, name)
        x = np.random.default_rng(0).standard_normal((1, 3, 224, 224))
        x = x.astype(np.float32)
        np.save(directory / "x.npy", x)
        seconds = {}
        for executor in ("fast", "reference"):
            seconds[executor] = bench.execute(
                f"execute {name}, {executor}", "photonic-run", program,
                "--input", f"input={directory / 'x.npy'}", "--quiet",
                "--no-compare", f"--executor={executor}",
                "--threads", bench.threads, "--output-dir", directory / "out",
            )
        peers = measure_peers(bench, name, x)
        for executor, own in seconds.items():
            for peer, other in peers.items():
                bench.ratio(f"{executor} over {peer}", own / other)


def measure_peers(bench, name, x):
    """Forward passes in FP32, without the start of a process."""
    peers = {}
    try:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = bench.threads
        session = onnxruntime.InferenceSession(
            str(models.get_network(name)), options
        )
        peers["ONNX Runtime"] = bench.call(
            f"ONNX Runtime {name}, FP32", lambda: session.run(None, {"input": x})
        )
    except ImportError:
        print("  (ONNX Runtime is not installed)")
    try:
        import torch

        torch.set_num_threads(bench.threads)
        module = models.NETWORKS[name].make(torch).eval()
        image = torch.from_numpy(x)

        def forward():
            with torch.no_grad():
                module(image)

        peers["PyTorch"] = bench.call(f"PyTorch {name}, FP32", forward)
    except ImportError:
        print("  (PyTorch is not installed)")
    return peers


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeat", type=int, default=3, help="median of N (3)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--only", default="", help="benchmarks that contain TEXT")
    parser.add_argument("--json", help="also write the figures to this file")
    options = parser.parse_args()
    bench = Bench(options.repeat, options.threads, options.only)
    with tempfile.TemporaryDirectory(dir=models.get_directory()) as name:
        directory = Path(name)
        bench_compilation(bench, directory)
        bench_timing(bench, directory)
        bench_execution(bench, directory)
    if options.json:
        Path(options.json).write_text(json.dumps(bench.rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
