# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Differences as tables for people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from .differences import Change, Difference, Document, LayerKey, Section, Value
from .show import si

#: Rows of a section that are shown unless all are asked for.
MOST_ROWS = 20
#: Characters of a word or a list in a table.
_LONGEST = 40

#: By unit: what one is in the unit that prefixes go to, and that unit.
_PREFIXED = {"ns": (1e-9, "s"), "pJ": (1e-12, "J"), "W": (1.0, "W"), "1/s": (1.0, "/s")}
#: Shares, by the last part of their name.
_SHARES = ("utilization", "core_busy_share", "top1", "top5", "zero_mantissa_share")


#: Parts of a total that is shown itself.
_DETAILS = re.compile(r"energy_pj\.by_component\..*\.(dynamic|static)")


def _is_share(change: Change) -> bool:
    return change.name.rsplit(".", 1)[-1] in _SHARES


def _format(change: Change, value: Value) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "…"
    if _is_share(change):
        return f"{value:.2%}"
    if change.unit in _PREFIXED:
        factor, unit = _PREFIXED[change.unit]
        return si(value * factor, unit)
    text = f"{value:,}" if isinstance(value, int) else f"{value:.6g}"
    return f"{text} {change.unit}".rstrip()


def _format_change(change: Change) -> str:
    """b - a with its sign."""
    difference = change.change
    if difference is None:
        return "" if change.same else "changed"
    if _is_share(change):
        return f"{100 * difference:+.2f} points"
    text = _format(change, difference)
    return "+" + text if difference > 0 else text


def _format_relative(change: Change) -> str:
    if change.relative is None:
        return ""
    return f"{100 * change.relative:+.1f} %"


def _cells(change: Change) -> list[str]:
    values = (_format(change, change.a), _format(change, change.b))
    return [escape(text) for text in (
        change.name, *values, _format_change(change), _format_relative(change))]


def _make_table(title: str, headings: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for heading in ("A", "B", "B - A", "relative"):
        table.add_column(heading, justify="right")
    return table


def say_same(count: int, what: str) -> str:
    """"31 layers are the same"."""
    return f"1 {what} is the same" if count == 1 else f"{count:,} {what}s are the same"


def _choose(section: Section, show_all: bool) -> list[Change]:
    """Rows to show: of too many those that differ most, in their order."""
    if show_all:
        return section.changes
    rows = [change for change in section.changes if not _DETAILS.fullmatch(change.name)]
    if len(rows) <= MOST_ROWS:
        return rows

    def weight(change: Change) -> float:
        if change.change is None:
            return float("inf")
        return abs(change.change) if change.relative is None else abs(change.relative)

    chosen = sorted(rows, key=weight, reverse=True)[:MOST_ROWS]
    return [change for change in rows if change in chosen]


def _print_section(section: Section, show_all: bool, console: Console) -> None:
    if not section.changes:
        return
    shown = _choose(section, show_all)
    table = _make_table(section.title, [""])
    for change in shown:
        table.add_row(*_cells(change))
    console.print(table)
    hidden = len(section.changes) - len(shown)
    if hidden:
        console.print(f"  {hidden:,} more differ; --all shows them")
    if section.same and not show_all:
        console.print(f"  {say_same(section.same, 'value')}")


def _name(key: LayerKey) -> str:
    phase = "" if key.phase == "forward" else f", {key.phase.replace('_', ' ')}"
    number = "" if key.number == 0 else f" #{key.number + 1}"
    return f"{key.name}{number}{phase}"


def _print_layers(difference: Difference, show_all: bool, console: Console) -> None:
    if difference.layers:
        table = _make_table("layers", ["layer", ""])
        for layer in difference.layers:
            name = escape(_name(layer.key))
            for change in layer.changes:
                table.add_row(name, *_cells(change))
                name = ""
            table.add_section()
        console.print(table)
    if difference.layers_same:
        console.print(say_same(difference.layers_same, "layer"))
    _print_alone("A", difference.a, difference.only_a, console)
    _print_alone("B", difference.b, difference.only_b, console)


def _print_alone(letter: str, document: Document, keys: Iterable[LayerKey],
                 console: Console) -> None:
    """Layers that only `document` has, with what they take."""
    for key in keys:
        record = document.layers[key]
        parts = []
        for name, unit in (("latency_ns", "ns"), ("energy_pj.total", "pJ")):
            if name in record:
                parts.append(_format(Change(name, None, None, unit), record[name]))
        values = f": {', '.join(parts)}" if parts else ""
        console.print(f"only in {letter}: {escape(_name(key))}{values}", soft_wrap=True)


def print_difference(difference: Difference, show_all: bool, console: Console) -> None:
    """All of it; one line if there is none."""
    # Of notes and file names nothing is to be taken for markup, or cut.
    for note in difference.notes:
        console.print(f"note: {note}", soft_wrap=True, markup=False, highlight=False)
    if difference.same:
        console.print(f"the {_PLURALS[difference.kind]} do not differ")
        if not show_all:
            return
    for letter, document in (("A", difference.a), ("B", difference.b)):
        console.print(f"{letter}: {document.path}", soft_wrap=True, markup=False,
                      highlight=False)
    for section in difference.sections:
        _print_section(section, show_all, console)
    _print_layers(difference, show_all, console)


_PLURALS = {"report": "reports", "program": "programs", "IR": "IR files"}
