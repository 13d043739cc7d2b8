#!/usr/bin/env python3
# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Table and figure of the runs that study.py has finished.

    summarize.py RUNS.jsonl [--figure FILE.png]

prints Markdown: final accuracy, difference to FP32 paired over seeds, energy up to
FP32's accuracy; and at the end which runs are missing. The figure (whole curves)
needs matplotlib.
"""

import argparse
import collections
import math
import pathlib
import statistics

import study

#: Two-sided 95 % quantiles of Student's t by degrees of freedom.
STUDENT = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776}
#: How far below FP32's final accuracy still counts as reached.
TOLERANCE = 0.005
#: A final accuracy of FP32 that is one.
LEARNED = 0.5


def describe_interval(values):
    """Mean and half width of the 95 % interval, in points."""
    mean = statistics.fmean(values)
    if len(values) < 2:
        return f"{100 * mean:+.2f}"
    width = STUDENT[len(values) - 1] * statistics.stdev(values) / math.sqrt(len(values))
    return f"{100 * mean:+.2f} ± {100 * width:.2f}"


def get_final(value):
    """Accuracy on the test digits after the last epoch."""
    return value["test_accuracy"][-1] if value["test_accuracy"] else 0.0


def find_energy(value, goal):
    """Joules up to the first epoch with this accuracy, or None."""
    for epoch, accuracy in enumerate(value["test_accuracy"], start=1):
        if accuracy >= goal:
            return epoch * value["steps_per_epoch"] * value["step_energy_pj"] * 1e-12
    return None


def select(runs, network, format, rate, inputs=study.PIXELS):
    """Those of all seeds with these settings."""
    return [r for r in runs if (r.network, r.format, r.rate, r.inputs)
            == (network, format, rate, inputs)]


def summarize(results, network, format, rate, inputs=study.PIXELS):
    """One row of the table: cells as text."""
    mine = {r.seed: results[r] for r in select(results, network, format, rate, inputs)}
    exact = {r.seed: results[r] for r in select(results, network, "fp32", rate, inputs)}
    planned = len(select(study.list_runs(study.MORE_SEEDS), network, format, rate, inputs))
    if not mine:
        return [format, f"0 of {planned}", *["missing"] * (len(HEAD) - 2)]
    finals = [get_final(v) for v in mine.values()]
    paired = sorted(mine.keys() & exact.keys())
    difference = "" if format == "fp32" else "missing"
    if paired and format != "fp32":
        difference = describe_interval(
            [get_final(mine[s]) - get_final(exact[s]) for s in paired])
    # Where FP32 learns nothing there is nothing to reach.
    learned = [s for s in paired if get_final(exact[s]) >= LEARNED]
    energies = [find_energy(mine[s], get_final(exact[s]) - TOLERANCE) for s in learned]
    reached = [e for e in energies if e is not None]
    some = next(iter(mine.values()))
    joules, spent = "-", some["step_energy_pj"] * 1e-6
    if format != "fp32" and learned:
        joules = f"{1e3 * statistics.fmean(reached):.1f}" if reached else "never"
        joules += f" ({len(reached)} of {len(learned)})"
    early = [v["test_accuracy"][0] for v in mine.values() if v["test_accuracy"]]
    return [
        format,
        f"{len(mine)} of {planned}",
        f"{100 * statistics.fmean(finals):.2f}",
        f"{100 * min(finals):.2f}",
        difference,
        f"{100 * statistics.fmean(early):.1f}" if early else "-",
        "-" if format == "fp32" else f"{spent:.1f}",
        "-" if format == "fp32" else f"{some['area_mm2']:.2f}",
        joules,
    ]


HEAD = ["format", "seeds", "final %", "worst %", "minus FP32, points", "epoch 1 %",
        "uJ per step", "mm2", "mJ to FP32 - 0.5 (seeds)"]


def print_table(rows):
    """A Markdown table."""
    widths = [max(len(row[i]) for row in [HEAD, *rows]) for i in range(len(HEAD))]
    for row in (HEAD, ["-" * width for width in widths], *rows):
        print("| " + " | ".join(c.ljust(w) for c, w in zip(row, widths)) + " |")


def print_missing(results):
    """Runs of the plan without a result."""
    missing = [r for r in study.list_runs(study.MORE_SEEDS) if r not in results]
    print(f"\n{len(results)} runs; {len(missing)} of the plan are missing"
          + (":" if missing else "."))
    for run in missing:
        print(f"  {run.name}")


def print_standardised(results):
    """What standardised pixels change, epoch by epoch."""
    print(f"\n### lenet5, rate {study.RATE}, {study.STANDARDISED} pixels\n")
    print_table([summarize(results, "lenet5", f, study.RATE, study.STANDARDISED)
                 for f in (study.CENTRE, "fp32")])
    for format in (study.CENTRE, "fp32"):
        for run in select(results, "lenet5", format, study.RATE, study.STANDARDISED):
            value = results[run]
            accuracies = " ".join(f"{100 * a:.0f}" for a in value["test_accuracy"])
            scores = [s for s in value["test_mean_score"] if s is not None]
            print(f"\n{run.name}: {accuracies} %"
                  + (f"; mean score {scores[0]:.2f} to {scores[-1]:.2f}" if scores else ""))


def print_stopped(results):
    """Runs that ended at a value that is not finite."""
    for run, value in results.items():
        if value.get("stopped"):
            print(f"\n{run.name} stopped after {len(value['test_accuracy'])} epochs: "
                  f"{value['stopped']}")


def draw(results, path):
    """Mean curves with the range over seeds, one panel per network and axis."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    axes_of = collections.OrderedDict([
        ("mantissa bits, g = 16",
         [f"bfp:{b}:16:trunc" for b in (2, 3, 4, 5, 6)] + ["fp32"]),
        ("group, b = 4", [f"bfp:4:{g}:trunc" for g in (8, 16, 32, 64, 128)] + ["fp32"]),
        ("rounding, b = 4, g = 16",
         [f"bfp:4:16:{r}" for r in ("trunc", "nearest", "stochastic")] + ["fp32"]),
    ])
    figure, panels = pyplot.subplots(
        len(study.MODELS), len(axes_of), figsize=(13, 7), sharex=True, sharey="row",
        constrained_layout=True)
    for row, network in zip(panels, study.MODELS):
        for panel, (title, formats) in zip(row, axes_of.items()):
            for format in formats:
                chosen = select(results, network, format, study.RATE)
                curves = [results[r]["test_accuracy"]
                          for r in sorted(chosen, key=lambda run: run.seed)]
                length = min(map(len, curves), default=0)
                if not length:
                    continue
                columns = list(zip(*(c[:length] for c in curves)))
                x = range(1, length + 1)
                color = "black" if format == "fp32" else None
                (line,) = panel.plot(x, [100 * statistics.fmean(c) for c in columns],
                                     label=format, color=color, linewidth=1.4)
                panel.fill_between(x, [100 * min(c) for c in columns],
                                   [100 * max(c) for c in columns], alpha=0.15,
                                   color=line.get_color(), linewidth=0)
            panel.set_title(f"{network}: {title}", fontsize=10)
            panel.grid(alpha=0.3)
            panel.legend(fontsize=8, loc="lower right")
            panel.set_xlabel("epoch")
        row[0].set_ylabel("accuracy on test digits, %")
    figure.savefig(path, dpi=110)


def main():
    """Prints the tables, and draws."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=pathlib.Path)
    parser.add_argument("--figure", type=pathlib.Path)
    options = parser.parse_args()
    results = study.read_results(options.runs)
    for network in study.MODELS:
        print(f"\n### {network}, rate {study.RATE}\n")
        print_table([summarize(results, network, f, study.RATE) for f in study.FORMATS])
        for rate in study.RATES:
            print(f"\n### {network}, rate {rate}\n")
            print_table([summarize(results, network, f, rate)
                         for f in (study.CENTRE, "fp32", "bfp:4:16:stochastic")])
    print_standardised(results)
    print_stopped(results)
    print_missing(results)
    if options.figure:
        draw(results, options.figure)


if __name__ == "__main__":
    main()
