# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The command `photonic report`."""

from __future__ import annotations

import typer

from . import files, show
from .cli_common import make_console


def report_command(path: str = typer.Argument(..., metavar="FILE.json")) -> None:
    """Print a report that was written as JSON."""
    show.print_report(path, files.read_report(path), make_console())
