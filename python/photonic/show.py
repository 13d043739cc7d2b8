# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Targets and reports as tables for people."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from . import files
from .machines import Target

_PREFIXES = {-15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G"}


def si(value: float, unit: str) -> str:
    """`value` with a prefix: si(1.5e-9, "s") is "1.500 ns"."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g} {unit}"
    exponent = 3 * math.floor(math.log10(abs(value)) / 3)
    exponent = max(-15, min(9, exponent))
    return f"{value / 10.0**exponent:.4g} {_PREFIXES[exponent]}{unit}"


def print_target(target: Target, console: Console) -> None:
    """Every value with its unit, class and source."""
    console.print(f"[bold]{escape(target.name)}[/]  {escape(target.description)}")
    console.print(f"file: {escape(target.path)}", soft_wrap=True, highlight=False)
    console.print(f"extensions: {escape(', '.join(target.extensions)) or 'none'}")
    console.print(f"structural hash: {target.structural_hash}", highlight=False)
    table = Table(show_lines=False, pad_edge=False)
    table.add_column("field", no_wrap=True)
    table.add_column("value", justify="right")
    table.add_column("unit", no_wrap=True)
    table.add_column("class", no_wrap=True)
    table.add_column("meaning, and source", overflow="fold")
    for field in target.fields:
        table.add_row(
            escape(field.name),
            escape(field.value),
            field.unit,
            "structural" if field.structural else "priced",
            f"{escape(field.doc)}\n[dim]{escape(field.source)}[/]",
        )
    console.print(table)
    console.print(
        "structural: changing it changes the program, which has to be compiled "
        "again. priced: changes only time, energy, power and area."
    )


def print_report(path: str, report: Mapping[str, Any], console: Console) -> None:
    """A report as JSON has it, as tables: all of them, or InputError if something
    of what docs/report.schema.json says is missing or of another type."""
    with files.reading_report(path), console.capture() as capture:
        _print_parts(report, console)
    print(capture.get(), end="")


def _print_parts(report: Mapping[str, Any], console: Console) -> None:
    console.print(
        f"[bold]{escape(report['program'])}[/] on [bold]{escape(report['target'])}[/]: "
        f"memory {escape(report['memory_model'])}, batch {report['batch']}, "
        # Machines without number formats have none.
        + (f"format {escape(report['format'])}" if report["format"] else "no format")
    )
    _print_totals(report, console)
    if report.get("training"):
        _print_phases(report["training"], console)
    _print_energy(report, console)
    _print_counts(report, console)
    _print_layers(report, console)
    for title in ("includes", "excludes"):
        console.print(f"[bold]{title}[/]: " + escape("; ".join(report[title])))


def _print_totals(report: Mapping[str, Any], console: Console) -> None:
    table = Table(show_header=False, box=None, pad_edge=False)
    energy = report["energy_pj"]["total"]
    table.add_row("latency", si(report["latency_ns"] * 1e-9, "s"))
    samples = "samples" if report.get("training") else "inferences"
    table.add_row("throughput", f"{report['throughput_per_s']:.6g} {samples}/s")
    table.add_row("energy", si(energy * 1e-12, "J"))
    table.add_row(
        f"energy per {samples[:-1]}", si(report["energy_per_inference_pj"] * 1e-12, "J")
    )
    table.add_row("average power", si(report["average_power_w"], "W"))
    if report["peak_power_w"] is not None:
        bound = "at most " if report["peak_power_is_bound"] else ""
        table.add_row("peak power", bound + si(report["peak_power_w"], "W"))
    table.add_row("area", f"{report['area_mm2']['total']:.1f} mm²")
    table.add_row("MACs", f"{report['macs']:,}")
    table.add_row("utilization", f"{report['utilization']:.1%}")
    accuracy = report.get("accuracy")
    if accuracy:
        table.add_row("top-1 accuracy", f"{accuracy['top1']:.2%}")
        table.add_row("top-5 accuracy", f"{accuracy['top5']:.2%}")
    run = report.get("run")
    if run:
        table.add_row("executed", f"{run['runs']} runs for {run['samples']} samples")
    console.print(table)


def _print_phases(training: Mapping[str, Any], console: Console) -> None:
    loss = training["loss"]
    if loss:
        console.print(
            f"{training['steps']} steps: loss {loss['first']:.4g} in the first, "
            f"{loss['last']:.4g} in the last, {loss['mean']:.4g} on average"
        )
    table = Table(title="phases of a step", title_justify="left", pad_edge=False)
    table.add_column("phase")
    for heading in ("busy", "core", "energy", "MACs"):
        table.add_column(heading, justify="right")
    for phase in training["phases"]:
        table.add_row(
            escape(phase["phase"].replace("_", " ")),
            si(phase["busy_ns"] * 1e-9, "s"),
            si(phase["core_ns"] * 1e-9, "s") if phase["core_ns"] else "-",
            si(phase["energy_pj"] * 1e-12, "J"),
            f"{phase['macs']:,}" if phase["macs"] else "-",
        )
    console.print(table)


def _print_energy(report: Mapping[str, Any], console: Console) -> None:
    table = Table(title="energy by component", title_justify="left", pad_edge=False)
    table.add_column("component")
    for heading in ("dynamic", "static", "total", "share"):
        table.add_column(heading, justify="right")
    total = report["energy_pj"]["total"]
    rows = sorted(
        report["energy_pj"]["by_component"].items(), key=lambda item: -item[1]["total"]
    )
    for name, energy in rows:
        if energy["total"] > 0:
            table.add_row(
                escape(name),
                *(si(energy[k] * 1e-12, "J") for k in ("dynamic", "static", "total")),
                f"{energy['total'] / total:.1%}",
            )
    console.print(table)


def _print_counts(report: Mapping[str, Any], console: Console) -> None:
    """Of the registers of which something is known."""
    counts = [count for count in report["counts"] if count["source"] is not None]
    if not counts:
        return
    table = Table(title="counts", title_justify="left", pad_edge=False)
    table.add_column("register", overflow="fold")
    for heading in ("from", "writes", "least", "mean", "most", "limit"):
        table.add_column(heading, justify="right")

    def number(value: Any) -> str:
        return "-" if value is None else f"{value:.12g}"

    for count in counts:
        table.add_row(
            escape(count["name"]),
            escape(count["source"]),
            *(number(count[key]) for key in ("writes", "least", "mean", "most", "limit")),
        )
    console.print(table)


def _print_layers(report: Mapping[str, Any], console: Console) -> None:
    table = Table(title="layers", title_justify="left", pad_edge=False)
    training = bool(report.get("training"))
    table.add_column("layer", overflow="fold")
    table.add_column("phase" if training else "op")
    # Spans of a step's layers overlap, because the scheduler mixes their work.
    time = "busy" if training else "time"
    for heading in (time, "core", "energy", "MACs"):
        table.add_column(heading, justify="right")
    table.add_column("stays")
    table.add_column("dB", justify="right")
    for layer in report["layers"]:
        ratio = layer["sqnr_db"]
        table.add_row(
            escape(layer["name"]),
            escape(layer["phase"].replace("_", " ") if training else layer["op"]),
            si(layer["busy_ns" if training else "latency_ns"] * 1e-9, "s"),
            si(layer["core_ns"] * 1e-9, "s") if layer["core_ns"] else "-",
            si(layer["energy_pj"]["total"] * 1e-12, "J"),
            f"{layer['macs']:,}" if layer["macs"] else "-",
            escape(layer["stationary"] or "-"),
            "-" if ratio is None else f"{ratio:.1f}",
        )
    console.print(table)
