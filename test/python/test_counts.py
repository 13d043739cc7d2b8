# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Programs whose time and energy depend on what they count in their data."""

import json
import pathlib
import re
import sys

import numpy as np
import pytest

import photonic

COUNTED = 5000  # elements, which the program finds in one of its constants


@pytest.fixture(scope="module")
def counting(tiny, tool, tmp_path_factory):
    """tiny for batch 4, which at its end packs as many elements as a constant
    says."""
    folder = tmp_path_factory.mktemp("counting")
    done = tool("photonic-translate", "--disassemble", tiny, "-o", folder / "a.pisa")
    assert done.returncode == 0, done.stderr
    text = (folder / "a.pisa").read_text()
    memory = re.search(r'(pisa\.memory \d+ "act" .*?bytes )(\d+)( types \[)(.*?)\]', text)
    base = (int(memory[2]) + 63) // 64 * 64
    size = base + 64 + 4096 + 4 * 8192
    types = memory[4] if "i32" in memory[4] else memory[4] + ", i32"
    text = text.replace(memory[0], f"{memory[1]}{size}{memory[3]}{types}]")
    tables = [m.end() for m in re.finditer(r"pisa\.memory .*\n", text)]
    registers = '  pisa.register 0 "nonzeros" most 8192\n  pisa.register 1 "unused" most 3\n'
    text = text[: tables[-1]] + registers + text[tables[-1] :]
    number = len(re.findall(r"pisa\.region \d+ ", text))
    region = (f'  pisa.region {number} "counts" constant at act[{base}] bytes 4 '
              f"type tensor<1xi32> init dense<{COUNTED}> : tensor<1xi32>\n")
    last = [m.end() for m in re.finditer(r"pisa\.region .*\n", text)][-1]
    text = text[:last] + region + text[last:]
    code = (f"pisa.vec_read_count r0 from act[{base}]\n"
            f"pisa.vec_pack act[{base + 64}] from act[{base + 64 + 4096}] count 8192 of r0\n")
    text = text.replace("pisa.halt", code + "pisa.halt")
    (folder / "b.pisa").write_text(text)
    done = tool("photonic-translate", "--assemble", folder / "b.pisa", "-o", folder / "b.phx")
    assert done.returncode == 0, done.stderr
    return folder / "b.phx"


def test_time_without_counts_is_refused(tool, counting):
    done = tool("photonic-run", counting, "--timing-only")
    assert done.returncode == 1
    assert "register 0 ('nonzeros')" in done.stderr and "--count" in done.stderr
    assert "unused" not in done.stderr


def test_counts_are_assumed(tool, counting, tmp_path, source_dir):
    import jsonschema

    latencies = {}
    for value in (0, 256, 8192):
        path = tmp_path / f"{value}.json"
        done = tool("photonic-run", counting, "--timing-only", "--count",
                    f"nonzeros={value}", "--report", path)
        assert done.returncode == 0, done.stderr
        assert "with the counts that are assumed" in done.stdout
        assert re.search(r"nonzeros +assumption", done.stdout)
        report = json.loads(path.read_text())
        schema = json.loads((source_dir / "docs/report.schema.json").read_text())
        jsonschema.validate(report, schema)
        assert report["counts"] == [
            {"name": "nonzeros", "limit": 8192, "source": "assumption", "writes": None,
             "least": value, "mean": value, "most": value},
            {"name": "unused", "limit": 3, "source": None, "writes": None,
             "least": None, "mean": None, "most": None},
        ]
        latencies[value] = report["latency_ns"], report["counters"]["vector_ops"]
    assert latencies[0][0] < latencies[256][0] < latencies[8192][0]
    assert latencies[8192][1] - latencies[0][1] == 8192
    assert latencies[256][1] - latencies[0][1] == 256


def test_an_execution_counts(tool, counting, models, tmp_path):
    reports = []
    for timing in ("closed", "stepped"):
        path = tmp_path / f"{timing}.json"
        done = tool("photonic-run", counting, "--input", f"x={models}/x.npy",
                    "--report", path, "--timing", timing)
        assert done.returncode == 0, done.stderr
        assert "time and energy are those of the latest run" in done.stdout
        reports.append(json.loads(path.read_text()))
    assert reports[0]["latency_ns"] == reports[1]["latency_ns"]
    assert reports[0]["counts"][0] == {
        "name": "nonzeros", "limit": 8192, "source": "execution", "writes": 1,
        "least": COUNTED, "mean": COUNTED, "most": COUNTED}
    assert reports[0]["counts"][1]["writes"] == 0
    path = tmp_path / "assumed.json"
    done = tool("photonic-run", counting, "--timing-only", "--count",
                f"nonzeros={COUNTED}", "--report", path, "--quiet")
    assert done.returncode == 0, done.stderr
    assert json.loads(path.read_text())["latency_ns"] == reports[0]["latency_ns"]


@pytest.mark.parametrize("argument, message", [
    ("nonzeros", "expected NAME=NUMBER with a whole number, found 'nonzeros'"),
    ("nonzeros=many", "expected NAME=NUMBER with a whole number, found 'nonzeros=many'"),
    ("nonzeros=8193", "register 0 ('nonzeros'): expected 0 to 8192, found 8193"),
    ("nonzeros=-1", "register 0 ('nonzeros'): expected 0 to 8192, found -1"),
    ("nonzero=1", "no count register 'nonzero'; did you mean 'nonzeros'?"),
])
def test_wrong_counts_are_named(tool, counting, argument, message):
    done = tool("photonic-run", counting, "--timing-only", "--count", argument)
    assert done.returncode == 1
    assert "--count: " in done.stderr and message in done.stderr


def test_counts_belong_to_timing_alone(tool, counting, models):
    done = tool("photonic-run", counting, "--count", "nonzeros=1",
                "--input", f"x={models}/x.npy")
    assert done.returncode == 1
    assert "--count assumes what an execution finds out; add --timing-only" in done.stderr
    done = tool("photonic-run", counting, "--timing-only", "--count", "nonzeros=1",
                "--count", "nonzeros=2")
    assert done.returncode == 1
    assert "'nonzeros' is given twice" in done.stderr


def test_the_command_assumes_and_shows_counts(tool, counting, models, tmp_path):
    def command(*arguments):
        return tool(pathlib.Path(sys.executable), "-m", "photonic", *arguments)

    path = tmp_path / "r.json"
    done = command("run", counting, "--timing-only", "--count", "nonzeros=256",
                   "--report", path, "--quiet")
    assert done.returncode == 0, done.stderr
    assert json.loads(path.read_text())["counts"][0]["most"] == 256
    done = command("report", path)
    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if "nonzeros" in line]
    assert len(rows) == 1
    assert re.findall(r"[\w-]+", rows[0]) == [
        "nonzeros", "assumption", "-", "256", "256", "256", "8192"]
    assert "unused" not in done.stdout
    for arguments, expected in [
        (["--count", "nonzeros=1", "--input", f"x={models}/x.npy"], "add --timing-only"),
        (["--timing-only"], "nonzeros"),
    ]:
        done = command("run", counting, *arguments)
        assert done.returncode == 1, arguments
        assert expected in done.stderr and "Traceback" not in done.stderr, done.stderr
    for counts, expected in [
        (["nonzeros"], "expected NAME=NUMBER"),
        (["nonzeros=1.5"], "expected NAME=NUMBER"),
        (["nonzeros=9000"], "register 0 ('nonzeros'): expected 0 to 8192, found 9000"),
        (["nonzeros=-1"], "expected a whole number >= 0 for 'nonzeros', found -1"),
        (["nonzeros=1", "nonzeros=2"], "'nonzeros' is given twice"),
        (["nonzero=1"], "the program has no count register 'nonzero'; did you mean "
                        "'nonzeros'?"),
    ]:
        arguments = [word for count in counts for word in ("--count", count)]
        done = command("run", counting, "--timing-only", *arguments)
        assert done.returncode == 1, counts
        # Lines are broken at the width of a terminal.
        assert f"--count: {expected}" in " ".join(done.stderr.split()), done.stderr
        assert "Traceback" not in done.stderr, done.stderr


def test_python_assumes_and_executes(counting, models):
    exe = photonic.load(counting)
    assert exe.counts == {"nonzeros": 8192, "unused": 3}
    with pytest.raises(photonic.Error, match="nonzeros"):
        exe.report()
    exe.assume_counts({"nonzeros": 256})
    few = exe.cost
    assert exe.report()["counts"][0]["source"] == "assumption"
    exe.assume_counts({"nonzeros": 8192})
    many = exe.cost
    exe.run(np.load(models / "x.npy"))
    counted = exe.cost
    for quantity in range(2):  # time, energy
        assert few[quantity] < counted[quantity] < many[quantity]
    assert exe.report()["counts"][0]["source"] == "execution"
    exe.assume_counts({"nonzeros": 0})
    assert exe.cost == counted


@pytest.mark.parametrize("counts", [
    3, {"nonzeros": 1.5}, {"nonzeros": -1}, {"nonzeros": True}, {1: 1}, {"zeros": 1},
    {"nonzeros": 9000}])
def test_python_refuses_wrong_counts(counting, counts):
    exe = photonic.load(counting)
    exe.assume_counts({"nonzeros": 256})
    before = exe.cost
    with pytest.raises(photonic.InputError):
        exe.assume_counts(counts)
    assert exe.cost == before


def test_programs_without_registers_have_none(tiny):
    exe = photonic.load(tiny)
    assert exe.counts == {}
    exe.assume_counts({})
    assert exe.report()["counts"] == []


def test_programs_with_counts_are_compared_without_time(tiny, counting):
    from photonic import diff_inputs, differences

    result = differences.compare(
        *diff_inputs.read(str(tiny), str(counting), diff_inputs.Timing()))
    left_out, bound = result.notes
    assert "time and energy are left out" in left_out and "nonzeros" in left_out
    assert "counts that it needs" in left_out and "largest counts" in bound
    (section,) = [s for s in result.sections if s.title == "outside of layers"]
    changes = {change.name: change.change for change in section.changes}
    assert changes["instructions of vec_read_count on vec"] == 1
    assert changes["executions of vec_pack on vec"] == 1
