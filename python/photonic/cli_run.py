# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The command `photonic run`."""

from __future__ import annotations

import os
import re
from typing import Any, List, Optional, Tuple

import typer

from . import executable, files
from .cli_common import SetOption, make_console
from .errors import InputError
from .executable import Executable
from .machines import find_file


def _read_inputs(exe: Executable, arguments: List[str]) -> dict[str, Any]:
    """Raises InputError, also if there are none."""
    arrays = files.read_inputs(arguments, [t.name for t in exe.inputs])
    if exe.inputs and not arrays:
        raise InputError(
            "the program needs data: give --input NAME=FILE.npy for "
            + ", ".join(f"'{t.name}' {t.dtype}{list(t.shape)}" for t in exe.inputs)
            + ", or --timing-only to compute time and energy without"
        )
    return arrays


def _read_counts(arguments: List[str]) -> dict[str, int]:
    """Arguments NAME=NUMBER. Raises InputError."""
    counts: dict[str, int] = {}
    for argument in arguments:
        # Names may hold any character, numbers no '='.
        name, _, number = argument.rpartition("=")
        if "=" not in argument or not re.fullmatch(r"-?[0-9]{1,19}", number):
            raise InputError(
                f"--count: expected NAME=NUMBER with a whole number, found '{argument}'"
            )
        if name in counts:
            raise InputError(f"--count: '{name}' is given twice")
        counts[name] = int(number)
    return counts


def _assume_counts(exe: Executable, arguments: List[str]) -> None:
    """Arguments NAME=NUMBER. Raises InputError."""
    counts = _read_counts(arguments)
    try:
        exe.assume_counts(counts)
    except InputError as error:
        # Of a Python caller's argument, which is another option's name here.
        raise InputError(f"--count: {str(error).removeprefix('counts: ')}") from error


def _check_run_outputs(
    exe: Executable,
    reads: List[str],
    folder: Optional[str],
    writes: List[Tuple[str, Optional[str]]],
) -> None:
    """Before anything is computed. Raises InputError and OutputError."""
    if folder is not None:
        files.make_folder(files.to_path(folder, "--output-dir"))
        for tensor in exe.outputs:
            path = files.get_output_path(folder, tensor.name)
            writes.append((f"output '{tensor.name}'", path))
    files.check_outputs(reads, writes)


def run_command(
    program: str = typer.Argument(..., metavar="MODEL.phx"),
    input: Optional[List[str]] = typer.Option(
        None, metavar="NAME=FILE.npy|FILE.npz", help="Input arrays; may be repeated."
    ),
    labels: Optional[str] = typer.Option(
        None, metavar="FILE.npy", help="Class numbers: adds accuracy."
    ),
    output_dir: Optional[str] = typer.Option(
        None, metavar="DIR", help="Writes each output to DIR/NAME.npy."
    ),
    report: Optional[str] = typer.Option(None, metavar="FILE.json", help="Report as JSON."),
    trace: Optional[str] = typer.Option(
        None, metavar="FILE.json", help="Timeline for ui.perfetto.dev."
    ),
    target: Optional[str] = typer.Option(
        None, metavar="NAME|FILE", help="Default: the one the program was compiled for."
    ),
    set_: Optional[List[str]] = SetOption,
    timing_only: bool = typer.Option(False, help="Time and energy without data."),
    count: Optional[List[str]] = typer.Option(
        None,
        metavar="NAME=NUMBER",
        help="With --timing-only: lets the program find NUMBER wherever it counts NAME, one "
        "of its count registers; may be repeated.",
    ),
    fp32: bool = typer.Option(
        False,
        help="Products in FP32; time and energy do not change unless they follow counts, "
        "which may differ.",
    ),
    compare: bool = typer.Option(
        True, help="Also compute in FP32, for signal-to-noise ratios; takes as long again."
    ),
    executor: str = typer.Option("fast", metavar="fast|reference"),
    timing: str = typer.Option("closed", metavar="closed|stepped"),
    threads: Optional[int] = typer.Option(None, help="Host threads (default: all)."),
    quiet: bool = typer.Option(False, help="Print no report."),
) -> None:
    """Execute a program file and report time, energy and accuracy."""
    # Also where nothing is executed or reported that they would matter for.
    executable.check_options(executor, threads)
    executable.is_stepped(timing)
    exe = executable.load(program, target, set_)
    given = (input, labels, output_dir is not None, fp32)
    if timing_only and any(given):
        raise InputError(
            "--timing-only executes nothing, so --input, --labels, --output-dir and "
            "--fp32 have no meaning; leave it out, or leave them out"
        )
    if count and not timing_only:
        raise InputError(
            "--count assumes what an execution finds out; add --timing-only, or leave it out"
        )
    if count:
        _assume_counts(exe, count)
    arrays = {} if timing_only else _read_inputs(exe, input or [])
    known = None if labels is None else files.read_array(labels)
    _check_run_outputs(
        exe, [program, find_file(target) if target else "", *files.list_inputs(input or []), labels or ""],
        output_dir, [("--report", report), ("--trace", trace)],
    )
    if not timing_only:
        outputs = exe.run(
            arrays, threads=threads, executor=executor, fp32=fp32,
            compare=compare and (report is not None or not quiet),
        )
        if known is not None:
            exe.measure(known)
        if output_dir is not None:
            files.write_outputs(outputs, output_dir)
    if report is not None:
        files.write_json(exe.report(timing=timing), report)
    if trace is not None:
        exe.timeline(trace, timing=timing)
    if not quiet:
        console = make_console()
        color = console.is_terminal and "NO_COLOR" not in os.environ
        print(exe.report_text(console.width, color, timing=timing), end="")
