# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Reports, programs and IR files as documents that can be compared."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

from . import _runtime, executable, files
from .compiler import read_ir
from .differences import Document, LayerKey, Record, flatten
from .errors import Error, InputError, TargetError

#: How files begin.
_PROGRAM, _BYTECODE = b"PHX\0", b"ML\xefR"

#: Kinds of files, as messages call one.
ARTICLES = {"report": "a report", "program": "a program", "IR": "IR"}

#: Fields of a report by the section that shows them; others are in "other".
_SECTIONS = {
    "run": ("program", "target", "target_changes", "memory_model", "format", "batch",
            "purpose", "stale_prices", "machine_warnings", "run"),
    "totals": ("latency_ns", "throughput_per_s", "energy_per_inference_pj",
               "average_power_w", "peak_power_w", "peak_power_is_bound", "macs",
               "utilization", "core_busy_share"),
    "accuracy": ("accuracy",),
    "training": ("training",),
    "energy": ("energy_pj",),
    "paper convention": ("paper_convention",),
    "memory": ("memory",),
    "counters": ("counters",),
    "count registers": ("counts",),
    "area": ("area_mm2",),
    "engines": ("engines",),
    "what is counted": ("includes", "excludes"),
}


@dataclass(frozen=True)
class Timing:
    """How programs are timed. `target`: name or file, None for the one that they were
    compiled for; `set`: changes of its fields."""

    target: Optional[str] = None
    set: Optional[list[str]] = None


def detect(path: str) -> str:
    """"report", "program" or "IR", by what the file begins with. Raises InputError."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise InputError(
                f"'{path}' is no regular file, and has to be read twice; expected a "
                "report, a program or IR"
            )
        with open(path, "rb") as file:
            start = file.read(256)
    except OSError as error:
        raise InputError(
            f"cannot read '{path}': {error.strerror}; expected a report, a program or IR"
        ) from error
    if start.startswith(_PROGRAM):
        return "program"
    if start.startswith(_BYTECODE) or path.endswith((".mlir", ".mlirbc", ".pisa")):
        return "IR"
    if start.lstrip().startswith(b"{"):
        return "report"
    raise InputError(
        f"'{path}' is neither a report (JSON of photonic-run --report) nor a program (.phx) "
        "nor IR (.mlir of photonic-compile --compile-to, or .pisa), found "
        + (f"a file that begins with {start[:12]!r}" if start else "an empty file")
    )


def read(a: str, b: str, timing: Optional[Timing]) -> tuple[Document, Document]:
    """Both files, which have to be of one kind. `timing`: how programs are timed; None:
    not at all. Raises InputError, ProgramError, CompileError, and TargetError for a
    target that was asked for."""
    kinds = detect(a), detect(b)
    if kinds[0] != kinds[1]:
        raise InputError(
            f"expected two reports, two programs or two IR files, found {ARTICLES[kinds[0]]} "
            f"('{a}') and {ARTICLES[kinds[1]]} ('{b}'); photonic run --timing-only "
            "--report makes a report of a program, and photonic compile a program of a model"
        )
    if kinds[0] == "report":
        return _read_reports(a, b)
    if kinds[0] == "program":
        return _read_programs(a, b, timing)
    return _read_irs(a, b)


# Reports


def _read_reports(a: str, b: str) -> tuple[Document, Document]:
    a_document, b_document = (make_report(path, files.read_report(path)) for path in (a, b))
    return a_document, b_document


def make_report(path: str, report: Mapping[str, Any]) -> Document:
    """A report as JSON has it. Raises InputError if it is damaged."""
    document = Document("report", path)
    with files.reading_report(path):
        _add_report(document, report)
    return document


def _add_report(document: Document, report: Mapping[str, Any]) -> None:
    known = {name for names in _SECTIONS.values() for name in names}
    known |= {"schema_version", "layers"}
    for title, names in _SECTIONS.items():
        parts = {name: report[name] for name in names if name in report}
        if parts:
            document.sections.setdefault(title, {}).update(flatten(parts))
    others = {name: value for name, value in report.items() if name not in known}
    if others:
        document.sections["other"] = flatten(others)
    # What a report cannot do without.
    for name in ("latency_ns", "energy_pj", "layers"):
        report[name]
    for layer in report["layers"]:
        values = {k: v for k, v in layer.items() if k not in ("name", "phase")}
        document.add_layer(str(layer["name"]), str(layer["phase"])).update(flatten(values))


# Programs


def _read_programs(a: str, b: str, timing: Optional[Timing]) -> tuple[Document, Document]:
    documents = tuple(make_program(path) for path in (a, b))
    if timing is None:
        return documents
    reports = []
    for document in documents:
        try:
            exe = executable.load(document.path, timing.target, timing.set)
            reports.append(make_report(document.path, exe.report()))
        except Error as error:
            # What was asked for, and not what happens to be installed.
            if timing.target is not None or timing.set or isinstance(error, InputError):
                raise
            advice = "name its machine with --target" if isinstance(error, TargetError) else (
                "name the machine with --target, or give the counts that it needs to "
                "photonic run --timing-only --report and compare the reports")
            for other in documents:
                other.notes.append(
                    f"time and energy are left out: '{document.path}' cannot be timed "
                    f"({error}); {advice}, or ask for --static"
                )
            return documents
    for document, report in zip(documents, reports):
        _add_timing(document, report)
    return documents


def _add_timing(document: Document, report: Document) -> None:
    """What the report of a program says beside what the program does."""
    for title, record in report.sections.items():
        if title != "run":
            document.sections[title] = record
    for key, record in report.layers.items():
        own = document.layers.setdefault(key, {})
        document.layers[key] = {**record, **own}


def make_program(path: str) -> Document:
    """What a program is and consists of. Raises ProgramError."""
    summary = json.loads(_runtime.summarize_program(files.to_path(path, "path")))
    document = Document("program", path)
    header = dict(summary["header"])
    machine = header.pop("machine")
    document.sections["header"] = flatten(header)
    document.sections["machine"] = dict(line.partition("=")[::2] for line in machine)
    document.sections["memories"] = flatten({"memories": summary["memories"]})
    document.sections["regions"] = _list_regions(summary["regions"])
    document.sections["outside of layers"] = _take_inventory(summary["rest"])
    for layer in summary["layers"]:
        record = document.add_layer(layer["name"], layer["phase"])
        record["op"] = layer["op"]
        record.update(_take_inventory(layer))
        record.update(_list_products(layer["products"]))
    if summary["is_bound"]:
        document.notes.append(
            f"executions and bytes of transfers of '{path}' depend on count registers; "
            "shown are those of the largest counts"
        )
    return document


def _list_regions(regions: list[Mapping[str, Any]]) -> Record:
    """Bytes of each region, and what and where it is."""
    record: Record = {}
    for region in regions:
        name, number = region["name"] or "unnamed", 1
        while f"bytes of {name}" in record:
            number += 1
            name = f"{region['name'] or 'unnamed'}#{number}"
        shape = " x ".join(map(str, region["shape"])) or "scalar"
        record[f"bytes of {name}"] = region["bytes"]
        record[f"place of {name}"] = (
            f"{region['role']} of {region['type']} {shape} in {region['memory']}")
    return record


def _take_inventory(layer: Mapping[str, Any]) -> Record:
    """Instructions by kind and engine, and bytes that transfers move."""
    record: Record = {}
    for entry in layer["instructions"]:
        what = f"{entry['kind']} on {entry['engine']}"
        record[f"instructions of {what}"] = entry["instructions"]
        record[f"executions of {what}"] = entry["executions"]
    for entry in layer["transfers"]:
        record[f"transferred_bytes {entry['from']} to {entry['to']}"] = entry["bytes"]
    return record


def _list_products(products: list[Mapping[str, Any]]) -> Record:
    record: Record = {}
    for number, product in enumerate(products):
        name = "product" if len(products) == 1 else f"product {number}"
        sizes = " x ".join(str(product[key]) for key in ("m", "n", "k"))
        record[f"{name} M x N x K"] = sizes
        for key in ("groups", "positions", "stationary", "first_format", "second_format",
                    "pass", "combine"):
            record[f"{name} {key.replace('_', ' ')}"] = product[key]
    return record


# IR

#: Of operations of one kind that work for one node in one phase: their attributes.
_Operations = dict[tuple[str, str, str], list[Record]]


def _read_irs(a: str, b: str) -> tuple[Document, Document]:
    summaries = [read_ir(path) for path in (a, b)]
    documents = [_make_ir(path, summary) for path, summary in zip((a, b), summaries)]
    first, second = (_group(summary) for summary in summaries)
    unmatched = 0
    for key in first:
        if key not in second:
            continue
        if len(first[key]) != len(second[key]):
            unmatched += 1
            continue
        for document, record in zip(documents, _compare_attributes(first[key], second[key])):
            _find_layer(document, key).update(
                {f"{key[2]} {name}": value for name, value in record.items()})
    if unmatched:
        documents[0].notes.append(
            f"attributes of {unmatched} kinds of operations in a node are not compared, "
            "because the files have different numbers of them"
        )
    return documents[0], documents[1]


def _make_ir(path: str, summary: Mapping[str, Any]) -> Document:
    """Operations per kind, in all and by node and phase."""
    document = Document("IR", path)
    document.sections["IR"] = {"stages": summary["stages"] or "operations of several stages"}
    kinds = document.sections["operations"] = {}
    for (node, phase, kind), operations in _group(summary).items():
        name = f"operations of {kind}"
        kinds[name] = kinds.get(name, 0) + len(operations)
        _find_layer(document, (node, phase, kind))[name] = len(operations)
    return document


def _find_layer(document: Document, key: tuple[str, str, str]) -> Record:
    return document.layers.setdefault(LayerKey(key[0] or "(no node)", key[1]), {})


def _group(summary: Mapping[str, Any]) -> _Operations:
    groups: _Operations = {}
    for operation in summary["operations"]:
        key = operation["node"], operation["phase"], operation["kind"]
        attributes = {**operation["attributes"], "type": operation["type"]}
        groups.setdefault(key, []).append(attributes)
    return groups


def _compare_attributes(a: list[Record], b: list[Record]) -> tuple[Record, Record]:
    """Attributes that differ between operations at the same place: of each the first
    pair of values, and in how many operations it differs."""
    found: dict[str, list[tuple[Any, Any]]] = {}
    for one, other in zip(a, b):
        for name in dict.fromkeys([*one, *other]):
            if one.get(name) != other.get(name):
                found.setdefault(name, []).append((one.get(name), other.get(name)))
    records: tuple[Record, Record] = ({}, {})
    for name, pairs in found.items():
        label = name if len(a) == 1 else f"{name} ({len(pairs)} of {len(a)})"
        for record, value in zip(records, pairs[0]):
            record[label] = value
    return records
