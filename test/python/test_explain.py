# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Names in reports, targets and programs are explained from their declarations."""

import json
import re
import subprocess

import photonic
import pytest
from photonic import glossary
from photonic.units import get_unit


def explain(*arguments):
    return subprocess.run(["photonic", "explain", *arguments], capture_output=True, text=True)


def test_every_declared_name_is_listed_by_both_tools(build_bin):
    done = subprocess.run([build_bin / "photonic-run", "--list-counters"],
                          capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr
    declared = [e for e in glossary.list_entries() if e.kind in ("counter", "component", "area part")]
    listed = [line for line in done.stdout.splitlines() if re.match("  [^ ]", line)]
    assert len(declared) == len(listed) > 0
    for entry in declared:
        assert f"  {entry.name} [{entry.unit}]\n" in done.stdout
        assert entry.unit and entry.definition
        assert " ".join(entry.definition.split()) in " ".join(done.stdout.split())


def test_every_instruction_and_field_is_listed_by_both_tools(build_bin):
    done = subprocess.run([build_bin / "photonic-run", "--list-instructions"],
                          capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr
    entries = [e for e in glossary.list_entries() if e.kind.startswith("instruction")]
    instructions = [e.name for e in entries if e.kind == "instruction"]
    assert {"halt", "vec_pack", "core_stream"} <= set(instructions)
    assert {e.name.split(".")[0] for e in entries} == set(instructions)
    for entry in entries:
        assert f"  {entry.name}{f' [{entry.unit}]' if entry.unit else ''}\n" in done.stdout
        for text in (entry.definition, *entry.notes):
            assert " ".join(text.split())[1:] in " ".join(done.stdout.split())


def test_every_operation_and_parameter_is_listed_by_both_tools(build_bin):
    done = subprocess.run([build_bin / "photonic-run", "--list-instructions"],
                          capture_output=True, text=True)
    entries = [e for e in glossary.list_entries() if e.kind.startswith("operation")]
    assert {"bfp", "scaled_add", "rns.modular_dot", "rns.modular_dot.moduli",
            "bfp.rounding"} <= {e.name for e in entries}
    for entry in entries:
        assert f"  {entry.name}{f' [{entry.unit}]' if entry.unit else ''}\n" in done.stdout
        for text in (entry.definition, *entry.notes):
            assert " ".join(text.split())[1:] in " ".join(done.stdout.split())
    said = explain("rns.modular_dot.moduli")
    assert said.returncode == 0
    assert "1 to 15 integers, each 2 to 65536" in said.stdout


def test_the_schema_says_what_the_declarations_say(source_dir):
    """The schema has an entry for each counter, component and part of the area of the
    shipped classes."""
    schema = json.loads((source_dir / "docs/report.schema.json").read_text())["properties"]
    parts = {
        "counter": schema["counters"],
        "component": schema["energy_pj"]["properties"]["by_component"],
        "area part": schema["area_mm2"]["properties"]["by_component"],
    }
    for kind, part in parts.items():
        declared = [e for e in glossary.list_entries() if e.kind == kind]
        assert list(part["properties"]) == [e.name for e in declared]
        for entry in declared:
            field = part["properties"][entry.name]
            text = entry.definition
            assert field["description"] == text[0].upper() + text[1:] + ".", entry.name
            assert field["unit"] == entry.unit, entry.name


def test_fields_of_targets_have_the_unit_that_their_name_says():
    """One table serves `photonic explain` and `photonic targets show`. A number without
    a unit is a count, a ratio or a list of moduli."""
    fields = {field.name: field.unit for field in photonic.target("mirage").fields}
    assert fields["dma.bytes_per_ns"] == "B/ns"
    assert fields["core.area.ring_mm"] == "mm"
    assert fields["core.link_budget.v_pi_l_v_cm"] == "V·cm"
    for entry in glossary.list_entries():
        if entry.kind == "target field":
            assert entry.unit == fields[entry.name], entry.name
    without = {name.rsplit(".", 1)[-1] for name, unit in fields.items() if not unit}
    assert without <= {
        "group", "rounding", "count", "rows", "columns", "moduli", "detections_per_row",
        "wall_plug_efficiency", "snr_per_modulus", "dacs_per_modulus_array",
        "digital_copies", "lanes", "kind", "types", "roles",
    }


@pytest.mark.parametrize("name, unit", [
    ("clock_ghz", "GHz"), ("dma.bytes_per_ns", "B/ns"), ("read_pj_per_byte", "pJ/B"),
    ("mm2", "mm²"), ("core.rows", ""), ("max_bits", "bit"), ("lambda", ""),
])
def test_units_follow_the_last_words(name, unit):
    assert get_unit(name) == unit


def test_nothing_of_a_name_is_hidden():
    """A report field, fields of instructions, and a group of the target."""
    done = explain("format")
    text = " ".join(done.stdout.split())
    assert "format: report field" in text
    assert "with parts: format.mantissa_bits, format.group, format.rounding" in text
    done = explain("core.area")
    assert done.returncode == 0 and "core.area.ring_mm [mm]: target field" in done.stdout


def test_sections_name_their_document():
    assert "exp (docs/isa.md, section 6.4)" in " ".join(explain("vec_map.fn").stdout.split())


def test_every_entry_has_a_definition():
    entries = glossary.list_entries()
    kinds = {"counter", "component", "area part", "instruction", "instruction field", "operation",
             "operation parameter", "target field", "report field"}
    assert {entry.kind for entry in entries} == kinds
    for entry in entries:
        assert entry.definition, entry.name
        if entry.kind == "target field":
            assert len(entry.notes) == 2
    names = [(entry.kind, entry.name) for entry in entries]
    assert len(set(names)) == len(names)
    fields = {e.name for e in entries if e.kind == "target field"}
    assert fields == {field.name for field in photonic.target("mirage").fields}


@pytest.mark.parametrize("name, parts", [
    ("adc_conversions", ["adc_conversions [conversion]: counter", "GROUP.adc_pj",
                         "component adc"]),
    ("laser", ["laser [pJ]: component", "lasers of all arrays"]),
    ("core.link_budget.coupler_db", ["[dB]: target field", "laser to chip", "priced; 0.2",
                                     "source: §V-B1"]),
    ("vec_pack", ["vec_pack: instruction", "One bit per element: whether it is positive",
                  "executed by the vector unit; opcode 21; operands: dst, a, count"]),
    ("vec.pack", ["vec_pack: instruction"]),
    ("pisa.vec_pool_positions", ["vec_pool_positions: instruction"]),
    ("core_stream", ["core_stream: instruction", "executed by arrays of the class rns; opcode 257"]),
    ("core_stream.start", ["core_stream.start: instruction field",
                           "affine, at least 0: accumulators start from +0 where it is 0"]),
    ("core_stream.row", ["core_stream.row [rows]: instruction field",
                         "called 'row start' in messages"]),
    ("core_stream.length", ["core_stream.length [vectors]: instruction field"]),
    ("core_stream.in", ["core_stream.in [bytes]: instruction field"]),
    ("photonic", ["photonic [mm²]: area part", "phase shifters", "on the photonic chiplet"]),
    ("vec_pool.fn", ["word of PoolFn: the pooling", "called 'function' in messages",
                     "average_valid (divided by the positions inside the extents)"]),
    ("in_map", ["vec_pool.in_map: instruction field", "core_stream.in_map:"]),
    ("core.moduli", ["structural; 31,32,33"]),
    ("layers[].core_ns", ["layers[].core_ns [ns]: report field"]),
    ("core_ns", ["layers[].core_ns [ns]: report field", "training.phases[].core_ns"]),
    ("energy_pj.by_component.adc.static", ["[pJ]: report field"]),
])
def test_names_are_explained(name, parts):
    done = explain(name)
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    for part in parts:
        assert part in text


def test_values_are_those_of_the_target():
    done = explain("core.count", "--set", "core.count=3")
    assert "structural; 3 in target mirage" in done.stdout
    assert "source: set on the command line" in done.stdout


def test_unknown_names_suggest_others():
    done = explain("laser", "adc_conversion")
    assert done.returncode == 1 and not done.stdout
    assert "nothing is called 'adc_conversion'; did you mean 'adc_conversions'" in done.stderr
    assert "photonic-run --list-counters" in done.stderr
    done = explain("vec_pakc", "core_stream.strat")
    assert done.returncode == 1 and not done.stdout
    assert "nothing is called 'vec_pakc'; did you mean 'vec_pack'" in done.stderr
    done = explain("core_stream.strat")
    assert "did you mean 'core_stream.start'" in done.stderr
    assert "photonic-run --list-instructions" in done.stderr
