# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The progress of a training run on a terminal."""

from __future__ import annotations

import sys
import time
from typing import Any, Optional

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from .history import History
from .show import si

#: Columns of a terminal from which on there is room for a part of the line; cut off in
#: the middle none would tell anything.
_FOR_ACCURACY, _FOR_TIME, _FOR_COST, _FOR_BAR = 50, 60, 92, 120
#: Steps over which loss and accuracy are averaged.
_WINDOW = 20


def describe_cost(history: History) -> str:
    """Simulated time and energy of all steps so far."""
    time = si(sum(history.latency_ns) * 1e-9, "s")
    energy = si(sum(history.energy_pj) * 1e-12, "J")
    return f"simulated {time}, {energy}"


def describe_epoch(history: History, epochs: int) -> str:
    """One line about the epoch that was completed last; epochs count from 1."""
    index = history.epochs - 1
    means = history.get_epoch(index)
    text = f"epoch {index + 1}/{epochs}  loss {means['loss']:.4f}"
    if means["accuracy"] == means["accuracy"]:
        text += f"  accuracy {100 * means['accuracy']:5.1f} %"
    if len(history.validation) > index:
        evaluation = history.validation[index]
        text += f"  validation loss {evaluation.loss:.4f}"
        if evaluation.accuracy is not None:
            text += f"  accuracy {100 * evaluation.accuracy:5.1f} %"
    return f"{text}  {describe_cost(history)}"


class Progress:
    """A bar if `shown`, by default if stderr is a terminal."""

    def __init__(self, epochs: int, steps_per_epoch: int, shown: Optional[bool]):
        self._epochs = epochs
        self._steps = steps_per_epoch
        self._bar: Any = None
        self._shown = 0.0
        if shown if shown is not None else sys.stderr.isatty():
            console = Console(stderr=True)
            self._width = console.width
            columns = [TextColumn("{task.description}")]
            if self._width >= _FOR_BAR:
                columns.append(BarColumn(bar_width=24))
            columns.append(TextColumn("{task.completed:.0f}/{task.total:.0f}"))
            if self._width >= _FOR_TIME:
                columns.append(TimeRemainingColumn())
            columns.append(TextColumn("{task.fields[values]}"))
            self._bar = Bar(*columns, console=console, transient=True)
            self._task = self._bar.add_task("", total=epochs * steps_per_epoch, values="")

    def __enter__(self) -> "Progress":
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar:
            self._bar.stop()

    def show(self, history: History) -> None:
        """After each step."""
        now = time.monotonic()
        if not self._bar or now - self._shown < 0.1:
            return
        self._shown = now
        values = ""
        if len(history):
            window = slice(-_WINDOW, None)
            losses, right = history.loss[window], history.accuracy[window]
            values = f"loss {sum(losses) / len(losses):.4f}"
            if right[-1] == right[-1] and self._width >= _FOR_ACCURACY:
                values += f"  accuracy {100 * sum(right) / len(right):.1f} %"
            if self._width >= _FOR_COST:
                values += f"  {describe_cost(history)}"
        epoch = min(self._epochs, len(history) // self._steps + 1)
        self._bar.update(
            self._task,
            completed=len(history),
            description=f"epoch {epoch}/{self._epochs}",
            values=values,
        )
