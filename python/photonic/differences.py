# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What differs between two reports, programs or IR files: each is a document of named
values, in sections and by layer, and two documents are compared value by value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional, Union

from .errors import InputError
from .units import get_unit

#: Of a name. None: there is no such name.
Value = Union[int, float, str, bool, None]
#: In the order in which people read them.
Record = dict[str, Value]

#: Version of what `Difference.to_json` returns.
VERSION = 1

#: What layers may be sorted by, and the name of that value; "name" is none.
SORTS = {
    "latency": "latency_ns",
    "busy": "busy_ns",
    "core": "core_ns",
    "energy": "energy_pj.total",
    "macs": "macs",
    "instructions": "instructions",
    "name": "",
}


@dataclass(frozen=True)
class LayerKey:
    """One ONNX node in one phase of a training step."""

    name: str
    phase: str
    #: Of several with that name and phase, from 0.
    number: int = 0


@dataclass
class Document:
    """A report, a program or IR as named values."""

    kind: str
    path: str
    #: By title.
    sections: dict[str, Record] = field(default_factory=dict)
    layers: dict[LayerKey, Record] = field(default_factory=dict)
    #: What is to be known about it.
    notes: list[str] = field(default_factory=list)

    def add_layer(self, name: str, phase: str) -> Record:
        """A new layer's record."""
        number = 0
        while (key := LayerKey(name, phase, number)) in self.layers:
            number += 1
        return self.layers.setdefault(key, {})


@dataclass(frozen=True)
class Change:
    """A value of both documents."""

    name: str
    a: Value
    b: Value
    #: "" for counts, ratios and words.
    unit: str = ""

    @property
    def same(self) -> bool:
        """Equal; a number that is none is equal to another one."""
        if isinstance(self.a, float) and isinstance(self.b, float):
            if math.isnan(self.a) and math.isnan(self.b):
                return True
        return self.a == self.b

    @property
    def change(self) -> Optional[float]:
        """b - a, in the unit; None unless both are numbers."""
        if not _is_number(self.a) or not _is_number(self.b):
            return None
        return self.b - self.a

    @property
    def relative(self) -> Optional[float]:
        """The change over the size of a; None where that is 0 or no number."""
        change = self.change
        return None if change is None or not self.a else change / abs(self.a)

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name, "unit": self.unit, "a": self.a, "b": self.b,
            "change": self.change, "relative": self.relative,
        }


def _is_number(value: Value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


@dataclass
class Section:
    """Values of one title."""

    title: str
    changes: list[Change]
    same: int = 0


@dataclass
class LayerDifference:
    """A layer that both have, with what differs."""

    key: LayerKey
    changes: list[Change]

    def get_size(self, name: str) -> float:
        """How much the value `name` differs; of "" how many values do."""
        if not name:
            return sum(not change.same for change in self.changes)
        sizes = [abs(c.change) for c in self.changes if c.name == name and c.change is not None]
        return max(sizes, default=0.0)


@dataclass
class Difference:
    """What differs between two documents of one kind."""

    kind: str
    a: Document
    b: Document
    sections: list[Section] = field(default_factory=list)
    layers: list[LayerDifference] = field(default_factory=list)
    #: How many of both are equal.
    layers_same: int = 0
    only_a: list[LayerKey] = field(default_factory=list)
    only_b: list[LayerKey] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Nothing differs."""
        parts = [*self.sections, *self.layers]
        return not (self.only_a or self.only_b) and all(
            change.same for part in parts for change in part.changes
        )

    def to_json(self) -> dict[str, Any]:
        """For machines; docs/guides/diff.md says what each field is."""

        def alone(keys: list[LayerKey], document: Document) -> list[dict[str, Any]]:
            return [
                {**_describe(key), "values": document.layers[key]} for key in keys
            ]

        return {
            "diff_version": VERSION, "kind": self.kind,
            "a": self.a.path, "b": self.b.path, "same": self.same, "notes": self.notes,
            "sections": [
                {"title": section.title, "same": section.same,
                 "changes": [change.to_json() for change in section.changes]}
                for section in self.sections
            ],
            "layers": [
                {**_describe(layer.key), "changes": [c.to_json() for c in layer.changes]}
                for layer in self.layers
            ],
            "layers_same": self.layers_same,
            "only_a": alone(self.only_a, self.a), "only_b": alone(self.only_b, self.b),
        }


def _describe(key: LayerKey) -> dict[str, Any]:
    return {"name": key.name, "phase": key.phase, "number": key.number}


def find_unit(name: str) -> str:
    """The unit of a value, "energy_pj.by_component.laser" for instance: that of the
    innermost part of its name that has one."""
    for part in reversed(name.split(" ")[0].split(".")):
        unit = get_unit(part.split("[")[0])
        if unit:
            return unit
    return ""


#: What entries of lists may be called by.
_NAMES = ("name", "phase", "field")


def flatten(value: Any, name: str = "") -> Record:
    """Numbers and words in nested JSON by their path: "memory.memories.act.read_bytes".
    Entries of lists are called by their name or number; of lists of words each word is a
    name, "target_changes[core.count=4]"."""
    record: Record = {}
    if isinstance(value, Mapping):
        for key, part in value.items():
            record.update(flatten(part, f"{name}.{key}" if name else str(key)))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            if not isinstance(part, Mapping):
                record[f"{name}[{part}]"] = True
                continue
            key = next((k for k in _NAMES if k in part), None)
            label = number if key is None else part[key]
            rest = {k: v for k, v in part.items() if k != key}
            record.update(flatten(rest, f"{name}.{label}"))
    else:
        record[name] = value
    return record


#: How values begin that count something: that there is none is 0.
_COUNTS = ("instructions of ", "executions of ", "transferred_bytes ", "operations of ")


def _compare_records(a: Record, b: Record, keep_same: bool) -> tuple[list[Change], int]:
    """Values that differ, or all, in the order of `a`; and how many are equal."""
    names = [*a, *(name for name in b if name not in a)]
    changes = []
    for name in names:
        none = 0 if name.startswith(_COUNTS) else None
        changes.append(Change(name, a.get(name, none), b.get(name, none), find_unit(name)))
    same = sum(change.same for change in changes)
    return [c for c in changes if keep_same or not c.same], same


def compare(a: Document, b: Document, *, sort: Optional[str] = None,
            keep_same: bool = False) -> Difference:
    """What differs. `sort`: one of SORTS, by latency if there is one; layers that
    differ most come first. `keep_same`: equal values are listed, too."""
    result = Difference(a.kind, a, b, notes=[*dict.fromkeys([*a.notes, *b.notes])])
    for title in dict.fromkeys([*a.sections, *b.sections]):
        changes, same = _compare_records(
            a.sections.get(title, {}), b.sections.get(title, {}), keep_same)
        result.sections.append(Section(title, changes, same))
    for key in a.layers:
        if key not in b.layers:
            continue
        changes, _ = _compare_records(a.layers[key], b.layers[key], keep_same)
        result.layers_same += all(change.same for change in changes)
        if changes:
            result.layers.append(LayerDifference(key, changes))
    result.only_a = [key for key in a.layers if key not in b.layers]
    result.only_b = [key for key in b.layers if key not in a.layers]
    _sort(result, sort)
    return result


def _sort(result: Difference, sort: Optional[str]) -> None:
    """Sorts layers, those of equal size as they are in the first document."""
    if sort is not None and sort not in SORTS:
        raise InputError(f"--sort: expected {', '.join(SORTS)}, found '{sort}'")
    known = {name for document in (result.a, result.b)
             for record in document.layers.values() for name in record}
    name = SORTS[sort or "latency"]
    if sort is not None and name and name not in known:
        raise InputError(
            f"--sort={sort}: no layer of these files has '{name}'; leave it out, or sort by "
            f"{', '.join(s for s, n in SORTS.items() if not n or n in known)}"
        )
    if sort == "name":
        result.layers.sort(key=lambda layer: (layer.key.name, layer.key.phase))
    else:
        size = name if name in known else ""
        result.layers.sort(key=lambda layer: -layer.get_size(size))
