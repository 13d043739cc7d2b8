# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What can go wrong. Every message says what was expected, found, and to do."""

from __future__ import annotations

from collections.abc import Iterable


class Error(Exception):
    """Base class of everything this package raises on purpose."""


class CompileError(Error):
    """The model cannot be compiled. The text carries all messages of the compiler,
    errors first."""

    def __init__(self, text: str, messages: Iterable[tuple[str, str]] = ()):
        super().__init__(text)
        #: Severity ("error", "warning", "note") and text of each, as they came.
        self.messages = tuple(messages) or (("error", text),)


class ProgramError(Error):
    """A program file cannot be loaded, or not for this target."""


class TargetError(Error):
    """A target description is unknown or wrong."""


class InputError(Error, ValueError):
    """An argument or an input array has the wrong name, shape, type or value."""


class RunError(Error):
    """An execution stopped, for instance at a value that is not finite."""


class OutputError(Error):
    """A file cannot be written."""


class CheckpointInUseError(OutputError):
    """Another training run is writing this checkpoint."""


class CompileWarning(UserWarning):
    """The model was compiled, but the compiler has a remark."""


class TrainingWarning(UserWarning):
    """Training goes on, but something deserves attention."""


class LossWarning(TrainingWarning):
    """The training loss rises: the network forgets more than it learns."""
