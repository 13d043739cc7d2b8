# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""docs/guides/writing-a-pass.md: its commands, on its network, give its tables."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import find_tool

from photonic.show import si

GUIDE = (Path(__file__).resolve().parents[2] / "docs/guides/writing-a-pass.md").read_text()
UNITS = {"latency_ns": (1e-9, "s"), "energy_pj": (1e-12, "J")}


def read_tables():
    """(names of the columns, cells by field) of each table."""
    for block in re.findall(r"(?:^\|.*\|\n)+", GUIDE, re.M):
        rows = [[cell.strip() for cell in row.strip("|").split("|")]
                for row in block.splitlines()]
        if rows[0][0]:  # of something else than programs
            continue
        yield rows[0][1:], {row[0].strip("`"): row[1:] for row in rows[2:]}


def read_commands():
    """The compilations of the guide, by the file that they write."""
    commands = {}
    for block in re.findall(r"```sh\n(.*?)```", GUIDE, re.S):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line)
            if words[:2] == ["photonic-compile", "net.onnx"]:
                commands[words[words.index("-o") + 1]] = [
                    word for word in words[2:]
                    if word not in ("-o", words[words.index("-o") + 1])]
    return commands


def look_up(report, field):
    for name in field.split("."):
        report = report[name]
    return report


def spell(field, value, base):
    """A cell as the tables have it: the value, and the change from the first column."""
    if field.endswith("_share"):
        return f"{100 * value:.2f} %"
    factor, unit = UNITS[field.split(".")[0]]
    text = si(value * factor, unit)
    return text if base is None else f"{text} ({100 * (value / base - 1):+.1f} %)"


TABLES = list(read_tables())
#: The programs that the columns of each table are of.
PROGRAMS = [["before.phx", "after.phx"], ["before.phx", "shared.phx", "stored.phx"],
            ["train.phx", "train-stored.phx"], ["usual.phx", "single.phx", "alone.phx"]]
#: Programs that come from edited IR, by the commands of a section.
EDITED = PROGRAMS[3]


@pytest.fixture(scope="module")
def reports(networks, cli, tmp_path_factory):
    directory = tmp_path_factory.mktemp("guide")
    commands = read_commands()
    step = re.search(r"\(`(--train .*?)`\)", GUIDE).group(1).split()
    commands["train.phx"] = step
    commands["train-stored.phx"] = [*step, *commands["stored.phx"]]
    found = {}
    for name in sorted({name for names in PROGRAMS[:3] for name in names}):
        flags = commands[name]
        if not any(flag.startswith("--batch") for flag in flags):
            flags = [*flags, "--batch=1"]  # this export leaves it open
        cli.compile(networks.get_model("resnet18"), directory / name, *flags)
        found[name] = cli.time(directory / name)
        (directory / name).unlink()
    run_section("## 5", networks.get_model("resnet18"), directory, cli)
    found.update({name: cli.time(directory / name) for name in EDITED})
    shutil.rmtree(directory)
    return found


def run_section(heading, model, directory, cli):
    """The shell commands of a section, in a folder with the IR behind `tile`."""
    section = re.search(rf"^{heading} .*?(?=^## |\Z)", GUIDE, re.M | re.S).group()
    script = "\n".join(re.findall(r"```sh\n(.*?)```", section, re.S))
    cli.compile(model, directory / "tile.mlir", "--compile-to=tile", "--batch=1")
    tools = Path(find_tool("photonic-compile")).parent
    subprocess.run(["bash", "-euc", script.replace("net.onnx", f"{model} --batch=1")],
                   cwd=directory, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                   env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"})


def test_the_guide_has_these_tables():
    assert [len(columns) for columns, _ in TABLES] == [len(names) for names in PROGRAMS]
    assert {"before.phx", "after.phx", "shared.phx", "stored.phx"} <= read_commands().keys()


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_table(number, reports):
    columns, rows = TABLES[number]
    for field, cells in rows.items():
        values = [look_up(reports[name], field) for name in PROGRAMS[number]]
        expected = [spell(field, value, None if i == 0 or field.endswith("_share") else values[0])
                    for i, value in enumerate(values)]
        assert cells == expected, field
