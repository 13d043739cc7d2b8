# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What the names in reports, targets and programs mean, from their declarations."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Optional

from . import _runtime
from .errors import InputError
from .machines import Target, target
from .units import get_unit


@dataclass(frozen=True)
class Entry:
    """One name and what it means."""

    #: "counter", "component", "area part", "instruction", "instruction field", "operation",
    #: "operation parameter", "target field", "report field"
    kind: str
    name: str
    unit: str  #: "" where the definition says it, or there is none
    definition: str
    #: Further lines: how a counter is priced, which words a field of an instruction
    #: takes, what value a field of a target has and why.
    notes: tuple[str, ...] = ()


def _declared() -> Iterator[Entry]:
    """What the runtime declares."""
    for kind, name, unit, definition, note in _runtime.list_glossary():
        yield Entry(kind, name, unit, definition, (note,) if note else ())


def _fields(machine: Target) -> Iterator[Entry]:
    for field in machine.fields:
        kind = "structural" if field.structural else "priced"
        yield Entry(
            "target field", field.name, field.unit, field.doc,
            (f"{kind}; {field.value} in target {machine.name}", f"source: {field.source}"),
        )


def _report_fields(schema: dict[str, Any], root: dict[str, Any],
                   prefix: str, unit: str) -> Iterator[Entry]:
    """The fields below one; `unit` is that of all values in it."""
    if "$ref" in schema:
        part: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            part = part[step]
        schema = {**part, **schema}
    if "items" in schema:
        prefix += "[]"
        schema = schema["items"]
    for name, inner in schema.get("properties", {}).items():
        own = inner.get("unit", get_unit(name) or unit)
        path = f"{prefix}.{name}" if prefix else name
        values = inner.get("type", "object")
        texts = {"string", "boolean"} & set([values] if isinstance(values, str) else values)
        yield Entry("report field", path, "" if texts else own, inner["description"])
        yield from _report_fields(inner, root, path, own)


def list_entries(machine: Optional[Target] = None) -> list[Entry]:
    """Every name that can be explained: whatever declares names adds them here, or
    in the runtime's list of them. Target fields are those of `machine` (default:
    mirage)."""
    schema = json.loads((Path(__file__).parent / "report.schema.json").read_text())
    return [
        *_declared(),
        *_fields(machine or target("mirage")),
        *_report_fields(schema, schema, "", ""),
    ]


def list_below(name: str, machine: Optional[Target] = None) -> list[str]:
    """Names of the parts of what has this name: format.group below format."""
    return [e.name for e in list_entries(machine) if e.name.startswith(f"{name.strip()}.")]


def explain(name: str, machine: Optional[Target] = None) -> list[Entry]:
    """The entries of this name, then those whose last part it is, as in
    layers[].core_ns; of the name of a group, as core.area, its fields. Instructions
    may be spelled as in timelines (vec.pack) or in assembly (pisa.vec_pack). Raises
    InputError, with the nearest names, if there is none."""
    entries = list_entries(machine)
    wanted = name.strip()
    found = [entry for entry in entries if entry.name == wanted]
    mnemonic = wanted.removeprefix("pisa.").replace(".", "_", 1)
    found = found or [e for e in entries if e.kind == "instruction" and e.name == mnemonic]
    found += [e for e in entries if "." in e.name and e.name.split(".")[-1] == wanted]
    if found:
        return found
    below = [entry for entry in entries if entry.name.startswith(f"{wanted}.")]
    if below:
        return below
    known = {entry.name for entry in entries}
    known |= {entry.name.split(".")[-1] for entry in entries}
    near = difflib.get_close_matches(wanted, sorted(known), n=3, cutoff=0.6)
    hint = " or ".join(f"'{other}'" for other in near)
    raise InputError(
        f"nothing is called '{name}'" + (f"; did you mean {hint}?" if near else "") +
        "; counters, components and parts of areas: photonic-run --list-counters, instructions and their "
        "fields: photonic-run --list-instructions, fields of targets: "
        "photonic targets show, fields of reports: docs/report.schema.json"
    )
