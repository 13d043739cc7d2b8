# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""photonic.compile and photonic-compile make one request, checked in one place."""

import inspect
import os
import re
import sys

import pytest
from photonic import _compiler

import photonic

SGD = "sgd:lr=0.1"

#: Wrong combinations: arguments in Python, and on the command line.
CASES = [
    ({"loss": "mse"}, ["--loss=mse"]),
    ({"loss_output": "y"}, ["--loss-output=y"]),
    ({"optimizer": SGD}, [f"--optimizer={SGD}"]),
    ({"freeze": "fc"}, ["--freeze=fc"]),
    ({"emit_gradients": True}, ["--emit-gradients"]),
    ({"recompute": ["a", "b"]}, ["--recompute=a,b"]),
    ({"learn": "fc"}, ["--learn=fc"]),
    ({"train": True}, ["--train"]),
    ({"train": True, "loss": "mse"}, ["--train", "--loss=mse"]),
    ({"train": True, "mutable_parameters": True}, ["--train", "--mutable-parameters"]),
    ({"train": True, "optimizer": "o.onnx"}, ["--train", "--optimizer=o.onnx"]),
    ({"train": True, "optimizer": SGD, "loss": "hinge"},
     ["--train", f"--optimizer={SGD}", "--loss=hinge"]),
    ({"train": True, "optimizer": SGD, "freeze": "fc("},
     ["--train", f"--optimizer={SGD}", "--freeze=fc("]),
    ({"mutable_parameters": True, "learn": "("}, ["--mutable-parameters", "--learn=("]),
    ({"dataflow": "df3"}, ["--dataflow=df3"]),
    ({"dataflow": ""}, ["--dataflow="]),
    ({"memory": "both"}, ["--memory=both"]),
    ({"batch": 0}, ["--batch=0"]),
    ({"batch": 2**40}, [f"--batch={2**40}"]),
]


def to_python(message):
    """A message of the command line as Python spells it."""

    def spell(match):
        name = match[1].replace("-", "_")
        return f"{name}='{match[2]}'" if match[2] else name

    return re.sub(r"--([a-z-]+)(?:=([^ ;,]+))?", spell, message)


@pytest.mark.parametrize("arguments, flags", CASES)
def test_the_same_mistake_has_the_same_message(arguments, flags, models, tool, tmp_path):
    model, output = models / "tiny.onnx", tmp_path / "x.phx"
    with pytest.raises(photonic.InputError) as error:
        photonic.compile(model, output=output, **arguments)
    done = tool("photonic-compile", model, "-o", output, *flags)
    assert done.returncode == 1 and not output.exists()
    message = done.stderr.strip().removeprefix("photonic-compile: error: ")
    assert to_python(message) == str(error.value).replace("=True", "")


#: What only the command line offers.
LINE_ONLY = {"compile_from", "compile_to", "check"}


def test_every_option_is_an_argument_and_the_other_way_round():
    keywords = {keyword for _, keyword, *_ in _compiler.options()}
    arguments = set(inspect.signature(photonic.compile).parameters)
    assert keywords - LINE_ONLY == arguments - {"model", "output"}


def test_the_tools_know_every_option(tool):
    """photonic-compile, and photonic compile, which spells all as one does there."""
    helps = tool("photonic-compile", "--help").stdout
    command = tool(sys.executable, "-m", "photonic", "compile", "--help",
                   env={**os.environ, "COLUMNS": "200"}).stdout
    for name, keyword, *_ in _compiler.options():
        assert f"--{name}" in helps
        assert keyword in LINE_ONLY or f"--{name}" in command


def test_defaults_are_those_of_the_compiler():
    parameters = inspect.signature(photonic.compile).parameters
    for _, keyword, kind, _, initial in _compiler.options():
        if keyword in LINE_ONLY:
            continue
        expected = initial or ({"flag": False, "names": ()}.get(kind))
        assert parameters[keyword].default == expected, keyword
