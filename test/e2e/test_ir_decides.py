# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Nothing in the IR behind `format` is decoration.

One thing is changed at a time in the IR behind `format`, `split` and `tile`: a number,
a keyword, a name, an order or a whole operation of the dialect `photonic` and of the
loops and index arithmetic around it (ir_mutations.py). What is compiled from there is
refused, with a located message and nothing written; or the program behaves differently
(outputs, state, anything in the report), and the machine computes what the changed IR
says: `--check` holds. A change that provably means the same is on the list in
ir_meaning.py, by kind and with the reason; orders of equal cost are on one here.
Everything else is a fault of the compiler.

$PHOTONIC_IR_MUTATIONS: how many changes per network, stage and memory model, or `all`
(an hour or two of one core; they run in parallel). The choice is random, the same for
a number, and takes every kind of change in turn."""

import concurrent.futures
import functools
import json
import os
import re
import shutil
import subprocess
from collections import Counter

import ir_meaning
import numpy as np
import pytest
from conftest import find_tool
from ir_mutations import TARGET, Mutator, choose

import models

COUNT = os.environ.get("PHOTONIC_IR_MUTATIONS", "32")
COUNT = None if COUNT == "all" else int(COUNT)
SECONDS = 60

STAGES = ["format", "split", "tile", "schedule"]
MEMORIES = ["ideal", "hierarchy"]


def build_layers(b):
    """A convolution with stride, padding, groups and bias; rows for two blocks, and
    contractions of several terms, the last of them short."""
    b.input("x", [2, 6, 4, 4])
    b.node("Conv", ["x", b.random("w", 80, 3, 3, 3), b.random("bias", 80, scale=0.1)],
           "conv", strides=[2, 3], pads=[1, 1, 1, 1], group=2)
    b.node("Relu", ["conv"], "relu")
    b.node("Flatten", ["relu"], "flat")
    b.node("Gemm", ["flat", b.random("v", 33, 320)], "y", transB=1)
    return {"x": [2, 6, 4, 4]}


def build_branches(b):
    """Two products of one input, added. With groups of 24 a term takes two passes."""
    b.input("x", [3, 20, 3, 3])
    b.node("Conv", ["x", b.random("w", 24, 20, 1, 1)], "short")
    b.node("Conv", ["x", b.random("v", 24, 20, 3, 3)], "long", pads=[1, 1, 1, 1])
    b.node("Add", ["short", "long"], "sum")
    b.node("Relu", ["sum"], "relu")
    b.node("Flatten", ["relu"], "flat")
    b.node("Gemm", ["flat", b.random("u", 37, 216)], "y", transB=1)
    return {"x": [3, 20, 3, 3]}


def build_trained(b):
    """The gradient of the input of the second convolution has several positions."""
    b.input("x", [2, 3, 5, 5])
    b.node("Conv", ["x", b.random("w", 18, 3, 3, 3), b.random("bias", 18, scale=0.1)],
           "conv", strides=[2, 2], pads=[1, 1, 0, 0])
    b.node("Relu", ["conv"], "relu")
    b.node("Conv", ["relu", b.random("v", 5, 18, 2, 2)], "second", pads=[0, 0, 1, 0])
    b.node("Flatten", ["second"], "flat")
    b.node("Gemm", ["flat", b.random("u", 4, 10), b.random("last", 4, scale=0.1)], "y",
           transB=1)
    return {"x": [2, 3, 5, 5]}


def build_stored(b):
    """Operands that are converted once: by arrays for two readers, along one dimension
    and along several, and by the compiler."""
    b.input("x", [2, 16, 4, 4])
    b.node("Conv", ["x", b.random("w", 16, 16, 3, 3)], "long", pads=[1, 1, 1, 1])
    b.node("Conv", ["x", b.random("v", 16, 16, 1, 1)], "short")
    b.node("Add", ["short", "long"], "sum")
    b.node("Relu", ["sum"], "relu")
    b.node("Flatten", ["relu"], "flat")
    b.node("Gemm", ["flat", b.random("u", 37, 256)], "y", transB=1)
    return {"x": [2, 16, 4, 4]}


TRAIN = ["--train", "--loss=cross_entropy", "--optimizer=sgd:lr=0.1,momentum=0.9"]
NETWORKS = {
    "layers": (build_layers, []),
    "branches": (build_branches, ["--format=bfp:4:24"]),
    "trained": (build_trained, ["--format=bfp:4:16:stochastic", *TRAIN]),
    "stored": (build_stored, ["--operand-storage=converted"]),
}
#: Stages and memory models where these say something else than others do.
CASES = [(network, stage, memory) for network in NETWORKS for stage in STAGES
         for memory in MEMORIES
         if network != "stored" or (stage != "format" and memory == "ideal")]

#: What a message begins with: the place in the file, or the node; of the whole, the file.
LOCATED = re.compile(r"error: (?:node '[^']+'|[^\s:]+:\d+:\d+|[^\s:]+[.](?:onnx|mlir)): ")

#: What photonic-run says of a program for another target than it has.
ANOTHER_MACHINE = re.compile(r"photonic-run: error: .*(?:another machine|the program needs "
                             r"memory)")

#: Changes of an order that reports need not show, with the reason; the program has to
#: be another one then.
SAME_COST = {
    "operation, interchanged": "tiles of equal cost come in another order",
    "operation, order": "operations of equal cost come in another order",
    "arrays/over": "tiles of equal cost run on other arrays",
}


def run(name, *arguments):
    try:
        return subprocess.run(
            [find_tool(name), *map(str, arguments)], capture_output=True, text=True,
            timeout=SECONDS, errors="replace")
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(name, 124, "", f"no end after {SECONDS} s")


def get_file(directory, stage, memory):
    """The IR behind a stage; the last one says where values are kept."""
    return directory / (f"{stage}.{memory}.mlir" if stage == "schedule" else f"{stage}.mlir")


def leave_whole(text):
    """Operations in one piece, instead of in chunks."""
    text = re.sub(r"chunk = <[^>]*>", "chunk = <>", text)
    text = re.sub(r"buffers = <first[^>]*>", "buffers = <first = 1, second = 1, result = 1>",
                  text)
    return re.sub(r"buffers = <operands[^>]*>", "buffers = <operands = 1, result = 1>", text)


class Case:
    """The IR of a network behind a stage, and what becomes of changes of it."""

    def __init__(self, directory, stage, memory="ideal"):
        self.directory, self.stage = directory, stage
        self.text = get_file(directory, stage, memory).read_text()
        self.trains = "nn.trainable" in self.text
        self.usual = {}

    def compile_options(self, memory):
        given = [] if self.stage == "schedule" else [f"--memory={memory}"]
        return [f"--compile-from={self.stage}", *given]

    def run_options(self, where):
        return ["--save-state", where / "state.npz"] if self.trains else []

    def observe(self, text, memory, where):
        """(answer of the compiler, behaviour, program); the latter are None where it
        refuses. What is observed is left in `where`."""
        where.mkdir(exist_ok=True)
        if memory == "one piece":
            text = leave_whole(text)
        source, program = where / "changed.mlir", where / "m.phx"
        source.write_text(text)
        answer = run("photonic-compile", source, *self.compile_options(memory), "-o",
                     program)
        if answer.returncode:
            return answer, None, None
        done = run("photonic-run", program, "--input", self.directory / "in.npz",
                   "--report", where / "r.json", "--output-dir", where / "out",
                   "--threads=1", "--quiet", "--no-compare", *self.run_options(where))
        if done.returncode:
            return done, None, None
        behaviour = {"report": json.loads((where / "r.json").read_text())}
        for file in sorted((where / "out").iterdir()):
            behaviour[f"output {file.stem}"] = np.load(file).tobytes()
        if self.trains:
            with np.load(where / "state.npz", allow_pickle=False) as state:
                behaviour.update({f"state {n}": state[n].tobytes() for n in state})
        return answer, behaviour, program.read_bytes()

    def get_usual(self, memory):
        if memory not in self.usual:
            where = self.directory / f"{self.stage}.{memory}"
            answer, behaviour, program = self.observe(self.text, memory, where)
            assert behaviour, answer.stderr
            self.usual[memory] = behaviour, program
        return self.usual[memory]

    def check(self, memory, where):
        return run("photonic-compile", where / "changed.mlir",
                   *self.compile_options(memory), f"--check={self.directory / 'in.npz'}")

    def judge(self, mutation, memory, where):
        """(what became of it, problem): the latter empty if all is well."""
        text = mutation.apply(self.text)
        answer, behaviour, program = self.observe(text, memory, where)
        if behaviour is None:
            if mutation.kind.startswith(TARGET) and ANOTHER_MACHINE.search(answer.stderr):
                return self._judge_check(memory, where, "another machine")
            return self._judge_refusal(answer, where)
        usual, usual_program = self.get_usual(memory)
        if behaviour != usual:
            return self._judge_check(memory, where, memory)
        reasons = ir_meaning.explain(self.text, text)
        if reasons:
            return f"the same ({', '.join(reasons)})", ""
        if program != usual_program and any(
                mutation.kind.partition(": ")[2].startswith(k) for k in SAME_COST):
            return "another program of the same cost", ""
        if "photonic.convert" in self.text:  # compiles for one memory model alone
            return "no effect", "no effect"
        # What runs once in every chunk runs several times elsewhere.
        (other,) = ["one piece"] if self.stage == "schedule" else set(MEMORIES) - {memory}
        shutil.rmtree(where)
        answer, behaviour, _ = self.observe(text, other, where)
        if behaviour is None and answer.returncode == 1:
            return self._judge_refusal(answer, where)
        if behaviour is not None and behaviour != self.get_usual(other)[0]:
            return self._judge_check(other, where, f"{other} alone")
        if program != usual_program:
            return "no effect", "no effect, but the program differs"
        return "no effect", "no effect"

    @staticmethod
    def _judge_refusal(answer, where):
        said = answer.stderr.strip().splitlines()
        first = next((line for line in said if "error:" in line), "")
        if (where / "m.phx").exists():
            return "not run", f"what is compiled does not run ({answer.returncode}): {first}"
        if answer.returncode != 1 or not first:
            last = " ".join(said[-3:])[:600]
            return "crash", f"exit code {answer.returncode} of {answer.args}: {last}"
        left = sorted(f.name for f in where.iterdir() if f.name != "changed.mlir")
        if left:
            return "refused", f"refused, but left {', '.join(left)}"
        if not LOCATED.search(first):
            return "refused", f"refused without a place: {first}"
        return "refused", ""

    def _judge_check(self, memory, where, what):
        done = self.check(memory, where)
        if done.returncode == 0:
            return f"differs ({what})", ""
        first = next((line for line in done.stderr.splitlines() if "error:" in line),
                     done.stderr[-600:])
        return "check", f"differs, and the check fails ({done.returncode}): {first}"


@functools.cache
def find_changes(text):
    return Mutator(text).get_all()


@pytest.fixture(scope="module")
def directories(cli, tmp_path_factory):
    """Of each network: its IR behind each stage, and an input."""
    result = {}
    for name, (build, options) in NETWORKS.items():
        directory = result[name] = tmp_path_factory.mktemp(name)
        b = models.Builder(7)
        shapes = build(b)
        b.output("y")
        b.build(directory / "m.onnx")
        inputs = {n: b.rng.standard_normal(s).astype("f4") for n, s in shapes.items()}
        if "--train" in options:
            inputs["labels"] = np.array([1, 3])
        np.savez(directory / "in.npz", **inputs)
        for stage, memory in {(s, m) for n, s, m in CASES if n == name}:
            kept = [f"--memory={memory}"] if stage == "schedule" else []
            cli.execute("photonic-compile", directory / "m.onnx", *options, *kept,
                        f"--compile-to={stage}", "-o", get_file(directory, stage, memory))
    return result


@pytest.mark.parametrize("network, stage, memory", CASES)
def test_every_change_counts(network, stage, memory, directories, tmp_path):
    case = Case(directories[network], stage, memory)
    for model in {memory} if network == "stored" or stage == "schedule" else MEMORIES:
        case.get_usual(model)
    mutations = choose(find_changes(case.text), COUNT, f"{network} {stage} {memory}")

    def judge(number):
        where = tmp_path / str(number)
        result = case.judge(mutations[number], memory, where)
        shutil.rmtree(where)
        return result

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(judge, range(len(mutations))))
    counts = Counter(what for what, _ in results)
    print(f"\n{network}, {stage}, {memory}: " +
          ", ".join(f"{n} {what}" for what, n in sorted(counts.items())))
    problems = [f"stage {stage}, {mutation}: {problem}"
                for mutation, (_, problem) in zip(mutations, results) if problem]
    if problems:
        pytest.fail(f"{len(problems)} of {len(mutations)} changes:\n" + "\n".join(problems),
                    pytrace=False)
    assert counts.total() == len(mutations)


class IgnoresRoundings(Case):
    """As if the compiler did not read them."""

    def observe(self, text, memory, where):
        return super().observe(text.replace("= nearest", "= trunc"), memory, where)


def test_decoration_is_found(directories, tmp_path):
    """A word that nobody reads is a fault; the compiler reads this one."""
    directory = directories["layers"]
    what = "trunc -> nearest (formats"
    mutation = next(m for m in find_changes((directory / "tile.mlir").read_text())
                    if what in str(m))
    result = IgnoresRoundings(directory, "tile").judge(mutation, "ideal", tmp_path)
    assert result == ("no effect", "no effect")
    result = Case(directory, "tile").judge(mutation, "ideal", tmp_path)
    assert result == ("differs (ideal)", "")
