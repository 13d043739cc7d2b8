# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The command `photonic train`."""

from __future__ import annotations

import os
import re
from typing import Any, List, Optional

import typer

from . import files
from .errors import InputError
from .history import History
from .progress import describe_epoch
from .show import si
from .trainer import Trainer


def _parse_schedule(entries: List[str]) -> dict[int, float]:
    schedule = {}
    for entry in ",".join(entries).split(","):
        match = re.fullmatch(r"\s*(\d+)=([0-9.eE+-]+)\s*", entry)
        try:
            epoch, factor = int(match[1]), float(match[2])
        except (TypeError, ValueError):
            raise InputError(
                f"--schedule: expected EPOCH=FACTOR, for instance 15=0.1, found '{entry}'"
            ) from None
        if epoch in schedule:
            raise InputError(f"--schedule: epoch {epoch} is given twice; give it once")
        schedule[epoch] = factor
    return schedule


def _read_data(
    inputs: List[str], labels: Optional[str], trainer: Trainer, prefix: str
) -> tuple[dict[str, Any], Any]:
    """Arrays of the model's inputs, and labels, which an archive may hold too."""
    names = [tensor.name for tensor in trainer.inputs]
    arrays = files.read_inputs(inputs, names)
    if labels is not None:
        return arrays, files.read_array(labels)
    if "labels" not in arrays or "labels" in names:
        raise InputError(
            f"no labels: give --{prefix}labels FILE.npy, or an archive with an array "
            "'labels'"
        )
    return arrays, arrays.pop("labels")


def _check_output(option: str, path: Optional[str]) -> None:
    """What is written after hours should not fail for a slip in a path."""
    folder = os.path.dirname(path or "") or "."
    if path is not None and (os.path.isdir(path) or not os.path.isdir(folder)):
        raise InputError(
            f"{option}: '{path}' is not the path of a file in an existing directory"
        )


def _print_summary(history: History, trainer: Trainer) -> None:
    one, whole = trainer.program.cost, history.get_cost(history.epochs)
    print(
        f"one step: {si(one[0] * 1e-9, 's')}, {si(one[1] * 1e-12, 'J')}; "
        f"{len(history)} steps: {si(whole.latency_ns * 1e-9, 's')}, "
        f"{si(whole.energy_pj * 1e-12, 'J')} (simulated)"
    )


def train_command(
    model: str = typer.Argument(..., metavar="MODEL.onnx"),
    input: List[str] = typer.Option(
        ..., metavar="NAME=FILE.npy|FILE.npz", help="Samples; may be repeated."
    ),
    labels: Optional[str] = typer.Option(
        None, metavar="FILE.npy", help="Default: 'labels' of the archive."
    ),
    epochs: int = typer.Option(1, help="How often to go through the samples."),
    batch: int = typer.Option(32, help="Samples per step."),
    loss: str = typer.Option("cross_entropy", metavar="cross_entropy|mse"),
    loss_output: Optional[str] = typer.Option(
        None, metavar="NAME", help="Output that the loss looks at, if there are several."
    ),
    optimizer: str = typer.Option(
        "sgd:lr=0.01",
        metavar="sgd:lr=R[,momentum=M][,weight_decay=D]|adam:lr=R",
        help="Optimizer with its parameters.",
    ),
    schedule: Optional[List[str]] = typer.Option(
        None,
        metavar="EPOCH=FACTOR",
        help="From this epoch on (counted from 0) the rate is multiplied; repeatable.",
    ),
    shuffle: bool = typer.Option(True, help="Each epoch in another order."),
    seed: int = typer.Option(0, help="Of the order and of random numbers."),
    validation_input: Optional[List[str]] = typer.Option(
        None, metavar="NAME=FILE.npy|FILE.npz", help="Evaluated after each epoch."
    ),
    validation_labels: Optional[str] = typer.Option(None, metavar="FILE.npy"),
    checkpoint: Optional[str] = typer.Option(
        None, metavar="FILE", help="Continues it if it exists; written as it goes."
    ),
    checkpoint_every: Optional[int] = typer.Option(
        None, metavar="STEPS", help="Default: after each epoch."
    ),
    export: Optional[str] = typer.Option(
        None, metavar="TRAINED.onnx", help="The model with trained parameters."
    ),
    history: Optional[str] = typer.Option(
        None, metavar="FILE.json", help="Loss, accuracy, time and energy of each step."
    ),
    report: Optional[str] = typer.Option(
        None, metavar="FILE.json", help="Report of one step as JSON."
    ),
    target: str = typer.Option("mirage", metavar="NAME|FILE", help="The machine."),
    format: Optional[str] = typer.Option(
        None, metavar="bfp:M:G[:ROUNDING]|fp32", help="Default: the target's."
    ),
    freeze: Optional[str] = typer.Option(
        None, metavar="REGEX", help="Parameters that stay as they are."
    ),
    recompute: Optional[str] = typer.Option(
        None, metavar="NODE,...", help="Nodes to compute again instead of keeping."
    ),
    dim: Optional[List[str]] = typer.Option(
        None, metavar="NAME=N", help="Size of another symbolic dimension."
    ),
    dataflow: str = typer.Option("auto", metavar="auto|df1|df2"),
    memory: str = typer.Option("ideal", metavar="ideal|hierarchy"),
    set_: Optional[List[str]] = typer.Option(
        None, "--set", metavar="FIELD=VALUE", help="Change a field of the target."
    ),
    executor: str = typer.Option("fast", metavar="fast|reference"),
    threads: Optional[int] = typer.Option(None, help="Host threads (default: all)."),
    quiet: bool = typer.Option(False, help="Print nothing."),
) -> None:
    """Train a model on the simulated machine.

    Ctrl-C finishes the step, writes the checkpoint and exits with 130; the same
    command continues.
    """
    from .cli import parse_dims

    for option, path in (("--export", export), ("--history", history), ("--report", report)):
        _check_output(option, path)
    factors = _parse_schedule(schedule) if schedule else None
    trainer = Trainer(
        model, target, loss=loss, optimizer=optimizer, batch=batch, format=format,
        freeze=freeze, recompute=[n for n in (recompute or "").split(",") if n],
        loss_output=loss_output, dims=parse_dims(dim or []),
        dataflow=dataflow, memory=memory, set=set_, threads=threads, executor=executor,
    )
    x, y = _read_data(input, labels, trainer, "")
    validation = None
    if validation_input:
        validation = _read_data(
            validation_input, validation_labels, trainer, "validation-"
        )
    elif validation_labels:
        raise InputError("--validation-labels without --validation-input; give both")
    done = trainer.fit(
        x, y, epochs, shuffle=shuffle, seed=seed, schedule=factors,
        validation=validation, checkpoint=checkpoint, checkpoint_every=checkpoint_every,
        progress=False if quiet else None,
        on_epoch=None if quiet else lambda h: print(describe_epoch(h, epochs), flush=True),
    )
    if export:
        trainer.export(export)
    if history:
        done.save(history)
    if report:
        files.write_json(trainer.report(), report)
    if not quiet:
        _print_summary(done, trainer)
