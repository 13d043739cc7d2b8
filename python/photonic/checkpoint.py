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
from typing import Any, Optional

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
    #: Before any decay, and now.
    base_rate: Optional[float]


def write(path: str, checkpoint: Checkpoint) -> None:
    """Raises OutputError; the file that was there then stays."""
    history = checkpoint.history.to_dict()
    meta = {
        "version": _VERSION,
        "settings": checkpoint.settings,
        "history": {n: v for n, v in history.items() if n not in _PER_STEP},
        "base_rate": checkpoint.base_rate,
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
    except (KeyError, TypeError, ValueError) as error:
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
    steps = {name: arrays[_STEPS + name].tolist() for name in _PER_STEP}
    history = History.from_dict({**meta["history"], **steps})
    return Checkpoint(meta["settings"], state, history, meta["base_rate"])


def _read_archive(path: str) -> dict[str, np.ndarray]:
    try:
        with zipfile.ZipFile(path) as archive:
            # Reading to the end checks the checksum of a member.
            return {
                name.removesuffix(".npy"): _read_member(archive, name)
                for name in archive.namelist()
            }
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(
            f"checkpoint '{path}' is damaged ({error}); remove it to start anew, or "
            "put back a copy"
        ) from error


def _read_member(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    with archive.open(name) as member:
        array = np.lib.format.read_array(member, allow_pickle=False)
        while member.read(1 << 20):
            pass
        return array


def check_settings(path: str, found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Raises InputError that lists what differs."""
    # As JSON: a tuple is a list there.
    expected = json.loads(json.dumps(expected))
    lines = [
        f"  {name}: in the checkpoint {_show(found.get(name))}, now {_show(value)}"
        for name, value in expected.items()
        if found.get(name) != value
    ]
    if lines:
        raise InputError(
            f"checkpoint '{path}' is of another training run:\n"
            + "\n".join(lines)
            + "\nuse the settings of the checkpoint, or another path, or remove it to "
            "start anew"
        )


def _show(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 120 else text[:117] + "..."
