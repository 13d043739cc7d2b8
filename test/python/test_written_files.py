# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Files that appear whole, and arrays that are no arrays."""

import fcntl
import os
import stat
import threading

import numpy as np
import pytest
from photonic import files

import photonic


def write(path, data=b"new"):
    files.write_atomically(str(path), lambda file: file.write(data))


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far" / "data", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write(link)
    assert link.is_symlink() and target.read_bytes() == b"new"
    target.unlink()
    write(link, b"again")
    assert link.is_symlink() and target.read_bytes() == b"again"
    assert sorted(os.listdir(tmp_path)) == ["far", "link"]
    assert os.listdir(tmp_path / "far") == ["data"]


def test_a_pipe_is_written_in_place(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write(pipe)
    reader.join(10)
    assert read == [b"new"] and stat.S_ISFIFO(os.stat(pipe).st_mode)
    assert os.listdir(tmp_path) == ["pipe"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444])
def test_the_mode_stays(tmp_path, mode):
    path = tmp_path / "data"
    path.write_bytes(b"old")
    path.chmod(mode)
    write(path)
    assert stat.S_IMODE(path.stat().st_mode) == mode and path.read_bytes() == b"new"


def test_the_mode_of_a_new_file_is_that_of_others(tmp_path):
    write(tmp_path / "data")
    (tmp_path / "other").write_bytes(b"")
    assert (tmp_path / "data").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_write_that_fails_leaves_everything(tmp_path):
    path = tmp_path / "data"
    path.write_bytes(b"old")

    def fail(file):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(photonic.OutputError, match=f"cannot write '{path}': No space"):
        files.write_atomically(str(path), fail)
    assert os.listdir(tmp_path) == ["data"] and path.read_bytes() == b"old"


def test_leftovers(tmp_path):
    """Only what a killed process has left."""
    kept = ["c.tmp-my-notes", "c.tmp-abcdefgh.txt", "c.tmp-short", "xc.tmp-abcdefgh",
            "c.tmp-inuse123"]
    for name in ["c.tmp-abcd_123", *kept]:
        (tmp_path / name).write_bytes(b"")
    os.mkfifo(tmp_path / "c.tmp-apipe123")
    with open(tmp_path / "c.tmp-inuse123", "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        files.remove_leftovers(str(tmp_path / "c"))
        assert sorted(os.listdir(tmp_path)) == sorted([*kept, "c.tmp-apipe123"])
    files.remove_leftovers(str(tmp_path / "c"))
    assert "c.tmp-inuse123" not in os.listdir(tmp_path)


def test_a_file_that_is_being_written_is_no_leftover(tmp_path):
    path = str(tmp_path / "c")

    def write_slowly(file):
        file.write(b"first ")
        files.remove_leftovers(path)
        file.write(b"second")

    files.write_atomically(path, write_slowly)
    assert (tmp_path / "c").read_bytes() == b"first second"


def test_places_that_cannot_be_written(tmp_path):
    """Found before anything is computed; the check leaves no trace."""
    for name, message in [
        ("/proc/data", "cannot write '/proc/data'"),
        (str(tmp_path / "none" / "data"), "'.*data' is not the path of a file"),
        (str(tmp_path), "'.*' is not the path of a file"),
        (str(tmp_path / ("x" * 256)), "cannot write '.*x': File name too long"),
    ]:
        with pytest.raises(photonic.OutputError, match=f"--export: {message}"):
            files.check_writable(name, "--export")
    (tmp_path / "data").write_bytes(b"old")
    os.mkfifo(tmp_path / "pipe")
    for name in ("data", "new", "pipe"):
        files.check_writable(str(tmp_path / name), "--export")
    assert sorted(os.listdir(tmp_path)) == ["data", "pipe"]
    assert (tmp_path / "data").read_bytes() == b"old"


def test_files_that_hold_no_arrays(tmp_path):
    text, array, archive = tmp_path / "t", tmp_path / "a.npy", tmp_path / "a.npz"
    text.write_text("1, 2, 3\n")
    np.save(array, np.arange(3))
    np.savez(archive, a=np.arange(3))
    (tmp_path / "empty").write_bytes(b"")
    for path, message in [
        (text, "is no .npz archive, found something else; numpy.savez"),
        (array, r"is no .npz archive, found a single array \(.npy\)"),
        (tmp_path / "empty", "is no .npz archive, found an empty file"),
        (tmp_path / "none", "cannot read .*No such file"),
        (tmp_path, "cannot read .*directory"),
    ]:
        with pytest.raises(photonic.InputError, match=message) as error:
            files.read_archive(str(path))
        assert "pickle" not in str(error.value)
    for path, message in [
        (text, "is no .npy file, found something else; numpy.save"),
        (archive, r"is no .npy file, found an archive of arrays \(.npz\)"),
    ]:
        with pytest.raises(photonic.InputError, match=message):
            files.read_array(str(path))
    assert files.read_array(str(array)).tolist() == [0, 1, 2]
    assert files.read_archive(str(archive))["a"].tolist() == [0, 1, 2]


def test_damaged_arrays(tmp_path):
    """Whatever byte is wrong: a message, or arrays."""
    path = tmp_path / "a.npz"
    np.savez_compressed(path, a=np.arange(30), b=np.zeros(4, np.float32))
    good = path.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(300):
        data = bytearray(good)
        data[rng.integers(len(data))] = rng.integers(256)
        path.write_bytes(data)
        try:
            files.read_archive(str(path))
        except photonic.InputError as error:
            assert "a.npz" in str(error)
