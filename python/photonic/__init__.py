# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Compile neural networks for photonic accelerators and run them.

>>> import photonic
>>> exe = photonic.compile("m.onnx", target="mirage")
>>> out = exe.run({"x": x})
>>> exe.report()["latency_ns"]
>>> exe.evaluate(x, y).top1

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
)
from .executable import Accuracy, Executable, TensorInfo, load
from .machines import Field, Target, target, targets
from .version import __version__

__all__ = [
    "Accuracy",
    "CompileError",
    "CompileWarning",
    "Error",
    "Executable",
    "Field",
    "InputError",
    "OutputError",
    "ProgramError",
    "RunError",
    "Target",
    "TargetError",
    "TensorInfo",
    "__version__",
    "compile",
    "load",
    "target",
    "targets",
]
