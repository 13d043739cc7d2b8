# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The command `photonic`: its commands put together, and how it ends."""

from __future__ import annotations

import os
import warnings

import typer

from . import (
    cli_compile,
    cli_diff,
    cli_explain,
    cli_report,
    cli_run,
    cli_targets,
    cli_train,
    compiler,
    streams,
)
from .command import INTERRUPTED
from .errors import CompileError, CompileWarning, Error
from .version import __version__

app = typer.Typer(
    help="Compile neural networks for photonic accelerators and run them.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("compile")(cli_compile.compile_command)
app.command("run")(cli_run.run_command)
app.command("train")(cli_train.train_command)
app.command("report")(cli_report.report_command)
app.command("diff")(cli_diff.diff_command)
app.command("explain")(cli_explain.explain_command)
app.add_typer(cli_targets.app, name="targets")


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


def _print_warning(message, category, *ignored) -> None:
    kind = "" if issubclass(category, CompileWarning) else "warning: "
    first, *others = str(message).splitlines() or [""]
    streams.say(f"photonic: {kind}{first}")
    for line in others:
        # Each line of the compiler is a message of its own.
        streams.say(f"photonic: {line}" if not kind else f"  {line.strip()}")


def _print_error(error: Error) -> None:
    messages = [("error", str(error) or "unknown error")]
    if isinstance(error, CompileError):
        messages = list(error.messages)
    for severity, text in messages:
        first, *others = text.splitlines() or [""]
        streams.say(f"photonic: {severity}: {first}")
        for line in others:
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
    compiler.speak_to_command_line()
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
