# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Compile neural networks for photonic accelerators and run them.

>>> import photonic
>>> exe = photonic.compile("m.onnx", target="mirage")
>>> out = exe.run({"x": x})
>>> exe.report()["latency_ns"]
>>> exe.evaluate(x, y).top1

>>> trainer = photonic.Trainer("m.onnx", loss="cross_entropy", batch=32)
>>> history = trainer.fit(x, y, epochs=5)

Time is in nanoseconds, energy in picojoules, power in watts, area in square
millimetres; field names say so.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from .version import __version__

if TYPE_CHECKING:
    from .compiler import compile
    from .errors import (
        CheckpointInUseError,
        CompileError,
        CompileWarning,
        Error,
        InputError,
        LossWarning,
        OutputError,
        ProgramError,
        RunError,
        TargetError,
        TrainingWarning,
    )
    from .executable import Accuracy, Executable, TensorInfo, TrainingSummary, load
    from .history import Evaluation, History, Milestone
    from .machines import Field, Target, target, targets
    from .pytorch import Model, from_torch
    from .trainer import Trainer

# Modules load when something of theirs is first asked for: the command has to
# answer Ctrl-C and a closed output before NumPy and the compiler are there.
_HOMES = {
    "compiler": ["compile"],
    "errors": [
        "CheckpointInUseError", "CompileError", "CompileWarning", "Error", "InputError",
        "LossWarning", "OutputError", "ProgramError", "RunError", "TargetError",
        "TrainingWarning",
    ],
    "executable": ["Accuracy", "Executable", "TensorInfo", "TrainingSummary", "load"],
    "history": ["Evaluation", "History", "Milestone"],
    "machines": ["Field", "Target", "target", "targets"],
    "pytorch": ["Model", "from_torch"],
    "trainer": ["Trainer"],
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted([*_HOME_OF, "__version__"])


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return import_module(f".{name}", __name__)
    if name not in _HOME_OF:
        raise AttributeError(f"module 'photonic' has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME_OF[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
