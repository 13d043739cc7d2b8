# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The command `photonic`: the Python API at the command line."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Any, List, Optional, Tuple

import typer
from rich.console import Console

from . import cli_explain, cli_train, compiler, executable, files, show, streams
from .command import INTERRUPTED
from .errors import CompileError, CompileWarning, Error, InputError
from .executable import Executable
from .machines import target as load_target
from .machines import targets
from .version import __version__

app = typer.Typer(
    help="Compile neural networks for photonic accelerators and run them.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
targets_app = typer.Typer(help="The machines that are known, and every value of them.")
app.add_typer(targets_app, name="targets")

SetOption = typer.Option(
    None, "--set", metavar="FIELD=VALUE", help="Change a field of the target."
)


#: Columns.
_NARROWEST = 40


def _console() -> Console:
    # A pipe has no width; tables must not be squeezed into 80 columns there, and
    # nowhere into so few that words become columns of letters.
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 120
    console = Console(width=width, soft_wrap=False)
    return console if console.width >= _NARROWEST else Console(width=_NARROWEST)


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


@app.command("compile")
def compile_command(
    model: str = typer.Argument(..., metavar="MODEL.onnx"),
    output: Optional[str] = typer.Option(
        None, "-o", "--output", metavar="MODEL.phx", help="Default: beside the model."
    ),
    target: str = typer.Option("mirage", metavar="NAME|FILE", help="The machine."),
    batch: Optional[int] = typer.Option(
        None, help="Samples in one run: the extent of open first dimensions."
    ),
    dim: Optional[List[str]] = typer.Option(
        None,
        "--dim",
        metavar="NAME=N|INPUT:AXIS=N",
        help="Extent of another open dimension, by name or by input and number.",
    ),
    shape: Optional[List[str]] = typer.Option(
        None,
        "--shape",
        metavar="INPUT=N,N,...",
        help="All extents of an input whose number of dimensions the model leaves open.",
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
    path = output
    if path is None:
        path = os.path.splitext(model)[0] + ".phx"
    exe = compiler.compile(
        model,
        target,
        batch=batch,
        dims=parse_dims(dim or []),
        shapes=parse_shapes(shape or []),
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
    if exe.training is not None:
        streams.say(f"photonic: {exe.training}")
    print(path)


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
    given = (input, labels, output_dir is not None, fp32)
    if timing_only and any(given):
        raise InputError(
            "--timing-only executes nothing, so --input, --labels, --output-dir and "
            "--fp32 have no meaning; leave it out, or leave them out"
        )
    arrays = {} if timing_only else _read_inputs(exe, input or [])
    known = None if labels is None else files.read_array(labels)
    _check_run_outputs(
        exe, [program, target or "", *files.list_inputs(input or []), labels or ""],
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
    show.print_report(path, files.read_report(path), _console())


app.command("train")(cli_train.train_command)
app.command("explain")(cli_explain.explain_command)


def _print_warning(message, category, *ignored) -> None:
    kind = "" if issubclass(category, CompileWarning) else "warning: "
    first, *others = str(message).splitlines() or [""]
    streams.say(f"photonic: {kind}{first}")
    for line in others:
        # Each line of the compiler is a message of its own.
        streams.say(f"photonic: {line}" if not kind else f"  {line.strip()}")


def _print_error(error: Error) -> None:
    first, *others = str(error).splitlines() or ["unknown error"]
    streams.say(f"photonic: error: {first}")
    for line in others:
        # Further messages of the compiler; continuation lines of all others.
        if isinstance(error, CompileError):
            kind = "" if line.startswith(("note: ", "warning: ")) else "error: "
            streams.say(f"photonic: {kind}{line}")
        else:
            streams.say(f"  {line.strip()}")


def _print_usage_error(error: Exception) -> None:
    """What the argument parser refuses."""
    text = error.format_message().rstrip(".")
    streams.say(f"photonic: error: {text}; 'photonic --help' lists what there is")
    context = getattr(error, "ctx", None)
    if context is not None:
        streams.say(context.get_usage())


def _explain(error: BaseException) -> int:
    """Says what went wrong; the exit code. Raises what is a mistake of ours if
    $PHOTONIC_TRACEBACK is set."""
    if isinstance(error, (KeyboardInterrupt, typer.Abort)):
        streams.say("photonic: interrupted")
        return INTERRUPTED
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 1
    if isinstance(error, Error):
        _print_error(error)
    elif hasattr(error, "format_message"):
        _print_usage_error(error)
    elif isinstance(error, MemoryError):
        # NumPy says how much it asked for.
        reason = f" ({error})" if str(error) else ""
        streams.say(
            f"photonic: error: there is not enough memory{reason}; use fewer samples or a "
            "smaller --batch"
        )
    elif isinstance(error, OSError):
        where = "" if error.filename is None else f" '{os.fsdecode(error.filename)}'"
        streams.say(f"photonic: error: cannot use{where}: {error.strerror or error}")
    elif os.environ.get("PHOTONIC_TRACEBACK"):
        raise error
    else:
        text = " ".join(str(error).split())
        streams.say(
            f"photonic: error: internal error, {type(error).__name__}: {text}; please "
            "report it, with what PHOTONIC_TRACEBACK=1 in the environment shows"
        )
    return 1


def main() -> int:
    """Exit code 0: done; 1: an error, explained; 130: interrupted; 143: terminated
    in training."""
    warnings.showwarning = _print_warning
    try:
        code = app(prog_name="photonic", standalone_mode=False)
        streams.flush_output()
    except BaseException as error:
        code = _explain(error)
        try:
            streams.flush_output()
        except (Error, OSError):
            streams.discard_output()
        return code
    # Some versions of the argument parser turn Ctrl-C into this code.
    if code == INTERRUPTED:
        streams.say("photonic: interrupted")
    return code if isinstance(code, int) else 0
