# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Checkpoints of training runs.

One .npz archive: parameters and state by name, and what else the rest of the run
depends on as JSON. It appears under its name complete and durable or not at all,
so a run that is killed at any moment leaves the last one or the new one.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import files
from .errors import InputError
from .history import History

_VERSION = 1
_META = "photonic.training"
_STATE, _STEPS = "state/", "steps/"
#: Fields of the history with one number per step.
_PER_STEP = ("loss", "accuracy", "latency_ns", "energy_pj", "learning_rate")


@dataclass
class Checkpoint:
    """A training run between two steps."""

    #: What the steps depend on besides the state: model, options, data, order.
    settings: dict[str, Any]
    #: Parameters and state by name.
    state: dict[str, np.ndarray]
    history: History


def write(path: str, checkpoint: Checkpoint) -> None:
    """Raises OutputError; the file that was there then stays."""
    history = checkpoint.history.to_dict()
    meta = {
        "version": _VERSION,
        "settings": checkpoint.settings,
        "history": {n: v for n, v in history.items() if n not in _PER_STEP},
    }
    arrays = {_STATE + name: value for name, value in checkpoint.state.items()}
    for name in _PER_STEP:
        arrays[_STEPS + name] = np.array(getattr(checkpoint.history, name), np.float64)
    arrays[_META] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    files.remove_leftovers(path)
    files.write_atomically(path, lambda file: _write_archive(file, arrays))


def _write_archive(file: Any, arrays: Mapping[str, np.ndarray]) -> None:
    # numpy.savez would take names as keyword arguments, of which some are its own.
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, array in arrays.items():
            with archive.open(name + ".npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def read(path: str) -> Checkpoint:
    """Raises InputError for files that are damaged or no checkpoints."""
    arrays = _read_archive(path)
    try:
        meta = json.loads(arrays[_META].tobytes())
        version = meta["version"]
        if version == _VERSION:
            return _parse(arrays, meta)
    except Exception as error:  # whatever the entries of a forged file lead to
        raise InputError(
            f"'{path}' is not a checkpoint of a training run; remove it, or give "
            "another path"
        ) from error
    raise InputError(
        f"checkpoint '{path}' has version {version}, expected {_VERSION}; it was "
        "written by another version of photonic"
    )


def _parse(arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> Checkpoint:
    state = {
        name.removeprefix(_STATE): value
        for name, value in arrays.items()
        if name.startswith(_STATE)
    }
    columns = {name: arrays[_STEPS + name] for name in _PER_STEP}
    kinds = {(column.dtype.str, column.shape) for column in columns.values()}
    if len(kinds) != 1 or columns["loss"].dtype != float or columns["loss"].ndim != 1:
        raise ValueError("expected one number per step in each column of the history")
    steps = {name: column.tolist() for name, column in columns.items()}
    history = History.from_dict({**meta["history"], **steps})
    if not isinstance(meta["settings"], dict):
        raise ValueError("expected settings by name")
    return Checkpoint(meta["settings"], state, history)


def check_history(
    path: str, history: History, steps_per_epoch: int, validated: bool
) -> None:
    """Raises InputError for a history that no run with so many steps per epoch,
    and with a validation after each epoch or not, can have written."""
    done = len(history.validation)
    if history.steps_per_epoch == steps_per_epoch:
        missing = (history.epochs if validated else 0) - done
        # A run may have been stopped in front of a validation.
        late = validated and len(history) % steps_per_epoch == 0
        if missing == 0 or (missing == 1 and late):
            return
    raise InputError(
        f"checkpoint '{path}' is damaged: it has {done} validations in {len(history)} "
        f"steps, and {history.steps_per_epoch} steps per epoch where the data give "
        f"{steps_per_epoch}; remove it to start anew, or put back a copy"
    )


def _read_archive(path: str) -> dict[str, np.ndarray]:
    try:
        return files.load_members(path)
    except Exception as error:  # for forged files NumPy raises nearly anything
        raise InputError(
            f"checkpoint '{path}' is damaged ({files.describe(error)}); remove it to start "
            "anew, or put back a copy"
        ) from error


def check_settings(path: str, found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Raises InputError that lists what differs."""
    # As JSON: a tuple is a list there.
    now = _flatten(json.loads(json.dumps(expected)))
    then = _flatten(found)
    lines = [
        f"  {name}: in the checkpoint {_show(then.get(name))}, now {_show(now.get(name))}"
        for name in {**now, **then}
        if then.get(name) != now.get(name)
    ]
    if lines:
        raise InputError(
            f"checkpoint '{path}' is of another training run:\n"
            + "\n".join(lines)
            + "\nuse the settings of the checkpoint, or another path, or remove it to "
            "start anew"
        )


def _flatten(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Entries of groups, such as the fields of the machine, beside the others."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            flat.update({f"{name} {key}": entry for key, entry in value.items()})
        else:
            flat[name] = value
    return flat


def _show(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 120 else text[:117] + "..."
