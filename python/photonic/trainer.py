# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Training on the simulated machine."""

from __future__ import annotations

import hashlib
import numbers
import os
import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Optional

import numpy as np
from numpy.typing import ArrayLike

from . import compiler, files, locks
from .errors import CompileWarning, InputError, TrainingWarning
from .executable import Executable, Inputs, TensorInfo, TrainingSummary, check_options
from .fitting import Fit, FitOptions
from .history import Evaluation, History
from .machines import Overrides, Target, to_overrides
from .onnx_file import FORMAT, OnnxFile
from .pytorch import Model
from .training_data import (
    Dataset,
    LabelInfo,
    measure_accuracy,
    measure_loss,
)


class Trainer:
    """A network in training: a program for one step, and what it has learnt.

    >>> trainer = photonic.Trainer("model.onnx", loss="cross_entropy", batch=32)
    >>> history = trainer.fit(x, y, epochs=5, validation=(xv, yv))
    >>> trainer.export("trained.onnx")
    """

    def __init__(
        self,
        model: str | os.PathLike[str],
        target: str | os.PathLike[str] | None = None,
        *,
        loss: str = "cross_entropy",
        optimizer: str = "sgd:lr=0.01",
        batch: int = 32,
        format: Optional[str] = None,
        loss_output: Optional[str] = None,
        freeze: Optional[str] = None,
        learn: Optional[str] = None,
        recompute: Iterable[str] = (),
        dims: Optional[Mapping[str, int]] = None,
        shapes: Optional[Mapping[str, Sequence[int]]] = None,
        dataflow: str = "auto",
        operand_storage: str = "fp32",
        memory: str = "ideal",
        set: Overrides = None,
        threads: Optional[int] = None,
        executor: str = "fast",
    ):
        """Compiles the training step of a forward model.

        `model`: .onnx file, or what `from_torch` returned.
        `loss`: "cross_entropy" (labels are class numbers) or "mse" (labels have
        the shape of the output).
        `optimizer`: "sgd:lr=0.01,momentum=0.9,weight_decay=1e-4", "adam:lr=1e-3" or
        "adamw:lr=1e-3"; docs/guides/training.md lists all keys.
        `batch`: samples per step.
        `format`: of the products, "bfp:4:16" for instance, or "fp32"; by default
        the target's.
        `loss_output`: the output that the loss looks at, if there are several.
        `freeze`: a regular expression; parameters with such a name, and running
        statistics, stay as they are.
        `learn`: a regular expression of constants that are trained although the
        model says or seems to say that they are not.

        A model that `from_torch` made for training says itself what the module
        learns, and a warning names what of it has no influence on the loss. Of other
        models every initializer is trained; a warning names those that may be
        something else than a parameter.
        `recompute`: names of layers whose values are computed again for the backward pass
        instead of kept.
        `dims`, `shapes`, `dataflow`, `operand_storage`, `memory`, `set`: as for
        `compile`.
        `threads`, `executor`: as for `Executable.run`.

        Raises CompileError and InputError.
        """
        if not isinstance(loss, str):
            raise InputError(
                f"loss: expected 'cross_entropy' or 'mse', found {loss!r}; a model that "
                "computes its loss itself is trained with compile(..., train=True) and "
                "Executable.step"
            )
        self._model = OnnxFile.read(compiler.check_model(model))
        overrides = to_overrides(set)
        self._options: dict[str, Any] = {
            "batch": batch,
            "dims": dims,
            "shapes": shapes,
            "format": format,
            "dataflow": dataflow,
            "operand_storage": operand_storage,
            "memory": memory,
            "set": overrides,
            "learn": learn,
        }
        self._training = {
            "loss": loss,
            "optimizer": optimizer,
            "loss_output": loss_output,
            "freeze": freeze,
            "recompute": compiler.check_names("recompute", recompute),
        }
        self._path = model
        self._target_name = target
        check_options(executor, threads)
        self._run = {"threads": threads, "executor": executor}
        self._step, remarks = compiler.build(
            model, target, train=True, **self._training, **self._options
        )
        self._remarks = remarks.splitlines()
        if remarks:
            warnings.warn(remarks, CompileWarning, stacklevel=2)
        # Without a choice there is one output, or the compiler has refused.
        self._output = loss_output or self._model.outputs[0]
        self._evaluator: Optional[Executable] = None
        self._fit: Optional[Fit] = None
        self.history = History()
        """Of the latest call of `fit`."""
        self._note_single_class()
        self._compare_with_module()

    def __repr__(self) -> str:
        return (
            f"<photonic.Trainer of {self._step.name!r} on {self.target.name!r}: "
            f"{self._training['loss']}, {self._training['optimizer']}, batch "
            f"{self.batch}>"
        )

    @property
    def batch(self) -> int:
        """Samples per step."""
        return self._step.batch

    @property
    def target(self) -> Target:
        """The machine."""
        return self._step.target

    @property
    def program(self) -> Executable:
        """The program of one step, with parameters and state as they are now."""
        return self._step

    @property
    def inputs(self) -> list[TensorInfo]:
        """Inputs of the network; `batch_axis` is where their samples lie."""
        return [t for t in self._step.inputs if t.name in self._model.inputs]

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        """Copies of the parameters and running statistics, by ONNX name."""
        names = {tensor.name for tensor in self._step.parameters}
        state = self._step.read_state()
        return {name: value for name, value in state.items() if name in names}

    @property
    def summary(self) -> TrainingSummary:
        """What a step does with the parameters: names of those that the optimizer
        changes, of running statistics, and of those that stay; as text their number.
        """
        assert self._step.training is not None
        return self._step.training

    @property
    def learning_rate(self) -> float:
        """Of the next step. Settable."""
        return self._step.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        if not isinstance(value, numbers.Real) or isinstance(value, bool):
            raise InputError(f"learning_rate: expected a number, found {value!r}")
        self._step.learning_rate = float(value)

    @property
    def saved_steps(self) -> Optional[int]:
        """Steps in the checkpoint of the latest call of `fit`; None if it has
        neither read nor written one."""
        return None if self._fit is None else self._fit.saved_steps

    def fit(
        self,
        x: Inputs,
        y: ArrayLike,
        epochs: int = 1,
        *,
        shuffle: bool = True,
        seed: int = 0,
        schedule: Optional[Mapping[int, float]] = None,
        validation: Optional[tuple[Inputs, ArrayLike]] = None,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_every: Optional[int] = None,
        progress: Optional[bool] = None,
        on_epoch: Optional[Callable[[History], None]] = None,
        on_start: Optional[Callable[[History], None]] = None,
    ) -> History:
        """Trains, and returns what happened, step by step.

        `x`: samples by input name, or the array of the only input. `y`: labels.
        Samples that do not fill a batch at the end of an epoch are left out of
        it, with a warning.
        `shuffle`: each epoch in another order, which follows from `seed` and its
        number. `seed` also starts the random numbers of the program.
        `schedule`: {epoch: factor}; from that epoch on, counted from 0, the
        learning rate is multiplied by the factor, in addition to earlier ones. At
        the end it is what it was before.
        `validation`: (x, y), evaluated after each epoch. Its time and energy do
        not count.
        `checkpoint`: a file that is written every `checkpoint_every` steps, by
        default after each epoch, and at the end. If it exists, the run that wrote
        it is continued to the same bits; everything but `epochs` has to be the
        same then. One run at a time holds it.
        `progress`: a bar on stderr; by default if it is a terminal.
        `on_epoch`: called with the history so far after each epoch. `on_start`:
        the same in front of the first step; the history is that of the checkpoint
        if one is continued.

        Ctrl-C finishes the step, writes the checkpoint and raises
        KeyboardInterrupt; SIGTERM does so and raises SystemExit(143). Raises
        InputError, or OutputError if the checkpoint cannot be written
        (CheckpointInUseError if another run writes it), before anything is
        computed; RunError if a step fails (a value that is not finite): parameters
        are then those before that step, and the checkpoint stays as it was. Warns
        (LossWarning) if the training loss rises.
        """
        self._fit = None
        data = Dataset(x, y, self.inputs, self._get_label())
        valid = None
        if validation is not None:
            if not isinstance(validation, (tuple, list)) or len(validation) != 2:
                raise InputError("validation: expected a pair (x, y)")
            valid = Dataset(*validation, self.inputs, self._get_label(), "validation: ")
        if schedule is not None and not isinstance(schedule, Mapping):
            raise InputError(f"schedule: expected {{epoch: factor}}, found {schedule!r}")
        if checkpoint is not None:
            checkpoint = files.to_path(checkpoint, "checkpoint")
        options = FitOptions(
            epochs=epochs,
            shuffle=shuffle,
            seed=seed,
            schedule=dict(schedule or {}),
            checkpoint=checkpoint,
            checkpoint_every=checkpoint_every,
            progress=progress,
            on_epoch=on_epoch,
            on_start=on_start,
        )
        options.check(len(data), self.batch)
        if checkpoint is not None:
            self._step.check_output(checkpoint, "checkpoint")
        with locks.hold(options.checkpoint):
            self._fit = Fit(self, data, valid, options)
            # Also what an interrupted run has done can be looked at.
            self.history = self._fit.history
            self._fit.run()
        return self.history

    def evaluate(self, x: Inputs, y: ArrayLike) -> Evaluation:
        """Loss and accuracy on labelled data: any number of samples, the last
        batch padded. BatchNormalization uses the running statistics and Dropout
        does nothing. Raises InputError."""
        return self.evaluate_dataset(Dataset(x, y, self.inputs, self._get_label()))

    def evaluate_dataset(self, data: Dataset) -> Evaluation:
        """The same on data that were checked."""
        label = self._get_label()
        outputs = self.predict(data.inputs)
        scores = outputs[self._output]
        loss = measure_loss(scores, data.labels, label)
        if label.classes is None:
            return Evaluation(loss, None, len(data))
        accuracy = measure_accuracy(scores, data.labels, label.ignore_index)
        return Evaluation(loss, accuracy, len(data))

    def predict(self, x: Inputs) -> dict[str, np.ndarray]:
        """Outputs of the network as it is now, in its inference form."""
        return self.get_evaluator().run(x, **self._run)

    def get_evaluator(self) -> Executable:
        """The program of one inference, with the parameters as they are now."""
        if self._evaluator is None:
            self._evaluator, remarks = compiler.build(
                self._path, self._target_name, mutable_parameters=True, **self._options
            )
            # Much of it has been said about the training step.
            new = [line for line in remarks.splitlines() if line not in self._remarks]
            if new:
                warnings.warn("\n".join(new), CompileWarning, stacklevel=2)
        # Random numbers too: an evaluation follows from the state of the training.
        needed = {t.name for t in self._evaluator.parameters + self._evaluator.state}
        state = self._step.read_state()
        self._evaluator.write_state(
            {name: state[name] for name in needed if name in state}, partial=True
        )
        return self._evaluator

    def report(self, *, timing: str = "closed") -> dict[str, Any]:
        """Time, energy and area of one step, by layer and phase, and the losses
        so far; docs/report.schema.json describes it."""
        return self._step.report(timing=timing)

    def report_text(self, columns: int = 100, color: bool = False) -> str:
        """The report as tables."""
        return self._step.report_text(columns, color)

    def export(self, path: str | os.PathLike[str], *, training: bool = False) -> None:
        """Writes the model with trained parameters and running statistics.

        BatchNormalization and Dropout are written in their inference form, so that
        the file can be compiled and run, here and elsewhere; training can go on
        from it all the same. With `training` they stay as they were. The metadata
        entry `photonic.format` is the number format that the network is fit for.
        Raises OutputError.
        """
        model = self._model if training else self._model.to_inference()
        model = model.replace(self.parameters)
        data = model.set_metadata(FORMAT, self._step.report()["format"]).data
        name = self._step.check_output(path)
        files.write_atomically(name, lambda file: file.write(data))

    def take_step(self, batch: Mapping[str, np.ndarray]) -> tuple[float, float]:
        """One step; the loss and the accuracy of the batch before its update."""
        outputs = self._step.step(batch, **self._run)
        loss = sum(float(outputs[name].reshape(-1)[0]) for name in self._step.losses)
        label = self._get_label()
        if label.classes is None:
            return loss, float("nan")
        labels = batch[label.tensor.name]
        scores = outputs[self._output]
        return loss, measure_accuracy(scores, labels, label.ignore_index)

    def describe(self) -> dict[str, Any]:
        """What the bits of a step depend on, besides state and data."""
        state = {tensor.name for tensor in self._step.parameters}
        exe = self._step
        shapes = compiler.to_shapes(self._options["shapes"])
        storage = self._options["operand_storage"]
        schema = repr([(t.name, t.dtype, t.shape) for t in exe.parameters + exe.state])
        return {
            "model": self._model.get_fingerprint(state)[:16],
            "parameters and state": hashlib.sha256(schema.encode()).hexdigest()[:16],
            **self._training,
            "batch": self.batch,
            "format": exe.report()["format"],
            "learn": self._options["learn"],
            "target": exe.target.name,
            "target fields": self._options["set"],
            "machine": {field.name: field.value for field in exe.target.fields},
            "dims": compiler.to_dims(self._options["dims"]),
            **({"shapes": shapes} if shapes else {}),
            "memory": self._options["memory"],
            "dataflow": self._options["dataflow"],
            **({} if storage == "fp32" else {"operand storage": storage}),
        }

    def _compare_with_module(self) -> None:
        """Warns about parameters of a module that are not trained though they want
        gradients, nobody has frozen them, and the compiler has not named them."""
        if not isinstance(self._path, Model) or self._path.parameters is None:
            return
        freeze = self._training["freeze"]
        wanted = self._path.parameters
        said = "\n".join(self._remarks)
        missing = [
            name
            for name in wanted
            if name not in self.summary.trained
            and not (freeze and re.search(freeze, name))
            and f"'{name}'" not in said
        ]
        if missing:
            warnings.warn(
                f"{len(wanted) - len(missing)} of {len(wanted)} parameters of the module "
                f"that want gradients are trained; no influence on the loss has "
                f"{', '.join(map(repr, missing))}: use them in forward(), or set "
                "requires_grad=False",
                TrainingWarning,
                stacklevel=3,
            )

    def _note_single_class(self) -> None:
        if self._get_label().classes != 1:
            return
        warnings.warn(
            f"output '{self._output}' has scores of one class, whose cross_entropy is "
            "always 0: nothing is learnt; use loss='mse', give the model an output per "
            "class, or choose another output with loss_output",
            TrainingWarning,
            stacklevel=3,
        )

    def _get_label(self) -> LabelInfo:
        extra = [t for t in self._step.inputs if t.name not in self._model.inputs]
        if len(extra) != 1:
            raise InputError(
                "expected a program with one input besides those of the model, the "
                f"labels; found {[t.name for t in extra]}"
            )
        (tensor,) = extra
        classes = self._step.labels.get(tensor.name)
        return LabelInfo(tensor, *(classes or ()))
