"""The shipped saturating layer against the peak figures of the Mirage paper."""

from __future__ import annotations

import json
import runpy
import subprocess
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "peak_power"

#: Allowed deviation in per cent where it exceeds 1 %: the paper prints the share
#: of BFP conversion with one significant digit; one contraction block in 64
#: starts its accumulators and reads no partial sums from SRAM.
TOLERANCE = {"BFP conversion": 10.0, "SRAM": 2.0}


def test_saturating_layer_reproduces_the_paper(tools, tmp_path: Path) -> None:
    program, report = tmp_path / "saturate.phx", tmp_path / "saturate.json"
    subprocess.run(
        [tools.compile, EXAMPLE / "saturate.mlir", "--target", "mirage", "-o", program],
        check=True,
    )
    subprocess.run(
        [tools.run, program, "--timing-only", "--quiet", "--report", report], check=True
    )
    compare = runpy.run_path(str(EXAMPLE / "compare.py"))["compare"]
    for name, unit, paper, model in compare(json.loads(report.read_text())):
        deviation = 100 * (model / paper - 1)
        print(f"{name}: paper {paper:.3f} {unit}, model {model:.3f} {unit}, {deviation:+.2f} %")
        assert abs(deviation) <= TOLERANCE.get(name, 1.0), name
