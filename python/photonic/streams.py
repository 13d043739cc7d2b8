# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Standard input, output and error of the command, in any state that a shell may
leave them: closed, full, a pipe that nobody reads, of a poor character set."""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import Any

from .errors import OutputError

_HANDLER = "photonic.readable"

#: What the command prints that is not ASCII, for terminals that have nothing else.
_PLAIN = {
    "µ": "u", "²": "2", "Ω": "Ohm", "·": "*", "×": "x", "±": "+-", "…": "...", "§": "sec. ",
}


def _spell(error: UnicodeError) -> tuple[str | bytes, int]:
    """Characters that the stream does not have; bytes of file names as they are."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    out = b""
    for character in error.object[error.start : error.end]:
        code = ord(character)
        if 0xDC80 <= code <= 0xDCFF:
            out += bytes([code - 0xDC00])
        else:
            plain = _PLAIN.get(character, character)
            out += plain.encode("ascii", "backslashreplace")
    return out, error.end


class _Output(io.FileIO):
    """The standard output. What goes wrong there is an error of the command, which
    no library on the way may take for one of its own and hide."""

    def write(self, data: Any) -> Any:
        try:
            return super().write(data)
        except OSError as error:
            raise OutputError(
                f"cannot write to the standard output: {error.strerror}"
            ) from error


def prepare() -> None:
    """Before anything is opened: a file that is opened while a standard stream is
    closed takes its place, and gets what is printed."""
    codecs.register_error(_HANDLER, _spell)
    # Writing to what is open for reading fails, as writing to what is closed does.
    for stream, mode in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(stream)
        except OSError:
            os.open(os.devnull, mode)
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_Output(1, "w", closefd=False)), encoding=encoding,
        errors=_HANDLER, line_buffering=os.isatty(1),
        write_through=getattr(sys.stdout, "write_through", False),
    )
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(errors=_HANDLER)


def say(text: str) -> None:
    """A line on stderr. If nobody can hear it, the exit code has to do."""
    try:
        print(text, file=sys.stderr, flush=True)
    except (OSError, ValueError):
        pass


def flush_output() -> None:
    """Raises OutputError if what was printed did not arrive."""
    if sys.stdout is not None:
        sys.stdout.flush()


def discard_output() -> None:
    """What could not be written is not tried again at exit."""
    if isinstance(getattr(sys.stdout, "buffer", None), io.BufferedWriter) and isinstance(
        sys.stdout.buffer.raw, _Output
    ):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
