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

from .compiler import compile
from .errors import (
    CompileError,
    CompileWarning,
    Error,
    InputError,
    OutputError,
    ProgramError,
    RunError,
    TargetError,
    TrainingWarning,
)
from .executable import Accuracy, Executable, TensorInfo, load
from .history import Evaluation, History, Milestone
from .machines import Field, Target, target, targets
from .pytorch import Model, from_torch
from .trainer import Trainer
from .version import __version__

__all__ = [
    "Accuracy",
    "CompileError",
    "CompileWarning",
    "Error",
    "Evaluation",
    "Executable",
    "Field",
    "History",
    "InputError",
    "Milestone",
    "Model",
    "OutputError",
    "ProgramError",
    "RunError",
    "Target",
    "TargetError",
    "TensorInfo",
    "Trainer",
    "TrainingWarning",
    "__version__",
    "compile",
    "from_torch",
    "load",
    "target",
    "targets",
]
