# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Notices a training loss that rises."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import Optional

from .history import History

#: The page that says what to do.
PAGE = "docs/guides/my-network-does-not-learn.md"

#: Rises by a smaller share of the loss of the first epoch matter to nobody. Epochs
#: of a few steps say little about their noise.
_SMALLEST, _SMALLEST_OF_FEW, _FEW = 0.01, 0.1, 8
#: Standard errors that a rise above the first epoch has to exceed.
_SIGMAS = 2
#: The same behind an epoch that was better than the first: with a high rate a loss
#: goes up and down, and still ends lower.
_RELAPSE, _RELAPSE_SIGMAS = 0.2, 4


@dataclass(frozen=True)
class _Epoch:
    """Losses of its steps. Some very large ones move the mean, and training recovers
    from them; they do not move the median."""

    mean: float
    median: float
    #: Standard error of the median.
    error: float


def _summarize(losses: list[float]) -> _Epoch:
    median = statistics.median(losses)
    spread = 1.4826 * statistics.median(abs(v - median) for v in losses)
    error = 1.2533 * spread / len(losses) ** 0.5
    return _Epoch(statistics.fmean(losses), median, error)


def find_rise(history: History) -> Optional[str]:
    """If the loss of the epoch that was completed last is above that of the first, or
    far above that of the first steps or of the best epoch: what it was and is."""
    size, last = history.steps_per_epoch, history.epochs - 1
    if last < 0:
        return None
    *before, now = (
        _summarize(history.loss[i * size : (i + 1) * size]) for i in range(last + 1)
    )
    start = history.loss[: max(1, size // _FEW)]
    if now.median > (1 + _RELAPSE) * max(start):
        return _describe(history, f"{statistics.fmean(start):.4g} at the start", last)
    if not before:
        return None
    first = before[0]
    best = min(range(last), key=lambda i: before[i].median)
    smallest = (_SMALLEST_OF_FEW if size < _FEW else _SMALLEST) * first.mean
    if _rises(first, now, _SIGMAS) and now.mean - first.mean > smallest:
        return _describe(history, _name(history, 0), last)
    relapse = now.median - before[best].median > _RELAPSE * first.median
    if relapse and _rises(before[best], now, _RELAPSE_SIGMAS):
        return _describe(history, _name(history, best), last)
    return None


def _rises(then: _Epoch, now: _Epoch, sigmas: float) -> bool:
    return now.median - then.median > sigmas * math.hypot(then.error, now.error)


def _name(history: History, epoch: int) -> str:
    return f"{history.get_epoch(epoch)['loss']:.4g} on average in epoch {epoch + 1}"


def _describe(history: History, then: str, now: int) -> str:
    text = f"the training loss rises: {then}, {_name(history, now)}"
    accuracy = history.get_epoch(now)["accuracy"]
    return text + f" (accuracy {100 * accuracy:.1f} %)" if accuracy == accuracy else text
