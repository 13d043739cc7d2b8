# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""From a PyTorch module to a model that can be compiled and trained.

The only file of the package that imports torch, and only when asked to.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import tempfile
import warnings
import weakref
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Optional

from .errors import CompileError, InputError, TrainingWarning
from .onnx_file import OnnxFile

if TYPE_CHECKING:
    import torch

#: What the importer knows and what has the training forms of all operators.
_OPSET = 17


class Model:
    """An ONNX model in memory; stands wherever the path of a model may stand.

    Made by `from_torch`. The file behind it lives as long as the object.
    """

    def __init__(
        self,
        data: bytes,
        name: str,
        parameters: Optional[dict[str, tuple[int, ...]]] = None,
    ):
        folder = tempfile.mkdtemp(prefix="photonic-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._path = os.path.join(folder, name + ".onnx")
        with open(self._path, "wb") as file:
            file.write(data)
        parsed = OnnxFile(data, name)
        self.name = name
        #: Names of inputs and outputs.
        self.inputs: tuple[str, ...] = tuple(parsed.inputs)
        self.outputs: tuple[str, ...] = tuple(parsed.outputs)
        #: Shapes of the parameters that want gradients, by name in the model, which
        #: is the first of the names that share one; None if not made for training.
        self.parameters = parameters

    def __fspath__(self) -> str:
        return self._path

    def __repr__(self) -> str:
        inputs, outputs = ", ".join(self.inputs), ", ".join(self.outputs)
        return f"<photonic.Model {self.name!r}: ({inputs}) -> ({outputs})>"

    def to_bytes(self) -> bytes:
        """The ONNX file."""
        with open(self._path, "rb") as file:
            return file.read()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the ONNX file. Raises OutputError."""
        from .files import to_path, write_atomically

        data = self.to_bytes()
        write_atomically(to_path(path, "path"), lambda file: file.write(data))


def from_torch(
    module: "torch.nn.Module",
    example: Any,
    training: bool = False,
    *,
    input_names: Optional[Sequence[str]] = None,
    output_names: Optional[Sequence[str]] = None,
) -> Model:
    """Exports a PyTorch module to a model for `compile` and `Trainer`.

    `example`: an input, or a tuple of all inputs, with the batch as first
    dimension. It is traced: control flow that depends on values becomes fixed.
    `training`: BatchNormalization and Dropout stay in the model, which PyTorch's
    own defaults silently fold away; without it they have their inference form. The
    model then says what is learned: the parameters with requires_grad, shared ones
    once, and no buffers.
    `input_names`: by default those of the parameters of `forward`.
    `output_names`: by default "output", or "output0", "output1", ...

    The module is left as it was, with its mode and its running statistics. The
    batch of the model is symbolic. Raises InputError for modules that cannot be
    exported.
    """
    try:
        import torch
    except ImportError as error:
        raise InputError(
            f"from_torch needs PyTorch, which cannot be imported ({error}); install "
            "torch, or export the model to ONNX elsewhere and give its path"
        ) from error
    examples = _check_arguments(torch, module, example)
    if training:
        _check_training(torch, module)
    names = _name_inputs(module, len(examples), input_names)
    with _untouched(torch, module) as before:
        results = _run(torch, module, examples)
        outputs = _name_outputs(results, output_names)
        data = _export(torch, module, examples, training, names, outputs)
        model = _restore_statistics(module, before, data)
    if not training:
        return Model(model.data, _name_model(module))
    learned = _find_learned(module, model)
    model = model.mark_learned(learned)
    return Model(model.data, _name_model(module), learned)


def _check_arguments(
    torch: Any, module: Any, example: Any
) -> tuple["torch.Tensor", ...]:
    if not isinstance(module, torch.nn.Module):
        raise InputError(
            f"from_torch: expected a torch.nn.Module, found {type(module).__name__}"
        )
    examples = tuple(example) if isinstance(example, (tuple, list)) else (example,)
    for index, value in enumerate(examples):
        if not isinstance(value, torch.Tensor) or value.ndim == 0:
            found = (
                f"a tensor of shape {list(value.shape)}"
                if isinstance(value, torch.Tensor)
                else type(value).__name__
            )
            raise InputError(
                f"from_torch: example {index}: expected a tensor whose first dimension "
                f"is the batch, found {found}"
            )
    if not examples:
        raise InputError("from_torch: expected at least one example input, found none")
    sizes = [len(value) for value in examples]
    if len(set(sizes)) != 1:
        raise InputError(
            "from_torch: expected one batch size in all examples, found "
            + ", ".join(map(str, sizes))
        )
    return examples


def _find_learned(module: Any, model: OnnxFile) -> dict[str, tuple[int, ...]]:
    """Shapes of the parameters that want gradients, by their names in the model.
    Those that share memory are one. Warns about those that are not in the model."""
    groups: dict[tuple[int, tuple[int, ...]], list[str]] = {}
    wanted = set()
    for name, value in module.named_parameters(remove_duplicate=False):
        shape = tuple(value.shape)
        key = (value.data_ptr() if value.numel() else id(value), shape)
        groups.setdefault(key, []).append(name)
        if value.requires_grad:
            wanted.add(key)
    learned, missing = {}, []
    for key, names in groups.items():
        if key not in wanted:
            continue
        own = [n for n in names if n in model.shapes and not model.is_copy(n)]
        if len(own) > 1:
            raise InputError(
                f"from_torch: {', '.join(map(repr, own))} are one parameter of the "
                "module, but PyTorch exports them as several; share the layer instead "
                "of its parameter"
            )
        if own:
            learned[own[0]] = key[1]
        else:
            missing.append(names[0])
    if missing:
        warnings.warn(
            f"from_torch: {', '.join(map(repr, missing))} not exported by PyTorch, "
            "because no output depends on them, and not trained; use them in "
            "forward(), or set requires_grad=False",
            TrainingWarning,
            stacklevel=3,
        )
    return learned


def _check_training(torch: Any, module: Any) -> None:
    fixed = []
    for name, part in module.named_modules():
        if not isinstance(part, torch.nn.modules.batchnorm._BatchNorm):
            continue
        if part.momentum is None:
            raise InputError(
                f"from_torch: '{name}' averages its statistics over all steps "
                "(momentum=None), which ONNX cannot express; give it a momentum, for "
                "instance 0.1"
            )
        if not part.track_running_stats:
            raise InputError(
                f"from_torch: '{name}' keeps no running statistics "
                "(track_running_stats=False), which evaluation needs; keep them"
            )
        if module.training and not part.training:
            fixed.append(name)
    if fixed:
        warnings.warn(
            f"from_torch: {', '.join(map(repr, fixed))} in evaluation mode inside a "
            "module in training mode; to keep their statistics in training, freeze "
            f"them: freeze={'|'.join(map(re.escape, fixed))!r}",
            TrainingWarning,
            stacklevel=3,
        )


def _name_inputs(
    module: Any, count: int, given: Optional[Sequence[str]]
) -> list[str]:
    import inspect

    if given is None:
        parameters = inspect.signature(module.forward).parameters.values()
        kinds = (
            inspect.Parameter.POSITIONAL_ONLY,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
        )
        names = [p.name for p in parameters if p.kind in kinds][:count]
        given = names if len(names) == count else [f"input{i}" for i in range(count)]
    return _check_names("input_names", given, count)


def _check_names(what: str, names: Sequence[str], count: int) -> list[str]:
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, Iterable):
        raise InputError(f"from_torch: {what}: expected a list of names, found {names!r}")
    names = list(names)
    if not all(isinstance(name, str) and name for name in names):
        raise InputError(f"from_torch: {what}: expected strings, found {names}")
    if len(names) != count or len(set(names)) != count:
        raise InputError(
            f"from_torch: {what}: expected {count} different names, found {names}"
        )
    return names


def _name_outputs(results: Any, given: Optional[Sequence[str]]) -> list[str]:
    count = len(results) if isinstance(results, (tuple, list)) else 1
    if given is None:
        given = ["output"] if count == 1 else [f"output{i}" for i in range(count)]
    return _check_names("output_names", given, count)


def _name_model(module: Any) -> str:
    name = type(module).__name__
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower() or "model"


@contextlib.contextmanager
def _untouched(torch: Any, module: Any) -> Iterator[dict[str, Any]]:
    """Whatever happens inside, module and random numbers are as before. Gives
    the state before."""
    modes = [(part, part.training) for part in module.modules()]
    before = {name: value.detach().clone() for name, value in _get_tensors(module)}
    devices = [d for d in {v.device for v in before.values()} if d.type == "cuda"]
    try:
        with torch.random.fork_rng(devices=devices):
            yield before
    finally:
        with torch.no_grad():
            for name, value in _get_tensors(module):
                value.copy_(before[name])
        for part, mode in modes:
            part.training = mode


def _get_tensors(module: Any) -> Iterator[tuple[str, Any]]:
    """Parameters and buffers, also those that are not saved."""
    yield from module.named_parameters()
    yield from module.named_buffers()


def _run(torch: Any, module: Any, examples: tuple[Any, ...]) -> Any:
    """One forward pass, so that mistakes in the example show as what they are."""
    module.eval()
    try:
        with torch.no_grad():
            return module(*examples)
    except Exception as error:
        raise InputError(
            f"from_torch: {type(module).__name__} fails on the example of shape "
            f"{', '.join(str(list(v.shape)) for v in examples)}: {error}"
        ) from error


def _export(
    torch: Any,
    module: Any,
    examples: tuple[Any, ...],
    training: bool,
    inputs: list[str],
    outputs: list[str],
) -> bytes:
    mode = torch.onnx.TrainingMode
    file = io.BytesIO()
    try:
        with warnings.catch_warnings():
            # The exporter's notes about itself; those about the module stay.
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.filterwarnings("ignore", message=".*Removing mutation from node.*")
            tracer = torch.jit.TracerWarning
            warnings.filterwarnings("ignore", category=tracer, module=r"torch\.nn\.")
            torch.onnx.export(
                module,
                examples,
                file,
                # The newer exporter writes BatchNormalization without the
                # outputs of training.
                dynamo=False,
                training=mode.TRAINING if training else mode.EVAL,
                do_constant_folding=not training,
                opset_version=_OPSET,
                input_names=inputs,
                output_names=outputs,
                dynamic_axes={name: {0: "batch"} for name in inputs + outputs},
            )
    except Exception as error:
        first = str(error).strip().splitlines() or [type(error).__name__]
        raise InputError(
            f"from_torch: PyTorch cannot export {type(module).__name__}: {first[0]}"
        ) from error
    return file.getvalue()


def _restore_statistics(module: Any, before: dict[str, Any], data: bytes) -> OnnxFile:
    """Tracing in training mode is a step: the exported running statistics are
    those behind it. Puts back those in front."""
    model = OnnxFile(data, type(module).__name__)
    changed = {}
    for name, value in module.named_buffers():
        same = value.equal(before[name])
        if name in model.shapes and value.is_floating_point() and not same:
            changed[name] = before[name].cpu().numpy()
    if not model.inputs:
        raise CompileError(f"the output of {type(module).__name__} depends on no input")
    return model.replace(changed) if changed else model
