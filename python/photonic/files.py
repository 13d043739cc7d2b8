# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Arrays and reports in files, whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import numpy as np

from . import _runtime
from .errors import InputError, OutputError


def write_atomically(path: str, write: Callable[[BinaryIO], None]) -> None:
    """Writes a file that appears under its name only when it is complete, and
    then survives a loss of power."""
    folder = os.path.dirname(path) or "."
    try:
        descriptor, temporary = tempfile.mkstemp(
            prefix=os.path.basename(path) + ".tmp-", dir=folder
        )
    except OSError as error:
        raise OutputError(f"cannot write '{path}': {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException as error:
        os.unlink(temporary)
        if isinstance(error, OSError):
            raise OutputError(f"cannot write '{path}': {error.strerror}") from error
        raise
    _sync_folder(folder)


def _sync_folder(folder: str) -> None:
    """Makes the new name of a file durable, where the file system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)


def remove_leftovers(path: str) -> None:
    """Removes unfinished versions of a file that a killed process left."""
    prefix = os.path.basename(path) + ".tmp-"
    folder = os.path.dirname(path) or "."
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        if name.startswith(prefix):
            try:
                os.unlink(os.path.join(folder, name))
            except OSError:
                pass


def write_outputs(outputs: Mapping[str, np.ndarray], folder: str) -> None:
    """Each array to FOLDER/NAME.npy, NAME percent-encoded."""
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot create directory '{folder}': {error.strerror}"
        ) from error
    for name, array in outputs.items():
        path = os.path.join(folder, _runtime.encode_file_name(name) + ".npy")
        write_atomically(path, lambda file, array=array: np.save(file, array))


def write_json(value: Mapping[str, Any], path: str) -> None:
    """Writes JSON with an indentation of two."""
    text = json.dumps(value, indent=2) + "\n"
    write_atomically(path, lambda file: file.write(text.encode()))


def read_array(path: str) -> np.ndarray:
    """Reads a .npy file. Raises InputError."""
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"cannot read '{path}': {error}") from error
    if not isinstance(array, np.ndarray):
        raise InputError(f"'{path}' is an archive of arrays, expected a .npy file")
    return array


def read_archive(path: str) -> dict[str, np.ndarray]:
    """Reads all arrays of a .npz file. Raises InputError."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise InputError(f"cannot read '{path}' as a .npz archive: {error}") from error


def read_inputs(arguments: list[str], names: list[str]) -> dict[str, np.ndarray]:
    """Inputs from NAME=FILE.npy, FILE.npy (of the only input) and FILE.npz."""
    arrays: dict[str, np.ndarray] = {}
    for argument in arguments:
        for name, array in _read_input(argument, names).items():
            if name in arrays:
                raise InputError(f"input '{name}' is given twice; give it once")
            arrays[name] = array
    return arrays


def _read_input(argument: str, names: list[str]) -> dict[str, np.ndarray]:
    name, path = split_input(argument, names)
    if not name and path.endswith(".npz"):
        return read_archive(path)
    if not name and len(names) != 1:
        raise InputError(
            f"--input {argument}: expected NAME=FILE.npy, because the program has "
            f"{len(names)} inputs"
        )
    return {name or names[0]: read_array(path)}


def split_input(argument: str, names: list[str]) -> tuple[str, str]:
    """NAME=FILE, so that NAME is an input if possible; ("", FILE) without '='."""
    for name in names:
        if argument.startswith(name + "="):
            return name, argument[len(name) + 1 :]
    if "=" not in argument or os.path.exists(argument):
        return "", argument
    name, _, path = argument.partition("=")
    return name, path
