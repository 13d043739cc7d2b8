# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The command `photonic`: the Python API at the command line."""

from __future__ import annotations

import json
import os
import sys
import warnings
from typing import List, Optional

import typer
from rich.console import Console

from . import cli_train, compiler, executable, files, show
from .errors import CompileError, CompileWarning, Error, InputError
from .machines import target as load_target
from .machines import targets
from .version import __version__

app = typer.Typer(
    help="Compile neural networks for photonic accelerators and run them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
targets_app = typer.Typer(
    help="The machines that are known, and every value of them.", no_args_is_help=True
)
app.add_typer(targets_app, name="targets")

SetOption = typer.Option(
    None, "--set", metavar="FIELD=VALUE", help="Change a field of the target."
)


def _console() -> Console:
    # A pipe has no width; tables must not be squeezed into 80 columns there.
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 120
    return Console(width=width, soft_wrap=False)


def _show_version(value: bool) -> None:
    if value:
        print(f"photonic {__version__}")
        raise typer.Exit()


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Print the version."
    ),
) -> None:
    pass


def parse_dims(dims: List[str]) -> dict[str, int]:
    """Arguments of --dim. Raises InputError."""
    sizes = {}
    for text in dims:
        name, found, value = text.rpartition("=")
        if not found or not name or not value.isdecimal():
            raise InputError(f"--dim: expected NAME=N with N at least 1, found '{text}'")
        sizes[name] = int(value)
    return sizes


@app.command("compile")
def compile_command(
    model: str = typer.Argument(..., metavar="MODEL.onnx"),
    output: Optional[str] = typer.Option(
        None, "-o", "--output", metavar="MODEL.phx", help="Default: beside the model."
    ),
    target: str = typer.Option("mirage", metavar="NAME|FILE", help="The machine."),
    batch: Optional[int] = typer.Option(None, help="Size of a symbolic batch."),
    dim: Optional[List[str]] = typer.Option(
        None, "--dim", metavar="NAME=N", help="Size of another symbolic dimension."
    ),
    format: Optional[str] = typer.Option(
        None, metavar="bfp:M:G|fp32", help="Number format (default: the target's)."
    ),
    dataflow: str = typer.Option("auto", metavar="auto|df1|df2"),
    memory: str = typer.Option("ideal", metavar="ideal|hierarchy"),
    set_: Optional[List[str]] = SetOption,
    train: bool = typer.Option(False, "--train", help="Compile a training step."),
    loss: Optional[str] = typer.Option(
        None, metavar="cross_entropy|mse", help="Default: the loss in the model."
    ),
    loss_output: Optional[str] = typer.Option(
        None, metavar="NAME", help="Output of the model that the loss looks at, or that is it."
    ),
    optimizer: Optional[str] = typer.Option(
        None,
        metavar="sgd:...|adam:...|FILE.onnx",
        help="How parameters change, e.g. sgd:lr=0.01,momentum=0.9.",
    ),
    freeze: Optional[str] = typer.Option(
        None, metavar="REGEX", help="Parameters that training leaves as they are."
    ),
    learn: Optional[str] = typer.Option(
        None, metavar="REGEX", help="Constants to train beside weights of layers."
    ),
    emit_gradients: bool = typer.Option(
        False, "--emit-gradients", help="An output PARAMETER.grad for each parameter."
    ),
    recompute: Optional[str] = typer.Option(
        None, metavar="NODE,...", help="Nodes that the backward pass computes again."
    ),
    mutable_parameters: bool = typer.Option(
        False, "--mutable-parameters", help="The forward pass of a network in training."
    ),
) -> None:
    """Compile an ONNX model to a program file."""
    path = output or os.path.splitext(os.path.basename(model))[0] + ".phx"
    if output is None:
        path = os.path.join(os.path.dirname(model), path)
    compiler.compile(
        model,
        target,
        batch=batch,
        dims=parse_dims(dim or []),
        format=format,
        dataflow=dataflow,
        memory=memory,
        set=set_,
        output=path,
        train=train,
        loss=loss,
        loss_output=loss_output,
        optimizer=optimizer,
        freeze=freeze,
        learn=learn,
        emit_gradients=emit_gradients,
        recompute=[n for n in (recompute or "").split(",") if n],
        mutable_parameters=mutable_parameters,
    )
    print(path)


@app.command("run")
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
    fp32: bool = typer.Option(False, help="Products in FP32; time does not change."),
    compare: bool = typer.Option(
        True, help="Also compute in FP32, for signal-to-noise ratios; takes as long again."
    ),
    executor: str = typer.Option("fast", metavar="fast|reference"),
    timing: str = typer.Option("closed", metavar="closed|stepped"),
    threads: Optional[int] = typer.Option(None, help="Host threads (default: all)."),
    quiet: bool = typer.Option(False, help="Print no report."),
) -> None:
    """Execute a program file and report time, energy and accuracy."""
    exe = executable.load(program, target, set_)
    if timing_only and (input or labels or output_dir or fp32):
        raise InputError(
            "--timing-only executes nothing, so --input, --labels, --output-dir and "
            "--fp32 have no meaning; leave it out, or leave them out"
        )
    if not timing_only:
        arrays = files.read_inputs(input or [], [t.name for t in exe.inputs])
        if exe.inputs and not arrays:
            raise InputError(
                "the program needs data: give --input NAME=FILE.npy for "
                + ", ".join(f"'{t.name}' {t.dtype}{list(t.shape)}" for t in exe.inputs)
                + ", or --timing-only to compute time and energy without"
            )
        options = {
            "threads": threads,
            "executor": executor,
            "fp32": fp32,
            "compare": compare and bool(report or not quiet),
        }
        known = None if labels is None else files.read_array(labels)
        outputs = exe.run(arrays, **options)
        if known is not None:
            exe.measure(known)
        if output_dir:
            files.write_outputs(outputs, output_dir)
    if report:
        files.write_json(exe.report(timing=timing), report)
    if trace:
        exe.timeline(trace, timing=timing)
    if not quiet:
        console = _console()
        color = console.is_terminal and "NO_COLOR" not in os.environ
        print(exe.report_text(console.width, color, timing=timing), end="")


@targets_app.command("list")
def targets_list() -> None:
    """List the known targets."""
    for name in targets():
        description = load_target(name).description
        print(f"{name:16} {description}")


@targets_app.command("show")
def targets_show(
    name: str = typer.Argument(..., metavar="NAME|FILE"),
    set_: Optional[List[str]] = SetOption,
) -> None:
    """Show every value of a target with its unit and source."""
    show.print_target(load_target(name, set_), _console())


@app.command("report")
def report_command(path: str = typer.Argument(..., metavar="FILE.json")) -> None:
    """Print a report that was written as JSON."""
    try:
        with open(path, encoding="utf-8") as file:
            report = json.load(file)
        if not isinstance(report, dict) or report.get("schema_version") != 1:
            raise InputError(
                f"'{path}' is not a report of schema version 1; photonic-run --report "
                "writes them"
            )
    except OSError as error:
        raise InputError(f"cannot read '{path}': {error.strerror}") from error
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"'{path}' is not JSON: {error}") from error
    show.print_report(report, _console())


app.command("train")(cli_train.train_command)


def _print_warning(message, category, *ignored) -> None:
    kind = "" if issubclass(category, CompileWarning) else "warning: "
    print(f"photonic: {kind}{message}", file=sys.stderr)


def _print_error(error: Error) -> None:
    first, *others = str(error).splitlines() or ["unknown error"]
    print(f"photonic: error: {first}", file=sys.stderr)
    for line in others:
        # Further messages of the compiler; continuation lines of all others.
        if isinstance(error, CompileError):
            kind = "" if line.startswith(("note: ", "warning: ")) else "error: "
            print(f"photonic: {kind}{line}", file=sys.stderr)
        else:
            print(f"  {line.strip()}", file=sys.stderr)


def main() -> int:
    """Exit code 0: done; 1: an error, explained; 2: usage; 130: interrupted; 143:
    terminated in training."""
    warnings.showwarning = _print_warning
    try:
        code = app(standalone_mode=False)
        # Some versions of the argument parser turn Ctrl-C into this code.
        if code == 130:
            print("photonic: interrupted", file=sys.stderr)
        return code if isinstance(code, int) else 0
    except Error as error:
        _print_error(error)
        return 1
    except (KeyboardInterrupt, typer.Abort):
        print("photonic: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        # Usage errors of the argument parser.
        if not hasattr(error, "format_message"):
            raise
        print(f"photonic: error: {error.format_message()}", file=sys.stderr)
        return getattr(error, "exit_code", 2)
