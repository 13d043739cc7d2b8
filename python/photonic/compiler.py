# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""From a model file to an executable program."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Mapping

from .errors import CompileError, CompileWarning, InputError
from .executable import Executable, load
from .machines import Overrides, to_overrides

_PREFIX = "photonic: "


def _clean(messages: str) -> str:
    """Messages without the name of the program and the word "error"."""
    lines = []
    for line in messages.strip().splitlines():
        line = line.removeprefix(_PREFIX).removeprefix("error: ")
        lines.append(line)
    return "\n".join(lines)


def _choose(name: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise InputError(
            f"{name}: expected {', '.join(map(repr, known))}, found {value!r}"
        )
    return value


def _check_size(name: str, value: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InputError(f"{name}: expected a whole number >= 1, found {value!r}")
    return value


def compile(
    model: str | os.PathLike[str],
    target: str | os.PathLike[str] = "mirage",
    *,
    batch: int | None = None,
    dims: Mapping[str, int] | None = None,
    format: str | None = None,
    dataflow: str = "auto",
    memory: str = "ideal",
    set: Overrides = None,
    output: str | os.PathLike[str] | None = None,
) -> Executable:
    """Compiles an ONNX model for a photonic accelerator.

    `model`: .onnx file, or .mlir as saved after a stage.
    `target`: name or .textproto file; `set` changes its fields.
    `batch`: size of a symbolic batch dimension; `dims`: of others, by name.
    `format`: number format of products, "bfp:MANTISSA:GROUP[:ROUNDING]" or
    "fp32" (conversion bypassed, for debugging); by default the target's.
    `dataflow`: the stationary operand is the weights ("df1"), the activations
    ("df2"), or the faster one per product ("auto").
    `memory`: everything on chip ("ideal"), or scratchpads in front of DRAM
    ("hierarchy").
    `output`: where to keep the program file; `Executable.save` does it later.

    Raises CompileError with all messages of the compiler, InputError for
    arguments that make no sense.
    """
    try:
        from . import _compiler
    except ImportError as error:
        raise CompileError(
            f"the compiler is not part of this installation ({error}); build the "
            "package with -DPHOTONIC_BUILD_COMPILER=ON, or load a program file "
            "that photonic-compile made"
        ) from error
    overrides = to_overrides(set)
    sizes = [(name, _check_size(f"dims[{name!r}]", n)) for name, n in (dims or {}).items()]
    arguments = (
        0 if batch is None else _check_size("batch", batch),
        sizes,
        os.fspath(target),
        overrides,
        format or "",
        _choose("dataflow", dataflow, ("auto", "df1", "df2")),
        _choose("memory", memory, ("ideal", "hierarchy")),
    )
    with tempfile.TemporaryDirectory(prefix="photonic-") as folder:
        # A mapped file outlives its name.
        path = os.fspath(output) if output else os.path.join(folder, "program.phx")
        succeeded, messages = _compiler.compile(os.fspath(model), path, *arguments)
        text = _clean(messages)
        if not succeeded:
            raise CompileError(text or "the compiler failed without a message")
        if text:
            warnings.warn(text, CompileWarning, stacklevel=2)
        return load(path, target, set)
