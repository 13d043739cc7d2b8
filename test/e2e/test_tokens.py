# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Every wait of a compiled program is needed, unless it is marked redundant."""

import re

import pytest


def try_assembling(lines, cli, tmp_path):
    source, program = tmp_path / "m.mlir", tmp_path / "m.phx"
    source.write_text("\n".join(lines) + "\n")
    return cli.execute("photonic-translate", "--assemble", source, "-o", program,
                       check=False)


def get_tokens(lines):
    """Line numbers of signals and waits by token, and redundant tokens."""
    tokens, redundant = {}, set()
    for number, line in enumerate(lines):
        match = re.match(r"\s*pisa\.(signal|wait) \w+\[\d+\] (\d+)(.*)", line)
        if match:
            tokens.setdefault(int(match[2]), {"signal": [], "wait": []})[
                match[1]].append(number)
            if "redundant" in match[3]:
                redundant.add(int(match[2]))
    return tokens, redundant


def close_gap(lines, gone):
    """Lines without a token, the ones above it moved down by one."""
    text = "\n".join(lines)
    text = re.sub(r"\btokens (\d+)", lambda m: f"tokens {int(m[1]) - 1}", text, count=1)
    return re.sub(
        r"(pisa\.(?:signal|wait) [^\]]*\] )(\d+)",
        lambda m: m[1] + str(int(m[2]) - (int(m[2]) > gone)),
        text,
    ).splitlines()


@pytest.mark.parametrize("memory", ["ideal", "hierarchy"])
@pytest.mark.parametrize("name", ["lenet5", "lenet5_tanh"])
def test_deleting_a_token(name, memory, cli, networks, tmp_path):
    """Without a wait alone the token is out of balance; without the wait and
    its signals there is a race, if nothing else orders the accesses."""
    program = networks.get_program(name, f"--memory={memory}", batch=2)
    lines = cli.disassemble(program).splitlines()
    assert try_assembling(lines, cli, tmp_path).returncode == 0
    tokens, redundant = get_tokens(lines)
    assert len(tokens) > 10 and len(redundant) < len(tokens)
    for token, places in tokens.items():
        without = [l for i, l in enumerate(lines) if i != places["wait"][0]]
        result = try_assembling(without, cli, tmp_path)
        assert result.returncode != 0, f"wait of token {token}"
        gone = {*places["wait"], *places["signal"]}
        without = [l for i, l in enumerate(lines) if i not in gone]
        result = try_assembling(close_gap(without, token), cli, tmp_path)
        assert (result.returncode == 0) == (token in redundant), (
            f"token {token}: {result.stderr}"
        )
