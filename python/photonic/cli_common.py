# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What the commands of `photonic` share."""

from __future__ import annotations

import os
import sys
from typing import List, Optional

import typer
from rich.console import Console

from .errors import InputError

SetOption = typer.Option(
    None, "--set", metavar="FIELD=VALUE", help="Change a field of the target."
)
DimOption = typer.Option(
    None,
    "--dim",
    metavar="NAME=N|INPUT:AXIS=N",
    help="Extent of another open dimension, by name or by input and number.",
)
ShapeOption = typer.Option(
    None,
    "--shape",
    metavar="INPUT=N,N,...",
    help="All extents of an input whose number of dimensions the model leaves open.",
)

#: Columns.
_NARROWEST = 40


def make_console() -> Console:
    # A pipe has no width; tables must not be squeezed into 80 columns there, and
    # nowhere into so few that words become columns of letters.
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 120
    console = Console(width=width, soft_wrap=False)
    return console if console.width >= _NARROWEST else Console(width=_NARROWEST)


def parse_dims(dims: List[str]) -> dict[str, int]:
    """Arguments of --dim. Raises InputError."""
    sizes: dict[str, int] = {}
    for text in dims:
        name, found, value = text.rpartition("=")
        if not found or not name or not value.isdecimal():
            raise InputError(
                "--dim: expected NAME=N or INPUT:AXIS=N with N at least 1, found "
                f"'{text}'"
            )
        if name in sizes:
            raise InputError(f"--dim: dimension '{name}' is bound twice")
        sizes[name] = int(value)
    return sizes


def parse_shapes(shapes: List[str]) -> dict[str, list[int]]:
    """Arguments of --shape. Raises InputError."""
    result: dict[str, list[int]] = {}
    for text in shapes:
        name, _, extents = text.rpartition("=")
        numbers = [number.strip() for number in extents.split(",")]
        if not name or not all(number.isdecimal() for number in numbers):
            raise InputError(
                "--shape: expected INPUT=N,N,... with extents of at least 1, found "
                f"'{text}'"
            )
        if name in result:
            raise InputError(f"--shape: input '{name}' is given twice")
        result[name] = [int(number) for number in numbers]
    return result


def split_names(text: Optional[str]) -> list[str]:
    """An argument NAME,NAME,..."""
    return [name for name in (text or "").split(",") if name]
