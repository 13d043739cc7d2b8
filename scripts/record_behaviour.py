#!/usr/bin/env python3
# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Records what the tools do with many networks, and compares two recordings.

    record_behaviour.py record OLD --bin OLD_BUILD/bin
    record_behaviour.py record NEW --models OLD/models
    record_behaviour.py compare OLD NEW

A change that must lose nothing is proved this way: outputs and learned state to
the bit, reports, timelines, texts, messages and exit codes, for networks of the
tests and examples on several machines. Only command lines are used, so that
both recordings can be made by the same script. DIR/cases/CASE.json has commands,
messages and reports of a case, CASE.RUN.npz its arrays, CASE.RUN.trace.json.gz
its timeline unless that is large. Run it with the Python of .venv, and with TMPDIR
in memory, for programs of large networks are large.
"""

import argparse
import collections
import concurrent.futures
import gzip
import hashlib
import itertools
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

import numpy as np
from behaviour_comparison import compare
from behaviour_models import Models

ROOT = Path(__file__).resolve().parent.parent


def describe_scratchpads(unit):
    """Options of a machine whose scratchpads are small."""
    sizes = {"act": unit, "wgt": 2 * unit, "grad": 2 * unit}
    return [f"--set={name}.capacity_bytes={size}" for name, size in sizes.items()]


MEMORIES = {
    "ideal": ["--memory=ideal"],
    "hierarchy": ["--memory=hierarchy"],
    "tight": ["--memory=hierarchy", *describe_scratchpads(1 << 17)],
    "tighter": ["--memory=hierarchy", *describe_scratchpads(1 << 14)],
}
DATAFLOWS = ["auto", "df1", "df2"]
FORMATS = ["bfp:4:16", "bfp:4:16:nearest", "bfp:4:16:stochastic", "fp32", "bfp:3:8",
           "bfp:4:24:stochastic", "bfp:2:16:nearest"]
GRID = list(itertools.product(MEMORIES, DATAFLOWS, FORMATS))
MACHINES = {
    "1-core": ["core.count=1"],
    "3-cores": ["core.count=3"],
    "16-cores": ["core.count=16"],
    "8x8": ["core.rows=8", "core.columns=8"],
    "64x32": ["core.rows=64", "core.columns=32"],
    "3x5": ["core.rows=3", "core.columns=5", "core.count=2", "format.group=5"],
    "4-moduli": ["core.moduli=31,32,33,35", "format.mantissa_bits=6"],
    "small-moduli": ["core.moduli=15,16,17", "format.mantissa_bits=3", "format.group=8"],
    "1-modulus": ["core.moduli=509", "format.mantissa_bits=2", "core.dac_bits=9",
                  "core.adc_bits=9"],
    "too-small-moduli": ["core.moduli=7,8,9"],
    "slow-memory": ["dma.bytes_per_ns=20", "dma.latency_ns=500"],
    "narrow-vector": ["vector_unit.lanes=32", "vector_unit.port_bytes_per_ns=200"],
    "device": ["--target=mirage-device"],
    "slow-program": ["core.program_ns=20", "core.fill_ns=3", "core.clock_ghz=3"],
}
OPTIMIZERS = [
    "sgd:lr=0.05", "sgd:lr=0.05,momentum=0.9,weight_decay=0.01", "adam:lr=0.01",
    "sgd:lr=0.1,momentum=0.8,nesterov=true", "adamw:lr=0.01",
    "adam:lr=0.01,beta1=0.8,beta2=0.9,eps=1e-4,weight_decay=0.1",
]
#: Points of GRID and MACHINES that each network of a group is tried with, for
#: inference and for training.
COUNTS = {
    "lenet": {"infer": (84, 14), "train": (28, 14)},
    "random": {"infer": (12, 4), "train": (6, 2)},
    "training": {"train": (28, 14)},
    "drawn": {"train": (8, 2)},
    "runtime": {"train": (12, 4)},
    "reported": {"infer": (3, 0)},
    "large": {"infer": (12, 4), "train": (6, 2)},
}
#: Bytes of a timeline that is kept.
TRACE_LIMIT = 1 << 21


# Cases


def choose_variants(group, mode, number, quick):
    """Yields (number, name, options, settings) of the machine for network `number`;
    a quick recording has some of those of a full one, which mean the same."""
    points, machines = all_points, _ = COUNTS[group].get(mode, (0, 0))
    if quick:
        points, machines = math.ceil(points / 10), machines // 6
    for k in range(points):
        # Coprime to the number of points: each of them once.
        start = 0 if group == "large" else 11 * number
        memory, dataflow, text = GRID[(start + 23 * k) % len(GRID)]
        yield (k, f"{memory}.{dataflow}.{text.replace(':', '-')}",
               [f"--dataflow={dataflow}", f"--format={text}"], MEMORIES[memory])
    for k in range(machines):
        machine = list(MACHINES)[(number + k) % len(MACHINES)]
        memory = ["ideal", "hierarchy"][k % 2]
        yield (all_points + k, f"{memory}.{machine}", [],
               [*MEMORIES[memory], *(
                   s if s.startswith("--") else f"--set={s}" for s in MACHINES[machine])])


def plan(index, quick):
    """The cases by name: compiler options, and arguments of each run."""
    cases = {}
    for number, (name, network) in enumerate(sorted(index.items())):
        for mode in ("infer", "train"):
            if network[mode] is None:
                continue
            variants = choose_variants(network["group"], mode, number, quick)
            for k, variant, options, machine in variants:
                options = [*network[mode], *options, *machine]
                if mode == "train":
                    options += choose_training(network, number + k)
                settings = [s for s in machine if s.startswith("--set=")]
                cases[f"{name}.{mode}.{variant}"] = {
                    "compile": [f"models/{name}.onnx", *options],
                    "runs": choose_runs(name, network["group"], mode, k, settings)}
    return cases


def choose_training(network, number):
    """Options of training beside the loss."""
    if "--train" not in network["train"]:
        return []
    options = [["--emit-gradients"], [], ["--freeze=b"], []][number % 4]
    if number % 4 == 3 and "recompute" in network:
        options = [f"--recompute={network['recompute']}"]
    return [*options, f"--optimizer={OPTIMIZERS[number % len(OPTIMIZERS)]}"]


def choose_runs(name, group, mode, k, settings):
    """Arguments of photonic-run by name of the run; RUN stands for its folder."""
    if group == "large" and (mode == "train" or k > 0):
        return {"main": ["--timing-only", *settings]}
    basic = ["--input", f"models/{name}.{mode}.npz", "--output-dir=RUN/outputs", *settings]
    slow = ["--executor=reference", "--timing=stepped"]
    if mode == "train":
        basic += ["--save-state=RUN/state.npz"]
        return {"main": basic, "again": [*basic, *slow, "--state=RUN/../main/state.npz"]}
    if group == "large":
        return {"main": basic, "again": ["--timing-only", "--timing=stepped", *settings]}
    runs = {"main": basic, "again": [*basic, *slow]}
    if group == "random":
        runs["again"].append("--dump-values=RUN/values")
    if group == "lenet":
        runs["main"] = [*basic, f"--labels=models/{name}.labels.npy"]
        runs["fp32"] = [*basic, "--fp32"]
        runs["prices"] = ["--timing-only", *settings, "--set=core.clock_ghz=5",
                          "--set=vector_unit.op_pj=1"]
    return runs


# Recording


def prepare_models(folder, given):
    """The index of the models in `folder`: made there, or linked to `given`, unless
    an interrupted recording has made them."""
    if (folder / "index.json").exists():
        pass
    elif given:
        folder.mkdir(parents=True)
        # The index is last: with it the folder is complete.
        for path in sorted(given.iterdir(), key=lambda path: path.name == "index.json"):
            try:
                os.link(path, folder / path.name)
            except OSError:
                shutil.copyfile(path, folder / path.name)
    else:
        folder.mkdir(parents=True)
        Models(folder).make_all()
    return json.loads((folder / "index.json").read_text())


def execute(folder, command):
    """Runs a tool in `folder`; what it did, for JSON."""
    env = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "FORCE_COLOR")}
    try:
        done = subprocess.run(command, cwd=folder, env=env | {"NO_COLOR": "1"}, text=True,
                              capture_output=True, check=False, timeout=900)
    except subprocess.TimeoutExpired:
        return {"code": "timeout", "stdout": "", "stderr": ""}
    return {"code": done.returncode, "stdout": done.stdout, "stderr": done.stderr}


def summarize_trace(path, keep):
    """Hash and number of events of a timeline, and a hash of its times alone, which
    does not depend on names. Compresses a small one into the file `keep`."""
    data = path.read_bytes()
    events = [e for e in json.loads(data)["traceEvents"] if "ts" in e]
    times = sorted((e["ph"], e["pid"], e["tid"], e["ts"], e.get("dur", 0)) for e in events)
    if len(data) <= TRACE_LIMIT:
        keep.write_bytes(gzip.compress(data, 1, mtime=0))
    return {"sha256": hashlib.sha256(data).hexdigest(), "events": len(events),
            "times_sha256": hashlib.sha256(repr(times).encode()).hexdigest()}


def collect_arrays(work):
    """Outputs, values of layers and state that a run wrote into `work`."""
    arrays = {f"{path.parent.name}/{urllib.parse.unquote(path.stem)}": np.load(path)
              for path in sorted(work.glob("*/*.npy"))}
    if (work / "state.npz").exists():
        with np.load(work / "state.npz") as state:
            arrays |= {f"state/{name}": state[name] for name in state.files}
    return arrays


def record_case(folder, tools, name, case):
    """Compiles and runs a case, and writes its files. Returns the exit codes."""
    work = folder / "work" / name
    work.mkdir(parents=True)
    program, place = f"work/{name}/m.phx", str(folder / "cases" / name)
    compiled = execute(folder, [tools / "photonic-compile", *case["compile"], "-o", program])
    result = {"commands": case, "compile": compiled, "runs": {}}
    for run, arguments in case["runs"].items() if compiled["code"] == 0 else ():
        (work / run).mkdir()
        arguments = [a.replace("RUN", f"work/{name}/{run}") for a in arguments]
        done = execute(folder, [
            tools / "photonic-run", program, *arguments, "--threads=1",
            f"--report=work/{name}/{run}/report.json",
            f"--trace=work/{name}/{run}/trace.json"])
        if (work / run / "report.json").exists():
            done["report"] = json.loads((work / run / "report.json").read_text())
        if (work / run / "trace.json").exists():
            done["trace"] = summarize_trace(
                work / run / "trace.json", Path(f"{place}.{run}.trace.json.gz"))
        arrays = collect_arrays(work / run)
        if arrays:
            np.savez(f"{place}.{run}.npz", **arrays)
        result["runs"][run] = done
    Path(f"{place}.tmp").write_text(json.dumps(result, indent=1))
    os.replace(f"{place}.tmp", f"{place}.json")
    shutil.rmtree(work)
    return get_codes(result)


def hash_tools(tools):
    """What tells one build of the tools from another."""
    found = hashlib.sha256()
    for name in ("photonic-compile", "photonic-run"):
        found.update(hashlib.sha256((tools / name).read_bytes()).digest())
    return found.hexdigest()


def keep_tools(folder, tools):
    """Notes the tools of a recording in it. Ends the program if it was begun with
    others: its cases would be of both."""
    path, now = folder / "tools.json", hash_tools(tools)
    if path.exists() and json.loads(path.read_text()) != now:
        sys.exit(f"error: {folder} was begun with other tools than those in {tools}; go on "
                 "with the same, or record into a new folder")
    path.write_text(json.dumps(now))


def get_codes(result):
    """Exit codes of the commands of a case."""
    return [result["compile"]["code"], *(run["code"] for run in result["runs"].values())]


def find_recorded(folder, case):
    """The exit codes of a case that an interrupted recording finished, or None."""
    path = folder / "cases" / f"{case[0]}.json"
    result = json.loads(path.read_text()) if path.exists() else {}
    return get_codes(result) if result.get("commands") == case[1] else None


def record(options):
    """The subcommand: makes models, runs all cases, writes recording.json last."""
    folder, start = options.folder.resolve(), time.monotonic()
    if (folder / "recording.json").exists():
        sys.exit(f"error: {folder} is a finished recording; expected a new folder")
    index = prepare_models(folder / "models", options.models)
    cases = plan(index, options.quick)
    cases = {n: c for n, c in cases.items() if re.search(options.only, n)}
    (folder / "cases").mkdir(exist_ok=True)
    print(f"{len(index)} models after {time.monotonic() - start:.0f} s, {len(cases)} cases")
    tools = options.bin.resolve()
    keep_tools(folder, tools)
    codes = collections.Counter()
    # Messages have relative paths, and programs are too large to write on a disk.
    (folder / "work").unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as work, \
            concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        (folder / "work").symlink_to(work)

        def make(name):
            case = name, cases[name]
            return find_recorded(folder, case) or record_case(folder, tools, *case)

        for number, found in enumerate(pool.map(make, cases), 1):
            codes.update(map(str, found))
            if number % 200 == 0:
                print(f"{number} cases after {time.monotonic() - start:.0f} s", flush=True)
    (folder / "work").unlink()
    partial = options.quick or bool(options.only)
    (folder / "recording.json").write_text(json.dumps(
        {"partial": partial, "cases": list(cases)}, indent=1))
    print(f"{len(cases)} cases in {time.monotonic() - start:.0f} s; exit codes of commands: "
          + ", ".join(f"{code}: {n}" for code, n in sorted(codes.items())))
    return 0 if cases else "error: no case was recorded"


def main():
    """Entry point."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("record", help="run all cases")
    command.set_defaults(function=record)
    command.add_argument("folder", type=Path,
                         help="new folder to write, or interrupted recording")
    command.add_argument("--bin", type=Path, default=ROOT / "build" / "bin",
                         help="folder of the tools (default: build/bin)")
    command.add_argument("--models", type=Path,
                         help="folder `models` of another recording, to use the same")
    command.add_argument("--quick", action="store_true", help="a tenth of the cases")
    command.add_argument("--only", default="", metavar="REGEX", help="cases to run")
    command.add_argument("--jobs", type=int, default=os.cpu_count(), help="cases at once")
    command = commands.add_parser("compare", help="list all deviations")
    command.set_defaults(function=compare)
    command.add_argument("old", type=Path)
    command.add_argument("new", type=Path)
    command.add_argument("--allow-zero-sign", action="store_true",
                         help="list differences of only the sign of zeros apart")
    command.add_argument("--rtol", type=float, default=0.0,
                         help="relative tolerance of numbers in reports (default: 0)")
    command.add_argument("--ignore", action="append", default=[], metavar="FIELD",
                         help="a field not to compare, e.g. report.layers[].instructions")
    command.add_argument("--only", default="", metavar="REGEX", help="cases to compare")
    command.add_argument("--limit", type=int, default=20, metavar="N",
                         help="deviations to list per field; 0: all (default: 20)")
    options = parser.parse_args()
    return options.function(options)


if __name__ == "__main__":
    sys.exit(main())
