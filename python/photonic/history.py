# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What happened in a training run, step by step."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from typing import Any, Optional

from . import files


_MAY_BE_NAN = ("accuracy", "learning_rate")


@dataclass(frozen=True)
class Evaluation:
    """Of a network on labelled data."""

    #: Mean over the samples; computed by the host from the machine's outputs.
    loss: float
    #: Share of samples whose label has the largest score; None without classes.
    accuracy: Optional[float]
    samples: int


@dataclass(frozen=True)
class Milestone:
    """What it took to come this far: simulated time and energy of the steps."""

    epochs: int
    steps: int
    latency_ns: float
    energy_pj: float


@dataclass
class History:
    """One entry per step, and one evaluation per epoch."""

    steps_per_epoch: int = 0
    #: Of the batch, before the step's update.
    loss: list[float] = field(default_factory=list)
    #: Share of the batch whose label has the largest score, before the update;
    #: NaN if the loss has no classes.
    accuracy: list[float] = field(default_factory=list)
    #: Simulated, of the step.
    latency_ns: list[float] = field(default_factory=list)
    energy_pj: list[float] = field(default_factory=list)
    #: Of the step; NaN if the program has none.
    learning_rate: list[float] = field(default_factory=list)
    #: After each epoch, if `fit` was given validation data. Not in the costs.
    validation: list[Evaluation] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.loss)

    @property
    def epochs(self) -> int:
        """Epochs that are complete."""
        return len(self) // self.steps_per_epoch if self.steps_per_epoch else 0

    def get_epoch(self, index: int) -> dict[str, float]:
        """Means of loss and accuracy over the steps of an epoch, from 0."""
        steps = slice(index * self.steps_per_epoch, (index + 1) * self.steps_per_epoch)
        values = {"loss": self.loss[steps], "accuracy": self.accuracy[steps]}
        return {name: sum(v) / len(v) if v else float("nan") for name, v in values.items()}

    def get_cost(self, epochs: int) -> Milestone:
        """What the first `epochs` took."""
        steps = min(epochs * self.steps_per_epoch, len(self))
        return Milestone(
            epochs, steps, sum(self.latency_ns[:steps]), sum(self.energy_pj[:steps])
        )

    def reach(self, accuracy: float) -> Optional[Milestone]:
        """The cost up to the first epoch whose validation accuracy is at least
        `accuracy`; None if it was not reached."""
        for epoch, evaluation in enumerate(self.validation, start=1):
            if evaluation.accuracy is not None and evaluation.accuracy >= accuracy:
                return self.get_cost(epoch)
        return None

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it; NaN, which JSON does not have, becomes null."""
        value = asdict(self)
        for name in _MAY_BE_NAN:
            value[name] = [None if v != v else v for v in value[name]]
        for entry in value["validation"]:
            for name in ("loss", "accuracy"):
                if entry[name] != entry[name]:
                    entry[name] = None
        return value

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes JSON with the fields of this class. Raises OutputError."""
        files.write_json(self.to_dict(), files.to_path(path, "path"))

    @staticmethod
    def from_dict(value: dict[str, Any]) -> "History":
        """From what `to_dict` gave."""
        value = dict(value)
        for name in _MAY_BE_NAN:
            value[name] = [float("nan") if v is None else v for v in value[name]]
        value["validation"] = [_make_evaluation(e) for e in value["validation"]]
        return History(**value)


def _make_evaluation(entry: dict[str, Any]) -> Evaluation:
    loss, accuracy = entry["loss"], entry["accuracy"]
    return Evaluation(
        loss=float("nan") if loss is None else float(loss),
        accuracy=None if accuracy is None else float(accuracy),
        samples=int(entry["samples"]),
    )
