# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""No output replaces a file that is read, and no two outputs are one file:
every tool, every input and output, every way to spell a file."""

import hashlib
import os
import shutil
import subprocess

import pytest

from photonic import files

import photonic


def make_link(path, place):
    (place / "link").symlink_to(path)
    return place / "link"


def make_hard_link(path, place):
    os.link(path, place / "hard")
    return place / "hard"


def make_folder_link(path, place):
    (place / "here").symlink_to(path.parent)
    return place / "here" / path.name


SPELLINGS = {
    "plain": lambda path, place: path,
    "dot": lambda path, place: f"{path.parent}/./{path.name}",
    "up": lambda path, place: f"{path.parent}/folder/../{path.name}",
    "relative": lambda path, place: os.path.relpath(path),
    "symbolic link": make_link,
    "hard link": make_hard_link,
    "folder link": make_folder_link,
}

# Files that a command reads, and options that write; {}: a file.
COMPILE = ["photonic-compile", "{model}", "--target={target}", "--check={input}",
           "--batch=10"]
NAMED = ["photonic-compile", "{model}", "--target=mine", "--batch=10"]
RUN = ["photonic-run", "{program}", "--target={target}", "--input=x={input}",
       "--labels={labels}", "--quiet"]
COMMANDS = [
    *((COMPILE, read, "-o") for read in ("model", "target", "input")),
    (NAMED, "target", "-o"),
    (["photonic-compile", "{external}", "--batch=1"], "data", "-o"),
    (["photonic-compile", "{model}", "--optimizer={optimizer}", "--batch=10"], "optimizer",
     "-o"),
    (["photonic-compile", "{ir}", "--compile-from=import"], "ir", "-o"),
    *((RUN, read, write) for read in ("program", "target", "input", "labels")
      for write in ("--report", "--trace")),
    (["photonic-run", "{program}", "--timing-only", "--target=mine", "--quiet"], "target",
     "--report"),
    (["photonic-translate", "--disassemble", "{program}"], "program", "-o"),
    (["photonic-translate", "--assemble", "{pisa}"], "pisa", "-o"),
    (["photonic-translate", "--import-onnx", "--batch=1", "{external}"], "data", "-o"),
    (["photonic-opt", "{ir}"], "ir", "-o"),
    (["photonic-opt", "{ir}"], "ir", "--remarks-output-file"),
]


@pytest.fixture(scope="module")
def originals(tool, models, tmp_path_factory):
    """One file of each kind that is read."""
    import onnx

    place = tmp_path_factory.mktemp("originals")
    target = place / "mine.textproto"
    source = os.path.join(os.path.dirname(photonic.__file__), "targets", "mirage.textproto")
    with open(source, encoding="utf-8") as file:
        target.write_text(file.read().replace('name: "mirage"', 'name: "mine"', 1))
    shutil.copy(models / "tiny.onnx", place / "model")
    shutil.copy(models / "tiny.onnx", place / "optimizer.onnx")
    shutil.copy(models / "x.npy", place / "input.npy")
    shutil.copy(models / "labels.npy", place / "labels.npy")
    onnx.save(onnx.load(models / "big.onnx"), place / "external", save_as_external_data=True,
              location="data", size_threshold=0)
    for arguments in (
        ["photonic-compile", place / "model", f"--target={target}", "--batch=10", "-o",
         place / "program"],
        ["photonic-compile", place / "model", "--batch=10", "--compile-to=import", "-o",
         place / "ir.mlir"],
        ["photonic-translate", "--disassemble", place / "program", "-o", place / "pisa"],
    ):
        done = tool(*arguments)
        assert done.returncode == 0, done.stderr
    return place


class Case:
    """A copy of all files, and a command on them."""

    def __init__(self, originals, place, tool):
        shutil.copytree(originals, place)
        (place / "folder").mkdir()
        self.place, self.tool = place, tool
        self.files = {path.stem: path for path in place.iterdir()}
        self.files["target"] = self.files.pop("mine")

    def run(self, command, *more):
        name, *arguments = (str(word).format(**self.files) for word in command)
        environment = os.environ | {"PHOTONIC_TARGET_PATH": str(self.place)}
        before = self.list()
        done = self.tool(name, *arguments, *more, env=environment)
        assert done.returncode != 0, "overwritten"
        assert self.list() == before
        return done.stderr

    def list(self):
        return {path: hashlib.sha256(path.read_bytes()).digest()
                for path in self.place.rglob("*") if path.is_file()}


@pytest.fixture
def case(originals, tool, tmp_path):
    return Case(originals, tmp_path / "case", tool)


@pytest.mark.parametrize("spelling", ["plain", "symbolic link"])
@pytest.mark.parametrize("command, read, write", COMMANDS)
def test_inputs(case, command, read, write, spelling):
    output = SPELLINGS[spelling](case.files[read], case.place)
    message = case.run(command, f"{write}={output}")
    # What is read late, such as external data, is found by its own name.
    assert f"'{output}' is " in message or f"'{case.files[read]}' is " in message
    assert "read by this run and would be overwritten by it" in message


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("command, read, write", [
    (COMPILE, "model", "-o"), (RUN, "input", "--report"),
    (["photonic-translate", "--assemble", "{pisa}"], "pisa", "-o"),
    (["photonic-opt", "{ir}"], "ir", "-o"),
])
def test_spellings(case, command, read, write, spelling):
    output = SPELLINGS[spelling](case.files[read], case.place)
    message = case.run(command, f"{write}={output}")
    assert "read by this run and would be overwritten by it" in message


@pytest.mark.parametrize("option, name", [
    ("--output-dir", "y%3A0%2Fout"), ("--dump-values", "%2Ffc%2FGemm")])
def test_folders_of_outputs(case, option, name):
    folder = case.place / "folder"
    for taken in ("input", "labels"):
        path = folder / f"{name}.npy"
        case.files[taken] = case.files[taken].rename(path)
        message = case.run(RUN, f"{option}={folder}")
        assert f"({option})" in message and "read by this run" in message
        case.files[taken] = path.rename(case.place / f"{taken}.npy")


@pytest.mark.parametrize("first", ["--report", "--trace"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_outputs_are_not_one_file(case, first, spelling):
    path = case.place / "out"
    if "hard" in spelling:
        path.write_bytes(b"old")
    other = SPELLINGS[spelling](path, case.place)
    second = "--trace" if first == "--report" else "--report"
    message = case.run(RUN, f"{first}={path}", f"{second}={other}")
    assert "both name" in message


def test_python(tmp_path):
    path, link = tmp_path / "data", tmp_path / "link"
    path.write_bytes(b"")
    link.symlink_to("data")
    check = files.check_outputs
    check([str(path), str(tmp_path / "none")], [("a", "/dev/null"), ("b", "/dev/null")])
    with pytest.raises(photonic.OutputError, match=r"would be overwritten by it \(--report\)"):
        check([str(path)], [("--report", str(link))])
    with pytest.raises(photonic.OutputError, match="--a .* and --b both name"):
        check([], [("--a", str(path)), ("--b", str(link))])


def test_full_devices(case):
    """A message, an exit code, and everything as it was."""
    for command, option in [(COMPILE, "-o"), (RUN, "--report"), (RUN, "--trace"),
                            (["photonic-translate", "--disassemble", "{program}"], "-o"),
                            (["photonic-opt", "{ir}"], "-o")]:
        message = case.run(command, f"{option}=/dev/full")
        assert "error: cannot write '/dev/full': No space left on device" in message


def test_the_file_behind_standard_output_is_not_replaced(case, build_bin):
    path = case.place / "text"
    with open(path, "w") as file:
        done = subprocess.run(
            [build_bin / "photonic-run", case.files["program"], "--timing-only",
             f"--target={case.files['target']}", "--report=/dev/stdout"],
            stdout=file, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stderr
    text = path.read_text()
    assert '"latency_ns"' in text and "Nothing was executed" in text
