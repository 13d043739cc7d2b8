# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Labelled data: checks before anything runs, order, batches."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Optional

import numpy as np
from numpy.typing import ArrayLike

from .errors import InputError
from .executable import Inputs, TensorInfo, to_array


@dataclass(frozen=True)
class LabelInfo:
    """The input of a training program that says what is right."""

    tensor: TensorInfo
    #: Absent if the labels are no class numbers.
    classes: Optional[int] = None
    ignore_index: Optional[int] = None


class Dataset:
    """Inputs and labels of the same samples."""

    def __init__(
        self,
        x: Inputs,
        y: ArrayLike,
        inputs: list[TensorInfo],
        label: LabelInfo,
        what: str = "",
    ):
        self._what = what
        self.inputs = {
            tensor.name: self._check_input(tensor, array)
            for tensor, array in self._name(x, inputs)
        }
        self.labels = self._check_labels(to_array(y, f"{what}labels"), label)
        self.label_name = label.tensor.name
        self._axes = {tensor.name: tensor.batch_axis for tensor in inputs}
        self._axes[self.label_name] = label.tensor.batch_axis
        if label.tensor.batch_axis is None:
            raise InputError(
                f"{what}the compiler cannot tell which label belongs to which sample of "
                "a batch; choose an output with one row per sample, or call compile("
                "..., train=True) and Executable.step with whole batches"
            )
        sizes = {
            name: array.shape[axis]
            for name, array in self.inputs.items()
            if (axis := self._axes[name]) is not None
        }
        sizes["labels"] = len(self)
        if len(set(sizes.values())) != 1:
            found = ", ".join(f"{name} {size}" for name, size in sizes.items())
            raise InputError(
                f"{what}expected one number of samples in inputs and labels, found {found}"
            )
        if not len(self):
            raise InputError(f"{what}expected at least one sample, found none")

    def __len__(self) -> int:
        return self.labels.shape[self._axes[self.label_name]]

    def take(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """A batch, as a training program takes it."""
        arrays = {**self.inputs, self.label_name: self.labels}
        return {
            name: _take(array, indices, self._axes[name])
            for name, array in arrays.items()
        }

    def get_hash(self) -> str:
        """Changes when a value does."""
        state = hashlib.blake2b(digest_size=16)
        for name, array in sorted([*self.inputs.items(), ("", self.labels)]):
            state.update(f"{name} {array.dtype} {array.shape} ".encode())
            for _, part in _split(array):
                state.update(np.ascontiguousarray(part))
        return state.hexdigest()

    def _name(
        self, x: Inputs, inputs: list[TensorInfo]
    ) -> list[tuple[TensorInfo, ArrayLike]]:
        names = [tensor.name for tensor in inputs]
        if not isinstance(x, Mapping):
            if len(names) != 1:
                raise InputError(
                    f"{self._what}the model has {len(names)} inputs {names}; give a "
                    "dictionary"
                )
            x = {names[0]: x}
        if set(x) != set(names):
            raise InputError(
                f"{self._what}expected arrays for {names}, found {sorted(map(str, x))}"
            )
        return [(tensor, x[tensor.name]) for tensor in inputs]

    def _check_input(self, tensor: TensorInfo, array: ArrayLike) -> np.ndarray:
        if not isinstance(array, np.ndarray):
            array = to_array(array, f"{self._what}input '{tensor.name}'")
        if array.dtype.name != tensor.dtype or not _fits(array, tensor):
            shape = _spell_shape(tensor)
            remedy = ""
            if array.dtype.name != tensor.dtype:
                remedy = f"; convert it with .astype({tensor.dtype!r})"
            raise InputError(
                f"{self._what}input '{tensor.name}': expected {tensor.dtype}[{shape}], "
                f"found {array.dtype}{list(array.shape)}{remedy}"
            )
        self._check_finite(f"input '{tensor.name}'", array, tensor.batch_axis)
        return array

    def _check_finite(
        self, name: str, array: np.ndarray, axis: Optional[int]
    ) -> None:
        if array.dtype.kind != "f":
            return
        for start, part in _split(array):
            finite = np.isfinite(part)
            if finite.all():
                continue
            where = [int(i) for i in np.argwhere(~finite)[0]]
            value = part[tuple(where)]
            where[0] += start
            raise InputError(
                f"{self._what}{name}: expected finite numbers, found {value} at "
                f"{_name_place(where, axis)}; leave such samples out, or replace the "
                "values, for instance with np.nan_to_num"
            )

    def _check_labels(self, y: np.ndarray, label: LabelInfo) -> np.ndarray:
        kind = "integers" if label.classes is not None else label.tensor.dtype
        right_kind = (
            y.dtype.kind in "iu"
            if label.classes is not None
            else y.dtype.name == label.tensor.dtype
        )
        if not right_kind or not _fits(y, label.tensor):
            raise InputError(
                f"{self._what}labels: expected {kind} of shape "
                f"[{_spell_shape(label.tensor)}], found "
                f"{y.dtype}{list(y.shape)}{_get_remedy(y, label)}"
            )
        if label.classes is None:
            self._check_finite("labels", y, label.tensor.batch_axis)
            return y
        known = (y >= 0) & (y < label.classes)
        if label.ignore_index is not None:
            known |= y == label.ignore_index
        if not known.all():
            where = tuple(int(i) for i in np.argwhere(~known)[0])
            ignored = (
                "" if label.ignore_index is None else f" (or {label.ignore_index}: ignored)"
            )
            place = where[0] if len(where) == 1 else list(where)
            raise InputError(
                f"{self._what}labels: expected class numbers 0 to {label.classes - 1}"
                f"{ignored}, found {int(y[where])} at sample {place}"
            )
        return y.astype(np.int64)


def _take(array: np.ndarray, indices: np.ndarray, axis: Optional[int]) -> np.ndarray:
    """Samples of an array; all of it if it is the same for all samples."""
    return array if axis is None else array[(slice(None),) * axis + (indices,)]


def _fits(array: np.ndarray, tensor: TensorInfo) -> bool:
    """True if the array holds samples of the tensor, however many."""
    if array.ndim != len(tensor.shape):
        return False
    return all(
        extent == expected or axis == tensor.batch_axis
        for axis, (extent, expected) in enumerate(zip(array.shape, tensor.shape))
    )


def _spell_shape(tensor: TensorInfo) -> str:
    return ", ".join(
        "samples" if axis == tensor.batch_axis else str(extent)
        for axis, extent in enumerate(tensor.shape)
    )


def _name_place(index: list[int], axis: Optional[int]) -> str:
    if axis is None:
        return f"position {index}"
    inner = index[:axis] + index[axis + 1 :]
    return f"sample {index[axis]}" + (f", position {inner}" if inner else "")


def _split(array: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """The array in pieces of some megabytes, with the first sample of each: it
    may be a file that memory does not hold."""
    array = np.atleast_1d(array)
    step = max(1, (1 << 24) // max(1, array.nbytes // max(1, len(array))))
    for start in range(0, len(array), step):
        yield start, array[start : start + step]


def _get_remedy(y: np.ndarray, label: LabelInfo) -> str:
    """What makes labels of another type or shape right, if that is known."""
    shape = label.tensor.shape
    if label.classes is None:
        other = y.ndim == len(shape) and y.dtype.name != label.tensor.dtype
        return f"; convert them with y.astype({label.tensor.dtype!r})" if other else ""
    if y.ndim == len(shape) + 1:
        if y.shape[1] == 1:
            return "; remove the dimension of 1 with y[:, 0]"
        if y.shape[1] == label.classes:
            return "; turn one-hot rows into class numbers with y.argmax(axis=1)"
    if y.dtype.kind == "f" and y.ndim == len(shape):
        if np.array_equal(y, np.trunc(y)):
            return "; convert them with y.astype('int64')"
        return "; class numbers are whole numbers; for other targets use loss='mse'"
    return ""


def get_order(samples: int, shuffle: bool, seed: int, epoch: int) -> np.ndarray:
    """The order of the samples in an epoch: a function of its number, so that a
    run that is resumed goes on with the same one."""
    if not shuffle:
        return np.arange(samples)
    # Raw numbers of a bit generator are the same in every version of NumPy.
    numbers = np.random.Philox(key=[seed, epoch]).random_raw(samples)
    return np.argsort(numbers, kind="stable")


def measure_accuracy(
    scores: np.ndarray, labels: np.ndarray, ignore_index: Optional[int]
) -> float:
    """Share of labels with the largest score, of equal ones the first; a sample
    with a score that is NaN is a miss. NaN if all labels are ignored."""
    right = (scores.argmax(axis=1) == labels) & ~np.isnan(scores.max(axis=1))
    if ignore_index is not None:
        right = right[labels != ignore_index]
    return float(right.mean()) if right.size else float("nan")


def measure_loss(
    scores: np.ndarray, labels: np.ndarray, label: LabelInfo
) -> float:
    """Mean cross entropy of scores, or mean squared error, in binary64."""
    wide = scores.astype(np.float64)
    if label.classes is None:
        return float(np.square(wide - labels).mean())
    shifted = wide - wide.max(axis=1, keepdims=True)
    logarithms = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    counted = np.ones(labels.shape, bool)
    if label.ignore_index is not None:
        counted = labels != label.ignore_index
    index = np.where(counted, labels, 0)[:, None]
    chosen = np.take_along_axis(logarithms, index, axis=1)[:, 0]
    return float(-chosen[counted].mean()) if counted.any() else float("nan")
