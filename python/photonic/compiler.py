# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""From a model file to an executable program."""

from __future__ import annotations

import numbers
import os
import tempfile
import warnings
from collections.abc import Iterable, Mapping, Sequence

from . import files
from .errors import CompileError, CompileWarning, InputError
from .executable import Executable, TrainingSummary, check_flag, load
from .machines import Overrides, to_overrides
from .onnx_file import find_external

_PREFIX = "photonic: "

#: Of a dimension. No machine holds more.
_MAX_SIZE = 2**31 - 1


def _clean(messages: str) -> str:
    """Messages without the name of the program and the word "error"."""
    lines = []
    for line in messages.strip().splitlines():
        line = line.removeprefix(_PREFIX).removeprefix("error: ")
        lines.append(line)
    return "\n".join(lines)


def _choose(name: str, value: object, known: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in known:
        raise InputError(
            f"{name}: expected {', '.join(map(repr, known))}, found {value!r}"
        )
    return value


def _check_size(name: str, value: object) -> int:
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or not 1 <= value <= _MAX_SIZE:
        raise InputError(
            f"{name}: expected a whole number from 1 to {_MAX_SIZE}, found {value!r}"
        )
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


#: Arguments of `compile` about training, and what they are by default.
_TRAINING: dict[str, object] = {
    "train": False,
    "mutable_parameters": False,
    "loss": None,
    "loss_output": None,
    "optimizer": None,
    "freeze": None,
    "learn": None,
    "emit_gradients": False,
    "recompute": (),
}

#: Arguments that are text, and how it may look.
_TEXTS = {
    "loss": "cross_entropy",
    "loss_output": "NAME",
    "optimizer": "sgd:lr=0.01,momentum=0.9",
    "freeze": "^conv",
    "learn": "^position$",
}


def _check_text(name: str, value: object, example: str) -> str:
    """Empty for None."""
    if value is not None and not isinstance(value, str):
        raise InputError(
            f"{name}: expected a string such as {example!r}, found {type(value).__name__}"
        )
    return value or ""


def check_names(name: str, value: object) -> list[str]:
    """Of layers: a string or several."""
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, Iterable) or isinstance(names, (bytes, Mapping)):
        raise InputError(f"{name}: expected a list of names, found {value!r}")
    names = list(names)
    for entry in names:
        if not isinstance(entry, str):
            raise InputError(f"{name}: expected a list of names, found {entry!r} in it")
    return names


def _check_dims(dims: object) -> list[tuple[str, int]]:
    if dims is not None and not isinstance(dims, Mapping):
        raise InputError(f"dims: expected {{name: size}}, found {dims!r}")
    for name in dims or {}:
        if not isinstance(name, str):
            raise InputError(f"dims: expected names that are strings, found {name!r}")
    return [(name, _check_size(f"dims[{name!r}]", n)) for name, n in (dims or {}).items()]


def _check_shapes(shapes: object) -> list[tuple[str, list[int]]]:
    example = "expected {name: (size, ...)}"
    if shapes is not None and not isinstance(shapes, Mapping):
        raise InputError(f"shapes: {example}, found {shapes!r}")
    result = []
    for name, shape in (shapes or {}).items():
        if not isinstance(name, str):
            raise InputError(f"shapes: expected names that are strings, found {name!r}")
        if isinstance(shape, (str, bytes)) or not isinstance(shape, Sequence):
            raise InputError(f"shapes[{name!r}]: {example}, found {shape!r}")
        result.append((name, [_check_size(f"shapes[{name!r}]", n) for n in shape]))
    return result


def _check_training(given: Mapping[str, object], by_name: bool) -> None:
    """Raises InputError for arguments that do not go together. `by_name`: the
    optimizer is no file."""
    train, mutable = given["train"], given["mutable_parameters"]
    optimizer = given["optimizer"]
    for name in ("loss", "loss_output", "optimizer", "freeze", "emit_gradients", "recompute"):
        is_given = by_name if name == "optimizer" else given[name]
        if is_given and not train:
            raise InputError(
                f"{name} has no meaning without train; pass train=True to compile "
                "a training step, or leave it out"
            )
    if given["learn"] and not (train or mutable):
        raise InputError(
            "learn has no meaning for inference, whose parameters are constants; pass "
            "train=True or mutable_parameters=True, or leave it out"
        )
    if train and mutable:
        raise InputError(
            "mutable_parameters compiles a forward pass and train a training step, "
            "whose parameters are mutable anyway; leave one out"
        )
    if train and optimizer and not by_name:
        raise InputError(
            f"optimizer={optimizer!r} belongs to a training model of ONNX Runtime, which "
            "holds its backward pass; leave train out, or name an optimizer: "
            "'sgd:lr=0.01' or 'adam:lr=0.001'"
        )
    if train and not optimizer and not given["emit_gradients"]:
        raise InputError(
            "train without an optimizer computes gradients that nobody sees; pass "
            "optimizer='sgd:lr=0.01' or another, or emit_gradients=True"
        )
    if given["loss"] is not None:
        _choose("loss", given["loss"], ("cross_entropy", "mse"))


def _fill_training(training, given: Mapping[str, object], is_model) -> None:
    """Checks the arguments of `compile` and fills the compiler's options."""
    flags = {
        name: check_flag(name, given[name])
        for name in ("train", "mutable_parameters", "emit_gradients")
    }
    texts = {name: _check_text(name, given[name], e) for name, e in _TEXTS.items()}
    optimizer = texts["optimizer"]
    layers = check_names("recompute", given["recompute"])
    _check_training(
        {**given, "recompute": layers}, bool(optimizer) and not is_model(optimizer)
    )
    for name, text in texts.items():
        setattr(training, name, text)
    for name, flag in flags.items():
        setattr(training, name, flag)
    training.recompute = layers


def compile(
    model: str | os.PathLike[str],
    target: str | os.PathLike[str] = "mirage",
    *,
    batch: int | None = None,
    dims: Mapping[str, int] | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
    format: str | None = None,
    dataflow: str = "auto",
    memory: str = "ideal",
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
) -> Executable:
    """Compiles an ONNX model for a photonic accelerator.

    `model`: .onnx file, or .mlir as saved after a stage.
    `target`: name or .textproto file; `set` changes its fields.
    `batch`: samples in one run, the extent of open first dimensions of the inputs.
    `dims`: extents of other open dimensions, by their name in the model or by input
    and number: {"height": 24, "x:3": 32}. `shapes`: all extents of inputs, for a
    model that does not give their number: {"x": (1, 3, 24, 24)}.
    `format`: number format of products, "bfp:MANTISSA:GROUP[:ROUNDING]" or
    "fp32" (conversion bypassed, for debugging); by default the target's.
    `dataflow`: the stationary operand is the weights ("df1"), the activations
    ("df2"), or the faster one per product ("auto").
    `memory`: everything on chip ("ideal"), or scratchpads in front of DRAM
    ("hierarchy").
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

    Raises CompileError with all messages of the compiler, InputError for
    arguments that make no sense.
    """
    executable, remarks = build(
        model, target, batch=batch, dims=dims, shapes=shapes, format=format,
        dataflow=dataflow, memory=memory, set=set, output=output, train=train, loss=loss,
        loss_output=loss_output, optimizer=optimizer, freeze=freeze, learn=learn,
        emit_gradients=emit_gradients, recompute=recompute,
        mutable_parameters=mutable_parameters,
    )
    if remarks:
        warnings.warn(remarks, CompileWarning, stacklevel=2)
    return executable


def build(
    model: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    batch: int | None,
    dims: Mapping[str, int] | None,
    shapes: Mapping[str, Sequence[int]] | None = None,
    format: str | None,
    dataflow: str,
    memory: str,
    set: Overrides,
    output: str | os.PathLike[str] | None = None,
    **training: object,
) -> tuple[Executable, str]:
    """`compile`, and what the compiler remarks, for the caller to pass on.
    `training`: the other arguments of `compile`, or some of them."""
    try:
        from . import _compiler
    except ImportError as error:
        raise CompileError(
            f"the compiler is not part of this installation ({error}); build the "
            "package with -DPHOTONIC_BUILD_COMPILER=ON, or load a program file "
            "that photonic-compile made"
        ) from error
    request = _compiler.Request()
    request.input = files.to_path(check_model(model), "model")
    request.batch = 0 if batch is None else _check_size("batch", batch)
    request.dims = _check_dims(dims)
    request.shapes = _check_shapes(shapes)
    stages = request.stages
    stages.target = files.to_path(target, "target")
    stages.overrides = to_overrides(set)
    stages.format = _check_text("format", format, "bfp:4:16")
    stages.dataflow = _choose("dataflow", dataflow, ("auto", "df1", "df2"))
    stages.memory = _choose("memory", memory, ("ideal", "hierarchy"))
    given = {**_TRAINING, **training}
    _fill_training(stages.training, given, _compiler.is_optimizer_model)
    with tempfile.TemporaryDirectory(prefix="photonic-") as folder:
        # A mapped file outlives its name.
        path = os.path.join(folder, "program.phx")
        if output is not None:
            path = files.to_path(output, "output")
            optimizer = str(given["optimizer"] or "").rpartition(":")[0]
            files.check_outputs(
                [request.input, *find_external(request.input), stages.target, optimizer],
                [("output", path)],
            )
        request.output = path
        succeeded, messages, training = _compiler.compile(request)
        text = _clean(messages)
        if not succeeded:
            raise CompileError(text or "the compiler failed without a message")
        executable = load(path, target, set)
    executable.sources = [request.input, stages.target]
    if training is not None:
        *groups, sentence = training
        executable.training = TrainingSummary(*map(tuple, groups), sentence)
    return executable, text
