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


TRAINING = ["--train", "--loss=cross_entropy",
            "--optimizer=sgd:lr=0.01,momentum=0.9,weight_decay=1e-4"]


def bench_training_compilation(bench, directory):
    program = directory / "step.phx"
    # Larger batches of ResNet-50 do not fit the scratchpads of the machine.
    for name, memory, batch in (("resnet18", "ideal", 32), ("resnet18", "hierarchy", 32),
                                ("resnet50", "ideal", 256), ("resnet50", "hierarchy", 4)):
        label = f"compile training step of {name}, {memory}, batch {batch}"
        if bench.wants(label):
            bench.execute(label, "photonic-compile", models.get_network(name),
                          *TRAINING, f"--batch={batch}", f"--memory={memory}",
                          "-o", program)
    for memory, largest in (("ideal", 256), ("hierarchy", 4)):
        seconds = {}
        for batch in (1, largest):
            label = f"time training step of resnet50, {memory}, batch {batch}"
            if not bench.wants(label):
                continue
            subprocess.run(
                [find_tool("photonic-compile"), models.get_network("resnet50"),
                 *TRAINING, f"--batch={batch}", f"--memory={memory}", "-o", program],
                check=True, stderr=subprocess.DEVNULL)
            seconds[batch] = bench.execute(label, "photonic-run", program,
                                           "--timing-only", "--quiet")
        if len(seconds) == 2:
            bench.ratio(f"batch {largest} over batch 1", seconds[largest] / seconds[1])
    program.unlink(missing_ok=True)


def bench_training(bench, directory):
    """An epoch of LeNet-5: 44 steps of 32 digits."""
    if not bench.wants("train lenet5_norm, one epoch"):
        return
    example = ROOT / "examples" / "training"
    subprocess.run([sys.executable, example / "digits.py", "--output-dir", directory],
                   check=True, stdout=subprocess.DEVNULL)
    environment = dict(os.environ)
    package = str(Path(find_tool("photonic-run")).parents[1] / "python")
    environment["PYTHONPATH"] = os.pathsep.join(
        filter(None, [package, environment.get("PYTHONPATH")]))
    seconds = {}
    for format in ("bfp:4:16", "bfp:4:16:stochastic", "fp32"):
        label = f"train lenet5_norm, one epoch, {format}"
        done = subprocess.run(
            [sys.executable, "-c", EPOCH, example / "lenet5_norm.onnx",
             directory / "train.npz", format, str(bench.threads), str(bench.repeat)],
            env=environment, stdout=subprocess.PIPE, text=True, check=True)
        seconds[format] = bench.add(label, float(done.stdout), None)
    try:
        peer = bench.call("PyTorch lenet5_norm, one epoch, FP32",
                          make_pytorch_epoch(bench.threads, directory / "train.npz"))
    except ImportError:
        print("  (PyTorch is not installed)")
        return
    for format, own in seconds.items():
        bench.ratio(f"{format} over PyTorch FP32", own / peer)


EPOCH = """
import statistics, sys, time, warnings
import numpy as np, photonic
warnings.simplefilter("ignore")
model, data, format, threads, repeat = sys.argv[1:]
with np.load(data) as file:
    x, y = file["image"], file["labels"]
trainer = photonic.Trainer(model, optimizer="sgd:lr=0.01,momentum=0.9", batch=32,
                           format=format, threads=int(threads))
trainer.fit(x[:64], y[:64], progress=False)
seconds = []
for seed in range(int(repeat)):
    start = time.perf_counter()
    trainer.fit(x, y, seed=seed, progress=False)
    seconds.append(time.perf_counter() - start)
print(statistics.median(seconds))
"""


def make_pytorch_epoch(threads, data):
    """The same network, steps and data; weights do not matter for the time."""
    import torch
    from torch import nn

    torch.set_num_threads(threads)
    module = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2, bias=False), nn.BatchNorm2d(6), nn.ReLU(),
        nn.MaxPool2d(2), nn.Conv2d(6, 16, 5, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.ReLU(),
        nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))
    optimizer = torch.optim.SGD(module.parameters(), 0.01, 0.9)
    with np.load(data) as file:
        x, y = torch.tensor(file["image"]), torch.tensor(file["labels"])

    def epoch():
        for batch in torch.randperm(len(y))[: len(y) // 32 * 32].split(32):
            optimizer.zero_grad()
            nn.functional.cross_entropy(module(x[batch]), y[batch]).backward()
            optimizer.step()

    return epoch


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
        bench_training_compilation(bench, directory)
        bench_training(bench, directory)
    if options.json:
        Path(options.json).write_text(json.dumps(bench.rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
