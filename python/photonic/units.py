# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Units of what has one in its name: fields of targets and of reports."""

from __future__ import annotations

#: By the last words of a name.
UNITS = {
    "a_per_w": "A/W",
    "bits": "bit",
    "bytes": "B",
    "bytes_per_ns": "B/ns",
    "db": "dB",
    "db_per_mm": "dB/mm",
    "ghz": "GHz",
    "k": "K",
    "mm": "mm",
    "mm2": "mm²",
    "mm2_per_lane": "mm²/lane",
    "mm2_per_mib": "mm²/MiB",
    "mm2_per_multiplier": "mm²/multiplier",
    "mw": "mW",
    "ns": "ns",
    "ohm": "Ω",
    "per_s": "1/s",
    "pj": "pJ",
    "pj_per_byte": "pJ/B",
    "v": "V",
    "v_cm": "V·cm",
    "w": "W",
}


def get_unit(name: str) -> str:
    """The unit of the field `name`, "core.clock_ghz" for instance; "" for counts,
    ratios and words."""
    words = name.rsplit(".", 1)[-1].split("_")
    # The longest that fits.
    for first in range(len(words)):
        unit = UNITS.get("_".join(words[first:]))
        if unit is not None:
            return unit
    return ""
