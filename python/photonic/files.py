# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Arrays and reports in files, whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import io
import json
import math
import os
import re
import stat
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, BinaryIO, Optional

import numpy as np

from . import _runtime
from .errors import InputError, OutputError

#: How files begin.
_ARRAY, _ARCHIVE = b"\x93NUMPY", b"PK"
#: Bytes, on every file system of Linux.
_LONGEST_NAME = 255


def check_outputs(
    reads: Iterable[str], writes: Iterable[tuple[str, Optional[str]]]
) -> None:
    """What is written after hours should not fail for a slip in a path, and replaces
    nothing that is read, nor another output, however the paths are spelled.

    `reads`: files, or what may be one. `writes`: the option or argument that asks for
    a file, and its path, or None. Raises OutputError, and InputError for what is no
    path.
    """
    wanted = [(what, to_path(path, what)) for what, path in writes if path is not None]
    _runtime.check_outputs(
        [os.fsencode(path) for path in reads],
        [(what, os.fsencode(path)) for what, path in wanted],
    )
    for what, path in wanted:
        check_writable(path, what)


def check_writable(path: str, what: str) -> None:
    """Raises OutputError, which begins with `what`, if `write_atomically` could not
    write the file."""
    if os.path.isdir(path) or not os.path.isdir(os.path.dirname(path) or "."):
        raise OutputError(
            f"{what}: '{path}' is not the path of a file in an existing directory"
        )
    real = os.path.realpath(path)
    try:
        if _is_special(real):
            if not os.access(real, os.W_OK):
                raise PermissionError(errno.EACCES, "Permission denied")
            return
        # The name of the temporary file is shortened; this one may be too long.
        with contextlib.suppress(FileNotFoundError):
            os.lstat(real)
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
        prefix=shorten(os.path.basename(path), 13) + ".tmp-", dir=os.path.dirname(path)
    )
    try:
        # Says that somebody is at work, see remove_leftovers.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:
        pass  # some file systems have no locks
    return descriptor, temporary


def shorten(name: str, added: int) -> str:
    """The beginning of the name that leaves room for so many more bytes."""
    return os.fsdecode(os.fsencode(name)[: _LONGEST_NAME - added])


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
    start = shorten(os.path.basename(path), 13)
    name = re.compile(re.escape(start) + r"\.tmp-[a-z0-9_]{8}")
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


def make_folder(folder: str) -> None:
    """Raises OutputError."""
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot create directory '{folder}': {error.strerror}"
        ) from error


def get_output_path(folder: str, name: str) -> str:
    """FOLDER/NAME.npy, NAME percent-encoded."""
    return os.path.join(folder, _runtime.encode_file_name(name) + ".npy")


def write_outputs(outputs: Mapping[str, np.ndarray], folder: str) -> None:
    """Each array to its `get_output_path`."""
    make_folder(folder)
    for name, array in outputs.items():
        path = get_output_path(folder, name)
        write_atomically(path, lambda file, array=array: np.save(file, array))


def write_json(value: Mapping[str, Any], path: str) -> None:
    """Writes JSON with an indentation of two."""
    text = json.dumps(value, indent=2) + "\n"
    write_atomically(path, lambda file: file.write(text.encode()))


def to_path(value: object, what: str) -> str:
    """`value` as a path, also for the runtime, which takes UTF-8 with whatever other
    bytes a file name has. Raises InputError, which begins with `what`."""
    if not isinstance(value, (str, bytes, os.PathLike)):
        raise InputError(f"{what}: expected a path, found {value!r:.60}")
    try:
        path = os.fsencode(value)
    except (UnicodeError, TypeError) as error:
        raise InputError(f"{what}: expected a path, found {value!r} ({error})") from error
    if not path or b"\0" in path:
        raise InputError(
            f"{what}: expected a path, found "
            + ("a zero byte in it" if path else "an empty string")
        )
    return path.decode("utf-8", "surrogateescape")


def read_json(path: str) -> dict[str, Any]:
    """An object as JSON; empty for other values. Raises InputError."""
    try:
        with open(path, encoding="utf-8") as file:
            value = json.load(file)
    except OSError as error:
        raise InputError(f"cannot read '{path}': {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"'{path}' is not JSON: {error}") from error
    return value if isinstance(value, dict) else {}


def read_report(path: str) -> dict[str, Any]:
    """A report as JSON. Raises InputError."""
    report = read_json(path)
    version = report.get("schema_version")
    if version != 2:
        found = "no 'schema_version'" if version is None else f"version {version!r:.20}"
        raise InputError(
            f"'{path}' is not a report of schema version 2, found {found}; run its program "
            "again with photonic-run --report"
        )
    return report


@contextlib.contextmanager
def reading_report(path: str) -> Iterator[None]:
    """What goes wrong inside is the report's fault: an InputError."""
    try:
        yield
    except (
        LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError,
    ) as error:
        what = f"there is no {error}" if isinstance(error, KeyError) else str(error)
        raise InputError(
            f"'{path}' is an incomplete or damaged report ({what}); photonic-run --report "
            "writes it anew"
        ) from error


def read_array(path: str) -> np.ndarray:
    """Reads a .npy file. Raises InputError."""
    _check_start(path, _ARRAY, "no .npy file", "numpy.save writes them")
    try:
        with open(path, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                # A pipe has no size, and cannot be read twice.
                data = io.BytesIO(file.read())
                return np.lib.format.read_array(data, allow_pickle=False)
            _check_array(file, os.fstat(file.fileno()).st_size)
            file.seek(0)
            return np.lib.format.read_array(file, allow_pickle=False)
    except Exception as error:  # for forged files NumPy raises nearly anything
        raise InputError(f"cannot read '{path}': {describe(error)}") from error


def read_archive(path: str) -> dict[str, np.ndarray]:
    """Reads all arrays of a .npz file, to the last checksum. Raises InputError."""
    _check_start(path, _ARCHIVE, "no .npz archive", "numpy.savez writes them")
    try:
        return load_members(path)
    except Exception as error:  # for forged files NumPy raises nearly anything
        raise InputError(
            f"cannot read '{path}' as a .npz archive: {describe(error)}"
        ) from error


def load_members(path: str) -> dict[str, np.ndarray]:
    """All arrays of an archive. Raises whatever forged files lead to."""
    with zipfile.ZipFile(path) as archive:
        _check_members(archive)
        return {
            entry.filename.removesuffix(".npy"): _read_member(archive, entry)
            for entry in archive.infolist()
        }


def describe(error: Exception) -> str:
    """What went wrong in a file, without its name."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _check_members(archive: zipfile.ZipFile) -> None:
    """Raises ValueError if the arrays are not what their headers say, or more than
    memory: a small archive may unfold to anything."""
    names: set[str] = set()
    total = 0
    for entry in archive.infolist():
        name = entry.filename
        if not name.endswith(".npy") or name in names:
            problem = "is there twice" if name in names else "is no array"
            raise ValueError(f"'{name}' {problem}; numpy.savez writes archives of arrays")
        names.add(name)
        with archive.open(entry) as member:
            total += _check_array(member, entry.file_size, f"'{name}': ")
    _check_memory(total)


def _read_member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(entry) as member:
        array = np.lib.format.read_array(member, allow_pickle=False)
        # Reading to the end checks the checksum.
        if member.read(1):
            raise ValueError(f"'{entry.filename}' goes on behind its array")
        return array


def _check_array(file: Any, size: int, what: str = "") -> int:
    """Judges a .npy file of `size` bytes by its header; the bytes of the array.
    Raises ValueError."""
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    elif version == (2, 0):
        shape, _, dtype = np.lib.format.read_array_header_2_0(file)
    else:
        raise ValueError(f"{what}expected version 1 or 2 of the format, found {version}")
    if dtype.hasobject:
        raise ValueError(f"{what}expected an array of numbers, found one of Python objects")
    needed, found = math.prod(shape) * dtype.itemsize, size - file.tell()
    if needed > found:
        raise ValueError(
            f"{what}the header says {dtype}{list(shape)}, which takes {needed} bytes, and "
            f"{found} follow"
        )
    _check_memory(needed)
    return needed


def _check_memory(needed: int) -> None:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > memory:
        raise ValueError(
            f"the arrays take {needed} bytes, and this machine has {memory}; give fewer "
            "samples"
        )


def _check_start(path: str, expected: bytes, what: str, remedy: str) -> None:
    """NumPy takes whatever it does not know for a pickle, and says so."""
    try:
        # What is read from a pipe is gone.
        if stat.S_ISFIFO(os.stat(path).st_mode):
            return
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


def list_inputs(arguments: Iterable[str]) -> list[str]:
    """Paths that these arguments may mean: names of inputs may have '=' as well."""
    paths = []
    for argument in arguments:
        paths.append(argument)
        paths += [argument[i + 1 :] for i, c in enumerate(argument) if c == "="]
    return paths


def split_input(argument: str, names: list[str]) -> tuple[str, str]:
    """NAME=FILE, so that NAME is an input if possible; ("", FILE) without '='."""
    for name in names:
        if argument.startswith(name + "="):
            return name, argument[len(name) + 1 :]
    if "=" not in argument or os.path.exists(argument):
        return "", argument
    name, _, path = argument.partition("=")
    return name, path
