#!/usr/bin/env python3
"""Compares a report of saturate.mlir with the peak figures of the Mirage paper.

Usage: compare.py REPORT.json

The paper (Demirkiran et al., "Mirage: An RNS-Based Photonic Accelerator for DNN
Training", ISCA 2024) prints 19.95 W and 476.6 mm2 and, in figure 9, the share of
each component. Shares are printed with one decimal, so that small ones carry
several per cent of rounding.
"""

from __future__ import annotations

import json
import sys

PEAK_W = 19.95
#: Figure 9: share of the peak power in per cent, and the report's components.
POWER_SHARES = {
    "SRAM": (61.9, ["scratchpad"]),
    "laser": (14.4, ["laser"]),
    "TIA": (14.4, ["tia"]),
    "RNS conversion": (6.2, ["rns_forward", "rns_reverse"]),
    "accumulators": (1.4, ["accumulator"]),
    "DAC + ADC": (1.1, ["dac", "adc"]),
    "BFP conversion": (0.5, ["bfp"]),
}
AREA_MM2 = 476.6
#: Figure 9 and section VI-C: share of the area in per cent.
AREA_SHARES = {
    "photonic devices": (49.1, ["photonic"]),
    "SRAM": (36.0, ["scratchpad"]),
    "ADC": (9.7, ["adc"]),
    "DAC": (4.0, ["dac"]),
    "others": (1.2, ["rns_reverse", "rns_forward", "bfp", "other"]),
}


def compare(report: dict) -> list[tuple[str, str, float, float]]:
    """Rows of (name, unit, paper, model)."""
    rows = [("peak power", "W", PEAK_W, report["peak_power_w"])]
    # The cores stream all but 0.25 % of the time: average power by component is
    # peak power by component.
    energy = report["energy_pj"]["by_component"]
    for name, (share, parts) in POWER_SHARES.items():
        picojoule = sum(energy[part]["total"] for part in parts)
        rows.append((name, "W", PEAK_W * share / 100, picojoule / report["latency_ns"] / 1e3))
    area = report["area_mm2"]
    rows.append(("area", "mm2", AREA_MM2, area["without_vector_unit"]))
    for name, (share, parts) in AREA_SHARES.items():
        model = sum(area["by_component"][part] for part in parts)
        rows.append((f"  {name}", "mm2", AREA_MM2 * share / 100, model))
    return rows


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 1
    with open(sys.argv[1], encoding="utf-8") as file:
        report = json.load(file)
    print(f"{'':18} {'paper':>9} {'model':>9} {'deviation':>10}")
    for name, unit, paper, model in compare(report):
        print(f"{name:18} {paper:9.3f} {model:9.3f} {100 * (model / paper - 1):+9.2f} %  {unit}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
