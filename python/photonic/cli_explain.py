# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The command `photonic explain`."""

from __future__ import annotations

import re
import textwrap
from typing import List, Optional

import typer

from . import glossary
from .machines import target as load_target

WIDTH = 100


def explain_command(
    names: List[str] = typer.Argument(
        ..., metavar="NAME...",
        help="A counter, a component of energy, a part of the area, an instruction, or a field of "
        "an instruction, a target or a report.",
    ),
    target: str = typer.Option(
        "mirage", metavar="NAME|FILE", help="Whose fields and values to explain."
    ),
    set_: Optional[List[str]] = typer.Option(
        None, "--set", metavar="FIELD=VALUE", help="Change a field of the target."
    ),
) -> None:
    """Say what a name in a report, a target or a program means, in what unit."""
    machine = load_target(target, set_)
    # All are looked up before the first is printed.
    found = [entry for name in names for entry in glossary.explain(name, machine)]
    explained = {entry.name for entry in found}
    parts = [part for name in names for part in glossary.list_below(name, machine)
             if part not in explained]
    for entry in found:
        unit = f" [{entry.unit}]" if entry.unit else ""
        print(f"{entry.name}{unit}: {entry.kind}")
        for text in (entry.definition, *entry.notes):
            # Those of the specification, which the declarations stand in.
            text = re.sub(r"\bsection (\d+(\.\d+)*)", r"docs/isa.md, section \1", text)
            print(textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="    "))
    if parts:
        print(textwrap.fill("with parts: " + ", ".join(parts), WIDTH, subsequent_indent="  "))
