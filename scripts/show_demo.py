#!/usr/bin/env python3
# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints what scripts/demo.sh measured.

    show_demo.py FOLDER

reads FOLDER/fp32.json and FOLDER/report.json (docs/report.schema.json), and the
scores in FOLDER/outputs-fp32/ and FOLDER/outputs/.
"""

import json
import pathlib
import sys

import numpy as np

NAMES = {
    "laser": "lasers, all cores, whole run",
    "dac": "DAC: programming weights",
    "adc": "ADC: reading sums",
    "tia": "TIA: amplifying photocurrents",
    "modulator": "modulators",
    "bfp": "FP32 to block floating point",
    "rns_forward": "integers to residues",
    "rns_reverse": "residues to integers",
    "accumulator": "FP32 accumulation",
    "vector": "digital vector unit",
    "scratchpad": "on-chip memory",
    "dram": "off-chip memory",
}


def with_unit(value, unit):
    """`value` with three digits and an SI prefix."""
    for prefix, factor in (
        ("", 1), ("m", 1e-3), ("u", 1e-6), ("n", 1e-9), ("p", 1e-12), ("f", 1e-15),
    ):
        if value >= factor:
            return f"{value / factor:.3g} {prefix}{unit}"
    return f"0 {unit}"


def show_accuracy(fp32, report):
    """Accuracy in both arithmetics."""
    exact, mirage = fp32["accuracy"], report["accuracy"]
    print(f"  Accuracy on {mirage['samples']} digits it was not trained on")
    for name, accuracy in (
        ("FP32", exact),
        (f"Mirage, {report['format']}", mirage),
    ):
        print(f"    {name:44}{100 * accuracy['top1']:7.2f} %")


def show_scores(folder):
    """The scores of one digit in both arithmetics."""
    exact = np.load(folder / "outputs-fp32" / "scores.npy")
    mirage = np.load(folder / "outputs" / "scores.npy")
    changed = int((exact.argmax(1) != mirage.argmax(1)).sum())
    print("\n  Scores of the first digit, for 0 to 9")
    for name, scores in (("FP32", exact[0]), ("Mirage", mirage[0])):
        print(f"    {name:8}" + "".join(f"{score:7.2f}" for score in scores))
    print(f"    the decision differs on {changed} of {len(exact)} digits")


def show_costs(report):
    """Time, power and energy of one run."""
    energy = report["energy_pj"]
    joules = energy["total"] * 1e-12
    print(f"\n  One inference (batch {report['batch']})")
    rows = [
        ("latency", with_unit(report["latency_ns"] * 1e-9, "s")),
        ("energy", with_unit(joules, "J")),
        ("average power", with_unit(report["average_power_w"], "W")),
        ("utilization of the photonic arrays", f"{100 * report['utilization']:.1f} %"),
        ("area", f"{report['area_mm2']['total']:.1f} mm2"),
    ]
    for name, value in rows:
        print(f"    {name:44}{value:>9}")

    print("\n  Energy by component")
    parts = sorted(
        energy["by_component"].items(), key=lambda part: -part[1]["total"]
    )
    for name, part in parts:
        if part["total"] > 0:
            share = part["total"] / energy["total"]
            bar = "#" * round(30 * share)
            value = with_unit(part["total"] * 1e-12, "J")
            print(f"    {NAMES.get(name, name):34}{value:>9}{100 * share:8.1f} %  {bar}".rstrip())


def show_layers(report):
    """Where time goes, and where precision is lost."""
    print("\n  Layers (ONNX nodes)")
    print(f"    {'':18}{'latency':>10}{'energy':>10}{'MACs':>10}{'SQNR':>10}")
    for layer in report["layers"]:
        quality = "" if layer["sqnr_db"] is None else f"{layer['sqnr_db']:.1f} dB"
        print(
            f"    {layer['name']:18}"
            f"{with_unit(layer['latency_ns'] * 1e-9, 's'):>10}"
            f"{with_unit(layer['energy_pj']['total'] * 1e-12, 'J'):>10}"
            f"{layer['macs'] or '':>10}{quality:>10}"
        )
    print("    SQNR: signal to quantisation noise of the layer's output against FP32")


def main():
    """Entry point."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    fp32 = json.loads((folder / "fp32.json").read_text())
    report = json.loads((folder / "report.json").read_text())
    print(
        f"\n{report['program']} on {report['target']}, "
        f"memory model {report['memory_model']}\n"
    )
    show_accuracy(fp32, report)
    show_scores(folder)
    show_costs(report)
    show_layers(report)
    print(f"""
  Files
    {folder}/report.json      all numbers; docs/report.schema.json explains them
    {folder}/timeline.json    open it at https://ui.perfetto.dev
    {folder}/outputs/         the scores of all digits, one .npy per output
                                (outputs-fp32/: the same in FP32)
    {folder}/lenet5.phx       the program

  What next
    build/bin/photonic-translate --disassemble {folder}/lenet5.phx | less
        the instructions
    build/bin/photonic-run {folder}/lenet5.phx --timing-only --set core.clock_ghz=5
        half the clock: what happens to time and energy?
    build/bin/photonic-compile examples/lenet5/lenet5.onnx --batch 1 --compile-to=split
        the same network between two stages of the compiler
    docs/tutorial.md
        all of this step by step""")


if __name__ == "__main__":
    main()
