# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The command `photonic diff`."""

from __future__ import annotations

import json
from typing import List, Optional

import typer

from . import diff_inputs, differences, show_diff
from .cli_common import SetOption, make_console
from .errors import InputError


def diff_command(
    a: str = typer.Argument(..., metavar="A"),
    b: str = typer.Argument(..., metavar="B"),
    sort: Optional[str] = typer.Option(
        None, metavar="|".join(differences.SORTS),
        help="What layers are sorted by: the largest change comes first. Default: latency.",
    ),
    all_: bool = typer.Option(False, "--all", help="Also show what does not differ."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
    static: bool = typer.Option(
        False, "--static", help="Of programs: compute no time and energy."
    ),
    target: Optional[str] = typer.Option(
        None, metavar="NAME|FILE",
        help="Of programs: what to time them on. Default: the target of each.",
    ),
    set_: Optional[List[str]] = SetOption,
) -> None:
    """Say what differs between two reports, two programs or two IR files.

    Exit code 0: compared, whatever differs. 1: a file or an option is wrong."""
    if static and (target is not None or set_):
        raise InputError(
            "--static computes no time and energy, so --target and --set have no meaning; "
            "leave it out, or leave them out"
        )
    kind = diff_inputs.detect(a)
    if kind != "program" and (static or target is not None or set_):
        raise InputError(
            f"--static, --target and --set are for programs, found '{a}', which is "
            f"{diff_inputs.ARTICLES[kind]}; leave them out"
        )
    timing = None if static else diff_inputs.Timing(target, set_)
    documents = diff_inputs.read(a, b, timing)
    result = differences.compare(*documents, sort=sort, keep_same=all_)
    if as_json:
        print(json.dumps(result.to_json(), indent=2))
    else:
        show_diff.print_difference(result, all_, make_console())
