# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""One training run per checkpoint.

A checkpoint is replaced by a new file each time, so the lock is on a file beside it.
The kernel takes the lock off when its process ends, however it ends: a file that is
left says nothing.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shlex
import socket
import sys
import time
import warnings
from collections.abc import Iterator
from typing import Optional

from . import files
from .errors import CheckpointInUseError, OutputError, TrainingWarning

#: What `flock` says where there are no locks.
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


#: Characters of a command in a message.
_LONGEST_COMMAND = 200


@contextlib.contextmanager
def hold(checkpoint: Optional[str]) -> Iterator[None]:
    """Keeps other training runs away from the checkpoint, of this process as well.

    Raises CheckpointInUseError at once if there is one, and OutputError if the lock
    file cannot be written. Warns where the file system has no locks.
    """
    if checkpoint is None:
        yield
        return
    path = _get_lock_path(checkpoint)
    descriptor = _acquire(checkpoint, path)
    try:
        yield
    finally:
        if descriptor is not None:
            # Somebody who has removed the file has let another run in.
            if _is_still(descriptor, path):
                with contextlib.suppress(OSError):
                    os.unlink(path)
            os.close(descriptor)


def check(checkpoint: Optional[str]) -> None:
    """Raises CheckpointInUseError if another run holds the checkpoint now."""
    if checkpoint is not None and os.path.exists(_get_lock_path(checkpoint)):
        with hold(checkpoint):
            pass


def _get_lock_path(checkpoint: str) -> str:
    real = os.path.realpath(checkpoint)
    return os.path.join(
        os.path.dirname(real), files.shorten(os.path.basename(real), 5) + ".lock"
    )


def _acquire(checkpoint: str, path: str) -> Optional[int]:
    """The descriptor that holds the lock; None where there are none."""
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise OutputError(
                f"checkpoint '{checkpoint}': cannot write its lock file '{path}': "
                f"{error.strerror}; choose a path in a directory that can be written"
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still(descriptor, path):
                _write_holder(descriptor)
                return descriptor
            # Whoever had it has removed the file meanwhile.
            os.close(descriptor)
        except OSError as error:
            if error.errno == errno.EWOULDBLOCK:
                holder = _read_holder(descriptor)
                os.close(descriptor)
                raise CheckpointInUseError(
                    f"checkpoint '{checkpoint}' is in use by {holder}; wait until it "
                    "ends, stop it, or give another path"
                ) from None
            os.close(descriptor)
            if error.errno in _NO_LOCKS:
                _warn_of_no_locks(checkpoint, path, error)
                return None
            raise OutputError(
                f"checkpoint '{checkpoint}': cannot lock '{path}': {error.strerror}; "
                "choose another path"
            ) from error


def _is_still(descriptor: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except OSError:
        return False


def _write_holder(descriptor: int) -> None:
    since = time.strftime("%Y-%m-%d %H:%M:%S %Z")
    command = " ".join(" ".join(map(shlex.quote, sys.orig_argv)).split())
    if len(command) > _LONGEST_COMMAND:
        command = command[: _LONGEST_COMMAND - 3] + "..."
    text = f"process {os.getpid()} on {socket.gethostname()} since {since}: {command}"
    with contextlib.suppress(OSError):
        # Longer than what it replaces or not: what follows is cut off.
        os.pwrite(descriptor, os.fsencode(text), 0)
        os.ftruncate(descriptor, len(os.fsencode(text)))


def _read_holder(descriptor: int) -> str:
    # Who has just taken the lock has yet to write who it is.
    time.sleep(0.05)
    try:
        text = os.fsdecode(os.pread(descriptor, 1000, 0)).strip()
    except OSError:
        text = ""
    return text or "another training run"


def _warn_of_no_locks(checkpoint: str, path: str, error: OSError) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)
    warnings.warn(
        f"checkpoint '{checkpoint}': its file system has no locks ({error.strerror}): "
        "make sure that no other run writes it, because they would replace each other's "
        "work; a local path has them",
        TrainingWarning,
        stacklevel=6,
    )
