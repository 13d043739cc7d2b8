# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Reads functions in the generic form of MLIR's text, as far as `nn` needs it."""

import re
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Operation:
    """`results = name(operands)` with attributes; shapes of the results."""

    name: str
    operands: list
    attributes: dict
    results: list
    shapes: list


@dataclass
class Function:
    arguments: list = field(default_factory=list)  # (value, attributes, shape)
    operations: list = field(default_factory=list)
    results: list = field(default_factory=list)  # (value, attributes)


_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[%#!@^]?[\w.$:-]*[\w$]|->|[^\s]')


class _Reader:
    """A recursive descent over tokens."""

    def __init__(self, text):
        self.tokens = _TOKEN.findall(text)
        self.at = 0

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, expected=None):
        token = self.peek()
        assert expected is None or token == expected, (
            expected, self.tokens[max(0, self.at - 8) : self.at + 8])
        self.at += 1
        return token

    def accept(self, token):
        if self.peek() == token:
            self.at += 1
            return True
        return False

    def skip_balanced(self):
        """What is in `<...>`, as tokens."""
        self.take("<")
        depth, inner = 1, []
        while depth:
            token = self.take()
            depth += (token == "<") - (token == ">")
            inner.append(token)
        return inner[:-1]

    def read_type(self):
        """The shape of a tensor; None for other types."""
        name = self.take()
        if self.peek() == "<":
            inner = "".join(self.skip_balanced())
            if name == "tensor":
                return tuple(int(n) for n in re.findall(r"(\d+)x", inner))
        return None

    def read_types(self):
        if not self.accept("("):
            return [self.read_type()]
        types = []
        while not self.accept(")"):
            types.append(self.read_type())
            self.accept(",")
        return types

    def read_dictionary(self):
        self.take("{")
        result = {}
        while not self.accept("}"):
            name = self.take().strip('"')
            result[name] = self.read_attribute() if self.accept("=") else True
            self.accept(",")
        return result

    def read_list(self):
        self.take("[")
        items = []
        while not self.accept("]"):
            items.append(self.read_attribute())
            self.accept(",")
        return items

    def read_attribute(self):
        token = self.peek()
        if token == "{":
            return self.read_dictionary()
        if token == "[":
            return self.read_list()
        if token.startswith('"'):
            value = self.take()[1:-1]
        elif token in ("true", "false"):
            return self.take() == "true"
        elif token == "unit":
            self.take()
            return True
        elif token == "array":
            self.take()
            inner = self.skip_balanced()
            return [int(n) for n in inner[1:] if re.fullmatch(r"-?\d+", n)]
        elif token in ("dense", "dense_resource"):
            return self.read_dense()
        elif re.match(r"-|\d", token):
            return self.read_number()
        elif token == "(":
            self.read_types()
            self.take("->")
            self.read_types()
            return None
        else:
            # A type, or an attribute of a dialect.
            value = self.take()
            if self.peek() == "<":
                value += "<" + "".join(self.skip_balanced()) + ">"
            return value
        if self.accept(":"):
            self.read_type()
        return value

    def read_number(self):
        text = self.take()
        while re.fullmatch(r"[\d.eE+-]+|-", self.peek()) and self.peek() != "->":
            text += self.take()
        kind = self.take() if self.accept(":") else ""
        if kind == "f32" and text.startswith("0x"):
            return np.array(int(text, 16), np.uint32).view(np.float32)[()]
        if kind.startswith("f") or re.search(r"[.eE]", text):
            return np.float32(float(text))
        return int(text)

    def read_dense(self):
        resource = self.take() == "dense_resource"
        inner = "".join(self.skip_balanced())
        self.take(":")
        shape = self.read_type()
        if resource or shape is None:
            return None
        if inner.startswith('"0x'):
            values = np.frombuffer(bytes.fromhex(inner[3:-1]), "<f4")
        else:
            texts = re.findall(r"0x[0-9A-F]+|[-+]?[\d.]+(?:[eE][-+]?\d+)?", inner)
            values = np.array([
                np.array(int(t, 16), np.uint32).view(np.float32)
                if t.startswith("0x") else np.float32(float(t)) for t in texts])
        return np.broadcast_to(values.reshape(-1)[:1].reshape(()), shape) if values.size == 1 else values.reshape(shape)


def _read_operation(line):
    """An operation of one line."""
    reader = _Reader(line)
    results = []
    if reader.peek().startswith("%"):
        while not reader.accept("="):
            token = reader.take()
            if token.startswith("%"):
                name, _, count = token.partition(":")
                results += [name] if not count else [f"{name}#{i}" for i in range(int(count))]
    name = reader.take().strip('"')
    reader.take("(")
    operands = []
    while not reader.accept(")"):
        token = reader.take()
        if reader.peek().startswith("#"):
            token += reader.take()
        if token != ",":
            operands.append(token)
    attributes = {}
    if reader.accept("<"):
        attributes.update(reader.read_dictionary())
        reader.take(">")
    if reader.peek() == "{":
        attributes.update(reader.read_dictionary())
    reader.take(":")
    reader.read_types()
    reader.take("->")
    return Operation(name, operands, attributes, results, reader.read_types())


def read_function(text):
    """The only function of a module."""
    function = Function()
    header = None
    for line in text.splitlines():
        line = line.strip()
        if line.startswith('"func.func"'):
            reader = _Reader(line[len('"func.func"()') :])
            reader.take("<")
            header = reader.read_dictionary()
        elif line.startswith("^bb0("):
            reader = _Reader(line[len("^bb0") :])
            reader.take("(")
            while not reader.accept(")"):
                name = reader.take().rstrip(":")
                reader.accept(":")
                function.arguments.append((name, reader.read_type()))
                reader.accept(",")
        elif '"func.return"' in line:
            values = _read_operation(line).operands
        elif re.match(r'(%[\w, :%]+ = )?"nn\.', line):
            function.operations.append(_read_operation(line))
    empty = [{}] * max(len(function.arguments), len(values))
    arguments = header.get("arg_attrs") or empty
    results = header.get("res_attrs") or empty
    function.arguments = [
        (name, attributes, shape)
        for (name, shape), attributes in zip(function.arguments, arguments)
    ]
    function.results = list(zip(values, results))
    return function
