# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Programs: run them on data, time them, report."""

from __future__ import annotations

import json
import numbers
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Optional, Union

import numpy as np
from numpy.typing import ArrayLike

from . import _runtime, files
from .errors import InputError
from .machines import Overrides, Target, make_target, to_overrides
from .onnx_file import find_external

#: Arrays by input name, or the array of the only input.
Inputs = Union[Mapping[str, ArrayLike], ArrayLike]

#: More than any host has processors.
MAX_THREADS = 1024
_MAX_COLUMNS = 10_000
_DTYPES = ("float32", "int32", "int64", "uint8", "bool")


@dataclass(frozen=True)
class TensorInfo:
    """An input or output of a program."""

    name: str
    #: NumPy's name of the element type.
    dtype: str
    shape: tuple[int, ...]
    #: The dimension along which the samples of a batch lie; None if the tensor is
    #: the same for all samples, or made of all of them.
    batch_axis: Optional[int] = field(default=None, compare=False)


def _describe(
    entries: list[tuple[str, str, tuple[int, ...]]], axes: list[Optional[int]]
) -> list[TensorInfo]:
    return [TensorInfo(*entry, axis) for entry, axis in zip(entries, axes)]


@dataclass(frozen=True)
class Accuracy:
    """Shares of samples whose label is the best, or among the best five."""

    top1: float
    top5: float
    samples: int


@dataclass(frozen=True)
class TrainingSummary:
    """What a training step does with the parameters of the network, by name. As
    text, how many there are and how many numbers they hold."""

    #: Replaced by the optimizer, or given a gradient.
    trained: tuple[str, ...]
    #: Running statistics, replaced by averages.
    statistics: tuple[str, ...]
    #: Frozen, or without influence on the loss.
    kept: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return self.text


class Executable:
    """A program on a machine. Made by `photonic.compile` and `photonic.load`."""

    def __init__(self, session: "_runtime.Session", sources: Iterable[str] = ()):
        """`sources`: files that it was made from, which it will not overwrite."""
        self._session = session
        self.sources = list(sources)
        self._external: list[str] | None = None
        self.training: TrainingSummary | None = None
        """Of a training step that `compile` made; None otherwise."""

    def __repr__(self) -> str:
        def show(tensors: list[TensorInfo]) -> str:
            return ", ".join(f"{t.name}: {t.dtype}{list(t.shape)}" for t in tensors)

        return (
            f"<photonic.Executable {self.name!r} on {self.target.name!r}: "
            f"({show(self.inputs)}) -> ({show(self.outputs)})>"
        )

    @property
    def name(self) -> str:
        """Name of the model."""
        return self._session.name

    @property
    def batch(self) -> int:
        """Inferences per execution of the program."""
        return self._session.batch

    @property
    def memory(self) -> str:
        """The memory model, "ideal" or "hierarchy"."""
        return "hierarchy" if self._session.hierarchy else "ideal"

    @property
    def target(self) -> Target:
        """The machine the program runs on."""
        return make_target(self._session.describe_target())

    @property
    def inputs(self) -> list[TensorInfo]:
        """What `run` needs."""
        return _describe(self._session.inputs, self._session.input_axes)

    @property
    def outputs(self) -> list[TensorInfo]:
        """What `run` returns."""
        return _describe(self._session.outputs, self._session.output_axes)

    @property
    def kind(self) -> str:
        """What the program says one execution is: "inference"; "training", a step
        that replaces parameters or state; or "evaluation", which has parameters
        that can be replaced, a loss or gradients, and replaces nothing."""
        return self._session.kind

    @property
    def is_training(self) -> bool:
        """An execution is a training step: it changes parameters and state."""
        return self._session.is_training

    @property
    def losses(self) -> list[str]:
        """Outputs that training makes smaller; of several, their sum."""
        return self._session.losses

    @property
    def gradients(self) -> dict[str, str]:
        """Outputs that are gradients, and of what parameter or input."""
        return self._session.gradients

    @property
    def parameters(self) -> list[TensorInfo]:
        """What persists from run to run and can be replaced, by ONNX name."""
        return [
            TensorInfo(name, dtype, shape)
            for name, role, dtype, shape in self._session.state_regions
            if role == "parameter"
        ]

    @property
    def state(self) -> list[TensorInfo]:
        """What persists beside the parameters: of optimizer and random numbers."""
        return [
            TensorInfo(name, dtype, shape)
            for name, role, dtype, shape in self._session.state_regions
            if role != "parameter"
        ]

    @property
    def labels(self) -> dict[str, tuple[int, int | None]]:
        """Inputs that are class numbers: how many classes there are, and which
        number means "ignore this one"."""
        return self._session.labels

    @property
    def seed(self) -> int | None:
        """Of the random numbers; None if the program draws none. Settable."""
        return self._session.seed

    @seed.setter
    def seed(self, value: int) -> None:
        if not _is_whole(value) or not 0 <= value < 2**63:
            raise InputError(f"seed: expected a whole number >= 0, found {value!r}")
        self._session.seed = int(value)

    @property
    def learning_rate(self) -> float | None:
        """Of the next step; None if the program has none. Settable."""
        return self._session.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        if not isinstance(value, numbers.Real) or isinstance(value, bool):
            raise InputError(f"learning_rate: expected a number, found {value!r}")
        self._session.learning_rate = float(value)

    @property
    def counts(self) -> dict[str, int]:
        """Count registers of the program, and the largest number that each holds.

        What a program counts in its data may decide how much it does, and so
        its time and energy."""
        return self._session.counts

    def assume_counts(self, counts: Mapping[str, int]) -> None:
        """Lets the program find these numbers wherever it counts, for time and
        energy without data: `exe.assume_counts({"nonzeros": 300})`.

        Each call replaces the numbers of the one before. As soon as something was
        executed, what was counted then is used. Raises InputError for names that
        are no count register's, and numbers that it cannot hold; nothing is
        changed then.
        """
        if not isinstance(counts, Mapping):
            raise InputError(
                f"counts: expected numbers by name, found {type(counts).__name__}"
            )
        for name, value in counts.items():
            if not isinstance(name, str):
                raise InputError(f"counts: expected names, found {name!r}")
            if not _is_whole(value) or not 0 <= value < 2**63:
                raise InputError(
                    f"counts: expected a whole number >= 0 for '{name}', found {value!r}"
                )
        self._session.assume_counts({name: int(value) for name, value in counts.items()})

    @property
    def cost(self) -> tuple[float, float]:
        """Nanoseconds and picojoules of one execution; where they depend on
        `counts`, of the latest one, or with the numbers that are assumed."""
        return self._session.cost()

    def step(
        self,
        inputs: Inputs,
        *,
        threads: int | None = None,
        executor: str = "fast",
        fp32: bool = False,
    ) -> dict[str, np.ndarray]:
        """One execution on exactly one batch; outputs in the program's shapes, a
        loss has shape ().

        In training: one step. A step that raises leaves parameters and state as
        they were. Arguments and errors as for `run`.
        """
        arrays = self._check_run(inputs, executor, threads)
        return self._session.step(
            arrays, executor, int(threads or 0), check_flag("fp32", fp32), False
        )

    def read_state(self) -> dict[str, np.ndarray]:
        """Copies of all parameters and all state, by name."""
        return self._session.read_state()

    def write_state(
        self, values: Mapping[str, ArrayLike], *, partial: bool = False
    ) -> None:
        """Replaces parameters and state, all of them or (`partial`) some.

        Raises InputError for wrong names or shapes; nothing is changed then.
        """
        if not isinstance(values, Mapping):
            raise InputError(
                f"values: expected arrays by name, found {type(values).__name__}"
            )
        arrays = {name: self._check(name, array) for name, array in values.items()}
        self._session.write_state(arrays, check_flag("partial", partial))

    def save_state(self, path: str | os.PathLike[str]) -> None:
        """Writes parameters and state to a .npz file. Raises OutputError."""
        self._session.save_state(self.check_output(path))

    def load_state(self, path: str | os.PathLike[str]) -> None:
        """Reads what `save_state` wrote. Raises InputError for files that are
        damaged or of another model; nothing is changed then."""
        self._session.load_state(files.to_path(path, "path"))

    def run(
        self,
        inputs: Inputs,
        *,
        threads: int | None = None,
        executor: str = "fast",
        fp32: bool = False,
        compare: bool = False,
    ) -> dict[str, np.ndarray]:
        """Executes the program and returns its outputs by name.

        `inputs`: arrays by name, with the types and shapes of `self.inputs`; an
        array alone if there is one input. The batch axis of an input may hold any
        number of samples >= 1: the program then runs ceil(samples / batch)
        times, the last time padded, and the outputs are joined along theirs;
        inputs without one are the same in every run. A training program makes that
        many steps instead, without a last partial batch; a loss is then an array
        of one number per step.

        `threads`: of the host, all by default; results do not depend on it.
        `executor`: "fast" or "reference"; equal bits from both.
        `fp32`: products in FP32 instead of the program's number format.
        `compare`: also computes in FP32, for the signal-to-quantisation-noise
        ratios of `report()`; doubles the time.

        C-contiguous inputs are read in place and outputs are not copied. Other
        Python threads run meanwhile. Raises InputError for wrong names, types
        or shapes, and RunError if the execution stops.
        """
        arrays = self._check_run(inputs, executor, threads)
        return self._session.run(
            arrays, executor, int(threads or 0), check_flag("fp32", fp32),
            check_flag("compare", compare),
        )

    def evaluate(
        self,
        x: Inputs,
        y: ArrayLike,
        *,
        threads: int | None = None,
        executor: str = "fast",
        fp32: bool = False,
        compare: bool = False,
    ) -> Accuracy:
        """Runs on `x` and compares the scores with the labels `y`.

        `x`: as for `run`, any number of samples. `y`: class numbers, integers of
        shape [samples]. The program needs exactly one output [batch, classes].
        The accuracy also appears in `report()`. Other arguments as for `run`.
        """
        labels = _check_labels(y)
        self.run(x, threads=threads, executor=executor, fp32=fp32, compare=compare)
        return self.measure(labels)

    def measure(self, y: ArrayLike) -> Accuracy:
        """Compares the scores of the latest run with the labels `y` [samples]."""
        return Accuracy(*self._session.measure_accuracy(_check_labels(y)))

    def report(self, *, timing: str = "closed") -> dict[str, Any]:
        """Time, energy, area and utilisation, as docs/report.schema.json says.

        Needs no data. After a run, the layers also carry what was observed in
        it, and "run" and "accuracy" say what was run. `timing`: "closed", or
        "stepped" to go through every instruction (slow, equal times).
        """
        return json.loads(self._session.json(is_stepped(timing)))

    def report_text(
        self, columns: int = 100, color: bool = False, *, timing: str = "closed"
    ) -> str:
        """The report as tables for a terminal of `columns` width."""
        if not _is_whole(columns) or columns < 1:
            raise InputError(f"columns: expected a whole number >= 1, found {columns!r}")
        # Wider than any table; the runtime's number has 32 bits.
        columns = min(int(columns), _MAX_COLUMNS)
        return self._session.text(
            columns, check_flag("color", color), is_stepped(timing)
        )

    def timeline(self, path: str | os.PathLike[str], *, timing: str = "closed") -> None:
        """Writes the timeline in Chrome trace format, for ui.perfetto.dev."""
        self._session.write_trace(self.check_output(path), is_stepped(timing))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the program file (.phx). Raises OutputError."""
        self._session.save(self.check_output(path))

    def check_output(self, path: str | os.PathLike[str], what: str = "path") -> str:
        """The path, if it can be written and is none of a file that this was made
        from. Raises InputError and OutputError, which begin with `what`."""
        name = files.to_path(path, what)
        if self._external is None:
            self._external = [e for source in self.sources for e in find_external(source)]
        files.check_outputs([*self.sources, *self._external], [(what, name)])
        return name

    def _check_run(
        self, inputs: Inputs, executor: str, threads: int | None
    ) -> dict[str, np.ndarray]:
        arrays = {
            name: self._check(name, array)
            for name, array in self._name_inputs(inputs).items()
        }
        check_options(executor, threads)
        return arrays

    def _name_inputs(self, inputs: Inputs) -> Mapping[str, ArrayLike]:
        if isinstance(inputs, Mapping):
            # What no output needs may be of any type.
            ignored = set(self._session.ignored_inputs)
            return {n: array for n, array in inputs.items() if n not in ignored}
        names = [tensor.name for tensor in self.inputs]
        if len(names) != 1:
            raise InputError(
                f"the program has {len(names)} inputs {names}; give a dictionary"
            )
        return {names[0]: inputs}

    def _check(self, name: str, array: ArrayLike) -> np.ndarray:
        if not isinstance(name, str):
            raise InputError(f"names of inputs are strings, found {name!r}")
        array = to_array(array, f"'{name}'")
        if array.dtype.name not in _DTYPES or not array.dtype.isnative:
            tensors = {
                what: {tensor.name: tensor for tensor in group}
                for what, group in (
                    ("input", self.inputs), ("parameter", self.parameters),
                    ("state", self.state),
                )
            }
            what = next((w for w, group in tensors.items() if name in group), "array")
            known = tensors.get(what, {}).get(name)
            expected = (
                f"{known.dtype}{list(known.shape)}" if known else " or ".join(_DTYPES)
            )
            remedy = f".astype({known.dtype!r})" if known else ".astype(...)"
            raise InputError(
                f"{what} '{name}': expected {expected}, found "
                f"{array.dtype}{list(array.shape)}; convert it with {remedy}"
            )
        # ascontiguousarray would turn a scalar into a vector.
        return array if array.flags.c_contiguous else np.ascontiguousarray(array)


def _is_whole(value: object) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def check_flag(name: str, value: object) -> bool:
    """Raises InputError for what is no truth value: "no", for instance, is one."""
    if not isinstance(value, (bool, np.bool_)):
        raise InputError(f"{name}: expected True or False, found {value!r}")
    return bool(value)


def check_options(executor: object, threads: object) -> None:
    """Raises InputError for executors and numbers of threads that there are not."""
    if not isinstance(executor, str) or executor not in ("fast", "reference"):
        raise InputError(f"executor: expected 'fast' or 'reference', found {executor!r}")
    if threads is None:
        return
    if not _is_whole(threads) or not 1 <= threads <= MAX_THREADS:
        raise InputError(
            f"threads: expected a whole number from 1 to {MAX_THREADS}, found {threads!r}"
        )


def to_array(array: ArrayLike, what: str) -> np.ndarray:
    """What NumPy makes of it. Raises InputError, which begins with `what`."""
    try:
        return np.asarray(array)
    except Exception as error:  # of whatever class the object has
        raise InputError(
            f"{what}: expected an array, found {type(array).__name__}, which NumPy cannot "
            f"convert ({error})"
        ) from error


def _check_labels(y: ArrayLike) -> np.ndarray:
    labels = to_array(y, "labels")
    if labels.dtype.kind not in "iu":
        raise InputError(
            f"labels have to be integers of shape [samples], found "
            f"{labels.dtype}{list(labels.shape)}"
        )
    if labels.dtype not in (np.int32, np.int64):
        if labels.dtype == np.uint64:
            # Numbers that int64 does not have are no classes, and must not wrap to one.
            labels = np.minimum(labels, np.uint64(np.iinfo(np.int64).max))
        labels = labels.astype(np.int64)
    return np.ascontiguousarray(labels)


def is_stepped(timing: str) -> bool:
    """Whether time is computed instruction by instruction. Raises InputError."""
    if not isinstance(timing, str) or timing not in ("closed", "stepped"):
        raise InputError(f"timing: expected 'closed' or 'stepped', found {timing!r}")
    return timing == "stepped"


def load(
    path: str | os.PathLike[str],
    target: str | os.PathLike[str] | None = None,
    set: Overrides = None,
) -> Executable:
    """Loads a program file and proves it valid.

    `target`: name or file; by default the one the program was compiled for. It
    has to agree with that one in every structural field. `set` changes prices,
    for instance {"core.clock_ghz": 5}. Raises ProgramError.
    """
    name = "" if target is None else files.to_path(target, "target")
    program = files.to_path(path, "path")
    session = _runtime.open(program, name, to_overrides(set))
    return Executable(session, [program, name])
