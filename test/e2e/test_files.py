# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Program files: round trips, and damage of every kind."""

import random

import pytest

import models


@pytest.fixture(scope="module")
def small(cli, tmp_path_factory):
    directory = tmp_path_factory.mktemp("small")
    models.make_linear(3, 5, 2, directory / "m.onnx", bias=True)
    cli.compile(directory / "m.onnx", directory / "m.phx")
    return directory / "m.phx"


def refuse(cli, path):
    result = cli.execute("photonic-run", path, "--timing-only", "--quiet",
                           check=False)
    assert result.returncode == 1
    assert "error:" in result.stderr
    return result.stderr


@pytest.mark.parametrize("memory", ["ideal", "hierarchy"])
@pytest.mark.parametrize("name", ["lenet5", "lenet5_tanh", "resnet18"])
def test_round_trip(name, memory, cli, networks, tmp_path):
    program = networks.get_program(name, f"--memory={memory}")
    again = cli.assemble(cli.disassemble(program), tmp_path / "again.phx")
    assert again.read_bytes() == program.read_bytes()


def test_equal_programs_give_equal_files(cli, networks, tmp_path):
    model = networks.get_model("lenet5")
    for name in ("a.phx", "b.phx"):
        cli.compile(model, tmp_path / name, "--batch=1")
    assert (tmp_path / "a.phx").read_bytes() == (tmp_path / "b.phx").read_bytes()


def get_reader(cli):
    """Says whether a file is refused, and whether asking is cheap.

    The installed Python package reads within the process; otherwise each
    question starts one.
    """
    try:
        import photonic
    except ImportError:
        def is_refused(path):
            result = cli.execute("photonic-run", path, "--timing-only",
                                   "--quiet", check=False)
            return result.returncode == 1

        return is_refused, False

    def is_refused(path):
        try:
            photonic.load(str(path))
        except photonic.Error:
            return True
        return False

    return is_refused, True


def test_flipped_bits_are_found(cli, small, tmp_path):
    """Every bit if asking is cheap; otherwise every other bit of the preamble
    and a sample of the rest."""
    is_refused, cheap = get_reader(cli)
    data = bytearray(small.read_bytes())
    bits = range(8 * len(data))
    if not cheap:
        sample = random.Random(0).sample(range(512, 8 * len(data)), 350)
        bits = sorted({*range(0, 512, 2), *sample})
    damaged = tmp_path / "damaged.phx"
    damaged.write_bytes(data)
    assert not is_refused(damaged)
    for bit in bits:
        with open(damaged, "r+b") as file:
            file.seek(bit // 8)
            file.write(bytes([data[bit // 8] ^ 1 << bit % 8]))
        assert is_refused(damaged), f"bit {bit}"
        with open(damaged, "r+b") as file:
            file.seek(bit // 8)
            file.write(data[bit // 8 : bit // 8 + 1])


@pytest.mark.parametrize("size", [0, 1, 63, 64, 200, 4096, -1])
def test_truncated(size, cli, small, tmp_path):
    path = tmp_path / "short.phx"
    path.write_bytes(small.read_bytes()[:size])
    assert "short.phx" in refuse(cli, path)


def test_something_behind_the_end(cli, small, tmp_path):
    path = tmp_path / "long.phx"
    path.write_bytes(small.read_bytes() + b"\0")
    refuse(cli, path)


def test_other_version(cli, small, tmp_path):
    """The version is read before anything that it could have changed."""
    import zlib

    data = bytearray(small.read_bytes())
    data[8:12] = (2).to_bytes(4, "little")
    data[60:64] = zlib.crc32(data[:60]).to_bytes(4, "little")
    path = tmp_path / "new.phx"
    path.write_bytes(data)
    message = refuse(cli, path)
    assert "version 2" in message or ("version" in message and "2" in message)


def test_no_program_file(cli, tmp_path):
    path = tmp_path / "text.phx"
    path.write_text("this is no program\n" * 10)
    refuse(cli, path)
    assert "missing.phx" in refuse(cli, tmp_path / "missing.phx")
