# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Arrays and reports in files, whole or not at all."""

from __future__ import annotations

import fcntl
import json
import os
import re
import stat
import tempfile
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import numpy as np

from . import _runtime
from .errors import InputError, OutputError

#: How files begin.
_ARRAY, _ARCHIVE = b"\x93NUMPY", b"PK"


def check_writable(path: str, what: str) -> None:
    """Raises OutputError, which begins with `what`, if `write_atomically` could
    not write the file."""
    real = os.path.realpath(path)
    try:
        if _is_special(real):
            if not os.access(real, os.W_OK):
                raise PermissionError(0, "Permission denied")
            return
        descriptor, temporary = _open_temporary(real)
    except OSError as error:
        raise OutputError(
            f"{what}: cannot write '{path}': {error.strerror}; choose a path that can be "
            "written"
        ) from error
    os.close(descriptor)
    _remove(temporary)


def _is_special(path: str) -> bool:
    """A device, a pipe or a directory."""
    return os.path.exists(path) and not os.path.isfile(path)


def _open_temporary(path: str) -> tuple[int, str]:
    """A new file beside `path`: descriptor and name."""
    descriptor, temporary = tempfile.mkstemp(
        prefix=os.path.basename(path) + ".tmp-", dir=os.path.dirname(path)
    )
    try:
        # Says that somebody is at work, see remove_leftovers.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:
        pass  # some file systems have no locks
    return descriptor, temporary


def write_atomically(path: str, write: Callable[[BinaryIO], None]) -> None:
    """Writes a file that appears under its name only when it is complete, and
    then survives a loss of power. Behind a symbolic link it is the target that
    changes; a device is written to as it is."""
    real = os.path.realpath(path)
    try:
        if _is_special(real):
            with open(real, "wb") as file:
                write(file)
        else:
            _replace(real, write)
    except OSError as error:
        raise OutputError(f"cannot write '{path}': {error.strerror}") from error


def _replace(path: str, write: Callable[[BinaryIO], None]) -> None:
    descriptor, temporary = _open_temporary(path)
    try:
        with os.fdopen(descriptor, "wb") as file:
            write(file)
            file.flush()
            os.fchmod(file.fileno(), _get_mode(path))
            os.fsync(file.fileno())
            os.replace(temporary, path)
    except BaseException:
        _remove(temporary)
        raise
    _sync_folder(os.path.dirname(path))


def _get_mode(path: str) -> int:
    """That of the file, or what a new one would have."""
    try:
        return stat.S_IMODE(os.stat(path).st_mode)
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass


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
    """Removes unfinished versions of a file that a killed process left: files with
    names that `write_atomically` gives, which no process is writing."""
    path = os.path.realpath(path)
    name = re.compile(re.escape(os.path.basename(path)) + r"\.tmp-[a-z0-9_]{8}")
    folder = os.path.dirname(path)
    try:
        names = [n for n in os.listdir(folder) if name.fullmatch(n)]
    except OSError:
        return
    for other in names:
        other = os.path.join(folder, other)
        if not os.path.isfile(other):
            continue
        try:
            with open(other, "rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(other)
        except OSError:
            pass  # being written, or not ours


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
    _check_start(path, _ARRAY, "no .npy file", "numpy.save writes them")
    try:
        return np.load(path, allow_pickle=False)
    except Exception as error:  # for forged files NumPy raises nearly anything
        raise InputError(f"cannot read '{path}': {error}") from error


def read_archive(path: str) -> dict[str, np.ndarray]:
    """Reads all arrays of a .npz file. Raises InputError."""
    _check_start(path, _ARCHIVE, "no .npz archive", "numpy.savez writes them")
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except Exception as error:  # for forged files NumPy raises nearly anything
        raise InputError(f"cannot read '{path}' as a .npz archive: {error}") from error


def _check_start(path: str, expected: bytes, what: str, remedy: str) -> None:
    """NumPy takes whatever it does not know for a pickle, and says so."""
    try:
        with open(path, "rb") as file:
            start = file.read(len(_ARRAY))
    except OSError as error:
        raise InputError(f"cannot read '{path}': {error.strerror}") from error
    if start.startswith(expected):
        return
    found = "something else"
    if start.startswith(_ARCHIVE):
        found = "an archive of arrays (.npz)"
    elif start == _ARRAY:
        found = "a single array (.npy)"
    elif not start:
        found = "an empty file"
    raise InputError(f"'{path}' is {what}, found {found}; {remedy}")


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
