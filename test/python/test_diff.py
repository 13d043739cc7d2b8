# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""photonic diff: what a change did to a report, a program or IR."""

import json
import subprocess
import sys
import warnings

import pytest
from photonic import cli, compiler, diff_inputs, differences
from photonic.differences import Change, compare, find_unit, flatten
from photonic.errors import InputError

import photonic


@pytest.fixture
def diff(monkeypatch, capsys):
    """diff(A, B, ...): the command in this process, with an output of one width. It
    leaves nothing behind for the tests of others."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(compiler, "_on_command_line", False)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["photonic", "diff", *map(str, arguments)])
        capsys.readouterr()
        code = cli.main()
        out, err = capsys.readouterr()
        return subprocess.CompletedProcess(sys.argv, code, out, err)

    return run


@pytest.fixture(scope="module")
def report(tiny):
    """Of tiny.onnx, as a value that a test may change."""
    text = json.dumps(photonic.load(tiny).report())
    return lambda: json.loads(text)


@pytest.fixture(scope="module")
def slow(tiny, report):
    """The same at half the clock."""
    return photonic.load(tiny, set={"core.clock_ghz": 5}).report()


@pytest.fixture
def save(tmp_path):
    """save("a.json", report): the path."""

    def write(name, value):
        path = tmp_path / name
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return path

    return write


@pytest.fixture(scope="module")
def irs(models, tool, tmp_path_factory):
    """irs("split", "--dataflow=df1"): the path of IR of tiny.onnx."""
    folder = tmp_path_factory.mktemp("irs")

    def make(stage, *options):
        path = folder / ("_".join([stage, *options]).replace("/", "_") + ".mlir")
        if not path.exists():
            done = tool("photonic-compile", models / "tiny.onnx", "--batch=4",
                        f"--compile-to={stage}", "-o", path, *options)
            assert done.returncode == 0, done.stderr
        return path

    return make


def rows(changes):
    return {change["name"]: change for change in changes}


def sections(result):
    return {section["title"]: rows(section["changes"]) for section in result["sections"]}


def layers(result):
    return {(layer["name"], layer["phase"]): rows(layer["changes"])
            for layer in result["layers"]}


def read(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# Values

@pytest.mark.parametrize("name, unit", [
    ("latency_ns", "ns"), ("energy_pj.by_component.laser.total", "pJ"),
    ("engines.core[3].stalled_ns.on_dma", "ns"), ("memory.memories.act.read_bytes", "B"),
    ("area_mm2.by_component.photonic", "mm²"), ("sqnr_db", "dB"), ("macs", ""),
    ("transferred_bytes dram to act", "B"), ("counters.scratchpad_bytes", "B"),
    ("bytes of fc.weight", "B"), ("nn.conv2d strides", ""),
])
def test_values_have_units(name, unit):
    assert find_unit(name) == unit


def test_changes_are_absolute_and_relative():
    change = Change("latency_ns", 8.0, 6.0, "ns")
    assert (change.change, change.relative, change.same) == (-2.0, -0.25, False)
    assert Change("x", -4, -6).relative == -0.5
    # Of nothing there is no share, and words have no difference.
    assert (Change("x", 0, 5).change, Change("x", 0, 5).relative) == (5, None)
    for a, b in [(None, 5), ("df1", "df2"), (True, False), (None, None)]:
        assert Change("x", a, b).change is None
    assert Change("x", float("nan"), float("nan")).same
    assert not Change("x", None, 0).same
    assert not Change("x", 0, None).same


def test_nested_values_have_paths():
    value = {"a": {"b": 1}, "list": [{"name": "act", "bytes": 2}, {"other": 3}],
             "words": ["x=1"], "none": None}
    assert flatten(value) == {"a.b": 1, "list.act.bytes": 2, "list.1.other": 3,
                              "words[x=1]": True, "none": None}


# Reports

def test_the_command_is_there(tool, save, report, slow):
    a, b = save("a.json", report()), save("b.json", slow)
    done = tool(sys.executable, "-m", "photonic", "diff", a, b)
    assert done.returncode == 0 and "latency_ns" in done.stdout and not done.stderr
    done = tool(sys.executable, "-m", "photonic", "diff", a, "/nonexistent")
    assert done.returncode == 1 and not done.stdout
    assert done.stderr.startswith("photonic: error: cannot read '/nonexistent'")


def test_equal_reports_do_not_differ(diff, save, report):
    a, b = save("a.json", report()), save("b.json", report())
    done = diff(a, b)
    assert (done.returncode, done.stdout, done.stderr) == (0, "the reports do not differ\n", "")
    result = read(diff(a, a, "--json"))
    assert result["same"] and not result["layers"]
    assert result["layers_same"] == len(report()["layers"])


def test_reports_differ_in_totals_and_layers(diff, save, report, slow):
    a, b = save("a.json", report()), save("b.json", slow)
    result = read(diff(a, b, "--json"))
    assert not result["same"] and result["kind"] == "report" and result["diff_version"] == 1
    latency = sections(result)["totals"]["latency_ns"]
    assert latency["unit"] == "ns"
    assert (latency["a"], latency["b"]) == (report()["latency_ns"], slow["latency_ns"])
    assert latency["change"] == slow["latency_ns"] - report()["latency_ns"] > 0
    assert latency["relative"] == pytest.approx(latency["change"] / latency["a"])
    laser = sections(result)["energy"]["energy_pj.by_component.laser.total"]
    assert laser["unit"] == "pJ" and laser["b"] > laser["a"]
    assert sections(result)["run"]["target_changes[core.clock_ghz=5]"]["b"] is True
    assert "counters" in {s["title"] for s in result["sections"] if not s["changes"]}
    # The longest change is in front; equal layers are counted.
    sizes = [abs(rows(layer["changes"]).get("latency_ns", {"change": 0})["change"])
             for layer in result["layers"]]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] > 0
    assert result["layers_same"] + len(result["layers"]) == len(slow["layers"])


def test_reports_are_shown_as_tables(diff, save, report, slow):
    a, b = save("a.json", report()), save("b.json", slow)
    text = diff(a, b).stdout
    assert f"A: {a}\n" in text and f"B: {b}\n" in text
    line = next(x for x in text.splitlines() if x.startswith("│latency_ns "))
    assert " ns " in line and "+" in line and line.rstrip(" │").endswith("%")
    same = sum(1 for x, y in zip(report()["layers"], slow["layers"]) if x == y)
    assert f"{same} layer" in text and ("is the same" in text or "are the same" in text)
    everything = diff(a, b, "--all").stdout
    assert "counters.adc_conversions" in everything
    assert "counters.adc_conversions" not in text


def test_layers_are_matched_by_name_and_phase(diff, save, report):
    other = report()
    moved = other["layers"].pop(0)
    other["layers"][0]["phase"] = "update"
    other["layers"].append({**moved, "name": "/new/Conv"})
    a, b = save("a.json", report()), save("b.json", other)
    result = read(diff(a, b, "--json"))
    names = [layer["name"] for layer in report()["layers"]]
    assert [(x["name"], x["phase"]) for x in result["only_a"]] == [
        (names[0], "forward"), (names[1], "forward")]
    assert [(x["name"], x["phase"]) for x in result["only_b"]] == [
        (names[1], "update"), ("/new/Conv", "forward")]
    assert result["only_a"][0]["values"]["latency_ns"] == moved["latency_ns"]
    text = diff(a, b).stdout
    assert f"only in A: {names[0]}: " in text
    assert f"only in B: {names[1]}, update: " in text


def test_layers_of_one_name_are_matched_in_order(save, report):
    one, other = report(), report()
    one["layers"] = [{**one["layers"][0], "macs": n} for n in (1, 2)]
    other["layers"] = [{**other["layers"][0], "macs": n} for n in (1, 3)]
    a, b = save("a.json", one), save("b.json", other)
    result = compare(*diff_inputs.read(str(a), str(b), None))
    (layer,) = result.layers
    assert layer.key.number == 1 and layer.changes[0].change == 1


def test_layers_are_sorted_as_asked(diff, save, report):
    other = report()
    for number, layer in enumerate(other["layers"]):
        layer["latency_ns"] += number
        layer["macs"] += 100 - number
    a, b = save("a.json", report()), save("b.json", other)
    names = [layer["name"] for layer in other["layers"]]

    def order(*options):
        return [layer["name"] for layer in read(diff(a, b, "--json", *options))["layers"]]

    # The first layer has another number of MACs alone.
    assert order() == [*reversed(names)]
    assert order("--sort=latency") == [*reversed(names)]
    assert order("--sort=macs") == names
    assert order("--sort=name") == sorted(names)


def test_accuracy_is_compared_where_both_have_it(diff, save, report):
    one, other = report(), report()
    one["accuracy"] = {"top1": 0.5, "top5": 1.0, "samples": 10}
    other["accuracy"] = {"top1": 0.75, "top5": 1.0, "samples": 10}
    a, b = save("a.json", one), save("b.json", other)
    assert "accuracy.top1" in diff(a, b).stdout
    assert "+25.00 points" in diff(a, b).stdout
    change = sections(read(diff(a, b, "--json")))["accuracy"]["accuracy.top1"]
    assert change["change"] == 0.25
    c = save("c.json", report())
    assert sections(read(diff(a, c, "--json")))["accuracy"]["accuracy.top1"]["b"] is None


def test_fields_of_later_reports_are_compared(save, report):
    """What this version does not know is not passed over."""
    one, other = report(), report()
    one["surprise"], other["surprise"] = {"x_ns": 1}, {"x_ns": 2}
    a, b = save("a.json", one), save("b.json", other)
    result = compare(*diff_inputs.read(str(a), str(b), None))
    (section,) = [s for s in result.sections if s.title == "other"]
    assert section.changes == [Change("surprise.x_ns", 1, 2, "ns")]


# Programs

def test_equal_programs_do_not_differ(diff, tiny):
    done = diff(tiny, tiny)
    assert (done.returncode, done.stdout) == (0, "the programs do not differ\n")


def test_programs_differ_by_layer(diff, tiny, compile_model):
    other = compile_model("tiny", "--batch", "4", "--dataflow=df2", "--format=bfp:3:16")
    first = compile_model("tiny", "--batch", "4", "--dataflow=df1")
    result = read(diff(first, other, "--json"))
    conv = layers(result)["/conv/Conv", "forward"]
    assert (conv["product stationary"]["a"], conv["product stationary"]["b"]) == (
        "first", "second")
    assert conv["product first format"]["a"] == "bfp:4:16"
    assert conv["product first format"]["b"] == "bfp:3:16"
    # Its time, too, because the machine is known.
    assert conv["energy_pj.total"]["unit"] == "pJ"
    assert sections(result)["totals"]["latency_ns"]["change"]
    static = read(diff(first, other, "--json", "--static"))
    assert "totals" not in sections(static)
    assert "energy_pj.total" not in layers(static)["/conv/Conv", "forward"]


def test_executions_are_those_of_the_runtime(tiny):
    """What is counted without running, against what runs."""
    document = diff_inputs.make_program(str(tiny))
    for layer in photonic.load(tiny).report()["layers"]:
        record = document.layers[differences.LayerKey(layer["name"], layer["phase"])]
        counted = sum(value for name, value in record.items()
                      if name.startswith("executions of ")
                      and not name.startswith(("executions of signal", "executions of wait")))
        assert counted == layer["instructions"], layer["name"]


def test_transfers_are_those_of_the_runtime(compile_model):
    program = compile_model("tiny", "--batch", "4", "--memory=hierarchy")
    document = diff_inputs.make_program(str(program))
    records = [*document.layers.values(), document.sections["outside of layers"]]
    written = {}
    for record in records:
        for name, value in record.items():
            if name.startswith("transferred_bytes dram to "):
                written[name] = written.get(name, 0) + value
    assert sum(written.values()) > 0
    memories = {m["name"]: m for m in photonic.load(program).report()["memory"]["memories"]}
    assert sum(written.values()) == memories["dram"]["read_bytes"]


def test_memory_models_are_compared(diff, tiny, compile_model):
    other = compile_model("tiny", "--batch", "4", "--memory=hierarchy")
    result = read(diff(tiny, other, "--json", "--static"))
    header = sections(result)["header"]
    assert (header["memory_model"]["a"], header["memory_model"]["b"]) == ("ideal", "hierarchy")
    conv = layers(result)["/conv/Conv", "forward"]
    moved = [change for name, change in conv.items() if name.startswith("transferred_bytes")]
    assert moved and all(c["unit"] == "B" and c["a"] == 0 < c["b"] for c in moved)
    assert "memories.dram.used_bytes" in sections(result)["memories"]


def test_programs_of_another_machine_are_compared_without_time(diff, tiny, compile_model):
    other = compile_model("tiny", "--batch", "4", "--set=core.count=4")
    done = diff(tiny, other)
    assert done.returncode == 0
    (note,) = [x for x in done.stdout.splitlines() if x.startswith("note: ")]
    assert "time and energy are left out" in note and "--static" in note and "core.count" in note
    result = read(diff(tiny, other, "--json"))
    assert result["notes"] and "totals" not in sections(result)
    assert sections(result)["machine"]["core.count"]["b"] == "4"
    # Asked for by name, it is an error.
    done = diff(tiny, other, "--target=mirage")
    assert done.returncode == 1 and "core.count" in done.stderr


def test_prices_of_programs_may_change(diff, tiny, compile_model):
    other = compile_model("tiny", "--batch", "4", "--dataflow=df2")
    plain = sections(read(diff(tiny, other, "--json", "--sort=energy")))
    fast = sections(read(diff(tiny, other, "--json", "--set", "core.clock_ghz=5")))
    assert plain["totals"]["latency_ns"]["b"] != fast["totals"]["latency_ns"]["b"]


# IR

def test_equal_ir_does_not_differ(diff, irs):
    done = diff(irs("split"), irs("split"))
    assert (done.returncode, done.stdout) == (0, "the IR files do not differ\n")


def test_attributes_of_operations_are_compared(diff, irs):
    result = read(diff(irs("split", "--dataflow=df1"), irs("split", "--dataflow=df2"), "--json"))
    assert set(layers(result)) == {("/conv/Conv", "forward"), ("/fc/Gemm", "forward")}
    (change,) = layers(result)["/fc/Gemm", "forward"].values()
    assert change["name"] == "photonic.product stationary"
    assert "first" in change["a"] and "second" in change["b"]


def test_operations_are_counted_by_kind_and_node(diff, irs):
    result = read(diff(irs("autodiff"), irs("lower"), "--json"))
    kinds = sections(result)["operations"]
    conv2d, product = kinds["operations of nn.conv2d"], kinds["operations of photonic.product"]
    assert (conv2d["a"], conv2d["b"], conv2d["change"]) == (1, 0, -1)
    assert (product["a"], product["b"]) == (0, 2)
    assert "lower" in sections(result)["IR"]["stages"]["b"]
    conv = layers(result)["/conv/Conv", "forward"]
    assert conv["operations of photonic.product"]["b"] == 1
    assert conv["operations of nn.conv2d"]["a"] == 1


def test_instructions_belong_to_their_nodes(diff, irs):
    text = diff(irs("emit"), irs("emit", "--dataflow=df2"), "--all").stdout
    assert "/conv/Conv" in text and "pisa.core_stream" in text


def test_numbers_that_shift_do_not_matter(diff, irs):
    """Of tokens, layers and places in the code."""
    result = read(diff(irs("emit", "--dataflow=df1"), irs("emit", "--dataflow=df2"), "--json"))
    names = {name for layer in layers(result).values() for name in layer}
    assert any(name.startswith("pisa.core_program") for name in names)
    assert not any(name.split(" (")[0] in ("pisa.signal token", "pisa.wait token",
                                           "pisa.nest at") for name in names)


def test_assembly_is_ir(diff, tool, tiny, irs, tmp_path):
    path = tmp_path / "tiny.pisa"
    assert tool("photonic-translate", "--disassemble", tiny, "-o", path).returncode == 0
    result = read(diff(path, irs("emit"), "--json"))
    assert result["kind"] == "IR" and not sections(result)["operations"]


def test_constants_are_compared_by_their_bytes(diff, save):
    text = ('func.func @main() -> tensor<40xf32> {{\n'
            '  %w = nn.constant "w" dense<{}> : tensor<40xf32> loc("w")\n'
            '  return %w : tensor<40xf32>\n}}\n')
    a, b = (save(f"{n}.mlir", text.format([n + 0.5] + [0.25] * 39)) for n in (0, 1))
    result = read(diff(a, b, "--json"))
    (change,) = layers(result)["w", "forward"].values()
    assert "checksum" in change["a"] and "160 bytes" in change["a"]
    assert change["a"] != change["b"]


# Mistakes

@pytest.mark.parametrize("content, expected", [
    (None, "No such file"),
    ("", "found an empty file"),
    ("garbage", "neither a report"),
    ("{", "is not JSON"),
    ("{}", "not a report of schema version 2"),
    ('{"schema_version": 2}', "incomplete or damaged report"),
    ("PHX\0", "expected"),
])
def test_files_that_are_none_are_refused(diff, save, tmp_path, content, expected):
    path = tmp_path / "absent" if content is None else save("file", content)
    done = diff(path, path)
    assert done.returncode == 1 and not done.stdout
    assert done.stderr.startswith("photonic: error: ") and expected in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_ir_is_located(diff, save):
    path = save("x.mlir", "func.func @main() {\n  nn.nothing\n}\n")
    done = diff(path, path)
    assert done.returncode == 1 and "x.mlir:2:3" in done.stderr


def test_folders_and_pipes_are_refused(diff, tmp_path):
    done = diff(tmp_path, tmp_path)
    assert done.returncode == 1 and "no regular file" in done.stderr


def test_damaged_layers_are_refused(diff, save, report):
    other = report()
    other["layers"][0] = 3
    done = diff(save("a.json", report()), save("b.json", other))
    assert done.returncode == 1 and "b.json' is an incomplete or damaged report" in done.stderr


def test_mixed_kinds_are_refused(diff, save, report, tiny, irs):
    done = diff(save("a.json", report()), tiny)
    assert done.returncode == 1
    assert "found a report" in done.stderr and "a program" in done.stderr
    assert "--timing-only --report" in done.stderr
    assert diff(irs("split"), tiny).returncode == 1


def test_other_schema_versions_are_refused(diff, save, report):
    version = report()["schema_version"]
    other = {**report(), "schema_version": version + 1}
    done = diff(save("a.json", report()), save("b.json", other))
    assert done.returncode == 1
    assert f"schema version {version}, found version {version + 1}" in done.stderr
    assert "b.json" in done.stderr
    assert "--report" in done.stderr
    done = diff(save("a.json", other), save("b.json", other))
    assert done.returncode == 1 and f"schema version {version}" in done.stderr


def test_options_that_make_no_sense_are_refused(diff, save, report, tiny, irs):
    path = save("a.json", report())
    for options, expected in [(["--sort=colour"], "expected latency, busy"),
                              (["--static"], "for programs"),
                              (["--target=mirage"], "for programs")]:
        done = diff(path, path, *options)
        assert done.returncode == 1 and expected in done.stderr, options
    done = diff(tiny, tiny, "--static", "--target=mirage")
    assert done.returncode == 1 and "--static computes no time" in done.stderr
    done = diff(irs("split"), irs("split"), "--sort=energy")
    assert done.returncode == 1 and "no layer of these files has" in done.stderr


def test_errors_have_their_class(save, tiny):
    with pytest.raises(InputError, match="cannot read"):
        diff_inputs.detect("/nonexistent")
    with pytest.raises(InputError, match="two reports, two programs or two IR files"):
        diff_inputs.read(str(tiny), str(save("x.mlir", "")), None)
