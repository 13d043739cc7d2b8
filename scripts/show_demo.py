#!/usr/bin/env python3
# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints what scripts/demo.sh measured.

    show_demo.py FOLDER

reads the histories FOLDER/mirage.json and FOLDER/fp32.json and the reports
FOLDER/step.json and FOLDER/inference.json (docs/report.schema.json).
"""

import json
import pathlib
import sys

GOAL = 0.95
PHASES = {
    "forward": "forward",
    "loss": "loss",
    "input_gradient": "input gradients",
    "weight_gradient": "weight gradients",
    "update": "update of the weights",
}
NAMES = {
    "laser": "lasers, all cores, whole step",
    "dac": "DAC: programming the arrays",
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


def get_means(history):
    """(loss, accuracy) of each epoch, over its steps."""
    size = history["steps_per_epoch"]
    starts = range(0, len(history["loss"]), size)
    return [
        tuple(sum(history[name][i : i + size]) / size for name in ("loss", "accuracy"))
        for i in starts
    ]


def show_curves(mirage, fp32):
    """Both learning curves."""
    print("  Learning curve: means over the steps of an epoch, then the held-out digits")
    print(f"    {'':9}{'Mirage':^36}{'FP32':^36}".rstrip())
    head = f"{'loss':>10}{'accuracy':>12}{'held out':>12}  "
    print(f"    {'epoch':9}{head}{head}".rstrip())
    rows = zip(get_means(mirage), mirage["validation"], get_means(fp32),
               fp32["validation"])
    for epoch, (left, left_test, right, right_test) in enumerate(rows, start=1):
        cells = ""
        for (loss, accuracy), test in ((left, left_test), (right, right_test)):
            cells += f"{loss:10.4f}{100 * accuracy:10.1f} %{100 * test['accuracy']:10.1f} %  "
        print(f"    {epoch:<9}{cells}".rstrip())
    print("    FP32 is a reference for accuracy; the machine has no FP32 products, and the\n"
          "    time and energy of that run are those of its own format "
          "(docs/guides/energy.md)")


def show_goal(mirage):
    """Simulated time and energy up to the goal."""
    size, goal = mirage["steps_per_epoch"], 100 * GOAL
    for epoch, test in enumerate(mirage["validation"], start=1):
        if test["accuracy"] >= GOAL:
            steps = epoch * size
            time = sum(mirage["latency_ns"][:steps]) * 1e-9
            energy = sum(mirage["energy_pj"][:steps]) * 1e-12
            print(
                f"\n  {goal:.0f} % on held-out digits after epoch {epoch}: {steps} steps, "
                f"{with_unit(time, 's')}, {with_unit(energy, 'J')} on the machine"
            )
            return
    print(f"\n  {goal:.0f} % on held-out digits was not reached")


def show_step(report):
    """One training step, by phase and component."""
    energy = report["energy_pj"]
    print(f"\n  One step (batch {report['batch']}, {report['format']})")
    for name, value in (
        ("latency", with_unit(report["latency_ns"] * 1e-9, "s")),
        ("energy", with_unit(energy["total"] * 1e-12, "J")),
        ("average power", with_unit(report["average_power_w"], "W")),
        ("utilization of the photonic arrays", f"{100 * report['utilization']:.1f} %"),
    ):
        print(f"    {name:44}{value:>10}")
    print(f"\n    {'':26}{'busy':>10}{'on cores':>10}{'energy':>10}{'MACs':>12}")
    for phase in report["training"]["phases"]:
        print(
            f"    {PHASES[phase['phase']]:26}"
            f"{with_unit(phase['busy_ns'] * 1e-9, 's'):>10}"
            f"{with_unit(phase['core_ns'] * 1e-9, 's'):>10}"
            f"{with_unit(phase['energy_pj'] * 1e-12, 'J'):>10}"
            f"{phase['macs'] or '-':>12}"
        )
    print("    busy: the work of a phase, not from its start to its end; energy is without "
          "lasers\n")
    parts = sorted(energy["by_component"].items(), key=lambda part: -part[1]["total"])
    for name, part in parts:
        if part["total"] > 0:
            share = part["total"] / energy["total"]
            bar = "#" * round(30 * share)
            value = with_unit(part["total"] * 1e-12, "J")
            print(f"    {NAMES.get(name, name):34}{value:>10}{100 * share:8.1f} %  {bar}"
                  .rstrip())


def show_inference(report):
    """The trained network at work."""
    accuracy = report["accuracy"]
    print("\n  The trained network")
    if accuracy:
        print(f"    {'accuracy on held-out digits':44}{100 * accuracy['top1']:8.1f} %")
    for name, value in (
        ("latency of one inference", with_unit(report["latency_ns"] * 1e-9, "s")),
        ("energy of one inference",
         with_unit(report["energy_pj"]["total"] * 1e-12, "J")),
    ):
        print(f"    {name:44}{value:>10}")


def main():
    """Entry point."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    mirage, fp32, step, inference = (
        json.loads((folder / f"{name}.json").read_text())
        for name in ("mirage", "fp32", "step", "inference")
    )
    print(f"\n{step['program']} on {step['target']}, memory model {step['memory_model']}\n")
    show_curves(mirage, fp32)
    show_goal(mirage)
    show_step(step)
    show_inference(inference)
    print(f"""
  Files
    {folder}/mirage.json      loss, accuracy, time and energy of every step
    {folder}/step.json        one step; docs/report.schema.json explains it
    {folder}/trained.onnx     the network with its trained weights
    {folder}/timeline.json    an inference; open it at https://ui.perfetto.dev

  What next
    .venv/bin/photonic report {folder}/step.json
        the step layer by layer
    .venv/bin/photonic train --help
        other optimizers, formats, machines; checkpoints
    docs/guides/training.md, docs/tutorial.md
        all of this step by step""")


if __name__ == "__main__":
    main()
