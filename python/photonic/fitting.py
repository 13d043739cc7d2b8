# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The loop over epochs and steps: order, schedule, checkpoints, interrupts."""

from __future__ import annotations

import math
import numbers
import os
import re
import signal
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional

from . import checkpoint as checkpoints
from .errors import InputError, LossWarning, RunError, TrainingWarning
from .executable import check_flag
from .history import History
from .loss_watch import PAGE, find_rise
from .progress import Progress
from .training_data import Dataset, get_order

if TYPE_CHECKING:
    from .trainer import Trainer

#: Seeds are whole numbers that binary32 has.
_MAX_SEED = 2**24


def _is_whole(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


@dataclass(frozen=True)
class FitOptions:
    """Arguments of `Trainer.fit`."""

    epochs: int
    shuffle: bool
    seed: int
    schedule: dict[int, float]
    checkpoint: Optional[str]
    checkpoint_every: Optional[int]
    progress: Optional[bool]
    on_epoch: Optional[Callable[[History], None]] = None
    on_start: Optional[Callable[[History], None]] = None

    def check(self, samples: int, batch: int) -> None:
        """Raises InputError."""
        if not _is_whole(self.epochs) or self.epochs < 1:
            raise InputError(
                f"epochs: expected a whole number >= 1, found {self.epochs!r}"
            )
        if not _is_whole(self.seed) or not 0 <= self.seed < _MAX_SEED:
            raise InputError(
                f"seed: expected a whole number from 0 to {_MAX_SEED - 1}, found "
                f"{self.seed!r}"
            )
        for epoch, factor in self.schedule.items():
            if not _is_whole(epoch) or epoch < 0 or not _is_factor(factor):
                raise InputError(
                    "schedule: expected {epoch: factor} with epochs counted from 0 and "
                    f"finite factors > 0, found {{{epoch!r}: {factor!r}}}"
                )
        check_flag("shuffle", self.shuffle)
        if self.progress is not None:
            check_flag("progress", self.progress)
        for name in ("on_epoch", "on_start"):
            function = getattr(self, name)
            if function is not None and not callable(function):
                raise InputError(f"{name}: expected a function, found {function!r}")
        self._check_checkpoint()
        if samples < batch:
            raise InputError(
                f"a step takes {batch} samples, and the data set has {samples}; expected "
                f"at least one batch: use batch={samples} or less"
            )

    def _check_checkpoint(self) -> None:
        every = self.checkpoint_every
        if every is not None and (not _is_whole(every) or every < 1):
            raise InputError(
                f"checkpoint_every: expected a whole number of steps >= 1, found {every!r}"
            )
        if every is not None and self.checkpoint is None:
            raise InputError(
                "checkpoint_every: there is no checkpoint; give the path of one as well"
            )
        if self.checkpoint is None:
            return
        path, problem = self.checkpoint, None
        if os.path.isdir(path):
            problem = "is a directory"
        elif os.path.exists(path) and not os.path.isfile(path):
            problem = "is a device or a pipe"
        elif not os.path.isdir(os.path.dirname(path) or "."):
            problem = "has no directory"
        if problem:
            raise InputError(
                f"checkpoint: '{path}' {problem}; expected the path of a file in an "
                "existing directory"
            )


def _is_factor(value: Any) -> bool:
    return isinstance(value, numbers.Real) and 0 < value < math.inf


class _Interrupts:
    """Ctrl-C and SIGTERM ask to stop after the step; another one stops at once."""

    def __init__(self) -> None:
        self._requested: Optional[int] = None
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> "_Interrupts":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._previous.items():
            # None: a handler that Python did not install.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def _handle(self, number: int, frame: Any) -> None:
        if self._requested is not None:
            self.stop()
        self._requested = number

    @property
    def requested(self) -> bool:
        return self._requested is not None

    def stop(self) -> None:
        """Raises what the first signal means."""
        if self._requested == signal.SIGTERM:
            raise SystemExit(128 + signal.SIGTERM)
        raise KeyboardInterrupt


class Fit:
    """One call of `Trainer.fit`."""

    def __init__(
        self,
        trainer: "Trainer",
        data: Dataset,
        validation: Optional[Dataset],
        options: FitOptions,
    ):
        self.trainer = trainer
        self.program = trainer.program
        self.data = data
        self.validation = validation
        self.options = options
        self.steps_per_epoch = len(data) // trainer.batch
        self.cost = self.program.cost
        self.base_rate = self.program.learning_rate
        self.schedule = {
            int(epoch): float(factor)
            for epoch, factor in sorted(options.schedule.items())
        }
        self.settings: Optional[dict[str, Any]] = None
        #: Steps in the checkpoint.
        self.saved_steps: Optional[int] = None
        self.history = self._start()
        self.has_warned = False

    def _start(self) -> History:
        """Continues the checkpoint, or starts anew."""
        path = self.options.checkpoint
        if path is None or not os.path.exists(path):
            if self.program.seed is not None:
                self.program.seed = int(self.options.seed)
            return History(self.steps_per_epoch)
        found = checkpoints.read(path)
        checkpoints.check_settings(path, found.settings, self._get_settings())
        checkpoints.check_history(
            path, found.history, self.steps_per_epoch, self.validation is not None
        )
        self.program.write_state(found.state)
        self.saved_steps = len(found.history)
        return found.history

    def run(self) -> None:
        """To the last epoch, from wherever the history ends."""
        self._note_dropped()
        self._note_unreached()
        epochs = int(self.options.epochs)
        if self.options.on_start:
            self.options.on_start(self.history)
        try:
            with Progress(
                epochs, self.steps_per_epoch, self.options.progress
            ) as progress, _Interrupts() as interrupts:
                self.progress, self.interrupts = progress, interrupts
                if self._lacks_validation():
                    self._finish_epoch()
                while self.history.epochs < epochs:
                    self._run_epoch(self.history.epochs)
                    self._finish_epoch()
                self._save()
        finally:
            # The schedule is that of this call.
            if self.base_rate is not None and self.schedule:
                self.program.learning_rate = self.base_rate

    def _run_epoch(self, epoch: int) -> None:
        """The steps of an epoch that are not in the history."""
        self._set_rate(epoch)
        options, batch = self.options, self.trainer.batch
        order = get_order(len(self.data), options.shuffle, options.seed, epoch)
        for step in range(len(self.history) % self.steps_per_epoch, self.steps_per_epoch):
            self._take_step(self.data.take(order[step * batch : (step + 1) * batch]))
            every = options.checkpoint_every or self.steps_per_epoch
            if len(self.history) % every == 0:
                self._save()
            if step + 1 < self.steps_per_epoch or self._lacks_validation():
                self._stop_if_asked()

    def _finish_epoch(self) -> None:
        """Whoever is told about an epoch hears about each, also if this is the
        last before a stop."""
        if self._lacks_validation():
            self.history.validation.append(
                self.trainer.evaluate_dataset(self.validation)
            )
        if self.options.on_epoch:
            self.options.on_epoch(self.history)
        self._note_rise()
        self._stop_if_asked()

    def _lacks_validation(self) -> bool:
        """An epoch is complete but for its validation: also a run that was
        stopped in front of it begins so."""
        history = self.history
        complete = len(history) == history.epochs * self.steps_per_epoch
        if self.validation is None or not complete:
            return False
        return len(history.validation) < history.epochs

    def _take_step(self, batch: dict[str, Any]) -> None:
        try:
            loss, accuracy = self.trainer.take_step(batch)
        except RunError as error:
            raise RunError(self._explain(str(error))) from error
        history = self.history
        history.loss.append(loss)
        history.accuracy.append(accuracy)
        history.latency_ns.append(self.cost[0])
        history.energy_pj.append(self.cost[1])
        rate = self.program.learning_rate
        history.learning_rate.append(float("nan") if rate is None else rate)
        self.progress.show(history)

    def _explain(self, message: str) -> str:
        done, per_epoch = len(self.history), self.steps_per_epoch
        # Counted from the start of the process.
        message = re.sub(r"^step \d+: ", "", message)
        text = f"epoch {done // per_epoch + 1}, step {done % per_epoch + 1}: {message}"
        if self.saved_steps is not None:
            text += (
                f"; checkpoint '{self.options.checkpoint}' is that of {self.saved_steps} "
                "steps"
            )
        return text

    def _set_rate(self, epoch: int) -> None:
        if self.base_rate is None or not self.schedule:
            return
        rate = self.base_rate
        for first, factor in self.schedule.items():
            if first <= epoch:
                rate *= factor
        self.program.learning_rate = rate

    def _stop_if_asked(self) -> None:
        if self.interrupts.requested:
            self._save()
            self.interrupts.stop()

    def _save(self) -> None:
        path = self.options.checkpoint
        if path is None:
            return
        state = self.program.read_state()
        checkpoints.write(
            path,
            checkpoints.Checkpoint(self._get_settings(), state, self.history),
        )
        self.saved_steps = len(self.history)

    def _get_settings(self) -> dict[str, Any]:
        if self.settings is None:
            self.settings = {
                **self.trainer.describe(),
                "shuffle": bool(self.options.shuffle),
                "seed": int(self.options.seed),
                "learning rate": self.base_rate,
                "steps per epoch": self.steps_per_epoch,
                "schedule": self.schedule,
                "data": self.data.get_hash(),
                "validation": self.validation and self.validation.get_hash(),
            }
        return self.settings

    def _note_dropped(self) -> None:
        left = len(self.data) - self.steps_per_epoch * self.trainer.batch
        if left:
            which = "another" if self.options.shuffle else "the last"
            warnings.warn(
                f"{which} {left} of {len(self.data)} samples are left out of each epoch, "
                f"because they do not fill a batch of {self.trainer.batch}",
                TrainingWarning,
                stacklevel=4,
            )

    def _note_unreached(self) -> None:
        late = [epoch for epoch in self.schedule if epoch >= self.options.epochs]
        if late:
            warnings.warn(
                f"schedule: epoch {late[0]} is not reached: {self.options.epochs} epochs "
                "are counted from 0",
                TrainingWarning,
                stacklevel=4,
            )

    def _note_rise(self) -> None:
        """Once: who has read it does not want it again after each epoch."""
        rise = None if self.has_warned else find_rise(self.history)
        if rise is None:
            return
        self.has_warned = True
        format = self.trainer.program.report()["format"]
        remedy = "try a tenth of the learning rate"
        if format.startswith("bfp:") and not format.endswith((":nearest", ":stochastic")):
            rounded = f"{format.removesuffix(':trunc')}:nearest"
            remedy = (
                f"products in {format} are truncated, in which a network without "
                f"normalisation may learn nothing: try the format {rounded}, "
                "BatchNormalization behind each layer, or a tenth of the learning rate"
            )
        warnings.warn(f"{rise}; {remedy} ({PAGE})", LossWarning, stacklevel=5)
