# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Parameters in ONNX files: names, replacement, fingerprint.

Training changes the values of tensors and nothing else of a model. So nothing
else of the file is interpreted either: fields are copied byte for byte, whatever
version of ONNX they belong to. Field numbers are those of onnx.proto.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Optional, Union

import numpy as np

from . import _runtime, files
from .errors import InputError

# ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto, ValueInfoProto.
_GRAPH, _METADATA = 7, 14
_NODE, _INITIALIZER, _INPUT, _OUTPUT = 1, 5, 11, 12
_NODE_INPUT, _NODE_OUTPUT, _OP_TYPE, _ATTRIBUTE = 1, 2, 4, 5
_ATTRIBUTE_NAME, _ATTRIBUTE_TENSOR = 1, 5
_DIMS, _DATA_TYPE, _FLOATS, _NAME, _RAW, _EXTERNAL, _LOCATION = 1, 2, 4, 8, 9, 13, 14
_VALUE_NAME = 1
_KEY, _VALUE = 1, 2
_FLOAT = 1

_NAMES = (_NODE_INPUT, _NODE_OUTPUT, _OP_TYPE)

#: Bits of an element, by TensorProto.DataType.
_BITS = {
    **dict.fromkeys((2, 3, 9, 17, 18, 19, 20, 24), 8),
    **dict.fromkeys((4, 5, 10, 16), 16),
    **dict.fromkeys((1, 6, 12), 32),
    **dict.fromkeys((7, 11, 13, 14), 64),
    15: 128,
    **dict.fromkeys((21, 22, 23), 4),
}

#: Keys of metadata: names of tensors that training determines, a name a line;
#: and the number format that the parameters were trained in.
_LEARNED, FORMAT = "photonic.learned", "photonic.format"

#: What else a program is made from: text, and programs, which may be large.
_OTHER_FILES = (".mlir", ".phx", ".textproto")

#: Protocol Buffers refuse larger messages.
_LIMIT = 2**31 - 1

_Value = Union[int, memoryview]


class _Damaged(Exception):
    pass


def _read_varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise _Damaged
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _fields(data: memoryview) -> Iterator[tuple[int, _Value, memoryview]]:
    """Number, value and all bytes of each field of a message."""
    at = 0
    while at < len(data):
        start = at
        key, at = _read_varint(data, at)
        kind = key & 7
        value: _Value
        if kind == 0:
            value, at = _read_varint(data, at)
        else:
            size = {1: 8, 5: 4}.get(kind)
            if kind == 2:
                size, at = _read_varint(data, at)
            if size is None or at + size > len(data):
                raise _Damaged
            value, at = data[at : at + size], at + size
        yield key >> 3, value, data[start:at]


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _bytes_field(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _text(value: _Value) -> str:
    if isinstance(value, int):
        raise _Damaged
    return bytes(value).decode("utf-8", "surrogateescape")


@dataclass
class _Tensor:
    name: str = ""
    shape: list[int] = field(default_factory=list)
    data_type: int = 0
    floats: Optional[bytes] = None
    external: dict[str, str] = field(default_factory=dict)


def _parse_tensor(data: memoryview) -> _Tensor:
    tensor = _Tensor()
    parts = []
    for number, value, _ in _fields(data):
        if number == _DIMS:
            if isinstance(value, int):
                tensor.shape.append(value)
            else:
                at = 0
                while at < len(value):
                    extent, at = _read_varint(value, at)
                    tensor.shape.append(extent)
        elif number == _DATA_TYPE:
            tensor.data_type = value
        elif number == _NAME:
            tensor.name = _text(value)
        elif number in (_RAW, _FLOATS):
            parts.append(bytes(value))
        elif number == _EXTERNAL:
            entry = {n: _text(v) for n, v, _ in _fields(value)}
            tensor.external[entry.get(_KEY, "")] = entry.get(_VALUE, "")
    tensor.floats = b"".join(parts) if parts else None
    return tensor


def _make_tensor(original: memoryview, shape: tuple[int, ...], raw: bytes) -> bytes:
    """The tensor with another value; name and documentation stay."""
    dropped = (_DIMS, _FLOATS, _RAW, _EXTERNAL, _LOCATION)
    kept = [bytes(b) for n, _, b in _fields(original) if n not in dropped]
    dims = [_varint(_DIMS << 3) + _varint(extent) for extent in shape]
    return b"".join(dims + kept) + _bytes_field(_RAW, raw)


class OnnxFile:
    """An ONNX model, as bytes.

    `folder`: where its external data are, if it has any.
    """

    def __init__(self, data: bytes, name: str, folder: str = "."):
        self.data = data
        self.name = name
        self.folder = folder
        #: Names of the inputs that are no parameters, and of the outputs.
        self.inputs: list[str] = []
        self.outputs: list[str] = []
        #: Shapes of the tensors that `replace` can change, by name.
        self.shapes: dict[str, tuple[int, ...]] = {}
        #: Paths of files beside the model that hold values of tensors.
        self.external: set[str] = set()
        self._types: dict[str, int] = {}
        inputs: list[str] = []

        def visit(name: str, tensor: memoryview) -> None:
            parsed = _parse_tensor(tensor)
            self.shapes[name] = tuple(parsed.shape)
            self._types[name] = parsed.data_type
            if parsed.external:
                self.external.add(os.path.join(folder, parsed.external.get("location", "")))

        def visit_value(number: int, value: memoryview) -> None:
            names = inputs if number == _INPUT else self.outputs
            names.extend(_text(v) for n, v, _ in _fields(value) if n == _VALUE_NAME)

        try:
            self._rewrite(lambda name, tensor: visit(name, tensor), visit_value)
            self._add_copies()
        except (_Damaged, RecursionError, TypeError, AttributeError) as error:
            raise InputError(
                f"'{name}' is not an ONNX model, or is damaged; expected a .onnx file"
            ) from error
        self.inputs = [name for name in inputs if name not in self.shapes]

    @staticmethod
    def read(path: str | os.PathLike[str]) -> "OnnxFile":
        """Raises InputError."""
        path = files.to_path(path, "model")
        data = _runtime.read_file(os.fsencode(path), _LIMIT, "an ONNX model")
        return OnnxFile(data, path, os.path.dirname(path) or ".")

    def replace(self, arrays: Mapping[str, np.ndarray]) -> "OnnxFile":
        """The model with other values of tensors. External data of all others
        come into the file as well, so that it can be put anywhere.

        Raises InputError for tensors that the model does not have.
        """
        for name, array in arrays.items():
            self._check(name, array)

        def get_raw(name: str) -> bytes:
            return np.ascontiguousarray(arrays[name], "<f4").tobytes()

        def change(name: str, tensor: memoryview) -> Optional[bytes]:
            if name in arrays:
                return _make_tensor(tensor, self.shapes[name], get_raw(name))
            parsed = _parse_tensor(tensor)
            if parsed.external:
                raw = self._read_external(parsed)
                return _make_tensor(tensor, self.shapes[name], raw)
            return None

        # What is no longer a copy becomes a tensor like the others.
        copies = [name for name in arrays if name in self._copies]
        data = self._rewrite(
            change,
            change_node=lambda node: b"" if _find_copy(node)[0] in copies else None,
            added=[_make_float(n, self.shapes[n], get_raw(n)) for n in copies],
        )
        if len(data) > _LIMIT:
            raise InputError(
                f"'{self.name}' would be {len(data)} bytes with its parameters in one "
                f"file; ONNX files hold at most {_LIMIT}"
            )
        return OnnxFile(data, self.name)

    def mark_learned(self, names: Iterable[str]) -> "OnnxFile":
        """The model with the list of those of its tensors that training
        determines, and of no others, in its metadata."""
        return self.set_metadata(_LEARNED, "\n".join(names))

    def is_copy(self, name: str) -> bool:
        """True for tensors that the model writes as copies of others."""
        return name in self._copies

    def set_metadata(self, key: str, value: str) -> "OnnxFile":
        """The model with this entry of its metadata, instead of all of that key."""

        def is_other(number: int, field: _Value) -> bool:
            if number != _METADATA:
                return True
            return all(n != _KEY or _text(v) != key for n, v, _ in _fields(field))

        kept = [b for n, v, b in _fields(memoryview(self.data)) if is_other(n, v)]
        entry = _bytes_field(_KEY, key.encode()) + _bytes_field(
            _VALUE, value.encode("utf-8", "surrogateescape")
        )
        data = b"".join([*kept, _bytes_field(_METADATA, entry)])
        return OnnxFile(data, self.name, self.folder)

    def to_inference(self) -> "OnnxFile":
        """The model with BatchNormalization and Dropout in their inference form,
        as PyTorch's `eval` has it."""
        data = self._rewrite(lambda name, tensor: None, change_node=_make_inference)
        return OnnxFile(data, self.name, self.folder)

    def get_fingerprint(self, ignored: set[str]) -> str:
        """A hash of everything but the values of the tensors in `ignored`."""

        def blank(name: str, tensor: memoryview) -> Optional[bytes]:
            if name in ignored:
                return _make_tensor(tensor, self.shapes[name], b"")
            return None

        return hashlib.sha256(self._rewrite(blank)).hexdigest()

    def _add_copies(self) -> None:
        """Outputs of Identity on a tensor can be replaced as well: PyTorch writes
        parameters that are equal so."""
        self._copies: set[str] = set()

        def visit(node: memoryview) -> None:
            name, source = _find_copy(node)
            if name and source in self.shapes:
                self._copies.add(name)
                self.shapes[name] = self.shapes[source]
                self._types[name] = self._types[source]

        self._rewrite(lambda name, tensor: None, change_node=visit)

    def _check(self, name: str, array: np.ndarray) -> None:
        if name not in self.shapes:
            raise InputError(f"'{self.name}' has no parameter '{name}'")
        shape = self.shapes[name]
        if self._types[name] != _FLOAT or shape != tuple(array.shape):
            raise InputError(
                f"parameter '{name}' of '{self.name}': expected FLOAT{list(shape)}, "
                f"found {array.dtype}{list(array.shape)}"
            )

    def _read_external(self, tensor: _Tensor) -> bytes:
        """The compiler's rule: a regular file in the folder of the model, or in
        the one that a link to the model leads to."""
        location = tensor.external.get("location", "")
        where = f"'{tensor.name}' of '{self.name}' has its data in '{location}'"
        if os.path.isabs(location) or ".." in location.split("/"):
            raise InputError(
                f"{where}, which leaves the directory of the model; expected a "
                "relative path without '..': save the model again with the data "
                "beside it"
            )
        folders = [self.folder]
        if os.path.islink(self.name):
            folders.append(os.path.dirname(os.path.realpath(self.name)))
        offset, size = self._get_extent(tensor)
        try:
            return _runtime.read_inside(
                os.fsencode(os.path.join(self.folder, location)),
                [os.fsencode(folder) for folder in folders],
                offset,
                size,
            )
        except InputError as error:
            raise InputError(
                f"{where}, {size} bytes at {offset}: {error}; expected a regular file "
                "in the folder of the model, or in the one that a link to the model "
                "leads to: put the file beside the model, or save the model with its "
                "weights inside"
            ) from error

    def _get_extent(self, tensor: _Tensor) -> tuple[int, int]:
        """Where in its file the data of a tensor are, and how many bytes."""
        found = {}
        for key in ("offset", "length"):
            text = tensor.external.get(key)
            if text is None:
                continue
            if not re.fullmatch("[0-9]+", text) or int(text) >= 2**63:
                raise InputError(
                    f"'{tensor.name}' of '{self.name}': expected a number of bytes as "
                    f"{key} of its external data, found '{text}'; save the model again"
                )
            found[key] = int(text)
        bits = _BITS.get(tensor.data_type)
        if bits is None:
            raise InputError(
                f"'{tensor.name}' of '{self.name}' has external data of element type "
                f"{tensor.data_type}, whose size is not known; save the model with its "
                "weights inside"
            )
        size = (math.prod(tensor.shape) * bits + 7) // 8
        if found.get("length", size) != size or size >= 2**63:
            raise InputError(
                f"'{tensor.name}' of '{self.name}' needs {size} bytes of external data, "
                f"but the model says {found.get('length', 'nothing')}; save the model again"
            )
        return found.get("offset", 0), size

    def _rewrite(
        self,
        change: Callable[[str, memoryview], Optional[bytes]],
        visit_value: Callable[[int, memoryview], None] = lambda number, value: None,
        change_node: Callable[[memoryview], Optional[bytes]] = lambda node: None,
        added: Iterable[bytes] = (),
    ) -> bytes:
        """The model with each tensor replaced by what `change` returns, each node
        by what `change_node` does; None leaves it, and nothing (b"") removes it.
        Inputs and outputs are shown to `visit_value`. `added`: further tensors."""
        out = bytearray()
        found = False
        for number, value, whole in _fields(memoryview(self.data)):
            if number != _GRAPH:
                out += whole
                continue
            found = True
            graph = bytearray()
            for inner, part, original in _fields(value):
                if inner in (_INPUT, _OUTPUT):
                    visit_value(inner, part)
                new = None
                if inner == _INITIALIZER:
                    new = change(_parse_tensor(part).name, part)
                elif inner == _NODE:
                    new = _rewrite_constant(part, change) or change_node(part)
                if new != b"":
                    graph += original if new is None else _bytes_field(inner, new)
            for tensor in added:
                graph += _bytes_field(_INITIALIZER, tensor)
            out += _bytes_field(_GRAPH, bytes(graph))
        if not found:
            raise _Damaged
        return bytes(out)


def find_external(path: str) -> set[str]:
    """Files beside a model that hold values of its tensors; none for what is no ONNX
    file, which is somebody else's to refuse."""
    if path.endswith(_OTHER_FILES):
        return set()
    try:
        return OnnxFile.read(path).external
    except InputError:
        return set()


def _find_copy(node: memoryview) -> tuple[str, str]:
    """Output and input of an Identity; empty for other nodes."""
    texts = {n: _text(v) for n, v, _ in _fields(node) if n in _NAMES}
    if texts.get(_OP_TYPE) != "Identity":
        return "", ""
    return texts.get(_NODE_OUTPUT, ""), texts.get(_NODE_INPUT, "")


def _make_float(name: str, shape: tuple[int, ...], raw: bytes) -> bytes:
    """A tensor of floats."""
    empty = _varint(_DATA_TYPE << 3) + _varint(_FLOAT) + _bytes_field(
        _NAME, name.encode("utf-8", "surrogateescape")
    )
    return _make_tensor(memoryview(empty), shape, raw)


def _make_inference(node: memoryview) -> Optional[bytes]:
    """A node that behaves differently in training, as it is in inference; None
    if it does not."""
    fields = list(_fields(node))
    op = next((_text(v) for n, v, _ in fields if n == _OP_TYPE), "")
    # How many inputs and outputs the inference form has.
    limits = {
        "BatchNormalization": {_NODE_INPUT: 5, _NODE_OUTPUT: 1},
        "Dropout": {_NODE_INPUT: 2, _NODE_OUTPUT: 2},
    }.get(op)
    if limits is None:
        return None
    out, seen = bytearray(), {_NODE_INPUT: 0, _NODE_OUTPUT: 0}
    for number, value, whole in fields:
        if number in limits:
            seen[number] += 1
            if seen[number] > limits[number]:
                continue
        if number == _ATTRIBUTE:
            names = [_text(v) for n, v, _ in _fields(value) if n == _ATTRIBUTE_NAME]
            if names == ["training_mode"]:
                continue
        out += whole
    return bytes(out)


def _rewrite_constant(
    node: memoryview, change: Callable[[str, memoryview], Optional[bytes]]
) -> Optional[bytes]:
    """A node Constant with another tensor; None if it is to stay."""
    fields = list(_fields(node))
    types = [value for number, value, _ in fields if number == _OP_TYPE]
    if not types or bytes(types[-1]) != b"Constant":
        return None
    name = next((_text(v) for n, v, _ in fields if n == _NODE_OUTPUT), "")
    out, changed = bytearray(), False
    for number, value, whole in fields:
        new = None
        if number == _ATTRIBUTE:
            new = _rewrite_attribute(value, name, change)
        changed = changed or new is not None
        out += whole if new is None else _bytes_field(number, new)
    return bytes(out) if changed else None


def _rewrite_attribute(
    attribute: memoryview,
    name: str,
    change: Callable[[str, memoryview], Optional[bytes]],
) -> Optional[bytes]:
    out, changed = bytearray(), False
    for number, value, whole in _fields(attribute):
        new = change(name, value) if number == _ATTRIBUTE_TENSOR else None
        changed = changed or new is not None
        out += whole if new is None else _bytes_field(number, new)
    return bytes(out) if changed else None
