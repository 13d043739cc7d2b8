# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Names in reports and targets are explained from their declarations."""

import json
import subprocess

import photonic
import pytest
from photonic import glossary


def explain(*arguments):
    return subprocess.run(["photonic", "explain", *arguments], capture_output=True, text=True)


def test_every_declared_name_is_listed_by_both_tools(build_bin):
    done = subprocess.run([build_bin / "photonic-run", "--list-counters"],
                          capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr
    declared = [e for e in glossary.list_entries() if e.kind in ("counter", "component")]
    assert len(declared) == 14 + 12
    for entry in declared:
        assert f"  {entry.name} [{entry.unit}]\n" in done.stdout
        assert entry.unit and entry.definition
        assert " ".join(entry.definition.split()) in " ".join(done.stdout.split())


def test_the_schema_says_what_the_declarations_say(source_dir):
    """The schema has an entry for each counter and component of the shipped classes."""
    schema = json.loads((source_dir / "docs/report.schema.json").read_text())["properties"]
    parts = {
        "counter": schema["counters"],
        "component": schema["energy_pj"]["properties"]["by_component"],
    }
    for kind, part in parts.items():
        names = [e.name for e in glossary.list_entries() if e.kind == kind]
        assert list(part["properties"]) == names


def test_every_entry_has_a_definition():
    entries = glossary.list_entries()
    kinds = {"counter", "component", "target field", "report field"}
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
