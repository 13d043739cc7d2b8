# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The command `photonic train`."""

from __future__ import annotations

import os
import re
from typing import Any, Callable, List, Optional

import typer

from . import files, locks, streams
from .cli_common import (
    DataflowOption,
    DimOption,
    FormatOption,
    FreezeOption,
    LearnOption,
    LossOutputOption,
    MemoryOption,
    RecomputeOption,
    SetOption,
    ShapeOption,
    StorageOption,
    TargetOption,
    split_names,
    to_words,
)
from .errors import Error, InputError, OutputError
from .history import History
from .machines import find_file
from .onnx_file import find_external
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


class _Printer:
    """Lines on stdout. A reader that is gone, or a full disk, ends no training: what
    has been learnt is still written, and the problem is told behind it."""

    def __init__(self, quiet: bool):
        self._silent = quiet
        self.problem: Optional[OutputError] = None

    def __call__(self, text: str) -> None:
        if self._silent:
            return
        try:
            print(text, flush=True)
        except OutputError as error:
            streams.discard_output()
            self._silent, self.problem = True, error


def _describe_start(history: History, checkpoint: Optional[str], epochs: int) -> str:
    """Where a run that is continued goes on."""
    steps = len(history)
    if history.epochs >= epochs:
        return (
            f"'{checkpoint}' is finished: {history.epochs} epochs, {steps} steps; larger "
            "--epochs go on from there"
        )
    epoch = (steps - 1) // history.steps_per_epoch + 1
    return f"continuing {checkpoint} behind step {steps}, epoch {epoch}"


def _describe_saved(trainer: Trainer, checkpoint: Optional[str]) -> str:
    """What is left of a run that was interrupted."""
    if checkpoint is None:
        return "nothing was saved; with --checkpoint FILE a run can be continued"
    if trainer.saved_steps is not None:
        return (
            f"'{checkpoint}' holds {trainer.saved_steps} steps; the same command "
            "continues it"
        )
    if os.path.exists(checkpoint):
        return f"'{checkpoint}' is as it was"
    return "nothing was saved"


def _fit(trainer: Trainer, data: tuple[Any, Any], epochs: int, say: _Printer,
         checkpoint: Optional[str], quiet: bool, **options: Any) -> History:
    """Trains, and says where it begins and what an interrupt leaves."""

    def start(history: History) -> None:
        if len(history):
            say(_describe_start(history, checkpoint, epochs))

    options["on_start"] = start
    options["on_epoch"] = lambda history: say(describe_epoch(history, epochs))
    try:
        return trainer.fit(*data, epochs, checkpoint=checkpoint,
                           progress=False if quiet else None, **options)
    except (KeyboardInterrupt, SystemExit) as stop:
        text = _describe_saved(trainer, checkpoint)
        if isinstance(stop, SystemExit):
            text = f"terminated; {text}"
        streams.say(f"photonic: {text}")
        raise


def _write_results(results: List[tuple[Optional[str], Callable[[str], None]]]) -> List[str]:
    """Writes all that can be written; messages about the others."""
    problems = []
    for path, write in results:
        try:
            if path is not None:
                write(path)
        except Error as error:
            problems.append(str(error))
    return problems


def _describe_costs(history: History, trainer: Trainer) -> str:
    one, whole = trainer.program.cost, history.get_cost(history.epochs)
    return (
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
    loss_output: Optional[str] = LossOutputOption,
    optimizer: str = typer.Option(
        "sgd:lr=0.01",
        metavar="sgd:lr=R[,momentum=M][,weight_decay=D]|adam:lr=R|adamw:lr=R",
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
    target: Optional[str] = TargetOption,
    format: Optional[str] = FormatOption,
    freeze: Optional[str] = FreezeOption,
    learn: Optional[str] = LearnOption,
    recompute: Optional[str] = RecomputeOption,
    dim: Optional[List[str]] = DimOption,
    shape: Optional[List[str]] = ShapeOption,
    dataflow: str = DataflowOption,
    operand_storage: str = StorageOption,
    memory: str = MemoryOption,
    set_: Optional[List[str]] = SetOption,
    executor: str = typer.Option("fast", metavar="fast|reference"),
    threads: Optional[int] = typer.Option(None, help="Host threads (default: all)."),
    quiet: bool = typer.Option(False, help="Print nothing."),
) -> None:
    """Train a model on the simulated machine.

    Ctrl-C finishes the step, writes the checkpoint and exits with 130, SIGTERM with
    143; the same command continues.
    """
    files.check_outputs(
        [model, *find_external(model), find_file(target) if target else "",
         *files.list_inputs(input + (validation_input or [])),
         *filter(None, [labels, validation_labels])],
        [("--checkpoint", checkpoint), ("--export", export), ("--history", history),
         ("--report", report)],
    )
    locks.check(checkpoint)
    factors = _parse_schedule(schedule) if schedule else None
    trainer = Trainer(
        model, target, loss=loss, optimizer=optimizer, batch=batch, format=format,
        freeze=freeze, learn=learn, recompute=split_names(recompute) or (),
        loss_output=loss_output, dims=to_words(dim), shapes=to_words(shape),
        dataflow=dataflow, operand_storage=operand_storage, memory=memory, set=set_,
        threads=threads, executor=executor,
    )
    streams.say(f"photonic: {trainer.summary}")
    x, y = _read_data(input, labels, trainer, "")
    validation = None
    if validation_input:
        validation = _read_data(
            validation_input, validation_labels, trainer, "validation-"
        )
    elif validation_labels:
        raise InputError("--validation-labels without --validation-input; give both")
    say = _Printer(quiet)
    done = _fit(
        trainer, (x, y), epochs, say, checkpoint, quiet, shuffle=shuffle, seed=seed,
        schedule=factors, validation=validation, checkpoint_every=checkpoint_every,
    )
    problems = _write_results([
        (export, trainer.export),
        (history, done.save),
        (report, lambda path: files.write_json(trainer.report(), path)),
    ])
    say(_describe_costs(done, trainer))
    if say.problem:
        problems.append(str(say.problem))
    if problems:
        raise OutputError("\n".join(problems))
