# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The commands `photonic targets list` and `photonic targets show`."""

from __future__ import annotations

from typing import List, Optional

import typer

from . import show
from .cli_common import SetOption, make_console
from .machines import target as load_target
from .machines import targets

app = typer.Typer(help="The machines that are known, and every value of them.")


@app.command("list")
def targets_list() -> None:
    """List the known targets."""
    for name in targets():
        description = load_target(name).description
        print(f"{name:16} {description}")


@app.command("show")
def targets_show(
    name: str = typer.Argument(..., metavar="NAME|FILE"),
    set_: Optional[List[str]] = SetOption,
) -> None:
    """Show every value of a target with its unit and source."""
    show.print_target(load_target(name, set_), make_console())
