# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What the commands of `photonic` share."""

from __future__ import annotations

import os
import sys
from typing import List, Optional

import typer
from rich.console import Console

from .compiler import Words

#: Options of a compilation that several commands have. The compiler's table, which
#: photonic-compile is made from, says what their values look like, too; it is not read
#: here, because commands that compile nothing start without the compiler.
TargetOption = typer.Option(
    None, metavar="name|file",
    help="The machine. Default: what IR was made for, else mirage.",
)
SetOption = typer.Option(
    None, "--set", metavar="field=value", help="Change a field of the target."
)
FormatOption = typer.Option(
    None,
    metavar="bfp:M:G[:R]|fp32",
    help="Number format of products: mantissa bits, group, rounding (trunc, nearest, "
    "stochastic); fp32 bypasses conversion. Default: the target's.",
)
DataflowOption = typer.Option(
    "auto", metavar="auto|df1|df2", help="What stays in the arrays: weights, activations."
)
StorageOption = typer.Option(
    "fp32", "--operand-storage", metavar="fp32|converted",
    help="Operands in memory: f32, or converted once for all arrays that read them.",
)
MemoryOption = typer.Option(
    "ideal", metavar="ideal|hierarchy", help="Everything on chip, or scratchpads and DRAM."
)
LossOutputOption = typer.Option(
    None, metavar="name", help="Output of the model that the loss looks at."
)
FreezeOption = typer.Option(
    None, metavar="regex", help="Parameters that training leaves as they are."
)
LearnOption = typer.Option(
    None, metavar="regex", help="Constants to train beside weights of layers."
)
RecomputeOption = typer.Option(
    None, metavar="node,...", help="Nodes that the backward pass computes again."
)
DimOption = typer.Option(
    None,
    "--dim",
    metavar="name=N|input:axis=N",
    help="Extent of another open dimension, by name or by input and number.",
)
ShapeOption = typer.Option(
    None,
    "--shape",
    metavar="input=N,N,...",
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


def to_words(values: Optional[List[str]]) -> Optional[Words]:
    """Arguments of an option that may be repeated; None if it is not there."""
    return Words(values) if values else None


def split_names(text: Optional[str]) -> Optional[Words]:
    """An argument NAME,NAME,..., split as photonic-compile splits it."""
    return None if text is None else Words(text.split(","))
