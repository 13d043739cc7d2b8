# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The line of progress, at any width of the terminal: one line, and nothing cut off."""

import io

import pytest
from photonic import progress
from rich.console import Console

import photonic


@pytest.mark.parametrize("width, shown, left_out", [
    (30, "epoch 2/5 50/220 loss 2.3000", "accuracy"),
    (59, "accuracy 50.0 %", "-:--:--"),
    (80, "-:--:-- loss 2.3000  accuracy 50.0 %", "simulated"),
    (95, "accuracy 50.0 %  simulated 1.109 ms, 8.15 mJ", "━"),
    (120, "━━━", "…"),
])
def test_width(monkeypatch, width, shown, left_out):
    def make_console(**options):
        return Console(file=io.StringIO(), width=width, force_terminal=True)

    monkeypatch.setattr(progress, "Console", make_console)
    history = photonic.History(44, [2.3] * 50, [0.5] * 50, [22170.0] * 50, [163e6] * 50,
                               [0.01] * 50)
    line = progress.Progress(5, 44, True)
    line.show(history)
    (row,) = make_console().render_lines(line._bar.get_renderable())
    text = "".join(segment.text for segment in row)
    assert shown in text and left_out not in text and "…" not in text
