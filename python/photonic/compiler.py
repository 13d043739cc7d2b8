# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""From a model file to an executable program."""

from __future__ import annotations

import json
import numbers
import os
import tempfile
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import files
from .errors import CompileError, CompileWarning, InputError
from .executable import Executable, TrainingSummary, check_flag, load
from .machines import Overrides, find_file, to_overrides
from .onnx_file import find_external

#: True where messages are for someone at the command line of `photonic`, who writes
#: options as there.
_on_command_line = False


def speak_to_command_line() -> None:
    """From now on messages write options as the command line does."""
    global _on_command_line
    _on_command_line = True


class Words(list):
    """What the user wrote for an option on the command line, for the compiler to read
    as photonic-compile reads it."""


def to_shapes(value: object) -> dict[str, list[int]]:
    """What the argument `shapes`, which the compiler has accepted, says."""
    if isinstance(value, Words):
        value = {name: extents.split(",") for name, _, extents in
                 (text.rpartition("=") for text in value)}
    return {name: [int(n) for n in extents] for name, extents in (value or {}).items()}


def to_dims(value: object) -> dict[str, int]:
    """What the argument `dims`, which the compiler has accepted, says."""
    if isinstance(value, Words):
        value = {name: size for name, _, size in (text.rpartition("=") for text in value)}
    return {name: int(size) for name, size in (value or {}).items()}


def _group(messages: Sequence[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Each message with its notes."""
    groups: list[list[tuple[str, str]]] = []
    for severity, text in messages:
        if severity == "note" and groups:
            groups[-1].append((severity, text))
        else:
            groups.append([(severity, text)])
    return groups


def _to_text(messages: Sequence[tuple[str, str]]) -> str:
    """One line per message, errors first, and without that word."""
    groups = sorted(_group(messages), key=lambda group: group[0][0] != "error")
    return "\n".join(
        text if severity == "error" else f"{severity}: {text}"
        for group in groups
        for severity, text in group
    )


def _check_whole(name: str, value: object) -> int:
    """What is no number at all. How large it may be is for the compiler to say."""
    if not isinstance(value, numbers.Integral) or isinstance(value, bool):
        raise InputError(f"{name}: expected a whole number, found {value!r}")
    return int(value)


def check_model(model: object) -> str | os.PathLike[str]:
    """The path of a model. Raises InputError for a module of PyTorch and others."""
    if isinstance(model, (str, os.PathLike)):
        return model
    raise InputError(
        "model: expected the path of an .onnx file or what from_torch returns, found "
        f"{type(model).__name__}; a PyTorch module becomes a model with "
        "photonic.from_torch(module, example, training=True)"
    )


def _check_text(name: str, value: object, example: str) -> str:
    if not isinstance(value, str):
        raise InputError(
            f"{name}: expected a string such as {example!r}, found {type(value).__name__}"
        )
    return value


def check_names(
    name: str, value: object, expected: str = "a list of names"
) -> list[str]:
    """A string or several."""
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, Iterable) or isinstance(names, (bytes, Mapping)):
        raise InputError(f"{name}: expected {expected}, found {value!r}")
    names = list(names)
    for entry in names:
        if not isinstance(entry, str):
            raise InputError(f"{name}: expected {expected}, found {entry!r} in it")
    return names


def _to_dims(dims: object) -> list[str]:
    if not isinstance(dims, Mapping):
        raise InputError(f"dims: expected {{name: size}}, found {dims!r}")
    for name in dims:
        if not isinstance(name, str):
            raise InputError(f"dims: expected names that are strings, found {name!r}")
    return [f"{name}={_check_whole(f'dims[{name!r}]', n)}" for name, n in dims.items()]


def _to_shapes(shapes: object) -> list[str]:
    example = "expected {name: (size, ...)}"
    if not isinstance(shapes, Mapping):
        raise InputError(f"shapes: {example}, found {shapes!r}")
    result = []
    for name, shape in shapes.items():
        if not isinstance(name, str):
            raise InputError(f"shapes: expected names that are strings, found {name!r}")
        if isinstance(shape, (str, bytes)) or not isinstance(shape, Sequence):
            raise InputError(f"shapes[{name!r}]: {example}, found {shape!r}")
        sizes = [str(_check_whole(f"shapes[{name!r}]", n)) for n in shape]
        result.append(f"{name}={','.join(sizes)}")
    return result


def _to_passes(passes: object) -> list[str] | None:
    return check_names("insert_pass", passes, "a list such as ['split:canonicalize,cse']") or None


#: How arguments that are no text become the values of an option.
_CONVERTERS = {
    "target": lambda value: [files.to_path(value, "target")],
    "batch": lambda value: [str(_check_whole("batch", value))],
    "dims": _to_dims,
    "shapes": _to_shapes,
    "set": to_overrides,
    "insert_pass": _to_passes,
}


def _to_values(keyword: str, kind: str, example: str, value: object) -> list[str] | None:
    """What the compiler's option of this kind is given; None: it is left out."""
    if kind == "flag":
        return [] if check_flag(keyword, value) else None
    if isinstance(value, Words):
        return list(value)
    if keyword in _CONVERTERS:
        return _CONVERTERS[keyword](value)
    if kind == "names":
        return check_names(keyword, value) or None
    return [_check_text(keyword, value, example)]


def _fill(request, known: Iterable[tuple[str, ...]], options: Mapping[str, object]) -> None:
    """Sets what `options` say in the compiler's request. Whether it makes sense is for
    the compiler to say, which tells photonic-compile the same."""
    for name, keyword, kind, example, initial, _ in known:
        value = options.get(keyword)
        # None stands for an option that is left out, where nothing else does; so does
        # the initial value, which every call has.
        if keyword not in options or (value is None and kind != "flag" and not initial):
            continue
        if initial and isinstance(value, str) and value == initial:
            continue
        values = _to_values(keyword, kind, example, value)
        problem = "" if values is None else request.set(name, values)
        if problem:
            raise InputError(problem)
    problem = request.check()
    if problem:
        raise InputError(problem)


def compile(
    model: str | os.PathLike[str],
    target: str | os.PathLike[str] | None = None,
    *,
    batch: int | None = None,
    dims: Mapping[str, int] | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
    format: str | None = None,
    dataflow: str = "auto",
    operand_storage: str = "fp32",
    memory: str = "ideal",
    no_fold_batch_norm: bool = False,
    set: Overrides = None,
    output: str | os.PathLike[str] | None = None,
    train: bool = False,
    loss: str | None = None,
    loss_output: str | None = None,
    optimizer: str | None = None,
    freeze: str | None = None,
    learn: str | None = None,
    emit_gradients: bool = False,
    recompute: Iterable[str] = (),
    mutable_parameters: bool = False,
    insert_pass: Iterable[str] | None = None,
    compile_from: str | None = None,
) -> Executable:
    """Compiles an ONNX model for a photonic accelerator.

    `model`: .onnx file, or .mlir as `photonic-compile --compile-to=STAGE` saves it.
    `compile_from`: the stage after which that was.
    `target`: name or .textproto file, "mirage" by default; `set` changes its fields.
    IR holds the target that it was made for: both may be left out then, and have to
    agree with it.
    `batch`: samples in one run, the extent of open first dimensions of the inputs.
    `dims`: extents of other open dimensions, by their name in the model or by input
    and number: {"height": 24, "x:3": 32}. `shapes`: all extents of inputs, for a
    model that does not give their number: {"x": (1, 3, 24, 24)}.
    `format`: number format of products, "bfp:MANTISSA:GROUP[:ROUNDING]" or
    "fp32" (conversion bypassed, for debugging); by default the target's.
    `dataflow`: the stationary operand is the weights ("df1"), the activations
    ("df2"), or the faster one per product ("auto").
    `operand_storage`: what operands of products are in memory, "fp32", which arrays
    convert whenever they read it, or "converted" once where that leaves all values the
    same.
    `memory`: everything on chip ("ideal"), or scratchpads in front of DRAM
    ("hierarchy").
    `no_fold_batch_norm`: compute BatchNormalization element by element instead of
    folding it into the convolution or linear layer in front of it.
    `output`: where to keep the program file; `Executable.save` does it later.

    `train`: compile a training step (forward, loss, backward, update).
    `loss`: "cross_entropy" or "mse" of an output and the labels, a new input; by
    default the loss in the model. `loss_output`: the output, if there are several;
    without `loss`, the output that is the loss.
    `optimizer`: "sgd:lr=0.01,momentum=0.9,weight_decay=1e-4", "adam:lr=1e-3",
    "adamw:lr=1e-3" (docs/guides/training.md lists all keys), or for a training model of
    ONNX Runtime its optimizer model, "optimizer_model.onnx:lr=0.001".
    `freeze`: regular expression of parameters that stay what they are. `learn`: of
    constants that are trained beside weights, biases and scales of layers.
    `emit_gradients`: an output PARAMETER.grad for each trainable parameter.
    `recompute`: nodes whose results the backward pass computes again.
    `mutable_parameters`: compile the forward pass of a network that is in training;
    its parameters are regions as in the training step.
    `insert_pass`: pipelines of passes, each behind those of a stage and before its
    result is verified: ["split:canonicalize,cse", "tile:func.func(cse)"].

    Raises CompileError with all messages of the compiler, InputError for
    arguments that make no sense, MemoryError where memory runs out; what was in
    use is lost then until the process ends.
    """
    arguments = dict(locals())
    options = {
        name: value
        for name, value in arguments.items()
        if name not in ("model", "target", "output")
    }
    executable, remarks = build(model, target, output=output, **options)
    if remarks:
        warnings.warn(remarks, CompileWarning, stacklevel=2)
    return executable


def _load() -> Any:
    """The extension module. Raises CompileError where it is missing."""
    try:
        from . import _compiler
    except ImportError as error:
        raise CompileError(
            f"the compiler is not part of this installation ({error}); build the "
            "package with -DPHOTONIC_BUILD_COMPILER=ON, or use program files and "
            "reports that were made elsewhere"
        ) from error
    return _compiler


def read_ir(path: str) -> dict[str, Any]:
    """What the IR in a file consists of: "stages" and "operations". Raises
    CompileError."""
    succeeded, messages, summary = _load().summarize_ir(files.to_path(path, "path"))
    if not succeeded:
        text = _to_text(messages)
        raise CompileError(text or f"'{path}' cannot be read as IR", messages)
    return json.loads(summary)


def build(
    model: str | os.PathLike[str],
    target: str | os.PathLike[str] | None,
    *,
    output: str | os.PathLike[str] | None = None,
    **options: object,
) -> tuple[Executable, str]:
    """`compile`, and what the compiler remarks, for the caller to pass on.
    `options`: the other arguments of `compile`, or some of them."""
    _compiler = _load()
    request = _compiler.Request()
    if _on_command_line:
        request.spelling = _compiler.Spelling.COMMAND_LINE
    request.input = files.to_path(check_model(model), "model")
    _fill(request, _compiler.options(), {"target": target, **options})
    place = "" if target is None else find_file(target)
    with tempfile.TemporaryDirectory(prefix="photonic-") as folder:
        # A mapped file outlives its name.
        path = os.path.join(folder, "program.phx")
        if output is not None:
            path = files.to_path(output, "output")
            files.check_outputs(
                [*request.files, *find_external(request.input), place],
                [("output", path)],
            )
        request.output = path
        succeeded, messages, training, description = _compiler.compile(request)
        text = _to_text(messages)
        if not succeeded:
            raise CompileError(text or "the compiler failed without a message", messages)
        carried = os.path.join(folder, "target.textproto")
        # As the compiler tells IR from models.
        from_ir = target is None and request.input.endswith((".mlir", ".mlirbc"))
        if description and from_ir:
            # The target of the IR, with all its changes.
            with open(carried, "w", encoding="utf-8") as file:
                file.write(description)
            executable = load(path, carried)
        else:
            executable = load(path, target, options.get("set"))
    executable.sources = [*request.files, *filter(None, [place])]
    if training is not None:
        *groups, sentence = training
        executable.training = TrainingSummary(*map(tuple, groups), sentence)
    return executable, text
